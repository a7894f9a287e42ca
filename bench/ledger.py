"""What the ledger and the client above it cost: ledger pairs per second, and the share of the ideal rate while asking.

    python bench/ledger.py [--latency 0.2] [--n 1280] [--out bench/ledger.json]

The server runs in a process of its own, answers every chat after a fixed latency and does nothing else. Ideal is
in_flight / latency. The baseline sends the same chats with the openai client alone (same transport, no ledger).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import socket
import statistics
import tempfile
import time
from pathlib import Path

from hunmin.artifacts.artifact import Spend
from hunmin.clients.ledger import Finished, Ledger, Wanted
from hunmin.clients.openai_chat import open_client
from hunmin.clients.units import chat

REPLY = json.dumps(
    {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "평가 " * 170}}],
        "usage": {"prompt_tokens": 300, "completion_tokens": 200, "total_tokens": 500},
    },
    ensure_ascii=False,
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(REPLY) + REPLY


def serve(sock: socket.socket, latency: float) -> None:
    class Answering(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport, self.seen = transport, b""

        def data_received(self, data):
            self.seen += data
            while (end := self.seen.find(b"\r\n\r\n")) >= 0:
                head = self.seen[:end].lower()
                at = head.find(b"content-length:")
                size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
                if len(self.seen) < end + 4 + size:
                    return
                self.seen = self.seen[end + 4 + size :]
                asyncio.get_event_loop().call_later(latency, self.answer)

        def answer(self):
            if not self.transport.is_closing():
                self.transport.write(ANSWER)

    async def main():
        server = await asyncio.get_running_loop().create_server(Answering, sock=sock)
        await server.serve_forever()

    asyncio.run(main())


def messages(i: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"질문 {i}: 다음 답변을 평가하세요. " * 20}]


async def timed(ask, n: int, in_flight: int) -> tuple[float, float]:
    """Give (wall seconds, CPU seconds of this process) of n asks."""
    gate = asyncio.Semaphore(in_flight)

    async def one(i):
        async with gate:
            await ask(i)

    await one(-1)  # the first connection and the imports are not what is measured
    wall, cpu = time.monotonic(), time.process_time()
    await asyncio.gather(*(one(i) for i in range(n)))
    return time.monotonic() - wall, time.process_time() - cpu


def with_ledger(url: str, n: int, in_flight: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        spend = Spend(Path(folder) / "ledger.sqlite", max_usd=1000)
        with open_client(model="gpt-4o-mini", base_url=url, spend=spend, label="bench") as client:

            async def ask(i):
                answer = await client.ask(chat(messages(i), record=str(i)))
                assert answer.ok

            return asyncio.run(timed(ask, n, in_flight))


def alone(url: str, n: int, in_flight: int) -> tuple[float, float]:
    import openai

    async def main():
        transport = openai.DefaultAioHttpClient()
        async with openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0, http_client=transport) as client:

            async def ask(i):
                await client.chat.completions.create(model="gpt-4o-mini", messages=messages(i))

            return await timed(ask, n, in_flight)

    return asyncio.run(main())


def pairs_per_second(n: int = 4000) -> float:
    """Give claim + finish pairs per second, one transaction each, without any grouping."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite")
        begun = time.monotonic()
        for i in range(n):
            unit = Wanted(str(i), usd=0.001)
            ledger.claim([unit], 1000.0)
            ledger.finish([(unit, REPLY, 200, None)], [(unit, Finished(REPLY, "m", 300, 200, 0, 0.001), "ok")])
        seconds = time.monotonic() - begun
        ledger.close()
    return n / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--n", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    sock = socket.create_server(("127.0.0.1", 0), backlog=512)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}/v1"
    server = multiprocessing.get_context("fork").Process(target=serve, args=(sock, args.latency), daemon=True)
    server.start()
    rows = []
    try:
        for in_flight in (64, 256):
            n, ideal = max(args.n, in_flight * 10), in_flight / args.latency
            found: dict[str, list[tuple[float, float]]] = {"openai alone": [], "with ledger": []}
            for _ in range(args.rounds):  # paired rounds: a loaded machine slows both
                found["openai alone"].append(alone(url, n, in_flight))
                found["with ledger"].append(with_ledger(url, n, in_flight))
            for name, runs in found.items():
                rate = statistics.median(n / wall for wall, _ in runs)
                cpu = statistics.median(cpu / n * 1000 for _, cpu in runs)
                rows.append({"client": name, "in_flight": in_flight, "n": n, "requests_per_second": round(rate, 1)})
                rows[-1] |= {"share_of_ideal": round(rate / ideal, 3), "cpu_ms_per_request": round(cpu, 3)}
                print(
                    f"{name:14} {in_flight:4} in flight  {rate:7.1f}/s  {rate / ideal:5.2f} of ideal  {cpu:.2f} ms CPU"
                )
    finally:
        server.terminate()
    pairs = pairs_per_second()
    print(f"ledger alone: {pairs:,.0f} claim + finish pairs per second")
    if args.out:
        args.out.write_text(json.dumps({"rows": rows, "ledger_pairs_per_second": round(pairs)}, indent=2) + "\n")


if __name__ == "__main__":
    main()
