"""Keep the records whose score passes: thresholds, top-k, top-ratio, on any scale; the distribution is drawn.

A measure of the answers may count instead (`measure: foreign_script, max_score: 0` drops what is not Korean).
Source: AlpaGasus (arXiv 2307.08701) keeps >= 4.5 of 5, KoRAE >= 8.5 of 10. One judge on a coarse scale gives heavy
ties, so a threshold is a cliff: the counts around it are shown. Unrated records are never a low score; whether they
stay is said by `keep_unrated`.
"""

from __future__ import annotations

import logging
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..artifacts.artifact import Counts, Inputs, write_atomic
from ..artifacts.record import read_jsonl
from ..artifacts.rows import Estimate, Notes, Shown
from ..artifacts.stream import Writer
from ..errors import UserError
from ..measures import HIGHER_IS_BETTER, MEASURES
from ..measures.measured import measured, resolve_measures
from ..options import Options, opt
from ..report import charts
from ..selection.chance import chance
from ..selection.cliff import around_lines, counts_around, histogram
from ..selection.ratings import MEAN, answers_to, middle, name_of, ratings_of, scale_of, score
from ..tables import did_you_mean

log = logging.getLogger("hunmin")

READS = ("ratings",)
EDITS = ()
ADDS = ()
KIND = "whole"
INPUT = "records"
OUTPUT = "records"

HISTOGRAM = "scores.svg"
HISTOGRAM_TEXT = "scores.txt"


class Config(Options):
    min_score: float | None = opt(None, "Keep scores of at least this.", signed=True)
    max_score: float | None = opt(
        None, "Keep scores of at most this (IFD: 1, above it the answer is unrelated).", signed=True
    )
    top_k: int | None = opt(None, "Of what passes the thresholds keep the k highest scores.", ge=1)
    top_ratio: float | None = opt(None, "Of what passes the thresholds keep this ratio, highest first.", gt=0, le=1)
    measure: str | None = opt(None, "Instead of ratings this measure of the answers counts; of several the worst.")
    rater: str | None = opt(None, "Which rater (or model, or prompt) counts when there are several; mean averages all.")
    keep_unrated: bool | None = opt(None, "What happens to records without a score; must be said when there are any.")
    label: bool | None = opt(None, "Instead of scores: keep this label (true = good answers) and what has none.")


def reads(config: Config) -> tuple[str, ...]:
    """Give the keys that these options need; a label comes with the rows, a measure looks at the answers."""
    return ("text",) if config.measure else READS if config.label is None else ()


