"""Two continuations of one conversation, in any spelling, as a preference record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from .columns import carry
from .turns import check_turns, read_turns


class NoPreference(UserError):
    """A row whose answers are equally good: it is no fault, but gives no record. It is dropped and counted."""


def preference(
    before: list[JsonObject], chosen: Any, rejected: Any, rest: Mapping[str, Any], prompt: str | None = None
) -> Record:
    """Give the record of two continuations, which may repeat the conversation before them."""
    found = [answer_of(value, name) for name, value in (("chosen", chosen), ("rejected", rejected))]
    heads = [turns[:-1] for turns in found]
    if heads[0] != heads[1]:
        raise UserError("chosen and rejected differ before the last answer", "field 'rejected'")
    after = before[len(heads[0]) :]
    if heads[0] and after and before[: len(heads[0])] == heads[0]:  # the conversation is there whole, with an answer
        before = heads[0]
        if after not in [turns[-1:] for turns in found]:
            rest = {"conversation": after, **rest}
    else:
        before = heads[0] if heads[0][: len(before)] == before else [*before, *heads[0]]
    if not before and prompt is not None:
        before = [{"role": "user", "content": prompt}]
    if not before or before[-1]["role"] not in ("user", "tool"):
        raise UserError("the conversation before the answers does not end with a question", "field 'prompt'")
    check_turns([*before, found[0][-1]], "chosen")
    if prompt is not None and prompt not in [m["content"] for m in before]:
        rest = {"prompt": prompt, **rest}
    record: Record = {}
    if [m["role"] for m in before] == ["user"] and before[0].keys() == {"role", "content"}:
        record["instruction"] = before[0]["content"]
    else:
        record["messages"] = before
    more: JsonObject = {}
    for name, turns in zip(("chosen", "rejected"), found, strict=True):
        record[name] = turns[-1]["content"]
        more |= {f"{name}_{k}": v for k, v in turns[-1].items() if k not in ("role", "content")}
    record = carry(record, rest, ())
    return {**record, "extra": {**record.get("extra", {}), **more}} if more else record


def answer_of(value: Any, name: str) -> list[JsonObject]:
    """Give a continuation as messages that end with the assistant's answer."""
    turns = read_turns([{"role": "assistant", "content": value}] if isinstance(value, str) else
                       [value] if isinstance(value, Mapping) else value, name)  # fmt: skip
    if not turns or turns[-1]["role"] != "assistant":
        raise UserError("a conversation that does not end with the assistant", f"field '{name}'")
    if turns[-1].get("tool_calls"):
        raise UserError("a preference between tool calls", f"field '{name}'")
    return turns
