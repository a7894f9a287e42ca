"""The one score of a record among its ratings: by rater, by mean of raters, never across scales."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import Rating
from ..errors import UserError

MEAN = "mean"


def name_of(rating: Mapping[str, Any]) -> str:
    """Give a rating's full name: rater, model and prompt, as far as it has them."""
    return ":".join(str(rating[k]) for k in ("rater", "model", "prompt") if rating.get(k))


def answers_to(rating: Mapping[str, Any], wanted: str) -> bool:
    """Tell whether `wanted` names this rating: its rater, model or prompt, or any leading part of its full name."""
    if wanted in (rating.get("rater"), rating.get("model"), rating.get("prompt")):
        return True
    return f"{name_of(rating)}:".startswith(f"{wanted}:")


def ratings_of(record: Record, rater: str | None) -> list[Rating]:
    """Give the record's ratings by this rater; None and "mean" give all of them.

    Raises UserError for what is no list of ratings, and for a score that is neither null nor a finite number.
    """
    found = record.get("ratings") or []
    where = f"record {record.get('id')}: field 'ratings'"
    if not isinstance(found, list) or not all(isinstance(r, Mapping) for r in found):
        mend = "A rating is an object like {rater, model, prompt, scale, score, status, reason}."
        raise UserError("expected a list of ratings", where, mend)
    for i, rating in enumerate(found):
        value = rating.get("score")
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and not (number and math.isfinite(value)):
            raise UserError(f"the score is {value!r}", f"{where}.{i}", "A score is a number or null; rate it again.")
    return [r for r in found if rater in (None, MEAN) or answers_to(r, str(rater))]


def score(ratings: Sequence[Mapping[str, Any]]) -> float | None:
    """Give the mean of the scores there are (repeats and judges weigh the same); None when there is none."""
    scores = [float(r["score"]) for r in ratings if r.get("score") is not None]
    return sum(scores) / len(scores) if scores else None


def scale_of(rating: Mapping[str, Any]) -> str:
    """Give a rating's scale as text; "0-10" and [0, 10] are the same scale."""
    scale = rating.get("scale")
    if isinstance(scale, (list, tuple)):
        return "-".join(f"{x:g}" if isinstance(x, (int, float)) else str(x) for x in scale)
    return str(scale)


def middle(scores: Iterable[float]) -> dict[str, float]:
    """Give the mean and the most frequent score, to two decimals, the higher of two as frequent; {} of none.

    `rate` and `filter` tell both, so both ask here.
    """
    found = [float(score) for score in scores]
    if not found:
        return {}
    counted = Counter(round(score, 2) for score in found)
    return {"mean": round(math.fsum(found) / len(found), 4), "mode": max(counted, key=lambda s: (counted[s], s))}
