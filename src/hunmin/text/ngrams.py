"""Words of English running text and what two texts share of them."""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
FUNCTION_WORDS = frozenset(
    "a an the of to in on at by for from with and or but if is are was were be been being am do does did have has "
    "had will would can could "
    "should may might must this that these those it its he she they we you i his her their our your my me him them "
    "us as than then so not no "
    "there here what which who whom whose when where why how all any each some into about over under after before "
    "between because while "
    "during until also very more most such only just".split()
)


def english_words(text: str) -> list[tuple[str, int, int]]:
    """Give (lower-case word, start, end) of each word written in Latin letters."""
    return [(match.group().lower(), *match.span()) for match in WORD.finditer(text)]


def runs_of_english(text: str, max_gap: int = 3) -> list[list[tuple[str, int, int]]]:
    """Give the runs of Latin words that only spaces, digits and punctuation separate, on one line."""
    runs: list[list[tuple[str, int, int]]] = []
    last = -1
    for word in english_words(text):
        gap = text[last : word[1]] if last >= 0 else ""
        if (
            runs
            and last >= 0
            and len(gap) <= max_gap + sum(c.isdigit() for c in gap)
            and not re.search(r"[가-힣\n]", gap)
        ):
            runs[-1].append(word)
        else:
            runs.append([word])
        last = word[2]
    return runs


def ngrams(words: list[str], n: int) -> set[tuple[str, ...]]:
    """Give the set of n-grams of a word list."""
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}
