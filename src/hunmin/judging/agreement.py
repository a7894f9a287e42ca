"""How far a judge can be trusted: its agreement with people, and whether position or length sways it.

Spearman's rho and Kendall's tau-b say whether judge and people order the answers alike, Cohen's kappa (plain and
quadratically weighted) whether they give the same grades beyond chance. Length bias is the rank correlation of answer
length with judge minus human; position bias is what a pairwise judge does when only the order changes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import UserError

Row = Mapping[str, Any]


def report(scores: Iterable[Row], human: Iterable[Row]) -> dict[str, Any]:
    """Give agreement by criterion of judge rows with human rows, matched by id, model and criterion.

    A row is {id, criterion, score, model?, chars?}; `chars` is the answer's length in the judge's row. Several human
    rows for one answer are averaged. A row with score null (unread) is counted, never compared. Where a statistic is
    undefined (fewer than 3 pairs, or one side constant) it is None and `notes` says why.
    Raises UserError when nothing matches.
    """
    judged = list(scores)
    people: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    n_human = 0
    for row in human:
        n_human += 1
        if row.get("score") is not None:
            people[_key(row)].append(_number(row))
    models = {str(row.get("model") or "") for row in judged}
    if len(models) > 1 and any(not key[0] for key in people):
        raise UserError(
            f"the verdicts are of several models ({', '.join(sorted(models))}), but a human label names none",
            "--agreement",
            "Give each human row its model.",
        )
    by_criterion: dict[str, list[tuple[float, float, float | None]]] = defaultdict(list)
    unread: dict[str, int] = defaultdict(int)
    matched: set[tuple[str, str, str]] = set()
    for row in judged:
        key = next((k for k in (_key(row), ("", *_key(row)[1:])) if k in people), None)
        if key is None:
            continue
        matched.add(key)
        if row.get("score") is None:
            unread[str(row["criterion"])] += 1
            continue
        theirs = math.fsum(people[key]) / len(people[key])
        by_criterion[str(row["criterion"])].append((_number(row), theirs, row.get("chars")))
    if not matched:
        raise UserError(
            f"none of the {n_human} human labels matches one of the {len(judged)} verdicts",
            "--agreement",
            "Each row needs the id and criterion of documents.jsonl (and model, when several models were judged).",
        )
    criteria = {name: compare(by_criterion[name], unread[name]) for name in sorted({*by_criterion, *unread})}
    return {"criteria": criteria, "n_human": n_human, "n_unmatched_human": len(people) - len(matched)}


def _key(row: Row) -> tuple[str, str, str]:
    missing = [name for name in ("id", "criterion") if row.get(name) in (None, "")]
    if missing:
        raise UserError(f"a row has no {' and no '.join(missing)}", "--agreement", "Each row: id, criterion, score.")
    return str(row.get("model") or ""), str(row["id"]), str(row["criterion"])


def _number(row: Row) -> float:
    value = row["score"]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UserError(
            f"score {value!r} of id {row.get('id')} is not a number", "--agreement", "Give a number or null."
        )
    return float(value)


def compare(pairs: list[tuple[float, float, float | None]], n_unread: int = 0) -> dict[str, Any]:
    """Give the statistics of (judge, human, answer length or None) triples."""
    judge, people = [p[0] for p in pairs], [p[1] for p in pairs]
    notes: list[str] = []
    if len(pairs) < 3:
        notes.append("fewer than 3 pairs")
    for name, values in (("judge", judge), ("human", people)):
        if len(set(values)) == 1:
            notes.append(f"every {name} score is {values[0]:g}, so there is no order to compare")
    defined = not notes
    found: dict[str, Any] = {"n": len(pairs), "n_unread": n_unread}
    found["spearman"] = spearman(judge, people) if defined else None
    found["kendall"] = kendall(judge, people) if defined else None
    found["kappa"] = kappa(judge, people) if pairs else None
    found["kappa_quadratic"] = kappa(judge, people, weights="quadratic") if pairs else None
    found["exact_ratio"] = (
        sum(_grade(a) == _grade(b) for a, b in zip(judge, people, strict=True)) / len(pairs) if pairs else None
    )
    found["mean_judge"] = math.fsum(judge) / len(pairs) if pairs else None
    found["mean_human"] = math.fsum(people) / len(pairs) if pairs else None
    lengths = [p[2] for p in pairs if p[2] is not None]
    found["length_bias"] = None
    if defined and len(lengths) == len(pairs):
        excess = [a - b for a, b in zip(judge, people, strict=True)]
        if len(set(lengths)) > 1 and len(set(excess)) > 1:
            found["length_bias"] = spearman(lengths, excess)
        else:
            notes.append("lengths or differences are constant: no length bias to measure")
    found["notes"] = notes
    return found


def _grade(value: float) -> int:
    return math.floor(value + 0.5)


def spearman(a: list[float], b: list[float]) -> float:
    """Give Spearman's rho (ties get mean ranks)."""
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)


def kendall(a: list[float], b: list[float]) -> float:
    """Give Kendall's tau-b."""
    from scipy.stats import kendalltau

    return float(kendalltau(a, b).statistic)


def kappa(a: list[float], b: list[float], weights: str | None = None) -> float | None:
    """Give Cohen's kappa of the scores rounded to whole grades; None when both sides use one and the same grade."""
    from sklearn.metrics import cohen_kappa_score

    left, right = [_grade(x) for x in a], [_grade(x) for x in b]
    grades = list(range(min(left + right), max(left + right) + 1))
    if len(set(left + right)) < 2:
        return None
    return float(cohen_kappa_score(left, right, labels=grades, weights=weights))


def length_correlation(scores: Iterable[tuple[float, float]]) -> float | None:
    """Give the rank correlation of (answer length, score) without people: a hint, since longer may be better."""
    rows = list(scores)
    lengths, values = [r[0] for r in rows], [r[1] for r in rows]
    if len(rows) < 3 or len(set(lengths)) < 2 or len(set(values)) < 2:
        return None
    return spearman(lengths, values)


def position_bias(orders: Iterable[tuple[str | None, str | None]]) -> dict[str, Any]:
    """Give what changes when only the order does, from a pairwise judge's two verdicts of each question.

    A verdict is "first", "second", "tie" or None (unread) as the judge saw it: the first verdict with our answer shown
    first, the second with it shown second. A steady judge says "first" then "second", or the reverse, or "tie" twice.
    """
    pairs = [(a, b) for a, b in orders if a is not None and b is not None]
    flip = {"first": "second", "second": "first", "tie": "tie"}
    steady = sum(b == flip[a] for a, b in pairs)
    said = [v for pair in pairs for v in pair]
    n_decided = sum(v != "tie" for v in said)
    return {
        "n": len(pairs),
        "steady_ratio": steady / len(pairs) if pairs else None,
        "first_ratio": sum(v == "first" for v in said) / n_decided if n_decided else None,
        "always_first": sum(a == b == "first" for a, b in pairs),
        "always_second": sum(a == b == "second" for a, b in pairs),
    }
