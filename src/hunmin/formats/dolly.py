"""Dolly rows: instruction, context, response, category. Source: databricks/databricks-dolly-15k."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from .columns import carry, give_back, holds, text

LOSSLESS = True


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: instruction and response."""
    return {"instruction", "response"} <= row.keys() and not {"output", "chosen", "rejected"} & row.keys()


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one record of a row; the context is the input."""
    record: Record = {
        "instruction": text(row, "instruction"),
        "input": text(row, "context", optional=True),
        "output": text(row, "response"),
    }
    return [carry(record, row, ("instruction", "context", "response"))]


def write(record: Record) -> JsonObject:
    """Give the row of an instruction record."""
    holds(record, "dolly", "i")
    row = {
        "instruction": record.get("instruction", ""),
        "context": record.get("input", ""),
        "response": record["output"],
    }
    return give_back(record, {**row, **({"system": record["system"]} if record.get("system") else {})})
