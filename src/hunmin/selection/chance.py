"""Choosing records by the hash of (seed, content): the same choice in any file order, on any machine.

Nothing is held in memory but a few numbers a record, so that 1.8 million rows are fine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from ..artifacts.record import Record, texts


def chance(record: Record, seed: int) -> int:
    """Give a 64-bit number that depends on the seed, the record's texts and its id only."""
    parts = [str(seed), *(f"{path}\x1f{text}" for path, text in texts(record).items())]
    digest = hashlib.blake2b("\x1e".join(parts).encode("utf-8", "replace"), digest_size=6).digest()
    tie = hashlib.blake2b(str(record.get("id")).encode("utf-8", "replace"), digest_size=2).digest()
    return int.from_bytes(digest + tie, "big")


def lowest(chances: np.ndarray, n: int) -> np.ndarray:
    """Give a mask `[record]` of the n records with the lowest chance numbers."""
    mask = np.zeros(len(chances), dtype=bool)
    if n >= len(chances):
        mask[:] = True
    elif n > 0:
        mask[np.argsort(chances, kind="stable")[:n]] = True
    return mask


def shares(sizes: Mapping[str, int], n: int, equal: bool) -> dict[str, int]:
    """Give how many of n each stratum gets: in proportion to its size, or equally; what one cannot fill, others take.

    Whole numbers by largest remainder, ties by name. The sum is min(n, total).
    """
    wanted = {name: 0 for name in sizes}
    open_ones = {name for name, size in sizes.items() if size}
    left = min(n, sum(sizes.values()))
    while left and open_ones:
        weight = {name: 1 if equal else sizes[name] for name in open_ones}
        total = sum(weight.values())
        exact = {name: left * weight[name] / total for name in open_ones}
        full = {name for name in open_ones if wanted[name] + exact[name] >= sizes[name]}
        if full:
            for name in full:
                left -= sizes[name] - wanted[name]
                wanted[name] = sizes[name]
            open_ones -= full
            continue
        floor = {name: int(exact[name]) for name in open_ones}
        rest = left - sum(floor.values())
        for name in sorted(open_ones, key=lambda k: (floor[k] - exact[k], k)):
            wanted[name] += floor[name] + (1 if rest > 0 else 0)
            rest -= 1
        left = 0
    return wanted
