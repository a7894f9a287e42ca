"""Hand the records with open issues to a person: leaves a queue, stops, reads the decisions on the next run.

What the checks are certain of is mended before; what is left needs a reader (KO-Platypus: 144 hours for 25,000
translations read whole). `hunmin review RUN` opens the page; the same `hunmin run` then continues. Each decision is one
line of decisions.jsonl in the stage's folder, appended and synced the moment it is made.
"""

from __future__ import annotations

import statistics
from collections import Counter
from pathlib import Path
from typing import Literal

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.record import (
    Record,
    read_jsonl,
)
from ..artifacts.rows import Estimate, Notes
from ..artifacts.stream import Writer
from ..errors import EXIT_WAITING, UserError
from ..options import Options, opt
from ..translation.review.decisions import (
    DECISIONS,
    Decision,
    apply,
    decision_problem,
    measured_seconds,
    open_issues,
    queue_key,
    read_decisions,
    standing,
    write_queue,
)

READS = ("text", "issues", "original?")
EDITS = ("text",)
ADDS = ("review",)
KIND = "whole"
INPUT = "records"
OUTPUT = "records"


class Config(Options):
    unreviewed: Literal["stop", "keep", "drop"] = opt(
        "stop", "What to do while nobody has decided: stop and wait (exit code 3), keep the record, or drop it."
    )


def estimate(config: Config, inputs: Inputs) -> Estimate:
    if inputs.records is None or not inputs.records.is_file():
        return {"records": inputs.expected.get("records")}
    flags = [bool(open_issues(record)) for record in read_jsonl(inputs.records)]
    return {"records": len(flags), "to_review": sum(flags)}


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    if inputs.records is None:
        raise UserError("no records to read", inputs.label, "Give an input file, or put a stage before this one.")
    queue = write_queue(inputs.records, out)
    decisions = read_decisions(out, queue_key(queue))
    decided = standing(decisions)
    by_id = {record["id"]: record for record in queue}
    for made in decided.values():
        judged = by_id.get(made.id)
        wrong = "no such record in the queue" if judged is None else decision_problem(judged, made)
        if wrong:
            raise UserError(wrong, f"{out / DECISIONS}: record {made.id}", "Remove the line, and decide again.")
    waiting = [record["id"] for record in queue if record["id"] not in decided]
    if waiting and config.unreviewed == "stop":
        raise UserError(
            f"{len(waiting):,} of {len(queue):,} records await a person",
            inputs.label,
            f"Open them with: hunmin review {out.parent if out.name[:2].isdigit() else out}   "
            "then run the same command again.",
            exit_code=EXIT_WAITING,
        )
    writer = Writer(out, inputs.label)
    for record in read_jsonl(inputs.records):
        decision = decided.get(record["id"]) if record["id"] in by_id else None
        if decision is not None and decision.action == "rejected":
            writer.drop(record, "rejected", {"by": decision.by, "note": decision.note})
        elif decision is not None:
            writer.keep(apply(record, decision))
        elif record["id"] in by_id and config.unreviewed == "drop":
            writer.drop(record, "unreviewed", sorted({issue["code"] for issue in open_issues(record)}))
        else:
            writer.keep(record)
    counts = writer.close()
    counts.notes = _notes(queue, decisions, decided, len(waiting), counts.n_in, config.unreviewed)
    return counts


def _notes(
    queue: list[Record], decisions: list[Decision], decided: dict[str, Decision], waiting: int, n_in: int, then: str
) -> Notes:
    """Give the funnel and the reading hours: measured seconds a record, for what was queued and for reading all."""
    issues = [issue for record in queue for issue in open_issues(record)]
    notes: Notes = {
        "headline": f"{len(queue):,} queued, {len(decided):,} decided" + (f", {waiting:,} {then}" if waiting else ""),
        "queued": len(queue),
        "not_queued": n_in - len(queue),
        "decisions": dict(sorted(Counter(d.action for d in decided.values()).items())),
        "kept_english": sum(bool(d.english) for d in decided.values()),
        "unreviewed": {"n": waiting, "then": then},
        "codes": dict(Counter(issue["code"] for issue in issues).most_common()),
        "severities": dict(Counter(issue["severity"] for issue in issues).most_common()),
    }
    seconds = measured_seconds(decisions)
    if seconds:
        mean = statistics.fmean(seconds)
        notes["reading"] = {
            "seconds_per_record": round(mean, 2),
            "seconds_median": round(statistics.median(seconds), 1),
            "n_measured": len(seconds),
            "hours_for_queue": round(mean * len(queue) / 3600, 2),
            "hours_for_all": round(mean * n_in / 3600, 2),
            "hours_saved": round(mean * (n_in - len(queue)) / 3600, 2),
        }
    return notes
