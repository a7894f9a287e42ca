"""Numbers that stand in the translation in another writing, or that their sentence tells twice in two units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from ...text.number_units import metric
from ...text.numbers import Number
from ...text.raised import POWERS, Raised, told

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
UP = re.compile(r"[\w)](?:\^\{?|<sup>\s?)(?P<sign>[-−]?)\Z")
AREA = re.compile(r"(?<![A-Za-z])(?:[kcm]?m|ft|in)\^\Z")
LOWERED = re.compile(r"[A-Za-z]+(?:~\d{1,3}~[A-Za-z]*)+")  # CO~2~ of Pandoc
CLOCK = re.compile(r"0?(\d{1,2})[.:]?([0-5]\d)")
HEAT = re.compile(r"(?:\s?(?:to|-|–)\s?\d+)?\s?degrees")
TWICE = re.compile(r"[(/]|\bor\b|translat|equal")
SAME = 0.1  # people round what they convert: 6 miles (10 km)


def written_otherwise(number: Number, original: str, text: str) -> bool:
    """Tell of `1 1/2` as 1과 1/2 or 1과 2분의 1, of 50-50 as 반반, of 6.30 as 6시 30분, of .268 as 2할 6푼 8리, of
    June 15 as 6.15, and of the 2 of x^2 as x².
    """
    written = original[number.start : number.end]
    if number.values & {Fraction(50)} and "반반" in text and re.search(r"\b50\s?[-/–]\s?50\b", original):
        return True
    clock = CLOCK.fullmatch(written)
    if clock and re.search(rf"(?<!\d){int(clock[1])}시\s?{int(clock[2])}분", text):
        return True
    if re.fullmatch(r"0?\.\d+", written) and re.search(r"\d할", text):
        return True
    point = re.fullmatch(r"(\d+)\.(\d+)", written)
    if point and re.search(rf"(?<!\d){point[1]}초\s?{point[2]}(?!\d)", text):
        return True  # 13초04
    heat = HEAT.match(original, number.end)
    if heat and any(_warm(value, text) for value in number.values if isinstance(value, Fraction)):
        return True
    day = next((v for v in number.values if isinstance(v, tuple) and v[0] == "date"), None)
    if day and number.written == "date" and re.search(rf"(?<![\d.]){day[1]}\s?[.·/]?\s?{day[2]}(?![\d.]*\d)", text):
        return True  # 6.15, 9·11, 911
    if number.written in ("fraction", "digits", "word") and len(number.parts) in (0, 1, 3):
        value = next((v for v in number.values if isinstance(v, Fraction)), Fraction(1))
        if value > 1 and value.denominator > 1:
            whole, above, below = value // 1, (value % 1).numerator, value.denominator
            half = rf"(?:{above}\s?/\s?{below}|{below}\s?분의\s?{above})(?!\d)"
            return bool(re.search(rf"(?<![\d.,]){whole}\s?[가-힣]{{0,4}}(?:과|와|하고)\s?{half}", text))
    return _raised(number, original, text)


def _raised(number: Number, original: str, text: str) -> bool:
    """Tell of the 2 of x^2 as x², the -6 of 10^-6^ as 10⁻⁶, the 2 of m^2 as 제곱미터, that of CO~2~ as CO₂."""
    before, written = original[: number.start], original[number.start : number.end]
    if before.endswith("~") and original.startswith("~", number.end):
        run = next((m for m in LOWERED.finditer(original) if m.start() < number.start < m.end()), None)
        return bool(run and told(Raised(*run.span(), re.sub(r"~(\d+)~", r"<sub>\1</sub>", run.group())), text))
    if AREA.search(before) and re.search(POWERS.get(written, r"(?!)"), text):
        return True
    power, digits = UP.search(before), written.lstrip("-−")
    if power is None:
        return False
    sign = "⁻" if power["sign"] or digits != written else ""
    return bool(re.search(rf"(?<![⁰¹²³⁴-⁹⁻]){sign}{re.escape(digits.translate(RAISED))}(?![⁰¹²³⁴-⁹])", text))


def measured_twice(number: Number, wanted: Sequence[Number], missing: Sequence[Number], original: str) -> bool:
    """Tell whether the English gives a measure in two units of which the Korean keeps one: 36 inches (900 mm)."""
    mine = _metric(number)
    if not mine:
        return False
    lost = {id(one) for one in missing}
    for other in wanted:
        if id(other) in lost or other.unit == number.unit:
            continue
        first, second = sorted((number, other), key=lambda one: one.start)
        between = original[first.end : second.start]
        if len(between) > 45 or not TWICE.search(between):
            continue
        theirs = _metric(other)
        if any(a[0] == b[0] and abs(a[1] - b[1]) <= SAME * abs(b[1]) for a in mine for b in theirs):
            return True
    return False


def _warm(value: Fraction, text: str) -> bool:
    """Tell whether degrees without a scale stand in the Korean as Celsius: 77 degrees as 25도."""
    celsius = (float(value) - 32) / 1.8
    return any(abs(int(m[1]) - celsius) <= 1 for m in re.finditer(r"(\d{1,3})(?=도|\s?[~∼–-]\s?\d+도)", text))


def _metric(number: Number) -> list[tuple[str, float]]:
    found = (metric(value, number.unit) for value in number.values if isinstance(value, Fraction))
    return [one for one in found if one]
