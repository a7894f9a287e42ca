"""Spans of one side compared with the other side: which are gone, and which stand there that nobody wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ...text.segments import Span
from .reading import count, spans_of


@dataclass(frozen=True)
class Lost:
    """A source span that the target lacks: `gone` when it stands nowhere, else written fewer times than before.

    `instead` is the target's span of the same kind that the source does not have, paired in order; None without one.
    """

    span: Span
    gone: bool
    instead: Span | None


def squeeze(text: str) -> str:
    """Give the text without blanks, with one kind of minus and without thousands commas."""
    return re.sub(r"(?<=\d),(?=\d{3})", "", re.sub(r"\s+|\\,", "", text)).replace("−", "-").replace("％", "%")


def lost_spans(
    original: str, text: str, kinds: tuple[str, ...], same: Callable[[str], str] | None = None
) -> list[Lost]:
    """Give the source's spans of these kinds that the target has not, or has fewer times while another stands there.

    `same` brings both sides to a writing in which harmless differences are gone.
    """
    source = [span for span in spans_of(original) if span.kind in kinds]
    if not source:
        return []
    target = [span for span in spans_of(text) if span.kind in kinds]
    original_plain, text_plain = (same(original), same(text)) if same else (original, text)

    def plain(span: Span, of: str) -> str:
        return same(span.of(of)) if same else span.of(of)

    known = {plain(span, original) for span in source}
    strange = [
        span for span in target if plain(span, text) not in known and count(plain(span, text), original_plain) == 0
    ]
    wanted = Counter(plain(span, original) for span in source)
    counts = {name: count(name, text_plain) for name in wanted}
    found: list[Lost] = []
    short = Counter({name: n - counts[name] for name, n in wanted.items() if counts[name] < n})
    if not short:
        return []
    order = sorted(strange)
    seen_kept: Counter[str] = Counter()
    for span in source:
        name = plain(span, original)
        if short[name] <= 0:
            continue
        n_kept = counts[name]
        if n_kept:  # the copies that are left belong to the first places, unless a strange span stands nearer
            seen_kept[name] += 1
            if seen_kept[name] <= n_kept and not _nearer(span, order, original, text):
                continue
        short[name] -= 1
        near = min(
            order, key=lambda s: abs(s.start / max(1, len(text)) - span.start / max(1, len(original))), default=None
        )
        same_kind = [s for s in order if s.kind == span.kind]
        pick = same_kind[0] if same_kind and len(same_kind) <= len(source) else near
        if pick is not None:
            order.remove(pick)
        found.append(Lost(span, counts[name] == 0, pick))
    return found


def _nearer(span: Span, strange: list[Span], original: str, text: str) -> bool:
    """Tell whether a strange span stands at about the place where this one should be."""
    at = span.start / max(1, len(original))
    return any(abs(s.start / max(1, len(text)) - at) < 0.08 for s in strange)
