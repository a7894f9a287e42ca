"""The marks of lists and headings in whatever notation a page is written: Markdown, AsciiDoc, reST, HTML, Korean."""

from __future__ import annotations

import re

ITEM = re.compile(r"^[ \t]*(?:[-+•]|\*{1,5}|\d{1,3}[.)]|\.{1,5}|#\.)[ \t]+\S", re.M)
# What a Korean list may begin its items with instead.
OTHER_ITEM = re.compile(
    r"^[ \t>]*(?:(?:[-+]|\*{1,5})[ \t]+\S|[•·▪◦○●■□–—★☆✓✔][ \t]*\S|\(?\d{1,3}\s?[.)]|[①-⑳❶-❿]"
    r"|[가나다라마바사아자차카타파하][.)]|\([가나다라마바사아]\)"
    r"|[ⅰ-ⅹⅠ-Ⅹ]\.?|\.{1,5}[ \t]|#\.|<li>|\d{1,3}(?:단계|번|째)|(?:첫|둘|셋|넷|다섯|여섯)째|(?:첫|두|세|네|다섯) 번째)",
    re.M,
)
ORDINALS = ["첫", "둘|두", "셋|세", "넷|네", "다섯", "여섯", "일곱", "여덟", "아홉", "열"]
# A heading said in another notation: == of AsciiDoc, <h2>, a line that the next one underlines. Bold is a makeshift.
OTHER_HEADING = re.compile(
    r"^[ \t]*(?:={1,6}[ \t]+\S|<h[1-6]\b|h[1-6]\.\s)|^\S[^\n]*\n(?:={2,}|-{3,}|~{3,}|\^{3,}|\"{3,})[ \t]*$", re.M
)
BOLD_LINE = re.compile(r"^[ \t]*(?:\*\*|__)[^*_\n]+(?:\*\*|__)[ \t]*:?[ \t]*$", re.M)


def counted(number: int, text: str) -> bool:
    """Tell whether the text counts a number of a list off, wherever: 1., 1), (1), ①, 1번, 첫째, 첫 번째."""
    signs = rf"(?<![\d.])\(?{number}\s?[.)](?!\d)|(?<!\d){number}(?:번|단계)"
    if number <= 20:
        signs += "|" + chr(ord("①") + number - 1)
    if number <= len(ORDINALS):
        signs += rf"|(?:{ORDINALS[number - 1]})(?:째|\s?번째)"
    return bool(re.search(signs, text))
