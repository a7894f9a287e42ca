"""Batches without padding: each random global batch is cut into micro-batches of about equal tokens.

Which rows share an optimizer step is plain random batching, so the training trajectory is too; only how a step's rows
are laid out over forward passes and processes differs. trl's padding-free collator flattens a micro-batch to one row,
so no token is spent on padding; equal tokens keep the memory peak low and the processes in step.

transformers' BatchRebalanceSampler, which the Trainer knows how to resume and shard, does the same for padded batches
(it counts rows x longest row) and repeats rows to fill the last batch; this one counts tokens and repeats nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from transformers.trainer_pt_utils import BatchRebalanceSampler


def cut(lengths: Sequence[int], n_groups: int) -> list[list[int]]:
    """Give the positions of `lengths` in `n_groups` groups of about equal sums, longest-first to the lightest group.

    Groups come heaviest first; with fewer rows than groups some are empty. Deterministic.
    """
    groups: list[list[int]] = [[] for _ in range(n_groups)]
    sums = [0] * n_groups
    for position in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        lightest = min(range(n_groups), key=lambda g: (sums[g], g))
        groups[lightest].append(position)
        sums[lightest] += lengths[position]
    order = sorted(range(n_groups), key=lambda g: (-sums[g], g))
    return [groups[g] for g in order]


def heaviest(
    lengths: Sequence[int], batch_size: int, world: int, grad_accum: int, seed: int, epochs: int = 1
) -> list[int]:
    """Give the rows of the largest micro-batch of the first epochs, over all ranks; it sets the memory peak."""
    sampler = TokenBalancedSampler(lengths, batch_size, 1, grad_accum * world, 0, seed)  # the groups of all ranks
    best: tuple[int, list[int]] = 0, []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        best = max(best, *((sum(lengths[i] for i in rows), rows) for rows in sampler), key=lambda found: found[0])
    return best[1]


class TokenBalancedSampler(BatchRebalanceSampler):
    """Yield this rank's micro-batches as lists of row indices; a pure function of (seed, epoch).

    Every global batch has `batch_size` rows and gives each rank `grad_accum` micro-batches, the last one fewer. A rank
    that would get nothing in the last batch is given `blank`, the index of a row without labels.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        world: int,
        grad_accum: int,
        rank: int,
        seed: int,
        blank: int | None = None,
    ):
        super().__init__(list(lengths), batch_size, world, grad_accum, seed=seed, rank=rank, drop_last=False)
        self.blank = blank

    def __iter__(self) -> Iterator[list[int]]:
        import torch

        generator = torch.Generator()
        generator.manual_seed(self.seed + self.epoch)
        order = torch.randperm(len(self.lengths), generator=generator).tolist()
        for start in range(0, len(order), self.effective_batch_size):
            batch = order[start : start + self.effective_batch_size]
            slots = self._slots(len(batch))
            groups = cut([self.lengths[i] for i in batch], slots * self.dp_size)
            for slot in range(slots):
                group = groups[slot * self.dp_size + self.rank]
                yield [batch[position] for position in group] if group else [self._blank()]

    def __len__(self) -> int:
        return self.num_full_batches * self.grad_accum + self._slots(self.remainder)

    def _slots(self, n_rows: int) -> int:
        """Micro-batches per rank for so many rows: never an empty one while another could take it."""
        return min(self.grad_accum, math.ceil(n_rows / self.dp_size))

    def _blank(self) -> int:
        if self.blank is None:
            raise AssertionError("a rank has no rows and no blank row was given")
        return self.blank
