"""From verdicts to score rows: one row a criterion with its interval, the share of unread verdicts never hidden.

A document is what was judged of one question: {model, id, category, turns, answers, verdicts}, a verdict
{criterion, turn, scale, score or null, weighted or null, status, reason}; pairwise verdicts have `choice` and `order`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from ...artifacts.rows import JudgedDocument, Notes, ScoreRow, Verdict
from ...statistics import mean_interval, rank_correlation, relative_interval
from .criteria import PAIRWISE

Grade = Literal["score", "weighted"]


def per_question(documents: Sequence[JudgedDocument], criterion: str, key: Grade = "score") -> dict[str, float]:
    """Give each question's mean over its turns of the scores that were read; a question with none is absent."""
    found = {}
    for document in documents:
        given = (v.get(key) for v in document["verdicts"] if v["criterion"] == criterion)
        values = [value for value in given if value is not None]
        if values:
            found[document["id"]] = math.fsum(values) / len(values)
    return found


def score_rows(
    documents: Sequence[JudgedDocument],
    criteria: Sequence[str],
    protocol: str,
    seed: int,
    reference: Sequence[JudgedDocument] | None = None,
    reference_name: str = "",
) -> list[ScoreRow]:
    """Give one model's rows: `mean` per criterion, `weighted_mean` where the endpoint gave probabilities, and
    `relative` (the reference model = 100) where a reference was judged on the same questions.

    A criterion of which nothing could be read keeps its row, with n = 0 and no value.
    """
    if not documents:
        return []
    model = documents[0]["model"]
    n_truncated = sum(any(a["finish_reason"] == "length" for a in d["answers"]) for d in documents)
    ways: tuple[tuple[Grade, str], ...] = (("score", "mean"), ("weighted", "weighted_mean"))
    rows: list[ScoreRow] = []
    for criterion in criteria:
        unread = sum(v["criterion"] == criterion and v["score"] is None for d in documents for v in d["verdicts"])
        for key, metric in ways:
            values = per_question(documents, criterion, key)
            if values:
                value, low, high = mean_interval(list(values.values()), seed)
                rows.append(
                    _row(model, protocol, criterion, metric, value, low, high, len(values), n_truncated, unread)
                )
            elif key == "score":
                rows.append(_row(model, protocol, criterion, metric, None, None, None, 0, n_truncated, unread))
        if reference is not None:
            found = relative_interval(per_question(documents, criterion), per_question(reference, criterion), seed)
            if found:
                row = _row(model, protocol, criterion, "relative", *found, n_truncated, unread)
                rows.append({**row, "reference": reference_name})
    return rows


PARTS = ("turn_mean", "category_mean")


def part_rows(documents: Sequence[JudgedDocument], criteria: Sequence[str], protocol: str, seed: int) -> list[ScoreRow]:
    """Give `turn_mean` rows (single-turn: the first turns; multi-turn: all later ones) where a question has several
    turns, and `category_mean` rows where the questions have categories: LogicKor's and MT-Bench's columns."""
    groups: list[tuple[str, str, list[JudgedDocument]]] = []
    if any(len(d["turns"]) > 1 for d in documents):
        for name, wanted in (("single-turn", (0,)), ("multi-turn", range(1, 100))):
            cut: list[JudgedDocument] = [
                {**d, "verdicts": [v for v in d["verdicts"] if v["turn"] in wanted]} for d in documents
            ]
            groups.append(("turn_mean", name, [d for d in cut if d["verdicts"]]))
    for category in sorted({d["category"] for d in documents if d["category"]}):
        groups.append(("category_mean", category, [d for d in documents if d["category"] == category]))
    rows = []
    for metric, name, part in groups:
        for criterion in criteria:
            values = list(per_question(part, criterion).values())
            value, low, high = mean_interval(values, seed) if values else (None, None, None)
            n_truncated = sum(any(a["finish_reason"] == "length" for a in d["answers"]) for d in part)
            unread = sum(v["criterion"] == criterion and v["score"] is None for d in part for v in d["verdicts"])
            task = f"{criterion} {name}"
            rows.append(
                _row(part[0]["model"], protocol, task, metric, value, low, high, len(values), n_truncated, unread)
            )
    return rows


