"""The matches of a pattern that begins with a condition, found several times faster than by `finditer`."""

from __future__ import annotations

import re
from collections.abc import Iterator


def scan(
    first: re.Pattern[str], pattern: re.Pattern[str], text: str, start: int = 0, end: int | None = None
) -> Iterator[re.Match[str]]:
    """Yield what `pattern.finditer` yields, trying `pattern` only where `first` matches one character.

    `first` must match wherever `pattern` can. It should begin with a set of characters: `re` then skips to the next of
    them, while a pattern that begins with a lookbehind or an optional part is tried at every character.
    """
    stop = len(text) if end is None else end
    at = start
    for candidate in first.finditer(text, start, stop):
        if candidate.start() >= at and (match := pattern.match(text, candidate.start(), stop)):
            yield match
            at = match.end()
