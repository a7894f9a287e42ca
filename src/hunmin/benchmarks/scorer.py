"""Log-likelihoods of choices after contexts, every context computed once: the scorer behind `evaluate` and lm-eval.

A backend (backends.py) is chosen by the model's architecture, checked at start against the plain forward on real
requests, and replaced by it when they differ; what was chosen and why is part of the result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import UserError
from .backends import BACKENDS, Found, plain
from .tokens import Request, Unit, units

log = logging.getLogger("hunmin")

Backend = Literal["auto", "tree", "repeat", "plain"]

# Architectures on which `tree` was measured equal to the plain forward (full attention, rotary or learned positions).
TREE_TESTED = frozenset(
    ("llama", "gpt_neox", "qwen2", "qwen3", "gpt2", "opt", "phi3", "mixtral", "mistral", "gemma", "smollm3")
)
NO_CACHE_SHARING = frozenset(("linear_attention", "mamba", "conv", "recurrent"))  # words of config.layer_types
SHORT_CONTEXT = 12  # tokens; below, one forward over everything beats two
TOLERANCE = {"torch.float32": 1e-3, "torch.float64": 1e-3}  # nats; half precision: .5 and the same best choice


@dataclass(frozen=True)
class Score:
    """One document's choices: summed log-likelihoods in nats, and whether greedy decoding would give the choice."""

    loglikelihoods: list[float]
    greedy: list[bool]


@dataclass
class Scorer:
    """A model opened for scoring. `max_length` in tokens; `budget_tokens` bounds a batch's padded context tokens.

    `backend` is what is used now, `report` what the self-check found.
    """

    model: Any
    max_length: int
    backend: str
    budget_tokens: int
    report: dict[str, Any] = field(default_factory=dict)
    checked: bool = False


def open_scorer(model: Any, max_length: int, backend: Backend = "auto", budget_tokens: int | None = None) -> Scorer:
    """Give a scorer for a causal model in eval mode; `budget_tokens` None is 2,048 on a CPU, 16,384 on a GPU."""
    model.eval()
    if backend not in ("auto", *BACKENDS):
        raise UserError(f"unknown backend '{backend}'", mend=f"Known: auto, {', '.join(sorted(BACKENDS))}.")
    allowed, why = allowed_backend(model)
    chosen = allowed if backend == "auto" else backend
    if backend == "tree" and allowed != "tree":
        log.warning("backend tree is not safe here (%s); using %s", why, allowed)
        chosen = allowed
    if budget_tokens is None:
        budget_tokens = 2048 if model.device.type == "cpu" else 16384
    return Scorer(model, max_length, chosen, budget_tokens, {"backend": chosen, "reason": why})


def allowed_backend(model: Any) -> tuple[str, str]:
    """Give the fastest backend that is exact for this architecture, and why."""
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    kind = getattr(config, "model_type", "?")
    layers = {*(getattr(config, "layer_types", None) or ())}
    if getattr(model, "is_prompt_learning", False) or getattr(
        getattr(model, "active_peft_config", None), "is_prompt_learning", False
    ):
        return "plain", "prompt-learning adapter"
    if any(word in layer for word in NO_CACHE_SHARING for layer in layers):
        return "plain", f"{kind} has layers without an attention cache"
    if not getattr(config, "num_attention_heads", None) and not getattr(config, "n_head", None):
        return "plain", f"{kind} has no attention heads"
    if layers - {"full_attention"}:
        return "repeat", f"{kind} has {', '.join(sorted(layers - {'full_attention'}))} layers"
    window = getattr(config, "sliding_window", None)
    if window and getattr(config, "use_sliding_window", True):
        return "repeat", f"{kind} has a sliding window of {window}"
    if kind not in TREE_TESTED:
        return "repeat", f"{kind} is not on the list tested with tree"
    if getattr(config, "_attn_implementation", "sdpa") not in ("sdpa", "eager"):
        return "repeat", f"attention {config._attn_implementation} takes no 4-D mask"
    return "tree", f"{kind}, full attention"


def batches(found: Sequence[Unit], budget_tokens: int) -> list[list[Unit]]:
    """Cut units, longest context first, into batches whose padded size stays within the budget; deterministic."""
    order = sorted(range(len(found)), key=lambda i: (-len(found[i].context), i))
    groups: list[list[Unit]] = []
    rows = widest = 0
    for i in order:
        unit = found[i]
        longest = max(map(len, unit.choices))
        if groups:
            grown = rows + len(unit.choices)
            width = len(groups[-1][0].context)
            size = (len(groups[-1]) + 1) * width + grown * max(widest, longest)
            if size <= budget_tokens:
                groups[-1].append(unit)
                rows, widest = grown, max(widest, longest)
                continue
        groups.append([unit])
        rows, widest = len(unit.choices), longest
    return groups


