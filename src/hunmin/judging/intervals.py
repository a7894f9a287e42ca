"""Means with bootstrap intervals over questions, and a mean relative to a reference model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

RESAMPLES = 2000


def mean_interval(values: Sequence[float], seed: int, level: float = 0.95) -> tuple[float, float, float]:
    """Give (mean, low, high): percentile bootstrap over the values, one value a question.

    One value has no spread, so its interval is the value itself. Raises ValueError for no values.
    """
    import numpy as np

    if not values:
        raise ValueError("no values: a mean of nothing is not a number")
    data = np.asarray(values, dtype=float)
    means = data[_draws(len(data), seed)].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(data.mean()), float(low), float(high)


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
    draws = _draws(len(shared), seed)
    below = b[draws].mean(axis=1)
    ratios = 100 * a[draws].mean(axis=1)[below > 0] / below[below > 0]
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(100 * a.mean() / b.mean()), float(low), float(high), len(shared)


def _draws(n: int, seed: int):
    import numpy as np

    return np.random.default_rng(seed).integers(0, n, size=(RESAMPLES, n))
