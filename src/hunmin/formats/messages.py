"""OpenAI chat rows: messages = [{role, content}], with weight, reasoning_content, tool_calls and a `tools` column.

`content` may be a list of text parts. A row with `rejected_response` (ms-swift) is a preference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from .columns import carry, give_back, holds, joined
from .preference import preference
from .turns import check_turns, read_turns, repeated, write_turn

LOSSLESS = True  # when every content is text
WORSE = ("rejected_response", "rejected_messages")


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: messages, and no preference."""
    return "messages" in row and not {"chosen", "rejected", "conversations"} & row.keys()


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one record of a row."""
    messages = check_turns(read_turns(row["messages"], "messages"), "messages")
    worse = next((name for name in WORSE if row.get(name)), None)
    if worse:
        rest = {k: v for k, v in row.items() if k not in ("messages", worse)}
        return [preference(messages[:-1], messages[-1:], row[worse], rest)]
    return [carry({"messages": messages}, row, ("messages", *repeated(row, row["messages"])))]


def write(record: Record) -> JsonObject:
    """Give the row of a chat or an instruction record."""
    holds(record, "messages", "ic")
    messages = list(record.get("messages") or ())
    if record.get("system") and (not messages or messages[0]["role"] != "system"):
        messages.insert(0, {"role": "system", "content": record["system"]})
    if not record.get("messages"):
        thinking = {"thinking": record["thinking"]} if record.get("thinking") else {}
        answer = {"role": "assistant", "content": record["output"], **thinking}
        messages += [{"role": "user", "content": joined(record)}, answer]
        record = {k: v for k, v in record.items() if k != "thinking"}
    return give_back(record, {"messages": [write_turn(m) for m in messages]})
