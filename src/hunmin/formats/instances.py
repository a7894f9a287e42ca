"""Self-Instruct rows: one instruction with a list of instances {input, output}; KULLM v1 and its evaluation set.

Source: yizhongw/self-instruct. n instances give n records; from the second on the id ends in #k.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import Shown
from ..errors import UserError
from .columns import carry, give_back, holds, text

LOSSLESS = True  # for a row of one instance; several are several records


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: instruction and instances."""
    return {"instruction", "instances"} <= row.keys()


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give a record for each instance."""
    instances = row["instances"]
    if not isinstance(instances, list) or not instances:
        raise UserError("expected a list of {input, output}", "field 'instances'")
    records = []
    for k, instance in enumerate(instances, 1):
        if not isinstance(instance, Mapping):
            raise UserError(f"expected an object, got {type(instance).__name__}", f"field 'instances.{k - 1}'")
        record: Record = {
            "instruction": text(row, "instruction"),
            "input": text(instance, "input", optional=True),
            "output": text(instance, "output"),
        }
        more = {f"instance_{k}" if k in row else k: v for k, v in instance.items() if k not in ("input", "output")}
        carry(record, {**row, **more}, ("instruction", "instances"))
        if k > 1 and "id" in record:
            record["id"] += f"#{k}"
        records.append(record)
    return records


def write(record: Record) -> Shown:
    """Give the row of an instruction record, with one instance."""
    holds(record, "instances", "i")
    instance = {"input": record.get("input", ""), "output": record["output"]}
    row = {"instruction": record.get("instruction", ""), "instances": [instance]}
    return give_back(record, {**row, **({"system": record["system"]} if record.get("system") else {})})
