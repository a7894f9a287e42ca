"""SFT and DPO on one GPU at true shapes: useful tokens a second, model FLOPs utilisation, peak against the estimate.

Random weights in bf16 made on the device, LoRA r=8 on all projections, KoRAE's settings (batch 16, micro-batch 4,
max_length 4096), row lengths drawn like real instruction data. One way a process, so that one's memory does not count
for another.

    python bench/gpu/train.py --size 7b --way hunmin --recompute auto [--steps 6] [--vocabulary 46336]
    python bench/gpu/train.py --recipe korae-13b --stage sft --steps 3             # a published recipe's true shape
    python bench/gpu/train.py --size tiny --way hunmin --device cpu --steps 2     # the same code without a GPU

MFU counts what LoRA needs: 2 FLOPs per weight and token forward, 2 backward (no gradient of the frozen weights), and
attention within each document; recomputation is not counted as useful. Peak: --peak TFLOP/s (H100, H200 bf16: 989).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from shapes import SHAPES, draw_lengths, rows_of, tokenizer

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")

WAYS = ("hunmin", "trl bfd", "trl padding-free", "padded mb4", "padded mb1", "dpo")
SCRATCH = tempfile.TemporaryDirectory(prefix="bench-gpu-")  # gone when this process ends
BATCH, MICRO, MAX_LENGTH = 16, 4, 4096


def asked_for(args: argparse.Namespace) -> tuple[Any, Any]:
    """Give (options, model config): a recipe's own with its base's shape, or KoRAE's settings at --size."""
    from transformers import LlamaConfig

    from hunmin.running import recipe as recipes
    from hunmin.stages import sft

    if not args.recipe:
        vocabulary = 2048 if args.size == "tiny" else args.vocabulary
        shape = LlamaConfig(
            vocab_size=vocabulary,
            max_position_embeddings=MAX_LENGTH,
            tie_word_embeddings=False,
            **SHAPES[args.size],
        )
        own = {"batch_size": BATCH, "micro_batch_size": MICRO, "max_length": MAX_LENGTH, "lora_r": 8}
        return sft.Config(base_model="-", **own), shape
    from hunmin.publishing import known

    steps = recipes.load(args.recipe).steps
    step = next(s for s in steps if s.label == args.stage)
    base = next(b for s in reversed(steps) if (b := getattr(s.config, "base_model", None)))
    shape = known.shape(base)
    if shape is None:
        raise SystemExit(f"{args.recipe}: the shape of {base} is not known")
    return step.config, shape


def kernel_of(way: str, device: str, model_config: Any) -> str:
    """Give the attention each way is run with: ours by its own choice, trl's by the best kernel there is."""
    import importlib.util

    from hunmin.train import attention

    attention.register()
    if way in ("hunmin", "dpo"):
        return attention.choose("auto", device, model_config, padding_free=True)
    if device == "cuda" and importlib.util.find_spec("flash_attn"):
        return "flash_attention_2"
    return "sdpa"


