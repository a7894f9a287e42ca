"""number_lost: a number, its size, its unit or its currency that the translation lost or changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ...text.numbers import FAMILY, UNITS, Number, orphans
from ...text.segments import is_code
from .reading import CERTAIN, REVIEW, Issue, countable, issue, numbers_of, place

HALF = re.compile(r"절반|반\b|반[이은을의가으]|½|2분의\s?1")
SMALL = frozenset((Decimal(1), Decimal(2)))
SMALL_WORDS = SMALL | {Decimal(0)}
PAIR = re.compile(r"\b(?:both|couple|pairs?|twice|second|double|either|neither|half|other|bi\w+|twin\w*|II)\b", re.I)
ZERO = re.compile(r"영|제로|없")
BARE_CLOCK = re.compile(r"(?<!\d)\d{1,2}:(?=\s*(?:[|,.)]|$|[가-힣]|\s[가-힣]))")
MONEY = re.compile(r"[$€£¥₩]|달러|유로|파운드|엔|위안|원|불(?![가-힣])|페소|루피|프랑|USD|EUR|KRW|센트")
PERCENT = re.compile(r"[%％]|퍼센트|프로|포인트|할")


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per source number without its equal in the translation, or with another unit beside it."""
    if not original or original == text or is_code(original):
        return []
    wanted = numbers_of(countable(original), "en")
    if not wanted:
        return _added(original, text, [n for n in numbers_of(countable(text), "ko") if n.written == "digits"])
    there = list(numbers_of(countable(text), "ko"))
    pairs, missing = _match(list(wanted), there)
    missing = [n for n in missing if not n.optional]
    used = {id(number) for _, number in pairs}
    extra = [n for n in there if n.written == "digits" and id(n) not in used]
    everywhere = _everywhere(original) if extra else set()
    strange = [n for n in extra if not (n.values & everywhere) or _small_of_a_unit(n, missing, original)]
    if extra and not strange:  # another number of the text written twice in place of the lost one; either is the copy
        twice = {v for n in extra for v in n.values - SMALL}
        strange = [n for n in there if n.written == "digits" and n.values & twice]
    found = []
    elsewhere = numbers_of(text, "ko") if missing else ()
    hidden = _hidden(original, text) if missing else set()
    for number in missing:
        instead = _instead(number, strange, original, text)
        severity = _severity(number, instead, original, text, any(number.values & n.values for n in elsewhere))
        if severity is None or instead is None and number.values & hidden:
            continue
        if instead is not None:
            strange = [n for n in strange if not n.values & instead.values]
        where = (instead.start, instead.end) if instead else place(original, text, number.start)
        written = original[number.start : number.end]
        found.append(
            issue(
                "number_lost",
                severity,
                (number.start, number.end),
                where,
                f"수 '{written}' 없음 / the number '{written}' is lost",
            )
        )
    if not found and text.count(":00") < original.count(":00") and BARE_CLOCK.search(text):
        match = BARE_CLOCK.search(text)
        assert match
        at = original.index(":00") + 1
        found.append(
            issue("number_lost", CERTAIN, (at, at + 2), match.span(), "시각의 분이 없음 / the minutes are lost")
        )
    return (
        found
        + _units(pairs, original, text)
        + _added(original, text, [n for n in strange if not n.values & everywhere])
    )


def _everywhere(original: str) -> set[Decimal]:
    """Give every value that the English has or that Korean may write in digits for its words."""
    found = {value for n in numbers_of(original, "en") for value in n.values}
    found.add(Decimal(1))  # "a year" is 1년
    if PAIR.search(original):
        found.add(Decimal(2))
    return found


def _severity(number: Number, instead: Number | None, original: str, text: str, elsewhere: bool) -> str | None:
    """Give how sure it is that a number without partner is lost; None when Korean commonly says it otherwise."""
    if instead is None:
        if number.values & {Decimal(1), Decimal(2)} and HALF.search(text) and re.search(r"1/2|½|half", original):
            return None
        if Decimal(0) in number.values and ZERO.search(text):
            return None
        if Decimal(1) in number.values and number.written == "digits" and _one(text):
            return REVIEW if orphans(text) else None
    if number.written == "digits":
        return CERTAIN if instead is not None or not elsewhere else REVIEW
    if number.written == "month":
        return CERTAIN if instead is not None and not elsewhere else REVIEW
    if Decimal(0) in number.values:
        return REVIEW
    return None if elsewhere or number.values & SMALL_WORDS and instead is None else REVIEW


