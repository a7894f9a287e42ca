"""lm-eval's own tasks (protocol `upstream`) on an opened model: the tasks as they are, scored by our lm-eval model.

lm-eval's kobest_* word, order and tokenise differently from the published tables' harness: another benchmark.
Source: EleutherAI/lm-evaluation-harness v0.4.13.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import statistics
from ...artifacts import artifact
from ...artifacts.identity import hash_of, sha256_file
from ...artifacts.rows import Document, JsonObject, ScoreRow, Shown
from ...errors import UserError
from ...tables import resolve
from . import BENCHMARKS, SUITES, gold_answers, local_tasks, metrics
from . import task_rows as rows
from .harness import best
from .lm_eval_tasks import silent
from .lm_eval_tasks import task_manager as task_manager
from .processes import Shard

log = logging.getLogger("hunmin")

PROTOCOL = "upstream"
SHARES = ("acc", "acc_norm", "exact_match", "em")  # metrics that are 0 or 1 for a document


def names(asked: Sequence[str]) -> list[str]:
    """Give the lm-eval task names that `asked` and our suites stand for."""
    found: list[str] = []
    for name in asked:
        lower = name.lower()
        found += SUITES.get(lower) or ([f"kobest_{lower}"] if f"kobest_{lower}" in BENCHMARKS else [name])
    return list(dict.fromkeys(found))


def task_specs(name: str, data: str | None, revision: str | None, folder: Path, manager: Any) -> list[str]:
    """Give what lm-eval is told to load: a task's name, or YAMLs in `folder` that put local files, another repository
    or a revision under lm-eval's own tasks.

    Raises UserError when `data` does not hold this task, or for bad rows.
    """
    if name not in BENCHMARKS:
        return [name] if data is None else local_tasks.specs(name, data, revision, manager.task_index, folder / name)
    if data is not None and local_tasks.is_hub_id(data):
        data = None  # KoBEST's columns are the Hub's own; its rows are read from skt/kobest_v1
    import lm_eval.tasks
    import yaml

    changed: Shown = {"dataset_kwargs": {"revision": revision}} if revision else {}
    if data is not None:
        task = resolve(BENCHMARKS, name, "task")
        files = {}
        for split in ("train", "test"):
            kept = [{c: row[c] for c in task.columns} for row in rows.read(task, split, data)]
            path = folder / name / f"{split}.jsonl"
            artifact.write_atomic(path, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in kept))
            files[split] = str(path.resolve())
        changed = {"dataset_path": "json", "dataset_name": None, "dataset_kwargs": {"data_files": files}}
        changed["validation_split"] = None
    shipped = Path(lm_eval.tasks.__file__).parent / "kobest" / f"{name}.yaml"
    path = folder / f"{name}.yaml"
    artifact.write_atomic(path, yaml.safe_dump({"include": str(shipped), "task": name, **changed}, allow_unicode=True))
    return [str(path.resolve())]


@dataclass(frozen=True)
class Known:
    """What lm-eval was told to load: `digest` names config, prompts' code and all rows; `data` the test rows of every
    task below, by its name."""

    digest: str
    data: dict[str, str]


def data_files(folder: Path) -> list[Path]:
    """Give the local files and folders that the task YAMLs of a folder name as their data, wherever they lie."""
    import yaml

    found: list[Path] = []
    for path in sorted((*folder.rglob("*.yaml"), *folder.rglob("*.yml"))):
        try:
            loaded = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
        except (yaml.YAMLError, UnicodeDecodeError):
            continue  # lm-eval says so when the task is opened
        if not isinstance(loaded, dict):
            continue
        given = (
            (loaded.get("dataset_kwargs") or {}).get("data_files")
            if isinstance(loaded.get("dataset_kwargs"), dict)
            else None
        )
        values = list(given.values()) if isinstance(given, dict) else [given]
        names = [n for v in (*values, loaded.get("dataset_path")) for n in (v if isinstance(v, list) else [v])]
        for name in names:
            if isinstance(name, str) and name:
                found += [p for p in (Path(name), folder / name) if p.exists()]
    return list(dict.fromkeys(found))


def open_task(name: str, specs: Sequence[str], manager: Any, data: str | None) -> Known:
    """Load a task (or group) once to say what it is. Raises UserError when its data cannot be read."""
    import datasets
    import lm_eval

    datasets.disable_progress_bars()
    try:
        with silent():
            loaded = manager.load(list(specs))["tasks"]
    except (ConnectionError, FileNotFoundError) as error:
        raise _no_data(error, name) from error
    except (StopIteration, IndexError) as error:  # lm-eval looks at the first row and at each of its choices
        raise UserError("no rows, or an empty choice in the first one", name, "Mend the task's file.") from error
    named, parts = {}, []
    for task, body in sorted(loaded.items()):
        gold_answers.check(task, body)
        test = [dict(row) for row in body.eval_docs]
        own = BENCHMARKS.get(task)
        if own is not None and isinstance(body.eval_docs[0], dict):
            mine = resolve(BENCHMARKS, task, "task")
            known = all(c in test[0] for c in mine.columns)
            named[task] = rows.data_name(mine, test, data) if known else f"{_source(body, data)}@{hash_of(test)[:8]}"
        else:
            named[task] = f"{_source(body, data)}@{hash_of(test)[:8]}"
        apart = ("dataset_path", "dataset_kwargs", "metadata")  # where the rows lie; the rows themselves count
        config = {k: v for k, v in body.dump_config().items() if k not in apart}
        named_splits = {str(config.get(k)) for k in ("training_split", "validation_split", "fewshot_split")}
        splits = getattr(body, "dataset", None) or {}
        drawn = {s: hash_of([dict(row) for row in splits[s]]) for s in sorted(named_splits & set(splits))}
        parts.append([task, _stable(config), hash_of(test), drawn])
    return Known(hash_of([lm_eval.__version__, parts, *_own_code(loaded, manager)]), named)


def _own_code(tasks: Iterable[str], manager: Any) -> list[list[str]]:
    """Give (name, hash) of the Python files beside one's own YAMLs: a config names a function's source, not what it
    imports. lm-eval's own files are named by its version."""
    import lm_eval

    shipped = Path(lm_eval.__file__).resolve().parent
    index = getattr(manager, "task_index", {})
    paths = [Path(index[task].yaml_path).resolve() for task in tasks if task in index and index[task].yaml_path]
    folders = sorted({path.parent for path in paths if shipped not in path.parents})
    files = [(folder, file) for folder in folders for file in sorted(folder.rglob("*.py"))]
    return [[file.relative_to(folder).as_posix(), sha256_file(file)] for folder, file in files]


