"""Mends numbers: the English value goes over the number that stands in its place, or before the counter that lost
it.
"""

from __future__ import annotations

import re
from fractions import Fraction

from ...artifacts.rows import Issue
from ...text.counters import orphans, surely_orphan
from ...text.english_numbers import english_numbers
from ...text.korean_numbers import korean_numbers
from ...text.number_units import FAMILY, UNITS
from ...text.numbers import Number, Value
from ...text.segments import find_spans
from .splice import Edit, replace, source_span, target_span

KOREAN_UNIT = {
    "second": "초", "minute": "분", "hour": "시간", "day": "일", "week": "주", "month": "개월", "year": "년",
    "dollar": "달러", "euro": "유로", "won": "원", "pound": "파운드", "yen": "엔", "yuan": "위안", "rupee": "루피",
    "peso": "페소", "ruble": "루블", "franc": "프랑", "cent": "센트", "pence": "펜스", "%": "%", "km": "km", "m": "m",
    "cm": "cm", "mm": "mm", "mile": "마일", "yard": "야드", "foot": "피트", "inch": "인치", "ton": "톤", "kg": "kg",
    "g": "g", "mg": "mg", "lb": "파운드", "oz": "온스", "gallon": "갤런", "l": "리터", "ml": "ml", "°C": "°C",
    "°F": "°F", "km/h": "km/h", "mph": "mph", "m/s": "m/s", "m²": "m²", "GB": "GB", "MB": "MB", "KB": "KB", "TB": "TB",
}  # fmt: skip


def written(number: Number, original: str) -> str | None:
    """Give how a source number is written in Korean: its own digits, with 만 and 억 for millions and billions.

    None for what may mean several: 9:00 of morning or evening, 3/4.
    """
    body = original[number.start : number.end]
    if re.fullmatch(r"[\d,.]*\d", body):
        return body
    amounts = [value for value in number.values if isinstance(value, Fraction)]
    if number.written in ("clock", "date"):
        return _told(next(iter(number.values))) if len(number.values) == 1 else None
    if not amounts or number.parts and number.written != "spaced":
        return body if number.written in ("ratio", "fraction", "power", "version") else None
    digits = re.match(r"[\d,.]*\d", body)
    if number.written == "digits" and digits and not re.search(r"(?i)hundred|thousand|illion|dozen|half", body):
        return digits.group()
    value = max(amounts) if number.written == "digits" else min(amounts)
    for name, size in (("억", 10**8), ("만", 10**4)):
        if value >= size and value % size == 0:
            return f"{int(value / size):,}{name}"
    return f"{int(value):,}" if value.denominator == 1 else f"{float(value):,.10f}".rstrip("0").rstrip(".")


def _told(value: Value) -> str:
    """Give a time of day or a date in Korean."""
    if not isinstance(value, tuple) or value[0] == "date":
        return f"{value[1]}월 {value[2]}일" if isinstance(value, tuple) else ""
    hour, minute = divmod(int(value[1]), 60)
    return f"{'오전' if hour < 12 else '오후'} {hour % 12 or 12}시" + (f" {minute}분" if minute else "")


CLOCK = re.compile(r"(?<![\d:])\d{1,2}:\d{1,2}(?![\d:])")
# A smaller unit behind a larger one: the number of either is only a part of the amount.
PART_OF = re.compile(r"(?:시간|년|달러|피트|유로|파운드|주|일|km|kg|m|개월)\s?\Z")


def mend(original: str, text: str, issue: Issue) -> Edit | None:
    """Give the text with the source's number (and unit) put in; None when its place is not certain."""
    if not issue.get("source_span") or not issue.get("target_span"):
        return None
    start, end = source_span(issue)
    every = [one for n in english_numbers(original) for one in (n, *n.parts)]
    number = next((n for n in every if (n.start, n.end) == (start, end)), None)
    if number is None:
        return None
    a, b = target_span(issue)
    there = next((n for n in korean_numbers(text) if (n.start, n.end) == (a, b)), None)
    if "단위" in issue["detail"]:
        return _unit(text, number, there)
    clock = _clock(original, text, start, end)
    if clock is not None:
        return clock
    if there is not None:
        if number.unit and number.unit != there.unit:
            return None
        value = written(number, original)
        if value is None or there.unit and PART_OF.search(text[:a]):
            return None
        return replace(text, (a, b), value)
    return _insert(original, text, number, (a, b))


def _clock(original: str, text: str, start: int, end: int) -> Edit | None:
    """A time in digits over the only one that the source does not have."""
    mine = next((m for m in CLOCK.finditer(original) if m.start() <= start and end <= m.end()), None)
    strange = [m for m in CLOCK.finditer(text) if m.group() not in original]
    if mine is None or len(strange) != 1 or CLOCK.search(text, strange[0].end()) and mine.group() in text:
        return None
    return replace(text, strange[0].span(), mine.group())


