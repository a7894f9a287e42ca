"""Mends applied to a record unasked: only what is `sure`, allowed, and leaves less to do; each edit is logged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...artifacts.record import Record, get_text, with_texts
from ...artifacts.rows import Repair
from ...tables import resolve
from ...text.segments import find_spans
from ..checks.find_issues import Check, context_of, issues_of_text, original_of
from ..checks.reading import CERTAIN, Issue
from . import REPAIRS
from .code import LOOSE_AFTER, LOOSE_BEFORE
from .guards import forbidden
from .splice import Edit
from .sure import sure

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


def tried(
    original: str,
    text: str,
    issues: list[Issue],
    checks: Mapping[str, Check],
    context: Mapping[str, Any],
    outcome: Outcome,
    may: Callable[[str, Issue, Edit], bool],
    mends: frozenset[str] = frozenset(REPAIRS),
) -> Iterator[tuple[Issue, Edit, str, list[Issue]]]:
    """Yield (issue, edit, text after it, issues open then) for each mend that `may` be made and leaves less to do."""
    seen: set[tuple[Any, ...]] = set()
    current = issues
    for _ in range(MAX_EDITS):
        waiting = [
            i for i in current if i["code"] in mends and (key_of(i), text) not in seen and not _hopeless(i, current)
        ]
        one = min(waiting, key=lambda i: _turn(i, current, text), default=None)
        if one is None:
            break
        seen.add((key_of(one), text))
        edit = resolve(REPAIRS, one["code"], "repair")(original, text, one)
        if edit is None or edit.on(text) == text or not may(text, one, edit):
            continue
        after = issues_of_text(original, edit.on(text), checks, context)
        if not better(after, current):
            outcome.undone[one["code"]] += 1
            continue
        text, current = edit.on(text), after
        yield one, edit, text, after


def mend_text(
    original: str,
    text: str,
    issues: list[Issue],
    checks: Mapping[str, Check],
    context: Mapping[str, Any],
    outcome: Outcome,
    mends: frozenset[str] = frozenset(REPAIRS),
) -> tuple[str, list[Issue], list[Repair]]:
    """Give the text mended as far as no person is needed, the issues still open in it, and the log of its edits."""
    log: list[Repair] = []
    current = issues

    def may(now: str, issue: Issue, edit: Edit) -> bool:
        return sure(original, now, issue, edit) and not forbidden(original, now, edit, issue["code"])

    for one, edit, after, left in tried(original, text, issues, checks, context, outcome, may, mends):
        log.append(entry(one["field"], one["code"], text, edit))
        outcome.kept[one["code"]] += 1
        text, current = after, left
    return text, current, log


def entry(path: str, check: str, text: str, edit: Edit) -> Repair:
    """Give the log entry of an edit: `after` is `before` with `text` over [start, end)."""
    return {
        "field": path,
        "check": check,
        "start": edit.start,
        "end": edit.end,
        "text": edit.text,
        "before": text,
        "after": edit.on(text),
    }


def mend_record(
    record: Record, checks: Mapping[str, Check], outcome: Outcome, mends: frozenset[str] = frozenset(REPAIRS)
) -> Record:
    """Give the record with its texts mended, `repairs` extended and the status of its issues brought up to date.

    Issues of codes that no check here finds (`sense`, a person's own) stay as they are.
    """
    new = record
    for path, known in open_by_field(record).items():
        original, text = original_of(record, path), get_text(record, path)
        context = context_of(record, path)
        certain = {key_of(i) for i in known if i["severity"] == CERTAIN}
        # An issue that only the whole data set shows (never translated) is no part of the comparison.
        mendable = issues_of_text(original, text, checks, context)
        if not any(key_of(i) in certain for i in mendable):
            continue
        mended, left, log = mend_text(original, text, mendable, checks, context, outcome, mends)
        if not log:
            continue
        new = with_texts(new, {path: mended})
        new = {**new, "repairs": [*(new.get("repairs") or []), *log]}
        new["issues"] = updated(new["issues"], known, left, path, checks)
    return new


def open_by_field(record: Record) -> dict[str, list[Issue]]:
    """Give the open issues of each text that has an English beside it and an issue that something mends."""
    found: dict[str, list[Issue]] = {}
    for issue in record.get("issues") or ():
        if issue.get("status", "open") == "open" and issue["field"]:
            found.setdefault(issue["field"], []).append(issue)
    return {
        path: known
        for path, known in found.items()
        if original_of(record, path) and any(i["code"] in REPAIRS for i in known)
    }


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
