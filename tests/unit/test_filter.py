"""filter: thresholds, ranks, ties, unrated, several raters, mixed scales, and the drawn distribution."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.selection import cliff
from hunmin.stages import filter as filters

UNSET = object()


def rating(score, rater="llm", model="gpt", scale="0-10", status=None):
    return {"rater": rater, "model": model, "prompt": "p1", "scale": scale, "score": score,
            "status": status or ("ok" if score is not None else "unparsed"), "reason": "이유"}  # fmt: skip


def record(i: int, *ratings, source="s"):
    return {"id": f"r{i}", "source": source, "instruction": f"질문 {i}", "output": f"답 {i}", "ratings": list(ratings)}


def rows(scores, **more):
    return [record(i, rating(s, **more)) for i, s in enumerate(scores)]


def run(tmp_path, records, seed=1, **options):
    write_jsonl(tmp_path / "in.jsonl", records)
    inputs = Inputs(label="filter", seed=seed, records=tmp_path / "in.jsonl")
    counts = filters.run(filters.Config(**options), inputs, tmp_path / "out")
    kept = [r["id"] for r in read_jsonl(tmp_path / "out" / "records.jsonl")]
    return kept, list(read_jsonl(tmp_path / "out" / "dropped.jsonl")), counts.check("filter")


SCORES = [8.0] * 10 + [8.5] * 4 + [9.0] * 2 + [3.25, 10.0, 0.0, 8.7]


def test_a_threshold_keeps_what_reaches_it(tmp_path):
    kept, dropped, counts = run(tmp_path, rows(SCORES), min_score=8.5)
    assert len(kept) == 8 and counts.dropped == {"low_score": 12}
    assert dropped[0]["detail"] == {"score": 8.0, "min_score": 8.5}


def test_a_genuine_zero_is_a_score_and_no_failure(tmp_path):
    """Trap: elsewhere a failure is stored as 0 or -1, and real zeros pass or vanish."""
    kept, dropped, counts = run(tmp_path, rows([0.0, None, 9.0]), min_score=0, keep_unrated=False)
    assert kept == ["r0", "r2"] and counts.dropped == {"unrated": 1}
    assert dropped[0]["detail"] == {"statuses": ["unparsed"]} and counts.notes["mean"] == 4.5


def test_unrated_records_need_a_word(tmp_path):
    with pytest.raises(UserError, match="1 of 3 records have no score .*unparsed 1") as error:
        run(tmp_path, rows([1, None, 9]), min_score=5)
    assert "keep_unrated: true or false" in error.value.mend
    assert run(tmp_path, rows([1, None, 9]), min_score=5, keep_unrated=True)[0] == ["r1", "r2"]
    assert run(tmp_path, rows([1, None, 9]), min_score=5, keep_unrated=False)[0] == ["r2"]
    with pytest.raises(UserError, match="no record has a score"):
        run(tmp_path, rows([None, None]), min_score=5, keep_unrated=True)
    bare = [{"id": "x", "source": "s", "instruction": "a", "output": "b"}]
    with pytest.raises(UserError, match="no rating 1"):
        run(tmp_path, bare, min_score=5)


def test_rank_and_ratio_do_not_depend_on_the_order_of_rows(tmp_path):
    data = rows(SCORES)
    first = set(run(tmp_path, data, top_k=5)[0])
    assert first == set(run(tmp_path, random.Random(1).sample(data, len(data)), top_k=5)[0])
    kept, dropped, counts = run(tmp_path, data, top_ratio=0.25)
    assert len(kept) == 5 and set(kept) == first
    assert counts.notes["score_of_the_cut"] == 8.5 and counts.notes["tied_at_the_cut"] == 4
    assert counts.dropped == {"low_score": 15}
    assert set(run(tmp_path, data, seed=2, top_k=5)[0]) != first  # the ties are drawn by the seed


def test_ifd_keeps_the_top_ratio_below_one(tmp_path):
    data = rows([0.2, 0.5, 0.9, 0.99, 1.01, 1.4], rater="ifd", scale="ifd")
    kept, dropped, counts = run(tmp_path, data, max_score=1, top_ratio=0.5)
    assert kept == ["r2", "r3"] and counts.dropped == {"high_score": 2, "low_score": 2}


def test_the_highest_score_of_the_scale_passes_max_score(tmp_path):
    assert run(tmp_path, rows([9.5, 10.0]), max_score=10)[0] == ["r0", "r1"]


def test_mixed_scales_are_refused(tmp_path):
    data = [record(0, rating(4.5, scale="0-5")), record(1, rating(9, scale="0-10"))]
    with pytest.raises(UserError, match="mixed scales: 0-5, 0-10") as error:
        run(tmp_path, data, min_score=4)
    assert "record r1 (line 2)" in str(error.value) and "on one scale" in error.value.mend  # it is one rater
    both = [record(i, rating(4.5, scale=[0, 5]), rating(0.7, rater="ifd", scale="ifd")) for i in range(3)]
    with pytest.raises(UserError, match="mixed scales"):
        run(tmp_path, both, min_score=4, rater="mean")
    assert run(tmp_path, both, min_score=4, rater="llm")[2].notes["scale"] == "0-5"
    with pytest.raises(UserError, match="min_score 8.5 lies above the scale 0-5"):
        run(tmp_path, both, min_score=8.5, rater="llm")


def test_several_judges_are_named_or_averaged(tmp_path):
    data = [
        record(0, rating(9, model="a"), rating(7, model="b")),
        record(1, rating(6, model="a"), rating(9, model="b")),
    ]
    with pytest.raises(UserError, match="several raters: llm:a:p1, llm:b:p1"):
        run(tmp_path, data, min_score=8)
    assert run(tmp_path, data, min_score=8, rater="mean")[0] == ["r0"]
    assert run(tmp_path, data, min_score=8, rater="b")[0] == ["r1"]
    assert run(tmp_path, data, min_score=8, rater="llm:a")[0] == ["r0"]
    with pytest.raises(UserError, match="no rating by 'c'"):
        run(tmp_path, data, min_score=8, rater="c")


def test_a_judge_that_failed_once_does_not_lower_the_mean(tmp_path):
    data = [
        record(0, rating(9, model="a"), rating(None, model="b")),
        record(1, rating(8, model="a"), rating(8, model="b")),
    ]
    assert run(tmp_path, data, min_score=8.5, rater="mean")[0] == ["r0"]


def test_the_distribution_is_drawn_with_the_counts_around_the_cliff(tmp_path):
    _, _, counts = run(tmp_path, rows(SCORES), min_score=8.5)
    around = {row["min_score"]: (row["kept"], row["tied"]) for row in counts.notes["around_the_threshold"]}
    assert around[8.0] == (18, 10) and around[8.5] == (8, 4) and around[8.7] == (4, 1)
    svg = (tmp_path / "out" / "scores.svg").read_text()
    assert svg.startswith("<svg") and "8.5" in svg
    text = (tmp_path / "out" / "scores.txt").read_text()
    assert "min_score 8.5 would keep 8 (4 at it)" in text and "░" in text and "█" in text
    assert counts.notes["terminal"][0] in text and counts.notes["mode"] == 8.0


def test_rate_and_filter_tell_the_same_mean_and_mode_and_both_thresholds_are_drawn(tmp_path):
    """Two scores as frequent: the higher one is the mode, of 8.123 and 8.1234 they are one."""
    from hunmin.stages import rate

    data = rows([9.0, 7.0, 9.0, 7.0, 8.123, 8.1234, 3.0])
    _, _, counts = run(tmp_path, data, min_score=5, max_score=8.5)
    rated = rate.summary(tmp_path / "in.jsonl")
    assert (rated["mean"], rated["mode"]) == (counts.notes["mean"], counts.notes["mode"]) == (7.3209, 9.0)
    svg = (tmp_path / "out" / "scores.svg").read_text()
    assert svg.count("stroke-dasharray") == 2 and ">5</text>" in svg and ">8.5</text>" in svg


def test_on_a_fine_scale_the_counts_around_go_by_steps_and_below_the_highest_allowed():
    scores = np.linspace(0, 2, 501)
    around = cliff.counts_around(scores[scores <= 1], 0.5)
    assert [row["min_score"] for row in around] == [0.44, 0.46, 0.48, 0.5, 0.52, 0.54, 0.56]
    assert [row["kept"] for row in around][3] == 126


def test_bins_take_any_score_and_lose_none():
    """Trap: score_plot.py of KoRAE fails on any score off its 0.5 grid (8.7, 9.25)."""
    for scores in (SCORES, [1, 2, 2, 5], [0.123, 0.9, 0.5555, 1.7] * 9, [7.0], [-3, 100], [0.1 * i for i in range(30)]):
        bins = cliff.histogram(np.array(scores, dtype=float))
        assert sum(n for _, _, n in bins) == len(scores)
        assert all(a < b for a, b, _ in bins)
    by_half = {a: n for a, _, n in cliff.histogram(np.array([8.0, 8.5, 8.5, 9.0]))}
    assert by_half == {8.0: 1, 8.5: 2, 9.0: 1}


def test_by_source_and_options_that_exclude_each_other(tmp_path):
    data = [record(0, rating(9), source="a"), record(1, rating(2), source="b"), record(2, rating(8), source="a")]
    _, _, counts = run(tmp_path, data, min_score=5)
    assert counts.notes["by_source"][0] == {"source": "a", "records": 2, "rated": 2, "pass": 2, "mean": 8.5}
    assert filters.check(filters.Config()) and filters.check(filters.Config(top_k=1, top_ratio=0.5))
    assert filters.check(filters.Config(min_score=5, max_score=4))
    with pytest.raises(UserError, match="top_k is 9, but only 3 records pass"):
        run(tmp_path, data, top_k=9)


@pytest.mark.parametrize(
    ("ratings", "says"),
    [
        ({"score": 8}, "expected a list of ratings"),
        ([8.5], "expected a list of ratings"),
        ([rating(8), {**rating(8), "score": "8.5점"}], "the score is '8.5점'"),
        ([{**rating(8), "score": True}], "the score is True"),
    ],
)
def test_ratings_that_are_none_name_their_record(tmp_path, ratings, says):
    with pytest.raises(UserError, match=says) as error:
        run(tmp_path, [{**record(0), "ratings": ratings}], min_score=5)
    assert "record r0: field 'ratings'" in error.value.where and error.value.mend


def test_a_score_that_is_no_number_is_refused(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(
        '{"id": "x", "source": "s", "instruction": "a", "output": "b", "ratings": [{"rater": "l", "score": NaN}]}\n'
    )
    with pytest.raises(UserError, match="the score is nan"):
        filters.run(filters.Config(min_score=1), Inputs(label="filter", records=path), tmp_path / "out")


def test_a_label_keeps_the_good_answers(tmp_path):
    labels = [{"label": True}, {"label": False}, {}, {"label": False}]
    records = [{**record(i), **label} for i, label in enumerate(labels)]
    kept, dropped, counts = run(tmp_path, records, label=True)
    assert kept == ["r0", "r2"] and counts.dropped == {"labelled_false": 2}
    assert filters.check(filters.Config(label=True, min_score=3))
    with pytest.raises(UserError, match="no record has a label"):
        run(tmp_path, records[2:3], label=True)


def answered(*texts: str):
    return [{"id": f"r{i}", "source": "s", "instruction": "설명해 줘", "output": t} for i, t in enumerate(texts)]


def filtered(tmp_path, records, **options):
    write_jsonl(tmp_path / "in.jsonl", records)
    inputs = Inputs(label="filter", records=tmp_path / "in.jsonl")
    counts = filters.run(filters.Config(**options), inputs, tmp_path / "out")
    dropped = {d["record"]["id"]: d for d in read_jsonl(tmp_path / "out" / "dropped.jsonl")}
    return [r["id"] for r in read_jsonl(tmp_path / "out" / "records.jsonl")], dropped, counts.notes


def test_what_is_not_korean_is_dropped_by_one_line(tmp_path):
    records = answered("서울은 수도입니다.", "서울은 首都 입니다.", "부산은 항구입니다.")
    kept, dropped, notes = filtered(tmp_path, records, measure="foreign_script", max_score=0)
    assert kept == ["r0", "r2"] and dropped["r1"]["reason"] == "high_score" and dropped["r1"]["detail"]["score"] > 0
    assert notes["measure"] == "foreign_script" and "2 of 3 measured pass" in notes["headline"]
    assert (tmp_path / "out" / filters.HISTOGRAM).is_file()


def test_of_several_answers_the_worst_counts(tmp_path):
    turns = [{"role": "user", "content": "안녕"}, {"role": "assistant", "content": "안녕하세요"}]
    english = {"role": "assistant", "content": "Hello, nice to meet you"}
    chats = [
        {"id": "a", "source": "s", "messages": turns},
        {"id": "b", "source": "s", "messages": [*turns, turns[0], english]},
    ]
    assert filtered(tmp_path, chats, measure="hangul_share", min_score=0.9)[0] == ["a"]
    pair = {"id": "p", "source": "s", "instruction": "q", "chosen": "열 글자가 넘는 긴 답변이다.", "rejected": "짧다"}
    assert filtered(tmp_path, [*answered("이것도 충분히 긴 답이다."), pair], measure="length", min_score=5)[0] == ["r0"]


def test_a_measure_is_named_right_and_stands_alone():
    assert filters.check(filters.Config(measure="foreign_scrip", max_score=0)) == [
        "measure: no measure 'foreign_scrip'; did you mean 'foreign_script'?"
    ]
    assert "three filters" in filters.check(filters.Config(measure="loop", rater="llm", max_score=0))[0]
    assert filters.reads(filters.Config(measure="loop", max_score=0)) == ("text",)
