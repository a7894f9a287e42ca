"""Which answer a pairwise judge prefers, and the probability-weighted grade."""

from __future__ import annotations

import math

import pytest

from hunmin.evaluation.judging.replies import read_choice, weighted_score
from hunmin.raters.scores import Scale

CHOSEN = [
    ("A", "A"),
    ("B\n답변 B가 더 정확합니다.", "B"),
    ("**A**\n이유: 설명이 충실합니다.", "A"),
    ("[[B]]", "B"),
    ("무승부", "tie"),
    ("tie\nboth are fine", "tie"),
    ("답변 A", "A"),
    ("판정: B", "B"),
    ("Winner: A", "A"),
    ("A입니다.", "A"),
    ("A가 더 낫습니다.\n사실이 맞습니다.", "A"),
    ("<think>B? no</think>A", "A"),
    ("제 판단은 다음과 같습니다:\n\nB", "B"),
    ("[[A]]", "A"),
    ("[[C]]", "tie"),
    ("[[A>B]]", "A"),
    ("[[B>>A]]", "B"),
    ("[[A<B]]", "B"),
    ("[[A=B]]", "tie"),
    ("답변 A는 빠진 것이 많고 답변 B는 정확합니다. 따라서 [[B]]", "B"),
    ("A는 길고 B는 짧습니다.\n최종 판정: A", "A"),
    ("두 답변을 견주었습니다.\n더 나은 답변: B", "B"),
    ("A 승리", "A"),
    ("B의 승리입니다.", "B"),
    ('{"winner":"B"}', "B"),
    ('{"choice":"A"}', "A"),
    ('```json\n{"reason": "A는 길다", "winner": "답변 B"}\n```', "B"),
    ('{"winner": "tie"}', "tie"),
    ("Both are good.\nFinal verdict: B", "B"),
    ("결론: 무승부", "tie"),
    ("Assistant A wins.", "A"),
    ("**최종 판정: 답변 A**", "A"),
    ("판정: A (B보다 정확함)", "A"),
    ("Winner: B. A is wrong.", "B"),
    ("A: 정확함\nB: 부정확함\n최종 판정: A", "A"),
    ('{"winner": "assistant_b"}', "B"),
    ("A가 정확하지만 결국 B 승리", "B"),
    ("A가 더 낫습니다. 다른 쪽은 정확하지 않습니다.", "A"),
]


@pytest.mark.parametrize(("reply", "choice"), CHOSEN)
def test_the_choice_is_read(reply: str, choice: str) -> None:
    assert read_choice(reply)[0] == choice


NOT_CHOSEN = [
    "",
    "<think>A",
    "둘 다 좋습니다.",
    "A와 B 모두 정확합니다.",
    "Both A and B are fine.",
    "A\n\nB",
    "C",
    "a reply that begins with an article",
    "두 답변을 읽었습니다.\nA가 조금 더 길지만 내용은 같습니다.",
    "Apple",
    "[[A]] 또는 [[B]]",
    "최종 판정: A\n최종 판정: B",
    '{"winner": "A"} {"winner": "B"}',
    '{"winner": null}',
    '{"winner": "C가 낫다"}',
    "A라면 더 나은 답변이겠지만 알 수 없습니다.",
    "판정: A와 B가 비슷합니다.",
    "승자: 없음",
    "A의 승리가 아니다",
    "답변 A가 더 낫다고 보기 어렵다.",
    "B가 더 정확하지는 않습니다.",
    "판정: A, B 모두",
    "A: 정확함\nB: 부정확함",
    'Output "[[A]]" if assistant A is better, "[[B]]" if assistant B is better.',
    "A 승부는 가려지지 않았습니다.",
    "평가: a good answer",
]


@pytest.mark.parametrize("reply", NOT_CHOSEN)
def test_no_choice_is_made_up(reply: str) -> None:
    assert read_choice(reply)[0] is None


def test_the_reason_follows() -> None:
    assert read_choice("B\n더 정확합니다.") == ("B", "더 정확합니다.")
    assert read_choice("")[1] == "empty" and read_choice("A\n\nB")[1] == "several"


def token(text, **alternatives):
    tops = [{"token": k.replace("_", " "), "logprob": math.log(p)} for k, p in alternatives.items()]
    return {"token": text, "logprob": -0.1, "top_logprobs": tops}


def test_the_grade_is_weighted_by_the_judges_probabilities() -> None:
    tokens = [token("4", **{"4": 0.6, "5": 0.3, "_3": 0.05, "the": 0.05}), token("\n")]
    assert weighted_score(tokens, Scale(1, 5, True), 4) == pytest.approx((4 * 0.6 + 5 * 0.3 + 3 * 0.05) / 0.95)


def test_alternatives_off_the_scale_do_not_count() -> None:
    tokens = [token("점수"), token(": "), token("3", **{"3": 0.5, "9": 0.4, "2": 0.1})]
    assert weighted_score(tokens, Scale(1, 3, True), 3) == pytest.approx((3 * 0.5 + 2 * 0.1) / 0.6)


def test_without_usable_probabilities_there_is_no_weighted_grade() -> None:
    assert weighted_score(None, Scale(1, 5), 4) is None
    assert weighted_score([], Scale(1, 5), 4) is None
    assert weighted_score([token("4")], Scale(1, 5), 4) is None  # no alternatives sent
    assert weighted_score([token("8", **{"8": 0.9}), token(".5")], Scale(0, 10), 8.5) is None
    assert weighted_score([token("9", **{"9": 0.9}), token("2")], Scale(0, 100), 92) is None
    assert weighted_score([token("9", **{"9": 0.9}), token("2")], Scale(0, 100), 9) is None
    assert weighted_score([token("4", the=0.9)], Scale(1, 5), 4) is None
