"""Nothing on disk is trusted: an artifact that was cut, edited, flipped or emptied is told by name."""

from __future__ import annotations

import json
import os

import pytest

from hunmin.artifacts import artifact
from hunmin.commands import cli
from hunmin.errors import UserError


@pytest.fixture
def run(tmp_path):
    """A run of load -> dedup -> check on 24 rows, and the words that continue it."""
    lines = [
        json.dumps({"instruction": f"What is {i} and {i}?", "output": f"It is {2 * i}, no more and no less."})
        for i in range(24)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join([*lines, lines[0]]) + "\n")
    recipe = tmp_path / "r.yaml"
    recipe.write_text(f"name: r\nstages:\n  - load: {{path: {tmp_path / 'a.jsonl'}}}\n  - dedup:\n  - check:\n")
    words = ["run", str(recipe), "--runs", str(tmp_path / "runs"), "-q"]
    assert cli.main(words) == 0
    return tmp_path / "runs" / "r", words


def cut(path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: len(lines) // 2]))  # at a line's end: nothing else can see it


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE = {
    "cut": ("records.jsonl", cut, "bytes, where the stage left"),
    "flipped": ("records.jsonl", flip, "another content"),
    "emptied": ("records.jsonl", lambda path: path.write_bytes(b""), "0 bytes"),
    "gone": ("records.jsonl", lambda path: path.unlink(), "missing"),
    "dropped gone": ("dropped.jsonl", lambda path: path.unlink(), "missing"),
    "manifest a list": ("manifest.json", lambda path: path.write_text("[]"), "does not say"),
    "manifest empty": ("manifest.json", lambda path: path.write_text(""), "not JSON"),
    "manifest {}": ("manifest.json", lambda path: path.write_text("{}"), "does not say"),
    "manifest without counts": ("manifest.json", lambda path: without(path, "counts"), "counts"),
}


def without(path, key):
    row = json.loads(path.read_text())
    del row[key]
    path.write_text(json.dumps(row))


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_artifact_is_neither_reused_nor_read(run, kind, tmp_path, capsys):
    folder, words = run
    name, damage, told = DAMAGE[kind]
    damage(folder / "01-load" / name)
    (folder / "03-check" / "manifest.json").unlink()
    assert cli.main(words) == 2
    said = capsys.readouterr().err
    assert (
        told in said
        and f"01-load/{name}" in said
        and f"delete {folder / '01-load'}" in said.replace("Delete", "delete")
    )
    assert not (folder / "03-check" / "manifest.json").exists()
    source = folder / "01-load" / "records.jsonl" if name == "records.jsonl" else folder / "01-load"
    if kind != "manifest without counts":  # enough is there to read its records by
        assert cli.main(["check", str(source), "-o", str(tmp_path / "alone"), "-q"]) == 2
    assert cli.main([*words, "--name", "b", "--reuse", str(folder)]) == 2
    assert cli.main(["verify", str(folder)]) == 2


def test_a_change_that_keeps_size_and_times_is_found_by_verify(run, capsys):
    folder, _ = run
    path = folder / "01-load" / "records.jsonl"
    stat = path.stat()
    flip(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert cli.main(["verify", str(folder)]) == 2
    assert "another content" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 20_000])
def test_a_begun_artifact_that_does_not_say_with_what_is_told(run, text, capsys):
    folder, words = run
    (folder / "03-check" / "manifest.json").unlink()
    (folder / "03-check" / "started.json").write_text(text)
    assert cli.main(words) == 2
    said = capsys.readouterr().err
    assert "started.json" in said and "Delete" in said


def test_counts_are_compared_with_the_files_on_close(tmp_path):
    (tmp_path / "records.jsonl").write_text("{}\n")
    (tmp_path / "dropped.jsonl").write_text("")
    given = {"stage": "load", "label": "load", "output": "records", "config": {}, "seed": 0, "inputs": {}}
    with pytest.raises(UserError, match="holds 1 rows, where 2 were counted"):
        artifact.as_counted(tmp_path, artifact.Counts(2, 2))
    artifact.as_counted(tmp_path, artifact.Counts(1, 1))
    artifact.write_manifest(tmp_path, **given, counts=artifact.Counts(1, 1), seconds=0.0)
    artifact.verify(tmp_path, whole=True)


def test_a_manifest_of_0_1_is_held_to_its_one_hash(run):
    folder, words = run
    for path in folder.glob("*/manifest.json"):
        without(path, "files")
    assert cli.main(words) == 0
    flip(folder / "02-dedup" / "records.jsonl")
    assert cli.main(words) == 2