def _stable(config: Mapping[str, Any]) -> str:
    """Give a task's config as text; functions and classes without their place in memory."""
    text = json.dumps(config, sort_keys=True, ensure_ascii=False, default=str)
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def _source(body: Any, data: str | None) -> str:
    if data is not None:
        return data if local_tasks.is_hub_id(data) else Path(data).resolve().name
    path, name = body.config.dataset_path, body.config.dataset_name
    files = (body.config.dataset_kwargs or {}).get("data_files")
    return "/".join(str(p) for p in (path, name) if p) if not files else "files"


def _no_data(error: Exception, spec: str) -> UserError:
    told = (str(error).splitlines() or [type(error).__name__])[0]
    return UserError(
        f"the task's data cannot be read: {told}", spec, "It needs the Hub; offline give data: a folder with its files."
    )


def open_model(
    loaded: Any, max_length: int, backend: str, budget_tokens: int | None, shard: Shard, batch_size: int = 1
) -> Any:
    """Give lm-eval's view of an opened model, scored by us; answers are generated `batch_size` at once."""
    from .lm_eval_model import HunminLM

    with silent():
        return HunminLM(
            loaded.model,
            tokenizer=loaded.tokenizer,
            max_length=max_length,
            scoring=backend,
            budget_tokens=budget_tokens,
            shard=shard,
            batch_size=batch_size,
        )


def open_endpoint(remote: Any) -> Any:
    """Give lm-eval's view of a model at an endpoint."""
    from .endpoint_lm import EndpointLM

    return EndpointLM(remote)


def run_task(
    lm: Any,
    model_name: str,
    name: str,
    specs: Sequence[str],
    num_fewshot: int,
    manager: Any,
    limit: int | None,
    options: Mapping[str, Any],
    known: Known,
) -> tuple[list[ScoreRow], list[Document]]:
    """Run one lm-eval task (or group) at one number of shots; give (score rows, documents)."""
    import datasets
    from lm_eval import simple_evaluate

    datasets.disable_progress_bars()
    lm.truncated.clear()
    lm.bos_cut.clear()
    try:
        with silent():
            found = simple_evaluate(
                model=lm,
                tasks=list(specs),
                num_fewshot=num_fewshot,
                limit=limit,
                task_manager=manager,
                log_samples=True,
                bootstrap_iters=0,
                **options,
            )
    except (ConnectionError, FileNotFoundError) as error:
        raise _no_data(error, name) from error
    table: list[ScoreRow] = []
    documents: list[Document] = []
    for task, samples in sorted(found["samples"].items()):
        own = [_document(model_name, task, num_fewshot, sample, lm.truncated) for sample in samples]
        documents += own
        version = found["versions"].get(task)
        for key, value in sorted(found["results"][task].items()):
            metric, _, filtered = key.partition(",")
            if not filtered or metric.endswith("_stderr") or not isinstance(value, (int, float)):
                continue
            picked = [s for s in samples if s.get("filter", "none") == filtered]
            called, low, high = _interval(metric, float(value), [s[metric] for s in picked if metric in s])
            row: ScoreRow = {
                "model": model_name,
                "task": task,
                "num_fewshot": num_fewshot,
                "protocol": PROTOCOL,
                "metric": called if filtered == "none" else f"{called},{filtered}",
                "value": round(float(value), 6),
                "ci_low": low,
                "ci_high": high,
                "n": len(picked),
                "n_truncated": sum(d["truncated"] for d in own),
                "data": known.data.get(task, task),
                "task_version": str(version),
            }
            cut = sum(any(a[0] in lm.bos_cut for a in s.get("arguments", ())) for s in samples)
            if cut:
                row["n_bos_cut"] = cut
            choices = {len(d["loglikelihoods"]) for d in own if d.get("loglikelihoods")}
            if called in ("acc", "acc_norm", "macro_f1") and len(choices) == 1:
                golds = [d["gold"] for d in own]
                if all(isinstance(g, int) for g in golds):
                    row["chance"] = round(metrics.chance_level(called, golds, choices.pop()), 6)
            table.append(row)
    return table + _whole(name, table, documents, num_fewshot), documents


