"""markup: brackets, placeholders, URLs, tags, tables, headings, markers, `key:` colons, compared in order and line by
line.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...text.hangul import ending, has_hangul
from ...text.patterns import BLANK
from ...text.segments import Span, is_code
from .emphasis import moved
from .lost import lost_spans
from .math_symbol import TEXT
from .reading import CERTAIN, REVIEW, Issue, count, issue, lines_of, place, spans_of

BRACKETS = re.compile(r"[\[\]{}<>]")
KEY = re.compile(
    r"^[ \t]*(?:[-*+•][ \t]+"
    r"|\d{1,3}[.)][ \t]+)?[*_]*(?P<key>[A-Z][\w'/&-]*(?: [\w'/&()-]+){0,3})[*_]*[ \t]?:(?P<rest>.*)$"
)
COLON = re.compile(r"[:：]")
HEADING = re.compile(r"^[ \t]*(#{1,6})[ \t]")
BULLET = re.compile(r"^[ \t]*([-*+•])[ \t]")
NUMBERED = re.compile(r"^[ \t]*(\d{1,3})[.)][ \t]")
HASHTAG = re.compile(r"(?<![\w&/#])[#@][A-Za-z가-힣_]\w*")
ANGLE = re.compile(r"<[^<>\n]{0,40}[가-힣][^<>\n]{0,40}>")
FORMULA_KINDS = ("latex", "formula", "fence", "code", "inline_code", "json", "identifier", "tag")


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per piece of markup that is lost, changed or out of order; without an original, what does not
    close.
    """
    if not original:
        return _alone(text)
    if original == text or is_code(original):
        return []
    found = _addresses(original, text) + _placeholders(original, text) + _tags(original, text) + _json(original, text)
    found += _lines(original, text) + _counts(original, text) + moved(original, text)
    taken = [tuple(i["source_span"]) for i in found if i["source_span"]]
    return found + [i for i in _brackets(original, text) if not _inside(i, taken)]


def _inside(one: Issue, taken: list[tuple[int, ...]]) -> bool:
    span = one["source_span"]
    return span is not None and any(a <= span[0] and span[1] <= b for a, b in taken)


def _alone(text: str) -> list[Issue]:
    if is_code(text):
        return []
    found = []
    for start, end in lines_of(text):
        line = text[start:end]
        for opening, closing in ("[]", "{}"):
            depth = i = 0
            for i, char in enumerate(line):  # noqa: B007
                depth += (char == opening) - (char == closing)
                if depth < 0:
                    break
            if depth < 0 and opening in line:
                found.append(
                    issue(
                        "markup",
                        REVIEW,
                        None,
                        (start + i, start + i + 1),
                        f"짝이 맞지 않는 {opening}{closing} / unbalanced",
                    )
                )
    return found


def _where(lost: Any, original: str, text: str) -> tuple[int, int]:
    return (lost.instead.start, lost.instead.end) if lost.instead else place(original, text, lost.span.start)


def _addresses(original: str, text: str) -> list[Issue]:
    return [
        issue(
            "markup",
            CERTAIN,
            (x.span.start, x.span.end),
            _where(x, original, text),
            f"주소 '{x.span.of(original)[:60]}' 없음 / the address is lost",
        )
        for x in lost_spans(original, text, ("url", "email"))
        if x.gone or x.instead
    ]


def _placeholders(original: str, text: str) -> list[Issue]:
    found = []
    angles = [Span(*match.span(), "placeholder") for match in ANGLE.finditer(text)] if "<" in original else []
    for lost in lost_spans(original, text, ("placeholder",)):
        body = lost.span.of(original)
        if BLANK.fullmatch(body) or not lost.gone and lost.instead is None:
            continue
        if lost.instead is None and body[0] == "<" and angles:
            lost = replace(lost, instead=angles.pop(0))
        instead = lost.instead.of(text) if lost.instead else ""
        translated = body[0] in "[<" and instead[:1] == body[0] and instead[-1:] == body[-1] and has_hangul(instead)
        detail = f"자리표시자 '{body[:40]}' 없음 / the placeholder is lost"
        if translated:
            detail = f"자리표시자 '{body[:40]}'가 번역됨 / the placeholder was translated"
        found.append(
            issue(
                "markup",
                REVIEW if translated else CERTAIN,
                (lost.span.start, lost.span.end),
                _where(lost, original, text),
                detail,
            )
        )
    return found


