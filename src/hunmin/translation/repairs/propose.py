"""Mends that wait for a person: the edit of each open issue, written on it as `proposal`, taken with one key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...artifacts.record import Record, get_text
from ..checks.find_issues import Check, context_of, issues_of_text, original_of
from ..checks.reading import Issue
from . import REPAIRS
from .guards import forbidden
from .mend_record import Outcome, key_of, open_by_field, tried
from .splice import Edit, whole_lines


@dataclass
class Region:
    """[start, end) of the text as it is, what would stand there, and the issues that this settles."""

    start: int
    end: int
    text: str
    settles: set[tuple[Any, ...]] = field(default_factory=set)


def joined(regions: list[Region], now: str, edit: Edit, settles: set[tuple[Any, ...]]) -> list[Region]:
    """Give the regions with one more edit, made on the text `now` in which they all stand already."""
    before, inside, after = [], [], []
    shift = shift_start = shift_end = 0
    first, last = edit.start, edit.end
    for region in regions:
        a = region.start + shift
        b = a + len(region.text)
        shift += len(region.text) - (region.end - region.start)
        if b < edit.start:
            before.append(region)
            shift_start = shift_end = shift
        elif a > edit.end:
            after.append(region)
        else:
            inside.append(region)
            first, last = min(first, a), max(last, b)
            shift_end = shift
    text = now[first : edit.start] + edit.text + now[edit.end : last]
    merged = Region(first - shift_start, last - shift_end, text, settles.union(*(r.settles for r in inside)))
    return [*before, merged, *after]


def regions_of(
    original: str,
    text: str,
    issues: list[Issue],
    checks: Mapping[str, Check],
    context: Mapping[str, Any],
    mends: frozenset[str] = frozenset(REPAIRS),
) -> list[Region]:
    """Give the edits that would mend a text, apart from each other and in order."""

    def may(now: str, issue: Issue, edit: Edit) -> bool:
        return not forbidden(original, now, edit, issue["code"])

    regions: list[Region] = []
    now, current = text, issues
    for one, edit, after, left in tried(original, text, issues, checks, context, Outcome(), may, mends):
        gone = {key_of(i) for i in current} - {key_of(i) for i in left}
        regions = joined(regions, now, whole_lines(now, edit), {key_of(one), *gone})
        now, current = after, left
    return [r for r in regions if text[r.start : r.end] != r.text]


def propose(
    original: str,
    text: str,
    issues: list[Issue],
    checks: Mapping[str, Check],
    context: Mapping[str, Any],
    mends: frozenset[str] = frozenset(REPAIRS),
) -> list[Issue]:
    """Give the issues, each with its proposed mend where one is known."""
    regions = regions_of(original, text, issues, checks, context, mends)
    found: list[Issue] = []
    for issue in issues:
        region = next((r for r in regions if key_of(issue) in r.settles), None)
        if region is None:
            found.append(issue)
        else:
            found.append({**issue, "proposal": {"start": region.start, "end": region.end, "text": region.text}})
    return found


def take_all(text: str, issues: Iterable[Issue]) -> str:
    """Give the text with every proposed mend of its issues made, from the last to the first."""
    edits = {(p["start"], p["end"], p["text"]) for p in (i.get("proposal") for i in issues) if p}
    for start, end, new in sorted(edits, reverse=True):
        text = Edit(start, end, new).on(text)
    return text


def with_proposals(record: Record, checks: Mapping[str, Check], mends: frozenset[str] = frozenset(REPAIRS)) -> Record:
    """Give the record with `proposal` on each open issue for which a mend is known."""
    known = record.get("issues") or []
    issues = [{k: v for k, v in i.items() if k != "proposal"} if "proposal" in i else i for i in known]
    record = {**record, "issues": issues} if issues != known else record
    for path, those in open_by_field(record).items():
        original, text = original_of(record, path), get_text(record, path)
        context = context_of(record, path)
        fresh = issues_of_text(original, text, checks, context)
        wanted = {
            key_of(i): i["proposal"] for i in propose(original, text, fresh, checks, context, mends) if "proposal" in i
        }
        if not any(key_of(i) in wanted for i in those):
            continue
        ids = {id(i) for i in those}
        issues = [
            {**i, "proposal": wanted[key_of(i)]} if id(i) in ids and key_of(i) in wanted else i
            for i in record["issues"]
        ]
        record = {**record, "issues": issues}
    return record
