"""Sketches of many records: a digest of the whole text and the MinHash signature of its shingles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .compared import digest
from .shingles import PERMUTATIONS, gram_hashes, signatures_of

RECALL = 0.985  # of pairs exactly at the threshold; more similar ones are found more surely
BATCH = 2000
FEW = 250  # texts whose grams are hashed at once: what the processor's cache holds


@dataclass(frozen=True)
class Sketch:
    """What comparing needs of each record: `exact` [record] u64, `signatures` [record, permutation] u32."""

    exact: np.ndarray
    signatures: np.ndarray

    @staticmethod
    def joined(parts: Sequence[Sketch]) -> Sketch:
        return Sketch(np.concatenate([p.exact for p in parts]), np.concatenate([p.signatures for p in parts]))


def sketch(digested: Sequence[str], shingled: Sequence[str] | None = None) -> Sketch:
    """Give the sketch of a batch of texts; `shingled` are the same in their unit where that is not the letters."""
    exact = np.fromiter(map(digest, digested), dtype=np.uint64, count=len(digested))
    texts = digested if shingled is None else shingled
    few = [texts[i : i + FEW] for i in range(0, len(texts), FEW)]
    return Sketch(exact, np.concatenate([signatures_of(*gram_hashes(some)) for some in few]))


def bands_for(threshold: float, permutations: int = PERMUTATIONS) -> tuple[int, int]:
    """Give (bands, rows): the longest bands that still find RECALL of the pairs exactly at the threshold."""
    best = (permutations, 1)
    for rows in range(1, permutations + 1):
        bands = permutations // rows
        if 1 - (1 - threshold**rows) ** bands >= RECALL:
            best = (bands, rows)
    return best


def key_groups(key: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Give (records, group of each, number of groups) of equal keys [record], group by group, records rising in each.

    Single records are left out.
    """
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    same = ordered[1:] == ordered[:-1]
    member = np.zeros(len(key), dtype=bool)
    member[1:] |= same
    member[:-1] |= same
    begins = np.ones(len(key), dtype=bool)
    begins[1:] = ~same
    group = np.cumsum(begins & member) - 1
    return order[member], group[member], int((begins & member).sum())


def shared_bands(keys: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Give (record, bucket) for every band in which a record has a partner, as two flat arrays.

    `keys` is [band][record]. A bucket holds the records of one key of one band; buckets of one are left out.
    """
    records, buckets, n = [], [], 0
    for key in keys:
        found, ids, count = key_groups(key)
        records.append(found)
        buckets.append(ids + n)
        n += count
    if not records:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(records), np.concatenate(buckets)
