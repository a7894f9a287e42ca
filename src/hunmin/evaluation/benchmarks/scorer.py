"""Log-likelihoods of choices after contexts, every context computed once: the scorer behind `evaluate` and lm-eval.

A backend (backends.py) is chosen by the model's architecture and checked against the plain forward, one request at a
time: at start on the longest and the median document, and in every call on one document of its results. Where they
differ the next simpler backend scores everything again; what was chosen and why is part of the result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ...artifacts.rows import Notes
from ...errors import UserError
from .backends import BACKENDS, Chain, Found, Prefix, plain, shared_prefix, tree
from .sharing import branches, cost
from .tokens import Request, Unit, units

log = logging.getLogger("hunmin")

Backend = Literal["auto", "tree", "repeat", "plain"]

# Architectures on which `tree` was measured equal to the plain forward (full attention, rotary or learned positions).
TREE_TESTED = frozenset(
    ("llama", "gpt_neox", "qwen2", "qwen3", "gpt2", "opt", "phi3", "mixtral", "mistral", "gemma", "smollm3")
)
NO_CACHE_SHARING = frozenset(("linear_attention", "mamba", "conv", "recurrent"))  # words of config.layer_types
BUDGET = {"cpu": 512}  # tokens; more only pads more, measured on one core with 156M parameters
TOLERANCE = {"torch.float32": 1e-3, "torch.float64": 1e-3}  # nats; half precision: .5


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
    report: Notes = field(default_factory=dict)
    checked_tokens: int = 0  # the longest context on which this backend was checked; 0 = not yet

    def score(self, requests: Sequence[Request], tick: Callable[..., None] | None = None, **shard: Any) -> list[Score]:
        """Give every request's score, in order."""
        return score(self, requests, tick, **shard)

    def alone(self, pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[float]:
        """Give the log-likelihood of each second part after its first, one at a time: a vocabulary of 262,144 makes
        the logits of a batch large."""
        import torch

        with torch.inference_mode():
            units = [Unit(context, (choice,), ((0, 0),)) for context, choice in pairs]
            return [plain(self.model, [unit], self.model.device)[0][2] for unit in units]


def open_scorer(model: Any, max_length: int, backend: Backend = "auto", budget_tokens: int | None = None) -> Scorer:
    """Give a scorer for a causal model in eval mode; `budget_tokens` None is 512 on a CPU, 16,384 on a GPU."""
    model.eval()
    if backend not in ("auto", *BACKENDS):
        raise UserError(f"unknown backend '{backend}'", mend=f"Known: auto, {', '.join(sorted(BACKENDS))}.")
    allowed, why = allowed_backend(model)
    chosen = allowed if backend == "auto" else backend
    if backend == "tree" and allowed != "tree":
        log.warning("backend tree is not safe here (%s); using %s", why, allowed)
        chosen = allowed
    if budget_tokens is None:
        budget_tokens = BUDGET.get(model.device.type, 16384)
    return Scorer(model, max_length, chosen, budget_tokens, {"backend": chosen, "reason": why, "checked": 0})


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


LOGITS = {"cpu": 1 << 27}  # scored positions times vocabulary in one batch: 512 MiB in fp32; 4 times that on a GPU


def scored_at_once(model: Any) -> int:
    """Give how many positions of a batch may get logits: a vocabulary of 262,144 multiplies no memory."""
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    vocabulary = getattr(config, "vocab_size", None) or 32_000
    return max(64, LOGITS.get(model.device.type, 1 << 29) // vocabulary)


def narrowed(found: Sequence[Unit], budget_tokens: int, max_scored: int = 1 << 30) -> list[Unit]:
    """Cut units whose choices would not fit one batch into several behind the same context: a task without a context
    (PAWS-X: all 4,000 sentences behind one BOS) is otherwise one row of everything, and its check at start too."""
    cut: list[Unit] = []
    for unit in found:
        most = min(max_scored, max(budget_tokens, len(unit.context))) // max(map(len, unit.choices))
        step = max(1, most)
        for at in range(0, len(unit.choices), step):
            cut.append(Unit(unit.context, unit.choices[at : at + step], unit.places[at : at + step]))
    return cut


def batches(found: Sequence[Unit], budget_tokens: int, max_scored: int = 1 << 30) -> list[list[Unit]]:
    """Cut units, longest context first, into batches whose padded size stays within the budget, and whose scored
    positions within `max_scored`; deterministic."""
    order = sorted(range(len(found)), key=lambda i: (-len(found[i].context), i))
    groups: list[list[Unit]] = []
    rows = widest = 0
    for i in order:
        unit = found[i]
        longest = max(map(len, unit.choices))
        if groups:
            grown = rows + len(unit.choices)
            width = len(groups[-1][0].context)
            behind = grown * max(widest, longest)
            if (len(groups[-1]) + 1) * width + behind <= budget_tokens and behind <= max_scored:
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
    gather: Callable[[Any], list[Any]] | None = None,
) -> list[Score]:
    """Give every request's score, in order.

    With `world` processes each computes every world-th batch of the same batches, so the numbers do not depend on how
    many there are; `gather(part)` gives every process the parts of all.
    """
    import torch

    most = scored_at_once(scorer.model)
    found_units = narrowed(units(requests, scorer.max_length), scorer.budget_tokens, most)
    groups = batches(found_units, scorer.budget_tokens, most)
    with torch.inference_mode():
        if not scorer.checked_tokens and groups:
            _check_at_start(scorer, found_units)
        while True:
            prefix = shared_prefix(scorer.model, found_units, scorer.model.device) if scorer.backend == "tree" else None
            scorer.report["prefix_tokens"] = prefix.n if prefix else 0
            plan: Plan = [((), batch) for batch in groups] if prefix else _planned(scorer, found_units, groups)
            found, problem = _run_all(scorer, plan[rank::world], tick, prefix)
            if gather is not None:
                parts = gather((found, problem))
                found, problem = [row for part, _ in parts for row in part], max(p for _, p in parts)
            problem = problem or (_difference(scorer, found_units, found) if groups else "")
            if not problem:
                break
            _fall_back(scorer, scorer.backend, problem)
            scorer.backend = SIMPLER[scorer.backend][1]
            scorer.report["backend"] = scorer.backend
    likelihoods = [[float("nan")] * len(r.choices) for r in requests]
    greedy = [[False] * len(r.choices) for r in requests]
    n = 0
    for request, choice, value, best in found:
        likelihoods[request][choice], greedy[request][choice] = value, best
        n += 1
    if n != sum(len(r.choices) for r in requests):
        raise AssertionError(f"{n} scores for {sum(len(r.choices) for r in requests)} choices")
    return [Score(a, b) for a, b in zip(likelihoods, greedy, strict=True)]


Plan = Sequence[tuple[tuple[int, ...], Sequence[Unit]]]
"""Batches, each with the cuts of the prefix that it stands behind."""

SHARERS = {
    "cpu": 2
}  # units that make a prefix of their own worth it; a GPU wants larger batches more than fewer tokens


def _planned(scorer: Scorer, found_units: Sequence[Unit], groups: Sequence[Sequence[Unit]]) -> Plan:
    """Give the batches, behind the prefixes that some of their contexts share where that saves enough."""
    if scorer.backend == "tree":
        found = branches(found_units, SHARERS.get(scorer.model.device.type, 16))
        scorer.report["tokens_shared"] = round(1 - cost(found) / max(1, sum(len(u.context) for u in found_units)), 3)
        if any(branch.path for branch in found):
            limit = scored_at_once(scorer.model)
            return [(b.path, part) for b in found for part in batches(b.units, scorer.budget_tokens, limit)]
    return [((), batch) for batch in groups]


def _run(scorer: Scorer, batch: Sequence[Unit], prefix: Prefix | None) -> Found:
    single = all(len(choice) == 1 for unit in batch for choice in unit.choices)
    if single:
        return plain(scorer.model, batch, scorer.model.device, prefix)
    if prefix is not None:
        return tree(scorer.model, batch, scorer.model.device, prefix)
    return BACKENDS[scorer.backend](scorer.model, batch, scorer.model.device)


def _run_all(scorer: Scorer, plan: Plan, tick: Callable[..., None] | None, prefix: Prefix | None) -> tuple[Found, str]:
    """Give (results, "") or (what there is, why the backend cannot run this model)."""
    found: Found = []
    chain = Chain(scorer.model, scorer.model.device)
    for path, batch in plan:
        try:
            found += _run(scorer, batch, prefix or chain.at(path, batch[0].context))
        except CANNOT as error:
            if scorer.backend == "plain" or type(error).__name__ == "OutOfMemoryError":
                raise
            return found, _say(error)
        if tick:
            tick(sum(len(unit.choices) for unit in batch))
    return found, ""


CANNOT = (RuntimeError, TypeError, ValueError, AttributeError, IndexError, KeyError)


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


SIMPLER = {"tree": ("tree", "repeat", "plain"), "repeat": ("repeat", "plain"), "plain": ("plain",)}


def _check_at_start(scorer: Scorer, found: Sequence[Unit]) -> None:
    """Score the longest and the median document both ways, every choice; on a difference fall back."""
    order = sorted(range(len(found)), key=lambda i: len(found[i].context))
    picked = [found[i] for i in dict.fromkeys((order[-1], order[len(order) // 2]))]
    truth = [row for unit in picked for row in _one_by_one(scorer, unit)]
    for name in SIMPLER[scorer.backend]:
        difference, problem = _compare(scorer, name, picked, truth)
        if not problem:
            scorer.backend = name
            scorer.checked_tokens = len(picked[0].context)
            scorer.report.update(backend=name, checked=len(truth), max_difference=difference)
            return
        _fall_back(scorer, name, problem)
    raise UserError(
        "scoring in batches differs from scoring one by one, even with the plain backend",
        type(scorer.model).__name__,
        "The model is not causal, or its forward is not deterministic.",
    )


def _difference(scorer: Scorer, found_units: Sequence[Unit], found: Found) -> str:
    """Check one choice of these results: of the longest document if longer than any checked, else of the median one.

    Gives "" or what is wrong. Every process checks the same gathered results, so all of them fall back together.
    """
    order = sorted(range(len(found_units)), key=lambda i: len(found_units[i].context))
    picked = found_units[order[-1]]
    if len(picked.context) <= scorer.checked_tokens:
        picked = found_units[order[len(order) // 2]]
    unit = Unit(picked.context, picked.choices[-1:], picked.places[-1:])
    [(request, choice, value, _)] = _one_by_one(scorer, unit)
    ours = next(v for r, c, v, _ in found if (r, c) == (request, choice))
    difference = abs(ours - value)
    if not difference <= _limit(scorer):
        problem = f"differs by {difference:.3g} nats from the plain forward"
        if scorer.backend == "plain":
            raise UserError(problem, type(scorer.model).__name__, "Its forward is not deterministic.")
        return problem
    scorer.checked_tokens = max(scorer.checked_tokens, len(unit.context))
    scorer.report["checked"] += 1
    scorer.report["max_difference"] = max(scorer.report["max_difference"], difference)
    return ""


def _fall_back(scorer: Scorer, name: str, problem: str) -> None:
    log.warning("backend %s: %s; falling back", name, problem)
    scorer.report.setdefault("fell_back", []).append(f"{name}: {problem}")


def _limit(scorer: Scorer) -> float:
    return TOLERANCE.get(str(scorer.model.dtype), 0.5)


def _one_by_one(scorer: Scorer, unit: Unit) -> Found:
    if all(len(choice) == 1 for choice in unit.choices):  # one forward tells all of them
        return plain(scorer.model, [unit], scorer.model.device)
    rows: Found = []
    for choice, place in zip(unit.choices, unit.places, strict=True):
        rows += plain(scorer.model, [Unit(unit.context, (choice,), (place,))], scorer.model.device)
    return rows


def _compare(scorer: Scorer, name: str, picked: Sequence[Unit], truth: Found) -> tuple[float, str]:
    """Give (largest difference in nats, what is wrong or "")."""
    try:
        ours = BACKENDS[name](scorer.model, picked, scorer.model.device)
    except CANNOT as error:
        if type(error).__name__ == "OutOfMemoryError" or name == "plain":
            raise
        return float("nan"), _say(error)
    values = {(r, c): v for r, c, v, _ in ours}
    gaps = [abs(values[r, c] - v) for r, c, v, _ in truth]
    worst = max(gaps)
    if not worst <= _limit(scorer):
        return worst, f"differs by {worst:.3g} nats from the plain forward"
    return worst, ""
