"""Whether two models differ on the same documents: McNemar's exact test and a paired bootstrap of the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ... import statistics
from ...artifacts.rows import Compared
from . import metrics

Key = tuple[str, str, int]
"""(protocol, task, number of shots)."""
Documents = Mapping[Any, Mapping[str, Any]]


def by_key(documents: Sequence[Mapping[str, Any]]) -> dict[str, dict[Key, dict[Any, Mapping[str, Any]]]]:
    """Give benchmark documents by model, then (protocol, task, shots), then (index, prompt, gold).

    Only equal ones pair: a label corrected in between would grade both models' predictions by one run's.

    Documents without a gold label and a prediction (a judge's, or generated answers) are left out.
    """
    found: dict[str, dict[Key, dict[Any, Mapping[str, Any]]]] = {}
    for d in documents:
        if not _classified(d):
            continue
        key = (d["protocol"], d["task"], d["num_fewshot"])
        found.setdefault(d["model"], {}).setdefault(key, {})[d["index"], *d["prompt"], d["gold"]] = d
    return found


def _classified(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("gold"), int) and isinstance(document.get("prediction"), int)


def generated_by_key(documents: Sequence[Mapping[str, Any]]) -> dict[str, dict[tuple[Key, str], dict[Any, float]]]:
    """Give what generated answers scored by model, then (key, metric), then (index, prompt, data).

    Several samples of one question count as their mean; each filter of lm-eval is a metric of its own.
    """
    samples: dict[str, dict[tuple[Key, str], dict[Any, list[float]]]] = {}
    for d in documents:
        if _classified(d) or "verdicts" in d:
            continue
        key = (d["protocol"], d["task"], d["num_fewshot"])
        for metric, value in (d.get("metrics") or {}).items():
            if isinstance(value, (int, float)):
                metric = f"{metric},{d['filter']}" if d.get("filter") else metric
                of_question = samples.setdefault(d["model"], {}).setdefault((key, metric), {})
                of_question.setdefault((d["index"], d["prompt"][0], d.get("data")), []).append(float(value))
    return {
        model: {key: {q: math.fsum(v) / len(v) for q, v in every.items()} for key, every in of_model.items()}
        for model, of_model in samples.items()
    }


def compare(first: Documents, second: Documents) -> Compared | None:
    """Compare two models on the documents both have: second minus first; None when they share none."""
    import numpy as np

    shared = [k for k in first if k in second]
    if not shared:
        return None
    gold = np.array([first[k]["gold"] for k in shared])
    one = np.array([first[k]["prediction"] for k in shared])
    two = np.array([second[k]["prediction"] for k in shared])
    only_first, only_second = int(((one == gold) & (two != gold)).sum()), int(((one != gold) & (two == gold)).sum())
    gaps = statistics.resampled_macro_f1(gold, two, 0) - statistics.resampled_macro_f1(gold, one, 0)
    low, high = statistics.percentiles(gaps)
    gap = metrics.macro_f1(gold.tolist(), two.tolist()) - metrics.macro_f1(gold.tolist(), one.tolist())
    return {
        "n": len(shared),
        "only_first": only_first,
        "only_second": only_second,
        "mcnemar_p": statistics.mcnemar(only_first, only_second),
        "acc_difference": (only_second - only_first) / len(shared),
        "macro_f1_difference": gap,
        "macro_f1_low": low,
        "macro_f1_high": high,
    }


def compare_means(first: Mapping[str, float], second: Mapping[str, float]) -> Compared | None:
    """Compare two models' scores on the questions both have: mean difference with a paired bootstrap.

    Where every score is right or wrong, McNemar's exact test beside it.
    """
    shared = [k for k in first if k in second]
    if not shared:
        return None
    gaps = [second[k] - first[k] for k in shared]
    mean, low, high = statistics.mean_interval(gaps)
    found: Compared = {"n": len(shared), "mean_difference": mean, "mean_low": low, "mean_high": high}
    if {first[k] for k in shared} | {second[k] for k in shared} <= {0.0, 1.0}:
        only_first, only_second = gaps.count(-1.0), gaps.count(1.0)
        found |= {"only_first": only_first, "only_second": only_second}
        found["mcnemar_p"] = statistics.mcnemar(only_first, only_second)
    return found
