"""A missing or an English sentence, translated alone with its neighbours as context, and put where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...text.hangul import has_hangul
from ...text.masking import MaskError, Segment, cut, decode, encode, join, restore
from ..checks.find_issues import Check, issues_of_text
from ..checks.reading import Issue, sentences_of
from .splice import target_span

CODES = ("cut_off", "untranslated")
CONTEXT_CHARS = 500
MAX_SOURCE_CHARS = 1200  # more than a few sentences is a field to translate again, not a mend


def wanted(original: str, text: str, issue: Issue) -> tuple[str, str] | None:
    """Give (the English to translate, its context) of an issue; None when there is no clear piece or it is too long.

    The context is the sentence before and the one after, in English.
    """
    span = issue.get("source_span")
    if issue["code"] not in CODES or not span or not issue.get("target_span"):
        return None
    start, end = span
    piece = original[start:end].strip()
    if len(piece) < 8 or len(piece) > MAX_SOURCE_CHARS or " " not in piece:
        return None
    parts = sentences_of(original)
    before = [p for p in parts if p[1] <= start][-1:]
    after = [p for p in parts if p[0] >= end][:1]
    context = " ".join(original[a:b] for a, b in [*before, *after])[:CONTEXT_CHARS]
    return piece, context


def put(text: str, issue: Issue, said: str) -> str:
    """Give the text with the translated piece in its place: over English that was left, at a gap, over a broken end."""
    a, b = target_span(issue)
    if issue["code"] == "untranslated":
        return text[:a] + said + text[b:]
    if b > a:  # a sentence that does not end: the whole of it goes
        start = next((p[0] for p in sentences_of(text) if p[0] <= a < p[1]), a)
        return text[:start] + said + text[b:]
    before, after = text[:a], text[a:]
    lead = "" if not before or before[-1].isspace() else " "
    tail = "" if not after or after[0].isspace() else " "
    return before + lead + said + tail + after


def _korean(said: str | None, config: Any) -> str | None:
    """Give the answer, or None when it holds no Hangul: a refusal or the English again is no translation."""
    if said and config.target_lang == "ko" and not has_hangul(said):
        return None
    return said


async def translate(piece: str, context: str, engine: Any, config: Any, client: Any, **where: str) -> str | None:
    """Give the piece in Korean, masked and restored like any text; None when it failed or its masks did not survive."""
    way = engine.ways(config)[0]
    own = config.model_copy(update={"context": " ".join(filter(None, (config.context, context))) or None})
    if way.size is None:
        answer = await client.ask(engine.body(piece, own, **where))
        return _korean(engine.parse(answer), own) if answer.ok else None
    said: list[str] = []
    pieces = cut(piece, way.size)
    for segment in pieces:
        if not isinstance(segment, Segment):
            continue
        answer = await client.ask(engine.body(encode(segment, way.style), own, **where))
        if not answer.ok:
            return None
        try:
            said.append(restore(segment, decode(segment, engine.parse(answer), way.style)))
        except MaskError:
            return None
    return _korean(join(pieces, said), own)


def accept(
    original: str, text: str, issue: Issue, said: str, checks: Mapping[str, Check], context: Mapping[str, Any]
) -> tuple[str, list[Issue]]:
    """Give the text with the piece put in and what is open in it then."""
    proposal = put(text, issue, said)
    return proposal, issues_of_text(original, proposal, checks, context)
