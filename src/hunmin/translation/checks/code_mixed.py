"""code_mixed: code inside a text (blocks, inline code, identifiers, file names) that the translation lost or
changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from difflib import SequenceMatcher
from html import unescape
from typing import Any

from ...text.hangul import has_hangul
from ...text.patterns import CAMEL, PASCAL
from ...text.segments import is_code
from . import roles
from .damage import TOKEN, formatted_anew, squeeze, surely_damaged, written_anew
from .in_words import PLACEHOLDER, aside, keys_in_words, placeholder_in_words
from .lost import Lost, lost_spans
from .program import ELEMENTS, FORMATTED, STRING, difference, formatted, lines_of_code, only_formatted
from .reading import CERTAIN, REVIEW, Issue, count, issue, lines_of, place, spans_of

TITLE = {"ko": "글 속 코드가 바뀜", "en": "code in prose changed"}

NAMES = ("inline_code", "identifier")
CODEY = re.compile(r"[_.()=<>\[\]{}$/\\@#+*|-]|[a-z][A-Z]")
TYPE = re.compile(
    r"(?im)^[ \t]*(?:[-*][ \t]+)?[\"'`]?(?:(?:data|return|value|file) )?(?:type|format|dtype)[\"'`]?[ \t]*:[ \t]*"
    r"[\"'`]?(?P<name>list|string|str|int|integer|float|double|bool|boolean|dict|array|object|null|none|json|xml|csv|pdf|yaml"
    r"|enum|tuple|void|uuid|url)\b"
)
SLOT = re.compile(
    r"\{\{[^{}\n]*\}\}|<[^<>\n]*>|\[[^\[\]\n]*[A-Za-z][^\[\]\n]*\]|\{[A-Z]{2}[A-Z_]*\}|\{(?=[^{}\n]*[가-힣])[\w ]+\}"
)
ATTRIBUTE = re.compile(r"\s*[A-Za-z][\w-]*=[\"'{]")
# What a reader fills in: [repository URL], <your key>; not an index (rows[i]) or a list of numbers.
TO_FILL = re.compile(r"(?<![\w)\]])\[[A-Za-z가-힣][\w가-힣 -]*\]|<(?=[^<>\n]*[ _가-힣-])[A-Za-z가-힣][\w가-힣 -]*>")
NAMED_IN_WORDS = re.compile(r"[(\[{](?=[^)\]}]*[A-Za-z] [a-z])[A-Za-z]+(?:,? [A-Za-z]+)*[)\]}]")
SHOUTED = re.compile(r"\{?[A-Z]+(?:_[A-Z]+)+\}?")
SCREEN = re.compile(r"[A-Z][\w-]*(?: [A-Z]?[\w-]+)+")
SIGNED = re.compile(r"\w\(|[A-Za-z]\w*[._/\\-]+\w*[A-Za-z]|[A-Za-z]\+[A-Za-z]|--\w|_\w|[a-z][A-Z]|^[a-z]+$")
SAID_SUM = re.compile(r"\w [*+/=-]+ +[(\w]|\$\{[a-z]+-[a-z-]+\}")
SUM_OF_WORDS = re.compile(r"[A-Za-z]+(?: [+*/-] [A-Za-z]+)+")  # `prefix + number`, said in words
NAME_AND_WORD = re.compile(
    r"[\w.]*\.\w+ [a-z]+|[A-Z]\w*(?: [&>] ?[A-Z]\w*)+"
)  # `.env file`, `Compute > Workers & Pages`
WORDS = re.compile(  # the label of a button in code marks: `SvelteKit demo app`
    r"[A-Z][A-Za-z]*(?: (?:[a-z]+|[A-Z][A-Za-z]*)){1,5}[.!?]?"
)
LINK_LABEL = re.compile(r"\](?:\[[^\[\]\n]*\])?:?")
TORN = re.compile(r"[\w)]\s+[.(/]|[./_]\s+\w")
PROSE_IN_CODE = re.compile(r"(?:\b[A-Za-z][a-z]+\s+){2,}[A-Za-z][a-z]+\b(?!\s*[=(])")


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per block or name that is not in the translation as it stood; without an original, code with
    Hangul names.
    """
    if not original:
        return _alone(text)
    if original == text or is_code(original):
        return []
    return (
        _blocks(original, text)
        + _names(original, text)
        + roles.find(original, text)
        + _variables(original, text)
        + _types(original, text)
    )


