"""Log-likelihoods of choices at an OpenAI-compatible endpoint that tells a prompt's: completions with `echo` and
`logprobs`, as vLLM, `hunmin serve` and lm-eval's local-completions have it.

Token ids go out, so no server's tokenizer comes between: contexts, choices and truncation are those of a local model.
Everything passes through the ledger, and nothing is asked twice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ... import models
from ...artifacts.artifact import Inputs
from ...artifacts.rows import Notes
from ...clients.openai_chat import open_for
from ...clients.units import Answer, Unit, completion
from ...errors import UserError
from . import tokens
from .bounded import each
from .scorer import Score
from .tokens import Request

ROOM = 2  # tokens of the server's length that a prompt leaves: the last choice token, and one that must be generated
NEEDS = "Such a server takes `echo` with `logprobs` on /v1/completions, as vLLM and hunmin serve do; chat ones do not."


@dataclass
class Remote:
    """A model at an endpoint, asked for log-likelihoods; stands where a Scorer does."""

    model: str
    config: Any
    inputs: Inputs
    tokenizer: Any
    max_length: int
    report: Notes = field(default_factory=lambda: {"backend": "endpoint", "reason": "log-likelihoods of an echo"})

    def score(self, requests: Sequence[Request], tick: Callable[..., None] | None = None, **shard: Any) -> list[Score]:
        """Give every request's score, in order. Raises UserError where the server does not tell log-likelihoods."""
        units = tokens.units(requests, self.max_length)
        asked = [(u.context, c, place) for u in units for c, place in zip(u.choices, u.places, strict=True)]
        values = self._asked([(context, choice) for context, choice, _ in asked], tick)
        found = [Score([float("nan")] * len(r.choices), [False] * len(r.choices)) for r in requests]
        for (_, _, (request, choice)), (value, greedy) in zip(asked, values, strict=True):
            found[request].loglikelihoods[choice], found[request].greedy[choice] = value, greedy
        return found

    def alone(self, pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[float]:
        """Give the log-likelihood of each second part after its first."""
        return [value for value, _ in self._asked(pairs, None)]

    def complete(self, prompts: Sequence[Sequence[int]], asked: Sequence[dict[str, Any]]) -> list[str]:
        """Give the text that follows each prompt; `asked` are each one's further fields of the request."""
        units = [
            completion(p, field="answer", expect_tokens=int(a.get("max_tokens", 1)), **a)
            for p, a in zip(prompts, asked, strict=True)
        ]
        return [answer.text for answer in self._answers(units, None, lambda i, answer: None)]

    def _asked(
        self, pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]], tick: Callable[..., None] | None
    ) -> list[tuple[float, bool]]:
        found: list[tuple[float, bool]] = [(float("nan"), False)] * len(pairs)

        def took(i: int, answer: Answer) -> None:
            found[i] = read(answer, self.model, len(pairs[i][0]), len(pairs[i][1]))

        told: dict[str, Any] = {"max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": True}
        units = [completion((*c, *choice), field="loglikelihood", **told) for c, choice in pairs]
        self._answers(units, tick, took)
        return found

    def _answers(
        self, units: Sequence[Unit], tick: Callable[..., None] | None, took: Callable[[int, Answer], None]
    ) -> list[Answer]:
        """Ask all; the first answer that is none ends it, so that no more is paid for."""
        config, answers = self.config, [Answer("empty")] * len(units)
        with open_for(config, self.inputs, model=self.model) as client:

            async def ask(i: int) -> None:
                answer = await client.ask(units[i])
                if not answer.ok:
                    raise UserError(f"no answer ({answer.status}): {answer.detail}"[:300], self.model, NEEDS)
                took(i, answer)
                answers[i] = answer

            asyncio.run(each(range(len(units)), ask, self.inputs.in_flight, tick or (lambda n: None)))
            self.report["paid"] = client.report()
        return answers


def read(answer: Answer, model: str, n_context: int, n_choice: int) -> tuple[float, bool]:
    """Give (log-likelihood in nats, whether every token was the likeliest) of a prompt's last `n_choice` tokens.

    Raises UserError where the answer does not hold them, or holds them for other tokens than were sent.
    """
    told = (answer.raw.get("choices") or [{}])[0].get("logprobs")
    told = told if isinstance(told, dict) else {}
    values, likeliest, n = told.get("token_logprobs"), told.get("top_logprobs"), n_context + n_choice
    if not isinstance(values, list) or not isinstance(likeliest, list) or len(values) < n:
        raise UserError("the server tells no log-likelihoods of a prompt", model, NEEDS)
    if len(values) > n + 1 or len(likeliest) != len(values):
        what = f"the server read {len(values) - 1} tokens where {n} were sent"
        raise UserError(what, model, "It must take token ids as they are; check that tokenizer: is its model's.")
    span = list(zip(values[n_context:n], likeliest[n_context:n], strict=True))
    if not all(_is_logprob(v) and isinstance(t, dict) and t and all(map(_is_logprob, t.values())) for v, t in span):
        raise UserError("the server's log-likelihoods are no numbers", model, NEEDS)
    return math.fsum(v for v, _ in span), all(v >= max(t.values()) - 1e-6 for v, t in span)


def _is_logprob(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value < 1e-3


def open_remote(model: str, config: Any, inputs: Inputs) -> Remote:
    """Give a remote model; `config.tokenizer` names the folder or Hub id of its tokenizer (and of its length)."""
    found = models.resolve(config.tokenizer)
    tokenizer = models.open_tokenizer(found, config.revision, config.trust_remote_code)
    length = config.max_length
    if length is None:
        length = tokens.max_length_of(_Shape(config, found), tokenizer) - ROOM
    return Remote(model, config, inputs, tokenizer, length)


class _Shape:
    """The config beside the tokenizer, where there is one: what names the longest input."""

    def __init__(self, config: Any, found: Any):
        try:
            self.config = models.open_shape(found, config.revision, config.trust_remote_code)
        except UserError:  # a folder of a tokenizer alone
            self.config = None
