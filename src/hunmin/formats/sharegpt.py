"""ShareGPT and Vicuna rows: conversations = [{from: human | gpt | system, value}].

Also plain texts in turn (LIMA), {role, content}, function_call and observation turns with a `tools` column
(LLaMA-Factory), and a `system` column. A conversation that begins with the assistant, repeats a role or holds an empty
turn is refused with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from .columns import carry, give_back, holds
from .turns import check_turns, read_turns, repeated, write_turn

LOSSLESS = True  # for the names human, gpt and system

NAMES = {"user": "human", "assistant": "gpt", "system": "system", "tool": "observation"}
FIELDS = ("conversations", "conversation")


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: conversations, and no preference."""
    return any(name in row for name in FIELDS) and not {"chosen", "rejected"} & row.keys()


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one chat record of a row."""
    name = next(name for name in FIELDS if name in row)
    return [carry({"messages": check_turns(read_turns(row[name], name), name)}, row, (name, *repeated(row, row[name])))]


def write(record: Record) -> JsonObject:
    """Give the row of a chat record."""
    holds(record, "sharegpt", "c")
    messages = record["messages"]
    if record.get("system") and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": record["system"]}, *messages]
    row: JsonObject = {"conversations": [_turn(m) for m in messages]}
    if record.get("tools"):
        row["tools"] = json.dumps(record["tools"], ensure_ascii=False)
    return give_back(record, row)


def _turn(message: JsonObject) -> JsonObject:
    calls = message.get("tool_calls") or []
    bare = all(c.keys() == {"type", "function"} and c["type"] == "function" for c in calls)
    if calls and bare and not message["content"]:
        value = json.dumps([c["function"] for c in calls], ensure_ascii=False)
        rest = {k: v for k, v in message.items() if k != "tool_calls"}
        return write_turn({**rest, "content": value}, "from", "value", "function_call")
    return write_turn(message, "from", "value", NAMES[message["role"]])
