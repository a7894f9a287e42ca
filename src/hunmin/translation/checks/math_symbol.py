"""math_symbol: LaTeX or a written-out formula that the translation lost or changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from ...text.formulas import RELATIONS, SYMBOLS
from ...text.number_shapes import SUPERSCRIPT
from ...text.segments import is_code
from .lost import lost_spans, squeeze
from .reading import CERTAIN, REVIEW, Issue, issue, place, spans_of

TITLE = {"ko": "수식이 바뀜", "en": "formula changed"}

STRONG = re.compile(rf"[{RELATIONS}{SYMBOLS}]|\^|=|[<>]=?")
TEXT = re.compile(
    r"\\(?:text(?:rm|bf|it|tt|sf|sc)?|mbox|mathrm|emph|underline|(?:sub)*section\*?|paragraph|caption|title|footnote)"
    r"\{[^{}]*\}"
)
GLUED = re.compile(r"(?<=\d)(?=(?:km/h|m/s|[kcm]m|m|[km]?g|m?[lL])(?![A-Za-z0-9]))")


def _same(text: str) -> str:
    """Formulas agree up to blanks, thousands commas, the words of \\text{} and where the full stop of a display
    stands; a unit is kept apart from its number, so that 16cm ends in 16.
    """
    for command, sign in COMMANDS:
        text = re.sub(rf"\\{command}(?![A-Za-z])", sign, text)
    plain = squeeze(TEXT.sub(lambda m: m.group() if "mathrm" in m.group() else "\\text{}", text))
    plain = re.sub(r"[.,;](?=\\\]|\$\$)", "", plain).replace("퍼센트", "%").replace("m²", "").replace("제곱미터", "")
    return GLUED.sub(" ", plain)


COMMANDS = (
    ("div", "÷"),
    ("times", "×"),
    ("cdot", "·"),
    ("leq?", "≤"),
    ("geq?", "≥"),
    ("neq?", "≠"),
    ("pm", "±"),
    ("[cl]?dots", "..."),
)
# One writing of what has several: signs that mean the same, thousands, a decimal without its zero.
TORN = re.compile(r"\$[ \t]+\$(?!\$)")
ESCAPED_NAME = re.compile(r"\\\([A-Z][\w-]*[A-Z\d]\\\)")
SIGNS = str.maketrans("×·⋅∙∗÷−–—＋＝＜＞（）％∕", "*****/---+=<>()%/")
PAIRS = (("<=", "≤"), (">=", "≥"), ("!=", "≠"), ("->", "→"), ("=>", "⇒"), ("==", "="))
RAISED = re.compile(r"⁻?[⁰¹²³⁴-⁹]+")
# The other ways to raise a power: 10<sup>24</sup>, 10^24^ of Pandoc, 10^{24}, 10의 24제곱.
POWER = re.compile(
    r"(?<=[\w)\]])(?:<sup>\s?(?P<tag>[-+−]?\w{1,3})\s?</sup>|\^(?P<mark>[-+−]?\w{1,3})\^(?!\^)"
    r"|\^\{\s?(?P<brace>[-+−]?\w{1,3})\s?\}|의 (?P<said>-?\d{1,3})(?:제곱|승))"
)
TOKEN = re.compile(r"\d+(?:\.\d+)?|[A-Za-zα-ωΑ-Ω]+|[^\s\w]|_")
ARITHMETIC = re.compile(r"[\d\s.,%$()*+/=-]+")


@lru_cache(maxsize=256)
def plain(text: str) -> str:
    """Give a text with its formulas in one writing; blanks and line breaks stay."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))|\\,|\{,\}", "", text).translate(SIGNS)
    for pair, sign in PAIRS:
        text = text.replace(pair, sign)
    text = re.sub(r"(?<![\d.])\.(?=\d)", "0.", text).replace("퍼센트", "%").replace("제곱미터", "m²")
    text = POWER.sub(lambda m: "^" + next(filter(None, m.groups())), text)
    text = RAISED.sub(lambda m: "^" + m.group().translate(SUPERSCRIPT), text)
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)(?![A-Za-z])", "", text)
    text = re.sub(r"(?<=\d)(\s?)[xX](\s?)(?=[\d$])", r"\1*\2", text)
    return re.sub(r"(?<=\d)\*(?=[A-Za-z](?![A-Za-z]))", "", text)


def tokens(formula: str) -> list[str]:
    """Give the tokens of a formula in one writing, without signs of money."""
    return [t for t in TOKEN.findall(plain(formula)) if t not in "$€£₩"]