def _row(
    model: str,
    protocol: str,
    task: str,
    metric: str,
    value: float | None,
    low: float | None,
    high: float | None,
    n: int,
    n_truncated: int,
    n_unread: int,
) -> ScoreRow:
    return {
        "model": model,
        "task": task,
        "metric": metric,
        "num_fewshot": 0,
        "protocol": protocol,
        "value": _rounded(value),
        "ci_low": _rounded(low),
        "ci_high": _rounded(high),
        "n": n,
        "n_truncated": n_truncated,
        "n_unread": n_unread,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def headline(documents: Sequence[JudgedDocument]) -> str:
    """Say how many verdicts were read, and of pairwise ones how many questions were won, lost and tied."""
    verdicts = [v for d in documents for v in d["verdicts"]]
    read = sum(v["status"] == "ok" for v in verdicts)
    said = f"{read:,} of {len(verdicts):,} verdicts read"
    outcomes = [outcome(d["verdicts"]) for d in documents if any("order" in v for v in d["verdicts"])]
    if not outcomes:
        return said
    won, lost = sum(o is not None and o > 0.5 for o in outcomes), sum(o is not None and o < 0.5 for o in outcomes)
    tied = sum(o == 0.5 for o in outcomes)
    return f"{said}; {won:,} won, {lost:,} lost, {tied:,} tied, {outcomes.count(None):,} unread"


def outcome(verdicts: Sequence[Verdict]) -> float | None:
    """Give 1 for a win, 0 for a loss, 0.5 for a tie of one question's two orders; None when one could not be read.

    Ours is A in order "ours_first" and B in "ours_second". Orders that disagree are a tie: the judge followed position.
    """
    points = []
    for verdict in verdicts:
        if verdict["choice"] is None:
            return None
        ours = "A" if verdict["order"] == "ours_first" else "B"
        points.append(0.5 if verdict["choice"] == "tie" else 1.0 if verdict["choice"] == ours else 0.0)
    if len(points) != 2:
        return None
    return points[0] if points[0] == points[1] else 0.5 if {*points} == {0.0, 1.0} else math.fsum(points) / 2


def pairwise_rows(documents: Sequence[JudgedDocument], protocol: str, seed: int, reference_name: str) -> list[ScoreRow]:
    """Give the `win_ratio` row against the reference (ties count half) over questions whose two orders were read."""
    outcomes = [outcome(d["verdicts"]) for d in documents]
    read = [o for o in outcomes if o is not None]
    if not documents:
        return []
    model = documents[0]["model"]
    n_truncated = sum(any(a["finish_reason"] == "length" for a in d["answers"]) for d in documents)
    value, low, high = mean_interval(read, seed) if read else (None, None, None)
    row = _row(
        model,
        protocol,
        PAIRWISE,
        "win_ratio",
        value,
        low,
        high,
        len(read),
        n_truncated,
        len(outcomes) - len(read),
    )
    return [{**row, "reference": reference_name}]


def biases(documents: Sequence[JudgedDocument]) -> Notes:
    """Give what the verdicts alone say of the judge: position bias of pairwise ones, length against score of others."""
    seen = {"A": "first", "B": "second", "tie": "tie", None: None}
    orders = []
    lengths: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for document in documents:
        by_order = {v["order"]: v.get("choice") for v in document["verdicts"] if "order" in v}
        if by_order:
            orders.append((seen[by_order.get("ours_first")], seen[by_order.get("ours_second")]))
        for v in document["verdicts"]:
            if "order" not in v and v["score"] is not None:
                lengths[v["criterion"]].append((len(document["answers"][v["turn"]]["text"]), v["score"]))
    found: Notes = {}
    if orders:
        found["position"] = position_bias(orders)
    if lengths:
        found["length_correlation"] = {name: rank_correlation(rows) for name, rows in lengths.items()}
    return found


def position_bias(orders: Iterable[tuple[str | None, str | None]]) -> Notes:
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


def by_category(documents: Sequence[JudgedDocument], criteria: Sequence[str]) -> dict[str, dict[str, float]]:
    """Give mean scores by question category and criterion; empty when the questions have no categories."""
    groups: dict[str, list[JudgedDocument]] = defaultdict(list)
    for document in documents:
        if document["category"]:
            groups[document["category"]].append(document)
    found: dict[str, dict[str, float]] = {}
    for category, rows in sorted(groups.items()):
        for criterion in criteria:
            values = per_question(rows, criterion)
            if values:
                found.setdefault(category, {})[criterion] = round(math.fsum(values.values()) / len(values), 4)
    return found


def statuses(documents: Sequence[JudgedDocument]) -> dict[str, int]:
    """Give how many verdicts have which status, the most frequent first."""
    return dict(Counter(v["status"] for d in documents for v in d["verdicts"]).most_common())
