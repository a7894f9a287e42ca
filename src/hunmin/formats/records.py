"""hunmin's own records (instruction, chat, preference), as an artifact or a published set holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import Shown
from .columns import plain

LOSSLESS = True

PRESENT = ("instruction", "input", "messages")


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: id and source, with the text of an instruction, a chat or a preference."""
    if not {"id", "source"} <= row.keys() or not set(PRESENT) & row.keys():
        return False
    return "instances" not in row and bool({"output", "messages", "chosen"} & row.keys())


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the row itself; null in an optional text field is absent."""
    return [{k: plain(v) for k, v in row.items() if not (v is None and k in ("input", "system", "license"))}]


def write(record: Record) -> Shown:
    """Give the record itself."""
    return dict(record)
