"""A reply with plain digits and signs, position by position the same, so that what is found can be pointed at."""

from __future__ import annotations

import re
import unicodedata

_SAME = {"〜": "~", "∼": "~", "–": "-", "—": "-", "−": "-", "‑": "-", "⁄": "/", "\u00a0": " ", "\u3000": " "}


def plain_text(text: str) -> str:
    """Give text of the same length with ASCII digits and signs, without Markdown marks and tags."""
    out = []
    for char in text:
        code = ord(char)
        if 0xFF01 <= code <= 0xFF5E:
            char = chr(code - 0xFEE0)
        elif unicodedata.category(char) == "Nd":
            char = str(unicodedata.digit(char))
        out.append(" " if char in "*`#[]\"'_“”‘’「」『』" else _SAME.get(char, char))
    tags = r"</?[A-Za-z_가-힣]{1,20}>|<\|[^|<>\n]{1,30}\|>"  # <score>8</score>, 8<|im_end|>
    return re.sub(tags, lambda m: " " * len(m[0]), "".join(out))
