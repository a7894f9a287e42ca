"""Read the rows of an artifact or a file in a terminal: filter by field, statistics, one id's way through a run."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..artifacts.record import Record, read_jsonl, texts
from ..artifacts.rows import JsonObject
from ..errors import UserError
from ..text.language import spoken
from .console import colours, whole

MOST_CHARS, MOST_LINES = 600, 12  # of a field, unless --full


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="a run, an artifact folder or a records file")
    parser.add_argument("-n", type=whole, default=5, help="rows to show (default 5)")
    parser.add_argument("--skip", type=whole, default=0, help="rows to pass over first")
    parser.add_argument("--where", action="append", default=[], metavar="FIELD=TEXT",
                        help="only rows whose field holds the text; FIELD alone: rows that have it")  # fmt: skip
    parser.add_argument("--dropped", action="store_true", help="the rows that were dropped, with stage and reason")
    parser.add_argument("--full", action="store_true", help="long fields whole (default: their first lines)")
    parser.add_argument("--id", help="follow one record through the stages of a run")
    parser.add_argument("--stats", action="store_true", help="lengths, languages, register, duplicates, by source")
    parser.add_argument("--morphology", action="store_true", help="with --stats: morphemes by kiwipiepy")


def main(args: argparse.Namespace) -> int:
    path = Path(args.path)
    if not path.exists():
        raise UserError("no such file or folder", args.path, "Name a run, an artifact or a records file.")
    if args.id:
        return _follow(path, args.id, args.json)
    file = _file(path, args.dropped)
    bad: dict[str, int] = {}
    rows = _rows(file, args.stats and not args.dropped, bad)
    if args.stats:
        from ..selection import stats

        records = (row.get("record", row) for row in rows) if args.dropped else rows
        found = {**stats.statistics(records, morphology=args.morphology), **({"bad_rows": bad} if bad else {})}
        print(json.dumps(found, ensure_ascii=False, indent=2) if args.json else "\n".join(_lines(found)))
        return 0
    shown = 0
    for i, row in enumerate(_matching(rows, args.where, args.dropped)):
        if i < args.skip:
            continue
        if shown == args.n:
            break
        shown += 1
        print(json.dumps(row, ensure_ascii=False) if args.json else _plain(_readable(row, args.full)))
    if not shown:
        print(spoken(f"{file}: no row matches" if args.where else f"{file}: no rows"))
    return 0


def _file(path: Path, dropped: bool) -> Path:
    if path.is_file():
        return path
    name = artifact.DROPPED if dropped else artifact.RECORDS
    folders = artifact.stage_folders(path)
    if folders:
        found = [f for f in folders if (f / name).is_file()]
        if dropped:
            found = [f for f in found if (f / name).stat().st_size]
        if not found:
            raise UserError(f"the run has no {'dropped' if dropped else 'finished'} records", str(path))
        return found[-1] / name
    if not (path / name).is_file():
        raise UserError(f"no {name} here", str(path), "Name a run, a records artifact or a file.")
    return path / name


def _rows(file: Path, only_records: bool, bad: dict[str, int]) -> Iterator[Any]:
    """Yield the rows of a JSONL file as they are, and of any other file (or when `only_records`) the records that
    `load` makes of it; `bad` counts the rows it cannot read."""
    from .one_stage import holds_records

    if file.suffix == ".jsonl" and (not only_records or holds_records(file)):
        for i, row in enumerate(read_jsonl(file), 1):
            if not isinstance(row, dict):
                raise UserError(f"expected an object, got {type(row).__name__}", f"{file}: row {i}", "Mend the file.")
            yield row
        return
    from ..stages import load

    for item in load.items(load.Config(path=str(file), on_bad_row="drop"), {}):
        if item["bad"] is None:
            yield item["record"]
        else:
            why = str(item["bad"].get("why"))
            bad[why] = bad.get(why, 0) + 1


def _plain(text: str) -> str:
    """Give the text without colours when it does not go to a terminal."""
    return text if colours() else re.sub("\033\\[[0-9]+m", "", text)


def value_at(row: Any, dotted: str) -> Any:
    """Give the value at a dotted path (`extra.task`, `ratings.0.score`); None when absent."""
    for part in dotted.split("."):
        if isinstance(row, dict):
            row = row.get(part)
        elif isinstance(row, list) and part.isdigit() and int(part) < len(row):
            row = row[int(part)]
        else:
            return None
    return row


def _matching(rows: Iterator[Any], conditions: list[str], dropped: bool) -> Iterator[Any]:
    parsed = [c.partition("=") for c in conditions]
    for row in rows:
        record = row["record"] if dropped and "record" in row else row
        for field, equals, wanted in parsed:
            value = value_at(row, field) if value_at(row, field) is not None else value_at(record, field)
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if value in (None, "", [], {}) or (equals and wanted not in text):
                break
        else:
            yield row


def _readable(row: Record, full: bool = True) -> str:
    lines = []
    if "record" in row and "reason" in row:
        detail = f" ({json.dumps(row['detail'], ensure_ascii=False)})" if row.get("detail") not in (None, "") else ""
        lines.append(f"dropped by {row['stage']}: {row['reason']}{detail}")
        row = row["record"]
    lines.append(f"\033[1m{row.get('id', '?')}\033[0m  {row.get('source', '')}")
    shown = texts(row)
    original = row.get("original") or {}
    turns = row.get("messages") if isinstance(row.get("messages"), list) else []
    for i, turn in enumerate(t if isinstance(t, dict) else {} for t in turns or ()):
        path, marks = f"messages.{i}.content", [str(turn.get("role"))]
        marks += ["weight 0: not learned"] if turn.get("weight") == 0 else []
        lines += _thinking(turn)
        if path in shown or turn.get("tool_calls"):
            lines += _text(path, f" [{', '.join(marks)}]", shown.pop(path, ""), original, full)
        lines += [f"    calls {json.dumps(c, ensure_ascii=False)}" for c in turn.get("tool_calls") or ()]
    for path, text in shown.items():
        if path == "output":
            lines += _thinking(row)
        lines += _text(path, "", text, original, full)
    lines += [f"  \033[33m{sentence(issue)}\033[0m" for issue in _issues(row)]
    for key in row:
        if key == "issues" and not full:
            continue
        if key in ("id", "source", "original", "messages", "thinking") or key in shown:
            continue
        lines.append(f"  \033[2m{key}: {json.dumps(row[key], ensure_ascii=False)[:300]}\033[0m")
    return "\n".join(lines) + "\n"


def _text(path: str, role: str, text: str, original: dict[str, str], full: bool) -> Iterator[str]:
    """Yield a field's lines; with the English below it, both carry their language."""
    english = original.get(path)
    english = english if isinstance(english, str) else ""  # another's column of that name may hold anything
    both = bool(english) and english != text
    yield f"  \033[36m{path}{role}\033[0m"
    yield from (f"    {'ko  ' if both else ''}{line}" for line in _cut(text, full))
    if both:
        yield from (f"    \033[2men  {line}\033[0m" for line in _cut(english, full))


