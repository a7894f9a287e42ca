"""The judge end to end against real HTTP servers: criteria, references, both orders, unread replies, resume."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs, Spend, write_manifest
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.stages import judge

from ..fakes.http_server import Response
from ..fakes.openai_server import HTML, OpenAIServer, completion, error

QUESTIONS = [
    {"id": "q1", "instruction": "하늘은 왜 파란가요?", "output": "산란 때문입니다.", "extra": {"task": "과학"}},
    {"id": "q2", "instruction": "더하세요.", "input": "3과 4", "output": "7", "extra": {"task": "수학"}},
    {"id": "q3", "questions": ["수도는?", "인구는?"], "references": ["서울", None], "category": "지리"},
]


def folder_with(tmp_path: Path, **answers: str) -> Path:
    """Write the questions and one file of answers for each model, its answers all that text and the question's id."""
    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS)
    for name, text in answers.items():
        rows = [{"id": q["id"], "answers": [f"{text} {q['id']}"] * len(q.get("questions", [1]))} for q in QUESTIONS]
        write_jsonl(tmp_path / f"{name}.jsonl", rows)
    return tmp_path


def run(folder: Path, server: OpenAIServer, out: str = "out", in_flight: int = 4, **options):
    config = judge.Config(
        model="gpt-judge", base_url=server.base_url, questions=str(folder / "questions.jsonl"), **options
    )
    assert judge.check(config) == []
    inputs = Inputs("judge", seed=3, spend=Spend(folder / "ledger.sqlite"), in_flight=in_flight)
    counts = judge.run(config, inputs, folder / out)
    rows = json.loads((folder / out / "scores.json").read_text(encoding="utf-8"))
    return rows, list(read_jsonl(folder / out / "documents.jsonl")), counts


def asked(body) -> str:
    return body["messages"][-1]["content"]


def values(rows, metric="mean"):
    return {(r["model"], r["task"]): r["value"] for r in rows if r["metric"] == metric}


def test_six_criteria_each_with_its_own_scale(tmp_path):
    def script(n, body):
        return "1" if "0점에서 1점" in asked(body) else "3" if "1점에서 3점" in asked(body) else "4\n좋습니다."

    with OpenAIServer(script) as server:
        rows, documents, counts = run(folder_with(tmp_path, ours="답"), server, answers=[str(tmp_path / "ours.jsonl")])
        chats = server.chats
    assert values(rows) == {
        ("ours", "understandability"): 1,
        ("ours", "naturalness"): 3,
        ("ours", "context"): 3,
        ("ours", "interest"): 3,
        ("ours", "instruction_use"): 1,
        ("ours", "overall"): 4,
    }
    assert len(chats) == 4 * 6  # four turns, six criteria
    assert {r["n"] for r in rows if r["metric"] == "mean"} == {3} and counts.n_kept == 3
    assert rows[0]["protocol"].startswith("judge:kullm-v2-ko:gpt-judge@")
    assert {v["scale"] for v in documents[0]["verdicts"]} == {"0-1", "1-3", "1-5"}
    assert sorted(p.name for p in (tmp_path / "out").glob("*.svg")) == sorted(counts.notes["plots"])
    assert "ours" in (tmp_path / "out" / "plot-overall-mean.svg").read_text(encoding="utf-8")


def test_the_second_turn_is_judged_with_the_first_in_sight(tmp_path):
    with OpenAIServer(lambda n, body: "4") as server:
        folder = folder_with(tmp_path, ours="답")
        run(folder, server, answers=[str(tmp_path / "ours.jsonl")], criteria="kullm-v3", use_references=True)
        second = [asked(b) for b in server.chats if "인구는?" in asked(b)]
        first = [asked(b) for b in server.chats if "수도는?" in asked(b) and "인구는?" not in asked(b)]
        summed = [asked(b) for b in server.chats if "3과 4" in asked(b)]
    assert len(second) == len(first) == 5
    assert all("[답변]\n답 q3" in text and "<참고 답안>" not in text for text in second)
    assert all("<참고 답안>\n서울" in text for text in first)
    assert all("더하세요.\n\n3과 4" in text and "<참고 답안>\n7" in text for text in summed)


