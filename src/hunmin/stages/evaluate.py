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
from ..artifacts.rows import Estimate, Notes
from ..clients.access import Access, HubId
from ..errors import UserError
from ..options import Endpoint, ModelOptions, opt

READS = ()
EDITS = ()
ADDS = ()
KIND = "model"
INPUT = "model?"
OUTPUT = "scores"


class Config(Endpoint, ModelOptions):
    tasks: list[str] = opt(
        ["kobest"], "Suites (kobest, korean, korean-ability) or task names; under `upstream` any of lm-eval's."
    )
    num_fewshot: list[int] | int = opt([0, 5], "Numbers of shots, all scored in one go.")
    protocol: Literal["harness", "harness-bos", "upstream"] = opt(
        "harness", "harness = the published tables' protocol; harness-bos = the same with BOS; upstream = lm-eval's."
    )
    fewshot: Literal["random", "fixed"] = opt("random", "fixed = one draw of shots for all: another protocol.")
    limit: int | None = opt(None, "Score only the first N documents of each task.", ge=1)
    models: list[str] = opt(["base", "newest"], "base, newest, or labels of earlier stages.")
    baselines: list[str] = opt([], "Further models to score: Hub ids, folders, tiny:llama.")
    data: str | None = opt(
        None, "A folder with the tasks' files (<task>/test.jsonl), or a Hub id; empty = the tasks' own."
    )
    revision: str | None = opt(None, "Revision of the benchmark's data on the Hub.")
    backend: Literal["auto", "tree", "repeat", "plain"] = opt("auto", "Scoring backend; auto = fastest that is exact.")
    max_length: int | None = opt(None, "Longest input in tokens; empty = the model's own.", ge=8)
    budget_tokens: int | None = opt(None, "Padded tokens per batch; empty = 512 on a CPU, 16384 on a GPU.", ge=64)
    include_path: list[str] = opt([], "Folders with lm-eval task YAMLs of your own (protocol upstream).")
    lm_eval: dict[str, Any] = opt({}, "Further options of lm-eval's simple_evaluate (protocol upstream).")
    samples: str | None = opt(None, "A file of questions that every model answers, shown in the report; no score.")
    n_samples: int = opt(3, "How many of the questions.", ge=1)
    sample_tokens: int = opt(64, "Tokens of each sample answer.", ge=1)
    enable_thinking: bool | Literal["auto"] = opt("auto", "Whether a model that can think does; auto = its template's.")
    max_new_tokens: int = opt(1024, "Tokens a generated answer may have, thoughts included.", ge=1)
    temperature: float = opt(0.0, "Of generated answers; 0 is greedy.", ge=0)
    top_p: float = opt(1.0, "Nucleus sampling.", gt=0, le=1)
    repetition_penalty: float = opt(1.0, "Over 1 discourages repetition.", gt=0)
    stop: list[str] = opt([], "Texts that end a generated answer besides the template's own.")
    repeats: int = opt(1, "Answers to each question, each drawn with a seed of its own.", ge=1)
    template: str | None = opt(None, "Template for generated answers; null is each model's own.")
    system: str | None = opt(None, "System prompt of generated answers.")
    batch_size: int = opt(8, "Answers generated at once.", ge=1)
    remote: list[str] = opt([], "Models of base_url (an OpenAI-compatible server), asked through the ledger.")
    tokenizer: str | None = opt(
        None, "Folder or Hub id of the remote models' tokenizer: then also tasks by log-likelihood are asked there."
    )
    launch: Literal["none", "ddp"] = opt("none", "ddp = several processes; documents are sharded, numbers stay.")
    num_processes: int = opt(1, "Processes under launch: ddp.", ge=1)

    @field_validator("tasks", "models", "baselines", "include_path", "remote", "stop", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


CACHED = "lm-eval keeps answers by their question alone, whichever model gave them; finished tasks are kept here anyway"
OURS = {
    **dict.fromkeys(("model", "model_args", "tasks", "task_manager", "num_fewshot", "limit"), "evaluate's own option"),
    **dict.fromkeys(("log_samples", "bootstrap_iters", "predict_only"), "scores need it as it is"),
    **dict.fromkeys(("use_cache", "cache_requests", "rewrite_requests_cache", "delete_requests_cache"), CACHED),
}
"""Options of lm-eval's simple_evaluate that are not passed on, and why."""


def needs(config: Config) -> tuple[str, ...]:
    """Give the artifact it needs: a model, unless only baselines are asked for."""
    return ("model",) if config.models and not (config.baselines or config.remote) else ("model?",)


def shots_of(config: Config) -> list[int]:
    """Give the asked numbers of shots, each once, in the asked order."""
    asked = config.num_fewshot if isinstance(config.num_fewshot, list) else [config.num_fewshot]
    return list(dict.fromkeys(asked))


def check(config: Config) -> list[str]:
    """Give what is wrong across fields: unknown tasks, negative shots, options of the other protocol."""
    from ..evaluation.benchmarks import GENERATED, harness

    found = []
    if not config.tasks:
        found.append("tasks: is empty; name a suite such as kobest")
    if not shots_of(config) or any(k < 0 for k in shots_of(config)):
        found.append(f"num_fewshot: must be numbers from 0, got {config.num_fewshot}")
    plan: list[tuple[str, str]] = []
    try:
        plan = harness.planned(config.tasks, config.protocol)
    except UserError as error:
        found.append(str(error))
    if config.base_url is not None and not config.remote:
        found.append("base_url: name its models under remote")
    if config.remote and config.tokenizer is None and not any(how == "chat" for how, _ in plan):
        found.append(
            f"remote: without tokenizer an endpoint answers only generated tasks ({', '.join(GENERATED)}); name its "
            "model's tokenizer for tasks by log-likelihood, if the server tells a prompt's (vLLM, hunmin serve)"
        )
    if config.tokenizer is not None and not config.remote:
        found.append("tokenizer: belongs to remote; a model that runs here brings its own")
    if config.repeats > 1 and config.temperature == 0:
        found.append("repeats: greedy answers are all the same; set temperature above 0")
    if bad := sorted(set(config.lm_eval) & set(OURS)):
        found.append(f"lm_eval: {', '.join(bad)}: {'; '.join(dict.fromkeys(OURS[name] for name in bad))}")
    if config.protocol != "upstream":
        if config.include_path or config.lm_eval:
            found.append("include_path and lm_eval belong to protocol: upstream")
    elif config.fewshot == "fixed":
        found.append("fewshot: fixed belongs to protocol: harness; under upstream the task's own sampler decides")
    return found


def files(config: Config) -> list[Path]:
    """Give the benchmark's local files, the sample questions and the baselines on this machine."""
    from ..evaluation.benchmarks.local_tasks import is_hub_id
    from ..models import local_folders

    named = [*config.baselines, *([config.tokenizer] if config.tokenizer else [])]
    found = [*([Path(config.samples)] if config.samples else []), *local_folders(named)]
    for folder in map(Path, config.include_path):
        if folder.is_dir():
            from ..evaluation.benchmarks import upstream

            found += [folder, *upstream.data_files(folder)]
    if config.data is None or is_hub_id(config.data) or check(config):
        return found
    if not Path(config.data).is_dir():
        return [*found, Path(config.data)]
    from ..evaluation.benchmarks import BENCHMARKS, generated, harness
    from ..evaluation.benchmarks import task_rows as rows

    plan = harness.planned(config.tasks, config.protocol)
    if any(how == "upstream" and name not in BENCHMARKS for how, name in plan):
        found.append(Path(config.data))  # any of its files may be read
    for how, name in plan:
        if how == "chat":
            given = (generated.file_of(name, config.data), generated.file_of(f"{name}-shots", config.data))
            found += [path for path in given if path is not None]
    for task in harness.tasks([name for how, name in plan if how != "chat" and (name in BENCHMARKS or ":" in name)]):
        for split in ("train", "test"):
            try:
                found.append(rows.file_of(task, Path(config.data), split))
            except UserError:
                continue  # the run itself says so, where it is needed
    return found


def hub(config: Config) -> list[HubId]:
    """Give the baselines, and the benchmark's data where no folder holds it."""
    from ..formats.kobest import HUB

    data: list[HubId] = [("dataset", HUB)] if config.data is None and config.protocol == "harness" else []
    return [*(("model", name) for name in config.baselines), *data]


def versions(config: Config) -> dict[str, int]:
    """Give the versions of the protocols that these tasks are asked under."""
    from ..evaluation.benchmarks import harness
    from ..evaluation.benchmarks.fingerprint import VERSIONS

    if check(config):
        return {}
    names = {how for how, _ in harness.planned(config.tasks, config.protocol)}
    if "harness" in names and config.protocol != "upstream":
        names = {*names - {"harness"}, config.protocol}
    names |= {f"{name}-fixed" for name in names if config.fewshot == "fixed"}
    names |= {"plain"} if "chat" in names else set()
    return {name: VERSIONS[name] for name in sorted(names & VERSIONS.keys())}


def services(config: Config) -> list[Access]:
    """Give the endpoint that answers, if there is one."""
    from ..clients import openai_chat

    if not config.remote:
        return []
    return openai_chat.services(config.base_url, config.api_key_env, config.remote[0], config.free)


def paid(config: Config) -> bool:
    """An endpoint costs money unless it runs on this machine or is recorded."""
    from ..clients.prices import is_free

    return any(not is_free(config.base_url, name, config.free) for name in config.remote)


def launch(config: Config, spec: Path) -> list[str] | None:
    """Give the command of several processes, where they are asked for."""
    from ..train import launch

    return None if config.launch == "none" else launch.command(config, spec)


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give how many models, documents and scored continuations there are (local data only)."""
    from ..evaluation.benchmarks import catalogue, harness
    from . import full_size

    found: Estimate = {"models": len(config.models) + len(config.baselines) + len(config.remote)}
    plan = harness.planned(config.tasks, config.protocol)
    found |= _asked(config, [task for how, task in plan if how == "chat"])
    files = {task: catalogue.about(task) for _, task in plan}
    found["licences"] = "; ".join(dict.fromkeys(f"{a['title']}: {a['licence']}" for a in files.values() if a))
    found["questions_per_model"] = _questions(config, [a for a in files.values() if a])
    if others := [task for how, task in plan if how == "upstream"]:
        found["lm_eval_tasks"] = ", ".join(others)
    rows_needed = any(how != "chat" for how, _ in plan)
    if rows_needed and (known := full_size.evaluate(config, inputs)) is not None:
        return found | known
    own = [task for how, task in plan if how == "harness"]
    if own and config.data is not None:
        jobs = harness.jobs(own, [0], config.data, limit=config.limit)
        n = sum(len(job.items) for job in jobs) * len(shots_of(config))
        found["documents_per_model"] = n
        found["requests_per_model"] = sum(len(i.choices) for j in jobs for i in j.items) * len(shots_of(config))
        if config.remote and config.tokenizer:
            asked = _told(config, own)
            for key in ("requests", "in_tokens", "out_tokens"):
                found[key] = found.get(key, 0) + asked[key]
            known_usd = found.get("usd", 0.0) is not None and asked["usd"] is not None
            found["usd"] = round(found.get("usd", 0.0) + asked["usd"], 4) if known_usd else None
    return found


SAMPLED = 50  # documents of each task and number of shots whose length stands for all


def _told(config: Config, tasks: list[str]) -> Estimate:
    """Give what an endpoint would ask for the prompts of log-likelihood tasks, by the length of some of them."""
    from ..clients.prices import FREE, guess_tokens, is_free, price_of
    from ..evaluation.benchmarks import harness

    tokens = requests = 0.0
    for job in harness.jobs(tasks, shots_of(config), config.data, limit=config.limit):
        some = [guess_tokens(i.context + c) for i in job.items[:SAMPLED] for c in i.choices]
        tokens += sum(some) / len(some) * job.n_choices
        requests += job.n_choices
    usd: float | None = 0.0
    for name in config.remote:
        price = FREE if is_free(config.base_url, name, config.free) else price_of(name)
        usd = usd + price.usd(int(tokens), int(requests), 0) if usd is not None and price.known else None
    n = len(config.remote)
    return {"requests": int(requests) * n, "in_tokens": int(tokens) * n, "out_tokens": int(requests) * n, "usd": usd}


def _questions(config: Config, files: list[Notes]) -> str:
    """Give how many questions each benchmark has, at how many shots, as far as its file says."""
    said = []
    for title, task in {a["title"]: a for a in files}.items():
        n = task["questions"]
        shots = len(shots_of(config)) if task["protocol"] != "chat" else 1
        most = "" if config.limit is None else f", at most {config.limit:,} of each task"
        times = "" if shots == 1 else f" x {shots} numbers of shots"
        said.append(f"{title}: {n:,}{times}{most}" if n else f"{title}: not counted{most}")
    return "; ".join(said)


def _asked(config: Config, tasks: list[str]) -> Estimate:
    """Give what generated answers take at most, and what an endpoint would ask for them."""
    from ..evaluation.benchmarks import GENERATED, generated
    from ..tables import resolve

    questions, n = [], 0
    for name in tasks:
        task = resolve(GENERATED, name, "task")
        if task.packaged is None and (config.data is None or generated.file_of(name, config.data) is None):
            return {"needs": f"the rows of {name}"}  # nothing is downloaded for an estimate
        read = generated.read(task, config.data)[0][: config.limit]
        questions += read
        n += len(read) * config.repeats * len(generated.shots_of(task, config.data, shots_of(config)))
    if not questions:
        return {}
    found: Estimate = {"answers_per_model": n, "new_tokens_per_model_at_most": n * config.max_new_tokens}
    if config.remote:
        from ..clients import openai_chat
        from ..clients.units import chat

        units = [
            chat(q.messages, expect_tokens=config.max_new_tokens, repeat=k)
            for q in questions
            for k in range(config.repeats)
        ]
        found |= openai_chat.estimate(
            units, model=config.remote[0], base_url=config.base_url, request=config.request, free=config.free
        )
    return found


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Score every model and leave scores.json and documents.jsonl."""
    from ..evaluation.benchmarks import contestants, generated, harness, processes, samples
    from ..evaluation.benchmarks import grid as scoring

    problems = check(config)
    if problems:
        raise UserError("; ".join(problems), inputs.label)
    wanted = config.models if inputs.model is not None or not config.remote else []
    found, left_out = contestants.contestants(wanted, config.baselines, inputs.model, inputs.earlier, config.remote)
    group = processes.join(config.launch)
    results = scoring.score_all(config, shots_of(config), found, out, group, inputs)
    if group.rank == 0:
        scoring.write(out, results)
        if config.samples is not None:
            samples.write(config, found, out)
    if config.remote and config.tokenizer is None:
        plan = harness.planned(config.tasks, config.protocol)
        scored = ", ".join(task for how, task in plan if how != "chat")
        left_out += [
            f"{name}: {scored}: by log-likelihood, and no tokenizer is named" for name in config.remote if scored
        ]
    if config.remote:
        plain = generated.asked_plain(config.tasks, config.data, shots_of(config))
        left_out += [
            f"{name}: {', '.join(plain)} with worked examples: plain text without a template, which a chat is not"
            for name in config.remote
            if plain
        ]
    return Counts(notes=scoring.notes(results, found, left_out))
