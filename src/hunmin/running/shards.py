"""A stage over contiguous shards, the same bytes for any number of them: processes here, Ray tasks on a cluster.

Shards are numbered folders below `OUT/.shards`. Each attempt writes a folder of its own name and renames it when it is
complete, so that a retry, or an orphan of a lost node, can do no harm. What is done is not done again. A record that
raises is dropped with its error, never the shard; a shard whose worker dies every time is named, the others stay done.
On a cluster `OUT` and the inputs must lie on a shared file system.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..artifacts import artifact, progress
from ..artifacts.artifact import DROPPED, RECORDS, Counts, Inputs, add_notes
from ..artifacts.record import dumps, read_jsonl
from ..artifacts.rows import ShardSpec
from ..artifacts.stream import Writer, count_lines
from ..errors import UserError
from ..selection import sharded_dedup
from ..stages.protocol import Stage, find_stage
from ..tables import resolve
from .executors import EXECUTORS, Outcome, usable_processors

log = logging.getLogger("hunmin")

AUTOMATIC = 16 * 2**20  # bytes a shard of a stage that is cut without being asked
FOLDER = ".shards"
PLAN = "plan.json"
DONE = "done.json"

Executor = Callable[..., list[Outcome | None]]


def run_stage(stage: Stage, config: Any, inputs: Inputs, out: Path, executor: str = "local", shards: int = 1) -> Counts:
    """Run one stage over its input in shards and leave the same artifact as the stage alone would.

    Raises UserError when a shard could not be done; the same call takes up the missing ones.
    """
    if stage.SHARDS == "never" or not stage.INPUT or inputs.records is None:
        return stage.run(config, inputs, out)
    call = resolve(EXECUTORS, executor, "executor")
    out = out.resolve()
    if stage.survey is not None:
        inputs = replace(inputs, known=stage.survey(config, inputs))
    align = stage.batch(config)
    work, parts = _prepare(stage.name, config, inputs, out, shards, align)
    in_flight = max(1, inputs.in_flight // min(len(parts), usable_processors()))
    told = replace(inputs.absolute(), records=None, in_flight=in_flight)  # each shard has records of its own
    spec: ShardSpec = {
        "stage": stage.name,
        "config": config.model_dump(mode="json"),
        "inputs": told.to_json(),
        "align": align,
        "parts": [str(p) for p in parts],
    }

    def each(task: str, units: Sequence[Path], target: str) -> None:
        _all(task, {**spec, "target": target}, units, call, inputs.label)

    notes = None
    if stage.name == "dedup":  # a map and a reduce of its own
        notes = sharded_dedup.run(config, inputs, parts, each)
    else:
        each("run", parts, "out")
    counts = _merge(stage, config, inputs.label, [p / "out" for p in parts], out)
    counts.notes = counts.notes if notes is None else notes
    shutil.rmtree(work)
    return counts


def automatic(stage: Stage, records: Path | None) -> int:
    """Give the number of shards that make use of this machine's processors: 1 where they would not pay."""
    if stage.SHARDS != "automatic" or records is None or (processors := usable_processors()) < 2:
        return 1
    n = records.stat().st_size // AUTOMATIC
    return 1 if n < 2 else max(n, processors)


