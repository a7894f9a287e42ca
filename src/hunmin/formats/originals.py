"""The untranslated rows of a translated file, given out by id, else by position."""

from __future__ import annotations

from collections.abc import Sequence

from ..artifacts.record import Record, texts
from ..artifacts.rows import Notes
from ..errors import UserError


class Originals:
    """Rows (id, texts by field path) of the file of originals, and how many were given out so far."""

    def __init__(self, path: str, rows: Sequence[tuple[str, dict[str, str]]]):
        if not rows:
            raise UserError("the file of originals is empty", path, "Check load.original.")
        self.path, self.rows = path, rows
        self.by_id = dict(rows)
        self.how: str | None = None
        self.at = -1

    def attach(self, record: Record, notes: Notes) -> None:
        """Give the record its `original`. The first record decides whether ids or positions pair the files.

        Raises UserError when there is none for it.
        """
        self.at += 1
        if self.how is None:
            self.how = "id" if record["id"] in self.by_id else "position"
        if self.how == "id":
            found = self.by_id.get(record["id"])
            if found is None:
                raise UserError(f"id '{record['id']}' is not in {self.path}", "original")
        elif self.at < len(self.rows):
            found = self.rows[self.at][1]
        else:
            raise UserError(f"{self.path} has only {len(self.rows)} rows", "original", "Give files of equal length")
        record["original"] = found
        notes["with_original"] = notes.get("with_original", 0) + 1
        if set(found) != set(texts(record)):
            notes["n_fields_differ"] = notes.get("n_fields_differ", 0) + 1

    def skip(self) -> None:
        """Pass over the original of a row that is dropped, so that the rows behind it keep theirs."""
        self.at += 1

    def close(self, notes: Notes) -> None:
        """Raises UserError when rows were paired by position and the files are not equally long."""
        notes["paired_by"] = self.how
        if self.how == "position" and self.at + 1 != len(self.rows):
            raise UserError(
                f"{self.at + 1} rows here, {len(self.rows)} in {self.path}, and no common ids to pair them by",
                "load.original",
                "Give both files the same ids, or the same number of rows.",
            )