def _cut(text: str, full: bool) -> list[str]:
    """Give a text's lines; of a long one the first, and how much was left out."""
    if full or (len(text) <= MOST_CHARS and text.count("\n") < MOST_LINES):
        return text.splitlines()
    kept = "\n".join(text[:MOST_CHARS].splitlines()[:MOST_LINES])
    return [*kept.splitlines(), f"... {len(text) - len(kept):,} more characters: --full"]


def _issues(row: Record) -> list[JsonObject]:
    found = row.get("issues")
    return [issue for issue in found if isinstance(issue, dict) and "code" in issue] if isinstance(found, list) else []


def sentence(issue: JsonObject) -> str:
    """Give an issue in words: what, where, how sure, what became of it."""
    sure = "surely wrong" if issue.get("severity") == "certain" else "for a person to judge"
    now = "mended" if issue.get("status") == "mended" else "still there"
    detail = f" ({issue['detail']})" if isinstance(issue.get("detail"), str) and issue["detail"] else ""
    return f"{str(issue['code']).replace('_', ' ')} in {issue.get('field', '?')}{detail}: {sure}, {now}"


def _thinking(row: Record) -> Iterator[str]:
    if isinstance(row.get("thinking"), str) and row["thinking"]:
        yield "  \033[36mthinking\033[0m"
        yield from (f"    \033[2m{line}\033[0m" for line in row["thinking"].splitlines())


def _follow(run: Path, wanted: str, as_json: bool) -> int:
    """Print what every stage of a run did to one record: its texts where they changed, and where it was dropped."""
    folders = artifact.stage_folders(run) or [run]
    before: Record | None = None
    steps: list[JsonObject] = []
    for folder in folders:
        for name in (artifact.RECORDS, artifact.DROPPED):
            if not (folder / name).is_file():
                continue
            for row in read_jsonl(folder / name):
                record = row["record"] if name == artifact.DROPPED else row
                if record.get("id") != wanted:
                    continue
                old = before or {}
                changed = {k: v for k, v in record.items() if old.get(k) != v}
                step: JsonObject = {"stage": folder.name, "changed": changed}
                if name == artifact.DROPPED:
                    step["dropped"] = {"reason": row["reason"], "detail": row["detail"]}
                steps.append(step)
                before = record
    if not steps:
        raise UserError(f"no record with id '{wanted}'", str(run), "See ids with hunmin show RUN.")
    for step in steps:
        if as_json:
            print(json.dumps(step, ensure_ascii=False))
            continue
        unchanged = "" if step["changed"] or "dropped" in step else "  unchanged"
        print(_plain(f"\033[1m{step['stage']}\033[0m{unchanged}"))
        for key, value in step["changed"].items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            print(f"  {key}: {text}")
        if "dropped" in step:
            print(f"  dropped: {step['dropped']['reason']} {json.dumps(step['dropped']['detail'], ensure_ascii=False)}")
    return 0


def _lines(found: Any, depth: int = 0) -> Iterator[str]:
    pad = "  " * depth
    for key, value in found.items():
        if isinstance(value, dict):
            yield f"{pad}{key}"
            yield from _lines(value, depth + 1)
        elif isinstance(value, list):
            yield f"{pad}{key}: {', '.join(map(str, value))}"
        else:
            yield f"{pad}{key}: {value:,.3g}" if isinstance(value, float) else f"{pad}{key}: {value}"
