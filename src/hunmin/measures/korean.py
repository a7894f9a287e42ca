"""How much of an answer's language is Korean, and whether the task asks for another language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..text.hangul import HANGUL
from ..text.prose import prose_of
from .measured import asked

LETTERS = re.compile(r"[^\W\d_]")
# A task that wants another language in its answer, said in English or in Korean.
_LANGUAGE_KO = r"(?:영어|영문|일본어|일어|중국어|한문|러시아어|불어|프랑스어|독일어|독어|스페인어|이탈리아어|라틴어|포르투갈어|아랍어|힌디어|베트남어|태국어|외국어)"  # noqa: E501
_LANGUAGE_EN = (
    r"(?:english|japanese|chinese|mandarin|russian|french|german|spanish|italian|latin|portuguese|arabic|hindi"
    r"|vietnamese|thai|greek|dutch|swedish|polish|turkish|hebrew)"
)
OTHER_LANGUAGE = re.compile(
    rf"\b(?:in(?:to)?|to) {_LANGUAGE_EN}\b|\b{_LANGUAGE_EN} (?:word|phrase|sentence|translation|term|name)"
    rf"|{_LANGUAGE_KO}(?:로|으로| 문장| 단어| 표현| 번역| 이름| 낱말)",
    re.I,
)


def asks_for_other_language(text: str) -> bool:
    """Tell whether an instruction, in English or in Korean, wants another language than Korean in the answer."""
    return bool(OTHER_LANGUAGE.search(text))


def hangul_share(answer: str, record: Mapping[str, Any]) -> float | None:
    """Give the share of Hangul among the letters of all scripts outside code, formulas, links: 0 to 1.

    None when there is no letter to judge (a number, code) or when the task asks for another language; 0 for a blank
    answer.
    """
    if not answer.strip():
        return 0.0
    letters = LETTERS.findall(prose_of(answer))
    if not letters or asks_for_other_language(asked(answer, record)):
        return None
    return sum(bool(HANGUL.match(letter)) for letter in letters) / len(letters)