def table(capsys, *words):
    code = cli.main(["verify", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_verify_tells_which_row_became_which_and_what_it_could_not_check(run, tmp_path, capsys):
    folder, _ = run
    capsys.readouterr()
    code, rows = table(capsys, folder)
    assert code == 0 and {row["status"] for row in rows} == {"ok", "not checked"}
    told = {(row["where"], row["what"]): row for row in rows}
    assert told["02-dedup", "rows"]["detail"] == "each of 25 is kept or dropped once"
    assert told["01-load", "file:a.jsonl"]["status"] == "ok" and told["03-check", "from dedup"]["status"] == "ok"
    assert (
        told["03-check", "licences"]["status"] == "not checked"
        and "none named 24" in told["03-check", "licences"]["detail"]
    )
    assert cli.main(["verify", str(folder)]) == 0 and "02-dedup" in capsys.readouterr().out
    (tmp_path / "a.jsonl").write_text("{}\n")
    code, rows = table(capsys, folder)
    assert code == 2 and [row["what"] for row in rows if row["status"] == "WRONG"] == ["file:a.jsonl"]
    assert cli.main(["verify", str(tmp_path / "none")]) == 2 and cli.main(["verify", str(tmp_path)]) == 2


def test_verify_finds_a_row_that_was_swapped_together_with_its_manifest(run, capsys):
    """Each artifact agrees with its own manifest; only the chain shows it."""
    folder, _ = run
    path = folder / "02-dedup" / "records.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[1], *lines[1:]]))
    manifest = json.loads((folder / "02-dedup" / "manifest.json").read_text())
    manifest["files"] = artifact.content.listed(folder / "02-dedup", [path, path.with_name("dropped.jsonl")])
    manifest["content_hash"] = manifest["files"]["records.jsonl"]["sha256"][:16]
    (folder / "02-dedup" / "manifest.json").write_text(json.dumps(manifest))
    capsys.readouterr()
    code, rows = table(capsys, folder)
    wrong = {(row["where"], row["what"]) for row in rows if row["status"] == "WRONG"}
    assert code == 2 and wrong == {("02-dedup", "rows"), ("03-check", "from dedup"), ("03-check", "rows")}


def test_a_published_folder_is_checked_back_to_its_rows(run, tmp_path, capsys):
    folder, _ = run
    from hunmin.artifacts.artifact import Inputs
    from hunmin.publishing import folders
    from hunmin.stages import publish

    inputs = Inputs(records=folder / "03-check" / "records.jsonl")
    config = publish.Config(what="records", accept=["unknown-licence"])
    folders.write(config, inputs, tmp_path / "hub")
    told = json.loads((tmp_path / "hub" / "lineage.json").read_text())
    assert [stage["label"] for stage in told["stages"]] == ["load", "dedup", "check"]
    assert str(tmp_path) not in json.dumps(told)
    capsys.readouterr()
    code, rows = table(capsys, tmp_path / "hub")
    assert code == 0 and [r["status"] for r in rows if r["what"] == "rows"] == ["not checked"] * 3
    code, rows = table(capsys, tmp_path / "hub", "--rows", folder / "03-check" / "records.jsonl")
    assert code == 0 and {"where": "check", "what": "rows", "status": "ok"}.items() <= rows[-1].items()
    assert table(capsys, tmp_path / "hub", "--rows", tmp_path / "a.jsonl")[0] == 2
    data = next(p for p in (tmp_path / "hub").rglob("*") if p.name in told["files"] or p.suffix == ".jsonl")
    flip(data)
    assert table(capsys, tmp_path / "hub")[0] == 2
    flip(folder / "01-load" / "records.jsonl")
    with pytest.raises(UserError, match="not published"):
        folders.write(config, inputs, tmp_path / "hub")


def test_equal_adapters_have_equal_configs(tmp_path):
    from hunmin.train.loop import sort_lists

    for i, names in enumerate((["v_proj", "q_proj"], ["q_proj", "v_proj"])):
        (tmp_path / f"{i}.json").write_text(json.dumps({"r": 8, "target_modules": names, "layers": [2, 1]}))
        sort_lists(tmp_path / f"{i}.json")
    first = (tmp_path / "0.json").read_bytes()
    assert first == (tmp_path / "1.json").read_bytes() and json.loads(first)["layers"] == [2, 1]
