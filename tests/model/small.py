"""Random two-layer models and tokenizers of three families, made in a second and kept for the test session."""

from __future__ import annotations

import functools
import json
import re
import tempfile
from pathlib import Path

from hunmin.artifacts.artifact import Inputs

LINES = [
    "대한민국의 수도는 서울입니다. 한강이 도시를 지나갑니다.",
    "아래는 작업을 설명하는 명령어입니다. 요청을 적절히 완료하는 응답을 작성하세요.",
    "### 명령어:\n### 입력:\n### 응답:\n",
    "### System:\n### User:\n### Assistant:\n",
    "당신은 유용한 인공지능 비서입니다. 사용자가 몇 가지 지시가 포함된 작업을 제공합니다.",
    "오늘은 날씨가 맑고 바람이 조금 붑니다. 우산은 필요하지 않아요.",
    "Below is an instruction that describes a task. ### Instruction:\n### Response:\n",
    "사과 세 개와 배 두 개를 사면 모두 얼마인가요? 12,500원입니다.",
    "이 문장을 영어로 옮겨 주세요. 친구에게 편지를 씁니다.",
]
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""The pre-tokeniser pattern of Llama 3: meta-llama/llama3 llama/tokenizer.py."""


@functools.cache
def tokenizer(family: str = "byte"):
    """A tokenizer: "byte" (GPT-NeoX style, no BOS), "sentencepiece" (dummy prefix, BOS) or "llama3" (BOS, chatml)."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<unk>", "<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>"]
    if family == "sentencepiece":
        made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
        made.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="always")])
        alphabet, more = [], [f"<0x{i:02X}>" for i in range(256)]
    else:
        made = Tokenizer(models.BPE())
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=family == "byte")
        made.pre_tokenizer = (
            level
            if family == "byte"
            else pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3_SPLIT), "isolated"), level])
        )
        made.decoder = decoders.ByteLevel()
        alphabet, more = pre_tokenizers.ByteLevel.alphabet(), []
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=[*special, *more], initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(LINES * 3, trainer)
    names = {"unk_token": "<unk>", "eos_token": "</s>", "pad_token": "<pad>"}
    if family != "byte":
        names["bos_token"] = "<s>"
        made.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", made.token_to_id("<s>"))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=made, **names)


CONFIGS = {
    "llama": ("LlamaConfig", {"num_key_value_heads": 2}),
    "neox": ("GPTNeoXConfig", {"rotary_pct": 0.5}),
    "qwen2": ("Qwen2Config", {"num_key_value_heads": 2}),
    "qwen3": ("Qwen3Config", {"num_key_value_heads": 2, "head_dim": 16}),
    "gemma": ("GemmaConfig", {"num_key_value_heads": 1, "head_dim": 16}),
    "gemma2": ("Gemma2Config", {"num_key_value_heads": 2, "head_dim": 16, "sliding_window": 5}),
    "gemma3": ("Gemma3TextConfig", {"num_key_value_heads": 2, "head_dim": 16, "sliding_window": 5}),
    "mistral": ("MistralConfig", {"num_key_value_heads": 2, "sliding_window": 5}),
    "gpt_oss": (
        "GptOssConfig",
        {
            "num_key_value_heads": 2,
            "head_dim": 16,
            "num_local_experts": 4,
            "num_experts_per_tok": 2,
            "sliding_window": 5,
            "layer_types": ["sliding_attention", "full_attention"],
        },
    ),
}


def new_model(arch: str = "llama", seed: int = 0, attention: str = "sdpa", **more):
    """A random model of two layers and 64 units whose logits are far from uniform."""
    import torch
    import transformers

    name, own = CONFIGS[arch]
    options = {
        "vocab_size": len(tokenizer()) + 7,  # padded, as real vocabularies are
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 512,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 3,
        "initializer_range": 0.1,
        "tie_word_embeddings": False,
        **own,
        **more,
    }
    config = getattr(transformers, name)(**options)
    config._attn_implementation = attention
    torch.manual_seed(seed)
    return transformers.AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()


@functools.cache
def base(arch: str = "llama", family: str = "byte", **more) -> str:
    """The folder of a saved random base model with its tokenizer."""
    folder = Path(tempfile.mkdtemp(prefix="hunmin-small-"))
    new_model(arch, **more).save_pretrained(folder)
    tokenizer(family).save_pretrained(folder)
    return str(folder)


def named(options: object) -> str:
    """A test's name from its options: the same in every process, though each makes its own folders."""
    return re.sub(r"'[^']*hunmin-small-[^']*'", "'small'", str(options))


def records(n: int = 20) -> list[dict]:
    """Instruction records of very different lengths."""
    found = []
    for i in range(n):
        answer = " ".join(LINES[(i + k) % len(LINES)] for k in range(1 + (i * 5) % 4))[: 20 + 17 * (i % 9)]
        row = {"id": f"r{i}", "source": "test", "instruction": f"{i}번 질문: {LINES[i % len(LINES)][:30]}"}
        found.append({**row, **({"input": "사과 세 개"} if i % 3 == 0 else {}), "output": answer.strip()})
    return found


def preferences(n: int = 8) -> list[dict]:
    """Preference records."""
    return [
        {
            "id": f"p{i}",
            "source": "test",
            "instruction": f"{i}번: {LINES[i % len(LINES)][:25]}",
            "chosen": LINES[(i + 1) % len(LINES)][:40],
            "rejected": LINES[(i + 5) % len(LINES)][: 20 + i],
        }
        for i in range(n)
    ]


def inputs(folder: Path, rows: list[dict], **more) -> Inputs:
    """Inputs whose records are these rows."""
    path = folder / "in.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    return Inputs(label=more.pop("label", "sft"), seed=more.pop("seed", 3), records=path, **more)


QUICK = {
    "template": "kullm",
    "max_length": 256,
    "batch_size": 4,
    "micro_batch_size": 2,
    "max_steps": 4,
    "learning_rate": 1e-2,
    "lr_scheduler": "linear",
    "logging_steps": 1,
    "save_steps": 2,
    "device": "cpu",
}
"""Options of a training that takes a second or two."""


def weights(folder: Path) -> dict:
    """All tensors of a saved model or adapter."""
    from safetensors.torch import load_file

    return {k: v for file in sorted(folder.glob("*.safetensors")) for k, v in load_file(file).items()}