def _alone(text: str) -> list[Issue]:
    found = []
    for span in spans_of(text):
        body = span.of(text)
        if span.kind == "inline_code" and has_hangul(body) and re.search(r"[(){}=;]|\w\.\w", body):
            found.append(
                issue("code_mixed", REVIEW, None, (span.start, span.end), "코드 안에 한글 / Hangul inside code")
            )
    if text.count("```") % 2:
        at = text.rfind("```")
        found.append(
            issue("code_mixed", CERTAIN, None, (at, at + 3), "닫히지 않은 코드 블록 / a code block is not closed")
        )
    return found


def _blocks(original: str, text: str) -> list[Issue]:
    source = [span for span in spans_of(original) if span.kind in ("fence", "code")]
    target = [span for span in spans_of(text) if span.kind in ("fence", "code")]
    missing = [span for span in source if span.of(original) not in text]
    kept = {span.of(original) for span in source if span not in missing}
    free = [span for span in target if span.of(text) not in kept]
    found = []
    for i, span in enumerate(missing):
        body = span.of(original)
        lines = [line.rstrip() for line in body.split("\n") if line.strip()]
        there = free[i] if len(free) == len(missing) else None
        kind = difference(body, there.of(text)) if there else "code"
        if kind in ("", "comment") or "\n" not in body and body.strip("`").strip() in text:
            continue
        if there and body[:1] == "<" and "".join(unescape(body).split()) == "".join(unescape(there.of(text)).split()):
            continue  # an empty line behind <pre>
        if there and kind == "code" and only_formatted(body, there.of(text)):
            found.append(issue("code_mixed", REVIEW, (span.start, span.end), (there.start, there.end), FORMATTED))
            continue
        if span.kind == "code" and kind == "code" and all(line in text for line in lines):
            if len(lines) == 1 or [line for line in text.split("\n") if line.rstrip() in lines]:
                continue
        where = (there.start, there.end) if there else place(original, text, span.start)
        detail = "코드 블록의 문자열이 번역됨 / a text string in a code block was translated"
        if kind == "code":
            detail = "코드 블록이 바뀜 / a code block was changed"
        alike = len(lines_of(original)) == len(lines_of(text)) or not target and span.kind == "fence"
        same_shape = original.count("\n") == text.count("\n")
        sure = kind == "code" and (_damaged(body, there.of(text), same_shape) if there else alike)
        if there and has_hangul(there.of(text)) and TO_FILL.sub("[]", body) == TO_FILL.sub("[]", there.of(text)):
            sure = False  # `git clone [저장소 주소]`
        if span.kind == "code" and ATTRIBUTE.match(body):
            sure = False  # title="..." of an element over several lines: its text is language
        found.append(issue("code_mixed", CERTAIN if sure else REVIEW, (span.start, span.end), where, detail))
    return found


def _types(original: str, text: str) -> list[Issue]:
    """Values of a form that name a type or a format, as programs read them: `Type: list` as 유형: 목록."""
    return [
        issue(
            "code_mixed",
            REVIEW,
            match.span("name"),
            place(original, text, match.start("name")),
            f"이름 '{match['name']}' 없음 / the name '{match['name']}' is lost",
        )
        for match in TYPE.finditer(original)
        if not re.search(rf"(?<![A-Za-z]){match['name']}(?![A-Za-z])", text, re.I)
    ]


