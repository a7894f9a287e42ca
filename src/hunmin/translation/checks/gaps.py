"""Which pieces of the English a translation that has fewer of them leaves out, by what both sides have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .reading import numbers_of

Part = tuple[int, int]
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.+#-]*[A-Za-z0-9+#]|[A-Z]")
# What Korean keeps in Latin letters.
NAME = re.compile(r"`[^`\n]+`|\b(?:[A-Z]{2,}[A-Za-z0-9]*|[a-z]+[A-Z]\w*|\w+_\w+)\b")
LISTED = re.compile(r"[ \t]*(\d{1,3})[.)][ \t]")
ASKS = re.compile(r"\?[\"'”’)\]*_]*\s*\Z")
APART, KEPT, ASKED = 1.0, 0.6, 0.4  # what weighs beside a length: other anchors, one that is gone, a question mark


def left_out(original: str, text: str, source: Sequence[Part], target: Sequence[Part]) -> int:
    """Give the index in `source` of the first piece that has no piece in `target`; those that have none stand together.

    Pieces belong together that are as long for their language and have the same numbers, names and question marks.
    """
    n_lost = max(1, len(source) - len(target))
    mine, other = _anchors(original, source, "en"), _anchors(text, target, "ko")
    listed = [LISTED.match(text[a:b]) for a, b in target]
    counts = [int(one[1]) for one in listed if one]
    if counts and counts != list(range(counts[0], counts[0] + len(counts))):  # 1. 2. 4.: not counted anew
        for whole, parts, anchors in ((original, source, mine), (text, target, other)):
            for (a, b), own in zip(parts, anchors, strict=True):
                own |= {f"{one[1]}." for one in [LISTED.match(whole[a:b])] if one}
    known = set().union(*other)
    names = [_names(original[a:b]) for a, b in source]
    told = known | {v for n in numbers_of(text, "ko") for v in n.values}  # also the numbers in words
    missing = [len((names[i] | {a for a in anchors if isinstance(a, int)}) - told) for i, anchors in enumerate(mine)]
    mine = [anchors & known for anchors in mine]
    wanted = set().union(*mine)
    other = [anchors & wanted for anchors in other]
    asks = [bool(ASKS.search(original[a:b])) for a, b in source], [bool(ASKS.search(text[a:b])) for a, b in target]
    best, at = float("inf"), len(source) - 1
    for i in range(len(source) - n_lost, -1, -1):
        kept = [*range(i), *range(i + n_lost, len(source))]
        lengths = [source[k][1] - source[k][0] for k in kept]
        there = [b - a for a, b in target]
        share = sum(there) / max(1, sum(lengths))
        cost = 0.0
        for j, (k, a, b) in enumerate(zip(kept, lengths, there, strict=False)):
            cost += abs(a * share - b) / (a * share + b + 1)
            both = mine[k] | other[j]
            cost += APART * (1 - len(mine[k] & other[j]) / len(both)) if both else 0.0
            cost += KEPT * min(2, missing[k]) + ASKED * (asks[0][k] != asks[1][j])
        if cost < best - 1e-9:
            best, at = cost, i
    return at


def unsaid(original: str, text: str, start: int, end: int) -> bool:
    """Tell whether a number or a name of a piece of the English stands nowhere in the translation."""
    piece = original[start:end]
    there = {v for n in numbers_of(text, "ko") for v in n.values}
    numbers = [n for n in numbers_of(original, "en") if start <= n.start < end and n.written == "digits"]
    lower = text.lower()
    return any(not n.values & there for n in numbers) or any(name not in lower for name in _names(piece))


def _names(piece: str) -> set[str]:
    return {match.group().strip("`").lower() for match in NAME.finditer(piece)}


def _anchors(whole: str, parts: Sequence[Part], language: str) -> list[set[object]]:
    """Give the numbers and the Latin words of each piece."""
    found: list[set[object]] = []
    numbers = numbers_of(whole, language)
    for start, end in parts:
        anchors: set[object] = {m.group().lower() for m in WORD.finditer(whole[start:end])}
        anchors |= _names(whole[start:end])
        for number in numbers:
            if start <= number.start < end and number.written != "word":
                anchors |= {int(v) for v in number.values if not isinstance(v, tuple) and v == int(v) and v > 2}
        found.append(anchors)
    return found
