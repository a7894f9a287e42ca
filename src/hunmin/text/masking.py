"""Cuts a text into what is translated and what must survive, hides the latter, and puts everything back exactly.

    pieces = cut(text, "lines")            # str = kept as it is, Segment = to be translated
    sent = encode(segment, "xml")          # what the engine sees
    reply = decode(segment, reply, "xml")  # raises MaskError when a mask was lost, doubled or moved
    text = join(pieces, {id: restore(segment, reply)})

Inside a Segment every hidden stretch is one private-use character, so positions can be reasoned about; what stands for
it on the wire is the style's affair. Hard line breaks inside a sentence are joined before sending and set again at the
nearest space; lists, tables, JSON and `Key: value` lines are cut at their structure, which is never sent.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .hidden import hidden_spans
from .segments import Span, is_code

Size = Literal["whole", "lines", "sentences"]
Style = Literal["xml", "xml_empty", "bracket", "at"]

_FIRST = 0xF0000  # plane 15, private use: no text has a meaning there
_HIDDEN = re.compile("[\U000f0000-\U000ffffd]")
_STRUCTURE = ("fence", "code", "json", "table", "structure")  # cut out of lines; the sentence does not run through them
_FREE_IN_WHOLE = ("table", "structure")  # left visible when a whole field is sent; compared line by line afterwards
_SHOWN_CHARS = 40  # a hidden stretch this short is shown to DeepL inside its tag, for the grammar around it
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9\U000f0000-\U000ffffd])")
_KEY = re.compile(r"(?P<key>[A-Z][A-Za-z0-9&/'’ -]{0,38}?)(?P<colon>[ \t]*:(?:[ \t]+|$))(?P<value>.*)\Z", re.DOTALL)
_NO_KEY = frozenset(
    "is are was were be the this that these those following do does did what how why when where who here there if and "
    "or but to for of with you your i it we they can should will please has have had".split()
)
_RUNS_ON = re.compile(
    r"(?:,|-|\b(?:a|an|the|of|and|or|but|to|in|on|at|by|for|with|from|as|that|which|is|are|was|were|be|not|its|their))\Z"
)
_RESERVED = re.compile("[\U000f0000-\U000ffffd⟦⟧@]|[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LETTER = re.compile(r"[^\W\d_]")


class MaskError(ValueError):
    """A reply in which hidden stretches or structure did not survive; the message says how."""


@dataclass
class Segment:
    """One stretch to translate: `body` with each hidden stretch as one private-use character, `hidden` their texts by
    order, `kinds` what they are, `breaks` the joined line breaks as (offset in body, original white space), `quoted`
    that it stands inside a JSON string, where a quotation mark needs a backslash, `key_of` the value that it is the
    label of in a `Key: value` line (None = it is no label)."""

    body: str
    hidden: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    breaks: list[tuple[int, str]] = field(default_factory=list)
    quoted: bool = False
    key_of: str | None = None

    @property
    def source(self) -> str:
        """The stretch as it stood in the text."""
        return restore(self, self.body)


Piece = str | Segment


def cut(text: str, size: Size = "lines", spans: Sequence[Span] | None = None) -> list[Piece]:
    """Cut a text into kept strings and segments to translate; joining the unchanged pieces gives the text.

    `whole` makes one segment of everything, `lines` one per line (or cell, or value), `sentences` still smaller ones.
    A text that is nothing but code, or has no letters outside of what is hidden, has no segment. `spans` are what must
    survive; None finds them.
    """
    if spans is None:
        spans = hidden_spans(text)
        if is_code(text):
            return [text] if text else []
    if size == "whole":
        # a comment of AsciiDoc is structure too, and has lines
        kept = [s for s in spans if s.kind not in _FREE_IN_WHOLE or "\n" in s.of(text)]
        spans = _with_reserved(text, kept)
        return _trimmed(text, 0, len(text), spans, join=True)
    spans = _with_reserved(text, spans)
    pieces: list[Piece] = []
    walls = [s for s in spans if s.kind in _STRUCTURE or "\n" in s.of(text)]
    inline = [s for s in spans if s not in walls]
    at, before = 0, ""
    for wall in [*walls, Span(len(text), len(text), "")]:
        between = _cut_lines(text, at, wall.start, inline, size)
        if before == wall.kind == "json" and text[at - 1] == text[wall.start] == '"':
            between = [replace(p, quoted=True) if isinstance(p, Segment) else p for p in between]
        pieces += [*between, text[wall.start : wall.end]]
        at, before = wall.end, wall.kind
    return _merged(pieces)


def _with_reserved(text: str, spans: Sequence[Span]) -> list[Span]:
    """Add the characters that masking itself uses as spans, wherever no span covers them."""
    covered = [False] * (len(text) + 1)
    for span in spans:
        covered[span.start : span.end] = [True] * (span.end - span.start)
    own = [Span(m.start(), m.end(), "reserved") for m in _RESERVED.finditer(text) if not covered[m.start()]]
    return sorted([*spans, *own])


def _cut_lines(text: str, start: int, end: int, spans: list[Span], size: Size) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for line_end in _line_ends(text, start, end):
        own = [s for s in spans if at <= s.start and s.end <= line_end]
        for piece in _trimmed(text, at, line_end, own, join=True):
            pieces += _cut_key(piece) if isinstance(piece, Segment) else [piece]
        at = line_end
    if size == "sentences":
        pieces = [p for piece in pieces for p in (_cut_sentences(piece) if isinstance(piece, Segment) else [piece])]
    return pieces


def _line_ends(text: str, start: int, end: int) -> list[int]:
    """Give where lines end, leaving out breaks inside a sentence."""
    ends = [m.start() for m in re.finditer("\n", text[start:end])]
    return [start + i for i in ends if not _runs_on(text, start, start + i, end)] + [end]


def _runs_on(text: str, start: int, at: int, end: int) -> bool:
    """Whether the line break at `at` stands inside a sentence."""
    before = text[max(start, text.rfind("\n", start, at) + 1) : at].strip()
    stop = text.find("\n", at + 1, end)
    after = text[at + 1 : end if stop < 0 else stop].strip()
    if not before or not after or _KEY.match(after) or before[-1] in ".!?…:;|":
        return False
    if len(before.split()) < 4:
        return False
    return after[0].islower() or bool(_RUNS_ON.search(before) and len(before) >= 30)


def _trimmed(text: str, start: int, end: int, spans: Sequence[Span], join: bool) -> list[Piece]:
    """Give [white space, segment, white space] of a stretch, or the stretch kept when there is nothing to translate."""
    inner = text[start:end]
    left = len(inner) - len(inner.lstrip())
    right = len(inner.rstrip())
    if left >= right:
        return [inner] if inner else []
    segment = _hide(text, start + left, start + right, spans)
    if not _LETTER.search(_HIDDEN.sub("", segment.body)):
        return [inner]
    if join:
        _join_breaks(segment)
    return _merged([inner[:left], segment, inner[right:]])


def _hide(text: str, start: int, end: int, spans: Sequence[Span]) -> Segment:
    out: list[str] = []
    hidden: list[str] = []
    kinds: list[str] = []
    at = start
    for span in spans:
        first, last = max(span.start, at), min(span.end, end)  # white space at the edges is kept outside
        if first >= last:
            continue
        out += [text[at:first], chr(_FIRST + len(hidden))]
        hidden.append(text[first:last])
        kinds.append(span.kind)
        at = last
    return Segment("".join(out) + text[at:end], hidden, kinds)


def _join_breaks(segment: Segment) -> None:
    """Replace line breaks inside a sentence by one space each and remember them."""
    out, at = [], 0
    length = 0
    for match in re.finditer(r"[ \t\r]*\n[ \t]*", segment.body):
        newline = segment.body.index("\n", match.start())
        if not _runs_on(segment.body, 0, newline, len(segment.body)) or _beside_block(segment, match):
            continue
        out.append(segment.body[at : match.start()])
        length += match.start() - at
        segment.breaks.append((length, match.group()))
        out.append(" ")
        length += 1
        at = match.end()
    segment.body = "".join(out) + segment.body[at:]


def _beside_block(segment: Segment, line_break: re.Match[str]) -> bool:
    """Tell whether a line break parts a sentence from a block of code, which keeps its lines."""
    beside = segment.body[line_break.start() - 1 : line_break.start()] + segment.body[line_break.end() :][:1]
    return any(segment.kinds[ord(char) - _FIRST] in ("code", "fence") for char in _HIDDEN.findall(beside))


def _cut_key(segment: Segment) -> list[Piece]:
    """Cut `Key: value` into key, colon and value; other segments stay whole."""
    match = _KEY.match(segment.body)
    if not match or segment.breaks or not _is_key(match["key"]):
        return [segment]
    value = Segment(match["value"], segment.hidden, segment.kinds)
    kept = bool(_LETTER.search(_HIDDEN.sub("", value.body)))
    return _merged([Segment(match["key"], key_of=value.source), match["colon"], value if kept else value.source])


def _is_key(text: str) -> bool:
    words = text.split()
    return len(words) == 1 or len(words) <= 3 and not any(word.lower() in _NO_KEY for word in words)


def _cut_sentences(segment: Segment) -> list[Piece]:
    body = segment.body
    for offset, space in reversed(segment.breaks):  # the joined breaks become breaks again
        body = body[:offset] + space + body[offset + 1 :]
    segment = Segment(body, segment.hidden, segment.kinds)
    pieces: list[Piece] = []
    at = 0
    for match in _SENTENCE_END.finditer(segment.body):
        end = match.end() - len(match.group()) + len(match.group().rstrip())
        pieces += [_part(segment, at, end), segment.body[end : match.end()]]
        at = match.end()
    return _merged([*pieces, _part(segment, at, len(segment.body))])


def _part(segment: Segment, start: int, end: int) -> Piece:
    """Give a part of a segment as a segment of its own, its hidden stretches numbered anew."""
    body: list[str] = []
    hidden: list[str] = []
    kinds: list[str] = []
    for char in segment.body[start:end]:
        if _HIDDEN.match(char):
            i = ord(char) - _FIRST
            char = chr(_FIRST + len(hidden))
            hidden.append(segment.hidden[i])
            kinds.append(segment.kinds[i])
        body.append(char)
    part = Segment("".join(body), hidden, kinds)
    return part if _LETTER.search(_HIDDEN.sub("", part.body)) else part.source


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Drop empty strings and put neighbouring kept strings together."""
    out: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str):
            if piece and out and isinstance(out[-1], str):
                out[-1] += piece
                continue
            if not piece:
                continue
        out.append(piece)
    return out


