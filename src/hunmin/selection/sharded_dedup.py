"""dedup as map and reduce: sketch every shard, group every band, decide every cluster, split every shard.

Each step is a set of tasks of its own, a folder each, that run wherever the executor puts them. A reduce task sees one
band of all records; clusters are the components of records that share a key, so that no decision needs a record of
another task. What comes together in the calling process is one number a record (its component).
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..artifacts.artifact import Counts, Inputs, keep_first, write_atomic
from ..artifacts.rows import Notes, ShardSpec
from ..artifacts.stream import Writer
from . import duplicates, on_disk
from .duplicates import Comparison, Sketched
from .nearest import Apart
from .tally import Dropped, Tally

SKETCH, GROUPS, DECIDED, OUT = "sketched", "groups", "decided.json", "out"
MEMBERS, WANTED = "members.npy", "wanted.json"

Each = Callable[[str, Sequence[Path], str], None]
"""each(task, units, target): do the task for every unit (a folder) that lacks its target; raises when one stays out."""


def run(config: Comparison, inputs: Inputs, parts: Sequence[Path], each: Each) -> Notes:
    """Decide and split shards with `in.jsonl` into `out` folders; give the notes of the whole.

    Raises UserError when `priority` names an unknown source or a task could not be done.
    """
    work = parts[0].parent
    each("sketch", parts, SKETCH)
    names = list(dict.fromkeys(name for part in parts for name in _names(part)))
    duplicates.check_priority(config, names, inputs.label)
    begins = np.cumsum([0, *(on_disk.count(part / SKETCH) for part in parts)])

    bands = [work / f"band-{i:03d}" for i in range(1 + duplicates.bands_of(config)[0])]
    for band in bands:
        band.mkdir(exist_ok=True)
    each("group", bands, GROUPS)
    components = on_disk.Components(int(begins[-1]))
    for edges in on_disk.chunks([band / GROUPS for band in bands], on_disk.INDEX):
        components.join(edges.reshape(-1, 2))

    units = []
    for i, members in enumerate(components.sets(duplicates.AT_ONCE)):
        units.append(work / f"cluster-{i:05d}")
        units[-1].mkdir(exist_ok=True)
        np.save(units[-1] / MEMBERS, members)
        write_atomic(units[-1] / WANTED, json.dumps(names))
    each("decide", units, DECIDED)

    for part in parts:
        shutil.rmtree(part / on_disk.LINKS, ignore_errors=True)
        (part / on_disk.LINKS).mkdir()
    tally = Tally(int(begins[-1]))
    for unit in units:
        decided = json.loads((unit / DECIDED).read_text(encoding="utf-8"))
        dropped = [Dropped(*row) for row in decided["dropped"]]
        tally.add(dropped, Counter(decided["apart"]), map(tuple, decided["contradictions"]))
        owners = np.searchsorted(begins, [one.record for one in dropped], side="right") - 1
        for i in np.unique(owners).tolist():
            mine = (one for one, owner in zip(dropped, owners.tolist(), strict=True) if owner == i)
            on_disk.add_links(parts[i], ((one.record - int(begins[i]), one.detail()) for one in mine))
    each("split", parts, OUT)
    return tally.notes(config.unit)


# --- what a worker does; spec["part"] is its folder ---


def sketch(spec: ShardSpec, config: Comparison, inputs: Inputs) -> None:
    """Sketch one shard: digests, signatures, the key of every band, where each line begins, sources."""
    part = Path(spec["part"])
    folder = part / f"{SKETCH}.{uuid.uuid4().hex}.tmp"
    names = duplicates.read(config, part / "in.jsonl", folder, inputs.label)
    (folder / "names.json").write_text(json.dumps(names), encoding="utf-8")
    keep_first(folder, part / SKETCH)


def group(spec: ShardSpec, config: Comparison, inputs: Inputs) -> None:
    """Group one band of all shards (band 0: equal texts); leave the edges of its stars."""
    band = Path(spec["part"])
    number = int(band.name.rpartition("-")[2])
    keys = [on_disk.keys_of(Path(part) / SKETCH, number) for part in spec["parts"]]
    temporary = band / uuid.uuid4().hex
    with temporary.open("wb") as file:
        for edges in on_disk.star_edges(keys, band):
            file.write(edges.tobytes())
    temporary.replace(band / GROUPS)


def decide(spec: ShardSpec, config: Comparison, inputs: Inputs) -> None:
    """Decide the clusters of one set of records; leave what is dropped, by index over all shards."""
    unit, parts = Path(spec["part"]), [Path(p) for p in spec["parts"]]
    names = json.loads((unit / WANTED).read_text(encoding="utf-8"))
    apart = Apart()
    sketches = [part / SKETCH for part in parts]
    with Sketched([p / "in.jsonl" for p in parts], sketches, [_names(p) for p in parts], config.near) as sketched:
        dropped = duplicates.decide_set(config, sketched, np.load(unit / MEMBERS), names, inputs.label, apart)
    rows = {"dropped": dropped, "apart": apart.reasons, "contradictions": apart.contradictions}
    temporary = unit / f"{uuid.uuid4().hex}.json"
    temporary.write_text(json.dumps(rows), encoding="utf-8")
    temporary.replace(unit / DECIDED)


def split(spec: ShardSpec, config: Comparison, inputs: Inputs) -> Counts:
    """Write one shard's records, kept or dropped, to spec["out"]."""
    part = Path(spec["part"])
    writer = Writer(Path(spec["out"]), inputs.label)
    duplicates.write(writer, part / "in.jsonl", part)
    return writer.close()


def _names(part: Path) -> list[str]:
    """Give the names of a shard's own sources."""
    found: list[str] = json.loads((part / SKETCH / "names.json").read_text(encoding="utf-8"))
    return found
