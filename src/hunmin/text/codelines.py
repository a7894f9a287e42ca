"""Which lines of a text are program code: decided from punctuation and keywords, line by line.

The patterns are anchored on what code has and prose lacks (assignments, calls, braces at the end of a line, SQL
clauses in
order), never on a keyword alone: "for", "select" and "on" begin English sentences too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

STRONG = re.compile(
    r"""^\s*(?:
      (?:async\s+)?def\s+\w+\s*\(.*|class\s+\w+\s*(?:\([\w.,\s]*\))?\s*:\s*$|class\s+\w+[^.?!]*\{\s*$
    | (?:from\s+[\w.]+\s+)?import\s+[\w.*]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*;?\s*$
    | import\s+[\w*{}\s,]+\s+from\s+["'].*|import\s+["'].*|import\s*\(\s*$
    | (?:if|while|for|switch|else\s+if|catch|elseif)\s*\(.*\)\s*(?:[{:]?\s*(?://.*)?|\{.*\}.*)$
    | for\s+\w+(?:,\s*\w+)*\s+in\s+\w+\(.*\):.*$
    | \}?\s*(?:else|try|finally|do)\s*\{\s*$
    | (?:const|let|var|val|auto|final|mut)\s+[\w{}\[\],:\s<>]+=.*
    | (?:public|private|protected|static|void|int|float|double|char|bool|boolean|long|short|unsigned|String|size_t)\b
        [\w<>\[\]\s*,&]*(?:\(.*\)\s*\{?|=.*;|;)\s*(?://.*)?$
    | (?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function|fn|func|fun|sub)\b\s*\*?\s*\w*\s*\(.*
    | \#\s?include\s*[<"].*|\#\s?(?:define|ifdef|ifndef|endif|pragma)\b.*|\#!\s?/.*|package\s+[\w.]+;?\s*$
        |using\s+[\w.:\s]+;\s*$
    | (?:return|yield|raise|throw|assert|del|print|echo|await|break|continue|pass)\b(?:\s*[\w."'(\[{\-!].*)?;\s*$
    | return\s+[\w.]+(?:\[.*\]|\(.*\)|\s*(?:==|!=|<=|>=|[-+*/%<>]|and|or|is|in)\s*.+)?\s*$
    | return\s*(?:[(\[{"'\-].*)?$|(?:raise|yield)\s+\w+(?:\.\w+)*(?:\(.*\))?\s*$|(?:pass|break|continue)\s*$
    | @\w+(?:\.\w+)*(?:\(.*\))?\s*$
    | [A-Za-z_$][\w$]*(?:\.[\w$]+)*\(.*\)(?:\.\w+\(.*\))*[;,]?\s*(?:(?://|\#).*)?$
    | .*\)\s*=>\s*[{(]?.*|.*[\w)]\s*\{\s*$
    | (?:[a-z]+-[a-z-]+|color|margin|padding|border|display|width|height|font|background|position|top|left
        |float)\s*:\s*[^;{}]+;\s*$
    | [.\#]?[\w-]+(?:\s*[,>+~\s]\s*[.\#:]?[\w-]+)*\s*\{[^{}]*:[^{}]*;\s*\}\s*$
    | <!DOCTYPE.*|<\?(?:php|xml).*
    | \\(?:documentclass|usepackage|title|author|date|maketitle|bibliography)\b.*
    | \$\s+[a-z][\w-]*\s.*|(?:sudo|git|npm|pip3?|docker|kubectl|cd|mkdir|chmod|curl|apt-get|conda)\s+
        (?:-{1,2}\w|install\b|commit\b|push\b|pull\b|clone\b|checkout\b|add\b|run\b|branch\b|switch\b|reset\b
            |status\b|[\w./~-]*[./~]).*
    )""",
    re.X,
)
# What follows the end of a statement in C-like code; tried apart because it needs the stripped line.
ENDS_STATEMENT = re.compile(
    r"(?:\w\s?\(.*\)|[\w\])]\s*[-+*/]?=\s*\S.*|\+\+|--|\w\]|\breturn\b.*)\s*;\s*(?://.*)?$|^\s*[\w<>]+\s+[*&]?\w+;\s*//"
)
CLOSER = re.compile(r"^\s*[\])}]+[;,)]*\s*$")
COMMENT = re.compile(r"^\s*(?://|#(?!#|\w)|/\*|\*/|\*\s|--\s|%\s|<!--)")
INDENTED = re.compile(r"^(?:\t| {2,})\S")
SQL_CLAUSE = re.compile(
    r"^\s*(?:SELECT|FROM|WHERE|(?:LEFT|RIGHT|INNER|OUTER|FULL|CROSS)?\s*(?:OUTER\s+)?JOIN|ON|GROUP\s+BY|ORDER\s+BY"
    r"|HAVING|LIMIT"
    r"|INSERT\s+INTO|VALUES|UPDATE|SET|DELETE\s+FROM|CREATE\s+(?:TABLE|VIEW|INDEX)|ALTER\s+TABLE|DROP\s+TABLE|UNION"
    r"|WITH|AND|OR)\b"
)
LOWER_SELECT = re.compile(
    r"^\s*select\s+(?:distinct\s+)?(?:\*"
    r"|[\w.()*]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.()*]+(?:\s+as\s+\w+)?)+)\s*(?:\bfrom\b.*)?;?\s*$",
    re.I,
)
LOWER_CLAUSE = re.compile(
    r"^\s*(?:from\s+\w+(?:\s+(?:as\s+)?\w{1,2})?(?:\s*,\s*\w+)*\s*(?:(?:left|right|inner|outer|cross|natural"
    r"|full)?\s*join\b.*)?"
    r"|(?:(?:left|right|inner|outer|cross|full)\s+)?join\s+\w+.*"
    r"|on\s+[\w.]+\s*=\s*[\w.]+.*|where\s+[\w.]+\s*(?:=|<|>|in\b|like\b|is\b|between\b).*|(?:group"
    r"|order)\s+by\s+[\w.,\s()]+|having\s+.+|limit\s+\d+.*);?\s*$",
    re.I,
)
ASSIGNMENT = re.compile(
    r"^\s*(?:[a-z_]\w*|[A-Z][A-Z0-9_]*|[A-Za-z_]\w*(?:\.\w+"
    r"|\[[^\]]*\])+)(?:\s*,\s*[a-z_][\w.]*)*\s*(?::\s*[\w\[\]., |]+)?(?:[-+*/%|&^]|:|<<|>>)?="
    r"(?!=)\s*(?=.*[\d\"'(\[{_.])(?!.*\d\s+[a-z]{3,})\S.*(?<![.?!,])$"
)
CONTROL = re.compile(
    r"^\s*(?:for\s+\w+(?:\s*,\s*\w+)*\s+in\s+[^\s:]+(?:\(.*\)|\[.*\])?|(?:if|elif"
    r"|while)\s+(?:not\s+)?[\w.()\[\]\"'%\s+*-]{1,40}?"
    r"(?:\s*(?:==|!=|<=|>=|<|>)\s*.+|\s+(?:not\s+in|in|is\s+not|is)\s+[\w.()\[\]\"',]+|\(.*\))?|else|try|finally"
    r"|except(?:\s+[\w.(),\s]+)?|with\s+\w[\w.]*\(.*\)(?:\s+as\s+\w+)?)\s*:\s*(?:#.*)?$"
)
SHELL = re.compile(
    r"^\s*(?:for\s+\w+\s+in\s+.*;\s*do|while\s+.*;\s*do|do|done\b(?:\s*[|<>].*)?|fi|esac|then|if\s+\[.*"
    r"|\[\[?\s.*\]\]?.*|printf\s+['\"].*|echo\s+(?:[\"'$]|-[en]).*"
    r"|export\s+\w+=.*|\$\w+\s*=\s*\S.*;|[a-z]+\s+[^\s|]*\s*\|\s*(?:grep|sort|awk|sed|wc|head|tail|xargs|uniq|cut"
    r"|tr)\b.*)\s*$"
)
PROSE = re.compile(r"(?:\b[A-Za-z][a-z']*[,;]?\s+){4,}[A-Za-z][a-z']*|[가-힣]+\s+[가-힣]+")
QUOTED_OR_COMMENT = re.compile(
    r"\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\[\]\n]*\]|\"[^\"\n]*\"|'[^'\n]*'|(?:(?<=\s)|^)(?:#|//|--|%)\s.*$|/\*.*?\*/"
    r"|<!--.*?-->|>[^<>]*(?=</)"
)


IMPORTED = re.compile(r"^\s*(?:from\s+[\w.]+\s+)?import\s+\w+(?:\.\w+)*(?:\s*,\s*\w+)+\s*;?\s*$")  # words, and no prose
LINE_SIGN = re.compile(r"[=(){};<>\\@\[|$]")
LINE_START = re.compile(
    r"\s*(?:(?i:select|from|where|left|right|inner|outer|full|cross|join|on|group|order|having|limit|insert|values|update"
    r"|set|delete|create|alter|drop|union|with|and|or)"
    r"|import|return|raise|yield|pass|break|continue|package|using|do|done|fi|esac|then|else|try|echo|printf|sudo|git|npm"
    r"|pip3?|docker|kubectl|cd|mkdir|chmod|curl|apt-get|conda)\b"
)
LINE_END = re.compile(r":\s*(?:#.*)?$|#!")


def _may_be_code(line: str) -> bool:
    return bool(
        LINE_SIGN.search(line) or LINE_START.match(line) or ((":" in line or "#!" in line) and LINE_END.search(line))
    )


def _prose(line: str) -> bool:
    """Tell whether a line reads as a sentence once strings and comments are taken out."""
    return bool(PROSE.search(QUOTED_OR_COMMENT.sub(" ", line)))


def code_lines(lines: list[str]) -> list[bool]:
    """Tell for each line whether it is code by itself or, between code lines, by its neighbours."""
    strong = []
    in_sql = False
    for line in lines:
        bare = line.rstrip()
        found = False
        if bare and _may_be_code(bare):
            upper = bool(SQL_CLAUSE.match(bare)) and (in_sql or " " in bare.strip() and not _prose(bare))
            lower = bool(LOWER_SELECT.match(bare)) or (in_sql and bool(LOWER_CLAUSE.match(bare)))
            in_sql = upper or lower
            found = upper or lower
            if not found:
                found = bool(CONTROL.match(bare) or SHELL.match(bare)) or (
                    bool(STRONG.match(bare) or ASSIGNMENT.match(bare) or (";" in bare and ENDS_STATEMENT.search(bare)))
                    and (not _prose(bare) or bool(IMPORTED.match(bare)))
                )
        else:
            in_sql = False
        strong.append(found)
    if not any(strong):
        return strong
    known = list(strong)
    for i, line in enumerate(lines):  # neutral lines belong to the code above them
        if not known[i] and i and known[i - 1]:
            known[i] = bool(CLOSER.match(line) or (COMMENT.match(line)) or (INDENTED.match(line) and not _prose(line)))
    last = -1
    for i in range(len(lines)):  # one or two blank lines between code lines
        if known[i]:
            if 0 < i - last - 1 <= 2 and last >= 0 and not any(x.strip() for x in lines[last + 1 : i]):
                known[last + 1 : i] = [True] * (i - last - 1)
            last = i
    for i in range(len(lines) - 2, -1, -1):  # a comment line above code
        if not known[i] and known[i + 1] and COMMENT.match(lines[i]) and lines[i].strip():
            known[i] = True
    return _without_equations(lines, known)


def _without_equations(lines: list[str], known: list[bool]) -> list[bool]:
    """Give the lines of code without runs that are nothing but a worked answer's equations."""
    start = 0
    for i in range(len(lines) + 1):
        if i < len(lines) and known[i]:
            continue
        run = [line for line in lines[start:i] if line.strip()]
        if run and all(EQUATION.fullmatch(line) for line in run):
            known[start:i] = [False] * (i - start)
        start = i + 1
    return known


# A line of arithmetic, as a worked answer has it: x = 40 + 23; formulas find it.
EQUATION = re.compile(r"(?=[^=]*=[^=])(?:[\d.,%$ ()+*/×÷·−–^=-]|(?<![A-Za-z])[A-Za-z](?![A-Za-z]))+")
DOC = re.compile(r"\"\"\"|'''")
# Four words and more that end as a sentence or in a row, two that introduce what follows, and two of Hangul.
SENTENCE = re.compile(
    r"^\s*(?:[-*>]\s+|\d+[.)]\s+)?[A-Z][\w'’,-]*(?:\s+[\w'’\"(),/-]+){3,}\s*(?::\s*$|[.?!](?=\s|$))"
    r"|(?:\b[A-Za-z][a-z'’]*[,;]?\s+){4,}[A-Za-z][a-z'’]*|^\s*[A-Z][\w'’*]*\s(?:.*\s)?[A-Za-z'’]{3,}\**:\**\s*$"
    r"|[가-힣]+[,.]?\s+[가-힣]+"
)
WORDS = re.compile(r"[A-Za-z]{3,}\s+[A-Za-z]{3,}|^\s*[*_]{0,3}[A-Z][A-Za-z ]+:|[가-힣]")
FENCE_LINE = re.compile(r"\s*(`{3,}|~{3,})")
STATEMENT = re.compile(
    r"^\s*(?:if|elif|else|while|for|return|with|switch|case|end|def|class|func|fn|let|const|var)\b.*[=<>().:_\[\]{]"
)


def reads_as(pattern: re.Pattern[str], lines: Sequence[str], known: Sequence[bool]) -> bool:
    """Tell whether a line outside the code (`known`, as `code_lines` gives) has SENTENCE or WORDS.

    Comments, documentation strings and quoted text are the code's own: "Here is a stack in Python:" above a long
    listing is a sentence, "# Here is a stack" is not.
    """
    inside = False
    for line, code in zip(lines, known, strict=True):
        quotes = len(DOC.findall(line))
        own = code or inside or quotes or COMMENT.match(line) or STATEMENT.match(line)
        if not own and pattern.search(QUOTED_OR_COMMENT.sub(" ", _said(line))):
            return True
        inside ^= quotes % 2 == 1
    return False


def within_fences(lines: Sequence[str]) -> list[bool]:
    """Tell of each line whether it is inside a fence of Markdown or one of its two marks."""
    found, mark = [], ""
    for line in lines:
        match = FENCE_LINE.match(line)
        found.append(bool(mark or match))
        if match:
            mark = "" if mark and match[1].startswith(mark) else mark or match[1]
    return found


def _said(line: str) -> str:
    """Give a line of Markdown as it is read: the words of a link, a name for each piece of inline code."""
    if "](" in line:
        line = re.sub(r"\[([^\[\]\n]*)\]\([^()\s]*\)", r"\1", line)
    if "`" in line:
        line = re.sub(r"(?<!`)`[^`\n]+`(?!`)", "code", line)
    return re.sub(r"(?<=[a-z])-(?=[a-z])", "", line) if "-" in line else line


SIGN = re.compile(r"[=(){};<>\\@*]")
HINTS = ("select", "import", "def", "$ ", "git ", "npm ", "pip ", "docker ", "sudo ")
HINT = re.compile(r"(?i:\bselect\b|\bimport\b|\bdef\b)|^\$ |^(?:git|npm|pip|docker|sudo) ", re.M)


def may_have_code(text: str) -> bool:
    """Tell whether a text has anything that code has and most prose lacks; the question that costs least first."""
    if SIGN.search(text):
        return True
    low = text.lower()
    return any(hint in low for hint in HINTS) and bool(HINT.search(text))


@lru_cache(maxsize=8)
def code_lines_of(text: str) -> tuple[bool, ...]:
    """Give `code_lines` of a text; remembered, since whether a field is all code is asked just before."""
    return tuple(code_lines(text.split("\n")))


def code_runs(text: str) -> list[tuple[int, int]]:
    """Give [start, end) of each run of code lines, without the line break at its end."""
    if not may_have_code(text):
        return []
    lines = text.split("\n")
    known = code_lines_of(text)
    runs: list[tuple[int, int]] = []
    at, start, end = 0, -1, -1
    for line, code in zip(lines, known, strict=True):
        if code and start < 0:
            start = at + (len(line) - len(line.lstrip()) if not runs and at == 0 else 0)
        if code:
            end = at + len(line.rstrip())
        elif start >= 0:
            runs.append((start, end))
            start = -1
        at += len(line) + 1
    if start >= 0:
        runs.append((start, end))
    return [(a, b) for a, b in runs if b > a]