def _tags(original: str, text: str) -> list[Issue]:
    return [
        issue(
            "markup",
            CERTAIN,
            (x.span.start, x.span.end),
            _where(x, original, text),
            f"태그 '{x.span.of(original)[:40]}' 없음 / the tag is lost",
        )
        for x in lost_spans(original, text, ("tag",))
    ]


def _json(original: str, text: str) -> list[Issue]:
    source = [span for span in spans_of(original) if span.kind == "json"]
    if not source:
        return []
    start, end = source[0].start, source[-1].end
    opening = text.find(original[start])
    try:
        value, length = json.JSONDecoder().raw_decode(text, opening) if opening >= 0 else (None, 0)
    except json.JSONDecodeError:
        value, length = None, len(text)
    if value is None:
        return [
            issue(
                "markup", CERTAIN, (start, end), (max(0, opening), max(0, length)), "JSON이 깨짐 / the JSON is broken"
            )
        ]
    pieces = [span.of(original) for span in source]
    lost = [piece for piece in pieces if re.sub(r"\s", "", piece) not in re.sub(r"\s", "", text)]
    if lost:
        return [
            issue(
                "markup",
                CERTAIN,
                (start, end),
                (opening, length),
                f"JSON의 키나 값이 바뀜: {lost[0][:40]} / keys of the JSON were changed",
            )
        ]
    return []


def _sequence(text: str, spans: tuple[Span, ...], start: int, end: int) -> str:
    inner = [(s.start, s.end) for s in spans if s.kind in FORMULA_KINDS]
    inner += [match.span() for match in TEXT.finditer(text, start, end)] if "\\" in text else []
    return "".join(
        m.group() for m in BRACKETS.finditer(text, start, end) if not any(a <= m.start() < b for a, b in inner)
    )


def _brackets(original: str, text: str) -> list[Issue]:
    if not BRACKETS.search(original) and not BRACKETS.search(text):
        return []
    source, target = lines_of(original), lines_of(text)
    if len(source) != len(target):
        source, target = ((0, len(original)),), ((0, len(text)),)
    mine, other = spans_of(original), spans_of(text)
    found = []
    for a, b in zip(source, target, strict=True):
        x, y = _sequence(original, mine, *a), _sequence(text, other, *b)
        if x != y and (len(source) > 1 or Counter(x) != Counter(y) or _broken(y)):
            if Counter(x) == Counter(y) and not _broken(y):
                continue  # whole placeholders that changed places follow Korean word order
            if not (set(y) | set(x)) - {"<", ">"} and not re.search(r"<[/\w]", original[a[0] : a[1]]):
                continue  # signs of comparison and arrows
            found.append(
                issue(
                    "markup", CERTAIN, a, b, f"괄호 순서 {x or '없음'} → {y or '없음'} / the order of brackets changed"
                )
            )
    return found


def _broken(sequence: str) -> bool:
    depth: list[str] = []
    pairs = {"]": "[", "}": "{", ">": "<"}
    for char in sequence:
        if char in "[{<":
            depth.append(char)
        elif not depth or depth.pop() != pairs[char]:
            return True
    return bool(depth)


