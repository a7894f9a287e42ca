"""Token log-probabilities of given continuations, batched by length; only the scored positions reach the head."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from ..errors import UserError
from .opening import Loaded
from .sound import check_scores

MAX_TOKENS = {"cpu": 4096, "mps": 4096}  # padded tokens of one forward pass; a GPU takes 16384


def accepts(model: Any, argument: str) -> bool:
    """Tell whether the model's forward (below an adapter's wrapper) takes this argument by name."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return argument in inspect.signature(inner.forward).parameters


def logprobs(loaded: Loaded, pairs: Sequence[tuple[list[int], list[int]]]) -> list[list[float]]:
    """Give, for each (context ids, continuation ids), the log-probability of every continuation token, in nats.

    Rows are right-padded without a mask: under causal attention no scored token sees the padding.
    Raises UserError for an empty context (the first token would have nothing to be predicted from) or a row longer
    than the model's positions.
    """
    import torch

    for i, (context, continuation) in enumerate(pairs):
        if not context:
            raise UserError("an empty context", f"pair {i}", "Put the tokenizer's BOS or EOS token before it.")
        if loaded.max_length and len(context) + len(continuation) - 1 > loaded.max_length:
            what = f"{len(context) + len(continuation)} tokens, but the model was built for {loaded.max_length}"
            raise UserError(what, f"pair {i}", "Shorten the text, or set a smaller max_length.")
    limit = MAX_TOKENS.get(loaded.device.split(":")[0], 16384)
    pad = loaded.tokenizer.pad_token_id or 0
    cut_head = accepts(loaded.model, "logits_to_keep")
    order = sorted(range(len(pairs)), key=lambda i: (-len(pairs[i][0]) - len(pairs[i][1]), i))
    found: list[list[float]] = [[] for _ in pairs]
    with torch.inference_mode():
        for batch in _batches([i for i in order if pairs[i][1]], pairs, limit):
            rows = [(pairs[i][0] + pairs[i][1])[:-1] for i in batch]
            width = max(map(len, rows))
            ids = torch.full((len(rows), width), pad)
            for r, row in enumerate(rows):
                ids[r, : len(row)] = torch.tensor(row)
            first = min(len(pairs[i][0]) - 1 for i in batch)
            options = {"logits_to_keep": torch.arange(first, width, device=loaded.device)} if cut_head else {}
            logits = loaded.model(input_ids=ids.to(loaded.device), use_cache=False, **options).logits
            shift = first if cut_head else 0
            for r, i in enumerate(batch):
                context, continuation = pairs[i]
                start = len(context) - 1 - shift
                wanted = torch.tensor(continuation, device=logits.device)
                scored = logits[r, start : start + len(continuation)].float().log_softmax(-1)
                own = scored.gather(-1, wanted[:, None])[:, 0]
                check_scores(own, loaded.name)
                found[i] = own.tolist()
    return found


def prompt_logprobs(
    loaded: Loaded, ids: Sequence[int], top: int
) -> list[tuple[float, tuple[tuple[int, float], ...]] | None]:
    """Give, for each token of a text, its log-probability after the ones before it and the `top` likeliest there.

    The first token has none before it, so it gets None.
    """
    import torch

    if len(ids) < 2:
        return [None] * len(ids)
    with torch.inference_mode():
        given = torch.tensor([list(ids)], device=loaded.device)
        scored = loaded.model(input_ids=given, use_cache=False).logits[0, :-1].float().log_softmax(-1)
        told = scored.gather(-1, given[0, 1:, None])[:, 0]
        check_scores(told, loaded.name)
        own = told.tolist()
        values, best = scored.topk(max(1, top), dim=-1)
        rows = zip(own, best.tolist(), values.tolist(), strict=True)
    return [None, *((value, tuple(zip(i, v, strict=True))[:top]) for value, i, v in rows)]


def _batches(order: list[int], pairs: Sequence[tuple[list[int], list[int]]], limit: int) -> list[list[int]]:
    """Cut rows, longest first, into batches of at most `limit` padded tokens (at least one row each)."""
    batches: list[list[int]] = []
    for i in order:
        if batches:
            widest = batches[-1][0]
            width = len(pairs[widest][0]) + len(pairs[widest][1])
            if width * (len(batches[-1]) + 1) <= limit:
                batches[-1].append(i)
                continue
        batches.append([i])
    return batches
