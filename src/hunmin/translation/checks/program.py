"""How two pieces of program text differ: not at all, in comments, in text strings, or in the code itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...text.codelines import may_have_code
from ...text.hangul import has_hangul

COMMENT = re.compile(
    r"(?<![:\\\"'&\w])//[^\n]*|(?:(?<=\s)|^)#(?![\w!])[^\n]*|/\*.*?\*/|<!--.*?-->|(?:(?<=\s)|^)--\s[^\n]*", re.S | re.M
)
DOCSTRING = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''", re.S)
STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
BEFORE_UNIT = re.compile(r"(?<=\d)[ \t](?=[A-Za-z]{1,3}(?:/[A-Za-z]{1,2})?(?![\w(]))")  # 5 cm is 5cm
HTML_TEXT = re.compile(r"(?<=>)[^<>{}]*(?=</?[A-Za-z])")


BETWEEN = re.compile(r"(?<=[>}])[^<>{}()=;]*(?=[<{])")  # the text of an element
TEXT_FENCE = re.compile(
    r"\s*(?:```|~~~)\s*(?:mermaid|text|txt|plaintext|plain|md|mdx|markdown|output|log|diagram|ascii)\b", re.I
)
FENCE_INFO = re.compile(r"(?m)^([ \t]*(?:```|~~~)[\w+-]*)[^\n`]*$")  # what a page's own tool reads, behind the language
CODE_SIGN = re.compile(r"[=(){};<>\[\]]|^\s*(?:return|import|from|def|class|if|for|while|else|let|const|var)\b")


@dataclass(frozen=True)
class Line:
    """One line with its comments (and docstring lines) cut out: `code` holds a NUL for each."""

    whole: str
    code: str
    comments: tuple[str, ...]

    @property
    def bare(self) -> str:
        """The code without what its text strings and elements say."""
        return HTML_TEXT.sub("", BETWEEN.sub("", STRING.sub('""', self.code))).rstrip()

    def with_comments_of(self, other: Line) -> str | None:
        """Give this line's code with the other's comments; None when they have not as many."""
        if len(self.comments) != len(other.comments):
            return None
        parts = self.code.split("\0")
        return parts[0] + "".join(c + p for c, p in zip(other.comments, parts[1:], strict=True))


def lines_of_code(block: str) -> list[Line]:
    """Give the lines of a block, told apart into code and comments."""
    taken: list[tuple[int, int]] = []
    for pattern in (DOCSTRING, COMMENT):
        taken += [m.span() for m in pattern.finditer(block) if not any(a < m.end() and m.start() < b for a, b in taken)]
    found, at = [], 0
    for line in block.split("\n"):
        end = at + len(line)
        code, comments, last = "", [], at
        for a, b in sorted(taken):
            a, b = max(a, at), min(b, end)
            if a < b:
                code += block[last:a] + "\0"
                comments.append(block[a:b])
                last = b
        found.append(Line(line, code + block[last:end], tuple(comments)))
        at = end + 1
    return found


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")).rstrip()


def difference(original: str, text: str) -> str:
    """Give "" (equal up to trailing spaces and those before a unit), "comment" (translated comments only), "string"
    (translated text strings or elements, or a block of plain text), or "code".
    """
    a, b = (BEFORE_UNIT.sub("", FENCE_INFO.sub(r"\1", _plain(side))) for side in (original, text))
    if a == b:
        return ""
    if a[:3] == b[:3] == "```" and (not may_have_code(a.strip("`")) or TEXT_FENCE.match(a)):
        return "string"  # a block of plain text
    one, two = (lines_of_code(side) for side in (a, b))
    a, b = (_plain(DOCSTRING.sub('""', COMMENT.sub("", side))) for side in (a, b))
    if a == b:
        return "comment"
    strings = (STRING.findall(a), STRING.findall(b))
    if not all(x == y or has_hangul(y) for x, y in zip(*strings, strict=False)):
        return "code"
    a, b = (HTML_TEXT.sub("", STRING.sub('""', side)) for side in (a, b))
    if a == b:
        return "string"
    said = len(one) == len(two) and all(
        x.bare == y.bare or has_hangul(y.bare) and not CODE_SIGN.search(x.bare.replace("\0", ""))
        for x, y in zip(one, two, strict=True)
    )
    return "string" if said else "code"
