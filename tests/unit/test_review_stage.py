"""The review stage: the queue it leaves, the decisions it reads, what becomes of each record."""

from __future__ import annotations

import json

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import content_hash, read_jsonl, write_jsonl
from hunmin.errors import EXIT_WAITING, UserError
from hunmin.stages import review
from hunmin.stages.review import Config
from hunmin.translation.review import decisions
from hunmin.translation.review.decisions import QUEUE, Decision, DecisionLog, queue_key


def issue(code="number_lost", field="output", status="open", severity="review"):
    return {"code": code, "severity": severity, "field": field, "source_span": [0, 2], "target_span": [0, 2],
            "detail": "30초가 없다", "status": status}  # fmt: skip


def record(i, *issues):
    return {
        "id": f"r{i}", "source": "t", "instruction": f"질문 {i}", "output": f"답 {i}",
        "original": {"instruction": f"Question {i}", "output": f"Answer {i}"}, "issues": list(issues),
    }  # fmt: skip


@pytest.fixture
def stage(tmp_path):
    """(inputs, folder) of a run whose records 1, 2 and 3 of five have open issues."""
    records = [record(0), record(1, issue()), record(2, issue("markup")), record(3, issue(), issue()),
               record(4, issue(status="mended"))]  # fmt: skip
    write_jsonl(tmp_path / "records.jsonl", records)
    return Inputs(label="review", records=tmp_path / "records.jsonl"), tmp_path / "05-review"


def decide(inputs, out, *decisions):
    queue = list(read_jsonl(out / QUEUE))
    log = DecisionLog(out, queue_key(queue))
    by_id = {r["id"]: r for r in queue}
    for name, action, given in decisions:
        log.add(Decision(name, content_hash(by_id[name]), action, "미나", **given))
    log.close()


def test_it_stops_with_code_3_and_leaves_the_queue(stage):
    inputs, out = stage
    with pytest.raises(UserError, match="3 of 3 records await") as caught:
        review.run(Config(), inputs, out)
    assert caught.value.exit_code == EXIT_WAITING and "hunmin review" in caught.value.mend
    assert [r["id"] for r in read_jsonl(out / "queue.jsonl")] == ["r1", "r2", "r3"]
    assert not (out / "records.jsonl").exists()


def test_decisions_become_records_in_order_with_what_stood_before(stage):
    inputs, out = stage
    with pytest.raises(UserError):
        review.run(Config(), inputs, out)
    decide(
        inputs, out, ("r1", "edited", {"texts": {"output": "답 하나"}, "seconds": 10.0}),
        ("r2", "rejected", {"note": "못 쓴다", "seconds": 20.0}), ("r3", "accepted", {}),
    )  # fmt: skip
    counts = review.run(Config(), inputs, out)
    kept = list(read_jsonl(out / "records.jsonl"))
    assert [r["id"] for r in kept] == ["r0", "r1", "r3", "r4"]
    assert kept[1]["output"] == "답 하나"
    assert kept[1]["review"] == {"decision": "edited", "by": "미나", "before": {"output": "답 1"}}
    assert "review" not in kept[0] and kept[2]["review"] == {"decision": "accepted", "by": "미나"}
    dropped = list(read_jsonl(out / "dropped.jsonl"))
    assert [(d["reason"], d["index"], d["detail"]["note"]) for d in dropped] == [("rejected", 2, "못 쓴다")]
    assert (counts.n_in, counts.n_kept, counts.dropped) == (5, 4, {"rejected": 1})
    assert counts.notes["decisions"] == {"accepted": 1, "edited": 1, "rejected": 1}
    assert counts.notes["reading"]["seconds_per_record"] == 15.0 and counts.notes["reading"]["n_measured"] == 2


