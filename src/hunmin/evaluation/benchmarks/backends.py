"""Three ways to score choices after a context; all give the plain forward's numbers, each computes less than the last.

plain   every choice behind its whole context, right-padded: exact for any causal model, Mamba included
repeat  the context once per document, its cache repeated for each choice (left-padded, 2-D mask)
tree    the context once, all choices in one row behind it under a 4-D mask: full attention only, silently wrong with
        sliding windows, therefore gated and checked at start (`scorer.py`); a prefix that all documents begin with
        (`fewshot: fixed`) is computed once for all of them

Only positions that are scored get logits, and only those a fp32 log-softmax.
Measured on 15 architectures, transformers 5.23; see docs/results.md.
"""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...models.sound import check_logits, check_scores
from .tokens import Unit

FLOATS = 1 << 24  # of logits read at once: 64 MiB in fp32
MIN_PREFIX = 32  # tokens; sharing fewer earns nothing


@dataclass(frozen=True)
class Prefix:
    """What all documents begin with, computed: `n` tokens and their cache [1, n]."""

    n: int
    cache: Any

    def rows(self, n: int) -> Any:
        """Give n rows of the cache, to be continued."""
        found = copy.deepcopy(self.cache)
        found.batch_repeat_interleave(n)
        return found


def shared_prefix(model: Any, units: Sequence[Unit], device: Any) -> Prefix | None:
    """Give what all contexts begin with, at least one token of each left out; None when it is not worth sharing."""
    import torch

    contexts = [unit.context for unit in units]
    if len(contexts) < 2:
        return None
    first = contexts[0]
    n = min(len(os.path.commonprefix([min(contexts), max(contexts)])), min(map(len, contexts)) - 2)
    if n < MIN_PREFIX:
        return None
    return Prefix(n, _prefill(model, torch.tensor([first[:n]]), device, accepted(model), None, None))


class Chain:
    """The caches along one path of `sharing.branches`, each continuing the one before; a new path keeps what it shares
    with the last."""

    def __init__(self, model: Any, device: Any):
        self.model, self.device = model, device
        self._nodes: list[tuple[tuple[int, ...], Prefix]] = []

    def at(self, path: Sequence[int], context: tuple[int, ...]) -> Prefix | None:
        """Give the cache of what stands before the last cut of a context; None for no cut."""
        import torch

        heads = [context[:cut] for cut in path]
        same = 0
        while same < min(len(heads), len(self._nodes)) and self._nodes[same][0] == heads[same]:
            same += 1
        del self._nodes[same:]
        for head in heads[same:]:
            above = self._nodes[-1][1] if self._nodes else None
            tokens = torch.tensor([head[above.n if above else 0 :]])
            past = above.rows(1) if above else None
            cache = _prefill(self.model, tokens, self.device, accepted(self.model), None, None, past)
            self._nodes.append((head, Prefix(len(head), cache)))
        return self._nodes[-1][1] if self._nodes else None


Found = list[tuple[int, int, float, bool]]
"""(request, choice, log-likelihood in nats, whether every token was the most likely one)."""


