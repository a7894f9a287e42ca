"""All models on all tasks and shots, one finished part file each: what an interrupted evaluation continues from."""

from __future__ import annotations

import gc
import json
import logging
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

from ... import models
from ...artifacts import artifact, progress
from ...artifacts.rows import Document, Notes, ScoreRow
from ...errors import UserError
from . import harness, processes, scorer, tokens, upstream
from .contestants import Contestant
from .processes import Group

log = logging.getLogger("hunmin")


class Part(TypedDict):
    """One model, task and number of shots: how it was scored, and its rows of scores.json and documents.jsonl."""

    details: Notes
    rows: list[ScoreRow]
    documents: list[Document]


Tick = Callable[..., None]


def part_of(out: Path, model: str, task: str, num_fewshot: int) -> Path:
    """Give the file of a finished model, task and number of shots."""
    name = re.sub(r"[^\w.-]+", "_", f"{model}--{task}--{num_fewshot}")
    return out / "parts" / f"{name}-{artifact.hash_of([model, task])[:6]}.json"


def score_all(
    config: Any, shots: Sequence[int], found: Sequence[Contestant], out: Path, group: Group, label: str
) -> list[Part]:
    """Score what no part file holds yet, one model in memory at a time; give all parts in order."""
    if config.protocol == "harness":
        fixed = config.fewshot == "fixed"
        jobs = harness.jobs(config.tasks, shots, config.data, revision=config.revision, limit=config.limit, fixed=fixed)
        keys = [(job.task.name, job.num_fewshot) for job in jobs]
        sizes = [job.n_choices for job in jobs]
    else:
        keys = [(name, k) for name in upstream.names(config.tasks) for k in shots]
        jobs, sizes = _upstream_jobs(config, keys, out, group), [1] * len(keys)
    parts = {(c.name, i): part_of(out, c.name, *keys[i]) for c in found for i in range(len(keys))}
    pending = {key for key, path in parts.items() if not path.is_file()}
    processes.barrier(group)
    unit = "choice" if config.protocol == "harness" else "task"
    tick = progress.bar(label, sum(sizes[i] for _, i in pending), unit=unit)
    for contestant in found:
        todo = [(jobs[i], parts[contestant.name, i]) for i in range(len(keys)) if (contestant.name, i) in pending]
        if todo:
            _score_model(config, contestant, todo, tick, group)
            gc.collect()
    tick(0, done=True)
    return [json.loads(parts[c.name, i].read_text("utf-8")) for c in found for i in range(len(keys))]


def _upstream_jobs(config: Any, keys: Sequence[tuple[str, int]], out: Path, group: Group) -> list[Any]:
    wanted = list(dict.fromkeys(name for name, _ in keys))
    manager = upstream.task_manager(wanted, config.include_path)
    folder = out / "data" / str(group.rank)
    specs = {name: upstream.task_spec(name, config.data, config.revision, folder) for name in wanted}
    data = {name: upstream.data_name(name, config.data) for name in wanted}
    return [(name, specs[name], k, manager, data[name]) for name, k in keys]


def _score_model(
    config: Any, contestant: Contestant, todo: Sequence[tuple[Any, Path]], tick: Tick, group: Group
) -> None:
    loaded = models.load(
        contestant.source,
        dtype=config.dtype,
        device=config.device,
        quantization=config.quantization,
        trust_remote_code=config.trust_remote_code,
    )
    own = tokens.max_length_of(loaded.model, loaded.tokenizer)
    if config.max_length is not None and config.max_length > own:
        raise UserError(
            f"max_length {config.max_length} is longer than the model's {own} tokens", contestant.name, "Lower it."
        )
    max_length = config.max_length or own
    shard = processes.shard(group)
    details = {
        "model": contestant.name,
        "asked_as": contestant.what,
        "dtype": str(loaded.model.dtype).removeprefix("torch."),
        "device": str(loaded.model.device),
        "max_length": max_length,
        "processes": group.world,
    }
    if config.protocol == "harness":
        opened = scorer.open_scorer(loaded.model, max_length, config.backend, config.budget_tokens)
        for job, path in todo:
            note = f"{contestant.name} {job.task.name} {job.num_fewshot}-shot"
            documents = harness.run_job(
                job, contestant.name, opened, loaded.tokenizer, partial(tick, note=note), **shard
            )
            rows = harness.score_rows(documents, job.task)
            about = {"task": job.task.name, "num_fewshot": job.num_fewshot, "protocol": job.protocol}
            apart = {"tokenisation": "context and choice apart, no special tokens"}
            _keep(path, {**details, **about, **apart, **opened.report}, rows, documents, group)
        return
    lm = upstream.open_model(loaded, max_length, config.backend, config.budget_tokens, shard)
    for (name, spec, k, manager, data), path in todo:
        rows, documents = upstream.run_task(lm, contestant.name, spec, k, manager, config.limit, config.lm_eval, data)
        tick(1, note=f"{contestant.name} {name} {k}-shot")
        about = {"task": name, "num_fewshot": k, "protocol": upstream.PROTOCOL}
        joint = {"tokenisation": "lm-eval's: context and continuation together, the tokenizer's special tokens"}
        _keep(path, {**details, **about, **joint, **lm.opened.report}, rows, documents, group)


def _keep(path: Path, details: Notes, rows: list[ScoreRow], documents: list[Document], group: Group) -> None:
    if group.rank == 0:
        text = json.dumps({"details": details, "rows": rows, "documents": documents}, ensure_ascii=False)
        artifact.write_atomic(path, text + "\n")
    processes.barrier(group)


def write(out: Path, parts: Sequence[Part]) -> None:
    """Write scores.json and documents.jsonl from the finished parts."""
    rows = [row for part in parts for row in part["rows"]]
    lines = [json.dumps(d, ensure_ascii=False) for part in parts for d in part["documents"]]
    artifact.write_atomic(out / artifact.DOCUMENTS, "\n".join(lines) + "\n")
    artifact.write_atomic(out / artifact.SCORES, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def notes(parts: Sequence[Part], found: Sequence[Contestant], left_out: list[str]) -> Notes:
    """Give what the manifest keeps of an evaluation: who was scored, how, and where contexts were cut."""
    truncated = {}
    for part in parts:
        n = sum(d["truncated"] for d in part["documents"])
        if n:
            d = part["details"]
            truncated[f"{d['model']} {d['task']} {d['num_fewshot']}-shot"] = f"{n} of {len(part['documents'])}"
    if truncated:
        log.warning("contexts were cut on the left to fit the model: %s", truncated)
    return {
        "headline": f"{len(found)} models, {sum(len(part['documents']) for part in parts):,} documents",
        "models": {c.name: {"asked_as": c.what, "source": c.source} for c in found},
        "left_out": left_out,
        "truncated": truncated,
        "scoring": [part["details"] for part in parts],
    }
