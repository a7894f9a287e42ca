"""The language that hunmin talks to people in: gettext's way, one catalogue of texts per language in locale/.

English texts stand in the code and are the keys. What programs read (--json, logs, manifests) stays English.
"""

from __future__ import annotations

import ast
import functools
import gettext
import os
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
