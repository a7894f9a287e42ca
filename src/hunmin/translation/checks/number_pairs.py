"""Which number of the English stands where in the Korean: equal values first, then equal quantities, then parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ...text.number_units import SIZE
from ...text.numbers import Number

JOINED = re.compile(r"[\s,]*(?:and|과|와|하고)?\s*\Z")
MONEY = {"lb", "pence"}  # 파운드 before 펜스
Pair = tuple[Number, Number]


@dataclass
class Pairs:
    """What was paired, what of the English found no partner, what of the Korean is left over.

    `clashes` are clock times, dates and ratios of both sides that stand for each other and differ.
    """

    equal: list[Pair] = field(default_factory=list)
    missing: list[Number] = field(default_factory=list)
    extra: list[Number] = field(default_factory=list)
    clashes: list[Pair] = field(default_factory=list)


def pair(wanted: Sequence[Number], there: Sequence[Number], original: str, text: str) -> Pairs:
    """Give the pairs of numbers of both texts, each used once, what must stand in Korean before what need not."""
    found = Pairs()
    must = [n for n in wanted if not n.optional]
    may = [n for n in wanted if n.optional]
    must, free = _equal(must, list(there), found.equal)
    must, free = _quantities(must, free, found.equal, original, text)
    must, free = _clashing(must, free, found.clashes)
    may, free = _equal(may, free, found.equal)
    _, free = _quantities(may, free, found.equal, original, text)
    rest, pieces = _expanded(must), _expanded(free)
    figures = {id(part) for n in must if n.written in FIGURES for part in n.parts}
    inside, digits = [n for n in rest if id(n) in figures], [n for n in pieces if n.written != "word"]
    inside, digits = _equal(inside, digits, found.equal)  # the 1 of 1/3 is no 한
    rest, pieces = _equal(
        [n for n in rest if id(n) not in figures], [n for n in pieces if n.written == "word"] + digits, found.equal
    )
    rest += inside
    rest, pieces = _quantities(rest, pieces, found.equal, original, text)
    left = {id(n) for n in rest}
    found.missing = _whole(must, left)
    found.extra = pieces
    return found


def _expanded(numbers: list[Number]) -> list[Number]:
    return [part for one in numbers for part in (one.parts or (one,)) if not part.optional]


def _whole(must: list[Number], left: set[int]) -> list[Number]:
    """Give what is missing: a number as a whole when none of its parts was found, else the parts that were not."""
    found: list[Number] = []
    for one in must:
        parts = [part for part in one.parts if not part.optional] or [one]
        lost = [part for part in parts if id(part) in left]
        if len(lost) == len(parts):
            found.append(one)
        else:
            found += lost
    return found


def _equal(wanted: list[Number], there: list[Number], pairs: list[Pair]) -> tuple[list[Number], list[Number]]:
    """Pair numbers of equal value, digits with digits first and in order; give what is left of both."""
    passes: tuple[Callable[[Number, Number], bool], ...] = (
        lambda a, b: (a.written == "word") == (b.written == "word") and a.unit == b.unit,
        lambda a, b: (a.written == "word") == (b.written == "word") and not {a.unit, b.unit} & {"월"},
        lambda a, b: b.written != "word",
        lambda a, b: True,
    )
    left, free = wanted, there
    for fits in passes:
        still = []
        for one in left:
            best = next((n for n in free if n.values & one.values and fits(one, n)), None)
            if best is None:
                still.append(one)
            else:
                free = [n for n in free if n is not best]
                pairs.append((one, best))
        left = still
    return left, free


def sizes(one: Number) -> set[tuple[str, Fraction]]:
    """Give what a number and its unit amount to: 90 minutes are 5400 seconds, 50 % is 1/2."""
    base = SIZE.get(one.unit)
    if base is None:
        return {(one.unit, v) for v in one.values if isinstance(v, Fraction)}
    found = {(base[0], v * base[1]) for v in one.values if isinstance(v, Fraction)}
    if one.unit == "lb":  # 파운드 is money too
        found |= {("pence", v * 100) for v in one.values if isinstance(v, Fraction)}
    return found


def _runs(numbers: list[Number], text: str) -> list[tuple[Number, ...]]:
    """Give neighbours of one measure, from the larger unit to the smaller: (1시간, 30분), (5 feet, 10 inches)."""
    found: list[tuple[Number, ...]] = []
    run: list[Number] = []
    for one in numbers:
        base = SIZE.get(one.unit)
        last = SIZE.get(run[-1].unit) if run else None
        if (
            base
            and base[0]
            and last
            and (base[0] == last[0] and base[1] < last[1] or MONEY <= {run[-1].unit, one.unit})
        ):
            between = _after_unit(text, run[-1].end, one.start)
            if JOINED.match(between):
                run.append(one)
                continue
        if len(run) > 1:
            found.append(tuple(run))
        run = [one] if base and base[0] else []
    if len(run) > 1:
        found.append(tuple(run))
    return found


def _after_unit(text: str, start: int, end: int) -> str:
    """Give what stands between a number's unit and the next number."""
    between = text[start:end]
    return re.sub(r"\A[\s-]?[A-Za-z가-힣°%$¢]+", "", between)


def _sums(run: tuple[Number, ...]) -> set[tuple[str, Fraction]]:
    totals: set[tuple[str, Fraction]] = set()
    for i, one in enumerate(run):
        own = sizes(one)
        totals = {(base, a + b) for base, a in totals for other, b in own if base == other} if i else own
    return totals


def _quantities(
    wanted: list[Number], there: list[Number], pairs: list[Pair], original: str, text: str
) -> tuple[list[Number], list[Number]]:
    """Pair what amounts to the same in another unit, alone (14 days, 2주) or as a sum (90 minutes, 1시간 30분)."""
    if not wanted or not there:
        return wanted, there
    sources = [(one,) for one in wanted] + _runs(wanted, original)
    targets = [(one,) for one in there] + _runs(there, text)
    used: set[int] = set()
    for source in sources:
        amounts = _sums(source)
        if not amounts or any(id(n) in used for n in source):
            continue
        for target in targets:
            if any(id(n) in used for n in target) or not amounts & _sums(target):
                continue
            if not (any(n.unit for n in source) or any(n.unit for n in target)):
                continue
            used |= {id(n) for n in (*source, *target)}
            pairs.append((replace(source[0], unit=""), replace(target[0], unit="")))
            break
    return [n for n in wanted if id(n) not in used], [n for n in there if id(n) not in used]


FIGURES = ("ratio", "fraction", "power", "spaced")
SHAPED = ("clock", "date", "ratio", "fraction", "power")


def _clashing(must: list[Number], free: list[Number], clashes: list[Pair]) -> tuple[list[Number], list[Number]]:
    """Pair times, dates and ratios that are not equal though their numbers are: 3 PM and 오전 3시, 2:1 and 1:2."""
    for one in [n for n in must if n.written in SHAPED]:
        inside = {v for part in one.parts for v in part.values}
        other = next(
            (n for n in free if n.written == one.written and inside & {v for p in n.parts for v in p.values}), None
        )
        if other is not None:
            clashes.append((one, other))
            must = [n for n in must if n is not one]
            free = [n for n in free if n is not other]
    return must, free
