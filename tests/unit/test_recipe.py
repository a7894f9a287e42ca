from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hunmin.errors import UserError
from hunmin.running import recipe


def check(text: str, *overrides: str):
    return recipe.parse(text, Path("r.yaml"), overrides)


def message(text: str, *overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        check(text, *overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


GOOD = """\
name: trial
seed: 3
stages:
  - load:
      path: data.jsonl
      provides: [ratings]
  - filter:
      min_score: 8.5
  - sft:
      base_model: tiny:llama
      learning_rate: 1e-5
"""


def test_a_good_recipe_is_a_list_of_configs():
    found = check(GOOD)
    assert [s.label for s in found.steps] == ["load", "filter", "sft"]
    assert found.steps[1].config.min_score == 8.5
    assert found.steps[2].config.learning_rate == 1e-5, "1e-5 is a number"
    assert found.steps[0].where == "r.yaml:4"


def test_all_problems_at_once_with_line_and_did_you_mean():
    text = """\
name: trial
sead: 3
stages:
  - load:
      path: data.jsonl
  - filtre:
      min_score: 1
  - filter:
      mim_score: 8.5
  - sft:
      base_model: x
      learning_rate: fast
"""
    told = message(text)
    assert "r.yaml:2: unknown key 'sead'; did you mean 'seed'?" in told
    assert "r.yaml:6: stages[1]: unknown stage 'filtre'; did you mean 'filter'?" in told
    assert "r.yaml:9: stages[2].filter.mim_score: unknown key; did you mean 'min_score'?" in told
    assert "r.yaml:12: stages[3].sft.learning_rate" in told
    assert "4 problems" in told


def test_a_contract_gap_is_found_before_anything_runs():
    told = message("name: a\nstages:\n  - load: {path: d.jsonl}\n  - filter: {min_score: 8}\n")
    assert "'filter' reads 'ratings', but no earlier stage adds it" in told
    assert "put 'rate' before it" in told and "load.provides: [ratings]" in told


def test_a_missing_artifact_is_found():
    assert "'sft' needs records" in message("name: a\nstages:\n  - sft: {base_model: x}\n")
    assert "'merge' needs model" in message("name: a\nstages:\n  - load: {path: d.jsonl}\n  - merge:\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a\nstages:\n  - load: {path: a}\n  - load: {path: b}\n", "label 'load' stands twice"),
        ("name: a\nstages:\n  - load: {path: a}\n    sft:\n", "expected one key"),
        ("name: a\nname: b\nstages:\n  - load: {path: a}\n", "stands twice"),
        ("name: a\nstages: 3\n", "'stages' must be a list"),
        ("name: a\nseed: x\nstages:\n  - load: {path: a}\n", "seed: expected int, got 'x'"),
        ("- a\n- b\n", "a recipe is a map"),
        ("name: [\n", "r.yaml:2"),
        ("name: a\nstages:\n  - load: [1]\n", "expected options as a map"),
    ],
)
def test_malformed_recipes_say_what_and_where(text, words):
    assert words in message(text)


def test_overrides_are_typed_and_checked():
    found = check(GOOD, "sft.learning_rate=3e-4", "seed=9", "filter.min_score=7")
    assert (found.seed, found.steps[2].config.learning_rate, found.steps[1].config.min_score) == (9, 3e-4, 7)
    assert "no stage labelled 'stf'; did you mean 'sft'?" in message(GOOD, "stf.learning_rate=1")
    assert "unknown key; did you mean 'learning_rate'?" in message(GOOD, "sft.learning_rat=1")
    assert "expected label.key=value" in message(GOOD, "sft.learning_rate")


def test_labels_let_a_stage_stand_twice_and_seeds_derive_from_them():
    text = GOOD + "  - filter:\n      as: strict\n      min_score: 9\n"
    found = check(text, "strict.min_score=9.5")
    assert found.steps[3].config.min_score == 9.5
    assert found.stage_seed("filter") != found.stage_seed("strict")
    assert found.stage_seed("filter") == check(GOOD).stage_seed("filter")


def test_the_resolved_recipe_has_every_default_and_reads_back_equal():
    found = check(GOOD)
    text = recipe.resolved(found)
    again = check(text)
    assert [s.config for s in again.steps] == [s.config for s in found.steps]
    options = yaml.safe_load(text)["stages"][2]["sft"]
    assert set(options) == set(type(found.steps[2].config).model_fields)


def test_bundled_paths_and_unknown_names():
    found = check("name: a\nstages:\n  - load: {path: 'bundled:en.jsonl'}\n")
    assert Path(found.steps[0].config.path).is_file()
    with pytest.raises(UserError, match="did you mean 'quickstart'"):
        recipe.load("quikstart")
    with pytest.raises(UserError, match="no such recipe file"):
        recipe.load("nowhere/r.yaml")


@pytest.mark.parametrize("name", recipe.packaged_names())
def test_every_packaged_recipe_is_valid(name):
    found = recipe.load(name)
    assert found.steps
    assert recipe.find(name).read_text(encoding="utf-8").startswith("# "), "the first line says what it is"
