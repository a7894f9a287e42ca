"""Held-out items to keep out of training data: KoBEST, any lm-eval task, or local files.

Of KoBEST's shapes only what a model is asked about counts (premise, context, paragraph, question, sentence): an
answer choice alone gives nothing away. Of other rows every text column counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..formats.files import kind_of, read_rows
from ..formats.kobest import HUB, PARQUET, SETS
from ..tables import did_you_mean
from .overlap import Item

SHAPES: tuple[tuple[set[str], tuple[str, ...]], ...] = (  # first the Hub's columns, then those of the authors' TSV
    ({"paragraph", "question"}, ("paragraph", "question")),
    ({"premise", "alternative_1"}, ("premise",)),
    ({"context", "ending_1"}, ("context",)),
    ({"context_1", "context_2"}, ("context_1", "context_2")),
    ({"sentence", "label"}, ("sentence",)),
    ({"Text", "Question"}, ("Text", "Question")),
    ({"sentence", "1", "2"}, ("sentence",)),
    ({"context", "choice1"}, ("context",)),
    ({"SENTENCE1", "SENTENCE2"}, ("SENTENCE1", "SENTENCE2")),
    ({"Text", "Text_origin"}, ("Text",)),
)
SPLITS = {"dev": "validation", "valid": "validation", "val": "validation", "validation": "validation"}
SPLITS |= {"test": "test", "train": "train"}
NOT_TEXT = re.compile(r"(^|_)(id|url|link|label|answer|gold|idx|index)s?(_|\d|$)", re.IGNORECASE)


def read_items(against: Sequence[str], splits: Sequence[str]) -> list[Item]:
    """Give the items of every source named. Raises UserError for an unknown or empty one."""
    found: list[Item] = []
    for name in against:
        items = list(_items(name, splits))
        if not items:
            raise UserError(
                f"no item in the splits {', '.join(splits)}",
                f"against '{name}'",
                "Name other splits, or another source.",
            )
        found += items
    return found


def local(against: Sequence[str]) -> list[Path]:
    """Give the local paths among the sources."""
    return [Path(name) for name in against if Path(name).exists()]


def _items(name: str, splits: Sequence[str]) -> Iterator[Item]:
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        yield from _lm_eval(_task_name(path), splits, include=path.parent)
    elif path.exists():
        yield from _local(path, splits)
    elif name == "kobest" or name.removeprefix("kobest_") in SETS:
        wanted = tuple(SETS) if name == "kobest" else (name.removeprefix("kobest_"),)
        for task in wanted:
            yield from _hub(task, splits)
    elif "/" in name or "\\" in name or path.suffix:
        near = did_you_mean(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise UserError(f"no such file or folder{near}", f"against '{name}'", "Check the path.")
    else:
        yield from _lm_eval(name, splits)


def _local(path: Path, splits: Sequence[str]) -> Iterator[Item]:
    if path.is_file():
        yield from rows_to_items(path.parent.name or path.stem, path.name, (row for _, row in read_rows(path)))
        return
    files = sorted(p for p in path.rglob("*") if p.is_file() and kind_of(p) is not None)
    if not files:
        raise UserError(
            "the folder holds no data file", str(path), "Name a folder of JSONL, TSV, CSV or Parquet files."
        )
    for file in files:
        split = SPLITS.get(re.split(r"[-_.]", file.name.lower())[0])
        if split is None or split in splits:
            task = file.parent.name if file.parent != path else path.name
            yield from rows_to_items(task.lower(), file.name, (row for _, row in read_rows(file)))


def _hub(task: str, splits: Sequence[str]) -> Iterator[Item]:
    from ..formats.hub import open_split

    for split in splits:
        yield from rows_to_items(task, split, open_split(HUB, PARQUET, split, task))


def _task_name(path: Path) -> str:
    import yaml

    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"not YAML: {str(error).splitlines()[0][:200]}", str(path), "Mend the file.") from error
    if not isinstance(loaded, dict) or "task" not in loaded:
        raise UserError("no `task:` in this lm-eval task file", str(path), "Name the YAML of one lm-eval task.")
    return str(loaded["task"])


def _lm_eval(name: str, splits: Sequence[str], include: Path | None = None) -> Iterator[Item]:
    """Read the documents of an lm-eval task (or group) through lm-eval itself."""
    from lm_eval.tasks import TaskManager

    from ..formats.hub import explain

    manager = TaskManager(include_path=str(include) if include else None, include_defaults=include is None)
    if name not in manager.all_tasks:
        raise UserError(
            f"neither a file nor an lm-eval task{did_you_mean(name, manager.all_tasks)}",
            f"against '{name}'",
            "Name kobest, a local file or folder, or a task of `lm-eval ls tasks`.",
        )
    try:
        loaded = manager.load(name)["tasks"]
    except Exception as error:  # whatever the data's library says becomes what, where, mend
        raise explain(error, name, None) from error
    for task, body in loaded.items():
        readers = {"test": body.test_docs, "validation": body.validation_docs, "train": body.training_docs}
        has = {"test": body.has_test_docs, "validation": body.has_validation_docs, "train": body.has_training_docs}
        for split in splits:
            if has[split]():
                yield from rows_to_items(task, split, readers[split]())


def rows_to_items(benchmark: str, place: str, rows: Iterable[Any]) -> Iterator[Item]:
    """Yield the items of a benchmark's rows; a row that could not be read is an error."""
    for i, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise UserError(getattr(row, "why", "not a row"), f"{benchmark}/{place}: row {i}", "Mend the file.")
        for field in _fields(row):
            if isinstance(row[field], str) and row[field].strip():
                yield Item(benchmark, f"{place}:{i}:{field}", row[field])


def _fields(row: Mapping[str, Any]) -> list[str]:
    for keys, fields in SHAPES:
        if keys <= row.keys():
            return list(fields)
    return [k for k, v in row.items() if isinstance(v, str) and not NOT_TEXT.search(str(k))]
