"""How the review page holds up with 25,000 queued records: server times, memory, and what the browser feels.

    python bench/review_page.py [--records 25000] [--out bench/out/review_page.json]

Records are made here (about 1,000 characters of Korean and English each). Server times are medians over repeated
requests with the cookie of a session; browser times are from a keypress to the next record's text on the page
(headless Chromium; left out when there is none). Every decision waits for fsync.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from hunmin.artifacts.record import content_hash, write_jsonl
from hunmin.translation.review import decisions

WORDS = (
    "데이터 모델 학습 문장 번역 검토 숫자 수식 코드 질문 답변 예시 한국어 영어 결과 방법 설명 함수 목록 시간".split()
)
CODES = ("code_mixed", "number_lost", "markup", "cut_off", "task_broken")


def make(folder: Path, n: int) -> Path:
    """Write a waiting review stage with `n` queued records and give its folder."""
    draw = random.Random(1)
    rows = []
    for i in range(n):
        korean = " ".join(draw.choices(WORDS, k=90)) + f" {i}번 레코드"
        english = " ".join(f"word{draw.randrange(999)}" for _ in range(70))
        issue = {"code": CODES[i % 5], "severity": ("certain", "review")[i % 2], "field": "output",
                 "source_span": [0, 8], "target_span": [3, 9], "detail": "bench", "status": "open"}  # fmt: skip
        rows.append({"id": f"bench-{i:06}", "source": "bench", "instruction": korean[:80], "output": korean,
                     "original": {"instruction": english[:80], "output": english}, "issues": [issue]})  # fmt: skip
    stage = folder / "run" / "05-review"
    stage.mkdir(parents=True)
    write_jsonl(folder / "records.jsonl", rows)
    decisions.write_queue(folder / "records.jsonl", stage)
    return stage


class Client:
    """One keep-alive connection with the session's cookie."""

    def __init__(self, link: str):
        self.parts = urlsplit(link)
        self.connection = http.client.HTTPConnection(self.parts.hostname or "", self.parts.port, timeout=60)
        self.connection.request("GET", "/?" + self.parts.query)
        response = self.connection.getresponse()
        response.read()
        self.cookie = (response.getheader("set-cookie") or "").split(";")[0]

    def get(self, path: str) -> tuple[float, bytes]:
        begun = time.perf_counter()
        self.connection.request("GET", path, headers={"Cookie": self.cookie})
        body = self.connection.getresponse().read()
        return (time.perf_counter() - begun) * 1000, body

    def post(self, path: str, value: object) -> float:
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.parts.netloc}", "Content-Type": "application/json"}
        begun = time.perf_counter()
        self.connection.request("POST", path, json.dumps(value), headers)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{path}: {response.status} {body.decode()}")
        return (time.perf_counter() - begun) * 1000


def start(stage: Path) -> tuple[subprocess.Popen[str], str, float]:
    begun = time.perf_counter()
    command = [sys.executable, "-m", "hunmin.commands.cli", "review", str(stage.parent), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    for line in server.stdout:
        found = re.search(r"open (http://\S+)", line)
        if found:
            return server, found.group(1), time.perf_counter() - begun
    raise SystemExit("the server did not start")


def memory_mb(process: int) -> float:
    text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024  # type: ignore[union-attr]


def measure_server(client: Client, stage: Path, n: int, rounds: int) -> dict[str, float]:
    """Give milliseconds by what is asked."""
    paths = {
        "state": lambda k: "/api/state",
        "first list page": lambda k: "/api/list?status=waiting&offset=0",
        "last list page": lambda k: f"/api/list?status=waiting&offset={n - 1}",
        "open a record": lambda k: f"/api/record?position={k * 997 % n}",
        "next waiting": lambda k: f"/api/next?position={k * 997 % n}&step=1&status=waiting",
        "search a rare word": lambda k: "/api/list?" + urlencode({"search": f"{k * 997 % n}번"}, quote_via=quote),
        "search a common word": lambda k: "/api/list?" + urlencode({"search": "한국어 code"}, quote_via=quote),
    }
    found = {}
    first, _ = client.get(paths["search a rare word"](1))
    found["first search (builds its text)"] = first
    for name, path in paths.items():
        found[name] = statistics.median(client.get(path(k))[0] for k in range(rounds))
    rows = [json.loads(line) for line in (stage / decisions.QUEUE).open(encoding="utf-8")]
    times = []
    for k in range(rounds):
        record = rows[-1 - k]
        body = {"position": n - 1 - k, "content": content_hash(record), "action": "accepted", "seconds": 5}
        times.append(client.post("/api/decide", body))
    found["decide (fsync)"] = statistics.median(times)
    return found


def measure_browser(client_link: str, rounds: int) -> dict[str, float]:
    """Give milliseconds from opening the page, and from each keypress to the next record."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return {}
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1360, "height": 860})
        begun = time.perf_counter()
        page.goto(client_link)
        page.wait_for_selector(".field")
        found = {"browser: page open": (time.perf_counter() - begun) * 1000}
        times = []
        for k in range(rounds):
            begun = time.perf_counter()
            page.keyboard.press("a")
            expect(page.locator(".head .id")).to_have_text(f"bench-{k + 1:06}")
            times.append((time.perf_counter() - begun) * 1000)
        found["browser: accept to next record"] = statistics.median(times)
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=25_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=Path("bench/out/review_page.json"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stage = make(Path(folder), args.records)
        server, link, seconds = start(stage)
        try:
            client = Client(link)
            found = {"server start": seconds * 1000, **measure_server(client, stage, args.records, args.rounds)}
            found["server memory (MB)"] = memory_mb(server.pid)
            assert server.stdout is not None
            again = next(line for line in server.stdout if "another browser" in line)
            second = re.search(r"http://\S+", again).group(0)  # type: ignore[union-attr]
            found |= measure_browser(second, args.rounds)
        finally:
            server.kill()
            server.wait()
    print(f"{args.records:,} queued records, medians of {args.rounds}")
    for name, value in found.items():
        print(f"  {name:<34} {value:9.1f}{'' if 'MB' in name else ' ms'}")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({"records": args.records, "rounds": args.rounds, **found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