def _unit(text: str, number: Number, there: Number | None) -> Edit | None:
    if there is None or number.unit not in KOREAN_UNIT:
        return None
    if there.unit and there.unit in UNITS:
        match = re.compile(rf"(\s?)(?:{UNITS[there.unit][2]})").match(text, there.end)
        if match:
            return replace(text, match.span(), match[1] + KOREAN_UNIT[number.unit])
    return replace(text, (there.end, there.end), KOREAN_UNIT[number.unit])


# Where a number left a hole; the surest first.
HOLES: tuple[re.Pattern[str], ...] = (
    re.compile(r"(?<=\S)(?P<x> )(?= (?=\S))"),
    re.compile(r"(?<![\d:])(?=:\d\d(?!\d))|(?<=\d:)(?!\d)(?=\s*[가-힣|,.)]|$)"),
    re.compile(r"(?<=[=×÷+*/≤≥<>≈−-] )(?=[가-힣.,;:!?)=×÷+*/]|$)|(?<=[=×÷+*/≤≥<>≈−-])(?=[가-힣.,;:!?)]|$)(?<![-]-)"),
    re.compile(r"(?:(?<=[가-힣.,:;(]\s)|(?<=^)|(?<=[(:,]))(?=[=×÷+*/≤≥^] ?\S)"),
    re.compile(
        r"(?<=\()(?=[,)])|(?<=, )(?=[,)])|(?<=: )(?=[,}\]])|(?<=\$)(?=[\s가-힣.,]|$)|(?<=√)(?!\w)|(?<=\^)(?!\w)"
    ),
    re.compile(r"(?:(?<=[^\d\s]\s)|(?<=^))(?=[%℃°])"),
    re.compile(
        r"(?<=[가-힣A-Za-z] )(?=[\"”'’](?:[\s가-힣.,]|$))|(?<=[A-Z]-)(?=[가-힣\s])|(?<=-)(?=(?:을|를|은|는|이|가)\s)"
    ),
)
# A particle or a copula with nothing before it; 이 is a word too ("this") unless it stands before 되다 or 아니다.
BARE = re.compile(
    r"(?:(?<=\s)|(?<=^))(?=(?:에서|로|으로|부터|까지|까지의|이라는|입니다|이고|이며|이므로|이면|보다|과|와|의|가|은|는|을|를|에|에는|쯤|정도"
    r"|이상|이하|미만|이(?=\s(?:되|됩|아니|아닙)))(?:[\s.,]|$))"
)


def _insert(original: str, text: str, number: Number, around: tuple[int, int]) -> Edit | None:
    """Put a lost number where it left a hole: before the unit or counter that stands alone, or where an operator has
    no operand.

    Nothing is put in where no hole shows: a number whose whole phrase is gone needs a translator.
    """
    if number.written == "clock" and number.parts:
        number = number.parts[0]  # 오전 시에: the hour is what its word lacks
    value = written(number, original)
    if value is None:
        return None
    start, end = around if around[1] > around[0] else (0, len(text))
    windows = [(start, end)] if (start, end) == (0, len(text)) else [(start, end), (0, len(text))]
    for window in windows:
        share = number.start / max(1, len(original)) * len(text)
        alone = orphans(text, *window)
        if number.unit:
            unit = re.compile(rf"(?:{UNITS[number.unit][2]})" if number.unit in UNITS else "파운드")
            fitting = [m for m in alone if unit.match(m["c"])]
            if fitting:
                nearest = min(fitting, key=lambda m: abs(m.start() - share))
                return _at(text, nearest.start("c"), value)
        found = _holes(text, *window)
        if not found and (not number.unit or FAMILY.get(number.unit) == "date"):
            found = [m.start("c") for m in alone if surely_orphan(m, text)]
        found = found or [m.end() for m in BARE.finditer(text, *window)]
        if found:
            return _at(text, min(found, key=lambda at: abs(at - share)), value)
    return None


def _holes(text: str, start: int, end: int) -> list[int]:
    """Give the holes of the surest kind that there is."""
    for span in find_spans(text):
        if span.kind not in ("formula", "json", "table", "marker", "variable"):
            text = text[: span.start] + "X" * (span.end - span.start) + text[span.end :]
    for pattern in HOLES:
        found = [match.end() for match in pattern.finditer(text, start, end)]
        if found:
            return found
    return []


def _at(text: str, at: int, value: str) -> Edit:
    """Put a value in; of two blanks that its absence left, one stays on each side."""
    if at >= 2 and text[at - 2 : at] == "  ":
        at -= 1
    return replace(text, (at, at), value)
