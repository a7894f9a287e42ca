"""How far a judge can be trusted: its agreement with people, and whether position or length sways it.

Spearman's rho and Kendall's tau-b say whether judge and people order the answers alike, Cohen's kappa (plain and
quadratically weighted) whether they give the same grades beyond chance. Length bias is the rank correlation of answer
length with judge minus human; position bias is what a pairwise judge does when only the order changes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from ...artifacts.artifact import DOCUMENTS, read_manifest, stage_folders
from ...artifacts.record import Record, read_jsonl
from ...artifacts.rows import JudgedDocument, Notes, Shown
from ...errors import UserError
from ...statistics import grade, kappa, kendall, spearman
from .score_rows import biases, outcome

Row = Mapping[str, Any]
Key = tuple[str, str, str, int]


def report(scores: Path | Iterable[Row], human: Path | Iterable[Row]) -> dict[str, Notes]:
    """Give the agreement of verdicts with people by criterion, then "labels" (what was matched) and, from an artifact,
    "position" (a pairwise judge's position bias).

    `scores` is a judge artifact, a run, a documents.jsonl, or rows {id, criterion, score, turn?, model?, chars?} where
    `chars` is the answer's length; `human` is a JSONL file of rows {id, criterion, score, turn?, model?} or such rows.
    Several human rows for one answer are averaged. A row with score null (unread) is counted, never compared. Where a
    statistic is undefined (fewer than 3 pairs, or one side constant) it is None and `notes` says why. Pairwise scores
    are 1 (won), 0.5, 0 of the judged model. Raises UserError when nothing matches.
    """
    documents: list[Record] = []
    if isinstance(scores, Path):
        documents = list(read_jsonl(_documents(scores)))
        judged: list[Row] = [row for document in documents for row in rows_of(document)]
    else:
        judged = list(scores)
    people = labels_of(human)
    models = {str(row.get("model") or "") for row in judged}
    if len(models) > 1 and any(not key[0] for key in people):
        raise UserError(
            f"the verdicts are of several models ({', '.join(sorted(models))}), but a human label names none",
            "--agreement",
            "Give each human row its model.",
        )
    by_criterion: dict[str, list[tuple[float, float, float | None]]] = defaultdict(list)
    unread: dict[str, int] = defaultdict(int)
    matched: set[Key] = set()
    for row in judged:
        named = _key(row)
        key = named if named in people else ("", *named[1:])
        if key not in people:
            continue
        matched.add(key)
        if row.get("score") is None:
            unread[str(row["criterion"])] += 1
            continue
        theirs = math.fsum(people[key]) / len(people[key])
        by_criterion[str(row["criterion"])].append((_number(row), theirs, row.get("chars")))
    if not matched:
        raise UserError(
            f"none of the {len(people)} human labels matches one of the {len(judged)} verdicts",
            "--agreement",
            "Each row needs the id and criterion of documents.jsonl (and model, when several models were judged).",
        )
    found = {name: compare(by_criterion[name], unread[name]) for name in sorted({*by_criterion, *unread})}
    found["labels"] = {"n_human": len(people), "n_matched": len(matched), "n_verdicts": len(judged)}
    if any("order" in verdict for document in documents for verdict in document["verdicts"]):
        found["position"] = biases(cast(list[JudgedDocument], documents))["position"]
    return found


def labels_of(human: Path | Iterable[Row]) -> dict[Key, list[float]]:
    """Give people's scores by model, id, criterion and turn. Raises UserError for rows that are none, or no score."""
    people: dict[Key, list[float]] = defaultdict(list)
    for row in read_jsonl(_existing(human)) if isinstance(human, Path) else human:
        key = _key(row)
        if row.get("score") is not None:
            people[key].append(_number(row))
    if not people:
        raise UserError("no human label has a score", "--agreement", "Give rows {id, criterion, score}.")
    return people


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UserError("no such file", str(path), "Give JSONL rows {id, criterion, score}.")
    return path


def _documents(path: Path) -> Path:
    """Give the documents.jsonl of an artifact, a run's newest judge artifact, or the file itself."""
    if path.is_dir() and not (path / DOCUMENTS).is_file():
        folders = [f for f in stage_folders(path) if (m := read_manifest(f)) and m["stage"] == "judge"]
        if not folders:
            raise UserError("the folder holds no judge artifact", str(path), "Name a judge artifact or a run with one.")
        path = folders[-1]
    return _existing(path / DOCUMENTS if path.is_dir() else path)


def rows_of(document: Row) -> list[Shown]:
    """Give a judged document as rows of `report`; a pairwise document is one row, its outcome over both orders."""
    base = {"id": document["id"], "model": document["model"]}
    verdicts = document["verdicts"]
    if any("order" in v for v in verdicts):
        return [{**base, "criterion": verdicts[0]["criterion"], "turn": 0, "score": outcome(verdicts)}]
    return [
        {
            **base,
            "criterion": v["criterion"],
            "turn": v["turn"],
            "score": v["score"],
            "chars": len(document["answers"][v["turn"]]["text"]),
        }
        for v in verdicts
    ]


def _key(row: Row) -> Key:
    missing = [name for name in ("id", "criterion") if row.get(name) in (None, "")]
    if missing:
        raise UserError(f"a row has no {' and no '.join(missing)}", "--agreement", "Each row: id, criterion, score.")
    return str(row.get("model") or ""), str(row["id"]), str(row["criterion"]), int(row.get("turn") or 0)


def _number(row: Row) -> float:
    value = row["score"]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UserError(f"score {value!r} of id {row.get('id')} is not a number", "--agreement", "A number or null.")
    return float(value)


def compare(pairs: list[tuple[float, float, float | None]], n_unread: int = 0) -> Notes:
    """Give the statistics of (judge, human, answer length or None) triples."""
    judge, people = [p[0] for p in pairs], [p[1] for p in pairs]
    notes: list[str] = []
    if len(pairs) < 3:
        notes.append("fewer than 3 pairs")
    for name, values in (("judge", judge), ("human", people)):
        if len(set(values)) == 1:
            notes.append(f"every {name} score is {values[0]:g}, so there is no order to compare")
    defined = not notes
    found: Notes = {"n": len(pairs), "n_unread": n_unread}
    found["spearman"] = spearman(judge, people) if defined else None
    found["kendall"] = kendall(judge, people) if defined else None
    found["kappa"] = kappa(judge, people) if pairs else None
    found["kappa_quadratic"] = kappa(judge, people, weights="quadratic") if pairs else None
    found["exact_ratio"] = (
        sum(grade(a) == grade(b) for a, b in zip(judge, people, strict=True)) / len(pairs) if pairs else None
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
