"""Make preferences of several answers to one instruction: the best is chosen, the worst is rejected.

What is best says a rating, a measure or a verifier. Answers belong together by `prompt_id` (as `respond` writes it), or
by the same prompt. One pair an instruction; the chosen answer's record becomes the preference, the others are dropped
with what they were.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Literal

from ..artifacts.artifact import Counts, Inputs, write_atomic
from ..artifacts.record import Record, kind, read_jsonl
from ..artifacts.rows import Estimate, Notes
from ..artifacts.stream import Writer
from ..errors import UserError
from ..measures import HIGHER_IS_BETTER, MEASURES
from ..measures.measured import Measure, resolve_measures
from ..options import Options, opt
from ..selection.ratings import MEAN, answers_to, name_of, ratings_of, score
from ..tables import did_you_mean

READS = ("text", "ratings?", "prompt_id?")
EDITS = ("text", "output", "messages", "thinking", "label")
ADDS = ("chosen", "rejected", "preference")
KIND = "whole"
INPUT = "records"
OUTPUT = "records"


class Config(Options):
    by: str = opt("rating", "A rating, or a measure or verifier (final_answer, foreign_script, length).")
    rater: str | None = opt(None, "Which rater (or model, or prompt) counts when there are several; mean averages all.")
    prefer: Literal["auto", "higher", "lower"] = opt(
        "auto", "Which value is better; auto is higher for ratings, verifiers and Hangul share, else lower."
    )
    min_gap: float = opt(0.0, "Chosen and rejected differ by more than this.", ge=0)
    min_chosen: float | None = opt(None, "The chosen answer has at least this value (prefer: lower: at most).")


def check(config: Config) -> list[str]:
    """Give what is wrong with the options before anything runs."""
    found = []
    if config.by != "rating" and config.by not in MEASURES and ":" not in config.by:
        known = ("rating", *MEASURES)
        found.append(f"pair.by: no measure '{config.by}'{did_you_mean(config.by, known)}; known: {', '.join(known)}")
    if config.by == "length" and config.prefer == "auto":
        found.append("pair.prefer: say whether the longer (higher) or the shorter (lower) answer is better.")
    if config.rater and config.by != "rating":
        found.append("pair.rater: only ratings have raters; set by: rating, or leave rater out.")
    return found


def reads(config: Config) -> tuple[str, ...]:
    """Give the keys that these options need."""
    return ("text", "ratings") if config.by == "rating" else ("text", "prompt_id?")


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give how many pairs there are at most."""
    from . import full_size

    return full_size.pair(config, inputs) or {}


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Group, value, pair; every answer that is in no pair is dropped with the reason."""
    wrong = check(config)
    if wrong:
        raise UserError("; ".join(wrong), inputs.label, "Mend the options.")
    if inputs.records is None:
        raise UserError("no records to read", inputs.label, "Give an input file, or put a stage before this one.")
    measure = None if config.by == "rating" else resolve_measures([config.by])[config.by]
    sign = -1.0 if config.prefer == "lower" or (config.prefer == "auto" and not _higher(config.by)) else 1.0
    groups: dict[str, list[tuple[int, float | None]]] = {}
    raters: dict[str, None] = {}
    n = 0
    for i, record in enumerate(read_jsonl(inputs.records)):
        n = i + 1
        if kind(record) == "preference":
            raise UserError(
                "a preference is a pair already", f"record {record.get('id')}", "Leave 'pair' out, or take answers."
            )
        if measure is None:
            raters |= {name_of(r): None for r in ratings_of(record, None)}
        groups.setdefault(_prompt(record), []).append((i, _value(record, measure, config)))
    if measure is None and config.rater is None and len(raters) > 1:
        mend = "Name one: pair.rater: <name>, or rater: mean."
        raise UserError(f"several raters: {', '.join(raters)}", str(inputs.records), mend)
    if n and all(value is None for members in groups.values() for _, value in members):
        what = "rating" if measure is None else config.by
        mend = "Put 'rate' before it." if measure is None else "Name another measure, or bring what it verifies by."
        raise UserError(f"no answer has a value of '{what}'", str(inputs.records), mend)
    fates, rejected = _fates(config, groups, sign)
    texts = _texts(inputs.records, set(rejected.values()))
    writer = Writer(out, inputs.label)
    values = {i: value for members in groups.values() for i, value in members}
    for i, record in enumerate(read_jsonl(inputs.records)):
        other = rejected.get(i)
        if other is None:
            writer.drop(record, fates[i], {"value": values[i], "by": config.by})
            continue
        name, text, generator = texts[other]
        told = {
            "by": config.by,
            "chosen": values[i],
            "rejected": values[other],
            "rejected_id": name,
            **({"rejected_generator": generator} if generator else {}),
        }
        writer.keep(_preference(record, text, told))
    counts = writer.close()
    gaps = [abs((values[i] or 0.0) - (values[j] or 0.0)) for i, j in rejected.items()]
    counts.notes = _notes(config, groups, fates, gaps)
    _draw(counts.notes, out)
    return counts


def _draw(notes: Notes, out: Path) -> None:
    """Draw for the report what became of the answers, how many an instruction has, and how far pairs lie apart."""
    from ..report import charts

    n = sum(notes["answers"].values())
    write_atomic(out / "answers.svg", charts.counts_svg(notes["answers"], f"what became of {n:,} answers"))
    each = {f"{k} answers": v for k, v in notes["answers_by_instruction"].items()}
    title = f"{notes['instructions']:,} instructions by their answers; {notes['pairs']:,} pairs"
    write_atomic(out / "instructions.svg", charts.counts_svg(each, title))


def _higher(by: str) -> bool:
    return by == "rating" or by in HIGHER_IS_BETTER or ":" in by


def _prompt(record: Record) -> str:
    """Give what answers of one instruction share."""
    if record.get("prompt_id"):
        return f"id:{record['prompt_id']}"
    asked = [record.get(name) or "" for name in ("system", "instruction", "input")]
    turns = [[m.get("role"), m.get("content")] for m in _turns(record)]
    return json.dumps([asked, turns], ensure_ascii=False)


def _turns(record: Record) -> list[Record]:
    """Give the messages before the last answer."""
    messages = list(record.get("messages") or ())
    return messages[:-1] if messages and messages[-1].get("role") == "assistant" else messages


def _answer(record: Record) -> str:
    messages = record.get("messages") or ()
    return str(messages[-1].get("content") or "") if messages else str(record.get("output") or "")


def _value(record: Record, measure: Measure | None, config: Config) -> float | None:
    if measure is not None:
        return measure(_answer(record), record)
    given = ratings_of(record, None)
    if config.rater not in (None, MEAN):
        given = [r for r in given if answers_to(r, str(config.rater))]
    return score(given)


def _fates(
    config: Config, groups: dict[str, list[tuple[int, float | None]]], sign: float
) -> tuple[dict[int, str], dict[int, int]]:
    """Give why each record is dropped, and the rejected answer of each chosen one, by place in the file."""
    fates: dict[int, str] = {}
    rejected: dict[int, int] = {}
    for members in groups.values():
        valued = [(sign * value, i) for i, value in members if value is not None]
        fates |= {i: "no_value" for i, value in members if value is None}
        best = max(valued, key=lambda v: (v[0], -v[1]), default=None)
        worst = min(valued, key=lambda v: (v[0], -v[1]), default=None)
        if best is None or worst is None or len(valued) < 2:
            fates |= {i: "alone" for _, i in valued}
        elif best[0] - worst[0] <= config.min_gap:
            fates |= {i: "tied" for _, i in valued}
        elif config.min_chosen is not None and best[0] < sign * config.min_chosen:
            fates |= {i: "not_good_enough" for _, i in valued}
        else:
            fates |= {i: "between" for _, i in valued}
            fates[best[1]], fates[worst[1]] = "chosen", "rejected"
            rejected[best[1]] = worst[1]
    return fates, rejected


def _texts(path: Path, wanted: set[int]) -> dict[int, tuple[str, str, str]]:
    """Give (id, answer, generator) of the records at these places."""
    return {
        i: (str(r.get("id")), _answer(r), str(r.get("generator") or ""))
        for i, r in enumerate(read_jsonl(path))
        if i in wanted
    }


def _preference(record: Record, rejected: str, told: Notes) -> Record:
    """Give the record as a preference: its own answer chosen, the other's text rejected."""
    new = {k: v for k, v in record.items() if k not in ("output", "thinking", "label")}
    if record.get("messages"):
        new["messages"] = _turns(record)
    return {**new, "chosen": _answer(record), "rejected": rejected, "preference": told}


def _notes(
    config: Config, groups: dict[str, list[tuple[int, float | None]]], fates: dict[int, str], gaps: list[float]
) -> Notes:
    why = Counter(fates.values())
    found: Notes = {
        "headline": f"{why['chosen']:,} pairs of {len(groups):,} instructions",
        "instructions": len(groups),
        "pairs": why["chosen"],
        "by": config.by,
        "answers_by_instruction": {str(k): v for k, v in sorted(Counter(map(len, groups.values())).items())},
        "answers": dict(why.most_common()),
    }
    if gaps:
        ordered = sorted(gaps)
        found["gap"] = {
            "min": round(ordered[0], 4),
            "median": round(ordered[len(ordered) // 2], 4),
            "max": round(ordered[-1], 4),
        }
    return found
