"""An engine of the user's own in one file: its options are the stage's, in help, errors, recipes and alone."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import hash_of
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.commands.cli import main
from hunmin.errors import UserError
from hunmin.stages import repair, translate
from hunmin.stages.protocol import find_stage
from hunmin.translation.engines import ENGINES
from hunmin.translation.engines.engine import find_engine

from ..fakes.http_server import HttpServer, Response

DOCS = (Path(__file__).parents[2] / "docs" / "adding.md").read_text(encoding="utf-8")
NAME = "mypackage.papago:engine"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPAGO_KEY", "a-key-of-papago")
    path = list(sys.path)
    find_engine.__globals__["_find"].cache_clear()
    (tmp_path / "mypackage").mkdir()
    code = re.search(r"## An engine, from nothing\n\n```python\n(.*?)```", DOCS, re.DOTALL)[1]
    (tmp_path / "mypackage" / "papago.py").write_text(code, encoding="utf-8")
    rows = [
        {"id": f"r{i}", "source": "t", "instruction": f"Name {i} rivers.", "output": "`Han` and Nile."} for i in (2, 3)
    ]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    yield tmp_path
    find_engine.__globals__["_find"].cache_clear()
    sys.path[:] = path
    for name in [n for n in sys.modules if n.split(".")[0] == "mypackage"]:
        del sys.modules[name]


def papago(request):
    body = request.json()
    said = body["text"].replace("Name", "말하라").replace("rivers", "강").replace("and Nile", "그리고 나일")
    return Response(200, {"message": {"result": {"translatedText": said + ("요" if body["honorific"] else "")}}})


def test_the_engine_of_the_docs_runs_in_a_recipe_with_its_own_options(folder, capsys):
    with HttpServer(papago) as server:
        line = re.search(r"`(- translate: \{engine: \"mypackage.papago:engine\".*?)\}`", DOCS)[1]
        rows = f"stages:\n- load: {{path: rows.jsonl}}\n{line}, papago_url: '{server.url}'}}\n"
        (folder / "r.yaml").write_text("max_chars: 10000\n" + rows, encoding="utf-8")
        assert main(["run", "r.yaml", "--yes"]) == 0
        sent = len(server.requests)
        assert sent == 3 and server.requests[0].headers["x-ncp-apigw-api-key"] == "a-key-of-papago"
        assert not server.requests[0].json()["honorific"]
        made = folder / "runs" / "r" / "02-translate"
        first = next(read_jsonl(made / "records.jsonl"))
        assert (first["instruction"], first["output"]) == ("말하라 2 강.", "`Han` 그리고 나일.")
        assert json.loads((made / "manifest.json").read_text())["config"]["honorific"] is False
        assert main(["run", "r.yaml", "--yes"]) == 0 and len(server.requests) == sent
        alone = ["translate", "rows.jsonl", "-o", "out", "--engine", NAME, "--papago-url", server.url]
        assert main([*alone, "--max-chars", "999", "--yes"]) == 0 and len(server.requests) == 2 * sent
        assert next(read_jsonl(folder / "out" / "records.jsonl"))["instruction"].endswith("요")
    assert main(["run", "r.yaml", "translate.honorifc=true", "--name", "b"]) == 2
    told = capsys.readouterr().err
    assert "did you mean 'honorific'?" in told
    assert f"translate with engine {NAME} accepts: engine, fallback," in told and "glossary_id" not in told


def test_help_shows_the_options_of_the_engine_alone(folder, capsys):
    def help_of(*words: str) -> str:
        with pytest.raises(SystemExit):
            main(["translate", *words, "--help"])
        return capsys.readouterr().out

    own = help_of("--engine", NAME)
    assert "--honorific" in own and "Ask for the polite form." in own and "--glossary-id" not in own
    llm = help_of("--engine", "llm", "--fallback", "deepl")
    assert "--json-schema" in llm and "--glossary-id" in llm and "--num-beams" not in llm
    everything = help_of()
    assert all(f"--{name.replace('_', '-')}" in everything for name in translate.Config.model_fields)
    assert "engine llm: The endpoint's model name." in " ".join(everything.split())


def test_options_of_another_engine_still_pass_and_old_configs_keep_their_hash():
    old = translate.Config(engine="llm", model="gpt-4o-mini", fallback="deepl")
    later = {"free"}  # options that came since: at their default they are no difference (running/made_with.py)
    assert hash_of(["translate", translate.Config().model_dump(mode="json", exclude=later), 0]) == "c62ea82ca6cf62d7"
    assert hash_of(["translate", old.model_dump(mode="json", exclude=later), 7]) == "f1060b00969d848d"
    assert hash_of(["repair", repair.Config().model_dump(mode="json"), 0]) == "1eccda8ccf7d30e8"
    found = find_stage("translate").config({"engine": "deepl", "speech_level": "해요체", "num_beams": 3})
    assert type(found) is translate.Config


def test_an_option_that_engines_share_has_one_type_and_default():
    for name in translate.Config.model_fields:
        found = {
            (str(field.annotation), repr(field.default))
            for engine in ENGINES
            if (field := find_engine(engine).Config.model_fields.get(name))
        }
        assert len(found) <= 1, f"{name}: {found}"


def test_an_engine_that_lacks_something_is_told(folder, capsys):
    (folder / "mypackage" / "empty.py").write_text("class engine:\n    files = 3\n    class Config: pass\n")
    words = ["translate", "rows.jsonl", "-o", "out", "--engine", "mypackage.empty:engine"]
    assert main(words) == 2
    told = capsys.readouterr().err
    for what in (
        "open_client is missing",
        "body is missing",
        "parse is missing",
        "files is 3",
        "Config is no subclass",
    ):
        assert what in told
    assert "docs/adding.md" in told and "Traceback" not in told
    with pytest.raises(UserError, match="did you mean 'deepl'"):
        find_stage("translate").config({"engine": "depl"})


def test_a_missing_key_is_told_before_the_first_stage(folder, monkeypatch, capsys):
    monkeypatch.delenv("PAPAGO_KEY")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    text = f"max_chars: 99\nstages:\n- load: {{path: rows.jsonl}}\n- translate: {{engine: '{NAME}'}}\n"
    (folder / "r.yaml").write_text(text)
    assert main(["run", "r.yaml", "--yes"]) == 2
    told = capsys.readouterr().err
    assert "PAPAGO_KEY is not set" in told and "OPENAI" not in told and "DEEPL" not in told


def test_repair_takes_the_engine_with_its_options(folder):
    config = find_stage("repair").config({"engine": NAME, "honorific": False})
    engine, options = repair._engine(config)
    assert (engine.name, options.engine, options.honorific) == (NAME, NAME, False)
