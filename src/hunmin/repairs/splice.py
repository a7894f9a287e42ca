"""Putting a piece of the English into the Korean: over what stands in its place, or where it must have stood."""

from __future__ import annotations

import re

from ..text.hangul import has_final, has_hangul

PARTICLES = {  # after a consonant, after a vowel
    "은": "는", "이": "가", "을": "를", "과": "와", "으로": "로", "이라는": "라는", "이라고": "라고", "이나": "나", "이란": "란", "이며": "며",
}  # fmt: skip
_WITH = {pair: (final, open_) for final, open_ in PARTICLES.items() for pair in (final, open_)}
PARTICLE = re.compile(rf"({'|'.join(sorted(_WITH, key=len, reverse=True))})(?=[\s.,:;!?)]|$)")
# How a Latin letter or a digit is read at the end of a word: does it end in a consonant?
CLOSED_ENDS = set("lmnrLMNR013678")


def replace(text: str, span: list[int] | tuple[int, int] | None, piece: str) -> str:
    """Give the text with [start, end) replaced by the piece."""
    if not span:
        return text
    return text[: span[0]] + piece + text[span[1] :]


def piece_of(original: str, issue: dict) -> str:
    """Give the source text of an issue; "" when it has no source span."""
    span = issue.get("source_span")
    return original[span[0] : span[1]] if span else ""


SHAPES = (  # how a translated name still looks, by how the name looks
    (re.compile(r"[\w.$]+\(.*\)\Z", re.S), re.compile(r"[\w.가-힣]+ ?\([^()\n]*\)")),
    (re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+\Z"), re.compile(r"[\w가-힣]+(?:-[\w가-힣]+)+")),
    (re.compile(r"\w+(?:_\w+)+\Z"), re.compile(r"[A-Za-z가-힣]+(?:_[\w가-힣]+)+")),
    (re.compile(r".*[\w-]\.[a-z0-9]{1,6}\Z"), re.compile(r"[\w가-힣/-]+\.[A-Za-z가-힣]{1,6}")),
    (re.compile(r"--?[\w-]+\Z"), re.compile(r"(?<!\S)[-–—]{1,2}[\w가-힣-]+")),
    (re.compile(r"`.*`\Z", re.S), re.compile(r"`[^`\n]+`|['‘][^'’\n]{1,60}['’]")),
    (re.compile(r"\\?[\[(].*|\$.*", re.S), re.compile(r"\$[^$\n]+\$|\\\[.*?\\\]|\\\(.*?\\\)", re.S)),
    (re.compile(r"https?://.*"), re.compile(r"(?:https?|ht+ps?)[:;]?/{1,2}\S*[A-Za-z0-9/_=-]|www\.\S*[A-Za-z0-9/_=-]")),
    (re.compile(r"[^@\s]+@[^@\s]+\Z"), re.compile(r"[\w.+가-힣-]+ ?(?:@|＠|골뱅이) ?[\w.가-힣-]+")),
    (
        re.compile(r"\[.*\]\Z"),
        re.compile(r"\[[^\[\]\n]*\]|\([^()\n]{1,30}\)|[\[］【][^\n\[\]]{1,30}|[^\s\[\]]{1,30}\]"),
    ),
    (re.compile(r"\{.*\}\Z"), re.compile(r"\{[^{}\n]*\}|\{[\w가-힣]+|[\w가-힣]+\}")),
    (re.compile(r"<.*>\Z", re.S), re.compile(r"<[^<>\n]*>")),
)


def stand_in(piece: str, original: str, text: str, around: list[int] | None) -> tuple[int, int] | None:
    """Give where in the text something stands that looks like this piece and is not in the English; None when unclear.

    `around` narrows the search to a line or sentence; nothing or several candidates are unclear.
    """
    start, end = around if around and around[1] > around[0] else (0, len(text))
    for shape, looks in SHAPES:
        if shape.match(piece):
            found = [m.span() for m in looks.finditer(text, start, end) if m.group() not in original]
            if len(found) == 1:
                return found[0]
            if not found and (start, end) != (0, len(text)):
                return stand_in(piece, original, text, None)
    return None


def fit_particle(text: str, at: int) -> str:
    """Give the text with the particle at `at` agreeing with the letter before it (를 after a vowel, 을 after a consonant)."""
    match = PARTICLE.match(text, at)
    if not match or not at:
        return text
    before = re.sub(r"[`'\"”’)\]}*_$]+$", "", text[:at])[-1:]
    if not before or not (before.isalnum() or has_hangul(before)):
        return text
    closed = has_final(before) if has_hangul(before) else before in CLOSED_ENDS
    form = _WITH[match[1]][0 if closed else 1]
    if match[1] in ("으로", "로") and (before in "lL178" or has_hangul(before) and (ord(before) - 0xAC00) % 28 == 8):
        form = "로"
    return text[:at] + form + text[match.end() :]
