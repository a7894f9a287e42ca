"""What dedup computes: sketches of a file, which record is whose duplicate, and the notes of all links.

`sharded_dedup` calls the same functions shard by shard.
"""

from __future__ import annotations

import json
import shutil
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from ..artifacts import progress
from ..artifacts.record import Record, read_jsonl
from ..artifacts.record import texts as texts_of
from ..artifacts.rows import Notes
from ..artifacts.stream import Writer, count_lines
from ..errors import UserError
from ..tables import did_you_mean
from ..text.normal import squash
from . import nearest, sketches
from .compared import Compared, digest, digested, parts_of
from .nearest import Apart, Link
from .shingles import UNITS
from .sketches import Sketch

AT_ONCE = 20_000  # records of whole components that are decided together
TOLD = 20
NONE = np.empty((0, 0), dtype=np.uint32)  # signatures where none are asked for
FIELDS = ("instruction", "input", "output", "messages", "chosen", "rejected", "system")
LARGE = 0.01  # share of the records from which on a cluster is told


class Comparison(Protocol):
    """How records are compared: the options of the stage `dedup`."""

    near: bool
    unit: Literal["chars", "jamo"]
    max_similarity: float
    fields: list[str]
    scope: Literal["all", "within", "across"]
    priority: list[str]


@dataclass(frozen=True)
class Read:
    """What one file of records gives: digest, byte offset and source (a place in `names`) of each [record].

    Signatures and band keys lie in the folder that `read` was given.
    """

    exact: np.ndarray
    offsets: np.ndarray
    sources: np.ndarray
    names: list[str]


def bands_of(config: Comparison) -> tuple[int, int]:
    """Give (bands, rows) of the signatures; no band when only equal texts are looked for."""
    return sketches.bands_for(config.max_similarity) if config.near else (0, 1)


def read(config: Comparison, path: Path, folder: Path, label: str = "dedup") -> Read:
    """Read a file of records into sketches below `folder`; the texts are not kept."""
    exact, offsets, sources = array("Q"), array("q"), array("q")
    index: dict[str, int] = {}
    tick = progress.bar(f"{label}: reading", count_lines(path))
    unit = None if config.unit == "chars" else UNITS[config.unit]
    with sketches.Store(folder, *bands_of(config)) as store:
        for batch in nearest.in_batches(_lines(path)):
            texts, shingled = [], []
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
                store.add(found.signatures)
                exact.frombytes(found.exact.tobytes())
            else:
                exact.extend(map(digest, texts))
            tick(len(batch))
    tick(0, done=True)
    digests = np.frombuffer(exact, dtype="u8") if exact else np.empty(0, dtype="u8")
    return Read(digests, np.array(offsets, dtype="i8"), np.array(sources, dtype="i8"), list(index))


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


def decide(config: Comparison, path: Path, found: Read, folder: Path, label: str) -> tuple[dict[int, Link], Notes]:
    """Give the link of every duplicate of one file by its index, and what to note; `folder` is what `read` was given.

    Raises UserError when `priority` names an unknown source.
    """
    check_priority(config, found.names, label)
    n = len(found.exact)
    component = sketches.joined_components(np.arange(n, dtype=np.int32), sketches.star_edges(found.exact))
    for band in range(bands_of(config)[0]):
        component = sketches.joined_components(component, sketches.star_edges(sketches.stored_keys(folder, band)))
    links: dict[int, Link] = {}
    apart = Apart()
    with Fetcher([path], [found.offsets]) as fetch:
        for members in sketches.cut_whole(component, 1 + n // AT_ONCE):
            signatures = sketches.stored_signatures(folder, members) if config.near else NONE
            given = Sketch(found.exact[members], signatures)

            def one(i: int, members: np.ndarray = members) -> Record:
                return fetch(int(members[i]))

            mine = compare(config, given, found.sources[members], found.names, one, label, apart)
            links |= {int(members[i]): replace(k, kept=int(members[k.kept])) for i, k in mine.items()}
    shutil.rmtree(folder)
    return links, notes_of(config, links, found.sources, found.names, apart)


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
        return decoded(self._files[at].readline())

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()


def notes_of(
    config: Comparison, links: dict[int, Link], sources: np.ndarray, names: Sequence[str], apart: Apart
) -> Notes:
    """Give what to note of the links of all records."""
    how = Counter(link.how for link in links.values())
    pairs = Counter((names[sources[i]], names[sources[link.kept]]) for i, link in links.items())
    sizes = Counter((link.kept, link.kept_id) for link in links.values())
    ranked = sorted(sizes.items(), key=lambda p: (-p[1], p[0]))
    n = len(sources)
    large = [(kept, k + 1, (k + 1) / n) for (_, kept), k in ranked if k + 1 > LARGE * n]
    contradictions = sorted(apart.contradictions)
    notices = [
        f"{a} and {b} contradict each other: chosen and rejected, or the label, are the other way round"
        for a, b in contradictions[:TOLD]
    ]
    notices += [f"{k:,} records ({share:.1%}) are duplicates of {kept}" for kept, k, share in large[:TOLD]]
    return {
        "headline": f"{how['exact']:,} exact, {how['near']:,} near",
        "unit": config.unit,
        "exact": how["exact"],
        "near": how["near"],
        "by_source": [
            {"dropped_from": a, "kept_in": b, "records": n}
            for (a, b), n in sorted(pairs.items(), key=lambda p: (-p[1], p[0]))
        ][:40],
        "largest_cluster": ranked[0][1] + 1 if ranked else 1,
        "large_clusters": [{"of": kept, "records": k, "share": round(share, 4)} for kept, k, share in large[:40]],
        "similarity_of_near": _spread([link.similarity for link in links.values() if link.how == "near"]),
        "kept_apart": dict(sorted(apart.reasons.items())),
        "contradictions": [list(pair) for pair in contradictions[:1000]],
        **({"notice": notices} if notices else {}),
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
