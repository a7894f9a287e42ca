"""The table of the five efforts: every cell is computed from the recipes, and a regressed one fails here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from hunmin.running import recipe

SPEC = importlib.util.spec_from_file_location("seeds", Path(__file__).parents[2] / "docs" / "seeds.py")
assert SPEC and SPEC.loader
seeds = importlib.util.module_from_spec(SPEC)
sys.modules["seeds"] = seeds
SPEC.loader.exec_module(seeds)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_every_published_value_stands_in_its_recipe_and_the_page_is_the_codes():
    assert seeds.problems() == []
    assert seeds.PAGE.read_text(encoding="utf-8") == seeds.page()
    assert seeds.IN.read_text(encoding="utf-8") == seeds.inserted()


def test_a_value_that_regresses_is_named_and_fails_the_check(monkeypatch, capsys):
    wrong = seeds.Seed("X", "kullm-v2", "a page", {"sft.num_train_epochs": 9, "sft.no_such": 1, "sft.lora_r": 8})
    assert seeds.values(wrong) == (
        1,
        [
            "sft.num_train_epochs is 8.0, published 9",
            "sft.no_such is 'no such option', published 1",
        ],
    )
    monkeypatch.setattr(seeds, "SEEDS", (wrong,))
    monkeypatch.setattr(sys, "argv", ["seeds.py", "--check"])
    assert seeds.main() == 1
    assert "kullm-v2: sft.num_train_epochs is 8.0, published 9" in capsys.readouterr().err


def test_kullm_v1_says_whose_data_it_trains_on():
    assert next(s.config.hub for s in recipe.load("kullm-v1").steps if s.label == "load") == "nlpai-lab/kullm-v2"
    row = next(line for line in seeds.page().splitlines() if "`kullm-v1`" in line)
    assert "v2's data" in row


def test_every_recipe_of_the_five_efforts_has_its_row():
    known = {seed.recipe for seed in seeds.SEEDS}
    others = {"quickstart", "starter", "qwen3-0.6b", "tri-1.9b", "tri-0.5b", "gemma3-270m", "data/korean-maths-pairs",
              "ko-reason", "ko-reason-270m", "ko-sft-2026", "ko-tulu", "data/user-oriented-ko"}  # fmt: skip
    without = {name for name in recipe.packaged_names() if name not in known | others}
    assert without <= {"data/kullm-v1", "data/kullm-v2"}
