"""The queue as the page and the spreadsheet see it: what waits, what was decided, search, undo, pace."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...artifacts import artifact
from ...artifacts.record import Record, content_hash, read_jsonl, texts
from ...artifacts.rows import JsonObject, Shown
from ...errors import UserError
from ...text import language
from ..checks import CHECKS, sense
from ..checks.find_issues import original_of, titles_of
from . import decisions
from .decisions import (
    Decision,
    DecisionLog,
    decision_problem,
    fields,
    get_role,
    measured_seconds,
    open_issues,
    standing,
)

SNIPPET = 90
PAGE = 200
LEASE_SECONDS = 300.0


@dataclass(frozen=True)
class Found:
    """Where a review stage lies: its folder, the run it belongs to, and whether the run has gone past it."""

    stage: Path
    run: Path
    finished: bool


def find(given: Path) -> Found:
    """Find the review stage of a run, or take the stage's own folder. Raises UserError when there is no queue."""
    if (given / decisions.QUEUE).is_file():
        run = given.parent if given.name[:2].isdigit() else given
        return Found(given, run, artifact.read_manifest(given) is not None)
    if not given.is_dir():
        raise UserError("no such run", str(given), "Give the folder of a run, for example runs/quickstart.")
    folders = [folder for folder in artifact.stage_folders(given) if (folder / decisions.QUEUE).is_file()]
    if not folders:
        mend = "Run its recipe first; a recipe with a 'review' stage leaves a queue."
        raise UserError("the run has no review queue", str(given), mend)
    waiting = [folder for folder in folders if artifact.read_manifest(folder) is None]
    stage = (waiting or folders)[-1]
    return Found(stage, given, not waiting)


def titles(run: Path) -> dict[str, dict[str, str]]:
    """Give what people call each kind of issue, by code and language: ours, and what a run's own checks call theirs."""
    found = {**titles_of(CHECKS), "sense": sense.TITLE}
    for folder in artifact.stage_folders(run):
        manifest = artifact.read_manifest(folder)
        found |= (manifest["counts"]["notes"].get("titles") or {}) if manifest else {}
    return found


class Meanwhile(ValueError):
    """Another reviewer decided on the record after this reader had opened it."""

    def __init__(self, other: Decision | None):
        who = (other.by if other else "") or "다른 검토자 / another reviewer"
        what = other.action if other else "undone"
        super().__init__(f"먼저 결정됨: {what} ({who}) / decided meanwhile")


