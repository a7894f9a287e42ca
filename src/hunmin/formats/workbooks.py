"""Rows of an Excel workbook (.xlsx) by openpyxl: the first row is the header, cells are read as text, as in a CSV."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..tables import did_you_mean

ESCAPED = re.compile(r"_x(000[0-9A-Fa-f]|001[0-9A-Fa-f]|005F)_")  # how a cell writes control characters, and `_` itself


def read_sheet(path: Path, sheet: str | None) -> Iterator[tuple[str, Any]]:
    """Yield (where, row) of the named sheet, or of the only one that holds anything.

    Raises UserError without openpyxl, for a file that is no workbook, and for several sheets of which none is named.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise UserError("reading .xlsx needs openpyxl", str(path), "Run pip install 'hunmin[xlsx]'.") from error
    try:
        book = openpyxl.load_workbook(path, read_only=False, data_only=True)  # read_only trusts a wrong dimension tag
    except Exception as error:  # zipfile, KeyError, InvalidFileException, ...: openpyxl's own are many
        raise UserError(f"not an Excel workbook: {error}", str(path), "Save it as .xlsx or .csv again.") from error
    sheets = {s.title: s for s in book.worksheets}
    full = {t: s for t, s in sheets.items() if any(c is not None for row in s.iter_rows(values_only=True) for c in row)}
    if sheet is not None and sheet not in full:
        raise UserError(f"no sheet '{sheet}'{did_you_mean(sheet, full)}", str(path), f"It has: {', '.join(full)}.")
    if sheet is None and len(full) > 1:
        told = ", ".join(f"{name} ({s.max_row - 1} rows)" for name, s in full.items())
        raise UserError(f"several sheets hold rows: {told}", str(path), f"Name one: split: {next(iter(full))}.")
    for name, found in full.items():
        if sheet is None or name == sheet:
            yield from _rows(path, found)


def _rows(path: Path, sheet: Any) -> Iterator[tuple[str, Any]]:
    header: list[str] | None = None
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        texts = [_cell(c) for c in cells]
        if not any(texts):
            continue
        if header is None:
            header = [t.strip() for t in texts]
            named = [h for h in header if h]
            twice = next((h for h in named if named.count(h) > 1), None)
            if twice:
                raise UserError(f"column '{twice}' stands twice in the header", f"{path}:{number}", "Rename one.")
            continue
        lost = [t for h, t in zip(header, texts, strict=True) if t and not h]
        row = {h: t for h, t in zip(header, texts, strict=True) if h}
        yield f"{path}:{number}", {**row, **({"(no header)": " | ".join(lost)} if lost else {})}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    return ESCAPED.sub(lambda m: chr(int(m[1], 16)), str(value))