def _damaged(source: str, target: str, same_shape: bool) -> bool:
    """Tell whether a block is this code with a little changed, and not another version of it.

    `same_shape` says that the whole texts have as many lines, as other versions of a page seldom have.
    """
    mine, other = source.strip("\n").split("\n"), target.strip("\n").split("\n")
    if (
        len(mine) != len(other)
        or mine[0].lstrip()[:1] in "`~"
        and not mine[-1].strip().startswith(mine[0].lstrip()[:3])
    ):
        return False  # other lines, or a fence that nothing closes
    one, two = lines_of_code(source.strip("\n")), lines_of_code(target.strip("\n"))
    changed = [
        (a, b) for a, b in zip(one, two, strict=True) if a.bare != b.bare and difference(a.whole, b.whole) == "code"
    ]
    if formatted_anew(one, two):
        changed = [(a, b) for a, b in changed if squeeze(a.bare) != squeeze(b.bare)]
    if any(surely_damaged(a, b, bool(ELEMENTS.search(source))) for a, b in changed):
        return True
    # A line in three at most: `total = 0` in one line of four is damage, four lines that differ are the next release.
    few = 0 < len(changed) <= max(1, 0.34 * len(one))
    anew = any(written_anew(a, b) for a, b in zip(one, two, strict=True) if a.whole != b.whole)
    return few and same_shape and not has_hangul(target) and not anew


def _names(original: str, text: str) -> list[Issue]:
    found = []
    for lost in lost_spans(original, text, NAMES):
        name = lost.span.of(original)
        severity = _name_severity(lost, name, original, text)
        if not severity:
            continue
        if severity == CERTAIN and not _firm(lost, name, original, text):
            severity = REVIEW
        where = (lost.instead.start, lost.instead.end) if lost.instead else place(original, text, lost.span.start)
        found.append(
            issue(
                "code_mixed",
                severity,
                (lost.span.start, lost.span.end),
                where,
                _told(name, lost.instead.of(text) if lost.instead else ""),
            )
        )
    return found


def _firm(lost: Lost, name: str, original: str, text: str) -> bool:
    """Tell whether a name in code marks was damaged, and is not said in Korean on purpose.

    Of names with Hangul in their place most are placeholders, terms, labels of a screen or names that the translation
    defines itself (`Article` as `논문` in its own code), but a call (`범위(10)`) is code. Words with signs between them
    (`argument \\ value`) and names in capitals or with one hump are corrected and rewritten too.
    """
    bare, there = name.strip("`").strip(), lost.instead.of(text) if lost.instead else ""
    if "".join(name.split()) == "".join(there.split()):
        return True  # only its blanks were changed
    if has_hangul(there):
        return bool(re.search(r"\w\(", bare)) and "(" in there and not re.fullmatch(r"[a-z]+\([a-z]{3,}\)", bare)
    if not re.search(r"[A-Za-z]", bare):
        return False
    if _in_block(bare, original):
        return True
    words = any(shape.fullmatch(bare) for shape in (PASCAL, SHOUTED, SCREEN)) or SAID_SUM.search(bare)
    return bool(SIGNED.search(bare)) and not words


def _slot_said_otherwise(name: str, there: str) -> bool:
    """Tell whether a name differs only where it has a slot: `mergetool.<tool>.cmd` as `mergetool.*.cmd`."""
    if not SLOT.search(name) or not re.search(r"\w", SLOT.sub("", name)):
        return False
    pieces = [re.escape(piece) for piece in SLOT.split(name)]
    return bool(re.fullmatch(r"[^\s`]*".join(pieces), there)) or SLOT.sub("", name).replace("..", ".") == there


def _said_with_more(name: str, there: str) -> bool:
    """Tell whether a name stands whole with words put in between: `a.pfx` as `certs/a.pfx`, another version."""
    pieces = iter(mine := TOKEN.findall(there))
    source = TOKEN.findall(name)
    more = Counter(mine) - Counter(source)
    return any(re.match(r"\w", piece) for piece in more) and all(piece in pieces for piece in source)


