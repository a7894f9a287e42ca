"""The ledger: what was asked, what is under way and every raw answer, in one SQLite file that survives kill -9.

A row is committed as in flight before its request is sent and as done, with the raw answer, before anyone parses it; a
done key is never sent again. Several processes may share one file. WAL with synchronous=NORMAL is safe against a killed
process, not against power loss; on a network file system WAL is not safe at all, so TRUNCATE+FULL is used there.

The meter (one row) holds an upper bound of what was spent: a claim adds its estimate, an answer replaces it by
what was charged, a request that surely was not charged takes it back. Limits are checked against the meter inside the
claim's own transaction, so two processes cannot overrun them together.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import time
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..artifacts.rows import Notes
from ..errors import UserError
from .ledger_file import Transaction, on_network, process_start, told_when_full

VERSION = 1
SEEN_EVERY_SECONDS = 10.0  # a living process renews its lease this often
DEAD_AFTER_SECONDS = 90.0  # without renewal, a process of another machine counts as dead after this

_OPEN: set[str] = set()  # owners of this process whose ledgers are open

SCHEMA = """
CREATE TABLE IF NOT EXISTS unit (
  key TEXT PRIMARY KEY, state TEXT NOT NULL, owner TEXT NOT NULL, attempts INTEGER NOT NULL,
  record TEXT, field TEXT, label TEXT, model TEXT, status TEXT, http_status INTEGER, request_id TEXT, raw BLOB,
  in_tokens INTEGER, out_tokens INTEGER, chars INTEGER, usd REAL, claimed REAL, done REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempt (
  key TEXT, number INTEGER, owner TEXT, at REAL, seconds REAL, status TEXT, http_status INTEGER, request_id TEXT,
  detail TEXT);
CREATE TABLE IF NOT EXISTS owner (id TEXT PRIMARY KEY, host TEXT, pid INTEGER, started TEXT, seen REAL);
CREATE TABLE IF NOT EXISTS meter (
  id INTEGER PRIMARY KEY CHECK (id = 1), usd REAL NOT NULL, chars INTEGER NOT NULL, doubles INTEGER NOT NULL);
INSERT OR IGNORE INTO meter VALUES (1, 0, 0, 0);
"""


@dataclass(frozen=True)
class Claim:
    """What a claim found: "send" (ours now), "done" (`row` is the finished row), "wait" (another process has it),
    "over_usd" or "over_chars" (sending it could pass the limit)."""

    what: str
    row: Finished | None = None
    spent_usd: float = 0.0
    spent_chars: int = 0


@dataclass(frozen=True)
class Finished:
    """A done row: what was received and what it took. `settled` False: its process ended before it read the answer, so
    the numbers are still the estimate."""

    raw: bytes
    model: str
    in_tokens: int
    out_tokens: int
    chars: int
    usd: float
    settled: bool = True


@dataclass(frozen=True)
class Wanted:
    """One unit a client wants to send: key, where it comes from and what it may cost at most."""

    key: str
    record: str = ""
    field: str = ""
    model: str = ""
    usd: float = 0.0
    chars: int = 0


def key_of(*parts: Any) -> str:
    """Give the unit's key: 32 hex digits of the hash of the parts as canonical JSON."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Ledger:
    """One open ledger file. Every method is one short transaction; lists are done in one transaction together."""

    def __init__(self, path: Path, label: str = ""):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.label = path, label
        self.owner = uuid.uuid4().hex
        self._host = socket.gethostname()
        mend = "Is it a hunmin ledger on a local disk?"
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise UserError(f"the ledger cannot be opened: {error}", str(path), mend) from error
        try:
            with told_when_full(path):
                version = self._prepare(path)
                self._db.execute("SELECT state, raw, claimed FROM unit LIMIT 0")
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise UserError(f"the ledger cannot be used: {error}", str(path), mend) from error
        if version not in (0, VERSION):
            raise UserError(f"ledger version {version}, this hunmin writes {VERSION}", str(path), "Name another file.")
        row = (self.owner, self._host, os.getpid(), process_start(os.getpid()), time.time())
        with told_when_full(path):
            self._db.execute(f"PRAGMA user_version={VERSION}")
            self._db.execute("INSERT INTO owner VALUES (?,?,?,?,?)", row)
        _OPEN.add(self.owner)
        self._seen = time.monotonic()
        self._dead: dict[str, bool] = {self.owner: False}
        self._dead_at = 0.0

    def _prepare(self, path: Path) -> int:
        """Set the journal and make the tables; give the version. Changing the journal waits for no lock by itself."""
        journal, synchronous = ("TRUNCATE", "FULL") if on_network(path) else ("WAL", "NORMAL")
        for attempt in range(50):
            try:
                self._db.execute(f"PRAGMA journal_mode={journal}")
                self._db.execute(f"PRAGMA synchronous={synchronous}")
                self._db.executescript("BEGIN IMMEDIATE;" + SCHEMA + "COMMIT;")
                return int(self._db.execute("PRAGMA user_version").fetchone()[0])
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or attempt == 49:
                    raise
                time.sleep(0.1)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the file; what is still in flight stays so and counts as a possible double charge if sent again."""
        _OPEN.discard(self.owner)
        self._db.close()

    def claim(
        self, wanted: Sequence[Wanted], max_usd: float | None = None, max_chars: int | None = None
    ) -> list[Claim]:
        """Claim units for sending, all in one transaction; what is claimed is committed in flight on return."""
        with Transaction(self._db, self.path):
            self._renew()
            usd, chars, doubles = self._db.execute("SELECT usd, chars, doubles FROM meter").fetchone()
            began = (usd, chars, doubles)
            found: list[Claim] = []
            for unit in wanted:
                row = self._db.execute(
                    "SELECT state, owner, raw, model, in_tokens, out_tokens, chars, usd, status FROM unit WHERE key=?",
                    (unit.key,),
                ).fetchone()
                if row and row[0] == "done":
                    found.append(Claim("done", _finished(row)))
                    continue
                if row and row[0] == "inflight":
                    if row[1] == self.owner or not self._is_dead(row[1]):
                        found.append(Claim("wait"))
                        continue
                if max_usd is not None and unit.usd > 0 and usd + unit.usd > max_usd:
                    found.append(Claim("over_usd", spent_usd=usd, spent_chars=chars))
                    continue
                if max_chars is not None and unit.chars > 0 and chars + unit.chars > max_chars:
                    found.append(Claim("over_chars", spent_usd=usd, spent_chars=chars))
                    continue
                if row and row[0] == "inflight":
                    doubles += 1  # its process died after it may have been sent; its estimate stays on the meter
                usd, chars = usd + unit.usd, chars + unit.chars
                self._db.execute(
                    "INSERT INTO unit (key, state, owner, attempts, record, field, label, model, usd, chars, claimed) "
                    "VALUES (?, 'inflight', ?, 1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO UPDATE SET "
                    "state='inflight', status=NULL, owner=excluded.owner, attempts=attempts+1, usd=excluded.usd, "
                    "chars=excluded.chars, claimed=excluded.claimed",
                    (
                        *(unit.key, self.owner, unit.record, unit.field, self.label, unit.model),
                        *(unit.usd, unit.chars, time.time()),
                    ),
                )
                found.append(Claim("send"))
            if (usd, chars, doubles) != began:
                self._db.execute("UPDATE meter SET usd=?, chars=?, doubles=?", (usd, chars, doubles))
        return found

    def finish(
        self,
        received: Sequence[tuple[Wanted, bytes, int, str | None]],
        settled: Sequence[tuple[Wanted, Finished, str]] = (),
    ) -> None:
        """Commit raw answers as done, before anyone reads them: (unit, raw, HTTP status, request id).

        `settled` are earlier ones that have been read since: what they really took replaces the estimate.
        """
        now = time.time()
        with Transaction(self._db, self.path):
            for unit, raw, http_status, request_id in received:
                self._db.execute(
                    "UPDATE unit SET state='done', raw=?, http_status=?, request_id=?, done=? WHERE key=?",
                    (zlib.compress(raw, 1), http_status, request_id, now, unit.key),
                )
            usd = chars = 0.0
            for unit, got, status in settled:
                usd, chars = usd + got.usd - unit.usd, chars + got.chars - unit.chars
                self._db.execute(
                    "UPDATE unit SET model=?, in_tokens=?, out_tokens=?, chars=?, usd=?, status=? WHERE key=?",
                    (got.model, got.in_tokens, got.out_tokens, got.chars, got.usd, status, unit.key),
                )
            if settled:
                self._db.execute("UPDATE meter SET usd=usd+?, chars=chars+?", (usd, int(chars)))

    def reopen(self, unit: Wanted) -> None:
        """Take back "done": what came back turned out to be no answer, so the unit is in flight again.

        The raw answer stays in the row until another one takes its place.
        """
        with Transaction(self._db, self.path):
            self._db.execute("UPDATE unit SET state='inflight', owner=? WHERE key=?", (self.owner, unit.key))

    def fail(self, unit: Wanted, status: str, http_status: int | None, charged: bool) -> None:
        """Commit that a unit got no answer for good; the next run may claim it anew. `charged`: it may have been."""
        with Transaction(self._db, self.path):
            self._db.execute(
                "UPDATE unit SET state='failed', status=?, http_status=? WHERE key=?", (status, http_status, unit.key)
            )
            if not charged:
                self._db.execute("UPDATE meter SET usd=usd-?, chars=chars-?", (unit.usd, unit.chars))

    def note_attempt(
        self,
        unit: Wanted,
        number: int,
        seconds: float,
        status: str,
        http_status: int | None = None,
        request_id: str | None = None,
        detail: str = "",
        double: bool = False,
    ) -> None:
        """Log an attempt that brought no answer; `double`: it may have been charged and is sent again."""
        with Transaction(self._db, self.path):
            self._db.execute(
                "INSERT INTO attempt VALUES (?,?,?,?,?,?,?,?,?)",
                (unit.key, number, self.owner, time.time(), seconds, status, http_status, request_id, detail[:500]),
            )
            if double:
                self._db.execute("UPDATE meter SET doubles=doubles+1, usd=usd+?, chars=chars+?", (unit.usd, unit.chars))

    def release(self, units: Sequence[Wanted]) -> None:
        """Give back claims that were never sent (the run stopped first): as if they had not been made."""
        with Transaction(self._db, self.path):
            for unit in units:
                self._db.execute(
                    "DELETE FROM unit WHERE key=? AND state='inflight' AND owner=? AND attempts=1",
                    (unit.key, self.owner),
                )
                self._db.execute(
                    "UPDATE unit SET state='failed', status='released' WHERE key=? AND state='inflight' AND owner=?",
                    (unit.key, self.owner),
                )
                self._db.execute("UPDATE meter SET usd=usd-?, chars=chars-?", (unit.usd, unit.chars))

    def renew(self) -> None:
        """Tell other processes that this one lives."""
        with Transaction(self._db, self.path):
            self._renew()

    def _renew(self) -> None:
        now = time.monotonic()
        if now - self._seen >= SEEN_EVERY_SECONDS:
            self._db.execute("UPDATE owner SET seen=? WHERE id=?", (time.time(), self.owner))
            self._seen = now

    def _is_dead(self, owner: str) -> bool:
        """Whether the process behind a claim is gone, so that its units may be sent again."""
        if time.monotonic() - self._dead_at > 0.5:
            self._dead, self._dead_at = {self.owner: False}, time.monotonic()
        if owner not in self._dead:
            row = self._db.execute("SELECT host, pid, started, seen FROM owner WHERE id=?", (owner,)).fetchone()
            if row is None:
                self._dead[owner] = True
            elif row[0] == self._host:
                ours = row[1] == os.getpid() and owner not in _OPEN
                self._dead[owner] = ours or process_start(row[1]) != row[2]
            else:
                self._dead[owner] = time.time() - row[3] > DEAD_AFTER_SECONDS
        return self._dead[owner]

    def totals(self, label: str | None = None) -> Notes:
        """Give what the ledger knows: units by state, tokens, characters, dollars, possible double charges."""
        where, args = ("WHERE label=?", (label,)) if label is not None else ("", ())
        states = dict(self._db.execute(f"SELECT state, COUNT(*) FROM unit {where} GROUP BY state", args))
        sums = self._db.execute(
            "SELECT COALESCE(SUM(in_tokens),0), COALESCE(SUM(out_tokens),0), COALESCE(SUM(chars),0), "
            f"COALESCE(SUM(usd),0) FROM unit {where}{' AND' if where else 'WHERE'} state='done'",
            args,
        ).fetchone()
        meter = self._db.execute("SELECT usd, chars, doubles FROM meter").fetchone()
        return {
            "done": states.get("done", 0),
            "in_flight": states.get("inflight", 0),
            "failed": states.get("failed", 0),
            "in_tokens": sums[0],
            "out_tokens": sums[1],
            "chars": sums[2],
            "usd": round(sums[3], 6),
            "possible_double_charges": meter[2],
            "meter_usd": round(meter[0], 6),
            "meter_chars": meter[1],
        }

    def done_keys(self, keys: Sequence[str]) -> set[str]:
        """Give those of the keys that are done (an estimate counts them as free)."""
        found: set[str] = set()
        for i in range(0, len(keys), 500):
            part = keys[i : i + 500]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"SELECT key FROM unit WHERE state='done' AND key IN ({marks})", part)
            found.update(row[0] for row in rows)
        return found


def _finished(row: Sequence[Any]) -> Finished:
    raw, model, in_tokens, out_tokens, chars, usd, status = row[2:9]
    return Finished(zlib.decompress(raw), model, in_tokens or 0, out_tokens or 0, chars, usd, status is not None)


def peek_done(path: Path | None, keys: Sequence[str]) -> set[str]:
    """Give those of the keys that a ledger file holds as done, changing nothing; a missing file holds none."""
    if path is None or not path.is_file():
        return set()
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    try:
        found: set[str] = set()
        for i in range(0, len(keys), 500):
            part = list(keys[i : i + 500])
            marks = ",".join("?" * len(part))
            rows = db.execute(f"SELECT key FROM unit WHERE state='done' AND key IN ({marks})", part)
            found.update(row[0] for row in rows)
        return found
    except sqlite3.DatabaseError as error:
        if "no such table" in str(error):  # another process is making it
            return set()
        raise UserError(f"the ledger cannot be read: {error}", str(path), "Name another file.") from error
    finally:
        db.close()
