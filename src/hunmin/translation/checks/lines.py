"""What a line begins with or is cut by: labels with their colon, signs of headings and lists, the bars of a table."""

from __future__ import annotations

import re

from ...text.hangul import ending, has_hangul
from ...text.patterns import TABLE_ROW, TABLE_RULE
from . import remarks
from .list_marks import BOLD_LINE, OTHER_HEADING
from .reading import CERTAIN, REVIEW, Issue, issue, lines_of, place, spans_of

KEY = re.compile(
    r"^[ \t]*(?:>[ \t]*)?(?:[-*+•][ \t]+"
    r"|\d{1,3}[.)][ \t]+)?[*_]*(?P<key>[A-Z][\w'/&-]*(?: [\w'/&()-]+){0,3}|[a-z]\w{1,14})"
    r"[*_]*[ \t]?:(?P<rest>(?:[*_]*\s.*)?)$"
)
NO_LABEL = re.compile(
    r"(?i)(?:this|these|that|those|the following|there|here|it|you|we|i|they|he|she|to|in|on|at|for|if|when|while"
    r"|because|how|what|why|who|note that|notice|see|let|use|make|remember|now|then|so|but|and|or|first|next"
    r"|finally)\b|.*\b(?:is|are|was|were|be|has|have|do|does|can|will|should|must)\b"
)
CLAUSE = re.compile(r"[.!?]['\"”’)*_]*\s*$|[.!?]\s+[A-Z]")
# Labels of a task: without them its text is not told from its instruction.
TASK_LABELS = frozenset(
    "sentence text question problem passage paragraph context premise hypothesis statement input output answer claim "
    "review tweet document article dialogue conversation title".split()
)
COLON = re.compile(r"[:：]")
HEADING = re.compile(r"^[ \t]*(#{1,6})[ \t]")
HEADINGS = re.compile(HEADING.pattern, re.M)
LISTING = re.compile(r"(?m)^(?:----|\.\.\.\.)[ \t]*$")  # what opens and closes a listing of AsciiDoc
BARRED = re.compile(r"`[^`\n]*`|\\\||\|\|")
BULLET = re.compile(r"^[ \t]*([-*+•])[ \t]")
NUMBERED = re.compile(r"^[ \t]*(\d{1,3})[.)][ \t]")
OTHER_SIGN = re.compile(
    r"^[ \t>*_]*(?:[-*+•·▪◦○●■□–—]|\.{1,5}[ \t]|#\.|<li>|[①-⑳]"
    r"|\(?[\d가-하ⅰ-ⅹ]{1,3}\s?[.)]|\d{1,3}(?:단계|번|째)|(?:첫|둘|셋|넷|다섯)째)"
)
SIGNS = (
    ("제목 표시 / heading sign", HEADING),
    ("목록 표시 / list sign", BULLET),
    ("번호 / item number", NUMBERED),
)


def find(original: str, text: str) -> list[Issue]:
    """Give an issue per line whose label lost its colon, whose sign is gone, or whose cells are not as many."""
    source, target = lines_of(original), lines_of(text)
    if len(source) != len(target):
        return _headings(original, text)
    blocked = [(s.start, s.end) for s in spans_of(original) if s.kind in ("fence", "code", "latex", "json")]
    pairs = [
        (a, b, original[a[0] : a[1]], text[b[0] : b[1]])
        for a, b in zip(source, target, strict=True)
        if not any(x <= a[0] and a[1] <= y for x, y in blocked)
    ]
    shape = [not line.strip() for line in original.split("\n")] == [not line.strip() for line in text.split("\n")]
    bars = original.count("|") != text.count("|") and any(s.kind == "table" for s in spans_of(original))
    form = sum(_label(one) is not None for _, _, one, _ in pairs)
    found = []
    for a, b, one, two in pairs:
        key = _label(one)
        if key and not COLON.search(two) and has_hangul(two):
            severity = _colon(key, two, form)
            if severity:
                detail = f"'{key['key']}:'의 쌍점이 없음 / the colon of a label is lost"
                found.append(issue("markup", severity, a, b, detail))
        elif (
            COLON.search(two)
            and re.match(r"\s*[^\s:]{1,12}[\])}]\s*:", two)
            and not re.match(r"\s*(?:[^\s:]{1,12}[\])}]|\[[^\]\n]+\])\s*:", one)  # also the definition of a link
            and not any(m[1] in one for m in re.finditer(r"[(\[]([A-Za-z][^()\[\]]*)[)\]]", two))  # 공식(Formula):
        ):
            found.append(issue("markup", CERTAIN, a, b, "쌍점 자리가 바뀜 / a colon changed its place"))
        found += _signs(a, b, one, two, pairs, shape)
        if bars and one.count("|") >= 2 and _cells(one) != _cells(two) and "||" not in one and "`" not in one:
            detail = f"표의 칸 나눔 {one.count('|')} → {two.count('|')} / cell separators changed"
            # names parted by bars are no table, and a cell more is a translator's own
            sure = _cells(two) < _cells(one) and bool(TABLE_RULE.search(original))
            found.append(issue("markup", CERTAIN if sure else REVIEW, a, b, detail))
    return found


def _label(line: str) -> re.Match[str] | None:
    """Give the label that a line begins with: a few words before a colon that are no sentence of their own."""
    key = KEY.match(line) if ":" in line else None
    if key is None or remarks.LABEL.match(line) or NO_LABEL.match(key["key"]):
        return None
    return None if key["key"][0].islower() and not _value(key) else key


