"""Two processes on a CPU under torchrun: the same losses as one, and one writer."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from hunmin.errors import UserError
from hunmin.running.child import spec_of
from hunmin.running.recipe import Step
from hunmin.stages import dpo, sft
from hunmin.stages.protocol import stage_of
from hunmin.train import launch

from . import small


def launched(stage, config, inputs, out):
    out.mkdir()
    spec = out / "spec.json"
    step = Step(stage_of(stage, inputs.label), inputs.label, config)
    spec.write_text(json.dumps(spec_of(step, inputs, out)), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": "src", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(launch.command(config, spec), env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "losses.json").read_text())


def test_two_processes_have_the_losses_of_one(tmp_path):
    """10 rows by 4: the last batch has 2 rows, and with rows left over one process is given a blank."""
    inputs = small.inputs(tmp_path, small.records(9))
    options = {**small.QUICK, "base_model": small.base(), "lora_dropout": 0.0, "max_steps": 0, "num_train_epochs": 1}
    options |= {"micro_batch_size": 1}
    sft.run(sft.Config(**options), inputs, tmp_path / "one")
    one = json.loads((tmp_path / "one/losses.json").read_text())
    config = sft.Config(**options, launch="ddp", num_processes=2)
    assert sft.check(config) == []
    two = launched(sft, config, inputs, tmp_path / "two")
    assert [row["step"] for row in two] == [1, 2, 3]
    assert max(abs(a["loss"] - b["loss"]) for a, b in zip(one, two, strict=True)) < 1e-4
    assert max(abs(a["grad_norm"] - b["grad_norm"]) for a, b in zip(one, two, strict=True)) < 1e-3
    a, b = (small.weights(tmp_path / name / "adapter") for name in ("one", "two"))
    assert max(float((a[k] - b[k]).abs().max()) for k in a) < 2e-3
    counts = json.loads((tmp_path / "two/counts.json").read_text())
    assert counts["notes"]["processes"] == 2 and counts["n_kept"] == 9


def test_more_processes_than_gpus(tmp_path):
    import torch

    if torch.cuda.device_count() > 3:
        pytest.skip("this machine has them")
    config = sft.Config(launch="fsdp2", num_processes=4, batch_size=16, micro_batch_size=4)
    with pytest.raises(UserError, match="GPUs"):
        launch.command(config, tmp_path / "spec.json")


def test_dpo_in_two_processes(tmp_path):
    inputs = small.inputs(tmp_path, small.preferences(8), label="dpo")
    options = {**small.QUICK, "base_model": small.base(), "max_steps": 2, "learning_rate": 1e-3, "micro_batch_size": 2}
    rows = launched(dpo, dpo.Config(**options, launch="ddp", num_processes=2), inputs, tmp_path / "two")
    assert rows[0]["loss"] == pytest.approx(0.693147, abs=1e-5)
