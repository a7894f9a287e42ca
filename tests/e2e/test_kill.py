"""kill -9 in the middle of a recipe, and the same command finishes with the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from hunmin.artifacts.artifact import read_manifest, stage_folders
from hunmin.running.recipe import BUNDLED

RECIPE = f"""\
# test
name: k
seed: 5
stages:
  - load: {{path: {BUNDLED / "en.jsonl"}}}
  - translate: {{engine: recorded, replies: {BUNDLED / "replies.jsonl"}, mask: off}}
  - check:
  - repair:
  - sample: {{n: 40}}
  - sft:
      base_model: tiny:llama
      template: kullm
      max_length: 256
      max_steps: 6
      batch_size: 4
      micro_batch_size: 2
      save_steps: 2
      learning_rate: 1e-3
  - merge:
"""


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "hunmin.commands.cli", "run", "k.yaml", "--quiet"]
    return subprocess.Popen(command, cwd=folder, start_new_session=True, stderr=subprocess.PIPE)


def contents(run: Path) -> dict[str, bytes]:
    names = ("records.jsonl", "dropped.jsonl", "adapter_model.safetensors", "model.safetensors")
    paths = sorted(p for p in run.rglob("*") if p.name in names and "checkpoint" not in str(p))
    return {str(p.relative_to(run)): p.read_bytes() for p in paths}


def test_killed_anywhere_ends_with_the_same_bytes(tmp_path):
    folders = [tmp_path / "whole", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
        (folder / "k.yaml").write_text(RECIPE, encoding="utf-8")
    begun = time.monotonic()
    assert start(folders[0]).wait(timeout=600) == 0
    seconds = time.monotonic() - begun
    chance = random.Random(3)
    kills = 0
    for _ in range(5):
        child = start(folders[1])
        try:
            child.wait(timeout=max(1.0, chance.random() * seconds * 0.9))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)  # the stage's own child process too
            kills += 1
        child.wait()
    assert kills >= 2, "the run was too fast to be killed"
    last = start(folders[1])
    assert last.wait(timeout=600) == 0, last.stderr.read().decode()
    runs = [folder / "runs" / "k" for folder in folders]
    assert all(read_manifest(f) for f in stage_folders(runs[1]))
    whole, killed = contents(runs[0]), contents(runs[1])
    assert sorted(whole) == sorted(killed)
    assert [n for n in whole if whole[n] != killed[n]] == []
