"""Which file, folder and model this is: whole contents, hashed once; and what an older artifact still stands for."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from hunmin.artifacts import artifact, identity
from hunmin.artifacts.artifact import Counts, Inputs
from hunmin.errors import UserError
from hunmin.evaluation.benchmarks import fingerprint
from hunmin.models import identity as which
from hunmin.running import made_with, recipe, run
from hunmin.running.recipe import Step
from hunmin.stages import dedup, evaluate
from hunmin.stages.protocol import find_stage
from hunmin.train import resume

OLD_RUN = Path(__file__).parents[1] / "fixtures" / "run_of_0_1"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """hunmin's cache folder, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hunmin" / "hashes"


@pytest.fixture
def model(tmp_path):
    """A model folder of 3 MiB, last changed an hour ago."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 4096 * 3)
    for file in folder.iterdir():
        os.utime(file, (time.time() - 3600,) * 2)
    return folder


def retrained(folder: Path) -> None:
    """Change one byte in the middle of the weights and set the file's time back: size, name and ends stay."""
    path = folder / "model.safetensors"
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(before.st_size // 2)
        file.write(b"\xff\xfe")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def settled(monkeypatch) -> None:
    monkeypatch.setattr(identity, "SETTLED_SECONDS", -1.0)


def test_a_byte_in_the_middle_of_a_large_file_makes_it_another(model, cache, monkeypatch):
    settled(monkeypatch)
    first = identity.of_path(model), which.of_base(str(model)), artifact.sha256_file(model)
    assert first == (identity.of_path(model), which.of_base(str(model)), artifact.sha256_file(model))
    retrained(model)
    second = identity.of_path(model), which.of_base(str(model)), artifact.sha256_file(model)
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_a_large_file_is_read_once_and_its_hash_kept_in_our_own_cache(model, cache, monkeypatch):
    settled(monkeypatch)
    path = model / "model.safetensors"
    before = sorted(model.iterdir())
    found = identity.sha256_file(path)
    [note] = cache.iterdir()
    note.write_text(note.read_text().replace(found, "as noted"))
    assert identity.sha256_file(path) == "as noted"  # the file was not read again
    assert sorted(model.iterdir()) == before
    path.rename(model / "other.safetensors")
    assert identity.sha256_file(model / "other.safetensors") == found  # another path: read, the same content


def test_a_file_written_a_moment_ago_is_not_kept(model, cache):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes())
    identity.sha256_file(path)
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_or_read_is_no_fault(model, cache, monkeypatch):
    settled(monkeypatch)
    found = identity.sha256_file(model / "model.safetensors")
    [note] = cache.iterdir()
    note.write_text("{half")
    assert identity.sha256_file(model / "model.safetensors") == found
    shutil.rmtree(cache)
    cache.write_text("a file where the folder should be")
    assert identity.sha256_file(model / "model.safetensors") == found


def test_a_trainers_checkpoints_and_hidden_files_do_not_make_another_model(model):
    before = identity.of_path(model)
    for name in (".cache/x", "checkpoint-200/optimizer.pt"):
        (model / name).parent.mkdir()
        (model / name).write_text("x")
    assert identity.of_path(model) == before
    (model / "tokenizer.json").write_text("{}")
    assert identity.of_path(model) != before


def test_what_0_1_wrote_is_recognised(model):
    """The digits are those that 0.1 wrote for this very folder."""
    assert identity.of_files([model], identity.as_in_0_1) == {"file:model": "588c34dee4a2923e"}
    assert which.as_in_0_1(str(model)) == "71ff1bd1cc57c453"
    assert artifact.sha256_file(model)[:16] == "e70f94b7fddfdad6"
    assert which.is_base("71ff1bd1cc57c453", str(model)) and which.is_base(which.of_base(str(model)), str(model))
    assert not which.is_base("0" * 16, str(model))


