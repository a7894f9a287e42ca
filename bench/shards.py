"""Measure shards: the same bytes and the time for one process, N shards here and N Ray tasks; memory of each stage.

    python bench/shards.py --data FOLDER --records 100000 --shards 4 --executors local ray --out shards.json

Records are those of bench/dedup.py; for check the bundled translation beside its English, every text made different.
Wall seconds, since that is what more processes buy: medians of paired rounds, which need a quiet machine. `peak_mib` is
the largest sum of resident memory of a stage's processes, seen every 50 ms; pages they share are counted for each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE)]

CODE = """
import hashlib, json, sys, time
from pathlib import Path
from hunmin.artifacts.artifact import Inputs
from hunmin.running import shards
from hunmin.stages.protocol import find_stage
if __name__ == "__main__":
    stage, options, records, out, executor, n = sys.argv[1], json.loads(sys.argv[2]), *sys.argv[3:6], int(sys.argv[6])
    found = find_stage(stage)
    config, inputs = found.config(options), Inputs(label=stage, seed=1, records=Path(records))
    begun = time.monotonic()
    if executor == "none":
        counts = found.run(config, inputs, Path(out))
    else:
        counts = shards.run_stage(found, config, inputs, Path(out), executor=executor, shards=n)
    seconds = time.monotonic() - begun
    digest = hashlib.sha256()
    for name in ("records.jsonl", "dropped.jsonl"):
        with (Path(out) / name).open("rb") as file:  # in pieces: the memory is measured
            while piece := file.read(2**20):
                digest.update(piece)
    print(json.dumps({"wall_seconds": round(seconds, 2), "kept": counts.n_kept, "dropped": counts.n_dropped,
        "sha256": digest.hexdigest()[:16]}))
"""


def measure(script: Path, stage: str, options: dict, records: Path, executor: str, n: int) -> dict:
    """Run one stage in a process of its own."""
    with tempfile.TemporaryDirectory(dir=records.parent) as out:
        arguments = [stage, json.dumps(options), str(records), out, executor, str(n)]
        process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parent / "src")},
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.05)
        said, errors = process.communicate()
    if process.returncode:
        raise SystemExit(errors)
    found = json.loads(said.strip().splitlines()[-1])
    return {"stage": stage, "executor": executor, "shards": n, **found, "peak_mib": peak // 2**20}


def resident(pid: int) -> int:
    """Give the bytes that a process and all its descendants hold."""
    import psutil

    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        me = psutil.Process(pid)
        for process in (me, *me.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
    return total


def translations(n: int, path: Path) -> None:
    """Write n records of the bundled sample with their English, every text made different."""
    from hunmin.artifacts.record import read_jsonl, texts, with_texts, write_jsonl
    from hunmin.running.recipe import BUNDLED

    pairs = list(zip(read_jsonl(BUNDLED / "en.jsonl"), read_jsonl(BUNDLED / "ko.jsonl"), strict=True))

    def made() -> Iterator[dict]:
        for i in range(n):
            english, korean = pairs[i % len(pairs)]
            new = with_texts(korean, {k: f"{t}\n({i})" for k, t in texts(korean).items()})
            yield {**new, "id": f"r{i}", "original": {k: f"{t}\n({i})" for k, t in texts(english).items()}}

    write_jsonl(path, made())


def main() -> None:
    import dedup as maker

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of instruction data (JSON, JSONL, CSV)")
    parser.add_argument("--against", type=Path, help="held-out data for decontaminate (default: the bundled sample)")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--translations", type=int, default=25_000, help="records given to check")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--executors", nargs="+", default=["local"], choices=["local", "ray"])
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    args = parser.parse_args()
    against = args.against or HERE.parent / "src" / "hunmin" / "data" / "benchmark"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "one.py"
        script.write_text(CODE)
        records, translated = Path(folder) / "records.jsonl", Path(folder) / "translated.jsonl"
        maker.make(maker.sentences(args.data), args.records, 1, records)
        translations(args.translations, translated)
        stages = [
            ("check", {}, translated),
            ("dedup", {}, records),
            ("decontaminate", {"against": [str(against)]}, records),
        ]
        for path in (records, translated):
            size = round(path.stat().st_size / 2**20)
            print(f"{path.name}: {size} MiB; {os.cpu_count()} processors")
        ways = [("none", 1), *((e, args.shards) for e in args.executors)]
        rows = []
        for stage, options, path in stages:
            for number in range(args.rounds):
                for executor, n in ways[number % len(ways) :] + ways[: number % len(ways)]:
                    rows.append(measure(script, stage, options, path, executor, n))
                    print("  " + "  ".join(f"{k} {v}" for k, v in rows[-1].items()), flush=True)
            mine = [row for row in rows if row["stage"] == stage]
            if len({row["sha256"] for row in mine}) != 1:
                raise SystemExit(f"{stage}: the bytes differ between executors")
            times = {e: [r["wall_seconds"] for r in mine if r["executor"] == e] for e, _ in ways}
            for executor, seconds in times.items():
                ratio = statistics.median(a / b for a, b in zip(times["none"], seconds, strict=True))
                print(f"{stage:14} {executor:6} {statistics.median(seconds):7.2f} s  {ratio:.2f}x", flush=True)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
