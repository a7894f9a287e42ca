"""Roles and links of reST (:ref:`words <target>`, `words <url>`_): the words are translated, the target is kept."""

from __future__ import annotations

import re

from ...text.hangul import has_hangul
from .reading import CERTAIN, REVIEW, Issue, issue, place, spans_of

SAID = re.compile(r"(?::(?:[a-z]+:)?(?P<role>[\w+-]+):)?`(?P<body>[^`]*)`")
# Roles whose text is all that a reader gets: there is nothing in them to keep.
WORDS = frozenset(
    "abbr dfn guilabel menuselection strong emphasis sub sup subscript superscript title title-reference".split()
)
CODE = frozenset("class func meth mod attr data exc obj const file envvar option program command samp keyword".split())


def find(original: str, text: str) -> list[Issue]:
    """Give an issue per role or link whose target stands nowhere in the translation."""
    source = [span for span in spans_of(original) if span.kind == "role"]
    if not source:
        return []
    there = [
        (span, match) for span in spans_of(text) if span.kind == "role" and (match := SAID.fullmatch(span.of(text)))
    ]
    found = []
    for span in source:
        said = SAID.fullmatch(span.of(original))
        if said is None or said["role"] in WORDS:
            continue
        target = _target(said["body"])
        if not target or target in text or target.removesuffix("s") in text:
            continue
        same = [
            (s, m)
            for s, m in there
            if said["role"] in CODE and m["role"] == said["role"] and has_hangul(_target(m["body"]))
        ]
        where = (same[0][0].start, same[0][0].end) if same else place(original, text, span.start)
        detail = f"'{target[:60]}' 없음 / '{target[:60]}' is lost"
        found.append(issue("code_mixed", CERTAIN if same else REVIEW, (span.start, span.end), where, detail))
    return found


def _target(body: str) -> str:
    """Give where a role leads: what stands between < and > at its end, else all of it."""
    leads = re.search(r"<([^<>]*)>\s*\Z", body)
    return leads[1] if leads else body.lstrip("~!")
