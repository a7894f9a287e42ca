"""What in a text must survive translation byte for byte: code, mathematics, URLs, placeholders, markup.

`find_spans` is the one place that knows it; the mends use its spans, and masking (`translate`) and the checks those of
`pages.kept_spans`, which adds what a page of documentation shows without a fence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .addresses import files, unwrapped, urls
from .codelines import SENTENCE, WORDS, code_lines_of, code_runs, may_have_code, reads_as, within_fences
from .formulas import find_formulas
from .patterns import (
    ANCHOR,
    BLANK,
    BOLD,
    BRACE,
    BRACKET,
    BRANDS,
    CALL,
    CALL_SIGN,
    CAMEL,
    CODE_WORDS,
    COMMAND,
    DISPLAY,
    DOTTED,
    DOTTED_WORD,
    EMAIL,
    EMPHASIS,
    ENVIRONMENT,
    FENCE,
    FLAG,
    HASHTAG,
    HTML,
    HTML_CODE,
    HTML_COMMENT,
    HUMP,
    INLINE,
    INLINE_FENCE,
    INLINE_MATH,
    JSON_START,
    JSON_STRING,
    KEBAB,
    KEBAB_SIGN,
    MATH_SIGN,
    METHOD,
    MODULES,
    NOT_ARGUMENTS,
    OPERATOR,
    PASCAL,
    SLANG,
    SNAKE,
    SQL_STATEMENT,
    STRUCTURE,
    TABLE_ROW,
    TABLE_RULE,
    TAG,
    TOLD,
    UNDERSCORE,
    VARIABLE,
)


@dataclass(frozen=True, order=True)
class Span:
    """A stretch [start, end) of code points of one text and what it is."""

    start: int
    end: int
    kind: str

    def of(self, text: str) -> str:
        return text[self.start : self.end]


KINDS = (
    "fence",  # ``` block with its content
    "code",  # lines of code without a fence
    "inline_code",  # `x`, <code>x</code>
    "latex",  # $x$, $$x$$, \(x\), \[x\], environments, lone commands
    "json",  # keys, punctuation and literals of JSON; its texts are prose
    "url",  # and where a Markdown link leads
    "email",
    "tag",  # <b>, </b>, <br/>
    "placeholder",  # [Your name], {name}, <your name>, ____, %s
    "formula",  # 2x + 3 ≤ 11
    "identifier",  # file names, paths, snake_case, camelCase, f(), --flag, ==
    "variable",  # a lone letter used as a name: p, q
    "hashtag",  # #tag, @name
    "marker",  # _marked_, _marked, ** and * of emphasis
    "table",  # the bars and the rule of a table
    "structure",  # the heading, list or quote sign at the start of a line; the anchor at the end of a heading
)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda text: (match.span() for match in pattern.finditer(text))


def _math(text: str) -> Iterator[tuple[int, int]]:
    for match in INLINE_MATH.finditer(text):
        body = match["body"]
        # not what stands between two prices: "costs $5 while shipping takes another $9"
        if MATH_SIGN.search(body) or len(body) <= 3 or re.fullmatch(r"[\d.,\s]+|[A-Za-z]\w{0,3}", body):
            if len(re.findall(r"(?<!\\)\b[a-z]{4,}\b", body)) < 3 or "\\" in body:
                yield match.span()


def _tags(text: str) -> Iterator[tuple[int, int]]:
    for match in TAG.finditer(text):
        name = match["name"]
        if (
            name is None
            or name.lower() in HTML
            or text[match.start() + 1] == "/"
            or "=" in match["rest"]
            or f"</{name}" in text
        ):
            start = match.start()
            for told in TOLD.finditer(text, match.start(), match.end()):  # what a reader sees is language
                yield start, told.start("said")
                start = told.end("said")
            yield start, match.end()


def _placeholders(text: str) -> Iterator[tuple[int, int]]:
    if "__" in text or "....." in text:
        bold = [match.span() for match in BOLD.finditer(text)] if "__" in text else []
        for start, end in _matches(BLANK)(text):
            if end - start > 2 or not any(a == start or b == end for a, b in bold):
                yield start, end
    if "[" in text:
        for match in BRACKET.finditer(text):
            # "[your name]" is to be filled in, "a[i = 3]" is not
            beside = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
            mnemonic = len(match["body"]) <= 2 and re.search(r"[A-Za-z]", beside)  # [q]uit, no[t]
            if not mnemonic and re.search(r"[A-Za-z가-힣]", match["body"]) and not re.search(r"[=;]", match["body"]):
                yield match.span()
    if "{" in text or "%" in text or "$" in text:
        yield from _matches(BRACE)(text)
    if "<" in text:
        for match in TAG.finditer(text):
            if len(match.group().split()) <= 5 and text[match.end() - 1] == ">":
                yield match.span()


def _calls(text: str) -> Iterator[tuple[int, int]]:
    # a call has a name or arguments of code: `len(items)`, `os.getcwd()`, but not the aside of "In Seoul(capital)"
    for match in CALL.finditer(text) if CALL_SIGN.search(text) else ():
        name, args = match["name"], match["args"]
        if NOT_ARGUMENTS.match(args.strip()) or len(args) > 120:
            continue
        codey = "_" in name or "." in name or bool(CAMEL.fullmatch(name)) or bool(re.search(r"[\"'=_\d\[\]{}]", args))
        words = re.findall(r"[A-Za-z]{2,}", args)
        if (
            not args.strip()
            or codey
            and len(words) < 8
            or (name.islower() or len(name) == 1)
            and re.fullmatch(r"[\w.*&]+(?:\s*,\s*[\w.*&]+)*", args)
        ):
            yield match.span()
    yield from _matches(METHOD)(text)


def _names(text: str) -> Iterator[tuple[int, int]]:
    if "_" in text:
        yield from (unwrapped(text, *match.span()) for match in SNAKE.finditer(text))
    if "." in text:
        for match in DOTTED.finditer(text) if DOTTED_WORD.search(text) else ():
            found = match.group()  # `np.array`, but not "at the end.The day", where a blank is missing
            if (
                MODULES.match(found)
                or "_" in found
                or any(CAMEL.fullmatch(p) or PASCAL.fullmatch(p) for p in found.split("."))
            ):
                yield match.span()
    for match in CAMEL.finditer(text) if HUMP.search(text) else ():
        if match.group().lower() not in BRANDS:
            yield match.span()
    if KEBAB_SIGN.search(text):
        yield from (match.span("name") for match in KEBAB.finditer(text))
    if "--" in text:
        yield from _matches(FLAG)(text)
    if "=" in text or "&" in text or ">" in text:
        yield from _matches(OPERATOR)(text)


def _pascal(text: str) -> Iterator[tuple[int, int]]:
    if HUMP.search(text) and CODE_WORDS.search(text):  # "the class UserName", but a person is DeVito or McDonald
        for match in PASCAL.finditer(text):
            if match.group().lower() not in BRANDS and not match.group().startswith(
                ("Mc", "Mac", "De", "Di", "La", "Le")
            ):
                yield match.span()


def _variables(text: str) -> Iterator[tuple[int, int]]:
    found = [match.span() for match in VARIABLE.finditer(text)]
    names = {text[a:b] for a, b in found}
    if names and (names - SLANG or CODE_WORDS.search(text)):
        yield from found


def _json(text: str) -> Iterator[tuple[int, int]]:
    """Give the parts of JSON values between their text strings (keys stay, string values are prose)."""
    at = 0
    while match := JSON_START.search(text, at):
        try:
            value, end = json.JSONDecoder().raw_decode(text, match.start())
        except (json.JSONDecodeError, RecursionError):
            at = match.end()
            continue
        at = end
        if not value or isinstance(value, list) and not isinstance(value[0], (dict, list)):
            continue
        start = match.start()
        for string in JSON_STRING.finditer(text, match.start(), end):
            is_key = text[string.end() : end].lstrip()[:1] == ":"
            if not is_key and string.end() - string.start() > 2:
                yield start, string.start() + 1
                start = string.end() - 1
        yield start, end


def _emphasis(text: str) -> Iterator[tuple[int, int]]:
    for match in EMPHASIS.finditer(text):
        width = len(match["a"] or match["b"] or "~~")
        yield match.start(), match.start() + width
        yield match.end() - width, match.end()


def _tables(text: str) -> Iterator[tuple[int, int]]:
    rows = [m for m in TABLE_ROW.finditer(text)]
    for match in TABLE_RULE.finditer(text):
        yield match.start(), match.end()
    for row in rows:
        if not TABLE_RULE.fullmatch(row.group()):
            yield from ((row.start() + i, row.start() + i + 1) for i, c in enumerate(row.group()) if c == "|")


def _fences(text: str) -> Iterator[tuple[int, int]]:
    if "```" in text or "~~~" in text:
        yield from _matches(FENCE)(text)
        yield from _matches(INLINE_FENCE)(text)


def _comments(text: str) -> Iterator[tuple[int, int]]:
    if "<!--" in text:
        yield from _matches(HTML_COMMENT)(text)


def _latex(text: str) -> Iterator[tuple[int, int]]:
    yield from _matches(ENVIRONMENT)(text)
    yield from _matches(DISPLAY)(text)


def _inline(text: str) -> Iterator[tuple[int, int]]:
    if "`" in text:
        yield from _matches(INLINE)(text)
    if "<" in text:
        yield from _matches(HTML_CODE)(text)


# In order of precedence: what an earlier finder took is blanked before the next one looks. A finder is not called for a
# text that has none of the characters in the middle ("" is any text): most finders, for most prose.
FINDERS: tuple[tuple[str, str, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
    ("fence", "`~", _fences),
    ("tag", "<", _comments),
    ("inline_code", "`<", _inline),
    ("latex", "\\$", _latex),
    ("json", "[{", _json),
    ("table", "|", _tables),
    ("code", "", lambda text: iter(code_runs(text))),
    ("code", ";", _matches(SQL_STATEMENT)),
    ("latex", "$", _math),
    ("tag", "<", _tags),
    ("url", ".:([", urls),
    ("email", "@", _matches(EMAIL)),
    ("structure", "[{", _matches(ANCHOR)),
    ("placeholder", "_.[{%$<", _placeholders),
    ("identifier", "./\\", files),
    ("latex", "\\", _matches(COMMAND)),
    ("identifier", "(", _calls),
    ("formula", "", lambda text: iter(find_formulas(text))),
    ("structure", "#>-*+•0123456789", _matches(STRUCTURE)),
    ("identifier", "", _names),
    ("identifier", "", _pascal),
    ("marker", "*~", _emphasis),
    ("marker", "_", _matches(UNDERSCORE)),
    ("hashtag", "#@", _matches(HASHTAG)),
    ("variable", "", _variables),
)


def find_spans(text: str) -> list[Span]:
    """Give everything in the text that must survive translation, sorted and without overlap."""
    if is_code(text):
        start = len(text) - len(text.lstrip())
        return [Span(start, len(text.rstrip()), "fence" if text.lstrip().startswith(("```", "~~~")) else "code")]
    found: list[Span] = []
    rest, chars = text, frozenset(text)
    for kind, needs, finder in FINDERS:
        if needs and chars.isdisjoint(needs):
            continue
        taken = []
        for start, end in finder(rest):
            if end > start and "\0" not in rest[start:end] and rest[start:end].strip():
                taken.append((start, end))
        at = -1
        pieces, last = [], 0
        for start, end in sorted(taken):
            if start < at:
                continue
            found.append(Span(start, end, kind))
            pieces += [rest[last:start], "\0" * (end - start)]
            last = at = end
        if pieces:
            rest = "".join(pieces) + rest[last:]
    return sorted(found)


def prose(text: str, spans: Sequence[Span] | None = None) -> str:
    """Give the text with every span (sorted, apart) blanked to spaces, line breaks kept: what is left is language."""
    pieces, last = [], 0
    for span in find_spans(text) if spans is None else spans:
        pieces += [text[last : span.start], NOT_BREAK.sub(" ", text[span.start : span.end])]
        last = span.end
    return "".join([*pieces, text[last:]])


NOT_BREAK = re.compile(r"[^\n]")
WHOLE_TAG = re.compile(r"<(code|pre|script|style)\b[^<>]*>.*</\1>", re.S | re.I)


MIN_CODE_RATIO = 0.5  # of the lines; what lies below is data or a list with a line of code in it
MOST_CODE_RATIO = 0.8  # from here on a stray label does not count


@lru_cache(maxsize=512)
def is_code(text: str) -> bool:
    """Tell whether a whole field is program code (or markup source) with no sentence outside of it."""
    body = text.strip()
    if not body:
        return False
    if body[0] == "<" and WHOLE_TAG.fullmatch(body):
        return True
    if body[0] in "`~" and FENCE.fullmatch(body) and "```" not in body[3:-3]:
        return True
    if body[0] == "\\" and re.match(r"\\documentclass\b|\\begin\{document\}", body):
        return True
    if not may_have_code(body) or re.match(r"#{2,6} [^\n]*\n[ \t]*\n", body):
        return False  # nothing in it, or a heading of Markdown above it
    lines = body.split("\n")
    full = [line for line in lines if line.strip()]
    if len(full) == 1 and [body[a:b] for a, b in find_formulas(body)] == [body]:
        return False
    known = code_lines_of(body)
    if "```" in body or "~~~" in body:  # who sets fences has told what is code: what is between is to be read
        shown = [a or b for a, b in zip(known, within_fences(lines), strict=True)]
        if reads_as(WORDS, lines, shown):
            return False
    n_code = sum(1 for line, code in zip(lines, known, strict=True) if code and line.strip())
    if n_code < MIN_CODE_RATIO * len(full) or reads_as(SENTENCE, lines, known):
        return False
    if n_code < MOST_CODE_RATIO * len(full) and reads_as(WORDS, lines, known):
        return False  # "Expected output: 6" under half a page of code is somebody's to read
    return len(full) > 1 or bool(re.search(r"[=({;<*/]", body))
