"""A review's queue and the decisions on it: what is asked of a person, what was decided, what becomes of a record.

Each decision is one line of decisions.jsonl in the stage's folder, appended and synced the moment it is made.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ...artifacts.artifact import hash_of, write_atomic
from ...artifacts.record import (
    TEXT_FIELDS,
    Record,
    content_hash,
    dumps,
    get_text,
    problems,
    read_jsonl,
    texts,
    with_texts,
    write_jsonl,
)
from ...artifacts.rows import Issue, Review, Shown
from ...errors import UserError

QUEUE = "queue.jsonl"
QUEUE_INFO = "queue.json"
DECISIONS = "decisions.jsonl"
ACTIONS = ("accepted", "edited", "rejected", "undone")
LONGEST_SECONDS = 600.0  # a record open for longer was left lying, not read


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

    def row(self) -> Shown:
        found: Shown = {"id": self.id, "content": self.content, "action": self.action, "by": self.by}
        for name in ("texts", "english", "note", "seconds", "at"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return found


def open_issues(record: Record) -> list[Issue]:
    """Give the issues that nothing has mended."""
    return [issue for issue in record.get("issues") or () if issue.get("status", "open") == "open"]


def fields(record: Record) -> dict[str, str]:
    """Give the texts a reader sees and may edit by path: the record's own, and blank ones that have an issue."""
    found = texts(record)
    for issue in open_issues(record):
        path = issue["field"]
        if path and path not in found and (path in TEXT_FIELDS or get_role(record, path)):
            found[path] = ""
    return found


def get_role(record: Record, path: str) -> str:
    """Give the role of the message that a field path names; "" when it names none."""
    parts = path.split(".")
    if parts[0] != "messages" or len(parts) != 3 or not parts[1].isdecimal():
        return ""
    messages = record.get("messages") or []
    return str(messages[int(parts[1])].get("role") or "") if int(parts[1]) < len(messages) else ""


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
    known = fields(record)
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
    said: Review = {"decision": decision.action, "by": decision.by}
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

    def _write(self, row: Shown) -> None:
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
