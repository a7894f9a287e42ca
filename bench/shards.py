"""Measure shards: the same bytes and the time for one process, N shards here and N Ray tasks; memory of each stage.

    python bench/shards.py --data FOLDER --records 100000 --shards 4 --executors local ray --out shards.json

Records are those of bench/dedup.py. Wall seconds, since that is what more processes buy; on a busy machine they tell
little, so the CPU seconds of the plain run stand beside them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE)]

CODE = """
import hashlib, json, sys, time
from pathlib import Path
from hunmin import shards
from hunmin.artifact import Inputs
from hunmin.stages import STAGES
from hunmin.tables import resolve
if __name__ == "__main__":
    stage, options, records, out, executor, n = sys.argv[1], json.loads(sys.argv[2]), *sys.argv[3:6], int(sys.argv[6])
    module = resolve(STAGES, stage, "stage")
    config, inputs = module.Config(**options), Inputs(label=stage, seed=1, records=Path(records))
    wall, cpu = time.monotonic(), time.process_time()
    if executor == "none":
        counts = module.run(config, inputs, Path(out))
    else:
        counts = shards.run_stage(stage, config, inputs, Path(out), executor=executor, shards=n)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    digest = hashlib.sha256()
    for name in ("records.jsonl", "dropped.jsonl"):
        digest.update((Path(out) / name).read_bytes())
    status = Path("/proc/self/status").read_text()
    print(json.dumps({"wall_seconds": round(wall, 2), "cpu_seconds": round(cpu, 2), "kept": counts.n_kept,
        "dropped": counts.n_dropped, "peak_mib": int(status.split("VmHWM:")[1].split()[0]) // 1024,
        "sha256": digest.hexdigest()[:16]}))
"""


def measure(script: Path, stage: str, options: dict, records: Path, executor: str, n: int) -> dict:
    """Run one stage in a process of its own."""
    with tempfile.TemporaryDirectory(dir=records.parent) as out:
        arguments = [stage, json.dumps(options), str(records), out, executor, str(n)]
        done = subprocess.run(
            [sys.executable, str(script), *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parent / "src")},
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return {"stage": stage, "executor": executor, "shards": n, **found}


def main() -> None:
    import dedup as maker

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of instruction data (JSON, JSONL, CSV)")
    parser.add_argument("--against", type=Path, help="held-out data for decontaminate (default: the bundled sample)")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--executors", nargs="+", default=["local"], choices=["local", "ray"])
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    args = parser.parse_args()
    against = args.against or HERE.parent / "src" / "hunmin" / "data" / "benchmark"
    stages = [
        ("dedup", {}),
        ("decontaminate", {"against": [str(against)]}),
        ("sample", {"n": min(2000, args.records // 2), "by": "source"}),
    ]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "one.py"
        script.write_text(CODE)
        records = Path(folder) / "records.jsonl"
        maker.make(maker.sentences(args.data), args.records, 1, records)
        size = hashlib.sha256(records.read_bytes()).hexdigest()[:12], round(records.stat().st_size / 2**20)
        print(f"{args.records:,} records, {size[1]} MiB, sha256 {size[0]}, {os.cpu_count()} processors")
        for stage, options in stages:
            ways = [("none", 1)] + ([(e, args.shards) for e in args.executors] if stage != "sample" else [])
            for executor, n in ways:
                rows.append(measure(script, stage, options, records, executor, n))
                print("  " + "  ".join(f"{k} {v}" for k, v in rows[-1].items()), flush=True)
            digests = {row["sha256"] for row in rows if row["stage"] == stage}
            if len(digests) != 1:
                raise SystemExit(f"{stage}: the bytes differ between executors")
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
