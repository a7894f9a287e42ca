"""Putting a piece of the English into the Korean: over what stands in its place, or where it must have stood."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...artifacts.rows import Issue, Span


@dataclass(frozen=True)
class Edit:
    """`text` over [start, end), in code points of the text it is made for; start = end inserts."""

    start: int
    end: int
    text: str

    def on(self, text: str) -> str:
        """Give the text with the edit made."""
        return text[: self.start] + self.text + text[self.end :]


def replace(text: str, span: list[int] | tuple[int, int], piece: str) -> Edit:
    """Give the edit that puts the piece over [start, end) of the text."""
    return Edit(span[0], span[1], piece)


def between(text: str, new: str) -> Edit:
    """Give the edit that makes `new` of `text`, without what both begin and end with."""
    n = min(len(text), len(new))
    first = next((i for i in range(n) if text[i] != new[i]), n)
    last = next((i for i in range(n - first) if text[-1 - i] != new[-1 - i]), n - first)
    return Edit(first, len(text) - last, new[first : len(new) - last])


def whole_lines(text: str, edit: Edit) -> Edit:
    """Give an edit of several lines without the lines at its ends that it leaves as they are."""
    old, new = text[edit.start : edit.end].split("\n"), edit.text.split("\n")
    first = 0
    while first < min(len(old), len(new)) - 1 and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - 1 - first and old[-1 - last] == new[-1 - last]:
        last += 1
    start = edit.start + sum(len(line) + 1 for line in old[:first])
    end = edit.end - sum(len(line) + 1 for line in old[len(old) - last :])
    return Edit(start, end, "\n".join(new[first : len(new) - last]))


def source_span(issue: Issue) -> tuple[int, int]:
    """Give where an issue stands in the English. Raises ValueError when it has no place there."""
    return _known(issue["source_span"])


def target_span(issue: Issue) -> tuple[int, int]:
    """Give where an issue stands in the Korean. Raises ValueError when it has no place there."""
    return _known(issue["target_span"])


def _known(span: Span | None) -> tuple[int, int]:
    if span is None:
        raise ValueError("an issue without a place in this text cannot be mended here")
    return span[0], span[1]


def piece_of(original: str, issue: Issue) -> str:
    """Give the source text of an issue; "" when it has no source span."""
    span = issue.get("source_span")
    return original[span[0] : span[1]] if span else ""


def _turned(opening: str, closing: str) -> str:
    """A placeholder whose brackets changed places: `회사명][`, of one word, or two short ones in front."""
    a, b = re.escape(opening), re.escape(closing)
    return rf"(?:(?m:^)[^\s{a}{b}]{{1,12}} )?[^\s{a}{b}:]{{1,20}}{b}{a}(?![^{a}{b}\n]*{b})"


def _half(opening: str, closing: str) -> str:
    """A placeholder that lost its closing bracket: one word before a particle, so that no prose is taken along."""
    a, b = re.escape(opening), re.escape(closing)
    tail = r"(?=(?:에게서|에게|에서|에는|에|은|는|이|가|을|를|의|와|과|으로|로|께| 님|님|부터|까지)?(?:[\s.,!?]|$))"
    return rf"{a}[^\s{a}{b}]{{1,20}}?{tail}(?![^{a}{b}\n]*{b})"


SHAPES = (  # how a translated name still looks, by how the name looks
    (re.compile(r"[\w.$]+\(.*\)\Z", re.S), re.compile(r"[\w.가-힣]+ ?\([^()\n]*\)")),
    (re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+\Z"), re.compile(r"[\w가-힣]+(?:-[\w가-힣]+)+")),
    (re.compile(r"\w+(?:_\w+)+\Z"), re.compile(r"[A-Za-z가-힣]+(?:_[\w가-힣]+)+")),
    (re.compile(r".*[\w-]\.[a-z0-9]{1,6}\Z"), re.compile(r"[\w가-힣/-]+\.[A-Za-z가-힣]{1,6}")),
    (re.compile(r"--?[\w-]+\Z"), re.compile(r"(?<!\S)[-–—]{1,2}[\w가-힣-]+")),
    (re.compile(r"`.*`\Z", re.S), re.compile(r"`[^`\n]+`|['‘][^'’\n]{1,60}['’]")),
    (re.compile(r"\\?[\[(].*|\$.*", re.S), re.compile(r"\$[^$\n]+\$|\\\[.*?\\\]|\\\(.*?\\\)", re.S)),
    (
        re.compile(r"https?://.*"),
        re.compile(r"(?:https?|ht+ps?)[:;]?\s?/\s?/?\S*[A-Za-z0-9/_=-]|www\.\S*[A-Za-z0-9/_=-]"),
    ),
    (
        re.compile(r"[^@\s]+@[^@\s]+\Z"),
        re.compile(
            r"[A-Za-z0-9_.+-]+\s?(?:@|＠|골뱅이)\s?[A-Za-z0-9.-]*[A-Za-z]|[A-Za-z0-9_.+-]+@[가-힣]+(?:\.[A-Za-z]+)+"
        ),
    ),
    (
        re.compile(r"\[.*\]\Z"),
        re.compile(rf"\[[^\[\]\n]{{1,40}}\]|（[^（）\n]{{1,30}}）|{_turned('[', ']')}|{_half('[', ']')}"),
    ),
    (re.compile(r"\{.*\}\Z"), re.compile(rf"\{{[^{{}}\n]{{1,40}}\}}|{_turned('{', '}')}|{_half('{', '}')}")),
    (re.compile(r"<.*>\Z", re.S), re.compile(rf"<[^<>\n]{{1,40}}>|{_turned('<', '>')}|{_half('<', '>')}")),
)


PARTICLE = re.compile(
    r"(?<=[가-힣]{2})(?:이라는|이라고|이라|라는|라고|에서|에게|으로|을|를|은|는|이|가|에|로|와|과|의|도|만)\Z"
)


def _without_particle(match: re.Match[str]) -> tuple[int, int]:
    """Give the span of a translated name without the particle that is written on to it."""
    tail = PARTICLE.search(match.group())
    return match.start(), match.start() + tail.start() if tail else match.end()


def stand_in(piece: str, original: str, text: str, around: list[int] | None) -> tuple[int, int] | None:
    """Give where in the text something stands that looks like this piece and is not in the English; None when unclear.

    `around` narrows the search to a line or sentence; nothing or several candidates are unclear.
    """
    start, end = around if around and around[1] > around[0] else (0, len(text))
    for shape, looks in SHAPES:
        if shape.match(piece):
            found = [_without_particle(m) for m in looks.finditer(text, start, end) if m.group() not in original]
            if len(found) == 1:
                return found[0]
            if not found and (start, end) != (0, len(text)):
                return stand_in(piece, original, text, None)
    return None
