"""Verdicts that cannot be read must not lean to one side: whether a reply is read may not depend on its grade."""

from __future__ import annotations

import pytest

from hunmin.evaluation.judging.replies import read_choice
from hunmin.raters.scores import parse_scale, read

MATHS = (
    "모델은 12 × 3을 24라고 했으나 정답은 36이다.",
    "2 + 3 = 5인데 6이라고 답했고, 4번째 줄의 식도 틀렸다.",
    "정답은 1/4이고 답변은 0.25로 같다. 다만 3단계의 설명이 없다.",
    "The answer should be 7, but it says 5; step 2 is wrong.",
    "$x^2 - 5x + 4 = 0$의 근은 1과 4이며, 답변은 3을 근이라 하였다.",
    "10개 중 2개만 맞았다.",
)
FORMS = (
    "{score}",
    "{score}\n{why}",
    "{score}점\n{why}",
    "{score}/{high}\n{why}",
    "점수: {score}\n이유: {why}",
    "이유: {why}\n점수: {score}",
    "{why}\n따라서 점수는 {score}점입니다.",
    "{why}\n\n최종 점수: {score}",
    "### 평가\n{why}\n\n### 점수\n{score}",
    "**점수: {score}**\n\n{why}",
    "[[{score}]] {why}",
    "{why} Rating: [[{score}]]",
    "Score: {score}\nReason: {why}",
    '{{"score": {score}, "reason": "{why}"}}',
    '{{"reason": "{why}", "score": {score}}}',
    "<think>{why}</think>{score}",
)


@pytest.mark.parametrize("scale", ["1-3", "1-5"])
def test_which_replies_are_read_does_not_depend_on_the_grade(scale: str) -> None:
    """Every form with every reason: whole replies are all read, and of those cut short at twenty places each grade
    loses the same share. (A single reply may: "2" cut off within "2\\n2 + 3" is still a 2, "1" is not.)"""
    asked = parse_scale(scale)
    grades = range(int(asked.low), int(asked.high) + 1)
    lost: dict[int, list[bool]] = {grade: [] for grade in grades}
    for form in FORMS:
        for why in MATHS:
            for grade in grades:
                reply = form.format(score=grade, high=int(asked.high), why=why)
                assert read(reply, asked).score == grade, reply
                for end in range(8, len(reply), max(1, len(reply) // 20)):
                    found = read(reply[:end], asked, cut=True).score
                    assert found in (None, grade), reply[:end]
                    lost[grade].append(found is None)
    shares = {grade: sum(values) / len(values) for grade, values in lost.items()}
    assert max(shares.values()) - min(shares.values()) < 0.02, shares


CHOICES = ("[[{c}]]", "{why}\n[[{c}]]", "더 나은 답변: {c}\n{why}", "{why}\n최종 판정: {c}", '{{"choice": "{c}"}}')
MIRRORED = str.maketrans("AB", "BA")


@pytest.mark.parametrize("form", CHOICES)
def test_which_replies_are_read_does_not_depend_on_the_choice(form: str) -> None:
    """A reply and its mirror image, A and B exchanged, are read alike wherever they end."""
    for why in ("답변 A는 2 + 3을 5라고 했고 답변 B는 6이라고 했다.", "둘 다 3번째 줄에서 틀렸다."):
        reply = form.format(c="A", why=why)
        assert read_choice(reply)[0] == "A"
        for end in range(len(reply) + 1):
            one, other = read_choice(reply[:end])[0], read_choice(reply[:end].translate(MIRRORED))[0]
            assert other == (one and one.translate(MIRRORED)), reply[:end]
