"""What a number of a text is, and what English and Korean share in writing one: digits, signs, times of day.

A value is compared, not its writing: `1,000,000`, `1 million`, `100만` and `백만 원` are one number. What is ambiguous
carries several values, and two numbers agree when they share one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

Value = Fraction | tuple[str | int, ...]


@dataclass(frozen=True)
class Number:
    """A number at [start, end) of a text.

    `values` are what it may mean: fractions, or ("clock", minutes), ("date", month, day), ("ratio", a, b),
    ("version", "3.10"). `written` is "digits", "word", "month" or, for what is made of several numbers, its shape
    ("clock", "date", "ratio", "fraction", "power", "spaced"); `parts` are those several. `unit` is a name of UNITS or
    "" when none stands beside it; `optional` marks what Korean may leave out (the 00 of 9:00, a dozen, 24/7).
    """

    start: int
    end: int
    values: frozenset[Value]
    written: str = "digits"
    unit: str = ""
    optional: bool = False
    parts: tuple[Number, ...] = ()


FULL_WIDTH = str.maketrans("０１２３４５６７８９，．％：－", "0123456789,.%:-")
WIDE = re.compile(r"[０-９，．％：－]")
# The second form is a number whose thousands went wrong (12,00 or 1,3400); a pair in brackets, (3,12), is two numbers.
# The last is a decimal without its zero: `.5`, `30*.5`.
DIGITS = (
    r"\d{1,3}(?:,\d{3})+(?![\d])(?:\.\d+)?|(?<![(\[,\d])\d{1,3}(?:,\d{3})*,(?:\d{2}|\d{4})(?![\d,)\]])|\d+(?:\.\d+)?"
    r"|(?<![\w.])\.\d+(?![\d.]*\.\d)"
)
DAY_MINUTES = 24 * 60
MOST_DIGITS = 300  # Python refuses to read thousands of digits as a number


@lru_cache(maxsize=4096)
def number(text: str) -> Fraction:
    """Give the value of digits with a comma or a point, with or without the zero before it; of more than 300 digits the
    first alone count.
    """
    text = text[:MOST_DIGITS]
    return Fraction(("0" if text[:1] == "." else "") + text.replace(",", ""))


def plain(text: str, start: int, end: int, *, optional: bool = False, unit: str = "") -> Number:
    """Give the digits at [start, end) as a number of their own."""
    return Number(start, end, frozenset({number(text[start:end])}), "digits", unit, optional)


def clock_values(hour: int, minute: int, half: str = "") -> frozenset[Value]:
    """Give the minutes of the day that a clock time may mean; `half` is "a", "p" or "" for either."""
    if hour > 12 or hour == 0:
        return frozenset({("clock", (hour * 60 + minute) % DAY_MINUTES)})
    early = (hour % 12) * 60 + minute
    wanted = {"a": (early,), "p": (early + 720,)}.get(half, (early, early + 720))
    return frozenset(("clock", minutes) for minutes in wanted)


# A sign, and what stands before it: nothing, an opening, an operator or a letter and a blank.
_SIGN = re.compile(r"[-−]\Z")
_TOLD = re.compile(
    r"(?i)(?:^|[.:,;(=]|\b(?:to|is|was|are|were|of|at|by|reach(?:ed|es)?|below|about|around|from|between|and|or|than))\s*\Z"
)
_MINUS = {
    "en": re.compile(r"(?i)(?:\bminus|\bnegative)\s\Z"),
    "ko": re.compile(r"(?:영하|마이너스|음의|음수)\s?(?:약\s)?\Z"),
}


def signed(values: frozenset[Value], text: str, start: int, language: str) -> tuple[frozenset[Value], int]:
    """Give the values of a number with its sign, and where it then begins.

    A hyphen behind a digit may be a range or a subtraction, one that opens several lines may be a list's: then both
    signs are possible.
    """
    before = text[max(0, start - 12) : start]
    word = _MINUS[language].search(before)
    if _SIGN.search(before):
        at = start - 1
        left = text[max(0, at - 12) : at]
        near = left[-1:]
        if near and not (near.isspace() or near in "([{=:,*/×÷+<>≤≥|~$"):
            return values, start
        last = left.rstrip()[-1:]
        minus = frozenset(-v for v in values if isinstance(v, Fraction))
        listed = near in ("\n", "") and len(re.findall(r"(?m)^\s*[-−]", text)) > 1
        if listed or (last.isdigit() or last in ")%]") and near == " ":
            return values | minus, start
        return minus, at
    if word:
        minus = frozenset(-v for v in values if isinstance(v, Fraction))
        if language == "ko" or word.group().lower().startswith("neg"):
            return minus, start
        # "the value minus 12" takes away; "it fell to minus 12" tells a value
        return (minus, start) if _TOLD.search(text[: start - len(before) + word.start()]) else (values | minus, start)
    return values, start