def _whole(name: str, table: Sequence[ScoreRow], documents: Sequence[Document], num_fewshot: int) -> list[ScoreRow]:
    """Give a group's own rows: of each share that all of its tasks have, over all documents (by size, as lm-eval's
    weight_by_size)."""
    tasks = list(dict.fromkeys(row["task"] for row in table))
    if len(tasks) < 2:
        return []
    found: list[ScoreRow] = []
    for metric in SHARES:
        rows = [row for row in table if row["metric"] == metric]
        values = [d["metrics"][metric] for d in documents if metric in d.get("metrics", {})]
        if len({row["task"] for row in rows}) != len(tasks) or not set(values) <= {0, 1}:
            continue
        low, high = statistics.wilson(int(sum(values)), len(values))
        row: ScoreRow = {
            **rows[0],
            "task": name,
            "value": round(sum(values) / len(values), 6),
            "ci_low": round(low, 6),
            "ci_high": round(high, 6),
            "n": len(values),
            "n_truncated": sum(d["truncated"] for d in documents),
            "data": f"{name}@{hash_of([r.get('data') for r in rows])[:8]}",
        }
        chances = [r["chance"] for r in rows if "chance" in r]
        row.pop("chance", None)
        if len(chances) == len(rows):
            row["chance"] = round(sum(r["chance"] * (r["n"] or 0) for r in rows) / len(values), 6)
        found.append(row)
    return found


def _document(model: str, task: str, num_fewshot: int, sample: JsonObject, truncated: set[str]) -> Document:
    """Give a document's row: what was predicted, never the benchmark's text."""
    contexts = [arguments[0] for arguments in sample.get("arguments", ())]
    answers = sample["filtered_resps"]
    gold, prediction = sample["target"], answers[0] if answers else None
    values = []
    if answers and all(isinstance(a, (tuple, list)) and len(a) == 2 for a in answers):
        values = [float(a[0]) for a in answers]
        target = str(gold)
        pair = sample.get("f1")  # (gold, predicted) as indices, also where the task's target is a text
        named = [str(arguments[1]).strip() for arguments in sample["arguments"]]
        given = int(target) if target.isdigit() else target
        if named.count(target.strip()) == 1 and given == target:  # CLIcK's "C": its place among the choices
            given = named.index(target.strip())
        gold, prediction = int(pair[0]) if isinstance(pair, (tuple, list)) else given, best(values)
    row: Document = {
        "model": model,
        "task": task,
        "num_fewshot": num_fewshot,
        "protocol": PROTOCOL,
        "index": sample["doc_id"],
        "prompt": [sample["doc_hash"][:12], sample["prompt_hash"][:12]],
        "truncated": any(c in truncated for c in contexts),
        "metrics": {m: sample[m] for m in sample.get("metrics", ()) if isinstance(sample.get(m), (int, float))},
        "gold": gold,
        "prediction": prediction,
    }
    if values:
        row["loglikelihoods"] = [round(v, 6) for v in values]
    if sample.get("filter", "none") != "none":
        row["filter"] = sample["filter"]
    return row


def _interval(metric: str, value: float, values: Sequence[Any]) -> tuple[str, float | None, float | None]:
    """Give (the metric's name, 95 % interval): Wilson for shares, bootstrap for macro-F1 and means, else none."""
    if values and all(isinstance(v, (tuple, list)) and len(v) == 2 for v in values):
        gold, predicted = [int(v[0]) for v in values], [int(v[1]) for v in values]
        if abs(metrics.macro_f1(gold, predicted) - value) < 1e-9:
            low, high = statistics.macro_f1_interval(gold, predicted)
            return "macro_f1", round(low, 6), round(high, 6)
        return metric, None, None
    numbers = [float(v) for v in values if isinstance(v, (int, float))]
    if not numbers or len(numbers) != len(values) or abs(sum(numbers) / len(numbers) - value) > 1e-9:
        return metric, None, None
    if metric in SHARES and set(numbers) <= {0.0, 1.0}:
        low, high = statistics.wilson(int(sum(numbers)), len(numbers))
    else:
        _, low, high = statistics.mean_interval(numbers)
    return metric, round(low, 6), round(high, 6)