def _lines(original: str, text: str) -> list[Issue]:
    source, target = lines_of(original), lines_of(text)
    if len(source) != len(target):
        return _headings(original, text)
    code = [(s.start, s.end) for s in spans_of(original) if s.kind in ("fence", "code", "latex", "json")]
    found = []
    for a, b in zip(source, target, strict=True):
        if any(x <= a[0] and a[1] <= y for x, y in code):
            continue
        one, two = original[a[0] : a[1]], text[b[0] : b[1]]
        key = KEY.match(one) if ":" in one else None
        introduces = key and not key["rest"].strip() and ending(two)  # "Here is the code:" as 코드는 다음과 같습니다.
        if (
            key
            and not introduces
            and not COLON.search(two)
            and (len(source) > 1 or not key["rest"].strip())
            and has_hangul(two)
        ):
            found.append(
                issue("markup", CERTAIN, a, b, f"'{key['key']}:'의 쌍점이 없음 / the colon of a label is lost")
            )
        elif (
            COLON.search(two)
            and re.match(r"\s*[^\s:]{1,12}[\])}]\s*:", two)
            and not re.match(r"\s*[^\s:]{1,12}[\])}]\s*:", one)
        ):
            found.append(issue("markup", CERTAIN, a, b, "쌍점 자리가 바뀜 / a colon changed its place"))
        for name, pattern in (
            ("제목 표시 / heading sign", HEADING),
            ("목록 표시 / list sign", BULLET),
            ("번호 / item number", NUMBERED),
        ):
            sign, there = pattern.match(one), pattern.match(two)
            if (
                sign
                and (not there or sign[1] != there[1])
                and not (pattern is not HEADING and (HEADING.match(two) or BULLET.match(two) and there))
            ):
                found.append(
                    issue(
                        "markup",
                        CERTAIN,
                        (a[0] + sign.start(1), a[0] + sign.end(1)),
                        (b[0], b[0]),
                        f"{name} '{sign[1]}' 없음 / is lost",
                    )
                )
        if one.count("|") >= 2 and one.count("|") != two.count("|") and "||" not in one:
            found.append(
                issue(
                    "markup",
                    CERTAIN,
                    a,
                    b,
                    f"표의 칸 나눔 {one.count('|')} → {two.count('|')} / cell separators changed",
                )
            )
    return found


def _headings(original: str, text: str) -> list[Issue]:
    found = []
    for name, pattern in (("제목 표시 / heading sign", re.compile(HEADING.pattern, re.M)),):
        x, y = pattern.findall(original), pattern.findall(text)
        if len(y) < len(x):
            match = next(iter(pattern.finditer(original)))
            found.append(
                issue(
                    "markup",
                    CERTAIN,
                    match.span(1),
                    place(original, text, match.start()),
                    f"{name} {len(x)} → {len(y)}",
                )
            )
    bars, there = original.count("|"), text.count("|")
    if bars >= 4 and there < bars and any(s.kind == "table" for s in spans_of(original)):
        found.append(
            issue(
                "markup",
                CERTAIN,
                (original.index("|"), original.rindex("|") + 1),
                (0, len(text)),
                f"표의 줄이나 칸이 빠짐 {bars} → {there} / rows or cells are lost",
            )
        )
    return found


def _counts(original: str, text: str) -> list[Issue]:
    """Blanks to fill, backticks and hashtags: these only count, since word order moves them."""
    found = []
    blanks = [
        (s.start, s.end) for s in spans_of(original) if s.kind == "placeholder" and BLANK.fullmatch(s.of(original))
    ]
    there = [s for s in spans_of(text) if s.kind == "placeholder" and BLANK.fullmatch(s.of(text))]
    if len(blanks) != len(there):
        at = blanks[0] if blanks else (0, 0)
        found.append(
            issue(
                "markup",
                CERTAIN,
                at,
                place(original, text, at[0]),
                f"빈칸 {len(blanks)} → {len(there)} / the number of blanks changed",
            )
        )
    ticks, n_ticks = [s for s in spans_of(original) if s.kind == "inline_code"], text.count("`")
    if ticks and n_ticks < original.count("`"):
        for span in ticks:
            body = span.of(original)
            if body[:1] == "`" and body not in text and count(body.strip("`"), text):
                bare = text.index(body.strip("`"))
                found.append(
                    issue(
                        "markup",
                        CERTAIN,
                        (span.start, span.end),
                        (bare, bare + len(body.strip("`"))),
                        f"{body[:40]}의 역따옴표가 없음 / backticks are lost",
                    )
                )
    tags = HASHTAG.findall(original) if "#" in original or "@" in original else []
    n_tags = len(HASHTAG.findall(text)) if tags else 0
    if n_tags < len(tags):
        first = original.index(tags[0])
        found.append(
            issue(
                "markup",
                CERTAIN,
                (first, first + len(tags[0])),
                place(original, text, first),
                f"해시태그 {len(tags)} → {n_tags} / hashtags are lost",
            )
        )
    return found
