"""sample: the same choice in any order, strata and quotas, the LIMA preset, and what is said when it cannot be done."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.selection.chance import chance, lowest, shares
from hunmin.stages import sample


def record(i: int, task: str = "qa", length: int = 10, source: str = "s"):
    return {
        "id": f"r{i}",
        "source": source,
        "instruction": f"질문 {i}",
        "output": f"{i} " + "가" * length,
        "extra": {"task": task},
    }


ROWS = [record(i, ("qa", "code", "sum")[0 if i < 60 else 1 if i < 90 else 2]) for i in range(100)]


def run(tmp_path, rows, seed=3, **options):
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs(label="sample", seed=seed, records=tmp_path / "in.jsonl")
    counts = sample.run(sample.Config(**options), inputs, tmp_path / "out")
    kept = list(read_jsonl(tmp_path / "out" / "records.jsonl"))
    return kept, list(read_jsonl(tmp_path / "out" / "dropped.jsonl")), counts.check("sample")


def tasks(kept):
    return dict(Counter(r["extra"]["task"] for r in kept))


def test_the_choice_depends_on_seed_and_content_only(tmp_path):
    first = [r["id"] for r in run(tmp_path, ROWS, n=10)[0]]
    shuffled = random.Random(5).sample(ROWS, 100)
    second = [r["id"] for r in run(tmp_path, shuffled, n=10)[0]]
    assert set(first) == set(second) and len(first) == 10
    assert second == [r["id"] for r in shuffled if r["id"] in set(first)]  # the file's order is kept
    assert {r["id"] for r in run(tmp_path, ROWS, n=10, seed=4)[0]} != set(first)


def test_a_larger_sample_holds_the_smaller_one(tmp_path):
    small = {r["id"] for r in run(tmp_path, ROWS, n=10)[0]}
    assert small < {r["id"] for r in run(tmp_path, ROWS, ratio=0.3)[0]}


def test_every_record_is_as_likely():
    chances = [[chance(row, seed) for row in ROWS[:20]] for seed in range(400)]
    taken = Counter(i for row in chances for i in lowest(np.array(row, dtype="u8"), 5).nonzero()[0].tolist())
    assert len(taken) == 20 and 65 < min(taken.values()) and max(taken.values()) < 135  # expected 100, sd 8.7


def test_strata_proportional_equal_per_stratum_and_quota(tmp_path):
    assert tasks(run(tmp_path, ROWS, n=10, by="extra.task")[0]) == {"qa": 6, "code": 3, "sum": 1}
    assert tasks(run(tmp_path, ROWS, n=40, by="extra.task", balance="equal")[0]) == {"qa": 15, "code": 15, "sum": 10}
    assert tasks(run(tmp_path, ROWS, per_stratum=20, by="extra.task")[0]) == {"qa": 20, "code": 20, "sum": 10}
    kept, dropped, counts = run(tmp_path, ROWS, quota={"code": 4, "sum": 2}, by="extra.task")
    assert tasks(kept) == {"code": 4, "sum": 2} and counts.dropped == {"not_sampled": 94}
    assert dropped[0]["detail"] == {"stratum": "qa"}


def test_strata_by_length_and_source(tmp_path):
    rows = [record(i, length=(50, 300, 5000)[i % 3], source="ab"[i % 2]) for i in range(30)]
    kept, _, counts = run(tmp_path, rows, n=6, by="length", balance="equal")
    assert sorted(len(r["output"]) // 100 for r in kept) == [0, 0, 3, 3, 50, 50]
    assert Counter(r["source"] for r in run(tmp_path, rows, n=6, by="source")[0]) == {"a": 3, "b": 3}


def test_the_length_band_is_kept_and_told(tmp_path):
    rows = [record(i, length=10 * i) for i in range(50)]
    kept, dropped, counts = run(tmp_path, rows, n=5, min_chars=100, max_chars=300)
    assert all(100 <= len(r["output"]) <= 300 for r in kept)
    why = Counter(d["detail"]["why"] for d in dropped if d["detail"])
    assert why["answer too short"] and why["answer too long"]


def test_the_lima_preset(tmp_path):
    dice = random.Random(1)
    rows = []
    for i in range(3000):
        words = " ".join(f"낱말{dice.randrange(5000)}" for _ in range(60))
        rows.append({**record(i, ("qa", "code")[i % 3 == 0]), "output": words})
    rows += [{**rows[i], "id": f"copy{i}"} for i in range(0, 600)]
    rows.append(record(9999))  # too short
    kept, _, counts = run(tmp_path, rows, preset="lima")
    assert len(kept) == 2000 and tasks(kept) == {"qa": 1000, "code": 1000}
    assert len({r["output"] for r in kept}) == 2000 and counts.notes["by"] == "extra.task"
    assert all(200 <= len(r["output"]) <= 4000 for r in kept)
    again, _, _ = run(tmp_path, random.Random(2).sample(rows, len(rows)), preset="lima")
    assert {r["output"] for r in again} == {r["output"] for r in kept}
    assert len(run(tmp_path, rows, preset="lima", n=50)[0]) == 50


def test_deduplicated_samples_look_further_for_a_different_record(tmp_path):
    rows = [{**record(0), "id": f"x{i}"} for i in range(30)] + [{**record(1), "output": "전혀 다른 대답을 적어 둔다"}]
    kept, _, counts = run(tmp_path, rows, n=2, deduplicate=True)
    assert len({r["output"] for r in kept}) == 2 and counts.notes["near_duplicates_skipped"] >= 1
    with pytest.raises(UserError, match="only 2 different records, 3 were asked for"):
        run(tmp_path, rows, n=3, deduplicate=True)


def test_what_cannot_be_sampled_is_told(tmp_path):
    for options, says in (
        ({"n": 101}, "101 records were asked for, there are 100"),
        ({"n": 5, "by": "extra.tusk"}, "the record has no field 'extra.tusk'"),
        ({"quota": {"qa": 61}, "by": "extra.task"}, "stratum 'qa' has 60 records, the quota asks for 61"),
        ({"quota": {"poem": 1}, "by": "extra.task"}, "stratum 'poem' has 0 records"),
        ({"n": 50, "min_chars": 500}, "there are 0 within the length band"),
        ({}, "give exactly one of"),
        ({"n": 5, "ratio": 0.5}, "give exactly one of"),
        ({"per_stratum": 5}, "need by:"),
    ):
        with pytest.raises(UserError, match=says) as error:
            run(tmp_path, ROWS, **options)
        assert error.value.mend and ("widen the band" in error.value.mend) == ("length band" in says)


def test_presets_survive_being_written_out():
    """Trap: a resolved recipe writes every default; the preset must still fill what was left out."""
    config = sample.Config(**sample.Config(preset="lima", n=10).model_dump())
    assert sample.settled(config).min_chars == 200 and sample.settled(config).n == 10


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50), min_size=1), st.integers(0, 300), st.booleans())
def test_shares_are_whole_fit_and_add_up(sizes, n, equal):
    found = shares(sizes, n, equal)
    assert sum(found.values()) == min(n, sum(sizes.values()))
    assert all(0 <= found[k] <= sizes[k] for k in sizes)
