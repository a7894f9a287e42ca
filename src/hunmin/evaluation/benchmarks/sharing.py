"""What contexts of one task have in common, as a tree: shots drawn anew for each document still begin alike in part.

Five shots out of a pool of five (KMMLU's) come in 120 orders, so of a thousand documents most begin with shots that
others begin with too. Every node's tokens are computed once, its cache is continued by its children.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from .tokens import Unit

MIN_SHARED = 32  # tokens of a node; sharing fewer earns nothing
WORTH = 0.8  # of the tokens without sharing; above, the batches of the whole are better


@dataclass(frozen=True)
class Branch:
    """Units that are computed behind one prefix: `path` are the prefix's cuts, in tokens from the start, each behind
    the one before (() = no prefix)."""

    path: tuple[int, ...]
    units: tuple[Unit, ...]


def branches(units: Sequence[Unit], min_group: int = 2) -> list[Branch]:
    """Cut units into branches, in an order that keeps what begins alike together; one branch without a path when
    sharing is not worth it. Deterministic; every unit stands in one branch, and keeps at least two tokens of its own.
    """
    order = sorted(units, key=lambda u: (u.context, u.places))
    found: list[Branch] = []
    todo: list[tuple[int, int, int, tuple[int, ...]]] = [(0, len(order), 0, ())]
    while todo:
        low, high, depth, path = todo.pop()
        group = order[low:high]
        common = len(os.path.commonprefix([group[0].context, group[-1].context])) if len(group) > 1 else 0
        common = min(common, min(len(u.context) for u in group) - 2)
        above = path[-1] if path else 0
        if len(group) >= min_group and common - above >= MIN_SHARED:
            path = (*path, common)
        at = max(common, depth)
        parts = _parts(order, low, high, at)
        if len(group) < min_group or len(parts) == 1:
            found.append(Branch(path, tuple(group)))
            continue
        alone: list[Unit] = []
        for start, end in parts:
            if end - start < min_group:
                alone += order[start:end]
            else:
                todo.append((start, end, at + 1, path))
        if alone:
            found.append(Branch(path, tuple(alone)))
    merged = _merged(found)
    whole = sum(len(u.context) for u in units)
    return merged if cost(merged) <= WORTH * whole else [Branch((), tuple(units))]


def _parts(order: Sequence[Unit], low: int, high: int, at: int) -> list[tuple[int, int]]:
    """Cut a sorted range where the token at `at` changes; contexts that end before it are a part of their own."""
    parts: list[tuple[int, int]] = []
    start = low
    for i in range(low + 1, high + 1):
        if i == high or order[i].context[at : at + 1] != order[start].context[at : at + 1]:
            parts.append((start, i))
            start = i
    return parts


def _merged(found: Sequence[Branch]) -> list[Branch]:
    """Put units of one prefix together: its token groups were too small to share more."""
    groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Unit]] = {}
    for branch in found:
        head = branch.units[0].context[: branch.path[-1]] if branch.path else ()
        groups.setdefault((branch.path, head), []).extend(branch.units)
    return [Branch(path, tuple(units)) for (path, _), units in sorted(groups.items(), key=lambda p: (p[0][1], p[0][0]))]


def cost(found: Sequence[Branch]) -> int:
    """Give how many context tokens are computed: each prefix's own part once, and what stands behind it."""
    nodes: dict[tuple[int, ...], int] = {}
    behind = 0
    for branch in found:
        context = branch.units[0].context
        for i, cut in enumerate(branch.path):
            nodes[context[:cut]] = cut - (branch.path[i - 1] if i else 0)
        behind += sum(len(u.context) - (branch.path[-1] if branch.path else 0) for u in branch.units)
    return sum(nodes.values()) + behind
