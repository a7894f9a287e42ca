"""Numbers made of several in a form that both languages write: 3/4, 2:1, 14:30, 1 1/2, 2020-03-04, 3 × 10^8."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from .numbers import Number, Value, clock_values, number, plain

VULGAR = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
# What is made of several numbers, tried at each place in this order; a name ends where the next begins.
_SHAPES = re.compile(
    r"(?<![\w.])(?:"
    r"(?P<iso>(?P<y>[12]\d{3})[-/.](?P<mo>0?[1-9]|1[0-2])[-/.](?P<d>0?[1-9]|[12]\d|3[01])(?![\d./-]))"
    r"|(?P<slashed>(?P<s1>\d{1,2})/(?P<s2>\d{1,2})/(?P<s3>\d{4}|\d{2})(?![\d/]))"
    r"|(?P<dotted>\d+(?:\.\d+){2,})(?![\d.]*%)"
    r"|(?P<power>(?:(?P<pm>\d+(?:\.\d+)?)\s?[×x*·]\s?)?10(?:\s?\^\s?\{?(?P<pe>[-−]?\d+)\}?|(?P<ps>⁻?[⁰¹²³⁴-⁹]+)))"
    r"|(?P<sci>(?P<sm>\d+(?:\.\d+)?)[eE](?P<se>[+-]?\d{1,3}))(?!\w)"
    r"|(?P<clock>(?P<h>[01]?\d|2[0-4]):(?P<mi>[0-5]\d)(?::(?P<sec>[0-5]\d))?)(?![\d:]|\.\d)"
    r"|(?P<ratio>\d+(?:\.\d+)?(?:\s?(?::|\s대\s?|(?<=\d)대\s?)\s?\d+(?:\.\d+)?)+)(?![\d.]*\d)(?!:)"
    rf"|(?P<mixed>(?P<w>\d+)(?:\s?(?P<wv>[{''.join(VULGAR)}])|[ \u00a0](?P<wn>\d{{1,2}})/(?P<wd>\d{{1,3}})"
    r"(?![\d/.]|\s?[/*×+]\s?\d)))"
    r"|(?P<fraction>(?P<fn>\d{1,4})[ \u00a0]?[/⁄][ \u00a0]?(?P<fd>\d{1,4})(?![\d/]|,\d|\.\d))"
    r"|(?P<spaced>(?:\d{1,3}(?:[\u00a0\u202f\u2009]\d{3})+|(?<=[$€£₩¥])\d{1,3}(?: \d{3})+|\d{1,3}(?: \d{3})* 000"
    r"|\d{1,3}(?: \d{3}){2,})(?!\d|[.,]\d))"
    r")"
)
_VULGAR = re.compile(f"[{''.join(VULGAR)}]")
_SHAPES_FIRST = re.compile(
    r"\d(?<![\w.].)(?=\d*(?:[-/.:^eE⁰¹²³⁴-⁹½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⁄\u00a0\u202f\u2009]|\s?[×x*·:/⁄^½⅓⅔¼¾]|\s\d|\s?대\s?\d))"
)
MOST_EXPONENT = 400


def shapes(text: str) -> list[Number]:
    """Give the shapes of a text, in order and apart."""
    found: list[Number] = []
    at = 0
    for candidate in _SHAPES_FIRST.finditer(text):
        match = _SHAPES.match(text, candidate.start()) if candidate.start() >= at else None
        name = next((name for name in READERS if match and match[name]), None)
        one = READERS[name](text, match) if match and name else None
        if one is not None:
            found.append(one)
            at = one.end
    for mark in _VULGAR.finditer(text):
        if not any(one.start <= mark.start() < one.end for one in found):
            found.append(Number(*mark.span(), frozenset({Fraction(*VULGAR[mark.group()])}), "fraction"))
    return sorted(found, key=lambda one: one.start)


def _parts(text: str, match: re.Match[str], *groups: str) -> tuple[Number, ...]:
    return tuple(plain(text, *match.span(name)) for name in groups if match[name])


def _iso(text: str, match: re.Match[str]) -> Number:
    units = {"y": "year", "mo": "월", "d": "day"}
    parts = tuple(plain(text, *match.span(name), unit=unit) for name, unit in units.items())
    return Number(*match.span("iso"), frozenset({("date", int(match["mo"]), int(match["d"]))}), "date", parts=parts)


def _slashed(text: str, match: re.Match[str]) -> Number | None:
    first, second = int(match["s1"]), int(match["s2"])
    values = frozenset(("date", m, d) for m, d in ((first, second), (second, first)) if 0 < m <= 12 and 0 < d <= 31)
    if not values:
        return None
    return Number(*match.span("slashed"), values, "date", parts=_parts(text, match, "s1", "s2", "s3"))


def _dotted(text: str, match: re.Match[str]) -> Number:
    return Number(*match.span("dotted"), frozenset({("version", match["dotted"])}), "version")


def _power(text: str, match: re.Match[str]) -> Number | None:
    group = "pe" if match["pe"] else "ps"
    exponent = int(match[group].translate(SUPERSCRIPT).replace("−", "-"))
    if abs(exponent) > MOST_EXPONENT:
        return None
    ten = text.index("10", match.end("pm") if match["pm"] else match.start())
    above = Number(*match.span(group), frozenset({Fraction(exponent)}))
    parts = (*_parts(text, match, "pm"), plain(text, ten, ten + 2), above)
    value = number(match["pm"] or "1") * Fraction(10) ** exponent
    return Number(*match.span("power"), frozenset({value}), "power", parts=parts)


def _scientific(text: str, match: re.Match[str]) -> Number | None:
    exponent = int(match["se"])
    if abs(exponent) > MOST_EXPONENT:
        return None
    return Number(*match.span("sci"), frozenset({number(match["sm"]) * Fraction(10) ** exponent}), "power")


def _clock(text: str, match: re.Match[str]) -> Number:
    hour, minute = int(match["h"]), int(match["mi"])
    values = clock_values(hour, minute)
    parts = [plain(text, *match.span("h")), plain(text, *match.span("mi"), optional=minute == 0)]
    if match["sec"]:
        parts.append(plain(text, *match.span("sec"), optional=match["sec"] == "00"))
    else:
        values |= {("ratio", hour, minute)}
    return Number(*match.span("clock"), values, "clock", parts=tuple(parts))


def _ratio(text: str, match: re.Match[str]) -> Number:
    at = match.start("ratio")
    parts = tuple(plain(text, at + m.start(), at + m.end()) for m in re.finditer(r"\d+(?:\.\d+)?", match["ratio"]))
    sides = (int(v) if v.denominator == 1 else str(v) for v in (number(text[p.start : p.end]) for p in parts))
    return Number(at, parts[-1].end, frozenset({("ratio", *sides)}), "ratio", parts=parts)


def _mixed(text: str, match: re.Match[str]) -> Number | None:
    above, below = VULGAR[match["wv"]] if match["wv"] else (int(match["wn"]), int(match["wd"]))
    if not 0 < above < below:
        return None
    value = number(match["w"]) + Fraction(above, below)
    return Number(*match.span("mixed"), frozenset({value}), "fraction", parts=_parts(text, match, "w", "wn", "wd"))


def _fraction(text: str, match: re.Match[str]) -> Number | None:
    above, below = int(match["fn"]), int(match["fd"])
    if below == 0 or match["fraction"] == "24/7":
        return None
    # 18/3 is a division to be carried out, not a way to write 6
    values: set[Value] = {Fraction(above, below) if above < below else ("quotient", above, below)}
    if 0 < above <= 31 and 0 < below <= 31:
        values |= {("date", m, d) for m, d in ((above, below), (below, above)) if m <= 12}
    return Number(*match.span("fraction"), frozenset(values), "fraction", parts=_parts(text, match, "fn", "fd"))


def _spaced(text: str, match: re.Match[str]) -> Number:
    at = match.start("spaced")
    pieces = list(re.finditer(r"\d+", match["spaced"]))
    parts = tuple(plain(text, at + m.start(), at + m.end()) for m in pieces)
    value = number("".join(m.group() for m in pieces))
    return Number(*match.span("spaced"), frozenset({value}), "spaced", parts=parts)


READERS: dict[str, Callable[[str, re.Match[str]], Number | None]] = {
    "iso": _iso,
    "slashed": _slashed,
    "dotted": _dotted,
    "power": _power,
    "sci": _scientific,
    "clock": _clock,
    "ratio": _ratio,
    "mixed": _mixed,
    "fraction": _fraction,
    "spaced": _spaced,
}
