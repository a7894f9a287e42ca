"""Drop duplicates, exact and near, within and across sources; each dropped record names the one kept.

Exact: the same to a reader - whitespace, case and full-width forms do not count, code's whitespace, raised figures and
the borders of fields do. Near: true Jaccard similarity of 5-grams at or above `max_similarity`, candidates by MinHash;
what many similar records share (a template, a passage) does not make them duplicates, nor does likeness where the few
differences change what is said (numbers, a negation, who does what to whom). A preference and its swap are reported as
a contradiction. Among equals the one of the earlier source in `priority` stays, then the earlier one in the file.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.rows import Estimate
from ..artifacts.stream import Writer, count_lines
from ..options import Options, opt
from ..selection import duplicates

READS = ("text",)
EDITS = ()
ADDS = ()
KIND = "whole"
INPUT = "records"
OUTPUT = "records"
SHARDS = "automatic"  # worth more than one process on one machine


class Config(Options):
    near: bool = opt(True, "Look for near-duplicates, not only for equal texts.")
    unit: Literal["chars", "jamo"] = opt(
        "chars",
        "What 5-grams are made of: letters, or the jamo of Korean word stems, to which speech levels, 은/는 for 이/가 "
        "and an omitted 을/를 are the same.",
    )
    max_similarity: float = opt(0.7, "Records at least this similar (true Jaccard) are duplicates.", gt=0, le=1)
    fields: list[str] = opt([], "Text fields to compare; empty compares all but the system prompt.")
    scope: Literal["all", "within", "across"] = opt("all", "Compare all records, only within or only across sources.")
    priority: list[str] = opt([], "Sources whose records stay, first to last; the others follow as they stand.")


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Sketch every record, decide over all of them, write."""
    assert inputs.records is not None
    writer = Writer(out, inputs.label)
    sketches = out / "sketches.tmp"
    names = duplicates.read(config, inputs.records, sketches, inputs.label)
    notes = duplicates.decide(config, inputs.records, names, sketches, inputs.label)
    duplicates.write(writer, inputs.records, sketches)
    shutil.rmtree(sketches)
    counts = writer.close()
    counts.notes = notes
    return counts


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Say how many records are compared at most."""
    if inputs.records is not None and inputs.records.is_file():
        return {"records": count_lines(inputs.records)}
    n = inputs.expected.get("records")
    return {} if n is None else {"records": n}
