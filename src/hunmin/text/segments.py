"""What in a text must survive translation byte for byte: code, mathematics, URLs, placeholders, markup.

`find_spans` is the one place that knows it; masking (`translate`), the checks and the mends all use its spans.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from .codelines import code_lines, code_runs
from .formulas import find_formulas


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
    "url",
    "email",
    "tag",  # <b>, </b>, <br/>
    "placeholder",  # [Your name], {name}, <your name>, ____, %s
    "formula",  # 2x + 3 ≤ 11
    "identifier",  # file names, paths, snake_case, camelCase, f(), --flag, ==
    "variable",  # a lone letter used as a name: p, q
    "hashtag",  # #tag, @name
    "marker",  # _marked_, _marked, ** and * of emphasis
    "table",  # the bars and the rule of a table
    "structure",  # the heading, list or quote sign at the start of a line
)

EXTENSIONS = (
    "py|js|jsx|tsx?|java|kt|c|cc|cpp|h|hpp|cs|go|rs|rb|php|pl|swift|sh|bash|bat|ps1|sql|html?|css|scss|xml|json|jsonl|ya?ml|toml|ini|cfg|conf"
    "|env|lock|log|md|rst|txt|csv|tsv|xlsx?|docx?|pptx?|pdf|tex|bib|ipynb|png|jpe?g|gif|svg|bmp|mp[34]|wav|avi|mov|zip|tar|gz|tgz|rar|7z|exe"
    "|dll|so|jar|war|db|sqlite|parquet|pkl|npy|pt|bin|dat|bak|tmp|key|pem|crt|vue|gradle|dockerfile|gitignore"
)
BRANDS = frozenset(
    "node.js vue.js next.js nuxt.js react.js d3.js three.js express.js angular.js backbone.js ember.js chart.js p5.js moment.js asp.net "
    "vb.net macos watchos tvos ipados webos youtube linkedin github gitlab javascript typescript powerpoint wordpress facebook paypal "
    "whatsapp tiktok doordash macbook airpods playstation pytorch tensorflow openai chatgpt powerbi stackoverflow hubspot salesforce "
    "mastercard fedex spacex airbnb instagram snapchat quickbooks onedrive sharepoint photoshop indesign lightroom coffeescript "
    "actionscript postscript latex bibtex mysql postgresql mongodb nosql graphql graphdb devops mlops".split()
)
CODE_WORDS = re.compile(
    r"\b(?:python|java|javascript|typescript|sql|html|css|bash|shell|regex|json|xml|yaml|git|docker|linux|kubernetes|api|c\+\+|code|coding"
    r"|program|programming|script|function|method|variable|class|compiler|exception|database|query|algorithm|command|branch|terminal"
    r"|component|repository|framework|library|module|package)s?\b|```|파이썬|자바|코드|함수|변수|클래스|쿼리|명령|브랜치|스크립트|프로그램",
    re.I,
)
LISTING_ENVIRONMENTS = "itemize|enumerate|description|quote|quotation|center|abstract|theorem|lemma|proof|definition|corollary|solution|flushleft|flushright"
HTML = frozenset(
    "a abbr article aside audio b blockquote body br button canvas caption center cite code col dd del details div dl dt em fieldset figure "
    "font footer form frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark meta nav "
    "noscript object ol option p param path picture pre progress q s script section select small source span strong style sub summary sup "
    "svg table tbody td template textarea tfoot th thead time title tr track u ul var video".split()
)

FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[^\n`]*\n(?:.*?\n)??[ \t]*(?P=mark)[ \t]*$|^[ \t]*```[^\n`]*\n.*\Z",
    re.M | re.S,
)
INLINE_FENCE = re.compile(r"```[^`\n]+```")
INLINE = re.compile(r"(?<!`)(?P<t>`{1,2})(?!`)(?P<body>[^\n]+?)(?<!`)(?P=t)(?!`)")
HTML_CODE = re.compile(r"<(?P<name>code|pre|script|style|kbd|samp)\b[^<>]*>.*?</(?P=name)>", re.S | re.I)
DISPLAY = re.compile(r"\$\$.+?\$\$|\\\[.+?\\\]|\\\(.+?\\\)", re.S)
ENVIRONMENT = re.compile(
    rf"\\begin\{{(?!(?:{LISTING_ENVIRONMENTS})\*?\}})(?P<env>[A-Za-z]+\*?)\}}.*?\\end\{{(?P=env)\}}", re.S
)
INLINE_MATH = re.compile(r"(?<![\\$\w])\$(?![\s$])(?P<body>(?:[^$\n\\]|\\.|\n(?!\n)){1,400}?)(?<![\s\\])\$(?![\d$])")
MATH_SIGN = re.compile(r"[\\^_=<>+*/(){}\[\]|≤≥≠×÷√∈-]")
COMMAND = re.compile(
    r"(?<![\\\w:])\\[A-Za-z]+\*?(?:\[[^\]\n]*\])?(?:\{(?:[^{}\n가-힣]|\{[^{}\n]*\})*\})*|\\[\\,;!%&#_{}$]"
)
URL = re.compile(r"(?:https?|ftp)://[^\s<>\"'`가-힣ㄱ-ㅎ）】」]+|(?<![\w@.])www\.[\w-]+\.[^\s<>\"'`가-힣]+")
DOTTED_WORD = re.compile(r"[A-Za-z0-9]\.[A-Za-z]")
DOMAIN = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|gov|edu|ai|app|co\.kr|or\.kr|go\.kr|ac\.kr|kr|co\.uk|uk|de|jp)(?![A-Za-z0-9_-])(?:/[^\s<>\"'`가-힣]*)?",
    re.I,
)
EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
TAG = re.compile(r"<!--.*?-->|</?(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<rest>(?:\s[^<>\n]*)?)/?>", re.S)
BLANK = re.compile(r"(?<![A-Za-z0-9_])_{2,}(?![A-Za-z0-9_])|(?<![.\w])\.{5,}")
BRACKET = re.compile(r"\[(?!\s*[xX]?\s*\])(?P<body>[^\[\]\n]{1,60})\](?!\()")
BRACE = re.compile(
    r"\$\{[^{}\n]{1,60}\}|\{\{[^{}\n]{1,60}\}\}|(?<![\w\\])\{(?=[A-Za-z_])[^{}\n]{1,60}\}|%\([A-Za-z_]\w*\)[sdf]|(?<![\w%])%[sd](?![A-Za-z0-9])|(?<![\w$])\$[A-Z_]{2,}(?![a-z])"
)
FILE = re.compile(
    rf"(?<![A-Za-z0-9_.@/-])(?:[\w~.-]+[/\\])*[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*\.(?:{EXTENSIONS})(?![A-Za-z0-9_])(?!\()"
)
PATH = re.compile(
    r"(?<![A-Za-z0-9_.<:/-])(?:~|\.{1,2})?(?:/[A-Za-z0-9_.+-]+){2,}/?|(?<![\w.])(?:~|\.{1,2})/[A-Za-z0-9_.-]+/?|(?<![A-Za-z])[A-Z]:\\[^\s\"'<>|가-힣]+"
)
CALL = re.compile(
    r"(?<![A-Za-z0-9_.])(?P<name>[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\((?P<args>[^()\n가-힣]*(?:\([^()\n가-힣]*\)[^()\n가-힣]*)*)\)"
)
METHOD = re.compile(r"(?<![A-Za-z0-9_)\]])\.[A-Za-z_]\w*\([^()\n가-힣]*\)")
NOT_ARGUMENTS = re.compile(
    r"(?:s|es|ies|n|d|r|ed|ing|ly|optional|required|default|aka|not|if|or|and|e\.g\..*|i\.e\..*)\Z", re.I
)
SNAKE = re.compile(r"(?<![A-Za-z0-9_])(?:__[a-z]+\w*__|[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+_?)(?![A-Za-z0-9_])")
DOTTED = re.compile(r"(?<![A-Za-z0-9_.@])[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+(?![A-Za-z0-9_@])")
MODULES = re.compile(
    r"(?:np|pd|os|sys|re|plt|tf|torch|math|json|self|this|console|document|window|system|objects|arrays|string|random|datetime|df|sns|nn|cv2|http|fmt|requests|app|request|response)\.",
    re.I,
)
HUMP = re.compile(r"[a-z0-9][A-Z]")
CAMEL = re.compile(
    r"(?<![A-Za-z0-9_'’])[a-z]{2,}[a-z0-9]*(?:[A-Z][a-z0-9]+)+[A-Z]?(?![A-Za-z0-9_])|(?<![A-Za-z0-9_'’])[a-z]{3,}[A-Z](?![A-Za-z0-9_])"
)
PASCAL = re.compile(r"(?<![A-Za-z0-9_'’])[A-Z][a-z]+[a-z0-9]*(?:[A-Z][a-z0-9]+)+(?![A-Za-z0-9_])")
KEBAB = re.compile(
    r"(?:branch|package|container|image|property|class|tag|repo|repository|service|bucket|called|named|브랜치|패키지)\s+(?:called\s+|named\s+)?[\"'`]?(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)+)(?![A-Za-z0-9_-])"
)
FLAG = re.compile(r"(?<![A-Za-z0-9_-])--[A-Za-z][A-Za-z0-9-]*(?:=[^\s가-힣]+)?")
OPERATOR = re.compile(r"(?<![=!<>+*/&-])(?:===?|!==?|&&|\+=|-=|:=|=>|->)(?![=>&+-])")
VARIABLE = re.compile(r"(?<!\d )(?<![A-Za-z0-9_.'’\"“(/@#$%&*\d-])[b-hj-z](?![A-Za-z0-9_'’./()@*:-])(?!\.\w)")
SLANG = frozenset("u r n k b c w y v x".split())
HASHTAG = re.compile(r"(?<![A-Za-z0-9_&/#])#[A-Za-z가-힣_][\w]*|(?<![A-Za-z0-9_.])@[A-Za-z_]\w+")
EMPHASIS = re.compile(
    r"(?<![\\*\w])(?P<a>\*{1,3})(?=[^\s*])[^\n]*?[^\s*](?P=a)(?![*])|(?<![\\~])~~(?=\S)[^\n~]+~~|(?<=[가-힣\w])(?P<b>\*{2,3})(?=\S)[^\n*]+?(?<=\S)(?P=b)"
)
UNDERSCORE = re.compile(
    r"(?<![A-Za-z0-9_\\])_{1,2}(?=[A-Za-z가-힣])(?:[^_\n]{1,60}?(?<=\S)_{1,2}(?![A-Za-z0-9])|[A-Za-z가-힣'-]+)"
)
TABLE_RULE = re.compile(
    r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$|^[ \t]*\|[ \t]*:?-{2,}:?[ \t]*\|[ \t]*$",
    re.M,
)
TABLE_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$|^[^|\n]+(?:\|[^|\n]+){2,}$", re.M)
STRUCTURE = re.compile(
    r"^[ \t]*(?:#{1,6}(?=[ \t]\S)|(?:>[ \t]?)+(?=\S)|[-*+•](?=[ \t]\S)|\d{1,3}[.)](?=[ \t]\S))(?:[ \t]+\[[ xX]\])?",
    re.M,
)
CODE_SIGN = re.compile(r"[=(){};<>\\@*]|(?i:\bselect\b|\bimport\b)|^\$ |^(?:git|npm|pip|docker|sudo) ", re.M)
JSON_START = re.compile(r"[\[{](?=\s*(?:\"|\{|\[))")
JSON_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"")


def _matches(pattern: re.Pattern[str], needs: str = "") -> Callable[[str], Iterator[tuple[int, int]]]:
    """Give a finder of a pattern; a text without any of the characters `needs` is not searched (for speed)."""
    return lambda text: (
        (match.span() for match in pattern.finditer(text)) if not needs or any(c in text for c in needs) else iter(())
    )


def _math(text: str) -> Iterator[tuple[int, int]]:
    if "$" not in text:
        return
    for match in INLINE_MATH.finditer(text):
        body = match["body"]
        if MATH_SIGN.search(body) or len(body) <= 3 or re.fullmatch(r"[\d.,\s]+|[A-Za-z]\w{0,3}", body):
            if len(re.findall(r"(?<!\\)\b[a-z]{4,}\b", body)) < 3 or "\\" in body:
                yield match.span()


def _urls(text: str) -> Iterator[tuple[int, int]]:
    if not DOTTED_WORD.search(text) and "://" not in text:
        return
    for pattern in (URL, DOMAIN):
        for match in pattern.finditer(text):
            found = match.group().rstrip(".,;:!?*_'\"")
            while found.endswith((")", "]", "}")) and found.count(found[-1]) > found.count(
                {")": "(", "]": "[", "}": "{"}[found[-1]]
            ):
                found = found[:-1].rstrip(".,;:!?*_'\"")
            if found.lower() not in BRANDS:
                yield match.start(), match.start() + len(found)
        text = pattern.sub(lambda m: "\0" * len(m.group()), text)


def _tags(text: str) -> Iterator[tuple[int, int]]:
    if "<" not in text:
        return
    for match in TAG.finditer(text):
        name = match["name"]
        if (
            name is None
            or name.lower() in HTML
            or text[match.start() + 1] == "/"
            or "=" in match["rest"]
            or f"</{name}" in text
        ):
            yield match.span()


def _placeholders(text: str) -> Iterator[tuple[int, int]]:
    if "__" in text or "....." in text:
        yield from _matches(BLANK)(text)
    if "[" in text:
        for match in BRACKET.finditer(text):
            if re.search(r"[A-Za-z가-힣]", match["body"]) and not re.search(r"[=;]", match["body"]):
                yield match.span()
    if "{" in text or "%" in text or "$" in text:
        yield from _matches(BRACE)(text)
    if "<" in text:
        for match in TAG.finditer(text):
            if len(match.group().split()) <= 5 and text[match.end() - 1] == ">":
                yield match.span()


def _calls(text: str) -> Iterator[tuple[int, int]]:
    if "(" not in text:
        return
    for match in CALL.finditer(text):
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


def _files(text: str) -> Iterator[tuple[int, int]]:
    if DOTTED_WORD.search(text):
        for match in FILE.finditer(text):
            if match.group().lower() not in BRANDS and not re.fullmatch(r"[A-Z]\.\w", match.group()):
                yield match.span()
    if "/" in text or "\\" in text:
        yield from _matches(PATH)(text)


def _names(text: str) -> Iterator[tuple[int, int]]:
    if "_" in text:
        yield from _matches(SNAKE)(text)
    if "." in text:
        for match in DOTTED.finditer(text) if DOTTED_WORD.search(text) else ():
            found = match.group()
            if (
                MODULES.match(found)
                or "_" in found
                or any(CAMEL.fullmatch(p) or PASCAL.fullmatch(p) for p in found.split("."))
            ):
                yield match.span()
    for match in CAMEL.finditer(text) if HUMP.search(text) else ():
        if match.group().lower() not in BRANDS:
            yield match.span()
    if "-" in text:
        yield from (match.span("name") for match in KEBAB.finditer(text))
        yield from _matches(FLAG, "-")(text)
    yield from _matches(OPERATOR, "=&>")(text)


def _pascal(text: str) -> Iterator[tuple[int, int]]:
    if HUMP.search(text) and CODE_WORDS.search(text):
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
    if "*" in text or "~~" in text:
        for match in EMPHASIS.finditer(text):
            width = len(match["a"] or match["b"] or "~~")
            yield match.start(), match.start() + width
            yield match.end() - width, match.end()


def _marked(text: str) -> Iterator[tuple[int, int]]:
    if "_" in text:
        yield from _matches(UNDERSCORE)(text)


def _tables(text: str) -> Iterator[tuple[int, int]]:
    if "|" not in text:
        return
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


def _latex(text: str) -> Iterator[tuple[int, int]]:
    yield from _matches(ENVIRONMENT)(text)
    yield from _matches(DISPLAY)(text)


def _commands(text: str) -> Iterator[tuple[int, int]]:
    if "\\" in text:
        yield from _matches(COMMAND)(text)


def _inline(text: str) -> Iterator[tuple[int, int]]:
    if "`" in text:
        yield from _matches(INLINE)(text)
    if "<" in text:
        yield from _matches(HTML_CODE)(text)


# In order of precedence: what an earlier finder took is blanked before the next one looks.
FINDERS: tuple[tuple[str, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
    ("fence", _fences),
    ("inline_code", _inline),
    ("latex", _latex),
    ("json", _json),
    ("table", _tables),
    ("code", lambda text: iter(code_runs(text))),
    ("latex", _math),
    ("url", _urls),
    ("email", _matches(EMAIL, "@")),
    ("tag", _tags),
    ("placeholder", _placeholders),
    ("identifier", _files),
    ("latex", _commands),
    ("identifier", _calls),
    ("formula", lambda text: iter(find_formulas(text))),
    ("structure", _matches(STRUCTURE)),
    ("identifier", _names),
    ("identifier", _pascal),
    ("marker", _emphasis),
    ("marker", _marked),
    ("hashtag", _matches(HASHTAG, "#@")),
    ("variable", _variables),
)


def find_spans(text: str) -> list[Span]:
    """Give everything in the text that must survive translation, sorted and without overlap."""
    if is_code(text):
        start = len(text) - len(text.lstrip())
        return [Span(start, len(text.rstrip()), "fence" if text.lstrip().startswith(("```", "~~~")) else "code")]
    found: list[Span] = []
    rest = text
    for kind, finder in FINDERS:
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


def prose(text: str, spans: list[Span] | None = None) -> str:
    """Give the text with every span blanked to spaces (line breaks kept): what is left is language."""
    out = list(text)
    for span in find_spans(text) if spans is None else spans:
        for i in range(span.start, span.end):
            if out[i] != "\n":
                out[i] = " "
    return "".join(out)


@lru_cache(maxsize=512)
def is_code(text: str) -> bool:
    """Tell whether a whole field is program code (or markup source) with no sentence outside of it."""
    body = text.strip()
    if not body:
        return False
    if re.fullmatch(r"<(code|pre|script|style)\b[^<>]*>.*</\1>", body, re.S | re.I):
        return True
    fence = FENCE.fullmatch(body)
    if fence and "```" not in body[3:-3]:
        return True
    if re.match(r"\\documentclass\b|\\begin\{document\}", body):
        return True
    lines = body.split("\n")
    if not CODE_SIGN.search(body):
        return False
    full = [line for line in lines if line.strip()]
    if len(full) == 1 and [body[a:b] for a, b in find_formulas(body)] == [body]:
        return False
    known = code_lines(lines)
    n_code = sum(1 for line, code in zip(lines, known, strict=True) if code and line.strip())
    return n_code >= 0.8 * len(full) and (len(full) > 1 or bool(re.search(r"[=({;<*/]", body)))
