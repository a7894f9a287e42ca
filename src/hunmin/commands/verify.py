"""`hunmin verify RUN|FOLDER`: whether everything is still what was made, offline, in one table."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from ..errors import EXIT_USER, UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, help="a run, an artifact, or a published folder with lineage.json")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="the records.jsonl a published folder came from")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")


def main(args: argparse.Namespace) -> int:
    """Print the table; 2 when anything is wrong."""
    from ..publishing import verified

    for path in (args.path, args.rows):
        if path is not None and not path.exists():
            raise UserError("no such file or folder", str(path), "Check the path.")
    rows = verified.look(args.path, args.rows)
    counts = Counter(row.status for row in rows)
    if args.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
    else:
        widths = [max(len(str(cell)) for cell in column) for column in zip(*map(_cells, rows), strict=True)]
        for row in rows:
            print("  ".join(cell.ljust(w) for cell, w in zip(_cells(row), widths, strict=True)).rstrip())
        print(f"{args.path}: " + ", ".join(f"{n} {status}" for status, n in counts.items()))
    return EXIT_USER if counts[verified.WRONG] else 0


def _cells(row: object) -> tuple[str, ...]:
    return tuple(str(getattr(row, name)) for name in ("where", "what", "status", "detail"))
