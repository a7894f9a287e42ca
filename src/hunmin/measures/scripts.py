"""Words in a script that neither the question nor the English asks for: Han, Kana, Cyrillic, Thai and the like.

Models that learned several languages slip into another one within a Korean answer. What Korean itself writes so is
left alone: Hanja in brackets behind its Hangul, a conventional single Hanja (美, 故, 新), titles, symbols of
mathematics, emoticons, and whatever is about those languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..text.prose import spans_of
from .measured import asked

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
SCRIPTS = {
    "cjk": HAN + KANA + "\u3100-\u312f",
    "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "Armenian": "\u0531-\u058f",
    "Hebrew": "\u0591-\u05f4\ufb1d-\ufb4f",
    "Arabic": "\u0610-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "Indic": "\u0900-\u0dff",
    "Thai": "\u0e01-\u0e7f",
    "Lao": "\u0e80-\u0eff",
    "Tibetan": "\u0f00-\u0fff",
    "Burmese": "\u1000-\u109f",
    "Georgian": "\u10a0-\u10ff\u2d00-\u2d2f",
    "Ethiopic": "\u1200-\u139f",
    "Khmer": "\u1780-\u17ff",
    "Mongolian": "\u1800-\u18af",
}
WORD = re.compile("|".join(rf"(?P<{name}>[{chars}][{chars}\u0300-\u036f]*)" for name, chars in SCRIPTS.items()))
ANY = re.compile(f"[{''.join(SCRIPTS.values())}]")
HANGUL = re.compile(r"[가-힣]")
HAN_CHAR, KANA_CHAR = re.compile(f"[{HAN}]"), re.compile("[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]")

# What a language is called, in the question or beside the word: then its script is what is talked about.
LANGUAGES = {
    "Han": "한자 한문 중국 일본어 일어 사자성어 고사성어 漢字 훈음 음훈 부수 천자문 간체 번체 주역 갑골 간지 "
    r"\b(?:chinese|japanese|mandarin|cantonese|kanji|hanja|han.characters?|taiwan\w*)\b",
    "Kana": "일본어 일어 히라가나 가타카나 카타카나 가나.문자 "
    r"\b(?:japanese|hiragana|katakana|kana|romaji|furigana)\b",
    "Greek": r"그리스 희랍 헬라 알파벳 \b(?:greek|alphabets?)\b",
    "Cyrillic": "러시아 우크라이나 불가리아 세르비아 키릴 몽골 카자흐 벨라루스 "
    r"\b(?:russian?|ukrain\w+|bulgarian?|serbian?|cyrillic|mongolian?|kazakh\w*|belarus\w*)\b",
    "Arabic": "아랍 페르시아 이란 우르두 파슈토 쿠란 코란 이슬람 "
    r"\b(?:arab\w*|persian?|farsi|urdu|quran\w*|islam\w*)\b",
    "Hebrew": r"히브리 이스라엘 이디시 \b(?:hebrew|yiddish|israel\w*)\b",
    "Indic": "힌디 산스크리트 범어 벵골 타밀 텔루구 네팔 인도 데바나가리 "
    r"\b(?:hindi|sanskrit|bengali|tamil|telugu|nepali|marathi|punjabi|gujarati|devanagari|indian?)\b",
    "Thai": r"태국 타이어 \bthai\w*\b",
    "Georgian": r"조지아 그루지야 \bgeorgian?\b",
    "Armenian": r"아르메니아 \barmenian?\b",
    "Khmer": r"크메르 캄보디아 \b(?:khmer|cambodian?)\b",
    "Burmese": r"미얀마 버마 \b(?:burmese|myanmar)\b",
    "Tibetan": r"티베트 \btibetan?\b",
    "Lao": r"라오 \blao(?:s|tian)?\b",
    "Ethiopic": r"암하라 에티오피아 \b(?:amharic|ethiopian?)\b",
    "Mongolian": r"몽골 \bmongolian?\b",
}
NAMED = {script: re.compile("|".join(words.split()), re.I) for script, words in LANGUAGES.items()}
SEVERAL = re.compile(
    r"외국어|다국어|여러 (?:나라|언어)|각국|어원|유니코드|다른 언어"
    r"|\b(?:foreign|different|several|multiple|other|many|various) languages?\b|\bmultilingual\w*|\betymolog\w+"
    r"|\bunicode\b|\butf-?8\b",
    re.I,
)

# Hanja that Korean text writes alone: countries, parties, surnames of presidents, and the prefixes of headlines.
SINGLE = frozenset(
    "美中日北南韓英獨佛露伊加濠印蘇明唐宋元漢隋故前新現舊大小高低上下左右男女父母子夫婦弟兄全總各每株社黨與野檢警軍官民法案"
    "對反親脫無有非超再副甲乙丙丁戊己庚辛壬癸氏孃君翁卒詩文書詞曲行派式型版街道市郡區洞山江金木水火土月陰陽心氣理禪德仁義禮智信孝忠情善惡"
    "尹李朴盧崔鄭姜趙張林安柳洪人天地東西內外先後生死病老主農商工銀鐵石玉花春夏秋冬福壽夢龍虎馬牛鼠羊犬王妃帝侯公伯系界圈力譯註完"
)
COUNTRIES = frozenset("美中日北南韓英獨佛露伊加濠印蘇與野檢警民軍政朝淸明")
QUOTE_BEFORE, QUOTE_AFTER = re.compile(r"[\"'“‘][^\"'“”‘’\n]*$"), re.compile(r"[^\"'“”‘’\n]*[\"'”’]")
OPENING, CLOSING = "([{（［〔", ")]}）］〕"
GLOSS_TAG = re.compile(r"<(su[pb]|rt|small)>[^<>\n]*$", re.I)
TITLE = re.compile(r"[『「《〈≪<][^『』「」《》〈〉≪≫<>\n]{0,40}[』」》〉≫>]")
BEHIND = re.compile(r"[가-힣A-Za-z0-9'\"’”』」》〉)\]}>*_%.]\s?$")
READ_BEHIND = re.compile(r"['\"’”』」》〉]?\s?[(\[（［][^()\[\]（）\n]{0,30}?[가-힣]")
CLOSE = re.compile(r"[)\]}）］〕\n]")
BRACKET_CHARS = 60
NEAR = 80  # how far from a word the name of its language may stand, on the same line


@dataclass(frozen=True)
class ForeignWord:
    """A stretch in another script; `whole` tells a word from a lone letter, `quoted` that it stands in quotes."""

    start: int
    end: int
    script: str
    whole: bool
    quoted: bool = False


def foreign_words(text: str, question: str = "", code: bool = False) -> list[ForeignWord]:
    """Give the words of a Korean text in another script that neither `question` nor the text itself gives reason for.

    `question` is everything that was asked and the English: a word that stands there, and the script of a language
    that is named there, belong. Code is left out unless `code` says that its English is in the question.
    """
    if not ANY.search(text):
        return []
    several = bool(SEVERAL.search(question))
    found: list[ForeignWord] = []
    for match in WORD.finditer(text):
        word = match.group()
        script = _script(match.lastgroup or "", word)
        if (
            not script
            or word in question
            or several
            or ANY.search(question)
            and _has_script(question, script)
            or _named(script, question)
        ):
            continue
        start, end = match.span()
        if _conventional(text, start, end, script):
            continue
        quoted = bool(QUOTE_BEFORE.search(text, max(0, start - 40), start) and QUOTE_AFTER.match(text, end, end + 40))
        found.append(ForeignWord(start, end, script, len(word) >= 2, quoted))
    if not found:
        return []
    kinds = ("url", "email") if code else ("fence", "code", "inline_code", "url", "email", "latex")
    spans = [s for s in spans_of(text) if s.kind in kinds]
    if len(spans) == 1 and spans[0].start == 0 and spans[0].end >= len(text.rstrip()) and not HANGUL.search(text):
        spans = [s for s in spans if s.kind in ("url", "email")] if _mostly(found, text) else spans
    return [w for w in found if not any(s.start <= w.start < s.end for s in spans)]


def foreign_script(answer: str, record: Mapping[str, Any]) -> float | None:
    """Give the number of words in another script than Hangul and Latin that nobody asked for; 0 is best, never None.

    A Chinese sentence counts as many words as its punctuation makes of it.
    """
    return float(len(foreign_words(answer, asked(answer, record))))


def _mostly(found: list[ForeignWord], text: str) -> bool:
    letters = sum(char.isalpha() for char in text)
    return 2 * sum(w.end - w.start for w in found) >= letters


def _script(group: str, word: str) -> str:
    """Give the script of a word; "" for signs alone (a long-vowel mark, a lone Greek or emoticon letter)."""
    if group == "cjk":
        if KANA_CHAR.search(word):
            return "Kana"
        return "Han" if HAN_CHAR.search(word) else ""
    return group


def _has_script(text: str, script: str) -> bool:
    if script in ("Kana", "Han"):
        return bool((KANA_CHAR if script == "Kana" else HAN_CHAR).search(text))
    return bool(re.search(f"[{SCRIPTS[script]}]", text))


def _named(script: str, text: str) -> bool:
    pattern = NAMED.get(script)
    return bool(pattern and pattern.search(text))


def _conventional(text: str, start: int, end: int, script: str) -> bool:
    """Tell whether Korean itself writes this word so, or the text says on this line what language it is."""
    word = text[start:end]
    if script == "Greek" and (end - start <= 2 or not re.search("[α-ωά-ώ]{3}", word)):
        return True  # a symbol: α, Δx, μm
    if end - start == 1 and _in_emoticon(text, start):
        return True
    if script == "Han" and (word in SINGLE or end - start <= 4 and all(c in COUNTRIES for c in word)):
        return True
    if _in_brackets(text, start, end) or script == "Han" and READ_BEHIND.match(text, end):
        return True
    if GLOSS_TAG.search(text, max(0, start - BRACKET_CHARS), start):
        return True
    if script in ("Han", "Kana"):
        low = max(0, start - 45)
        if any(m.start() < start - low and end - low < m.end() for m in TITLE.finditer(text[low : end + 45])):
            return True
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    around = text[max(line_start, start - NEAR) : end + NEAR if line_end < 0 else min(line_end, end + NEAR)]
    return bool(HANGUL.search(around)) and _named(script, around)


def _in_brackets(text: str, start: int, end: int) -> bool:
    """Tell whether a word stands in brackets behind a word that it explains: 훈민(訓民), 도쿄(東京, Tokyo)."""
    depth = 0
    for at in range(start - 1, max(-1, start - BRACKET_CHARS), -1):
        char = text[at]
        if char == "\n":
            return False
        if char in CLOSING:
            depth += 1
        elif char in OPENING:
            if depth:
                depth -= 1
                continue
            close = CLOSE.search(text, end, end + 4 * BRACKET_CHARS)
            return bool(close and close.group() != "\n" and BEHIND.search(text[max(0, at - 2) : at]))
    return False


def _in_emoticon(text: str, at: int) -> bool:
    """Tell whether a lone letter is part of a face such as (°Д°) or ¯\\_(ツ)_/¯: no letter or digit beside it."""
    around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
    return bool(around.strip()) and not any(char.isalnum() or char.isspace() for char in around)