def check(config: Config) -> list[str]:
    """Give what is wrong across options."""
    found = []
    if config.top_k is not None and config.top_ratio is not None:
        found.append("give top_k or top_ratio, not both")
    by_score = any(v is not None for v in (config.min_score, config.max_score, config.top_k, config.top_ratio))
    if not by_score and config.label is None:
        found.append("nothing to filter by; give min_score, max_score, top_k, top_ratio or label")
    if by_score and config.label is not None:
        found.append("label and scores are two filters; put one after the other")
    if config.measure and (config.rater or config.label is not None):
        found.append("measure, rater and label are three filters; put one after the other")
    if config.measure and config.measure not in MEASURES and ":" not in config.measure:
        found.append(f"measure: no measure '{config.measure}'{did_you_mean(config.measure, MEASURES)}")
    if None not in (config.min_score, config.max_score) and config.min_score > config.max_score:  # type: ignore[operator]  # neither is None here
        found.append("min_score lies above max_score: nothing could pass")
    return found


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Read the scores, decide, write kept and dropped with the reason, and draw the distribution."""
    wrong = check(config)
    if wrong:
        raise UserError("; ".join(wrong), inputs.label, "Mend the options.")
    assert inputs.records is not None
    if config.label is not None:
        return _by_label(config.label, inputs, out)
    scores, chances, sources, seen = _read(config, inputs)
    _refuse(config, inputs, scores, seen)
    passes, cut, tied = _passing(config, scores, chances)
    counts = _write(config, inputs, out, scores, passes, cut)
    if not counts.n_kept:
        low, high, why = np.nanmin(scores), np.nanmax(scores), _words(Counter(counts.dropped))
        log.warning("%s keeps nothing (%s): the scores go from %g to %g", inputs.label, why, low, high)
    counts.notes = _told(config, out, scores, passes, sources, seen, cut, tied)
    return counts


def _refuse(config: Config, inputs: Inputs, scores: np.ndarray, seen: _Seen) -> None:
    """Raises UserError when these scores cannot decide: there are none, some are missing unsaid, or none could pass."""
    rated = ~np.isnan(scores)
    if not len(scores):
        raise UserError("no records to filter", str(inputs.records), "An earlier stage dropped everything.")
    if not rated.any():
        mend = f"Put `rate` before it; statuses found: {_words(seen.status)}."
        mend = f"'{config.measure}' applies to no answer here; name another." if config.measure else mend
        raise UserError("no record has a score", str(inputs.records), mend)
    if config.keep_unrated is None and not rated.all():
        raise UserError(
            f"{int((~rated).sum()):,} of {len(scores):,} records have no score ({_words(seen.status)})",
            str(inputs.records),
            "Say what happens to them: filter.keep_unrated: true or false.",
        )
    top = re.fullmatch(r"[0-9.]+-([0-9.]+)", seen.scale)
    if top and config.min_score is not None and config.min_score > float(top[1]):
        raise UserError(
            f"min_score {config.min_score:g} lies above the scale {seen.scale}, so nothing could pass",
            f"{inputs.label}.min_score",
            "Give a score of that scale.",
        )


def _write(
    config: Config, inputs: Inputs, out: Path, scores: np.ndarray, passes: np.ndarray, cut: float | None
) -> Counts:
    """Write kept and dropped records, each dropped one with its reason."""
    assert inputs.records is not None
    writer = Writer(out, inputs.label)
    for i, record in enumerate(read_jsonl(inputs.records)):
        if math.isnan(scores[i]):
            if config.keep_unrated:
                writer.keep(record)
            else:
                statuses = [r.get("status") for r in ratings_of(record, config.rater)]
                detail: Shown = {"measure": config.measure} if config.measure else {"statuses": statuses}
                writer.drop(record, "unrated", detail)
        elif passes[i]:
            writer.keep(record)
        else:
            writer.drop(record, *_why(config, float(scores[i]), cut))
    return writer.close()


def _told(
    config: Config,
    out: Path,
    scores: np.ndarray,
    passes: np.ndarray,
    sources: np.ndarray,
    seen: _Seen,
    cut: float | None,
    tied: int,
) -> Notes:
    """Draw the distribution into `out` and give the notes: the scale, the middle, the cliff at the threshold."""
    rated = ~np.isnan(scores)
    threshold = config.min_score if config.min_score is not None else cut
    upper = config.max_score
    bins = histogram(scores[rated], seen.scale)
    possible = scores[rated] if upper is None else scores[rated & (scores <= upper)]
    around = counts_around(possible, threshold)
    text = charts.text_histogram(bins, threshold, upper)
    name = f"scores of {seen.names[0]}" if len(seen.names) == 1 else f"scores ({config.rater or MEAN})"
    name = f"{config.measure} of the answers" if config.measure else f"{name}, scale {seen.scale}"
    write_atomic(out / HISTOGRAM, charts.histogram_svg(bins, threshold, name, upper))
    write_atomic(out / HISTOGRAM_TEXT, "\n".join([*text, "", *around_lines(around)]) + "\n")
    n_unrated = int((~rated).sum())
    told = f", {n_unrated:,} unrated {'kept' if config.keep_unrated else 'dropped'}" if n_unrated else ""
    by = "measured" if config.measure else "rated"
    return {
        "headline": f"{int(passes.sum()):,} of {int(rated.sum()):,} {by} pass{told}",
        "scale": seen.scale,
        "measure" if config.measure else "raters": ", ".join(seen.names),
        "n_rated": int(rated.sum()),
        "n_unrated": n_unrated,
        "statuses": dict(seen.status),
        "score_of_the_cut": cut,
        "tied_at_the_cut": tied,
        **middle(scores[rated]),
        "median": round(float(np.median(scores[rated])), 4),
        "around_the_threshold": around,
        "by_source": _by_source(scores, passes, sources, seen.sources),
        "terminal": [*text, *around_lines(around)],
        "bins": [[a, b, n] for a, b, n in bins],
    }


def _by_label(wanted: bool, inputs: Inputs, out: Path) -> Counts:
    """Keep the records of one label, and those that have none."""
    assert inputs.records is not None
    writer = Writer(out, inputs.label)
    found: Counter[str] = Counter()
    for record in read_jsonl(inputs.records):
        label = record.get("label")
        found[{True: "true", False: "false"}.get(label, "none")] += 1  # type: ignore[arg-type]  # any other label is none
        if label is None or label is wanted:
            writer.keep(record)
        else:
            writer.drop(record, f"labelled_{str(label).lower()}")
    counts = writer.close()
    if not found["true"] and not found["false"]:
        raise UserError("no record has a label", str(inputs.records), "Filter by a score, or leave filter out.")
    told = ", ".join(f"{n:,} {name}" for name, n in found.most_common())
    counts.notes = {"headline": f"labels: {told}", "labels": dict(found)}
    return counts


class _Seen:
    """What a first reading found: names of raters, their one scale, statuses, names of sources."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.scales: dict[str, str] = {}
        self.status: Counter[str] = Counter()
        self.sources: list[str] = []

    @property
    def scale(self) -> str:
        return next(iter(self.scales), "")


