"""A killed training continues to the same bytes; half-written checkpoints and other options are noticed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hunmin.errors import UserError
from hunmin.running.child import spec_of
from hunmin.running.recipe import Step
from hunmin.stages import dpo, sft
from hunmin.stages.protocol import find_stage

from . import small

OPTIONS = {**small.QUICK, "lora_dropout": 0.1, "max_steps": 6, "save_steps": 2, "save_total_limit": 9}


def adapter_bytes(out: Path) -> bytes:
    return (out / "adapter/adapter_model.safetensors").read_bytes()


def cut_back(out: Path, to: int) -> None:
    """Leave what a kill after checkpoint `to` leaves."""
    shutil.rmtree(out / "adapter")
    (out / "losses.json").unlink()
    for folder in (out / "checkpoints").glob("checkpoint-*"):
        if int(folder.name.split("-")[1]) > to:
            shutil.rmtree(folder)


@pytest.mark.parametrize("packing", ["none", "bfd"])
@pytest.mark.parametrize("to", [2, 4, 6])
def test_sft_goes_on_to_the_same_bytes(tmp_path, packing, to):
    """20 rows by 4 = 5 steps an epoch, so step 6 lies in the second; `to` 6 is a kill after training, before saving."""
    inputs = small.inputs(tmp_path, small.records())
    config = sft.Config(base_model=small.base(), **OPTIONS, packing=packing)
    out = tmp_path / "out"
    counts = sft.run(config, inputs, out)
    wanted, losses = adapter_bytes(out), (out / "losses.json").read_bytes()
    cut_back(out, to)
    again = sft.run(config, inputs, out)
    assert adapter_bytes(out) == wanted
    assert (out / "losses.json").read_bytes() == losses
    assert again.notes["steps"] == counts.notes["steps"] == 6


@pytest.mark.parametrize("start", ["fresh", "continued"])
def test_dpo_goes_on_to_the_same_bytes(tmp_path, start):
    model = None
    if start == "continued":
        sft.run(
            sft.Config(base_model=small.base(), **OPTIONS), small.inputs(tmp_path, small.records()), tmp_path / "sft"
        )
        model = tmp_path / "sft"
    inputs = replace(small.inputs(tmp_path, small.preferences(), label="dpo"), model=model)
    config = dpo.Config(base_model="" if model else small.base(), **{**OPTIONS, "learning_rate": 1e-3})
    dpo.run(config, inputs, tmp_path / "out")
    wanted = adapter_bytes(tmp_path / "out")
    cut_back(tmp_path / "out", 4)
    dpo.run(config, inputs, tmp_path / "out")
    assert adapter_bytes(tmp_path / "out") == wanted


def test_kill_9_and_the_same_command(tmp_path):
    """Through run.py's child process, killed for real as soon as a first checkpoint lies there."""
    rows = small.records(24)
    inputs = small.inputs(tmp_path, rows)
    config = sft.Config(base_model=small.base(), **{**OPTIONS, "max_steps": 40, "save_total_limit": 2})
    sft.run(config, inputs, tmp_path / "whole")
    out = tmp_path / "out"
    out.mkdir()
    spec = out / "spec.json"
    step = Step(find_stage("sft"), "sft", config)
    spec.write_text(json.dumps(spec_of(step, inputs, out)), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": "src"}
    command = [sys.executable, "-m", "hunmin.running.child", str(spec)]
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not list(out.glob("checkpoints/checkpoint-*/trainer_state.json")) and time.monotonic() < deadline:
        assert child.poll() is None, child.stderr.read().decode()
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not (out / "adapter").exists(), "it ended before the kill; raise max_steps"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "going on from checkpoint-" in done.stderr
    assert adapter_bytes(out) == adapter_bytes(tmp_path / "whole")


def test_a_killed_caller_takes_its_child_along(tmp_path):
    """Else the same command would start a second training beside the first, in one folder."""
    import psutil

    inputs = small.inputs(tmp_path, small.records(24))
    options = {**OPTIONS, "base_model": small.base(), "max_steps": 4000}
    code = (
        "from pathlib import Path; from hunmin.running import run\n"
        "from hunmin.artifacts.artifact import Inputs; from hunmin.stages import sft\n"
        f"inputs = Inputs(label='sft', records=Path({str(inputs.records)!r}))\n"
        f"run.call_alone('sft', sft.Config(**{options!r}), inputs, Path({str(tmp_path / 'out')!r}))"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": "src"})
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("out/checkpoints/checkpoint-*/trainer_state.json")) and time.monotonic() < deadline:
        assert caller.poll() is None
        time.sleep(0.05)
    children = psutil.Process(caller.pid).children(recursive=True)
    assert children
    caller.kill()
    caller.wait()
    assert psutil.wait_procs(children, timeout=20)[1] == []


@pytest.mark.parametrize("victim", ["trainer_state.json", "optimizer.pt", "adapter_model.safetensors", "rng_state.pth"])
@pytest.mark.parametrize("how", ["half", "missing"])
def test_a_half_written_checkpoint_is_passed_over(tmp_path, victim, how):
    inputs = small.inputs(tmp_path, small.records())
    config = sft.Config(base_model=small.base(), **OPTIONS)
    out = tmp_path / "out"
    sft.run(config, inputs, out)
    wanted = adapter_bytes(out)
    cut_back(out, 4)
    path = out / "checkpoints/checkpoint-4" / victim
    if how == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.unlink()
    sft.run(config, inputs, out)
    assert adapter_bytes(out) == wanted


def test_early_stopping_is_not_continued(tmp_path):
    """A kill between the early stop and the saving must not train on."""
    inputs = small.inputs(tmp_path, small.records())
    more = {"val_size": 4, "eval_steps": 1, "early_stopping_patience": 1, "learning_rate": 0.5, "max_steps": 30}
    config = sft.Config(base_model=small.base(), **{**OPTIONS, **more})
    first = sft.run(config, inputs, tmp_path / "out")
    wanted = adapter_bytes(tmp_path / "out")
    cut_back(tmp_path / "out", 99)
    again = sft.run(config, inputs, tmp_path / "out")
    assert again.notes["steps"] == first.notes["steps"] < 30
    assert adapter_bytes(tmp_path / "out") == wanted


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"batch_size": 8}, "batch_size=4, now 8"),
        ({"template": "alpaca"}, "template='"),
        ({"lora_r": 4}, "lora_r=8, now 4"),
    ],
)
def test_other_options_are_refused(tmp_path, change, told):
    inputs = small.inputs(tmp_path, small.records())
    config = sft.Config(base_model=small.base(), **{**OPTIONS, "max_steps": 2})
    sft.run(config, inputs, tmp_path / "out")
    cut_back(tmp_path / "out", 2)
    with pytest.raises(UserError, match=told):
        sft.run(config.model_copy(update=change), inputs, tmp_path / "out")