def _value(key: re.Match[str]) -> str:
    """Give what stands behind a label where it is a value: short, and no sentence."""
    rest = key["rest"].strip("*_ \t")
    return rest if rest and len(rest) <= 60 and not CLAUSE.search(rest) else ""


def _colon(key: re.Match[str], there: str, form: int) -> str:
    """Give how sure it is that the colon of a label should stand; "" where a translator may well leave it out."""
    n_words = len(key["key"].split())
    if not key["rest"].strip("*_ \t"):  # a heading of its own: marked, or introduced by a sentence
        return "" if ending(there.strip("*_ ")) or re.search(r"[*_#]", there) or n_words > 3 else REVIEW
    if not _value(key):
        if key["key"].lower() in TASK_LABELS and not re.match(r"\W*(?:문장|질문|문제|글|입력|출력|답)", there):
            return REVIEW
        return "" if ending(there) or CLAUSE.search(there) or n_words > 2 else REVIEW
    if ending(there) and n_words > 2:
        return ""
    return CERTAIN if form >= 2 and n_words <= 2 and not ending(there) else REVIEW


def _signs(
    a: tuple[int, int],
    b: tuple[int, int],
    one: str,
    two: str,
    pairs: list[tuple[tuple[int, int], tuple[int, int], str, str]],
    shape: bool,
) -> list[Issue]:
    """Signs of headings and lists that are gone; another number, or another sign of a list, is no loss.

    `shape` says that the empty lines of both texts stand at the same places too, so that the lines are each other's.
    """
    found = []
    for name, pattern in SIGNS:
        sign, there = pattern.match(one), pattern.match(two)
        if not sign or there and (pattern is not HEADING or sign[1] == there[1]):
            continue
        if pattern is HEADING and OTHER_HEADING.match(two):
            continue  # == of AsciiDoc, <h2>
        if pattern is not HEADING and (OTHER_SIGN.match(two) or HEADING.match(two)):
            continue
        alike = [p for p in pairs if pattern.match(p[2])]
        if pattern is not HEADING and sum(bool(pattern.match(p[3])) for p in pairs) >= len(alike):
            continue  # lines broken elsewhere
        if pattern is NUMBERED and sign[1] != "1" and not _in_list(a[0], pairs):
            continue  # "at least Helm\n3. Charts of"
        kept = sum(bool(pattern.match(p[3])) for p in alike)
        if pattern is HEADING:  # another level, or a bold line, still shows where a part begins
            severity = REVIEW if there or BOLD_LINE.match(two) else CERTAIN
        else:
            severity = CERTAIN if shape and (kept >= 1 or len(alike) == 1) else REVIEW
        span = (a[0] + sign.start(1), a[0] + sign.end(1))
        found.append(issue("markup", severity, span, (b[0], b[0]), f"{name} '{sign[1]}' 없음 / is lost"))
    return found


def _cells(line: str) -> int:
    """Give how many bars part the cells of a table's row: none of code, none escaped, none at the ends."""
    line = BARRED.sub("", line).strip()
    return line.strip("|").count("|")


def _rows(text: str) -> list[str]:
    """Give the rows of a text's tables that hold something, without their rules."""
    if not TABLE_RULE.search(text):
        return []
    rows = (line for line in text.split("\n") if TABLE_ROW.match(line) and not TABLE_RULE.match(line))
    return [row for row in rows if row.strip("| \t")]


def _in_list(start: int, pairs: list[tuple[tuple[int, int], tuple[int, int], str, str]]) -> bool:
    """Tell whether a numbered line of the source is of a list, and not the next line of a paragraph."""
    at = next(i for i, p in enumerate(pairs) if p[0][0] == start)
    before = pairs[at - 1] if at else None
    if before is None or start - before[0][1] > 1:
        return True  # nothing or an empty line above it
    return any(NUMBERED.match(p[2]) for p in pairs[:at])


def _coded(text: str, at: int) -> bool:
    if any(s.start <= at < s.end and s.kind in ("fence", "code") for s in spans_of(text)):
        return True
    bars = [m.start() for m in LISTING.finditer(text)]
    return len(bars) % 2 == 0 and sum(bar < at for bar in bars) % 2 == 1


def _headings(original: str, text: str) -> list[Issue]:
    """Give headings that are fewer, and rows or cells of tables, where the lines are not each other's."""
    found = []
    x, y = ([m for m in HEADINGS.finditer(side) if not _coded(side, m.start())] for side in (original, text))
    n = len(y) + sum(not _coded(text, m.start()) for m in OTHER_HEADING.finditer(text))
    if n < len(x):
        bold = sum(bool(BOLD_LINE.match(line)) for line in text.split("\n"))
        bold -= sum(bool(BOLD_LINE.match(line)) for line in original.split("\n"))
        severity = REVIEW if n + bold >= len(x) else CERTAIN
        where = place(original, text, x[0].start())
        detail = f"제목 표시 / heading sign {len(x)} → {n}"
        found.append(issue("markup", severity, x[0].span(1), where, detail))
    rows, there = _rows(original), _rows(text)
    bars, n_bars = (sum(map(_cells, side)) for side in (rows, there))
    if bars >= 3 and n_bars < bars:
        # a row less is a loss; as many rows in another form (a column dropped, a table set anew) are for a reader
        severity = CERTAIN if there and len(there) < len(rows) else REVIEW
        span = (original.index("|"), original.rindex("|") + 1)
        detail = f"표의 줄이나 칸이 빠짐 {bars} → {n_bars} / rows or cells are lost"
        found.append(issue("markup", severity, span, (0, len(text)), detail))
    return found
