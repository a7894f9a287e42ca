"""Mends numbers: the English value goes over the number that stands in its place, or before the counter that lost it."""

from __future__ import annotations

import re

from ..text.numbers import FAMILY, UNITS, Number, english_numbers, korean_numbers
from .splice import replace

KOREAN_UNIT = {
    "second": "초", "minute": "분", "hour": "시간", "day": "일", "week": "주", "month": "개월", "dollar": "달러", "euro": "유로", "won": "원",
    "pound": "파운드", "yen": "엔", "cent": "센트", "%": "%", "km": "km", "m": "m", "cm": "cm", "mm": "mm", "mile": "마일", "foot": "피트",
    "inch": "인치", "kg": "kg", "g": "g", "mg": "mg", "lb": "파운드", "oz": "온스", "l": "리터", "ml": "ml", "°C": "°C", "°F": "°F", "km/h": "km/h",
    "mph": "mph", "m/s": "m/s", "m²": "m²", "GB": "GB", "MB": "MB", "KB": "KB", "TB": "TB",
}  # fmt: skip
COUNTERS = r"개월|개|명|번째|번|가지|사람|살|시간|시(?!\w)|달러|달|배|장|권|대|마리|잔|그릇|쪽|곳|년|월|일|분|초|원|도|층|호|회|위|점|컵|큰술|작은술|숟가락|줄|방울|짝|쌍|병|봉지|조각|단계|세(?=[\s가-힣])|퍼센트|%|인|주|km|cm|mm|kg|mg|ml|m²|g|m|L|리터|미터|킬로"
# What may follow a counter that lost its number; a word that only begins like a counter (짝수, 대학, 개선) is none.
AFTER = (
    r"(?=\s|[.,:;!?)~]|$|(?:이|가|은|는|을|를|에|의|로|으로|와|과|도|만|마다|쯤|정도|동안|짜리|씩|이상|이하|이내|당|간|부터|까지|보다|입니다|이다|이고|이며|이라|인|째|후|전"
    r"|에서|라면|마리|대에|이었|였|이에|예요|이면|면)(?=[\s.,:;!?)~가-힣]|$))"
)
ORPHAN = re.compile(rf"(?:(?<=[^\d\s]\s)|(?<=^)|(?<=\n)|(?<=[(~/×+\-=:,]))\s?(?P<c>(?:{COUNTERS})){AFTER}")


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


def mend(original: str, text: str, issue: dict) -> str | None:
    """Give the text with the source's number (and unit) put in; None when its place is not certain."""
    if not issue.get("source_span") or not issue.get("target_span"):
        return None
    start, end = issue["source_span"]
    number = next((n for n in english_numbers(original) if n.start == start and n.end == end), None)
    if number is None:
        return None
    a, b = issue["target_span"]
    there = next((n for n in korean_numbers(text) if (n.start, n.end) == (a, b)), None)
    if "단위" in issue["detail"]:
        return _unit(text, number, there)
    if there is not None:
        family = FAMILY.get(there.unit)
        if number.unit and family and family != FAMILY.get(number.unit):
            return None
        return replace(text, (a, b), written(number, original))
    return _insert(original, text, number, (a, b))


def _unit(text: str, number: Number, there: Number | None) -> str | None:
    if there is None or number.unit not in KOREAN_UNIT:
        return None
    if there.unit and there.unit in UNITS:
        match = re.compile(rf"(\s?)(?:{UNITS[there.unit][2]})").match(text, there.end)
        if match:
            return replace(text, match.span(), match[1] + KOREAN_UNIT[number.unit])
    return replace(text, (there.end, there.end), KOREAN_UNIT[number.unit])


def _insert(original: str, text: str, number: Number, around: tuple[int, int]) -> str | None:
    """Put a lost number before the counter or unit it left behind, where exactly one stands alone."""
    value = written(number, original)
    start, end = around if around[1] > around[0] else (0, len(text))
    for window in ((start, end), (0, len(text))):
        orphans = list(ORPHAN.finditer(text, *window))
        if number.unit:
            unit = re.compile(rf"(?:{UNITS[number.unit][2]})" if number.unit in UNITS else "파운드")
            orphans = [m for m in orphans if unit.match(m["c"])]
        elif number.written == "month":
            orphans = [m for m in orphans if m["c"] == "월"]
        if len(orphans) == 1:
            at = orphans[0].start("c")
            return replace(text, (at, at), value)
        if len(orphans) > 1 and number.unit:
            share = number.start / max(1, len(original)) * len(text)
            nearest = min(orphans, key=lambda m: abs(m.start() - share))
            return replace(text, (nearest.start("c"),) * 2, value)
    gap = re.compile(
        r"(?<=\S) {2,}(?=\S)|\(\)|(?<=[=+×/*-]) (?=[.,)\n]|$)| (?=[=+×/*] )(?<=[=+×/*(:] )|(?<=[가-힣]) (?=[,.])"
    )
    holes = [m for m in gap.finditer(text)]
    if len(holes) == 1:
        at = holes[0].start() + 1
        return replace(text, (at, at), value)
    return None
