"""A sample of docs/models.md walked again: what the page says of an architecture is what happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import architectures

SAMPLE = ("qwen3_5_text", "gpt_oss", "gemma4_text", "granitemoehybrid")  # one of each way that rows are batched
CHOSEN = list(architectures.FAMILIES) if os.environ.get("HUNMIN_ALL_ARCHITECTURES") else SAMPLE


@pytest.mark.slow
@pytest.mark.parametrize("family", CHOSEN)
def test_the_page_says_what_happens(family, tmp_path):
    told = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8").splitlines()
    assert architectures.walk(family, tmp_path).row() in told


def test_every_family_stands_on_the_page():
    told = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    assert [n for n in (*architectures.FAMILIES, *architectures.OUTSIDE) if f"`{n}`" not in told] == []


def test_packs_of_documents_that_see_each_other_are_refused():
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from hunmin.errors import UserError
    from hunmin.train import attention

    attention.register()
    torch.manual_seed(0)
    shape = AutoConfig.for_model(
        "lfm2",
        vocab_size=64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.1,
        block_auto_adjust_ff_dim=False,
        layer_types=["conv", "full_attention"],
    )
    model = AutoModelForCausalLM.from_config(shape)
    with pytest.raises(UserError, match="packing: none"):
        attention.isolating(model, ["hunmin", "sdpa"], "packed")
    with pytest.raises(UserError, match="attention: auto"):
        attention.isolating(model, ["sdpa"], "balanced")
    kind, why = attention.isolating(model, ["hunmin", "sdpa"], "balanced")
    assert kind == "sdpa" and "lfm2" in why
