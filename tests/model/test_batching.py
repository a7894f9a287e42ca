"""The sampler: plain random batches, cut evenly, every row once an epoch, a pure function of seed and epoch."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hunmin.train.batching import TokenBalancedSampler, cut, heaviest

LENGTHS = st.lists(st.integers(1, 900), min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(LENGTHS, st.integers(1, 8))
def test_cut_loses_nothing_and_balances(lengths, n):
    groups = cut(lengths, n)
    assert sorted(i for g in groups for i in g) == list(range(len(lengths)))
    assert len(groups) == n
    assert sum(bool(g) for g in groups) == min(n, len(lengths))
    sums = [sum(lengths[i] for i in g) for g in groups]
    assert sums == sorted(sums, reverse=True)
    # longest-first to the lightest: Graham (1969), within 4/3 of the best, which is no less than these two
    best = max(max(lengths), -(-sum(lengths) // n))
    assert sums[0] <= 4 / 3 * best + max(lengths) / 3


@settings(max_examples=80, deadline=None)
@given(LENGTHS, st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3))
def test_every_row_once_and_the_batches_are_those_of_plain_shuffling(lengths, world, accumulate, micro, epoch):
    batch = world * accumulate * micro
    ranks = []
    for rank in range(world):
        sampler = TokenBalancedSampler(lengths, batch, world, accumulate, rank, seed=5, blank=len(lengths))
        sampler.set_epoch(epoch)
        ranks.append(list(sampler))
        assert len(sampler) == len(ranks[-1])
        assert list(sampler) == ranks[-1]  # pure: asked again, the same
    assert len({len(r) for r in ranks}) == 1
    rows = [i for r in ranks for group in r for i in group if i != len(lengths)]
    assert sorted(rows) == list(range(len(lengths)))
    generator = torch.Generator().manual_seed(5 + epoch)
    order = torch.randperm(len(lengths), generator=generator).tolist()
    for step in range(-(-len(lengths) // batch)):
        slots = slice(step * accumulate, (step + 1) * accumulate)
        mine = [i for r in ranks for group in r[slots] for i in group if i != len(lengths)]
        assert sorted(mine) == sorted(order[step * batch : (step + 1) * batch])


def test_epochs_and_seeds_differ():
    def first(seed, epoch):
        sampler = TokenBalancedSampler(list(range(1, 41)), 8, 1, 2, 0, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert first(1, 0) != first(1, 1) and first(1, 0) != first(2, 0)


def test_a_micro_batch_is_hardly_heavier_than_its_share():
    generator = torch.Generator().manual_seed(0)
    lengths = (torch.rand(4000, generator=generator) ** 3 * 900 + 20).int().tolist()
    sampler = TokenBalancedSampler(lengths, 64, 1, 16, 0, seed=0)
    groups = list(sampler)
    ratios = []
    for start in range(0, 16 * 62, 16):
        sums = [sum(lengths[i] for i in g) for g in groups[start : start + 16]]
        ratios.append(max(sums) / max(sum(sums) / 16, *(lengths[i] for g in groups[start : start + 16] for i in g)))
    assert sum(ratios) / len(ratios) < 1.05


def test_heaviest_is_the_largest_micro_batch_of_any_rank():
    lengths = [5, 90, 40, 7, 30, 30, 2]
    groups = [g for rank in range(2) for g in TokenBalancedSampler(lengths, 4, 2, 2, rank, seed=1, blank=7)]
    found = heaviest(lengths, 4, 2, 2, 1)
    assert sum(lengths[i] for i in found) == max(sum(lengths[i] for i in g if i < 7) for g in groups)


def test_a_later_epoch_may_have_a_heavier_one():
    lengths = [90, 80, 70, 5, 5, 5, 5, 5]
    found = [sum(lengths[i] for i in heaviest(lengths, 4, 1, 2, 1, epochs)) for epochs in range(1, 9)]
    assert found == sorted(found) and found[0] < found[-1] <= 160