def evaluating(model: Path, **options) -> made_with.MadeWith:
    """What `hunmin evaluate MODEL` is made with."""
    config = evaluate.Config(**options)
    return made_with.alone(Step(find_stage("evaluate"), "evaluate", config), Inputs(label="evaluate", model=model))


def finished(folder: Path, wanted: made_with.MadeWith) -> dict:
    folder.mkdir(parents=True)
    return artifact.write_manifest(
        folder,
        stage=wanted.step.stage.name,
        label="evaluate",
        output="scores",
        config=wanted.config,
        seed=wanted.seed,
        inputs=wanted.finished(),
        counts=Counts(),
        seconds=1.0,
    )


@pytest.mark.parametrize("as_what", ["model", "baseline"])
def test_a_retrained_checkpoint_in_the_same_folder_does_not_get_its_predecessors_score(model, tmp_path, as_what):
    def asked():
        if as_what == "model":
            return evaluating(model)
        return evaluating(tmp_path / "none", models=[], baselines=[str(model)])

    manifest = finished(tmp_path / "out", asked())
    assert made_with.differences(tmp_path / "out", manifest, asked()) == []
    retrained(model)
    with pytest.raises(UserError, match="out was made with another model"):
        made_with.same_or_error(tmp_path / "out", manifest, asked(), "was made")


def test_reuse_links_the_same_models_scores_and_never_anothers(model, tmp_path):
    wanted = evaluating(tmp_path / "none", models=[], baselines=[str(model)])
    manifest = finished(tmp_path / "a" / "01-evaluate", wanted)
    assert run._reuse(tmp_path / "a", tmp_path / "b" / "01-evaluate", wanted) == manifest
    retrained(model)
    other = evaluating(tmp_path / "none", models=[], baselines=[str(model)])
    assert run._reuse(tmp_path / "a", tmp_path / "c" / "01-evaluate", other) is None


def test_a_base_below_an_adapter_counts(model, tmp_path):
    adapter = tmp_path / "tuned"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(model)}))
    before = evaluating(adapter).inputs
    assert set(before) == {"model", "base:model", "protocol:harness"}
    retrained(model)
    after = evaluating(adapter).inputs
    assert after["model"] == before["model"] and after["base:model"] != before["base:model"]


def test_the_commit_of_a_hub_model_counts_once_it_is_known(tmp_path, monkeypatch):
    out = tmp_path / "out"
    monkeypatch.setattr(which, "commit", lambda name, revision=None: None)
    unknown = evaluating(Path("owner/name"))
    assert "hub:owner/name" not in unknown.inputs
    monkeypatch.setattr(which, "commit", lambda name, revision=None: "a" * 40)
    manifest = finished(out, unknown)  # the stage brought it into the cache
    assert manifest["inputs"]["hub:owner/name"] == "a" * 40
    assert made_with.differences(out, manifest, unknown) == []
    assert made_with.differences(out, manifest, evaluating(Path("owner/name"))) == []
    monkeypatch.setattr(which, "commit", lambda name, revision=None: "b" * 40)
    assert made_with.differences(out, manifest, evaluating(Path("owner/name"))) == ["another owner/name"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "harness"),
        ({"protocol": "harness-bos"}, "harness-bos"),
        ({"protocol": "harness-bos", "fewshot": "fixed"}, "harness-bos harness-bos-fixed"),
        ({"protocol": "upstream"}, "upstream"),
        ({"tasks": ["korean"]}, "harness upstream"),
        ({"tasks": ["ifeval_ko"]}, "chat plain"),
        ({"tasks": ["no_such_task"]}, ""),
    ],
)
def test_the_versions_of_the_protocols_that_decide_a_score_are_noted(tmp_path, options, told):
    given = evaluating(tmp_path / "none", **options).inputs
    assert [n.removeprefix("protocol:") for n in sorted(given) if n.startswith("protocol:")] == told.split()


