"""Every packaged recipe: valid, described, its values as published, and rehearsable without leaving a Hub id behind."""

from __future__ import annotations

import json
import re

import pytest

from hunmin.artifacts.record import read_jsonl, texts
from hunmin.errors import UserError
from hunmin.publishing import known
from hunmin.raters.scores import parse_scale, read
from hunmin.running import recipe, run

OWN = [n for n in recipe.packaged_names() if n not in ("quickstart", "starter")]
MODELS = [
    "kullm-v1", "kullm-v2", "ko-platypus2-13b", "ko-platypus2-7b-ex", "kot-platypus2-7b", "cot-llama-2k-7b",
    "korae-13b", "korae-13b-dpo",
]  # fmt: skip
DATA = ["kopen-platypus", "kocot-2000", "korae-12k", "kullm-v1", "kullm-v2", "user-oriented-ko"]


def options(name, label):
    return next(s.config for s in recipe.load(name).steps if s.label == label)


def test_the_recipes_of_the_five_efforts_are_there():
    assert set(MODELS) | {f"data/{n}" for n in DATA} <= set(OWN)


@pytest.mark.parametrize("name", recipe.packaged_names())
def test_it_is_valid_and_says_what_it_is(name):
    loaded = recipe.load(name)
    assert loaded.name == name or name in ("starter",)
    first = recipe.find(name).read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"# .{20,130}", first), first


@pytest.mark.parametrize("name", OWN)
def test_nothing_is_uploaded_unasked_and_paid_stages_have_a_limit(name):
    loaded = recipe.load(name)
    assert all(s.config.repo is None for s in loaded.steps if s.stage.name == "publish")
    paid = [s for s in loaded.steps if s.stage.paid(s.config)]
    assert not paid or loaded.max_usd or loaded.max_chars


def test_a_file_or_key_that_a_late_stage_needs_is_missed_before_the_first_stage(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    loaded, ours = recipe.load("kullm-v2"), tmp_path / "r"
    with pytest.raises(UserError) as both:
        run.execute(loaded, ours, run.Options())
    assert "judge: no such file: user_oriented_instructions_eval.jsonl" in str(both.value)
    assert "OPENAI_API_KEY is not set" in str(both.value) and "kullm-v2.yaml:" in str(both.value)
    (tmp_path / "user_oriented_instruction_eval.jsonl").write_text("{}")  # a letter is missing
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    with pytest.raises(UserError, match="did you mean 'user_oriented_instruction_eval.jsonl'") as one:
        run.execute(loaded, ours, run.Options())
    assert "OPENAI" not in str(one.value)
    assert not list(ours.glob("0*"))


@pytest.mark.parametrize("name", OWN)
def test_every_hub_source_and_base_is_known_offline(name):
    for step in recipe.load(name).steps:
        given = [getattr(step.config, "hub", None)]
        given += [s.hub for s in getattr(step.config, "sources", ())]
        for hub in filter(None, given):
            assert known.dataset(hub), f"{hub} is not in known_sources.json"
        base = getattr(step.config, "base_model", "")
        if base and "/" in base:
            assert known.model(base), f"{base} is not in known_sources.json"


@pytest.mark.parametrize("name", OWN)
def test_the_values_that_decide_have_their_source_beside_them(name):
    lines = recipe.find(name).read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        if re.match(r"\s+(learning_rate|base_model|hub|min_score|engine|criteria):", line):
            above = lines[max(0, i - 18) : i]
            assert any(text.strip().startswith("#") for text in above), f"{name}:{i + 1} has no comment above it"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ko-platypus2-13b", {"base_model": "meta-llama/Llama-2-13b-hf", "learning_rate": 4e-4, "warmup_steps": 100}),
        ("ko-platypus2-13b", {"lora_r": 16, "lora_alpha": 16, "batch_size": 16, "num_train_epochs": 1}),
        ("ko-platypus2-7b-ex", {"base_model": "beomi/llama-2-ko-7b", "learning_rate": 4e-4, "max_length": 4096}),
        ("kot-platypus2-7b", {"base_model": "kyujinpy/KO-Platypus2-7B-ex", "batch_size": 64, "max_length": 4096}),
        ("cot-llama-2k-7b", {"num_train_epochs": 15, "learning_rate": 1e-5, "max_length": 2048}),
        ("cot-llama-2k-7b", {"lr_scheduler": "linear", "micro_batch_size": 1}),
        ("korae-13b", {"lora_r": 8, "lora_alpha": 16, "warmup_ratio": 0.03, "micro_batch_size": 4}),
        ("kullm-v1", {"num_train_epochs": 5, "max_length": 512, "val_size": 2000, "train_on_inputs": True}),
        ("kullm-v2", {"num_train_epochs": 8, "batch_size": 128, "num_processes": 4, "learning_rate": 3e-4}),
    ],
)
def test_published_values_of_sft(name, values):
    config = options(name, "sft")
    assert {k: getattr(config, k) for k in values} == values


def test_published_values_of_dpo():
    config = options("korae-13b-dpo", "dpo")
    found = (config.beta, config.learning_rate, config.num_train_epochs, config.max_prompt_length, config.max_length)
    assert found == (0.1, 5e-7, 3, 2048, 4096)
    assert len(config.target_modules) == 7 and config.lr_scheduler == "linear" and config.warmup_ratio == 0.1


def test_korae_keeps_what_was_rated_8_5_and_at_most_the_published_amount():
    config = options("data/korae-12k", "filter")
    assert (config.min_score, config.top_k) == (8.5, 12000)


def test_the_four_published_tasks_and_shots():
    config = options("ko-platypus2-13b", "evaluate")
    assert config.tasks == ["copa", "hellaswag", "boolq", "sentineg"] and config.num_fewshot == [0, 5, 10, 50]
    assert config.protocol == "harness"


def test_recorded_ratings_answer_every_bundled_record_and_two_cannot_be_read():
    ids = {row["id"] for row in read_jsonl(recipe.BUNDLED / "ko.jsonl")}
    rows = list(read_jsonl(recipe.BUNDLED / "rate_replies.jsonl"))
    assert {row["id"] for row in rows} == ids and all(row["field"] == "rating" for row in rows)
    scores = [read(row["reply"], parse_scale("0-10")).score for row in rows]
    assert scores.count(None) == 2
    assert sum(s is not None and s >= 8.5 for s in scores) >= 24


def test_recorded_verdicts_answer_every_question():
    asked = {row["id"] for row in read_jsonl(recipe.BUNDLED / "questions.jsonl")}
    rows = list(read_jsonl(recipe.BUNDLED / "judge_replies.jsonl"))
    assert {row["id"] for row in rows if row["field"].startswith("judge.score.")} == asked


def test_every_known_figure_names_where_it_is_from():
    everything = json.loads(known.PATH.read_text(encoding="utf-8"))
    for group in ("datasets", "models"):
        for name, row in everything[group].items():
            assert row["figure"], name
            assert isinstance(row["gated"], bool) and "license" in row
    assert known.dataset("skt/kobest_v1") and texts({"instruction": "a", "output": "b"})
