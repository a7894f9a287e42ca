"""Count the test questions of a problem set that leak into its training file: verbatim, and as template twins.

    python bench/twins.py --train TRAIN... --test TEST... [--field kor_question] [--clean OUT.jsonl] [--out twins.json]

Verbatim: the same characters, blanks aside. A template twin: the same problem with other numbers, that is, a Jaccard
similarity of character 5-grams of at least 0.7 once every number is one sign. `--clean` writes the test rows that are
neither, which is what a score may be reported on. Files are JSON lines, JSON or CSV; several test files are one set.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

FIELDS = ("kor_question", "question", "instruction", "prompt", "problem")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
N, AT_LEAST = 5, 0.7


def read(path: Path) -> list[dict[str, Any]]:
    """Give the rows of a file; one row a line also where it is called .json."""
    from hunmin.formats.files import read_rows

    text = path.read_text(encoding="utf-8-sig")
    if path.suffix in (".json", ".jsonl") and not text.lstrip().startswith("["):
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return [dict(row) for _, row in read_rows(path)]


def question(row: dict[str, Any], field: str = "") -> str:
    """Give the question of a row."""
    return str(row[field or next(name for name in FIELDS if row.get(name))])


def plain(text: str) -> str:
    """Give a text in one form, without blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))


def shingles(text: str) -> frozenset[str]:
    """Give the character 5-grams of a text in which every number is the same sign."""
    bare = NUMBER.sub("#", plain(text))
    return frozenset(bare[i : i + N] for i in range(max(1, len(bare) - N + 1)))


def leaks(train: Sequence[str], test: Sequence[str]) -> list[tuple[bool, float, int]]:
    """Give for each test question (stands verbatim in train, highest similarity there, place of that row; -1: none)."""
    stands = {plain(text) for text in train}
    sets = [shingles(text) for text in train]
    where: dict[str, list[int]] = defaultdict(list)
    for i, grams in enumerate(sets):
        for gram in grams:
            where[gram].append(i)
    found = []
    for text in test:
        grams = shingles(text)
        shared: dict[int, int] = defaultdict(int)
        for gram in grams:
            for i in where.get(gram, ()):
                shared[i] += 1
        best = max(((n / (len(grams) + len(sets[i]) - n), -i) for i, n in shared.items()), default=(0.0, 1))
        found.append((plain(text) in stands, best[0], -best[1] if best[0] > 0 else -1))
    return found


def report(found: Sequence[tuple[bool, float, int]], at_least: float = AT_LEAST) -> dict[str, int]:
    """Give how many test questions there are, leak verbatim, are twins (verbatim ones too), and are clean."""
    twins = sum(similarity >= at_least for _, similarity, _ in found)
    clean = sum(not verbatim and similarity < at_least for verbatim, similarity, _ in found)
    return {"test": len(found), "verbatim": sum(v for v, _, _ in found), "twins": twins, "clean": clean}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--test", type=Path, nargs="+", required=True)
    parser.add_argument("--field", default="", help=f"name of the question; else the first of {', '.join(FIELDS)}")
    parser.add_argument("--at-least", type=float, default=AT_LEAST)
    parser.add_argument("--clean", type=Path, help="write the test rows that do not leak")
    parser.add_argument("--out", type=Path, help="write the counts as JSON")
    args = parser.parse_args()
    train = [question(row, args.field) for path in args.train for row in read(path)]
    rows = [row for path in args.test for row in read(path)]
    found = leaks(train, [question(row, args.field) for row in rows])
    counts = {"train": len(train), **report(found, args.at_least)}
    print(json.dumps(counts))
    if args.clean:
        kept = [r for r, (v, s, _) in zip(rows, found, strict=True) if not v and s < args.at_least]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
        args.clean.write_text(lines, encoding="utf-8")
    if args.out:
        args.out.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
