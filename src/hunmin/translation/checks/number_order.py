"""Numbers that are all there, in each other's place: two that were swapped, one that stands twice. For review only."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import Any

from ...text.number_units import FAMILY
from ...text.numbers import Number
from .number_pairs import Pair
from .reading import REVIEW, Issue, countable, issue, lines_of, numbers_of, sentences_of

SMALL = frozenset((Fraction(1), Fraction(2)))


def _issue(number: Number, where: tuple[int, int], detail: str) -> Issue:
    return issue("number_lost", REVIEW, (number.start, number.end), where, detail)


def pairs_of(text: str, language: str) -> list[frozenset[Any]]:
    """Give the values of each number of a text, one set each, its parts included."""
    return [part.values for one in numbers_of(countable(text), language) for part in (one.parts or (one,))]


# What joins two numbers whose order both languages keep, and what may stand between that turns it.
JOINS = re.compile(r"(?i)\A[\w\s'’$%-]{0,40}?(?:\band\b|\bor\b|,|\bto\b|[-–~/÷:−])[\w\s'’$%]{0,30}\Z")
TURNS = re.compile(
    r"(?i)\b(?:of|than|out|from|per|for|in|every|each|at|by|with|after|before|when|if|who|that|which|on|as|more|less)\b"
)
KO_JOINS = re.compile(r"\A[^\n.]{0,30}?(?:[와과고]\s|대\s?(?=\d|\Z)|,|그리고|및|이나|[-–~/÷:−]|에서\s)[^\n.]{0,30}\Z")
KO_TURNS = re.compile(r"중|보다|당\s|마다|때|동안|후|전에|위해|라면|면\s|대해")


def swapped(pairs: list[Pair], original: str, text: str) -> list[Issue]:
    """Give two numbers that stand in each other's place: joined by "and" or a dash in both texts, or on each other's
    line.
    """
    targets = [t.start for _, t in sorted(pairs, key=lambda one: one[0].start)]
    if targets == sorted(targets):
        return []
    often = Counter(v for one in (*pairs_of(original, "en"), *pairs_of(text, "ko")) for v in one)
    plain = [
        (s, t)
        for s, t in pairs
        if s.written == t.written
        and s.written in ("digits", "fraction")
        and all(often[v] == 2 for v in s.values & t.values)
    ]
    plain.sort(key=lambda one: one[0].start)
    targets.sort()
    found: list[Issue] = []
    lines = (lines_of(original), lines_of(text))
    moved: dict[tuple[int, int], Pair] = {}
    if 1 < len(lines[0]) == len(lines[1]):
        for s, t in plain:
            a, b = (
                next(i for i, (x, y) in enumerate(side) if x <= at <= y)
                for side, at in zip(lines, (s.start, t.start), strict=True)
            )
            if a != b:
                moved[a, b] = (s, t)
        for (a, b), (s, t) in moved.items():
            if a < b and (b, a) in moved and not s.values & moved[b, a][0].values:
                detail = "두 수의 자리가 바뀜 / two numbers changed lines"
                found.append(_issue(s, (t.start, t.end), detail))
    for i, (s, t) in enumerate(plain):
        for s2, t2 in plain[i + 1 :]:
            apart = FAMILY.get(s.unit) != FAMILY.get(s2.unit)
            if apart and "" not in (s.unit, s2.unit) and (s.unit, s2.unit) == (t2.unit, t.unit):
                detail = "두 수의 자리가 바뀜 / two numbers changed their units"
                found.append(_issue(s, (t2.start, t2.end), detail))
    for (s, t), (s2, t2) in zip(plain, plain[1:], strict=False):
        if not (t2.end <= t.start and s.values.isdisjoint(s2.values)):
            continue
        if any(t2.start < at < t.start for at in targets):
            continue
        between, there = original[s.end : s2.start], text[t2.end : t.start]
        if JOINS.match(between) and not TURNS.search(between) and KO_JOINS.match(there) and not KO_TURNS.search(there):
            detail = "두 수의 자리가 바뀜 / two numbers changed places"
            found.append(_issue(s, (t2.start, t2.end), detail))
    return found


def doubled_places(pairs: list[Pair], twice: list[Number], original: str, text: str) -> list[Issue]:
    """Give a number that stands once too often on the line or in the sentence whose own number stands elsewhere."""
    parts = next((p for p in (lines_of, sentences_of) if 1 < len(p(original)) == len(p(text))), None)
    if parts is None or not twice:
        return []

    def part(at: int, whole: str) -> int:
        return next((i for i, (a, b) in enumerate(parts(whole)) if a <= at < b), -1)

    every = [(part(n.start, text), v) for n in numbers_of(countable(text), "ko") for v in n.values]
    for number in twice:
        here = part(number.start, text)
        gone = [s for s, t in pairs if s.written == "digits" and part(s.start, original) == here != part(t.start, text)]
        gone = [s for s in gone if s.values.isdisjoint(SMALL) and not any((here, v) in every for v in s.values)]
        if gone and not number.values & SMALL:
            detail = "한 수가 두 번 있고 다른 수가 옮겨짐 / a number stands twice and another was moved"
            return [_issue(gone[0], (number.start, number.end), detail)]
    return []
