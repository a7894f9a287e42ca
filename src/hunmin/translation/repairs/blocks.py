"""A block of code put back line by line: the code is the source's, comments and text strings that are Korean stay."""

from __future__ import annotations

import re

from ...text.codelines import code_lines
from ...text.hangul import has_hangul
from ..checks.damage import NAME, formatted_anew, said_in_korean, squeeze, surely_damaged
from ..checks.program import ELEMENTS, STRING, Line, lines_of_code

PROGRAMS = re.compile(
    r"\s*(?:```|~~~)\s*\{?\.?(?:python|py|pycon|js|jsx|ts|tsx|javascript|typescript|mjs|java|kotlin|kt|c|cpp|c\+\+|cs|csharp"
    r"|go|golang|rust|rs|ruby|rb|php|swift|scala|r|sql|bash|sh|shell|zsh|powershell|ps1|html|css|scss|latex|tex)\b",
    re.I,
)


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
    formatted = formatted_anew(mine, other)
    within = False  # a template string of several lines
    for line, there, code in zip(mine, other, known, strict=True):
        within = within != bool(there.code.count("`") % 2 and "```" not in there.code)
        if strings and (line.bare != there.bare or STRING.findall(line.code) == STRING.findall(there.code)):
            found.append(there.whole)  # the text of an element, or a sentence put together anew
            continue
        same = line.bare == there.bare and (said_in_korean(line, there) if not strings else line.code == there.code)
        same = same or formatted and squeeze(line.bare) == squeeze(there.bare)
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
