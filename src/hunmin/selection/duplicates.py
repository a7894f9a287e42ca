"""What dedup computes: sketches of a file, which record is whose duplicate, and what is written.

`sharded_dedup` calls the same functions shard by shard.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from ..artifacts import progress
from ..artifacts.record import Record, read_jsonl
from ..artifacts.record import texts as texts_of
from ..artifacts.rows import Notes, Shown
from ..artifacts.stream import Writer, count_lines
from ..errors import UserError
from ..tables import did_you_mean
from ..text.normal import squash
from . import nearest, on_disk, sketches
from .compared import Compared, digest, digested, parts_of
from .nearest import Apart, Link
from .shingles import UNITS
from .sketches import Sketch
from .tally import Dropped, Tally

AT_ONCE = 2000  # records of whole components that are decided together
NONE = np.empty((0, 0), dtype=np.uint32)  # signatures where none are asked for
FIELDS = ("instruction", "input", "output", "messages", "chosen", "rejected", "system")


class Comparison(Protocol):
    """How records are compared: the options of the stage `dedup`."""

    near: bool
    unit: Literal["chars", "jamo"]
    max_similarity: float
    fields: list[str]
    scope: Literal["all", "within", "across"]
    priority: list[str]


def bands_of(config: Comparison) -> tuple[int, int]:
    """Give (bands, rows) of the signatures; no band when only equal texts are looked for."""
    return sketches.bands_for(config.max_similarity) if config.near else (0, 1)


def read(config: Comparison, path: Path, folder: Path, label: str = "dedup") -> list[str]:
    """Read a file of records into sketches in a folder and give the names of its sources; the texts are not kept."""
    index: dict[str, int] = {}
    tick = progress.bar(f"{label}: reading", count_lines(path))
    unit = None if config.unit == "chars" else UNITS[config.unit]
    shutil.rmtree(folder, ignore_errors=True)
    with on_disk.Store(folder, config.near, *bands_of(config)) as store:
        for batch in nearest.in_batches(_lines(path)):
            texts, shingled, offsets, sources = [], [], [], []
            for offset, line in batch:
                record = decoded(line)
                offsets.append(offset)
                sources.append(index.setdefault(str(record.get("source", "?")), len(index)))
                parts = parts_of(record, config.fields)
                if config.fields and not parts:
                    raise _nothing_to_compare(record, config.fields, path, label)
                letters = "".join([squash(text) for _, text in parts])
                texts.append(digested(record, parts, letters))
                shingled.append(letters if unit is None else "".join([unit(text) for _, text in parts]))
            if config.near:
                found = sketches.sketch(texts, shingled)
            else:
                found = Sketch(np.fromiter(map(digest, texts), dtype=np.uint64, count=len(texts)), NONE)
            store.add(found.exact, offsets, sources, found.signatures)
            tick(len(batch))
    tick(0, done=True)
    return list(index)


def _nothing_to_compare(record: Record, fields: Sequence[str], path: Path, label: str) -> UserError:
    """Give the error of a record without any of the `fields`: empty texts would all be equal."""
    has = list(dict.fromkeys(place.split(".")[0] for place in texts_of(record)))
    near = "".join(did_you_mean(name, [*has, *FIELDS]) for name in fields if name not in FIELDS)
    given = ", ".join(fields)
    mend = f"It has {', '.join(has)}: name that as well, as in fields: [{', '.join(dict.fromkeys([*fields, *has]))}], "
    return UserError(
        f"record '{record.get('id')}' has no text in {label}.fields ({given}){near}, so nothing of it can be compared",
        str(path),
        mend
        + "or leave fields empty to compare all but the system prompt; a stage filter before it leaves records out.",
    )


_DECODER = json.JSONDecoder()


def decoded(line: bytes) -> Record:
    """Give one line's record: what `json.loads` gives, without what it looks for around a value."""
    try:
        found: Record = _DECODER.raw_decode(line.decode("utf-8"))[0]
    except ValueError:  # white space or a BOM before it; json.loads says what else is wrong
        found = json.loads(line)
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    at = 0
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield at, line
            at += len(line)