class Queue:
    """The records of a queue and the decisions on them. Decisions go to disk before anything answers for them."""

    def __init__(self, found: Found, read_only: bool = False, clock: Callable[[], float] = time.monotonic):
        self.found, self._clock = found, clock
        self.records: list[Record] = list(read_jsonl(found.stage / decisions.QUEUE))
        self.key = decisions.queue_key(self.records)
        self.titles = titles(found.run)
        self._position = {record["id"]: i for i, record in enumerate(self.records)}
        self.codes = [sorted({issue["code"] for issue in open_issues(r)}) for r in self.records]
        self._certain = [any(i["severity"] == "certain" for i in open_issues(r)) for r in self.records]
        self._text: list[str | None] = [None] * len(self.records)
        self._lock = threading.Lock()
        self._log = None if found.finished or read_only else DecisionLog(found.stage, self.key)
        self.decisions = decisions.read_decisions(found.stage, self.key)
        self.decided = standing(self.decisions)
        self._leases: dict[int, tuple[str, float]] = {}
        self._session: list[float] = []  # when each decision of this session was made

    def close(self) -> None:
        if self._log is not None:
            self._log.close()

    # --- reading ---

    def status(self, i: int) -> str:
        decision = self.decided.get(self.records[i]["id"])
        return decision.action if decision else "waiting"

    def matching(self, status: str = "", code: str = "", search: str = "") -> list[int]:
        """Give the positions that match: a status or "", an issue code or "", and every word of the search."""
        words = search.casefold().split()
        positions: Any = range(len(self.records))
        if status:
            positions = [i for i in positions if self.status(i) == status]
        if code:
            positions = [i for i in positions if code in self.codes[i]]
        return [i for i in positions if all(word in self._haystack(i) for word in words)]

    def _haystack(self, i: int) -> str:
        text = self._text[i]
        if text is None:
            record = self.records[i]
            original = record.get("original") or {}
            parts = [record["id"], record.get("source", ""), *texts(record).values(), *original.values()]
            text = self._text[i] = "\n".join(str(p) for p in parts).casefold()
        return text

    def line(self, i: int) -> Shown:
        """Give what the list shows of a record."""
        record = self.records[i]
        first = next(iter(texts(record).values()), "")
        return {
            "position": i,
            "id": record["id"],
            "status": self.status(i),
            "codes": self.codes[i],
            "certain": self._certain[i],
            "snippet": " ".join(first[: SNIPPET * 2].split())[:SNIPPET],
        }

    def page(self, offset: int, status: str = "", code: str = "", search: str = "") -> Shown:
        """Give one page of matching lines, and how many match."""
        found = self.matching(status, code, search)
        offset = max(0, min(offset, max(0, len(found) - 1)) // PAGE * PAGE)
        lines = [self.line(i) for i in found[offset : offset + PAGE]]
        only = len(self.of_rule(code, search)) if code and status == "waiting" else 0
        return {"n": len(found), "offset": offset, "size": PAGE, "lines": lines, "only": only}

    def of_rule(self, code: str, search: str = "") -> list[int]:
        """Give the waiting positions whose every open issue is this rule's: what one decision may stand for."""
        return [i for i in self.matching("waiting", code, search) if self.codes[i] == [code]]

    def neighbour(self, i: int, step: int, status: str = "", code: str = "", search: str = "", by: str = "") -> int:
        """Give the next (step 1) or previous (-1) matching position after `i`, or -1; another's open one is passed."""
        found = self.matching(status, code, search)
        ordered = [p for p in found if p > i] if step > 0 else [p for p in reversed(found) if p < i]
        if step > 0:
            ordered += [p for p in found if p < i]  # from the end back to what was skipped
        return next((p for p in ordered if not self._taken(p, by)), -1)

    def view(self, i: int, by: str = "") -> Shown:
        """Give a record with everything the page shows, and mark it as open in front of `by`."""
        record = self.records[i]
        decision = self.decided.get(record["id"])
        other = self._taken(i, by)
        if not other:
            self._leases[i] = (by, self._clock())
        shown = [
            {"path": path, "role": get_role(record, path), "text": text, "source": original_of(record, path)}
            for path, text in fields(record).items()
        ]
        hidden = {"original", "issues", "messages", "instruction", "input", "output", "system", "chosen", "rejected"}
        return {
            "position": i,
            "id": record["id"],
            "content": content_hash(record),
            "turn": self._turn(record["id"]),
            "fields": shown,
            "issues": open_issues(record),
            "mended": [issue for issue in record.get("issues") or () if issue.get("status") == "mended"],
            "other": {k: v for k, v in record.items() if k not in hidden and k != "id"},
            "decision": decision.row() if decision else None,
            "open_by": other,
        }

    def _taken(self, i: int, by: str) -> str:
        """Give who else has had this record open in the last minutes; "" when nobody."""
        name, since = self._leases.get(i, ("", 0.0))
        return name if name and name != by and self._clock() - since < LEASE_SECONDS else ""

    def state(self) -> Shown:
        """Give progress, pace and what can be filtered."""
        counts = Counter(decision.action for decision in self.decided.values())
        seconds = measured_seconds(self.decisions)
        waiting = len(self.records) - len(self.decided)
        mean = statistics.fmean(seconds) if seconds else None
        return {
            "run": self.found.run.name,
            "finished": self.found.finished,
            "n": len(self.records),
            "waiting": waiting,
            "decisions": dict(counts),
            "titles": self.titles,
            "codes": dict(Counter(code for codes in self.codes for code in codes).most_common()),
            "seconds_per_record": round(mean, 2) if mean else None,
            "records_per_hour": round(3600 / mean) if mean else None,
            "seconds_left": round(mean * waiting) if mean else None,
            "this_session": len(self._session),
            "language": language.chosen(),
        }

    # --- deciding ---

    def decide(self, given: JsonObject) -> Decision:
        """Record a decision durably. Raises ValueError, with what to tell the reader, when it cannot stand.

        With the `turn` of the view it was made on, it is refused (Meanwhile) when somebody decided since.
        """
        position = given.get("position")
        if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position < len(self.records):
            raise ValueError("no such record in the queue")
        record = self.records[position]
        action = str(given.get("action", ""))
        if action == "undone":
            raise ValueError("undo is not a decision")
        edited = given.get("texts") or {}
        if not isinstance(edited, dict) or not all(isinstance(t, str) for t in edited.values()):
            raise ValueError("texts must be text by field")
        english = given.get("english") or []
        if not isinstance(english, list) or not all(isinstance(path, str) for path in english):
            raise ValueError("english must be a list of fields")
        known = fields(record)
        changed = {str(p): t.replace("\r\n", "\n") for p, t in edited.items()}
        changed = {path: text for path, text in changed.items() if known.get(path) != text}
        seconds = given.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < 1e6:
            seconds = None
        decision = Decision(
            id=record["id"],
            content=str(given.get("content", "")),
            action="accepted" if action == "edited" and not changed else action,
            by=str(given.get("by", ""))[:80],
            texts=changed if action == "edited" else {},
            english=tuple(path for path in english if path in changed and action == "edited"),
            note=str(given.get("note", ""))[:2000],
            seconds=max(0.01, round(float(seconds), 2)) if seconds else None,
            at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        )
        turn = given.get("turn")
        self._save(record, decision, turn if isinstance(turn, int) else None)
        self._leases.pop(position, None)
        return decision

    def accept_rule(self, code: str, search: str = "", by: str = "") -> int:
        """Accept every waiting record that only this rule flagged, one decision each; give how many.

        What is open before another reader stays waiting. No time is noted: nobody read them one by one.
        """
        if not any(code in codes for codes in self.codes):
            raise ValueError("no such rule in this queue")
        found = [i for i in self.of_rule(code, search) if not self._taken(i, by)]
        for i in found:
            content = content_hash(self.records[i])
            note = f"all of {code}"
            self.decide({"position": i, "action": "accepted", "content": content, "by": by, "note": note})
        return len(found)

    def undo(self, by: str = "") -> int:
        """Take back the last standing decision of this reader; give its position, or -1 when there is none."""
        for decision in reversed(self.decisions):
            if self.decided.get(decision.id) is decision and decision.by == by:
                return self.take_back(self._position[decision.id], by)
        return -1

    def take_back(self, position: int, by: str = "") -> int:
        """Take back the standing decision on a record; give its position."""
        record = self.records[position]
        if record["id"] not in self.decided:
            raise ValueError("nobody has decided on this record")
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._save(record, Decision(record["id"], content_hash(record), "undone", by, at=at))
        return position

    def _turn(self, name: str) -> int:
        """Give how many decisions were made on a record so far: a page that saw fewer has an old view of it."""
        return sum(decision.id == name for decision in self.decisions)

    def _save(self, record: Record, decision: Decision, turn: int | None = None) -> None:
        wrong = decision_problem(record, decision)
        if wrong:
            raise ValueError(wrong)
        with self._lock:
            if turn is not None and turn != self._turn(decision.id):
                raise Meanwhile(self.decided.get(decision.id))
            if self._log is None:
                raise ValueError("the run has gone past this review; what is decided now would not reach it")
            self._log.add(decision)
            self.decisions.append(decision)
            self.decided.pop(decision.id, None)
            if decision.action != "undone":
                self.decided[decision.id] = decision
            self._session.append(self._clock())


def lock(stage: Path) -> Any:
    """Give a file held while a page or an import writes decisions. Raises UserError when another holds it."""
    file = (stage / "page.lock").open("a+", encoding="utf-8")
    try:
        import fcntl
    except ImportError:  # Windows: no second page is expected there
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        link = json.dumps(file.read().strip())
        file.close()
        raise UserError(f"this queue is open already, at {link}", str(stage), "Use that page, or end it.") from error
    return file
