"""Mends labels: an English `To:` or a bare `에서:` becomes the glossary's Korean word."""

from __future__ import annotations

import re

from ...artifacts.rows import Issue
from ..checks.labels import GLOSSARY, LABEL
from .splice import Edit, replace, target_span


def mend(original: str, text: str, issue: Issue) -> Edit | None:
    """Give the text with the label of the issue's line in Korean; None when the issue is no label's."""
    if not issue.get("target_span"):
        return None
    a, b = target_span(issue)
    if text[a:b].lower() in GLOSSARY and re.match(r"\s?\d*\**\s?:", text[b:]):
        return replace(text, (a, b), GLOSSARY[text[a:b].lower()])
    if issue["code"] != "cut_off" or not re.match(r"\s?:", text[b:]):
        return None
    lines, there = original.split("\n"), text.split("\n")
    n = text.count("\n", 0, a)
    label = LABEL.match(lines[n]) if len(lines) == len(there) else None
    if label and label["label"].lower() in GLOSSARY:
        return replace(text, (a, b), GLOSSARY[label["label"].lower()])
    return None
