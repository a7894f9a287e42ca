"""The untranslated rows of a translated file, given out by id, else by position."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..artifacts.record import ORIGIN_KEYS, TEXT_FIELDS, Record, texts
from ..artifacts.rows import Notes
from ..errors import UserError
from ..tables import did_you_mean

MESSAGE = re.compile(r"messages\.(\d+)(?:\.content)?")


def by_path(original: object, record: Record) -> dict[str, str]:
    """Give an `original` that rows bring along with its keys as field paths: `messages.0` is `messages.0.content`.

    Raises UserError for what is no object of texts, or names no text field of the record.
    """
    if not isinstance(original, Mapping):
        raise UserError("expected an object of texts by field", "field 'original'", 'Like {"output": "The English."}.')
    given = {str(name): text for name, text in original.items() if name not in ORIGIN_KEYS}
    messages = given.pop("messages", None)
    if isinstance(messages, list):
        given |= {f"messages.{i}": m.get("content") for i, m in enumerate(messages) if isinstance(m, Mapping)}
    n = len(record.get("messages") or ())
    known = [*TEXT_FIELDS, *(f"messages.{i}.content" for i in range(n))]
    found: dict[str, str] = {}
    for name, text in given.items():
        match = MESSAGE.fullmatch(name)
        path = f"messages.{match[1]}.content" if match else name
        if path not in known:
            mend = f"Name its fields like the record's: {', '.join(texts(record))}."
            raise UserError(f"the original has no text field '{name}'{did_you_mean(name, known)}", "original", mend)
        if text is None:
            continue
        if not isinstance(text, str):
            raise UserError(f"expected text, got {type(text).__name__}", f"field 'original.{name}'")
        found[path] = text
    return found


def names_texts(original: object) -> bool:
    """Tell an `original` that holds texts by field from another's column of that name."""
    if not isinstance(original, Mapping):
        return False
    return any(name in (*TEXT_FIELDS, "messages") or MESSAGE.fullmatch(str(name)) for name in original)


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
