"""The two answers of a pairwise judge's reply under one name each, however the reply calls them."""

from __future__ import annotations

import re

from ...raters.plain import plain_text
from ...raters.spoken import quoted_spans

FIRST, SECOND = "Ⓐ", "Ⓑ"  # no reply writes these; everything that names an answer becomes one of them
KINDS_KO = r"(?:답변|응답|모델|답안|후보|출력|번역문?|어시스턴트|글|답)"
KINDS_EN = r"(?:assistant|answer|response|model|output|candidate|option|reply|translation)"
_OWN = rf"(?:\s+s(?=\s)|(?<=[AB12)])s(?=\s))?(?:\s+(?:{KINDS_EN}\b))?"  # "B's response": the quote is a blank by now
_CALLED = re.compile(
    rf"(?:\bthe\s+)?(?<![A-Za-z가-힣])(?:{KINDS_KO}|{KINDS_EN})\s*"
    r"(?:\(\s*(?P<bracketed>[ABab12])\s*\)|[#-]?\s?(?P<called>[AB])(?![A-Za-z0-9+])|#?\s?(?P<counted>[12])(?!번"
    r"|[\d.,]\d|\d|\s*(?:점|개|가지|명|회|차|단계|/|:\s*\d)))"
    rf"{_OWN}"
    rf"|(?:\bthe\s+)?\b(?P<ordinal>first|second)\s+{KINDS_EN}\b"
    rf"|(?P<order>첫|두)\s*번째\s*{KINDS_KO}|(?P<number>[12])\s*번\s*{KINDS_KO}"
    rf"|(?<![A-Za-z0-9_./-])(?P<bare>[AB])(?![A-Za-z0-9_+/]|-[A-Za-z]){_OWN}",
    re.I,
)
_KOREAN_OWN = re.compile(
    rf"([{FIRST}{SECOND}])(?:의)?\s*(?:{KINDS_KO}|쪽|안)(?=[이가은는을를도과와에의로으보]|\s|[.,:]|$)"
)


def with_names(text: str) -> str:
    """Give the text without Markdown and quotations, each answer called Ⓐ or Ⓑ: "Assistant B's response" is Ⓑ.

    A quotation that is only a name ('답변 A') is that name.
    """
    for start, end in reversed(quoted_spans(text)):
        if not _CALLED.fullmatch(plain_text(text[start:end]).strip()):
            text = text[:start] + " … " + text[end:]
    named = _CALLED.sub(_name, plain_text(text))
    return _KOREAN_OWN.sub(r"\1", _KOREAN_OWN.sub(r"\1", named))


def _name(match: re.Match[str]) -> str:
    if match["bare"] in ("a", "b") or match["called"] in ("a", "b"):
        return match[0]  # "answer a question"
    said = next(m for m in match.groups() if m)
    return FIRST if said.lower() in ("a", "1", "first", "첫") else SECOND
