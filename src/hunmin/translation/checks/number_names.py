"""Numbers that are part of a name, which Korean writes in the name's own way: Formula 1 as F1 or 포뮬러 원."""

from __future__ import annotations

import re
from fractions import Fraction

from ...text.numbers import Number

NAME = re.compile(r"(?:\b[A-Z][A-Za-z]*[ -])+\Z")
COUNTED = re.compile(  # what is counted through, where the number is a number
    r"(?:Chapter|Section|Step|Figure|Fig|Table|Listing|Part|Day|Week|Month|Year|Lesson|Article|Question|Problem|Page"
    r"|Room|Exercise|Example|Item|Option|Phase|Stage|Grade|Unit|Line|Act|Scene|Volume|Appendix|Rule|Case|Point)[ -]\Z"
)
LETTERS = {
    3: "쓰리|스리", 5: "파이브", 6: "식스", 7: "세븐", 8: "에이트", 9: "나인", 11: "일레븐", 12: "트웰브",
}  # fmt: skip
# Sounds of one syllable are words of their own; behind these names they are the number.
SHORT = {1: "원", 2: "투", 4: "포", 10: "텐"}
NAMED = "포뮬러|에어\\s?포스|넘버|버전|레벨|타입|플랜|갤럭시|슈퍼마리오|윈도우"


def named(number: Number, original: str, text: str) -> bool:
    """Tell whether a number of a name stands in the Korean as that name has it."""
    name = NAME.search(original[max(0, number.start - 60) : number.start])
    if name is None or COUNTED.search(name.group()) or number.written not in ("digits", "word"):
        return False
    whole = {int(v) for v in number.values if isinstance(v, Fraction) and v.denominator == 1}
    written = original[number.start : number.end]
    capitals = "".join(char for char in name.group() if char.isupper())
    for value in whole:
        short = rf"(?<![A-Za-z])(?:{capitals}|{capitals[-2:]}|{capitals[-1:]})[ -]?{value}(?![\d.])"
        if re.search(short, text) and not re.search(short, original):
            return True
        if written.isdigit() or written[:1].isupper():
            if value in LETTERS and re.search(rf"[가-힣]\s?(?:{LETTERS[value]})", text):
                return True
            if value in SHORT and re.search(rf"(?:{NAMED})\s?{SHORT[value]}(?![가-힣]{{3}})", text):
                return True
    return False
