"""What a rehearsal replaces, said in words; the rows it writes are read back by the real formats."""

from __future__ import annotations

import pytest

from hunmin.artifacts.record import read_jsonl, texts
from hunmin.commands import cli
from hunmin.measures.final_answer import final_answer
from hunmin.running import recipe, rehearse
from hunmin.stages import load
from hunmin.text.filler import filler

# chatml builds a tokenizer with torch: those recipes are rehearsed in tests/e2e
HEAVY = ("quickstart", "starter", "qwen3-0.6b", "tri-1.9b", "ko-sft-2026", "ko-tulu", "ko-reason")
LIGHT = [n for n in recipe.packaged_names() if n not in HEAVY]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.parametrize("name", LIGHT)
def test_the_same_stages_at_tiny_size_and_every_change_is_said(name):
    full = recipe.load(name)
    tiny, said = rehearse.tiny(full)
    assert [s.stage.name for s in tiny.steps] == [s.stage.name for s in full.steps]
    assert tiny.name == f"{full.name}-tiny"
    told = "\n".join(said)
    for before, after in zip(full.steps, tiny.steps, strict=True):
        changed = [k for k, v in before.config.model_dump().items() if after.config.model_dump()[k] != v]
        assert not changed or f"{before.label}:" in told, f"{before.label} changed {changed} and nothing was said"
        for hub in (getattr(before.config, "hub", None), getattr(before.config, "base_model", None)):
            assert not hub or hub in told
        assert not getattr(after.config, "base_model", "") or after.config.base_model.startswith("tiny:")
        if after.stage.name in ("rate", "judge", "translate"):
            assert "recorded replies" in told
        if after.stage.name in ("rate", "judge"):
            assert after.config.model == "recorded-replies"
        assert not after.stage.paid(after.config)


@pytest.mark.parametrize(
    ("name", "base"), [("kullm-v2", "tiny:neox"), ("korae-13b", "tiny:llama"), ("korae-13b-dpo", "tiny:llama")]
)
def test_the_base_keeps_its_architecture(name, base):
    tiny, _ = rehearse.tiny(recipe.load(name))
    assert [s.config.base_model for s in tiny.steps if s.stage.name in ("sft", "dpo")] == [base]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("kullm-v2", "alpaca"),
        ("kot-platypus2-7b", "cot"),
        ("korae-13b-dpo", "ultrafeedback"),
        ("data/user-oriented-ko", "instances"),
        ("data/kullm-v1", "columns"),
        ("ko-reason-270m", "columns"),
    ],
)
def test_sources_are_bundled_rows_in_the_sources_own_format(name, shape):
    tiny, _ = rehearse.tiny(recipe.load(name))
    config = tiny.steps[0].config
    path = load.Path(config.path) if config.path else load.Path(config.hub) / "train.jsonl"
    notes: dict = {}
    own = config.model_copy(update={"hub": None, "path": str(path), "split": None})
    records = list(load.records(own, notes))
    assert notes["format"] == shape and len(records) >= 24
    files = [recipe.BUNDLED / f"{name}.jsonl" for name in ("en", "ko", "preference", "maths")]
    bundled = {row["id"] for file in files for row in read_jsonl(file)}
    assert {record["id"] for record in records} <= bundled


def test_the_bundled_problems_are_right_but_for_one_in_eight():
    rows = list(read_jsonl(recipe.BUNDLED / "maths.jsonl"))
    scores = [final_answer(row["output"], row) for row in rows]
    assert (len(rows), scores.count(0.0), scores.count(1.0)) == (64, 8, 56)


def test_problems_bring_their_gold_answer_and_a_right_and_a_wrong_reply_stand_for_the_models_own():
    tiny, said = rehearse.tiny(recipe.load("ko-reason-270m"))
    rows = list(load.records(tiny.steps[0].config))
    assert all(row["extra"]["answer"] for row in rows)
    respond, pair = (next(s.config for s in tiny.steps if s.stage.name == name) for name in ("respond", "pair"))
    assert (pair.by, pair.min_chosen) == ("final_answer", 1) and respond.gold == "extra.answer"
    golds = {row["id"]: row for row in rows}
    replies = list(read_jsonl(load.Path(respond.base_url.removeprefix("recorded:"))))
    scores = [(r["prompt"], final_answer(r["reply"], golds[r["id"]])) for r in replies if r["id"] in golds]
    assert {s for k, s in scores if k == "1"} == {0.0} and sum(s == 1 for k, s in scores if k == "0") == 42
    assert "the model's own answers by recorded replies" in "\n".join(said)


