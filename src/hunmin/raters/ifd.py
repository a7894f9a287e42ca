"""Instruction-following difficulty: how much the instruction helps a local model to predict the answer. No API.

IFD = perplexity of the answer given the instruction / perplexity of the answer alone. Near 0: the instruction already
gives the answer away; near 1: it hardly helps, the hard and instructive records; above 1: instruction and answer do not
belong together. So one keeps the top ratio below 1 (`filter`: max_score 1, top_ratio).
Source: Cherry LLM (arXiv 2308.12032, ratio of losses: `ifd_of: loss`) and Superfiltering (arXiv 2402.00530, ratio of
perplexities by a small model, no chat template: `ifd_of: perplexity`). Both are below 1 for the same records.
Ours differs: the answer has the very same tokens in both texts, and one start token goes before both, so that the first
answer token counts too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..artifacts.record import Record, kind
from ..artifacts.rows import Rating
from ..templates.render import messages_of

SCALES = {"perplexity": "ifd", "loss": "ifd-loss"}

WHY = {
    "no_answer": "there is no answer to measure",
    "too_long": "the instruction leaves no room for an answer within max_length",
    "not_finite": "the model gives no finite loss",
}


@dataclass(frozen=True)
class Case:
    """A record's token ids: `context` ends where the answer starts; `cut_tokens` of the answer did not fit."""

    start: list[int]
    context: list[int]
    answer: list[int]
    cut_tokens: int = 0
    why: str = ""


def question_and_answer(record: Record) -> tuple[str, str]:
    """Give everything up to the last answer as plain text, and that answer: no template, only blank lines between.

    A preference record is measured by its `chosen` answer.
    """
    messages = messages_of(record, keep_input=False)
    if kind(record) == "preference":
        messages = [*messages, {"role": "assistant", "content": record["chosen"]}]
    if not messages or messages[-1]["role"] != "assistant":
        return "\n\n".join(m["content"] for m in messages), ""
    return "\n\n".join(m["content"] for m in messages[:-1] if m["content"]), messages[-1]["content"]


def encode(record: Record, tokenizer: Any, max_length: int) -> Case:
    """Give the record's ids; an answer too long for `max_length` is cut at its end, alike in both texts."""
    question, answer = question_and_answer(record)
    if not answer.strip():
        return Case([], [], [], why="no_answer")
    start_id = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    start = [start_id] if start_id is not None else []
    context = [*start, *tokenizer.encode(question + "\n\n", add_special_tokens=False)]
    ids = tokenizer.encode(answer, add_special_tokens=False)
    if not start:  # a tokenizer without BOS and EOS: the first answer token stands before both texts instead
        start, ids = ids[:1], ids[1:]
        context = [*context, *start]
    room = max_length - len(context)
    if room < 1 or not ids:
        return Case([], [], [], why="too_long" if ids else "no_answer")
    return Case(start, context, ids[:room], max(0, len(ids) - room))


def ratio(given: Sequence[float], alone: Sequence[float], of: str) -> float | None:
    """Give IFD from the answer's token log-probabilities with and without the instruction; None when not finite."""
    loss_given, loss_alone = -math.fsum(given) / len(given), -math.fsum(alone) / len(alone)
    if not (math.isfinite(loss_given) and math.isfinite(loss_alone)) or (of == "loss" and loss_alone <= 0):
        return None
    if of == "loss":
        return loss_given / loss_alone
    difference = loss_given - loss_alone
    return math.exp(difference) if difference < 700 else None


def rate(records: list[Record], loaded: Any, *, of: str, max_length: int) -> list[Rating]:
    """Give one rating a record, all measured in one batched pass over the model."""
    from .. import models

    cases = [encode(record, loaded.tokenizer, max_length) for record in records]
    pairs = [pair for c in cases if c.answer for pair in ((c.context, c.answer), (c.start, c.answer))]
    found = iter(models.logprobs(loaded, pairs) if pairs else [])
    ratings: list[Rating] = []
    for case in cases:
        score, why, reason = None, case.why, ""
        if case.answer:
            given, alone = next(found), next(found)
            score = ratio(given, alone, of)
            why = "" if score is not None else "not_finite"
            reason = (
                f"loss {-math.fsum(given) / len(given):.4f} with the instruction, "
                f"{-math.fsum(alone) / len(alone):.4f} without, over {len(case.answer)} tokens"
            )
            reason += f" ({case.cut_tokens} cut)" if case.cut_tokens else ""
        ratings.append(
            {
                "rater": "ifd",
                "model": loaded.name,
                "prompt": None,
                "scale": SCALES[of],
                "score": round(score, 6) if score is not None else None,
                "status": "ok" if score is not None else why,
                "reason": reason or WHY.get(why, ""),
            }
        )
    return ratings
