"""A stage of the user's own in a folder of his own: what docs/adding.md promises, and what is told when it fails."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.commands.cli import main
from hunmin.errors import UserError
from hunmin.running import recipe
from hunmin.stages.protocol import find_stage, label_of

DOCS = (Path(__file__).parents[2] / "docs" / "adding.md").read_text(encoding="utf-8")
CALLED = "010-1234-5678로 전화하세요."
SOUND = """
import sys
from hunmin.artifacts.artifact import Counts
from hunmin.artifacts.stream import stream
from hunmin.options import Options, opt
READS, EDITS, ADDS, KIND, INPUT, OUTPUT = ("text",), (), (), "record", "records", "records"
class Config(Options):
    pass
def run(config, inputs, out):
    return stream(lambda batch: batch, inputs, out)
stage = sys.modules[__name__]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder whose modules of earlier tests are forgotten."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    path = list(sys.path)
    find_stage.__globals__["_find"].cache_clear()
    rows = [{"id": f"r{i}", "source": "t", "instruction": "연락처?", "output": CALLED} for i in range(4)]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    yield tmp_path
    find_stage.__globals__["_find"].cache_clear()
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("mypackage", "mine"):
            del sys.modules[name]


def mine(folder: Path, text: str) -> str:
    (folder / "mine.py").write_text(text, encoding="utf-8")
    return "mine:stage"


def recipe_of(folder: Path, *stages: object, **top: object) -> str:
    rows = [{"load": {"path": str(folder / "rows.jsonl")}}, *stages]
    path = folder / "r.yaml"
    path.write_text(yaml.safe_dump({"name": "r", "stages": rows, **top}, allow_unicode=True), encoding="utf-8")
    return str(path)


def test_the_stage_of_the_docs_runs_in_a_recipe_and_alone(folder, capsys):
    (folder / "mypackage").mkdir()
    code = re.search(r"## A stage, from nothing\n\n```python\n(.*?)```", DOCS, re.DOTALL)[1]
    (folder / "mypackage" / "redact.py").write_text(code, encoding="utf-8")
    line = re.search(r'`(- "mypackage.redact:stage": .*?)`', DOCS)[1]
    rows = f"stages:\n- load: {{path: {folder / 'rows.jsonl'}}}\n{line}\n"
    (folder / "r.yaml").write_text(rows, encoding="utf-8")
    assert main(["run", "r.yaml"]) == 0
    made = folder / "runs" / "r" / "02-redact"
    assert {r["output"] for r in read_jsonl(made / "records.jsonl")} == {"[번호]로 전화하세요."}
    manifest = json.loads((made / "manifest.json").read_text())
    assert (manifest["stage"], manifest["label"]) == ("mypackage.redact:stage", "redact")
    assert main(["run", "r.yaml"]) == 0 and "nothing was run" in capsys.readouterr().out

    alone = ["mypackage.redact:stage", "rows.jsonl", "-o", "out", "--placeholder", "[번호]"]
    assert main(alone) == 0
    assert (folder / "out" / "records.jsonl").read_bytes() == (made / "records.jsonl").read_bytes()
    with pytest.raises(SystemExit):
        main(["mypackage.redact:stage", "--help"])
    assert "What stands in place of a number." in capsys.readouterr().out
    assert main([*alone[:-2], "--place", "x"]) == 2
    assert main(["run", "r.yaml", "redact.placeholdr=x", "--name", "b"]) == 2
    assert "did you mean 'placeholder'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("translate", "translate"),
        ("mypackage.redact:stage", "redact"),
        ("mypackage.stages:redact", "redact"),
        ("내꾸러미.지움:stage", "stage"),
    ],
)
def test_a_label_is_derived(name, label):
    assert label_of(name) == label


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ADDS, ", "_, ", "ADDS is missing; write a tuple"),
        ('"record",', '"rows",', "KIND is 'rows'; write one of record, whole, model"),
        ('("text",)', '"text"', "READS is 'text'; write a tuple"),
        ("class Config(Options)", "class Config", "Config is no subclass"),
        ("def run(", "def go(", "run is missing"),
        ("stage = sys", "files = ['a.txt']; stage = sys", "files is ['a.txt']; write a function"),
        ('"records", "records"', '"rows", "records"', "INPUT is 'rows'"),
        ("import sys", "import sys, no_such_thing", "cannot be imported: No module named 'no_such_thing'"),
        ("import sys", "import sys; 1 / 0", "fails when it is imported: ZeroDivisionError"),
    ],
)  # fmt: skip
def test_a_stage_that_lacks_something_is_told_all_of_it(folder, capsys, old, new, told):
    assert old in SOUND
    name = mine(folder, SOUND.replace(old, new))
    assert main(["run", recipe_of(folder, {name: {}})]) == 2
    said = capsys.readouterr().err
    assert told in said and "r.yaml:" in said and name in said and "Traceback" not in said
    assert main([name, "rows.jsonl", "-o", "out"]) == 2
    assert told in capsys.readouterr().err
    assert not (folder / "runs").exists() and not (folder / "out").exists()


