"""What dedup found, counted set by set: nothing in it grows with the number of dropped records."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..artifacts.rows import Notes, Shown

LARGE = 0.01  # share of the records from which on a cluster is told
TOLD = 20
CONTRADICTIONS = 1000  # that are kept in the notes


class Dropped(NamedTuple):
    """A dropped record and why: indices over all records, how similar to the kept one, both sources."""

    record: int
    kept: int
    similarity: float
    how: str
    kept_id: str
    source: str
    kept_source: str

    def detail(self) -> Shown:
        return {"of": self.kept_id, "similarity": self.similarity, "how": self.how}


@dataclass
class Tally:
    """Counts over the sets of whole components that were added, of `n` records."""

    n: int
    how: Counter[str] = field(default_factory=Counter)
    sources: Counter[tuple[str, str]] = field(default_factory=Counter)
    similarities: Counter[float] = field(default_factory=Counter)
    largest: int = 0
    large: list[tuple[int, int, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    contradictions: list[tuple[str, str]] = field(default_factory=list)

    def add(self, dropped: Sequence[Dropped], reasons: Counter[str], contradictions: Iterable[tuple[str, str]]) -> None:
        """Count what one set gave."""
        self.how.update(one.how for one in dropped)
        self.sources.update((one.source, one.kept_source) for one in dropped)
        self.similarities.update(one.similarity for one in dropped if one.how == "near")
        sizes = Counter((one.kept, one.kept_id) for one in dropped)
        self.largest = max(self.largest, *sizes.values(), 0)
        self.large += [(k, kept, name) for (kept, name), k in sizes.items() if k + 1 > LARGE * self.n]
        self.reasons.update(reasons)
        self.contradictions = heapq.nsmallest(CONTRADICTIONS, [*self.contradictions, *contradictions])

    def notes(self, unit: str) -> Notes:
        """Give what to note of all sets."""
        large = [(name, k + 1, (k + 1) / self.n) for k, _, name in sorted(self.large, key=lambda c: (-c[0], c[1:]))]
        notices = [
            f"{a} and {b} contradict each other: chosen and rejected, or the label, are the other way round"
            for a, b in self.contradictions[:TOLD]
        ]
        notices += [f"{k:,} records ({share:.1%}) are duplicates of {kept}" for kept, k, share in large[:TOLD]]
        return {
            "headline": f"{self.how['exact']:,} exact, {self.how['near']:,} near",
            "unit": unit,
            "exact": self.how["exact"],
            "near": self.how["near"],
            "by_source": [
                {"dropped_from": a, "kept_in": b, "records": k}
                for (a, b), k in sorted(self.sources.items(), key=lambda p: (-p[1], p[0]))
            ][:40],
            "largest_cluster": self.largest + 1,
            "large_clusters": [{"of": kept, "records": k, "share": round(share, 4)} for kept, k, share in large[:40]],
            "similarity_of_near": _spread(self.similarities),
            "kept_apart": dict(sorted(self.reasons.items())),
            "contradictions": [list(pair) for pair in self.contradictions],
            **({"notice": notices} if notices else {}),
        }


def _spread(values: Counter[float]) -> dict[str, float]:
    """Give the least, the median and the greatest of counted values."""
    if not values:
        return {}
    ordered = sorted(values)
    ends = np.cumsum([values[value] for value in ordered])
    middle = [ordered[int(np.searchsorted(ends, at, side="right"))] for at in ((ends[-1] - 1) // 2, ends[-1] // 2)]
    found = (("min", ordered[0]), ("median", float(np.quantile(middle, 0.5))), ("max", ordered[-1]))
    return {name: round(float(value), 4) for name, value in found}
