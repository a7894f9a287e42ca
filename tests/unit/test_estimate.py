"""The memory estimate's arithmetic, at the originals' sizes and without torch."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hunmin.stages import sft
from hunmin.train.memory import Size, memory_bytes


def shape(hidden, layers, vocabulary=46336):
    text = SimpleNamespace(hidden_size=hidden, num_hidden_layers=layers, vocab_size=vocabulary)
    return SimpleNamespace(get_text_config=lambda: text)


LLAMA_13B = shape(5120, 40)
SIZE_13B = Size(13_000_000_000, 31_000_000)  # LoRA r=8 on all seven projections


def parts(recompute=False, tokens=4 * 4096, size=SIZE_13B, reference=False, **options):
    return memory_bytes(sft.Config(**options), LLAMA_13B, size, "bf16", tokens, recompute, reference)


def test_korae_on_one_a100():
    """bf16 weights of 13B are 26 GB; four rows of 4,096 tokens need recomputation to fit in 80 GB."""
    found = parts()
    assert found["weights"] == pytest.approx(26.1e9, rel=0.01)
    assert found["optimizer"] == 8 * 31_000_000
    assert sum(found.values()) > 80e9 > sum(parts(recompute=True).values())


def test_a_second_model_costs_its_weights_and_quantisation_saves_them():
    assert parts(reference=True)["weights"] - parts()["weights"] == pytest.approx(26e9)
    assert parts(quantization="nf4")["weights"] < 0.3 * parts()["weights"]


def test_full_fine_tuning_holds_sixteen_bytes_a_parameter():
    found = parts(method="full", size=Size(13_000_000_000, 13_000_000_000))
    assert found["weights"] + found["gradients"] + found["optimizer"] == pytest.approx(16 * 13e9)


def test_fsdp2_shares_the_state_and_not_the_activations():
    one, four = parts(), parts(launch="fsdp2", num_processes=4, batch_size=16)
    assert four["weights"] == pytest.approx(one["weights"] / 4)
    assert four["activations"] == one["activations"]