def test_all_that_is_wrong_is_told_at_once(folder):
    name = mine(folder, "class stage: pass")
    with pytest.raises(UserError) as told:
        find_stage(name)
    for key in ("READS", "EDITS", "ADDS", "KIND", "INPUT", "OUTPUT", "Config", "run"):
        assert f"{key} is missing" in str(told.value)
    assert "docs/adding.md" in told.value.mend


@pytest.mark.parametrize("kind", ["record", "model"])
@pytest.mark.parametrize(
    ("gives", "told"), [("None", "gave NoneType, not Counts"), ("Counts(4, 4)", "left no records.jsonl")]
)
def test_a_run_that_gives_no_counts_is_told_here_and_in_a_child(folder, capsys, kind, gives, told):
    text = SOUND.replace('"record",', f'"{kind}",').replace(
        "return stream(lambda batch: batch, inputs, out)", f"return {gives}"
    )
    name = mine(folder, text)
    assert main(["run", recipe_of(folder, {name: {}})]) == 2
    said = capsys.readouterr().err
    assert told in said and "stream(step, inputs, out)" in said and "Traceback" not in said
    assert main([name, "rows.jsonl", "-o", "out"]) == 2 and told in capsys.readouterr().err


def test_a_run_that_gives_no_counts_is_told_by_shards(folder, capsys):
    name = mine(folder, SOUND.replace("return stream", "stream"))
    assert main(["run", recipe_of(folder, {name: {}}), "--shards", "2"]) == 2
    said = capsys.readouterr().err
    assert "gave NoneType, not Counts" in said and "Traceback" not in said


def test_a_paid_stage_that_asks_no_llm_needs_no_key_of_openai(folder, capsys, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    paid = SOUND.replace("stage = sys", "def paid(config):\n    return True\nstage = sys")
    assert main(["run", recipe_of(folder, {mine(folder, paid): {}}, max_usd=1), "--yes"]) == 0
    assert "OPENAI_API_KEY" not in capsys.readouterr().err


def test_a_key_that_a_stage_of_the_users_own_names_is_missed_before_the_first_stage(folder, capsys, monkeypatch):
    monkeypatch.delenv("PAPAGO_KEY", raising=False)
    needs = """
from hunmin.clients.access import Access
def services(config):
    return [Access("https://papago", "PAPAGO_KEY")]
"""
    assert main(["run", recipe_of(folder, {mine(folder, SOUND + needs): {}})]) == 2
    assert "mine: the environment variable PAPAGO_KEY is not set" in capsys.readouterr().err
    assert not (folder / "runs" / "r" / "01-load").exists()
    monkeypatch.setenv("PAPAGO_KEY", "x")
    assert main(["run", recipe_of(folder, {"mine:stage": {}})]) == 0


def test_two_stages_of_one_label_need_as(folder):
    mine(folder, SOUND)
    with pytest.raises(UserError, match="label 'mine' stands twice; give one `as: <label>`"):
        recipe.load(recipe_of(folder, {"mine:stage": {}}, {"mine:stage": {}}))
    found = recipe.load(recipe_of(folder, {"mine:stage": {}}, {"mine:stage": {"as": "again"}}))
    assert [s.label for s in found.steps] == ["load", "mine", "again"]
    assert [next(iter(r)) for r in yaml.safe_load(recipe.resolved(found))["stages"]] == [
        "load",
        "mine:stage",
        "mine:stage",
    ]


def test_a_dry_run_on_a_data_file_leaves_no_copy_of_it(folder, monkeypatch, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    (folder / "plain.jsonl").write_text('{"instruction": "a", "output": "b"}\n')
    for _ in range(2):
        assert main(["dedup", "plain.jsonl", "--dry-run"]) == 0
    assert not list(scratch.iterdir()) and not (folder / "out").exists()
