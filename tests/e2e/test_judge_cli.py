"""`hunmin rate` and `hunmin judge` as commands: exit codes, Ctrl-C and on again, the judge's own measure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from hunmin.artifacts.record import read_jsonl, write_jsonl

from ..fakes.openai_server import OpenAIServer, error

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "HF_HUB_OFFLINE": "1"}


def command(*words) -> list[str]:
    return [sys.executable, "-m", "hunmin.commands.cli", *map(str, words)]


def hunmin(*words) -> subprocess.CompletedProcess:
    return subprocess.run(command(*words), capture_output=True, text=True, env=ENVIRONMENT, timeout=300)


def questions(folder: Path, n: int = 6) -> tuple[Path, Path]:
    write_jsonl(folder / "questions.jsonl", [{"id": f"q{i}", "instruction": f"질문 {i}번"} for i in range(n)])
    write_jsonl(folder / "ours.jsonl", [{"id": f"q{i}", "answer": f"답 {i}번"} for i in range(n)])
    return folder / "questions.jsonl", folder / "ours.jsonl"


def judging(folder: Path, server: OpenAIServer, out: str = "out", **more) -> list[str]:
    asked, answers = questions(folder, more.pop("n", 6))
    words = ["judge", "-o", folder / out, "--questions", asked, "--answers", answers, "--criteria", "score-100"]
    return [*words, "--model", "judge", "--base-url", server.base_url]


def test_judge_and_its_agreement_with_people(tmp_path):
    with OpenAIServer(lambda n, body: str(10 * int(body["messages"][-1]["content"].split("답 ")[1][0]))) as server:
        done = hunmin(*judging(tmp_path, server))
        assert done.returncode == 0, done.stderr
        again = hunmin(*judging(tmp_path, server))
        assert again.returncode == 0 and "done before" in again.stdout
        assert len(server.chats) == 6
    (row,) = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert (row["model"], row["value"], row["n"]) == ("ours", 25, 6)
    human = [{"id": f"q{i}", "criterion": "score", "score": 7 * i} for i in range(6)]
    write_jsonl(tmp_path / "human.jsonl", human)
    told = hunmin("judge", tmp_path / "out", "--agreement", tmp_path / "human.jsonl", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["score"]["spearman"] == 1
    shown = hunmin("judge", tmp_path / "out", "--agreement", tmp_path / "human.jsonl")
    assert shown.returncode == 0 and "spearman" in shown.stdout


def test_exit_codes(tmp_path):
    with OpenAIServer(lambda n, body: error(401, "bad key")) as server:
        stopped = hunmin(*judging(tmp_path, server))
        assert stopped.returncode == 4 and "bad key" in stopped.stderr and "Traceback" not in stopped.stderr
    with OpenAIServer(lambda n, body: "no grade") as server:
        unread = hunmin(*judging(tmp_path, server, out="unread"))
        assert unread.returncode == 2 and "verdicts could be read" in unread.stderr and "no grade" in unread.stderr
    wrong = hunmin(
        "judge", "-o", tmp_path / "w", "--model", "m", "--criteria", "kulm-v2", "--base-url", "http://localhost:1/v1"
    )
    assert wrong.returncode == 2 and "did you mean 'kullm-v2'" in wrong.stderr


def test_ctrl_c_saves_what_was_paid_and_the_same_command_goes_on(tmp_path):
    with OpenAIServer(lambda n, body: "50", delay=0.2) as server:
        words = command(*judging(tmp_path, server, n=60))
        child = subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.PIPE, start_new_session=True)
        deadline = time.monotonic() + 120
        while len(server.chats) < 10 and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(child.pid, signal.SIGINT)
        child.communicate(timeout=60)
        assert child.returncode == 130
        sent = len(server.chats)
        assert 10 <= sent < 60
        done = hunmin(*judging(tmp_path, server, n=60))
        assert done.returncode == 0, done.stderr
        assert len(server.chats) == 60  # what was in flight at Ctrl-C was finished: nothing is asked twice
    assert len(list(read_jsonl(tmp_path / "out" / "documents.jsonl"))) == 60


def test_rate_as_a_command(tmp_path):
    rows = [{"instruction": f"질문 {i}번", "input": "", "output": f"답변 {i}번"} for i in range(5)]
    write_jsonl(tmp_path / "in.jsonl", rows)
    with OpenAIServer(lambda n, body: '{"score": 8.5, "reason": "정확"}') as server:
        words = ["rate", tmp_path / "in.jsonl", "-o", tmp_path / "out", "--model", "m", "--base-url", server.base_url]
        dry = hunmin(*words, "--dry-run")
        assert dry.returncode == 0 and not server.chats and "requests" in dry.stdout
        done = hunmin(*words)
        assert done.returncode == 0, done.stderr
    assert [r["ratings"][0]["score"] for r in read_jsonl(tmp_path / "out" / "records.jsonl")] == [8.5] * 5
    free = hunmin("rate", tmp_path / "in.jsonl", "-o", tmp_path / "paid", "--model", "gpt-4o-mini")
    assert free.returncode == 2 and "--max-usd" in free.stderr  # a paid endpoint without a limit


def test_kill_9_repeats_at_most_what_was_in_flight(tmp_path):
    rows = [{"id": f"r{i}", "source": "s", "instruction": f"질문 {i}번", "output": f"답변 {i}번"} for i in range(80)]
    write_jsonl(tmp_path / "in.jsonl", rows)

    def script(n, body):
        return str(int(body["messages"][-1]["content"].split("질문 ")[1].split("번")[0]) % 10)

    with OpenAIServer(script, delay=0.1) as server:
        words = ["rate", tmp_path / "in.jsonl", "-o", tmp_path / "out", "--model", "m", "--base-url", server.base_url]
        words += ["--in-flight", 5, "--structured", "text"]
        for kill_at in (12, 40):
            child = subprocess.Popen(command(*words), env=ENVIRONMENT, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 120
            while len(server.chats) < kill_at and child.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            assert child.poll() is None
            child.kill()
            child.wait()
        done = hunmin(*words)
        assert done.returncode == 0, done.stderr
        assert 80 <= len(server.chats) <= 80 + 2 * 5
    found = [r["ratings"][0]["score"] for r in read_jsonl(tmp_path / "out" / "records.jsonl")]
    assert found == [i % 10 for i in range(80)]
    counts = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["counts"]
    assert counts["notes"]["paid"]["ledger"]["possible_double_charges"] <= 10
