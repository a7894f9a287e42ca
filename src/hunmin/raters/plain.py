"""A reply with plain digits and signs, position by position the same, so that what is found can be pointed at."""

from __future__ import annotations

import re
import unicodedata

_SAME = {"〜": "~", "∼": "~", "–": "-", "—": "-", "−": "-", "‑": "-", "⁄": "/", "\u00a0": " ", "\u3000": " "}


class _Plain(dict[int, str]):
    """What stands for each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code - 0xFEE0 if 0xFF01 <= code <= 0xFF5E else code)
        if char == chr(code) and unicodedata.category(char) == "Nd":
            char = str(unicodedata.digit(char))
        self[code] = " " if char in "*`#[]\"'_“”‘’「」『』" else _SAME.get(char, char)
        return self[code]


_PLAIN = _Plain()
_TAGS = re.compile(r"</?[A-Za-z_가-힣]{1,20}>|<\|[^|<>\n]{1,30}\|>")  # <score>8</score>, 8<|im_end|>


def plain_text(text: str) -> str:
    """Give text of the same length with ASCII digits and signs, without Markdown marks and tags."""
    return _TAGS.sub(lambda m: " " * len(m[0]), text.translate(_PLAIN))
