"""Bad input, as a user would give it: what, where, how to mend; exit code 2; no traceback; nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hunmin.running.recipe import BUNDLED

KO = BUNDLED / "ko.jsonl"


def hunmin(*argv: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hunmin.commands.cli", *map(str, argv)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
    )


def recipe(folder: Path, stages: str, name: str = "r") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"# test\nname: {name}\nseed: 1\nstages:\n{stages}", encoding="utf-8")
    return path


def lines(folder: Path, *rows: str) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


GOOD = '{"instruction": "질문", "output": "답"}'


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([GOOD, '{"instruction": '], ["rows.jsonl:2", "JSON"]),
        ([GOOD, '{"instruction": "가", "output": null}'], ["rows.jsonl:2", "'output'", "null", "--on-bad-row drop"]),
        ([GOOD, '{"instruction": "가", "output": ""}'], ["rows.jsonl:2", "'output'", "empty"]),
        (['{"id": "a", "instruction": "가", "output": "나"}', '{"id": "a", "instruction": "다", "output": "라"}'],
         ["'a'", "rows.jsonl"]),
        (['{"frage": "가", "antwort": "나"}'], ["frage", "columns"]),
        ([""], ["rows.jsonl"]),
    ],
)  # fmt: skip
def test_bad_rows(tmp_path, rows, words):
    done = hunmin("load", lines(tmp_path, *rows), "-o", "out", cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_a_cp949_file_is_recognised(tmp_path):
    (tmp_path / "old.csv").write_bytes("Q,A\n안녕하세요,반갑습니다\n".encode("cp949"))
    done = hunmin("load", "old.csv", "-o", "out", cwd=tmp_path)
    assert done.returncode == 2 and "cp949" in done.stderr and "Traceback" not in done.stderr


def test_files_and_models_that_are_not_there(tmp_path):
    done = hunmin("load", "nowhere.jsonl", "-o", "out", cwd=tmp_path)
    assert done.returncode == 2 and "nowhere.jsonl" in done.stderr and "Traceback" not in done.stderr
    done = hunmin("sft", KO, "-o", "out", "--base-model", "./no-such-model", cwd=tmp_path)
    assert done.returncode == 2 and "no-such-model" in done.stderr and "Traceback" not in done.stderr
    done = hunmin("sft", KO, "-o", "out2", "--base-model", "tiny:lama", cwd=tmp_path)
    assert done.returncode == 2 and "tiny:llama" in done.stderr and "Traceback" not in done.stderr


def test_the_folder_of_another_recipe_is_refused(tmp_path):
    a = recipe(tmp_path, f"  - load: {{path: {KO}}}\n  - sample: {{n: 5}}\n", "a")
    b = recipe(tmp_path, f"  - load: {{path: {KO}}}\n  - dedup:\n", "b")
    assert hunmin("run", a, cwd=tmp_path).returncode == 0
    done = hunmin("run", b, "--name", "a", cwd=tmp_path)
    assert done.returncode == 2 and "another recipe" in done.stderr and "02-sample" in done.stderr
    (tmp_path / "runs" / "notarun").mkdir()
    (tmp_path / "runs" / "notarun" / "thesis.txt").write_text("x")
    done = hunmin("run", b, "--name", "notarun", cwd=tmp_path)
    assert done.returncode == 2 and "thesis.txt" in done.stderr
    assert (tmp_path / "runs" / "notarun" / "thesis.txt").read_text() == "x"


def test_changed_input_is_never_reused_silently(tmp_path):
    path = lines(tmp_path, GOOD)
    r = recipe(tmp_path, f"  - load: {{path: {path}}}\n")
    assert hunmin("run", r, cwd=tmp_path).returncode == 0
    lines(tmp_path, GOOD, '{"instruction": "새 질문", "output": "새 답"}')
    done = hunmin("run", r, cwd=tmp_path)
    assert done.returncode == 2 and "01-load was made with" in done.stderr and "rows.jsonl" in done.stderr


def test_a_full_disk_is_said_and_mended(tmp_path):
    """A real file system that is full: a small tmpfs."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a tmpfs needs root")
    try:
        done = hunmin("load", KO, "-o", disk / "out", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        done = hunmin("load", BUNDLED / "en.jsonl", "-o", disk / "second", cwd=tmp_path)
        done = hunmin("load", BUNDLED / "en.jsonl", "-o", disk / "third", cwd=tmp_path)
        assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
        assert "disk is full" in done.stderr and "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        done = hunmin("load", BUNDLED / "en.jsonl", "-o", disk / "third", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert len((disk / "third" / "records.jsonl").read_text(encoding="utf-8").splitlines()) == 120
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_paid_stages_need_a_limit_and_a_yes(tmp_path):
    r = recipe(tmp_path, f"  - load: {{path: {KO}}}\n  - translate: {{engine: deepl}}\n")
    done = hunmin("run", r, cwd=tmp_path, DEEPL_AUTH_KEY="secret-key-value")
    assert done.returncode == 2 and "max_usd" in done.stderr
    done = hunmin("run", r, "max_chars=10", cwd=tmp_path, DEEPL_AUTH_KEY="secret-key-value")
    assert done.returncode == 2 and "--yes" in done.stderr
    for path in (tmp_path / "runs").rglob("*"):
        if path.is_file():
            assert b"secret-key-value" not in path.read_bytes(), path


def test_a_base_that_cannot_be_opened_is_found_before_the_first_paid_request(tmp_path):
    stages = (
        f"  - load: {{path: {KO}}}\n  - translate: {{engine: deepl, base_url: 'http://127.0.0.1:9'}}\n"
        "  - sft: {base_model: someone/gated-model}\n"
    )
    done = hunmin(
        "run",
        recipe(tmp_path, stages),
        "max_chars=100000",
        "--yes",
        cwd=tmp_path,
        DEEPL_AUTH_KEY="x",
        HF_HUB_OFFLINE="1",
    )
    assert done.returncode == 2 and "someone/gated-model" in done.stderr, done.stderr
    assert not list((tmp_path / "runs").rglob("ledger.sqlite"))


def test_json_output_is_json(tmp_path):
    r = recipe(tmp_path, f"  - load: {{path: {KO}}}\n")
    done = hunmin("run", r, "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["stages"][0]["counts"]["n_kept"] == 120
