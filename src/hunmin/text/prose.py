"""A text's spans and its prose, computed once per text: the checks and the measures all ask for them."""

from __future__ import annotations

from functools import lru_cache

from .pages import page_spans
from .segments import Span, prose


@lru_cache(maxsize=512)
def spans_of(text: str) -> tuple[Span, ...]:
    """Give everything in the text that is no language (code, formulas, URLs, markup), sorted and without overlap."""
    return tuple(page_spans(text))


@lru_cache(maxsize=512)
def prose_of(text: str) -> str:
    """Give the text with all of that blanked to spaces, of the same length."""
    return prose(text, spans_of(text))
