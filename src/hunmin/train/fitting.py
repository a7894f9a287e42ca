"""What a training holds by the estimate, and which smaller settings would fit: what an out of memory is told with."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import UserError
from . import memory
from .config import TrainConfig
from .passes import Passes

log = logging.getLogger("hunmin")

SHOWN = 3  # settings that are named
LENGTHS_SHOWN = 8  # rows of the heaviest pass whose lengths are named


@dataclass(frozen=True)
class Load:
    """A training as its memory sees it: options, the model's config, its passes, where and in what it computes."""

    config: TrainConfig
    shape: Any
    passes: Passes
    device: str
    dtype: str
    _sizes: dict[str, memory.Size] = field(default_factory=dict, compare=False, repr=False)

    def parts(
        self, recompute: bool, config: TrainConfig | None = None, passes: Passes | None = None
    ) -> dict[str, float]:
        """Give the estimated bytes by part of the heaviest pass, of these options or of others."""
        config, passes = config or self.config, passes or self.passes
        if config.method not in self._sizes:  # of what is tried, the method alone changes it
            self._sizes[config.method] = memory.size_of(config, self.shape)
        size = self._sizes[config.method]
        if passes.sequences == 2 and config.trainer.get("disable_dropout", True):  # trl's DPO trains without dropout
            config = config.model_copy(update={"lora_dropout": 0.0})
        return memory.memory_bytes(config, self.shape, size, self.dtype, passes.tokens(config), recompute)

    def estimate(self, recompute: bool) -> float:
        return sum(self.parts(recompute).values())

    def needs_recomputation(self) -> bool:
        """Tell whether activations are recomputed: as asked, or under `auto` where the estimate does not fit."""
        if self.config.gradient_checkpointing != "auto":
            return bool(self.config.gradient_checkpointing)
        return self.estimate(False) > memory.RESERVE * room_of(self.device)

    def rows(self) -> str:
        """Say which rows the heaviest pass holds."""
        if self.passes.layout == "packed":
            return f"{self.config.micro_batch_size} packs of {self.config.max_length:,} tokens"
        found = sorted((self.passes.tokens_of[i] for i in self.passes.heaviest(self.config)), reverse=True)
        told = ", ".join(f"{n:,}" for n in found[:LENGTHS_SHOWN]) + (", ..." if len(found) > LENGTHS_SHOWN else "")
        what = "pairs" if self.passes.sequences == 2 else "rows"
        padded = "" if self.passes.layout != "padded" else f", padded to {max(self.passes.longest):,} each"
        return f"{what} of {told} tokens ({self.passes.tokens(self.config):,} in one pass{padded})"

    def that_fit(self, recompute: bool, room: float) -> list[str]:
        """Give up to three settings that fit `room` by the estimate, the one that changes least first.

        The estimate is scaled up where the settings that failed should have fitted by it.
        """
        scale = max(1.0, room / max(1.0, self.estimate(recompute)))
        found: list[str] = []
        for words, config, passes, again in self._smaller(recompute):
            if len(found) == SHOWN:
                break
            if scale * sum(self.parts(again, config, passes).values()) <= memory.RESERVE * room:
                found.append(words)
        return found

    def _smaller(self, recompute: bool) -> Iterator[tuple[str, TrainConfig, Passes, bool]]:
        """Give (words, options, passes, recomputation) of smaller settings, those that change least first."""
        config = self.config

        def other(**more: Any) -> TrainConfig:
            return config.model_copy(update=more)

        per = config.num_processes
        micros = [m for m in range(config.micro_batch_size - 1, 0, -1) if config.batch_size % (m * per) == 0]
        quant = config.quantization == "none" and config.method != "full" and self.device == "cuda"
        if not recompute:
            yield "gradient_checkpointing: true", config, self.passes, True
        for micro in micros:
            yield f"micro_batch_size: {micro}", other(micro_batch_size=micro), self.passes, recompute
        if quant:
            yield "quantization: nf4", other(quantization="nf4"), self.passes, recompute
        yield from self._shorter("", config, recompute)
        least = other(micro_batch_size=1) if config.batch_size % per == 0 else config
        words = "gradient_checkpointing: true with micro_batch_size: 1"
        if not recompute and micros:
            yield words, least, self.passes, True
        if quant:
            yield f"{words} and quantization: nf4", least.model_copy(update={"quantization": "nf4"}), self.passes, True
        if config.method == "full":
            yield f"method: lora, {words}", least.model_copy(update={"method": "lora"}), self.passes, True
        yield from self._shorter(f"{words} and ", least, True)

    def _shorter(
        self, words: str, config: TrainConfig, recompute: bool
    ) -> Iterator[tuple[str, TrainConfig, Passes, bool]]:
        """Give the same with max_length lower: at lengths that rows have, and what that drops."""
        longest = sorted(self.passes.longest)
        if not longest:
            return
        for share in (0.99, 0.95, 0.9, 0.75, 0.5):
            length = longest[int(share * (len(longest) - 1))]
            passes = self.passes.kept_under(length)
            gone = len(longest) - len(passes.longest)
            if self.passes.layout == "packed" or (gone and length < config.max_length):
                lost = f" (drops {gone:,} of {len(longest):,} rows)" if gone else ""
                yield (
                    f"{words}max_length: {length}{lost}",
                    config.model_copy(update={"max_length": length}),
                    passes,
                    recompute,
                )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a training ended for want of memory: torch's error on a card, its allocator's words on a CPU."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text


def told(error: BaseException, load: Load | None, *, recompute: bool, peak: float, room: float) -> UserError:
    """Give the error for the user: the rows, the peak, and settings that would fit."""
    said = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
    if load is None:
        return UserError(f"out of memory: {said}", "", "Lower micro_batch_size or max_length, or take a smaller base.")
    held = f"; the peak was {peak / 1e9:.2f} of {room / 1e9:.2f} GB" if peak else ""
    found = load.that_fit(recompute, room)
    cure = (
        f"By the estimate these fit: {'; or '.join(found)}."
        if found
        else ("By the estimate no smaller setting of these options fits: take a smaller base, or a larger device.")
    )
    again = " batch_size can stay: the result is the same." if any("micro_batch_size" in f for f in found) else ""
    return UserError(f"out of memory: the heaviest pass holds {load.rows()}{held} ({said})", "", cure + again)


def room_of(device: str) -> float:
    """Give the bytes that this process may fill: what is free and what it holds already."""
    import torch

    free = memory.free_bytes(device)
    if device == "cuda":
        return free + float(torch.cuda.memory_reserved())
    return min(free + _resident(), _limit())


def peak_of(device: str) -> float:
    """Give the bytes that this process held at most; 0 where that is not known."""
    import torch

    if device == "cuda":
        return float(torch.cuda.max_memory_allocated())
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024


def _resident() -> float:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return float(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0.0


def _limit() -> float:
    """Give the limit that a shell or scheduler set on this process' memory (ulimit -v)."""
    try:
        import resource

        soft = resource.getrlimit(resource.RLIMIT_AS)[0]
        return float("inf") if soft == resource.RLIM_INFINITY else float(soft)
    except ImportError:
        return float("inf")
