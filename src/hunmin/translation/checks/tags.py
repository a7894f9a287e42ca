"""Tags that are gone: one issue for what is one loss, none for what stands in other characters."""

from __future__ import annotations

import re
from collections import defaultdict

from ...text.raised import Raised, raised, told
from .lost import Lost, lost_spans
from .reading import CERTAIN, REVIEW, Issue, count, issue, lines_of, place

TAG_NAME = re.compile(r"</?(?P<name>[A-Za-z][\w.-]*)")
EMPHASIS_TAGS = ("b", "strong", "i", "em", "u", "mark", "small", "br", "p", "span", "div", "center")
PAIR = re.compile(
    r"<(?P<name>sub|sup|b|i|em|strong|code|u|s|kbd|mark|title|h[1-6]|li|td|th)>(?P<body>[^<>\n]{0,80})</(?P=name)>"
)
HANGUL_TAG = re.compile(r"</?[가-힣][^<>\n]*>")
# What Markdown writes for a tag: more of it than in the English says where the tag went.
INSTEAD = {
    "a": r"\]\(", "img": r"!\[", "code": "`", "kbd": "[`*]", "tt": "`", "samp": "`", "pre": r"(?m)^[ \t]*(?:```|~~~)",
    "blockquote": r"(?m)^[ \t]*>", "hr": r"(?m)^[ \t]*(?:---+|\*\*\*+|___+)[ \t]*$",
    "h1": r"(?m)^[ \t]*#", "h2": r"(?m)^[ \t]*#", "h3": r"(?m)^[ \t]*#", "h4": r"(?m)^[ \t]*#",
    "li": r"(?m)^[ \t]*(?:[-*+]|\d+[.)])[ \t]", "ul": r"(?m)^[ \t]*[-*+][ \t]", "ol": r"(?m)^[ \t]*\d+[.)][ \t]",
    "table": r"\|", "thead": r"\|", "tbody": r"\|", "tr": r"\|", "td": r"\|", "th": r"\|",
    "b": r"\*\*", "strong": r"\*\*", "i": r"[*_]", "em": r"[*_]", "del": "~~", "s": "~~",
}  # fmt: skip


SELF_CLOSED = re.compile(r"<(?P<name>[A-Za-z][\w.-]*)(?P<rest>[^<>]*?)\s*/>")
EMPTY_PAIR = re.compile(r"<(?P<name>[A-Za-z][\w.-]*)(?P<rest>[^<>]*?)\s*></(?P=name)>")


def _closed_alike(original: str, text: str) -> bool:
    """Tell whether the empty elements of both are the same ones, however they are closed."""
    if not (SELF_CLOSED.search(text) or SELF_CLOSED.search(original)):
        return False
    mine, other = (SELF_CLOSED.sub(r"<\g<name>\g<rest>></\g<name>>", side) for side in (original, text))
    tags = [sorted(re.findall(r"</?[A-Za-z][^<>]*>", side)) for side in (mine, other)]
    return bool(EMPTY_PAIR.search(mine)) and tags[0] == tags[1]


def find(original: str, text: str) -> list[Issue]:
    """Give the tags that are gone: half a pair is `certain`, a whole pair with its words kept one `review`."""
    if _closed_alike(original, text):
        return _emptied(original, text)
    runs = raised(original)
    found = _raised(original, text, runs)
    gone: defaultdict[str, list[tuple[Lost, bool]]] = defaultdict(list)
    for one in lost_spans(original, text, ("tag",)):
        body = one.span.of(original)
        name = TAG_NAME.match(body)
        if not name:  # the rest of a tag behind the text of an attribute
            continue
        sign = name.group()
        n, there = _count(sign, original), _count(sign, text)
        if there >= n and re.sub(r"\s", "", body) in re.sub(r"\s", "", text):
            continue
        if any(r.start <= one.span.start < r.end for r in runs) and not _torn(name["name"], original, text):
            continue  # told with its run
        if _markdown(name["name"].lower(), original, text):
            continue
        gone[name["name"]].append((one, there >= n))
    for name_, lost in gone.items():
        found += _of_a_name(name_, lost, original, text)
    return found + _emptied(original, text)


def _count(sign: str, text: str) -> int:
    return len(re.findall(re.escape(sign) + r"(?![\w.-])", text))


def _torn(name: str, original: str, text: str) -> bool:
    """Tell whether the tags of a name open as often as they close in the English, and not in the Korean."""
    halves = [(_count(f"<{name}", side), _count(f"</{name}", side)) for side in (original, text)]
    return halves[0][0] == halves[0][1] and halves[1][0] != halves[1][1]