def _hidden(original: str, text: str) -> set[Decimal]:
    """Give the values that stand more often inside code, names and links of the Korean than of the English."""

    def inside(whole: str, language: str) -> Counter[Decimal]:
        every = Counter(v for n in numbers_of(whole, language) for v in n.values)
        return every - Counter(v for n in numbers_of(countable(whole), language) for v in n.values)

    return set(inside(text, "ko") - inside(original, "en"))


def _match(wanted: list[Number], there: list[Number]) -> tuple[list[tuple[Number, Number]], list[Number]]:
    """Pair numbers of equal value, digits with digits first and in order; the second list found no partner."""
    free = list(there)
    pairs: list[tuple[Number, Number]] = []
    left = list(wanted)

    def spoken(number: Number) -> bool:
        return number.written == "word"

    passes = (
        lambda a, b: spoken(a) == spoken(b) and a.unit == b.unit,
        lambda a, b: spoken(a) == spoken(b) and not {a.unit, b.unit} & {"월"},
        lambda a, b: not spoken(b),
        lambda a, b: True,
    )
    for fits in passes:
        still = []
        for number in left:
            best = next((n for n in free if n.values & number.values and fits(number, n)), None)
            if best is None:
                still.append(number)
            else:
                free.remove(best)
                pairs.append((number, best))
        left = still
    return pairs, left


def _one(text: str) -> bool:
    """Tell whether a 1 is said in Korean without a digit (한 컵, 첫째, 하루, 매일)."""
    return bool(re.search(r"(?<![가-힣])(?:한|하나|첫|하루|일|단|매|각|당)(?=[\s가-힣])", text))


def _small_of_a_unit(there: Number, missing: list[Number], original: str) -> bool:
    """Tell whether a 1 or 2 beside a unit stands for a lost number of that unit: "10 minutes" as 1분, unless "a minute"
    is there.
    """
    if not there.values & SMALL or not there.unit or there.unit not in {n.unit for n in missing}:
        return False
    unit = UNITS[there.unit][1] if there.unit in UNITS else there.unit
    return not re.search(rf"(?i)\b(?:one|two|an?|per|each|every|single|another|both)\s+(?:{unit})\b", original)


def _instead(number: Number, strange: list[Number], original: str, text: str) -> Number | None:
    """Give the number that stands where this one should, among those the English does not have."""
    if number.written == "month":
        strange = [n for n in strange if n.unit == "월"]
    if not strange:
        return None
    at = number.start / max(1, len(original))
    return min(strange, key=lambda n: (n.unit != number.unit, abs(n.start / max(1, len(text)) - at)))


def _units(pairs: list[tuple[Number, Number]], original: str, text: str) -> list[Issue]:
    found = []
    for source, target in pairs:
        family = FAMILY.get(source.unit)
        if family is None:
            continue
        where = ((source.start, source.end), (target.start, target.end))
        other = FAMILY.get(target.unit)
        if other == family and target.unit != source.unit:
            same_value = [n.unit for s, n in pairs if s.values & source.values]
            wanted = [s.unit for s, _ in pairs if s.values & source.values]
            if sorted(same_value) != sorted(wanted):
                found.append(
                    issue("number_lost", CERTAIN, *where, f"단위 {source.unit} → {target.unit} / the unit was changed")
                )
        elif not target.unit and family in ("money", "share"):
            around = text[max(0, target.start - 8) : target.end + 16]
            if not (MONEY if family == "money" else PERCENT).search(around):
                found.append(issue("number_lost", CERTAIN, *where, f"단위 {source.unit} 없음 / the unit is lost"))
    return found


def _added(original: str, text: str, strange: list[Number]) -> list[Issue]:
    """Numbers of two and more digits that the English does not have in any form."""
    found = []
    for number in strange:
        digits = re.sub(r"\D", "", text[number.start : number.end])
        if len(digits) >= 2 and not any(
            digits in re.sub(r"\D", "", piece) for piece in re.findall(r"[\d,.]+", original)
        ):
            found.append(
                issue(
                    "number_lost",
                    REVIEW,
                    None,
                    (number.start, number.end),
                    f"영어에 없는 수 '{text[number.start : number.end]}' / a number the English has not",
                )
            )
    return found