def decide(config: Comparison, path: Path, names: Sequence[str], folder: Path, label: str) -> Notes:
    """Leave the links of one file's duplicates beside its sketches in `folder` (see `write`); give what to note.

    Raises UserError when `priority` names an unknown source.
    """
    check_priority(config, names, label)
    components = on_disk.Components(on_disk.count(folder))
    for band in range(1 + bands_of(config)[0]):
        for edges in on_disk.star_edges([on_disk.keys_of(folder, band)], folder):
            components.join(edges)
    tally = Tally(on_disk.count(folder))
    with Sketched([path], [folder], [names], config.near) as sketched:
        for members in components.sets(AT_ONCE):
            apart = Apart()
            dropped = decide_set(config, sketched, members, names, label, apart)
            tally.add(dropped, apart.reasons, apart.contradictions)
            on_disk.add_links(folder, ((one.record, one.detail()) for one in dropped))
    return tally.notes(config.unit)


def decide_set(
    config: Comparison, sketched: Sketched, members: np.ndarray, names: Sequence[str], label: str, apart: Apart
) -> list[Dropped]:
    """Give what is dropped of a set of whole components; `names` are those of all sources."""
    rows = sketched.rows(members)
    given = Sketch(np.ascontiguousarray(rows["exact"]), np.ascontiguousarray(rows["signature"]))
    sources = sketched.sources(members, rows["source"], names)
    offsets = rows["offset"].tolist()
    del rows  # their signatures are in `given`

    def fetch(i: int) -> Record:
        return sketched.record(int(members[i]), offsets[i])

    links = compare(config, given, sources, names, fetch, label, apart)
    return [
        Dropped(
            int(members[i]),
            int(members[link.kept]),
            link.similarity,
            link.how,
            link.kept_id,
            names[sources[i]],
            names[sources[link.kept]],
        )
        for i, link in links.items()
    ]


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
    apart: Apart,
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
        lambda i: Compared.of(fetch(i), config.fields, config.unit),
        order=order,
        threshold=config.max_similarity,
        near=config.near,
        sources=sources,
        scope=config.scope,
        tick=tick,
        apart=apart,
    )
    tick(0, done=True)
    ids = {kept: str(fetch(kept).get("id")) for kept in {link.kept for link in links.values()}}
    return {i: replace(link, kept_id=ids[link.kept]) for i, link in links.items()}


class Sketched:
    """Files of records and their sketches, read by indices over all of them; a context manager."""

    def __init__(self, paths: Sequence[Path], folders: Sequence[Path], names: Sequence[Sequence[str]], near: bool):
        self._files = [path.open("rb") for path in paths]
        self._folders, self._names, self._near = folders, names, near
        self._begins = np.cumsum([0, *map(on_disk.count, folders)])

    def rows(self, members: np.ndarray) -> np.ndarray:
        """Give the rows of some records, whose indices rise."""
        cuts = np.searchsorted(members, self._begins)
        mine = [members[a:b] - self._begins[i] for i, (a, b) in enumerate(zip(cuts, cuts[1:], strict=False))]
        found = [on_disk.rows_of(f, self._near, some) for f, some in zip(self._folders, mine, strict=True) if len(some)]
        return np.concatenate(found)

    def sources(self, members: np.ndarray, own: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Give the source of each of some records, a place in its own file's names, as its place in `names`."""
        place = {name: i for i, name in enumerate(names)}
        files = np.searchsorted(self._begins, members, side="right") - 1
        found = [place[self._names[a][b]] for a, b in zip(files.tolist(), own.tolist(), strict=True)]
        return np.array(found, dtype=np.int64)

    def record(self, i: int, offset: int) -> Record:
        """Give a record again by its index over all files and its place in its own."""
        file = self._files[int(np.searchsorted(self._begins, i, side="right")) - 1]
        file.seek(offset)
        return decoded(file.readline())

    def __enter__(self) -> Sketched:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()


def write(writer: Writer, path: Path, folder: Path) -> None:
    """Write one file's records, kept or dropped, by the links in the folder of its sketches."""
    links: dict[int, Shown] = {}
    for i, record in enumerate(read_jsonl(path)):
        if i % on_disk.BLOCK == 0:
            links = on_disk.links_of(folder, i // on_disk.BLOCK)
        detail = links.get(i)
        if detail is None:
            writer.keep(record)
        else:
            writer.drop(record, "duplicate", detail)
