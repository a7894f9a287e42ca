"""Mends numbers: the English value goes over the number that stands in its place, or before the counter that lost
it.
"""

from __future__ import annotations

import re

from ...artifacts.rows import Issue
from ...text.numbers import FAMILY, UNITS, Number, english_numbers, korean_numbers, orphans, surely_orphan
from ...text.segments import find_spans
from .splice import Edit, replace, source_span, target_span

KOREAN_UNIT = {
    "second": "초",
    "minute": "분",
    "hour": "시간",
    "day": "일",
    "week": "주",
    "month": "개월",
    "dollar": "달러",
    "euro": "유로",
    "won": "원",
    "pound": "파운드",
    "yen": "엔",
    "cent": "센트",
    "%": "%",
    "km": "km",
    "m": "m",
    "cm": "cm",
    "mm": "mm",
    "mile": "마일",
    "foot": "피트",
    "inch": "인치",
    "kg": "kg",
    "g": "g",
    "mg": "mg",
    "lb": "파운드",
    "oz": "온스",
    "l": "리터",
    "ml": "ml",
    "°C": "°C",
    "°F": "°F",
    "km/h": "km/h",
    "mph": "mph",
    "m/s": "m/s",
    "m²": "m²",
    "GB": "GB",
    "MB": "MB",
    "KB": "KB",
    "TB": "TB",
}


def written(number: Number, original: str) -> str:
    """Give how a source number is written in Korean: its own digits, with 만 and 억 for millions and billions."""
    body = original[number.start : number.end]
    digits = re.match(r"[\d,.]*\d", body)
    if number.written == "digits" and digits and digits.group() == body:
        return body
    value = max(number.values) if number.written == "digits" else min(number.values)
    if number.written == "digits" and digits and not re.search(r"(?i)hundred|thousand|illion", body):
        return digits.group()
    for name, size in (("억", 10**8), ("만", 10**4)):
        if value >= size and value % (size // 10000 or 1) == 0:
            whole = (value / size).normalize()
            if whole == whole.to_integral():
                return f"{int(whole):,}{name}"
    return f"{value:,.10f}".rstrip("0").rstrip(".") if value % 1 else f"{int(value):,}"


def mend(original: str, text: str, issue: Issue) -> Edit | None:
    """Give the text with the source's number (and unit) put in; None when its place is not certain."""
    if not issue.get("source_span") or not issue.get("target_span"):
        return None
    start, end = source_span(issue)
    number = next((n for n in english_numbers(original) if n.start == start and n.end == end), None)
    if number is None:
        return None
    a, b = target_span(issue)
    there = next((n for n in korean_numbers(text) if (n.start, n.end) == (a, b)), None)
    if "단위" in issue["detail"]:
        return _unit(text, number, there)
    if there is not None:
        family = FAMILY.get(there.unit)
        if number.unit and family and family != FAMILY.get(number.unit):
            return None
        return replace(text, (a, b), written(number, original))
    return _insert(original, text, number, (a, b))


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
    value = written(number, original)
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
