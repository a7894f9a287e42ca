"""What the card can do, and the number format that `dtype: auto` means on it."""

from __future__ import annotations

import ctypes
import sys

FREE_BYTES = 1 << 30  # of freed memory that a process may keep
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


class _Heap(ctypes.Structure):
    """glibc's mallinfo2: bytes, among them `fordblks`, free and kept."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]


def give_back_memory(least: int = FREE_BYTES) -> int:
    """Return freed memory to the system where glibc keeps at least so much of it; give the bytes it kept.

    Rows of ever other lengths leave holes between pieces that stay (oneDNN keeps a kernel a shape in bf16), and glibc
    keeps the holes: SFT of Gemma 3 270M in bf16 on a CPU grew by 0.4 GiB a step, to 17 GiB and its end.
    """
    if not sys.platform.startswith("linux"):
        return 0
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2") or not hasattr(libc, "malloc_trim"):  # musl, or glibc before 2.33
        return 0
    libc.mallinfo2.restype = _Heap
    free = int(libc.mallinfo2().fordblks)
    if free >= least:
        libc.malloc_trim(0)
    return free
