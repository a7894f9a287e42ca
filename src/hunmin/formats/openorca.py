"""OpenOrca rows: id, system_prompt, question, response. Source: Open-Orca/OpenOrca; kyujinpy/OpenOrca-KO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from .columns import carry, give_back, holds, joined, text

LOSSLESS = True


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: question, response and system_prompt."""
    return {"question", "response", "system_prompt"} <= row.keys()


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one record of a row."""
    record: Record = {"instruction": text(row, "question"), "output": text(row, "response")}
    system = text(row, "system_prompt", optional=True)
    if system:
        record = {"system": system, **record}
    return [carry(record, row, ("system_prompt", "question", "response"))]


def write(record: Record) -> JsonObject:
    """Give the row of an instruction record."""
    holds(record, "openorca", "i")
    row = {"system_prompt": record.get("system", ""), "question": joined(record), "response": record["output"]}
    return give_back(record, row)
