"""Shards on this machine: the same bytes for any number, raising records, killed workers, a shard that always dies."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.running import run, shards
from hunmin.stages import check, decontaminate, dedup
from hunmin.stages.protocol import find_stage

from . import faulty

STAGE = "tests.e2e.faulty:stage"
WORDS = [f"낱말{i}" for i in range(400)]


def make(path, n=60):
    chance = random.Random(1)
    rows = []
    for i in range(n):
        text = " ".join(chance.choice(WORDS) for _ in range(30)) if i % 5 else f"같은 글 {i % 3}"
        source = "ab"[i % 2]
        rows.append({"id": f"r{i}", "source": source, "instruction": f"쓰세요 {i % 7}", "output": f"{text} {i}"})
    rows += [{**row, "id": row["id"] + "-copy", "output": row["output"] + " 끝"} for row in rows[10:20]]
    write_jsonl(path, rows)
    return path


def contents(out):
    assert not (out / shards.FOLDER).exists()
    return (out / "records.jsonl").read_bytes(), (out / "dropped.jsonl").read_bytes()


def inputs_of(tmp_path, label="faulty"):
    return Inputs(label=label, seed=3, records=make(tmp_path / "in.jsonl"))


@pytest.fixture
def flags(tmp_path):
    (tmp_path / "flags").mkdir()
    return str(tmp_path / "flags")


def test_check_sees_the_whole_set_whatever_the_shards(tmp_path):
    """A field left in English in nearly every record is told from all records, not from a shard of them."""
    english = "Write a short letter to the bank about the missing card."
    rows = [
        {"id": f"r{i}", "source": "t", "instruction": "은행에 편지를 쓰세요.", "output": english,
         "original": {"instruction": "Write to the bank.", "output": english}}
        for i in range(12)
    ]  # fmt: skip
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs(label="check", records=tmp_path / "in.jsonl")
    plain = check.run(check.Config(), inputs, tmp_path / "plain")
    assert plain.notes["never_translated"] == ["output"]
    cut = shards.run_stage(find_stage("check"), check.Config(), inputs, tmp_path / "cut", executor="local", shards=4)
    assert contents(tmp_path / "cut") == contents(tmp_path / "plain")
    assert cut.notes == plain.notes


def test_large_inputs_of_slow_stages_use_all_processors_unasked(tmp_path, monkeypatch):
    inputs = Inputs(label="dedup", records=make(tmp_path / "in.jsonl"))
    assert shards.automatic(find_stage("dedup"), inputs.records) == 1, "small input: one process"
    run.call_alone("dedup", dedup.Config(), inputs, tmp_path / "one")
    monkeypatch.setattr(shards, "AUTOMATIC", inputs.records.stat().st_size // 5)
    monkeypatch.setattr(shards, "usable_processors", lambda: 2)
    assert shards.automatic(find_stage("dedup"), inputs.records) == 5
    assert shards.automatic(find_stage("filter"), inputs.records) == 1
    tasks = []
    every = shards._all
    monkeypatch.setattr(shards, "_all", lambda *given: (tasks.append((given[0], len(given[2]))), every(*given)))
    run.call_alone("dedup", dedup.Config(), inputs, tmp_path / "five")
    assert [name for name, _ in tasks] == ["sketch", "group", "decide", "split"] and tasks[0][1] == 5
    assert contents(tmp_path / "five") == contents(tmp_path / "one")
    monkeypatch.setattr(shards, "usable_processors", lambda: 1)
    assert shards.automatic(find_stage("dedup"), inputs.records) == 1


@pytest.mark.parametrize("name", ["faulty", "dedup", "decontaminate"])
def test_any_number_of_shards_gives_the_bytes_of_the_stage_alone(tmp_path, name):
    inputs = inputs_of(tmp_path, name)
    module, stage, config = {
        "faulty": (faulty, STAGE, faulty.Config()),
        "dedup": (dedup, "dedup", dedup.Config(priority=["b"])),
        "decontaminate": (decontaminate, "decontaminate", None),
    }[name]
    if config is None:
        write_jsonl(
            tmp_path / "held.jsonl", [{"text": "같은 글 2 5 끝"}, {"text": next(read_jsonl(inputs.records))["output"]}]
        )
        config = decontaminate.Config(against=[str(tmp_path / "held.jsonl")])
    alone = module.run(config, inputs, tmp_path / "alone")
    assert alone.n_dropped, "the case must drop something"
    expected = contents(tmp_path / "alone")
    for n in (1, 3, 8, 500):
        counts = shards.run_stage(find_stage(stage), config, inputs, tmp_path / f"out{n}", shards=n)
        assert contents(tmp_path / f"out{n}") == expected, n
        assert (counts.n_in, counts.n_kept, counts.dropped) == (alone.n_in, alone.n_kept, alone.dropped)
        assert counts.notes == alone.notes


@pytest.mark.parametrize("scope", ["all", "within", "across"])
@pytest.mark.parametrize("near", [True, False])
def test_clusters_that_chain_over_shards_are_decided_as_by_one(tmp_path, scope, near):
    """Chains A ~ B ~ C with A unlike C, copies and equal texts, spread over all shards and both sources."""
    chance = random.Random(5)
    rows = []
    for chain in range(30):
        words = [chance.choice(WORDS) for _ in range(40)]
        for link in range(chance.randint(1, 6)):
            for _ in range(chance.randint(0, 3) if link else 0):
                words[chance.randrange(40)] = chance.choice(WORDS)
            rows.append({"id": f"c{chain}-{link}", "source": chance.choice("ab"), "output": " ".join(words)})
    chance.shuffle(rows)
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs(label="dedup", records=tmp_path / "in.jsonl")
    config = dedup.Config(scope=scope, near=near, priority=["b"])
    alone = dedup.run(config, inputs, tmp_path / "alone")
    assert alone.dropped["duplicate"] > 5
    for n in (2, 7):
        counts = shards.run_stage(find_stage("dedup"), config, inputs, tmp_path / f"out{n}", shards=n)
        assert contents(tmp_path / f"out{n}") == contents(tmp_path / "alone")
        assert counts.notes == alone.notes


def test_a_whole_run_in_shards_gives_the_same_bytes(tmp_path):
    """The command line, with a stage that goes through the ledger among them."""
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "name: r\nstages:\n- load: {path: 'bundled:en.jsonl'}\n- translate: {engine: recorded, replies: "
        "'bundled:replies.jsonl', mask: off}\n- check:\n- repair:\n- dedup:\n- decontaminate: {against: "
        "['bundled:benchmark']}\n"
    )
    for name, more in (("one", []), ("four", ["--shards", "4"])):
        command = [
            sys.executable,
            "-m",
            "hunmin.commands.cli",
            "run",
            str(recipe),
            "--name",
            name,
            "--runs",
            str(tmp_path),
            *more,
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    stages = sorted(p.name for p in (tmp_path / "one").glob("0*"))
    assert len(stages) == 6
    for stage in stages:
        assert contents(tmp_path / "one" / stage) == contents(tmp_path / "four" / stage), stage


def test_a_raising_record_is_dropped_and_no_other(tmp_path):
    inputs = inputs_of(tmp_path)
    config = faulty.Config(raises_on=["r7", "r33"])
    results = []
    for n in (1, 4):
        counts = shards.run_stage(find_stage(STAGE), config, inputs, tmp_path / f"out{n}", shards=n)
        assert counts.n_in == 70 and counts.dropped["error"] == 2
        results.append(contents(tmp_path / f"out{n}"))
    assert results[0] == results[1]
    errors = [d for d in read_jsonl(tmp_path / "out4" / "dropped.jsonl") if d["reason"] == "error"]
    assert [(d["index"], d["detail"]) for d in errors] == [
        (7, "ValueError: cannot do r7"),
        (33, "ValueError: cannot do r33"),
    ]


def test_a_killed_worker_costs_nothing_but_time(tmp_path, flags):
    inputs = inputs_of(tmp_path)
    faulty.run(faulty.Config(), inputs, tmp_path / "alone")
    config = faulty.Config(flags=flags, dies_once_on=["r20"])
    shards.run_stage(find_stage(STAGE), config, inputs, tmp_path / "out", shards=4)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def test_a_shard_that_always_dies_is_named_and_the_others_are_done(tmp_path, flags):
    inputs = inputs_of(tmp_path)
    config = faulty.Config(flags=flags, dies_always_on=["r20"])
    with pytest.raises(UserError, match="1 of 7 shards could not be done: 00002") as error:
        shards.run_stage(find_stage(STAGE), config, inputs, tmp_path / "out", shards=7)
    assert error.value.exit_code == 2 and "others are done" in error.value.mend.replace("other shards", "others")
    done = sorted(p.parent.name for p in (tmp_path / "out" / shards.FOLDER).glob("*/out"))
    assert done == ["00000", "00001", "00003", "00004", "00005", "00006"]
    assert not (tmp_path / "out" / "records.jsonl").exists()
    calls = (tmp_path / "flags" / "done.txt").read_text().splitlines()
    with pytest.raises(UserError, match="00002"):  # again: only the missing shard is tried
        shards.run_stage(find_stage(STAGE), config, inputs, tmp_path / "out", shards=7)
    again = (tmp_path / "flags" / "done.txt").read_text().splitlines()[len(calls) :]
    assert {line.split()[0] for line in again} <= {f"r{i}" for i in range(20, 30)}


def test_another_number_of_shards_or_input_starts_over(tmp_path, flags):
    """Trap: datatrove resumed with another number of tasks loses rows silently."""
    inputs = inputs_of(tmp_path)
    with pytest.raises(UserError):
        shards.run_stage(find_stage(STAGE), faulty.Config(dies_always_on=["r20"]), inputs, tmp_path / "out", shards=7)
    faulty.run(faulty.Config(), inputs, tmp_path / "alone")
    shards.run_stage(find_stage(STAGE), faulty.Config(), inputs, tmp_path / "out", shards=3)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def test_what_is_the_users_error_stays_one(tmp_path):
    inputs = inputs_of(tmp_path, "decontaminate")
    config = decontaminate.Config(against=[str(tmp_path / "gone.jsonl")])
    with pytest.raises(UserError, match="no such file or folder"):
        shards.run_stage(find_stage("decontaminate"), config, inputs, tmp_path / "out", shards=3)
    with pytest.raises(UserError, match="unknown executor 'slurm'"):
        shards.run_stage(find_stage("dedup"), dedup.Config(), inputs, tmp_path / "out2", executor="slurm", shards=2)


def test_an_empty_input_is_one_empty_shard(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [])
    inputs = Inputs(label="x", records=tmp_path / "in.jsonl")
    assert shards.run_stage(find_stage(STAGE), faulty.Config(), inputs, tmp_path / "out", shards=4).n_in == 0
