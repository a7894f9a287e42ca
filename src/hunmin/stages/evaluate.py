"""Benchmarks at 0, 5, 10, 50 shots: base, newest and baselines in one table, with n, interval and chance level.

`protocol: harness` measures as the published Korean tables were measured (Beomi/ko-lm-evaluation-harness b4bd6f6);
`upstream` runs lm-eval's own tasks, which is another benchmark. Finished tasks and shots are kept, so an interrupted
evaluation goes on where it stopped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.rows import Estimate
from ..clients.access import HubId
from ..errors import UserError
from ..options import ModelOptions, opt

READS = ()
EDITS = ()
ADDS = ()
KIND = "model"
INPUT = "model?"
OUTPUT = "scores"


class Config(ModelOptions):
    tasks: list[str] = opt(["kobest"], "Suites (kobest, korean) or task names; under `upstream` any of lm-eval's.")
    num_fewshot: list[int] | int = opt([0, 5], "Numbers of shots, all scored in one go.")
    protocol: Literal["harness", "harness-bos", "upstream"] = opt(
        "harness", "harness = the published tables' protocol; harness-bos = the same with BOS; upstream = lm-eval's."
    )
    fewshot: Literal["random", "fixed"] = opt("random", "fixed = one draw of shots for all: another protocol.")
    limit: int | None = opt(None, "Score only the first N documents of each task.", ge=1)
    models: list[str] = opt(["base", "newest"], "base, newest, or labels of earlier stages.")
    baselines: list[str] = opt([], "Further models to score: Hub ids, folders, tiny:llama.")
    data: str | None = opt(None, "Folder with <task>/{train,test}.jsonl or the authors' .tsv; empty = skt/kobest_v1.")
    revision: str | None = opt(None, "Revision of the benchmark's data on the Hub.")
    backend: Literal["auto", "tree", "repeat", "plain"] = opt("auto", "Scoring backend; auto = fastest that is exact.")
    max_length: int | None = opt(None, "Longest input in tokens; empty = the model's own.", ge=8)
    budget_tokens: int | None = opt(None, "Padded tokens per batch; empty = 512 on a CPU, 16384 on a GPU.", ge=64)
    include_path: list[str] = opt([], "Folders with lm-eval task YAMLs of your own (protocol upstream).")
    lm_eval: dict[str, Any] = opt({}, "Further options of lm-eval's simple_evaluate (protocol upstream).")
    samples: str | None = opt(None, "A file of questions that every model answers, shown in the report; no score.")
    n_samples: int = opt(3, "How many of the questions.", ge=1)
    sample_tokens: int = opt(64, "Tokens of each sample answer.", ge=1)
    launch: Literal["none", "ddp"] = opt("none", "ddp = several processes; documents are sharded, numbers stay.")
    num_processes: int = opt(1, "Processes under launch: ddp.", ge=1)

    @field_validator("tasks", "models", "baselines", "include_path", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


def needs(config: Config) -> tuple[str, ...]:
    """Give the artifact it needs: a model, unless only baselines are asked for."""
    return ("model",) if config.models and not config.baselines else ("model?",)


def shots_of(config: Config) -> list[int]:
    """Give the asked numbers of shots, each once, in the asked order."""
    asked = config.num_fewshot if isinstance(config.num_fewshot, list) else [config.num_fewshot]
    return list(dict.fromkeys(asked))


def check(config: Config) -> list[str]:
    """Give what is wrong across fields: unknown tasks, negative shots, options of the other protocol."""
    from ..evaluation.benchmarks import harness

    found = []
    if not config.tasks:
        found.append("tasks: is empty; name a suite such as kobest")
    if not shots_of(config) or any(k < 0 for k in shots_of(config)):
        found.append(f"num_fewshot: must be numbers from 0, got {config.num_fewshot}")
    if config.protocol != "upstream":
        try:
            harness.task_names(config.tasks)
        except UserError as error:
            found.append(str(error))
        if config.include_path or config.lm_eval:
            found.append("include_path and lm_eval belong to protocol: upstream")
    elif config.fewshot == "fixed":
        found.append("fewshot: fixed belongs to protocol: harness; under upstream the task's own sampler decides")
    return found


def files(config: Config) -> list[Path]:
    """Give the benchmark's local files, the sample questions and the baselines on this machine."""
    from ..models import local_folders

    found = [*([Path(config.samples)] if config.samples else []), *local_folders(config.baselines)]
    for folder in map(Path, config.include_path):
        if folder.is_dir():
            from ..evaluation.benchmarks import upstream

            found += [folder, *upstream.data_files(folder)]
    if config.data is None or check(config):
        return found
    if not Path(config.data).is_dir():
        return [*found, Path(config.data)]
    from ..evaluation.benchmarks import harness
    from ..evaluation.benchmarks import task_rows as rows

    try:
        own = harness.tasks(config.tasks)
    except UserError:
        own = harness.tasks(["kobest"])  # upstream: whatever the folder holds
    for task in own:
        for split in ("train", "test"):
            try:
                found.append(rows.file_of(task, Path(config.data), split))
            except UserError:
                continue  # the run itself says so, where it is needed
    return found


def hub(config: Config) -> list[HubId]:
    """Give the baselines."""
    return [("model", name) for name in config.baselines]


def launch(config: Config, spec: Path) -> list[str] | None:
    """Give the command of several processes, where they are asked for."""
    from ..train import launch

    return None if config.launch == "none" else launch.command(config, spec)


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give how many models, documents and scored continuations there are (local data only)."""
    from . import full_size

    known = full_size.evaluate(config, inputs)
    if known is not None:
        return known
    found: Estimate = {"models": len(config.models) + len(config.baselines)}
    if config.protocol != "upstream" and config.data is not None:
        from ..evaluation.benchmarks import harness

        jobs = harness.jobs(config.tasks, [0], config.data, limit=config.limit)
        n = sum(len(job.items) for job in jobs) * len(shots_of(config))
        found["documents_per_model"] = n
        found["requests_per_model"] = sum(len(i.choices) for j in jobs for i in j.items) * len(shots_of(config))
    return found


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Score every model and leave scores.json and documents.jsonl."""
    from ..evaluation.benchmarks import contestants, processes, samples
    from ..evaluation.benchmarks import grid as scoring

    problems = check(config)
    if problems:
        raise UserError("; ".join(problems), inputs.label)
    found, left_out = contestants.contestants(config.models, config.baselines, inputs.model, inputs.earlier)
    group = processes.join(config.launch)
    results = scoring.score_all(config, shots_of(config), found, out, group, inputs.label)
    if group.rank == 0:
        scoring.write(out, results)
        if config.samples is not None:
            samples.write(config, found, out)
    return Counts(notes=scoring.notes(results, found, left_out))
