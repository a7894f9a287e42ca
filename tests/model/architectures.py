"""Which architectures can be tuned, merged, scored and talked to: tiny ones of every family walked through the stages.

python -m tests.model.architectures        # walks them all and writes docs/models.md (a few minutes)
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import small
from .tiny_models import BENCHMARK

MOE = {"num_experts_per_tok": 2, "moe_intermediate_size": 32, "head_dim": 16}
WINDOW = {"sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"], "head_dim": 16}
LATENT = {"q_lora_rank": 32, "kv_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 16}
FAMILIES: dict[str, dict[str, Any]] = {  # transformers' model type -> what a two-layer model of it needs said
    "llama": {},
    "qwen2": {},
    "qwen3": {"head_dim": 16},
    "qwen3_moe": {**MOE, "num_experts": 4},
    "qwen3_5_text": {
        "head_dim": 16,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 16,
        "linear_value_head_dim": 16,
        "layer_types": ["linear_attention", "full_attention"],
    },
    "gemma2": {"head_dim": 16, "sliding_window": 5},
    "gemma3_text": WINDOW,
    "gemma4_text": {**WINDOW, "vocab_size_per_layer_input": 1000, "hidden_size_per_layer_input": 16},
    "mistral": {"sliding_window": 5},
    "mixtral": {"num_local_experts": 4, "num_experts_per_tok": 2},
    "phi3": {},
    "gpt_oss": {**WINDOW, "num_local_experts": 4, "num_experts_per_tok": 2},
    "exaone4": {"sliding_window": 5},
    "exaone_moe": {**MOE, "num_experts": 4},
    "hyperclovax": {},
    "solar_open": {**MOE, "n_routed_experts": 4},
    "axk1": {
        **LATENT,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 32,
        "n_routed_experts": 4,
        "n_group": 1,
        "topk_group": 1,
        "num_key_value_heads": 4,
    },
    "lfm2": {"layer_types": ["conv", "full_attention"], "block_auto_adjust_ff_dim": False},
    "granitemoehybrid": {
        "layer_types": ["mamba", "attention"],
        "mamba_n_heads": 8,
        "mamba_d_head": 16,
        "mamba_d_state": 16,
        "mamba_n_groups": 1,
        "num_local_experts": 0,
        "shared_intermediate_size": 128,
    },
    "gpt_neox": {"rotary_pct": 0.5},
    "olmo3": {"sliding_window": 5},
}
OUTSIDE = {
    "exaone4_5": "transformers opens EXAONE 4.5 only with its vision part (AutoModelForImageTextToText); tune its text "
    "sibling EXAONE 4 (`exaone4`).",
}
STEPS = ("sft", "dpo", "merge", "evaluate", "chat")


@dataclass
class Walk:
    """How far one family came: "ok" or the error of each step, and how its rows were batched."""

    family: str
    steps: dict[str, str] = field(default_factory=dict)
    attention: str = ""
    batches: str = ""

    def row(self) -> str:
        cells = [f"`{self.family}`", *(self.steps.get(s, "not reached") for s in STEPS), self.attention, self.batches]
        return "| " + " | ".join(cells) + " |"


def save_base(family: str, folder: Path) -> Path:
    """Save a random two-layer model of the family with a tokenizer."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = small.tokenizer()
    options = {
        "vocab_size": len(tokenizer) + 7,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 3,
        "initializer_range": 0.1,
        "tie_word_embeddings": False,
        **FAMILIES[family],
    }
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **options)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def walk(family: str, home: Path) -> Walk:
    """Take a tiny model of the family through sft, dpo, merge, evaluate and an answer; stop at the first error."""
    from hunmin import models
    from hunmin.artifacts.artifact import Inputs
    from hunmin.models.decoding import generate
    from hunmin.stages import dpo, evaluate, merge, sft

    found = Walk(family)
    base = save_base(family, home / "base")
    common = {"template": "kullm", "batch_size": 4, "micro_batch_size": 2, "max_steps": 2, "lora_r": 4, "device": "cpu"}
    for name in ("records", "pairs", *STEPS):
        (home / name).mkdir()

    def tune() -> None:
        given = small.inputs(home / "records", small.records(12))
        notes = sft.run(sft.Config(base_model=str(base), **common), given, home / "sft").notes
        found.attention = notes["attention"]
        found.batches = "one document a pass" if "one_document_a_pass" in notes else "without padding"

    def prefer() -> None:
        given = small.inputs(home / "pairs", small.preferences(), model=home / "sft")
        dpo.run(dpo.Config(**common), given, home / "dpo")

    def join() -> None:
        merge.run(merge.Config(), Inputs(label="merge", model=home / "dpo"), home / "merge")

    def score() -> None:
        config = evaluate.Config(
            data=str(BENCHMARK), tasks=["copa"], models=["newest"], limit=3, num_fewshot=[0], device="cpu"
        )
        given = Inputs(label="evaluate", model=home / "merge")
        evaluate.run(config, given, home / "evaluate")

    def answer() -> None:
        loaded = models.load(home / "merge" / "model", device="cpu", template="kullm")
        ids = loaded.encode(loaded.template.prompt([{"role": "user", "content": "안녕하세요?"}]))
        assert list(generate(loaded, [ids], max_new_tokens=4))

    for name, step in zip(STEPS, (tune, prefer, join, score, answer), strict=True):
        try:
            step()
            found.steps[name] = "ok"
        except Exception as error:  # what the table is for
            found.steps[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
            break
    return found


def page(walks: list[Walk]) -> str:
    """Give docs/models.md."""
    import transformers

    head = ["| model type | " + " | ".join(STEPS) + " | attention | rows of a batch |", "|" + "---|" * (len(STEPS) + 3)]
    return "\n".join(
        [
            "# Architectures",
            "",
            f"Made by `python -m tests.model.architectures` with transformers {transformers.__version__}: a random "
            "two-layer model of each family is tuned (LoRA), preference-tuned, merged, scored and asked on a CPU.",
            "",
            *head,
            *(w.row() for w in walks),
            "",
            "*attention*: what `attention: auto` takes on a CPU; `hunmin` keeps the documents of one row apart and "
            "pads nothing. *one document a pass*: recurrent layers and convolutions run over a whole row, so each "
            "document takes a forward pass of its own; the result is the same, a GPU is used less well. `dpo` pads its "
            "pairs there, and says so. Experts of mixtures are adapted with `lora_dropout: 0` only; with dropout they "
            "stay frozen.",
            "",
            "## Not opened",
            "",
            *(f"- `{name}`: {why}" for name, why in OUTSIDE.items()),
            "",
        ]
    )


def main() -> None:
    found = []
    for family in FAMILIES:
        with tempfile.TemporaryDirectory() as home:
            found.append(walk(family, Path(home)))
            print(found[-1].row(), flush=True)
    (Path(__file__).parents[2] / "docs" / "models.md").write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
