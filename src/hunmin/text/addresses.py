"""Addresses in a text: URLs, where links lead, the names of files and paths."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .patterns import BRANDS, DOMAIN, DOTTED_WORD, FILE, LINK, PATH, REFERENCE, URL


def urls(text: str) -> Iterator[tuple[int, int]]:
    """Yield [start, end) of URLs, domains, and where the links of Markdown lead."""
    for match in LINK.finditer(text) if "](" in text else ():
        yield match.span("to")
    for match in REFERENCE.finditer(text) if "][" in text or "]:" in text else ():
        yield from (match.span(name) for name in ("label", "name", "to") if match[name])
    text = LINK.sub(lambda m: m.group()[:2] + "\0" * (len(m.group()) - 2), text) if "](" in text else text
    linked, dotted = "://" in text or "www." in text, DOTTED_WORD.search(text)
    for pattern in [*([URL] if linked else []), *([DOMAIN] if dotted else [])]:
        for match in pattern.finditer(text):
            found = match.group().rstrip(".,;:!?*_'\"")
            while found.endswith((")", "]", "}")) and found.count(found[-1]) > found.count(
                {")": "(", "]": "[", "}": "{"}[found[-1]]
            ):
                found = found[:-1].rstrip(".,;:!?*_'\"")
            if found.lower() not in BRANDS:
                yield match.start(), match.start() + len(found)
        text = pattern.sub(lambda m: "\0" * len(m.group()), text)


def files(text: str) -> Iterator[tuple[int, int]]:
    """Yield [start, end) of the names of files and of paths."""
    if DOTTED_WORD.search(text):
        for match in FILE.finditer(text):
            if match.group().lower() not in BRANDS and not re.fullmatch(r"[A-Z]\.\w", match.group()):
                yield unwrapped(text, *match.span())
    if text.count("/") >= 2 or "~/" in text or "./" in text or ":\\" in text:
        yield from (unwrapped(text, *match.span()) for match in PATH.finditer(text))


def unwrapped(text: str, start: int, end: int) -> tuple[int, int]:
    """Give a name's place without the signs of emphasis around it: _src/main.rs_, _front_of_house_."""
    word = re.search(r"[^\s(\[\"'“‘*,|]*\Z", text[max(0, start - 80) : start])
    opened = text.startswith("_", start) or word is not None and word.group().startswith("_")
    if opened and not text.startswith("__", start):
        inner = end - 1 if text[end - 1] == "_" else end
        if inner < end or text[end : end + 1] == "_":
            while text[start] == "_" and start < inner - 1:
                start += 1
            return start, inner
    return start, end
