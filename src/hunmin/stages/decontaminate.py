"""Find, and by default drop, records that hold items of a benchmark; each names the item and how much of it.

Against KoBEST, any lm-eval task, or local files. All that was found is listed in overlaps.jsonl, also when it is only
reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator

from ..artifacts import progress
from ..artifacts.artifact import Counts, Inputs
from ..artifacts.record import read_jsonl, write_jsonl
from ..artifacts.rows import Estimate, Notes
from ..artifacts.stream import Writer, count_lines
from ..clients.access import HubId
from ..errors import UserError
from ..evaluation.benchmarks import BENCHMARKS, GENERATED, KOBEST, SUITES
from ..formats.kobest import HUB
from ..options import Options, opt
from ..selection import held_out
from ..selection.nearest import in_batches
from ..selection.overlap import Hit, Index
from ..tables import resolve

READS = ("text",)
EDITS = ()
ADDS = ()
KIND = "whole"
INPUT = "records"
OUTPUT = "records"
SHARDS = "automatic"  # worth more than one process on one machine

OVERLAPS = "overlaps.jsonl"


class Config(Options):
    against: list[str] = opt(
        ...,
        "What to keep out: suites and tasks of evaluate (kobest, korean, boolq), lm-eval task names or YAML files, "
        "local files or folders.",
    )
    splits: list[Literal["test", "validation", "train"]] = opt(
        ["test", "validation"], "Which splits of a benchmark; files without a split in their name always count."
    )
    min_chars: int = opt(8, "Items with fewer letters count only where they are all of a text field.", ge=5)
    ngram: int = opt(13, "Length of the character n-grams by which long items are compared.", ge=5, le=50)
    max_overlap: float = opt(0.5, "A record that holds this share of a long item, or more, is found.", gt=0, le=1)
    fields: list[str] = opt([], "Text fields to look in; empty looks in all.")
    on_overlap: Literal["drop", "report"] = opt("drop", "Drop what is found, or only report it.")

    @field_validator("against", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


YAML = (".yaml", ".yml")


def named(against: list[str]) -> list[str]:
    """Give what `against` names, with the suites and names that `evaluate` knows in place of their tasks.

    Raises UserError for a task of one's own, which has its items in a folder that only `evaluate` is told.
    """
    found: list[str] = []
    for name in against:
        lower = name.lower()
        if Path(name).exists():
            found.append(name)
        elif lower in SUITES:
            found += named([task for task in SUITES[lower]])
        elif lower in GENERATED:
            task = resolve(GENERATED, lower, "task", "against")
            if task.packaged is None:
                where = f"{task.hub[0]} of the Hub" if task.hub else "a file of yours"
                raise UserError(f"the rows of '{name}' are {where}", "against", "Name the file or folder they lie in.")
            found.append(str(task.packaged))
        elif lower in BENCHMARKS or f"kobest_{lower}" in BENCHMARKS:
            found.append(lower if lower in KOBEST else f"kobest_{lower.removeprefix('kobest_')}")
        elif ":" in name and "/" not in name and "\\" not in name:
            raise UserError(
                f"'{name}' is a task without files of its own", "against", "Name the folder that evaluate.data names."
            )
        else:
            found.append(name)
    return list(dict.fromkeys(found))


def files(config: Config) -> list[Path]:
    """Give the local files that decide the result."""
    return held_out.local(config.against)


def hub(config: Config) -> list[HubId]:
    """Give KoBEST's data set where a suite or task of it is named."""
    return [("dataset", HUB)] if any(name in KOBEST for name in named(config.against)) else []


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Look for every item in every record."""
    assert inputs.records is not None
    if not config.against:
        raise UserError("nothing to compare with", f"{inputs.label}.against", "Name kobest, a task or a file.")
    index = Index(
        held_out.read_items(named(config.against), config.splits), ngram=config.ngram, min_chars=config.min_chars
    )
    writer = Writer(out, inputs.label)
    rows = []
    tick = progress.bar(inputs.label, count_lines(inputs.records))
    for batch in in_batches(read_jsonl(inputs.records), 500):
        found = index.find_in(batch, config.fields, config.max_overlap)
        for record, hits in zip(batch, found, strict=True):
            rows += [_row(str(record.get("id")), hit) for hit in hits]
            if hits and config.on_overlap == "drop":
                others = len(hits) - 1
                detail = {k: v for k, v in _row("", hits[0]).items() if k != "id"}
                writer.drop(record, "benchmark_overlap", {**detail, **({"other_items": others} if others else {})})
            else:
                writer.keep(record)
        tick(len(batch))
    tick(0, done=True)
    write_jsonl(out / OVERLAPS, rows)
    counts = writer.close()
    n_of = Counter(i.benchmark for i in index.items)
    counts.notes = notes_of(config, {"items": dict(sorted(n_of.items())), "n_too_short": index.n_too_short}, rows)
    return counts


def _row(record_id: str, hit: Hit) -> Notes:
    text = hit.item.text if len(hit.item.text) <= 80 else hit.item.text[:77] + "..."
    place = {"benchmark": hit.item.benchmark, "item": hit.item.name}
    return {"id": record_id, **place, "overlap": hit.overlap, "how": hit.how, "text": text}


def notes_of(config: Config, known: Notes, rows: Iterable[Notes]) -> Notes:
    """Give the notes: per benchmark how many items were looked for, found, and in how many records."""
    found: dict[str, set[str]] = {}
    where: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["benchmark"], set()).add(row["item"])
        where.setdefault(row["benchmark"], set()).add(row["id"])
    records = set().union(*where.values()) if where else set()
    table = [
        {
            "benchmark": name,
            "items": n,
            "items_found": len(found.get(name, ())),
            "records": len(where.get(name, ())),
        }
        for name, n in known["items"].items()
    ]
    done = "dropped" if config.on_overlap == "drop" else "found, not dropped"
    return {
        "headline": f"{len(records):,} records {done}; {sum(known['items'].values()):,} items looked for",
        "benchmarks": table,
        **known,
    }


def merge(config: Config, notes: list[Notes], out: Path) -> Notes:
    """Give the notes of the whole from the overlaps of its shards, joined in `out` already."""
    return notes_of(config, {k: notes[0][k] for k in ("items", "n_too_short")}, read_jsonl(out / OVERLAPS))


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Say how many records are looked at; benchmark files that are here are read, nothing is downloaded."""
    here = [name for name in named(config.against) if Path(name).is_file() and Path(name).suffix not in YAML]
    held_out.read_items(here, config.splits)  # a broken file is found before anything is paid for
    if inputs.records is not None and inputs.records.is_file():
        return {"records": count_lines(inputs.records)}
    n = inputs.expected.get("records")
    return {} if n is None else {"records": n}
