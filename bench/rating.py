"""Measures rating: ours at 64 and 256 in flight with the ledger on, against KoRAE's loop and a gather-of-50 loop.

    python bench/rating.py --data alpaca_random_9k.json --out rating.json

The server (bench/rating_server.py) is a process of its own on the other core, answers every request 200 ms after it
arrived, and with --faults draws 429, 500, an HTML page, half a body or a dropped connection. Ours is the whole `rate`
stage: records read, prompts filled, ledger, replies parsed, records written. Without --data the bundled sample is
numbered to have enough distinct texts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import rating_loops as loops

LATENCY = 0.2
HERE = Path(__file__).parent


def records_from(path: Path | None, n: int) -> list[dict]:
    """Give n distinct instruction records."""
    from hunmin.artifacts.record import read_jsonl

    if path is None:
        rows = list(read_jsonl(Path(sys.modules["hunmin"].__file__).parent / "data" / "ko.jsonl"))
    elif path.suffix == ".json":
        rows = json.loads(path.read_text(encoding="utf-8"))
    else:
        rows = list(read_jsonl(path))
    rows = [r for r in rows if r.get("instruction") and r.get("output")]
    found = []
    for i in range(n):
        row = rows[i % len(rows)]
        lap = f" ({i // len(rows) + 1})" if i >= len(rows) else ""
        found.append(
            {
                "id": f"r{i}",
                "source": "bench",
                "instruction": row["instruction"] + lap,
                "input": row.get("input") or "",
                "output": row["output"],
            }
        )
    return found


class Server:
    """The latency server in its own process."""

    def __init__(self, core: int | None):
        command = [sys.executable, str(HERE / "rating_server.py"), "--latency", str(LATENCY)]
        command += ["--core", str(core)] if core is not None else []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(self.url + path) as response:
            return json.loads(response.read())

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


OURS = """
import json, os, sys, time, resource
from pathlib import Path
spec = json.loads(sys.argv[1])
if spec["core"] is not None: os.sched_setaffinity(0, {spec["core"]})
from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.stages import rate
import openai, httpx2, aiohttp, hunmin.clients.openai_chat
config = rate.Config(model="fixed", base_url=spec["url"] + "/v1", structured="text")
inputs = Inputs("rate", records=Path(spec["records"]), spend=Spend(Path(spec["ledger"])), in_flight=spec["in_flight"])
wall, cpu = time.perf_counter(), time.process_time()
counts = rate.run(config, inputs, Path(spec["out"]))
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu,
    "statuses": counts.notes["statuses"], "kept": counts.n_kept, "rss_mb": rss}))
