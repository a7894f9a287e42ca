"""dedup as map and reduce: sketch every shard, group every band, decide every cluster, split every shard.

Each step is a set of tasks of its own, a folder each, that run wherever the executor puts them. A reduce task sees one
band of all records; clusters are the components of records that share a key, so that no decision needs a record of
another task. What comes together in the calling process is one number a record (its component) and the links.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..artifacts.artifact import Counts, Inputs, keep_first, write_atomic
from ..artifacts.rows import Notes, ShardSpec
from ..artifacts.stream import Writer
from . import duplicates, sketches
from .duplicates import Comparison
from .nearest import Apart, Link
from .sketches import Sketch

SKETCH, GROUPS, LINKS, OUT = "sketch", "groups.npy", "links.json", "out"
MEMBERS, WANTED = "members.npy", "wanted.json"

Each = Callable[[str, Sequence[Path], str], None]
"""each(task, units, target): do the task for every unit (a folder) that lacks its target; raises when one stays out."""


def run(config: Comparison, inputs: Inputs, parts: Sequence[Path], each: Each) -> Notes:
    """Decide and split shards with `in.jsonl` into `out` folders; give the notes of the whole.

    Raises UserError when `priority` names an unknown source or a task could not be done.
    """
    work = parts[0].parent
    each("sketch", parts, SKETCH)
    known = [json.loads((part / SKETCH / "names.json").read_text(encoding="utf-8")) for part in parts]
    names = list(dict.fromkeys(name for row in known for name in row))
    duplicates.check_priority(config, names, inputs.label)
    n = sum(len(_load(part, "exact")) for part in parts)

    bands = [work / f"band-{i:03d}" for i in range(1 + duplicates.bands_of(config)[0])]
    for band in bands:
        band.mkdir(exist_ok=True)
    each("group", bands, GROUPS)
    component = np.arange(n)
    for band in bands:
        component = sketches.joined_components(component, np.load(band / GROUPS))

    clusters = sketches.cut_whole(component, len(parts))
    units = [work / f"cluster-{i:05d}" for i in range(len(clusters))]
    for unit, members in zip(units, clusters, strict=True):
        unit.mkdir(exist_ok=True)
        np.save(unit / MEMBERS, members)
        write_atomic(unit / WANTED, json.dumps(names))
    each("decide", units, LINKS)

    links: dict[int, Link] = {}
    apart = Apart()
    for unit in units:
        decided = json.loads((unit / LINKS).read_text(encoding="utf-8"))
        for i, (kept, detail) in decided["links"].items():
            links[int(i)] = Link.of(detail, kept)
        apart.reasons.update(decided["apart"])
        apart.contradictions += map(tuple, decided["contradictions"])
    sources = np.concatenate([_sources(part, names) for part in parts])
    begin = 0
    for part in parts:
        end = begin + len(_load(part, "exact"))
        mine = {i - begin: links[i].detail() for i in range(begin, end) if i in links}
        write_atomic(part / LINKS, json.dumps(mine, ensure_ascii=False))
        begin = end
    each("split", parts, OUT)
    return duplicates.notes_of(config, dict(sorted(links.items())), sources, names, apart)


# --- what a worker does; spec["part"] is its folder ---


def sketch(spec: ShardSpec, config: Comparison, inputs: Inputs) -> None:
    """Sketch one shard: digests, signatures, the key of every band, where each line begins, sources."""
    part = Path(spec["part"])
    folder = part / f"{SKETCH}.{uuid.uuid4().hex}.tmp"
    found = duplicates.read(config, part / "in.jsonl", folder, inputs.label)
    for name, array in (("exact", found.exact), ("offsets", found.offsets), ("sources", found.sources)):
        np.save(folder / f"{name}.npy", array)
    (folder / "names.json").write_text(json.dumps(found.names), encoding="utf-8")
    keep_first(folder, part / SKETCH)


def group(spec: ShardSpec, config: Comparison, inputs: Inputs) -> None:
    """Group one band of all shards (band 0: equal texts); leave the edges of its stars."""
    band = Path(spec["part"])
    number = int(band.name.rpartition("-")[2])
    parts = map(Path, spec["parts"])
    keys = [_load(p, "exact") if number == 0 else sketches.stored_keys(p / SKETCH, number - 1) for p in parts]
    temporary = band / f"{uuid.uuid4().hex}.npy"
    np.save(temporary, sketches.star_edges(np.concatenate(keys)))
    temporary.replace(band / GROUPS)


def decide(spec: ShardSpec, config: Comparison, inputs: Inputs) -> None:
    """Decide the clusters of one set of records; leave {record: [kept, detail]} by index over all shards."""
    unit, parts = Path(spec["part"]), [Path(p) for p in spec["parts"]]
    names = json.loads((unit / WANTED).read_text(encoding="utf-8"))
    members = np.load(unit / MEMBERS)
    offsets = [_load(part, "offsets") for part in parts]
    begins = np.cumsum([0, *map(len, offsets)])
    mine = [members[(members >= a) & (members < b)] - a for a, b in zip(begins, begins[1:], strict=False)]
    near = config.near
    given = Sketch.joined(
        [
            Sketch(_load(p, "exact")[rows], sketches.stored_signatures(p / SKETCH, rows) if near else duplicates.NONE)
            for p, rows in zip(parts, mine, strict=True)
        ]
    )
    sources = np.concatenate([_sources(p, names)[rows] for p, rows in zip(parts, mine, strict=True)])
    apart = Apart()
    with duplicates.Fetcher([p / "in.jsonl" for p in parts], offsets) as fetch:
        links = duplicates.compare(config, given, sources, names, lambda i: fetch(int(members[i])), inputs.label, apart)
    rows = {
        "links": {int(members[i]): [int(members[link.kept]), link.detail()] for i, link in links.items()},
        "apart": apart.reasons,
        "contradictions": apart.contradictions,
    }
    temporary = unit / f"{uuid.uuid4().hex}.json"
    temporary.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    temporary.replace(unit / LINKS)


def split(spec: ShardSpec, config: Comparison, inputs: Inputs) -> Counts:
    """Write one shard's records, kept or dropped, to spec["out"]."""
    part = Path(spec["part"])
    details = json.loads((part / LINKS).read_text(encoding="utf-8"))
    writer = Writer(Path(spec["out"]), inputs.label)
    duplicates.write(writer, part / "in.jsonl", {int(i): Link.of(detail) for i, detail in details.items()})
    return writer.close()


def _load(part: Path, name: str) -> np.ndarray:
    found: np.ndarray = np.load(part / SKETCH / f"{name}.npy", mmap_mode="r")
    return found


def _sources(part: Path, names: Sequence[str]) -> np.ndarray:
    """Give the source of each record of a shard as its place in `names`."""
    own = json.loads((part / SKETCH / "names.json").read_text(encoding="utf-8"))
    indices: np.ndarray = np.array([names.index(name) for name in own] or [0], dtype=np.int64)[_load(part, "sources")]
    return indices
