"""The tree of what contexts share: each unit in one branch behind its own prefix, nothing computed twice."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from hunmin.evaluation.benchmarks.sharing import MIN_SHARED, branches, cost
from hunmin.evaluation.benchmarks.tokens import Unit


def units_of(contexts) -> list[Unit]:
    return [Unit(tuple(c), ((1,),), ((i, 0),)) for i, c in enumerate(contexts)]


def check(units: list[Unit]) -> None:
    found = branches(units)
    assert sorted(u.places for b in found for u in b.units) == sorted(u.places for u in units)
    assert cost(found) <= sum(len(u.context) for u in units)
    for branch in found:
        assert list(branch.path) == sorted(set(branch.path))
        if branch.path:
            assert len({u.context[: branch.path[-1]] for u in branch.units}) == 1
            assert all(len(u.context) >= branch.path[-1] + 2 for u in branch.units)
    assert branches(units) == found


def test_every_order_of_five_shots_costs_its_tree_and_the_questions():
    shots = [[100 * i + j for j in range(40)] for i in range(1, 6)]
    orders = list(itertools.permutations(range(5)))
    contexts = [[*(t for s in order for t in shots[s]), 7000 + i, 1, 2] for i, order in enumerate(orders) for _ in "ab"]
    units = units_of(contexts)
    check(units)
    found = branches(units)
    # 5 first shots, 20 pairs, 60 triples, 120 whole orders (two shots and a token), two tokens of each document's own
    assert cost(found) == 40 * (5 + 20 + 60) + 120 * 81 + 240 * 2
    assert max(len(b.path) for b in found) == 4


def test_what_shares_too_little_stays_one_batch_list():
    chance = random.Random(0)
    apart = units_of([[chance.randrange(9) for _ in range(60)] for _ in range(20)])
    [one] = branches(apart)
    assert one.path == () and list(one.units) == apart
    short = units_of([[*range(MIN_SHARED - 1), i, i] for i in range(20)])
    assert [b.path for b in branches(short)] == [()]


def test_one_prefix_for_all_is_a_path_of_one_cut():
    units = units_of([[*range(50), 60 + i, i, i] for i in range(9)])
    [one] = branches(units)
    assert one.path == (50,) and cost([one]) == 50 + 9 * 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=12))
def test_any_contexts(shapes):
    check(units_of([[t for s in shape for t in [s] * 20] for shape in shapes]))