def _read(config: Config, inputs: Inputs) -> tuple[np.ndarray, np.ndarray, np.ndarray, _Seen]:
    """Give scores `[record]` (nan: none), chance numbers, source indices and what was seen.

    Raises UserError for mixed scales, several raters without a choice, or an unknown rater.
    """
    seen, scores, chances, sources = _Seen(), array("d"), array("Q"), array("q")
    source_index: dict[str, int] = {}
    names: dict[str, None] = {}
    all_names: dict[str, None] = {}
    assert inputs.records is not None
    measure = resolve_measures([config.measure])[config.measure] if config.measure else None
    for i, record in enumerate(read_jsonl(inputs.records)):
        found = given = ratings_of(record, None) if measure is None else []
        if config.rater not in (None, MEAN):
            all_names.update((name_of(r), None) for r in given)
            found = [r for r in given if answers_to(r, str(config.rater))]
        for rating in found:
            names[name_of(rating)] = None
            seen.status[str(rating.get("status"))] += 1
            scale = scale_of(rating)
            if scale not in seen.scales:
                seen.scales[scale] = f"record {record.get('id')} (line {i + 1}) by {name_of(rating)}"
        value = score(found) if measure is None else _worst(config, measured(measure, record).values())
        if not found:
            seen.status["no rating" if measure is None else "not measured" if value is None else "measured"] += 1
        scores.append(math.nan if value is None else value)
        chances.append(chance(record, inputs.seed))
        sources.append(source_index.setdefault(str(record.get("source", "?")), len(source_index)))
    if len(seen.scales) > 1:
        where = "; ".join(f"{scale}: {first}" for scale, first in seen.scales.items())
        mend = "name one rater: filter.rater: <name>." if len(names) > 1 else "rate these records again, on one scale."
        raise UserError(
            f"mixed scales: {', '.join(seen.scales)} ({where})",
            str(inputs.records),
            f"Scores of different scales are never compared; {mend}",
        )
    seen.names, seen.sources = [config.measure] if config.measure else list(names), list(source_index)
    if config.rater not in (None, MEAN) and not names and all_names:
        raise UserError(
            f"no rating by '{config.rater}'{did_you_mean(str(config.rater), all_names)}",
            f"{inputs.label}.rater",
            f"There are: {', '.join(all_names)}.",
        )
    if config.rater is None and len(names) > 1:
        mend = "Name one: filter.rater: <name>, or rater: mean."
        raise UserError(f"several raters: {', '.join(names)}", str(inputs.records), mend)
    columns = [np.frombuffer(a, dtype=d) for a, d in ((scores, "f8"), (chances, "u8"), (sources, "i8"))]
    return columns[0], columns[1], columns[2], seen


