"""What dedup leaves on disk, so that memory does not grow with the number of records.

One row a record (digest, byte offset, source, signature), the keys of every band, and the links of dropped records by
blocks of the file. All is read back in bounded pieces, never mapped: mapped pages count as memory.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..artifacts.rows import Shown
from .shingles import PERMUTATIONS, band_keys
from .sketches import key_groups

CHUNK = 1 << 16  # keys, labels or edges in memory at once
PILES = 256  # files that keys are dealt to at most: they are open together
BLOCK = 1 << 14  # records whose links are in memory at once
ROWS, LINKS = "rows", "links"
INDEX = np.dtype("i4")
KEYED = np.dtype([("key", "u8"), ("record", INDEX)])


def row_type(near: bool) -> np.dtype[Any]:
    """Give what is kept of each record; signatures only where near-duplicates are looked for."""
    signature = ("signature", "u4", (PERMUTATIONS if near else 0,))
    return np.dtype([("exact", "u8"), ("offset", "i8"), ("source", INDEX), signature])


class Store:
    """Rows and band keys being written to a folder. Holds the open files."""

    def __init__(self, folder: Path, near: bool, bands: int, rows: int):
        folder.mkdir(parents=True, exist_ok=True)
        self._type, self._bands = row_type(near), (bands, rows)
        self._rows = (folder / ROWS).open("wb", buffering=0)
        self._keys = [keys_of(folder, i).open("wb", buffering=0) for i in range(1 + bands)]

    def add(self, exact: np.ndarray, offsets: Sequence[int], sources: Sequence[int], signatures: np.ndarray) -> None:
        """Append a batch of records."""
        rows = np.empty(len(exact), dtype=self._type)
        rows["exact"], rows["offset"], rows["source"] = exact, offsets, sources
        self._keys[0].write(exact.tobytes())
        if len(self._keys) > 1:
            rows["signature"] = signatures
            for file, keys in zip(self._keys[1:], band_keys(signatures, *self._bands), strict=True):
                file.write(keys.tobytes())
        self._rows.write(rows.tobytes())

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._rows, *self._keys):
            file.close()


def keys_of(folder: Path, band: int) -> Path:
    """Give the file of one band's keys; band 0 are the digests."""
    return folder / f"band-{band:03d}"


def count(folder: Path) -> int:
    """Give the number of records in a folder of sketches."""
    return keys_of(folder, 0).stat().st_size // 8


def rows_of(folder: Path, near: bool, records: np.ndarray) -> np.ndarray:
    """Give the rows of some records."""
    kind = row_type(near)
    with (folder / ROWS).open("rb") as file:
        found = [os.pread(file.fileno(), kind.itemsize, kind.itemsize * i) for i in records.tolist()]
    return np.frombuffer(b"".join(found), dtype=kind)


def chunks(paths: Iterable[Path], kind: Any) -> Iterator[np.ndarray]:
    """Yield the numbers of some files, CHUNK at once at most."""
    for path in paths:
        with path.open("rb") as file:
            while len(found := np.fromfile(file, dtype=kind, count=CHUNK)):
                yield found