def accepted(model: Any) -> frozenset[str]:
    """Give the keyword arguments the model's own forward names (a PEFT wrapper's inner model)."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return frozenset(inspect.signature(inner.forward).parameters)


def plain(model: Any, batch: Sequence[Unit], device: Any, prefix: Prefix | None = None) -> Found:
    """Score by one forward over context + choice, the context alone where every choice is a single token.

    With a `prefix` only what follows it is computed.
    """
    import torch

    skip = prefix.n if prefix else 0
    rows: list[tuple[int, ...]] = []
    wanted: list[tuple[int, int, tuple[int, ...], tuple[int, int]]] = []  # row, first position, choice, place
    for unit in batch:
        start = len(unit.context) - 1 - skip
        if all(len(choice) == 1 for choice in unit.choices):
            rows.append(unit.context[skip:])
            wanted += [(len(rows) - 1, start, c, p) for c, p in zip(unit.choices, unit.places, strict=True)]
            continue
        for choice, place in zip(unit.choices, unit.places, strict=True):
            rows.append(unit.context[skip:] + choice[:-1])
            wanted.append((len(rows) - 1, start, choice, place))
    width = max(map(len, rows))
    tokens = torch.zeros(len(rows), width, dtype=torch.long)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = torch.tensor(row)
    # no mask: a causal model's earlier positions never see the padding on their right
    first = min(start for _, start, _, _ in wanted)
    extra: dict[str, Any] = {}
    names = accepted(model)
    at_of = list(range(width))
    if "logits_to_keep" in names:
        kept = sorted({at for _, start, c, _ in wanted for at in range(start, start + len(c))})
        at_of = [0] * width
        if _takes_positions(model):  # of one token each in contexts of different length, only their ends
            extra["logits_to_keep"] = torch.tensor(kept, device=device)
            for i, at in enumerate(kept):
                at_of[at] = i
        else:
            extra["logits_to_keep"] = width - first
            at_of = [at - first for at in range(width)]
    if prefix is not None:
        extra |= {"past_key_values": prefix.rows(len(rows)), "use_cache": True}
    elif "use_cache" in names:
        extra["use_cache"] = False
    logits = model(input_ids=tokens.to(device), **extra).logits
    spans = [(row, [at_of[at + i] for i in range(len(c))], c, place) for row, at, c, place in wanted]
    return _read(logits, spans)


def _takes_positions(model: Any) -> bool:
    """Tell whether logits_to_keep may name positions: so in transformers' own models; others may take a number only."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return type(inner).__module__.startswith("transformers.")


def repeat(model: Any, batch: Sequence[Unit], device: Any) -> Found:
    """Score with each context computed once and its cache repeated for every choice."""
    import torch

    names = accepted(model)
    lengths = [len(unit.context) - 1 for unit in batch]
    width = max(lengths)
    if min(lengths) == 0:
        return plain(model, batch, device)
    tokens = torch.zeros(len(batch), width, dtype=torch.long)
    mask = torch.zeros(len(batch), width, dtype=torch.long)
    for i, unit in enumerate(batch):
        tokens[i, width - lengths[i] :] = torch.tensor(unit.context[:-1])
        mask[i, width - lengths[i] :] = 1
    padded = min(lengths) < width
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    cache = _prefill(model, tokens, device, names, mask if padded else None, positions if padded else None)

    owners = [i for i, unit in enumerate(batch) for _ in unit.choices]
    choices = [choice for unit in batch for choice in unit.choices]
    places = [place for unit in batch for place in unit.places]
    behind = max(len(choice) for choice in choices)
    after = torch.zeros(len(choices), behind, dtype=torch.long)
    for r, (owner, choice) in enumerate(zip(owners, choices, strict=True)):
        after[r, : len(choice)] = torch.tensor((batch[owner].context[-1], *choice[:-1]))
    owner_ids = torch.tensor(owners)
    if len(choices) != len(batch):
        cache.batch_select_indices(owner_ids.to(device))
    extra: dict[str, Any] = {"past_key_values": cache, "use_cache": True}
    if padded or "position_ids" not in names:
        extra["attention_mask"] = torch.cat([mask[owner_ids], torch.ones_like(after)], 1).to(device)
    if "position_ids" in names:
        starts = torch.tensor(lengths)[owner_ids]
        extra["position_ids"] = (starts[:, None] + torch.arange(behind)[None]).to(device)
    logits = model(input_ids=after.to(device), **extra).logits
    return _read(logits, [(r, list(range(len(c))), c, p) for r, (c, p) in enumerate(zip(choices, places, strict=True))])


