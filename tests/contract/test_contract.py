"""What every stage promises, checked for each one in the table: a new stage gets these tests by one row in cases.py."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import TEXT_FIELDS, read_jsonl, write_jsonl
from hunmin.running import run
from hunmin.stages import STAGES
from hunmin.stages.protocol import find_stage

from .cases import CASES

TEXT_KEYS = {*TEXT_FIELDS, "messages"}
RECORD_STAGES = [n for n in STAGES if find_stage(n).KIND in ("record", "whole")]


def test_every_record_stage_has_a_case():
    assert sorted(CASES) == sorted(RECORD_STAGES)


@pytest.mark.parametrize("name", list(STAGES))
def test_a_stage_declares_what_the_house_asks_for(name):
    stage = find_stage(name)
    assert stage.about and stage.label == name
    for option, field in stage.Config.model_fields.items():
        assert field.description, f"{name}.{option} has no line of meaning"


def prepare(name: str, folder: Path, in_flight: int = 8):
    """Write the case's input and give (stage, config, inputs)."""
    case = CASES[name]
    stage = find_stage(name)
    path = folder / "in.jsonl"
    rows = case.rows()
    write_jsonl(path, rows)
    options = case.options(folder) if callable(case.options) else case.options
    records = path if "records" in stage.INPUT else None  # mix reads its own sources
    spend = Spend(ledger=folder / "ledger.sqlite")
    inputs = Inputs(label=name, seed=7, records=records, spend=spend, in_flight=in_flight)
    return stage, stage.config(options), inputs


def contents(out: Path) -> tuple[bytes, bytes]:
    return (out / "records.jsonl").read_bytes(), (out / "dropped.jsonl").read_bytes()


@pytest.mark.parametrize("name", list(CASES))
def test_counts_are_conserved_and_only_declared_keys_change(name, tmp_path):
    stage, config, inputs = prepare(name, tmp_path)
    counts = stage.run(config, inputs, tmp_path / "out").check(name)
    kept = list(read_jsonl(tmp_path / "out" / "records.jsonl"))
    dropped = list(read_jsonl(tmp_path / "out" / "dropped.jsonl"))
    assert (len(kept), len(dropped)) == (counts.n_kept, counts.n_dropped)
    assert all(row["stage"] == name and row["reason"] for row in dropped)
    if inputs.records is None:
        assert kept, "a source stage must give records"
        return
    before = {row["id"]: row for row in read_jsonl(inputs.records)}
    assert sorted([r["id"] for r in kept] + [d["record"]["id"] for d in dropped]) == sorted(before)
    may_add, may_edit = set(stage.ADDS), set(stage.EDITS)
    if "text" in may_edit:
        may_edit |= TEXT_KEYS
    touched = False
    for row in kept:
        old = before[row["id"]]
        added = set(row) - set(old)
        assert added <= may_add, f"{name} adds {added - may_add} undeclared"
        changed = {k for k in old if row.get(k) != old[k]}
        assert changed <= may_edit | may_add, f"{name} changes {changed - may_edit} undeclared"
        touched |= bool(added or changed)
    assert touched or dropped or CASES[name].quiet, f"the case of {name} shows nothing: no key added, no record dropped"


@pytest.mark.parametrize("name", list(CASES))
def test_one_in_flight_equals_eight(name, tmp_path):
    results = []
    for in_flight in (1, 8):
        folder = tmp_path / str(in_flight)
        folder.mkdir()
        stage, config, inputs = prepare(name, folder, in_flight)
        stage.run(config, inputs, folder / "out")
        results.append(contents(folder / "out"))
    assert results[0] == results[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CASES))
def test_killed_and_resumed_equals_uninterrupted(name, tmp_path):
    """kill -9 at random moments of the stage's own process; the last call finishes with the same bytes."""
    stage, config, inputs = prepare(name, tmp_path)
    begun = time.monotonic()
    run.call_alone(name, config, inputs, tmp_path / "whole")
    seconds = time.monotonic() - begun
    spec = tmp_path / "spec.json"
    spec.write_text(
        json.dumps(
            {
                "stage": name,
                "options": config.model_dump(mode="json"),
                "records": str(inputs.records) if inputs.records else None,
                "out": str(tmp_path / "killed"),
                "ready": str(tmp_path / "ready"),
            }
        )
    )
    chance = random.Random(name)
    for _ in range(4):
        (tmp_path / "ready").unlink(missing_ok=True)
        child = subprocess.Popen([sys.executable, str(Path(__file__).parent / "child.py"), str(spec)])
        while child.poll() is None and not (tmp_path / "ready").exists():
            time.sleep(0.01)
        time.sleep(chance.random() * max(seconds, 0.02) * 1.2)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
        child.wait()
    subprocess.run([sys.executable, str(Path(__file__).parent / "child.py"), str(spec)], check=True)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
