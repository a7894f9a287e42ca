"""Dates and clock times of an English text: March 4, 4th of July, 2:30 pm, 3 PM, half past nine, noon."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from .numbers import Number, Value, clock_values, plain

MONTHS = {
    name: i % 12 + 1
    for i, name in enumerate(
        "January February March April May June July August September October November December "
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    )
}
_NAME = "January|February|March|April|May|June|July|August|September|October|November|December"
_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
EN_DATE = re.compile(
    rf"\b(?:(?P<m1>{_NAME}|{_SHORT})\b\.?\s(?P<d1>{_DAY})(?:st|nd|rd|th)?(?![\d:]|[.,]\d|\s?(?:%|million|people))"
    rf"|(?P<d2>{_DAY})(?:st|nd|rd|th)?\s(?:day of |of )?(?P<m2>{_NAME}|{_SHORT})\b)"
)
_HOUR = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_HOURS = {word: i for i, word in enumerate(_HOUR.split("|"), 1)}
_MERIDIEM = re.compile(r"\s?([aApP])(?:\.\s?[mM]\.?|[mM]\b)")
_BARE_CLOCK = re.compile(
    rf"\b(?P<h>\d{{1,2}}|(?i:{_HOUR}))(?:(?:\s?[-–]\s?(?P<h2>\d{{1,2}}))?\s?(?P<ap>[aApP])(?:\.\s?[mM]\.?|[mM]\b)|\so['’]clock\b)"
)
# "ten to five" may be a range, "quarter to five" may not
_PAST = re.compile(
    rf"(?i)\b(?:(?P<q>half|quarter|ten|twenty|five)[\s-](?P<way>past)|(?P<q2>quarter)[\s-]to)[\s-](?P<h>{_HOUR}|\d{{1,2}})\b"
)
_MAY_PAST = re.compile(r"[ -]past[ -]|[qQ]uarter[ -]to")
_MAY_BARE = re.compile(r"o['’]clock|[\de]\s?[aApP]\.?\s?[mM]\b")
_MAY_NOON = re.compile(r"oon\b|idnight\b")
_QUARTERS = {"half": 30, "quarter": 15, "ten": 10, "twenty": 20, "five": 5}
_NOON = re.compile(r"\b(?:(?:12 |twelve )?[nN]oon|(?:12 |twelve )?[mM]idnight)\b")


def times(text: str, shaped: Sequence[Number]) -> list[Number]:
    """Give the dates and clock times, in order and apart; `shaped` are the text's `shapes`, of which 2:30 is one."""
    found = [*_dates(text), *_halved(text, shaped)]
    found += _bare(text) if _MAY_BARE.search(text) else ()
    found += _past(text) if _MAY_PAST.search(text) else ()
    for match in _NOON.finditer(text) if _MAY_NOON.search(text) else ():
        minutes = 0 if "night" in match.group().lower() else 720
        twelve = Number(*match.span(), frozenset({Fraction(12)}), "word", "", True)
        found.append(Number(*match.span(), frozenset({("clock", minutes)}), "clock", "", True, (twelve,)))
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Number] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _dates(text: str) -> Iterator[Number]:
    for match in EN_DATE.finditer(text):
        month, day = ("m1", "d1") if match["m1"] else ("m2", "d2")
        n = MONTHS[match[month][:3]]
        named = Number(*match.span(month), frozenset({Fraction(n)}), "month", "월")
        parts = sorted((named, plain(text, *match.span(day), unit="day")), key=lambda one: one.start)
        yield Number(*match.span(), frozenset({("date", n, int(match[day]))}), "date", parts=tuple(parts))


def _halved(text: str, shaped: Sequence[Number]) -> Iterator[Number]:
    """Yield 2:30 with its pm."""
    for one in shaped:
        half = _MERIDIEM.match(text, one.end) if one.written == "clock" else None
        if half is None:
            continue
        hour, minute = (int(piece) for piece in text[one.start : one.end].split(":")[:2])
        if hour <= 12:
            side = half[1].lower()
            first = one.parts[0]
            said = Number(first.start, first.end, _hours(hour, side))
            values = clock_values(hour, minute, side)
            yield Number(one.start, half.end(), values, "clock", parts=(said, *one.parts[1:]))


def _bare(text: str) -> Iterator[Number]:
    """Yield 3 PM, five o'clock and both ends of 9-5 pm."""
    for match in _BARE_CLOCK.finditer(text):
        hour = int(match["h"]) if match["h"].isdigit() else _HOURS[match["h"].lower()]
        if hour > 12 or text[match.start() - 1 : match.start()] in (":", ".", "$"):
            continue
        side, group = (match["ap"] or "").lower(), "h"
        if match["h2"]:
            yield Number(*match.span("h"), _hours(hour, "p"))
            hour, group = int(match["h2"]), "h2"
        said = Number(*match.span(group), _hours(hour, side), "digits" if match[group].isdigit() else "word")
        yield Number(match.start(group), match.end(), clock_values(hour, 0, side), "clock", parts=(said,))


def _past(text: str) -> Iterator[Number]:
    """Yield half past nine and quarter to ten."""
    for match in _PAST.finditer(text):
        hour = int(match["h"]) if match["h"].isdigit() else _HOURS[match["h"].lower()]
        group = "q" if match["q"] else "q2"
        minute = _QUARTERS[match[group].lower()]
        if match["q2"]:
            hour, minute = (hour - 1) or 12, 60 - minute
        said = ((group, minute), ("h", hour))
        parts = tuple(Number(*match.span(group), frozenset({Fraction(n)}), "word", "", True) for group, n in said)
        yield Number(*match.span(), clock_values(hour, minute), "clock", parts=parts)


def _hours(hour: int, side: str) -> frozenset[Value]:
    """Give the hour as it is said and, of an afternoon, as 24 hours count it."""
    return frozenset({Fraction(hour), Fraction(hour + 12)} if side == "p" and hour < 12 else {Fraction(hour)})
