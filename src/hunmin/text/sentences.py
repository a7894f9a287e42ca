"""Sentences of English and Korean text by regular expression (a morphological splitter is too slow for 25,000
records).
"""

from __future__ import annotations

import re

from .scan import scan

ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|cf|No|Fig|Eq|approx|Inc|Ltd|Co|Corp|U\.S|U\.K"
    r"|U\.N|p\.m|a\.m|P\.M|A\.M|Ph\.D"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|[A-Z]|pp?|vol|ver|ed|al|Mt|Ave|Blvd|Rd|ft|oz|lb)\.$"
)
END = re.compile(
    r"(?P<mark>[.!?。]+|…)(?P<close>[\"'”’)\]*_]*)(?=\s|$)|(?<=[다요죠까])(?P<ko>[.!?]+)(?P<kclose>[\"'”’)\]*_]*)(?=[가-힣])"
)
CLOCK_END = re.compile(r"[ap]\.m\.$", re.I)
SENTENCE_START = re.compile(r"[A-Z가-힣\"]")
SPEECH_START = re.compile(r"[A-Z가-힣\"']")
GOES_ON = re.compile(r"[a-z,;)]")
HANGUL = re.compile(r"[가-힣]")
BLANK = re.compile(r"\s*")
MARK = re.compile(r"[.!?。…]")
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
        line_end, stop = at + len(line.rstrip()), at + len(line)
        cursor = start
        for match in scan(MARK, END, text, start, stop):
            mark = match["mark"] or match["ko"] or ""
            blank = BLANK.match(text, match.end(), stop)
            assert blank
            rest = blank.end()  # where the line goes on
            if (
                mark == "."
                and rest < stop
                and match["mark"]
                and ABBREVIATION.search(text[max(cursor, match.start() - 8) : match.start() + 1])
                and not (SENTENCE_START.match(text, rest) and CLOCK_END.search(text[cursor : match.start() + 1]))
            ):
                continue
            if len(mark) > 1 and set(mark) == {"."} or mark == "…":
                if rest < stop and not SPEECH_START.match(text, rest):
                    continue  # an ellipsis inside a sentence
            if GOES_ON.match(text, rest, stop) and not HANGUL.match(text, max(0, match.start() - 1), match.start()):
                continue
            if text[cursor : match.end()].strip():
                found.append((cursor, match.end()))
            cursor = rest
        if cursor < line_end and text[cursor:line_end].strip():
            found.append((cursor, line_end))
        at = stop + 1
    return [(a + len(text[a:b]) - len(text[a:b].lstrip()), b) for a, b in found]


def sentences(text: str) -> list[str]:
    """Give the sentences themselves."""
    return [text[a:b] for a, b in split(text)]
