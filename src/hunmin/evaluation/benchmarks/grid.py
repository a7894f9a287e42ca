"""All models on all tasks and shots, one finished part file each: what an interrupted evaluation continues from."""

from __future__ import annotations

import gc
import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, cast

from ... import models
from ...artifacts import artifact, progress
from ...artifacts.artifact import Inputs
from ...artifacts.rows import Document, Notes, ScoreRow
from ...errors import UserError
from ...measures import constraints as verifying
from ...tables import resolve
from . import (
    GENERATED,
    answering,
    borrowed,
    bos,
    endpoint,
    fingerprint,
    generated,
    harness,
    processes,
    scorer,
    tokens,
    upstream,
)
from .contestants import Contestant
from .lm_eval_tasks import task_manager
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
    inputs: Inputs
    mark: str = ""
    """The fingerprint of what is being scored."""
    _scorer: Any = None
    _lm: Any = None
    _bos: dict[str, Notes | None] = field(default_factory=dict)

    def without_bos(self, texts: Sequence[str]) -> Notes | None:
        """Give what the model loses without BOS, read once and told before it is scored."""
        if "read" not in self._bos:
            read = self._bos["read"] = bos.measure(self.scorer, self.tokenizer, texts)
            if (lost := bos.gap(read)) is not None and lost > bos.LARGE:
                log.warning(
                    "%s loses %.2f nats a token without BOS, and protocol %s sends none: score it as %s too",
                    self.contestant.name, lost, harness.HARNESS, harness.BOS,
                )  # fmt: skip
        return self._bos["read"]

    @property
    def remote(self) -> bool:
        return self.contestant.what == ENDPOINT

    @property
    def scorer(self) -> scorer.Scorer | endpoint.Remote:
        config = self.config
        if self._scorer is None and self.remote:
            self._scorer = endpoint.open_remote(self.contestant.name, config, self.inputs)
        elif self._scorer is None:
            self._scorer = scorer.open_scorer(self.loaded.model, self.max_length, config.backend, config.budget_tokens)
        return cast("scorer.Scorer | endpoint.Remote", self._scorer)

    @property
    def tokenizer(self) -> Any:
        opened = self.scorer
        return opened.tokenizer if isinstance(opened, endpoint.Remote) else self.loaded.tokenizer

    @property
    def lm(self) -> Any:
        if self._lm is None and self.remote:
            self._lm = upstream.open_endpoint(self.scorer)
        elif self._lm is None:
            config, shard = self.config, processes.shard(self.group)
            self._lm = upstream.open_model(
                self.loaded, self.max_length, config.backend, config.budget_tokens, shard, config.batch_size
            )
        return self._lm


def score_all(
    config: Any, shots: Sequence[int], found: Sequence[Contestant], out: Path, group: Group, inputs: Inputs
) -> list[Part]:
    """Score what no part file holds yet, one model in memory at a time; give all parts in order.

    A model of an endpoint answers what is generated, and what is scored by log-likelihood where its tokenizer is named.
    """
    work = works(config, shots, out, group, inputs)
    lent = borrowed.template_of([c.source for c in found if c.what != ENDPOINT])
    marks = {c.name: _who(c, config, lent) for c in found}
    names = {
        (c.name, i): fingerprint.joined(marks[c.name][w.protocol != generated.PROTOCOL], w.way)
        for c in found
        for i, w in enumerate(work)
        if c.what != ENDPOINT or _asked_there(w.protocol, config)
    }
    parts = {
        (name, i): part_of(out, name, work[i].task, work[i].num_fewshot, mark) for (name, i), mark in names.items()
    }
    pending = {key for key, path in parts.items() if not path.is_file()}
    processes.barrier(group)
    unit = "choice" if all(w.protocol.startswith(harness.HARNESS) for w in work) else "task"
    tick = progress.bar(inputs.label, sum(work[i].size for _, i in pending), unit=unit)
    for contestant in found:
        todo = [
            (w, parts[contestant.name, i], names[contestant.name, i])
            for i, w in enumerate(work)
            if (contestant.name, i) in pending
        ]
        if todo:
            opened = Opened(config, contestant, None, 0, group, tick, inputs)
            (_ask_endpoint if opened.remote else _score_model)(opened, todo, lent)
            gc.collect()
    tick(0, done=True)
    return [json.loads(path.read_text("utf-8")) for path in parts.values()]


ENDPOINT = "endpoint"


def _asked_there(protocol: str, config: Any) -> bool:
    """Tell whether an endpoint is asked so: worked examples are plain text without a template, which a chat is not."""
    return protocol == generated.PROTOCOL or (protocol != generated.PLAIN and config.tokenizer is not None)


