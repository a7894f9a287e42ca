"""Our scorer as an lm-eval model: `hunmin lm-eval --model hunmin --model_args pretrained=... --tasks ...`.

A subclass of lm-eval's own `hf` model with its loading, tokenisation, generation and truncation; only the scoring of
(context, continuation) pairs is ours. Model arguments besides `hf`'s: scoring=auto|tree|repeat|plain, budget_tokens=N,
separate_encode=True (the harness protocol's tokenisation: parts apart, no special tokens). Other models of lm-eval
(local-completions, vllm, ...) pass through untouched. This module imports lm_eval: import it inside functions only.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from lm_eval.api.registry import model_registry, register_model
from lm_eval.models.huggingface import HFLM

from ...artifacts import progress
from ...errors import UserError
from ...models import adapters, opening, sound
from . import scorer, tokens
from .lm_eval_tasks import quiet, task_manager
from .processes import Shard

log = logging.getLogger("hunmin")

NAME = "hunmin"
TokenRequest = tuple[tuple[str, str], list[int], list[int]]


class Scored:
    """What our models of lm-eval share: its (context, continuation) pairs to requests of one context each, and what
    was cut. Who mixes it in has `opened` (whose `score` scores), `tokenizer`, `max_length` and `cache_hook`."""

    opened: Any
    tokenizer: Any
    max_length: Any
    cache_hook: Any
    truncated: set[str]
    """Contexts that were cut, since the caller last cleared it."""
    bos_cut: set[str]
    """Those of them that lost their BOS."""
    rank: Any
    shard: Shard = {}

    def _scored(self, requests: list[TokenRequest], disable_tqdm: bool) -> list[tuple[float, bool]]:
        groups: dict[tuple[int, ...], list[int]] = {}
        for i, (_, context, _) in enumerate(requests):
            groups.setdefault(tuple(context), []).append(i)
        for text, context, continuation in requests:
            if len(context) + len(continuation) > self.max_length + 1 and text is not None:
                self.truncated.add(text[0])
                if context and context[0] == self.tokenizer.bos_token_id:
                    self.bos_cut.add(text[0])
        merged = [tokens.Request(list(c), [requests[i][2] for i in members]) for c, members in groups.items()]
        tick = None if disable_tqdm or self.rank != 0 else progress.bar("scoring", len(requests), unit="request")
        found = self.opened.score(merged, tick, **self.shard)
        if tick:
            tick(0, done=True)
        answers: list[tuple[float, bool]] = [(0.0, False)] * len(requests)
        for members, scored in zip(groups.values(), found, strict=True):
            for i, value, greedy in zip(members, scored.loglikelihoods, scored.greedy, strict=True):
                answers[i] = (value, greedy)
                if requests[i][0] is not None:
                    self.cache_hook.add_partial("loglikelihood", requests[i][0], answers[i])
        return answers


class HunminLM(Scored, HFLM):  # type: ignore[misc]  # lm-eval is untyped
    """lm-eval's `hf` with contexts computed once; anything but a decoder-only model is scored by `hf` itself."""

    AUTO_MODEL_CLASS: Any
    _model: Any

    def __init__(
        self,
        pretrained: Any,
        *args: Any,
        scoring: str = "auto",
        budget_tokens: int | None = None,
        separate_encode: bool = False,
        shard: Shard | None = None,
        **options: Any,
    ):
        super().__init__(pretrained, *args, **options)
        self.separate_encode = separate_encode
        self.shard = shard or {}
        self.truncated, self.bos_cut = set(), set()
        self.named = str(pretrained if isinstance(pretrained, str) else getattr(self.config, "_name_or_path", ""))
        self.opened = scorer.open_scorer(self.model, self.max_length, scoring, budget_tokens)  # type: ignore[arg-type]  # causal models alone get here

    def _create_model(self, pretrained: str, *args: Any, **options: Any) -> None:
        """Open a model that is named, not given: as lm-eval does, which looks at no weight, through our gate.

        A folder with an adapter (`peft`) is laid on it as everywhere here, so that every key has to find its place.
        """
        peft = options.get("peft")
        local = None
        if isinstance(peft, str) and Path(peft).is_dir() and not options.get("delta"):  # lm-eval refuses both
            local, options["peft"] = Path(peft), None
        own = self.AUTO_MODEL_CLASS
        self.AUTO_MODEL_CLASS = opening.Gated(own)
        try:
            super()._create_model(pretrained, *args, **options)
        finally:
            self.AUTO_MODEL_CLASS = own
        if local is not None:
            self._model = adapters.lay(self._model, local)
        sound.check_finite(self._model.named_parameters(), pretrained)  # of adapters, deltas and quantised weights too
        sound.check_buffers(self._model, pretrained)

    def _encode_pair(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        if not self.separate_encode:
            pair: tuple[list[int], list[int]] = super()._encode_pair(context, continuation)
            return pair
        [request] = tokens.encode(self.tokenizer, [(context, [continuation])])
        return request.context, request.choices[0]

    def _loglikelihood_tokens(
        self, requests: list[TokenRequest], disable_tqdm: bool = False, override_bs: int | None = None
    ) -> list[tuple[float, bool]]:
        if self.backend != "causal":
            plain: list[tuple[float, bool]] = super()._loglikelihood_tokens(requests, disable_tqdm, override_bs)
            sound.check_scores(torch.tensor([value for value, _ in plain]), self.named)
            return plain
        return self._scored(requests, disable_tqdm)

    def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
        with sound.watched(self.model, self.named):
            said: list[str] = super().generate_until(requests, disable_tqdm)
        return said


def register() -> None:
    """Make `hunmin` known to lm-eval beside its own models."""
    import lm_eval.models  # noqa: F401  fills the registry, which is lazy only while empty

    if NAME not in model_registry.keys():
        register_model(NAME)(HunminLM)


def unknown_tasks(argv: Sequence[str]) -> None:
    """Raise UserError for a task that lm-eval does not know, before a model is loaded for it."""
    asked = [argv[i + 1] for i, word in enumerate(argv[:-1]) if word in ("--tasks", "-t")]
    folders = [argv[i + 1] for i, word in enumerate(argv[:-1]) if word == "--include_path"]
    names = [name for value in asked for name in value.split(",") if name]
    plain = [name for name in names if not re.search(r"[*?\[]", name) and not Path(name).exists()]
    if plain and plain != ["list"]:
        task_manager(plain, folders)


def main(argv: Sequence[str]) -> int:
    """Run lm-eval's own command with our model registered; give its exit code."""
    from lm_eval.__main__ import cli_evaluate

    transformers.utils.logging.set_verbosity_error()
    quiet()
    register()
    unknown_tasks(argv)
    before = sys.argv
    sys.argv = ["lm-eval", *argv]
    try:
        cli_evaluate()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 2
    except Exception as error:
        if type(error).__name__ != "SafetensorError":
            raise
        what = f"a weight file is broken or cut off: {error}"
        raise UserError(what, "--model_args pretrained", "Download or copy it again.") from error
    finally:
        sys.argv = before
    return 0
