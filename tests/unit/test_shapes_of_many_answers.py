"""Rows that hold several answers to one question: arenas with a verdict, rated lists, trees of replies."""

from __future__ import annotations

import json

import pytest

from hunmin.artifacts.record import read_jsonl
from hunmin.commands import cli
from hunmin.errors import UserError

from .test_shapes import PAIR, answer, loaded, user

ASKED = "서울은?"
SIDES = {"conversation_a": [user(ASKED), answer("몰라")], "conversation_b": [user(ASKED), answer("수도")]}
TEXTS = {"prompt": ASKED, "response_a": "수도", "response_b": "몰라"}
NUMBERED = {"prompt": ASKED, "response_1": "수도", "response_2": "몰라"}


def bare(record):
    return {k: v for k, v in record.items() if k != "extra"}


@pytest.mark.parametrize(
    ("row", "better"),
    [
        ({**SIDES, "winner": "model_b"}, "conversation_b"),
        ({**TEXTS, "winner": "model_a"}, "response_a"),
        ({**TEXTS, "winner": "A"}, "response_a"),
        ({**TEXTS, "preferred": "response_a"}, "response_a"),
        ({**TEXTS, "winner_model_a": 1, "winner_model_b": 0, "winner_tie": 0}, "response_a"),
        (
            {"prompt": f'["{ASKED}"]', "response_a": '["수도"]', "response_b": '["몰라"]', "winner": "model_a"},
            "response_a",
        ),
        ({"prompt": ASKED, "response_0": "몰라", "response_1": "수도", "better_response_id": 1}, "response_1"),
        ({**NUMBERED, "preference_strength": -2}, "response_1"),
        ({"context": [user(ASKED)], "response1": "몰라", "response2": "수도", "overall_preference": 3}, "response2"),
        ({"질문": ASKED, "답변1": "수도", "답변2": "몰라", "선호": "답변1"}, "답변1"),
    ],
)
def test_the_answer_that_the_verdict_names_is_chosen(tmp_path, row, better):
    found, counts = loaded(tmp_path, [row])
    assert bare(found[0]) == PAIR and found[0]["extra"]["chosen_from"] == better
    assert "read as arena" in counts.notes["terminal"]


def test_what_stands_beside_a_side_says_whose_it_is(tmp_path):
    row = {**SIDES, "winner": "model_b", "model_a": "x", "model_b": "y", "score_a": 1, "judge": "z"}
    found, counts = loaded(tmp_path, [row])
    assert found[0]["extra"] == {
        "rejected_model": "x",
        "chosen_model": "y",
        "score_a": 1,
        "judge": "z",
        "chosen_from": "conversation_b",
    }
    assert "not used: rejected_model (1 row)" in counts.notes["terminal"]


@pytest.mark.parametrize("tie", ["tie", "tie (bothbad)", "both_bad", "무승부"])
def test_ties_are_dropped_and_counted_and_stop_nothing(tmp_path, tie):
    rows = [{**TEXTS, "winner": "model_a"}, {**TEXTS, "winner": tie}, {**TEXTS, "winner": "model_b"}]
    found, counts = loaded(tmp_path, rows)
    assert [r["chosen"] for r in found] == ["수도", "몰라"] and counts.dropped == {"no_preference": 1}
    assert any("1 rows dropped: a tie" in line for line in counts.notes["terminal"])
    assert [r["record"]["winner"] for r in read_jsonl(tmp_path / "out" / "dropped.jsonl")] == [tie]
    signed, counts = loaded(tmp_path / "..", [{**NUMBERED, "preference_strength": n} for n in (1, 0)])
    assert [r["chosen"] for r in signed] == ["몰라"] and counts.dropped == {"no_preference": 1}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        # A number does not say which of two letters it means: nothing is guessed, and the line to type is there.
        ({**TEXTS, "winner": 1}, "--columns '{instruction: prompt, chosen: response_a, rejected: response_b}'"),
        ({**NUMBERED, "winner": "gpt-4"}, "{instruction: prompt, chosen: response_1, rejected: response_2}'"),
        (
            {"conversation_a": [user("가"), answer("나"), user("다"), answer("라")], "winner": "model_a",
             "conversation_b": [user("가"), answer("마"), user("다"), answer("바")]},
            "differ before the last answer",
        ),
        ({**TEXTS, "question": "부산은?", "winner": "a"}, "the question could be any of prompt, question"),
    ],
)  # fmt: skip
def test_a_verdict_that_is_not_said_is_not_guessed(tmp_path, row, says):
    with pytest.raises(UserError) as error:
        loaded(tmp_path, [row])
    assert says in str(error.value)


def test_a_row_without_a_verdict_further_down_is_a_bad_row(tmp_path):
    with pytest.raises(UserError, match="the verdict names neither response_a nor response_b"):
        loaded(tmp_path, [{**TEXTS, "winner": "model_a"}, {**TEXTS, "winner": None}])


NECTAR = {
    "prompt": f"\n\nHuman: {ASKED}\n\nAssistant: ",
    "answers": [
        {"answer": "도시", "model": "x", "rank": 2.0},
        {"answer": "수도", "model": "y", "rank": 1.0},
        {"answer": "몰라", "model": "z", "rank": 3.0},
    ],
}
ULTRA = {
    "instruction": ASKED,
    "models": ["x", "y"],
    "completions": [
        {"response": "몰라", "model": "x", "overall_score": 3.0, "custom_system_prompt": "길게."},
        {"response": "수도", "model": "y", "overall_score": 8.5, "custom_system_prompt": "짧게."},
    ],
}
LISTED = {"instruction": ASKED, "generations": ["수도", "몰라"], "ratings": [5, 2], "generation_models": ["x", "y"]}
REWARDED = {"instruction": ASKED, "responses": ["몰라", "수도"], "rewards": [-1.5, 0.5]}