def stands(formula: str, text: str) -> bool:
    """Tell whether a formula stands in a text: its tokens in order, with blanks, units and money signs between."""
    parts = tokens(formula)
    if not parts:
        return True
    gap = r"[\s$€£₩]*" + (r"(?:[가-힣]{1,6}[\s$]*)?" if ARITHMETIC.fullmatch(plain(formula)) else "")
    before = r"(?<![A-Za-z0-9.])" if re.match(r"\w", parts[0]) else ""
    after = ""
    if re.match(r"\w", parts[-1][-1]):  # a unit of two letters may be written on to a number
        after = r"(?!\d|\.\d|[A-Za-z](?![A-Za-z]))" if parts[-1][-1].isdigit() else r"(?![A-Za-z0-9])"
    return bool(re.search(before + gap.join(map(re.escape, parts)) + after, plain(text)))


def _altered(body: str, there: str) -> bool:
    """Tell whether what stands there is this formula with something changed, and not another one."""
    a, b = tokens(body), tokens(there)
    if sorted(a) == sorted(b):
        return False
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= 0.6  # x2 = 4 is x^2 = 4 damaged, y = 3a + 1 is not


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per formula that is not in the translation; without an original, only delimiters that do not
    close.
    """
    if not original:
        return _alone(text)
    if original == text or is_code(original):
        return []
    found = []
    for lost in lost_spans(original, text, ("latex", "formula"), _same):
        body = lost.span.of(original)
        there = lost.instead.of(text) if lost.instead else ""
        if len(body) == 2 and body[0] == "\\" and not body[1].isalnum():
            continue  # \_ and \# of Markdown are these signs themselves
        if ESCAPED_NAME.fullmatch(body) and body.replace("\\", "") in text:
            continue  # \(NFT\) as (NFT): brackets that Markdown's writer escaped
        word = re.fullmatch(r"\\[A-Za-z]+", body)
        if word and len(re.findall(re.escape(body) + r"(?![A-Za-z])", text)) >= original.count(body):
            continue  # \log of \log_2
        if not lost.gone and lost.instead is None:
            if lost.span.kind == "formula" or len(body) <= 5:
                continue
            severity = REVIEW
        elif lost.span.kind == "formula":
            if lost.gone and stands(body, text) or sorted(tokens(body)) == sorted(tokens(there)):
                continue
            logic = lost.gone and re.search(rf"[{SYMBOLS}∧∨∈⊂∪∩]", body)
            severity = CERTAIN if logic or STRONG.search(body) and _altered(body, there) else REVIEW
        else:
            bare = body.strip("$").removeprefix("\\(").removesuffix("\\)").strip()
            if re.fullmatch(r"[\d.,\\% ]+|[A-Za-z]", bare) and stands(bare.replace("\\", ""), text):
                continue  # $5$ as 5
            plainly = re.fullmatch(r"(?:\\[a-z]+|[\w ()+*/=<>.,-])+", bare) and stands(bare.replace("\\", ""), text)
            severity = REVIEW if plainly else CERTAIN  # $\log(N)$ as log(N)
        where = (lost.instead.start, lost.instead.end) if lost.instead else place(original, text, lost.span.start)
        found.append(
            issue(
                "math_symbol",
                severity,
                (lost.span.start, lost.span.end),
                where,
                f"수식 '{body[:60]}' 없음 / the formula '{body[:60]}' is lost",
            )
        )
    for torn in TORN.finditer(text):
        if not TORN.search(original) and "$$" in original and text.count("$$") < original.count("$$"):
            display = original.index("$$")
            detail = "'$$'가 '$ $'로 갈라짐 / a display sign was torn apart"
            found.append(issue("math_symbol", CERTAIN, (display, display + 2), torn.span(), detail))
            break
    return found


def _alone(text: str) -> list[Issue]:
    found = []
    for opening, closing in (("\\[", "\\]"), ("\\(", "\\)")):
        if text.count(opening) != text.count(closing):
            at = text.find(opening) if opening in text else text.find(closing)
            found.append(
                issue(
                    "math_symbol",
                    REVIEW,
                    None,
                    (at, at + 2),
                    f"짝이 맞지 않는 {opening} {closing} / unbalanced delimiters",
                )
            )
    for span in spans_of(text):
        if span.kind == "latex" and re.search(r"\\[가-힣]", span.of(text)):
            found.append(
                issue(
                    "math_symbol",
                    CERTAIN,
                    None,
                    (span.start, span.end),
                    "번역된 LaTeX 명령 / a LaTeX command in Hangul",
                )
            )
    return found