def test_a_protocol_of_another_version_is_another_result(tmp_path, monkeypatch):
    out = tmp_path / "out"
    manifest = finished(out, evaluating(tmp_path / "none", tasks=["ifeval_ko"]))
    assert made_with.differences(out, manifest, evaluating(tmp_path / "none", tasks=["ifeval_ko"])) == []
    monkeypatch.setitem(fingerprint.VERSIONS, "chat", 99)
    raised = evaluating(tmp_path / "none", tasks=["ifeval_ko"])
    assert made_with.differences(out, manifest, raised) == ["another version of the protocol chat"]
    with pytest.raises(UserError, match="out was made with another version of the protocol chat"):
        made_with.same_or_error(out, manifest, raised, "was made")
    unnoted = {k: v for k, v in manifest["inputs"].items() if not k.startswith("protocol:")}
    assert made_with.differences(out, {**manifest, "inputs": unnoted}, raised) == []
    judging = find_stage("judge")
    assert judging.versions(judging.Config(model="m")) == {"judge": fingerprint.VERSIONS["judge"]}


def as_0_1_wrote_it(manifest: dict, **inputs: str) -> dict:
    old = {k: v for k, v in manifest.items() if k != "identity"}
    return {**old, "inputs": inputs}


def test_folders_of_a_0_1_manifest_are_held_to_what_it_knew(model, tmp_path):
    out = tmp_path / "out"
    wanted = evaluating(tmp_path / "none", models=[], baselines=[str(model)])
    old = as_0_1_wrote_it(finished(out, wanted), **{"file:model": identity.as_in_0_1(model)})
    assert made_with.differences(out, old, wanted) == []
    assert made_with.differences(out, old, wanted, strict=True) == ["another model"]  # never linked on its word
    (model / "config.json").write_text("{}")
    now = evaluating(tmp_path / "none", models=[], baselines=[str(model)])
    assert made_with.differences(out, old, now) == ["another model"]


def test_a_plain_folder_of_a_0_1_manifest_counts_while_nothing_in_it_is_newer(model, tmp_path):
    out = tmp_path / "out"
    old = as_0_1_wrote_it(finished(out, evaluating(model)), model=artifact.hash_of(str(model)))
    assert made_with.differences(out, old, evaluating(model)) == []
    os.utime(model / "model.safetensors", (time.time() + 60,) * 2)
    assert made_with.differences(out, old, evaluating(model)) == ["another model"]


def test_an_option_that_came_later_is_no_difference_at_its_default(tmp_path):
    step = Step(find_stage("dedup"), "dedup", dedup.Config())
    wanted = made_with.in_a_run(step, Inputs(label="dedup", seed=3))
    name, default = next((k, f.default) for k, f in dedup.Config.model_fields.items() if isinstance(f.default, float))
    older = {k: v for k, v in wanted.config.items() if k != name}
    found = {
        "stage": "dedup",
        "config": older,
        "config_hash": artifact.hash_of(["dedup", older, 3]),
        "inputs": {},
        "seed": 3,
    }
    assert made_with.differences(tmp_path, found, wanted) == []
    changed = Step(find_stage("dedup"), "dedup", dedup.Config(**{name: default / 2}))
    asked = made_with.in_a_run(changed, Inputs(label="dedup", seed=3))
    assert made_with.differences(tmp_path, found, asked) == [f"{name}={default}, the recipe now says {default / 2}"]
    reseeded = made_with.in_a_run(step, Inputs(label="dedup", seed=4))
    assert made_with.differences(tmp_path, found, reseeded) == ["another seed"]


@pytest.fixture
def old_run(tmp_path, monkeypatch):
    """A finished run as 0.1 stored it, in a folder of its own: load, translate, check, dedup, rate, filter.

    Its endpoint is a port where nobody listens, so whatever is sent fails.
    """
    shutil.copytree(OLD_RUN, tmp_path / "old")
    monkeypatch.chdir(tmp_path / "old")
    database = sqlite3.connect("runs/old/ledger.sqlite")
    database.executescript(Path("runs/old/ledger.sql").read_text())
    database.close()
    Path("runs/old/ledger.sql").unlink()
    return recipe.load("recipe.yaml"), Path("runs/old")


