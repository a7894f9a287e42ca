"""ShareGPT and Vicuna rows: conversations = [{from: human | gpt | system, value}].

A conversation that begins with the assistant, repeats a role or holds an empty turn is refused with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import Shown
from ..errors import UserError
from .columns import carry, give_back
from .turns import check_turns

LOSSLESS = True  # for the names human, gpt and system

ROLES = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "system": "system",
}
NAMES = {"user": "human", "assistant": "gpt", "system": "system"}


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: conversations."""
    return "conversations" in row


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one chat record of a row."""
    turns = row["conversations"]
    if not isinstance(turns, list):
        raise UserError("expected a list of {from, value}", "field 'conversations'")
    messages = []
    for i, turn in enumerate(turns):
        where = f"field 'conversations.{i}'"
        if not isinstance(turn, Mapping) or not isinstance(turn.get("value"), str):
            raise UserError("expected {from, value} with text", where)
        role = ROLES.get(str(turn.get("from")))
        if role is None:
            raise UserError(f"unknown speaker {turn.get('from')!r}; known: {', '.join(ROLES)}", where)
        messages.append({"role": role, "content": turn["value"]})
    return [carry({"messages": check_turns(messages, "conversations")}, row, ("conversations",))]


def write(record: Record) -> Shown:
    """Give the row of a chat record."""
    turns = [{"from": NAMES[m["role"]], "value": m["content"]} for m in record["messages"]]
    return {**give_back(record), "conversations": turns}
