"""How much faster KoBEST is scored than by lm-eval's `hf` (batch 1 and 8), on the same requests in one run.

    python bench/kobest.py --data KOBEST_FOLDER [--shape small tiny] [--docs 20] [--shots 0 5 10] [--out result.json]

CPU time (process_time) of one thread on a CPU; wall time with synchronisation on a GPU (--device cuda --dtype
bfloat16). Weights are random: speed does not depend on them, and argmax over random likelihoods is a strict test of
equality. Targets: >= 2.0x on two-choice tasks and >= 4.0x on HellaSwag at 5 and 10 shots against batch 1, never
slower than the better of 1 and 8, identical predictions.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

SHAPES = {  # hidden, layers, heads, feed-forward, vocabulary; parameters without and with embeddings
    "small": (768, 12, 12, 2048, 46336),  # 85M + 71M: llama-2-ko's vocabulary on the body of a GPT-2
    "tiny": (192, 4, 6, 512, 8192),  # 1.9M + 3.1M
}


def train_tokenizer(folder: Path, vocab_size: int) -> Any:
    """Give a byte-level BPE trained on KoBEST's train texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    own = Tokenizer(models.BPE())
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    own.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (line for path in sorted(folder.rglob("train.*")) for line in path.open(encoding="utf-8"))
    own.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=own, eos_token="<|endoftext|>")


def build(shape: str, tokenizer: Any, device: str, dtype: str) -> Any:
    """Give a random Llama of this shape, scaled so that its likelihoods differ."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    hidden, layers, heads, feed, vocab = SHAPES[shape]
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=max(vocab, len(tokenizer)),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=feed,
        max_position_embeddings=4096,
        initializer_range=0.05,
        bos_token_id=0,
        eos_token_id=0,
    )
    return AutoModelForCausalLM.from_config(config).to(device, getattr(torch, dtype)).eval()


def seconds(device: str) -> float:
    if device == "cpu":
        return time.process_time()
    import torch

    torch.cuda.synchronize()
    return time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="KoBEST: the authors' TSV folders or JSONL")
    parser.add_argument("--shape", nargs="+", default=["tiny", "small"], choices=list(SHAPES))
    parser.add_argument("--tasks", nargs="+", default=["kobest"])
    parser.add_argument("--docs", type=int, default=20)
    parser.add_argument("--shots", type=int, nargs="+", default=[0, 5, 10])
    parser.add_argument("--fixed", action="store_true", help="one draw of shots for all documents (fewshot: fixed)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--skip", nargs="*", default=[], help="columns to leave out: hf8, repeat, plain")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()

    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    from hunmin.evaluation.benchmarks import harness
    from hunmin.evaluation.benchmarks.lm_eval_model import HunminLM

    if args.device == "cpu":
        torch.set_num_threads(1)
    jobs = harness.jobs(args.tasks, args.shots, args.data, limit=args.docs, fixed=args.fixed)
    jobs.sort(key=lambda job: args.shots.index(job.num_fewshot))
    results = []
    for shape in args.shape:
        tokenizer = train_tokenizer(Path(args.data), 32000 if shape == "small" else 8192)
        model = build(shape, tokenizer, args.device, args.dtype)
        n_million = sum(p.numel() for p in model.parameters()) / 1e6
        print(f"\n{shape}: {n_million:.1f}M parameters, {args.dtype}, {args.device}, {args.docs} documents a cell")
        print(f"{'task':18} {'shots':>5} {'hf1 s':>8} {'hf8':>6} {'auto':>6} {'repeat':>7} {'plain':>6}  same  max |d|")
        makers: dict[str, Any] = {
            "hf1": lambda: HFLM(model, tokenizer=tokenizer, batch_size=1, max_length=4096),  # noqa: B023
            "auto": lambda: HunminLM(model, tokenizer=tokenizer, max_length=4096),  # noqa: B023
            "hf8": lambda: HFLM(model, tokenizer=tokenizer, batch_size=8, max_length=4096),  # noqa: B023
            "repeat": lambda: HunminLM(model, tokenizer=tokenizer, max_length=4096, scoring="repeat"),  # noqa: B023
            "plain": lambda: HunminLM(model, tokenizer=tokenizer, max_length=4096, scoring="plain"),  # noqa: B023
        }
        opened = {name: make() for name, make in makers.items() if name not in args.skip}
        for lm in opened.values():  # first calls set up kernels and, for ours, check themselves
            lm.loglikelihood([Instance("loglikelihood", {}, ("글 " * 40, c), 0) for c in ("가 나", "다")], True)
        for job in jobs:
            asked = [
                Instance("loglikelihood", {}, (item.context, choice), i)
                for item in job.items
                for i, choice in enumerate(item.choices)
            ]
            taken, values = {}, {}
            for name, lm in opened.items():
                begun = seconds(args.device)
                values[name] = [v for v, _ in lm.loglikelihood(asked, disable_tqdm=True)]
                taken[name] = seconds(args.device) - begun
            width = len(job.items[0].choices)

            def picks(found: list[float], width: int = width) -> list[int]:
                return [harness.best(found[i : i + width]) for i in range(0, len(found), width)]

            same = {name: picks(found) == picks(values["hf1"]) for name, found in values.items()}
            worst = max(abs(a - b) for n, f in values.items() for a, b in zip(f, values["hf1"], strict=True))
            speed = {name: taken["hf1"] / taken[name] for name in taken}
            row = {
                "shape": shape,
                "task": job.task.name,
                "num_fewshot": job.num_fewshot,
                "docs": len(job.items),
                "seconds": taken,
                "speedup_over_hf1": speed,
                "same_predictions": same,
                "max_difference_nats": worst,
                "backend": opened["auto"].opened.report,
            }
            results.append(row)
            columns = [f"{speed[n]:.2f}x" if n in speed else "-" for n in ("hf8", "auto", "repeat", "plain")]
            print(
                f"{job.task.name:18} {job.num_fewshot:5} {taken['hf1']:8.2f} {columns[0]:>6} {columns[1]:>6} "
                f"{columns[2]:>7} {columns[3]:>6}  {'yes' if all(same.values()) else 'NO':4}  {worst:.1e}",
                flush=True,
            )
            if args.out:
                args.out.write_text(json.dumps(results, indent=1) + "\n")
    misses = [
        f"{r['shape']} {r['task']} {r['num_fewshot']}-shot {r['speedup_over_hf1']['auto']:.2f}x"
        for r in results
        if r["num_fewshot"] in (5, 10)
        and r["speedup_over_hf1"]["auto"] < (4.0 if r["task"] == "kobest_hellaswag" else 2.0)
    ]
    slower = [
        f"{r['shape']} {r['task']} {r['num_fewshot']}-shot"
        for r in results
        if r["speedup_over_hf1"]["auto"] < max(1.0, r["speedup_over_hf1"].get("hf8", 0))
    ]
    print("\nbelow target:", ", ".join(misses) or "none")
    print("slower than the better of batch 1 and 8:", ", ".join(slower) or "none")


if __name__ == "__main__":
    main()