def encode(segment: Segment, style: Style) -> str:
    """Give what an engine sees of a segment: XML with tags (for DeepL), or ⟦0⟧ or @0@ in plain text."""

    def shown(match: re.Match[str]) -> str:
        i = ord(match.group()) - _FIRST
        if style == "bracket":
            return f"⟦{i}⟧"
        if style == "at":
            return f"@{i}@"
        content = segment.hidden[i]
        if style == "xml" and len(content) <= _SHOWN_CHARS and segment.kinds[i] != "reserved":
            return f'<x id="{i}">{html.escape(content, quote=False)}</x>'
        return f'<x id="{i}"/>'

    body = html.escape(segment.body, quote=False) if style.startswith("xml") else segment.body
    return _HIDDEN.sub(shown, body)


_TOKENS = {
    "bracket": re.compile(r"⟦\s*(\d+)\s*⟧"),
    "at": re.compile(r"@\s?(\d+)\s?@"),
    "xml": re.compile(r"<x id=\"(\d+)\"\s*/>|<x id=\"(\d+)\"\s*>.*?</x>", re.DOTALL),
}


def decode(segment: Segment, reply: str, style: Style) -> str:
    """Give the reply in the segment's own form (hidden stretches as private-use characters).

    Raises MaskError when a hidden stretch was lost, doubled or invented, when marks that come in pairs changed their
    order, when a stretch left its line, or when the number of lines or the visible structure changed.
    """
    reply = _HIDDEN.sub("", reply).strip()
    found: list[int] = []

    def hide(match: re.Match[str]) -> str:
        i = int(next(g for g in match.groups() if g is not None))
        if i >= len(segment.hidden):
            raise MaskError(f"mask {i} was invented")
        found.append(i)
        return chr(_FIRST + i)

    is_xml = style.startswith("xml")
    body = _TOKENS["xml" if is_xml else style].sub(hide, reply)
    if is_xml:
        if re.search(r"</?x\b", body):
            raise MaskError("a tag was mangled")
        body = html.unescape(body)
    if style == "bracket" and re.search("[⟦⟧]", body):
        raise MaskError("a mask was mangled")
    for i in range(len(segment.hidden)):
        n = found.count(i)
        expected = segment.body.count(chr(_FIRST + i))
        if n != expected:
            how = "lost" if n < expected else "doubled"
            raise MaskError(f"mask {i} ({segment.hidden[i][:40]!r}) was {how}")
        if segment.hidden[i].startswith("::") and not re.search(rf"{chr(_FIRST + i)}[ \t]*(?:\n|\Z)", body):
            raise MaskError("a block behind :: left the end of its line")
    if not _LETTER.search(_HIDDEN.sub("", body)):
        raise MaskError("nothing but masks came back")
    pairs = [i for i, kind in enumerate(segment.kinds) if kind in ("marker", "tag")]
    if [i for i in found if i in pairs] != [i for i in _order(segment.body) if i in pairs]:
        raise MaskError("a mark was moved to another place")
    body = _tight_marks(segment, body)
    _compare_lines(segment, body)
    return body


