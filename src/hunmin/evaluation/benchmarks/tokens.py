"""Texts to token requests: the harness protocol's tokenisation (parts apart, no BOS) and its left truncation.

Source: Beomi/ko-lm-evaluation-harness b4bd6f6, lm_eval/base.py: context and continuation are encoded separately with
add_special_tokens=False; `(context + continuation)[-(max_length + 1):][:-1]` goes into the model. A SentencePiece
tokenizer therefore puts its dummy prefix before every continuation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UserError

FALLBACK_LENGTH = 2048  # what lm-eval assumes when neither config nor tokenizer name a maximum


@dataclass(frozen=True)
class Request:
    """One document's tokens: a context of at least one token and the continuations scored after it.

    `head` tokens at the context's start survive truncation (BOS under `harness-bos`).
    """

    context: list[int]
    choices: list[list[int]]
    head: int = 0

    def kept(self, n: int) -> tuple[int, ...]:
        """Give the context cut on the left to n tokens."""
        if n >= len(self.context):
            return tuple(self.context)
        return (*self.context[: self.head], *self.context[len(self.context) - n + self.head :])


@dataclass(frozen=True)
class Unit:
    """What one forward can share: a context as the model sees it, and the choices that follow exactly this context.

    `places` are (request, choice) of each choice. Truncation gives choices of different length different contexts.
    """

    context: tuple[int, ...]
    choices: tuple[tuple[int, ...], ...]
    places: tuple[tuple[int, int], ...]


def encode(tokenizer: Any, pairs: Sequence[tuple[str, Sequence[str]]], bos: int | None = None) -> list[Request]:
    """Give the requests of (context, choices) pairs, each text encoded once, without special tokens; `bos` is put
    before every context.

    An empty context becomes the end-of-text token. Raises UserError when a choice has no tokens.
    """
    texts = list(dict.fromkeys(text for context, choices in pairs for text in (context, *choices)))
    ids: dict[str, list[int]] = {}
    for start in range(0, len(texts), 512):
        group = texts[start : start + 512]
        ids.update(zip(group, tokenizer(group, add_special_tokens=False, verbose=False)["input_ids"], strict=True))
    requests = []
    for context, choices in pairs:
        before = list(ids[context]) or ([] if bos is not None else [end_of_text(tokenizer)])
        before = before if bos is None else [bos, *before]
        after = [list(ids[c]) for c in choices]
        if not all(after):
            raise UserError("a choice has no tokens", repr(choices[after.index([])]), "Check the tokenizer.")
        requests.append(Request(before, after, 0 if bos is None else 1))
    return requests


def end_of_text(tokenizer: Any) -> int:
    """Give the token that stands for an empty context. Raises UserError when the tokenizer has none."""
    for found in (tokenizer.eos_token_id, tokenizer.bos_token_id):
        if found is not None:
            return int(found)
    raise UserError(
        "the tokenizer has neither an end-of-text nor a BOS token", "tokenizer", "An empty context needs one."
    )


def max_length_of(model: Any, tokenizer: Any) -> int:
    """Give the longest input in tokens: n_ctx or max_position_embeddings of the config, else the tokenizer's."""
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    for name in ("n_ctx", "max_position_embeddings", "n_positions"):
        found = getattr(config, name, None)
        if isinstance(found, int) and found > 0:
            return found
    found = getattr(tokenizer, "model_max_length", None)
    return int(found) if found and found < 1e9 else FALLBACK_LENGTH


def is_truncated(request: Request, max_length: int) -> bool:
    """Tell whether any choice pushes out a part of the context."""
    return any(len(request.context) + len(choice) > max_length + 1 for choice in request.choices)


def units(requests: Sequence[Request], max_length: int) -> list[Unit]:
    """Group every (request, choice) by the context that remains after left truncation.

    Raises UserError for a choice longer than the model's input.
    """
    found: dict[tuple[int, int], list[tuple[int, list[int]]]] = {}
    for i, request in enumerate(requests):
        for j, choice in enumerate(request.choices):
            if len(choice) > max_length:
                raise UserError(
                    f"a choice of {len(choice)} tokens does not fit into {max_length}",
                    f"document {i}",
                    "Raise max_length, or use a model with a longer context.",
                )
            kept = max(min(len(request.context), max_length + 1 - len(choice)), request.head)
            found.setdefault((i, kept), []).append((j, choice))
    return [
        Unit(
            requests[i].kept(kept),
            tuple(tuple(choice) for _, choice in members),
            tuple((i, j) for j, _ in members),
        )
        for (i, kept), members in found.items()
    ]
