"""The speech level a Korean sentence ends in: 하십시오체, 해요체, 해체 or 해라체, by its last ending.

Endings that words end in too (편지, 의자, 나라) count only before a full stop, and never in the nouns listed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from .sentences import split

HASIPSIO, HAEYO, HAE, HAERA = "하십시오체", "해요체", "해체", "해라체"
LEVELS = (HASIPSIO, HAEYO, HAE, HAERA)
TAIL = re.compile(r"[\s\"'”’)\]}>*_`~^.!?…。ㅋㅎㅠㅜ\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F]*$")
ENDED = re.compile(r"[.!?…。~]")
_NOT_YO = re.compile(r"(?:중요|필요|수요|개요|동요|민요|소요|담요|주요|가요|강요|고요|요요|사요)$")
_NOUNS = re.compile(
    r"(?:편지|의지|토지|잡지|단지|바지|먼지|이미지|메시지|페이지|강아지|돼지|공지|표지|거지|가지|아버지|할아버지|이지"
    r"|사자|의자|글자|숫자|남자|여자|부자|환자|과자|기자|학자|저자|독자|피자|상자|모자|혼자|각자|감자|사용자|소비자|투자"
    r"|나라|노라|분야|시야|언어|용어|단어|영어|국어|한국어|외국어|방어|제어|도서|순서|부서|질서|문서|정서|바다|판다|소다"
    r"|이해|피해|방해|오해|올해|새해|지난해|언니|어머니|할머니|주머니|하나|오나|시대|세대|기대|상대|무대|미래|노래|본래|유래"
    r"|국군|장군|아군|동네|그네|존재|문제|과제)$"
)
_YO = re.compile(r"(?:[가-힣]요|죠)$")
_HAERA = re.compile(r"(?:다|느냐|으냐|냐|구나|렴|려무나|마|는가|은가|인가|던가|자)$")
_RA = re.compile(r"라$")
_HAE = re.compile(
    r"(?:어|아|해|야|지|네|거든|잖아|게|래|까|데|봐|줘|돼|와|워|져|려|혀|켜|써|서|꺼|커|대|나|군|라|걸|여|쳐|겨|펴|혀|니까|가)$"
)


def level_of(sentence: str) -> str:
    """Give the level of one sentence, or "" where it shows none: a noun, a label, another language."""
    text = unicodedata.normalize("NFC", sentence)
    tail = TAIL.search(text)
    cut = tail.start() if tail else len(text)
    body, ended = text[:cut], bool(ENDED.search(text[cut:]))
    if len(body) < 2 or not "가" <= body[-1] <= "힣":
        return ""
    last, before = body[-1], body[-2]
    if body.endswith(("십시오", "십시요", "십니까")) or (body.endswith(("니다", "니까")) and _final(body[-3:-2]) == 17):
        return HASIPSIO
    if body.endswith(("ㅂ니다", "ㅂ시다")) or (body.endswith("시다") and _final(body[-3:-2]) == 17):
        return HASIPSIO  # 갑시다, 먹읍시다
    if _YO.search(body):
        return "" if _NOT_YO.search(body) else HAEYO
    if _NOUNS.search(body):
        return ""
    if last == "다":
        return HAERA if ended or len(body) > 4 else ""
    if not ended:
        return ""
    if _RA.search(body):
        return HAE if _final(before) == 8 else HAERA  # 몰라, 달라 are 해체; 먹어라, 해라 are not
    if last == "니" and "?" in text[cut:]:
        return HAERA
    if _HAERA.search(body):
        return HAERA
    return HAE if _HAE.search(body) else ""


def levels(text: str) -> Counter[str]:
    """Count the levels of a text's sentences; those that show none are left out."""
    found = Counter(level_of(text[a:b]) for a, b in split(text))
    found.pop("", None)
    return found


def _final(char: str) -> int:
    """Give the number of a syllable's final consonant: 0 none, 8 ㄹ, 17 ㅂ."""
    return (ord(char) - 0xAC00) % 28 if char and "가" <= char <= "힣" else 0
