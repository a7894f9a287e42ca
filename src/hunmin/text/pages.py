"""What documentation pages hold besides Markdown: listings without a fence, macros of AsciiDoc, roles of reST.

`kept_spans` is what stays as it is: `translate` hides it, and `page_spans`, which the checks and the measures read, is
made of it. So both decide in one place what is code.
"""

from __future__ import annotations

import re

from .listings import DIRECTIVE, listings
from .segments import Span, find_spans

ROLE = re.compile(r"(?<![\w:]):(?:[a-z]+:)?(?P<role>[a-z][\w+-]*):\Z")
MACRO = re.compile(  # whose brackets hold what a reader sees
    r"(?:\b(?:image|link|xref|include|video|audio|icon|mailto|footnote|anchor|kbd|btn|menu|pass|stem|latexmath)::?[^\s\[\]]*"
    r"|\b(?:https?|ftp|irc)://[^\s\[\]<>]*)\Z"
)
INDEXED = re.compile(
    r"\(\(\([^()\n]*\)\)\)|(?<!\()\(\([^()\n]+\)\)(?!\))|<<[^<>\n,]+(?:,(?=[^<>\n]*>>)|>>)|(?<=\w)>>(?=[\s.,)가-힣]|$)"
)
COMMENT = re.compile(r"^(/{4,})[ \t]*\n.*?^\1[ \t\r]*$", re.M | re.S)
TITLE = re.compile(
    r"^\.(?=[^\s.][^\n]*\n(?:\[[^\]\n]+\]|image::|-{4,}|={4,}|\.{4,}|\|===))", re.M
)  # the sign of a title
GLUED = re.compile(r"[*`]\\[a-z]+")
ATTRIBUTE_LINE = re.compile(r"^\[[^\[\]\n]+\][ \t\r]*$", re.M)
DIRECTIVE_HEAD = re.compile(rf"^{DIRECTIVE.pattern}[^\n]*\n(?:[ \t]+:[\w-]+:[^\n]*\n)+", re.M)
OPTION = re.compile(r"^[ \t]+:(?!caption:)[\w-]+:[^\n]*$", re.M)  # a caption is read
ABOUT = 60  # characters before a span that a role or a macro may take


def kept_spans(text: str) -> list[Span]:
    """Give what a page keeps through a translation, sorted, without overlap.

    To `find_spans` it adds listings that no fence of Markdown marks ("code") and comments of AsciiDoc ("structure").
    """
    hidden = tuple(m.span() for m in COMMENT.finditer(text)) if "////" in text else ()
    read = _blanked(text, hidden) if hidden else text
    shown = listings(read)
    found = find_spans(_blanked(read, shown) if shown else read)
    for parts, kind in ((hidden, "structure"), (shown, "code")):
        found += [Span(a, b, kind) for a, b in parts if not any(s.start < b and a < s.end for s in found)]
    if shown and ".. " in text:
        options = [m.span() for head in DIRECTIVE_HEAD.finditer(read) for m in OPTION.finditer(read, *head.span())]
        found += [Span(a, b, "structure") for a, b in options if not any(s.start < b and a < s.end for s in found)]
    return sorted(found)


def page_spans(text: str) -> list[Span]:
    """Give everything in the text that is no language, as a page of documentation writes it, sorted, without overlap.

    To `kept_spans` it adds roles of reST and links behind their backticks ("role"), index terms and references of
    AsciiDoc ("structure"). The brackets of a macro, the label of a link are no placeholders.
    """
    found = kept_spans(text)
    if ":`" in text or "`_" in text:
        found = [_as_role(text, s) if s.kind == "inline_code" else s for s in found]
        roles = [s for s in found if s.kind == "role"]  # a role's name may look like an identifier: :begin_tab:`a`
        found = [s for s in found if s.kind == "role" or not any(r.start < s.end and s.start < r.end for r in roles)]
    if "[" in text and any(s.kind in ("url", "placeholder") for s in found):
        found = [s for s in (_without_macro(text, s) for s in found) if s is not None]
    if "\\" in text:  # *func*\\s: an escape of reST, which glues a letter to a mark
        found = [s for s in found if not (s.kind == "latex" and GLUED.fullmatch(text[max(0, s.start - 1) : s.end]))]
    if "((" in text or "<<" in text or "\n." in text or text.startswith("."):
        taken = [m.span() for pattern in (TITLE, INDEXED) for m in pattern.finditer(text)]
        whole = ("code", "fence", "structure")
        found = [s for s in found if s.kind in whole or not any(a < s.end and s.start < b for a, b in taken)]
        found += [Span(a, b, "structure") for a, b in taken if not any(a < s.end and s.start < b for s in found)]
    return sorted(found)


def _blanked(text: str, parts: tuple[tuple[int, int], ...]) -> str:
    pieces, last = [], 0
    for start, end in parts:
        pieces += [text[last:start], re.sub(r"[^\n]", " ", text[start:end])]
        last = end
    return "".join([*pieces, text[last:]])


def _as_role(text: str, span: Span) -> Span:
    """Give backticks as what they are: a role's (:ref:`x`), a link's (`x <url>`_), or code's."""
    if text[span.start] != "`" or text.startswith("``", span.start):
        return span
    before = ROLE.search(text[max(0, span.start - ABOUT) : span.start])
    if before:
        return Span(span.start - len(before.group()), span.end, "role")
    link = re.match(r"__?(?![\w`])", text[span.end : span.end + 3]) and re.search(r"[A-Za-z가-힣>]`\Z", span.of(text))
    return Span(span.start, span.end, "role") if link else span


def _without_macro(text: str, span: Span) -> Span | None:
    """Give a span as it is outside AsciiDoc's macros and the labels of links; None for what is no span at all."""
    if span.kind == "url" and "[" in (body := span.of(text)) and "://" in body:  # https://example.com[its name]
        return Span(span.start, span.start + body.index("["), "url")
    if span.kind != "placeholder" or text[span.start] != "[":
        return span
    before = text[max(0, span.start - 4 * ABOUT) : span.start]
    if MACRO.search(before) or before.endswith("]") or text.startswith("[", span.end):
        return None
    if ATTRIBUTE_LINE.fullmatch(_line(text, span)) and re.match(r"\[[A-Za-z.#%,][\w.#%,= \"'-]*\]\Z", span.of(text)):
        return Span(span.start, span.end, "structure") if _heads_block(text, span) else span
    return None if re.search(rf"^[ ]{{0,3}}{re.escape(span.of(text))}:[ \t]", text, re.M | re.I) else span


def _line(text: str, span: Span) -> str:
    stop = text.find("\n", span.end)
    return text[text.rfind("\n", 0, span.start) + 1 : stop if stop >= 0 else len(text)]


def _heads_block(text: str, span: Span) -> bool:
    """Tell whether a line in brackets stands right above a block of AsciiDoc: [NOTE], [quote, somebody], [cols=2]."""
    return bool(re.match(r"[ \t\r]*\n(?:\.\S[^\n]*\n)?(?:[-=.*_+]{4,}|--|\|===|\[)", text[span.end :]))
