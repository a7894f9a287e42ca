"""How two pieces of program text differ: not at all, in comments, in text strings, or in the code itself."""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import dataclass

from ...text.codelines import code_lines, may_have_code
from ...text.hangul import has_hangul

COMMENT = re.compile(
    r"^[ \t]*###[ \t]*\n.*?^[ \t]*###[ \t]*$|(?<![:\\\"'&\w])//[^\n]*|(?:(?<=\s)|^)#(?![\w!])[^\n]*|(?<=\S[ \t])#"
    r"(?=[^\W\d_]{2,} [^\n;{},]*$)[^\n]*|/\*.*?\*/|<!--.*?-->|(?:(?<=\s)|^)--\s[^\n]*",
    re.S | re.M,
)
DOCSTRING = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''", re.S)
STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
SAID = re.compile(STRING.pattern + r"|(?<!`)`[^`\n]+`(?!`)")  # and the template strings of JavaScript
BEFORE_UNIT = re.compile(r"(?<=\d)[ \t](?=[A-Za-z]{1,3}(?:/[A-Za-z]{1,2})?(?![\w(]))")  # 5 cm is 5cm
HTML_TEXT = re.compile(r"(?<=>)[^<>{}]*(?=</?[A-Za-z])")


LANGUAGES = re.compile(
    r"\s*(?:```|~~~)\s*\{?\.?(?:python|py|pycon|js|jsx|ts|tsx|javascript|typescript|mjs|java|kotlin|kt|c|cpp|c\+\+|cs|csharp"
    r"|go|golang|rust|rs|ruby|rb|php|swift|scala|r|sql|bash|sh|shell|zsh|powershell|ps1|html|css|scss|xml|json|jsonc|yaml|yml|toml|ini|dockerfile|docker|makefile|vue|svelte|diff|graphql|console|powershell|dart|lua|perl|haskell|latex|tex)\b",
    re.I,
)
ELEMENTS = re.compile(r"</|/>|<[A-Za-z]+>")
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
        return HTML_TEXT.sub("", BETWEEN.sub("", SAID.sub('""', self.code))).rstrip()

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
    if a[:3] == b[:3] == "```" and (not may_have_code(a.strip("`")) or _is_prose(a)):
        return "string"  # a block of plain text
    one, two = (lines_of_code(side) for side in (a, b))
    a, b = (_plain(DOCSTRING.sub('""', COMMENT.sub("", side))) for side in (a, b))
    if a == b:
        return "comment"
    strings = (STRING.findall(a), STRING.findall(b))
    if len(strings[0]) == len(strings[1]) and not all(x == y or has_hangul(y) for x, y in zip(*strings, strict=True)):
        return "code"
    a, b = (HTML_TEXT.sub("", SAID.sub('""', side)) for side in (a, b))
    if _loose(a) == _loose(b):
        return "string"
    known = code_lines([line.whole for line in one])
    if LANGUAGES.match(original) and not ELEMENTS.search(original):
        known = [True] * len(one)
    said = len(one) == len(two) and all(_says_the_same(x, y, code) for x, y, code in zip(one, two, known, strict=True))
    return "string" if said or _renamed_throughout(a, b) else "code"


FORMATTED = "코드의 서식만 다름 / the code is formatted otherwise"


def formatted(block: str) -> str:
    """Give a block of code without what a formatter may choose: where it begins, blanks inside braces and behind
    commas, last commas and semicolons, the quotes of strings, empty lines, the language of its fence; and without
    comments.
    """
    body = textwrap.dedent(_plain(DOCSTRING.sub('""', COMMENT.sub("", block))))
    body = re.sub(r"(?m)^(```|~~~)[^\n]*$", r"\1", body)
    if body[:3] in ("```", "~~~"):
        fence, _, rest = body.partition("\n")
        inside, closing, _ = rest.rpartition("\n")
        body = f"{fence}\n{textwrap.dedent(inside)}{closing}{fence}"
    body = re.sub(r",(?=\s*[)\]}])|;(?=[ \t]*$)", "", body, flags=re.M).replace("'", '"')
    body = re.sub(r"(?<=[)\]}])[ \t]+(?=[)\]}])", "", body)
    body = re.sub(r"\{[ \t]+(?=\S)", "{", re.sub(r"(?<=\S)[ \t]+\}", "}", body))
    return re.sub(r"\n\s*\n", "\n", re.sub(r"(?<=\S),[ \t]+(?=\S)", ",", body))


