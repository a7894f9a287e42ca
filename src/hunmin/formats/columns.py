"""Columns of a source row: reading one as text, keeping the ones nobody asked for, and free-form tables."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..artifacts.record import ORIGIN_KEYS, TEXT_FIELDS, Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from ..tables import did_you_mean
from .learned import weigh
from .names import MEANING, MEDIA, SWITCH, beside, filled, plain_name
from .turns import MEDIA_MARK, check_turns, read_turns, split_thinking, unpacked

CARRIED = ("license", "generator")
EARLIER = "turns before"  # while a record is read: its history, until all of its question is known
LATER = ("system", "thinking", "tools", "history")
TARGETS = (*TEXT_FIELDS, "messages", "history", "thinking", "tools", "label", "id", "source", *CARRIED)


def text(row: Mapping[str, Any], key: str, optional: bool = False) -> str:
    """Give the text of a column; null and a missing column are "" when `optional`.

    Raises UserError that names the field.
    """
    value = row.get(key)
    if isinstance(value, str):
        return value
    if value is None and optional:
        return ""
    if key not in row:
        raise UserError("missing", f"field '{key}'")
    got = "null" if value is None else type(value).__name__
    raise UserError(f"expected text, got {got}", f"field '{key}'")


def carry(record: Record, row: Mapping[str, Any], used: Iterable[str]) -> Record:
    """Add to a record what else its row holds.

    What has a place in a record goes there, whatever the row's shape: a system prompt, label, reasoning, tools, earlier
    turns, id, license and generator. Every other column is kept under `extra`.
    Raises UserError for a row about an image, video or sound, for turns in the place of a question, and for two system
    prompts.
    """
    if isinstance(record.get("instruction"), str) and not isinstance(unpacked(record["instruction"]), str):
        mend = "Name the columns prompt and completion, which are read as turns"
        raise UserError("the question is a list of messages written as text", "field 'instruction'", mend)
    for key in ("instruction", "input"):
        if isinstance(record.get(key), str) and "<" in record[key] and MEDIA_MARK.search(record[key]):
            raise UserError("an image, video or sound; hunmin trains on text only", f"field '{key}'")
    used = {*used, *take(record, row, used)}
    extra: JsonObject = {}
    under: JsonObject = {}
    for key, value in row.items():
        if key in used:
            continue
        if key == "id" and isinstance(value, (str, int)) and not isinstance(value, bool):
            record["id"] = value if isinstance(value, str) else str(value)
        elif key in CARRIED and isinstance(value, str):
            record[key] = value
        elif key == "extra" and isinstance(value, Mapping):  # where a writer keeps what has the name of a column
            under = plain(value)
        else:
            extra[key] = plain(value)
    if under:
        extra = beside(extra, under)
    if extra:
        record["extra"] = {**(record.get("extra") or {}), **extra}
    return record


def take(record: Record, row: Mapping[str, Any], used: Iterable[str]) -> set[str]:
    """Put into a record what its row's common columns hold beside the texts, and give the columns it took."""
    used = set(used)
    taken = set()
    for key in [k for k in row if k not in used]:
        value, name = row[key], plain_name(key)
        if name in MEDIA and filled(value):
            mend = f"Leave the row out, or the column '{key}' if the answer does not depend on it"
            raise UserError("a row about an image, video or sound; hunmin trains on text only", f"field '{key}'", mend)
        if name == "chattemplatekwargs" and _put_kwargs(record, value, key):
            taken.add(key)
        meaning = MEANING.get(name, "")
        if meaning in PUT and (meaning != "input" or name in ("input", "context")) and PUT[meaning](record, value, key):
            taken.add(key)
    if isinstance(record.get("output"), str) and not record.get("thinking"):
        thinking, record["output"] = split_thinking(record["output"], "field 'output'")
        if thinking:
            record["thinking"] = thinking
    if EARLIER in record:
        _with_history(record)
    return taken | weigh(record, row, [k for k in row if k not in used and k not in taken])


def _put_system(record: Record, value: Any, key: str) -> bool:
    if value is None or value == "":
        return True
    if not isinstance(value, str):
        return False
    messages = record.get("messages")
    first = messages[0] if messages else {}
    there = record.get("system") or (first["content"] if first.get("role") == "system" else "")
    if there and there != value:
        raise UserError("two system prompts that differ", f"field '{key}'", "Leave one of them out")
    if not there and messages:
        record["messages"] = [{"role": "system", "content": value}, *messages]
    elif not there:
        record["system"] = value
    return True


