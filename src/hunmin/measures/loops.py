"""Phrases and lines repeated without reason: what a model does when its decoding has lost its way.

A refrain, a table, a list, laughter (ㅋㅋㅋ, 하하하) and rules (-----) repeat with reason. A loop at the end of a cut
text counts too, with its broken last round.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from operator import add
from typing import Any

from ..text.prose import spans_of

MIN_ROUNDS = 4  # of a phrase; a refrain or "아니, 아니, 아니" has three
MIN_LINES = 3  # equal lines or sentences one after the other, of LONG_LINE characters or more; else MIN_ROUNDS
LONG_LINE = 15
MAX_PHRASE = 200  # characters of one round that is looked for
SHORT_WORD_ROUNDS = 8  # of a word or two: 쾅 쾅 쾅 쾅, 하나 둘 하나 둘
HANGUL = re.compile(r"[가-힣]")
STUCK = re.compile(r"([^\s\-=_*.#~+|·•─━═\\/<>])\1{39,}")  # one sign for ever; rules and dots may be long
LETTERS = re.compile(r"[^\W\d_]")
LAUGH = re.compile(r"[ㅋㅎㅠㅜㅡ하호히헤후크흐깔낄아야오우으어음앗엉흑꺄~!?.…^]+")
ADDEND = re.compile(r"[+×*·]?\(?\$?\d[\d.,/]*[가-힣A-Za-z%]{0,4}\)?[+×*·]?")  # 50cm + 50cm + 50cm + ...
LIST_SIGN = re.compile(r"^\s*(?:[-*+•·>|#]+|\d{1,3}[.)]|[가-힣A-Za-z][.)])\s*")
KEEP = ("fence", "code", "inline_code", "latex", "url", "table", "json")


def loops(text: str) -> list[tuple[int, int]]:
    """Give [start, end) of each stretch that repeats itself without reason, its first round included."""
    if len(text) < 12:
        return []
    found = [*_phrases(text), *_units(text), *(match.span() for match in STUCK.finditer(text))]
    if not found:
        return []
    spans = [s for s in spans_of(text) if s.kind in KEEP]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        covered = sum(min(end, s.end) - max(start, s.start) for s in spans if s.start < end and start < s.end)
        if 2 * covered > end - start and len(HANGUL.findall(text, start, end)) < 0.6 * (end - start):
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def loop(answer: str, record: Mapping[str, Any]) -> float | None:
    """Give the share of an answer that lies in loops, 0 to 1; 0 is best, None for a blank answer."""
    if not answer.strip():
        return None
    return sum(end - start for start, end in loops(answer)) / len(answer)


PERIOD = re.compile(rf"(?P<round>[^\n]{{2,{MAX_PHRASE}}}?)(?P=round){{{MIN_ROUNDS - 1},}}")


WORD = re.compile(r"\S+")
SENTENCE = re.compile(r"[^\s.!?。][^.!?。\n]*[.!?。]*")


def _phrases(text: str) -> list[tuple[int, int]]:
    """Give stretches of one line that are one phrase over and over, with the broken round behind them."""
    found = []
    at = 0
    for line in text.split("\n"):
        words = [m.span() for m in WORD.finditer(line)]
        found += [(at + a, at + b) for a, b in _rounds(line, words)]
        if words and max(b - a for a, b in words) > 20:  # one long word, or no blanks between the rounds
            found += [(at + a, at + b) for a, b in _unspaced(line)]
        at += len(line) + 1
    return found


def _rounds(line: str, words: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give where a sequence of words comes MIN_ROUNDS times or more in a row."""
    if len(words) < MIN_ROUNDS:
        return []
    tokens = [line[a:b].strip(".,!?…\"'“”") or line[a:b] for a, b in words]
    if len(tokens) - len(set(tokens)) < MIN_ROUNDS - 1:
        return []
    places: dict[str, list[int]] = {}
    for i, token in enumerate(tokens):
        places.setdefault(token, []).append(i)
    found, i = [], 0
    while i < len(tokens):
        best = 0
        again = places[tokens[i]]
        most = min(40, (len(tokens) - i) // MIN_ROUNDS)
        for size in (at - i for at in again[bisect_right(again, i) :] if at - i <= most):
            n = size
            while i + n < len(tokens) and tokens[i + n] == tokens[i + n - size]:
                n += 1
            phrase = "".join(tokens[i : i + size])
            least = (
                SHORT_WORD_ROUNDS if len(phrase) <= 4 and size < 3 else MIN_ROUNDS if size > 1 or len(phrase) > 4 else 6
            )
            if n >= least * size and _wordy(phrase):
                best = n
                break
        if best:
            found.append((words[i][0], words[i + best - 1][1]))
            i += best
        else:
            i += 1
    return found


def _unspaced(line: str) -> list[tuple[int, int]]:
    return [(start + a, start + b) for start, end in _alike(line) for a, b in _periods(line[start:end])]


def _alike(line: str) -> list[tuple[int, int]]:
    """Give the stretches in which every two neighbouring characters stand somewhere else too, often enough to be those
    of a loop: only there a phrase can come MIN_ROUNDS times without a blank.
    """
    pairs = list(map(add, line, line[1:]))
    often = Counter(pairs)
    if len(pairs) - len(often) < 2 * (MIN_ROUNDS - 1) - 1:
        return []
    found, start = [], -1
    for i, pair in enumerate(pairs):
        if often[pair] >= MIN_ROUNDS - 1:
            start = i if start < 0 else start
        elif start >= 0:
            if i - start >= 2 * MIN_ROUNDS - 1:
                found.append((start, i + 1))
            start = -1
    if start >= 0 and len(pairs) - start >= 2 * MIN_ROUNDS - 1:
        found.append((start, len(line)))
    return found


def _periods(line: str) -> list[tuple[int, int]]:
    found, at = [], 0
    while match := PERIOD.search(line, at):
        piece = match["round"]
        rounds = (match.end() - match.start()) // len(piece)
        at = match.end()
        if _wordy(piece) and len(set(piece)) > 1 and rounds >= (6 if len(piece) <= 3 else MIN_ROUNDS):
            end = match.end()
            while end < len(line) and line[end] == line[end - len(piece)]:
                end += 1  # the broken last round
            found.append((match.start(), end))
            at = end
    return found


def _wordy(phrase: str) -> bool:
    """Tell a phrase of words from laughter, rules, dots and numbers."""
    bare = re.sub(r"\s", "", phrase)
    return bool(LETTERS.search(bare)) and not LAUGH.fullmatch(bare) and not ADDEND.fullmatch(bare)


def _units(text: str) -> list[tuple[int, int]]:
    """Give where lines, or the sentences of one line, come again and again: A A A, A B A B A B A B."""
    lines, at = [], 0
    for line in text.split("\n"):
        if line.strip():
            lines.append((at, at + len(line)))
        at += len(line) + 1
    sentences = [m.span() for m in SENTENCE.finditer(text)]
    return [*_runs(text, lines), *_runs(text, sentences)]


def _runs(text: str, units: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(units) < MIN_LINES:
        return []
    names = [LIST_SIGN.sub("", text[a:b]).strip().rstrip(".,!?。").strip() for a, b in units]
    often = Counter(names)
    if len(names) - len(often) < MIN_LINES - 1:
        return []
    found, i = [], 0
    while i < len(names):
        best = 0
        for size in range(1, 5) if often[names[i]] >= MIN_LINES else ():
            n = size
            while i + n < len(names) and names[i + n] == names[i + n - size]:
                n += 1
            length = sum(len(name) for name in names[i : i + size])
            least = MIN_LINES if length >= LONG_LINE * size and size == 1 else MIN_ROUNDS
            if n >= least * size and _wordy("".join(names[i : i + size])) and length >= 4:
                best = n
                break
        if best:
            end = units[i + best - 1][1]
            if i + best < len(units):  # a broken last round
                rest = names[i + best]
                if len(rest) >= 2 and names[i + best - size].startswith(rest) and i + best == len(units) - 1:
                    end = units[i + best][1]
            found.append((units[i][0], end))
            i += best
        else:
            i += 1
    return found
