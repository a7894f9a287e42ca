"""What dedup computes: sketches of a file, which record is whose duplicate, and the notes of all links.

`sharded_dedup` calls the same functions shard by shard.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from ..artifacts import progress
from ..artifacts.record import Record, read_jsonl
from ..artifacts.rows import Notes
from ..artifacts.stream import Writer, count_lines
from ..errors import UserError
from ..tables import did_you_mean
from . import nearest
from .nearest import Link, Sketch


class Comparison(Protocol):
    """How records are compared: the options of the stage `dedup`."""

    near: bool
    max_similarity: float
    fields: list[str]
    scope: Literal["all", "within", "across"]
    priority: list[str]


@dataclass(frozen=True)
class Read:
    """What one file of records gives: the sketch, byte offsets [record], source of each [record] as text codes."""

    sketch: Sketch
    offsets: np.ndarray
    sources: np.ndarray
    names: list[str]


def read(config: Comparison, path: Path, label: str = "dedup") -> Read:
    """Read a file of records into sketches; the texts are not kept."""
    offsets, sources = array("q"), array("q")
    index: dict[str, int] = {}
    parts = []
    tick = progress.bar(f"{label}: reading", count_lines(path))
    for batch in nearest.in_batches(_lines(path)):
        squashed = []
        for offset, line in batch:
            record = json.loads(line)
            offsets.append(offset)
            sources.append(index.setdefault(str(record.get("source", "?")), len(index)))
            squashed.append(nearest.compared_text(record, config.fields))
        parts.append(nearest.sketch(squashed))
        tick(len(batch))
    tick(0, done=True)
    joined = Sketch.joined(parts) if parts else nearest.sketches([])
    return Read(joined, np.frombuffer(offsets, dtype="i8"), np.frombuffer(sources, dtype="i8"), list(index))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    at = 0
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield at, line
            at += len(line)


def decide(config: Comparison, path: Path, found: Read, label: str) -> tuple[dict[int, Link], Notes]:
    """Give the link of every duplicate of one file by its index, and what to note.

    Raises UserError when `priority` names an unknown source.
    """
    check_priority(config, found.names, label)
    with Fetcher([path], [found.offsets]) as fetch:
        links = compare(config, found.sketch, found.sources, found.names, fetch, label)
    return links, notes_of(links, found.sources, found.names)


def check_priority(config: Comparison, names: Sequence[str], label: str) -> None:
    """Raise UserError when `priority` names an unknown source."""
    for name in config.priority:
        if name not in names:
            raise UserError(
                f"no source '{name}'{did_you_mean(name, names)}", f"{label}.priority", f"There are: {', '.join(names)}."
            )


def compare(
    config: Comparison,
    sketch: Sketch,
    sources: np.ndarray,
    names: Sequence[str],
    fetch: Callable[[int], Record],
    label: str,
) -> dict[int, Link]:
    """Give the link of every duplicate by its index; `fetch(i)` gives record i again.

    `sources` [record] are places in `names`. Who is whose duplicate depends on the records that share a key with it,
    and on theirs, so that any set closed under sharing keys is decided like the whole.
    """
    place = np.array([config.priority.index(n) if n in config.priority else len(config.priority) for n in names] or [0])
    order = np.lexsort((np.arange(len(sources)), place[sources]))
    tick = progress.bar(f"{label}: comparing", len(sources))
    links = nearest.find(
        sketch,
        lambda i: nearest.compared_text(fetch(i), config.fields),
        order=order,
        threshold=config.max_similarity,
        near=config.near,
        sources=sources,
        scope=config.scope,
        tick=tick,
    )
    tick(0, done=True)
    ids = {kept: str(fetch(kept).get("id")) for kept in {link.kept for link in links.values()}}
    return {i: replace(link, kept_id=ids[link.kept]) for i, link in links.items()}


class Fetcher:
    """Call it with a record's index over these files to read the record again; a context manager.

    `offsets` [file][record of it] are where each line begins, in bytes.
    """

    def __init__(self, paths: Sequence[Path], offsets: Sequence[np.ndarray]):
        self._files = [path.open("rb") for path in paths]
        self._offsets = offsets
        self._begins = np.cumsum([0, *map(len, offsets)])

    def __call__(self, i: int) -> Record:
        at = int(np.searchsorted(self._begins, i, side="right")) - 1
        self._files[at].seek(int(self._offsets[at][i - self._begins[at]]))
        found: Record = json.loads(self._files[at].readline())
        return found

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()


def notes_of(links: dict[int, Link], sources: np.ndarray, names: Sequence[str]) -> Notes:
    """Give what to note of the links of all records."""
    how = Counter(link.how for link in links.values())
    pairs = Counter((names[sources[i]], names[sources[link.kept]]) for i, link in links.items())
    sizes = Counter(link.kept for link in links.values())
    return {
        "headline": f"{how['exact']:,} exact, {how['near']:,} near",
        "exact": how["exact"],
        "near": how["near"],
        "by_source": [
            {"dropped_from": a, "kept_in": b, "records": n}
            for (a, b), n in sorted(pairs.items(), key=lambda p: (-p[1], p[0]))
        ][:40],
        "largest_cluster": max(sizes.values()) + 1 if sizes else 1,
        "similarity_of_near": _spread([link.similarity for link in links.values() if link.how == "near"]),
    }


def _spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    return {name: round(float(np.quantile(values, q)), 4) for name, q in (("min", 0), ("median", 0.5), ("max", 1))}


def write(writer: Writer, path: Path, links: dict[int, Link]) -> None:
    """Write one file's records, kept or dropped."""
    for i, record in enumerate(read_jsonl(path)):
        link = links.get(i)
        if link is None:
            writer.keep(record)
        else:
            writer.drop(record, "duplicate", link.detail())