def _passing(config: Config, scores: np.ndarray, chances: np.ndarray) -> tuple[np.ndarray, float | None, int]:
    """Give the mask `[record]` of what passes, the score of the cut made by rank, and how many share that score.

    Equal scores at the cut are ordered by chance number, so that the choice does not depend on the file's order.
    """
    passes = ~np.isnan(scores)
    if config.min_score is not None:
        passes &= np.nan_to_num(scores, nan=-np.inf) >= config.min_score
    if config.max_score is not None:
        passes &= np.nan_to_num(scores, nan=np.inf) <= config.max_score
    where = np.flatnonzero(passes)
    n = config.top_k if config.top_k is not None else None
    if config.top_ratio is not None:
        n = int(round(config.top_ratio * len(where)))
    if n is None or not len(where):
        return passes, None, 0
    if config.top_k is not None and n > len(where):
        raise UserError(
            f"top_k is {n:,}, but only {len(where):,} records pass the thresholds", "filter.top_k", "Ask for fewer."
        )
    order = np.lexsort((chances[where], -scores[where]))
    best = where[order[:n]]
    result = np.zeros(len(scores), dtype=bool)
    result[best] = True
    if not len(best):
        return result, None, 0
    cut = float(scores[best[-1]])
    return result, cut, int((scores[where] == cut).sum())


def _why(config: Config, value: float, cut: float | None) -> tuple[str, Shown]:
    if config.min_score is not None and value < config.min_score:
        return "low_score", {"score": value, "min_score": config.min_score}
    if config.max_score is not None and value > config.max_score:
        return "high_score", {"score": value, "max_score": config.max_score}
    return "low_score", {"score": value, "cut": cut, "rank": "below the top"}


def _worst(config: Config, values: Iterable[float]) -> float | None:
    """Give of a measure's values of a record's answers the one that passes least; None when there is none."""
    found = list(values)
    if not found:
        return None
    if config.min_score is not None and min(found) < config.min_score:
        return min(found)
    return max(found) if config.max_score is not None or config.measure not in HIGHER_IS_BETTER else min(found)


def _by_source(scores: np.ndarray, passes: np.ndarray, sources: np.ndarray, names: list[str]) -> list[Notes]:
    rows = []
    for i, name in enumerate(names):
        mine = sources == i
        rated = scores[mine & ~np.isnan(scores)]
        row = {"source": name, "records": int(mine.sum()), "rated": len(rated), "pass": int((passes & mine).sum())}
        rows.append({**row, "mean": round(float(rated.mean()), 4) if len(rated) else None})
    return rows


def _words(counter: Counter[str]) -> str:
    return ", ".join(f"{k} {v:,}" for k, v in counter.most_common())


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Count what would pass when the scores are there already; else say only what comes in."""
    from . import full_size

    known = full_size.filter(config, inputs)
    if known is not None:
        return known
    if inputs.records is None or not inputs.records.is_file():
        n = inputs.expected.get("records")
        if n is None:
            return {}
        share = config.top_ratio if config.top_ratio is not None else None
        return {"records": config.top_k or (int(n * share) if share else n)}
    scores, chances, _, _ = _read(config, inputs)
    if np.isnan(scores).all():
        return {"records": len(scores)}
    passes, _, _ = _passing(config, scores, chances)
    return {"records": int(passes.sum()) + (int(np.isnan(scores).sum()) if config.keep_unrated else 0)}
