"""What masking hides of a text: `kept_spans`, with the markup that makes a block of them one, and formulas whole.

A block behind `::` is one no more when the colons are lost, so they are hidden with it; so are the lines of a directive
or of attributes above it. A caption among them is read, and translated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .listings import ATTRIBUTES, DIRECTIVE
from .pages import kept_spans
from .segments import Span

MOST_ABOVE = 1000  # characters above a block that its head may take
COLONS = re.compile(r"::[ \t\r]*\n(?:[ \t\r]*\n)+\Z")
HEAD = re.compile(r"^(?P<head>[ \t]*\.\. [^\n]*\n(?:[ \t]+:[\w-]+:[^\n]*\n)*(?:[ \t\r]*\n)+)\Z", re.M)
ATTRIBUTE_LINE = re.compile(r"^(?P<head>\[[^\]\n]*\][ \t\r]*\n)\Z", re.M)
CAPTION = re.compile(r"^[ \t]+:caption:[ \t]+(?P<said>\S[^\n]*?)[ \t\r]*$", re.M)
MATH_WITH_ENVIRONMENT = re.compile(r"(?<![\\$\w])\$(?![\s$])[^$\n]*?\\begin\{[^$\n]*\$")


def hidden_spans(text: str) -> list[Span]:
    """Give what masking hides, sorted and without overlap."""
    found = kept_spans(text)
    if "::" in text or "\n----" in text or "\n...." in text:
        found = _with_heads(text, found)
    return _widened(text, found) if "$" in text else found


def _with_heads(text: str, spans: Sequence[Span]) -> list[Span]:
    """Give the spans with each block of code taken together with what above it says that it is one."""
    found = list(spans)
    for block in [s for s in spans if s.kind == "code"]:
        start = _head(text, block)
        if start == block.start or any(s.start < start < s.end for s in found):
            continue
        found = [s for s in found if not start <= s.start < block.end]
        for match in CAPTION.finditer(text, start, block.start):
            found.append(Span(start, match.start("said"), "code"))
            start = match.end("said")
        found.append(Span(start, block.end, "code"))
    return sorted(found)


def _head(text: str, block: Span) -> int:
    """Give where the block begins with its head; its own start where it has none."""
    first = text.rfind("\n", 0, block.start) + 1
    if text[first : block.start].strip():
        return block.start
    floor = max(0, first - MOST_ABOVE)
    above = text[floor:first]
    directive = HEAD.search(above)
    if directive and DIRECTIVE.match(directive["head"]):
        return floor + directive.start()
    attributes = ATTRIBUTE_LINE.search(above) if re.match(r"-{4,}|\.{4,}", block.of(text)) else None
    if attributes and ATTRIBUTES.match(attributes["head"].rstrip("\n")):
        return floor + attributes.start()
    colons = COLONS.search(above)
    return floor + colons.start() if colons and text[first : first + 1] in (" ", "\t") else block.start


def _widened(text: str, spans: Sequence[Span]) -> list[Span]:
    """Give the spans with an environment inside `$...$` taken together with the rest of its formula."""
    found = list(spans)
    for match in MATH_WITH_ENVIRONMENT.finditer(text):
        inside = [s for s in found if match.start() <= s.start and s.end <= match.end()]
        if any(s.kind == "latex" and s.of(text).startswith("\\begin") for s in inside):
            found = [s for s in found if s not in inside]
            if not any(s.start < match.end() and match.start() < s.end for s in found):
                found.append(Span(match.start(), match.end(), "latex"))
            else:
                found += inside
    return sorted(found)
