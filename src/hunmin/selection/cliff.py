"""How scores lie and how steep it is at a threshold: histograms, and what a little more or less would keep."""

from __future__ import annotations

import numpy as np

from ..artifacts.rows import Notes

COARSE = 60  # distinct scores up to which each value is shown by itself


def histogram(scores: np.ndarray, scale: str = "") -> list[tuple[float, float, int]]:
    """Give (from, to, count) bins that suit the data: one bin a value on a coarse scale, else 24 equal ones.

    A value belongs to the bin that begins at or below it, so a threshold on a bin's edge cuts nothing in two.
    """
    if not len(scores):
        return []
    values = np.unique(scores)
    steps = np.diff(values)
    if len(values) <= COARSE and (not len(steps) or np.allclose(values * 20, np.round(values * 20))):
        step = float(steps.min()) if len(steps) else 1.0
        step = next((s for s in (1.0, 0.5, 0.25, 0.1, 0.05) if s <= step + 1e-9 and _all_on(values, s)), 0.05)
        low, high = float(values[0]), float(values[-1])
        n = int(round((high - low) / step)) + 1
        if n <= 80:
            index = np.round((scores - low) / step).astype(int)
            counts = np.bincount(index, minlength=n)
            return [(round(low + i * step, 6), round(low + (i + 1) * step, 6), int(counts[i])) for i in range(n)]
    low, high = float(scores.min()), float(scores.max())
    edges = np.linspace(low, high, 25) if high > low else np.array([low, low + 1])
    counts, edges = np.histogram(scores, edges)
    return [(float(a), float(b), int(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False)]


def _all_on(values: np.ndarray, step: float) -> bool:
    return bool(np.allclose(values / step, np.round(values / step)))


def counts_around(scores: np.ndarray, threshold: float | None) -> list[Notes]:
    """Give what would be kept with the threshold a little lower or higher: how steep the cliff is.

    On a coarse scale the neighbouring values, on a fine one steps of a fiftieth of the range.
    """
    if threshold is None or not len(scores):
        return []
    values = np.unique(scores)
    if len(values) > COARSE:
        step = float(values[-1] - values[0]) / 50
        near = [threshold + k * step for k in range(-3, 4)]
    else:
        at = int(np.searchsorted(values, threshold))
        near = [float(v) for v in values[max(0, at - 3) : at + 4]]
    candidates = sorted({*near, float(threshold)})
    return [
        {"min_score": round(v, 6), "kept": int((scores >= v).sum()), "tied": int((scores == v).sum())}
        for v in candidates
    ]


def around_lines(around: list[Notes]) -> list[str]:
    """Give the lines that tell it."""
    return [f"min_score {row['min_score']:g} would keep {row['kept']:,} ({row['tied']:,} at it)" for row in around]