def test_relative_to_a_reference_judged_in_the_same_run(tmp_path):
    def script(n, body):
        return "80" if "기준 답" in asked(body) else "40" if "q1" in asked(body) else "60"

    folder = folder_with(tmp_path, ours="우리 답", gpt4="기준 답")
    with OpenAIServer(script) as server:
        rows, _, _ = run(
            folder,
            server,
            answers=[str(folder / "ours.jsonl"), str(folder / "gpt4.jsonl")],
            criteria="score-100",
            reference="gpt4",
        )
    assert values(rows) == {("ours", "score"): pytest.approx(53.3333, abs=1e-3), ("gpt4", "score"): 80}
    assert values(rows, "relative")["ours", "score"] == pytest.approx(66.6667, abs=1e-3)
    assert values(rows, "relative")["gpt4", "score"] == 100
    row = next(r for r in rows if r["model"] == "ours" and r["metric"] == "relative")
    assert row["ci_low"] <= row["value"] <= row["ci_high"] and row["reference"] == "gpt4"


def test_relative_to_an_earlier_artifact_of_the_same_protocol_only(tmp_path):
    folder = folder_with(tmp_path, ours="우리", gpt4="표준")
    with OpenAIServer(lambda n, body: "90" if "표준" in asked(body) else "45") as server:
        _, _, counts = run(folder, server, out="ref", answers=[str(folder / "gpt4.jsonl")], criteria="score-100")
        more = {"config": {}, "seed": 0, "inputs": {}, "seconds": 0.0}
        write_manifest(folder / "ref", stage="judge", label="judge", output="scores", counts=counts, **more)
        options = {"answers": [str(folder / "ours.jsonl")], "reference": str(folder / "ref")}
        rows, _, _ = run(folder, server, criteria="score-100", **options)
        assert values(rows, "relative") == {("ours", "score"): 50}
        with pytest.raises(UserError, match="was judged as judge:score-100-ko"):
            run(folder, server, out="other", criteria="score-100", language="en", **options)
        n_asked = len(server.chats)
        with pytest.raises(UserError, match="neither judged here"):
            run(folder, server, out="none", criteria="score-100", **{**options, "reference": "gpt5"})
        write_jsonl(folder / "questions.jsonl", [{**q, "system": "짧게."} for q in QUESTIONS[:2]])
        with pytest.raises(UserError, match="the reference answered questions@"):
            run(folder, server, out="others", criteria="score-100", **options)
        assert len(server.chats) == n_asked


def test_rows_name_the_questions_and_nobody_is_his_own_opponent(tmp_path):
    folder = folder_with(tmp_path, ours="우리")
    options = {"answers": [str(folder / "ours.jsonl")], "models": ["ours"]}
    with OpenAIServer(lambda n, body: "50") as server:
        rows, _, counts = run(folder, server, criteria="score-100", limit=2, **options)
        assert {row["data"] for row in rows} == {counts.notes["questions"]}
        assert counts.notes["questions"].startswith("questions@")
        with pytest.raises(UserError, match="only the reference 'ours' is here"):
            run(folder, server, out="pair", criteria="pairwise", reference="ours", **options)


def test_pairwise_asks_both_orders_and_position_bias_is_told(tmp_path):
    def script(n, body):
        text = asked(body)
        if "q1" in text:
            return "A\n앞이 낫습니다."  # whichever stands first: a tie
        ours_first = text.index("우리") < text.index("상대")
        return ("A" if ours_first else "B") + "\n우리가 낫습니다."

    folder = folder_with(tmp_path, ours="우리", other="상대")
    with OpenAIServer(script) as server:
        rows, documents, counts = run(
            folder,
            server,
            answers=[str(folder / "ours.jsonl"), str(folder / "other.jsonl")],
            criteria="pairwise",
            reference="other",
        )
        assert len(server.chats) == 3 * 2
    (row,) = rows
    assert (row["model"], row["metric"], row["reference"]) == ("ours", "win_ratio", "other")
    assert row["value"] == pytest.approx((0.5 + 1 + 1) / 3, abs=1e-6)
    assert counts.notes["biases"]["position"]["always_first"] == 1
    assert [v["choice"] for v in documents[0]["verdicts"]] == ["A", "A"]


