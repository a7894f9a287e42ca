"""DPO's padded batches computed as one row without padding; trl's losses and metrics stay trl's.

trl pads chosen and rejected answers of a batch to the longest and calls the model with labels for its tiled head.
Between the two the batch is flattened: the documents' tokens in one row with their boundaries, only the labelled
positions through the head, and what comes back is laid out as trl expects it.
"""

from __future__ import annotations

import functools
import types
from typing import Any

import torch

IGNORED = -100
FIELDS = ("log_probs", "entropy", "log_sum_sq_probs", "mean_logits", "is_top1")


def flatten(model: Any) -> None:
    """Have a causal model with trl's fused head compute padded batches without their padding, from now on."""
    if getattr(model, "hunmin_flat", False):
        return
    model.hunmin_flat = True
    backbone = model.base_model
    whole, fused = backbone.forward, model.forward

    @functools.wraps(type(backbone).forward)
    def of_backbone(self: Any, *args: Any, kept: torch.Tensor | None = None, **kwargs: Any) -> Any:
        found = whole(*args, **kwargs)
        if kept is not None:
            found.last_hidden_state = found.last_hidden_state[:, kept]
        return found

    @functools.wraps(type(model).forward)
    def of_model(self: Any, *args: Any, **kwargs: Any) -> Any:
        mask, labels = kwargs.get("attention_mask"), kwargs.get("labels")
        if not kwargs.get("fused_lm_head") or args or mask is None or labels is None:
            return fused(*args, **kwargs)
        rest = {k: v for k, v in kwargs.items() if k not in ("input_ids", "attention_mask", "labels")}
        row, kept, targets, places = flat_row(kwargs["input_ids"], mask, labels)
        found = fused(**rest, **row, kept=kept, shift_labels=targets[None])
        for name in FIELDS:
            values = getattr(found, name)
            if values is not None:
                padded = values.new_zeros(labels.shape[0], labels.shape[1] - 1)
                setattr(found, name, padded.masked_scatter(places, values[0]))
        return found

    backbone.forward = types.MethodType(of_backbone, backbone)
    model.forward = types.MethodType(of_model, model)


def flat_row(
    ids: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor
) -> tuple[dict[str, Any], torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give (the model's input, positions that predict a label, the labels, their places in [rows, seq - 1]).

    The rows of `ids` [rows, seq] are padded on the right, `mask` is 1 on tokens; a row's first token has no prediction.
    """
    there = mask.bool()
    lengths = there.sum(dim=1)
    edges = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)]).to(torch.int32)
    places = (labels[:, 1:] != IGNORED) & there[:, 1:]
    index = (there.flatten().cumsum(0) - 1).view_as(there)  # of each token in the flat row
    longest = int(lengths.max())
    row = {
        "input_ids": ids[there][None],
        "position_ids": torch.arange(ids.shape[1], device=ids.device).expand_as(ids)[there][None],
        "cu_seq_lens_q": edges,
        "cu_seq_lens_k": edges,
        "max_length_q": longest,
        "max_length_k": longest,
    }
    return row, index[:, 1:][places] - 1, labels[:, 1:][places], places
