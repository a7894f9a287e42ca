"""A group of lm-eval's tasks has rows of its own, under its own name."""

from __future__ import annotations

from types import SimpleNamespace

import lm_eval
import pytest

from hunmin.evaluation.benchmarks import upstream


def sample(i: int, right: bool) -> dict:
    answers = [(-1.0, True), (-2.0, False)] if right else [(-2.0, False), (-1.0, True)]
    return {
        "doc_id": i, "doc_hash": "d" * 64, "prompt_hash": "p" * 64, "arguments": [("글", " A"), ("글", " B")],
        "filtered_resps": answers, "target": "0", "filter": "none", "metrics": ["acc", "acc_norm"],
        "acc": float(right), "acc_norm": float(right),
    }  # fmt: skip


@pytest.mark.parametrize("metrics", [("acc",), ("acc", "acc_norm")])
def test_the_whole_goes_by_the_groups_name(monkeypatch, metrics):
    parts = {"fruit_apple": [True, False], "fruit_pear": [True, True, True, False]}
    results = {t: {f"{m},none": sum(hits) / len(hits) for m in metrics} for t, hits in parts.items()}
    samples = {t: [sample(i, hit) for i, hit in enumerate(hits)] for t, hits in parts.items()}
    found = {"samples": samples, "results": results, "versions": dict.fromkeys(parts, 1.0)}
    monkeypatch.setattr(lm_eval, "simple_evaluate", lambda **options: found)
    lm = SimpleNamespace(truncated=set(), bos_cut=set())
    known = upstream.Known("digest", {t: f"{t}@1" for t in parts})
    rows, documents = upstream.run_task(lm, "m", "fruit", ["fruit"], 0, None, None, {}, known)
    whole = [r for r in rows if r["task"] not in parts]
    assert [(r["task"], r["metric"], r["value"], r["n"]) for r in whole] == [
        ("fruit", m, round(4 / 6, 6), 6) for m in metrics
    ]
    assert all(r["data"].startswith("fruit@") and r["chance"] == 0.5 for r in whole)
    assert {r["metric"] for r in rows} == set(metrics) and len(documents) == 6


@pytest.mark.parametrize(("target", "gold"), [("B", 1), ("1", 1), ("C", "C")])
def test_an_answer_named_by_its_text_is_its_place_among_the_choices(target, gold):
    document = upstream._document("m", "fruit", 0, {**sample(0, False), "target": target}, set())
    assert document["gold"] == gold and document["prediction"] == 1
