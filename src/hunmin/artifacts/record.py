"""The record: one row of data as a plain dict of declared shape, with its validation, texts, ids and JSONL.

Three kinds, told by their keys:

- instruction: `instruction` and/or `input`, `output`, optional `system`
- chat: `messages` = [{role: system|user|assistant, content}]
- preference: `instruction`/`input`/`system` or `messages`, with `chosen` and `rejected` text

Every other key is the record's history (`original`, `translation`, `issues`, `repairs`, `review`, `ratings`, ...) or
its origin (`id`, `source`, `license`, `generator`, `extra`). Absent and "" mean the same.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import UserError

Record = dict[str, Any]

TEXT_FIELDS = ("system", "instruction", "input", "output", "chosen", "rejected")
ROLES = ("system", "user", "assistant")
ORIGIN_KEYS = ("id", "source", "license", "generator", "extra")


def kind(record: Record) -> str:
    """Tell "preference", "chat" or "instruction" by the record's keys."""
    if "chosen" in record or "rejected" in record:
        return "preference"
    return "chat" if record.get("messages") else "instruction"


def texts(record: Record) -> dict[str, str]:
    """Give the non-empty text fields by path (`output`, `messages.3.content`), in reading order."""
    found = {name: record[name] for name in TEXT_FIELDS[:3] if record.get(name)}
    for i, message in enumerate(record.get("messages") or ()):
        if message.get("content"):
            found[f"messages.{i}.content"] = message["content"]
    found.update({name: record[name] for name in TEXT_FIELDS[3:] if record.get(name)})
    return found


def get_text(record: Record, path: str) -> str:
    """Give the text at a field path; "" when absent."""
    if path.startswith("messages."):
        messages = record.get("messages") or []
        i = int(path.split(".")[1])
        return messages[i].get("content") or "" if i < len(messages) else ""
    return record.get(path) or ""


def with_texts(record: Record, changed: dict[str, str]) -> Record:
    """Give a copy of the record with the texts at these field paths replaced."""
    new = dict(record)
    for path, text in changed.items():
        if path.startswith("messages."):
            i = int(path.split(".")[1])
            new["messages"] = list(new["messages"])
            new["messages"][i] = {**new["messages"][i], "content": text}
        else:
            new[path] = text
    return new


def problems(record: Any) -> list[tuple[str, str]]:
    """Give every (field path, what is wrong) of a record; empty when it is well formed."""
    if not isinstance(record, dict):
        return [("", f"expected an object, got {type(record).__name__}")]
    found: list[tuple[str, str]] = []
    for name in (*TEXT_FIELDS, "id", "source"):
        if name in record and not isinstance(record[name], str):
            got = "null" if record[name] is None else type(record[name]).__name__
            found.append((name, f"expected text, got {got}"))
    messages = record.get("messages")
    if messages is not None and not isinstance(messages, list):
        found.append(("messages", f"expected a list, got {type(messages).__name__}"))
        messages = None
    for i, message in enumerate(messages or ()):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            role = message.get("role") if isinstance(message, dict) else message
            found.append((f"messages.{i}.role", f"expected one of {', '.join(ROLES)}, got {role!r}"))
        elif not isinstance(message.get("content"), str):
            found.append((f"messages.{i}.content", "expected text, got " + _name(message.get("content"))))
    if found:
        return found
    what = kind(record)
    if not messages and not (record.get("instruction", "").strip() or record.get("input", "").strip()):
        found.append(("instruction", "instruction and input are both empty"))
    if what == "preference":
        for name in ("chosen", "rejected"):
            if not record.get(name, "").strip():
                found.append((name, "empty"))
        if not found and record["chosen"] == record["rejected"]:
            found.append(("rejected", "equal to chosen, so there is no preference"))
    elif what == "instruction" and not record.get("output", "").strip():
        found.append(("output", "empty: a model trained on it learns to say nothing"))
    elif what == "chat":
        assert messages is not None
        answers = [m for m in messages if m["role"] == "assistant"]
        if any(not m["content"].strip() for m in answers):
            found.append(("messages", "an assistant message is empty"))
    return found


def _name(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def content_hash(record: Record) -> str:
    """Give 12 hex digits of the hash of the record's texts: the same text has the same hash, whatever its history."""
    parts = [f"{path}\x1f{text}" for path, text in texts(record).items()]
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:12]


def nfc(record: Record) -> tuple[Record, bool]:
    """Give the record with its texts in Unicode NFC, and whether anything changed."""
    changed = {
        path: unicodedata.normalize("NFC", text)
        for path, text in texts(record).items()
        if not unicodedata.is_normalized("NFC", text)
    }
    return (with_texts(record, changed), True) if changed else (record, False)


def dumps(value: Any) -> str:
    """Give one JSON line without its newline: UTF-8 text kept, NaN refused, key order kept."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def write_jsonl(path: Path, rows: Iterable[Any]) -> int:
    """Write rows to a JSONL file atomically (temporary file, then rename) and give their number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    n = 0
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(dumps(row) + "\n")
            n += 1
    temporary.replace(path)
    return n


def read_jsonl(path: Path) -> Iterator[Record]:
    """Yield the rows of a JSONL file that hunmin wrote; a malformed line is an error that names file and line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError as error:
                raise UserError(
                    f"not UTF-8 at byte {error.start + 1} of the line", f"{path}:{number}", "Mend or remove the line."
                ) from error
            except json.JSONDecodeError as error:
                raise UserError(
                    f"not JSON: {error.msg} at column {error.colno}", f"{path}:{number}", "Mend or remove the line."
                ) from error
            yield row
