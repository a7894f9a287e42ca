"""Answers to benchmark questions through the model's own chat template, here or at an endpoint.

What was thought before an answer is taken off and counted; an answer whose thinking never ended is unfinished, not
wrong by accident. Batches are cut over the whole set by length, and answers are kept as they come, so a killed run
goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ... import models
from ...artifacts.artifact import Inputs
from ...artifacts.record import dumps
from ...artifacts.rows import JsonObject, Message, Notes
from ...errors import EXIT_STOPPED, UserError
from ...text.thinking import answer_of, opens_thinking
from .processes import Group, gather

SENT = {
    "temperature": "temperature",
    "top_p": "top_p",
    "repetition_penalty": "repetition_penalty",
    "max_new_tokens": "max_tokens",
}
"""Options that an endpoint is told, by its name for them."""
LOST = ("garbage", "timeout", "unreachable", "limited", "unrecorded")
"""Why there is no answer, where the model is not to blame."""
STEP = 1_000_003  # between the seeds of one question's samples


@dataclass(frozen=True)
class Question:
    """What is asked, and what its task scores the answer by (`gold`: anything JSON).

    `plain`, where there are worked examples, is the whole prompt: no template, BOS before it, `stop` ends the answer.
    """

    id: str
    messages: list[Message]
    gold: Any
    category: str = ""
    plain: str = ""
    stop: tuple[str, ...] = ()

    @property
    def record(self) -> JsonObject:
        """Give what measures read: the question as a record."""
        return {"messages": self.messages}


@dataclass(frozen=True)
class Answered:
    """One answer without its thoughts. `finish_reason` "length" means cut; `status` is ok, unfinished, too_long, or an
    endpoint's word for why there is none; `n_thinking` of the `n_tokens` were thoughts."""

    id: str
    sample: int
    text: str
    n_tokens: int
    n_thinking: int
    finish_reason: str
    status: str = "ok"


def options(config: Any) -> JsonObject:
    """Give those options that decide an answer."""
    names = "enable_thinking max_new_tokens temperature top_p repetition_penalty stop repeats template system"
    return {name: getattr(config, name) for name in names.split()}


