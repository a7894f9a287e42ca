"""A few questions answered by every scored model, for a reader to see before and after; not a score."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ... import models
from ...artifacts.artifact import write_atomic
from ...artifacts.record import Record, problems, read_jsonl
from ...artifacts.rows import Shown
from ...errors import UserError
from ...measures.korean import hangul_share
from ...measures.loops import loop
from .contestants import Contestant

SAMPLES = "samples.json"


def write(config: Any, contestants: Sequence[Contestant], out: Path) -> None:
    """Leave samples.json: [{prompt, answers: {model: text}, told: {model: how it ended}}], greedy.

    Each model is asked in the same template.

    A base model brings none, so the newest model's template asks all of them. A finished file is left as it is.
    """
    if (out / SAMPLES).is_file():
        return
    questions = _questions(Path(config.samples))[: config.n_samples]
    answers: dict[str, list[str]] = {}
    told: dict[str, list[Shown]] = {}
    template = None
    for contestant in reversed(contestants):
        loaded = models.load(
            contestant.source,
            dtype=config.dtype,
            device=config.device,
            quantization=config.quantization,
            trust_remote_code=config.trust_remote_code,
        )
        template = template or loaded.template
        if template is None:
            raise UserError(
                "no model here brings a template to ask with", contestant.name, "Leave out `samples`, or tune with one."
            )
        prompts = [template.prompt(question) for question in questions]
        made = models.generate(loaded, prompts, max_new_tokens=config.sample_tokens)
        answers[contestant.name] = [answer.text.strip() for answer in made]
        told[contestant.name] = [_told(question, answer) for question, answer in zip(questions, made, strict=True)]
    rows: list[Shown] = [
        {
            "prompt": _shown(question),
            "answers": {c.name: answers[c.name][i] for c in contestants},
            "told": {c.name: told[c.name][i] for c in contestants},
        }
        for i, question in enumerate(questions)
    ]
    write_atomic(out / SAMPLES, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def _told(question: Record, answer: models.Generated) -> Shown:
    """Give how an answer ended and reads: whether it stopped by itself, whether it loops, its share of Hangul."""
    return {
        "stopped": answer.finish_reason == "stop",
        "loop": bool(loop(answer.text, question)),
        "hangul": hangul_share(answer.text, question),
    }


def _questions(path: Path) -> list[Record]:
    if not path.is_file():
        raise UserError("no such file of questions", str(path), "Give records with an instruction.")
    found: list[Record] = []
    for row in read_jsonl(path):
        if any(field not in ("output", "") for field, _ in problems(row)):
            raise UserError("not a record", f"{path}: {row.get('id', len(found))}", "Each needs an instruction.")
        if not row.get("messages"):
            found.append(row)
    return found


def _shown(question: Record) -> str:
    return "\n".join(t for t in (question.get("instruction"), question.get("input")) if t)
