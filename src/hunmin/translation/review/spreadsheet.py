"""The queue as a spreadsheet (CSV or XLSX) for people who prefer one, and their decisions read back from it.

One row a record: `decision` (accept, reject, or empty), `note`, and the fields as `PATH (source)` and `PATH`. A changed
text is an edit. CSV is UTF-8 with a BOM, which is what Excel needs to show Hangul.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...artifacts.record import content_hash
from ...artifacts.rows import Issue
from ...errors import UserError
from ..checks.find_issues import original_of
from .decisions import Decision, decision_problem, fields, open_issues
from .queue import Queue

FIRST = ("id", "decision", "note", "issues")
LAST = "content"
SOURCE = " (source)"
WORDS = {
    "": "",
    "accept": "accepted",
    "accepted": "accepted",
    "승인": "accepted",
    "edit": "edited",
    "edited": "edited",
    "수정": "edited",
    "reject": "rejected",
    "rejected": "rejected",
    "제외": "rejected",
}
FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "'",
    "＝",
    "＋",
    "－",
    "＠",
)  # what a spreadsheet would run, or take the quote off
REPLACED = "of them in place of another reviewer's"
CELL_CHARS = 32_767


def export(queue: Queue, path: Path) -> int:
    """Write every queued record with its decision so far; give their number.

    Raises UserError for another file type, or a text that no XLSX cell can hold.
    """
    rows = list(_rows(queue))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            for number, row in enumerate(rows):
                writer.writerow([_quoted(cell) for cell in row] if number else row)
    elif path.suffix == ".xlsx":
        _write_xlsx(rows, path)
    else:
        raise UserError("unknown kind of spreadsheet", str(path), "Name a .csv or .xlsx file.")
    return len(rows) - 1


def _rows(queue: Queue) -> Iterator[list[str]]:
    paths = list(dict.fromkeys(path for record in queue.records for path in fields(record)))
    yield [*FIRST, *(name for path in paths for name in (path + SOURCE, path)), LAST]
    for record in queue.records:
        decision = queue.decided.get(record["id"])
        said = {"accepted": "accept", "edited": "edit", "rejected": "reject"}[decision.action] if decision else ""
        issues = "\n".join(map(_told, open_issues(record)))
        known = fields(record) | (decision.texts if decision else {})
        cells = [cell for path in paths for cell in (original_of(record, path), known.get(path, ""))]
        yield [record["id"], said, decision.note if decision else "", issues, *cells, content_hash(record)]


def _told(issue: Issue) -> str:
    proposal = issue.get("proposal")
    mend = f" → {proposal['text']}" if proposal else ""
    return f"{issue['code']} {issue['field']}: {issue.get('detail') or ''}{mend}".strip()


def _quoted(text: str) -> str:
    """Give a cell that no spreadsheet runs as a formula."""
    return "'" + text if text.startswith(FORMULA) else text


def _unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


# What XML cannot hold, and what reads as an escape of it; a line break and a tab stand in a cell as they are.
ESCAPED = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def _escaped(text: str) -> str:
    """Give a text as a cell holds it: `_x000D_` for a carriage return, the rest as it is."""
    return ESCAPED.sub(lambda match: f"_x{ord(match.group()):04X}_", text)


def _write_xlsx(rows: list[list[str]], path: Path) -> None:
    openpyxl = _openpyxl(path)
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("review")
    for row in rows:
        cells = []
        for text in row:
            if len(text) > CELL_CHARS:
                what = f"a text of {len(text):,} characters; an XLSX cell holds {CELL_CHARS:,}"
                raise UserError(what, f"record {row[0]}", "Export to .csv.")
            cell = WriteOnlyCell(sheet, value=_escaped(text))
            cell.data_type = "s"  # text, also where it begins with "="
            if "\n" in text:
                cell.alignment = Alignment(wrap_text=True, vertical="top")  # else Excel shows one line
            cells.append(cell)
        sheet.append(cells)
    book.save(path)


def _openpyxl(path: Path) -> Any:
    try:
        import openpyxl
    except ImportError as error:
        raise UserError("openpyxl is not installed", str(path), "pip install 'hunmin[xlsx]', or use .csv.") from error
    return openpyxl


def read(queue: Queue, path: Path, by: str) -> dict[str, int]:
    """Take the decisions of a spreadsheet into the queue; give how many of each kind were new.

    Everything is checked first. Raises UserError with every problem found (another run's rows, unknown decisions,
    a text that cannot stand); nothing is taken then.
    """
    if not path.is_file():
        raise UserError("no such file", str(path), "Give the .csv or .xlsx that --export wrote.")
    rows = list(_read_xlsx(path) if path.suffix == ".xlsx" else _read_csv(path))
    missing = [name for name in ("id", "decision", LAST) if rows and name not in rows[0][1]]
    if not rows or missing:
        raise UserError(f"no column '{(missing or ['id'])[0]}'", str(path), "Import the file that --export wrote.")
    wrong: list[str] = []
    made: list[tuple[int, Decision]] = []
    seen: set[str] = set()
    by_id = {record["id"]: i for i, record in enumerate(queue.records)}
    for where, row in rows:
        position = by_id.get(row["id"])
        if row["id"] in seen:
            wrong.append(f"{where}: record {row['id']} stands twice")
            continue
        seen.add(row["id"])
        found = _decision(queue, position, row, by)
        if isinstance(found, str):
            wrong.append(f"{where}: {found}")
        elif found is not None and position is not None:
            made.append((position, found))
    if wrong:
        listed = "\n".join(wrong[:20]) + (f"\n... and {len(wrong) - 20} more" if len(wrong) > 20 else "")
        raise UserError(f"{listed}\n{len(wrong)} rows cannot be taken, so none was", mend="Mend the file.")
    counts: dict[str, int] = {}
    for position, decision in made:
        standing = queue.decided.get(decision.id)
        if standing is not None and standing.by != by:
            counts[REPLACED] = counts.get(REPLACED, 0) + 1
        queue.decide({"position": position, **decision.row()})
        counts[decision.action] = counts.get(decision.action, 0) + 1
    return counts


def _decision(queue: Queue, position: int | None, row: dict[str, str], by: str) -> Decision | str | None:
    """Give the new decision of a row, None when it says nothing new, or what is wrong with it."""
    if position is None:
        return f"record '{row['id']}' is not in this queue; is it the file of another run?"
    record = queue.records[position]
    if row[LAST] != content_hash(record):
        return f"record '{row['id']}' has another text in this queue; is it the file of another run?"
    word = row["decision"].strip().casefold()
    if word not in WORDS:
        return f"unknown decision '{row['decision']}' (accept, reject, or empty; a changed text is an edit)"
    known = fields(record)
    changed = {path: _lines(row[path]) for path in known if path in row and _lines(row[path]) != _lines(known[path])}
    action = WORDS[word]
    if action == "rejected":
        changed = {}
    elif changed:
        action = "edited"
    elif action == "edited":
        action = "accepted"
    if not action:
        return None
    standing = queue.decided.get(record["id"])
    note = row.get("note", "").strip()
    if standing and (standing.action, standing.texts, standing.note) == (action, changed, note):
        return None
    decision = Decision(record["id"], row[LAST], action, by, changed, note=note)
    return decision_problem(record, decision) or decision


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_csv(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mend = "Save it as 'CSV UTF-8' in the spreadsheet program."
        raise UserError(f"not UTF-8 (byte {error.start})", str(path), mend) from error
    csv.field_size_limit(1 << 30)
    table = csv.reader(io.StringIO(content, newline=""))
    head = next(table, [])
    for row in table:
        if any(row):
            cells = [_unquoted(cell) for cell in row] + [""] * (len(head) - len(row))
            yield f"{path}:{table.line_num}", dict(zip(head, cells, strict=False))


def _read_xlsx(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    openpyxl = _openpyxl(path)
    from openpyxl.utils.escape import unescape

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"not an XLSX file: {error}", str(path), "Save it as .xlsx or .csv.") from error
    table = book.active.iter_rows(values_only=True)
    head = [str(cell or "") for cell in next(table, ())]
    for number, row in enumerate(table, 2):
        cells = ["" if cell is None else unescape(str(cell)) for cell in row]
        if any(cells):
            yield f"{path}: row {number}", dict(zip(head, cells + [""] * (len(head) - len(cells)), strict=False))
