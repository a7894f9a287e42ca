"""The GPU benchmark's code at tiny size on a CPU: every way trains and counts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


def load(name):
    sys.path.insert(0, str(BENCH / "gpu"))
    spec = importlib.util.spec_from_file_location(f"bench_{Path(name).name}", BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("way", ["hunmin", "trl bfd", "trl padding-free", "padded mb4", "padded mb1", "dpo"])
def test_the_gpu_benchmark_runs_every_way_at_tiny_size(way, monkeypatch, tmp_path):
    bench = load("gpu/train")
    monkeypatch.setattr(bench, "draw_lengths", lambda n, longest: [20 + i % 40 for i in range(n)])
    given = ["--size", "tiny", "--way", way, "--device", "cpu", "--steps", "1"]
    row = bench.measure(bench.parser().parse_args(given))
    assert row["useful_tokens_per_second"] > 0 and row["tflops"] > 0 and 0.5 < row["last_loss"] < 9
    assert row["attention"] == ("hunmin" if way in ("hunmin", "dpo") else "sdpa")


@pytest.mark.parametrize("step", ["versions", "kernels", "losses"])
def test_the_gpu_checks_hold_on_a_cpu_too(step):
    assert load("gpu/checks").STEPS[step]("cpu")["ok"]


def test_drawn_lengths_are_like_real_ones():
    lengths = sorted(load("gpu/shapes").draw_lengths(4000, 4096, seed=1))
    assert 130 < lengths[2000] < 156 and 560 < lengths[3800] < 690


def test_the_dpo_benchmark_compares_like_with_like():
    bench = load("dpo")
    found, tokenizer = bench.load_pairs(2)
    two = bench.one(found, tokenizer, **bench.VARIANTS["two full models, GC (KoRAE)"], hidden=96)
    ours = bench.one(found, tokenizer, **bench.VARIANTS["hunmin: precomputed, no GC, no padding"], hidden=96)
    assert max(abs(a - b) for a, b in zip(two["losses"], ours["losses"], strict=True)) < 1e-5
    assert 0.4 < ours["megabytes"] / two["megabytes"] < 0.6


@pytest.mark.parametrize("template", ["", "kullm"])
def test_held_out_loss_is_that_of_transformers_own_on_the_answer_alone(template, monkeypatch, tmp_path):
    import json
    import math

    import torch

    from hunmin import models

    bench = load("heldout_loss")
    rows = [
        {"id": f"r{i}", "instruction": f"{i}에 2를 더하면?", "input": "", "output": f"답은 {i + 2}입니다."}
        for i in range(4)
    ]
    rows.append({"id": "long", "instruction": "길게", "input": "", "output": "아주 " * 300})
    given = tmp_path / "rows.jsonl"
    given.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "out.json"
    own = ["heldout_loss.py", str(given), "--models", "tiny:llama", "--max-length", "200", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [*own, "--template", template])
    bench.main()
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["ids"] == ["r0", "r1", "r2", "r3"]  # the fifth is too long
    loaded = models.load("tiny:llama", template=template or None)
    for (context, answer), nats in zip(
        bench.pairs(rows, loaded, bool(template)), found["nats"]["tiny:llama"], strict=False
    ):
        labels = torch.tensor([[-100] * len(context) + answer])
        with torch.inference_mode():
            mean = loaded.model(torch.tensor([context + answer]), labels=labels).loss.item()
        assert nats == pytest.approx(mean * len(answer), abs=1e-3)
    told = found["models"]["tiny:llama"]
    assert told["bits_per_byte"] == pytest.approx(sum(found["nats"]["tiny:llama"]) / math.log(2) / found["bytes"])
    assert told["gain"] == 0 and told["low"] < told["bits_per_byte"] < told["high"]
