"""Years and centuries before our era: 300 BC is 기원전 300년, in ranges too, and never 서기 300년."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from ...text.english_numbers import english_numbers
from ...text.korean_numbers import korean_numbers
from ...text.numbers import Number
from .reading import CERTAIN, REVIEW, Issue, countable, issue

_BEFORE, _AFTER = r"(?:B\.?\s?C\.?(?:\s?E\.?)?)(?![A-Za-z])", r"(?:A\.?\s?D\.?|C\.?\s?E\.?)(?![A-Za-z])"
_CENTURY = r"(?:st|nd|rd|th)?[\s-]?(?:centur(?:y|ies)|millenni(?:um|a))?"
MAY_BE = re.compile(rf"(?<![A-Za-z]){_BEFORE}|기원\s?전")
# English: the era behind the number, AD before it too.
EN_BEHIND = re.compile(rf"{_CENTURY}\s?(?:\(\s?)?(?:(?P<bc>{_BEFORE})|(?P<ad>{_AFTER}))")
EN_AHEAD = re.compile(rf"(?<![A-Za-z]){_AFTER}\s?(?:c\.|circa|about|around)?\s?\Z")
_ABOUT = r"(?:the\s|about\s|around\s|circa\s|roughly\s|c\.\s?|ca\.\s?|~\s?)*"
EN_RANGE = re.compile(rf"{_CENTURY}\s?(?:[-–—~/]|to|until|till|through)\s?{_ABOUT}")
EN_LIST = re.compile(rf"{_CENTURY}(?:,?\s(?:and|or)|,)\s{_ABOUT}")
BETWEEN = re.compile(rf"(?i)\bbetween\s{_ABOUT}\Z")
# Korean: the era before the number, or in brackets behind it.
KO_AHEAD = re.compile(
    rf"(?:(?P<bc>(?:서력\s?)?기원\s?전|(?<![A-Za-z]){_BEFORE})|(?P<ad>서기|기원\s?후|서력|(?<![A-Za-z]){_AFTER}))"
    r"(?:의|\s)?\s?(?:약\s|대략\s|무렵\s|제\s?)*\Z"
)
KO_BEHIND = re.compile(
    rf"(?:\s?(?:년|세기|천년기))?\s?\(?\s?(?:(?P<bc>기원\s?전(?!\s?[\d일이삼사오육칠팔구십백천])|{_BEFORE}(?!\s?\d))"
    rf"|(?P<ad>{_AFTER}(?!\s?\d)))"
)
KO_CHAIN = re.compile(
    r"\s?(?:년|세기|천년)?(?:경|쯤|대|께|무렵|초|말|초반|중반|후반)?(?:에서|부터|[이과와]|이나|또는|및|[-–—~∼〜,/·]|\s?그리고)\s?(?:및|또는)?"
    r"\s?(?:약\s|대략\s)?"
)


@dataclass(frozen=True)
class Dated:
    """A number with its era, "bc", "ad" or ""; `sure` when the text says it of this number or of its range."""

    number: Number
    era: str
    sure: bool


def _by_year(dated: list[Dated]) -> dict[Fraction, list[Dated]]:
    """Give the numbers of each year or century, whatever their sign."""
    found: dict[Fraction, list[Dated]] = defaultdict(list)
    for one in dated:
        found[_year(one)].append(one)
    return found


def _year(one: Dated) -> Fraction:
    return next((abs(v) for v in one.number.values if isinstance(v, Fraction)), Fraction(0))


def _found(match: re.Match[str] | None) -> str:
    return "" if match is None else "bc" if match["bc"] else "ad"


def _english(text: str) -> list[Dated]:
    numbers = [n for n in english_numbers(text) if n.written in ("digits", "word")]
    eras: list[tuple[str, bool]] = []
    for one in numbers:
        said = _found(EN_BEHIND.match(text, one.end))
        if not said and EN_AHEAD.search(text[max(0, one.start - 12) : one.start]):
            said = "ad"
        eras.append((said, bool(said)))
    for i in range(len(numbers) - 2, -1, -1):  # English says the era of a range once and last
        between = text[numbers[i].end : numbers[i + 1].start]
        if eras[i][0] or eras[i + 1][0] != "bc":
            continue
        if EN_RANGE.fullmatch(between):
            eras[i] = ("bc", eras[i + 1][1])
        elif EN_LIST.fullmatch(between):
            both = "entur" in between + text[numbers[i + 1].end : numbers[i + 1].end + 16]
            eras[i] = ("bc", both or bool(BETWEEN.search(text[: numbers[i].start])))
    return [Dated(n, era, sure) for n, (era, sure) in zip(numbers, eras, strict=True)]


def _korean(text: str) -> list[Dated]:
    numbers = [n for n in korean_numbers(text) if n.written in ("digits", "word")]
    found: list[Dated] = []
    for i, one in enumerate(numbers):
        said = _found(KO_AHEAD.search(text[max(0, one.start - 16) : one.start]))
        if not said and (said := _found(KO_BEHIND.match(text, one.end))) and found and not found[-1].era:
            if KO_CHAIN.fullmatch(text[numbers[i - 1].end : one.start]):
                found[-1] = Dated(numbers[i - 1], said, False)  # 300~200년(기원전)
        sure = bool(said)
        if not said and found and found[-1].era and KO_CHAIN.fullmatch(text[numbers[i - 1].end : one.start]):
            said = found[-1].era  # Korean says it once and first
        found.append(Dated(one, said, sure))
    return found


def find(original: str, text: str) -> list[Issue]:
    """Give one issue per year, century or range of them that lost its era or got another one."""
    if not MAY_BE.search(original) and not MAY_BE.search(text):
        return []
    source, target = _english(countable(original)), _korean(countable(text))
    mine, other = _by_year(source), _by_year(target)
    found: list[Issue] = []
    last = -1
    for i, one in enumerate(source):
        there = other.get(_year(one), [])
        severity = _severity(one, {d.era for d in mine[_year(one)]}, there, text) if there else ""
        if not severity:
            continue
        if found and last == i - 1 and one.number.start - source[i - 1].number.end < 30:
            if severity == CERTAIN:
                found[-1]["severity"] = CERTAIN
            last = i
            continue  # the same range
        last = i
        span = (one.number.start, one.number.end)
        where = (there[0].number.start, there[0].number.end)
        said = {"bc": "BC", "ad": "AD"}.get(one.era, "")
        detail = f"연대가 다름 {original[span[0] : span[1]]} {said} / another era"
        found.append(issue("number_lost", severity, span, where, detail))
    return found


def _severity(one: Dated, eras: set[str], there: list[Dated], text: str) -> str:
    """Give how sure it is that a year's era is wrong in the Korean; "" when it is right or need not be said."""
    if one.era == "bc":
        if eras == {"bc"} and any(d.era == "ad" for d in there):
            return CERTAIN if one.sure else REVIEW
        if any(d.era == "bc" for d in there):
            return ""
        return REVIEW if MAY_BE.search(text) or not one.sure else CERTAIN
    before = [d for d in there if d.era == "bc"]
    if not before or "bc" in eras:
        return ""
    if one.era == "ad" and len(before) == len(there):
        return CERTAIN if any(d.sure for d in before) and one.sure else REVIEW
    return REVIEW if len(before) == len(there) and any(d.sure for d in before) else ""
