"""Score rows from verdicts: failures are not numbers, the reference is 100, orders that disagree are a tie."""

from __future__ import annotations

import pytest

from hunmin.evaluation.judging.score_rows import (
    biases,
    by_category,
    headline,
    outcome,
    pairwise_rows,
    part_rows,
    score_rows,
    statuses,
)


def document(key, scores, model="ours", category="", text="답", finish="stop", weighted=None):
    verdicts = [
        {
            "criterion": "overall",
            "turn": turn,
            "scale": "1-5",
            "score": s,
            "weighted": weighted,
            "status": "ok" if s is not None else "unparsed",
            "reason": "",
        }
        for turn, s in enumerate(scores)
    ]
    answers = [{"text": text, "n_tokens": 1, "finish_reason": finish, "status": "ok"} for _ in scores]
    return {"model": model, "id": key, "category": category, "turns": [], "answers": answers, "verdicts": verdicts}


def pair(key, first, second):
    verdicts = [
        {"criterion": "pairwise", "turn": 0, "order": order, "choice": choice, "score": None, "status": "ok"}
        for order, choice in (("ours_first", first), ("ours_second", second))
    ]
    return {**document(key, [None]), "verdicts": verdicts}


def test_an_unread_verdict_lowers_nothing() -> None:
    rows = score_rows([document("a", [5]), document("b", [None]), document("c", [3])], ["overall"], "p", 0)
    assert [(r["task"], r["metric"], r["value"], r["n"], r["n_unread"]) for r in rows] == [("overall", "mean", 4, 2, 1)]
    assert 3 <= rows[0]["ci_low"] <= 4 <= rows[0]["ci_high"] <= 5
    [none] = score_rows([document("a", [None])], ["overall"], "p", 0)
    assert (none["value"], none["ci_low"], none["n"], none["n_unread"]) == (None, None, 0, 1)
    assert score_rows([], ["overall"], "p", 0) == []


def test_turns_are_averaged_within_a_question() -> None:
    rows = score_rows([document("a", [5, 1]), document("b", [3])], ["overall"], "p", 0)
    assert (rows[0]["value"], rows[0]["n"]) == (3, 2)


def test_relative_to_a_reference_run() -> None:
    ours = [document("a", [2]), document("b", [4]), document("z", [1])]
    theirs = [document("a", [4], model="gpt"), document("b", [4], model="gpt")]
    rows = score_rows(ours, ["overall"], "p", 0, theirs, "gpt")
    relative = next(r for r in rows if r["metric"] == "relative")
    assert (relative["value"], relative["n"], relative["reference"]) == (75, 2, "gpt")


def test_weighted_scores_and_truncation_are_told() -> None:
    rows = score_rows([document("a", [4], weighted=3.6, finish="length"), document("b", [2])], ["overall"], "p", 0)
    assert [(r["metric"], r["value"], r["n"]) for r in rows] == [("mean", 3, 2), ("weighted_mean", 3.6, 1)]
    assert rows[0]["n_truncated"] == 1


@pytest.mark.parametrize(
    ("first", "second", "points"),
    [
        ("A", "B", 1.0),
        ("B", "A", 0.0),
        ("A", "A", 0.5),
        ("B", "B", 0.5),
        ("tie", "tie", 0.5),
        ("A", "tie", 0.75),
        ("B", "tie", 0.25),
        ("A", None, None),
    ],
)
def test_both_orders_decide(first, second, points) -> None:
    assert outcome(pair("a", first, second)["verdicts"]) == points


def test_pairwise_rows_and_the_position_bias_seen_in_them() -> None:
    documents = [pair("a", "A", "B"), pair("b", "A", "A"), pair("c", "A", "A"), pair("d", None, "A")]
    (row,) = pairwise_rows(documents, "p", 0, "gpt")
    assert (row["metric"], row["n"], row["n_unread"], row["reference"]) == ("win_ratio", 3, 1, "gpt")
    assert row["value"] == pytest.approx(2 / 3, abs=1e-6)
    position = biases(documents)["position"]
    assert position["first_ratio"] == pytest.approx(5 / 6) and position["steady_ratio"] == pytest.approx(1 / 3)
    [none] = pairwise_rows([pair("a", None, "A")], "p", 0, "gpt")
    assert (none["value"], none["n"], none["n_unread"]) == (None, 0, 1)


def test_length_correlation_categories_and_statuses() -> None:
    documents = [document(str(i), [i], text="가" * (10 * i), category="수학" if i < 3 else "글") for i in range(1, 6)]
    assert biases(documents)["length_correlation"]["overall"] == pytest.approx(1)
    assert by_category(documents, ["overall"]) == {"글": {"overall": 4.0}, "수학": {"overall": 1.5}}
    assert statuses([*documents, document("x", [None])]) == {"ok": 5, "unparsed": 1}


def test_the_headline_counts_verdicts_and_ties() -> None:
    ten = [document(str(i), [3, None] * 5) for i in range(5)]
    assert headline(ten) == "25 of 50 verdicts read"
    chosen = [("A", "B"), ("A", "A"), ("tie", "tie"), (None, "A"), ("B", "A")]
    pairs = [pair(str(i), *said) for i, said in enumerate(chosen)]
    assert headline(pairs) == "10 of 10 verdicts read; 1 won, 1 lost, 2 tied, 1 unread"


def test_single_turn_multi_turn_and_category_rows() -> None:
    three = [document("a", [5, 3, 1], category="수학"), document("b", [4, 2, None], category="글쓰기")]
    for d in three:
        d["turns"] = ["첫 질문", "다음", "마지막"]
    rows = part_rows(three, ["overall"], "p", 0)
    assert [(r["task"], r["metric"], r["value"], r["n"], r["n_unread"]) for r in rows] == [
        ("overall single-turn", "turn_mean", 4.5, 2, 0),
        ("overall multi-turn", "turn_mean", 2.0, 2, 1),
        ("overall 글쓰기", "category_mean", 3.0, 1, 1),
        ("overall 수학", "category_mean", 3.0, 1, 0),
    ]
    assert part_rows([document("a", [5])], ["overall"], "p", 0) == []