def test_replies_that_cannot_be_read_are_counted_and_lower_nothing(tmp_path):
    def script(n, body):
        if "일관성" in asked(body) and "기준: 일관성" in asked(body):
            return "아주 좋은 답변입니다."
        if "기준: 유창성" in asked(body) and "q1" in asked(body):
            return "7"
        return "4"

    with OpenAIServer(script) as server:
        rows, documents, counts = run(
            folder_with(tmp_path, ours="답"), server, answers=[str(tmp_path / "ours.jsonl")], criteria="kullm-v3"
        )
    coherence = next(r for r in rows if r["task"] == "coherence")
    assert (coherence["value"], coherence["n"]) == (None, 0)  # nothing read: no number, no zero
    fluency = next(r for r in rows if r["task"] == "fluency")
    assert (fluency["value"], fluency["n"], fluency["n_unread"]) == (4, 2, 1)
    assert counts.notes["statuses"] == {"ok": 15, "unparsed": 5}
    unread = next(v for v in documents[0]["verdicts"] if v["criterion"] == "coherence")
    assert (unread["score"], unread["status"], unread["reply"]) == (None, "unparsed", "아주 좋은 답변입니다.")


def test_a_judge_that_cannot_be_read_at_all_is_an_error_that_shows_a_reply(tmp_path):
    with OpenAIServer(lambda n, body: "I cannot grade this.") as server:
        with pytest.raises(UserError, match="none of 24 verdicts could be read.*I cannot grade this"):
            run(folder_with(tmp_path, ours="답"), server, answers=[str(tmp_path / "ours.jsonl")])


def test_faults_lose_nothing_and_a_stop_is_resumed_without_paying_twice(tmp_path):
    seen: dict[str, int] = {}
    stopped = []

    def script(n, body):
        key = asked(body)
        seen[key] = seen.get(key, 0) + 1
        if len(seen) == 12 and not stopped:
            stopped.append(n)
            return error(401, "bad key")
        if seen[key] == 1 and n % 3 == 0:
            return HTML if n % 2 else error(500)
        return Response(200, completion("1"))

    folder = folder_with(tmp_path, ours="답")
    options = {"answers": [str(folder / "ours.jsonl")], "in_flight": 2}
    with OpenAIServer(script) as server:
        with pytest.raises(UserError) as told:
            run(folder, server, **options)
        assert told.value.exit_code == 4
        before = len(server.chats)
        rows, _, counts = run(folder, server, **options)
    assert counts.notes["paid"]["ledger"]["done"] == 24
    assert len(server.chats) - before < 24  # what was answered is not asked again
    assert set(values(rows).values()) == {1}


def test_grades_weighted_by_the_judges_probabilities(tmp_path):
    def script(n, body):
        assert body["logprobs"] is True
        tops = [{"token": "4", "logprob": math.log(0.7)}, {"token": "5", "logprob": math.log(0.3)}]
        body = completion("4\n좋음")
        body["choices"][0]["logprobs"] = {"content": [{"token": "4", "logprob": -0.3, "top_logprobs": tops}]}
        return Response(200, body)

    with OpenAIServer(script) as server:
        rows, _, _ = run(
            folder_with(tmp_path, ours="답"),
            server,
            answers=[str(tmp_path / "ours.jsonl")],
            criteria="kullm-v3",
            weighted=True,
        )
    assert set(values(rows).values()) == {4}
    assert set(values(rows, "weighted_mean").values()) == {4.3}


def test_an_endpoint_without_probabilities_is_judged_without_weights(tmp_path):
    def script(n, body):
        return error(400, "logprobs is not supported") if "logprobs" in body else "3"

    with OpenAIServer(script) as server:
        options = {"answers": [str(tmp_path / "ours.jsonl")], "criteria": "kullm-v3", "weighted": True}
        rows, _, _ = run(folder_with(tmp_path, ours="답"), server, **options)
    assert "weighted_mean" not in {r["metric"] for r in rows} and set(values(rows).values()) == {3}


