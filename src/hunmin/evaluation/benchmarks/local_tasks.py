"""lm-eval's tasks over a folder of their data, or over another repository: `data:` for what only the Hub holds.

A task's rows are looked for as `<task>/<split>`, `<repository>/<config>/<split>`, `<config>/<split>` or
`<repository>/<config>-<split>`, as .jsonl, .json, .csv, .tsv or .parquet, however the names are capitalised. Prompts,
metrics and shots stay lm-eval's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...artifacts import artifact
from ...artifacts.rows import JsonObject
from ...errors import UserError
from ...text.compose import compose, compose_in

KINDS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}
SPLITS = ("test_split", "validation_split", "training_split", "fewshot_split")
ESCAPED_JAMO = re.compile(r"\\u(11[0-9a-fA-F]{2})")
SYNONYMS = {"validation": ("validation", "valid", "dev"), "dev": ("dev", "validation", "valid")}


def is_hub_id(data: str) -> bool:
    """Tell owner/name from a folder."""
    return data.count("/") == 1 and not data.startswith((".", "/", "~")) and not Path(data).exists()


def leaves(name: str, index: Mapping[str, Any]) -> list[str]:
    """Give the tasks that a task, group or tag of lm-eval's index stands for."""
    from lm_eval.tasks._yaml_loader import load_yaml

    entry = index[name]
    kind = entry.kind.name
    if kind == "TAG":
        members: list[Any] = sorted(entry.tags)
    elif kind == "GROUP":
        config = entry.cfg or load_yaml(entry.yaml_path, resolve_func=False)
        members = [m if isinstance(m, str) else m.get("task") or m.get("group") for m in config["task"]]
    else:
        return [name]
    return list(dict.fromkeys(leaf for m in members if m in index for leaf in leaves(m, index)))


def specs(name: str, data: str, revision: str | None, index: Mapping[str, Any], folder: Path) -> list[str]:
    """Write, into `folder`, a YAML for each task below `name` that puts this data under it; give their paths.

    Raises UserError when a split has no file.
    """
    import yaml
    from lm_eval.tasks._yaml_loader import load_yaml

    paths = []
    there = {} if is_hub_id(data) else _files(Path(data))
    for task in leaves(name, index):
        source = index[task].yaml_path
        if source is None:
            raise UserError(f"task '{task}' is Python code, not a YAML", "data", "Evaluate it without data:.")
        config = load_yaml(source, resolve_func=False)
        changed: JsonObject = {"include": str(source), "task": task}
        if is_hub_id(data):
            changed |= {"dataset_path": data, **({"dataset_kwargs": {"revision": revision}} if revision else {})}
        else:
            changed |= _local(task, name, config, there, Path(data), folder)
        path = folder / f"{task}.yaml"
        artifact.write_atomic(path, yaml.safe_dump(changed, allow_unicode=True))
        paths.append(str(path.resolve()))
    return paths


def _files(data: Path) -> dict[str, Path]:
    """Give the data files of a folder by their path in it, in lower case."""
    if not data.is_dir():
        raise UserError("no such folder", str(data), "Name a folder, or a repository as owner/name.")
    found = sorted(p for p in data.rglob("*") if p.is_file() and p.suffix.lower() in KINDS)
    return {p.relative_to(data).as_posix().lower(): p for p in found}


def _local(
    task: str, group: str, config: JsonObject, there: Mapping[str, Path], data: Path, folder: Path
) -> JsonObject:
    splits = list(dict.fromkeys(config[k] for k in SPLITS if isinstance(config.get(k), str)))
    files: dict[str, str] = {}
    for split in splits:
        tried = list(_names(task, group, config, split))
        path = next((there[name] for name in tried if name in there), None)
        if path is None and split == (config.get("test_split") or config.get("validation_split")):
            raise UserError(
                f"no rows for the {split} split of {task}", str(data), f"Looked for {tried[0]} and its like."
            )
        if path is not None:
            files[split] = str(composed(path, folder).resolve())
    kinds = {KINDS[Path(p).suffix.lower()] for p in files.values()}
    if len(kinds) > 1:
        raise UserError(f"the splits of {task} are files of different kinds", str(data), "Save them all as one kind.")
    kind = kinds.pop()
    kwargs: JsonObject = {"data_files": files}
    if any(path.endswith(".tsv") for path in files.values()):
        kwargs["sep"] = "\t"
    gone = {k: None for k in SPLITS if isinstance(config.get(k), str) and config[k] not in files}
    return {"dataset_path": kind, "dataset_name": None, "dataset_kwargs": kwargs, **gone}


def composed(path: Path, folder: Path) -> Path:
    """Give the file, or a copy in `folder` with its Hangul composed: macOS writes it decomposed (NFD), and no tokenizer
    knows it so."""
    kind = path.suffix.lower()
    copy = folder / f"{path.stem}-{artifact.hash_of([str(path.resolve())])[:8]}{kind}"
    if kind == ".parquet":
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(path)
        rows = table.to_pylist()
        new = [compose_in(row) for row in rows]
        if new == rows:
            return path
        copy.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(new, schema=table.schema), copy)
        return copy
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"not UTF-8: {error}", str(path), "Save the file as UTF-8.") from error
    whole = ESCAPED_JAMO.sub(lambda m: chr(int(m.group(1), 16)), text) if kind in (".json", ".jsonl") else text
    whole = compose(whole)
    if whole == text:
        return path
    artifact.write_atomic(copy, whole)
    return copy


def _names(task: str, group: str, config: JsonObject, split: str) -> Iterator[str]:
    repo, name = str(config.get("dataset_path") or "").rpartition("/")[2], config.get("dataset_name")
    own = [task, f"{repo}/{name}", f"{group}/{name}", str(name)] if name else [task, repo, group]
    for said in SYNONYMS.get(split, (split,)):
        for place in own:
            head, _, last = place.rpartition("/")
            before = f"{head}/" if head else ""
            stems = [f"{place}/{said}", f"{place}/data/{said}", f"{place}/{said}-00000-of-00001"]
            stems += [f"{before}{last}-{said}", f"{before}{last}_{said}", f"{before}data/{last}-{said}"]
            yield from (f"{stem}{suffix}".lower() for stem in stems for suffix in KINDS)
        if not name:
            yield from (f"{stem}{suffix}" for stem in (said, f"data/{said}") for suffix in KINDS)
