"""Whose answers are judged: local models of the run or elsewhere, models of an endpoint, or files of ready answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...artifacts import progress
from ...artifacts.artifact import Inputs, read_manifest
from ...artifacts.identity import hash_of, sha256_file
from ...artifacts.rows import Notes
from ...errors import UserError
from ...tables import did_you_mean
from ..benchmarks import borrowed, fingerprint
from ..benchmarks import contestants as evaluated
from .answers import Answers, answer_locally, read_answers
from .questions import Question


@dataclass(frozen=True)
class Contestant:
    """A name for the tables, and where its answers come from: a MODEL argument, an endpoint's model, or a file."""

    name: str
    model: str = ""
    endpoint: bool = False
    file: Path | None = None


def contestants(config: Any, inputs: Inputs) -> list[Contestant]:
    """Give who is judged, in the order of `models`. Raises UserError for a name that stands for nothing."""
    if config.answers:
        paths = [Path(p) for p in config.answers]
        names = config.models if config.models != ["newest"] else [_file_name(p) for p in paths]
        found = [Contestant(name, file=path) for name, path in zip(names, paths, strict=True)]
    elif config.answer_base_url:
        found = [Contestant(name, name, endpoint=True) for name in config.models]
    else:
        found = _local(config.models, inputs)
    twice = next((c.name for i, c in enumerate(found) if c.name in [d.name for d in found[:i]]), None)
    if twice is not None:
        raise UserError(f"two contestants are called '{twice}'", "judge.models", "Name each once.")
    return found


ANSWERING = (
    "template",
    "max_new_tokens",
    "temperature",
    "top_p",
    "num_beams",
    "repetition_penalty",
    "dtype",
    "quantization",
)


def fingerprints(config: Any, inputs: Inputs, judged: Sequence[Contestant], way: str) -> dict[str, str]:
    """Give each contestant's fingerprint: who answers and how, and `way`, what is asked and how it is judged."""
    found = {}
    for contestant in judged:
        if contestant.file is not None:
            path = contestant.file / "documents.jsonl" if contestant.file.is_dir() else contestant.file
            who = sha256_file(path)[:8]
        elif contestant.endpoint:
            who = hash_of([contestant.model, config.answer_base_url, config.answer_request])[:8]
        else:
            options = [getattr(config, name) for name in ANSWERING]
            half = borrowed.half_of(
                contestant.model, _lent(inputs), config.template, config.trust_remote_code, config.revision
            )
            who = hash_of([half, inputs.seed, options])[:8]
        found[contestant.name] = fingerprint.joined(who, way)
    return found


def _file_name(path: Path) -> str:
    return path.name if path.is_dir() else path.stem


def _local(names: Sequence[str], inputs: Inputs) -> list[Contestant]:
    """Give local models as evaluate names them: newest, base and labels first, then Hub ids and folders."""
    labels = [k for k, folder in inputs.earlier.items() if (m := read_manifest(folder)) and m["output"] == "model"]
    known = ("newest", "base", *labels)
    for name in names:
        if labels and name not in known and re.fullmatch(r"[\w-]+", name) and not Path(name).exists():
            raise UserError(
                f"no model stage '{name}'{did_you_mean(name, known)}", "judge.models", f"Labels: {', '.join(labels)}."
            )
    wanted = [name for name in names if name in known]
    if "newest" in wanted and inputs.model is None:
        raise UserError(
            "'newest' needs a model, but no earlier stage leaves one", "judge.models", "Name a model in models:."
        )
    found, left_out = evaluated.contestants(
        wanted, [name for name in names if name not in known], inputs.model, inputs.earlier
    )
    if left_out:
        raise UserError("; ".join(left_out), "judge.models", "Name the model itself.")
    return [
        Contestant(Path(c.name).name if c.what == "baseline" and Path(c.name).is_dir() else c.name, c.source)
        for c in found
    ]


def answers_file(out: Path, name: str) -> Path:
    """Give where a local model's answers are kept while they are made."""
    return out / f"answers-{re.sub(r'[^0-9A-Za-z가-힣._-]+', '_', name)}.jsonl"


def _lent(inputs: Inputs) -> str:
    return borrowed.template_of([] if inputs.model is None else [str(inputs.model)])


def answer(contestant: Contestant, questions: Sequence[Question], config: Any, inputs: Inputs, out: Path) -> Answers:
    """Give a local model's answers; a model whose answers are all there already is not loaded again.

    A base model brings no template: it is asked in the newest model's.
    """
    path = answers_file(out, contestant.name)
    done = read_answers(path, cut=True)
    if all((q.id, turn) in done for q in questions for turn in range(len(q.turns))):
        return done
    from ... import models

    loaded = models.load(
        contestant.model,
        dtype=config.dtype,
        device=config.device,
        revision=config.revision,
        quantization=config.quantization,
        trust_remote_code=config.trust_remote_code,
        template=config.template,
    )
    if loaded.template is None and (lent := _lent(inputs)):
        loaded = borrowed.asked_in(loaded, lent)
    stop = [loaded.template.stop] if loaded.template is not None else []
    context = loaded.max_length
    if context is not None and context <= config.max_new_tokens:
        raise UserError(
            f"max_new_tokens {config.max_new_tokens} leaves no room in a context of {context}",
            contestant.name,
            "Lower max_new_tokens.",
        )

    def generate(prompts: list[str], offset: int) -> list[Any]:
        return models.generate(
            loaded,
            prompts,
            max_new_tokens=config.max_new_tokens,
            temperature=config.temperature,
            top_p=config.top_p,
            num_beams=config.num_beams,
            repetition_penalty=config.repetition_penalty,
            stop=stop,
            seed=(inputs.seed + offset) % 2**31,
            batch_size=config.batch_size,
        )

    tick = progress.bar(f"answers of {contestant.name}", sum(len(q.turns) for q in questions), "answer")
    try:
        return answer_locally(
            questions,
            path,
            prompt=lambda messages: models.prompt(loaded, messages),
            n_tokens=lambda text: len(loaded.encode(text)),
            generate=generate,
            batch_size=config.batch_size,
            max_prompt_tokens=context - config.max_new_tokens if context is not None else None,
            tick=tick,
        )
    finally:
        tick(0, done=True)


def answers_by_endpoint(
    config: Any, inputs: Inputs, questions: Sequence[Question], models: list[str]
) -> tuple[dict[str, Answers], Notes]:
    """Give the answers of an endpoint's models by name, through the ledger, and what it cost."""
    import asyncio

    from ...clients.openai_chat import open_client
    from ..benchmarks.bounded import each
    from .verdicts import answer_by_endpoint

    found: dict[str, Answers] = {}
    reports = {}
    for model in models:
        answers: Answers = {}
        with open_client(
            model=model,
            base_url=config.answer_base_url,
            api_key_env=config.answer_api_key_env,
            request=config.answer_request,
            spend=inputs.spend,
            label=f"{inputs.label}.answers",
        ) as client:
            tick = progress.bar(f"answers of {model}", len(questions), "question")

            async def ask(question: Question, client: Any = client, answers: Answers = answers) -> None:
                await answer_by_endpoint(question, client, answers)

            asyncio.run(each(questions, ask, inputs.in_flight, tick))
            tick(0, done=True)
            reports[model] = client.report()
        found[model] = answers
    return found, reports
