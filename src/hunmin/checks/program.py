"""How two pieces of program text differ: not at all, in comments, in text strings, or in the code itself."""

from __future__ import annotations

import re

from ..text.hangul import has_hangul

COMMENT = re.compile(
    r"(?<![:\\\"'&\w])//[^\n]*|(?:(?<=\s)|^)#(?![\w!])[^\n]*|/\*.*?\*/|<!--.*?-->|(?:(?<=\s)|^)--\s[^\n]*", re.S | re.M
)
DOCSTRING = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''", re.S)
STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
HTML_TEXT = re.compile(r"(?<=>)[^<>{}]*(?=</?[A-Za-z])")


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")).rstrip()


def difference(original: str, text: str) -> str:
    """Give "" (equal up to trailing spaces), "comment" (translated comments only), "string" (translated text strings),
    or "code".
    """
    a, b = _plain(original), _plain(text)
    if a == b:
        return ""
    a, b = (_plain(DOCSTRING.sub('""', COMMENT.sub("", side))) for side in (a, b))
    if a == b:
        return "comment"
    strings = (STRING.findall(a), STRING.findall(b))
    a, b = (HTML_TEXT.sub("", STRING.sub('""', side)) for side in (a, b))
    if a == b and all(x == y or has_hangul(y) for x, y in zip(*strings, strict=False)):
        return "string"
    return "code"
