"""Scores that a reply gives without a numeral or a label: "일곱 점", "만점입니다", "a solid 8", "…답변이다. (7점)".

Number words become digits only where they can be nothing but the score: beside 점 with a label or a verb that gives
("여덟 점을 드립니다", not "도자기 두 점입니다"), or as the whole of what a label says.
"""

from __future__ import annotations

import re

from ..text.korean_numerals import NATIVE_TENS, native, sino
from .spoken import talked_of

_TENS = "|".join(NATIVE_TENS)
_NATIVE = rf"(?:(?:{_TENS})\s?)?(?:하나|한|둘|두|셋|세|넷|네|다섯|여섯|일곱|여덟|아홉)|(?:{_TENS})"
_WORD = rf"(?P<word>{_NATIVE}|[일이삼사오육칠팔구십백]{{1,5}}|영|공|빵)"
_LABELLED = (
    r"(?:점수|총점|평점|채점(?:\s*결과)?|(?:종합|최종|전체)(?:\s*(?:점수|평가|평점))?|평가(?:\s*(?:점수|결과))?"
    r"|총평|결론)\s*(?:는|은)?\s*[:=→-]*\s*"
)
_THIS = r"(?:이|본|해당)\s*(?:답변|응답|글)(?:은|는|에는|에|의\s*점수는)\s+"
_START = (
    rf"(?:^|[.!?]\s|\n|(?:따라서|그러므로|그래서|종합하면|결론적으로|전체적으로|종합적으로|최종적으로),?\s"
    rf"|{_THIS})\s*(?:10\s*점\s*만점에\s*)?"
)
_GIVES = (
    r"(?:(?:드립니다|줍니다|준다|부여합니다|부여한다|매깁니다|매긴다|처리합니다)(?=\s*(?:$|[.!,;)~\n])|만[\s,])"
    r"|드려요|드리겠|드릴게|주겠|줄게|부여하겠|매기겠|처리하겠)"
)
_WHOLE = _WORD.replace("word", "whole")
_GIVEN = _WORD.replace("word", "given").replace("이삼", "삼")  # "이 점을" is this point
_SPOKEN = re.compile(
    rf"(?P<before>{_LABELLED})(?:{_WORD}\s*(?=점(?!\s*[영일이삼사오육칠팔구](?![가-힣])))|(?P<bare>(?:{_TENS})?"
    rf"(?:하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉)|열|[영삼육칠팔구십])(?=\s*(?:$|[.(\n])))"
    rf"|(?P<start>{_START}){_WHOLE}\s*(?=점\s*(?:입니다|이다|이에요|[.!]?\s*$))"
    rf"|(?<![가-힣\d]){_GIVEN}\s*(?=점(?:을|\s|밖에)\s*(?:{_GIVES}|줄\s*수\s*(?:밖에\s*)?없)"
    r"|점으로\s*(?:평가|채점|하겠|책정|매기|매깁)|점이\s*(?:적당|적절|타당|알맞))",
    re.M,
)
_MAY_BE_SPOKEN = re.compile(
    r"[나한둘두셋세넷네섯곱덟홉열무른흔쉰순든영공빵일삼사오육칠팔구십백]\s?점"
    r"|(?:점|수|과|가|평|론|합|종|체)\s*[:은는=→]\s*[가-힣]{1,5}\s?(?:점|$|[.,(\n])",
    re.M,
)
_ENGLISH = "zero one two three four five six seven eight nine ten".split()
_NAMES = "|".join(_ENGLISH)
_IN_ENGLISH = re.compile(
    r"(?P<before>\b(?:score|rating|grade|verdict)\s*(?:is|of|:|=)\s*(?:an?\s+)?|\b(?:give|rate|score"
    r"|award)\s+(?:it|this|the)\s+(?:[a-z]+\s+)?(?:an?\s+)?)?"
    rf"\b(?P<word>{_NAMES})\b(?P<of>\s+out\s+of\s+(?P<top>ten|10)\b|(?=\s*(?:$|[.,;(!\n]|points?\b|because|since|/)))",
    re.I,
)


