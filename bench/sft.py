"""SFT throughput on real instruction text: hunmin's batches against the ways of the five originals and of trl.

One core, fp32, dropout 0, LoRA r=8 on all projections of a 15.7M-parameter Llama whose head is 11 % of its work (nearer
to a 7B than a tiny model with a large vocabulary is). Useful tokens (no padding) per CPU second of `trainer.train()`.
Every round gives all variants the same rows in the same global batches; ratios are taken within a round.

    python bench/sft.py --data alpaca_random_9k.json dolly_3k.json [--rounds 5] [--rows 32] [--only NAME ...] [--out F]

The files are any that `load` reads; of a .csv the columns Q and A are taken. What padding costs depends on how much
lengths differ, so the useful share of padded micro-batches of 4 is printed with the result.
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

BATCH = 16
MAX_LENGTH = 1024
SCRATCH = tempfile.TemporaryDirectory(prefix="bench-sft-")  # gone when this process ends
TARGETS = {"Trainer mb4 + GC": 2.5, "Trainer mb1 + GC": 1.3, "trl default": 2.5, "trl bfd, no GC": 1.2}


def load_rows(files: list[Path], n: int, seed: int = 1) -> tuple[list[Any], Any]:
    """Give `n` random rows rendered with alpaca and tokenised, and the tokenizer (byte BPE, 4,096)."""
    import random

    from hunmin.artifacts.record import texts
    from hunmin.stages import load
    from hunmin.templates.render import load_template
    from hunmin.tiny import train_tokenizer
    from hunmin.train import labels

    records: list[Any] = []
    for file in files:
        columns = {"instruction": "Q", "output": "A"} if file.suffix == ".csv" else {}
        records += load.records(load.Config(path=str(file), on_bad_row="drop", columns=columns))
    random.Random(seed).shuffle(records)
    tokenizer = train_tokenizer("llama", [" ".join(texts(r).values()) for r in records[:3000]], 4096)
    template = load_template("alpaca", tokenizer)
    rows, _ = labels.rows_of(records[: 2 * n], template, tokenizer, max_length=MAX_LENGTH)
    return rows[:n], tokenizer


def new_model(tokenizer: Any, attention: str) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, LlamaConfig

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=4096,
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=8,
        num_attention_heads=6,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention)
    lora = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(model, lora)


def arguments(micro: int, checkpointing: bool, **more: Any) -> dict[str, Any]:
    return {
        "output_dir": SCRATCH.name,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": BATCH // micro,
        "num_train_epochs": 1,
        "learning_rate": 1e-3,
        "lr_scheduler_type": "constant",
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
        "optim": "adamw_torch",
        "activation_checkpointing": checkpointing,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
        "seed": 0,
        **more,
    }


def timed(trainer: Any) -> tuple[float, list[float]]:
    """Give CPU seconds of the training and the loss of every step."""
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    begun = time.process_time()
    trainer.train()
    seconds = time.process_time() - begun
    return seconds, [row["loss"] for row in trainer.state.log_history if "loss" in row]


def transformers_trainer(rows: list[Any], tokenizer: Any, micro: int) -> tuple[float, list[float]]:
    """KULLM's and AlpaGasus's way (micro-batch 4), Platypus's and KoRAE's (1): padding, checkpointing, full logits."""
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    model = new_model(tokenizer, "sdpa")
    model.enable_input_require_grads()
    given = arguments(micro, True, train_sampling_strategy="sequential")
    return timed(Trainer(model, TrainingArguments(**given), DataCollatorForSeq2Seq(tokenizer), table(rows)))


def trl_trainer(rows: list[Any], tokenizer: Any, packing: bool) -> tuple[float, list[float]]:
    """trl as it comes (micro-batch 8, checkpointing, padding), or its bfd packing without checkpointing."""
    from trl import SFTConfig, SFTTrainer

    if packing:  # as many packs a step as hold a global batch's tokens, so that the number of steps is the same
        packs = max(1, round(BATCH * sum(len(r.input_ids) for r in rows) / len(rows) / MAX_LENGTH))
        more = {"packing": True, "max_length": MAX_LENGTH, "per_device_train_batch_size": 1}
        given = arguments(1, False) | more | {"gradient_accumulation_steps": packs}
    else:
        given = arguments(8, True, max_length=None, train_sampling_strategy="sequential")
    trainer = SFTTrainer(
        model=new_model(tokenizer, "sdpa"),
        args=SFTConfig(**given),
        train_dataset=table(rows),
        processing_class=tokenizer,
    )
    return timed(trainer)


def hunmin_trainer(
    rows: list[Any], tokenizer: Any, sampler: bool = True, kernel: bool = True
) -> tuple[float, list[float]]:
    """Ours; `sampler` and `kernel` off show what each piece earns."""
    from trl import SFTConfig

    from hunmin.train import attention
    from hunmin.train.sft_trainer import HunminSFTTrainer

    attention.register()
    trainer = HunminSFTTrainer(
        model=new_model(tokenizer, "hunmin" if kernel else "sdpa"),
        args=SFTConfig(
            **arguments(
                4,
                False,
                padding_free=True,
                max_length=None,
                dataset_kwargs={"skip_prepare_dataset": True},
                train_sampling_strategy="sequential",
            )
        ),
        train_dataset=table(rows),
        processing_class=tokenizer,
        lengths=[len(r.input_ids) for r in rows] if sampler else None,
    )
    return timed(trainer)


def table(rows: list[Any]) -> Any:
    from datasets import Dataset

    return Dataset.from_dict({"input_ids": [r.input_ids for r in rows], "labels": [r.labels for r in rows]})


VARIANTS = {
    "Trainer mb4 + GC": lambda rows, tok: transformers_trainer(rows, tok, 4),
    "Trainer mb1 + GC": lambda rows, tok: transformers_trainer(rows, tok, 1),
    "trl default": lambda rows, tok: trl_trainer(rows, tok, packing=False),
    "trl bfd, no GC": lambda rows, tok: trl_trainer(rows, tok, packing=True),
    "hunmin": hunmin_trainer,
    "hunmin, random micro-batches": lambda rows, tok: hunmin_trainer(rows, tok, sampler=False),
    "hunmin, sdpa": lambda rows, tok: hunmin_trainer(rows, tok, kernel=False),
}


def in_sampler_order(rows: list[Any]) -> list[Any]:
    """Order rows so that a sequential loader forms the global batches that our sampler (seed 0, epoch 0) forms."""
    import torch

    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0)).tolist()
    return [rows[i] for i in order]


def sampler_numbers(lengths: list[int]) -> dict[str, dict[str, float]]:
    """Count, for token-balanced and for random micro-batches, the largest one and the waiting of 4 processes.

    The largest micro-batch sets the memory peak; in data parallelism a step's slot lasts as long as its heaviest rank.
    """
    from hunmin.train.batching import TokenBalancedSampler

    world, accumulate, micro = 4, 8, 4
    samplers = [TokenBalancedSampler(lengths, 128, world, accumulate, rank, seed=0) for rank in range(world)]
    ranks = [[sum(lengths[i] for i in group) for group in sampler] for sampler in samplers]
    found = {}
    for name, sums in (("token-balanced", ranks), ("random", _random_ranks(lengths, world, micro))):
        slots = list(zip(*sums, strict=False))
        waiting = 1 - sum(map(sum, slots)) / sum(world * max(slot) for slot in slots)
        every = sorted(t for slot in slots for t in slot)
        found[name] = {
            "tokens_p95": every[int(0.95 * len(every))],
            "tokens_max": every[-1],
            "waiting_share": round(waiting, 3),
        }
    return found


def _random_ranks(lengths: list[int], world: int, micro: int) -> list[list[int]]:
    import torch

    order = torch.randperm(len(lengths), generator=torch.Generator().manual_seed(0)).tolist()
    sums = [sum(lengths[i] for i in order[k : k + micro]) for k in range(0, len(order) - micro + 1, micro)]
    return [sums[rank::world] for rank in range(world)]


def run(files: list[Path], rounds: int, n_rows: int, only: list[str]) -> dict[str, Any]:
    """Measure; give medians and per-round ratios."""
    import torch

    from hunmin.train.loop import be_quiet

    torch.set_num_threads(1)
    be_quiet()
    variants = {name: variant for name, variant in VARIANTS.items() if name in ("hunmin", *only)}
    rows, tokenizer = load_rows(files, rounds * n_rows + BATCH)
    for variant in variants.values():  # imports, allocator and thread pools are warmed once
        variant(rows[-BATCH:], tokenizer)
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    worst = 0.0
    tokens = []
    for round_number in range(rounds):
        pool = rows[round_number * n_rows : (round_number + 1) * n_rows]
        tokens.append(sum(len(r.input_ids) for r in pool))
        losses = {}
        names = list(variants)
        names = names[round_number % len(names) :] + names[: round_number % len(names)]  # no variant is always first
        for name in names:
            shuffles = name in ("hunmin", "hunmin, sdpa")
            spent, losses[name] = variants[name](pool if shuffles else in_sampler_order(pool), tokenizer)
            seconds[name].append(spent)
        for name in {"Trainer mb4 + GC", "Trainer mb1 + GC", "trl default"} & set(names):
            worst = max(worst, *(abs(a - b) for a, b in zip(losses["hunmin"], losses[name], strict=True)))
    found = []
    for name, spent in seconds.items():
        ratios = [s / ours for s, ours in zip(spent, seconds["hunmin"], strict=True)]
        found.append(
            {
                "variant": name,
                "tokens_per_cpu_second": round(statistics.median(t / s for t, s in zip(tokens, spent, strict=True))),
                "hunmin_is_faster_by": round(statistics.median(ratios), 2),
                "lowest": round(min(ratios), 2),
                "highest": round(max(ratios), 2),
                "target": TARGETS.get(name),
            }
        )
    lengths = [len(r.input_ids) for r in rows]
    many = [len(r.input_ids) for r in load_rows(files, 3000)[0]]
    fours = [many[i : i + 4] for i in range(0, len(many) - 3, 4)]
    return {
        "files": [file.name for file in files],
        "useful_share_of_padded_mb4": round(sum(map(sum, fours)) / sum(4 * max(f) for f in fours), 3),
        "rounds": rounds,
        "rows_per_round": n_rows,
        "row_tokens": {
            "mean": round(statistics.mean(lengths)),
            "median": statistics.median(lengths),
            "max": max(lengths),
        },
        "largest_loss_difference_to_plain_batching": worst,
        "sampler": sampler_numbers(many),
        "table": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    found = run(args.data, args.rounds, args.rows, args.only)
    print(f"{'variant':32} {'tok/CPU-s':>9} {'hunmin is':>10}  per-round range   target")
    for row in found["table"]:
        speed, ratio = row["tokens_per_cpu_second"], row["hunmin_is_faster_by"]
        told = f"{row['lowest']:.2f} - {row['highest']:.2f}"
        target = f">= {row['target']}" if row["target"] else ""
        print(f"{row['variant']:32} {speed:9} {ratio:9.2f}x  {told:15}   {target}")
    print(f"useful share of padded micro-batches of 4 on this text: {found['useful_share_of_padded_mb4']}")
    worst = found["largest_loss_difference_to_plain_batching"]
    print(f"largest loss difference to plain batching, every step: {worst:.2e}")
    print("what the sampler earns besides (counted over 3,000 rows, batch 128, micro-batch 4):")
    for name, numbers in found["sampler"].items():
        print(f"  {name:24} {numbers}")
    if args.out:
        args.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
