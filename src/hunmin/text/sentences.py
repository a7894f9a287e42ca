"""Sentences of English and Korean text by regular expression (a morphological splitter is too slow for 25,000
records).
"""

from __future__ import annotations

import re

ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|cf|No|Fig|Eq|approx|Inc|Ltd|Co|Corp|U\.S|U\.K"
    r"|U\.N|p\.m|a\.m|P\.M|A\.M|Ph\.D"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|[A-Z]|pp?|vol|ver|ed|al|Mt|Ave|Blvd|Rd|ft|oz|lb)\.$"
)
END = re.compile(
    r"(?P<mark>[.!?。]+|…)(?P<close>[\"'”’)\]*_]*)(?=\s|$)|(?<=[다요죠까])(?P<ko>[.!?]+)(?P<kclose>[\"'”’)\]*_]*)(?=[가-힣])"
)
LIST_SIGN = re.compile(r"^[ \t]*(?:[-*+•>]|#{1,6}|\d{1,3}[.)])[ \t]+")


def split(text: str) -> list[tuple[int, int]]:
    """Give [start, end) of each sentence; a line break always ends one, list signs are left out.

    Abbreviations, initials, decimals, list numbers and an ellipsis inside a sentence end none.
    """
    found: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        start = at
        sign = LIST_SIGN.match(line)
        if sign:
            start += sign.end()
        line_end = at + len(line.rstrip())
        cursor = start
        for match in END.finditer(text, start, at + len(line)):
            mark = match["mark"] or match["ko"] or ""
            if (
                mark == "."
                and match["mark"]
                and ABBREVIATION.search(text[max(cursor, match.start() - 8) : match.start() + 1])
            ):
                rest = text[match.end() : at + len(line)].lstrip()
                if (
                    not rest
                    or not re.match(r"[A-Z가-힣\"]", rest)
                    or not re.search(r"[ap]\.m\.$", text[cursor : match.start() + 1], re.I)
                ):
                    if rest:
                        continue
            rest = text[match.end() : at + len(line)].lstrip()
            if len(mark) > 1 and set(mark) == {"."} or mark == "…":
                if rest and not re.match(r"[A-Z가-힣\"']", rest):
                    continue  # an ellipsis inside a sentence
            if re.match(r"[a-z,;)]", rest) and not re.match(r"[가-힣]", text[match.start() - 1 : match.start()]):
                continue
            if text[cursor : match.end()].strip():
                found.append((cursor, match.end()))
            cursor = match.end() + (len(text[match.end() : at + len(line)]) - len(rest))
        if cursor < line_end and text[cursor:line_end].strip():
            found.append((cursor, line_end))
        at += len(line) + 1
    return [(a + len(text[a:b]) - len(text[a:b].lstrip()), b) for a, b in found]


def sentences(text: str) -> list[str]:
    """Give the sentences themselves."""
    return [text[a:b] for a, b in split(text)]
