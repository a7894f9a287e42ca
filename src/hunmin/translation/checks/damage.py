"""Which lines of code are surely damaged: a name in Hangul, or blanks and quotes that a printer's hand changed."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ...text.codelines import SQL_CLAUSE
from ...text.hangul import has_hangul
from .program import STRING, Line

# Hangul where only a name can stand: before a call, an index, an assignment, a brace; behind a dot, a sign, a bracket.
NAME = re.compile(
    r"[가-힣]\w*(?=[(\[=]|\.[A-Za-z_가-힣]|\s?=[^=]|\{)|(?<=[._$\\@#])[가-힣]|\\(?:begin|end)\{[가-힣]|</?[가-힣]|\w_[가-힣]|[가-힣]\w*_\w"
    r"|^\s*[가-힣][가-힣 -]*:[^;]*;\s*$"  # a property of CSS
)
SAID_AT_LENGTH = re.compile(r"(?:\b[A-Za-z][a-z']*[,;]?\s+){6,}[A-Za-z]")  # seven words in a row
SLOT = re.compile(r"\w+:\s*\[[^\[\]=()]*\]\s*")  # `input: [Input]` of a prompt
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
        moved = elements and a.lstrip()[:1] in ("<", "/") and a.strip() == b.strip()  # where an element begins
        return said_in_korean(source, target) and not tabs and not moved
    if has_hangul(a) or target.code.count("`") % 2:  # a template string of several lines is language
        return False
    if SAID_AT_LENGTH.search(a) and not SQL_CLAUSE.match(a):
        return False
    if elements:
        return bool(NAME.search(b)) and bool(re.search(r"\w\(|[=;{}]", a)) and _renamed(a, b)
    return _named_in_hangul(a, b) or _renamed(a, b)


def _named_in_hangul(source: str, target: str) -> bool:
    """Tell whether Hangul stands where only a name can: 감자(오븐용) for `Potatoes (for the oven)` is an aside."""
    signs = {m.group()[-1:] + target[m.end() : m.end() + 1] for m in NAME.finditer(target)}
    return any(sign[1:] not in ("(", "[") or re.search(rf"\w\{sign[1:]}", source) for sign in signs)


def formatted_anew(mine: list[Line], other: list[Line]) -> bool:
    """Tell whether a formatter went over the code: blanks changed on more than a third of its lines, three at least."""
    pairs = list(zip(mine, other, strict=False))
    if any(a.bare[:1].isspace() and b.bare.strip() and not b.bare[:1].isspace() for a, b in pairs):
        return False  # indentation that is gone is damage
    n = sum(a.bare != b.bare and squeeze(a.bare) == squeeze(b.bare) for a, b in pairs)
    return n >= 3 and n > 0.34 * len(mine)


def _renamed(source: str, target: str) -> bool:
    """Tell whether single names of a line of code became single Hangul words, everything else being the same."""
    a, b = TOKEN.findall(source), TOKEN.findall(target)
    if (
        SLOT.fullmatch(source.strip())
        or len(a) != len(b)
        or not (re.search(r"[=();\[\]]|\w-\w", source) or SQL_CLAUSE.match(source))
    ):
        return False
    return all(
        x == y or re.fullmatch(r"[A-Za-z_]\w*", x) and re.fullmatch("[가-힣]+", y) for x, y in zip(a, b, strict=True)
    )


def said_in_korean(line: Line, there: Line) -> bool:
    """Tell whether the text strings of two lines of the same code differ only where the target's are Korean."""
    pairs = zip(STRING.findall(line.code), STRING.findall(there.code), strict=False)
    return all(a == b or has_hangul(b) for a, b in pairs)


DECLARES = frozenset(("const", "let", "var"))


def written_anew(source: Line, target: Line) -> bool:
    """Tell whether a line became another statement that nobody translated, as in the next version of a page.

    `export default {` as `module.exports = {`, const as var, the other quotes; a word changed in place is none.
    """
    if has_hangul(target.bare):
        return False
    if source.whole.replace("'", '"') == target.whole.replace("'", '"'):
        return source.whole != target.whole
    a, b = TOKEN.findall(source.bare), TOKEN.findall(target.bare)
    pairs = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    if len(a) == len(b) and len(pairs) <= 1:
        return bool(pairs) and all(DECLARES.issuperset(pair) for pair in pairs)
    return SequenceMatcher(None, a, b, autojunk=False).ratio() < 0.5
