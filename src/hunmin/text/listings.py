"""What a page shows as it stands though no fence of Markdown says so: listings, sessions, diffs, logs, heads of mails.

AsciiDoc sets a listing between lines of `----` or `....`, reST indents it behind `::`; a session is told by its prompt,
and what a program answered goes on to the next empty line.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .codelines import QUOTED_OR_COMMENT

# A text that holds none of these holds no listing: the question that costs least comes first.
SIGNS = (
    *(
        "----",
        "....",
        "::",
        "$ ",
        ">>>",
        "% ",
        "@@ ",
        "PS ",
        "In [",
        "diff ",
        "commit ",
        "├",
        "└",
        "Traceback",
        "HTTP/",
        ":\\",
    ),
    *(
        "[source",
        "[listing",
        "[literal",
        "[,",
        "rw-",
        "r--",
        "r-x",
        "sql>",
        "sqlite>",
        "redis",
        "irb(",
        "scala>",
        "ghci>",
    ),
    *(
        "node>",
        "julia>",
        "iex(",
        "Content-",
        "MIME-",
        "Message-I",
        "In-Reply-",
        "Return-P",
        "Delivered-T",
        "X-",
        "Metadata-",
    ),
    *("User-Agent", "Accept-", "Set-Cookie", "Cache-Control", "Home-page", "Author-email"),
)
HASHED = re.compile(r"^[*|/\\ ]*[0-9a-f]{7}", re.M)
DELIMITER = re.compile(r"(?P<mark>-{4,}|\.{4,})[ \t\r]*$")
ATTRIBUTES = re.compile(r"\[(?:source|listing|literal|subs|,|%)[^\]\n]*\][ \t\r]*$")
ABOVE = re.compile(r"(?:\+|\[[^\]\n]+\]|\.[^\s.][^\n]*)?[ \t\r]*$")  # what may stand above an opening delimiter
ASCIIDOC = re.compile(
    r"^\[(?:source|NOTE|TIP|WARNING|CAUTION|IMPORTANT|listing|cols|quote|discrete)\b|^={1,6} \S|^\[\[[\w-]+\]\]"
    r"|^(?:image|include|ifdef|toc|video)::|\(\(\([^()\n]+\)\)\)|<<[\w-]+[#,>]",
    re.M,
)
LITERAL = re.compile(r"(?!\s*\.\. )(?=.*\S).*::[ \t\r]*$")
DIRECTIVE = re.compile(
    r"[ \t]*\.\. (?:code|code-block|sourcecode|parsed-literal|doctest|testcode|testoutput|productionlist|prompt|console"
    r"|ipython|math|graphviz|digraph|mermaid)::"
)
PROMPT = re.compile(
    r"[ \t]*(?:(?:\([\w. -]+\)[ \t]*)?(?:\[[\w.-]+@[^\]\n]+\][ \t]*)?\$[ \t]+(?:sudo[ \t]+)?"
    r"(?!(?:an?|and|or|per|in|of|to|each|is|was|[mbtr]illions?|thousands?)\b)[a-z./~][\w./~+-]*(?:[ \t\r]|$)"
    r"|[\w-]+@[\w.-]+:[~/][^\s$#%]*[ \t]?[$#%][ \t]|%[ \t]+(?:python|pip|git|npm|cd|ls|brew|sudo|make)\b"
    r"|>>>(?:[ \t]|$)|PS [A-Z]:\\[^>\n]*>|[A-Z]:\\[^>\n]*>[ \t]*[a-z]|In \[\d+\]:"
    r"|(?:mysql|psql|sqlite|redis|irb|scala|ghci|node|julia|iex)(?:\([^)\n]*\))?[:\d]*>[ \t])"
)
SAID = re.compile(r"(?:\b[A-Za-z][a-z'’]*[,;]?\s+){3,}[A-Za-z][a-z'’]*")
JOINS = re.compile(r"[ \t]*(?P<first>(?:and|then|or|to|which|where)\b(?=[ \t]))")
WRAPS = re.compile(r"(?:,|\b(?:an?|the|of|and|or|but|to|in|on|at|by|for|with|from|as|that|which|is|are))[ \t\r]*$")
HANGUL_SAID = re.compile(r"[가-힣]+[,.]?\s+[가-힣]+")
SENTENCE_ENDS = re.compile(r"[.!?…]['\"”’)\]*]*[ \t\r]*\Z")
TERM = re.compile(  # of a definition list, with what stands below it
    r"^[ \t]*(?P<term>(?:[\w`'\"+#./()-]+[ \t]+){0,3}[\w`'\"+#./()-]+)::[ \t\r]*\n(?:[ \t\r]*\n)+"
    r"(?P<said>[ \t]+[A-Z가-힣`\"*][^\n]*(?:\n[ \t]+\S[^\n]*)*)",
    re.M,
)
ENDS = re.compile(r"[.!?:][\"'”’)]*[ \t\r]*$")
HANGUL = re.compile(r"[가-힣]")
DIFF = re.compile(r"diff --(?:git|cc) |@@ -\d")
OF_DIFF = re.compile(r"[ +\-@\\\t]|(?:diff|index|new file|deleted file|rename|similarity|old mode|new mode|Binary)\b")
COMMIT = re.compile(r"commit [0-9a-f]{7,40}\b")
OF_COMMIT = re.compile(r"(?:Author|Date|Merge|Commit|AuthorDate|CommitDate|Refs|Tagger|gpg)\b|[ \t]{2,}\S")
LOG = re.compile(  # a commit a line, `ls -l`, `tree`, a key
    r"[*|/\\ ]*(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}\b(?!\.)|[-dlcbps][-rwxsStT]{9}[.+@]?\s|[ \t│|]*[├└]─"
    r"|-----BEGIN [A-Z ]+-----"
)
HEAD = re.compile(
    r"(?:Message-I[dD]|MIME-Version|Content-(?:Type|Length|Transfer-Encoding|Disposition)|In-Reply-To|Return-Path"
    r"|Delivered-To|X-[A-Z][\w-]*|Metadata-Version|User-Agent|Accept-\w+|Set-Cookie|Cache-Control|Home-page"
    r"|Author-email): ?\S"
)
FIELD = re.compile(r"[A-Z][\w-]*:(?: |\r?$)|[ \t]+\S")
REQUEST = re.compile(r"HTTP/\d(?:\.\d)? \d{3}|(?:GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS) \S+ HTTP/\d")


@lru_cache(maxsize=256)
def listings(text: str) -> tuple[tuple[int, int], ...]:
    """Give [start, end) of every stretch shown as it stands, in order; a sentence that a program said is left out."""
    if not any(sign in text for sign in SIGNS) and not HASHED.search(text):
        return ()
    lines = text.split("\n")
    shown = _shown(lines, bool(ASCIIDOC.search(text)) or "::" in text and _defines(text))
    found: list[tuple[int, int]] = []
    at, joined = 0, False
    for line, is_shown in zip(lines, shown, strict=True):
        end = at + len(line)
        if is_shown and joined:
            found[-1] = (found[-1][0], end)
        elif is_shown and line.strip():
            found.append((at, end))
        joined = is_shown and bool(found) and found[-1][1] == end
        at = end + 1
    return tuple((a, a + len(text[a:b].rstrip())) for a, b in found)


def _shown(lines: list[str], asciidoc: bool) -> list[bool]:
    shown = [False] * len(lines)
    fence, i = "", 0
    while i < len(lines):
        line = lines[i]
        mark = re.match(r"[ \t]*(?P<mark>```+|~~~+)", line)
        if mark and (not fence or mark["mark"].startswith(fence)):
            fence = "" if fence else mark["mark"][:3]
        stop = i if fence or mark or not line.strip() else _end(lines, i, asciidoc)
        for k in range(i, stop):
            shown[k] = True
        if stop == i and not fence and PROMPT.match(line) and not _quotation(line):
            stop = _session(lines, i, shown)
        i = max(stop, i + 1)
    return shown


def _end(lines: list[str], i: int, asciidoc: bool) -> int:
    """Give the line behind the listing that begins on this line; this line itself where none does."""
    line = lines[i]
    delimiter = DELIMITER.match(line)
    if delimiter and ABOVE.match(lines[i - 1] if i else ""):
        end = next((k for k in range(i + 1, len(lines)) if lines[k].rstrip() == line.rstrip()), i)
        sure = delimiter["mark"][0] == "." or asciidoc or bool(i and ATTRIBUTES.match(lines[i - 1]))
        if end > i and (sure or PROMPT.match(lines[i + 1])):
            return end + 1
    if ATTRIBUTES.match(line) and i + 1 < len(lines) and not re.match(r"\s*$|[-.=|+*_]{4}|\.\S|\[", lines[i + 1]):
        return next((k for k in range(i + 1, len(lines)) if not lines[k].strip()), len(lines))
    if i and not lines[i - 1].strip() and _indent(line) and (above := _above(lines, i)) is not None:
        opened = LITERAL.match(lines[above]) and not asciidoc or DIRECTIVE.match(lines[above])
        if opened and _indent(line) > _indent(lines[above]):
            return _dedent(lines, i, _indent(lines[above]))
    if DIFF.match(line):
        return _while(lines, i, OF_DIFF)
    if COMMIT.match(line) and i + 1 < len(lines) and OF_COMMIT.match(lines[i + 1]):
        return _while(lines, i, OF_COMMIT)
    if LOG.match(line):
        return _past(lines, i, re.compile(r"-----END")) if line.startswith("-----BEGIN") else i + 1
    if line.startswith("Traceback (most recent call last)"):
        return _while(lines, i, re.compile(r"[ \t]|[\w.]+(?:Error|Exception|Interrupt|Warning)\b"))
    if FIELD.match(line) and line[0].isalpha() or REQUEST.match(line):
        end = next((k for k in range(i + 1, len(lines)) if not FIELD.match(lines[k])), len(lines))
        if REQUEST.match(line) or end - i >= 2 and any(HEAD.match(one) for one in lines[i:end]):
            return end
    return i


def _defines(text: str) -> bool:
    """Tell whether `::` stands behind the terms of a definition list: two and more, a sentence below each."""
    found = [m for m in TERM.finditer(text) if _said(m["said"]) and SENTENCE_ENDS.search(m["said"])]
    return len({m["term"] for m in found}) >= 2


def _said(line: str) -> bool:
    """Tell whether words stand in a row outside what is quoted and the comments."""
    plain = QUOTED_OR_COMMENT.sub(" ", line)
    return bool(SAID.search(plain) or HANGUL_SAID.search(plain))


def _quotation(line: str) -> bool:
    """Tell whether `>>>` is a mail's and not Python's: behind it stands a sentence."""
    return line.lstrip().startswith(">>>") and line.rstrip()[-1] in ".!?" and _said(line.lstrip("> \t"))


def _session(lines: list[str], i: int, shown: list[bool]) -> int:
    """Mark a prompt's line and what stands below it up to an empty line; a sentence there is left to be read."""
    end = next((k for k in range(i, len(lines)) if not lines[k].strip()), len(lines))
    python = lines[i].lstrip().startswith(">>>")
    below = ""  # the line below, where it is a sentence or the end of one
    for k in range(end - 1, i - 1, -1):
        own = PROMPT.match(lines[k]) or re.match(r"[ \t]*\.\.\.(?:[ \t]|$)", lines[k])
        shown[k] = bool(own) or not _read(lines[k], below, python)
        below = "" if shown[k] else lines[k]
    return end