def _who(contestant: Contestant, config: Any, lent: str) -> tuple[str, str]:
    """Give the model's half of a fingerprint, for generated answers and for log-likelihoods."""
    if contestant.what != ENDPOINT:
        asked = borrowed.half_of(contestant.source, lent, config.template, config.trust_remote_code)
        return asked, fingerprint.of_model(contestant.source)
    named = [contestant.name, config.base_url, config.request]
    tokenizer = None if config.tokenizer is None else fingerprint.of_model(config.tokenizer)
    return artifact.hash_of(named)[:8], artifact.hash_of([*named, tokenizer])[:8]


def works(config: Any, shots: Sequence[int], out: Path, group: Group, inputs: Inputs) -> list[Work]:
    """Give everything to score, in the order asked; each task under the protocol it has."""
    fixed = config.fewshot == "fixed"
    precision = [config.quantization, config.max_length, _dtype(config)]
    plan = harness.planned(config.tasks, config.protocol)
    found: list[Work] = []
    others = [task for how, task in plan if how == upstream.PROTOCOL]
    manager = task_manager(others, config.include_path) if others else None
    for how, task in plan:
        if how == upstream.PROTOCOL:
            found += _upstream(config, task, manager, shots, out, group, precision)
        elif how == generated.PROTOCOL:
            found += _chat(config, task, shots, out, precision, inputs)
        else:
            protocol = config.protocol if config.protocol != upstream.PROTOCOL else harness.HARNESS
            jobs = harness.jobs(
                [task], shots, config.data, revision=config.revision, limit=config.limit, fixed=fixed, protocol=protocol
            )
            found += [_harness(job, precision) for job in jobs]
    return found


def _dtype(config: Any) -> str:
    from ...models.opening import choose_device, choose_dtype

    return choose_dtype(config.dtype, choose_device(config.device))


def _harness(job: harness.Job, precision: list[Any]) -> Work:
    def run(opened: Opened) -> tuple[list[ScoreRow], list[Document], Notes]:
        name = opened.contestant.name
        tick = partial(opened.tick, note=f"{name} {job.task.name} {job.num_fewshot}-shot")
        shard = processes.shard(opened.group)
        documents = harness.run_job(job, name, opened.scorer, opened.tokenizer, tick, **shard)
        special = "BOS before the context" if job.protocol.startswith(harness.BOS) else "no special tokens"
        apart = {"tokenisation": f"context and choice apart, {special}"}
        return harness.score_rows(documents, job.task), documents, {**apart, **opened.scorer.report}

    texts = [item.context for item in job.items[: bos.TEXTS]] if not job.protocol.startswith(harness.BOS) else []
    way = fingerprint.of_way(job.protocol, job.digest, precision)
    return Work(job.task.name, job.num_fewshot, job.protocol, way, job.n_choices, run, texts)


def _upstream(
    config: Any, name: str, manager: Any, shots: Sequence[int], out: Path, group: Group, precision: list[Any]
) -> list[Work]:
    specs = upstream.task_specs(name, config.data, config.revision, out / "data" / str(group.rank), manager)
    known = upstream.open_task(name, specs, manager, config.data)

    def run(opened: Opened, k: int) -> tuple[list[ScoreRow], list[Document], Notes]:
        model = opened.contestant.name
        rows, documents = upstream.run_task(
            opened.lm, model, name, specs, k, manager, config.limit, config.lm_eval, known
        )
        opened.tick(1, note=f"{model} {name} {k}-shot")
        joint = {"tokenisation": "lm-eval's: context and continuation together, the tokenizer's special tokens"}
        return rows, documents, {**joint, **opened.lm.opened.report}

    ways = {
        k: fingerprint.of_way(upstream.PROTOCOL, known.digest, k, config.limit, config.lm_eval, precision)
        for k in shots
    }
    return [Work(name, k, upstream.PROTOCOL, ways[k], 1, partial(run, k=k)) for k in shots]


def _chat(config: Any, name: str, shots: Sequence[int], out: Path, precision: list[Any], inputs: Inputs) -> list[Work]:
    task = resolve(GENERATED, name, "task", "tasks")
    every, data = generated.read(task, config.data, config.revision)
    return [
        _generated(config, task, k, every[: config.limit], data, out, precision, inputs)
        for k in generated.shots_of(task, config.data, shots)
    ]


def _generated(
    config: Any,
    task: generated.Generated,
    shots: int,
    questions: list[answering.Question],
    data: str,
    out: Path,
    precision: list[Any],
    inputs: Inputs,
) -> Work:
    name, protocol = task.name, generated.protocol_of(shots)
    if shots:
        questions = generated.with_shots(task, questions, config.data, shots)
    asked = [[q.plain or q.messages, q.gold] for q in questions]
    counted = verifying.counted_by()
    way = fingerprint.of_way(protocol, asked, answering.options(config), precision, inputs.seed, counted)

    def run(opened: Opened) -> tuple[list[ScoreRow], list[Document], Notes]:
        model = opened.contestant.name
        tick = partial(opened.tick, note=f"{model} {name}")
        paid: Notes = {}
        if opened.contestant.what == ENDPOINT:
            answers, paid["paid"] = answering.by_endpoint(questions, model, config, inputs, tick)
        else:
            path = out / "answers" / f"{name}-{opened.mark}.jsonl"
            answers = answering.locally(questions, opened.loaded, config, inputs.seed, path, opened.group, tick)
        documents = generated.documents(task, model, data, questions, answers, shots)
        how = answering.about_endpoint(config) if opened.remote else answering.options(config)
        about = {"keywords_counted_by": counted, **how}
        return generated.score_rows(task, model, data, questions, answers, shots), documents, {**about, **paid}

    return Work(name, shots, protocol, way, len(questions) * config.repeats, run)


