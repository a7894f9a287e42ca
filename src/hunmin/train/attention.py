"""Attention that keeps the documents of a padding-free row apart, without flash-attention.

Registered as "hunmin" through transformers' AttentionInterface. Document boundaries are the `cu_seq_lens_q` that trl's
padding-free collator passes. On a card with flash kernels it is torch's varlen kernel; elsewhere each document is
attended on its own by torch's sdpa, which is also the fastest way on a CPU (a 2,048-token row of 16 documents: 3.5
times a dense block mask).

Documents contaminate each other silently when a cache is used, a mask is passed, or positions are missing; here each of
the three is an error at the first forward pass.
"""

from __future__ import annotations

import importlib.util
import weakref
from typing import Any

import torch
import torch.nn.functional as F

from ..errors import UserError
from ..models.devices import capability
from . import kernels

NAME = "hunmin"


def register() -> None:
    """Make attn_implementation="hunmin" known to transformers."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, no_mask)


def choose(wanted: str, device: str, config: Any, padding_free: bool) -> str:
    """Give the attn_implementation for `attention: wanted` on a device type, from the model's config.

    `auto` is flash-attention where it is importable and runs on the card with these heads, else hunmin's where it can
    do what the model asks, else sdpa; models with softcapped logits need eager where neither is there.
    """
    text = config.get_text_config()
    softcap = getattr(text, "attn_logit_softcapping", None) is not None
    head_size = _head_size(text)
    flash = kernels.flash_runs(device, head_size)
    if wanted != "auto":
        if wanted == NAME and not padding_free:
            raise UserError(
                "attention: hunmin reads document boundaries, which this stage's padded batches do not have",
                "attention",
                "Use auto or sdpa here.",
            )
        if wanted.startswith("flash_attention") and not flash:
            card = ".".join(map(str, capability(device)))
            raise UserError(
                f"{wanted} does not run here: heads of {head_size}, device {device}, compute capability {card}",
                "attention",
                "It needs compute capability 8.0 and heads of at most 256, a multiple of 8. Use attention: auto.",
            )
        return wanted
    if flash and importlib.util.find_spec("flash_attn"):
        return "flash_attention_2"
    # softcapped scores of whole documents are computed in plain torch: fine on a CPU, eager's cost on a card
    if padding_free and (device != "cuda" or not softcap):
        return NAME
    return "eager" if softcap else "sdpa"


def _head_size(text: Any) -> int:
    """Give the size of the largest attention head; Gemma 4's differ from layer to layer."""
    layers = getattr(text, "per_layer_config", None)
    if layers:
        return max(int(getattr(layer, "head_dim", 0) or 0) for layer in layers)
    heads = getattr(text, "num_attention_heads", 0) or 1
    return int(getattr(text, "head_dim", None) or getattr(text, "hidden_size", 0) // heads)


def isolating(model: Any, kinds: list[str], layout: str) -> tuple[str, str]:
    """Give (the first of these attention kinds under which documents of one row stay apart, "").

    Where none does (recurrent layers, convolutions over the row), give (a kind that runs, why): each document then
    takes a forward pass of its own, pairs (layout "drawn") padded batches. The model is left with the kind given.
    Raises UserError where that is not possible: packs, or a kind that the user chose for rows.
    """
    told = []
    for kind in kinds:
        try:
            model.set_attn_implementation(kind)
            check_isolation(model)
            return kind, ""
        except (UserError, ValueError, RuntimeError, TypeError, AttributeError, NotImplementedError) as error:
            told.append(f"{kind}: {error.what if isinstance(error, UserError) else str(error).splitlines()[0]}"[:200])
    name = getattr(model.config.get_text_config(), "model_type", "this model")
    why = f"{name} cannot keep documents of one row apart"
    if layout == "packed":
        raise UserError(why, "packing", "Set packing: none; each document then takes a forward pass of its own.")
    if len(kinds) == 1 and layout != "drawn":
        raise UserError(f"{why} with attention {told[0]}", "attention", "Set attention: auto.")
    cost = "one document a forward pass, which a GPU feels as more and smaller passes"
    if layout == "drawn":
        cost = "padded batches, which compute the padding too"
    for kind in kinds if len(kinds) == 1 and kinds != [NAME] else ("sdpa", "eager"):
        try:
            model.set_attn_implementation(kind)
            return kind, f"{why}: {cost}"
        except (ValueError, NotImplementedError):
            continue
    raise UserError(f"{why}: {'; '.join(told)}", "attention", "Use another base.")


def check_isolation(model: Any) -> float:
    """Give the largest logit difference between a document in a flat row and the same document alone.

    Costs two forward passes of 12 tokens. Raises UserError when documents see each other: then nothing else would tell.
    """
    device = next(model.parameters()).device
    highest = model.config.get_text_config().vocab_size
    ids = (torch.arange(12, device=device) * 7919 + 11) % highest
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            both = model(**_flat(ids, (7, 5)), use_cache=False).logits[0, 7:].float()
            alone = model(**_flat(ids[7:], (5,)), use_cache=False).logits[0].float()
    finally:
        model.train(training)
    difference = float((both - alone).abs().max())
    half = next(model.parameters()).dtype in (torch.float16, torch.bfloat16) or torch.is_autocast_enabled()
    if difference > (0.1 if half else 1e-3) * max(1e-6, float(alone.std())):
        raise UserError(
            f"documents of one batch see each other: their logits differ by {difference:.3g} from those alone",
            "attention",
            "Set attention: auto or sdpa; this model's code may ignore document boundaries, then use packing: none "
            "with micro_batch_size: 1.",
        )
    return difference


def _flat(ids: torch.Tensor, lengths: tuple[int, ...]) -> dict[str, Any]:
    """What trl's padding-free collator would pass for documents of these lengths."""
    edges = torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()], dtype=torch.int32, device=ids.device)
    return {
        "input_ids": ids[None],
        "position_ids": torch.cat([torch.arange(n, device=ids.device) for n in lengths])[None],
        "cu_seq_lens_q": edges,
        "cu_seq_lens_k": edges,
        "max_length_q": max(lengths),
        "max_length_k": max(lengths),
    }


