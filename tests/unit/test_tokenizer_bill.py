"""The tokenizer's bill: tokens per Korean character of bases whose tokenizers are here, and rows that are too long."""

from __future__ import annotations

import json

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import write_jsonl
from hunmin.commands import cli
from hunmin.train import tokenizer_bill


def base(folder, by_character):
    """A model folder with a tokenizer: one token a character, or one a word."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    pattern = Regex("." if by_character else r"\s")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern, "isolated" if by_character else "removed")
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text("{}")
    return folder


def record(i, text, **more):
    return {"id": f"r{i}", "source": "s", "instruction": text, "output": "이천이십육 년입니다", **more}


@pytest.fixture
def bases(tmp_path):
    return base(tmp_path / "b" / "characters", True), base(tmp_path / "b" / "words", False)


def test_korean_is_counted_on_the_data_beside_another_base(bases, tmp_path):
    """14 and 10 characters: one token each, or six words; the English row counts for nothing but its own length."""
    characters, words = bases
    rows = [record(0, "오늘은 무슨 날인가요?"), record(1, "What year is it? " * 20, output="2026")]
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs("sft", records=tmp_path / "in.jsonl")
    found = tokenizer_bill.bill(str(characters), inputs, max_length=100)
    assert found["korean_tokens_per_character"] == {str(characters): 1.0, str(words): round(5 / 22, 3)}
    assert found["tokenizer_measured_on"] == "the Korean of 2 records"
    assert found["rows_over_max_length"] == "1 of 2 looked at"
    assert tokenizer_bill.per_character(found, str(characters)) == 1.0


def test_without_korean_the_packaged_texts_are_counted_and_a_base_that_is_not_here_is_not_known(bases):
    found = tokenizer_bill.bill("nobody/has-this", Inputs("sft"), max_length=100)
    assert found["korean_tokens_per_character"]["nobody/has-this"] is None
    assert "rows_over_max_length" not in found
    english = Inputs("sft", expected={tokenizer_bill.RECORDS: [{"instruction": "Hello", "output": "there"}]})
    found = tokenizer_bill.bill(str(bases[1]), english, 100)
    assert found["korean_tokens_per_character"][str(bases[1])] < 0.5
    assert "not there yet" in found["tokenizer_measured_on"]


def test_a_dry_run_shows_it_before_anything_is_loaded(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "in.jsonl", [record(0, "오늘은 무슨 날인가요?")])
    recipe = "stages:\n  - load: {path: in.jsonl}\n  - sft: {base_model: Qwen/Qwen3-0.6B-Base, template: chatml}\n"
    (tmp_path / "r.yaml").write_text(recipe)
    assert cli.main(["run", "r.yaml", "--dry-run", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)[1]
    if row["korean_tokens_per_character"]["Qwen/Qwen3-0.6B-Base"] is None:  # unless its tokenizer lies in the cache
        assert "0.74 tokens per Korean character assumed" in row["tokenizer"]
    assert cli.main(["run", "r.yaml", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "korean_tokens_per_character:" in told and "None" not in told
    assert not (tmp_path / "runs").exists()