def tree(model: Any, batch: Sequence[Unit], device: Any, prefix: Prefix | None = None) -> Found:
    """Score with one row per document: last context token, then every choice, each seeing the context and itself.

    With a `prefix` only what follows it is computed.
    """
    import torch

    skip = prefix.n if prefix else 0
    lengths = [len(unit.context) - 1 - skip for unit in batch]
    width = max(lengths)
    if min(lengths) == 0:
        return plain(model, batch, device)
    tokens = torch.zeros(len(batch), width, dtype=torch.long)
    for i, unit in enumerate(batch):
        tokens[i, : lengths[i]] = torch.tensor(unit.context[skip:-1])
    past = prefix.rows(len(batch)) if prefix else None
    cache = _prefill(model, tokens, device, accepted(model), None, None, past)
    width += skip

    behind = max(1 + sum(len(c) - 1 for c in unit.choices) for unit in batch)
    after = torch.zeros(len(batch), behind, dtype=torch.long)
    positions = torch.zeros(len(batch), behind, dtype=torch.long)
    seen = torch.zeros(len(batch), behind, width + behind, dtype=torch.bool)
    spans: list[tuple[int, list[int], tuple[int, ...], tuple[int, int]]] = []
    for i, unit in enumerate(batch):
        before = skip + lengths[i]
        after[i, 0], positions[i, 0] = unit.context[-1], before
        seen[i, :, :before] = True
        seen[i, :, width] = True  # every row of the mask sees the last context token, padding included
        at = 1
        for choice, place in zip(unit.choices, unit.places, strict=True):
            n = len(choice) - 1
            if n:
                after[i, at : at + n] = torch.tensor(choice[:-1])
                positions[i, at : at + n] = before + 1 + torch.arange(n)
                seen[i, at : at + n, width + at : width + at + n] = torch.ones(n, n, dtype=torch.bool).tril()
            spans.append((i, [0, *range(at, at + n)], choice, place))
            at += n
    dtype = next(p.dtype for p in model.parameters() if p.is_floating_point())
    mask = torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)[:, None]
    logits = model(
        input_ids=after.to(device),
        past_key_values=cache,
        attention_mask=mask.to(device),
        position_ids=positions.to(device),
        use_cache=True,
    ).logits
    return _read(logits, spans)


BACKENDS = {"plain": plain, "repeat": repeat, "tree": tree}


def _prefill(
    model: Any, tokens: Any, device: Any, names: frozenset[str], mask: Any, positions: Any, past: Any = None
) -> Any:
    extra: dict[str, Any] = {"use_cache": True}
    if past is not None:
        extra["past_key_values"] = past
    if "logits_to_keep" in names:
        extra["logits_to_keep"] = 1
    if mask is not None:
        extra["attention_mask"] = mask.to(device)
        if "position_ids" in names:
            extra["position_ids"] = positions.to(device)
    return model(input_ids=tokens.to(device), **extra).past_key_values


def _read(logits: Any, spans: Sequence[tuple[int, list[int], tuple[int, ...], tuple[int, int]]]) -> Found:
    """Give each span's summed fp32 log-probability; a span is (row, positions, target tokens, place)."""
    import torch

    rows = torch.tensor([row for row, at, _, _ in spans for _ in at]).to(logits.device)
    columns = torch.tensor([a for _, at, _, _ in spans for a in at]).to(logits.device)
    targets = torch.tensor([t for _, _, choice, _ in spans for t in choice]).to(logits.device)
    values, hits = [], []
    step = max(1, FLOATS // logits.shape[-1])
    for start in range(0, len(targets), step):  # a second copy of few positions, not of all
        of, part = slice(start, start + step), targets[start : start + step]
        picked = logits[rows[of], columns[of]].float()
        check_logits(picked, "evaluate")
        of_target = picked.gather(1, part[:, None])[:, 0]
        values.append((of_target - picked.logsumexp(1)).double().cpu())
        hit = of_target == picked.amax(1)
        hit[hit.clone()] = picked[hit].argmax(1) == part[hit]  # the first of equals; argmax over all is slow on a CPU
        hits.append(hit.cpu())
    token_ll, best = torch.cat(values), torch.cat(hits)
    check_scores(token_ll, "evaluate")
    found: Found = []
    at = 0
    for _, positions, _, (request, choice) in spans:
        end = at + len(positions)
        found.append((request, choice, float(token_ll[at:end].sum()), bool(best[at:end].all())))
        at = end
    return found
