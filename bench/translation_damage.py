"""Damage done to clean translations on purpose, one kind per function, the way machine translation does it.

Each gives (damaged text, the piece that was damaged) or None when the text has nothing of that kind; `random_` decides
the place.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from hunmin.text.hangul import has_hangul
from hunmin.text.segments import Span, find_spans
from hunmin.text.sentences import split
from hunmin.translation.checks.emphasis import marks
from hunmin.translation.checks.program import STRING

Damaged = tuple[str, str] | None
HANGUL_NAMES = ["값", "이름", "결과", "합계", "찾기", "목록", "순서", "사용자"]
CODE_KINDS = ("fence", "code", "inline_code")


def _put(text: str, start: int, end: int, piece: str) -> str:
    return text[:start] + piece + text[end:]


def _code(text: str) -> list[Span]:
    return [span for span in find_spans(text) if span.kind in CODE_KINDS]


def _numbers(text: str) -> list[re.Match[str]]:
    taken = [
        (s.start, s.end) for s in find_spans(text) if s.kind not in ("formula", "json", "table", "variable", "marker")
    ]
    return [
        m
        for m in re.finditer(
            r"(?<![A-Za-z0-9_.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d])|(?<![A-Za-z0-9_.,])\d+(?:\.\d+)?(?!\d)", text
        )
        if not any(a < m.end() and m.start() < b for a, b in taken)
    ]


def delete_number(english: str, text: str, random_: random.Random) -> Damaged:
    found = _numbers(text)
    if not found:
        return None
    match = random_.choice(found)
    return _put(text, *match.span(), ""), match.group()


def alter_number(english: str, text: str, random_: random.Random) -> Damaged:
    found = _numbers(text)
    if not found:
        return None
    match = random_.choice(found)
    body = match.group()
    for _ in range(20):
        way = random_.randrange(4)
        at = random_.choice([i for i, c in enumerate(body) if c.isdigit()])
        if way == 0:
            new = body[:at] + str((int(body[at]) + random_.randint(1, 9)) % 10) + body[at + 1 :]
        elif way == 1:
            new = body.replace(".", "", 1) if "." in body else body + "0"
        elif way == 2 and len(body) > 1:
            new = body[: at - 1] + body[at] + body[at - 1] + body[at + 1 :] if at and body[at - 1].isdigit() else body
        else:
            new = body[:-1] if len(body) > 1 and body[-1].isdigit() else body + "5"
        if (
            new != body
            and re.fullmatch(r"[\d.,]*\d", new)
            and float(new.replace(",", "")) != float(body.replace(",", ""))
            and not new.startswith("0")
        ):
            return _put(text, *match.span(), new), body
    return None


def _in_code(
    text: str, pattern: str, random_: random.Random, skip: Callable[[re.Match[str]], bool] = lambda m: False
) -> tuple[Span, re.Match[str]] | None:
    found = []
    for span in _code(text):
        body_start = text.find("\n", span.start) if span.kind == "fence" else span.start
        strings = [m.span() for m in STRING.finditer(text, span.start, span.end)] if span.kind != "inline_code" else []
        for m in re.compile(pattern).finditer(text, body_start, span.end):
            if not any(a < m.end() and m.start() < b for a, b in strings) and "```" not in m.group() and not skip(m):
                line = text[text.rfind("\n", 0, m.start()) + 1 : m.start()]
                if not re.search(r"//|#(?!include)|--\s|/\*", line):
                    found.append((span, m))
    return random_.choice(found) if found else None


def code_identifier(english: str, text: str, random_: random.Random) -> Damaged:
    chosen = _in_code(text, r"(?<![A-Za-z0-9_\\])[A-Za-z_][A-Za-z_]{2,}(?![A-Za-z0-9_])", random_)
    if not chosen:
        return None
    span, match = chosen
    body = match.group()
    new = random_.choice(
        [random_.choice(HANGUL_NAMES), body.upper() if body.islower() else body.lower(), body + "s", body[1:] + body[0]]
    )
    return (_put(text, *match.span(), new), span.of(text)) if new != body else None


def code_string(english: str, text: str, random_: random.Random) -> Damaged:
    found = [
        (s, m)
        for s in _code(text)
        if s.kind != "inline_code"
        for m in STRING.finditer(text, s.start, s.end)
        if len(m.group()) > 3 and not has_hangul(m.group())
    ]
    if not found:
        return None
    span, match = random_.choice(found)
    quote = match.group()[0]
    inner = match.group()[1:-1]
    new = random_.choice(
        [
            random_.choice(["완료", "결과", "전체 합계"]),
            inner.upper() if inner.upper() != inner else inner + " ",
            inner + "!",
        ]
    )
    return _put(text, *match.span(), quote + new + quote), span.of(text)


def code_operator(english: str, text: str, random_: random.Random) -> Damaged:
    chosen = _in_code(
        text,
        r"(?<=[\w)\] ])(?:==|!=|<=|>=|\+=|=>|[-+*/%<>=])(?=[\w(\" '\[])",
        random_,
        lambda m: m.group() in "<>" and "<" in m.string[max(0, m.start() - 9) : m.start()],
    )
    if not chosen:
        return None
    span, match = chosen
    new = {
        "==": "=",
        "!=": "==",
        "<=": "<",
        ">=": ">",
        "+=": "=",
        "=>": "->",
        "+": "-",
        "-": "+",
        "*": "",
        "/": "*",
        "%": "/",
        "<": "<=",
        ">": "<",
        "=": "==",
    }[match.group()]
    return _put(text, *match.span(), new), span.of(text)


def code_indent(english: str, text: str, random_: random.Random) -> Damaged:
    found = [(s, m) for s in _code(text) for m in re.compile(r"(?<=\n)[ \t]+(?=\S)").finditer(text, s.start, s.end)]
    if not found:
        return None
    span, match = random_.choice(found)
    new = random_.choice(["", match.group()[: len(match.group()) // 2], match.group() + " "])
    return _put(text, *match.span(), new), span.of(text)


def latex_token(english: str, text: str, random_: random.Random) -> Damaged:
    found = [s for s in find_spans(text) if s.kind == "latex" and len(s.of(text)) > 4]
    if not found:
        return None
    span = random_.choice(found)
    body = span.of(text)
    for _ in range(30):
        way = random_.randrange(6)
        if way == 0:
            new = re.sub(r"\\([A-Za-z]+)", lambda m: random_.choice(["\\함수", m[1]]), body, count=1)
        elif way == 1:
            new = body.replace("^", "", 1)
        elif way == 2:
            new = re.sub(r"\d", lambda m: str((int(m.group()) + 1) % 10), body, count=1)
        elif way == 3:
            new = body.replace("{", "", 1)
        elif way == 4:
            new = re.sub(r"(?<![A-Za-z\\])[a-z](?![A-Za-z])", lambda m: m.group().upper(), body, count=1)
        else:
            new = re.sub(r"(?<=\s)[-+=](?=\s)", lambda m: {"-": "+", "+": "-", "=": "≠"}[m.group()], body, count=1)
        if new != body:
            return _put(text, span.start, span.end, new), body
    return None


def _sentences(text: str) -> list[tuple[int, int]]:
    return [part for part in split(text) if has_hangul(text[part[0] : part[1]])]


def _drop(text: str, part: tuple[int, int]) -> str:
    start, end = part
    while end < len(text) and text[end] == " ":
        end += 1
    return (text[:start] + text[end:]).strip()


def drop_last(english: str, text: str, random_: random.Random) -> Damaged:
    found = _sentences(text)
    if len(found) < 2 or "```" in text or text.count("\n") or len(split(english)) != len(split(text)):
        return None
    return _drop(text, found[-1]), text[slice(*found[-1])]


def drop_middle(english: str, text: str, random_: random.Random) -> Damaged:
    found = _sentences(text)
    if len(found) < 3 or "```" in text or text.count("\n") or len(split(english)) != len(split(text)):
        return None
    part = random_.choice(found[1:-1])
    return _drop(text, part), text[slice(*part)]


def leave_english(english: str, text: str, random_: random.Random) -> Damaged:
    source, target = split(english), split(text)
    if len(source) != len(target) or len(target) < 2:
        return None
    i = random_.randrange(len(target))
    piece = english[slice(*source[i])]
    if (
        len(re.findall(r"[A-Za-z]+", piece)) < 5
        or not has_hangul(text[slice(*target[i])])
        or not re.search(r"[.!?]$", piece)
    ):
        return None
    return _put(text, *target[i], piece), text[slice(*target[i])]


def drop_item(english: str, text: str, random_: random.Random) -> Damaged:
    found = list(re.finditer(r"^(?:[-*]|\d+\.) .*\n?", text, re.M))
    if len(found) < 3 or "```" in text:
        return None
    match = random_.choice(found)
    return _put(text, *match.span(), "").strip("\n"), match.group()


def move_marker(english: str, text: str, random_: random.Random) -> Damaged:
    found = marks(text)
    if not found:
        return None
    mark = random_.choice(found)
    start = text.rfind("\n", 0, mark.start) + 1
    end = text.find("\n", mark.end)
    end = end if end >= 0 else len(text)
    line = text[start : mark.start] + "\0" + text[mark.end : end]
    words = [m for m in re.finditer(r"[^\s\0:*_]+", line) if has_hangul(m.group())]
    if not words:
        return None
    match = random_.choice(words)
    moved = line[: match.start()] + mark.sign + match.group() + mark.sign + line[match.end() :]
    return _put(text, start, end, moved.replace("\0", mark.body)), text[mark.start : mark.end]


def change_url(english: str, text: str, random_: random.Random) -> Damaged:
    found = [s for s in find_spans(text) if s.kind in ("url", "email")]
    if not found:
        return None
    span = random_.choice(found)
    body = span.of(text)
    ways = [
        body[:-1],
        body.replace("example", "예시", 1),
        body.replace("example", "exemple", 1),
        body.replace(".", "", 1),
        body.replace("://", ":/ /", 1),
    ]
    new = random_.choice([way for way in ways if way != body])
    return _put(text, span.start, span.end, new), body


def translate_placeholder(english: str, text: str, random_: random.Random) -> Damaged:
    found = [s for s in find_spans(text) if s.kind == "placeholder" and "_" not in s.of(text)[0]]
    if not found:
        return None
    span = random_.choice(found)
    body = span.of(text)
    word = random_.choice(["이름", "회사명", "날짜", "받는 분", "주문 번호"])
    new = random_.choice([body[0] + word + body[-1]] * 3 + [word + body[-1] + body[0], body[0] + word])
    return _put(text, span.start, span.end, new), body


DAMAGES: dict[
    str, tuple[Callable[[str, str, random.Random], Damaged], tuple[str, ...], tuple[str, ...], bool, float]
] = {
    # name: (damage, families, codes that find it, mended to byte-equality?, recall wanted)
    "delete a number": (delete_number, ("numbers",), ("number_lost", "math_symbol"), True, 0.99),
    "alter a number": (alter_number, ("numbers",), ("number_lost", "math_symbol"), True, 0.99),
    "alter an identifier": (code_identifier, ("code",), ("code_only", "code_mixed"), True, 0.99),
    "alter a string": (code_string, ("code",), ("code_only", "code_mixed"), True, 0.99),
    "alter an operator": (code_operator, ("code",), ("code_only", "code_mixed"), True, 0.99),
    "alter the indentation": (code_indent, ("code",), ("code_only", "code_mixed"), True, 0.99),
    "alter a LaTeX token": (latex_token, ("latex",), ("math_symbol", "code_only"), True, 0.99),
    "drop the last sentence": (drop_last, ("sentences",), ("cut_off",), False, 0.95),
    "drop a middle sentence": (drop_middle, ("sentences",), ("cut_off",), False, 0.95),
    "leave a sentence in English": (leave_english, ("sentences",), ("untranslated",), False, 0.95),
    "drop a list item": (drop_item, ("lists",), ("cut_off",), False, 0.95),
    "move a marker": (move_marker, ("marked",), ("markup",), False, 0.95),
    "change a URL": (change_url, ("links",), ("markup",), True, 0.95),
    "translate a placeholder": (translate_placeholder, ("blanks",), ("markup",), True, 0.95),
}