def _told(name: str, there: str) -> str:
    if "".join(name.split()) == "".join(there.split()):
        return f"'{name[:60]}'의 빈칸이 바뀜 / the blanks in '{name[:60]}' were changed"
    return f"'{name[:60]}' 없음 / '{name[:60]}' is lost"


def _name_severity(lost: Lost, name: str, original: str, text: str) -> str:
    """Give how sure it is that a name should stand; "" where the translation says it otherwise.

    `parse_args()` cannot be said in Korean; JavaScript or well-known read like names and are words (자바스크립트, 잘
    알려진): those are `review`. What is three quarters the same in its place (`parse_arg()`) is a misspelling, but an s
    more at the end is a plural, and another digit another version.
    """
    plain, there = "".join(name.split()), lost.instead.of(text) if lost.instead else ""
    if "".join(text.split()).count(plain) >= "".join(original.split()).count(plain) and plain != "".join(there.split()):
        return ""  # it stands: only a backtick before it has no partner, or a blank stands beside it
    bare = name.strip("`").strip() if lost.span.kind == "inline_code" else name
    if lost.span.kind == "identifier" and aside(name, lost.span.start, original, text):
        return REVIEW  # may(should)
    weak = PASCAL.fullmatch(name) or CAMEL.fullmatch(name) or re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)+|\W+", name)
    if lost.span.kind == "identifier" and weak:
        return REVIEW if lost.gone or lost.instead else ""
    if lost.instead is None or has_hangul(there) and not _beside(lost, original, text):
        if not lost.gone:  # a name said twice may be said once
            return REVIEW if lost.span.kind == "inline_code" else ""
        if lost.span.kind == "inline_code" and bare and count(bare, text) >= count(bare, original):
            return ""  # only the backticks are gone: markup's affair
        if bare and re.search(rf"(?<![A-Za-z]){re.escape(bare.strip('()'))}", text, re.I):
            return REVIEW
        if re.fullmatch(r"(?i)[a-z]+_case", bare):
            return REVIEW  # a way to write names, which has a Korean name
        firm = lost.span.kind == "identifier" and CODEY.search(bare) and re.search(r"\w", bare)
        return CERTAIN if firm and len(lines_of(original)) == len(lines_of(text)) else REVIEW
    if PROSE_IN_CODE.search(STRING.sub('""', bare)):
        return REVIEW  # a message or a line of a log
    if bare == there.strip("`").strip():
        return ""  # only blanks beside the backticks, which Markdown does not show
    if _slot_said_otherwise(bare, there.strip("`'‘’")):
        return REVIEW
    if (
        original[lost.span.start - 1 : lost.span.start] == "["
        and LINK_LABEL.match(original, lost.span.end)
        and bare.lower() == there.strip("`").lower()
    ):
        return ""  # the label of a link, in which capitals do not count
    x, y = (re.sub(r"[\s`'‘’/·∙,]|^\w+:", "", STRING.sub('""', side)) for side in (bare, there))
    if x == y and any(sign in there for sign in "·∙"):
        return ""
    if bare[:1] == "<" and formatted(bare) == formatted(there):
        return REVIEW
    if difference(bare, there.strip("`").strip()) == "comment":
        return REVIEW  # `run()  # starts it`: what it says of itself is language
    if bare[:1] == "<" and "".join(unescape(bare).split()) == "".join(unescape(there).split()):
        return ""  # an empty line behind <pre>
    if bare.split() == there.strip("`").split() or re.sub(r"\s+(?=/>)", "", bare) == re.sub(
        r"\s+(?=/>)", "", there.strip("`")
    ):
        return REVIEW  # a tab for a blank, <Profile/> as <Profile />
    if re.sub(r",\s+", ",", bare) == re.sub(r",\s+", ",", there.strip("`").strip()):
        return REVIEW  # f(a,b) as f(a, b)
    if "".join(bare.split()) == "".join(there.strip("`").split()) and not TORN.search(there):
        return REVIEW  # typescript >=4.4: blanks that tear no name
    if x.lower() == y.lower() and lost.span.kind == "identifier" and x != y:
        return REVIEW  # tensorflow.js as Tensorflow.js
    if x.lower() == y.lower():
        blanks = "".join(bare.lower().split()) == "".join(there.strip("`'‘’").lower().split())
        return CERTAIN if blanks and (x != y or STRING.sub('""', bare) == bare) else REVIEW
    if SLOT.search(bare) and SLOT.sub("", bare) == SLOT.sub("", there.strip("`'‘’")):
        return REVIEW  # what stands in a slot is its reader's
    if x in y or y in x or re.fullmatch(r"[a-z]+(?:[@/|:-][a-z]+)+", bare):
        return REVIEW  # said with more or fewer words, or a form to be filled in
    if has_hangul(there):
        said = there.strip("`'‘’")
        if keys_in_words(bare, said) or placeholder_in_words(bare, said) and not _placeholder_in_block(bare, original):
            return REVIEW  # `Cmd+클릭`, `테이블 이름`
        if (
            NAMED_IN_WORDS.fullmatch(bare)
            or SUM_OF_WORDS.fullmatch(bare)
            or WORDS.fullmatch(bare)
            or NAME_AND_WORD.fullmatch(bare)
            or re.fullmatch(r"_+[a-z]+_+", bare)
        ):
            return REVIEW  # a shape `(frequencies, sequence length)`
        mine, other = (set(re.findall("[A-Za-z]{2,}", side)) for side in (bare, there))
        if other and not mine & other:
            return REVIEW  # another piece of code, which says something in Korean itself
        whole = CODEY.search(bare) or _in_block(bare, original)
        return CERTAIN if whole and not SLOT.search(bare) else REVIEW
    if sorted(TOKEN.findall(bare)) == sorted(TOKEN.findall(there.strip("`'‘’"))):
        return REVIEW  # `a < b < c` as `b < a < c`
    if _said_with_more(bare, there.strip("`'‘’")):
        return REVIEW
    near = (
        SequenceMatcher(None, x, y, autojunk=False).ratio() >= 0.75
        and x[-1:] + "s" != y[-2:]
        and y[-1:] + "s" != x[-2:]
    )
    return CERTAIN if near and CODEY.search(bare) and not re.search(r"\d", x + y) else REVIEW


