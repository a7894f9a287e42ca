"""All models on all tasks and shots, one finished part file each: what an interrupted evaluation continues from."""

from __future__ import annotations

import gc
import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, cast

from ... import models
from ...artifacts import artifact, progress
from ...artifacts.rows import Document, Notes, ScoreRow
from ...errors import UserError
from . import bos, fingerprint, harness, processes, scorer, tokens, upstream
from .contestants import Contestant
from .processes import Group

log = logging.getLogger("hunmin")


class Part(TypedDict):
    """One model, task and number of shots: how it was scored, and its rows of scores.json and documents.jsonl."""

    details: Notes
    rows: list[ScoreRow]
    documents: list[Document]


Tick = Callable[..., None]


def part_of(out: Path, model: str, task: str, num_fewshot: int, mark: str = "") -> Path:
    """Give the file of a finished model, task and number of shots; `mark` is its fingerprint, so that another
    model in the same folder, other rows or another wording find nothing done."""
    name = re.sub(r"[^\w.-]+", "_", f"{model}--{task}--{num_fewshot}")
    return out / "parts" / f"{name}-{artifact.hash_of([model, task, mark])[:12]}.json"


@dataclass(frozen=True)
class Work:
    """One task at one number of shots, the same for every model: `way` names all that decides its numbers but the
    model, `run(opened)` gives (score rows, documents, details)."""

    task: str
    num_fewshot: int
    protocol: str
    way: str
    size: int
    run: Callable[[Opened], tuple[list[ScoreRow], list[Document], Notes]]
    texts: Sequence[str] = ()
    """What the model is asked, where the harness protocol sends no BOS."""


@dataclass
class Opened:
    """A contestant's open model and what scores it, made when first needed."""

    config: Any
    contestant: Contestant
    loaded: Any
    max_length: int
    group: Group
    tick: Tick
    _scorer: Any = None
    _lm: Any = None

    @property
    def scorer(self) -> scorer.Scorer:
        if self._scorer is None:
            config = self.config
            self._scorer = scorer.open_scorer(self.loaded.model, self.max_length, config.backend, config.budget_tokens)
        return cast(scorer.Scorer, self._scorer)

    @property
    def lm(self) -> Any:
        if self._lm is None:
            config, shard = self.config, processes.shard(self.group)
            self._lm = upstream.open_model(self.loaded, self.max_length, config.backend, config.budget_tokens, shard)
        return self._lm


def score_all(
    config: Any, shots: Sequence[int], found: Sequence[Contestant], out: Path, group: Group, label: str
) -> list[Part]:
    """Score what no part file holds yet, one model in memory at a time; give all parts in order."""
    work = works(config, shots, out, group)
    marks = {c.name: fingerprint.of_model(c.source, None) for c in found}
    names = {(c.name, i): fingerprint.joined(marks[c.name], w.way) for c in found for i, w in enumerate(work)}
    parts = {
        (name, i): part_of(out, name, work[i].task, work[i].num_fewshot, mark) for (name, i), mark in names.items()
    }
    pending = {key for key, path in parts.items() if not path.is_file()}
    processes.barrier(group)
    unit = "choice" if all(w.protocol.startswith(harness.HARNESS) for w in work) else "task"
    tick = progress.bar(label, sum(work[i].size for _, i in pending), unit=unit)
    for contestant in found:
        todo = [
            (w, parts[contestant.name, i], names[contestant.name, i])
            for i, w in enumerate(work)
            if (contestant.name, i) in pending
        ]
        if todo:
            _score_model(config, contestant, todo, tick, group)
            gc.collect()
    tick(0, done=True)
    return [json.loads(parts[c.name, i].read_text("utf-8")) for c in found for i in range(len(work))]


def works(config: Any, shots: Sequence[int], out: Path, group: Group) -> list[Work]:
    """Give everything to score, in the order asked; each task under the protocol it has."""
    fixed = config.fewshot == "fixed"
    precision = [config.quantization, config.max_length, _dtype(config)]
    if config.protocol == upstream.PROTOCOL:
        return _upstream(config, upstream.names(config.tasks), shots, out, group, precision)
    jobs = harness.jobs(
        config.tasks,
        shots,
        config.data,
        revision=config.revision,
        limit=config.limit,
        fixed=fixed,
        protocol=config.protocol,
    )
    return [_harness(job, precision) for job in jobs]