def _put_kwargs(record: Record, value: Any, key: str) -> bool:
    """Put the system prompt that SmolTalk 2 keeps among a template's options; the other options stay in `extra`."""
    if not isinstance(value, Mapping) or not isinstance(value.get("custom_instructions"), str):
        return False
    if not value["custom_instructions"].strip():
        return False
    _put_system(record, value["custom_instructions"], f"{key}.custom_instructions")
    rest = {k: plain(v) for k, v in value.items() if k != "custom_instructions"}
    record["extra"] = {**(record.get("extra") or {}), **({key: rest} if rest else {})}
    return True


def _put_label(record: Record, value: Any, key: str) -> bool:
    label = truth(value, numbers=plain_name(key) != "label")
    if label is None or "chosen" in record:
        return False
    if record.get("label", label) is not label:
        raise UserError("two labels that differ", f"field '{key}'", "Leave one of them out")
    record["label"] = label
    return True


def truth(value: Any, numbers: bool) -> bool | None:
    """Give the true or false of a cell, with `numbers` also of 1 and 0; None for anything else."""
    if isinstance(value, str):
        value = {"true": True, "false": False, "1": 1, "0": 0, "1.0": 1, "0.0": 0}.get(value.strip().lower())
    if isinstance(value, bool):
        return value
    return bool(value) if numbers and isinstance(value, (int, float)) and value in (0, 1) else None


def _put_thinking(record: Record, value: Any, key: str) -> bool:
    if key != "thinking" and isinstance(value, str) and plain_name(value) in SWITCH:
        return False
    if not isinstance(value, str) or not value.strip() or "chosen" in record or record.get("thinking"):
        return value is None or value == ""
    answers = [m for m in record.get("messages") or () if m["role"] == "assistant"]
    if answers:
        if len(answers) > 1 or answers[0].get("thinking"):
            return False
        answers[0]["thinking"] = value
    else:
        record["thinking"] = value
    return True


def _put_tools(record: Record, value: Any, key: str) -> bool:
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            return False
    if not filled(value):
        return True
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        return False
    if record.get("tools", plain(value)) != plain(value):
        return False
    record["tools"] = plain(value)
    return True


def _put_input(record: Record, value: Any, key: str) -> bool:
    if record.get("messages") or record.get("input") or not isinstance(value, str) or not value:
        return not value and not record.get("messages")
    record["input"] = value
    return True


def _put_history(record: Record, value: Any, key: str) -> bool:
    if value is not None and not isinstance(value, (list, str)):
        return False
    if isinstance(value, str) and value.strip()[:1] != "[":
        return not value.strip()
    if record.get("messages") or EARLIER in record:
        return not filled(value)
    if filled(value):
        record[EARLIER] = read_history(value, key)
    return True


PUT = {
    "system": _put_system,
    "label": _put_label,
    "thinking": _put_thinking,
    "tools": _put_tools,
    "input": _put_input,
    "history": _put_history,
}


