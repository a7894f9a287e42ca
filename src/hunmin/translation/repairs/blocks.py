"""A block of code put back line by line: the code is the source's, comments and text strings that are Korean stay."""

from __future__ import annotations

import re

from ...text.codelines import SQL_CLAUSE, code_lines
from ...text.hangul import has_hangul
from ..checks.program import ELEMENTS, STRING, Line, lines_of_code

# Hangul where only a name can stand: before a call, an index, an assignment, a brace; behind a dot, a sign, a bracket.
NAME = re.compile(
    r"[가-힣]\w*(?=[(\[=]|\.[A-Za-z_가-힣]|\s?=[^=]|\{)|(?<=[._$\\@#])[가-힣]|\\(?:begin|end)\{[가-힣]|</?[가-힣]|\w_[가-힣]|[가-힣]\w*_\w"
    r"|^\s*[가-힣][가-힣 -]*:[^;]*;\s*$"  # a property of CSS
)
PROGRAMS = re.compile(
    r"\s*(?:```|~~~)\s*\{?\.?(?:python|py|pycon|js|jsx|ts|tsx|javascript|typescript|mjs|java|kotlin|kt|c|cpp|c\+\+|cs|csharp"
    r"|go|golang|rust|rs|ruby|rb|php|swift|scala|r|sql|bash|sh|shell|zsh|powershell|ps1|html|css|scss|latex|tex)\b",
    re.I,
)
TYPOGRAPHY = str.maketrans("“”„‘’‚；：，（）［］｛｝＝＋＊／＜＞！－–—", "\"\"\"''';:,()[]{}=+*/<>!---")
TOKEN = re.compile(r"\w+|[^\w\s]")


def squeeze(code: str) -> str:
    """Give code without blanks and with plain quotes and brackets, as a printer's hand must not have changed it."""
    return re.sub(r"\s+", "", code.translate(TYPOGRAPHY))


def surely_damaged(source: Line, target: Line, elements: bool = True) -> bool:
    """Tell whether a line of code cannot be anybody's wish: a name in Hangul, or only blanks and quotes changed.

    With `elements` the code may hold text of its own, which may be translated.
    """
    if "\0" in target.code and len(source.comments) != len(target.comments):
        return False
    a, b = source.bare, target.bare
    if squeeze(a) == squeeze(b):
        tabs = a != b and "\t" in (a + b)[: len(a) - len(a.lstrip())] + b[: len(b) - len(b.lstrip())]
        return _said_in_korean(source, target) and not tabs
    if has_hangul(a) or target.code.count("`") % 2:  # a template string of several lines is language
        return False
    if elements:
        return bool(NAME.search(b)) and bool(re.search(r"\w\(|[=;{}]", a)) and _renamed(a, b)
    return bool(NAME.search(b)) or _renamed(a, b)


def _renamed(source: str, target: str) -> bool:
    """Tell whether single names of a line of code became single Hangul words, everything else being the same."""
    a, b = TOKEN.findall(source), TOKEN.findall(target)
    if len(a) != len(b) or not (re.search(r"[=();\[\]]|\w-\w", source) or SQL_CLAUSE.match(source)):
        return False
    return all(
        x == y or re.fullmatch(r"[A-Za-z_]\w*", x) and re.fullmatch("[가-힣]+", y) for x, y in zip(a, b, strict=True)
    )


def _said_in_korean(line: Line, there: Line) -> bool:
    """Tell whether the text strings of two lines of the same code differ only where the target's are Korean."""
    pairs = zip(STRING.findall(line.code), STRING.findall(there.code), strict=False)
    return all(a == b or has_hangul(b) for a, b in pairs)


def merge(source: str, target: str, strings: bool = False) -> tuple[str, bool] | None:
    """Give (the target's block with the source's code, whether every change is beyond doubt).

    Lines whose code is the same stay as they are, with their Korean comments and strings; `strings` puts the source's
    strings back too. Without as many lines on both sides the source's block comes back whole, with the target's
    comments where they pair; None when that would lose Korean comments.
    """
    mine, other = lines_of_code(source), lines_of_code(target)
    known = [True] * len(mine) if PROGRAMS.match(source) else code_lines([line.whole for line in mine])
    known = [code or line.whole.lstrip().startswith("\\") for line, code in zip(mine, known, strict=True)]
    if len(mine) != len(other):
        return _whole(mine, other)
    found, sure, elements = [], True, bool(ELEMENTS.search(source))
    within = False  # a template string of several lines
    for line, there, code in zip(mine, other, known, strict=True):
        within = within != bool(there.code.count("`") % 2 and "```" not in there.code)
        if strings and (line.bare != there.bare or STRING.findall(line.code) == STRING.findall(there.code)):
            found.append(there.whole)  # the text of an element, or a sentence put together anew
            continue
        same = line.bare == there.bare and (_said_in_korean(line, there) if not strings else line.code == there.code)
        if same or line.whole == there.whole:
            found.append(there.whole)
            continue
        if has_hangul(there.bare) and not code and not NAME.search(there.bare):
            found.append(there.whole)  # prose between lines of code
            continue
        found.append(line.with_comments_of(there) or line.whole)
        lost = any(has_hangul(c) for c in there.comments) and len(line.comments) != len(there.comments)
        sure = sure and code and not lost and not within and surely_damaged(line, there, elements)
    return "\n".join(found), sure


def _whole(mine: list[Line], other: list[Line]) -> tuple[str, bool] | None:
    said = [c for line in other for c in line.comments]
    if any(has_hangul(c) for c in said):
        if len(said) != sum(len(line.comments) for line in mine):
            return None
        rest = iter(said)
        parts = [line.code.split("\0") for line in mine]
        return "\n".join(p[0] + "".join(next(rest) + q for q in p[1:]) for p in parts), False
    return "\n".join(line.whole for line in mine), False
