"""A benchmark's rows: the Hub's KoBEST, a folder of its authors' TSV files, or a folder of JSONL in the Hub's shape."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...artifacts.rows import JsonObject
from ...errors import UserError
from ...formats.kobest import COPA, HUB, PARQUET, SETS, TASKS, VERSION
from ...text.compose import compose_in
from .kobest import Row, Task
from .local_tasks import is_hub_id


def digest(task: Task, found: Sequence[Row]) -> str:
    """Give 12 hex digits that name these rows: their columns, in their order."""
    lines = (json.dumps([row[c] for c in task.columns], ensure_ascii=False) for row in found)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def data_name(task: Task, test: Sequence[Row], data: str | None) -> str:
    """Give KoBEST's version when the test rows are its own, else where they come from with a hash.

    Scores of other rows are another benchmark, whatever the task is called. What the shots are drawn from changes only
    the fingerprint.
    """
    found = digest(task, test)
    if task.name in TASKS and found == TASKS[task.name].rows[0]:
        return VERSION
    where = HUB if data is None else data if is_hub_id(data) else Path(data).resolve().name
    return f"{where}@{found[:8]}"


def short(task: Task) -> str:
    """Give a task's name inside KoBEST: `boolq` of `kobest_boolq`."""
    return task.name.removeprefix("kobest_")


def folder_of(task: Task, data: Path) -> Path:
    """Give the folder of a task inside `data`, however its name is capitalised.

    Raises UserError when there is none.
    """
    if not data.is_dir():
        raise UserError("no such folder", str(data), "Name a folder with one folder per task (boolq, copa, ...).")
    names = (short(task), task.name)
    for folder in sorted(data.iterdir()):
        if folder.is_dir() and folder.name.lower() in names:
            return folder
    held = ", ".join(sorted(p.name for p in data.iterdir() if p.is_dir())) or "no folders"
    raise UserError(f"no folder '{short(task)}'", str(data), f"It holds {held}.")


def file_of(task: Task, data: Path, split: str) -> Path:
    """Give the file of one split (`train` or `test`), .jsonl before .tsv. Raises UserError when there is none."""
    folder = folder_of(task, data)
    for suffix in (".jsonl", ".tsv"):
        if (folder / f"{split}{suffix}").is_file():
            return folder / f"{split}{suffix}"
    raise UserError(f"no {split}.jsonl or {split}.tsv", str(folder), "Evaluation needs test, few-shot needs train.")


def read(task: Task, split: str, data: str | None, revision: str | None = None) -> list[JsonObject]:
    """Give a split's rows in file order, edge whitespace kept; `data` None reads KoBEST from the Hub.

    Raises UserError for a missing file, column or bad label, with file and line.
    """
    if data is None or is_hub_id(data):
        repo = data or HUB
        found = [(f"{repo} {split}[{i}]", dict(row)) for i, row in enumerate(_hub(task, split, revision, repo))]
    else:
        path = file_of(task, Path(data), split)
        try:
            found = list(_jsonl(path) if path.suffix == ".jsonl" else _tsv(task, path))
        except UnicodeDecodeError as error:
            raise UserError(f"not UTF-8: {error}", str(path), "Save the file as UTF-8.") from error
        except csv.Error as error:
            raise UserError(
                f"not a TSV file: {error}", str(path), "Columns stand between tabs, one row a line."
            ) from error
    if not found:
        raise UserError("no rows", f"{task.name} {split}", "The file is empty.")
    return [_checked(task, where, compose_in(row)) for where, row in found]


def _checked(task: Task, where: str, row: JsonObject) -> JsonObject:
    missing = [c for c in task.columns if row.get(c) is None]
    if missing:
        raise UserError(f"column '{missing[0]}' is missing", where, f"{task.name} needs {', '.join(task.columns)}.")
    label = row["label"]
    if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < task.labels:
        raise UserError(f"bad label {label!r}", where, f"It must be a whole number from 0 to {task.labels - 1}.")
    wrong = [c for c in task.columns if c != "label" and not isinstance(row[c], str)]
    if wrong:
        raise UserError(f"column '{wrong[0]}' must be text, got {type(row[wrong[0]]).__name__}", where)
    if task.name == COPA.task and row["question"].strip() not in ("원인", "결과"):
        raise UserError(f"bad question {row['question']!r}", where, "It must be 원인 or 결과.")
    if not all(choice.strip() for choice in task.choices(row)):
        raise UserError("a choice is empty", where, "It has nothing to score: mend the row.")
    return row


def _jsonl(path: Path) -> Iterator[tuple[str, JsonObject]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"not JSON: {error.msg}", f"{path}:{number}") from error
            if not isinstance(row, dict):
                raise UserError("expected an object", f"{path}:{number}")
            yield f"{path}:{number}", row


def _tsv(task: Task, path: Path) -> Iterator[tuple[str, JsonObject]]:
    of = SETS.get(short(task))  # a task of one's own has the columns it names
    columns, label = (of.tsv, of.label) if of else ({name: name for name in task.columns}, int)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t")
        for row in reader:
            where = f"{path}:{reader.line_num}"
            named = {columns[k]: v for k, v in row.items() if k in columns and v is not None}
            if "label" in named:
                try:
                    named["label"] = label(named["label"].strip())
                except (KeyError, ValueError) as error:
                    raise UserError(f"bad label {named['label']!r}", where) from error
            yield where, named


def _hub(task: Task, split: str, revision: str | None, repo: str) -> Sequence[Row]:
    import datasets

    try:
        found: Sequence[Row] = datasets.load_dataset(repo, short(task), split=split, revision=revision)
    except RuntimeError as error:
        if "script" not in str(error).lower() or revision is not None:
            raise
        found = datasets.load_dataset(repo, short(task), split=split, revision=PARQUET)
    except (ConnectionError, FileNotFoundError, OSError) as error:
        raise UserError(
            f"the Hub cannot be reached for {repo}: {type(error).__name__}",
            task.name,
            "Give `data:` a local folder with the benchmark's files, or try again with a network.",
        ) from error
    return found