def read_history(value: Any, field: str) -> list[JsonObject]:
    """Give the messages of earlier turns: [[question, answer], ...], or turns in any other spelling."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise UserError("earlier turns that are not JSON", f"field '{field}'") from None
    if isinstance(value, list) and all(isinstance(pair, (list, tuple)) for pair in value):
        if not all(len(pair) == 2 for pair in value):
            raise UserError("expected pairs of question and answer", f"field '{field}'")
        value = [text for pair in value for text in pair]
    return read_turns(value, field)


def _with_history(record: Record) -> None:
    """Make a chat of a question that had earlier turns: they come first, and the answer last."""
    turns = [*record.pop(EARLIER), {"role": "user", "content": joined(record)}]
    for key in ("instruction", "input"):
        record.pop(key, None)
    if "chosen" not in record:
        thinking = {"thinking": record.pop("thinking")} if record.get("thinking") else {}
        turns.append({"role": "assistant", "content": record.pop("output", ""), **thinking})
        check_turns(turns, "history")
    system = record.pop("system", "")
    record["messages"] = [{"role": "system", "content": system}, *turns] if system else turns


def parted(record: Record) -> tuple[str, list[JsonObject]]:
    """Give (system prompt, the turns behind it) of a chat."""
    messages = record["messages"]
    if messages[0]["role"] == "system":
        return messages[0]["content"], messages[1:]
    return record.get("system") or "", messages


def joined(record: Record) -> str:
    """Give instruction and input as one text, as a shape without an input column has them."""
    return "\n".join(t for t in (record.get("instruction"), record.get("input")) if t)


def give_back(record: Record, row: Mapping[str, Any]) -> JsonObject:
    """Give a row with what stands beside the texts of its record as further columns.

    Nothing of `extra` takes the place of a column of the row or a field of the record: it stays under `extra`.
    """
    kept = (*(k for k in ORIGIN_KEYS if k not in ("extra", "source")), "thinking", "tools", "label")
    own = {**row, **{k: record[k] for k in kept if k in record and k not in row}}
    return beside(own, record.get("extra") or {})


def holds(record: Record, shape: str, kinds: str, *keys: str) -> None:
    """Raises UserError when a record is of another kind than the shape's, or has one of `keys`, which the shape lacks.

    `kinds` are letters: i(nstruction), c(hat), p(reference).
    """
    kind = "preference" if "chosen" in record else "chat" if record.get("messages") else "instruction"
    lost = [key for key in keys if filled(record.get(key))]
    if kind[0] in kinds and not lost:
        return
    what = f"'{lost[0]}'" if lost else f"a {kind} record"
    mend = "Write records, messages (chats and instructions) or ultrafeedback (preferences)."
    raise UserError(f"format '{shape}' has no place for {what}", f"record {record.get('id', '')}", mend)


def plain(value: Any) -> Any:
    """Give a JSON value for what Parquet and Hub rows may hold; bytes become their length in words."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta, decimal.Decimal)):
        return str(value)
    return str(value)


def whole(value: Any) -> Any:
    """Give a JSON value whose texts can be written as UTF-8: a lone surrogate becomes a question mark."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [whole(v) for v in value]
    if isinstance(value, dict):
        return {whole(k): whole(v) for k, v in value.items()}
    return value


def read_columns(row: Mapping[str, Any], columns: Mapping[str, str]) -> list[Record]:
    """Read a row of a free-form table: `columns` maps record fields to its columns, an inner one by `outer.inner`.

    Raises UserError for a column that the row does not have.
    """
    record: Record = {}
    rest = dict(row)
    for field in sorted(columns, key=lambda f: f in LATER):  # what is put into a conversation needs it to be there
        column = columns[field]
        value = _cell(row, rest, column)
        if field in TEXT_FIELDS and field != "system":
            record[field] = _cell_text(value, column, optional=field == "input")
        elif field == "messages":
            messages = read_turns(value, column)
            record["messages"] = messages if "chosen" in columns else check_turns(messages, column)
        elif field == "label":
            label = truth(value, numbers=True)
            if label is None:
                raise UserError(f"expected true or false, got {value!r}", f"field '{column}'")
            record["label"] = label
        elif field in PUT:
            if not PUT[field](record, value, column):
                raise UserError(f"cannot be read as {field}", f"field '{column}'")
        elif value is not None:
            record[field] = str(value)
    return [carry(record, rest, ())]


def _cell(row: Mapping[str, Any], rest: JsonObject, column: str) -> Any:
    """Give the cell of a column, and take it out of what is left of the row."""
    if column in row:
        rest.pop(column, None)
        return row[column]
    outer, _, inner = column.partition(".")
    if isinstance(row.get(outer), Mapping) and inner in row[outer]:
        left = {k: v for k, v in (rest.get(outer) or {}).items() if k != inner}
        rest[outer] = left
        if not left:
            del rest[outer]
        return row[outer][inner]
    known = ", ".join(map(str, row))
    raise UserError(f"no column '{column}'{did_you_mean(column, row)}  (the row has: {known})", "columns")


def _cell_text(value: Any, column: str, optional: bool) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
        return str(value)  # a column of numbers is answers of one word
    return text({column: value}, column, optional)


def column_problems(columns: Mapping[str, str]) -> list[str]:
    """Give what is wrong with a `columns` option before any row is read."""
    found = [
        f"columns: unknown record field '{field}'{did_you_mean(field, TARGETS)}  (fields: {', '.join(TARGETS)})"
        for field in columns
        if field not in TARGETS
    ]
    if columns and not {"instruction", "input", "messages"} & set(columns):
        found.append("columns: name the column of 'instruction', 'input' or 'messages'")
    if columns and "messages" not in columns and not {"output", "chosen"} & set(columns):
        found.append("columns: name the column of 'output' (or of 'chosen' and 'rejected')")
    return found
