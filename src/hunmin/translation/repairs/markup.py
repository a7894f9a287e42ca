"""Mends markup: addresses, placeholders, tags, colons, list and heading signs, table rules, markers of emphasis."""

from __future__ import annotations

import re

from ...artifacts.rows import Issue
from ...text.patterns import TABLE_RULE
from ...text.segments import find_spans
from ..checks.emphasis import marks
from ..checks.labels import GLOSSARY
from ..checks.lines import KEY
from .splice import Edit, piece_of, replace, source_span, stand_in, target_span

TAG_NAME = re.compile(r"<(?P<slash>/?)(?P<name>[A-Za-z][\w.-]*)")
HANGUL_TAG = re.compile(r"<(?P<slash>/?)(?P<name>[가-힣][가-힣\w]*)(?=\s[^<>\n]*=|\s*/?>)")
SIGN = re.compile(r"^[ \t]*(?:#{1,6}|[-*+•]|\d{1,3}[.)])[ \t]+")


def mend(original: str, text: str, issue: Issue) -> Edit | None:
    """Give the text with the issue's markup put back; None when its place is not certain."""
    if not issue.get("source_span") or not issue.get("target_span"):
        return None
    piece = piece_of(original, issue)
    for way in (_span, _sign, _colon, _row, _ticks, _mark):
        found = way(original, text, issue, piece)
        if found is not None and found.on(text) != text:
            return found
    return None


def _span(original: str, text: str, issue: Issue, piece: str) -> Edit | None:
    """A URL, mail address, placeholder or tag over its changed self."""
    kinds = {(s.start, s.end): s.kind for s in find_spans(original)}
    kind = kinds.get(source_span(issue), "")
    if kind not in ("url", "email", "placeholder", "tag"):
        return None
    a, b = target_span(issue)
    if kind == "tag" and (name := _tag_name(text, issue, piece)):
        return name
    there = {(s.start, s.end): s.kind for s in find_spans(text)}
    if there.get((a, b)) == kind:
        return replace(text, (a, b), piece)
    line = _only_placeholder(original, text, issue, piece)
    if line is not None:
        return line
    found = stand_in(piece, original, text, [a, b])
    return replace(text, found, piece) if found else None


def _tag_name(text: str, issue: Issue, piece: str) -> Edit | None:
    """The name of a tag whose name was translated; its translated attributes stay."""
    a, b = _line(text, target_span(issue)[0])
    found = list(HANGUL_TAG.finditer(text, a, b))
    own = TAG_NAME.match(piece)
    if len(found) != 1 or not own or found[0]["slash"] != own["slash"]:
        return None
    return replace(text, found[0].span("name"), own["name"])


def _line(text: str, at: int) -> tuple[int, int]:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, end if end >= 0 else len(text)


def _only_placeholder(original: str, text: str, issue: Issue, piece: str) -> Edit | None:
    """A line `Key: [Placeholder]` or `[Placeholder]` is made anew from its label and the placeholder."""
    start, end = _line(original, source_span(issue)[0])
    line = original[start:end]
    if original.count("\n") != text.count("\n"):
        return None
    rest = line.replace(piece, "", 1).strip()
    if rest and not re.fullmatch(r"[-*\d.) ]*[A-Za-z ]{2,30}:", rest):
        return None
    n = original.count("\n", 0, start)
    a = 0
    for _ in range(n):
        a = text.index("\n", a) + 1
    a, b = _line(text, a)
    if not rest:
        return replace(text, (a, b), line)
    label = re.match(r"[^:\[\]{}<>]+:", text[a:b])
    return replace(text, (a, b), f"{label.group()} {piece}") if label else None


def _sign(original: str, text: str, issue: Issue, piece: str) -> Edit | None:
    """A heading, list or number sign at the start of its line."""
    if not re.fullmatch(r"#{1,6}|[-*+•]|\d{1,3}", piece):
        return None
    start, end = _line(original, source_span(issue)[0])
    sign = SIGN.match(original[start:end])
    if not sign:
        return None
    a, b = _line(text, target_span(issue)[0])
    return replace(text, (a, b), sign.group() + SIGN.sub("", text[a:b]))