"""


def ours(server: Server, records: list[dict], in_flight: int, faults: float, core: int | None) -> dict:
    """Run the rate stage in a process of its own on one core; give what it measured and what the server saw."""
    from hunmin.artifacts.record import write_jsonl

    server.get(f"/reset/{faults}")
    with tempfile.TemporaryDirectory() as folder:
        write_jsonl(Path(folder) / "in.jsonl", records)
        spec = {
            "url": server.url,
            "records": f"{folder}/in.jsonl",
            "ledger": f"{folder}/ledger.sqlite",
            "out": f"{folder}/out",
            "in_flight": in_flight,
            "core": core,
        }
        load = os.getloadavg()[0]
        told = subprocess.run(
            [sys.executable, "-c", OURS, json.dumps(spec)], capture_output=True, text=True, check=True
        ).stdout
    found = json.loads(told.splitlines()[-1])
    stats = server.get("/stats")
    n = len(records)
    rounds = -(-n // in_flight)
    return {
        "what": f"hunmin, {in_flight} in flight",
        "n": n,
        "requests_per_second": n / found["wall"],
        "of_ideal": (n / found["wall"]) / (in_flight / LATENCY),
        "of_ideal_for_this_n": rounds * LATENCY / found["wall"],
        "cpu_ms_per_request": 1000 * found["cpu"] / n,
        "cpu_bound_requests_per_second": n / found["cpu"],
        "core_busy_ratio": found["cpu"] / found["wall"],
        "rated": found["statuses"].get("ok", 0),
        "statuses": found["statuses"],
        "requests_sent": stats["requests"],
        "faults": stats["injected"],
        "rss_mb": found["rss_mb"],
        "load_before": load,
    }


def theirs(server: Server, records: list[dict], name: str, faults: float, core: int | None, deadline: float) -> dict:
    """Run one of the re-enacted loops in this process; give the same figures."""
    from hunmin.raters import llm
    from hunmin.raters.scores import Scale

    if core is not None:
        os.sched_setaffinity(0, {core})
    server.get(f"/reset/{faults}")
    prompt, scale = llm.load_prompt("ko"), Scale(0, 10)
    prompts = [prompt.fill(llm.values_of(r, scale)) for r in records]
    loop = {"korae": loops.korae, "gather50": loops.gather50}[name]
    cpu = time.process_time()
    found = asyncio.run(loop(server.url + "/v1", "fixed", prompts, deadline))
    cpu = time.process_time() - cpu
    stats = server.get("/stats")
    return {
        "what": {"korae": "KoRAE's loop (gather of 5, sleep 3 s)", "gather50": "gather of 50"}[name],
        "n": len(records),
        "asked": found["asked"],
        "requests_per_second": found["rated"] / found["seconds"],
        "cpu_ms_per_request": 1000 * cpu / max(1, stats["requests"]),
        "rated": found["rated"],
        "lost": found["asked"] - found["rated"],
        "requests_sent": stats["requests"],
        "faults": stats["injected"],
    }


def show(rows: list[dict]) -> None:
    print(f"{'':42} {'n':>5} {'rated':>6} {'sent':>6} {'req/s':>8} {'of ideal':>8} {'cpu ms':>7}")
    for row in rows:
        ideal = f"{row['of_ideal']:.3f}" if "of_ideal" in row else ""
        print(
            f"{row['what']:42} {row['n']:>5} {row['rated']:>6} {row['requests_sent']:>6} "
            f"{row['requests_per_second']:>8.2f} {ideal:>8} {row['cpu_ms_per_request']:>7.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="instruction records, .json or .jsonl")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n64", type=int, default=2000)
    parser.add_argument("--n256", type=int, default=5000)
    parser.add_argument("--faults", type=float, default=0.05)
    parser.add_argument("--only", choices=["ours", "theirs", "faults"])
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]
    core, other = cores[0], cores[-1]
    server = Server(other)
    clean: list[dict] = []
    faulty: list[dict] = []
    try:
        for _ in range(args.rounds):
            if args.only in (None, "ours"):
                clean.append(ours(server, records_from(args.data, args.n64), 64, 0.0, core))
                clean.append(ours(server, records_from(args.data, args.n256), 256, 0.0, core))
            if args.only in (None, "theirs"):
                clean.append(theirs(server, records_from(args.data, 25), "korae", 0.0, core, 60))
                clean.append(theirs(server, records_from(args.data, 500), "gather50", 0.0, core, 60))
        if args.only in (None, "faults"):
            faulty.append(ours(server, records_from(args.data, args.n64), 64, args.faults, core))
            faulty.append(theirs(server, records_from(args.data, 43), "korae", args.faults, core, 90))
            faulty.append(theirs(server, records_from(args.data, 1000), "gather50", args.faults, core, 90))
    finally:
        server.close()
    show(clean)
    medians = {}
    for what in dict.fromkeys(row["what"] for row in clean):
        values = [row["requests_per_second"] for row in clean if row["what"] == what]
        medians[what] = {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}
        cpu = [row["cpu_ms_per_request"] for row in clean if row["what"] == what]
        medians[what]["cpu_ms_median"] = statistics.median(cpu)
        ms = medians[what]["cpu_ms_median"]
        print(
            f"{what}: {medians[what]['median']:.2f} requests/s ({min(values):.2f} to {max(values):.2f}), "
            f"{ms:.2f} ms CPU each, so at most {1000 / ms:.0f}/s on a free core"
        )
    korae = next((m["median"] for w, m in medians.items() if w.startswith("KoRAE")), None)
    for what, row in medians.items():
        if korae and what.startswith("hunmin"):
            row["times_korae"] = row["median"] / korae
            print(f"{what}: {row['times_korae']:.0f} x KoRAE's loop")
    if faulty:
        print(f"\nwith {args.faults:.0%} faults")
        show(faulty)
        for row in faulty:
            print(f"{row['what']}: {row['rated']} of {row.get('asked', row['n'])} asked were rated; {row['faults']}")
    if args.out:
        found = {"latency_s": LATENCY, "clean": clean, "medians": medians, "faulty": faulty, "cores": len(cores)}
        args.out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
