"""Which stratum a record belongs to: its source, a length bucket, its kind, or the value at any dotted path."""

from __future__ import annotations

from typing import Any

from ..artifacts.record import Record, kind, texts

LENGTH = "length"
BUCKETS = (100, 200, 400, 800, 1600, 3200)


def answer(record: Record) -> str:
    """Give the text a model would learn to write: output, chosen, or all assistant turns."""
    if record.get("messages") and "chosen" not in record:
        return "\n".join(m["content"] for m in record["messages"] if m["role"] == "assistant")
    return record.get("output") or record.get("chosen") or ""


def value_at(record: Record, path: str) -> Any:
    """Give the value at a dotted path; None when absent."""
    value: Any = record
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def stratum(record: Record, by: str) -> str | None:
    """Give the record's stratum by a field (`length`: the answer's characters); None when it has no such field."""
    if by == LENGTH:
        n = len(answer(record))
        low = 0
        for high in BUCKETS:
            if n < high:
                return f"{low:04d}-{high - 1:04d}"
            low = high
        return f"{low:04d}+"
    if by == "kind":
        return kind(record)
    value = value_at(record, by)
    if value is None:
        return None
    return value if isinstance(value, str) else str(value)


def n_chars(record: Record) -> int:
    """Give the characters of all texts of a record."""
    return sum(map(len, texts(record).values()))
