"""Templates of 2026 in training: dates that stand still, turns that change, reasoning learned, shown or dropped."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from hunmin.models import finding
from hunmin.stages import sft
from hunmin.templates.render import load_template
from hunmin.train import labels, prepare, preview

from . import small

CHAT = {
    "id": "c",
    "source": "t",
    "messages": [
        {"role": "user", "content": "하나 더하기 하나는?"},
        {"role": "assistant", "content": "둘입니다.", "thinking": "손가락을 센다."},
        {"role": "user", "content": "둘 더하기 둘은?"},
        {"role": "assistant", "content": "넷입니다.", "thinking": "다시 센다."},
    ],
}
TAGS = "im_start im_end start end message channel return call begin_of_text start_header_id end_header_id eot_id"


def tokenizer_with(name: str):
    import copy

    made = copy.deepcopy(small.tokenizer())
    made.add_special_tokens({"additional_special_tokens": [f"<|{t}|>" for t in TAGS.split()]})
    made.eos_token = "<|return|>" if name.startswith("gptoss") else "<|im_end|>"
    made.chat_template = resources.files("trl").joinpath("chat_templates", f"{name}.jinja").read_text("utf-8")
    return made


def template_of(name: str, **options):
    tokenizer = tokenizer_with(name)
    return prepare.template_of(sft.Config(base_model="-", template="model", **options), tokenizer)[0], tokenizer


def learned(template, tokenizer, thinking="auto", record=CHAT):
    rows, report = labels.rows_of([record], template, tokenizer, max_length=4096, thinking=thinking)
    row = rows[0]
    return tokenizer.decode([t for t in row.labels if t != labels.IGNORED]), tokenizer.decode(row.input_ids), report


def test_trls_training_edition_keeps_every_turn():
    template, tokenizer = template_of("qwen3")
    assert not re.search(r"{%-?\s*(end)?generation", template.chat_template)
    trained, _, report = learned(template, tokenizer)
    assert "둘입니다." in trained and "넷입니다." in trained and "더하기" not in trained
    assert report.n_turns_not_learned == 0 and report.n_turns == 2


def test_gpt_oss_is_learned_by_its_last_turn_and_ends_with_its_own_sign():
    template, tokenizer = template_of("gptoss")
    trained, _, report = learned(template, tokenizer)
    assert trained.endswith("넷입니다.<|return|>") and report.n_turns_not_learned == 1


def test_a_template_that_shows_old_turns_otherwise_teaches_the_last_and_says_how_many_not():
    tokenizer = tokenizer_with("qwen3")  # as it is published: it drops the thoughts of earlier turns
    template = load_template("model", tokenizer)
    trained, _, report = learned(template, tokenizer)
    assert "넷입니다." in trained and "둘입니다." not in trained
    assert report.notes()["turns_not_learned"] == {"n": 1, "of": 2}
    assert preview.unlearned(report) == [
        "1 of 2 answers (50 %) are shown but not learned: the template shows earlier turns otherwise",
        "reasoning before answers: 2 learned",
    ]


@pytest.mark.parametrize("name", ["qwen3", "gptoss"])
def test_a_last_turn_of_weight_0_gives_way_to_the_last_that_is_to_be_learned(name):
    """Where only one answer can be learned, a weight decides which; the row ends with it."""
    tokenizer = tokenizer_with(name)  # as published
    turns = [dict(turn) for turn in CHAT["messages"]]
    turns[-1]["weight"] = 0
    template = load_template("model", tokenizer)
    trained, whole, report = learned(template, tokenizer, record={**CHAT, "messages": turns})
    assert "둘입니다." in trained and "넷입니다." not in whole and report.n_turns_not_learned == 0


@pytest.mark.parametrize("name", ["qwen3", "gptoss"])
def test_reasoning_is_learned_shown_or_dropped(name):
    template, tokenizer = template_of(name)
    assert template.thinks
    trained, whole, report = learned(template, tokenizer, "learn")
    assert "다시 센다." in trained and report.n_thoughts["learn"] == 2
    trained, whole, _ = learned(template, tokenizer, "show")
    assert "다시 센다." in whole and "다시 센다." not in trained and "넷입니다." in trained
    trained, whole, report = learned(template, tokenizer, "drop")
    assert "다시 센다." not in whole and report.notes()["thinking"] == {"drop": 2}


def test_a_template_without_a_place_for_reasoning_drops_it_and_counts():
    template = load_template("kullm", small.tokenizer())
    trained, whole, report = learned(template, small.tokenizer(), "auto")
    assert "센다" not in whole and report.notes()["thinking"] == {"drop": 2}


@pytest.mark.parametrize("name", ["gptoss", "llama3_1"])
def test_training_shows_a_frozen_date_and_a_chat_todays(name):
    import datetime

    template, tokenizer = template_of(name, template_date="2026-03-01")
    text = template.text([{"role": "user", "content": "안녕"}])
    assert "2026-03-01" in text or "01 Mar 2026" in text
    if name == "gptoss":
        today = load_template("model", tokenizer).text([{"role": "user", "content": "안녕"}])
        assert datetime.date.today().isoformat() in today


@pytest.mark.parametrize(("fault", "says"), [("twin", "same as another"), ("short", "much shorter"), ("none", None)])
def test_a_stop_token_that_was_never_trained_is_found_before_training(fault, says):
    import torch

    tokenizer = small.tokenizer()
    model = small.new_model()
    stop = tokenizer.eos_token_id
    with torch.no_grad():
        if fault == "twin":
            model.lm_head.weight[stop + 1] = model.lm_head.weight[stop]
        elif fault == "short":
            model.lm_head.weight[stop] *= 0.01
    template = load_template("kullm", tokenizer)
    found = finding.Resolved("base", "base", None, "base", None, None)
    ready = prepare.Ready(found, tokenizer, template, "kullm", "cpu", 0, "")
    told = prepare.untrained_stop(model, ready, sft.Config(base_model="-"))
    assert (told is None) if says is None else (says in told and "modules_to_save: [lm_head]" in told)
    assert prepare.untrained_stop(model, ready, sft.Config(base_model="-", modules_to_save=["lm_head"])) is None
