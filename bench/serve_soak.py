"""Soak of `hunmin serve`: many clients at once for a while, well-behaved and not, and what is left afterwards.

    python bench/serve_soak.py --clients 200 --seconds 60 [--model tiny:llama]

Each client asks in turn, by a seeded draw: whole and streamed chats, completions, requests that it leaves half-way,
bodies that are no request, and requests of thousands of prompts. Told: answers by status, latency, the server's memory
before and after, what still runs or waits when all have gone, and how Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

WAYS = ("chat", "chat", "chat", "stream", "stream", "completion", "leave", "leave_stream", "garbage", "many")


def memory_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def body_of(way: str, draw: random.Random, model: str) -> bytes:
    if way == "garbage":
        return draw.choice([b"{", b"[" * 50_000, b'{"model": "\\ud800"}', b'{"messages": 1}'])
    if way == "many":
        return json.dumps({"model": model, "prompt": ["a"] * 5000}).encode()
    limit = {"max_tokens": draw.randint(1, 24), "temperature": draw.choice([0, 0.7]), "seed": draw.randrange(99)}
    if way == "completion":
        return json.dumps({"model": model, "prompt": "한국의 수도는", **limit}).encode()
    if way.startswith("leave"):
        limit["max_tokens"] = 400
    text = "가나다라마바사 " * draw.randint(1, 12)
    streamed = way in ("stream", "leave_stream")
    return json.dumps(
        {"model": model, "messages": [{"role": "user", "content": text}], "stream": streamed, **limit}
    ).encode()


async def ask(port: int, way: str, body: bytes, seconds: float | None) -> str:
    """Send one request over its own connection; give the status line's code, "left" or the error's name."""
    path = "/v1/completions" if way in ("completion", "many") else "/v1/chat/completions"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        try:
            said = await asyncio.wait_for(reader.read(-1), seconds)
        except TimeoutError:
            return "left"
        code = said[9:12].decode()
        whole = way != "stream" or b"data: [DONE]" in said
        return code if whole or code != "200" else "200, cut"
    finally:
        writer.close()


async def client(port: int, n: int, model: str, end: float, counts: Counter[str], times: list[float]) -> None:
    draw = random.Random(n)
    while time.monotonic() < end:
        way = draw.choice(WAYS)
        begun = time.monotonic()
        try:
            leaves = draw.uniform(0.05, 1.0) if way.startswith("leave") else None
            found = await ask(port, way, body_of(way, draw, model), leaves)
        except OSError as error:
            found = type(error).__name__
        counts[f"{way}: {found}"] += 1
        if way in ("chat", "stream", "completion"):
            times.append(time.monotonic() - begun)


def health(port: int) -> dict[str, object]:
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as response:
        return dict(json.loads(response.read()))


async def soak(port: int, model: str, clients: int, seconds: float) -> tuple[Counter[str], list[float]]:
    counts: Counter[str] = Counter()
    times: list[float] = []
    end = time.monotonic() + seconds
    await asyncio.gather(*(client(port, n, model, end, counts, times) for n in range(clients)))
    return counts, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny:llama")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    command = [sys.executable, "-m", "hunmin.commands.cli", "serve", args.model, "--port", "0", "--engine", "own"]
    command += ["--template", "alpaca"] if args.model.startswith("tiny:") else []
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = 0
    for line in server.stdout:
        if "serving http" in line:
            port = int(line.split(":")[2].split("/")[0])
            break
    asyncio.run(soak(port, args.model, 4, 3))  # warm
    before, load = memory_mib(server.pid), os.getloadavg()[0]
    begun = time.monotonic()
    counts, times = asyncio.run(soak(port, args.model, args.clients, args.seconds))
    took, left = time.monotonic() - begun, health(port)
    while left["running"] or left["waiting"]:
        time.sleep(0.2)
        left = health(port)
    settled, after = time.monotonic() - begun - took, memory_mib(server.pid)
    asyncio.run(soak(port, args.model, args.clients, args.seconds / 4))
    again = memory_mib(server.pid)
    begun = time.monotonic()
    server.send_signal(signal.SIGINT)
    code = server.wait(30)
    print(f"{args.clients} clients, {took:.0f} s, load before {load:.1f}: {sum(counts.values()):,} requests")
    for name, n in sorted(counts.items()):
        print(f"  {name:24} {n:,}")
    times.sort()
    shares = ", ".join(f"{q:.0%} {times[int(q * (len(times) - 1))]:.2f} s" for q in (0.5, 0.95, 1))
    print(f"  latency of {len(times):,} answers waited for: {shares}")
    print(f"  idle {settled:.1f} s after the last client; memory {before:.0f} -> {after:.0f} -> {again:.0f} MiB")
    print(f"  Ctrl-C: exit code {code} after {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