def _order(body: str) -> list[int]:
    return [ord(m.group()) - _FIRST for m in _HIDDEN.finditer(body)]


def _tight_marks(segment: Segment, body: str) -> str:
    """Take out white space that an engine put between a mark and the word it marks (`** word **`)."""
    for i, kind in enumerate(segment.kinds):
        if kind == "marker":
            mark = chr(_FIRST + i)
            if re.search(rf"{mark}\S", segment.body) and not re.search(rf"\S{mark}", segment.body):
                body = re.sub(rf"{mark}\s+", mark, body)
            elif re.search(rf"\S{mark}", segment.body) and not re.search(rf"{mark}\S", segment.body):
                body = re.sub(rf"\s+{mark}", mark, body)
    return body


_SIGNS = re.compile(r"[ \t]*(?:#{1,6}(?=\s)|>|[-*+•](?=\s)|\d{1,3}[.)](?=\s))?")


def _compare_lines(segment: Segment, body: str) -> None:
    old, new = segment.body.split("\n"), body.split("\n")
    if len(old) != len(new):
        raise MaskError(f"{len(old)} lines became {len(new)}")
    if len(old) == 1:
        return
    for number, (a, b) in enumerate(zip(old, new, strict=True), 1):
        if bool(a.strip()) != bool(b.strip()):
            raise MaskError(f"line {number} was moved")
        if sorted(_HIDDEN.findall(a)) != sorted(_HIDDEN.findall(b)):
            raise MaskError(f"a mask left line {number}")
        if _SIGNS.match(a).group() != _SIGNS.match(b).group() or a.count("|") != b.count("|"):  # type: ignore[union-attr]  # it matches the empty text too
            raise MaskError(f"the structure of line {number} changed")
        key = _KEY.match(a.strip())
        if key and _is_key(key["key"]) and ":" not in b and "：" not in b:
            raise MaskError(f"line {number} lost its colon")


def restore(segment: Segment, body: str) -> str:
    """Give the text of a translated body: joined line breaks set again at the nearest space, hidden
    stretches put back."""
    if segment.quoted and body != segment.body:
        body = re.sub(r'(?<!\\)"', r'\\"', body).replace("\n", "\\n")
    same = body == segment.body
    for i, (offset, space) in reversed(list(enumerate(segment.breaks))):
        if same or len(segment.body) == 0:
            at = offset
        else:
            wanted = offset / len(segment.body) * len(body)
            lower = max((b for b, _ in segment.breaks[:i]), default=0) / len(segment.body) * len(body)
            places = [m.start() for m in re.finditer(" ", body) if m.start() > lower]
            if not places:
                continue
            at = min(places, key=lambda p: abs(p - wanted))
        body = body[:at] + space + body[at + 1 :]
    return _HIDDEN.sub(lambda m: segment.hidden[ord(m.group()) - _FIRST], body)


def join(pieces: Sequence[Piece], translated: Sequence[str]) -> str:
    """Join kept pieces and the translations of the segments, given in order."""
    rest = iter(translated)
    return "".join(piece if isinstance(piece, str) else next(rest) for piece in pieces)
