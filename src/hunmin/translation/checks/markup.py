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

from ...text.hangul import has_hangul
from ...text.patterns import BLANK
from ...text.segments import Span, is_code
from . import addresses, lines, remarks, tags
from .emphasis import moved
from .lost import lost_spans
from .math_symbol import TEXT
from .program import STRING
from .reading import CERTAIN, REVIEW, Issue, count, issue, lines_of, place, spans_of

TITLE = {"ko": "서식이 깨짐", "en": "markup damaged"}

BRACKETS = re.compile(r"[\[\]{}<>]")
LABELLED = re.compile(r"\](?:\[[^\[\]\n]*\]|\()")
# What stands before the words of a macro of AsciiDoc: image::path[words], link:path[words], https://path[words].
_MACRO = (
    r"(?:\w+::[^\s\[\]]+|(?:link|image|xref|mailto|footnote|icon|kbd|btn|menu|include|video|audio|anchor):[^\s\[\]]*"
    r"|https?://[^\s\[\]]+)"
)
MACRO = re.compile(_MACRO + r"\Z")
MACRO_TEXT = re.compile(_MACRO + r"\[[^\[\]\n]+\]")
ANGLE = re.compile(r"<[^<>\n]{0,40}[가-힣][^<>\n]{0,40}>")
QUOTE_SIGN = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.M)
FORMULA_KINDS = ("structure", "latex", "formula", "fence", "code", "inline_code", "json", "identifier", "tag")


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per piece of markup that is lost, changed or out of order; without an original, what does not
    close.
    """
    if not original:
        return _alone(text)
    if original == text or is_code(original):
        return []
    found = (
        addresses.find(original, text)
        + _placeholders(original, text)
        + tags.find(original, text)
        + _json(original, text)
    )
    labels = remarks.find(original, text) + lines.find(original, text)
    found += labels + _counts(original, text) + moved(original, text, labels)
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


LIST = re.compile(r"\[(?=[^\[\]\n]*[\"'\d])[^\[\]\n]{1,60}\]")  # of data: ["a", "b"], [(1, 2), ...]
IN_WORDS = re.compile(r"\[[ ]?[a-z_]+(?:,? [a-z_]+)*[ ]?\]")  # [smallest value, its index]
INCLUDED = re.compile(r"\{\{\s*include\b[^{}]*\}\}")  # a page has its own in each language


def _no_blanks(text: str) -> str:
    """Give the text with {{ name }} as {{name}} and {min, max} as {min,max}."""
    text = re.sub(r"(?<=[^\]]\[)[ \t]+(?=\")", "", text) if '[ "' in text else text
    text = re.sub(r"(\$\{\w+):[^{}]*(?=\})", r"\1", text)  # ${tone:calm}: what stands for want of another is language
    text = LIST.sub(lambda m: "".join(m.group().split()), text) if "[" in text else text
    return re.sub(r"(?<=\{)\s+|\s+(?=\})|(?<=,)\s+(?=[^{}\n]*\})", "", text) if "{" in text else text


def _placeholders(original: str, text: str) -> list[Issue]:
    found = []
    linked = len(LABELLED.findall(text)) > len(
        LABELLED.findall(original)
    )  # [its name] as [its name][], a link of Markdown
    angles = [Span(*match.span(), "placeholder") for match in ANGLE.finditer(text)] if "<" in original else []
    for lost in lost_spans(original, text, ("placeholder",), _no_blanks):
        body = lost.span.of(original)
        if BLANK.fullmatch(body) or not lost.gone and lost.instead is None:
            continue
        if lost.instead is None and body[0] == "<" and angles:
            lost = replace(lost, instead=angles.pop(0))
        if _callout(body, original[: lost.span.start], text):
            continue
        macro = body[0] == "[" and bool(MACRO.search(original[max(0, lost.span.start - 300) : lost.span.start]))
        if macro and len(MACRO_TEXT.findall(text)) >= len(MACRO_TEXT.findall(original)):
            continue  # the words of a link or an image
        instead = lost.instead.of(text) if lost.instead else ""
        translated = (
            (
                (body[0] in "[<" or body[:2] == "{%")
                and instead[:1] == body[0]
                and instead[-1:] == body[-1]
                and has_hangul(instead)
            )
            or has_hangul(instead)
            and STRING.sub('""', instead) == STRING.sub('""', body) != body
        )  # {link_to "요약", x}
        detail = f"자리표시자 '{body[:40]}' 없음 / the placeholder is lost"
        if translated:
            detail = f"자리표시자 '{body[:40]}'가 번역됨 / the placeholder was translated"
        found.append(
            issue(
                "markup",
                REVIEW
                if translated
                or IN_WORDS.fullmatch(body)
                or body[0] == "<"
                and bool(ANGLE.search(text))
                or INCLUDED.fullmatch(body)
                or macro
                or linked
                and body[0] == "["
                or _spoken(body, original[: lost.span.start])
                else CERTAIN,
                (lost.span.start, lost.span.end),
                _where(lost, original, text),
                detail,
            )
        )
    return found


def _bare_heading(text: str, tag: Span) -> bool:
    """Tell a heading whose sign touches its first word (#Execute a task) from a hashtag."""
    return text[: tag.start].strip(" \t")[-1:] in ("", "\n") and bool(re.match(r"[ \t]+[A-Za-z]", text[tag.end :]))


def _spoken(body: str, before: str) -> bool:
    """Tell of an editor's words in what somebody says ("I make up [things]", also as a quotation), and of a template's
    tag, which may name a page in its own language.
    """
    said = before[before.rfind("\n") + 1 :]
    quoted = said.count('"') % 2 == 1 or said.count("“") > said.count("”") or said.lstrip().startswith(">")
    return body[:2] == "{%" or body[0] == "[" and quoted


def _callout(body: str, before: str, text: str) -> bool:
    """Tell a box's mark that the translation writes in another notation ([!TIP], <Tip>, :::tip), or a box's title."""
    if re.search(r"(?m)^[ \t>]*:::+[ \t]*[\w-]+[ \t]*\Z", before):
        return True  # :::caution[Deprecated]
    word = re.fullmatch(r"\[!(\w+)\]|</?([A-Z]\w+)[^<>]*>", body)
    name = word and re.escape(word[1] or word[2])
    return bool(name and re.search(rf"(?i)\[!{name}\]|<[^<>\n]*\b{name}\b|^[ \t>]*:::+[ \t]*{name}\b", text, re.M))


def _json(original: str, text: str) -> list[Issue]:
    source = [span for span in spans_of(original) if span.kind == "json"]
    if not source:
        return []
    start, end = source[0].start, source[-1].end
    if _decoded(original, start) is None:
        return []  # like JSON, and none
    places = [m.start() for m in re.finditer(re.escape(original[start]), text)]
    opening = max(places, key=lambda at: _decoded(text, at) or 0, default=-1)
    length = _decoded(text, opening) if opening >= 0 else None
    if length is None:
        opening, length = (places or [0])[0], len(text)
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


def _decoded(text: str, at: int) -> int | None:
    """Give where the JSON that begins here ends, None for what is no JSON."""
    try:
        return json.JSONDecoder().raw_decode(text, at)[1]
    except (json.JSONDecodeError, RecursionError):
        return None


def _sequence(text: str, spans: tuple[Span, ...], start: int, end: int) -> str:
    inner = [(s.start, s.end) for s in spans if s.kind in FORMULA_KINDS]
    inner += [(m.start(), m.end()) for m in QUOTE_SIGN.finditer(text, start, end)]
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
        if BRACKETS.findall(original, *a) == BRACKETS.findall(text, *b):
            continue  # the same signs, though one side reads some of them as code
        if x != y and (len(source) > 1 or Counter(x) != Counter(y) or _broken(y)):
            if len(source) > 1 and _wrapped_alike(original, text, mine, other, a, b):
                continue
            if Counter(x) == Counter(y) and not _broken(y):
                continue  # whole placeholders that changed places follow Korean word order
            if not (set(y) | set(x)) - {"<", ">"} and not re.search(r"<[/A-Za-z]", original[a[0] : a[1]]):
                continue  # signs of comparison and arrows
            torn = _broken(y) and not _broken(x)
            if not torn and len(y) >= len(x):  # 문서([영어])
                continue  # a translator's own link or name in brackets
            found.append(
                issue(
                    "markup",
                    CERTAIN if torn else REVIEW,
                    a,
                    b,
                    f"괄호 순서 {x or '없음'} → {y or '없음'} / the order of brackets changed",
                )
            )
    return found


def _wrapped_alike(
    original: str, text: str, mine: tuple[Span, ...], other: tuple[Span, ...], a: tuple[int, int], b: tuple[int, int]
) -> bool:
    """Tell whether the paragraphs of two lines have the same brackets: a link may go over a line's end."""
    paragraphs = [
        (whole.rfind("\n\n", 0, start) + 1, min(at for at in (whole.find("\n\n", end), len(whole)) if at >= 0))
        for whole, (start, end) in ((original, a), (text, b))
    ]
    x, y = _sequence(original, mine, *paragraphs[0]), _sequence(text, other, *paragraphs[1])
    return Counter(x) == Counter(y) and not _broken(y)


def _broken(sequence: str) -> bool:
    depth: list[str] = []
    pairs = {"]": "[", "}": "{", ">": "<"}
    for char in sequence:
        if char in "[{<":
            depth.append(char)
        elif not depth or depth.pop() != pairs[char]:
            return True
    return bool(depth)


def _counts(original: str, text: str) -> list[Issue]:
    """Blanks to fill, backticks and hashtags: these only count, since word order moves them.

    "___ is the capital of ___" may well begin with the second blank; with one blank it asks something else.
    """
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
                        REVIEW,
                        (span.start, span.end),
                        (bare, bare + len(body.strip("`"))),
                        f"{body[:40]}의 역따옴표가 없음 / backticks are lost",
                    )
                )
    tags = [x for x in spans_of(original) if x.kind == "hashtag"]
    tags = [x for x in tags if not _bare_heading(original, x)]
    n_tags = sum(x.kind == "hashtag" for x in spans_of(text)) if tags else 0
    gone = [x for x in tags if x.of(original) not in text]
    if n_tags < len(tags) and gone:
        first = gone[0]
        found.append(
            issue(
                "markup",
                CERTAIN if first.of(original)[0] == "#" else REVIEW,
                (first.start, first.end),
                place(original, text, first.start),
                f"해시태그 {len(tags)} → {n_tags} / hashtags are lost",
            )
        )
    return found
