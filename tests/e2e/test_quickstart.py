"""The README's first command, through the command line: the whole path with a real, tiny model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import read_manifest, stage_folders


def hunmin(*argv: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hunmin.commands.cli", *map(str, argv)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One run of the quickstart for all tests here."""
    folder = tmp_path_factory.mktemp("quickstart")
    done = hunmin("run", "quickstart", cwd=folder)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder, done


def manifests(folder: Path) -> dict:
    found = {f.name.split("-", 1)[1]: read_manifest(f) for f in stage_folders(folder / "runs" / "quickstart")}
    assert all(found.values())
    return found


def stage(folder: Path, label: str) -> Path:
    return next(f for f in stage_folders(folder / "runs" / "quickstart") if f.name.endswith(f"-{label}"))


def test_it_ends_with_the_reports_path(finished):
    folder, done = finished
    assert done.stdout.splitlines()[-1] == "report: runs/quickstart/report.html"
    page = (folder / "runs/quickstart/report.html").read_text(encoding="utf-8")
    assert "proves the path, not the model" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and page.count("<script") == 1


def test_every_count_is_conserved(finished):
    for label, manifest in manifests(finished[0]).items():
        counts = manifest["counts"]
        assert counts["n_in"] == counts["n_kept"] + counts["n_dropped"], label


def test_the_translation_is_named_as_recorded(finished):
    folder, _ = finished
    manifest = manifests(folder)["translate"]
    assert manifest["config"]["engine"] == "recorded"
    assert "recorded" in json.dumps(manifest["counts"]["notes"], ensure_ascii=False)
    assert "recorded" in (folder / "runs/quickstart/report.html").read_text(encoding="utf-8")


def test_planted_errors_are_found_and_mended(finished):
    found = manifests(finished[0])["repair"]["counts"]["notes"]["planted"]
    assert found["planted"] == 49
    assert found["found"] >= 47 and found["mended"] + found["proposed"] >= 35, found
    assert found["clean_fields_flagged"] <= 2, found
    assert "planted 49, found" in finished[1].stdout


def test_training_loss_falls(finished):
    rows = json.loads((stage(finished[0], "sft") / "losses.json").read_text())
    epochs = [r["loss"] for r in rows if "loss" in r and r["step"] % 6 == 0]
    assert len(epochs) == 5 and epochs[-1] < epochs[0] * 0.95, rows


def test_dpo_starts_from_no_preference(finished):
    rows = json.loads((stage(finished[0], "dpo") / "losses.json").read_text())
    assert abs(next(r["loss"] for r in rows if "loss" in r) - 0.6931) < 0.2


def test_base_and_tuned_stand_in_one_table(finished):
    data = json.loads((stage(finished[0], "evaluate") / "scores.json").read_text())
    rows = data["rows"] if isinstance(data, dict) else data
    assert len({r["model"] for r in rows}) == 3
    assert {r["num_fewshot"] for r in rows} == {0, 5}
    assert all(r["n"] == 24 for r in rows)
    assert all(0 <= r["ci_low"] <= r["value"] <= r["ci_high"] <= 1 for r in rows)
    models = {r["model"] for r in rows}
    for line in ("macro_f1", "acc"):
        assert {r["model"] for r in rows if r["metric"] == line} == models


def test_a_second_run_does_nothing_and_says_so(finished):
    folder, _ = finished
    before = {f: (f / "manifest.json").stat().st_mtime_ns for f in stage_folders(folder / "runs/quickstart")}
    done = hunmin("run", "quickstart", cwd=folder)
    assert done.returncode == 0
    assert "nothing was run" in done.stdout
    assert before == {f: (f / "manifest.json").stat().st_mtime_ns for f in stage_folders(folder / "runs/quickstart")}


def test_a_changed_option_is_refused_not_reused(finished):
    folder, _ = finished
    done = hunmin("run", "quickstart", "sft.learning_rate=1e-3", cwd=folder)
    assert done.returncode == 2
    assert "learning_rate" in done.stderr and "Use a new run name" in done.stderr


def test_reuse_links_what_is_the_same(finished):
    folder, _ = finished
    done = hunmin(
        "run", "quickstart", "filter.top_ratio=0.5", "--name", "b", "--reuse", "runs/quickstart", "--until", "filter",
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "[reused]" in done.stdout
    assert read_manifest(folder / "runs/b" / stage(folder, "filter").name)["config"]["top_ratio"] == 0.5


def test_one_record_can_be_followed(finished):
    folder, _ = finished
    done = hunmin("show", "runs/quickstart", "--id", "sample-001", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "load" in done.stdout and "translate" in done.stdout


def test_dry_run_changes_nothing(tmp_path):
    done = hunmin("run", "quickstart", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "nothing was sent or changed" in done.stdout
    assert not (tmp_path / "runs").exists()
