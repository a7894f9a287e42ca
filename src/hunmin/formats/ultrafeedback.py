"""Preference rows: a prompt in any spelling, with chosen and rejected as texts, messages or lists of messages.

UltraFeedback (binarised): the Korean set (maywell/ko_Ultrafeedback_binarized) has texts, the English one
(HuggingFaceH4/ultrafeedback_binarized) lists that begin with the prompt. trl's explicit form has the prompt as a list
of its own, LLaMA-Factory a conversation with one chosen and one rejected turn. A list of one exchange becomes
instruction, chosen, rejected; a longer one messages, chosen, rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from . import hh
from .columns import carry, give_back, holds, joined, text
from .names import filled, keys_of
from .preference import answer_of, preference
from .turns import read_turns, unpacked, write_turn

LOSSLESS = True  # texts, and lists of several exchanges; a list of one exchange is written as texts


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: chosen and rejected, with a prompt or inside message lists."""
    if not {"chosen", "rejected"} <= row.keys() or hh.fits(row):
        return False
    return isinstance(unpacked(row["chosen"]), (list, dict)) or bool(_asked(row))


def _asked(row: Mapping[str, Any]) -> list[str]:
    """Give the columns of what was asked: a conversation, else the prompt."""
    talks = [k for k in keys_of(row, "messages") if filled(row[k]) and row[k] != row.get("chosen")]
    prompts = [k for k in keys_of(row, "instruction") if filled(row[k])]
    prompts = [k for k in prompts if k in ("prompt", "instruction", "question")] or prompts
    if len({str(row[k]) for k in prompts}) == 1:
        prompts = prompts[:1]
    return talks or prompts or [k for k in ("input",) if filled(row.get(k))]


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one preference record of a row."""
    row = {k: unpacked(v) for k, v in row.items()}
    asked = _asked(row)
    lists = isinstance(row["chosen"], (list, Mapping))
    if len(asked) > 1:
        told = ", ".join(asked)
        raise UserError(f"the question could be any of {told}", "columns", "Name it: columns: {instruction: ...}.")
    if not asked and not lists:
        raise UserError("missing", "field 'prompt'")
    rest = {k: v for k, v in row.items() if k not in ("chosen", "rejected", *asked)}
    rest = {k: v for k, v in rest.items() if not (k == "messages" and v == row["chosen"])}  # the set repeats it there
    prompt = row[asked[0]] if asked else None
    if isinstance(prompt, (list, tuple)) or (lists and not isinstance(row["chosen"], Mapping)):
        before = read_turns(prompt, asked[0]) if isinstance(prompt, (list, tuple)) else []
        return [preference(before, row["chosen"], row["rejected"], rest, prompt if isinstance(prompt, str) else None)]
    record: Record = {"instruction": text(row, asked[0])}
    for name in ("chosen", "rejected"):
        record[name] = answer_of(row[name], name)[-1]["content"] if lists else text(row, name)
    return [carry(record, rest, ())]


def write(record: Record) -> JsonObject:
    """Give the row of a preference record: texts, or message lists of several turns or where a text reads as turns."""
    holds(record, "ultrafeedback", "p")
    system = {"system": record["system"]} if record.get("system") else {}
    row = {"prompt": joined(record), "chosen": record["chosen"], "rejected": record["rejected"]}
    if not record.get("messages") and all(unpacked(text) is text for text in row.values()):
        return give_back(record, {**row, **system})
    before = record.get("messages") or [{"role": "user", "content": row["prompt"]}]
    extra = dict(record.get("extra") or {})
    asked = next(m["content"] for m in before if m["role"] == "user")
    row = {"prompt": asked} if unpacked(asked) is asked else {}
    for name in ("chosen", "rejected"):
        answer = {"role": "assistant", "content": record[name]}
        for key in ("thinking", "weight", "extra"):
            if f"{name}_{key}" in extra:
                answer[key] = extra.pop(f"{name}_{key}")
        row[name] = [write_turn(m) for m in (*before, answer)]
    return give_back({**record, "extra": extra}, {**row, **system})
