"""What else asks `hunmin serve`: rate, translate and lm-eval's own completions client."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from hunmin.artifacts.record import read_jsonl, write_jsonl

from ..browser.conftest import Command


@pytest.fixture(scope="module")
def server():
    command = Command(
        ["serve", "tiny:llama", "--template", "kullm", "--port", "0", "--max-new-tokens", "24", "--name", "tiny"],
        r"serving (http://\S+)",
        OMP_NUM_THREADS="1",
    )
    yield command
    command.kill()


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "hunmin.commands.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def records(tmp_path):
    rows = [
        {"id": f"r{i}", "source": "t", "instruction": f"Name a fruit, please. Number {i}.", "output": "An apple."}
        for i in range(3)
    ]
    write_jsonl(tmp_path / "in.jsonl", rows)
    return tmp_path / "in.jsonl"


def test_rate_asks_and_reads_what_it_can(server, records, tmp_path):
    """The tiny model gives no usable score; what matters: every chat was answered, and no failure became a number."""
    out = tmp_path / "rated"
    done = run("rate", records, "-o", out, "--model", "tiny", "--base-url", server.link, "--request",
               '{"max_tokens": 16, "temperature": 1.0, "seed": 1}', "--yes")  # fmt: skip
    assert done.returncode == 0, done.stderr
    ratings = [r["ratings"][0] for r in read_jsonl(out / "records.jsonl")]
    assert len(ratings) == 3 and {r["status"] for r in ratings} <= {"ok", "unparsed", "cut_off"}
    assert all((r["score"] is not None) == (r["status"] == "ok") for r in ratings)


def test_translate_gets_its_answers(server, records, tmp_path):
    out = tmp_path / "translated"
    done = run("translate", records, "-o", out, "--engine", "llm", "--model", "tiny", "--base-url", server.link,
               "--request", '{"max_tokens": 12, "temperature": 1.0, "seed": 2}', "--on-failure", "keep",
               "--max-chars", 10**6, "--yes")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list(read_jsonl(out / "records.jsonl"))) == 3
    notes = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["counts"]["notes"]
    ledger = notes["services"][0]["ledger"]
    assert ledger["done"] >= 3 and ledger["in_tokens"] > 0 and ledger["out_tokens"] > 0  # the server's own usage


def test_lm_evals_completions_client_gets_the_models_own_likelihoods(server, monkeypatch):
    api = pytest.importorskip("lm_eval.models.openai_completions")
    pytest.importorskip("tenacity")
    from lm_eval.api.instance import Instance

    from hunmin import models

    monkeypatch.setenv("OPENAI_API_KEY", "none")
    client = api.LocalCompletionsAPI(
        base_url=server.link + "/completions", model="tiny", tokenizer=models.resolve("tiny:llama").base, batch_size=2,
        max_length=2048, num_concurrent=1,
    )  # fmt: skip
    asked = [("한국의 수도는", " 서울"), ("김치는", " 맛있다."), ("물이 끓으면", " 달걀을 넣는다.")]
    requests = [Instance("loglikelihood", {}, pair, i) for i, pair in enumerate(asked)]
    found = client.loglikelihood(requests)
    loaded = models.load("tiny:llama")
    for (context, continuation), (value, greedy) in zip(asked, found, strict=True):
        whole = client.tok_encode(context + continuation)
        start = len(client.tok_encode(context))
        wanted = models.logprobs(loaded, [(whole[:start], whole[start:])])[0]
        assert value == pytest.approx(sum(wanted), abs=1e-3)
        assert greedy in (True, False)
    generation = Instance("generate_until", {}, ("한국의 수도는", {"until": ["\n"], "max_gen_toks": 8}), 0)
    said = client.generate_until([generation])[0]
    assert said == models.generate(loaded, [client.tok_encode("한국의 수도는")], max_new_tokens=8, stop=["\n"])[0].text


def test_models_are_listed_by_the_name_given(server):
    import urllib.request

    with urllib.request.urlopen(server.link + "/models") as response:
        assert [m["id"] for m in json.load(response)["data"]] == ["tiny"]