def _ask_endpoint(opened: Opened, todo: Sequence[tuple[Work, Path, str]], template: str) -> None:
    """Have an endpoint answer, from one process."""
    about: Notes = {"model": opened.contestant.name, "asked_as": ENDPOINT}
    if opened.group.rank == 0:
        for work, path, mark in todo:
            _one(opened, work, path, mark, about)
    processes.barrier(opened.group)


def _score_model(opened: Opened, todo: Sequence[tuple[Work, Path, str]], template: str) -> None:
    config, contestant, group = opened.config, opened.contestant, opened.group
    loaded = models.load(
        contestant.source,
        dtype=config.dtype,
        device=config.device,
        quantization=config.quantization,
        trust_remote_code=config.trust_remote_code,
        template=config.template,
    )
    if loaded.template is None and template:
        loaded = borrowed.asked_in(loaded, template)
    own = tokens.max_length_of(loaded.model, loaded.tokenizer)
    if config.max_length is not None and config.max_length > own:
        raise UserError(
            f"max_length {config.max_length} is longer than the model's {own} tokens", contestant.name, "Lower it."
        )
    opened.loaded, opened.max_length = loaded, config.max_length or own
    about: Notes = {
        "model": contestant.name,
        "asked_as": contestant.what,
        "dtype": str(loaded.model.dtype).removeprefix("torch."),
        "device": str(loaded.model.device),
        "max_length": opened.max_length,
        "processes": group.world,
    }
    for work, path, mark in todo:
        _one(opened, work, path, mark, about)


def _one(opened: Opened, work: Work, path: Path, mark: str, about: Notes) -> None:
    """Run one piece of work and keep it: its rows with their fingerprint, and what the model loses without BOS.

    Raises UserError that names the model when what it gives is no number: it has no row then.
    """
    opened.mark = mark
    try:
        read = opened.without_bos(work.texts) if work.texts else None  # before scoring, so that the warning comes first
        rows, documents, details = work.run(opened)
    except models.NotNumbers as error:
        mend = f"{error.mend} Finished scores are kept: without this model the same command goes on."
        raise UserError(error.what, f"{opened.contestant.name} on {work.task}", mend) from error
    for row in rows:
        row["fingerprint"] = mark
        if (lost := bos.gap(read)) is not None:
            row["bos_gap"] = lost
    named = {"task": work.task, "num_fewshot": work.num_fewshot, "protocol": work.protocol, "fingerprint": mark}
    found = {**about, **named, **({"bos": read} if read else {}), **details}
    if opened.group.rank == 0:
        artifact.write_atomic(path, _text(found, rows, documents))
    if not opened.remote:
        processes.barrier(opened.group)


def _text(details: Notes, rows: list[ScoreRow], documents: list[Document]) -> str:
    return json.dumps({"details": details, "rows": rows, "documents": documents}, ensure_ascii=False) + "\n"


def write(out: Path, parts: Sequence[Part]) -> None:
    """Write scores.json and documents.jsonl from the finished parts."""
    rows = [row for part in parts for row in part["rows"]]
    lines = [json.dumps(d, ensure_ascii=False) for part in parts for d in part["documents"]]
    artifact.write_atomic(out / artifact.DOCUMENTS, "\n".join(lines) + "\n")
    artifact.write_atomic(out / artifact.SCORES, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def notes(parts: Sequence[Part], found: Sequence[Contestant], left_out: list[str]) -> Notes:
    """Give what the manifest keeps of an evaluation: who was scored, how, and where contexts or answers were cut."""
    truncated: dict[str, str] = {}
    unended: dict[str, str] = {}
    for part in parts:
        n = sum(d["truncated"] for d in part["documents"])
        if n:
            d = part["details"]
            generated = any("answer" in row for row in part["documents"])
            cut = unended if generated else truncated
            cut[f"{d['model']} {d['task']} {d['num_fewshot']}-shot"] = f"{n} of {len(part['documents'])}"
    if unended:
        log.warning("answers did not end within max_new_tokens: %s", unended)
    if truncated:
        log.warning("contexts were cut on the left to fit the model: %s", truncated)
    return {
        "headline": f"{len(found)} models, {sum(len(part['documents']) for part in parts):,} documents",
        "models": {c.name: {"asked_as": c.what, "source": c.source} for c in found},
        "left_out": left_out,
        "truncated": truncated,
        **({"unended": unended} if unended else {}),
        "scoring": [part["details"] for part in parts],
    }
