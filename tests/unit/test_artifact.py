"""What identifies an artifact's inputs."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from hunmin.artifacts.artifact import Counts, Inputs, Spend
from hunmin.running import child
from hunmin.running.recipe import Step
from hunmin.stages import dedup
from hunmin.stages.protocol import find_stage


def test_inputs_spend_and_counts_have_one_json_form(tmp_path, monkeypatch):
    """A child was told the inputs without `known`, and read what may be spent by the order of the keys."""
    spend = Spend(Path("ledger.sqlite"), max_usd=1.5, max_chars=200, confirmed=True)
    given = Inputs(
        label="rate",
        seed=7,
        records=Path("01-load/records.jsonl"),
        model=Path("02-sft"),
        earlier={"load": Path("01-load")},
        spend=spend,
        in_flight=3,
        expected={"records": 12},
        known={"never_translated": ["Python"]},
    )
    row = json.loads(json.dumps(given.to_json()))
    assert Inputs.from_json(row) == given
    assert set(row) == {field.name for field in fields(Inputs)} and set(row["spend"]) == {f.name for f in fields(Spend)}
    row["spend"] = dict(reversed(row["spend"].items()))
    assert Inputs.from_json(row).spend == spend
    assert Inputs.from_json(json.loads(json.dumps(Inputs().to_json()))) == Inputs()
    monkeypatch.chdir(tmp_path)
    far = given.absolute()
    assert far.records == tmp_path / "01-load/records.jsonl" and far.spend.ledger == tmp_path / "ledger.sqlite"
    assert far.earlier["load"] == tmp_path / "01-load" and far.known == given.known

    counts = Counts(5, 3, {"duplicate": 2}, {"headline": "3 of 5"})
    assert list(counts.to_json().items())[-1] == ("n_dropped", 2)
    assert Counts.from_json(json.loads(json.dumps(counts.to_json()))) == counts


def test_a_child_process_is_told_everything(tmp_path):
    step = Step(find_stage("dedup"), "dedup", dedup.Config())
    given = Inputs(label="dedup", known={"a": 1}, expected={"records": 2}, spend=Spend(max_chars=3))
    assert Inputs.from_json(child.spec_of(step, given, tmp_path)["inputs"]) == given
