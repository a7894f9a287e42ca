"""CoT-Collection rows: source (the question), rationale, target (the answer), task, type.

The output is rationale + joiner + target, so that the model reasons first. Source: kaist-ai/CoT-Collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import Shown
from ..errors import UserError
from .columns import carry, give_back, holds, text

LOSSLESS = True

JOIN = "\n"


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: source, target and rationale."""
    return {"source", "target", "rationale"} <= row.keys()


def read(row: Mapping[str, Any], join: str = JOIN) -> list[Record]:
    """Give the one record of a row; the bare answer stays in `extra.target`."""
    rationale, target = text(row, "rationale"), text(row, "target")
    if not rationale.strip() or not target.strip():
        raise UserError("empty", "field 'rationale'" if not rationale.strip() else "field 'target'")
    record: Record = {"instruction": text(row, "source"), "output": rationale + join + target}
    return [carry(record, row, ("source", "rationale"))]


def write(record: Record, join: str = JOIN) -> Shown:
    """Give the row again. Raises UserError when the output no longer ends with joiner and target."""
    holds(record, "cot", "i", "input")
    target = (record.get("extra") or {}).get("target")
    if not isinstance(target, str) or not record["output"].endswith(join + target):
        raise UserError("the output does not end with the answer in extra.target", f"record {record.get('id')}")
    row = {"source": record["instruction"], "rationale": record["output"][: -len(join + target)]}
    return give_back(record, {**row, **({"system": record["system"]} if record.get("system") else {})})
