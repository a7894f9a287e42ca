"""Near-duplicates: MinHash finds candidates, the true Jaccard similarity decides, each dropped one has a kept one.

Bands are grouped by sorting, so that only records with a partner cost Python time. Clusters are stars: a record is
dropped only when it is itself as similar as the threshold to a record that is kept. Transitive closure would chain
templated texts into one giant cluster (marin-community/marin#6851). What similar records share with many others
(`crowds`) and differences that change the meaning (`meaning`) keep them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject, Shown
from .compared import Compared, digested
from .crowds import CROWD, Buckets, Crowds
from .meaning import keeps_apart
from .shingles import PERMUTATIONS, band_keys, jaccard
from .sketches import BATCH, Sketch, bands_for, shared_bands, sketch

THRESHOLD = 0.7
MARGIN = 4.0  # standard errors below the threshold at which an estimate still earns a true comparison
TRIED = 64  # candidates that are compared truly, most similar first
CACHED = 256


@dataclass(frozen=True, slots=True)
class Link:
    """Why a record is a duplicate: the index of the kept one, their true Jaccard similarity, "exact" or "near"."""

    kept: int
    similarity: float
    how: str
    kept_id: str = ""

    def detail(self) -> Shown:
        return {"of": self.kept_id, "similarity": self.similarity, "how": self.how}

    @staticmethod
    def of(detail: JsonObject, kept: int = -1) -> Link:
        """Give the link a detail was made from; the index of the kept one is not in it."""
        return Link(kept, detail["similarity"], detail["how"], detail["of"])


@dataclass
class Apart:
    """Similar records that stay: how many by reason, and the ids of pairs that contradict each other."""

    reasons: Counter[str] = field(default_factory=Counter)
    contradictions: list[tuple[str, str]] = field(default_factory=list)

    def add(self, why: str, kept: Compared, other: Compared) -> None:
        if why == "contradiction":
            pair = (kept.id, other.id)
            if pair in self.contradictions:
                return
            self.contradictions.append(pair)
        self.reasons[why] += 1


class _Seen:
    """Records fetched for comparing, the latest of them kept. Holds state: the cache."""

    def __init__(self, fetch: Callable[[int], Compared]):
        self._fetch, self._cache = fetch, dict[int, Compared]()

    def __call__(self, i: int) -> Compared:
        found = self._cache.get(i)
        if found is None:
            if len(self._cache) >= CACHED:
                for old in list(self._cache)[: CACHED // 2]:
                    del self._cache[old]
            found = self._cache[i] = self._fetch(i)
        return found


def find(
    given: Sketch,
    fetch: Callable[[int], Compared],
    *,
    order: np.ndarray | None = None,
    threshold: float = THRESHOLD,
    near: bool = True,
    sources: np.ndarray | None = None,
    scope: str = "all",
    tick: Callable[[int], None] = lambda n: None,
    apart: Apart | None = None,
) -> dict[int, Link]:
    """Give the link of every duplicate by index; what stays although it is similar goes to `apart`.

    `fetch(i)` gives record i as it is compared; `order` is the order of preference (None: as they stand);
    `scope` compares all, only `within` a source, or only `across` sources (`sources` [record] are codes).
    """
    n = len(given.exact)
    order = np.arange(n) if order is None else np.asarray(order)
    apart = Apart() if apart is None else apart
    links: dict[int, Link] = {}
    alone = sources if sources is not None and scope != "all" else np.zeros(n, dtype=np.int64)
    seen = _Seen(fetch)

    def allowed(i: int, j: int) -> bool:
        return scope == "all" or (alone[i] == alone[j]) == (scope == "within")

    first = _first_equal(given.exact, order, alone if scope == "within" else None)
    _part_by_identity(first, order, seen, apart)
    partners, crowds = _partners(given.signatures, first, scope, threshold, seen) if near else ({}, None)
    buckets: dict[int, list[int]] = {}
    equal: dict[int, list[int]] = {}
    for i in order.tolist():
        tick(1)
        leader = int(first[i])
        if leader != i:
            if scope != "across":
                links[i] = Link(leader, 1.0, "exact") if leader not in links else links[leader]
                continue
            found = next((j for j in equal.get(leader, ()) if allowed(i, j)), None)
            if found is not None:
                links[i] = Link(found, 1.0, "exact")
                continue
        mine = partners.get(i)
        if mine is not None:
            candidates = sorted({j for bucket in mine for j in buckets.get(bucket, ()) if allowed(i, j)})
            if candidates and crowds is not None:
                link = _best(i, candidates, given.signatures, threshold, seen, crowds, apart)
                if link is not None:
                    links[i] = link
                    continue
            for bucket in mine:
                buckets.setdefault(bucket, []).append(i)
        if scope == "across":
            equal.setdefault(leader, []).append(i)
    return links


def _best(
    i: int, candidates: list[int], signatures: np.ndarray, threshold: float, seen: _Seen, crowds: Crowds, apart: Apart
) -> Link | None:
    """Give the link to the first candidate, by falling estimate, that is a duplicate of record i."""
    error = (threshold * (1 - threshold) / PERMUTATIONS) ** 0.5
    estimates = (signatures[candidates] == signatures[i]).mean(axis=1)
    for at in np.argsort(-estimates, kind="stable")[:TRIED]:
        if estimates[at] < threshold - MARGIN * error:
            return None
        other = candidates[at]
        mine, yours = seen(i), seen(other)
        like = jaccard(mine.grams, yours.grams)
        if like >= threshold:
            why = keeps_apart(yours, mine, like) or ("" if crowds.alike(i, other, threshold) else "template")
            if not why:
                return Link(other, round(like, 4), "near")
            apart.add(why, yours, mine)
    return None


def _first_equal(exact: np.ndarray, order: np.ndarray, within: np.ndarray | None) -> np.ndarray:
    """Give for every record the most preferred one with the same digest (itself when there is none)."""
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    keys = [rank, exact] if within is None else [rank, within, exact]
    by_text = np.lexsort(keys)
    begins = np.ones(len(by_text), dtype=bool)
    begins[1:] = exact[by_text][1:] != exact[by_text][:-1]
    if within is not None:
        begins[1:] |= within[by_text][1:] != within[by_text][:-1]
    leader = np.maximum.accumulate(np.where(begins, np.arange(len(by_text)), 0))
    first = np.empty(len(by_text), dtype=np.int64)
    first[by_text] = by_text[leader]
    return first


def _part_by_identity(first: np.ndarray, order: np.ndarray, seen: _Seen, apart: Apart) -> None:
    """Change `first` so that only records lead each other in which a reader sees the same; note contradictions."""
    written: dict[int, dict[tuple[object, ...], int]] = {}  # by the text as it stands: most copies differ in nothing
    leaders: dict[int, dict[str, int]] = {}
    sizes = np.bincount(first, minlength=len(first))
    for i in order[sizes[first[order]] > 1].tolist():
        digest = int(first[i])
        record = seen(i)
        as_written = (record.parts, repr(record.label))
        same = written.setdefault(digest, {})
        if as_written in same:
            first[i] = same[as_written]
            continue
        group = leaders.setdefault(digest, {})
        if len(same) == 1:  # only now is it asked what a reader sees
            other = next(iter(same.values()))
            group[seen(other).identity] = other
        leader = i
        if same:
            leader = group.setdefault(record.identity, i)
            if leader == i and record.swapped in group:
                apart.add("contradiction", seen(group[record.swapped]), record)
        first[i] = same[as_written] = leader


def _partners(
    signatures: np.ndarray, first: np.ndarray, scope: str, threshold: float, seen: _Seen
) -> tuple[dict[int, list[int]], Crowds | None]:
    """Give the buckets of every record that shares one with another; copies of an equal text stand aside."""
    unique = np.arange(len(first)) if scope == "across" else np.flatnonzero(first == np.arange(len(first)))
    found, buckets = shared_bands(band_keys(signatures[unique], *bands_for(threshold)))
    found = unique[found]
    if not len(found):
        return {}, None
    shared = Buckets(found, buckets)
    crowds = Crowds(shared, lambda i: seen(i).grams, lambda i: seen(i).plain)
    if shared.sizes.max() > CROWD:
        found, buckets = crowds.regrouped(threshold)
        if not len(found):
            return {}, crowds
    by_record = np.argsort(found, kind="stable")
    found, buckets = found[by_record], buckets[by_record]
    starts = np.flatnonzero(np.r_[True, found[1:] != found[:-1]])
    ends = [*starts[1:].tolist(), len(found)]
    return {int(found[a]): buckets[a:b].tolist() for a, b in zip(starts, ends, strict=True)}, crowds


def duplicates(
    records: Sequence[Record],
    *,
    order: np.ndarray | None = None,
    threshold: float = THRESHOLD,
    fields: Sequence[str] = (),
    unit: str = "chars",
    apart: Apart | None = None,
) -> dict[int, Link]:
    """Give the links of the duplicates among records held in memory, with the kept ones' ids."""
    compared = [Compared.of(r, fields, unit) for r in records]
    parts = [
        sketch([digested(r, c.parts, c.squashed) for r, c in batch], [c.letters for _, c in batch])
        for batch in in_batches(zip(records, compared, strict=True))
    ]
    if not parts:
        return {}
    found = find(Sketch.joined(parts), compared.__getitem__, order=order, threshold=threshold, apart=apart)
    return {
        i: Link(link.kept, link.similarity, link.how, str(records[link.kept].get("id"))) for i, link in found.items()
    }


def in_batches(rows: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Yield lists of at most `size` rows."""
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