def with_digits(plain: str) -> str:
    """Give the text with the score's number words in digits, every other character in its place."""
    if "점" in plain and _MAY_BE_SPOKEN.search(plain):
        plain = _SPOKEN.sub(_in_digits, plain)
    lowered = plain.lower()
    return _IN_ENGLISH.sub(_english_digits, plain) if any(word in lowered for word in _ENGLISH) else plain


def _in_digits(match: re.Match[str]) -> str:
    group = next(name for name in ("word", "bare", "whole", "given") if match[name])
    said = match[group]
    value = 0 if said in ("영", "공", "빵") else native(said) or sino(said)
    start, end = match.span(group)
    before, after = match.string[match.start() : start], match.string[end : match.end()]
    digits = str(value)
    if len(digits) > len(said) + len(after):
        if not before.endswith(" "):
            return match[0]
        before = before[:-1]
        return before + digits.rjust(len(match[0]) - len(before))
    return before + digits.ljust(len(said) + len(after))


def _english_digits(match: re.Match[str]) -> str:
    if not match["before"] and not match["of"]:
        return match[0]
    number = str(_ENGLISH.index(match["word"].lower())).rjust(len(match["word"]))
    of = match["of"].replace("ten", "10 ") if match["of"] else ""
    return (match["before"] or "") + number + of


_MAY_BE_FULL = re.compile("만점|marks|perfect", re.I)
_FULL = re.compile(
    rf"(?P<label>{_LABELLED}|{_START})(?P<said>만점)(?=입니다|이다|이에요|으로\s*(?:평가|채점|하겠)|\s*[.!]?\s*$)"
    rf"|(?<![0-9점])(?<!점\s)(?P<given>만점)(?=(?:을|\s)\s*{_GIVES}|이\s*(?:적당|적절|타당|알맞)|으로\s*(?:평가"
    rf"|채점)(?:합|하겠))"
    r"|^\s*(?:(?:i|we)\s+(?:(?:would|d)\s+)?(?:give|award)\s+(?:it"
    r"|this(?:\s+\w+)?)\s+)?(?:overall,?\s+)?(?P<english>(?:full|top)\s+marks|an?\s+perfect\s+score)"
    r"(?=(?:\s+(?:from|for)\s+(?:me|this|it)(?:\s+\w+)?)?[.!]?\s*$)",
    re.M | re.I,
)


def full_marks(plain: str, quoted: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give the [start, end) of each "만점입니다", "full marks" that gives the top of the scale."""
    found = []
    for match in _FULL.finditer(plain) if _MAY_BE_FULL.search(plain) else ():
        start, end = match.span(next(name for name in ("said", "given", "english") if match[name]))
        if not any(a <= start < b for a, b in quoted) and not talked_of(plain, start, end):
            found.append((start, end))
    return found


_PART = re.compile(
    r"(?<![가-힣])(?!점수|총점|평점|제|이|본)[가-힣]{2,8}(?:은|는|이|가)?\s만점(?=입니다|이다|이고|이며|,)"
)


def part_in_full(plain: str) -> list[tuple[int, int]]:
    """Give the [start, end) of full marks that only one part gets: "수학은 만점입니다"."""
    return [m.span() for m in _PART.finditer(plain) if not _FULL.search(plain, m.start())] if "만점" in plain else []


# What closes a review with a number and no label: "Overall, a solid 8.", "무난한 답변이다. (7점)", "오답이므로 0점."
CLOSING = re.compile(
    r"(?:^|[.!?]\s)\s*(?:(?:overall|all\s+in\s+all|in\s+(?:short|sum|total)|still|so)[,:]?\s+)?(?:(?:it|this"
    r"|that)\s+(?:is|s)\s+|i\s+d\s+call\s+it\s+)?(?:an?\s+)?"
    r"(?:solid|strong|firm|clear|decent|respectable|fair|weak|low|high|flat|easy|comfortable|good"
    r"|perfect)\s+(?=[0-9]+(?:\.[0-9]+)?\s*(?:$|[.!]\s|[.!]$|/|out\s+of|(?:from|for)\s+me))"
    r"|(?:므로|[으이]니|라서|이\s*정도면),?\s+(?=[0-9]+(?:\.[0-9]+)?\s*점[.!]?\s*$)"
    r"|[.!?]\s*\(\s*(?=[0-9]+(?:\.[0-9]+)?\s*점\s*\)\s*\Z)",
    re.I | re.M,
)
