"""OpenAI's preference fine-tuning rows: input = {messages, tools}, preferred_output and non_preferred_output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from .columns import give_back, holds, joined
from .preference import preference
from .turns import read_turns, write_turn

LOSSLESS = True


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: input, preferred_output and non_preferred_output."""
    return {"input", "preferred_output", "non_preferred_output"} <= row.keys()


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one preference record of a row."""
    asked = row["input"]
    if not isinstance(asked, Mapping) or "messages" not in asked:
        raise UserError("expected an object with messages", "field 'input'")
    before = read_turns(asked["messages"], "input.messages")
    rest = {k: v for k, v in row.items() if k not in ("input", "preferred_output", "non_preferred_output")}
    rest |= {k: v for k, v in asked.items() if k != "messages"}
    return [preference(before, row["preferred_output"], row["non_preferred_output"], rest)]


def write(record: Record) -> JsonObject:
    """Give the row of a preference record."""
    holds(record, "openai_preference", "p")
    messages = list(record.get("messages") or [{"role": "user", "content": joined(record)}])
    if record.get("system") and messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": record["system"]})
    asked: JsonObject = {"messages": [write_turn(m) for m in messages]}
    if record.get("tools"):
        asked["tools"] = record["tools"]
    answers = {
        name: [{"role": "assistant", "content": record[key]}]
        for name, key in (("preferred_output", "chosen"), ("non_preferred_output", "rejected"))
    }
    return give_back({k: v for k, v in record.items() if k != "tools"}, {"input": asked, **answers})
