"""Hand the records with open issues to a person: leaves a queue, stops, reads the decisions on the next run.

What the checks are certain of is mended before; what is left needs a reader (KO-Platypus: 144 hours for 25,000
translations read whole). `hunmin review RUN` opens the page; the same `hunmin run` then continues. Each decision is one
line of decisions.jsonl in the stage's folder, appended and synced the moment it is made.
"""

from __future__ import annotations

import json
import os
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..artifact import Counts, Inputs, hash_of, write_atomic
from ..errors import EXIT_WAITING, UserError
from ..options import Options, opt
from ..record import Record, content_hash, dumps, get_text, problems, read_jsonl, texts, with_texts, write_jsonl
from ..stream import Writer

READS = ("text", "issues", "original?")
EDITS = ("text",)
ADDS = ("review",)
KIND = "whole"
INPUT = "records"
OUTPUT = "records"

QUEUE = "queue.jsonl"
QUEUE_INFO = "queue.json"
DECISIONS = "decisions.jsonl"
ACTIONS = ("accepted", "edited", "rejected", "undone")
LONGEST_SECONDS = 600.0  # a record open for longer was left lying, not read


class Config(Options):
    unreviewed: Literal["stop", "keep", "drop"] = opt(
        "stop", "What to do while nobody has decided: stop and wait (exit code 3), keep the record, or drop it."
    )


@dataclass(frozen=True)
class Decision:
    """What a person decided about one record. `texts` holds the new text of each edited field, `seconds` how long the
    record was open; `content` is the hash of the text that was judged."""

    id: str
    content: str
    action: str
    by: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    english: tuple[str, ...] = ()
    note: str = ""
    seconds: float | None = None
    at: str = ""

    def row(self) -> dict[str, Any]:
        found = {"id": self.id, "content": self.content, "action": self.action, "by": self.by}
        for name in ("texts", "english", "note", "seconds", "at"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return found


def open_issues(record: Record) -> list[dict[str, Any]]:
    """Give the issues that nothing has mended."""
    return [issue for issue in record.get("issues") or () if issue.get("status", "open") == "open"]


def queue_key(records: Iterable[Record]) -> str:
    """Give the hash that binds decisions to this queue: the ids and texts in it, in order."""
    return hash_of([[r["id"], content_hash(r)] for r in records])


def decision_problem(record: Record, decision: Decision) -> str:
    """Give why this decision cannot stand for this record; "" when it can."""
    if decision.action not in ACTIONS:
        return f"unknown action '{decision.action}' (there are {', '.join(ACTIONS)})"
    if decision.content != content_hash(record):
        return "it judged another text than the one in this queue"
    if decision.action != "edited":
        return f"'{decision.action}' changes no text" if decision.texts else ""
    known = texts(record)
    unknown = [path for path in decision.texts if path not in known]
    if unknown:
        return f"the record has no text at '{unknown[0]}' (it has {', '.join(known)})"
    if not decision.texts:
        return "an edit without a text"
    found = problems(with_texts(record, decision.texts))
    return "; ".join(f"{path}: {what}" for path, what in found)


def apply(record: Record, decision: Decision) -> Record:
    """Give the record as decided, with the text before each edit; times stay in the decisions file."""
    before = {path: get_text(record, path) for path in decision.texts}
    new = with_texts(record, {p: unicodedata.normalize("NFC", t) for p, t in decision.texts.items()})
    said: dict[str, Any] = {"decision": decision.action, "by": decision.by}
    if before:
        said["before"] = before
    if decision.english:
        said["kept_english"] = list(decision.english)
    if decision.note:
        said["note"] = decision.note
    return {**new, "review": said}


class DecisionLog:
    """decisions.jsonl, open for appending: a decision is on disk before `add` returns."""

    def __init__(self, folder: Path, key: str):
        self._path = folder / DECISIONS
        read_decisions(folder, key)  # a file of another queue is refused before anything is written
        if self._path.is_file():
            data = self._path.read_bytes()
            if not data.endswith(b"\n"):  # half a line of a killed process
                with self._path.open("r+b") as file:
                    file.truncate(data.rfind(b"\n") + 1)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        if os.fstat(self._file).st_size == 0:
            self._write({"queue": key})
            folder_file = os.open(folder, os.O_RDONLY)
            os.fsync(folder_file)  # the file's name must survive as well
            os.close(folder_file)

    def add(self, decision: Decision) -> None:
        self._write(decision.row())

    def _write(self, row: dict[str, Any]) -> None:
        data = (dumps(row) + "\n").encode()
        if os.write(self._file, data) != len(data):
            raise OSError(28, "the decision was not written whole", str(self._path))
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def read_decisions(folder: Path, key: str) -> list[Decision]:
    """Give every decision in the order made, undone ones too; half a last line is left out.

    Raises UserError when the file belongs to another queue.
    """
    path = folder / DECISIONS
    if not path.is_file():
        return []
    data = path.read_bytes()
    lines = data[: data.rfind(b"\n") + 1].decode("utf-8").split("\n")[:-1]
    found = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"not JSON: {error.msg}", f"{path}:{number}", "Mend or remove the line.") from error
        if number == 1:
            if row.get("queue") != key:
                what = "these decisions belong to another run: its queue holds other records or other texts"
                raise UserError(what, str(path), "Move the file away, or import it with hunmin review RUN --import.")
            continue
        try:
            found.append(Decision(**{**row, "english": tuple(row.get("english", ()))}))
        except TypeError as error:
            raise UserError(f"not a decision: {error}", f"{path}:{number}", "Mend or remove the line.") from error
    return found


def standing(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Give the decision that stands for each record id: the last one, unless it was undone."""
    found: dict[str, Decision] = {}
    for decision in decisions:
        found.pop(decision.id, None)
        if decision.action != "undone":
            found[decision.id] = decision
    return found


def measured_seconds(decisions: Iterable[Decision]) -> list[float]:
    """Give how long each decided record was open, where the page measured it, without those left lying."""
    return [d.seconds for d in decisions if d.seconds and d.action != "undone" and d.seconds <= LONGEST_SECONDS]


def write_queue(records: Path, out: Path) -> list[Record]:
    """Write the records with open issues to queue.jsonl and give them."""
    queue = [record for record in read_jsonl(records) if open_issues(record)]
    twice = [name for name, n in Counter(record["id"] for record in queue).items() if n > 1]
    if twice:
        raise UserError(f"{len(twice)} ids stand more than once", twice[0], "Load the records anew: load makes ids.")
    out.mkdir(parents=True, exist_ok=True)
    write_jsonl(out / QUEUE, queue)
    write_atomic(out / QUEUE_INFO, json.dumps({"queue": queue_key(queue), "n": len(queue)}) + "\n")
    return queue


def estimate(config: Config, inputs: Inputs) -> dict[str, Any]:
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
) -> dict[str, Any]:
    """Give the funnel and the reading hours: measured seconds a record, for what was queued and for reading all."""
    issues = [issue for record in queue for issue in open_issues(record)]
    notes: dict[str, Any] = {
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
