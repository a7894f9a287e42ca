"""How two pieces of program text differ: not at all, in comments, in text strings, or in the code itself."""

from __future__ import annotations

import re

from ...text.codelines import may_have_code
from ...text.hangul import has_hangul

COMMENT = re.compile(
    r"(?<![:\\\"'&\w])//[^\n]*|(?:(?<=\s)|^)#(?![\w!])[^\n]*|/\*.*?\*/|<!--.*?-->|(?:(?<=\s)|^)--\s[^\n]*", re.S | re.M
)
DOCSTRING = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''", re.S)
STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
BEFORE_UNIT = re.compile(r"(?<=\d)[ \t](?=[A-Za-z]{1,3}(?:/[A-Za-z]{1,2})?(?![\w(]))")  # 5 cm is 5cm
HTML_TEXT = re.compile(r"(?<=>)[^<>{}]*(?=</?[A-Za-z])")


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")).rstrip()


def difference(original: str, text: str) -> str:
    """Give "" (equal up to trailing spaces and those before a unit), "comment" (translated comments only), "string"
    (translated text strings, or a block of plain text), or "code".
    """
    a, b = (BEFORE_UNIT.sub("", _plain(side)) for side in (original, text))
    if a == b:
        return ""
    if a[:3] == b[:3] == "```" and not may_have_code(a.strip("`")):
        return "string"  # a block of plain text
    a, b = (_plain(DOCSTRING.sub('""', COMMENT.sub("", side))) for side in (a, b))
    if a == b:
        return "comment"
    strings = (STRING.findall(a), STRING.findall(b))
    a, b = (HTML_TEXT.sub("", STRING.sub('""', side)) for side in (a, b))
    if a == b and all(x == y or has_hangul(y) for x, y in zip(*strings, strict=False)):
        return "string"
    return "code"
