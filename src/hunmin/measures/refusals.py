"""Refusals, in Korean and in English: an answer that declines instead of answering or translating."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..text.sentences import split

OPENING = 3  # sentences from the start in which an answer declines; later it tells of one


def _any(words: str) -> str:
    """Give a pattern of words; _ stands for a blank that may be missing."""
    return f"(?:{'|'.join(words.split())})".replace("_", r"\s?")


_DO_KO = _any(
    "도와 도움 돕 답변 답하 대답 응답 응하 제공 번역 생성 작성 수행 처리 진행 지원 따를 따르 허용 출력 공유 말씀 "
    "알려 해_드릴 해드리 드릴 이행 승낙 수락 들어"
)
_NOT_KO = _any(r"수_(?:가_)?없 못_(?:합|해|하|드) 어렵 불가 않겠 않습니다 없습니다 곤란")
_SORRY_KO = _any("죄송 미안 유감 송구 양해")
_MACHINE_KO = _any("AI A\\.I\\. 인공_지능 언어_모델 챗봇 어시스턴트")
_THIS_KO = _any("해당 이 그 이런 이러한 요청하신 주신 위 제시된 입력하신")
_THING_KO = _any("텍스트 문장 글 내용 요청 질문 작업 주제 정보 자료 문서 부탁")
REFUSAL_KO = re.compile(
    rf"{_SORRY_KO}[^.!?\n]{{0,72}}{_DO_KO}[^.!?\n]{{0,12}}{_NOT_KO}"
    rf"|{_MACHINE_KO}[^.!?\n]{{0,20}}(?:로서|이기\s?때문|이므로|라서|이라)[^.!?\n]{{0,80}}{_NOT_KO}"
    rf"|{_THIS_KO}\s?{_THING_KO}[^.!?\n]{{0,30}}{_DO_KO}[^.!?\n]{{0,12}}{_NOT_KO}"
    r"|번역(?:을|은|도)?\s?(?:해\s?드릴|할|제공할|수행할|진행할|도와\s?드릴)\s?수\s?(?:가\s?)?없(?![는을던])"
    r"|(?:정책|지침|가이드라인|윤리)(?:에|을|를|상)?\s?(?:따라|위반|어긋)[^.!?\n]{0,30}(?:수\s?없습|않습|불가)",
)
_I_EN = r"(?:i['’]?m|i am|we['’]?re|we are)"
_NOT_EN = r"(?:can(?:no|['’])t|cannot|unable|not able|won['’]t)"
_DO_EN = _any(
    "assist help translate provide comply fulfil\\w* answer complete create generate engage support write respond "
    "discuss process continue share offer give do\\sthat do\\sthis"
)
REFUSAL_EN = re.compile(
    rf"\b{_I_EN}\s+(?:very |so |really |deeply )?(?:sorry|afraid|unable|not able)\b[^.!?\n]{{0,80}}"
    rf"\b(?:{_NOT_EN}|{_DO_EN})"
    rf"|\b(?:sorry|unfortunately|i apologi[sz]e|my apologies)\b[^.!?\n]{{0,60}}\b{_NOT_EN}"
    rf"|\bi (?:can(?:no|['’])t|cannot|won['’]t|am unable to|am not able to|must decline to|will not) {_DO_EN}\b"
    r"|\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b"
    r"|\bi (?:don['’]t|do not) (?:have (?:the ability|access|personal)|feel comfortable)\b",
    re.I,
)


def refusals(text: str, opening: int = OPENING) -> list[tuple[int, int]]:
    """Give [start, end) of each sentence among the first `opening` (0: all) that declines to do what was asked."""
    if not (REFUSAL_KO.search(text) or REFUSAL_EN.search(text)):
        return []
    found = []
    for number, (start, end) in enumerate(split(text)):
        if opening and number >= opening:
            break
        sentence = text[start:end]
        if sentence[0] in "\"“'‘「":
            continue  # somebody else says it
        if REFUSAL_KO.search(sentence) or REFUSAL_EN.search(sentence):
            found.append((start, end))
    return found


def refusal(answer: str, record: Mapping[str, Any]) -> float | None:
    """Give 1.0 for an answer that declines in its first sentences, else 0.0; None for a blank answer."""
    return float(bool(refusals(answer))) if answer.strip() else None
