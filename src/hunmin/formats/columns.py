"""Columns of a source row: reading one as text, keeping the ones nobody asked for, and free-form tables."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterable, Mapping
from typing import Any

from ..artifacts.record import ORIGIN_KEYS, TEXT_FIELDS, Record
from ..artifacts.rows import Shown
from ..errors import UserError
from ..tables import did_you_mean

CARRIED = ("license", "generator")
TARGETS = (*TEXT_FIELDS, "messages", "id", "source", *CARRIED)


def text(row: Mapping[str, Any], key: str, optional: bool = False) -> str:
    """Give the text of a column; null and a missing column are "" when `optional`.

    Raises UserError that names the field.
    """
    value = row.get(key)
    if isinstance(value, str):
        return value
    if value is None and optional:
        return ""
    if key not in row:
        raise UserError("missing", f"field '{key}'")
    got = "null" if value is None else type(value).__name__
    raise UserError(f"expected text, got {got}", f"field '{key}'")


def carry(record: Record, row: Mapping[str, Any], used: Iterable[str]) -> Record:
    """Add to a record what else its row holds: id, license and generator at the top, other columns under `extra`."""
    used = set(used)
    extra = {}
    for key, value in row.items():
        if key in used:
            continue
        if key == "id" and isinstance(value, (str, int)) and not isinstance(value, bool):
            record["id"] = value if isinstance(value, str) else str(value)
        elif key in CARRIED and isinstance(value, str):
            record[key] = value
        else:
            extra[key] = plain(value)
    if extra:
        record["extra"] = extra
    return record


def give_back(record: Record) -> Shown:
    """Give the id, license, generator and extra columns of a record as columns of a row again."""
    row = {k: record[k] for k in ORIGIN_KEYS if k in record and k not in ("extra", "source")}
    return {**row, **(record.get("extra") or {})}


def plain(value: Any) -> Any:
    """Give a JSON value for what Parquet and Hub rows may hold; bytes become their length in words."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta, decimal.Decimal)):
        return str(value)
    return str(value)


def whole(value: Any) -> Any:
    """Give a JSON value whose texts can be written as UTF-8: a lone surrogate becomes a question mark."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [whole(v) for v in value]
    if isinstance(value, dict):
        return {whole(k): whole(v) for k, v in value.items()}
    return value


def read_columns(row: Mapping[str, Any], columns: Mapping[str, str]) -> list[Record]:
    """Read a row of a free-form table: `columns` maps record fields to the row's column names.

    Raises UserError for a column that the row does not have.
    """
    record: Record = {}
    for field, column in columns.items():
        if column not in row:
            known = ", ".join(map(str, row))
            raise UserError(f"no column '{column}'{did_you_mean(column, row)}  (the row has: {known})", "columns")
        if field in TEXT_FIELDS:
            record[field] = text(row, column, optional=field in ("input", "system"))
        elif field == "messages":
            record["messages"] = plain(row[column])
        elif row[column] is not None:
            record[field] = str(row[column])
    return [carry(record, row, columns.values())]


def column_problems(columns: Mapping[str, str]) -> list[str]:
    """Give what is wrong with a `columns` option before any row is read."""
    found = [
        f"columns: unknown record field '{field}'{did_you_mean(field, TARGETS)}  (fields: {', '.join(TARGETS)})"
        for field in columns
        if field not in TARGETS
    ]
    if columns and not {"instruction", "input", "messages"} & set(columns):
        found.append("columns: name the column of 'instruction', 'input' or 'messages'")
    if columns and "messages" not in columns and not {"output", "chosen"} & set(columns):
        found.append("columns: name the column of 'output' (or of 'chosen' and 'rejected')")
    return found
