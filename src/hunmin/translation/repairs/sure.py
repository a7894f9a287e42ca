"""Which mends need no person: the source's own bytes, at a place beyond doubt, over what was wrong against the source.

That fewer issues are open afterwards proves nothing here. Everything else is proposed.
"""

from __future__ import annotations

import re

from ...text.hangul import has_hangul
from ...text.patterns import TABLE_RULE
from ...text.segments import Span, is_code
from ..checks.damage import NAME, squeeze
from ..checks.program import STRING
from ..checks.reading import CERTAIN, Issue, lines_of, spans_of
from .blocks import merge
from .splice import Edit

CODEY = re.compile(r"[_.()=<>\[\]{}$/\\@#+*|-]|[a-z][A-Z]|\d")
TEMPLATE = re.compile(r"\$?\{\{?[\w. ]{1,40}\}?\}|%\([A-Za-z_]\w*\)[sdf]")
SLOT = re.compile(r"<[^<>\n]*>|\[[^\[\]\n]*\]|\{[^{}\n]*\}")  # what a reader fills in may be translated
RULE_CHARS = re.compile(r"[|:\s–—-]*")
SAID = re.compile(
    r"\\(?:text\w*|mbox|mathrm|mathbf|emph|underline|operatorname|(?:sub)*section\*?|caption|title)\{[^{}]*\}"
)
DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
BLOCKS = ("fence", "code")


def sure(original: str, text: str, issue: Issue, edit: Edit) -> bool:
    """Tell whether an edit may be made unasked."""
    if issue["severity"] != CERTAIN or not issue["source_span"]:
        return False
    if issue["code"] == "code_only":
        return is_code(original) and _block(original, text)
    start, end = issue["source_span"]
    kind = next((s.kind for s in spans_of(original) if (s.start, s.end) == (start, end)), "")
    piece, touched = original[start:end], text[edit.start : edit.end]
    if kind in BLOCKS:
        return _paired_block(original, text, (start, end), edit)
    if issue["code"] == "number_lost":
        return edit.text == piece and _digit(original, text, piece, touched, edit)
    if kind == "tag":
        return bool(re.fullmatch(r"[가-힣\w]+", touched)) and piece.lstrip("</").startswith(edit.text)
    if edit.text != piece or not touched or touched in original:
        return False
    if TABLE_RULE.fullmatch(piece):
        return bool(RULE_CHARS.fullmatch(touched)) and len(lines_of(original)) == len(lines_of(text))
    return _wrong(kind, piece, touched) and _alone(original, text, Span(start, end, kind), edit)


def _block(original: str, text: str) -> bool:
    merged = merge(original, text)
    return merged is not None and merged[1]


def _paired_block(original: str, text: str, span: tuple[int, int], edit: Edit) -> bool:
    """A block beside the block of the same rank, of which every changed line is surely damaged."""
    mine = [s for s in spans_of(original) if s.kind in BLOCKS]
    other = [s for s in spans_of(text) if s.kind in BLOCKS]
    if len(mine) != len(other):
        return False
    i = next(i for i, s in enumerate(mine) if (s.start, s.end) == span)
    there = other[i]
    inside = there.start <= edit.start and edit.end <= there.end
    return inside and mine[i].kind == there.kind and _block(mine[i].of(original), there.of(text))


def _wrong(kind: str, piece: str, touched: str) -> bool:
    """Tell whether what stands there cannot be anybody's wish in place of this piece."""
    if kind in ("url", "email"):
        return squeeze(piece) == squeeze(touched) or _fits(piece, touched) and bool(re.search(r"[!-~]{2}\Z", touched))
    if kind == "placeholder":
        return bool(TEMPLATE.fullmatch(piece)) and (has_hangul(touched) or squeeze(piece) == squeeze(touched))
    if kind in ("inline_code", "identifier"):
        a, b = piece.strip("`"), STRING.sub('""', touched.strip("`"))
        if squeeze(STRING.sub('""', a)) == squeeze(b):
            return True
        b = SLOT.sub("", b)
        if has_hangul(a) or not has_hangul(b) or not CODEY.search(a):
            return False
        if re.fullmatch(r"[a-z]+(?:[@/|:-][a-z]+)+", a):
            return False  # words joined by a sign: a form to be filled in
        return kind == "inline_code" and (bool(NAME.search(b)) or not re.search(r"[A-Za-z]", b) and "<" not in a)
    if kind in ("latex", "formula"):
        a, b = SAID.sub("", piece), SAID.sub("", touched)
        same = squeeze(a) == squeeze(b) and squeeze(piece) == squeeze(touched)
        return same or kind == "latex" and has_hangul(b) and not has_hangul(a) and "\\" in a
    return False


def _fits(piece: str, touched: str) -> bool:
    """Tell whether the piece is what stands there with something of its own in place of each run of Hangul."""
    parts = [re.escape(part) for part in re.split(r"[가-힣]+(?: [가-힣]+)*", touched)]
    return len(parts) > 1 and len("".join(parts)) >= 2 and bool(re.fullmatch("[!-~]+?".join(parts), piece))


def _alone(original: str, text: str, span: Span, edit: Edit) -> bool:
    """Tell whether this piece and what it replaces are the only ones missing and strange, or the only ones that fit."""
    kinds = (span.kind,) if span.kind != "identifier" else ("identifier", "inline_code")
    piece = span.of(original)
    missing = {p for s in spans_of(original) if s.kind in kinds and (p := s.of(original)) not in text}
    strange = [s for s in spans_of(text) if s.kind in kinds and s.of(text) not in original]
    if piece not in missing:
        return False
    here = [s for s in strange if s.start < max(edit.end, edit.start + 1) and edit.start < s.end]
    if len(missing) == 1 and len(strange) == len(here) <= 1:
        return True
    touched = text[edit.start : edit.end]
    fitting = [s for s in strange if _fits(piece, s.of(text))]
    return len(here) == 1 and fitting == here and [p for p in missing if _fits(p, touched)] == [piece]


def _digit(original: str, text: str, piece: str, touched: str, edit: Edit) -> bool:
    """Tell whether one number of two or more digits was changed in place: every other number stands on both sides."""
    if not DIGITS.fullmatch(piece) or not DIGITS.fullmatch(touched) or min(len(piece), len(touched)) < 2:
        return False
    around = text[edit.start - 2 : edit.start].strip()[-1:] + text[edit.end : edit.end + 2].strip()[:1]
    if re.search(r"[=+*/×÷^<>≤≥~:_-]", around):
        return False
    mine, other = DIGITS.findall(original), DIGITS.findall(text)
    missing, strange = [n for n in mine if n not in other], [n for n in other if n not in mine]
    if (
        missing != [piece]
        or strange != [touched]
        or len(mine) != len(other)
        or mine.index(piece) != other.index(touched)
    ):
        return False
    a, b = piece.replace(",", "").replace(".", ""), touched.replace(",", "").replace(".", "")
    return (
        a == b or len(a) == len(b) and (sorted(a) == sorted(b) or sum(x != y for x, y in zip(a, b, strict=True)) == 1)
    )
