"""Which attention kernels run: the signature of torch's varlen kernel, the heads and cards that flash kernels take.

torch's `varlen_attn` has had three signatures: 2.10 `is_causal, return_aux`; 2.11 `return_aux, scale, window_size`;
from 2.12 `enable_gqa` too. 2.9 has no such module. It is read once and called with what it has.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..models.devices import capability

log = logging.getLogger("hunmin")

FLASH_CAPABILITY = (8, 0)  # flash kernels, torch's and flash-attn's, need Ampere or newer
MAX_HEAD_SIZE = 256


@dataclass(frozen=True)
class Varlen:
    """The kernel as this torch has it: what `call` takes beyond the seven positional tensors and lengths."""

    call: Callable[..., Any]
    scale: bool
    window: bool
    gqa: bool
    causal_flag: bool

    @classmethod
    def of(cls, call: Callable[..., Any]) -> Varlen:
        """Read the signature of a `varlen_attn`."""
        names = inspect.signature(call).parameters
        return cls(call, "scale" in names, "window_size" in names, "enable_gqa" in names, "is_causal" in names)


@lru_cache(maxsize=1)
def varlen() -> Varlen | None:
    """Give torch's varlen kernel, or None where this torch has none (before 2.10)."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    return Varlen.of(varlen_attn)


def flash_runs(device: str, head_size: int, *, card: tuple[int, int] | None = None) -> bool:
    """Tell whether flash kernels take heads of this size on this card: sm80 or newer, a multiple of 8, at most 256."""
    found = capability(device) if card is None else card
    return device == "cuda" and found >= FLASH_CAPABILITY and head_size % 8 == 0 and head_size <= MAX_HEAD_SIZE


@lru_cache(maxsize=8)
def takes_fewer_heads(kernel: Varlen, device: Any, dtype: Any) -> bool:
    """Try the kernel once with fewer key than query heads, against repeated heads; False when it refuses or differs.

    Only asked where the signature has no `enable_gqa`: the flash kernel below it can do it, the wrapper may not let it.
    """
    import torch

    if kernel.gqa:
        return True
    given = torch.Generator(device=device).manual_seed(0)
    q = torch.randn(8, 4, 64, device=device, dtype=dtype, generator=given)
    k, v = (torch.randn(8, 2, 64, device=device, dtype=dtype, generator=given) for _ in range(2))
    edges = torch.tensor([0, 5, 8], dtype=torch.int32, device=device)
    try:
        with torch.no_grad():
            got = _call(kernel, q, k, v, edges, 5, 64**-0.5, None)
            all_k, all_v = (t.repeat_interleave(2, dim=1) for t in (k, v))
            wanted = _call(kernel, q, all_k, all_v, edges, 5, 64**-0.5, None)
    except (RuntimeError, ValueError, TypeError) as error:
        log.info("varlen kernel with fewer key heads: %s; heads are repeated", str(error).split("\n")[0])
        return False
    return bool((got.float() - wanted.float()).abs().max() < 1e-2)


def run(kernel: Varlen, q: Any, k: Any, v: Any, edges: Any, longest: int, scale: float, window: int | None) -> Any:
    """Give causal attention [tokens, heads, head_size] of documents by their `edges` [documents + 1].

    `k` and `v` may have fewer heads; `window` counts the token itself. Heads are repeated only where the kernel
    refuses.
    """
    groups = q.shape[1] // k.shape[1]
    if groups > 1 and not takes_fewer_heads(kernel, q.device, q.dtype):
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    return _call(kernel, q, k, v, edges, longest, scale, window)


def _call(kernel: Varlen, q: Any, k: Any, v: Any, edges: Any, longest: int, scale: float, window: int | None) -> Any:
    options: dict[str, Any] = {}
    if kernel.scale:
        options["scale"] = scale
    else:  # 2.10 scales by head_size ** -0.5 itself
        q = q * (scale * q.shape[-1] ** 0.5)
    if kernel.window:
        options["window_size"] = (-1 if window is None else window - 1, 0)
    elif kernel.causal_flag:
        options["is_causal"] = True
    if kernel.gqa:
        options["enable_gqa"] = q.shape[1] != k.shape[1]
    return kernel.call(q, k, v, edges, edges, longest, longest, **options)