def test_rows_with_thoughts_stand_for_reasoning_data():
    rows = rehearse.sources.with_thoughts()
    assert all(row["thinking"].endswith("다.") and "정답은" in row["output"] for row in rows)
    assert all("정답은" not in row["thinking"] for row in rows)


def test_every_field_that_is_translated_has_a_recorded_reply():
    for name in ("data/kopen-platypus", "data/kocot-2000", "data/kullm-v2"):
        tiny, _ = rehearse.tiny(recipe.load(name))
        replies = {(r["id"], r["field"]) for r in read_jsonl(load.Path(tiny.steps[_at(tiny)].config.replies))}
        first = tiny.steps[0].config
        folders = [first.hub] if hasattr(first, "hub") else [s.hub for s in first.sources]
        for folder in folders:
            shape = next(s for s in getattr(first, "sources", [first]) if s.hub == folder)
            own = load.Config(path=f"{folder}/train.jsonl", format=shape.format, columns=shape.columns)
            missing = [(r["id"], f) for r in load.records(own) for f in texts(r) if (r["id"], f) not in replies]
            assert not missing


def _at(tiny) -> int:
    return next(i for i, s in enumerate(tiny.steps) if s.stage.name == "translate")


def test_a_file_of_ones_own_is_read_itself(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"instruction": "질문", "output": "답"}\n' * 3, encoding="utf-8")
    text = f"stages:\n- load: {{path: {path}}}\n- sft: {{base_model: a/b}}\n"
    tiny, said = rehearse.tiny(recipe.parse(text, tmp_path / "r.yaml"))
    assert tiny.steps[0].config.path == str(path) and tiny.steps[0].config.limit == rehearse.ROWS
    assert tiny.steps[1].config.base_model == "tiny:llama" and any("limit" in line for line in said)


OWN = """\
{"instruction": "Summarise the text.", "input": "Meet at 10:30, see https://example.org now.", "output": "At 10:30."}
{"instruction": "Write it.", "output": "```python\\ndef add(a, b):\\n    return a + b\\n```\\nCall it."}
"""


def test_english_data_of_ones_own_is_rehearsed_through_stand_ins_and_they_are_named(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.jsonl").write_text(OWN, encoding="utf-8")
    (tmp_path / "r.yaml").write_text(
        "name: mine\nmax_usd: 1\nstages:\n- load: {path: my.jsonl}\n- translate: {engine: deepl}\n- check:\n- repair:\n"
        "- rate: {model: gpt-4.1-mini}\n- filter: {min_score: 1, keep_unrated: false}\n",
        encoding="utf-8",
    )
    assert cli.main(["run", "r.yaml", "--scale", "tiny"]) == 0
    out = capsys.readouterr().out
    assert "your own texts have none: Korean filler words stand in for their translation" in out
    assert "your own records have none: those of other records stand in" in out
    assert "2 of 2 with a score" in out
    rows = list(read_jsonl(tmp_path / "runs/mine-tiny/06-filter/records.jsonl"))
    assert "10:30" in rows[0]["input"] and "https://example.org" in rows[0]["input"]
    assert "def add(a, b):" in rows[1]["output"] and "Call" not in rows[1]["output"]
    assert rows[0]["original"]["instruction"] == "Summarise the text."
    assert "no translation but Korean filler words" in (tmp_path / "runs/mine-tiny/report.html").read_text("utf-8")


def test_filler_keeps_what_a_translation_keeps_and_is_always_the_same():
    text = "Run `ls -l` 3 times on $x^2$ at https://a.org. Ready?\n- Apples\n"
    told = filler(text)
    assert told == filler(text) and told != text
    for kept in ("`ls -l`", " 3 ", "$x^2$", "https://a.org", "\n- "):
        assert kept in told
    assert not {"Run", "times", "Ready", "Apples"} & set(told.split()) and filler("네, 3개") == "네, 3개"
