"""Numbers from predictions: accuracy, macro-F1 and what guessing gives; intervals are hunmin.statistics'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def accuracy(gold: Sequence[int], predicted: Sequence[int]) -> float:
    """Give the share of equal pairs."""
    return sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold)


def macro_f1(gold: Sequence[int], predicted: Sequence[int]) -> float:
    """Give the mean F1 over the labels that occur in gold or predictions, as sklearn's f1_score(average="macro")."""
    labels = {*gold, *predicted}
    hits = Counter(g for g, p in zip(gold, predicted, strict=True) if g == p)
    of_gold, of_predicted = Counter(gold), Counter(predicted)
    return sum(2 * hits[c] / (of_gold[c] + of_predicted[c]) for c in labels) / len(labels)


def chance_level(metric: str, gold: Sequence[int], labels: int) -> float:
    """Give what uniform guessing gives in expectation: 1/labels, and for macro-F1 the F1 of such a guesser."""
    if metric != "macro_f1":
        return 1 / labels
    n = len(gold)
    counts = Counter(gold)
    # recall 1/labels, precision = the label's share; a label absent from gold has F1 0
    return sum(2 * (counts[c] / n) / labels / (counts[c] / n + 1 / labels) for c in range(labels)) / labels
