"""respond and pair: n answers each, what they must pass, why they go, and preferences of a measure or a rating."""

from __future__ import annotations

import json

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import problems, read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.measures.conditions import parse_conditions
from hunmin.measures.final_answer import final_answer
from hunmin.stages import pair, respond
from tests.fakes.openai_server import OpenAIServer, error

PROBLEM = {
    "id": "p1",
    "source": "s",
    "instruction": "사과 3개와 4개를 더하면?",
    "output": "7",
    "ratings": [{"score": 1}],
}
RIGHT, WRONG = "3과 4를 더하면 7입니다. 따라서 정답은 7개입니다.", "3과 4를 곱하면 12입니다. 정답은 12개입니다."


def run(stage, tmp_path, records, **options):
    write_jsonl(tmp_path / "in.jsonl", records)
    inputs = Inputs(label="x", records=tmp_path / "in.jsonl", spend=Spend(ledger=tmp_path / "ledger.sqlite"))
    counts = stage.run(stage.Config(**options), inputs, tmp_path / "out").check("x")
    dropped = [(d["record"]["id"], d["reason"], d["detail"]) for d in read_jsonl(tmp_path / "out" / "dropped.jsonl")]
    return list(read_jsonl(tmp_path / "out" / "records.jsonl")), dropped, counts


def replies(tmp_path, *texts: str, name: str = "p1"):
    rows = [{"id": name, "field": "answer", "prompt": str(k), "reply": t} for k, t in enumerate(texts)]
    write_jsonl(tmp_path / "replies.jsonl", rows)
    return {"model": "some-model", "base_url": f"recorded:{tmp_path / 'replies.jsonl'}"}


def test_several_answers_are_verified_and_dropped_with_what_they_fail(tmp_path):
    given = replies(tmp_path, RIGHT, WRONG, "答案은 7입니다.")
    kept, dropped, counts = run(
        respond, tmp_path, [PROBLEM], n=3, gold="reference", keep=["foreign_script <= 0", "final_answer == 1"], **given
    )
    assert [(r["id"], r["prompt_id"], r["output"], r["generator"]) for r in kept] == [
        ("p1-a1", "p1", RIGHT, "some-model")
    ]
    assert kept[0]["gold"] == "7", "pair verifies by it again"
    assert kept[0]["reference"] == "7" and "ratings" not in kept[0] and not problems(kept[0])
    assert [(i, why) for i, why, _ in dropped] == [("p1-a2", "final_answer"), ("p1-a3", "foreign_script")]
    assert dropped[0][2] == {"measure": "final_answer", "value": 0.0, "wanted": "== 1"}
    assert counts.n_in == 3 and "1 of 3 answers pass" in counts.notes["headline"]
    drawn = (tmp_path / "out" / "answers.svg").read_text()
    assert all(f">{label}<" in drawn for label in ("pass", "final_answer", "foreign_script"))
    assert ">1 pass<" in (tmp_path / "out" / "instructions.svg").read_text()


def test_an_answer_that_did_not_come_is_dropped_with_its_status(tmp_path):
    kept, dropped, _ = run(respond, tmp_path, [PROBLEM, {**PROBLEM, "id": "p2"}], keep=[], **replies(tmp_path, RIGHT))
    assert [r["id"] for r in kept] == ["p1"] and dropped[0][:2] == ("p2", "unrecorded")


