"""Mends applied to a record: try, check again, keep what leaves fewer open issues, log it; the rest stays as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...artifacts.record import Record, get_text, with_texts
from ...tables import resolve
from ...text.segments import find_spans
from ..checks.find_issues import Check, context_of, issues_of_text, original_of
from ..checks.reading import Issue
from . import REPAIRS
from .code import LOOSE_AFTER, LOOSE_BEFORE

# A number that left a hole in a formula comes before the formula, which could not be told from its rest.
ORDER = ("task_broken", "code_only", "code_mixed", "number_lost", "math_symbol", "markup", "untranslated", "cut_off")
MAX_EDITS = 60  # of one text: a bound against mends that undo each other


@dataclass
class Outcome:
    """What mending one record brought: how many edits were kept and how many undone, by check."""

    kept: Counter[str] = field(default_factory=Counter)
    undone: Counter[str] = field(default_factory=Counter)


def key_of(issue: Issue) -> tuple[Any, ...]:
    """Give what makes two issues of one text the same: the check and the place in the English, or the words of the
    detail.
    """
    span = issue.get("source_span")
    return (issue["code"], issue["field"], tuple(span) if span else issue["detail"])


def weight(issues: list[Issue]) -> int:
    """Give how bad open issues are: a certain one weighs more than any number of review ones could be gained by."""
    return sum(3 if issue["severity"] == "certain" else 2 for issue in issues)


def better(new: list[Issue], old: list[Issue]) -> bool:
    """Tell whether an edit may stay: fewer open issues, or as many of which fewer are certain."""
    return len(new) <= len(old) and weight(new) < weight(old)


def _turn(issue: Issue, current: list[Issue], text: str) -> float:
    """Give when an issue's turn comes: in ORDER, but a formula that stands changed as a whole before the numbers in
    it.
    """
    turn = ORDER.index(issue["code"]) if issue["code"] in ORDER else 0
    if issue["code"] == "number_lost" and issue["source_span"]:
        a, b = issue["source_span"]
        for other in current:
            span = other["source_span"]
            if other["code"] == "math_symbol" and span and span[0] <= a and b <= span[1] and other["target_span"]:
                start, end = other["target_span"]
                if start < end and not LOOSE_BEFORE.search(text[:start]) and not LOOSE_AFTER.match(text[end:]):
                    if any(
                        s.kind in ("formula", "latex") and (s.start, s.end) == (start, end) for s in find_spans(text)
                    ):
                        return ORDER.index("math_symbol") + 0.5
    return turn


def _hopeless(issue: Issue, current: list[Issue]) -> bool:
    """Tell whether a number is lost because its sentence is: then there is no place to put it back."""
    return issue["code"] == "number_lost" and any(
        other["code"] == "cut_off" and other["source_span"] and "조사" not in other["detail"] for other in current
    )


def mend_text(
    original: str,
    text: str,
    issues: list[Issue],
    checks: Mapping[str, Check],
    context: Mapping[str, Any],
    outcome: Outcome,
    mends: frozenset[str] = frozenset(REPAIRS),
) -> tuple[str, list[Issue], list[dict[str, Any]]]:
    """Give the mended text, the issues still open in it, and the log of edits kept: {field, check, before, after}."""
    log: list[dict[str, Any]] = []
    tried: set[tuple[Any, ...]] = set()
    current = issues
    for _ in range(MAX_EDITS):
        waiting = [
            i for i in current if i["code"] in mends and (key_of(i), text) not in tried and not _hopeless(i, current)
        ]
        one = min(waiting, key=lambda i: _turn(i, current, text), default=None)
        if one is None:
            break
        tried.add((key_of(one), text))
        proposal = resolve(REPAIRS, one["code"], "repair")(original, text, one)
        if proposal is None or proposal == text:
            continue
        after = issues_of_text(original, proposal, checks, context)
        if better(after, current):
            log.append({"field": one["field"], "check": one["code"], "before": text, "after": proposal})
            outcome.kept[one["code"]] += 1
            text, current = proposal, after
        else:
            outcome.undone[one["code"]] += 1
    return text, current, log


def mend_record(
    record: Record, checks: Mapping[str, Check], outcome: Outcome, mends: frozenset[str] = frozenset(REPAIRS)
) -> Record:
    """Give the record with its texts mended, `repairs` extended and the status of its issues brought up to date.

    Issues of codes that no check here finds (`sense`, a person's own) stay as they are.
    """
    open_ones = [i for i in record.get("issues") or () if i.get("status", "open") == "open"]
    paths = list(
        dict.fromkeys(i["field"] for i in open_ones if i["code"] in REPAIRS and original_of(record, i["field"]))
    )
    new = record
    for path in paths:
        original, text = original_of(record, path), get_text(record, path)
        context = context_of(record, path)
        known = [i for i in open_ones if i["field"] == path]
        mendable = issues_of_text(original, text, checks, context)
        # An issue that only the whole data set shows (never translated) is no part of the comparison.
        mended, left, log = mend_text(original, text, mendable, checks, context, outcome, mends)
        if not log:
            continue
        new = with_texts(new, {path: mended})
        new = {**new, "repairs": [*(new.get("repairs") or []), *log]}
        new["issues"] = updated(new["issues"], known, left, path, checks)
    return new


def updated(
    issues: list[Issue], known: list[Issue], left: list[Issue], path: str, checks: Mapping[str, Check]
) -> list[Issue]:
    """Give the issue list after edits of one field: gone ones are mended, those left have their new spans, new ones
    follow.
    """
    there = Counter(key_of(issue) for issue in left)
    places = {key_of(issue): issue for issue in left}
    seen: Counter[tuple[Any, ...]] = Counter()
    found = []
    for issue in issues:
        if issue["field"] != path or issue.get("status") == "mended" or issue["code"] not in checks:
            found.append(issue)
            continue
        key = key_of(issue)
        seen[key] += 1
        if seen[key] <= there[key]:
            found.append({**issue, "target_span": places[key]["target_span"], "severity": places[key]["severity"]})
        else:
            found.append({**issue, "status": "mended"})
    return found + [issue for issue in left if key_of(issue) not in {key_of(i) for i in known}]
