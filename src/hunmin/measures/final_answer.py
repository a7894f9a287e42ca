"""Whether the final answer that a text states is the record's gold answer: a verifier for maths problems.

A stated answer (`정답은 12개입니다`, `#### 12`, `\\boxed{12}`) comes before the last number of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ..text.normal import fold

# no exponent of a unit (cm^2, m3), no sign between two numbers
NUMBER = r"(?:(?<![\w)])[-−])?(?<![A-Za-z^\d.])\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d[\d,]*)?"
STATED = re.compile(
    rf"(?:\\boxed\{{\s*(?P<boxed>[^{{}}]*(?:\{{[^{{}}]*\}}[^{{}}]*)*)\}}|####\s*(?P<hash>[^\n]+)"
    rf"|(?:최종\s*)?(?:정답|답안|답|결론|answer)\s*(?:은|는|is)?\s*[:：=]?\s*\**\s*(?:약\s*)?(?P<said>\\?\$?\(?{NUMBER}))",
    re.IGNORECASE,
)
FRACTION = re.compile(r"\\d?frac\{(-?\d+)\}\{(\d+)\}")
LAST = re.compile(NUMBER)
GOLD = ("gold", "final_answer", "answer", "gold_answer")


def number(text: str) -> Fraction | None:
    """Give the number that a text ends its statement with, exactly; None when it has none."""
    text = FRACTION.sub(lambda m: f"{m[1]}/{m[2]}", fold(text))
    found = LAST.findall(text)
    return _fraction(found[0]) if found else None


def _fraction(text: str) -> Fraction | None:
    plain = re.sub(r"[,\s]", "", text).replace("−", "-")
    top, _, bottom = plain.partition("/")
    try:
        return Fraction(top) / Fraction(bottom) if bottom else Fraction(top)
    except (ValueError, ZeroDivisionError):
        return None


def stated(answer: str) -> Fraction | None:
    """Give the final answer that a text states, or else its last number; None when it has no number."""
    for match in reversed(list(STATED.finditer(answer))):
        found = number(next(g for g in match.groups() if g is not None))
        if found is not None:
            return found
    text = FRACTION.sub(lambda m: f"{m[1]}/{m[2]}", fold(answer))
    numbers = LAST.findall(text)
    return _fraction(numbers[-1]) if numbers else None


def gold(record: Mapping[str, Any]) -> str:
    """Give the record's gold answer: `gold`, or `answer` and the like of its `extra`; "" when it has none."""
    extra = record.get("extra")
    places = (record, extra if isinstance(extra, Mapping) else {})
    for place, names in zip(places, (GOLD[:2], GOLD), strict=True):
        for name in names:
            value = place.get(name)
            if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip():
                return str(value)
    return ""


def final_answer(answer: str, record: Mapping[str, Any]) -> float | None:
    """Give 1.0 when the answer's final number is the gold one, else 0.0; None when the record has no gold number."""
    wanted = number(gold(record))
    if wanted is None:
        return None
    found = stated(answer)
    if found is None:
        return 0.0
    return float(found == wanted or abs(found - wanted) <= abs(wanted) / 1_000_000)