def settings(way: str, options: Any, lengths: list[int], recompute: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give (options of SFTConfig, further arguments of the trainer) of a way."""
    own: dict[str, Any] = {"activation_checkpointing": recompute, "max_length": None}
    more: dict[str, Any] = {}
    ready = {"skip_prepare_dataset": True}
    micro, batch = options.micro_batch_size, options.batch_size
    if way == "hunmin":
        own |= {"padding_free": True, "dataset_kwargs": ready}
        more = {"lengths": lengths}
    elif way == "trl padding-free":
        own |= {"padding_free": True, "dataset_kwargs": ready}
    elif way == "trl bfd":  # as many packs a step as hold a global batch's tokens
        packs = max(1, round(batch * sum(lengths) / len(lengths) / options.max_length))
        own |= {"packing": True, "max_length": options.max_length}
        own |= {"per_device_train_batch_size": 1, "gradient_accumulation_steps": packs}
    elif way == "padded mb1":
        micro = 1
    own = {"per_device_train_batch_size": micro, "gradient_accumulation_steps": batch // micro, **own}
    return own, more


def passes_of(way: str, options: Any, lengths: list[int]) -> Any:
    """Give how a way lays the rows out, for the estimate of its peak."""
    from hunmin.train.passes import Passes

    if way == "hunmin":
        return Passes.of_rows(options, lengths, 0)
    if way == "dpo":  # a third of a row is the prompt of both answers
        return Passes("drawn", lengths, [2 * n for n in lengths], sequences=2)
    if way == "trl padding-free":
        return Passes("drawn", lengths, lengths)
    longest = [options.max_length] if way == "trl bfd" else lengths
    return Passes("alone" if way in ("trl bfd", "padded mb1") else "padded", longest, longest)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Train `steps` steps after two warm-up steps in this process; give the numbers."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, PrinterCallback, TrainerCallback
    from trl import DPOConfig, SFTConfig, SFTTrainer

    from hunmin.train import measured
    from hunmin.train.fitting import Load
    from hunmin.train.internals import FlatPairsDPOTrainer
    from hunmin.train.loop import be_quiet
    from hunmin.train.sft_trainer import HunminSFTTrainer

    be_quiet()
    options, shape = asked_for(args)
    batch, micro, dpo = options.batch_size, options.micro_batch_size, args.way == "dpo"
    n = (args.steps + 2) * batch
    lengths = json.loads(args.lengths.read_text())[:n] if args.lengths else draw_lengths(n, options.max_length)
    kernel = kernel_of(args.way, args.device, shape)
    dtype = torch.bfloat16 if args.device == "cuda" else torch.float32
    asked = options.model_copy(
        update={"gradient_checkpointing": {"on": True, "off": False}.get(args.recompute, "auto")}
    )
    load = Load(asked, shape, passes_of(args.way, asked, lengths), args.device, "bf16")
    recompute = load.needs_recomputation()
    meter = (
        measured.meter_for(args.device, "none") if args.way in ("hunmin", "dpo") and args.recompute == "auto" else None
    )
    torch.manual_seed(0)
    with torch.device(args.device):
        model = AutoModelForCausalLM.from_config(shape, dtype=dtype, attn_implementation=kernel)
    vocabulary = shape.get_text_config().vocab_size
    ids, labels = rows_of(lengths, vocabulary)
    clock: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            clock.append(time.perf_counter())

    common: dict[str, Any] = {
        "output_dir": SCRATCH.name,
        "max_steps": args.steps + 2,
        "learning_rate": 1e-5,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "bf16": args.device == "cuda",
        "use_cpu": args.device == "cpu",
        "disable_tqdm": True,
        "dataloader_pin_memory": args.device == "cuda",
        "seed": 0,
    }
    targets = "all-linear" if options.target_modules == "auto" else options.target_modules
    lora = LoraConfig(r=options.lora_r, lora_alpha=16, lora_dropout=0.05, target_modules=targets, task_type="CAUSAL_LM")
    given: dict[str, Any] = {"model": model, "processing_class": tokenizer(), "peft_config": lora}
    if dpo:
        table = {
            "prompt_ids": [row[: len(row) // 3] for row in ids],
            "chosen_ids": [row[len(row) // 3 :] for row in ids],
            "rejected_ids": [row[len(row) // 3 :][::-1] for row in ids],
        }
        config = DPOConfig(
            per_device_train_batch_size=micro,
            gradient_accumulation_steps=batch // micro,
            max_length=None,
            activation_checkpointing=recompute and meter is None,
            **common,
        )
        trainer: Any = FlatPairsDPOTrainer(
            args=config, train_dataset=Dataset.from_dict(table), callbacks=[Clock()], **given
        )
    else:
        own, more = settings(args.way, options, lengths, recompute and meter is None)
        kind = HunminSFTTrainer if args.way == "hunmin" else SFTTrainer
        table = {"input_ids": ids, "labels": labels}
        trainer = kind(
            args=SFTConfig(**common, **own),
            train_dataset=Dataset.from_dict(table),
            callbacks=[Clock()],
            **given,
            **more,
        )
    trainer.remove_callback(PrinterCallback)
    notes: dict[str, Any] = {}
    if meter is not None:  # what `hunmin sft` and `hunmin dpo` do: the heaviest pass first, its peak decides
        trainer.add_callback(measured.HeaviestFirst(trainer, load, Path(SCRATCH.name), notes, meter))
    if args.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    trainer.train()

    rows = 2 if dpo else 1
    per_step = rows * sum(lengths) / len(lengths) * batch
    seconds = (clock[-1] - clock[1]) / (len(clock) - 2)
    weights = sum(p.numel() for n, p in model.named_parameters() if "lora" not in n and "embed_tokens" not in n)
    squares = rows * sum(n * n for n in lengths) / len(lengths) * batch
    text = shape.get_text_config()
    layers, hidden = text.num_hidden_layers, text.hidden_size
    forward = 1.5 if dpo else 1.0  # the reference's forward pass is useful work as well
    flops = forward * (4 * weights * per_step + 6 * layers * hidden * squares)
    peak = torch.cuda.max_memory_allocated() / 1e9 if args.device == "cuda" else None
    recompute = bool(trainer.args.activation_checkpointing)
    estimated = load.estimate(recompute) / 1e9
    return {
        "way": args.way,
        "size": args.recipe or args.size,
        "vocabulary": vocabulary,
        "attention": kernel,
        "recompute": recompute,
        "asked": args.recompute,
        "useful_tokens_per_second": round(per_step / seconds, 1),
        "tflops": round(flops / seconds / 1e12, 4),
        "mfu": round(flops / seconds / 1e12 / args.peak, 4) if args.device == "cuda" else None,
        "peak_gb": round(peak, 2) if peak else None,
        "estimate_gb": round(estimated, 2),
        "peak_over_estimate": round(peak / estimated, 3) if peak else None,
        "first_pass": notes.get("memory"),
        "steps": args.steps,
        "last_loss": [row["loss"] for row in trainer.state.log_history if "loss" in row][-1],
    }


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", choices=list(SHAPES), default="7b")
    parser.add_argument("--recipe", help="take a packaged recipe's base shape and options instead of --size")
    parser.add_argument("--stage", default="sft", help="that recipe's stage")
    parser.add_argument("--way", choices=WAYS, default="hunmin")
    parser.add_argument("--recompute", choices=("auto", "on", "off"), default="auto")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--vocabulary", type=int, default=46336, help="default: llama-2-koen's")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--lengths", type=Path, help="JSON list of row lengths in tokens")
    parser.add_argument("--peak", type=float, default=989.0, help="TFLOP/s the device can do in bf16")
    return parser


def main() -> None:
    print(json.dumps(measure(parser().parse_args())))


if __name__ == "__main__":
    main()
