"""Text brought to one spelling for comparison: compatibility forms, case, spacing, punctuation."""

from __future__ import annotations

import re
import unicodedata

NOT_LETTERS = re.compile(r"[\W_]+")
# What NFKC would make another thing to a reader: 2¹⁰ is not 210, 1½ not 11/2, ① not 1.
RAISED = "²³¹ªº\u02b0-\u02b8\u02e0-\u02e4⁰-ₜ¼-¾⅐-⅞①-⓿㉠-㉻㊀-㊿℠™"
NOT_RAISED = re.compile(f"[^{RAISED}]+")
HAS_RAISED = re.compile(f"[{RAISED}㎟-㎥]")
SQUARED = str.maketrans({"㎡": "m²", "㎠": "cm²", "㎟": "mm²", "㎢": "km²", "㎥": "m³", "㎤": "cm³", "㎣": "mm³"})


def fold(text: str) -> str:
    """Give the text in NFKC and case folded, with raised, lowered, circled characters and fractions as they are."""
    if not text.isascii():
        whole = unicodedata.normalize("NFKC", text)
        if whole != text and HAS_RAISED.search(text):
            text = text.translate(SQUARED)
            whole = NOT_RAISED.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)
        text = whole
    return text.casefold()


def squash(text: str) -> str:
    """Give the folded text without any whitespace: how near-duplicates are compared.

    Korean word spacing varies freely between writers, so it must not count.
    """
    return "".join(fold(text).split())


def letters(text: str) -> str:
    """Give the squashed text without punctuation and symbols: only letters and digits remain."""
    return NOT_LETTERS.sub("", squash(text))