def test_an_endpoint_answers_turn_by_turn_and_failures_are_not_judged(tmp_path):
    def answer(n, body):
        text = body["messages"][-1]["content"]
        if "하늘" in text:
            return Response(200, completion(None, refusal="못 합니다"))
        if "더하세요" in text:
            return Response(200, completion("7입니다 그리고", finish_reason="length"))
        return f"{len(body['messages'])}번째"

    with OpenAIServer(answer) as answering, OpenAIServer(lambda n, body: "50") as server:
        rows, documents, counts = run(
            folder_with(tmp_path),
            server,
            models=["ko-llm"],
            answer_base_url=answering.base_url,
            answer_request={"max_tokens": 5},
            criteria="score-100",
        )
        assert all(body["max_tokens"] == 5 and body["model"] == "ko-llm" for body in answering.chats)
    assert [a["text"] for a in documents[2]["answers"]] == ["1번째", "3번째"]
    assert documents[0]["answers"][0]["status"] == "refused"
    assert documents[0]["verdicts"][0]["status"] == "no_answer"
    assert (rows[0]["n"], rows[0]["n_unread"], rows[0]["n_truncated"]) == (2, 1, 1)


def test_agreement_with_people_is_in_the_notes(tmp_path):
    folder = folder_with(tmp_path, ours="답")
    write_jsonl(
        folder / "human.jsonl",
        [{"id": q, "criterion": "score", "turn": t, "score": s} for q, t, s in HUMAN],
    )
    grades = {("q1", 0): 20, ("q2", 0): 50, ("q3", 0): 70, ("q3", 1): 90}

    def script(n, body):
        text = asked(body)
        key = "q1" if "하늘" in text else "q2" if "더하세요" in text else "q3"
        return str(grades[key, int("인구는?" in text)])

    with OpenAIServer(script) as server:
        options = {"answers": [str(folder / "ours.jsonl")], "criteria": "score-100"}
        _, _, counts = run(folder, server, agreement=str(folder / "human.jsonl"), **options)
        n_asked = len(server.chats)
        write_jsonl(folder / "wrong.jsonl", [{"id": "q1", "criterion": "fluency", "score": 3}])
        with pytest.raises(UserError, match="none of the 1 human labels"):
            run(folder, server, out="wrong", agreement=str(folder / "wrong.jsonl"), language="en", **options)
        assert len(server.chats) == n_asked
    found = counts.notes["agreement"]
    assert found["score"]["spearman"] == pytest.approx(1) and found["score"]["n"] == 4
    assert found["labels"]["n_matched"] == 4


HUMAN = [("q1", 0, 10), ("q2", 0, 40), ("q3", 0, 60), ("q3", 1, 95)]


def test_bad_options_are_told_before_anything_is_sent(tmp_path):
    def problems(**options):
        return " ".join(judge.check(judge.Config(model="m", **options)))

    assert "did you mean 'kullm-v2'" in problems(criteria="kulm-v2")
    assert "pairwise needs an opponent" in problems(criteria="pairwise")
    assert "name the models of answer_base_url" in problems(answer_base_url="http://localhost:1/v1")
    assert "no such file human.jsonl" in problems(agreement="human.jsonl")
    assert "1 files for 2 names" in problems(answers=["a.jsonl"], models=["a", "b"])
    assert "no grade to weight" in problems(criteria="pairwise", reference="x", weighted=True)
    folder_with(tmp_path)
    with OpenAIServer() as server:
        with pytest.raises(UserError, match="'newest' needs a model"):
            run(tmp_path, server)
        assert not server.chats


def test_the_estimate_counts_every_verdict_and_sends_nothing(tmp_path):
    folder = folder_with(tmp_path, ours="답")
    config = judge.Config(
        model="gpt-4o", questions=str(folder / "questions.jsonl"), answers=[str(folder / "ours.jsonl")]
    )
    found = judge.estimate(config, Inputs("judge"))
    assert found["requests"] == 24 and found["usd"] > 0 and judge.paid(config)