def _read(line: str, below: str, python: bool) -> bool:
    """Tell whether a line of a session is language: a sentence, a part of one that goes on below, or Hangul."""
    plain = QUOTED_OR_COMMENT.sub(" ", line)
    if HANGUL.search(plain):
        return True
    if not python and (joined := JOINS.match(line)) and (ENDS.search(line) or SAID.match(line, joined.start("first"))):
        return True  # "and then start it with", between two commands
    if not SAID.search(plain):
        return False
    return bool(ENDS.search(line) or below and (below.lstrip()[0].islower() or WRAPS.search(line)))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _above(lines: list[str], i: int) -> int | None:
    """Give the nearest line above that holds something; the options of a directive are passed over."""
    k = i - 1
    while k >= 0 and (not lines[k].strip() or re.match(r"\s+:[\w-]+:", lines[k])):
        k -= 1
    return k if k >= 0 else None


def _dedent(lines: list[str], i: int, base: int) -> int:
    end = i
    while i < len(lines) and (not lines[i].strip() or _indent(lines[i]) > base):
        end = i + 1 if lines[i].strip() else end
        i += 1
    return end


def _while(lines: list[str], i: int, pattern: re.Pattern[str]) -> int:
    """Give the line behind a stretch of such lines; an empty line belongs to it where one of them follows."""
    end = i + 1
    for k in range(i + 1, len(lines)):
        if pattern.match(lines[k]):
            end = k + 1
        elif lines[k].strip():
            break
    return end


def _past(lines: list[str], i: int, pattern: re.Pattern[str]) -> int:
    return next((k + 1 for k in range(i, len(lines)) if pattern.match(lines[k])), i + 1)
