"""SFT on one GPU at the originals' sizes: tokens per second, model FLOPs utilisation and peak memory.

Llama shapes of 7B and 13B with random weights in bf16, LoRA r=8 on all projections, KoRAE's settings (batch 16,
micro-batch 4, max_length 4096), row lengths drawn like real instruction data. Each way runs in a process of its own, so
that one's memory does not count for another: hunmin, trl as it comes (padding, checkpointing), trl's bfd packing.

    python bench/gpu_sft.py --size 7b 13b [--steps 6] [--lengths lengths.json] [--out gpu_sft.json]
    python bench/gpu_sft.py --size tiny --device cpu --steps 2      # the same code where there is no GPU

MFU counts what LoRA needs: 2 FLOPs per weight and token forward, 2 backward (no gradient of the frozen weights), and
attention within each document; recomputation is not counted as useful. Peak: --peak in TFLOP/s (H200 bf16: 989).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

SHAPES = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4},
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32},
    "13b": {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 40, "num_attention_heads": 40},
}
WAYS = ("hunmin", "trl default", "trl bfd")
BATCH, MICRO, MAX_LENGTH = 16, 4, 4096


def draw_lengths(n: int, seed: int) -> list[int]:
    """Give row lengths like 4,795 real Alpaca and Korean rows: lognormal, median 143, 95th percentile 619 tokens."""
    import random

    draw = random.Random(seed)
    sigma = math.log(619 / 143) / 1.645
    return [max(16, min(MAX_LENGTH, round(draw.lognormvariate(math.log(143), sigma)))) for _ in range(n)]


def measure(way: str, size: str, steps: int, device: str, lengths: list[int]) -> dict[str, Any]:
    """Train `steps` steps after two warm-up steps in this process; give the numbers."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, LlamaConfig, PrinterCallback, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from hunmin.tiny import corpus, train_tokenizer
    from hunmin.train import attention
    from hunmin.train.loop import be_quiet
    from hunmin.train.sft_trainer import HunminSFTTrainer

    be_quiet()
    tokenizer = train_tokenizer("llama", corpus(), 2048)
    vocabulary = 2048 if size == "tiny" else 46336  # llama-2-koen's
    shape = LlamaConfig(
        vocab_size=vocabulary, max_position_embeddings=MAX_LENGTH, tie_word_embeddings=False, **SHAPES[size]
    )
    kernel = attention.choose("auto", device, shape, padding_free=way == "hunmin")
    attention.register()
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    torch.manual_seed(0)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(shape, dtype=dtype, attn_implementation=kernel)
    ids = torch.Generator().manual_seed(1)
    rows = [torch.randint(10, 2000, (n,), generator=ids).tolist() for n in lengths]
    labels = [[-100] * (len(r) * 31 // 100) + r[len(r) * 31 // 100 :] for r in rows]  # 69 % of tokens are answers
    clock: list[tuple[float, float]] = []

    class Clock(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if device == "cuda":
                torch.cuda.synchronize()
            clock.append((time.perf_counter(), time.process_time()))

    common: dict[str, Any] = {
        "output_dir": tempfile.mkdtemp(prefix="bench-gpu-"),
        "max_steps": steps + 2,
        "learning_rate": 1e-5,
        "lr_scheduler_type": "cosine",
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "bf16": device == "cuda",
        "use_cpu": device == "cpu",
        "disable_tqdm": True,
        "dataloader_pin_memory": device == "cuda",
        "seed": 0,
        "per_device_train_batch_size": MICRO,
        "gradient_accumulation_steps": BATCH // MICRO,
    }
    if way == "hunmin":
        own = {"padding_free": True, "max_length": None, "dataset_kwargs": {"skip_prepare_dataset": True}}
        own["activation_checkpointing"] = size == "13b"  # what `auto` decides at the worst micro-batch
        extra = {"lengths": lengths}
    elif way == "trl bfd":
        packs = max(1, round(BATCH * sum(lengths) / len(lengths) / MAX_LENGTH))
        own = {"packing": True, "max_length": MAX_LENGTH, "activation_checkpointing": size == "13b"}
        common |= {"per_device_train_batch_size": 1, "gradient_accumulation_steps": packs}
        extra = {}
    else:
        own, extra = {"max_length": MAX_LENGTH, "activation_checkpointing": True}, {}
    trainer = (HunminSFTTrainer if way == "hunmin" else SFTTrainer)(
        model=model,
        args=SFTConfig(**common, **own),
        train_dataset=Dataset.from_dict({"input_ids": rows, "labels": labels}),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=8, lora_alpha=16, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        callbacks=[Clock()],
        **extra,
    )
    trainer.remove_callback(PrinterCallback)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    trainer.train()
    per_step = sum(lengths) / len(lengths) * BATCH
    seconds = (clock[-1][0] - clock[1][0]) / (len(clock) - 2)
    weights = sum(p.numel() for n, p in model.named_parameters() if "lora" not in n and "embed_tokens" not in n)
    squares = sum(n * n for n in lengths) / len(lengths) * BATCH
    layers, hidden = SHAPES[size]["num_hidden_layers"], SHAPES[size]["hidden_size"]
    flops = 4 * weights * per_step + 6 * layers * hidden * squares  # causal: half of 4·n²·h forward, twice that back
    return {
        "way": way,
        "size": size,
        "attention": kernel,
        "gradient_checkpointing": bool(own["activation_checkpointing"]),
        "tokens_per_second": round(per_step / seconds, 1),
        "tflops": round(flops / seconds / 1e12, 4),
        "peak_memory_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if device == "cuda" else None,
        "steps": steps,
        "last_loss": [row["loss"] for row in trainer.state.log_history if "loss" in row][-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", nargs="+", choices=list(SHAPES), default=["7b"])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--lengths", type=Path, help="JSON list of row lengths in tokens")
    parser.add_argument("--peak", type=float, default=989.0, help="TFLOP/s the device can do in bf16")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    n = (args.steps + 2) * BATCH
    lengths = json.loads(args.lengths.read_text())[:n] if args.lengths else draw_lengths(n, seed=0)
    if args.one:
        print(json.dumps(measure(args.ways[0], args.size[0], args.steps, args.device, lengths)))
        return
    found = []
    for size in args.size:
        for way in args.ways:
            command = [sys.executable, __file__, "--one", "--size", size, "--ways", way, "--steps", str(args.steps)]
            command += ["--device", args.device] + (["--lengths", str(args.lengths)] if args.lengths else [])
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{size} {way}: failed\n{done.stderr[-1500:]}", file=sys.stderr)
                sys.exit(1)
            row = json.loads(done.stdout.strip().splitlines()[-1])
            row["mfu"] = round(row["tflops"] / args.peak, 4) if args.device == "cuda" else None
            found.append(row)
            print(json.dumps(row))
    if args.out:
        args.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
