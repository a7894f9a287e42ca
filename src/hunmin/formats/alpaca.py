"""Alpaca rows: instruction, input, output (KULLM v2 adds id, KOpen-platypus data_source, KoRAE a system prompt).

Source: tatsu-lab/stanford_alpaca; nlpai-lab/kullm-v2; kyujinpy/KOpen-platypus; Cartinoe5930/KoRAE_original.
KoRAE keeps its system prompt in `prompt`; other data keep the rendered template there. A `prompt` that holds the
instruction is such a rendering and stays in `extra`, otherwise it is the system prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from .columns import carry, give_back, holds, parted, text

LOSSLESS = True

NO_INPUT, NO_OUTPUT = "<noinput>", "<nooutput>"  # Self-Instruct's own marks


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: instruction and output, and none of what makes it another shape."""
    return {"instruction", "output"} <= row.keys() and not {"instances", "chosen", "rejected", "messages"} & row.keys()


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one record of a row."""
    record: Record = {}
    used = ["instruction", "input", "output"]
    prompt, instruction = row.get("prompt"), text(row, "instruction")
    if row.get("system"):
        record["system"] = text(row, "system")
        used.append("system")
    elif isinstance(prompt, str) and prompt and instruction not in prompt:
        record["system"] = prompt
        used.append("prompt")
    record["instruction"] = instruction
    given, answer = text(row, "input", optional=True), text(row, "output")
    record["input"] = "" if given.strip().lower() == NO_INPUT else given
    if answer.strip().lower() == NO_OUTPUT:
        raise UserError("the answer says that there is none", "field 'output'")
    record["output"] = answer
    return [carry(record, row, used)]


def write(record: Record) -> JsonObject:
    """Give the row of an instruction record, or of a chat with its earlier turns as `history`."""
    holds(record, "alpaca", "ic")
    if record.get("messages"):
        return give_back(record, _row_of_chat(record))
    row = {"instruction": record.get("instruction", ""), "input": record.get("input", ""), "output": record["output"]}
    if record.get("system"):
        row["system"] = record["system"]
    return give_back(record, row)


def _row_of_chat(record: Record) -> JsonObject:
    system, turns = parted(record)
    plain = all(m.keys() <= {"role", "content"} or m is turns[-1] for m in turns)
    asked = turns and turns[-1]["role"] == "assistant" and turns[-1].keys() <= {"role", "content", "thinking"}
    if not plain or not asked or any(m["role"] == "tool" for m in turns):
        raise UserError(
            "format 'alpaca' has no place for weights, reasoning or tools in earlier turns, nor for a last question",
            f"record {record.get('id', '')}",
            "Write records or messages.",
        )
    row = {"instruction": turns[-2]["content"], "input": "", "output": turns[-1]["content"]}
    row |= {"thinking": turns[-1]["thinking"]} if turns[-1].get("thinking") else {}
    pairs = [[turns[i]["content"], turns[i + 1]["content"]] for i in range(0, len(turns) - 2, 2)]
    return {**row, **({"system": system} if system else {}), "history": pairs}