def score(
    scorer: Scorer,
    requests: Sequence[Request],
    tick: Callable[..., None] | None = None,
    rank: int = 0,
    world: int = 1,
    gather: Callable[[Found], list[Found]] | None = None,
) -> list[Score]:
    """Give every request's score, in order.

    With `world` processes each computes every world-th batch of the same batches, so the numbers do not depend on how
    many there are; `gather(found)` gives every process the parts of all.
    """
    import torch

    found_units = units(requests, scorer.max_length)
    with torch.inference_mode():
        if not scorer.checked:
            _self_check(scorer, found_units)
        found: Found = []
        for i, batch in enumerate(batches(found_units, scorer.budget_tokens)):
            if i % world == rank:
                found += _run(scorer, batch)
            if tick:
                tick(sum(len(unit.choices) for unit in batch))
    if gather is not None:
        found = [row for part in gather(found) for row in part]
    likelihoods = [[float("nan")] * len(r.choices) for r in requests]
    greedy = [[False] * len(r.choices) for r in requests]
    n = 0
    for request, choice, value, best in found:
        likelihoods[request][choice], greedy[request][choice] = value, best
        n += 1
    if n != sum(len(r.choices) for r in requests):
        raise AssertionError(f"{n} scores for {sum(len(r.choices) for r in requests)} choices")
    return [Score(a, b) for a, b in zip(likelihoods, greedy, strict=True)]


def _run(scorer: Scorer, batch: Sequence[Unit]) -> Found:
    single = all(len(choice) == 1 for unit in batch for choice in unit.choices)
    if single or len(batch[0].context) <= SHORT_CONTEXT:
        return plain(scorer.model, batch, scorer.model.device)
    return BACKENDS[scorer.backend](scorer.model, batch, scorer.model.device)


def _self_check(scorer: Scorer, found: Sequence[Unit]) -> None:
    """Score the longest, the median and a mixed batch both ways; on a difference fall back: tree, repeat, plain."""
    order = sorted(range(len(found)), key=lambda i: len(found[i].context))
    picked = [found[i] for i in dict.fromkeys((order[-1], order[len(order) // 2], order[len(order) // 4]))]
    truth = [row for unit in picked for row in _one_by_one(scorer, unit)]
    tried = {"tree": ("tree", "repeat", "plain"), "repeat": ("repeat", "plain"), "plain": ("plain",)}[scorer.backend]
    difference = float("nan")
    for name in tried:
        difference, problem = _compare(scorer, name, picked, truth)
        if not problem:
            scorer.backend = name
            break
        log.warning("backend %s: %s; falling back", name, problem)
        scorer.report.setdefault("fell_back", []).append(f"{name}: {problem}")
    else:
        raise UserError(
            "scoring in batches differs from scoring one by one, even with the plain backend",
            type(scorer.model).__name__,
            "The model is not causal, or its forward is not deterministic.",
        )
    scorer.checked = True
    scorer.report.update(backend=scorer.backend, checked=len(truth), max_difference=difference)


def _one_by_one(scorer: Scorer, unit: Unit) -> Found:
    rows: Found = []
    for choice, place in zip(unit.choices, unit.places, strict=True):
        rows += plain(scorer.model, [Unit(unit.context, (choice,), (place,))], scorer.model.device)
    return rows


def _compare(scorer: Scorer, name: str, picked: Sequence[Unit], truth: Found) -> tuple[float, str]:
    """Give (largest difference in nats, what is wrong or "")."""
    try:
        ours = BACKENDS[name](scorer.model, picked, scorer.model.device)
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
        if type(error).__name__ == "OutOfMemoryError" or name == "plain":
            raise
        return float("nan"), f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    values = {(r, c): v for r, c, v, _ in ours}
    gaps = [abs(values[r, c] - v) for r, c, v, _ in truth]
    worst = max(gaps)
    limit = TOLERANCE.get(str(scorer.model.dtype), 0.5)
    if not worst <= limit:
        return worst, f"differs by {worst:.3g} nats from the plain forward"
    return worst, ""