def _markdown(name: str, original: str, text: str) -> bool:
    sign = INSTEAD.get(name)
    return bool(sign) and len(re.findall(str(sign), text)) > len(re.findall(str(sign), original))


def _of_a_name(name: str, lost: list[tuple[Lost, bool]], original: str, text: str) -> list[Issue]:
    """Give the issues of the lost tags of one name.

    <em>, <br> may go with the emphasis and a page may be another version: only half a pair, or a tag of structure
    between texts of as many lines, is damage for sure. Whole pairs are one loss, and where their words may stand, bare
    or translated, one question to a reader.
    """
    torn = _torn(name, original, text)
    opens = [one for one, _ in lost if not one.span.of(original).startswith("</")]
    whole = len(opens) * 2 == len(lost) and not torn and not HANGUL_TAG.search(text)
    alike = len(lines_of(original)) == len(lines_of(text))
    found: list[Issue] = []
    for one, other in lost:
        if whole and one not in opens:
            continue
        soft = not torn and (other or name.lower() in EMPHASIS_TAGS or not alike)
        if whole and not _content_gone(name, one, original, text):
            if any(i["severity"] == REVIEW for i in found):
                continue
            soft = True
        body = one.span.of(original)
        where = (one.instead.start, one.instead.end) if one.instead else place(original, text, one.span.start)
        detail = f"태그 '{body[:40]}' 없음 / the tag is lost"
        found.append(issue("markup", REVIEW if soft else CERTAIN, (one.span.start, one.span.end), where, detail))
    return found


def _content_gone(name: str, opening: Lost, original: str, text: str) -> bool:
    """Tell whether what a pair of tags holds must stand as it is, and does not: a name, a number, code."""
    end = original.find(f"</{name}", opening.span.end)
    body = original[opening.span.end : end].strip(" `*_\n") if end >= 0 else ""
    return bool(re.fullmatch(r"(?=\S*[\d_./A-Z])[\w./-]+", body)) and not count(body, text)


def _raised(original: str, text: str, runs: list[Raised]) -> list[Issue]:
    """Give one issue for all raised and lowered parts that stand in plain letters, and one per number that is gone."""
    found: list[Issue] = []
    plain = _without(original, runs), _without(text, raised(text))
    for run in runs:
        names = {m["name"] for m in map(TAG_NAME.match, re.findall(r"<su[bp]>", run.written)) if m}
        how = told(run, text)
        bare = bool(run.base) and count(run.base, plain[1]) > count(run.base, plain[0])
        if bare and text.count(run.written) and text.count(run.written) < original.count(run.written) - len(found):
            how = ""  # CO beside CO<sub>2</sub>
        if how == "same" or any(_torn(name, original, text) for name in names):
            continue
        if all(_count(f"<{name}", text) >= _count(f"<{name}", original) for name in names):
            continue  # another base, in Korean
        tag = re.search(r"<su[bp]>", run.written)
        assert tag
        span = (run.start + tag.start(), run.start + tag.end())
        digit = all(re.fullmatch(r"[-+−]?\d+[-+−]?", body) for body in run.bodies)
        if run.base[-1:].isdigit() and digit:
            continue  # 106 for 10<sup>6</sup> is another number, which `number_lost` tells
        if how == "" and digit and (bare or count(run.plain, text)):
            detail = f"'{run.plain[:40]}'의 위아래 글자가 없음 / what was raised or lowered is lost"
            found.append(issue("markup", CERTAIN, span, place(original, text, run.start), detail))
        elif not any(i["severity"] == REVIEW for i in found):
            detail = f"태그 '{tag.group()}' 없음 / the tag is lost"
            found.append(issue("markup", REVIEW, span, place(original, text, run.start), detail))
    return found


def _without(original: str, runs: list[Raised]) -> str:
    for run in reversed(runs):
        original = original[: run.start] + " " * (run.end - run.start) + original[run.end :]
    return original


def _emptied(original: str, text: str) -> list[Issue]:
    """Pairs of tags with something between them in the source and nothing in the target: NA<sub></sub>f."""
    full = {m["name"] for m in PAIR.finditer(original) if m["body"].strip()}
    empty = {m["name"] for m in PAIR.finditer(original) if not m["body"].strip()}
    return [
        issue(
            "markup",
            REVIEW if there["name"] in ("td", "th", "li") else CERTAIN,
            next(m.span() for m in PAIR.finditer(original) if m["name"] == there["name"] and m["body"].strip()),
            there.span(),
            f"태그 '{there['name']}'의 안이 빔 / nothing stands between the tags any more",
        )
        for there in PAIR.finditer(text)
        if not there["body"].strip() and there["name"] in full - empty
    ]
