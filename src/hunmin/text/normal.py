"""Text brought to one spelling for comparison: compatibility forms, case, spacing, punctuation."""

from __future__ import annotations

import re
import unicodedata

NOT_LETTERS = re.compile(r"[\W_]+")


def squash(text: str) -> str:
    """Give the text in NFKC, case folded, without any whitespace: how near-duplicates are compared.

    Korean word spacing varies freely between writers, so it must not count.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(text.casefold().split())


def letters(text: str) -> str:
    """Give the squashed text without punctuation and symbols: only letters and digits remain."""
    return NOT_LETTERS.sub("", squash(text))