def test_other_data_and_another_base_are_refused(tmp_path):
    config = sft.Config(base_model=small.base(), **{**OPTIONS, "max_steps": 2})
    sft.run(config, small.inputs(tmp_path, small.records()), tmp_path / "out")
    with pytest.raises(UserError, match="data='"):
        sft.run(config, small.inputs(tmp_path, small.records(19)), tmp_path / "out")
    other = tmp_path / "base"
    shutil.copytree(small.base(), other)
    config = config.model_copy(update={"base_model": str(other)})
    sft.run(config, small.inputs(tmp_path, small.records()), tmp_path / "two")
    small.new_model(seed=9).save_pretrained(other)
    with pytest.raises(UserError, match="base_model's weights='"):
        sft.run(config, small.inputs(tmp_path, small.records()), tmp_path / "two")


def test_ctrl_c_saves_this_step_and_the_same_call_goes_on(tmp_path):
    inputs = small.inputs(tmp_path, small.records())
    config = sft.Config(base_model=small.base(), **{**OPTIONS, "max_steps": 60, "save_steps": 5})
    sft.run(config, inputs, tmp_path / "whole")
    out = tmp_path / "out"

    def press() -> None:
        while not list(out.glob("checkpoints/checkpoint-*/trainer_state.json")):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        sft.run(config, inputs, out)
    assert not (out / "adapter").exists()
    sft.run(config, inputs, out)
    assert adapter_bytes(out) == adapter_bytes(tmp_path / "whole")
