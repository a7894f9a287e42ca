"""Where English may stand on purpose: links, pictures, quotations, what a program says, labels on a screen, titles."""

from __future__ import annotations

import re

from ...text.hangul import has_hangul
from ...text.listings import PROMPT
from ...text.ngrams import english_words

REFERENCE = re.compile(r"\((?:19|20)\d\d[a-z]?\)\.|\b\d+\(\d+\)|\bpp\. ?\d|\bdoi\b", re.I)
SHOWN = re.compile(r"^[ \t]*>[ \t]|<(?:Console|Error|Terminal)\w*", re.M)  # a quotation, what a program says
# What stands behind English that is spoken of: a particle, or what it is the wording of.
MENTION = re.compile(
    r"['’\"”.!?)]{0,2}(?:(?:이?라[는고]|이?란|[을를은는이가의도]|[와과]|으?로|에서|에|처럼|보다|부터|까지|이나|[이]?며|입니다|이다|인)(?![가-힣])"
    r"|이?라[는고])"
)
WORDING = re.compile(
    r"[\"'”’)]?[ ]?(?:오류|에러|경고|예외|메시지|문구|문장|버튼|메뉴|탭|옵션|항목|명령|제목|질문|표현|구문|구절|노래"
    r"|영화|책|게임)(?![가-힣]{3})"
)
# A picture, a link, a badge that is both, a macro of AsciiDoc, a tag, an address, the definition of a link.
LINKED = re.compile(
    r"!\[[^\[\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])|\b(?:image|link|video|xref)::?[^\s\[]*\[[^\[\]\n]*\]"
    r"|<[A-Za-z/][^<>]*>|^[ ]{0,3}\[[^\]\n]+\]:[ \t]*\S+.*$",
    re.M,
)
ADDRESS = re.compile(r"\bhttps?://\S+")
LINK = re.compile(r"\[[^\[\]]*\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])")
FEW = 0.2  # of the words: what may stand beside links on a page that is nothing but links
EMPHASISED = re.compile(
    r"(?:<(?P<tag>i|b|em|strong|kbd|cite|q|samp|u)>|(?P<mark>\*{1,3}|(?<![A-Za-z0-9_])_{1,2}))(?P<pad>[ ]?)\Z", re.I
)
LABELLED = re.compile(r"<(?:i|em|kbd|cite|q|samp)>[^<>]*\Z")  # what a screen asks, over the end of a line
STATED = re.compile(  # a statement, or what a comment says that comes out of one
    r"[ \t]*(?:[A-Za-z_][\w.]*[ \t]+(?:=|:=|<-)[ \t]+\S|for \w+ in \S+ [^.!?]*$|(?:[;%#]+|//|--)[ \t]*(?:=>|->)[ \t])"
)
SLUG = re.compile(
    r"\b[A-Za-z0-9]+(?:-[A-Za-z0-9]+){3,}\b|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}\b"
)  # ch04-on-the-server, a hash


def links_only(text: str) -> bool:
    """Tell whether a text is nothing but links and pictures: badges, a list of what to read, a screenshot."""
    if "](" not in text and "[" not in text and "<" not in text:
        return False
    plain = LINKED.sub(" ", text)
    rest = LINK.sub(" ", plain)
    said = LINK.sub(lambda m: m.group().split("](")[0], plain)
    left, words = (len(english_words(ADDRESS.sub(" ", one))) for one in (rest, said))
    return rest != text and left <= FEW * words


def in_session(text: str, at: int) -> bool:
    """Tell whether a line of the paragraph above this place is a prompt, so that a program is speaking."""
    above = text[max(text.rfind("\n\n", 0, at), 0) : at]
    return any(PROMPT.match(line) for line in above.split("\n")[:-1])


def _emphasised(line: str, rest: str) -> bool:
    """Tell whether English is all that stands between two marks, as the label of a button or a question on a screen is.

    A bold sentence on a line of its own is none.
    """
    opened = EMPHASISED.search(line)
    if not opened:
        return False
    closing = f"</{opened['tag']}>" if opened["tag"] else opened["mark"]
    end = re.match(rf"[.!?:]?[ ]?{re.escape(closing)}", rest, re.I)
    beside = line[: opened.start()] + (rest[end.end() :] if end else "")
    bold = opened["mark"] in ("**", "__", "***") or (opened["tag"] or "").lower() in ("b", "strong", "u")
    return bool(end) and (not bold or has_hangul(beside))


def _indented(text: str, start: int, end: int) -> bool:
    """Tell whether English stands in a block that Markdown shows as it is: indented, all of it without Hangul."""
    block = text[text.rfind("\n\n", 0, start) + 2 : (text + "\n\n").index("\n\n", end)]
    above = text[: max(0, text.rfind("\n\n", 0, start))].rsplit("\n\n", 1)[-1].lstrip()
    lines = [line for line in block.split("\n") if line.strip()]
    listed = re.match(r"[-*+>]|\d+[.)]", above)
    return not listed and not has_hangul(block) and all(line.startswith(("    ", "\t")) for line in lines)


def set_apart(text: str, start: int, end: int) -> bool:
    """Tell whether English stands where a translator may leave it: an attribute, a link's title, a quotation."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    stop = text.find("\n", end)
    rest = text[end : stop if stop >= 0 else len(text)]
    attribute = re.search(r"<[A-Za-z][^<>]*\s[\w-]+=[\"'][^\"'<>]*\Z", text[max(0, start - 2000) : start])
    link = re.search(r"\[[^\[\]]*\Z", line) and re.match(r"[^\[\]]*\]\(", rest)
    macro = re.search(r"::?[^\s\[\]]*\[[^\[\]]*\Z", line) and "]" in rest
    quoted = re.search(r"[\"“‘'][^\"”’']*\Z", line) and re.match(r"[^\"“‘]*[\"”’']", rest)
    block = [m.start() for m in SHOWN.finditer(text, 0, start)]
    paragraph = text[text.rfind("\n\n", 0, start) + 1 : start].strip()
    comment = re.match(r"(?:[ \t]{2,}|.*[;{}][ \t]*)(?:#|//)[ \t]?[^\n]*\Z", line)
    shown = (
        line.lstrip().startswith(">")
        or paragraph.startswith(">")
        or bool(comment)
        or in_session(text, start)
        or any(text.startswith("<", a) and "</" not in text[a:start] for a in block)
    )
    ticked = text.count("`", max(0, text.rfind("\n\n", 0, start)), start) % 2 == 1  # code that goes over a line's end
    shown = shown or text.count("{% highlight", 0, start) > text.count("{% endhighlight", 0, start)
    shown = shown or bool(LABELLED.search(text[max(0, start - 300) : start]))
    shown = shown or bool(REFERENCE.search(line))  # a list of papers
    shown = shown or _indented(text, start, end)
    shown = shown or bool(STATED.match(line + text[start:end] + rest))
    spoken_of = MENTION.match(rest) or text[end - 1] not in ".!?" and WORDING.match(rest)
    return bool(attribute or link or macro or quoted or shown or ticked or spoken_of or _emphasised(line, rest))
