"""DPO with one model and a precomputed reference, against KoRAE's second full model: time, weight memory, losses.

One core, fp32, LoRA r=8, three epochs over bundled preference pairs, a 15.7M-parameter Llama. CPU seconds include the
precomputation. Medians of paired rounds in one run.

    python bench/dpo.py [--rounds 5] [--pairs 8] [--out bench_dpo.json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

DATA = Path(__file__).parent.parent / "src/hunmin/data"
SCRATCH = tempfile.TemporaryDirectory(prefix="bench-dpo-")  # gone when this process ends
TARGETS = {"time": 0.80, "memory": 0.51}


def load_pairs(n: int) -> tuple[list[Any], Any]:
    """Give `n` bundled pairs in token ids and the tokenizer."""
    from hunmin.artifacts.record import read_jsonl
    from hunmin.stages import dpo
    from hunmin.templates.render import load_template
    from hunmin.tiny import corpus, train_tokenizer
    from hunmin.train import pairs

    tokenizer = train_tokenizer("llama", corpus(), 4096)
    template = load_template("korae", tokenizer)
    found, _, _ = pairs.pairs_of(read_jsonl(DATA / "preference.jsonl"), template, tokenizer, dpo.Config())
    return found[:n], tokenizer


def new_base(tokenizer: Any, hidden: int = 384, attention: str = "sdpa") -> Any:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=4096,
        hidden_size=hidden,
        intermediate_size=hidden * 8 // 3,
        num_hidden_layers=8 if hidden == 384 else 2,
        num_attention_heads=6,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.bos_token_id,
    )
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention)


def one(
    found: list[Any],
    tokenizer: Any,
    second_model: bool,
    precompute: bool,
    checkpointing: bool,
    flat: bool = False,
    hidden: int = 384,
) -> dict[str, Any]:
    """Train three epochs; give CPU seconds, megabytes of weights held and the losses."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import PrinterCallback
    from trl import DPOConfig

    from hunmin.train import attention
    from hunmin.train.internals import FlatPairsDPOTrainer, ReadyRowsDPOTrainer

    attention.register()
    table = Dataset.from_dict(
        {
            "prompt_ids": [p.prompt for p in found],
            "chosen_ids": [p.chosen for p in found],
            "rejected_ids": [p.rejected for p in found],
        }
    )
    policy = new_base(tokenizer, hidden, attention.NAME if flat else "sdpa")
    reference = new_base(tokenizer, hidden) if second_model else None
    begun = time.process_time()
    kind = FlatPairsDPOTrainer if flat else ReadyRowsDPOTrainer
    trainer = kind(
        model=policy,
        ref_model=reference,
        args=DPOConfig(
            SCRATCH.name,
            beta=0.1,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=2,
            num_train_epochs=3,
            learning_rate=1e-3,
            lr_scheduler_type="constant",
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            bf16=False,
            optim="adamw_torch",
            activation_checkpointing=checkpointing,
            precompute_ref_log_probs=precompute,
            max_length=None,
            disable_tqdm=True,
            dataloader_pin_memory=False,
            seed=0,
        ),
        train_dataset=table,
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=8, lora_alpha=16, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    seconds = time.process_time() - begun
    models = [trainer.model] + ([trainer.ref_model] if trainer.ref_model is not None else [])
    held = sum(p.numel() * p.element_size() for model in models for p in model.parameters())
    losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    return {"seconds": seconds, "megabytes": held / 1e6, "losses": losses}


VARIANTS = {
    "two full models, GC (KoRAE)": {"second_model": True, "precompute": False, "checkpointing": True},
    "adapter off, GC": {"second_model": False, "precompute": False, "checkpointing": True},
    "adapter off, no GC": {"second_model": False, "precompute": False, "checkpointing": False},
    "precomputed, no GC": {"second_model": False, "precompute": True, "checkpointing": False},
    "hunmin: precomputed, no GC, no padding": {
        "second_model": False,
        "precompute": True,
        "checkpointing": False,
        "flat": True,
    },
}


def run(rounds: int, n_pairs: int) -> dict[str, Any]:
    """Measure; give medians of the ratios to the two-model way."""
    import torch

    from hunmin.train.loop import be_quiet

    torch.set_num_threads(1)
    be_quiet()
    found, tokenizer = load_pairs(n_pairs)
    one(found[:2], tokenizer, **VARIANTS["hunmin: precomputed, no GC, no padding"])  # imports are warmed
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in VARIANTS}
    for round_number in range(rounds):
        names = list(VARIANTS)
        for name in names[round_number % len(names) :] + names[: round_number % len(names)]:
            results[name].append(one(found, tokenizer, **VARIANTS[name]))
    first = results["two full models, GC (KoRAE)"]
    table = []
    for name, each in results.items():
        ratios = [r["seconds"] / b["seconds"] for r, b in zip(each, first, strict=True)]
        pairs = [zip(r["losses"], b["losses"], strict=True) for r, b in zip(each, first, strict=True)]
        table.append(
            {
                "variant": name,
                "cpu_seconds": round(statistics.median(r["seconds"] for r in each), 2),
                "time_ratio": round(statistics.median(ratios), 2),
                "lowest": round(min(ratios), 2),
                "highest": round(max(ratios), 2),
                "weights_mb": round(each[0]["megabytes"], 1),
                "memory_ratio": round(each[0]["megabytes"] / first[0]["megabytes"], 3),
                "largest_loss_difference": max(abs(a - b) for pair in pairs for a, b in pair),
            }
        )
    return {"rounds": rounds, "pairs": len(found), "epochs": 3, "targets": TARGETS, "table": table}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    found = run(args.rounds, args.pairs)
    print(f"{'variant':38} {'CPU-s':>7} {'time':>6}  range          {'weights':>9} {'memory':>7}  loss difference")
    for row in found["table"]:
        told = f"{row['lowest']:.2f} - {row['highest']:.2f}"
        print(
            f"{row['variant']:38} {row['cpu_seconds']:7.2f} {row['time_ratio']:6.2f}  {told:13} "
            f"{row['weights_mb']:7.1f} MB {row['memory_ratio']:7.3f}  {row['largest_loss_difference']:.1e}"
        )
    print(f"targets: time <= {TARGETS['time']:.2f}, memory <= {TARGETS['memory']}")
    if args.out:
        args.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
