"""Measure dedup: recall by true Jaccard, false drops, speed and memory, against datasketch on the same shingles.

    python bench/dedup.py --data FOLDER --sizes 60000 500000 --out dedup.json

Records are spliced from real instruction data (FOLDER: JSON, JSONL and CSV files of it), 15 % of them copies of others
with 0, 2, 5 or 10 % of their words edited. Truth is the exact Jaccard similarity of each planted pair. "End to end"
is the stage itself: reading records.jsonl, deciding, writing kept and dropped. Times are process CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

EDITS = (0.0, 0.02, 0.05, 0.10)
PLANTED = 0.15
WORDS = 73  # mean words of a record


def sentences(folder: Path) -> list[str]:
    """Give the sentences of all instruction data in a folder."""
    from hunmin.artifacts.record import texts
    from hunmin.errors import UserError
    from hunmin.stages import load

    found: list[str] = []
    for path in sorted(folder.iterdir()):
        columns = {"instruction": "Q", "output": "A"} if path.suffix == ".csv" else {}
        try:
            config = load.Config(path=str(path), on_bad_row="drop", columns=columns)
            for record in load.records(config):
                for text in texts(record).values():
                    found += [s.strip() for s in text.replace("\n", ". ").split(". ") if len(s.split()) > 1]
        except UserError as error:
            print(f"{path.name}: left out ({error})", file=sys.stderr)
    if len(found) < 1000:
        raise SystemExit(f"{folder}: only {len(found)} sentences; name a folder of instruction data")
    return found


def make(pool: list[str], n: int, seed: int, path: Path) -> list[tuple[int, int, float]]:
    """Write n records and give the planted pairs (index of the copy, of its original, share of edited words)."""
    chance = random.Random(seed)
    vocabulary = sorted({w for s in pool[:: max(1, len(pool) // 4000)] for w in s.split()})
    n_fresh = int(n * (1 - PLANTED))
    texts: list[str] = []
    for _ in range(n_fresh):
        wanted = max(8, int(chance.gauss(WORDS, 25)))
        words: list[str] = []
        while len(words) < wanted:
            words += chance.choice(pool).split()
        texts.append(" ".join(words[:wanted]))
    origins: list[tuple[int, float] | None] = [None] * n_fresh
    for i in range(n - n_fresh):
        origin, share = chance.randrange(n_fresh), EDITS[i % len(EDITS)]
        words = texts[origin].split()
        for at in chance.sample(range(len(words)), round(share * len(words))):
            how = chance.randrange(3)
            words[at] = "" if how == 0 else chance.choice(vocabulary) + (" " + words[at] if how == 1 else "")
        texts.append(" ".join(w for w in words if w))
        origins.append((origin, share))
    order = list(range(n))
    chance.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    with path.open("w", encoding="utf-8") as file:
        for new, old in enumerate(order):
            cut = len(texts[old]) // 5
            row = {"id": str(new), "source": f"s{old % 3}", "instruction": texts[old][:cut], "output": texts[old][cut:]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return [(place[i], place[o[0]], o[1]) for i, o in enumerate(origins) if o is not None]


def ours(path: Path) -> dict[str, Any]:
    """Run the stage in a process of its own; give CPU seconds, peak memory in MiB and the links."""
    code = (
        "import sys, time, json; from pathlib import Path\n"
        "from hunmin.stages import dedup; from hunmin.artifacts.artifact import Inputs\n"
        "import rensa\n"
        "t = time.process_time(); w = time.monotonic()\n"
        "c = dedup.run(dedup.Config(), Inputs(label='dedup', records=Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "print(json.dumps({'cpu_seconds': time.process_time() - t, 'wall_seconds': time.monotonic() - w,"
        # ru_maxrss would show the parent's size, which a child keeps through exec
        " 'peak_mib': int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) / 1024}))"
    )
    with tempfile.TemporaryDirectory(dir=path.parent) as out:
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), out],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent / "src")},
        )
        found = json.loads(done.stdout)
        with (Path(out) / "dropped.jsonl").open(encoding="utf-8") as file:
            found["dropped"] = {}
            for line in file:
                row = json.loads(line)
                found["dropped"][int(row["record"]["id"])] = int(row["detail"]["of"])
    return found


def judge(path: Path, pairs: list[tuple[int, int, float]], dropped: dict[int, int]) -> dict[str, Any]:
    """Give recall by true similarity and the false drops, with plain Python sets of 5-grams as the truth."""
    from hunmin.selection.compared import compared_text

    wanted = {i for pair in pairs for i in pair[:2]} | set(dropped) | set(dropped.values())
    grams: dict[int, str] = {}
    with path.open(encoding="utf-8") as file:
        for i, line in enumerate(file):
            if i in wanted:
                grams[i] = compared_text(json.loads(line))

    def similarity(a: int, b: int) -> float:
        x, y = ({grams[i][k : k + 5] for k in range(len(grams[i]) - 4)} for i in (a, b))
        return len(x & y) / len(x | y)

    scored = [(similarity(a, b), a, b, share) for a, b, share in pairs]
    # a pair is found when one of the two went, whichever the file's order put second (or both, to a third copy)
    hit = {(a, b): a in dropped or b in dropped for _, a, b, _ in scored}
    similar = [(a, b) for s, a, b, _ in scored if s >= 0.7]
    links = [similarity(i, of) for i, of in dropped.items()]
    return {
        "planted_pairs": len(scored),
        "pairs_at_or_above_0.7": len(similar),
        "recall_at_or_above_0.7": round(sum(hit[p] for p in similar) / len(similar), 5),
        "found_by_edit": {
            f"{share:.0%}": round(statistics.mean(hit[(a, b)] for _, a, b, e in scored if e == share), 4)
            for share in EDITS
        },
        "dropped": len(links),
        "dropped_below_0.7": sum(s < 0.7 for s in links),
        "dropped_below_0.5": sum(s < 0.5 for s in links),
    }


def datasketch_speed(path: Path, n: int) -> dict[str, Any]:
    """Run datasketch's MinHash and LSH, then the true comparison, on the same shingles of the first n records."""
    from datasketch import MinHash, MinHashLSH

    from hunmin.selection.compared import compared_text

    begun = time.process_time()
    index = MinHashLSH(threshold=0.7, num_perm=128)
    kept: dict[int, set[bytes]] = {}
    dropped = 0
    with path.open(encoding="utf-8") as file:
        for i, line in zip(range(n), file, strict=False):
            text = compared_text(json.loads(line))
            shingles = {text[k : k + 5].encode() for k in range(max(1, len(text) - 4))}
            minhash = MinHash(num_perm=128)
            minhash.update_batch(list(shingles))
            near = [j for j in index.query(minhash) if len(kept[j] & shingles) / len(kept[j] | shingles) >= 0.7]
            if near:
                dropped += 1
            else:
                index.insert(i, minhash)
                kept[i] = shingles
    return {"records": n, "cpu_seconds": round(time.process_time() - begun, 3), "dropped": dropped}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of instruction data (JSON, JSONL, CSV)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[60_000])
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the smallest size; larger sizes run once")
    parser.add_argument("--compare", type=int, default=10_000, help="records given to datasketch (0: leave it out)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    parser.add_argument("--folder", type=Path, help="where the records are made (default: a temporary folder)")
    args = parser.parse_args()
    pool = sentences(args.data)
    print(f"{len(pool):,} sentences of real instruction data")
    rows = []
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for n in sorted(args.sizes):
            path = Path(folder) / f"{n}.jsonl"
            pairs = make(pool, n, args.seed, path)
            rounds = args.rounds if n == min(args.sizes) else 1
            runs, rivals = [], []
            for _ in range(rounds):
                runs.append(ours(path))
                if args.compare and n == min(args.sizes):
                    rivals.append(datasketch_speed(path, min(args.compare, n)))
            speed = statistics.median(n / r["cpu_seconds"] for r in runs)
            row = {
                "records": n,
                "rounds": rounds,
                "records_per_cpu_second": round(speed),
                "wall_seconds": round(statistics.median(r["wall_seconds"] for r in runs), 1),
                "peak_mib": round(max(r["peak_mib"] for r in runs)),
                **judge(path, pairs, runs[0]["dropped"]),
            }
            if rivals:
                rival = statistics.median(r["records"] / r["cpu_seconds"] for r in rivals)
                row["datasketch_records_per_cpu_second"] = round(rival)
                row["times_datasketch"] = round(speed / rival, 1)
            rows.append(row)
            path.unlink()
            for key, value in row.items():
                print(f"  {key:<34} {value}")
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