def no_mask(*args: Any, attention_mask: Any = None, **kwargs: Any) -> None:
    """The mask function of "hunmin": there is none, and a padding mask would be lost, so it is refused."""
    if attention_mask is not None:
        raise UserError(
            "an attention mask was passed to attention 'hunmin', which keeps documents apart by their boundaries",
            "attention",
            "Use padding-free batches, or attention: sdpa.",
        )


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Give the attention output [1, seq, heads, head_size] of a flat row of documents.

    `query` is [1, heads, seq, head_size], `key` and `value` may have fewer heads. `cu_seq_lens_q` in kwargs holds the
    documents' starts and the row's end; `sliding_window` counts the token itself.
    """
    boundaries = kwargs.get("cu_seq_lens_q")
    if boundaries is None:
        raise UserError(
            "attention 'hunmin' was called without document boundaries (cu_seq_lens_q)",
            "attention",
            "It serves padding-free training only; use attention: sdpa for anything else.",
        )
    if attention_mask is not None or query.shape[2] != key.shape[2] or query.shape[0] != 1:
        raise UserError(
            "documents of one row would see each other: a mask or a cache was passed, or the batch is padded",
            "attention",
            "Pass position_ids, no attention_mask and use_cache=False.",
        )
    if kwargs.get("position_bias") is not None:
        raise UserError("this model's attention has a position bias", "attention", "Set attention: eager.")
    sinks = kwargs.get("s_aux")
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    query, key, value = _one_dtype(query, key, value)
    kernel = kernels.varlen() if query.is_cuda else None
    if kernel and dropout == 0.0 and softcap is None and sinks is None and _kernel_takes(kernel, query, sliding_window):
        q, k, v = (t[0].transpose(0, 1).contiguous() for t in (query, key, value))
        out = kernels.run(kernel, q, k, v, boundaries, kwargs["max_length_q"], scale, sliding_window)
        return out[None], None
    lengths = _lengths(boundaries)
    documents = zip(
        *(torch.split(t, list(lengths), dim=2) for t in (query, key, value)), strict=True
    )  # slices go back one by one
    pieces = [_one(q, k, v, scale, sliding_window, softcap, sinks, dropout).transpose(1, 2) for q, k, v in documents]
    return torch.cat(pieces, dim=1), None


def _one_dtype(*tensors: torch.Tensor) -> list[torch.Tensor]:
    """Give all in one dtype: under autocast rotated queries and keys come in fp32 beside values in bf16."""
    if len({t.dtype for t in tensors}) == 1:
        return list(tensors)
    kind = tensors[0].device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else tensors[-1].dtype
    return [t.to(dtype) for t in tensors]


def _kernel_takes(kernel: kernels.Varlen, query: torch.Tensor, window: int | None) -> bool:
    """Tell whether the varlen kernel takes these queries: half precision, heads it has, a window only where it can."""
    half = query.dtype in (torch.float16, torch.bfloat16)
    return half and kernels.flash_runs("cuda", query.shape[-1]) and (window is None or kernel.window)


_last: tuple[Any, list[int]] | None = None


def _lengths(boundaries: torch.Tensor) -> list[int]:
    """Give the documents' lengths; read from the device once a batch, not once a layer."""
    global _last
    if _last is None or _last[0]() is not boundaries:
        _last = weakref.ref(boundaries), boundaries.diff().tolist()
    return _last[1]


def _one(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    scale: float,
    window: int | None,
    softcap: float | None,
    sinks: torch.Tensor | None,
    dropout: float,
) -> torch.Tensor:
    """Causal attention of one document, [1, heads, len, head_size]; `sinks` [heads] are logits that take no value."""
    length = q.shape[2]
    mask = None
    if window is not None and window < length:
        positions = torch.arange(length, device=q.device)
        distance = positions[:, None] - positions[None, :]
        mask = (distance >= 0) & (distance < window)
    if softcap is None and sinks is None:
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, dropout_p=dropout, is_causal=mask is None, scale=scale, enable_gqa=True
        )
    if mask is None:
        mask = torch.ones(length, length, dtype=torch.bool, device=q.device).tril()
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    scores = q @ k.transpose(2, 3) * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    scores = scores.masked_fill(~mask, float("-inf"))
    if sinks is not None:  # gpt-oss: one more logit a head, whose share of the softmax goes nowhere
        scores = torch.cat([scores, sinks.view(1, -1, 1, 1).expand(1, -1, length, 1).to(scores.dtype)], dim=-1)
    weights = scores.softmax(dim=-1, dtype=torch.float32)[..., :length].to(q.dtype)
    return F.dropout(weights, dropout) @ v
