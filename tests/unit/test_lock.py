"""One writer: a folder's lock, who holds it, and what a killed process leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from hunmin.artifacts import artifact, lock
from hunmin.commands import cli
from hunmin.errors import UserError

HOLD = """
import sys, subprocess
from pathlib import Path
from hunmin.artifacts import lock
with lock.writing(Path(sys.argv[1])):
    if len(sys.argv) > 2:  # a child that inherits the lock and outlives this process
        child = subprocess.Popen(["sleep", "60"], pass_fds=lock.descriptors())
        print(child.pid, flush=True)
    else:
        print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder, *words):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(folder), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def rows(path, n=4):
    lines = [json.dumps({"instruction": f"Name number {i}.", "output": f"It is {i}."}) for i in range(n)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_the_second_writer_is_told_who_holds_the_folder(tmp_path, capsys):
    process, _ = hold(tmp_path / "out")
    try:
        with pytest.raises(UserError) as raised, lock.writing(tmp_path / "out"):
            pass
        told = str(raised.value)
        assert f"process {process.pid}" in told and "since 20" in told and "-o" in told
        source = rows(tmp_path / "a.jsonl")
        assert cli.main(["load", source, "-o", str(tmp_path / "out"), "-q"]) == 2
        assert f"process {process.pid}" in capsys.readouterr().err
        assert not (tmp_path / "out" / artifact.MANIFEST).exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert cli.main(["load", source, "-o", str(tmp_path / "out"), "-q"]) == 0  # the lock died with it
    finally:
        process.kill()
        process.wait()
    assert len((tmp_path / "out" / artifact.RECORDS).read_text().splitlines()) == 4
    assert not (tmp_path / "out" / lock.LOCK).exists()


def test_a_child_of_a_killed_run_keeps_the_folder_closed(tmp_path):
    process, child = hold(tmp_path / "run", "child")
    process.kill()
    process.wait()
    with pytest.raises(UserError), lock.writing(tmp_path / "run"):
        pass
    os.kill(int(child), signal.SIGKILL)
    for _ in range(100):
        try:
            with lock.writing(tmp_path / "run"):
                return
        except UserError:
            import time

            time.sleep(0.05)
    raise AssertionError("the lock outlived its last holder")


def test_blocks_of_one_process_nest_and_an_untouched_folder_goes_again(tmp_path):
    folder = tmp_path / "out"
    with lock.writing(folder):
        with lock.writing(folder):
            assert json.loads((folder / lock.LOCK).read_text())["pid"] == os.getpid()
        assert (folder / lock.LOCK).exists() and len(lock.descriptors()) == 1
    assert not folder.exists() and lock.descriptors() == ()


def test_a_run_refuses_a_second_one_and_goes_on_after_a_kill_at_its_first_write(tmp_path, capsys):
    recipe = tmp_path / "r.yaml"
    recipe.write_text(f"name: r\nstages:\n  - load: {{path: {rows(tmp_path / 'a.jsonl')}}}\n")
    words = ["run", str(recipe), "--runs", str(tmp_path / "runs"), "-q"]
    folder = tmp_path / "runs" / "r"
    process, _ = hold(folder)
    try:
        assert cli.main(words) == 2
        assert f"process {process.pid}" in capsys.readouterr().err
    finally:
        process.kill()
        process.wait()
    (folder / "recipe.resolved.yaml.999999.tmp").write_text("name: r\n")  # killed, or out of space, while writing it
    (folder / "ledger.sqlite-wal").write_bytes(b"")
    assert cli.main(words) == 0, capsys.readouterr().err
    assert not list(folder.rglob("*.tmp"))


def test_the_lock_is_no_stranger_but_a_users_file_is(tmp_path):
    for name in (*lock.OURS, "manifest.json.12.tmp"):
        (tmp_path / name).write_text("")
    assert lock.strangers(tmp_path) == [] and lock.strangers(tmp_path / "none") == []
    (tmp_path / "thesis.docx").write_text("")
    assert lock.strangers(tmp_path) == ["thesis.docx"]
