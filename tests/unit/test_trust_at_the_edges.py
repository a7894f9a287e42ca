"""Children that are killed, requests that ask too much, checkpoints that hold programs, sheets that run formulas."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from types import SimpleNamespace

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.errors import UserError
from hunmin.running import child
from hunmin.running.recipe import Step
from hunmin.server import bodies
from hunmin.stages import evaluate
from hunmin.stages.protocol import find_stage
from hunmin.train import resume
from hunmin.translation.review import spreadsheet


@pytest.mark.parametrize(
    ("script", "words", "code"),
    [
        ("kill -9 $$", ["killed", "memory", "GiB at the most", "same command"], 2),
        ("kill -11 $$", ["crashed (SIGSEGV)"], 1),
        ("exit 7", ["ended with 7", "stand above"], 1),
    ],
)
def test_a_child_that_fails_or_is_killed_is_told_without_a_second_traceback(tmp_path, monkeypatch, script, words, code):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(child.sys, "executable", str(python))
    step = Step(find_stage("evaluate"), "evaluate", evaluate.Config())
    with pytest.raises(UserError) as raised:
        child.call(step, Inputs(label="evaluate"), tmp_path / "out")
    assert raised.value.exit_code == code and all(word in str(raised.value) for word in words)


def loaded():
    rows = SimpleNamespace(weight=SimpleNamespace(shape=(100, 4)))
    model = SimpleNamespace(get_input_embeddings=lambda: rows)
    tokenizer = SimpleNamespace(bos_token=None, bos_token_id=1, eos_token_id=2)
    return SimpleNamespace(model=model, tokenizer=tokenizer, max_length=64)


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": ["a"] * 5000},
        {"prompt": [[1]] * 100, "n": 16},
        {"prompt": [1], "logit_bias": {"9" * 5000: 1}},
        {"prompt": [1], "logit_bias": {"²": 1}},
        {"prompt": [10**400]},
        {"prompt": [1], "seed": 10**400},
        {"prompt": [1], "temperature": 1e999},
    ],
    ids=lambda body: str(body)[:30],
)
def test_a_request_for_too_much_is_refused_before_anything_is_queued(body):
    with pytest.raises(bodies.Refused) as refused:
        bodies.read_completion({"model": "m", **body}, loaded(), "m")
    assert refused.value.status == 400


def test_a_checkpoint_is_found_broken_without_running_a_pickle(tmp_path):
    ran = tmp_path / "ran"

    class Program:
        def __reduce__(self):
            return os.mkdir, (str(ran),)

    state = {"global_step": 1, "max_steps": 2}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state))
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("data.pkl", pickle.dumps(Program()))
    header = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"x")
    assert resume.fault(tmp_path) is None and not ran.exists()
    whole = (tmp_path / "optimizer.pt").read_bytes()
    (tmp_path / "optimizer.pt").write_bytes(whole[:-30])
    assert "BadZipFile" in (resume.fault(tmp_path) or "")
    (tmp_path / "optimizer.pt").write_bytes(whole.replace(b"mkdir", b"mkdjr", 1))
    assert resume.fault(tmp_path) and not ran.exists()


@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
def test_no_sign_makes_a_cell_a_formula(sign):
    text = f"{sign}1+1"
    assert spreadsheet._quoted(text) != text and spreadsheet._unquoted(spreadsheet._quoted(text)) == text
