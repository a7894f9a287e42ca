"""The judge against `hunmin serve` with a real model that has learnt to grade: text, schema refused, probabilities.

A random two-layer model is trained for seconds until it ends every prompt with "4" or, one time in four, "2": its
verdicts are readable, and its probabilities are a model's own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.stages import judge, rate

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "HF_HUB_OFFLINE": "1"}


def teach(folder: Path) -> Path:
    """Save a model that answers "4" and the end of the answer, whatever it is asked; one time in four "2"."""
    import torch

    from tests.model import small

    torch.set_num_threads(1)
    model, tokenizer = small.new_model("llama", max_position_embeddings=4096), small.tokenizer()
    end = tokenizer.eos_token_id
    grades = [tokenizer.encode(g, add_special_tokens=False) for g in ("4", "4", "4", "2")]
    assert all(len(g) == 1 for g in grades)
    ask = [tokenizer.encode(line + "\n\n### 응답:\n", add_special_tokens=False) for line in small.LINES]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(60):
        losses = []
        for i, prompt in enumerate(ask):
            ids = torch.tensor([[*prompt, *grades[(i + step) % 4], end]])
            logits = model(ids).logits[0, len(prompt) - 1 : -1]
            losses.append(torch.nn.functional.cross_entropy(logits, ids[0, len(prompt) :]))
        optimizer.zero_grad()
        torch.stack(losses).mean().backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    folder = teach(tmp_path_factory.mktemp("grader") / "grader")
    words = [sys.executable, "-m", "hunmin.commands.cli", "serve", str(folder), "--template", "kullm", "--port", "0"]
    words += ["--max-new-tokens", "8", "--engine", "own"]
    server = subprocess.Popen(words, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    try:
        lines = iter(server.stdout.readline, "")
        found = next(m for line in lines if (m := re.search(r"serving (http://\S+/v1)", line)))
        yield found[1]
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_a_served_model_judges_with_its_own_probabilities(tmp_path, endpoint):
    questions = [{"id": f"q{i}", "instruction": f"{i}번 질문"} for i in range(4)]
    write_jsonl(tmp_path / "q.jsonl", questions)
    write_jsonl(tmp_path / "ours.jsonl", [{"id": q["id"], "answer": "서울입니다."} for q in questions])
    config = judge.Config(
        model="grader",
        base_url=endpoint,
        questions=str(tmp_path / "q.jsonl"),
        answers=[str(tmp_path / "ours.jsonl")],
        criteria="kullm-v3",
        request={"temperature": 0},
        structured="auto",
        weighted=True,
    )
    inputs = Inputs("judge", seed=1, spend=Spend(tmp_path / "ledger.sqlite"), in_flight=4)
    counts = judge.run(config, inputs, tmp_path / "out")
    assert counts.notes["statuses"] == {"ok": 20}
    verdicts = [v for d in read_jsonl(tmp_path / "out" / "documents.jsonl") for v in d["verdicts"]]
    assert {v["score"] for v in verdicts} <= {2, 4}
    for verdict in verdicts:  # greedy: the likelier grade is written, and both have a share
        assert 2 < verdict["weighted"] < 4
        assert (verdict["weighted"] > 3) == (verdict["score"] == 4)
    rows = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert {r["metric"] for r in rows} == {"mean", "weighted_mean"}


def test_a_served_model_rates(tmp_path, endpoint):
    rows = [{"id": f"r{i}", "source": "s", "instruction": f"질문 {i}", "output": f"답 {i}"} for i in range(6)]
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs("rate", records=tmp_path / "in.jsonl", spend=Spend(tmp_path / "ledger.sqlite"), in_flight=3)
    counts = rate.run(rate.Config(model="grader", base_url=endpoint), inputs, tmp_path / "out").check("rate")
    assert counts.notes["statuses"] == {"ok": 6} and counts.notes["mode"] in (2, 4)
