"""Before the first paid request all stages are looked at: what would fail after paying fails before it."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from hunmin.commands import cli
from tests.fakes.openai_server import OpenAIServer

from . import small


@pytest.fixture
def paid(tmp_path, monkeypatch, capsys):
    """`paid(stage, options)`: (exit code, words, requests sent) of a run, and of its dry run, that pays first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    rows = [{"instruction": f"Name fruit number {i}.", "output": "A pear."} for i in range(4)]
    (tmp_path / "my.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "prices.yaml").write_text("m: {input: 1, output: 1}\n")

    def go(*stages):
        with OpenAIServer() as server:
            rate = {"rate": {"model": "m", "base_url": server.url}}
            recipe = {"name": "r", "max_usd": 5, "stages": [{"load": {"path": "my.jsonl"}}, rate, *stages]}
            (tmp_path / "r.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
            codes = [cli.main(["run", "r.yaml", *more]) for more in (["--yes"], ["--dry-run"])]
            said = capsys.readouterr()
            return codes, said.out + said.err, len(server.requests)

    return go


def copy(tmp_path):
    return shutil.copytree(small.base(), tmp_path / "base")


def stops(found, why, dry=2):
    codes, said, sent = found
    assert sent == 0 and codes == [2, dry] and said.count(why) == 2, found


def test_names_that_the_base_does_not_have_stop_before_paying(paid, tmp_path):
    base = str(copy(tmp_path))
    stops(paid({"sft": {"base_model": base, "target_modules": ["q_proj", "qproj"]}}), "'qproj' matches nothing")
    stops(paid({"sft": {"base_model": base, "modules_to_save": ["embed"]}}), "'embed' matches nothing")
    stops(paid({"sft": {"base_model": base, "target_modules": ["lm_head"]}}), "output head")
    stops(paid({"sft": {"base_model": base, "template": "nosuch"}}), "nosuch")


def test_broken_weights_and_missing_libraries_stop_before_paying(paid, tmp_path, monkeypatch):
    base = copy(tmp_path)
    path = base / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    stops(paid({"sft": {"base_model": str(base)}}), "a weight file is cut off")
    stops(paid({"rate": {"as": "ifd", "rater": "ifd", "model": str(base)}}), "a weight file is cut off", dry=0)
    shutil.copy(f"{small.base()}/{path.name}", path)
    from hunmin.running import needs

    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    nf4 = {"sft": {"base_model": str(base), "quantization": "nf4"}}
    stops(paid(nf4), "needs bitsandbytes, which is not installed", dry=0)


def test_a_model_that_answers_is_opened_but_for_its_weights(paid, tmp_path):
    base = copy(tmp_path)
    respond = {"respond": {"engine": "local", "model": str(base)}}
    (base / "chat_template.jinja").unlink(missing_ok=True)
    stops(paid(respond), "brings no chat template")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (base / name).unlink()
    stops(paid(respond), "the folder holds no tokenizer")
    (base / "config.json").write_text('{"model_type": "nosuch"}')
    ifd = {"rate": {"as": "ifd", "rater": "ifd", "model": str(base)}}
    stops(paid(ifd), "model cannot be opened")


def test_files_of_later_stages_are_read_before_paying(paid, tmp_path):
    (tmp_path / "b.jsonl").write_text("{\n")
    stops(paid({"decontaminate": {"against": ["b.jsonl"]}}), "b.jsonl")
