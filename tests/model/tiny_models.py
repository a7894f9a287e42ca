"""Tiny random models and tokenizers of several kinds, made on the spot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BENCHMARK = Path(__file__).parents[2] / "src" / "hunmin" / "data" / "benchmark"


def korean_texts() -> list[str]:
    """Give the bundled benchmark's text, to train tokenizers on."""
    found = []
    for path in sorted(BENCHMARK.glob("*/*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            found += [v for v in json.loads(line).values() if isinstance(v, str)]
    return found


def byte_tokenizer(vocab_size: int = 1500) -> Any:
    """Give a byte-level BPE tokenizer without a BOS, as polyglot-ko's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    own = Tokenizer(models.BPE())
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    own.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    own.train_from_iterator(korean_texts(), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=own, eos_token="<|endoftext|>")


def sentencepiece_tokenizer(vocab_size: int = 1500) -> Any:
    """Give a SentencePiece-style tokenizer as llama-2-ko's: dummy prefix, byte fallback, a template that adds BOS."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    own = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    own.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    own.decoder = decoders.Metaspace(prepend_scheme="first")
    special = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=special, show_progress=False)
    own.train_from_iterator((t[:60] for t in korean_texts()), trainer)
    template = {"single": "<s> $A", "pair": "<s> $A <s> $B", "special_tokens": [("<s>", 1)]}
    own.post_processor = processors.TemplateProcessing(**template)
    return PreTrainedTokenizerFast(tokenizer_object=own, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


SIZES = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "initializer_range": 0.15}
FEED = {"intermediate_size": 96}
GQA = {"num_key_value_heads": 2}


def config_of(arch: str, vocab_size: int, max_length: int = 2048) -> Any:
    """Give a tiny config of one architecture."""
    import transformers as t

    shared = {**SIZES, "vocab_size": vocab_size, "max_position_embeddings": max_length, "bos_token_id": 0}
    shared |= {"eos_token_id": 0, "pad_token_id": 0}
    heads = {"head_dim": 12}
    mixture = {"num_local_experts": 4, "num_experts_per_tok": 2}
    window = {"sliding_window": 32}
    makers = {
        "llama": lambda: t.LlamaConfig(**shared, **FEED, **GQA),
        "gpt_neox": lambda: t.GPTNeoXConfig(**shared, **FEED),
        "qwen2": lambda: t.Qwen2Config(**shared, **FEED, **GQA),
        "qwen2_window": lambda: t.Qwen2Config(
            **shared, **FEED, **GQA, **window, use_sliding_window=True, max_window_layers=1
        ),
        "qwen3": lambda: t.Qwen3Config(**shared, **FEED, **GQA, **heads),
        "gemma2": lambda: t.Gemma2Config(**shared, **FEED, **GQA, **heads, **window),
        "gemma3": lambda: t.Gemma3TextConfig(**shared, **FEED, **GQA, **heads, **window),
        "mistral_window": lambda: t.MistralConfig(**shared, **FEED, **GQA, **window),
        "mistral": lambda: t.MistralConfig(**shared, **FEED, **GQA, sliding_window=None),
        "mixtral": lambda: t.MixtralConfig(**shared, **FEED, **GQA, **mixture),
        "gpt2": lambda: t.GPT2Config(
            vocab_size=vocab_size, n_positions=max_length, n_embd=48, n_layer=3, n_head=4, initializer_range=0.15,
            bos_token_id=0, eos_token_id=0,
        ),
        "bloom": lambda: t.BloomConfig(
            vocab_size=vocab_size, hidden_size=48, n_layer=3, n_head=4, initializer_range=0.15, bos_token_id=0,
            eos_token_id=0, pad_token_id=0,
        ),
        "mamba": lambda: t.MambaConfig(
            vocab_size=vocab_size, hidden_size=48, num_hidden_layers=3, state_size=8, initializer_range=0.15,
            bos_token_id=0, eos_token_id=0, pad_token_id=0,
        ),
        "phi3": lambda: t.Phi3Config(**shared, **FEED, **GQA),
        "opt": lambda: t.OPTConfig(
            vocab_size=vocab_size, hidden_size=48, num_hidden_layers=3, num_attention_heads=4, ffn_dim=96,
            max_position_embeddings=max_length, word_embed_proj_dim=48, init_std=0.15, pad_token_id=0,
        ),
    }  # fmt: skip
    return makers[arch]()


def random_model(arch: str, vocab_size: int, max_length: int = 2048, seed: int = 0) -> Any:
    """Give a randomly initialised model in eval mode, float32."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(config_of(arch, vocab_size, max_length)).float().eval()


def save(folder: Path, arch: str = "llama", tokenizer: Any = None, max_length: int = 2048, seed: int = 0) -> Path:
    """Save a tiny random model with its tokenizer."""
    tokenizer = tokenizer or byte_tokenizer()
    random_model(arch, len(tokenizer), max_length, seed).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
