"""CPU seconds per 1,000 questions of every packaged benchmark, on own rows in its schema, with one random Llama.

    python bench/suite_seconds.py [--rows 60] [--new-tokens 32] [--rounds 2] [--only TASK,...] [--out result.json]

`evaluate` itself runs them, in this one process and with one thread; what is timed is each task alone, without
imports, the model's opening and lm-eval's index. The smaller of the rounds counts. Of a group one task stands for all.
Random weights never stop, so a generated answer always has --new-tokens tokens: a real model's answers are as long as
they are, and so are the public sets' rows.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from kmmlu import SHAPES  # noqa: E402

from hunmin.artifacts.artifact import Inputs  # noqa: E402
from hunmin.evaluation.benchmarks import GENERATED, grid  # noqa: E402
from hunmin.stages import evaluate  # noqa: E402
from tests.model import suite_rows, tiny_models  # noqa: E402

SHOTS = ["kobest", "kmmlu_accounting", "kormedmcqa_doctor"]  # asked at 5 shots; the others at 0
ANSWERED = {*GENERATED, "kormedmcqa_doctor", "hrm8k_gsm8k"}


def model(folder: Path, shape: str) -> Path:
    """Save a random Llama of this shape with a byte-level BPE of the bundled benchmark's text."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    hidden, layers, heads, feed, vocab = SHAPES[shape]
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocab,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=feed,
        max_position_embeddings=4096,
        initializer_range=0.05,
        bos_token_id=None,
        eos_token_id=0,
    )
    AutoModelForCausalLM.from_config(config).float().save_pretrained(folder)
    tiny_models.byte_tokenizer().save_pretrained(folder)
    return folder


def run(tasks: list[str], shots: int, opened: Path, data: Path, out: Path, args: argparse.Namespace) -> None:
    """Evaluate these tasks once."""
    config = evaluate.Config(
        tasks=tasks,
        protocol="harness" if tasks == ["kobest"] else "upstream",
        data=str(tiny_models.BENCHMARK if tasks == ["kobest"] else data),
        num_fewshot=[shots],
        models=["newest"],
        device="cpu",
        limit=args.rows,
        template="alpaca",
        max_new_tokens=args.new_tokens,
        lm_eval={} if tasks == ["kobest"] else {"gen_kwargs": f"max_gen_toks={args.new_tokens}"},
    )
    out.mkdir(parents=True)
    evaluate.run(config, Inputs(label="evaluate", model=opened), out)


class Clock:
    """CPU seconds and documents of every piece of work, taken around the function that runs one."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.documents: dict[str, int] = {}
        self._run = grid._one
        grid._one = self._one

    def _one(self, opened: Any, work: Any, path: Path, mark: str, about: Any) -> None:
        begun = time.process_time()
        self._run(opened, work, path, mark, about)
        task = "kobest" if work.task.startswith("kobest") else work.task
        self.seconds.setdefault(task, []).append(time.process_time() - begun)
        self.documents[task] = self.documents.get(task, 0) + len(json.loads(path.read_text("utf-8"))["documents"])

    def result(self, args: argparse.Namespace) -> list[dict[str, Any]]:
        found = []
        for task, seconds in self.seconds.items():
            n, parts = self.documents[task] // args.rounds, len(seconds) // args.rounds
            rounds = [1000 * sum(seconds[r * parts : (r + 1) * parts]) / n for r in range(args.rounds)]
            way = f"answers of {args.new_tokens} tokens" if task in ANSWERED else "log-likelihood"
            row = {"task": task, "shots": 5 if task in SHOTS else 0, "documents": n, "way": way}
            found.append({**row, "seconds_per_1000": round(min(rounds), 1), "rounds": [round(v, 1) for v in rounds]})
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--shape", default="middle", choices=list(SHAPES))
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()

    import torch

    torch.set_num_threads(1)
    logging.getLogger("hunmin").setLevel(logging.ERROR)
    known = ["kobest", "ifeval_ko", *(name for name in suite_rows.FILES if name != "kmmlu_direct_accounting")]
    asked = [name for name in args.only.split(",") if name] or known
    groups = [(["kobest"], 5), ([n for n in SHOTS if n != "kobest"], 5), ([n for n in known if n not in SHOTS], 0)]
    clock = Clock()
    with tempfile.TemporaryDirectory() as scratch:
        opened = model(Path(scratch) / "model", args.shape)
        data = suite_rows.folder(Path(scratch) / "data", [n for n in asked if n in suite_rows.FILES], args.rows)
        for r in range(args.rounds):
            for i, (names, shots) in enumerate(groups):
                if wanted := [n for n in names if n in asked]:
                    run(wanted, shots, opened, data, Path(scratch) / f"{r}-{i}", args)
    results = clock.result(args)
    for row in results:
        print(json.dumps(row))
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
