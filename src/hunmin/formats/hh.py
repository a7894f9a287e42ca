"""HH-RLHF rows: chosen and rejected are whole transcripts, "\\n\\nHuman: ...\\n\\nAssistant: ...".

Source: Anthropic/hh-rlhf. Both share every turn but the last answer; a row where they do not is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from .columns import give_back, holds
from .preference import preference

LOSSLESS = True

TURN = re.compile(r"(?:\A|\n\n)(Human|User|사람|사용자|Assistant|AI|어시스턴트|인공지능): ?")
USER = ("Human", "User", "사람", "사용자")
NAMES = {"user": "Human", "assistant": "Assistant"}


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys and their texts: chosen and rejected that begin with a speaker's name."""
    both = [row.get(name) for name in ("chosen", "rejected")]
    return all(isinstance(t, str) and TURN.match(t.lstrip() if t.startswith("\n\n") else t) for t in both)


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one preference record of a row."""
    chosen, rejected = (turns_of(row[name], name) for name in ("chosen", "rejected"))
    rest = {k: v for k, v in row.items() if k not in ("chosen", "rejected")}
    return [preference([], chosen, rejected, rest)]


def turns_of(text: str, field: str) -> list[JsonObject]:
    """Give the messages of a transcript. Raises UserError for a text that does not begin with a speaker."""
    marks = list(TURN.finditer(text))
    if not marks or text[: marks[0].start()].strip():
        raise UserError("a transcript that does not begin with a speaker", f"field '{field}'")
    ends = [m.start() for m in marks[1:]] + [len(text)]
    return [
        {"role": "user" if m[1] in USER else "assistant", "content": text[m.end() : end]}
        for m, end in zip(marks, ends, strict=True)
    ]


def write(record: Record) -> JsonObject:
    """Give the row of a preference record. Raises UserError for a system prompt, which a transcript cannot have."""
    holds(record, "hh", "p", "system", "input", "tools")
    before = record.get("messages") or [{"role": "user", "content": record["instruction"]}]
    row = {}
    for name in ("chosen", "rejected"):
        turns = [*before, {"role": "assistant", "content": record[name]}]
        row[name] = "".join(f"\n\n{NAMES.get(m['role'], m['role'])}: {m['content']}" for m in turns)
        if not _reads_as(row[name], turns):
            what = "format 'hh' has no place for system prompts, tools, or speakers inside a text"
            raise UserError(what, f"record {record.get('id', '')}", "Write ultrafeedback.")
    return give_back(record, row)


def _reads_as(text: str, turns: list[JsonObject]) -> bool:
    try:
        return turns_of(text, "") == turns
    except UserError:
        return False
