"""The record: one row of data as a plain dict of declared shape, with its validation, texts, ids and JSONL.

Four kinds, told by their keys:

- instruction: `instruction` and/or `input`, `output`, optional `system` and `thinking` (the reasoning before `output`)
- chat: `messages` = [{role: system|user|assistant|tool, content}], optional `tools` (schemas the model may call).
  An assistant message may have `thinking`, `weight` (0: not learned) and `tool_calls`
- preference: `instruction`/`input`/`system` or `messages`, with `chosen` and `rejected` text
- labelled: an instruction or chat with `label`: true for a good answer, false for a bad one

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
from .rows import JsonObject, Message

Record = JsonObject

TEXT_FIELDS = ("system", "instruction", "input", "output", "chosen", "rejected")
ROLES = ("system", "user", "assistant", "tool")
HISTORY = ("original", "translation", "issues", "repairs", "review", "ratings")
ORIGIN_KEYS = ("id", "source", "license", "generator", "extra")


def kind(record: Record) -> str:
    """Tell "preference", "labelled", "chat" or "instruction" by the record's keys."""
    if "chosen" in record or "rejected" in record:
        return "preference"
    if "label" in record:
        return "labelled"
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
    for name in (*TEXT_FIELDS, "thinking", "id", "source"):
        if name in record and not isinstance(record[name], str):
            got = "null" if record[name] is None else type(record[name]).__name__
            found.append((name, f"expected text, got {got}"))
    if "label" in record and not isinstance(record["label"], bool):
        found.append(("label", f"expected true or false, got {record['label']!r}"))
    if record.get("tools") is not None and not isinstance(record["tools"], list):
        found.append(("tools", f"expected a list of schemas, got {_name(record['tools'])}"))
    found += history_problems(record)
    messages = record.get("messages")
    if messages is not None and not isinstance(messages, list):
        found.append(("messages", f"expected a list, got {type(messages).__name__}"))
        messages = None
    for i, message in enumerate(messages or ()):
        found += [(f"messages.{i}.{key}" if key else f"messages.{i}", what) for key, what in _message_problems(message)]
    if found:
        return found
    if not messages and not (record.get("instruction", "").strip() or record.get("input", "").strip()):
        found.append(("instruction", "instruction and input are both empty"))
    if kind(record) == "preference":
        for name in ("chosen", "rejected"):
            if not record.get(name, "").strip():
                found.append((name, "empty"))
        if not found and record["chosen"] == record["rejected"]:
            found.append(("rejected", "equal to chosen, so there is no preference"))
        if "label" in record:
            found.append(("label", "a preference has no label of its own"))
    elif not messages and not record.get("output", "").strip():
        found.append(("output", "empty: a model trained on it learns to say nothing"))
    elif messages and any(_says_nothing(m) for m in messages if m["role"] == "assistant"):
        found.append(("messages", "an assistant message is empty"))
    return found


ROWS_OF = {"ratings": (), "issues": ("code", "field"), "repairs": ("check", "field")}
"""What earlier stages noted in a record: lists of objects with at least these keys."""


def history_problems(record: Record) -> Iterator[tuple[str, str]]:
    """Yield (field, what is wrong) of what earlier stages noted: another's column of that name holds something else."""
    for name in ("original", "translation", "extra"):
        if record.get(name) is not None and not isinstance(record[name], dict):
            yield name, f"expected an object, got {_name(record[name])}"
    original = record.get("original")
    if isinstance(original, dict):
        wrong = [k for k in TEXT_FIELDS if original.get(k) is not None and not isinstance(original[k], str)]
        yield from ((f"original.{k}", f"expected text, got {_name(original[k])}") for k in wrong)
    for name, keys in ROWS_OF.items():
        rows = record.get(name)
        if rows is None:
            continue
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            yield name, f"expected a list of objects, as hunmin's {name} are"
        elif lacking := [key for row in rows for key in keys if not isinstance(row.get(key), str)]:
            yield name, f"an entry without {lacking[0]}"


def _message_problems(message: Any) -> Iterator[tuple[str, str]]:
    role = message.get("role") if isinstance(message, dict) else message
    if not isinstance(message, dict) or role not in ROLES:
        yield "role", f"expected one of {', '.join(ROLES)}, got {role!r}"
        return
    if not isinstance(message.get("content"), str):
        yield "content", "expected text, got " + _name(message.get("content"))
    if "thinking" in message and (role != "assistant" or not isinstance(message["thinking"], str)):
        yield "thinking", "expected the text of an assistant's reasoning"
    if "weight" in message and message["weight"] not in (0, 1):
        yield "weight", f"{message['weight']!r}, but a turn is learned (1) or not (0)"
    calls = message.get("tool_calls")
    if calls is not None and (role != "assistant" or not isinstance(calls, list)):
        yield "tool_calls", "expected a list of an assistant's calls"


def _says_nothing(message: Message) -> bool:
    return not message["content"].strip() and not message.get("tool_calls")


def _name(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def content_hash(record: Record) -> str:
    """Give 12 hex digits of the hash of the record's texts: the same text has the same hash, whatever its history."""
    parts = [f"{path}\x1f{text}" for path, text in texts(record).items()]
    more = [record.get("thinking"), record.get("tools"), record.get("label")]
    more += [[m[k] for k in ("thinking", "tool_calls") if m.get(k)] for m in record.get("messages") or ()]
    if any(value not in (None, "", []) for value in more):
        parts.append(json.dumps(more, ensure_ascii=True, sort_keys=True, default=str))
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
