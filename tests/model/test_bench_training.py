"""The GPU benchmark's code at tiny size on a CPU: every way trains and counts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


def load(name):
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("way", ["hunmin", "trl default", "trl bfd"])
def test_gpu_sft_runs_at_tiny_size(way):
    bench = load("gpu_sft")
    lengths = bench.draw_lengths(3 * bench.BATCH, seed=0)
    row = bench.measure(way, "tiny", 1, "cpu", [min(n, 200) for n in lengths])
    assert row["tokens_per_second"] > 0 and row["tflops"] > 0 and 6 < row["last_loss"] < 9
    assert row["attention"] == ("hunmin" if way == "hunmin" else "sdpa")


def test_drawn_lengths_are_like_real_ones():
    lengths = sorted(load("gpu_sft").draw_lengths(4000, seed=1))
    assert 130 < lengths[2000] < 156 and 560 < lengths[3800] < 690


def test_the_dpo_benchmark_compares_like_with_like():
    bench = load("dpo")
    found, tokenizer = bench.load_pairs(2)
    two = bench.one(found, tokenizer, **bench.VARIANTS["two full models, GC (KoRAE)"], hidden=96)
    ours = bench.one(found, tokenizer, **bench.VARIANTS["hunmin: precomputed, no GC"], hidden=96)
    assert max(abs(a - b) for a, b in zip(two["losses"], ours["losses"], strict=True)) < 1e-5
    assert 0.4 < ours["megabytes"] / two["megabytes"] < 0.6