@pytest.mark.parametrize("row", [NECTAR, ULTRA, LISTED, REWARDED])
def test_rated_answers_are_read_as_a_person_says(tmp_path, row):
    with pytest.raises(UserError) as error:
        loaded(tmp_path, [row])
    assert "--format answers (each" in str(error.value) and "--format ranked (the best" in str(error.value)
    found, _ = loaded(tmp_path, [row], format="ranked")
    assert [bare(r) for r in found] == [PAIR]
    found, _ = loaded(tmp_path / "..", [row], format="answers", provides=["ratings"])
    assert {r["output"]: r["instruction"] for r in found}.keys() >= {"수도", "몰라"}
    assert max(found, key=lambda r: r["ratings"][0]["score"])["output"] == "수도"


def test_nothing_of_a_rated_answer_is_lost(tmp_path):
    found, counts = loaded(tmp_path, [NECTAR], format="ranked")
    assert found[0]["extra"] == {
        "chosen_model": "y",
        "chosen_rank": 1.0,
        "rejected_model": "z",
        "rejected_rank": 3.0,
        "answers": [{"text": "도시", "model": "x", "rank": 2.0}],
    }
    assert "not used: answers (1 row)" in counts.notes["terminal"]
    found, _ = loaded(tmp_path, [{"id": "q", **ULTRA}], format="answers")
    assert [(r["system"], r["generator"], r["extra"]["ratings"][0]["score"]) for r in found] == [
        ("길게.", "x", 3.0),
        ("짧게.", "y", 8.5),
    ]
    alike = {**REWARDED, "rewards": [1, 1]}
    _, counts = loaded(tmp_path, [alike, REWARDED], format="ranked")
    assert counts.dropped == {"no_preference": 1}
    found, _ = loaded(tmp_path, [{"question": ASKED, "answers": ["수도", "서울"]}], format="answers")
    assert [r["output"] for r in found] == ["수도", "서울"]
    with pytest.raises(UserError, match="an answer without a number"):
        loaded(tmp_path, [{"question": ASKED, "answers": ["수도", "서울"]}], format="ranked")


def test_answers_with_ratings_go_on_to_pair(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n.jsonl").write_text(json.dumps(NECTAR, ensure_ascii=False) + "\n", encoding="utf-8")
    assert cli.main(["load", "n.jsonl", "-o", "all", "--format", "answers", "--provides", "[ratings]"]) == 0
    assert cli.main(["pair", "all", "-o", "pairs"]) == 0
    found = list(read_jsonl(tmp_path / "pairs" / "records.jsonl"))
    assert [(r["chosen"], r["rejected"]) for r in found] == [("수도", "몰라")]
    capsys.readouterr()


def node(text, role, rank=None, *replies, **more):
    return {"text": text, "role": role, "rank": rank, "replies": list(replies), **more}


TREE = {
    "message_tree_id": "t",
    "prompt": node(
        ASKED,
        "prompter",
        None,
        node("몰라", "assistant", 1),
        node(
            "수도",
            "assistant",
            0,
            node("부산은?", "prompter", None, node("항구", "assistant", 0), node("산", "assistant", 2)),
        ),
        node("욕", "assistant", 2, deleted=True),
    ),
}


def spoken(record):
    return [(m["content"], m.get("weight")) for m in record["messages"]]


def test_a_tree_of_replies_is_read_as_a_person_says(tmp_path):
    with pytest.raises(UserError) as error:
        loaded(tmp_path, [TREE])
    assert all(f"--format {name}" in str(error.value) for name in ("tree_best", "tree_all", "tree_pairs"))
    found, counts = loaded(tmp_path, [TREE], format="tree_best")
    assert [spoken(r) for r in found] == [[(ASKED, None), ("수도", None), ("부산은?", None), ("항구", None)]]
    assert found[0]["extra"] == {"message_tree_id": "t", "replies_left_out": 3}
    assert "not used: replies_left_out (1 row)" in counts.notes["terminal"]
    assert "not used: messages.rank (1 row)" in counts.notes["terminal"]
    found, _ = loaded(tmp_path, [TREE], format="tree_all")
    assert [spoken(r) for r in found] == [
        [(ASKED, None), ("수도", None), ("부산은?", None), ("항구", None)],
        [(ASKED, None), ("수도", 0), ("부산은?", None), ("산", None)],
        [(ASKED, None), ("몰라", None)],
    ]
    found, _ = loaded(tmp_path, [TREE], format="tree_pairs")
    assert [(r.get("instruction") or r["messages"][-1]["content"], r["chosen"], r["rejected"]) for r in found] == [
        (ASKED, "수도", "몰라"),
        ("부산은?", "항구", "산"),
    ]
    alone = {"prompt": node(ASKED, "prompter", None, node("수도", "assistant", 0))}
    found, counts = loaded(tmp_path, [TREE, alone], format="tree_pairs")
    assert len(found) == 2 and counts.dropped == {"no_preference": 1}


def test_a_format_that_a_row_does_not_have_is_told_with_the_one_it_has(tmp_path):
    row = {"instruction": ASKED, "response": "수도"}
    with pytest.raises(UserError, match=r"not of format 'alpaca' \(field 'output': missing\), but of dolly"):
        loaded(tmp_path, [row], format="alpaca")
