"""dedup's state on disk: the same in small pieces as in one, and memory that does not grow with the records."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import write_jsonl
from hunmin.selection import duplicates, nearest, on_disk
from hunmin.selection.tally import Dropped, Tally
from hunmin.stages import dedup


@pytest.fixture
def small_pieces(monkeypatch):
    for module, name, value in (
        (on_disk, "CHUNK", 64),
        (on_disk, "PILES", 5),
        (on_disk, "BLOCK", 32),
        (duplicates, "AT_ONCE", 8),
        (nearest, "BATCH", 16),
    ):
        monkeypatch.setattr(module, name, value)


def make(path, n: int) -> Inputs:
    """Records of 12 words, every fifth a copy of an earlier one: equal, or with a word more."""
    chance = random.Random(n)
    texts: list[str] = []
    for i in range(n):
        words = " ".join(f"낱말{chance.randrange(5000)}" for _ in range(12))
        texts.append(words if i % 5 or not texts else chance.choice(texts) + chance.choice(("", "", " 그리고")))
    write_jsonl(path, ({"id": f"r{i}", "source": "abc"[i % 3], "output": text} for i, text in enumerate(texts)))
    return Inputs(label="dedup", records=path)


def brute_components(n: int, edges: list[tuple[int, int]]) -> list[int]:
    label = list(range(n))
    for a, b in edges:
        old, new = sorted((label[a], label[b]), reverse=True)
        label = [new if one == old else one for one in label]
    return label


@pytest.mark.parametrize("options", [{}, {"near": False}, {"scope": "across", "priority": ["b"]}])
def test_small_pieces_give_the_same_bytes_and_notes(tmp_path, monkeypatch, small_pieces, options):
    inputs, config = make(tmp_path / "in.jsonl", 700), dedup.Config(**options)
    pieces = dedup.run(config, inputs, tmp_path / "pieces")
    monkeypatch.undo()
    whole = dedup.run(config, inputs, tmp_path / "whole")
    assert whole.n_dropped > 20 and pieces.notes == whole.notes
    for name in ("records.jsonl", "dropped.jsonl"):
        assert (tmp_path / "pieces" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert sorted(p.name for p in (tmp_path / "pieces").iterdir()) == ["dropped.jsonl", "records.jsonl"]


def test_equal_keys_of_several_files_lead_to_the_first(tmp_path, small_pieces):
    keys = np.random.default_rng(2).integers(0, 400, 1000).astype("u8") * np.uint64(2**55 + 1)
    paths = [tmp_path / "a", tmp_path / "b", tmp_path / "empty"]
    for path, part in zip(paths, (keys[:333], keys[333:], keys[:0]), strict=True):
        part.tofile(path)
    edges = [tuple(edge) for some in on_disk.star_edges(paths, tmp_path) for edge in some.tolist()]
    first: dict[int, int] = {}
    heads = [(i, first.setdefault(key, i)) for i, key in enumerate(keys.tolist())]
    assert sorted(edges) == [(i, head) for i, head in heads if i != head]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "empty"]
    assert [len(e) for e in on_disk.star_edges(paths[2:], tmp_path)] == [0]


@pytest.mark.parametrize("seed", range(5))
def test_sets_hold_whole_components_once(small_pieces, seed):
    chance = random.Random(seed)
    n = 500
    edges = [(chance.randrange(n), chance.randrange(n)) for _ in range(60 * (seed + 1))]
    components = on_disk.Components(n)
    for at in range(0, len(edges), 50):
        components.join(np.array(edges[at : at + 50], dtype=on_disk.INDEX))
    label = brute_components(n, edges)
    expected = [i for i in range(n) if label.count(label[i]) > 1]
    sets = [members.tolist() for members in components.sets(20)]
    assert sorted(i for members in sets for i in members) == expected
    assert all(members == sorted(members) for members in sets)
    owners = {i: k for k, members in enumerate(sets) for i in members}
    assert all(owners[i] == owners[label[i]] for i in expected)
    assert seed > 1 or max(map(len, sets)) <= 80 < len(expected)


def test_no_record_and_none_joined():
    assert list(on_disk.Components(0).sets(5)) == [] == list(on_disk.Components(9).sets(5))


def test_a_tally_of_sets_is_that_of_the_whole():
    rows = [Dropped(i, i % 7, round(0.7 + i / 100, 4), "near", f"k{i % 7}", "a", "ab"[i % 2]) for i in range(7, 27)]
    whole, parts = Tally(300), Tally(300)
    whole.add(rows, nearest.Apart().reasons, [("x", "y"), ("a", "b")])
    for kept in range(7):
        mine = [row for row in rows if row.kept == kept]
        parts.add(mine, nearest.Apart().reasons, [("x", "y")] if kept == 3 else [("a", "b")] if kept == 5 else [])
    assert parts.notes("chars") == whole.notes("chars")
    notes = whole.notes("chars")
    assert notes["similarity_of_near"] == {"min": 0.77, "median": 0.865, "max": 0.96}
    assert notes["largest_cluster"] == 4 and notes["large_clusters"][0] == {"of": "k0", "records": 4, "share": 0.0133}
    assert notes["contradictions"] == [["a", "b"], ["x", "y"]]


def test_memory_does_not_grow_with_the_records(tmp_path, monkeypatch):
    """Four bytes a record and little else; 67 before, of arrays and links."""
    for module, name, value in ((on_disk, "CHUNK", 512), (on_disk, "BLOCK", 256), (duplicates, "AT_ONCE", 50)):
        monkeypatch.setattr(module, name, value)
    config, sizes, peaks = dedup.Config(near=False), (4000, 12000), []  # the writer alone holds 2,000
    make(tmp_path / "warm.jsonl", 50)
    dedup.run(config, Inputs(label="dedup", records=tmp_path / "warm.jsonl"), tmp_path / "warm")
    for n in sizes:
        inputs = make(tmp_path / f"{n}.jsonl", n)
        tracemalloc.start()
        dedup.run(config, inputs, tmp_path / f"out{n}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / (sizes[1] - sizes[0]) < 20
