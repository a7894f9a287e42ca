"""Which rows share a forward pass: the heaviest one of a training sets its memory peak."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .batching import heaviest

EPOCHS_LOOKED_AT = 8  # of token-balanced batches: each epoch deals the rows anew

Layout = Literal["balanced", "packed", "alone", "drawn", "padded"]
"""balanced: equal tokens without padding (sft); packed: rows of max_length; alone: one document a pass; drawn: rows at
random without padding (dpo); padded: rows at random, each as long as the longest."""


@dataclass(frozen=True)
class Passes:
    """How rows are laid out over forward passes.

    `longest` is the longest sequence of each row, `tokens_of` all of its tokens: of a preference pair both answers,
    each with the prompt. `sequences` of a row: 2 for pairs.
    """

    layout: Layout
    longest: Sequence[int]
    tokens_of: Sequence[int]
    seed: int = 0
    sequences: int = 1

    @classmethod
    def of_rows(cls, config: Any, lengths: Sequence[int], seed: int) -> Passes:
        """Give the passes of sft's rows."""
        packed = getattr(config, "packing", "none") == "bfd"
        return cls("packed" if packed else "balanced", lengths, lengths, seed)

    @classmethod
    def of_pairs(cls, pairs: Sequence[Any], padded: bool = False) -> Passes:
        """Give the passes of dpo's pairs."""
        longest = [pair.longest for pair in pairs]
        tokens = [2 * len(pair.prompt) + len(pair.chosen) + len(pair.rejected) for pair in pairs]
        return cls("padded" if padded else "drawn", longest, tokens, sequences=2)

    def kept_under(self, max_length: int) -> Passes:
        """Give the passes of the rows that `max_length` keeps."""
        kept = [i for i, n in enumerate(self.longest) if n <= max_length]
        return replace(self, longest=[self.longest[i] for i in kept], tokens_of=[self.tokens_of[i] for i in kept])

    def heaviest(self, config: Any) -> list[int]:
        """Give the positions of the rows in the heaviest pass, over all processes and the first epochs."""
        n = config.micro_batch_size
        if self.layout == "balanced":
            processes = config.num_processes
            accumulate = config.batch_size // n // processes
            epochs = min(EPOCHS_LOOKED_AT, max(1, math.ceil(config.num_train_epochs)))
            return heaviest(self.tokens_of, config.batch_size, processes, accumulate, self.seed, epochs)
        by = self.tokens_of if self.layout == "drawn" else self.longest
        order = sorted(range(len(by)), key=lambda i: (-by[i], i))
        return order[: 1 if self.layout == "alone" else n]

    def tokens(self, config: Any) -> int:
        """Give the tokens of the heaviest pass, padding counted."""
        if self.layout == "packed":
            return int(config.micro_batch_size * config.max_length)
        rows = self.heaviest(config)
        if self.layout == "padded":
            return self.sequences * int(config.micro_batch_size) * max((self.longest[i] for i in rows), default=0)
        return sum(self.tokens_of[i] for i in rows)