def _colon(original: str, text: str, issue: Issue, piece: str) -> Edit | None:
    """The colon after a label: at the end of a header line, or after the glossary's word."""
    key = KEY.match(piece)
    if not key or "쌍점" not in issue["detail"]:
        return None
    a, b = target_span(issue)
    line = text[a:b]
    if not key["rest"].strip():
        return replace(text, (a, b), line.rstrip() + ":")
    word = GLOSSARY.get(key["key"].strip().lower(), "")
    if word and line.lstrip(" -*").startswith(word + " "):
        at = a + line.index(word) + len(word)
        return replace(text, (at, at), ":")
    if " " not in key["key"].strip() and len(line.split()) >= 2:
        first = re.match(r"[ \t]*(?:[-*+•]\s+|\d{1,3}[.)]\s+)?\S+", line)
        if first:
            return replace(text, (a + first.end(), a + first.end()), ":")
    return None


def _row(original: str, text: str, issue: Issue, piece: str) -> Edit | None:
    """The rule of a table, or a row whose outer bar is lost."""
    a, b = target_span(issue)
    if TABLE_RULE.fullmatch(piece):
        return replace(text, (a, b), piece)
    if "표의 칸" not in issue["detail"]:
        return None
    line = text[a:b].strip()
    wanted = piece.strip()
    for start, end in (("| ", ""), ("", " |"), ("| ", " |")):
        if (start and line.startswith("|")) or (end and line.endswith("|")):
            continue
        fixed = start + line + end
        if (
            fixed.count("|") == wanted.count("|")
            and wanted.startswith("|") == fixed.startswith("|")
            and wanted.endswith("|") == fixed.endswith("|")
        ):
            return replace(text, (a, b), fixed)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    n_lost = wanted.count("|") - line.count("|")
    merged = [i for i, cell in enumerate(cells) if len(cell.split()) == n_lost + 1]
    if n_lost > 0 and len(merged) == 1 and line.startswith("|"):
        cells[merged[0] : merged[0] + 1] = cells[merged[0]].split()
        return replace(text, (a, b), "| " + " | ".join(cells) + " |")
    return None


def _ticks(original: str, text: str, issue: Issue, piece: str) -> Edit | None:
    if piece[:1] != "`":
        return None
    a, b = target_span(issue)
    return replace(text, (a, b), piece) if text[a:b] == piece.strip("`") else None


def _mark(original: str, text: str, issue: Issue, piece: str) -> Edit | None:
    """Emphasis back on a label at the start of the line, on the whole line, or on the number or name it stood on."""
    one = next((m for m in marks(original) if (m.start, m.end) == source_span(issue)), None)
    if one is None:
        return None
    start, end = _line(original, one.start)
    a, b = _line(text, target_span(issue)[0])
    line = text[a:b]
    stretch = text[target_span(issue)[0] : target_span(issue)[1]]
    if stretch.startswith(one.sign):
        at = target_span(issue)[0] - a
        line = line[:at] + stretch.strip("*_~") + line[at + len(stretch) :]
    sign = SIGN.match(line)
    lead = sign.end() if sign else 0
    label = re.match(r"[^:：]{1,30}[:：]", line[lead:])
    before, after = original[start : one.start], original[one.end : end]
    if label and (one.body.endswith(":") or re.match(r"\s*:", after)) and not SIGN.sub("", before).strip():
        inside = one.body.endswith(":")
        word = label.group()[:-1]
        marked = f"{one.sign}{word}:{one.sign}" if inside else f"{one.sign}{word}{one.sign}:"
        return replace(text, (a, b), line[:lead] + marked + line[lead + label.end() :])
    if not after.strip(" .!?") and not SIGN.sub("", before).strip():
        return replace(text, (a, b), line[:lead] + one.sign + line[lead:].strip() + one.sign)
    if len(one.body) >= 2 and line.count(one.body) == 1:
        return replace(text, (a, b), line.replace(one.body, one.sign + one.body + one.sign))
    solid = re.search(r"\d[\d,.]*\d|\d", one.body)
    if solid and line.count(solid.group()) == 1 and re.fullmatch(r"\d[\d,.]*\d?(?:\s?[A-Za-z%]+)?", one.body):
        there = re.search(
            re.escape(solid.group()) + r"\s?[가-힣A-Za-z%]{0,3}?(?=[\s은는이가을를의에로와과.,!?]|$)", line
        )
        if there:
            return replace(
                text, (a, b), line[: there.start()] + one.sign + there.group() + one.sign + line[there.end() :]
            )
    return None
