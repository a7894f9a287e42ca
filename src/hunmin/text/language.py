"""The language that hunmin talks to people in: gettext's way, one catalogue of texts per language in locale/.

English texts stand in the code and are the keys. What programs read (--json, logs, manifests) stays English.
"""

from __future__ import annotations

import ast
import functools
import gettext
import os
import re
from pathlib import Path

LANGUAGES = ("en", "ko")
FOLDER = Path(__file__).parents[1] / "locale"
VARIABLES = ("HUNMIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides

_chosen: str | None = None


class Catalogue(gettext.NullTranslations):
    """gettext's translations out of a .po file, which needs no compiling at this size."""

    def __init__(self, texts: dict[str, str]):
        super().__init__()
        self.texts = texts

    def gettext(self, message: str) -> str:
        return self.texts.get(message) or message


def choose(name: str | None) -> None:
    """Set the language for this process; None goes by the locale again."""
    global _chosen
    _chosen = name


def chosen() -> str | None:
    """Give the language that --lang named; None where the locale decides."""
    return _chosen


def current() -> str:
    """Give the language: as chosen, else the locale's where there is a catalogue, else English."""
    if _chosen is not None:
        return _chosen
    value = next((os.environ[v] for v in VARIABLES if os.environ.get(v)), "")
    return value[:2].lower() if value[:2].lower() in LANGUAGES else "en"


@functools.cache
def catalogue(name: str) -> Catalogue:
    """Give the texts of a language; English has none of its own."""
    path = FOLDER / f"{name}.po"
    return Catalogue(read_po(path.read_text(encoding="utf-8")) if path.is_file() else {})


def read_po(text: str) -> dict[str, str]:
    """Give msgid -> msgstr of a .po file: strings may run over lines; comments and the head are passed over."""
    found: dict[str, str] = {}
    parts = {"msgid": "", "msgstr": ""}
    at = ""
    for line in [*text.splitlines(), 'msgid ""']:
        line = line.strip()
        for word in parts:
            if line.startswith(word + " "):
                if word == "msgid":
                    if parts["msgid"]:
                        found[parts["msgid"]] = parts["msgstr"]
                    parts = {"msgid": "", "msgstr": ""}
                at, line = word, line.removeprefix(word).strip()
                break
        if line.startswith('"') and at:
            parts[at] += ast.literal_eval(line)
    return found


def translated(text: str) -> str:
    """Give a text in the current language."""
    return catalogue(current()).gettext(text)


def spoken(text: str) -> str:
    """Give a text that was made of values - an error, a headline, a line of help - in the language chosen.

    The catalogue's `{}` stand for the values; what it does not hold stays English, part by part.
    """
    return text if current() == "en" else in_language(text, current())


@functools.lru_cache(maxsize=4096)
def in_language(text: str, name: str) -> str:
    """Give `spoken` of a named language: the whole text, else its lines, its sentences, what stands after a place."""
    if "\n" in text:
        return "\n".join(in_language(line, name) for line in text.split("\n"))
    body = text.strip()
    if found := _looked_up(text, name):
        return found
    if body != text:
        return text.replace(body, in_language(body, name), 1) if body else text
    if hint := HINT.fullmatch(text):
        return f"{in_language(hint[1], name)}; {catalogue(name).gettext('did you mean')} '{hint[2]}'?{hint[3]}"
    parts = re.split(r"((?<=[.?!]) |; )", text)  # sentences, with what stands between them
    if len(parts) > 1 and (told := "".join(in_language(part, name) for part in parts)) != text:
        return told
    for place in re.finditer(": ", text):  # "recipe.yaml:5: translate: ..."
        if found := _looked_up(text[place.end() :], name):
            return text[: place.end()] + found
    return text


HINT = re.compile(r"(.+); did you mean '([^']*)'\?(.*)")
FEW_LETTERS = 12  # of a text that begins with a value: below it the values must be numbers, or it would fit anything


def _looked_up(text: str, name: str) -> str | None:
    """Give a text's translation, with or without its full stop; None where the catalogue has none."""
    texts = catalogue(name).texts
    if text in texts:
        return texts[text]
    for pattern, target in _patterns(name):
        if found := pattern.fullmatch(text):
            return target.format(*(in_language(value, name) if " " in value else value for value in found.groups()))
    if text.endswith(".") and (bare := _looked_up(text[:-1], name)):
        return f"{bare}."
    return None


@functools.cache
def _patterns(name: str) -> list[tuple[re.Pattern[str], str]]:
    """Give the catalogue's texts with values as patterns, the most definite first."""
    texts = [(source, target) for source, target in catalogue(name).texts.items() if "{}" in source]
    texts.sort(key=lambda one: -len(one[0].replace("{}", "")))
    found = []
    for source, target in texts:
        few = source.startswith("{}") and len(re.findall("[A-Za-z]", source)) < FEW_LETTERS
        value = r"([\d,.]+)" if few else r"(.+?)"
        found.append((re.compile(value.join(re.escape(part) for part in source.split("{}"))), target))
    return found
