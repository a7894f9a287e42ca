"""An OpenAI-compatible server with a fixed latency and scripted faults, its own process, for bench/rating.py.

Hand-written HTTP on asyncio so that the server never is the bottleneck. Faults are drawn per request by a seeded
generator, at most two in a row for one text, so that a client that tries again can always finish.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
from collections import Counter

REVIEW = (
    "요청한 내용을 대체로 정확하게 다루었고 설명의 순서도 자연스럽습니다. 다만 근거가 되는 수치를 한 가지 더 들었다면 "
    "읽는 사람이 확인하기 쉬웠을 것입니다. 문장은 매끄러운 한국어이고 번역투가 거의 없습니다. "
)


class State:
    def __init__(self, latency: float, faults: float, seed: int):
        self.latency, self.faults = latency, faults
        self.random = random.Random(seed)
        self.requests = 0
        self.injected: Counter[str] = Counter()
        self.in_row: Counter[bytes] = Counter()

    def fault_of(self, body: bytes) -> str:
        key = hashlib.md5(body).digest()
        if self.random.random() >= self.faults or self.in_row[key] >= 2:
            self.in_row.pop(key, None)
            return ""
        self.in_row[key] += 1
        fault = self.random.choice(("429", "500", "html", "half", "drop"))
        self.injected[fault] += 1
        return fault


class Connection(asyncio.Protocol):
    def __init__(self, state: State):
        self.state = state
        self.buffer = b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if len(rest) < length:
                return
            body, self.buffer = rest[:length], rest[length:]
            self.handle(head.split(b" ", 2), body)

    def handle(self, line: list[bytes], body: bytes) -> None:
        state = self.state
        if line[1] == b"/stats":
            stats = {"requests": state.requests, "injected": dict(state.injected)}
            self.send(200, json.dumps(stats).encode())
            return
        if line[1].startswith(b"/reset/"):
            state.requests, state.faults = 0, float(line[1].rsplit(b"/", 1)[1])
            state.injected.clear()
            self.send(200, b"{}")
            return
        state.requests += 1
        loop = asyncio.get_running_loop()
        loop.call_later(state.latency, self.answer, body, state.requests, state.fault_of(body))

    def answer(self, body: bytes, number: int, fault: str) -> None:
        if self.transport.is_closing():
            return
        if fault == "429":
            self.send(429, b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}', b"Retry-After: 1\r\n")
        elif fault == "500":
            self.send(500, b'{"error": {"message": "internal"}}')
        elif fault == "html":
            self.send(200, b"<html><body>gateway</body></html>", kind=b"text/html")
        elif fault == "drop":
            self.transport.abort()
        else:
            score = 6 + int(hashlib.md5(body).hexdigest(), 16) % 9 * 0.5
            reply = completion(f"{score:g}\n" + REVIEW * 3, number)
            if fault == "half":
                self.transport.write(head(200, len(reply)) + reply[: len(reply) // 2])
                self.transport.close()
            else:
                self.send(200, reply)

    def send(self, status: int, body: bytes, extra: bytes = b"", kind: bytes = b"application/json") -> None:
        self.transport.write(head(status, len(body), extra, kind) + body)


def head(status: int, length: int, extra: bytes = b"", kind: bytes = b"application/json") -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n" % (status, kind, length, extra)


def completion(text: str, number: int) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 500, "completion_tokens": 200, "total_tokens": 700}
    value = {"id": f"c-{number}", "object": "chat.completion", "created": 0, "model": "fixed", "choices": [choice]}
    return json.dumps({**value, "usage": usage}, ensure_ascii=False).encode()


async def serve(latency: float, seed: int) -> None:
    state = State(latency, 0.0, seed)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(state), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--core", type=int)
    args = parser.parse_args()
    if args.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {args.core})
    asyncio.run(serve(args.latency, args.seed))
