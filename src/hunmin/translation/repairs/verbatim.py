"""Mends form-dependent tasks: the English input, or the English answer, is put back as it was."""

from __future__ import annotations

from ...artifacts.rows import Issue
from .splice import Edit


def mend(original: str, text: str, issue: Issue) -> Edit | None:
    """Give the English when the issue covers the whole field; None for a phrase quoted inside an instruction."""
    span = issue.get("source_span")
    return Edit(0, len(text), original) if span and list(span) == [0, len(original)] else None
