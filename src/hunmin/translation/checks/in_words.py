"""Names that look like code and that a translation may say in words: an aside that reads like a call, a combination
of keys, a placeholder.
"""

from __future__ import annotations

import re

from ...text.hangul import has_hangul
from ...text.ngrams import FUNCTION_WORDS
from ...text.patterns import CODE_WORDS

ASIDE = re.compile(r"(?P<word>[A-Za-z][a-z]+)\((?P<other>[A-Za-z][a-z]+)\)")
CALLED = re.compile(r"(?i)\b(?:call(?:s|ed|ing)?|invok(?:e|es|ed|ing)|returns?|execut(?:e|es|ed|ing))\s+\Z")
FUNCTIONS = frozenset(
    "print len range input open map filter sum min max sorted int float str list dict set tuple bool type abs round "
    "eval exec sqrt sin cos tan log exp printf scanf main malloc free count avg lower upper split join push pop append "
    "sleep exit echo alert require import fetch next iter zip any all id hash vars dir help repr format".split()
)
MODIFIER = r"Cmd|Command|Ctrl|Control|Alt|Opt|Option|Shift|Win|Windows|Super|Meta|Fn|⌘|⌥|⌃|⇧"
KEYS = re.compile(rf"(?:(?:{MODIFIER})\s?[+-]\s?)+[\w /]{{1,20}}")
# What a reader puts a name of his own in for: table_name, your-api-key, PATH_TO_FILE.
PLACEHOLDER = re.compile(
    r"(?i)(?<![A-Za-z0-9_.-])(?:(?:your|my|some|any|example|sample)[_-][a-z]+(?:[_-][a-z]+)*"
    r"|(?:new[_-]|old[_-])?(?:table|column|branch|repo|repository|project|bucket|package|container|image|resource|cluster"
    r"|database|db|folder|directory|file|tag|topic|namespace|app|service|model|dataset)[_-]name"
    r"|(?:path|name)[_-](?:to|of)(?:[_-][a-z]+)+|[a-z]+(?:[_-][a-z]+)*[_-]here)(?![A-Za-z0-9_(-])"
)
IN_KOREAN = r"[가-힣]+(?:[ _-]?[가-힣]+){0,4}"


def aside(name: str, at: int, original: str, text: str) -> bool:
    """Tell whether `may(should)` is a word with another one in brackets: two small words, or any two in a text that
    speaks of no code where the Korean has its own brackets. `print(other)` is a call.
    """
    match = ASIDE.fullmatch(name)
    if match is None:
        return False
    word, other = match["word"].lower(), match["other"].lower()
    if {word, other} <= FUNCTION_WORDS:
        return True
    if word in FUNCTIONS or CALLED.search(original[:at]) or CODE_WORDS.search(original) or "`" in original:
        return False
    return bool(re.search(r"[가-힣]\s?\([^()\n]*[가-힣][^()\n]*\)", text))


def keys_in_words(name: str, there: str) -> bool:
    """Tell whether a combination of keys stands there with a word of it in Korean: `Cmd+click` as `Cmd+클릭`.

    Another key (`Ctrl+클릭`) is another combination.
    """
    if not KEYS.fullmatch(name) or not has_hangul(there):
        return False
    mine = [part.strip() for part in re.split(r"[+-]", name)]
    other = [part.strip() for part in re.split(r"[+-]", there)]
    return len(mine) == len(other) and all(
        a == b or len(a) > 1 and bool(re.fullmatch(IN_KOREAN, b)) for a, b in zip(mine, other, strict=True)
    )


def placeholder_in_words(name: str, there: str) -> bool:
    """Tell whether code differs only where it has placeholders, and these are Korean there: `FROM table_name`."""
    pieces = PLACEHOLDER.split(name)
    if len(pieces) < 2:
        return False
    return bool(re.fullmatch(IN_KOREAN.join(map(re.escape, pieces)), there))