def locally(
    questions: Sequence[Question],
    loaded: Any,
    config: Any,
    seed: int,
    path: Path,
    group: Group,
    tick: Callable[..., None],
) -> list[Answered]:
    """Give an open model's answers, `config.repeats` to each question, in order."""
    if loaded.template is None and not all(q.plain for q in questions):
        raise UserError(
            "the model brings no chat template", loaded.name, "Name the one it was tuned with: template: alpaca."
        )
    thinking = None if config.enable_thinking == "auto" else bool(config.enable_thinking)
    template = None if loaded.template is None else replace(loaded.template, enable_thinking=thinking)
    prompts = {
        q.id: q.plain if q.plain or template is None else template.prompt(_with_system(q.messages, config.system))
        for q in questions
    }
    first = [] if loaded.tokenizer.bos_token_id is None else [loaded.tokenizer.bos_token_id]
    encoded = {q.id: (first if q.plain else []) + loaded.encode(prompts[q.id]) for q in questions}
    opened = {key: opens_thinking(text) for key, text in prompts.items()}
    room = None if loaded.max_length is None else loaded.max_length - min(config.max_new_tokens, loaded.max_length // 4)
    asked = sorted(
        ((q, s) for q in questions for s in range(config.repeats)), key=lambda p: (len(encoded[p[0].id]), p[0].id, p[1])
    )
    done = _read(path)
    size = config.batch_size
    batches = [asked[start : start + size] for start in range(0, len(asked), size)]
    made: list[Answered] = []
    for batch in batches[group.rank :: group.world]:
        missing = [(q, s) for q, s in batch if (q.id, s) not in done]
        fits = [(q, s) for q, s in missing if room is None or len(encoded[q.id]) <= room]
        new = [Answered(q.id, s, "", 0, 0, "", "too_long") for q, s in missing if (q, s) not in fits]
        new += _generated(fits, loaded, template, config, seed, encoded, opened)
        _append(path, new, group.rank)
        made += [done[q.id, s] for q, s in batch if (q.id, s) in done] + new
        tick(len(batch))
    every = {(a.id, a.sample): a for part in gather(group, made) for a in part}
    return [every[q.id, s] for q in questions for s in range(config.repeats)]


def _generated(
    batch: Sequence[tuple[Question, int]],
    loaded: Any,
    template: Any,
    config: Any,
    seed: int,
    encoded: dict[str, list[int]],
    opened: dict[str, bool],
) -> list[Answered]:
    requests = [
        models.Request(
            tuple(encoded[q.id]),
            config.max_new_tokens,
            config.temperature,
            config.top_p,
            config.repetition_penalty,
            stop=tuple(dict.fromkeys((*_own_stop(q, template), *config.stop))),
            seed=(seed + STEP * s + int.from_bytes(q.id.encode()[-4:], "big")) % 2**31,
        )
        for q, s in batch
    ]
    texts, counts, reasons = [""] * len(batch), [0] * len(batch), [""] * len(batch)
    for piece in models.decode(loaded, requests) if requests else ():
        texts[piece.index] += piece.text
        counts[piece.index] += 1
        reasons[piece.index] = piece.finish_reason or ""
    found = []
    for (q, s), text, n, reason in zip(batch, texts, counts, reasons, strict=True):
        answer, unfinished = answer_of(text, opened[q.id])
        thought = text.strip() != answer
        n_thinking = n if unfinished else max(0, n - len(loaded.encode(answer))) if thought else 0
        found.append(Answered(q.id, s, answer, n, n_thinking, reason, "unfinished" if unfinished else "ok"))
    return found


def _own_stop(question: Question, template: Any) -> tuple[str, ...]:
    """Give what ends an answer besides the end token: of a plain prompt its own, else the template's."""
    if question.plain:
        return question.stop
    return (template.stop,) if template.stop else ()


def by_endpoint(
    questions: Sequence[Question], model: str, config: Any, inputs: Inputs, tick: Callable[..., None]
) -> tuple[list[Answered], Notes]:
    """Give an endpoint's answers through the ledger, and what they cost; nothing is asked twice."""
    import asyncio

    from ...clients.openai_chat import open_for
    from ...clients.units import chat
    from .bounded import each

    told = {**_sampling(config), **config.request}
    if config.enable_thinking != "auto":  # as vLLM and SGLang take it
        template = told.get("chat_template_kwargs") or {}
        told["chat_template_kwargs"] = {**template, "enable_thinking": bool(config.enable_thinking)}
    if config.stop:
        told.setdefault("stop", list(config.stop))
    found: dict[tuple[str, int], Answered] = {}
    with open_for(config, inputs, model=model, request=told) as client:

        async def ask(asked: tuple[Question, int]) -> None:
            q, s = asked
            messages = _with_system(q.messages, config.system)
            unit = chat(messages, record=q.id, field="answer", repeat=s, expect_tokens=config.max_new_tokens)
            found[q.id, s] = _received(q.id, s, await client.ask(unit))

        work = [(q, s) for q in questions for s in range(config.repeats)]
        asyncio.run(each(work, ask, inputs.in_flight, tick))
        paid = client.report()
    lost = [a.status for a in found.values() if a.status in LOST]
    if lost:
        why = ", ".join(dict.fromkeys(lost))
        raise UserError(
            f"{len(lost)} of {len(found)} questions got no answer ({why}), and that is no wrong answer",
            model,
            "The answers that came are kept: the same command asks for the others.",
            EXIT_STOPPED,
        )
    return [found[q.id, s] for q in questions for s in range(config.repeats)], paid


def _sampling(config: Any) -> JsonObject:
    """Give what of the options an endpoint is told: those that are not at their default, which is the server's then.

    Nothing unasked is sent: newer models refuse `temperature` or `max_tokens`.
    """
    fields = type(config).model_fields
    asked = {name: getattr(config, name) for name in SENT if getattr(config, name) != fields[name].default}
    return {SENT[name]: value for name, value in asked.items()}


def about_endpoint(config: Any) -> JsonObject:
    """Give what the notes say of how an endpoint answered: what it was told."""
    told = {**_sampling(config), **config.request, "enable_thinking": config.enable_thinking}
    return {"asked_with": {**told, "stop": config.stop, "repeats": config.repeats, "system": config.system}}


def _received(key: str, sample: int, got: Any) -> Answered:
    message = ((got.raw.get("choices") or [{}])[0].get("message") or {}) if isinstance(got.raw, dict) else {}
    said = got.text or (message.get("content") or "" if got.status == "cut_off" else "")
    answer, unfinished = answer_of(said, False)
    n = int(got.usage.get("out_tokens") or 0)
    cut = got.status == "cut_off"
    thoughts = str(message.get("reasoning_content") or message.get("reasoning") or "")
    unfinished = unfinished or (cut and not answer and bool(thoughts))
    told = len(said) + len(thoughts)  # an endpoint counts tokens together: the thoughts' part is by characters
    n_thinking = round(n * (told - len(answer)) / told) if told and (thoughts or said.strip() != answer) else 0
    if got.status not in ("ok", "cut_off"):
        return Answered(key, sample, "", n, 0, "", got.status)
    return Answered(
        key, sample, answer, n, n_thinking, "length" if cut else "stop", "unfinished" if unfinished else "ok"
    )


def _with_system(messages: list[Message], system: str | None) -> list[Message]:
    return [{"role": "system", "content": system}, *messages] if system else messages


def _append(path: Path, new: Sequence[Answered], rank: int) -> None:
    if not new:
        return
    own = path.with_name(f"{path.stem}-{rank}{path.suffix}")
    own.parent.mkdir(parents=True, exist_ok=True)
    with own.open("a", encoding="utf-8", newline="\n") as file:
        file.write("".join(dumps(asdict(a)) + "\n" for a in new))
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> dict[tuple[str, int], Answered]:
    """Give the answers that are there; half a last line is cut off."""
    found = {}
    for file in sorted(path.parent.glob(f"{path.stem}-*{path.suffix}")):
        data = file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            with file.open("r+b") as stream:
                stream.truncate(len(whole))
        for line in whole.decode("utf-8").split("\n")[:-1]:
            answer = Answered(**json.loads(line))
            found[answer.id, answer.sample] = answer
    return found
