"""The layouts of a JSON file's rows: a list, one list under a key, one per split, or columns as pandas writes them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..artifacts.rows import JsonObject
from ..errors import UserError
from ..tables import did_you_mean
from .names import MEANING, filled, plain_name

log = logging.getLogger("hunmin")

SPLITS = ("train", "training", "test", "validation", "valid", "val", "dev", "eval")
WRAPPERS = ("data", "rows", "examples", "records", "items", "dataset", "samples")


def rows_of(value: JsonObject, path: Path, split: str | None) -> Iterator[tuple[str, Any]]:
    """Yield (place, row) of what a JSON object holds: rows of a split, a table by columns, or one row."""
    if len(value) == 1 and isinstance(inner := next(iter(value.values())), dict):
        named = [k for k, v in inner.items() if k.lower() in (*SPLITS, *WRAPPERS) and isinstance(v, list) and v]
        if named and all(isinstance(inner[k][0], dict) for k in named):  # {"data": {"train": [...]}}
            yield from rows_of(inner, path, split)
            return
    lists = {k: v for k, v in value.items() if isinstance(v, list) and v and isinstance(v[0], dict)}
    if lists and len(lists) == len(value) and (len(value) > 1 or split) and all(k.lower() in SPLITS for k in value):
        yield from _split(lists, path, split)
    elif len(value) == 1 and lists:
        yield from _numbered(next(iter(lists.values())))
    elif len(wrapped := [k for k in lists if k.lower() in WRAPPERS]) == 1 and not _answers(value):
        _tell_beside({k: v for k, v in value.items() if k != wrapped[0]}, wrapped[0], path)
        yield from _numbered(lists[wrapped[0]])
    elif (table := _table(value)) is not None:
        yield from _numbered(table)
    else:
        yield from _numbered([value])


def _answers(value: JsonObject) -> bool:
    """Tell whether an object is itself a row: it has what is learned."""
    return any(MEANING.get(plain_name(k)) in ("output", "chosen", "messages") for k in value)


def _tell_beside(beside: JsonObject, name: str, path: Path) -> None:
    """Name what a file says of all its rows. Raises UserError when it is what the rows are asked or taught with."""
    meant = [k for k, v in beside.items() if MEANING.get(plain_name(k)) and filled(v)]
    if meant:
        what = f"'{meant[0]}' stands beside the rows ('{name}') and seems to belong to each of them"
        raise UserError(what, str(path), "Write it into every row, or leave it out.")
    if beside:
        log.warning("%s: not used beside '%s': %s", path, name, ", ".join(map(str, beside)))


def _numbered(rows: list[Any]) -> Iterator[tuple[str, Any]]:
    for i, row in enumerate(rows, 1):
        yield f"row {i}", row


def _split(lists: dict[str, list[Any]], path: Path, split: str | None) -> Iterator[tuple[str, Any]]:
    if split is None:
        told = ", ".join(f"{name} ({len(rows)} rows)" for name, rows in lists.items())
        raise UserError(f"the file holds several splits: {told}", str(path), f"Name one: split: {next(iter(lists))}.")
    if split not in lists:
        known = ", ".join(lists)
        raise UserError(f"no split '{split}'{did_you_mean(split, lists)}", str(path), f"It has: {known}.")
    for i, row in enumerate(lists[split], 1):
        yield f"{split} row {i}", row


def _table(value: JsonObject) -> list[JsonObject] | None:
    """Give the rows of a table: pandas' orients columns, index and split, or lists of cells; None for anything else."""
    if {"columns", "data"} <= value.keys() and isinstance(value["columns"], list) and isinstance(value["data"], list):
        if all(isinstance(cells, list) and len(cells) == len(value["columns"]) for cells in value["data"]):
            return [dict(zip(map(str, value["columns"]), cells, strict=True)) for cells in value["data"]]
        return None
    columns = list(value.values())
    if len(columns) == 1 and isinstance(columns[0], list) and columns[0]:  # {"messages": [[...], [...]]}
        talks = all(isinstance(talk, list) and talk and isinstance(talk[0], dict) for talk in columns[0])
        return [dict(zip(value, [talk], strict=True)) for talk in columns[0]] if talks else None
    if len(columns) < 2 or not columns[0]:
        return None
    if all(isinstance(c, list) and len(c) == len(columns[0]) for c in columns):
        if any(isinstance(cell, dict) for c in columns for cell in c):
            return None  # a row of lists, such as chosen and rejected
        return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]
    if all(isinstance(c, dict) and c.keys() == columns[0].keys() for c in columns):
        if all(str(k).isdigit() for k in value):
            return [dict(row) for row in columns]
        if all(str(k).isdigit() for k in columns[0]):
            return [{name: c[i] for name, c in value.items()} for i in columns[0]]
        if not any(MEANING.get(plain_name(k)) for k in value) and any(MEANING.get(plain_name(k)) for k in columns[0]):
            return [{"id": name, **row} for name, row in value.items()]  # rows by their ids
    return None
