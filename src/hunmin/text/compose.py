"""Decomposed text put together: what macOS writes (NFD) as everybody else types it, and nothing else changed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# conjoining jamo, and a letter before combining marks
APART = re.compile(r"[\uac00-\ud7a3]?[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]+|[^\W\d_][\u0300-\u036f\u3099\u309a]+")


def compose(text: str) -> str:
    """Give a text with its decomposed letters composed.

    NFC would also swap single characters (樂 U+F95C, Ω U+2126) for their twins, and a benchmark's prompt is another.
    """
    return APART.sub(lambda m: unicodedata.normalize("NFC", m.group()), text)


def compose_in(value: Any) -> Any:
    """Give a JSON value with every text in it composed."""
    if isinstance(value, str):
        return compose(value)
    if isinstance(value, list):
        return [compose_in(v) for v in value]
    return {k: compose_in(v) for k, v in value.items()} if isinstance(value, dict) else value