def star_edges(paths: Sequence[Path], folder: Path) -> Iterator[np.ndarray]:
    """Yield edges [edge, 2] from every record to the first one with its key; `paths` hold the keys of all in order.

    More keys than CHUNK are first dealt to files below `folder`, equal ones to the same.
    """
    n = sum(path.stat().st_size for path in paths) // 8
    piles = min(PILES, -(-n // CHUNK))
    if piles <= 1:
        keys = np.concatenate([np.empty(0, "u8"), *chunks(paths, "u8")])
        yield _edges(keys, np.arange(n, dtype=INDEX))
        return
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        names = [Path(scratch) / str(i) for i in range(piles)]
        files = [name.open("wb", buffering=0) for name in names]
        try:
            at = 0
            for keys in chunks(paths, "u8"):
                rows = np.empty(len(keys), dtype=KEYED)
                rows["key"], rows["record"] = keys, np.arange(at, at + len(keys), dtype=INDEX)
                pile = (keys % np.uint64(piles)).astype(np.uint8)
                rows = rows[np.argsort(pile, kind="stable")]
                ends = np.cumsum(np.bincount(pile, minlength=piles))
                for file, some in zip(files, np.split(rows, ends[:-1]), strict=True):
                    file.write(some.tobytes())
                at += len(keys)
        finally:
            for file in files:
                file.close()
        for name in names:
            rows = np.fromfile(name, dtype=KEYED)
            name.unlink()
            yield _edges(np.ascontiguousarray(rows["key"]), np.ascontiguousarray(rows["record"]))


def _edges(keys: np.ndarray, records: np.ndarray) -> np.ndarray:
    places, groups, n = key_groups(keys)
    heads = places[np.searchsorted(groups, np.arange(n))]
    edges = np.stack([records[places], records[heads[groups]]], axis=1)
    found: np.ndarray = edges[edges[:, 0] != edges[:, 1]]
    return found


class Components:
    """Which records are joined. Holds four bytes a record: one that is joined to it, itself where it is the first."""

    def __init__(self, n: int):
        self._up = np.arange(n, dtype=INDEX)

    def join(self, edges: np.ndarray) -> None:
        """Join the ends of edges [edge, 2]."""
        a, b = edges[:, 0], edges[:, 1]
        while True:
            a, b = self._first(a), self._first(b)
            apart = a != b
            if not apart.any():
                return
            a, b = a[apart], b[apart]
            np.minimum.at(self._up, np.maximum(a, b), np.minimum(a, b))

    def _first(self, records: np.ndarray) -> np.ndarray:
        """Give the first record of the component of each, and halve the way to it."""
        up = self._up
        while True:
            above: np.ndarray = up[records]
            higher = up[above]
            if np.array_equal(above, higher):
                return above
            up[records] = higher
            records = higher

    def sets(self, n: int) -> Iterator[np.ndarray]:
        """Yield sets of whole components, rising, of about n records; those alone in their component are in none."""
        width = max(1, n // 16)
        sizes = np.zeros(1 + len(self._up) // width, dtype=np.int64)  # by the component's first record, the others
        for at, firsts in self._firsts():
            joined = firsts != np.arange(at, at + len(firsts))
            self._up[at : at + len(firsts)] = firsts
            sizes += np.bincount(firsts[joined] // width, minlength=len(sizes))
        begin, size = 0, 0
        for i, more in enumerate(sizes.tolist()):
            if size and size + more > n:
                yield self._members(begin * width, i * width)
                begin, size = i, 0
            size += more
        if size:
            yield self._members(begin * width, len(self._up))

    def _firsts(self) -> Iterator[tuple[int, np.ndarray]]:
        for at in range(0, len(self._up), CHUNK):
            yield at, self._first(np.arange(at, min(at + CHUNK, len(self._up)), dtype=INDEX))

    def _members(self, begin: int, end: int) -> np.ndarray:
        """Give the records of components whose first is in a range, of more than one record."""
        found = []
        for at in range(begin - begin % CHUNK, len(self._up), CHUNK):  # none comes before its component's first
            some = self._up[at : at + CHUNK]
            mine = np.flatnonzero((some >= begin) & (some < end) & (some != np.arange(at, at + len(some))))
            found.append(mine + at)
        others = np.concatenate(found)
        return np.union1d(others, self._up[others])


def add_links(folder: Path, links: Iterable[tuple[int, Shown]]) -> None:
    """Append the details of dropped records, by their place in the file, to the folder's links."""
    blocks: dict[int, list[str]] = {}
    for record, detail in links:
        blocks.setdefault(record // BLOCK, []).append(json.dumps([record, detail]) + "\n")
    (folder / LINKS).mkdir(exist_ok=True)
    for block, lines in blocks.items():
        with (folder / LINKS / str(block)).open("a", encoding="ascii") as file:
            file.writelines(lines)


def links_of(folder: Path, block: int) -> dict[int, Shown]:
    """Give the details of the dropped records of one block."""
    path = folder / LINKS / str(block)
    if not path.is_file():
        return {}
    with path.open(encoding="ascii") as file:
        return {record: detail for record, detail in map(json.loads, file)}
