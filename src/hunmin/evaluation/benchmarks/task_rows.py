"""A benchmark's rows: the Hub's KoBEST, a folder of its authors' TSV files, or a folder of JSONL in the Hub's shape."""

from __future__ import annotations

import csv
import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...artifacts.rows import JsonObject
from ...errors import UserError
from .kobest import Row, Task
from .local_tasks import is_hub_id

HUB = "skt/kobest_v1"
PARQUET = "refs/convert/parquet"  # the Hub's script-free copy of a data set that has only a loading script

# The authors' columns -> the Hub's, and what their label means. Source: SKT-LSL/KoBEST_datarepo 2956e24.
_TRUE = {"False": 0, "True": 1, "0": 0, "1": 1, "false": 0, "true": 1, "FALSE": 0, "TRUE": 1}
TSV: dict[str, tuple[dict[str, str], Callable[[str], Any]]] = {
    "boolq": ({"Text": "paragraph", "Question": "question", "Answer": "label"}, _TRUE.__getitem__),
    "copa": (
        {"sentence": "premise", "question": "question", "1": "alternative_1", "2": "alternative_2", "Answer": "label"},
        lambda text: int(text) - 1,
    ),
    "hellaswag": (
        {"context": "context", **{f"choice{i}": f"ending_{i}" for i in (1, 2, 3, 4)}, "label": "label"},
        int,
    ),
    "sentineg": ({"Text": "sentence", "sentence": "sentence", "Label": "label"}, int),
    "wic": (
        {"Target": "word", "SENTENCE1": "context_1", "SENTENCE2": "context_2", "ANSWER": "label"},
        _TRUE.__getitem__,
    ),
}


# 12 hex digits of `digest` of KoBEST v1.0's rows (SKT-LSL/KoBEST_datarepo 2956e24), to tell it from other data.
KOBEST_ROWS = {  # test, train
    "kobest_boolq": ("139ee5e8f08a", "bf716874319a"),
    "kobest_copa": ("e782701917ba", "ea71a753d5de"),
    "kobest_hellaswag": ("e21d108e073b", "8ab2edfd1316"),
    "kobest_sentineg": ("6769b893f960", "0a6974cd2790"),
    "kobest_wic": ("9f3e99e4a373", "983e84de7998"),
}
KOBEST = "kobest_v1"


def digest(task: Task, found: Sequence[Row]) -> str:
    """Give 12 hex digits that name these rows: their columns, in their order."""
    lines = (json.dumps([row[c] for c in task.columns], ensure_ascii=False) for row in found)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def data_name(task: Task, test: Sequence[Row], data: str | None) -> str:
    """Give "kobest_v1" when the test rows are KoBEST's, else where they come from with a hash: scores of other rows
    are another benchmark, whatever the task is called. What the shots are drawn from changes only the fingerprint."""
    found = digest(task, test)
    if found == KOBEST_ROWS.get(task.name, ("",))[0]:
        return KOBEST
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
    """Give a split's rows in file order, edge whitespace kept; `data` None reads the Hub's skt/kobest_v1.

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
    return [_checked(task, where, _composed(row)) for where, row in found]


def _composed(row: JsonObject) -> JsonObject:
    """Give a row with its texts in NFC: macOS writes Hangul decomposed, and no tokenizer knows it so."""
    return {k: unicodedata.normalize("NFC", v) if isinstance(v, str) else v for k, v in row.items()}


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
    if "question" in task.columns and task.name == "kobest_copa" and row["question"].strip() not in ("원인", "결과"):
        raise UserError(f"bad question {row['question']!r}", where, "It must be 원인 or 결과.")
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
    columns, label = TSV[short(task)]
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
