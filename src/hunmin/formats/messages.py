"""OpenAI chat rows: messages = [{role, content}]; content may be a list of text parts; tool calls are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import ROLES, Record
from ..artifacts.rows import Shown
from ..errors import UserError
from .columns import carry, give_back
from .turns import check_turns

LOSSLESS = True  # when every content is text


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: messages, and no preference."""
    return "messages" in row and not {"chosen", "conversations"} & row.keys()


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one chat record of a row."""
    messages = check_turns(read_messages(row["messages"], "messages"), "messages")
    return [carry({"messages": messages}, row, ("messages",))]


def read_messages(value: Any, field: str) -> list[dict[str, str]]:
    """Give {role, content} messages with text contents. Raises UserError that names the message."""
    if not isinstance(value, list):
        raise UserError(f"expected a list of messages, got {type(value).__name__}", f"field '{field}'")
    found = []
    for i, message in enumerate(value):
        where = f"field '{field}.{i}'"
        if not isinstance(message, Mapping):
            raise UserError(f"expected an object, got {type(message).__name__}", where)
        if message.get("tool_calls") or message.get("role") in ("tool", "function"):
            raise UserError("a tool call; hunmin trains on text only", where)
        role = "system" if message.get("role") == "developer" else message.get("role")
        if role not in ROLES:
            raise UserError(f"expected role {', '.join(ROLES)}, got {message.get('role')!r}", where)
        found.append({"role": role, "content": _content(message.get("content"), where)})
    return found


def _content(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(p, Mapping) and isinstance(p.get("text"), str) for p in value):
        return "".join(p["text"] for p in value)
    what = "null" if value is None else "a part that is not text" if isinstance(value, list) else type(value).__name__
    raise UserError(f"expected text, got {what}", where)


def write(record: Record) -> Shown:
    """Give the row of a chat or an instruction record."""
    row = give_back(record)
    if record.get("messages"):
        return {**row, "messages": record["messages"]}
    user = "\n".join(t for t in (record.get("instruction"), record.get("input")) if t)
    messages = [{"role": "system", "content": record["system"]}] if record.get("system") else []
    messages += [{"role": "user", "content": user}, {"role": "assistant", "content": record["output"]}]
    return {**row, "messages": messages}
