"""Turns of a conversation: what makes a list of messages one that can be trained on."""

from __future__ import annotations

from ..artifacts.rows import Message
from ..errors import UserError


def check_turns(messages: list[Message], field: str) -> list[Message]:
    """Give the messages back when system comes first, then user and assistant alternate and no turn is empty.

    Raises UserError that names the turn. Repairing such rows would invent a conversation that nobody had.
    """
    if not messages:
        raise UserError("no turns", f"field '{field}'")
    expected = "user"
    for i, message in enumerate(messages):
        role = message["role"]
        where = f"field '{field}.{i}'"
        if not message["content"].strip():
            raise UserError(f"the {role} turn is empty", where)
        if role == "system":
            if i:
                raise UserError("a system turn after the first", where)
            continue
        if role != expected:
            what = "the conversation begins with the assistant" if expected == "user" else "two user turns in a row"
            if expected == "user" and i and messages[i - 1]["role"] == "assistant":
                what = "two assistant turns in a row"
            raise UserError(what, where)
        expected = "assistant" if role == "user" else "user"
    if not any(m["role"] == "assistant" for m in messages):
        raise UserError("no assistant turn, so there is nothing to learn", f"field '{field}'")
    return messages
