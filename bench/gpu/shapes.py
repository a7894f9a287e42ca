"""Models of true shapes with random weights, made on the device in seconds, and rows as long as real ones."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

LENGTH_MEDIAN, LENGTH_P95 = 143, 619  # tokens of 4,795 real Alpaca and Korean rows: lognormal
SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4},
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32},
    "13b": {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 40, "num_attention_heads": 40},
}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {  # two layers of each, for losses against plain transformers
    "llama": ("LlamaConfig", {}),
    "llama-gqa": ("LlamaConfig", {"num_key_value_heads": 2}),
    "gemma3": (
        "Gemma3TextConfig",
        {"num_key_value_heads": 2, "sliding_window": 64, "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "neox": ("GPTNeoXConfig", {"rotary_pct": 0.5}),
}


def draw_lengths(n: int, longest: int, seed: int = 0) -> list[int]:
    """Give n row lengths in tokens like those of real instruction data, at most `longest`."""
    chance = random.Random(seed)
    sigma = math.log(LENGTH_P95 / LENGTH_MEDIAN) / 1.645
    return [max(16, min(longest, round(chance.lognormvariate(math.log(LENGTH_MEDIAN), sigma)))) for _ in range(n)]


def rows_of(lengths: list[int], vocabulary: int, seed: int = 1) -> tuple[list[list[int]], list[list[int]]]:
    """Give (ids, labels) of random rows; 69 % of a row is answer, as in that data."""
    import torch

    chance = torch.Generator().manual_seed(seed)
    ids = [torch.randint(10, vocabulary - 10, (n,), generator=chance).tolist() for n in lengths]
    return ids, [[-100] * (len(r) * 31 // 100) + r[len(r) * 31 // 100 :] for r in ids]


def tokenizer() -> Any:
    """Give the tiny tokenizer: trainers want one, the rows are ids already."""
    from hunmin.tiny import corpus, train_tokenizer

    return train_tokenizer("llama", corpus(), 2048)


def new_model(shape: dict[str, Any], device: str, dtype: Any, attention: str, vocabulary: int, longest: int) -> Any:
    """Give a random Llama of this shape, made on the device."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    config = LlamaConfig(vocab_size=vocabulary, max_position_embeddings=longest, tie_word_embeddings=False, **shape)
    torch.manual_seed(0)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=attention)


def new_family(name: str, device: str, attention: str, vocabulary: int = 2048) -> Any:
    """Give a random two-layer fp32 model of a family, heads of 64, on the device."""
    import torch
    import transformers

    kind, own = FAMILIES[name]
    options = {
        "vocab_size": vocabulary,
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 1024,
        "initializer_range": 0.05,
        "tie_word_embeddings": False,
        "pad_token_id": 0,
        **({} if kind == "GPTNeoXConfig" else {"head_dim": 64}),
        **own,
    }
    config = getattr(transformers, kind)(**options)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation=attention)
    return model.to(device)


def save_base(folder: Path, shape: dict[str, Any], device: str, dtype: Any, vocabulary: int, longest: int) -> Path:
    """Save a random base with a tokenizer, so that whole commands can open it."""
    new_model(shape, device, dtype, "sdpa", vocabulary, longest).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder
