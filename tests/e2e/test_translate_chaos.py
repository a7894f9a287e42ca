"""translate under kill -9, Ctrl-C, faults, quota and company: through the command line and against HTTP servers."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from hunmin.artifacts.record import read_jsonl, write_jsonl
from tests.fakes import deepl_server, openai_server
from tests.fakes.deepl_server import DeepLServer
from tests.fakes.http_server import Response
from tests.fakes.openai_server import OpenAIServer, completion

KEY = "sk-a-secret-nobody-may-see-0123456789"
N = 150  # records of two fields: 300 units
IN_FLIGHT = 8


def korean(n, body):
    return deepl_server.translate(body["messages"][-1]["content"])


def slow(seconds):
    return lambda n, body: Response(200, completion(korean(n, body), model=body["model"]), delay=seconds)


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "in.jsonl"
    rows = [
        {
            "id": f"r{i}",
            "source": "test",
            "instruction": f"Explain number {i} plainly",
            "output": f"It is the number {i}",
        }
        for i in range(N)
    ]
    write_jsonl(path, rows)
    return path


def command(source: Path, out: Path, server, *more: str) -> list[str]:
    engine = ["--engine", "deepl", "--base-url", server.url, "--max-chars", "1000000"]
    if isinstance(server, OpenAIServer):
        engine = ["--engine", "llm", "--model", "gpt-4o-mini", "--base-url", server.base_url, "--max-usd", "5"]
        engine += ["--api-key-env", "TEST_KEY"]
    program = [sys.executable, "-m", "hunmin.commands.cli", "translate", str(source), "-o", str(out)]
    return [*program, *engine, "--yes", "--in-flight", str(IN_FLIGHT), "--json-schema", "never", *more]


def environment() -> dict[str, str]:
    return {**os.environ, "TEST_KEY": KEY, "DEEPL_AUTH_KEY": "test-key:fx", "PYTHONPATH": "src"}


def call(arguments: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(arguments, env=environment(), capture_output=True, text=True, check=False, timeout=120)


def asked(server: OpenAIServer) -> Counter[str]:
    return Counter(chat["messages"][-1]["content"] for chat in server.chats)


def translated(out: Path) -> list[dict]:
    rows = list(read_jsonl(out / "records.jsonl"))
    assert [r["id"] for r in rows] == [f"r{i}" for i in range(N)]
    for row in rows:
        for field in ("instruction", "output"):
            assert row[field] == deepl_server.translate(row["original"][field])
    return rows


def totals(out: Path) -> dict:
    return json.loads((out / "manifest.json").read_text())["counts"]["notes"]["services"][0]["ledger"]


def test_killed_thirty_times_loses_nothing(source, tmp_path):
    with OpenAIServer(korean) as server:
        assert call(command(source, tmp_path / "whole", server)).returncode == 0
    chance = random.Random(3)
    out, kills = tmp_path / "out", 0
    with OpenAIServer(slow(0.25), port=int(server.url.rsplit(":")[-1])) as server:  # the address is part of the keys
        while kills < 30:
            before = len(server.requests)
            child = subprocess.Popen(command(source, out, server), env=environment(), stderr=subprocess.DEVNULL)
            while child.poll() is None and len(server.requests) == before:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.02, 0.42))
            if child.poll() is None:
                os.kill(child.pid, signal.SIGKILL)
                kills += 1
            child.wait()
            if (out / "manifest.json").exists():
                break
        done = call(command(source, out, server))
        assert done.returncode == 0, done.stderr
        times = asked(server)
    assert kills >= 25, f"only {kills} kills before it was done"
    assert len(times) == 2 * N
    repeats = sum(times.values()) - len(times)
    found = totals(out)
    assert 0 < repeats <= found["possible_double_charges"] <= kills * IN_FLIGHT * 2
    assert (found["done"], found["in_flight"], found["failed"]) == (2 * N, 0, 0)
    translated(out)
    assert (out / "records.jsonl").read_bytes() == (tmp_path / "whole" / "records.jsonl").read_bytes()


def test_killed_with_deepl_requests_under_way(source, tmp_path):
    """A request carries several texts: after a kill each of them may be sent once more, and no other."""
    chance, out, kills = random.Random(9), tmp_path / "out", 0
    with DeepLServer(delay=0.3) as server:
        while kills < 8:
            before = len(server.bodies)
            child = subprocess.Popen(command(source, out, server), env=environment(), stderr=subprocess.DEVNULL)
            while child.poll() is None and len(server.bodies) == before:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.02, 0.5))
            if child.poll() is not None:
                break
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            kills += 1
        done = call(command(source, out, server))
        assert done.returncode == 0, done.stderr
        times = Counter(server.texts)
    assert kills >= 5 and len(times) == 2 * N
    repeats = sum(times.values()) - len(times)
    found = totals(out)
    assert 0 < repeats <= found["possible_double_charges"] <= kills * IN_FLIGHT * 2
    assert (found["done"], found["in_flight"], found["failed"]) == (2 * N, 0, 0)
    translated(out)


def test_deepl_drains_on_ctrl_c_and_overcomes_its_faults(source, tmp_path):
    faults = [
        Response(429, {"message": "Too many requests"}, {"retry-after": "0.2"}),
        Response(500, {"message": "oops"}),
        Response(503, {"message": "busy"}),
        deepl_server.HTML,
        Response(200, {"translations": []}),  # fewer than texts, also where a request has only one
        Response(200, b'{"translations": ['),
    ]
    faulty = {3 + 4 * i: fault for i, fault in enumerate(faults)}
    out = tmp_path / "out"
    with DeepLServer(lambda n, body: faulty.get(n), delay=0.1) as server:
        child = subprocess.Popen(command(source, out, server), env=environment(), stderr=subprocess.PIPE, text=True)
        while len(server.bodies) < 8:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
        assert child.returncode == 130 and "Traceback" not in said
        assert len(set(server.texts)) < 2 * N
        done = call(command(source, out, server))
        assert done.returncode == 0, done.stderr
        assert len(server.bodies) > max(faulty)  # every fault was met
        refused = sum(len(server.bodies[n]["text"]) for n in faulty)
        assert sum(Counter(server.texts).values()) <= 2 * N + refused
    assert all(row["translation"]["status"] == "ok" for row in translated(out))


def test_interrupted_by_ctrl_c_drains_and_resumes_without_a_repeat(source, tmp_path):
    out = tmp_path / "out"
    with OpenAIServer(slow(0.1)) as server:
        child = subprocess.Popen(command(source, out, server), env=environment(), stderr=subprocess.PIPE, text=True)
        while len(server.requests) < 40:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
        assert child.returncode == 130 and "Traceback" not in said
        assert len(server.requests) < 2 * N
        assert call(command(source, out, server)).returncode == 0
        assert set(asked(server).values()) == {1} and len(asked(server)) == 2 * N
    translated(out)


def test_faults_are_overcome_and_reach_nobody_else(source, tmp_path):
    chance = random.Random(5)
    faults = (
        openai_server.error(429, retry_after="0.1"),
        openai_server.error(500),
        Response(200, completion("zu spät"), delay=3),
        openai_server.HTML,
        openai_server.BROKEN_JSON,
        openai_server.HALF,
        openai_server.NO_CHOICES,
    )
    met = Counter()

    def script(n, body):
        if chance.random() < 0.05:
            fault = chance.choice(faults)
            met[faults.index(fault)] += 1
            return fault
        return korean(n, body)

    out = tmp_path / "out"
    with OpenAIServer(script) as server:
        done = call(command(source, out, server, "--timeout-seconds", "1"))
        assert done.returncode == 0, done.stderr
        assert sum(met.values()) >= 10 and len(met) >= 5
        assert len(server.requests) == 2 * N + sum(met.values())
    assert all(row["translation"]["status"] == "ok" for row in translated(out))


def test_what_an_outage_left_in_english_is_translated_by_the_same_command(source, tmp_path):
    up = []

    def script(n, body):
        return korean(n, body) if n < 40 or up else Response(500, b"{}", {"Retry-After": "0"})

    out = tmp_path / "out"
    with OpenAIServer(script) as server:
        stopped = call([*command(source, out, server), "--in-flight", "1"])  # so that failures are written in order
        assert stopped.returncode == 4, stopped.stderr
        written = read_jsonl(out / "records.jsonl.part")
        assert any(row["translation"]["status"] == "flagged" for row in written), "the outage reached no record"
        up.append(True)
        again = call(command(source, out, server))
        assert again.returncode == 0, again.stderr
    assert all(row["translation"]["status"] == "ok" for row in translated(out))


def test_quota_used_up_stops_cleanly_and_resumes_exactly(source, tmp_path):
    out = tmp_path / "out"
    with DeepLServer(limit=3000) as server:
        stopped = call(command(source, out, server))
        assert stopped.returncode == 4, stopped.stderr
        assert "quota used up" in stopped.stderr and "answers are saved" in stopped.stderr
        assert "Traceback" not in stopped.stderr and not (out / "manifest.json").exists()
        n_before = len(server.texts)
        server.limit = 10**6
        assert call(command(source, out, server)).returncode == 0
        assert server.billed == sum(len(t) for t in dict.fromkeys(server.texts)) and len(server.texts) > n_before
    translated(out)


def test_max_chars_is_never_passed(source, tmp_path):
    out = tmp_path / "out"
    with DeepLServer() as server:
        stopped = call([*command(source, out, server), "--max-chars", "2000"])
        assert stopped.returncode == 4 and "max_chars 2,000 is reached" in stopped.stderr
        assert 1500 < server.billed <= 2000
        assert call([*command(source, out, server), "--max-chars", "100000"]).returncode == 0
        assert max(Counter(server.texts).values()) == 1
    translated(out)


def test_two_processes_on_one_ledger_send_nothing_twice(source, tmp_path):
    ledger = ["--ledger", str(tmp_path / "shared.sqlite")]
    with OpenAIServer(slow(0.05)) as server:
        children = [
            subprocess.Popen(
                [*command(source, tmp_path / f"out{i}", server), *ledger],
                env=environment(),
                stderr=subprocess.PIPE,
                text=True,
            )
            for i in range(2)
        ]
        for child in children:
            _, said = child.communicate(timeout=120)
            assert child.returncode == 0, said
        assert set(asked(server).values()) == {1} and len(asked(server)) == 2 * N
    for i in range(2):
        translated(tmp_path / f"out{i}")


def test_the_key_is_nowhere(source, tmp_path):
    """Not in the run folder, not in what is printed: not even when the server itself repeats it."""
    out = tmp_path / "out"

    def script(n, body):
        if n == 3:
            return openai_server.error(500, f"internal error for key {KEY}")
        if n == 100:
            return openai_server.error(401, f"Incorrect API key provided: {KEY}")
        return korean(n, body)

    with OpenAIServer(script) as server:
        first = call(command(source, out, server))
        assert first.returncode == 4 and "Incorrect API key provided: ***" in first.stderr
        second = call(command(source, out, server))
        assert second.returncode == 0
        assert all(r.headers["authorization"] == f"Bearer {KEY}" for r in server.requests)
    seen = [first.stdout, first.stderr, second.stdout, second.stderr]
    assert not any(KEY in text for text in seen)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) >= 5
    for path in files:
        assert KEY.encode() not in path.read_bytes(), path


def test_an_unconfirmed_run_sends_nothing(source, tmp_path):
    with OpenAIServer(korean) as server:
        arguments = [a for a in command(source, tmp_path / "out", server) if a != "--yes"]
        refused = call(arguments)
        assert refused.returncode == 2 and "not confirmed, nothing was sent" in refused.stderr
        no_limit = [a for a in command(source, tmp_path / "out", server) if a not in ("--max-usd", "5")]
        assert call(no_limit).returncode == 2
        assert server.requests == []
