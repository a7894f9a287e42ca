"""Writing a record as a row of a shape, and reading the row again before anyone gets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from ..tables import resolve
from . import FORMATS
from .columns import joined, parted
from .learned import KIND
from .names import MEANING, filled, plain_name
from .recognise import fitting

MEND = "Write records, which hold everything, or mend this record or leave it out."


def written(record: Record, name: str) -> JsonObject:
    """Give the row of a record in a shape.

    A key of `extra` that would be read as a column of some shape stands under a column `extra`, where it is read from
    again. Raises UserError when the shape has no place for the record, or when its row would still read as something
    else.
    """
    module = resolve(FORMATS, name, "format", "publish.format")
    why = ""
    for variant in _variants(record, name):
        row: JsonObject = module.write(variant)
        lost = _lost(record, row, name)
        if not lost:
            return row
        why = lost
    raise UserError(f"format '{name}' has no place for {why}", f"record {record.get('id', '')}", MEND)


def _variants(record: Record, name: str) -> Iterator[Record]:
    """Yield the record with its other keys as columns, then with those that mean something set apart, then with all."""
    yield record
    extra = record.get("extra") or {}
    turns = [_apart(m, set(m["extra"])) if m.get("extra") else m for m in record.get("messages") or ()]
    inside = {**record, "messages": turns} if turns else record
    if name == "records" or not (extra or turns):
        return
    free = set(extra) - ({"target"} if name == "cot" else set())  # the answer of a row of cot
    yield _apart(inside, {k for k in free if plain_name(k) in MEANING or plain_name(k) in KIND})
    yield _apart(inside, free)


def _apart(of: JsonObject, keys: set[str]) -> JsonObject:
    extra = of.get("extra") or {}
    under = {k: v for k, v in extra.items() if k in keys}
    if not under:
        return of
    return {**of, "extra": {**{k: v for k, v in extra.items() if k not in keys}, "extra": under}}


def _lost(record: Record, row: JsonObject, name: str) -> str:
    """Say what of a record is not in its row, read again; "" for nothing."""
    try:
        found = fitting(row)
        if found != [name]:
            return f"it: the row would be read as {' or '.join(found) or 'no shape'}"
        back = resolve(FORMATS, name, "format").read(row)
    except UserError as error:
        return f"it: the row would be refused ({error.where}: {error.what})" if error.where else f"it: {error.what}"
    if len(back) != 1:
        return "it: the row would be several records"
    own, other = _said(record), _said(back[0])
    if own == other:
        return ""
    part = next(part for part in own if own[part] != other[part])
    if part in ("messages", "system") and (meant := [k for k in own["extra"] if k not in other["extra"]]):
        return f"extra.{meant[0]}, which would be read as another column"
    if part == "extra":
        return f"extra.{next(k for k in {**own[part], **other[part]} if own[part].get(k) != other[part].get(k))}"
    if part == "messages" and len(own[part]) == len(other[part]):
        i = next(i for i, turn in enumerate(own[part]) if turn != other[part][i])
        return f"its {own[part][i]['role']} turn {i + 1}, which would read differently"
    return f"its {part}, which would read differently"


def _said(record: Record) -> dict[str, Any]:
    """Give what a record says, the same for an instruction and a chat of one exchange."""
    messages = record.get("messages")
    if messages:
        system, turns = parted(record)
        thinking = record.get("thinking") or ""
        if system and record.get("system") and record["system"] != system:
            system = f"{record['system']} {system}"
        more = messages[0].get("extra") if messages[0]["role"] == "system" else None
    else:
        system, turns, thinking, more = (
            record.get("system") or "",
            [{"role": "user", "content": joined(record)}],
            "",
            None,
        )
        if "output" in record:
            answer = {"role": "assistant", "content": record["output"]}
            turns.append({**answer, "thinking": record["thinking"]} if record.get("thinking") else answer)
        else:
            thinking = record.get("thinking") or ""
    return {
        "messages": [_turn(turn) for turn in turns],
        "system": (system, more or {}),
        "thinking": thinking,
        "chosen answer": record.get("chosen"),
        "rejected answer": record.get("rejected"),
        "label": record.get("label"),
        "tools": record.get("tools") or [],
        "extra": {k: v for k, v in (record.get("extra") or {}).items() if filled(v)},
        **{key: record.get(key) or "" for key in ("id", "license", "generator")},
    }


def _turn(turn: JsonObject) -> JsonObject:
    """Give a turn without what is the same when it is left out."""
    if len(turn) == 2:
        return turn
    found = {k: v for k, v in turn.items() if filled(v) or k == "content"}
    if found.get("weight") == 1 or found["role"] != "assistant":
        found.pop("weight", None)
    if found.get("extra"):
        found["extra"] = {k: v for k, v in found["extra"].items() if filled(v)}
        if not found["extra"]:
            del found["extra"]
    return found
