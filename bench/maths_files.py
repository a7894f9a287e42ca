"""Make the files that ko-reason-270m reads out of public sets of problems: training rows, the clean test, the headline.

    python bench/maths_files.py --train TRAIN... --test TEST... --headline FILE --out FOLDER [--seed 1] [--questions N]

Leaves FOLDER/korean-maths.jsonl {id, question, reason, answer} in an order drawn by the seed (so that its first N rows
are a sample), FOLDER/korean-maths-test/maths_ko.jsonl and FOLDER/headline/maths_ko.jsonl {id, question, answer}, beside
each maths_ko-shots.jsonl, four worked examples to ask a base with, and FOLDER/leaks.json: how many test and headline
questions stand in the training rows or are template twins, which are left out of both. --questions N draws so many of
each set.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import twins  # beside this script, whose folder Python looks in first

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
REASONS = ("kor_answer", "reason", "output")


def gold_of(row: dict[str, Any]) -> str:
    """Give a row's gold number: its `answer`, or what the original's worked answer ends with; "" when there is none."""
    from hunmin.measures.final_answer import stated

    if row.get("answer") not in (None, ""):
        return str(row["answer"])
    worked = (row.get("original") or {}).get("output") or ""
    found = stated(worked)
    return "" if found is None else str(found)


def problems(paths: Iterable[Path]) -> list[dict[str, str]]:
    """Give the rows of the files as {id, question, reason, answer}; those without a gold number,
    or with the answer in the question, are left out."""
    found = []
    for path in paths:
        for i, row in enumerate(twins.read(path)):
            reason = next((str(row[name]) for name in REASONS if row.get(name)), "")
            row = {"id": f"{path.stem}-{i}", "question": twins.question(row), "reason": reason, "answer": gold_of(row)}
            if row["answer"] and "Answer:" not in row["question"]:  # some translations carry the answer along
                found.append(row)
    return found


def write(path: Path, rows: Iterable[dict[str, str]], keys: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({key: row[key] for key in keys}, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def worked(rows: Iterable[dict[str, str]], n: int = 4) -> list[dict[str, str]]:
    """Give the first `n` rows whose reasoning ends with the gold number."""
    from hunmin.measures.final_answer import final_answer

    right = (row for row in rows if row["reason"] and final_answer(row["reason"], {"gold": row["answer"]}) == 1)
    return list(itertools.islice(right, n))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--test", type=Path, nargs="+", required=True)
    parser.add_argument("--headline", type=Path, required=True, help="a set that is never trained on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--questions", type=int, help="so many of each set, drawn by the seed; default: all")
    args = parser.parse_args()
    train = problems(args.train)
    random.Random(args.seed).shuffle(train)
    write(args.out / "korean-maths.jsonl", train, ("id", "question", "reason", "answer"))
    counts: dict[str, Any] = {"train": len(train)}
    for name, folder, paths in (("test", "korean-maths-test", args.test), ("headline", "headline", [args.headline])):
        rows = problems(paths)
        found = twins.leaks([row["question"] for row in train], [row["question"] for row in rows])
        counts[name] = twins.report(found)
        clean = [r for r, (verbatim, s, _) in zip(rows, found, strict=True) if not verbatim and s < twins.AT_LEAST]
        if args.questions is not None and args.questions < len(clean):
            clean = random.Random(args.seed).sample(clean, args.questions)
        write(args.out / folder / "maths_ko.jsonl", clean, ("id", "question", "answer"))
        write(args.out / folder / "maths_ko-shots.jsonl", worked(train), ("id", "question", "reason", "answer"))
    (args.out / "leaks.json").write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
