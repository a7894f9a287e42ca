"""Rating without a network: what the prompt holds, what an answer says, and the options' own errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.clients.units import Answer
from hunmin.raters import asked, llm
from hunmin.raters.scores import Reading, Scale
from hunmin.stages import rate

TEN = Scale(0, 10)


def test_the_prompt_holds_request_input_answer_and_scale() -> None:
    record = {"id": "a", "instruction": "요약하세요.", "input": "긴 글", "output": "짧은 글", "system": "짧게"}
    for name in ("ko", "en"):
        system, user = llm.load_prompt(name).fill(llm.values_of(record, Scale(0, 5)))
        assert system["role"] == "system"
        for text in ("요약하세요.\n\n긴 글", "짧은 글", "짧게", "5"):
            assert text in user["content"]
        assert "{" not in user["content"]
    plain = llm.load_prompt("ko").fill(llm.values_of({"instruction": "안녕?", "output": "네"}, TEN))[1]["content"]
    assert "<시스템>" not in plain and "10점" in plain


def test_chats_and_preferences_are_rated_by_their_last_and_chosen_answer() -> None:
    chat = {
        "messages": [
            {"role": "user", "content": "3+4?"},
            {"role": "assistant", "content": "7"},
            {"role": "user", "content": "곱하기 2?"},
            {"role": "assistant", "content": "14"},
        ]
    }
    values = llm.values_of(chat, TEN)
    assert values["answer"] == "14" and "[인공지능]\n7" in values["question"]
    assert llm.values_of({"instruction": "q", "chosen": "good", "rejected": "bad"}, TEN)["answer"] == "good"
    assert llm.values_of({"instruction": "q", "output": ""}, TEN)["answer"] == ""


def test_an_answer_is_a_score_or_a_status() -> None:
    def read(text="", status="ok", **more):
        return asked.read_answer(Answer(status, text, key="k", **more), TEN)

    assert (read("8.5\n좋음").score, read("8.5\n좋음").reason) == (8.5, "좋음")
    assert (read("좋음").score, read("좋음").status) == (None, "unparsed")
    for status in ("refused", "filtered", "garbage", "rejected", "unreachable", "timeout", "empty"):
        found = read(status=status)
        assert (found.score, found.status) == (None, status) and found.reason
    cut = {"choices": [{"message": {"content": "8\n설명이 길어서 끊"}, "finish_reason": "length"}]}
    assert read(status="cut_off", raw=cut).score == 8
    cut["choices"][0]["message"]["content"] = "8"  # may have become 8.5
    assert (read(status="cut_off", raw=cut).score, read(status="cut_off", raw=cut).status) == (None, "cut_off")


def test_an_own_parse_may_give_a_number_a_reading_or_nothing_but_never_off_the_scale() -> None:
    answer = Answer("ok", "grade B", key="k")
    assert asked.read_answer(answer, TEN, lambda reply, scale: 7).score == 7
    assert asked.read_answer(answer, TEN, lambda reply, scale: Reading(3.0, "why")).reason == "why"
    assert asked.read_answer(answer, TEN, lambda reply, scale: None).status == "unparsed"
    assert asked.read_answer(answer, TEN, lambda reply, scale: 70).score is None


def test_what_costs_nothing() -> None:
    for url in ("http://localhost:8000/v1", "http://127.0.0.1:1/v1", "http://[::1]:1/v1", "recorded:replies.jsonl"):
        assert asked.is_free(url)
    for url in (None, "https://api.openai.com/v1", "https://localhost.example.com/v1", "http://10.0.0.3:8000/v1"):
        assert not asked.is_free(url)
    assert rate.paid(rate.Config(model="gpt-4o")) and not rate.paid(rate.Config(rater="ifd", model="tiny:llama"))


def test_schema_asks_for_the_score_first() -> None:
    shape = asked.schema(Scale(1, 3, whole=True))["json_schema"]["schema"]
    assert list(shape["properties"]) == ["score", "reason"] and shape["properties"]["score"]["enum"] == [1, 2, 3]
    assert asked.schema(TEN)["json_schema"]["schema"]["properties"]["score"] == {"type": "number"}


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"rater": "lllm"}, "unknown rater 'lllm'; did you mean 'llm'"),
        ({"scale": "10"}, "'10' is not a scale"),
        ({"prompt": "kr"}, "no prompt 'kr'"),
        ({"rater": "nowhere.module:parse"}, "cannot be imported"),
    ],
)
def test_bad_options_are_told_before_anything_runs(options, what) -> None:
    assert what in rate.check(rate.Config(model="m", **options))[0]


def test_good_options_have_no_problem() -> None:
    assert rate.check(rate.Config(model="m")) == []
    assert rate.check(rate.Config(model="tiny:llama", rater="ifd")) == []


def test_recorded_replies_rate_without_a_network(tmp_path: Path) -> None:
    rows = [{"id": f"r{i}", "source": "s", "instruction": f"질문 {i}", "output": f"답 {i}"} for i in range(5)]
    write_jsonl(tmp_path / "in.jsonl", rows)
    replies = ["8.5\n좋음", "점수: 7점", "글쎄요", '{"score": 9, "reason": "정확"}']
    write_jsonl(
        tmp_path / "replies.jsonl", [{"id": f"r{i}", "field": "rating", "reply": r} for i, r in enumerate(replies)]
    )
    config = rate.Config(model="recorded", base_url=f"recorded:{tmp_path / 'replies.jsonl'}")
    inputs = Inputs("rate", records=tmp_path / "in.jsonl", spend=Spend(tmp_path / "ledger.sqlite", max_usd=1.0))
    counts = rate.run(config, inputs, tmp_path / "out").check("rate")
    found = [r["ratings"][-1] for r in read_jsonl(tmp_path / "out" / "records.jsonl")]
    assert [r["score"] for r in found] == [8.5, 7, None, 9, None]
    assert [r["status"] for r in found] == ["ok", "ok", "unparsed", "ok", "unrecorded"]
    assert counts.n_kept == 5 and counts.notes["statuses"] == {"ok": 3, "unparsed": 1, "unrecorded": 1}
    assert counts.notes["mean"] == pytest.approx(8.1667, abs=1e-4)
    assert rate.estimate(config, inputs)["usd"] == 0
    json.dumps(counts.notes)
