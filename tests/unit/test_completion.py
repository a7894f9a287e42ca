"""Completion in real shells: words are typed, Tab is pressed, and what the shell then shows is read."""

from __future__ import annotations

import os
import pty
import select
import shutil
import sys
import time
from pathlib import Path

import pytest

from hunmin.commands import cli, completion

SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}


def type_into(shell: list[str], lines: list[str], until: str, folder: Path) -> str:
    """Type lines into an interactive shell; give what it shows until a text is there (or 30 seconds are over)."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        path = f"{folder}:{os.environ['PATH']}"
        os.execvpe(shell[0], shell, {**os.environ, "PATH": path, "TERM": "dumb", "PS1": "$ "})
    try:
        shown, end = "", time.monotonic() + 30
        for line in lines:
            os.write(terminal, line.encode())
            time.sleep(0.3)
        while time.monotonic() < end and until not in shown:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    shown += os.read(terminal, 65536).decode(errors="replace")
                except OSError:
                    break
        return shown
    finally:
        os.close(terminal)
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.mark.parametrize("shell", list(SHELLS))
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("hunmin valid\t", "hunmin validate"),
        ("hunmin run quick\t", "hunmin run quickstart"),
        ("hunmin run quickstart --dry\t", "--dry-run"),
    ],
)
def test_tab_completes_in_a_real_shell(shell, typed, completed, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    command = tmp_path / "hunmin"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m hunmin.commands.cli "$@"\n')
    command.chmod(0o755)
    script = tmp_path / "completion.sh"
    script.write_text(completion.script(shell, cli.COMMANDS))
    shown = type_into(SHELLS[shell], [f". {script}\n", typed], completed, tmp_path)
    assert completed in shown and "bad substitution" not in shown, shown


def test_every_command_stage_and_recipe_is_in_the_scripts():
    for shell in ("bash", "zsh", "fish"):
        words = completion.script(shell, cli.COMMANDS).split()
        text = " ".join(words)
        assert "@" not in text and all(name in text for name in (*cli.COMMANDS, *cli.STAGES, "korae-13b"))
