"""Measure decontamination: benchmark items planted into Korean records, as they stand and in other wordings.

    python bench/leaks.py --benchmark KOBEST_FOLDER --clean TABLE.csv --columns Q A --out leaks.json

Every item that a change applies to is planted into the middle of a clean answer, drawn by the seed. False are clean
records in which something is found; speed is the stage itself, clean records through.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

PARTICLE = re.compile(r"(?<=[가-힣])(은|는|이|가|을|를|에서|에|의|로|도|와|과)$")
OTHER = {"은": "이", "는": "가", "이": "은", "가": "는", "을": "은", "를": "는", "에서": "에", "에": "에서", "의": "은",
         "로": "에", "도": "는", "와": "는", "과": "은"}  # fmt: skip
ENDINGS = tuple(
    pair.split()
    for pair in (
        "었다 었어요, 았다 았습니다, 했다 했어요, 였다 였습니다, 한다 합니다, 된다 돼요, 있다 있어요, 없다 없습니다, "
        "이다 입니다, 습니다 어요, 어요 었다, 아요 았다, 네요 군요, 합니다 한다, 해요 했다, 쳤다 쳤어요, "
        "졌다 졌습니다, "
        "렸다 렸어요, 났다 났습니다, 왔다 왔어요, 갔다 갔습니다"
    ).split(", ")
)


def one_particle(item: str, chance: random.Random) -> str | None:
    words = item.split()
    places = [i for i, w in enumerate(words) if PARTICLE.search(w.rstrip(".,!?"))]
    if not places:
        return None
    at = chance.choice(places)
    words[at] = particle(words[at])
    return " ".join(words)


def particle(word: str) -> str:
    bare = word.rstrip(".,!?")
    return PARTICLE.sub(lambda m: OTHER[m.group()], bare) + word[len(bare) :]


def all_particles(item: str, chance: random.Random) -> str | None:
    words = [particle(w) for w in item.split()]
    return None if sum(a != b for a, b in zip(words, item.split(), strict=True)) < 2 else " ".join(words)


def typo(item: str, chance: random.Random) -> str | None:
    places = [i for i, c in enumerate(item) if "가" <= c <= "힣"]
    if not places:
        return None
    at = chance.choice(places)
    return item[:at] + chr(0xAC00 + chance.randrange(11172)) + item[at + 1 :]


def word_deleted(item: str, chance: random.Random) -> str | None:
    words = item.split()
    if len(words) < 3:
        return None
    del words[chance.randrange(len(words))]
    return " ".join(words)


def ending(item: str, chance: random.Random) -> str | None:
    bare = item.rstrip(" .!?")
    return next((bare[: -len(a)] + b + item[len(bare) :] for a, b in ENDINGS if bare.endswith(a)), None)


def half(item: str, chance: random.Random) -> str | None:
    return item[: len(item) // 2] if len(item) >= 60 else None


def verbatim(item: str, chance: random.Random) -> str | None:
    return item


def spacing(item: str, chance: random.Random) -> str | None:
    return item.replace(" ", "")


CHANGES: dict[str, Callable[[str, random.Random], str | None]] = {
    "verbatim": verbatim,
    "spacing": spacing,
    "one particle": one_particle,
    "one typo": typo,
    "one word deleted": word_deleted,
    "ending": ending,
    "all particles": all_particles,
    "first half of a long item": half,
}


def found_in(records: list[dict[str, Any]], against: str, splits: list[str]) -> tuple[dict[str, list[str]], float]:
    """Give the items found by record id, and the CPU seconds of the stage."""
    from hunmin.artifacts.artifact import Inputs
    from hunmin.artifacts.record import read_jsonl, write_jsonl
    from hunmin.stages import decontaminate

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.jsonl"
        write_jsonl(source, records)
        config = decontaminate.Config(against=[against], splits=splits, on_overlap="report")
        begun = time.process_time()
        decontaminate.run(config, Inputs(label="decontaminate", records=source), Path(folder) / "out")
        spent = time.process_time() - begun
        rows: dict[str, list[str]] = {}
        for row in read_jsonl(Path(folder) / "out" / "overlaps.jsonl"):
            rows.setdefault(row["id"], []).append(f"{row['benchmark']} {row['text']} ({row['how']} {row['overlap']})")
    return rows, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--benchmark", required=True, help="folder of benchmark files, e.g. KoBEST's")
    parser.add_argument("--splits", nargs="+", default=["test"])
    parser.add_argument("--clean", type=Path, nargs="+", required=True, help="CSV of Korean questions and answers")
    parser.add_argument("--columns", nargs=2, default=["Q", "A"])
    parser.add_argument("--n", type=int, default=1000, help="items planted of each change")
    parser.add_argument("--false", type=int, default=5000, help="clean records looked through")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    from hunmin.selection.held_out import read_items

    chance = random.Random(args.seed)
    clean = []
    for path in args.clean:
        with path.open(encoding="utf-8") as file:
            clean += [(r[args.columns[0]], r[args.columns[1]]) for r in csv.DictReader(file)]
    chance.shuffle(clean)
    items = [i for i in read_items([args.benchmark], args.splits) if len(re.sub(r"\W", "", i.text)) >= 8]
    rows: list[dict[str, Any]] = []
    for name, change in CHANGES.items():
        planted = []
        for item in chance.sample(items, len(items)):
            new = change(re.sub(r"[\[\]]", "", item.text), chance)
            if new is not None:
                question, answer = chance.choice(clean)
                text = f"{answer} {new} {chance.choice(clean)[1]}"
                planted.append({"id": str(len(planted)), "source": "s", "instruction": question, "output": text})
            if len(planted) == args.n:
                break
        found, _ = found_in(planted, args.benchmark, args.splits)
        rows.append({"change": name, "planted": len(planted), "found": len(found) / max(1, len(planted))})
        print(rows[-1])
    some = [{"id": str(i), "source": "s", "instruction": q, "output": a} for i, (q, a) in enumerate(clean)]
    found, seconds = found_in(some[: args.false], args.benchmark, args.splits)
    rows.append({"clean": len(some[: args.false]), "false": len(found), "per_cpu_second": round(args.false / seconds)})
    print(rows[-1], *(f"  {some[int(k)]} {v}" for k, v in found.items()), sep="\n")
    if args.out:
        args.out.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
