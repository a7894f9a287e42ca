"""Several sources to one dataset: how much of each, with its system prompt, licence and name, in priority order.

A source is read like `load` reads (path or hub); one with neither is the newest records of this run. The order of the
sources is their priority: where two hold the same record, `dedup` keeps that of the earlier one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import field_validator

from ..artifacts import progress
from ..artifacts.artifact import Counts, Inputs
from ..artifacts.record import Record, read_jsonl, texts
from ..artifacts.rows import Estimate, JsonObject, Notes
from ..artifacts.stream import Writer
from ..clients.access import HubId
from ..errors import UserError
from ..formats.files import records_of
from ..options import Options, opt
from ..selection.chance import chance, lowest
from . import load

log = logging.getLogger("hunmin")

READS = ()
EDITS = ("system", "messages", "license", "generator", "id")
ADDS = ("license", "system", "generator")
KIND = "whole"
INPUT = "records?"
OUTPUT = "records"


class Source(Options):
    name: str = opt(..., "Name of the source, unique in the mix.")
    path: str | None = opt(None, "A file, a folder of data files, an artifact or a run (its newest records).")
    hub: str | None = opt(None, "A Hub dataset id, or a local dataset folder.")
    revision: str | None = opt(None, "Branch, tag or commit of the Hub dataset.")
    split: str | None = opt(None, "Split of the Hub dataset.")
    subset: str | None = opt(None, "Configuration of a Hub dataset that has several.")
    format: str = opt("auto", "The rows' shape, told by their keys unless named.")
    columns: dict[str, str] = opt({}, "Record fields from any table's columns.")
    ignore: list[str] = opt([], "Columns and turns' keys that mean nothing here, such as train; kept in extra.")
    provides: list[str] = opt([], "History keys that the rows bring along.")
    encoding: str | None = opt(None, "The file's encoding when it is not UTF-8.")
    on_bad_row: Literal["error", "drop"] = opt("error", "A row that is no record: stop, or drop it with its reason.")
    take: int | float | Literal["all"] = opt("all", "How much: a number of records, a ratio between 0 and 1, or all.")
    system: str | None = opt(None, "System prompt for the records that have none.")
    license: str | None = opt(None, "Licence to write on every record.")
    generator: str | None = opt(None, "Who or what wrote the answers.")
    cot_join: str = opt("\n", "What stands between rationale and answer of CoT-Collection rows.")

    @field_validator("take")
    @classmethod
    def _positive(cls, value: Any) -> Any:
        if isinstance(value, float) and not 0 < value <= 1:
            raise ValueError("a ratio lies above 0 and at most 1")
        if isinstance(value, int) and value < 1:
            raise ValueError("a number of records is at least 1")
        return value


class Config(Options):
    sources: list[Source] = opt(..., "The sources in priority order; each a map with name and path or hub.")

    @property
    def provides(self) -> list[str]:
        """Give the history keys that every source read from outside says it brings along."""
        given = [set(s.provides) for s in self.sources if s.path or s.hub]
        return sorted(set.intersection(*given)) if given else []


def check(config: Config) -> list[str]:
    """Give what is wrong across options."""
    found = [
        f"sources: {n} sources are named '{name}'; give each its own name"
        for name, n in Counter(s.name for s in config.sources).items()
        if n > 1
    ]
    if not config.sources:
        found.append("sources: name at least one")
    for i, source in enumerate(config.sources):
        if source.path and source.hub:
            found.append(f"sources[{i}]: give path or hub, not both")
        elif source.path or source.hub:
            found += [f"sources[{i}]: {m}" for m in load.check(_load_config(source))]
        elif source.columns or source.revision or source.split:
            found.append(f"sources[{i}]: without path and hub it is this run's records, and takes no reading options")
    if sum(1 for s in config.sources if not (s.path or s.hub)) > 1:
        found.append("only one source may go without path and hub: the newest records of this run")
    return found


def files(config: Config) -> list[Path]:
    """Give the local files that decide the result."""
    return [records_of(Path(s.path)) or Path(s.path) for s in config.sources if s.path]


def hub(config: Config) -> list[HubId]:
    """Give the datasets it downloads."""
    return [("dataset", source.hub) for source in config.sources if source.hub]


def adds(config: Config) -> list[str]:
    """Give the keys it writes, and those that every source brings along."""
    return [*ADDS, *config.provides]


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Read the sources in order, choose, and write them one after the other with the table of amounts."""
    wrong = check(config)
    if wrong:
        raise UserError("; ".join(wrong), inputs.label, "Mend the options.")
    writer = Writer(out, inputs.label)
    used: set[int] = set()
    table: list[JsonObject] = []
    n_renamed = 0
    lines: list[str] = []
    for source in config.sources:
        notes: Notes = {}
        kept = chars = 0
        chosen = _choice(source, inputs)
        tick = progress.bar(f"{inputs.label} {source.name}")
        at = -1
        for item in _items(source, inputs, notes):
            tick()
            record = item["record"]
            if item["bad"] is not None:
                writer.drop(record, item.get("reason", "bad_row"), {**item["bad"], "source": source.name})
                continue
            at += 1
            record = _dressed(record, source)
            renamed = _unique(record, source, used)
            if renamed is not record:
                n_renamed += 1
                record = renamed
            if chosen is None or chosen[at]:
                writer.keep(record)
                kept += 1
                chars += sum(map(len, texts(record).values()))
            else:
                writer.drop(record, "not_sampled", {"source": source.name})
        tick(0, done=True)
        if at < 0:
            raise UserError(f"source '{source.name}' is empty", source.path or source.hub or "", "Check the source.")
        told = notes.get("told")
        lines += [f"{source.name}: {line}" for line in told.lines()] if told else []
        table.append(
            {
                "source": source.name,
                "available": at + 1,
                "taken": kept,
                "bad_rows": sum(told.reasons.values()) if told else 0,
                "chars": chars,
                "license": source.license or "",
            }
        )
    total = sum(row["taken"] for row in table)
    for row in table:
        row["share"] = round(row["taken"] / total, 4) if total else 0.0
    counts = writer.close()
    counts.notes = {
        "headline": " + ".join(f"{row['source']} {row['taken']:,}" for row in table),
        "amounts": table,
        **({"terminal": lines} if lines else {}),
        **({"ids_prefixed_with_source": n_renamed} if n_renamed else {}),
    }
    return counts


