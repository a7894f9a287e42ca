"""grpo: the mean reward rises, every sampled answer is kept, a killed training goes on, what cannot be is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hunmin.artifacts.record import problems, read_jsonl
from hunmin.errors import UserError
from hunmin.stages import grpo
from hunmin.stages.protocol import find_stage

from . import small

HOME = Path(__file__).parent


def hangul(answer: str, record) -> float:
    """The share of an answer's characters that are Hangul: a random model has few, a few steps show more."""
    return sum("가" <= c <= "힣" for c in answer) / max(1, len(answer))


REWARDS = {"tests.model.test_grpo:hangul": 1.0, "refusal": -0.5}


def config(**options) -> grpo.Config:
    return grpo.Config(
        **{
            "base_model": small.base(),
            "template": "kullm",
            "rewards": REWARDS,
            "n": 4,
            "batch_size": 8,
            "micro_batch_size": 8,
            "max_new_tokens": 8,
            "max_length": 400,
            "learning_rate": 4e-2,
            "lr_scheduler": "constant",
            "warmup_ratio": 0.0,
            "lora_dropout": 0.0,
            "logging_steps": 1,
            "device": "cpu",
            **options,
        }
    )


def rows(n: int = 4) -> list[dict]:
    return [{k: v for k, v in r.items() if k != "output"} for r in small.records(n)]


@pytest.mark.slow
def test_the_mean_reward_rises_and_every_answer_is_kept_with_what_it_earned(tmp_path):
    given = small.inputs(tmp_path, rows(), label="grpo")
    groups = {"method": "full", "learning_rate": 1e-2, "n": 8, "batch_size": 16, "micro_batch_size": 16}
    counts = grpo.run(config(max_steps=10, **groups), given, tmp_path / "out")
    assert counts.notes["last_reward"] > counts.notes["first_reward"] + 0.08
    samples = list(read_jsonl(tmp_path / "out" / "samples.jsonl"))
    assert len(samples) == 10 * 16 and {s["step"] for s in samples} == set(range(1, 11))
    for sample in samples:
        assert (
            not problems({k: v for k, v in sample.items() if k not in ("rewards", "reward", "step")})
            or not sample["output"]
        )
        total = sum(REWARDS[name] * value for name, value in sample["rewards"].items() if value is not None)
        assert sample["reward"] == pytest.approx(total, abs=1e-5)
    losses = json.loads((tmp_path / "out" / "losses.json").read_text("utf-8"))
    shown = json.loads((tmp_path / "out" / "samples.json").read_text("utf-8"))
    assert [r["reward"] for r in losses if "reward" in r] and shown[0]["answers"]
    by_step = [s["reward"] for s in samples if s["step"] == 3]
    assert next(r["reward"] for r in losses if r["step"] == 3) == pytest.approx(sum(by_step) / 16, abs=1e-4)


@pytest.mark.slow
def test_a_training_stopped_in_the_middle_goes_on_and_keeps_each_steps_answers_once(tmp_path):
    """Weights, optimizer and prompts go on from the checkpoint; what is sampled after it may differ."""
    given = small.inputs(tmp_path, rows(), label="grpo")
    same = config(max_steps=4, save_steps=2, rewards={**REWARDS, "tests.model.test_grpo:breaks": 0.5})
    FAULT["left"] = 2 * 8 + 1
    with pytest.raises(ZeroDivisionError):
        grpo.run(same, given, tmp_path / "out")
    FAULT["left"] = None
    before = list(read_jsonl(tmp_path / "out" / "samples.jsonl"))
    counts = grpo.run(same, given, tmp_path / "out")
    after = list(read_jsonl(tmp_path / "out" / "samples.jsonl"))
    assert [s["step"] for s in after] == [1] * 8 + [2] * 8 + [3] * 8 + [4] * 8
    assert after[:16] == before[:16] and counts.notes["steps"] == 4


FAULT: dict[str, int | None] = {"left": None}


def breaks(answer: str, record) -> float:
    """A measure that fails after so many answers, as a killed process would end there."""
    if FAULT["left"] is not None:
        FAULT["left"] -= 1
        if FAULT["left"] < 0:
            raise ZeroDivisionError
    return 0.0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"batch_size": 6, "micro_batch_size": 2}, "whole groups"),
        ({"rewards": {}}, "name at least one"),
        ({"rewards": {"length": 1.0}}, "neither good nor bad"),
        ({"rewards": {"foreign_scrip": 1.0}}, "did you mean 'foreign_script'"),
        ({"val_size": 2}, "no use here"),
    ],
)
def test_options_that_cannot_be_are_told_before_anything_runs(options, says):
    assert says in " ".join(find_stage("grpo").check(config(**options)))


def test_a_verifier_without_gold_answers_is_told(tmp_path):
    given = small.inputs(tmp_path, rows(), label="grpo")
    with pytest.raises(UserError, match="nothing to verify by in any of 4"):
        grpo.run(config(rewards={"final_answer": 1.0}), given, tmp_path / "out")