def only_formatted(one: str, two: str) -> bool:
    """Tell whether two blocks differ only in what a formatter may choose, tabs for blanks at a line's start too."""
    tabs = [bool(TAB.search(side)) for side in (one, two)]
    if tabs == [True, False]:
        one = _in_blanks(one, two)
    elif tabs == [False, True]:
        two = _in_blanks(two, one)
    a, b = formatted(one), formatted(two)
    if a == b or FREE.match(one) and _tight(a, b) == _tight(b, b):
        return True
    if FREE.match(one) and not PYTHON.match(one) and "".join(_tight(a, b).split()) == "".join(_tight(b, b).split()):
        return True
    n_changed = sum(x != y for x, y in zip(one.split("\n"), two.split("\n"), strict=False))
    few = one.lstrip()[:1] in "`~" and n_changed < 3
    braces = re.search(r"[{;>][ \t]*$", one, re.M) and not few  # where blanks at a line's start mean nothing
    return bool(braces) and "".join(a.split()) == "".join(b.split())


TAB = re.compile(r"(?m)^\t")
FREE = re.compile(  # languages in which blanks beside a sign mean nothing; in a shell `ls -l` is not `ls-l`
    r"\s*(?:```|~~~)\s*\{?\.?(?:js|jsx|ts|tsx|javascript|typescript|mjs|java|kotlin|kt|c|cpp|c\+\+|cs|csharp|go|golang|rust|rs"
    r"|swift|php|json|jsonc|css|scss|python|py|vue|svelte|glsl|scala|r|dart)(?![\w+])",
    re.I,
)
PYTHON = re.compile(r"\s*(?:```|~~~)\s*\{?\.?py", re.I)  # where a line begins means something
BESIDE_SIGN = re.compile(r"(?<=[^\w\s])[ \t]+(?=\S)|(?<=\S)[ \t]+(?=[^\w\s])")


def _tight(block: str, other: str) -> str:
    """Give a block without blanks beside its signs, nor what its strings say where the other's are Korean."""
    block = SAID.sub('""', block) if any(map(has_hangul, SAID.findall(other))) else block
    return BESIDE_SIGN.sub("", block)


def _in_blanks(tabbed: str, other: str) -> str:
    """Give a block with as many blanks for each tab at a line's start as the other block has for a step."""
    step = math.gcd(*(len(m.group()) for m in re.finditer(r"(?m)^ +(?=\S)", other))) or 1
    return re.sub(r"(?m)^\t+", lambda m: " " * step * len(m.group()), tabbed)


def _renamed_throughout(one: str, two: str) -> bool:
    """Tell whether names of one's own were chosen anew, the same everywhere (john as bora): localisation."""
    a, b = re.findall(r"\w+|[^\w\s]", one), re.findall(r"\w+|[^\w\s]", two)
    if len(a) != len(b):
        return False
    pairs = {(x, y) for x, y in zip(a, b, strict=True) if x != y}
    if not all(re.fullmatch(r"[a-z]\w*", x) and re.fullmatch(r"[a-z]\w*", y) for x, y in pairs):
        return False
    return 0 < len({x for x, _ in pairs}) == len(pairs) and all(
        a.count(x) == b.count(y) >= 2 and x not in b for x, y in pairs
    )


def _says_the_same(one: Line, two: Line, code: bool) -> bool:
    """Tell whether two lines differ in language only: in elements, or in a sentence put together from strings."""
    if _loose(one.bare) == _loose(two.bare):
        return True
    if has_hangul(two.bare):
        cells, told = (re.split(r"\s{2,}", side.whole.strip()) for side in (one, two))
        if len(cells) == len(told) >= 2 and cells[:-1] == told[:-1] and has_hangul(told[-1]):
            return True  # --all   show everything; page   number   the page to show
        return not code and not CODE_SIGN.search(one.bare.replace("\0", ""))
    names = sorted(re.findall(r"\w+", one.bare)) == sorted(re.findall(r"\w+", two.bare))
    return names and any(map(has_hangul, SAID.findall(two.code)))


def _loose(code: str) -> str:
    """Give code without what a hand may change and no machine reads: blanks inside a line, a last semicolon."""
    return re.sub(r"(?<=\S)[ \t]+", " ", re.sub(r";[ \t]*$", "", code, flags=re.M))


def _is_prose(block: str) -> bool:
    """Tell whether a fence holds language: a diagram, an output, a note that its page draws as a box."""
    if TEXT_FENCE.match(block):
        return True
    info, _, body = block.partition("\n")
    word = re.sub(r"^\s*[`~]+\s*", "", info).split(" ")[0]
    if not word or LANGUAGES.match(block):
        return False
    lines = body.split("\n")[:-1]
    return sum(code_lines(lines)) * 2 < len(lines)
