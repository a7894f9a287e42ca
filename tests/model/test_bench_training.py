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
