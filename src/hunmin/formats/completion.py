"""trl's rows: prompt and completion, as texts or lists of messages; with `label` (KTO) a labelled answer.

Also a list of turns as `input` with an `output` (Nemotron).

Only the completion is learned, so answers inside a prompt list have weight 0. Texts become an instruction, lists a
chat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from .columns import carry, give_back, holds, joined, text, truth
from .turns import check_turns, read_turns, unpacked, write_turn

LOSSLESS = True


TALKS = (("input", "output"), ("prompt", "response"), ("input", "response"))  # where the first is a list of turns


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: prompt and completion; or input and output, where the input is a list of turns."""
    return _names(row) is not None and not {"chosen", "messages", "conversations"} & row.keys()


def _names(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give the columns of what was said before and of what is learned."""
    if {"prompt", "completion"} <= row.keys():
        return "prompt", "completion"
    for asked, answer in TALKS:
        talk = row.get(asked) if asked == "prompt" else unpacked(row.get(asked))
        if isinstance(talk, list) and talk and isinstance(talk[0], Mapping) and isinstance(row.get(answer), str):
            return asked, answer
    return None


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one record of a row."""
    asked, answer = _names(row) or ("prompt", "completion")
    rest = {k: v for k, v in row.items() if k not in (asked, answer)}
    row = {**rest, "prompt": unpacked(row[asked]), "completion": unpacked(row[answer])}
    used = ["prompt", "completion"]
    if isinstance(row["prompt"], str) and isinstance(row["completion"], str):
        record: Record = {"instruction": text(row, "prompt"), "output": text(row, "completion")}
    else:
        prompt = _turns(row["prompt"], asked, "user")
        learned = _turns(row["completion"], answer, "assistant")
        before = [{**m, "weight": 0} if m["role"] == "assistant" else m for m in prompt]
        record = {"messages": check_turns([*before, *learned], answer)}
    label = truth(row.get("label"), numbers=True)
    if label is not None:
        record["label"] = label
        used.append("label")
    return [carry(record, row, used)]


def _turns(value: Any, field: str, role: str) -> list[JsonObject]:
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    return read_turns([value] if isinstance(value, Mapping) else value, field)


def write(record: Record) -> JsonObject:
    """Give the row of an instruction as texts, of a chat as lists that part before what is learned."""
    holds(record, "completion", "ic")
    if not record.get("messages"):
        row: JsonObject = {"prompt": joined(record), "completion": record["output"]}
        if any(unpacked(text) is not text for text in row.values()):  # JSON that reads as turns stands inside one
            row["prompt"] = [{"role": "user", "content": row["prompt"]}]
            row["completion"] = [{"role": "assistant", "content": row["completion"]}]
        return give_back(record, {**row, **({"system": record["system"]} if record.get("system") else {})})
    messages = record["messages"]
    if record.get("system") and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": record["system"]}, *messages]
    learned = [i for i, m in enumerate(messages) if m["role"] == "assistant" and m.get("weight") != 0]
    if learned != [len(messages) - 1]:
        what = "format 'completion' teaches the last answer alone; this chat teaches others too, or none"
        raise UserError(what, f"record {record.get('id', '')}", "Write messages or records.")
    before = [{k: v for k, v in m.items() if k != "weight" or m["role"] != "assistant"} for m in messages[:-1]]
    row = {"prompt": [write_turn(m) for m in before], "completion": [write_turn(messages[-1])]}
    return give_back(record, row)
