"""A transport that replays replies written beforehand, by record id + field (+ prompt), in place of a service.

For rehearsals and the offline quickstart; everything around it (ledger, masks, parsing) is the real thing. Manifests
and reports name it: the service is called `recorded`. Rows of the file: {id, field, reply, prompt?}; a row without
`prompt` answers every prompt. Rows with the id `*` stand in for every record that has no reply of its own: one of them,
always the same, is taken by the record's id; the reply `FILLER` is the text itself in Korean filler words.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from ..artifacts.artifact import sha256_file
from ..artifacts.record import read_jsonl
from ..artifacts.rows import JsonObject, Notes
from ..errors import UserError
from ..text.filler import filler
from ..text.writable import is_writable
from .prices import FREE
from .service import Read, Service
from .units import Reply, Trouble, Unit

SCHEME = "recorded:"
ANYONE = "*"
FILLER = "<filler>"


class RecordedSender:
    """Holds the replies; a unit without one is rejected, never guessed."""

    def __init__(self, path: Path):
        if not path.is_file():
            raise UserError("no such file of recorded replies", str(path), "Rows: {id, field, reply}.")
        self._replies: dict[tuple[str, str, str], str] = {}
        self._anyones: list[str] = []
        for number, row in enumerate(read_jsonl(path), 1):
            said = [row.get(name) for name in ("id", "field", "reply")] if isinstance(row, dict) else [None]
            if not all(isinstance(text, str) and is_writable(text.replace("\0", "")) for text in said):
                raise UserError("expected id, field and reply as text", f"{path}:{number}", "Mend the row.")
            if row["id"] == ANYONE:
                self._anyones.append(row["reply"])
                continue
            self._replies[row["id"], row["field"], row.get("prompt") or ""] = row["reply"]

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    def notes(self) -> Notes:
        return {}

    async def send(self, unit: Unit) -> Reply:
        for prompt in (unit.prompt, ""):
            reply = self._replies.get((unit.record, unit.field, prompt))
            if reply is not None:
                return Reply(json.dumps({"recorded": reply}, ensure_ascii=False).encode())
        if self._anyones:
            reply = self._anyones[zlib.crc32(f"{unit.record} {unit.field}".encode()) % len(self._anyones)]
            if reply == FILLER:
                reply = filler(unit.body["text"])
            return Reply(json.dumps({"recorded": reply, "stand_in": True}, ensure_ascii=False).encode())
        raise Trouble("unrecorded", f"no recorded reply for {unit.record} {unit.field}")


def read(unit: Unit, raw: bytes) -> Read:
    """Read a recorded reply; it costs nothing."""
    body: JsonObject = json.loads(raw)
    text = body["recorded"]
    return Read("ok" if text.strip() else "empty", text, body, in_tokens=0, out_tokens=0, chars=0)


def stands_in(path: Path) -> bool:
    """Tell whether a file of replies stands in for records that have none of their own."""
    return any(row.get("id") == ANYONE for row in read_jsonl(path))


def recorded_service(path: Path) -> Service:
    """Give the service that replays a file; its content's hash enters every key."""
    sender = RecordedSender(path)
    identity = (sha256_file(path)[:16],)
    return Service("recorded", identity, f"recorded:{path.name}", sender, read, FREE, by_record=True)