@pytest.mark.parametrize(("then", "kept", "dropped"), [("keep", 5, {}), ("drop", 3, {"unreviewed": 2})])
def test_what_nobody_decided_is_kept_or_dropped_when_asked(stage, then, kept, dropped):
    inputs, out = stage
    with pytest.raises(UserError):
        review.run(Config(), inputs, out)
    decide(inputs, out, ("r2", "accepted", {}))
    counts = review.run(Config(unreviewed=then), inputs, out)
    assert (counts.n_kept, counts.dropped) == (kept, dropped)
    assert counts.notes["unreviewed"] == {"n": 2, "then": then}


def test_an_undone_decision_waits_again_and_the_last_one_stands(stage):
    inputs, out = stage
    with pytest.raises(UserError):
        review.run(Config(), inputs, out)
    everything = [("r1", "accepted", {}), ("r2", "accepted", {}), ("r3", "rejected", {})]
    decide(inputs, out, *everything, ("r3", "undone", {}))
    with pytest.raises(UserError, match="1 of 3"):
        review.run(Config(), inputs, out)
    decide(inputs, out, ("r3", "edited", {"texts": {"output": "답 셋"}}))
    assert review.run(Config(), inputs, out).n_kept == 5
    assert list(read_jsonl(out / "records.jsonl"))[3]["output"] == "답 셋"


def test_nothing_to_review_passes_straight_through(tmp_path):
    write_jsonl(tmp_path / "records.jsonl", [record(0), record(1)])
    counts = review.run(Config(), Inputs(records=tmp_path / "records.jsonl"), tmp_path / "out")
    assert counts.n_kept == 2 and counts.notes["queued"] == 0


def test_decisions_of_another_run_are_refused(stage):
    inputs, out = stage
    with pytest.raises(UserError):
        review.run(Config(), inputs, out)
    (out / "decisions.jsonl").write_text(json.dumps({"queue": "0123456789abcdef"}) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="another run") as caught:
        review.run(Config(), inputs, out)
    assert "decisions.jsonl" in caught.value.where and caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"action": "edited", "texts": {"answer": "?"}}, "no text at 'answer'"),
        ({"action": "edited", "texts": {"output": "  "}}, "empty"),
        ({"action": "approved"}, "unknown action"),
        ({"action": "accepted", "content": "000000000000"}, "another text"),
        ({"action": "accepted", "texts": {"output": "다른 답"}}, "changes no text"),
    ],
)
def test_a_decision_that_cannot_stand_says_why(given, what):
    subject = record(1, issue())
    decision = Decision(**{"id": "r1", "content": content_hash(subject), **given})
    assert what in decisions.decision_problem(subject, decision)


def test_half_a_last_line_is_cut_and_the_rest_stands(stage):
    inputs, out = stage
    with pytest.raises(UserError):
        review.run(Config(), inputs, out)
    decide(inputs, out, ("r1", "accepted", {}))
    with (out / "decisions.jsonl").open("ab") as file:
        file.write(b'{"id": "r2", "action": "acc')
    decide(inputs, out, ("r3", "rejected", {}))
    found = decisions.read_decisions(out, queue_key(list(read_jsonl(out / "queue.jsonl"))))
    assert [(d.id, d.action) for d in found] == [("r1", "accepted"), ("r3", "rejected")]


def test_the_same_decisions_make_the_same_bytes(stage):
    inputs, out = stage
    with pytest.raises(UserError):
        review.run(Config(), inputs, out)
    decide(inputs, out, ("r1", "edited", {"texts": {"output": "한글"}, "at": "2026-01-01T00:00:00Z"}))
    review.run(Config(unreviewed="keep"), inputs, out)
    first = (out / "records.jsonl").read_bytes()
    review.run(Config(unreviewed="keep"), inputs, out)
    assert (out / "records.jsonl").read_bytes() == first
    assert b"2026-01-01" not in first  # times stay in the decisions file
    assert "한글" in first.decode()  # NFC


def test_estimate_counts_without_writing(stage):
    inputs, out = stage
    assert review.estimate(Config(), inputs) == {"records": 5, "to_review": 3}
    assert not out.exists()
