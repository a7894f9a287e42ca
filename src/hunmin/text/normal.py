"""Text brought to one spelling for comparison: compatibility forms, case, spacing, punctuation."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def squash(text: str) -> str:
    """Give the text in NFKC, case folded, without any whitespace: how near-duplicates are compared.

    Korean word spacing varies freely between writers, so it must not count.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(text.casefold().split())


def letters(text: str) -> str:
    """Give the squashed text without punctuation and symbols: only letters, digits and marks remain."""
    squashed = squash(text)
    return squashed if squashed.isalnum() else "".join(c for c in squashed if _is_letter(c))


@lru_cache(maxsize=65536)
def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"