def execute(old_run, **options):
    return run.execute(*old_run, run.Options(confirm=lambda paid: True, **options))


def test_a_stored_run_of_0_1_is_done_before(old_run):
    before = {p: p.read_bytes() for p in old_run[1].rglob("manifest.json")}
    assert [o.how for o in execute(old_run)] == ["done before"] * 6
    assert before == {p: p.read_bytes() for p in old_run[1].rglob("manifest.json")}


def test_an_interrupted_run_of_0_1_goes_on_from_its_ledger_with_0_requests(old_run):
    texts = {n: texts_of(old_run[1] / n) for n in ("02-translate", "05-rate")}
    for folder in artifact.stage_folders(old_run[1])[1:]:
        shutil.rmtree(folder)
    outcomes = {o.label: o for o in execute(old_run)}
    assert outcomes["load"].how == "done before" and outcomes["translate"].how == "made"
    [service] = outcomes["translate"].manifest["counts"]["notes"]["services"]
    assert service["ledger"]["done"] == 6 and not service["this_run"].get("sent")
    assert outcomes["rate"].manifest["counts"]["notes"]["statuses"] == {"ok": 3}
    assert texts == {n: texts_of(old_run[1] / n) for n in texts}
    with sqlite3.connect(old_run[1] / "ledger.sqlite") as database:
        assert database.execute("select count(*), sum(attempts) from unit").fetchone() == (9, 9)


def test_a_run_of_0_1_is_linked_by_reuse(old_run):
    outcomes = run.execute(old_run[0], Path("runs/new"), run.Options(confirm=lambda paid: True, reuse=old_run[1]))
    assert [o.how for o in outcomes] == ["reused"] * 6


def test_a_training_begun_by_0_1_goes_on(tmp_path):
    wanted = {"learning_rate": 1e-4, "new_option": "off", "base_model's weights": "whole"}
    older = {"new_option": "off", "base_model's weights": "ends"}
    resume.guard(tmp_path, {"learning_rate": 1e-4, "base_model's weights": "ends"})
    (tmp_path / "checkpoint-2").mkdir()
    resume.guard(tmp_path, wanted, older)
    for other in ({"learning_rate": 2e-4}, {"base_model's weights": "others"}, {"new_option": "on"}):
        with pytest.raises(UserError, match=f"begun with {next(iter(other))}="):
            now = {"base_model's weights": "other ends"} if "base_model's weights" in other else {}
            resume.guard(tmp_path, {**wanted, **other}, {**older, **now})


def texts_of(folder: Path) -> list[tuple]:
    rows = [json.loads(line) for line in (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(r["id"], r["instruction"], r["output"], [x["score"] for x in r.get("ratings", [])]) for r in rows]


def test_files_of_one_name_and_folders_are_told_apart_by_content(tmp_path):
    """KoBEST has five `test.tsv`."""
    paths = [tmp_path / "boolq" / "test.tsv", tmp_path / "copa" / "test.tsv", tmp_path / "model"]
    for path in paths[:2]:
        path.parent.mkdir()
        path.write_text(path.parent.name)
    paths[2].mkdir()
    (paths[2] / "model.safetensors").write_bytes(b"\0" * (3 << 20))
    seen = [identity.of_files(paths)]
    assert set(seen[0]) == {"file:test.tsv", "file:model"} == set(identity.of_files([*paths, tmp_path / "gone"]))
    for change in (
        lambda: paths[0].write_text("other"),
        lambda: paths[1].write_text("other"),
        lambda: (paths[2] / "model.safetensors").write_bytes(b"\0" * (3 << 20) + b"\1"),
        lambda: (paths[2] / "config.json").write_text("{}"),
    ):
        change()
        seen.append(identity.of_files(paths))
    assert len({str(s) for s in seen}) == 5
    assert identity.of_files(paths[:1])["file:test.tsv"] == artifact.sha256_file(paths[0])[:16]
