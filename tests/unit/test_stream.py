from __future__ import annotations

import asyncio
import json
import random

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.artifacts.stream import Drop, Writer, stream

N = 60


@pytest.fixture
def inputs(tmp_path):
    path = tmp_path / "in.jsonl"
    write_jsonl(path, ({"id": f"r{i}", "source": "t", "instruction": f"질문 {i}", "output": "답"} for i in range(N)))
    return Inputs(label="probe", records=path)


def decide(record):
    if int(record["id"][1:]) % 7 == 3:
        return Drop(record, "seven", {"n": record["id"]})
    return {**record, "output": record["output"] + "!"}


def sync_step(batch):
    return [decide(r) for r in batch]


async def async_step(batch):
    await asyncio.sleep(random.random() * 0.003)
    return [decide(r) for r in batch]


def contents(folder):
    return (folder / "records.jsonl").read_bytes(), (folder / "dropped.jsonl").read_bytes()


@pytest.mark.parametrize("batch", [1, 4, 7])
@pytest.mark.parametrize("in_flight", [1, 8])
def test_async_equals_sync_at_any_concurrency_and_batch(inputs, tmp_path, in_flight, batch):
    counts = stream(sync_step, inputs, tmp_path / "a")
    again = stream(async_step, inputs, tmp_path / "b", in_flight=in_flight, batch=batch)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert (counts.n_in, counts.n_kept, counts.dropped) == (N, again.n_kept, {"seven": N - counts.n_kept})


def test_resume_from_any_cut_gives_the_same_bytes(inputs, tmp_path):
    """A crash can cut the two part files anywhere, as long as dropped rows are written no later than kept ones."""
    stream(sync_step, inputs, tmp_path / "whole")
    kept, dropped = contents(tmp_path / "whole")
    chance = random.Random(5)
    dropped_lines = dropped.splitlines(keepends=True)
    for trial in range(40):
        out = tmp_path / f"cut{trial}"
        out.mkdir()
        n_kept_bytes = chance.randrange(len(kept) + 1)
        n_kept = kept[:n_kept_bytes].count(b"\n")
        # every drop before the last kept record is on disk, then maybe some more and half a line
        index = int(json.loads(kept.splitlines()[n_kept - 1])["id"][1:]) if n_kept else -1
        sure = [line for line in dropped_lines if json.loads(line)["index"] < index]
        rest = b"".join(dropped_lines[len(sure) :])
        extra = rest[: chance.randrange(len(rest) + 1)]
        (out / "records.jsonl.part").write_bytes(kept[:n_kept_bytes])
        (out / "dropped.jsonl.part").write_bytes(b"".join(sure) + extra)
        counts = stream(sync_step, inputs, out)
        assert contents(out) == (kept, dropped)
        assert counts.n_in == N


def test_an_exception_keeps_what_was_done_and_the_next_call_continues(inputs, tmp_path):
    seen = []

    def failing(batch):
        seen.append(batch[0]["id"])
        if batch[0]["id"] == "r31" and seen.count("r31") == 1:
            raise OSError("lost connection")
        return sync_step(batch)

    with pytest.raises(OSError, match="lost"):
        stream(failing, inputs, tmp_path / "a")
    stream(failing, inputs, tmp_path / "a")
    assert seen == [f"r{i}" for i in range(32)] + [f"r{i}" for i in range(31, N)]
    stream(sync_step, inputs, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_step_must_answer_for_every_record(inputs, tmp_path):
    with pytest.raises(AssertionError, match="0 results for 1"):
        stream(lambda batch: [], inputs, tmp_path / "a")


def test_writer_conserves_counts(tmp_path):
    writer = Writer(tmp_path / "w", "mix")
    writer.keep({"id": "a"})
    writer.drop({"id": "b"}, "not_sampled")
    counts = writer.close()
    assert (counts.n_in, counts.n_kept, counts.dropped) == (2, 1, {"not_sampled": 1})
    row = next(read_jsonl(tmp_path / "w" / "dropped.jsonl"))
    assert row == {"stage": "mix", "reason": "not_sampled", "detail": None, "index": 1, "record": {"id": "b"}}
