"""The commands that the docs tell people to type, typed; the notebooks, executed at tiny size."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}


def shell(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def blocks(path: Path) -> list[str]:
    return re.findall(r"```bash\n(.*?)```", path.read_text(encoding="utf-8"), re.S)


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def test_the_tutorials_commands_work_in_order(tmp_path):
    """All of the tutorial but cloning and installing, which this environment has done."""
    typed = [c for block in blocks(ROOT / "docs" / "tutorial.md") for c in commands(block)]
    installing = ("git clone", "make ", "python3 -m venv", "pip install")
    typed = [c for c in typed if not c.startswith(installing)]
    assert any(c.startswith("hunmin chat") for c in typed) and any(c.startswith("hunmin sft") for c in typed)
    for command in typed:
        shell(command, tmp_path)
    assert (tmp_path / "runs/quickstart/report.html").is_file()
    assert (tmp_path / "merged/model/model.safetensors").is_file()


def test_every_command_in_the_readmes_and_howto_is_one_we_have(tmp_path):
    """In an empty folder, offline, without keys each ends at the file or model that is not there, not at its words."""
    from hunmin.commands.cli import COMMANDS, STAGES

    secrets = ("OPENAI_API_KEY", "DEEPL_AUTH_KEY", "HF_TOKEN")
    environment = {k: v for k, v in ENVIRONMENT.items() if k not in secrets}
    for name in ("README.md", "README.ko.md", "docs/howto.md", "docs/moving.md"):
        for command in (c for block in blocks(ROOT / name) for c in commands(block)):
            words = shlex.split(command, comments=True)
            if words[0] != "hunmin":
                continue
            assert words[1] in (*COMMANDS, *STAGES), command
            if words[1] not in STAGES:
                continue
            typed = [sys.executable, "-m", "hunmin.commands.cli", *words[1:]]
            done = subprocess.run(typed, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
            assert done.returncode == 2, f"{name}: {command}\n{done.stdout}{done.stderr}"
            wrong = done.stderr.startswith(f"hunmin {words[1]}:") or "Traceback" in done.stderr
            assert not wrong, f"{name}: {command}\n{done.stderr}"


@pytest.mark.parametrize(("name", "left"), [("quickstart", "runs/quickstart/report.html"), ("qlora", "tuned/adapter")])
def test_the_notebooks_run_at_tiny_size(name, left, tmp_path):
    """IPython runs the cells in order; only the %pip line, which installs a published hunmin, is taken out."""
    from hunmin.running.recipe import BUNDLED

    book = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    kept = [c for c in book["cells"] if not "".join(c["source"]).startswith("%pip")]
    assert len(book["cells"]) - len(kept) == 1
    (tmp_path / "book.ipynb").write_text(json.dumps({**book, "cells": kept}), encoding="utf-8")
    own = {"HUNMIN_NOTEBOOK_BASE": "tiny:llama", "HUNMIN_NOTEBOOK_DATA": str(BUNDLED / "ko.jsonl")}
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "book.ipynb"]
    environment = {**ENVIRONMENT, **own, "IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, (
        done.stdout[-2000:] + done.stderr[-3000:]
    )
    assert (tmp_path / left).exists(), done.stdout[-2000:] + done.stderr[-2000:]


def test_the_stage_reference_is_made_from_the_code(tmp_path):
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import generate
    finally:
        sys.path.pop(0)
    assert (ROOT / "docs" / "stages.md").read_text(encoding="utf-8") == generate.page(), "run: make docs"
