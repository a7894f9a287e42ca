"""What a run comes to, on one card: kept, mended, spent, score against the base, how it answers, what comes next."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..artifacts import artifact
from ..artifacts.record import read_jsonl, texts
from ..artifacts.rows import JsonObject, Manifest, ScoreRow, interval_of

MENDED_SHOWN = 5
AROUND = 60  # characters shown on either side of what was mended
MAIN = ("macro_f1", "acc", "acc_norm", "f1", "score")


@dataclass(frozen=True)
class Mended:
    """One mended place: the English, the translation before and after, each cut to what surrounds it."""

    id: str
    check: str
    english: str
    before: str
    after: str


@dataclass(frozen=True)
class Card:
    """Lines of the card as (name, text), the mended places, and what to look at next."""

    lines: Sequence[tuple[str, str]]
    mended: Sequence[Mended]
    next: Sequence[str]


def card(done: Sequence[tuple[Path, Manifest]], usd: float, unfinished: Sequence[str]) -> Card:
    """Give the card of a run's finished artifacts."""
    lines: list[tuple[str, str]] = []
    flows = [m["counts"] for _, m in done if m["output"] == "records"]
    if flows:
        first = next((c["n_in"] for c in flows if c["n_in"]), flows[0]["n_kept"])
        lines.append(("records kept", f"{flows[-1]['n_kept']:,} of {first:,}"))
    repairs = [(f, m) for f, m in done if m["stage"] == "repair"]
    if repairs:
        notes = repairs[-1][1]["counts"]["notes"]
        found, mended = (sum((notes.get(k) or {}).values()) for k in ("issues_found", "issues_mended"))
        lines.append(
            ("translations mended", f"{mended:,} of {found:,} issues; {notes.get('records_left', 0):,} to read")
        )
    lines.append(("spent", f"{usd:,.2f} USD" if usd else "nothing"))
    scored = [artifact.read_scores(f) for f, _ in done if (f / artifact.SCORES).is_file()]
    against, at_chance = against_the_base(next((rows for rows in scored if rows), []))
    if against:
        lines.append(("score against the base", against))
    answered = rates([s for f, _ in done for s in _samples(f)])
    if answered:
        lines.append(("sample answers", answered))
    return Card(lines, mended_places(repairs[-1][0]) if repairs else [], _next(done, unfinished, at_chance))


def against_the_base(rows: Sequence[ScoreRow]) -> tuple[str, bool]:
    """Give the newest model's mean score beside the first one's, and whether it is no better than guessing.

    The interval of a mean takes the tasks as independent.
    """
    metric = next((m for m in MAIN if any(r["metric"] == m for r in rows)), "")
    ways: dict[tuple[str, str, int], dict[str, ScoreRow]] = {}
    for row in rows:
        if row["metric"] == metric and row["value"] is not None:
            ways.setdefault((row["protocol"], row["task"], row["num_fewshot"]), {})[row["model"]] = row
    models = list(dict.fromkeys(r["model"] for r in rows if r["metric"] == metric))
    shared = [cells for cells in ways.values() if all(m in cells for m in (models[0], models[-1]))] if models else []
    if len(models) < 2 or not shared:
        return "", False
    (base, _, _), (new, low, high) = (_mean([cells[m] for cells in shared]) for m in (models[0], models[-1]))
    chance = [cells[models[-1]].get("chance") for cells in shared]
    known = [c for c in chance if c is not None]
    at_chance = bool(known) and len(known) == len(shared) and low <= sum(known) / len(known)
    told = f"{new:.3f} [{low:.3f}, {high:.3f}] against {base:.3f}, mean {metric} of {len(shared)} measurements"
    return told, at_chance


def _mean(rows: Sequence[ScoreRow]) -> tuple[float, float, float]:
    values = [float(row["value"] or 0) for row in rows]
    widths = [(i[1] - i[0]) / 2 for row in rows if (i := interval_of(row)) is not None]
    mean, half = sum(values) / len(values), math.sqrt(sum(w * w for w in widths)) / len(values)
    return mean, mean - half, mean + half


def rates(samples: Sequence[JsonObject]) -> str:
    """Give how the last model's sample answers end and read: stopped by themselves, in a loop, in Korean."""
    told = [row["told"] for row in samples if row.get("told")]
    if not told:
        return ""
    last = [list(row.values())[-1] for row in told]
    n = len(last)
    korean = [row["hangul"] for row in last if row.get("hangul") is not None]
    parts = [f"{sum(r['stopped'] for r in last)} of {n} stop by themselves", f"{sum(r['loop'] for r in last)} loop"]
    if korean:
        parts.append(f"{sum(korean) / len(korean):.0%} Hangul")
    return ", ".join(parts)


def _samples(folder: Path) -> list[JsonObject]:
    path = folder / "samples.json"
    found: list[JsonObject] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return found


def mended_places(folder: Path) -> list[Mended]:
    """Give the first places that `repair` mended, of as many checks as there are."""
    by_check: dict[str, list[Mended]] = {}
    for record in read_jsonl(folder / artifact.RECORDS):
        for repair in record.get("repairs") or ():
            before, after = repair.get("before"), repair.get("after")
            if isinstance(before, str) and isinstance(after, str) and before != after:
                english = (record.get("original") or {}).get(repair["field"]) or texts(record).get(repair["field"], "")
                place = Mended(str(record["id"]), str(repair.get("check", "")), *_around(english, before, after))
                by_check.setdefault(place.check, []).append(place)
    turns = (places[i] for i in range(MENDED_SHOWN) for places in by_check.values() if i < len(places))
    return list(islice(turns, MENDED_SHOWN))


def _around(english: str, before: str, after: str) -> tuple[str, str, str]:
    """Cut three texts to what surrounds the first difference; the English at the same share of its length."""
    same = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    at = round(same / max(1, len(before)) * len(english))
    return _cut(english, at, AROUND * 2), _cut(before, same, AROUND), _cut(after, same, AROUND)


def _cut(text: str, at: int, around: int) -> str:
    start, end = max(0, at - around), min(len(text), at + around)
    return ("… " if start else "") + " ".join(text[start:end].split()) + (" …" if end < len(text) else "")


def _next(done: Sequence[tuple[Path, Manifest]], unfinished: Sequence[str], at_chance: bool) -> list[str]:
    told = [f"{name} is not finished: the same command goes on" for name in unfinished]
    for _, manifest in done:
        counts, notes = manifest["counts"], manifest["counts"]["notes"]
        if manifest["stage"] == "review" and (waiting := (notes.get("unreviewed") or {}).get("n")):
            told.append(f"{waiting:,} records went on without a person having read them: hunmin review")
        if counts["n_in"] and counts["n_dropped"] * 2 > counts["n_in"]:
            told.append(f"{manifest['label']} dropped {counts['n_dropped']:,} of {counts['n_in']:,} records")
    if at_chance:
        told.append("the scores are no better than guessing")
    return told
