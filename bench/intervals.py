"""How often the 95 % interval of macro-F1 holds the true value: percentile bootstrap against Dirichlet intervals.

A population is a confusion matrix; each round draws n documents from it, makes the interval, and looks whether the
population's own macro-F1 lies inside. `python bench/intervals.py [rounds]`, under a minute on one core for 400.
"""

from __future__ import annotations

import sys

import numpy as np

DRAWS = 1000
SIZES = (24, 30, 50, 100, 400)
WEIGHTS = {"bootstrap": None, "Dirichlet 1/K^2": 2.0, "Dirichlet 1/K": 1.0}


def macro_f1(cells: np.ndarray) -> np.ndarray:
    """Give macro-F1 of confusion matrices [..., gold, predicted] over the labels that occur."""
    hits = np.einsum("...kk->...k", cells)
    both = cells.sum(-1) + cells.sum(-2)
    f1 = np.where(both > 0, 2 * hits / np.maximum(both, 1e-300), 0.0)
    return f1.sum(-1) / np.maximum((both > 0).sum(-1), 1)


def population(name: str, k: int) -> np.ndarray:
    """Give a confusion matrix [gold, predicted] that sums to 1; gold labels are even."""
    right = {"chance": 1 / k, "middle": 0.7, "good": 0.9, "near the ceiling": 0.98}.get(name)
    if right is None:  # constant predictor: says the first label to all but one in fifty
        row = np.full(k, 0.02 / (k - 1))
        row[0] = 0.98
        return np.tile(row, (k, 1)) / k
    return (np.eye(k) * right + (1 - np.eye(k)) * (1 - right) / (k - 1)) / k


def interval(counts: np.ndarray, power: float | None, chance: np.random.Generator) -> tuple[float, float]:
    flat, n = counts.ravel(), int(counts.sum())
    k = counts.shape[0]
    if power is None:
        drawn = chance.multinomial(n, flat / n, size=DRAWS)
    else:
        drawn = chance.standard_gamma(flat + 1 / k**power, size=(DRAWS, flat.size))
    low, high = np.quantile(macro_f1(drawn.reshape(DRAWS, k, k)), [0.025, 0.975])
    return float(low), float(high)


def main(rounds: int) -> None:
    chance = np.random.default_rng(0)
    print("| classes | predictor | n | " + " | ".join(WEIGHTS) + " |")
    print("|---" * (3 + len(WEIGHTS)) + "|")
    for k in (2, 4):
        for name in ("chance", "middle", "good", "near the ceiling", "constant"):
            truth = population(name, k)
            goal = float(macro_f1(truth))
            for n in SIZES:
                held = dict.fromkeys(WEIGHTS, 0)
                width = dict.fromkeys(WEIGHTS, 0.0)
                for _ in range(rounds):
                    counts = chance.multinomial(n, truth.ravel()).reshape(k, k)
                    for method, power in WEIGHTS.items():
                        low, high = interval(counts, power, chance)
                        held[method] += low - 1e-12 <= goal <= high + 1e-12
                        width[method] += high - low
                cells = [f"{100 * held[m] / rounds:.0f} % ({width[m] / rounds:.2f})" for m in WEIGHTS]
                print(f"| {k} | {name} | {n} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
