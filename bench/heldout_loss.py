"""How well models predict held-out answers, in bits a byte: a measure that moves long before exact match does.

    python bench/heldout_loss.py ROWS --models BASE ADAPTER... [--template kullm] [--limit N] [--dtype bf16] [--out F]

ROWS is a records.jsonl with answers, as `hunmin load` leaves it; one above --max-length tokens counts for no model.
With --template each model is asked in it; without, question and answer stand as plain text after a start token, which
is how forgetting is measured (English answers before and after Korean training). The loss of an answer's tokens, and
of nothing else, is summed in nats and told in bits per UTF-8 byte of the answer, so that models of different
tokenizers can be compared. Intervals (95 %) and the paired difference to the first model: bootstrap over rows.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def read(path: Path, limit: int) -> list[dict[str, Any]]:
    """Give the first `limit` records (0: all) that hold an answer."""
    from hunmin.artifacts.stream import read_jsonl

    records = [r for r in read_jsonl(path) if r.get("output", "").strip()]
    return records[:limit] if limit else records


def pairs(records: Sequence[dict[str, Any]], loaded: Any, templated: bool) -> list[tuple[list[int], list[int]]]:
    """Give every record's (context ids, answer ids)."""
    from hunmin import models
    from hunmin.models.answering import asked_messages
    from hunmin.raters.ifd import question_and_answer

    found = []
    for record in records:
        question, answer = question_and_answer(record)
        if templated:
            context = loaded.encode(models.prompt(loaded, asked_messages(loaded, record, "")))
        else:
            start = loaded.tokenizer.bos_token_id
            start = loaded.tokenizer.eos_token_id if start is None else start
            context = [start, *loaded.encode(question + "\n\n")]
        found.append((context, loaded.encode(answer)))
    return found


def measure(records: Sequence[dict[str, Any]], args: argparse.Namespace) -> dict[str, list[float] | None]:
    """Give each model's loss per record in nats, NaN where the record is too long for it."""
    from hunmin import models

    losses = {}
    for name in args.models:
        loaded = models.load(name, dtype=args.dtype, template=args.template or None)
        rows = pairs(records, loaded, bool(args.template))
        fits = [i for i, (context, answer) in enumerate(rows) if len(context) + len(answer) <= args.max_length]
        sums = [math.nan] * len(rows)
        for i, found in zip(fits, models.logprobs(loaded, [rows[i] for i in fits]), strict=True):
            sums[i] = -math.fsum(found)
        losses[name] = sums
        del loaded
        gc.collect()
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("rows", type=Path)
    parser.add_argument("--models", nargs="+", required=True, help="the first is what the others are compared with")
    parser.add_argument("--template", default="", help="one of hunmin's templates; none: plain text")
    parser.add_argument("--limit", type=int, default=0, help="the first so many rows; 0: all")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    from hunmin.statistics import ratio_interval

    begun = time.perf_counter()
    records = read(args.rows, args.limit)
    losses = measure(records, args)
    kept = [i for i in range(len(records)) if all(math.isfinite(loss[i]) for loss in losses.values())]
    size = [len(records[i]["output"].encode()) for i in kept]
    bits = {name: [loss[i] / math.log(2) for i in kept] for name, loss in losses.items()}
    print(f"{len(kept)} of {len(records)} rows, {sum(size)} bytes of answers; bits a byte\n")
    print("| model | bits a byte | less than the first |\n|---|---|---|")
    found = {}
    for name, own in bits.items():
        mean = sum(own) / sum(size)
        low, high = ratio_interval(own, size)
        saved = [a - b for a, b in zip(bits[args.models[0]], own, strict=True)]
        gain, *between = sum(saved) / sum(size), *ratio_interval(saved, size)
        found[name] = {"bits_per_byte": mean, "low": low, "high": high, "gain": gain, "gain_interval": between}
        print(f"| {name} | {mean:.3f} [{low:.3f}, {high:.3f}] | {gain:+.3f} [{between[0]:+.3f}, {between[1]:+.3f}] |")
    print(f"\n{time.perf_counter() - begun:.0f} s")
    if args.out:
        rows = {name: [losses[name][i] for i in kept] for name in losses}
        told = {
            "rows": len(kept),
            "bytes": sum(size),
            "models": found,
            "nats": rows,
            "ids": [records[i]["id"] for i in kept],
        }
        args.out.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