def _prepare(stage: str, config: Any, inputs: Inputs, out: Path, shards: int, align: int) -> tuple[Path, list[Path]]:
    """Cut the input into shard folders with `in.jsonl`, or take up those of an earlier call; give their paths."""
    assert inputs.records is not None
    work = out / FOLDER
    wanted = {
        "stage": stage,
        "config": config.model_dump(mode="json"),
        "input": artifact.sha256_file(inputs.records),
        "seed": inputs.seed,
        "shards": shards,
    }
    plan = work / PLAN
    if plan.is_file():
        found = json.loads(plan.read_text(encoding="utf-8"))
        if {k: found.get(k) for k in wanted} == json.loads(json.dumps(wanted)):
            return work, [work / name for name in found["parts"]]
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    n = count_lines(inputs.records)
    size = max(1, -(-n // max(1, shards)))
    size = -(-size // align) * align
    count = max(1, -(-n // size))
    width = max(5, len(str(count - 1)))
    parts = []
    with inputs.records.open("rb") as file:
        lines = (line for line in file if line.strip())
        for i in range(count):
            part = work / f"{i:0{width}d}"
            part.mkdir()
            with (part / "in.jsonl").open("wb") as target:
                target.writelines(line if line.endswith(b"\n") else line + b"\n" for line in islice(lines, size))
            parts.append(part)
    artifact.write_atomic(plan, json.dumps({**wanted, "parts": [p.name for p in parts]}))
    return work, parts


def _all(
    task: str, spec: ShardSpec, units: Sequence[Path], call: Callable[..., list[Outcome | None]], label: str
) -> None:
    """Do one task for every unit that lacks its target. Raises UserError when any is missing at the end."""
    todo = [unit for unit in units if not (unit / spec["target"]).exists()]
    tick = progress.bar(f"{label}: {task}", len(units), unit="shard")
    tick(len(units) - len(todo))
    outcomes = call(run_shard, [(task, {**spec, "part": str(unit)}) for unit in todo], tick)
    tick(0, done=True)
    stops = [o["given"] for o in outcomes if o and o["error"] == "user"]
    if stops:
        what, where, mend, code = max(stops, key=lambda given: given[3])
        raise UserError(what, where, mend, code)
    missing = [(u, o) for u, o in zip(todo, outcomes, strict=True) if not (u / spec["target"]).exists()]
    if missing:
        names = ", ".join(unit.name for unit, _ in missing)
        text = _said(missing[0][1]) or "its worker died each time (out of memory?)"
        for unit, outcome in missing:
            log.warning("%s: shard %s: %s", label, unit.name, _said(outcome) or "its worker died")
        raise UserError(
            f"{len(missing)} of {len(units)} shards could not be done: {names} ({text.strip().splitlines()[-1]})",
            label,
            "The other shards are done and kept; run the same command again.",
        )


def _said(outcome: Outcome | None) -> str:
    return outcome.get("text", "") if outcome else ""


def run_shard(task: str, spec: ShardSpec) -> Outcome:
    """Do one task for one shard in this process; give an outcome, never raise for what the shard itself did."""
    progress.quiet = True  # the calling process counts the shards
    try:
        TASKS[task](spec)
        return {"error": None}
    except UserError as error:
        return {"error": "user", "given": (error.what, error.where, error.mend, error.exit_code)}
    except Exception:  # reported by shard name; the other shards go on
        return {"error": "failed", "text": traceback.format_exc()}


def _config(spec: ShardSpec) -> Any:
    return find_stage(spec["stage"]).config(spec["config"])


def _writes(work: Callable[[ShardSpec], Counts]) -> Callable[[ShardSpec], None]:
    """Give the task that lets `work` write into spec["out"], a folder that is renamed to the target when complete."""

    def task(spec: ShardSpec) -> None:
        part = Path(spec["part"])
        temporary = part / f"out.{uuid.uuid4().hex}.tmp"
        _finish(temporary, part / spec["target"], work({**spec, "out": str(temporary)}))

    return task


def _run(spec: ShardSpec) -> Counts:
    stage = find_stage(spec["stage"])
    source = Path(spec["part"]) / "in.jsonl"
    return _isolating(stage, _config(spec), Inputs.from_json(spec["inputs"]), source, Path(spec["out"]), spec["align"])


TASKS: dict[str, Callable[[ShardSpec], None]] = {
    "run": _writes(_run),
    "sketch": lambda spec: sharded_dedup.sketch(spec, _config(spec), Inputs.from_json(spec["inputs"])),
    "group": lambda spec: sharded_dedup.group(spec, _config(spec), Inputs.from_json(spec["inputs"])),
    "decide": lambda spec: sharded_dedup.decide(spec, _config(spec), Inputs.from_json(spec["inputs"])),
    "split": _writes(lambda spec: sharded_dedup.split(spec, _config(spec), Inputs.from_json(spec["inputs"]))),
}


def _finish(temporary: Path, target: Path, counts: Counts) -> None:
    """Write the done file last and rename the folder; the first attempt to come so far wins."""
    artifact.write_atomic(temporary / DONE, json.dumps(counts.to_json(), ensure_ascii=False, default=str))
    artifact.keep_first(temporary, target)


def _isolating(stage: Stage, config: Any, inputs: Inputs, source: Path, out: Path, align: int) -> Counts:
    """Run the stage; when it raises, halve the input until the one record that raises is dropped with its error."""
    try:
        return stage.run(config, replace(inputs, records=source), out).check(inputs.label)
    except UserError:
        raise
    except Exception as error:
        rows = list(read_jsonl(source))
        shutil.rmtree(out, ignore_errors=True)
        if len(rows) <= 1:
            writer = Writer(out, inputs.label)
            for row in rows:
                text = f"{type(error).__name__}: {error}"[:300]
                log.warning("%s: record %s raised %s", inputs.label, row.get("id"), text)
                writer.drop(row, "error", text)
            return writer.close()
        half = len(rows) // 2
        half = half // align * align or half
        pieces = []
        for name, piece in (("a", rows[:half]), ("b", rows[half:])):
            folder = out.with_name(f"{out.name}.{name}")
            folder.mkdir()
            with (folder / "in.jsonl").open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(dumps(row) + "\n" for row in piece)
            counts = _isolating(stage, config, inputs, folder / "in.jsonl", folder / "out", align)
            _finish(folder / "out", folder / "result", counts)
            pieces.append(folder)
        merged = _merge(stage, config, inputs.label, [p / "result" for p in pieces], out)
        for folder in pieces:
            shutil.rmtree(folder)
        return merged


def _merge(stage: Stage, config: Any, label: str, parts: Sequence[Path], out: Path) -> Counts:
    """Join the artifacts of shards in order: records, dropped (its index counted over all), other JSONL, notes."""
    out.mkdir(parents=True, exist_ok=True)
    total = Counts()
    dropped: Counter[str] = Counter()
    notes = []
    names = sorted({p.name for part in parts for p in part.glob("*.jsonl")} - {RECORDS, DROPPED})
    with (out / (RECORDS + ".part")).open("wb") as kept, (out / (DROPPED + ".part")).open("wb") as lost:
        for part in parts:
            counts = Counts.from_json(json.loads((part / DONE).read_text(encoding="utf-8")))
            with (part / RECORDS).open("rb") as records:
                shutil.copyfileobj(records, kept)
            for row in read_jsonl(part / DROPPED):
                lost.write((dumps({**row, "index": row["index"] + total.n_in}) + "\n").encode())
            total.n_in += counts.n_in
            total.n_kept += counts.n_kept
            dropped.update(counts.dropped)
            notes.append(counts.notes)
        for file in (kept, lost):
            file.flush()
            os.fsync(file.fileno())
    for name in names:
        with (out / name).open("wb") as target:
            for part in parts:
                if (part / name).is_file():
                    target.write((part / name).read_bytes())
    for name in (RECORDS, DROPPED):
        (out / (name + ".part")).replace(out / name)
    total.dropped = dict(sorted(dropped.items()))
    notes = [note for note in notes if note]
    total.notes = stage.merge(config, notes, out) if notes and stage.merge else add_notes(notes)
    return total.check(label)
