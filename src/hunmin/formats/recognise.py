"""Which shape rows have, told by their keys and never by the file's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UserError
from ..tables import resolve
from . import FORMATS

EVALUATION = {  # KoBEST's shapes: refused for training
    "boolq": {"paragraph", "question", "label"},
    "copa": {"premise", "question", "alternative_1", "alternative_2"},
    "hellaswag": {"context", "ending_1", "ending_2"},
    "sentineg": {"sentence", "label"},
    "wic": {"word", "context_1", "context_2"},
}


def fitting(row: Mapping[str, Any]) -> list[str]:
    """Give the names of the formats whose keys a row has; hunmin's own records win over alpaca and messages."""
    names = [name for name in FORMATS if resolve(FORMATS, name, "format").fits(row)]
    return ["records"] if "records" in names and "cot" not in names else names


def recognise(rows: Sequence[Mapping[str, Any]], where: str) -> str:
    """Give the one format that all these rows fit. Raises UserError when there is none, or more than one."""
    found = set(fitting(rows[0])) if rows else set()
    for row in rows[1:]:
        found &= set(fitting(row))
    if len(found) == 1:
        return found.pop()
    keys = ", ".join(map(str, rows[0])) if rows else ""
    if found:
        raise UserError(f"the keys fit several formats: {', '.join(sorted(found))}", where, "Name one: format: alpaca.")
    for name, wanted in EVALUATION.items():
        if rows and wanted <= rows[0].keys():
            raise UserError(
                f"this is evaluation data (KoBEST {name}), not to be trained on",
                where,
                "Use it in evaluate, or in decontaminate.against.",
            )
    mixed = [i for i, row in enumerate(rows) if fitting(row) != fitting(rows[0])]
    if mixed and fitting(rows[0]):
        a, b = (", ".join(fitting(rows[i])) or "no format" for i in (0, mixed[0]))
        raise UserError(
            f"rows of several shapes: the first is {a}, row {mixed[0] + 1} is {b}", where, "Split the file."
        )
    raise UserError(
        f"no known format has these keys: {keys}",
        where,
        "Say which column is what, e.g. columns: {instruction: Q, output: A}.",
    )
