"""Every packaged recipe end to end at tiny size: offline, without keys, by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from hunmin.running import recipe

NAMES = [n for n in recipe.packaged_names() if n not in ("quickstart", "starter")]


@pytest.mark.parametrize("name", NAMES)
def test_rehearsal(name, tmp_path):
    secrets = ("OPENAI_API_KEY", "DEEPL_AUTH_KEY", "HF_TOKEN")
    env = {k: v for k, v in os.environ.items() if k not in secrets}
    # nothing answers there: whoever asks the Hub fails
    env |= {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "hf")}
    command = [sys.executable, "-m", "hunmin.commands.cli", "run", name, "--scale", "tiny", "--runs", str(tmp_path)]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    run = tmp_path / f"{name.replace('/', '-')}-tiny"
    labels = [step.label for step in recipe.load(name).steps]
    assert [p.name[3:] for p in sorted(run.glob("[0-9][0-9]-*"))] == labels
    manifests = [json.loads((p / "manifest.json").read_text()) for p in sorted(run.glob("[0-9][0-9]-*"))]
    assert all(m["counts"]["n_kept"] > 0 for m in manifests if m["output"] == "records")
    assert "what is replaced" in done.stdout and "bundled rows in the same format" in done.stdout
    assert "rehearsal:" in (run / "run.log").read_text()
    assert (run / "report.html").stat().st_size > 5000
    for folder in run.glob("*-publish*"):
        assert (folder / "hub" / "README.md").is_file()
        assert str(tmp_path) not in (folder / "hub" / "README.md").read_text()
    for manifest in manifests:
        if manifest["stage"] == "filter":
            assert 0 < manifest["counts"]["n_kept"] <= 42 and manifest["counts"]["dropped"]
        if manifest["stage"] in ("sft", "dpo", "grpo"):
            assert manifest["counts"]["notes"]["steps"] == 4
        if manifest["stage"] == "translate":
            assert manifest["counts"]["n_kept"] > 10
