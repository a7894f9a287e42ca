"""What the card can do, and the number format that `dtype: auto` means on it."""

from __future__ import annotations

OVERFLOWS_FP16 = ("gemma", "gemma2", "gemma3", "gemma3_text", "gemma4", "gemma4_text")  # activations pass 65,504
"""Model types whose activations overflow fp16: they compute in fp32 where there is no native bf16."""


def capability(device: str) -> tuple[int, int]:
    """Give the compute capability of the current CUDA device; (0, 0) elsewhere."""
    import torch

    return torch.cuda.get_device_capability() if device == "cuda" and torch.cuda.is_available() else (0, 0)


def native_bf16(device: str) -> bool:
    """Tell whether the device computes in bf16 itself; emulation (T4, V100) is slower than fp32 and does not count."""
    import torch

    return device == "cuda" and torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)


def dtype_for(device: str, model_type: str = "", *, bf16: bool | None = None) -> str:
    """Give the dtype that `auto` means: bf16 where native, fp16 on older cards, fp32 elsewhere.

    A family that overflows fp16 takes fp32 on an older card (with nf4 weights its compute dtype is fp32 too).
    """
    if device != "cuda":
        return "fp32"
    if native_bf16(device) if bf16 is None else bf16:
        return "bf16"
    return "fp32" if model_type in OVERFLOWS_FP16 else "fp16"
