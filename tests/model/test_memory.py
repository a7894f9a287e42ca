"""What the estimate says a forward pass saves, against the tensors that autograd really saves."""

from __future__ import annotations

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import Gemma3TextConfig, GPTNeoXConfig, LlamaConfig, Qwen3Config

from hunmin.stages import sft
from hunmin.train import memory

SHAPES = {
    "llama": LlamaConfig(hidden_size=1024, intermediate_size=2752, num_attention_heads=16, num_key_value_heads=16),
    "qwen3": Qwen3Config(
        hidden_size=1024, intermediate_size=3072, num_attention_heads=16, num_key_value_heads=8, head_dim=64
    ),
    "neox": GPTNeoXConfig(hidden_size=1024, intermediate_size=4096, num_attention_heads=16),
}


def really_saved(shape, dtype: str, dropout: float, tokens: int = 192, layers: int = 3) -> float:
    from transformers import AutoModel

    shape.num_hidden_layers, shape.vocab_size, shape.use_cache, shape.pad_token_id = layers, 64, False, None
    if getattr(shape, "layer_types", None):
        shape.layer_types = ["full_attention"] * layers
    kind = torch.float32 if dtype == "fp32" else torch.bfloat16
    model = AutoModel.from_config(shape, dtype=kind, attn_implementation="sdpa")
    model = get_peft_model(model, LoraConfig(r=8, lora_dropout=dropout, target_modules="all-linear")).train()
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    seen = {}

    def pack(tensor):
        seen[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    amp = torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype != "fp32")
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t), amp:
        model(input_ids=torch.zeros(1, tokens, dtype=torch.long))
    return sum(t.untyped_storage().nbytes() for place, t in seen.items() if place not in own)


@pytest.mark.parametrize(("dtype", "dropout"), [("bf16", 0.05), ("bf16", 0.0), ("fp32", 0.05)])
@pytest.mark.parametrize("name", list(SHAPES))
def test_what_is_estimated_is_what_autograd_saves_within_15_percent(name, dtype, dropout):
    shape = SHAPES[name]
    told = memory.saved_bytes(sft.Config(base_model="-", lora_dropout=dropout), shape, dtype)
    real = really_saved(shape, dtype, dropout) / 192 / shape.hidden_size / 3
    assert told == pytest.approx(real, rel=0.15)


def test_a_shape_that_cannot_be_made_smaller_takes_the_known_figure():
    assert memory.saved_bytes(sft.Config(base_model="-"), object(), "bf16") == memory.SAVED_BYTES["bf16"]


def test_windows_and_tied_heads_are_counted_too():
    shape = Gemma3TextConfig(
        hidden_size=640, intermediate_size=2048, num_attention_heads=4, num_key_value_heads=1, head_dim=256
    )
    assert 60 < memory.saved_bytes(sft.Config(base_model="-"), shape, "bf16") < 200
