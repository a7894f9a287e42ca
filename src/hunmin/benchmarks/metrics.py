"""Numbers from predictions: accuracy, macro-F1, what guessing gives, and their intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

RESAMPLES = 1000
Z = 1.959964  # 95 %


def accuracy(gold: Sequence[int], predicted: Sequence[int]) -> float:
    """Give the share of equal pairs."""
    return sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold)


def macro_f1(gold: Sequence[int], predicted: Sequence[int]) -> float:
    """Give the mean F1 over the labels that occur in gold or predictions, as sklearn's f1_score(average="macro")."""
    labels = {*gold, *predicted}
    hits = Counter(g for g, p in zip(gold, predicted, strict=True) if g == p)
    of_gold, of_predicted = Counter(gold), Counter(predicted)
    return sum(2 * hits[c] / (of_gold[c] + of_predicted[c]) for c in labels) / len(labels)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Give the 95 % Wilson interval of a share."""
    p = hits / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_macro_f1(gold: Sequence[int], predicted: Sequence[int], seed: int = 0) -> tuple[float, float]:
    """Give the 95 % percentile bootstrap interval of macro-F1 over documents."""
    import numpy as np

    values = resampled_macro_f1(np.asarray(gold), np.asarray(predicted), seed)
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Give the 95 % percentile bootstrap interval of a mean over documents."""
    import numpy as np

    data = np.asarray(values, dtype=float)
    means = data[np.random.default_rng(seed).integers(0, len(data), size=(RESAMPLES, len(data)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def resampled_macro_f1(gold, predicted, seed: int):
    """Give macro-F1 of RESAMPLES draws of documents with replacement; equal seed and n give equal draws (paired)."""
    import numpy as np

    n = len(gold)
    chance = np.random.default_rng(seed)
    picks = chance.integers(0, n, size=(RESAMPLES, n))
    g, p = gold[picks], predicted[picks]
    total, present = np.zeros(RESAMPLES), np.zeros(RESAMPLES)
    for label in np.union1d(gold, predicted):
        hits = ((g == label) & (p == label)).sum(axis=1)
        both = (g == label).sum(axis=1) + (p == label).sum(axis=1)
        total += np.where(both > 0, 2 * hits / np.maximum(both, 1), 0.0)
        present += both > 0
    return total / present


def chance_level(metric: str, gold: Sequence[int], labels: int) -> float:
    """Give what uniform guessing gives in expectation: 1/labels, and for macro-F1 the F1 of such a guesser."""
    if metric != "macro_f1":
        return 1 / labels
    n = len(gold)
    counts = Counter(gold)
    # recall 1/labels, precision = the label's share; a label absent from gold has F1 0
    return sum(2 * (counts[c] / n) / labels / (counts[c] / n + 1 / labels) for c in range(labels)) / labels