@pytest.mark.parametrize("n_lost", [2, 99])
def test_an_answer_that_an_outage_cost_is_asked_again_by_the_same_command(tmp_path, monkeypatch, n_lost):
    """A short outage (2 answers) and one that stops the run; what came is not asked or paid for twice."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    up: list[bool] = []

    def script(n, body):
        i = int(body["messages"][-1]["content"].split()[-1])
        down = not up and 4 <= i < 4 + n_lost
        return error(500, Retry_After="0") if down else f"답은 {i}입니다."

    rows = [{"id": f"p{i}", "source": "s", "instruction": f"질문 {i}", "output": "x"} for i in range(12)]
    with OpenAIServer(script) as server:
        options = {"model": "m", "base_url": server.base_url, "keep": ["length >= 1"]}
        with pytest.raises(UserError) as stopped:
            run(respond, tmp_path, rows, **options)
        assert stopped.value.exit_code == 4 and "un the same command again" in str(stopped.value)
        asked = len(server.chats)
        if n_lost == 2:
            assert "2 answers did not come (2 unreachable); 10 that pass are saved" in str(stopped.value)
        up.append(True)
        kept, dropped, _ = run(respond, tmp_path, rows, **options)
        assert [r["output"] for r in kept] == [f"답은 {i}입니다." for i in range(12)] and not dropped
        assert len(server.chats) - asked == (2 if n_lost == 2 else 8)
        assert not (tmp_path / "out" / respond.LOST).exists()


def test_what_is_lost_again_stays_dropped(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with OpenAIServer(lambda n, body: error(500, Retry_After="0")) as server:
        options = {"model": "m", "base_url": server.base_url}
        with pytest.raises(UserError, match="1 answers did not come"):
            run(respond, tmp_path, [PROBLEM], **options)
        kept, dropped, _ = run(respond, tmp_path, [PROBLEM], **options)
    assert not kept and dropped[0][:2] == ("p1", "unreachable")


def test_a_conversation_is_answered_at_its_end_and_a_preference_anew(tmp_path):
    turns = [{"role": "user", "content": "안녕"}, {"role": "assistant", "content": "네"}]
    chat = {"id": "p1", "source": "s", "messages": turns}
    kept, _, _ = run(respond, tmp_path, [chat], keep=[], **replies(tmp_path, RIGHT))
    assert kept[0]["messages"] == [turns[0], {"role": "assistant", "content": RIGHT}] and kept[0]["reference"] == "네"
    preference = {"id": "p1", "source": "s", "instruction": "더하면?", "chosen": "7", "rejected": "8"}
    kept, _, _ = run(respond, tmp_path, [preference], keep=[], **replies(tmp_path, RIGHT))
    assert kept[0]["output"] == RIGHT and "chosen" not in kept[0] and not problems(kept[0])


def test_options_are_checked_before_anything_is_asked():
    assert "no condition" in respond.check(respond.Config(model="m", keep=["length"]))[0]
    assert "did you mean 'foreign_script'" in respond.check(respond.Config(model="m", keep=["foreign_scrip <= 0"]))[0]
    assert respond.check(respond.Config(model="newest", engine="local", n=2, temperature=0))
    assert respond.needs(respond.Config(model="newest", engine="local")) == ("records", "model")
    assert (
        "longer" in pair.check(pair.Config(by="length"))[0]
        and "no measure 'ratting'" in pair.check(pair.Config(by="ratting"))[0]
    )


def answers(*texts: str, **more):
    rows = [
        {"id": f"a{k}", "source": "s", "prompt_id": "p", "instruction": "더하면?", "output": t}
        for k, t in enumerate(texts)
    ]
    return [{**r, "gold": "7", "generator": f"m{k}", **more} for k, r in enumerate(rows)]


def test_right_and_wrong_answers_become_a_pair(tmp_path):
    kept, dropped, counts = run(pair, tmp_path, answers(WRONG, RIGHT, RIGHT), by="final_answer", min_chosen=1)
    (record,) = kept
    assert (record["id"], record["chosen"], record["rejected"]) == ("a1", RIGHT, WRONG) and not problems(record)
    assert record["preference"]["rejected_id"] == "a0" and record["preference"]["rejected_generator"] == "m0"
    assert [(i, why) for i, why, _ in dropped] == [("a0", "rejected"), ("a2", "between")]
    assert counts.notes["pairs"] == 1 and "output" not in record
    assert "1 instructions by their answers; 1 pairs" in (tmp_path / "out" / "instructions.svg").read_text()
    drawn = (tmp_path / "out" / "answers.svg").read_text()
    assert all(f">{label}<" in drawn for label in ("chosen", "rejected", "between", "what became of 3 answers"))


@pytest.mark.parametrize(
    "texts, options, why",
    [
        ((RIGHT, RIGHT), {}, "tied"),
        ((RIGHT,), {}, "alone"),
        ((WRONG, WRONG + " 아마도."), {"by": "length", "prefer": "higher", "min_chosen": 999}, "not_good_enough"),
        ((WRONG, WRONG + "!"), {"by": "length", "prefer": "lower", "min_gap": 3}, "tied"),
    ],
)
def test_what_makes_no_pair_says_why(tmp_path, texts, options, why):
    kept, dropped, _ = run(pair, tmp_path, answers(*texts), **{"by": "final_answer", **options})
    assert not kept and {reason for _, reason, _ in dropped} == {why}


def test_ratings_choose_too_and_prompts_that_are_equal_belong_together(tmp_path):
    rows = answers("좋은 답", "나쁜 답", "보통 답")
    for row, score in zip(rows, (9, 2, 5), strict=True):
        del row["prompt_id"]
        row["ratings"] = [
            {"rater": "llm", "model": "m", "prompt": "ko", "scale": [0, 10], "score": score, "status": "ok"}
        ]
    kept, _, _ = run(pair, tmp_path, rows)
    assert (kept[0]["chosen"], kept[0]["rejected"]) == ("좋은 답", "나쁜 답")
    with pytest.raises(UserError, match="Put 'rate' before it"):
        run(pair, tmp_path, answers("가", "나"))


@pytest.mark.parametrize(
    "text, gold, says",
    [
        ("따라서 정답은 1,200원입니다. (1000 + 200)", "1200", 1.0),
        ("풀이 끝.\n#### 3/4", "0.75", 1.0),
        (r"그러므로 \boxed{\frac{3}{4}} 이다. 2번 문제도 같다.", "0.75", 1.0),
        ("넓이는 92.16 - 64 = 28.16cm^2입니다.", "28.16", 1.0),
        ("x = 276 - 548 = -272이다.", "-272", 1.0),
        ("정답은 12입니다. 검산하면 3 + 4 = 7이 아니므로 틀립니다.", "7", 0.0),
        ("잘 모르겠습니다.", "7", 0.0),
        ("정답은 7입니다.", "일곱", None),
    ],
)
def test_the_stated_final_answer_is_compared_with_the_gold_one(text, gold, says):
    assert final_answer(text, {"extra": {"answer": gold}}) == says


def test_a_verifier_without_gold_lets_nothing_pass_and_a_measure_that_does_not_apply_does():
    verified, korean = parse_conditions(["final_answer == 1", "hangul_share >= 0.5"])
    assert verified.broken_by("7", {}) == {"measure": "final_answer", "value": None}
    assert korean.broken_by("12345", {}) is None and json.dumps(korean.broken_by("English text only", {}))
