"""Sketches of many records: a digest of the whole text and the MinHash signature of its shingles.

Signatures and band keys of a file lie on disk, so that memory does not grow with the number of records.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .compared import digest
from .shingles import PERMUTATIONS, band_keys, gram_hashes, signatures_of

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


class Store:
    """Sketches being written to a folder, to be read by `stored_keys` and `stored_signatures`. Holds the open files."""

    def __init__(self, folder: Path, bands: int, rows: int):
        folder.mkdir(parents=True, exist_ok=True)
        self.bands, self.rows = bands, rows
        self._signatures = (folder / "signatures").open("wb", buffering=0)
        self._keys = [(folder / f"band-{i:03d}").open("wb", buffering=0) for i in range(bands)]

    def add(self, signatures: np.ndarray) -> None:
        """Append the signatures of a batch and their band keys."""
        self._signatures.write(signatures.tobytes())
        for file, keys in zip(self._keys, band_keys(signatures, self.bands, self.rows), strict=True):
            file.write(keys.tobytes())

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._signatures, *self._keys):
            file.close()


def stored_keys(folder: Path, band: int) -> np.ndarray:
    """Give the keys [record] of one band."""
    return np.fromfile(folder / f"band-{band:03d}", dtype=np.uint64)


def stored_signatures(folder: Path, records: np.ndarray) -> np.ndarray:
    """Give the signatures [row, permutation] of some records."""
    size = 4 * PERMUTATIONS
    with (folder / "signatures").open("rb") as file:
        rows = [os.pread(file.fileno(), size, size * i) for i in records.tolist()]
    return np.frombuffer(b"".join(rows), dtype=np.uint32).reshape(len(rows), PERMUTATIONS)


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


def star_edges(key: np.ndarray) -> np.ndarray:
    """Give the edges [2, edge] from every record to the first one with its key [record]; single records have none."""
    records, groups, n = key_groups(key)
    heads = records[np.searchsorted(groups, np.arange(n))]
    return np.stack([records, heads[groups]])


def joined_components(labels: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Give the component [record] of each record after joining components `labels` [record] by edges [2, edge]."""
    ends = labels[edges]
    roots = np.arange(len(labels), dtype=labels.dtype)
    while len(ends[0]):
        a, b = roots[ends[0]], roots[ends[1]]
        apart = a != b
        if not apart.any():
            break
        a, b, ends = a[apart], b[apart], ends[:, apart]
        np.minimum.at(roots, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(higher := roots[roots], roots):
            roots = higher
    joined: np.ndarray = roots[labels]
    return joined


def cut_whole(component: np.ndarray, n: int) -> list[np.ndarray]:
    """Give at most n sets of whole components, of about equal size; records alone in their component are in none."""
    members = np.flatnonzero(np.bincount(component, minlength=1)[component] > 1)
    if not len(members):
        return []
    members = members[np.argsort(component[members], kind="stable")]
    labels = component[members]
    begins = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])
    place = np.repeat(begins * n // len(members), np.diff(np.r_[begins, len(members)]))
    return [np.sort(members[place == i]) for i in np.unique(place)]
