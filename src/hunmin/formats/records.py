"""hunmin's own records (instruction, chat, preference, labelled), as an artifact or a published set holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import HISTORY, ORIGIN_KEYS, TEXT_FIELDS, Record, history_problems
from ..artifacts.rows import JsonObject
from .columns import plain, take
from .turns import read_turns

LOSSLESS = True

PRESENT = ("instruction", "input", "messages")
DECLARED = (*TEXT_FIELDS, "messages", "thinking", "tools", "label", *ORIGIN_KEYS, *HISTORY)


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: id and source, with the text of an instruction, a chat or a preference."""
    if not {"id", "source"} <= row.keys() or not set(PRESENT) & row.keys():
        return False
    return "instances" not in row and bool({"output", "messages", "chosen"} & row.keys())


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the row itself; null in an optional text field is absent, a label of another kind a plain column."""
    record = {k: plain(v) for k, v in row.items() if not (v is None and k in ("input", "system", "license", *HINTS))}
    for key in ("thinking", "tools", "label"):
        record.pop(key, None)
    if record.get("messages"):
        record["messages"] = read_turns(record["messages"], "messages")
    elif "messages" in record and not row["messages"]:
        record.pop("messages")
    used = [k for k in DECLARED if k not in HINTS]
    taken = take(record, {k: v for k, v in row.items() if k not in used}, ())
    for key in [k for k in taken if k not in DECLARED]:
        record.pop(key, None)
    if row.get("original"):
        _as_translated(record, row)
    left = {k: plain(row[k]) for k in HINTS if row.get(k) is not None and k not in taken}
    foreign = {place.partition(".")[0] for place, _ in history_problems(record)} - {"original"}
    left |= {key: record.pop(key) for key in sorted(foreign)}
    return [{**record, **({"extra": {**(record.get("extra") or {}), **left}} if left else {})}]


HINTS = ("thinking", "tools", "label")


def _as_translated(record: Record, row: Mapping[str, Any]) -> None:
    """Put back <think> into the answers of a translated row: `check` has to see what the translator left there."""
    if not row.get("thinking") and record.pop("thinking", None):
        record["output"] = row["output"]
    if record.get("messages") and len(record["messages"]) == len(row["messages"]):
        for message, turn in zip(record["messages"], row["messages"], strict=True):
            if message.get("thinking") and "<" in str(turn.get("content")) and "thinking" not in turn:
                message["content"] = turn["content"]
                del message["thinking"]


def write(record: Record) -> JsonObject:
    """Give the record itself."""
    return dict(record)
