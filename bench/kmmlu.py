"""How much faster KMMLU-like choices at 5 shots, and answers, come than from lm-eval's `hf` at batch 8, in one run.

    python bench/kmmlu.py [--docs 60] [--fixed-docs 60] [--answers 16] [--rounds 3] [--out result.json]

Rows are made here: a question, A to D, one of four letters; five dev rows, drawn in an order of its own for each
document as lm-eval does (or in one order: `fixed`). CPU time (process_time) of one thread, median of the rounds, the
order of the competitors turned each round. Weights are random: speed does not depend on them, and equal picks over
random likelihoods are a strict test. Targets: >= 2x, fixed >= 4x (its ceiling is printed), answers not slower.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from pathlib import Path
from typing import Any

SHAPES = {  # hidden, layers, heads, feed-forward, vocabulary
    "small": (512, 8, 8, 1408, 32000),  # 26M of body, 33M of embeddings
    "middle": (320, 6, 5, 880, 16000),  # 7.5M of body, 10M of embeddings
    "tiny": (192, 4, 6, 512, 8192),
}
WORDS = "하천 도시 세금 계약 재료 압력 온도 전류 회로 토지 보험 이자 자본 법률 기관 시험 안전 설비 측정 품질".split()


def open_model(shape: str) -> tuple[Any, Any]:
    """Give a random Llama of this shape and a byte-level BPE made of the rows."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    own = Tokenizer(models.BPE())
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    own.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2000,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    own.train_from_iterator((f"{asked(row(i, random.Random(i)))} {'ABCD'[i % 4]}" for i in range(300)), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=own, eos_token="<|endoftext|>")
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
        bos_token_id=0,
        eos_token_id=0,
    )
    return AutoModelForCausalLM.from_config(config).float().eval(), tokenizer


def row(i: int, chance: random.Random) -> dict[str, str]:
    text = " ".join(chance.choices(WORDS, k=chance.randint(12, 30)))
    return {"question": f"{i}. {text}에 대한 설명으로 옳은 것은?"} | {
        letter: " ".join(chance.choices(WORDS, k=chance.randint(3, 7))) for letter in "ABCD"
    }


def asked(one: dict[str, str]) -> str:
    options = "\n".join(f"{letter}. {one[letter]}" for letter in "ABCD")
    return f"{one['question']}\n{options}\n정답："


def contexts(n: int, fixed: bool) -> list[str]:
    """Give n prompts at 5 shots out of a pool of five, each in an order of its own, or all in one order."""
    chance = random.Random(1234)
    pool = [f"{asked(row(i, chance))} {'ABCD'[i % 4]}" for i in range(5)]
    found = []
    for i in range(n):
        shots = pool if fixed else chance.sample(pool, 5)
        found.append("\n\n".join([*shots, asked(row(100 + i, chance))]))
    return found


def timed(makers: dict[str, Any], work: Any, rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Give each competitor's median CPU seconds and its last result; who goes first turns with the rounds."""
    taken: dict[str, list[float]] = {name: [] for name in makers}
    results = {}
    for r in range(rounds):
        names = list(makers)
        for name in names[r % len(names) :] + names[: r % len(names)]:
            begun = time.process_time()
            results[name] = work(makers[name])
            taken[name].append(time.process_time() - begun)
    return {name: statistics.median(values) for name, values in taken.items()}, results


def choices(opened: dict[str, Any], n: int, fixed: bool, rounds: int) -> dict[str, Any]:
    """Score n documents with each, and give the ratio to hf at batch 8."""
    from lm_eval.api.instance import Instance

    texts = contexts(n, fixed)
    requests = [Instance("loglikelihood", {}, (t, f" {c}"), i) for t in texts for i, c in enumerate("ABCD")]
    seconds, values = timed(opened, lambda lm: [v for v, _ in lm.loglikelihood(requests, True)], rounds)

    def picks(found: list[float]) -> list[int]:
        return [max(range(4), key=found[i : i + 4].__getitem__) for i in range(0, len(found), 4)]

    hf, ours = values["hf8"], values["hunmin"]
    encoded = [opened["hunmin"].tok_encode(t) for t in texts]
    shared = min(len(a) for a in encoded)
    while any(a[:shared] != encoded[0][:shared] for a in encoded):
        shared -= 1
    computed = shared + sum(len(a) - shared for a in encoded)
    return {
        "documents": n,
        "fixed": fixed,
        "seconds": seconds,
        "ratio": seconds["hf8"] / seconds["hunmin"],
        "ceiling_by_tokens": sum(map(len, encoded)) / computed if fixed else None,
        "same_picks": picks(hf) == picks(ours),
        "max_difference_nats": max(abs(a - b) for a, b in zip(hf, ours, strict=True)),
        "report": opened["hunmin"].opened.report,
    }


def answers(model: Any, tokenizer: Any, n: int, rounds: int) -> dict[str, Any]:
    """Generate n greedy answers of 24 tokens to prompts of unequal length with both, batches of 8."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    from hunmin import models

    chance = random.Random(7)
    texts = [asked(row(i, chance)) * chance.choice((1, 1, 2, 4)) for i in range(n)]
    lm = HFLM(model, tokenizer=tokenizer, batch_size=8, max_length=4096)
    told = {"until": [], "max_gen_toks": 24, "do_sample": False}
    loaded = models.Loaded(model, tokenizer, None, "bench", max_length=4096)

    def ours(_: Any) -> list[str]:
        order = sorted(range(n), key=lambda i: len(loaded.encode(texts[i])))
        found = [""] * n
        for start in range(0, n, 8):
            part = order[start : start + 8]
            made = models.generate(loaded, [texts[i] for i in part], max_new_tokens=24)
            for i, one in zip(part, made, strict=True):
                found[i] = one.text
        return found

    def theirs(_: Any) -> list[str]:
        found: list[str] = lm.generate_until([Instance("generate_until", {}, (t, dict(told)), 0) for t in texts], True)
        return found

    seconds, values = timed({"hf8": theirs, "hunmin": ours}, lambda work: work(None), rounds)
    same = sum(a.strip() == b.strip() for a, b in zip(values["hf8"], values["hunmin"], strict=True))
    return {"answers": n, "seconds": seconds, "ratio": seconds["hf8"] / seconds["hunmin"], "same": same}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", default="small", choices=list(SHAPES))
    parser.add_argument("--docs", type=int, default=60)
    parser.add_argument("--fixed-docs", type=int, default=60)
    parser.add_argument("--answers", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()

    import torch
    from lm_eval.models.huggingface import HFLM

    from hunmin.evaluation.benchmarks.lm_eval_model import HunminLM

    torch.set_num_threads(1)
    model, tokenizer = open_model(args.shape)
    opened = {
        "hf8": HFLM(model, tokenizer=tokenizer, batch_size=8, max_length=4096),
        "hunmin": HunminLM(model, tokenizer=tokenizer, max_length=4096),
    }
    results = []
    for n, fixed in ((args.docs, False), (args.fixed_docs, True)):
        if n:
            results.append(choices(opened, n, fixed, args.rounds))
            print(json.dumps(results[-1]), flush=True)
    if args.answers:
        results.append(answers(model, tokenizer, args.answers, args.rounds))
        print(json.dumps(results[-1]), flush=True)
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