def _load_config(source: Source) -> load.Config:
    given = {
        k: getattr(source, k)
        for k in (
            "path",
            "hub",
            "revision",
            "split",
            "subset",
            "format",
            "columns",
            "ignore",
            "provides",
            "encoding",
            "on_bad_row",
            "license",
            "generator",
            "cot_join",
        )
    }
    return load.Config(**given)


def _items(source: Source, inputs: Inputs, notes: Notes) -> Iterator[JsonObject]:
    """Yield {record, bad} of a source; an artifact's records come as they are, with all their history."""
    if source.path or source.hub:
        made = records_of(Path(source.path)) if source.path else None
        if made is not None:
            yield from ({"record": record, "bad": None} for record in read_jsonl(made))
        else:
            try:
                yield from load.items(_load_config(source), notes, source.name)
            except UserError as error:  # told in the words of `load`, but it is this source's option
                mend = error.mend.replace("load.", f"sources.{source.name}.")
                raise UserError(
                    error.what, f"source '{source.name}'" + (f": {error.where}" if error.where else ""), mend
                ) from error
        return
    if inputs.records is None:
        raise UserError(
            f"source '{source.name}' names neither path nor hub, and no earlier stage made records",
            inputs.label,
            "Give it a path or a hub id, or put `load` before `mix`.",
        )
    yield from ({"record": record, "bad": None} for record in read_jsonl(inputs.records))


def _choice(source: Source, inputs: Inputs) -> np.ndarray | None:
    """Give the mask `[record]` of what is taken of a source; None takes all."""
    if source.take == "all":
        return None
    good = (i["record"] for i in _items(source, inputs, {}) if i["bad"] is None)
    chances = np.fromiter((chance(record, inputs.seed) for record in good), dtype=np.uint64)
    n = source.take if isinstance(source.take, int) else int(round(source.take * len(chances)))
    if n > len(chances):
        raise UserError(
            f"source '{source.name}' has {len(chances):,} records, {n:,} were asked for",
            f"{inputs.label}.sources.{source.name}.take",
            "Ask for fewer, or take: all.",
        )
    return lowest(chances, n)


def _dressed(record: Record, source: Source) -> Record:
    """Give the record with the source's licence, generator and (where it has none) system prompt."""
    changed: Record = {}
    for key in ("license", "generator"):
        value = getattr(source, key)
        if value:
            changed[key] = value
    messages = record.get("messages")
    if source.system and messages:
        if messages[0]["role"] != "system":
            changed["messages"] = [{"role": "system", "content": source.system}, *messages]
    elif source.system and not record.get("system"):
        changed["system"] = source.system
    return {**record, **changed} if changed else record


def _unique(record: Record, source: Source, used: set[int]) -> Record:
    """Give the record, its id prefixed with the source's name when an earlier source has the same id."""
    if hash(record["id"]) in used:
        record = {**record, "id": f"{source.name}-{record['id']}"}
        if hash(record["id"]) in used:
            raise UserError(f"id '{record['id']}' stands twice", f"source '{source.name}'", "Make the ids unique.")
    used.add(hash(record["id"]))
    return record


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Count what each local source would give; Hub sources are only named."""
    from . import full_size

    known = full_size.mix(config, inputs)
    if known is not None:
        return known
    rows: Estimate = {}
    total: int | None = 0
    for source in config.sources:
        if source.hub and not Path(source.hub).exists():
            rows[source.name] = "not counted: nothing is downloaded by --dry-run"
            total = None
            continue
        if not source.path and not source.hub and inputs.records is None:
            n = int(inputs.expected.get("records") or 0)
        else:
            n = sum(1 for i in _items(source, inputs, {}) if i["bad"] is None)
        taken = n if source.take == "all" else source.take if isinstance(source.take, int) else round(source.take * n)
        rows[source.name] = int(taken)
        total = None if total is None else total + int(taken)
    return {**rows, **({"records": total} if total is not None else {})}
