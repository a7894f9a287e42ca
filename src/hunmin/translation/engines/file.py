"""Translate anywhere: export the masked texts to XLSX or CSV, have them translated, put the file back.

The honest successor of driving a translator's web page: columns id, field, source, translation; whoever fills the last
one (a person, a web page, another program), hunmin matches by id, field and source and checks the masks as always.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...artifacts.artifact import Inputs, sha256_file
from ...artifacts.rows import Estimate, Notes
from ...clients.units import Answer, Unit, text
from ...errors import EXIT_WAITING, UserError
from ...options import Options, opt
from .ways import Way

COLUMNS = ("id", "field", "source", "translation")
XLSX_MOST_CHARS = 32_767  # of one cell

Key = tuple[str, str, str]


class Config(Options):
    file: str | None = opt(None, "The .xlsx or .csv that is written, translated elsewhere, and read.")


def ways(config: Any) -> tuple[Way, ...]:
    return (Way("lines", "bracket"),) if config.mask else (Way(None),)


class FileClient:
    """The rows of the file by (id, field, source)."""

    def __init__(self, path: Path):
        self._path = path
        self._rows = read_rows(path) if path.is_file() else {}
        self._used = 0

    def __enter__(self) -> FileClient:
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    async def ask(self, unit: Unit) -> Answer:
        found = self._rows.get((unit.record, unit.field, unit.body["text"]), "")
        if not found.strip():
            return Answer("unrecorded", detail=f"{self._path.name} holds no translation")
        self._used += 1
        return Answer("ok", found.strip(), usage={}, model=f"file:{self._path.name}")

    def prepare(self, units: Iterable[Unit]) -> None:
        """Write the file with every text that has no translation yet, and stop (exit 3) until there is none left."""
        wanted = {(unit.record, unit.field, unit.body["text"]): "" for unit in units}
        missing = [key for key in wanted if not self._rows.get(key, "").strip()]
        if not missing:
            return
        write_rows(self._path, {key: self._rows.get(key, "") for key in wanted})
        raise UserError(
            f"{len(missing):,} of {len(wanted):,} texts wait for their translation",
            str(self._path),
            "Fill the column translation, keep marks such as ⟦0⟧, and run the same command again.",
            exit_code=EXIT_WAITING,
        )

    def report(self) -> Notes:
        return {
            "service": "file",
            "model": self._path.name,
            "texts": self._used,
            "sha256": sha256_file(self._path)[:16],
        }


def read_rows(path: Path) -> dict[Key, str]:
    """Read a filled file; raises UserError when a column is missing or the file is of another kind."""
    if path.suffix.lower() == ".xlsx":
        import openpyxl

        sheet = openpyxl.load_workbook(path, read_only=True).active
        table = [["" if v is None else str(v) for v in row] for row in sheet.iter_rows(values_only=True)]
    else:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                table = list(csv.reader(file))
        except UnicodeDecodeError as error:
            raise UserError("not UTF-8", str(path), "Save it as CSV UTF-8, or use .xlsx.") from error
    header = table[0] if table else []
    gone = [name for name in COLUMNS if name not in header]
    if gone:
        raise UserError(f"the column {', '.join(gone)} is missing", f"{path}:1", f"Columns: {', '.join(COLUMNS)}.")
    at = [header.index(name) for name in COLUMNS]
    rows: dict[Key, str] = {}
    for row in table[1:]:
        values = [row[i] if i < len(row) else "" for i in at]
        if any(values):
            rows[values[0], values[1], values[2]] = values[3]
    return rows


def write_rows(path: Path, rows: dict[Key, str]) -> None:
    """Write the file so that a crash leaves the old one; CSV with a BOM, since Excel takes it for cp949 otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    if path.suffix.lower() == ".xlsx":
        import openpyxl
        from openpyxl.styles import Alignment

        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "translate"
        sheet.freeze_panes = "A2"
        for letter, width in zip("ABCD", (24, 16, 80, 80), strict=True):
            sheet.column_dimensions[letter].width = width
        for number, values in enumerate([COLUMNS, *((*key, said) for key, said in rows.items())], 1):
            for column, value in enumerate(values, 1):
                if len(value) > XLSX_MOST_CHARS:
                    raise UserError("a text is too long for a cell of a workbook", values[0], "Use a .csv file.")
                cell = sheet.cell(number, column)
                cell.value = value
                cell.data_type = "s"  # a text that begins with "=" is no formula
                cell.alignment = Alignment(wrap_text=True, vertical="top")
        book.save(temporary)
    else:
        with temporary.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows((*key, said) for key, said in rows.items())
    temporary.replace(path)


def open_client(config: Any, inputs: Inputs) -> FileClient:
    return FileClient(Path(config.file))


def body(source: str, config: Any, **where: Any) -> Unit:
    return text(source, **where)


def parse(answer: Answer) -> str:
    return answer.text


def paid(config: Any) -> bool:
    return False


def files(config: Any) -> list[Path]:
    return []  # it changes between two calls of the same run by design; the manifest's notes hold its hash


def problems(config: Any) -> list[str]:
    if not config.file or Path(config.file).suffix.lower() not in (".xlsx", ".csv"):
        return ["translate.file: the file engine needs a file that ends in .xlsx or .csv"]
    return []


def estimate(units: Iterable[Unit], config: Any, ledger: Path | None) -> Estimate:
    rows = {(u.record, u.field, u.body["text"]) for u in units}
    return {"service": "file", "texts": len(rows), "chars": sum(len(r[2]) for r in rows), "requests": 0, "usd": 0.0}