def _dtype(config: Any) -> str:
    from ...models.opening import choose_device, choose_dtype

    return choose_dtype(config.dtype, choose_device(config.device))


def _harness(job: harness.Job, precision: list[Any]) -> Work:
    def run(opened: Opened) -> tuple[list[ScoreRow], list[Document], Notes]:
        name = opened.contestant.name
        tick = partial(opened.tick, note=f"{name} {job.task.name} {job.num_fewshot}-shot")
        shard = processes.shard(opened.group)
        documents = harness.run_job(job, name, opened.scorer, opened.loaded.tokenizer, tick, **shard)
        special = "BOS before the context" if job.protocol.startswith(harness.BOS) else "no special tokens"
        apart = {"tokenisation": f"context and choice apart, {special}"}
        return harness.score_rows(documents, job.task), documents, {**apart, **opened.scorer.report}

    texts = [item.context for item in job.items[: bos.TEXTS]] if not job.protocol.startswith(harness.BOS) else []
    way = fingerprint.of_way(job.protocol, job.digest, precision)
    return Work(job.task.name, job.num_fewshot, job.protocol, way, job.n_choices, run, texts)


def _upstream(
    config: Any, wanted: Sequence[str], shots: Sequence[int], out: Path, group: Group, precision: list[Any]
) -> list[Work]:
    manager = upstream.task_manager(wanted, config.include_path)
    folder = out / "data" / str(group.rank)
    found = []
    for name in wanted:
        spec = upstream.task_spec(name, config.data, config.revision, folder)
        known = upstream.open_task(name, spec, manager, config.data)

        def run(
            opened: Opened, k: int, name: str = name, spec: str = spec, known: upstream.Known = known
        ) -> tuple[list[ScoreRow], list[Document], Notes]:
            model = opened.contestant.name
            rows, documents = upstream.run_task(opened.lm, model, spec, k, manager, config.limit, config.lm_eval, known)
            opened.tick(1, note=f"{model} {name} {k}-shot")
            joint = {"tokenisation": "lm-eval's: context and continuation together, the tokenizer's special tokens"}
            return rows, documents, {**joint, **opened.lm.opened.report}

        for k in shots:
            way = fingerprint.of_way(upstream.PROTOCOL, known.digest, k, config.limit, config.lm_eval, precision)
            found.append(Work(name, k, upstream.PROTOCOL, way, 1, partial(run, k=k)))
    return found


def _score_model(
    config: Any, contestant: Contestant, todo: Sequence[tuple[Work, Path, str]], tick: Tick, group: Group
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
    opened = Opened(config, contestant, loaded, config.max_length or own, group, tick)
    about = {
        "model": contestant.name,
        "asked_as": contestant.what,
        "dtype": str(loaded.model.dtype).removeprefix("torch."),
        "device": str(loaded.model.device),
        "max_length": opened.max_length,
        "processes": group.world,
    }
    without = None
    asked = next((w.texts for w, _, _ in todo if w.texts), ())
    if asked:
        without = bos.measure(opened.scorer, loaded.tokenizer, asked)
        if (lost := bos.gap(without)) is not None and lost > bos.LARGE:
            log.warning(
                "%s loses %.2f nats a token without BOS, and protocol %s sends none: score it as %s too",
                contestant.name, lost, harness.HARNESS, harness.BOS,
            )  # fmt: skip
    for work, path, mark in todo:
        rows, documents, details = work.run(opened)
        for row in rows:
            row["fingerprint"] = mark
            if work.texts and (lost := bos.gap(without)) is not None:
                row["bos_gap"] = lost
        named = {"task": work.task, "num_fewshot": work.num_fewshot, "protocol": work.protocol, "fingerprint": mark}
        told = {"bos": without} if work.texts and without else {}
        _keep(path, {**about, **named, **told, **details}, rows, documents, group)


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