def _beside(lost: Lost, original: str, text: str) -> bool:
    """Tell whether what stands there instead is at the place of the lost span: its line, or about as far on."""
    assert lost.instead is not None
    if original.count("\n") == text.count("\n"):
        return original.count("\n", 0, lost.span.start) == text.count("\n", 0, lost.instead.start)
    return abs(lost.span.start / len(original) - lost.instead.start / len(text)) < 0.15


def _placeholder_in_block(name: str, original: str) -> bool:
    return any(_in_block(match.group(), original) for match in PLACEHOLDER.finditer(name))


def _in_block(name: str, original: str) -> bool:
    """Tell whether a name stands in the code of a block beside the prose too, so that it cannot be a word of it."""
    blocks = [s.of(original) for s in spans_of(original) if s.kind in ("fence", "code")]
    return any(count(name, line.bare) for block in blocks for line in lines_of_code(block))


def _variables(original: str, text: str) -> list[Issue]:
    found, seen = [], set()
    for span in spans_of(original):
        name = span.of(original)
        if span.kind == "variable" and name not in seen and not count(name, text) and not count(name.upper(), text):
            seen.add(name)
            found.append(
                issue(
                    "code_mixed",
                    REVIEW,
                    (span.start, span.end),
                    place(original, text, span.start),
                    f"이름 '{name}' 없음 / the name '{name}' is lost",
                )
            )
    return found
