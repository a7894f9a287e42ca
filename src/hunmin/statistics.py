"""Intervals, tests and rank statistics, one home for each: Wilson, McNemar, bootstrap, kappa, rank correlations.

By scipy and scikit-learn, imported on use. Every interval is a 95 % one unless `level` says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

RESAMPLES = 2000  # draws of every bootstrap


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Give the 95 % Wilson interval of a share."""
    from scipy.stats import binomtest

    found = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def mcnemar(only_first: int, only_second: int) -> float:
    """Give the exact two-sided p of McNemar's test from the documents only one of the two got right.

    1.0 when there are none: the two cannot be told apart.
    """
    from scipy.stats import binomtest

    n = only_first + only_second
    return 1.0 if n == 0 else float(binomtest(only_first, n, 0.5).pvalue)


def draws(n: int, seed: int) -> Any:
    """Give the indices of every resample [RESAMPLES, n]; equal seed and n give equal draws, so two can be paired."""
    import numpy as np

    return np.random.default_rng(seed).integers(0, n, size=(RESAMPLES, n))


def percentiles(values: Any, level: float = 0.95) -> tuple[float, float]:
    """Give the middle `level` of resampled values."""
    import numpy as np

    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_interval(values: Sequence[float], seed: int = 0, level: float = 0.95) -> tuple[float, float, float]:
    """Give (mean, low, high): percentile bootstrap over the values, one value a document or question.

    One value has no spread, so its interval is the value itself. Raises ValueError for no values.
    """
    import numpy as np

    if not values:
        raise ValueError("no values: a mean of nothing is not a number")
    data = np.asarray(values, dtype=float)
    return float(data.mean()), *percentiles(data[draws(len(data), seed)].mean(axis=1), level)


def ratio_interval(
    hits: Sequence[float], of: Sequence[float], seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Give the bootstrap interval of sum(hits) / sum(of) over questions, whose own parts belong together."""
    import numpy as np

    picks = draws(len(hits), seed)
    return percentiles(np.asarray(hits)[picks].sum(axis=1) / np.asarray(of)[picks].sum(axis=1), level)


def relative_interval(
    ours: Mapping[str, float], reference: Mapping[str, float], seed: int, level: float = 0.95
) -> tuple[float, float, float, int] | None:
    """Give (100 x mean / the reference's mean, low, high, n) over the questions both answered, resampled in pairs.

    None when no question is shared or the reference's mean is 0. KULLM's first table is this with GPT-4 as reference.
    """
    import numpy as np

    shared = [key for key in ours if key in reference]
    if not shared:
        return None
    a = np.asarray([ours[k] for k in shared], dtype=float)
    b = np.asarray([reference[k] for k in shared], dtype=float)
    if b.mean() == 0:
        return None
    picks = draws(len(shared), seed)
    below = b[picks].mean(axis=1)
    ratios = 100 * a[picks].mean(axis=1)[below > 0] / below[below > 0]
    return float(100 * a.mean() / b.mean()), *percentiles(ratios, level), len(shared)


def resampled_macro_f1(gold: Any, predicted: Any, seed: int) -> Any:
    """Give macro-F1 of RESAMPLES draws of documents with replacement; `gold` and `predicted` are arrays [n]."""
    import numpy as np

    picks = draws(len(gold), seed)
    g, p = gold[picks], predicted[picks]
    total, present = np.zeros(RESAMPLES), np.zeros(RESAMPLES)
    for label in np.union1d(gold, predicted):
        hits = ((g == label) & (p == label)).sum(axis=1)
        both = (g == label).sum(axis=1) + (p == label).sum(axis=1)
        total += np.where(both > 0, 2 * hits / np.maximum(both, 1), 0.0)
        present += both > 0
    return total / present


TOO_FEW = 30  # documents; below, an interval of macro-F1 covers as little as 86 % (four classes)


def macro_f1_interval(gold: Sequence[int], predicted: Sequence[int], seed: int = 0) -> tuple[float, float]:
    """Give the interval of macro-F1: RESAMPLES confusion matrices from a Dirichlet with 1/K^2 added to each cell.

    The bootstrap holds the true value 34 to 83 % of the time near the ceiling, this one 96 to 98 % (bench/intervals.py;
    docs/evaluation.md has the table). One label alone gives accuracy's Wilson interval.
    """
    import numpy as np

    labels = sorted({*gold, *predicted})
    k = len(labels)
    if k < 2:
        return wilson(len(gold), len(gold))
    place = {label: i for i, label in enumerate(labels)}
    cells = np.zeros((k, k))
    np.add.at(cells, ([place[g] for g in gold], [place[p] for p in predicted]), 1)
    drawn = np.random.default_rng(seed).standard_gamma(cells.ravel() + 1 / k**2, size=(RESAMPLES, k * k))
    drawn = drawn.reshape(RESAMPLES, k, k)
    low, high = percentiles(_macro_f1_of(drawn))
    value = float(_macro_f1_of(cells[None])[0])
    return min(low, value), max(high, value)


def _macro_f1_of(cells: Any) -> Any:
    """Give macro-F1 of confusion matrices [n, gold, predicted] whose labels all occur."""
    import numpy as np

    return (2 * np.einsum("ikk->ik", cells) / (cells.sum(1) + cells.sum(2))).mean(axis=1)


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Give Spearman's rho (ties get mean ranks)."""
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)


def kendall(a: Sequence[float], b: Sequence[float]) -> float:
    """Give Kendall's tau-b."""
    from scipy.stats import kendalltau

    return float(kendalltau(a, b).statistic)


def grade(value: float) -> int:
    """Give the whole grade next to a score, halves upwards."""
    return math.floor(value + 0.5)


def kappa(a: Sequence[float], b: Sequence[float], weights: str | None = None) -> float | None:
    """Give Cohen's kappa of the scores rounded to whole grades; None when both sides use one and the same grade."""
    from sklearn.metrics import cohen_kappa_score

    left, right = [grade(x) for x in a], [grade(x) for x in b]
    grades = list(range(min(left + right), max(left + right) + 1))
    if len({*left, *right}) < 2:
        return None
    return float(cohen_kappa_score(left, right, labels=grades, weights=weights))


def rank_correlation(rows: Iterable[tuple[float, float]]) -> float | None:
    """Give Spearman's rho of pairs; None where there is no order to compare: fewer than 3, or one side constant."""
    pairs = list(rows)
    first, second = [r[0] for r in pairs], [r[1] for r in pairs]
    if len(pairs) < 3 or len(set(first)) < 2 or len(set(second)) < 2:
        return None
    return spearman(first, second)
