"""Numbers that count nothing: those of fixed expressions (a 3rd party, 24/7), of round exaggerations (10,000 miles
beyond), of references that Korean makes by place (example 2 as 위 예시).
"""

from __future__ import annotations

import re

from ...text.numbers import Number

# What is said in English, and how Korean says it; a number in it that the Korean says otherwise is for review.
SAYINGS = tuple(
    (re.compile(rf"(?i)(?<![\w.,])(?:{english})(?!\w|[.,]\d)"), re.compile(korean))
    for english, korean in (
        (r"(?:3rd|third)[- ]part(?:y|ies)", r"서드[ -]?파티|외부|타사|제삼자|다른 (?:회사|업체|개발자)|협력사"),
        (r"1st[- ]part(?:y|ies)", r"퍼스트[ -]?파티|자사|자체|공식|내부"),
        (r"1st[- ]class", r"일급|일류|일등|퍼스트|최고|최상|정식|동등|주요"),
        (r"1st[- ]hand", r"직접|몸소|생생|당사자"),
        (r"2nd[- ]hand", r"중고|간접|전해|건너|헌"),
        (r"2nd[- ](?:nature|skin)", r"몸에|천성|습관|자연|본능|익숙|저절로|당연"),
        (r"2nd to none", r"최고|으뜸|제일|둘째|비할|뒤지지|독보"),
        (
            r"24(?:/|x|-)7(?:/365)?",
            r"연중|무휴|하루 ?종일|온종일|항상|언제나|언제든|상시|밤낮|주야|쉬지|쉴 새|늘 |끊임|계속",
        ),
        (
            r"24 hours (?:a|per) day(?:,? (?:and )?(?:7|seven) days (?:a|per) week)?",
            r"연중|무휴|종일|항상|언제든|상시|밤낮|내내",
        ),
        (r"7 days (?:a|per) week", r"연중|매일|날마다|항상|내내|쉬는 날 ?없이"),
        (r"365 days (?:a|per) year", r"연중|매일|날마다|내내"),
        (r"4th of july|july 4th", r"독립 ?기념일"),
        (r"(?<=call |dial )911", r"긴급|구급|응급|구조|경찰"),
        (r"20/20 hindsight", r"지나고|돌이켜|뒤늦|나중에"),
        (r"360[- ]degrees?(?: view)?", r"전방위|모든 방향|전체|다각|전면|입체|종합|사방"),
        (r"(?:a|does|did|do|pulled) (?:complete )?180(?:[- ]degree turn)?", r"정반대|완전히|돌변|뒤집|백팔십|거꾸로"),
        (r"(?:give|gives|gave|giving)(?: \w+){0,2} 11?0 ?(?:%|percent)", r"최선|전력|온 힘|온 마음|혼신|모든 것"),
        (r"1[- ]on[- ]1", r"일대일|개별|개인|맞춤"),
        (r"1[- ]way", r"단방향|일방|편도|한 방향"),
        (r"2[- ]way", r"양방향|쌍방|왕복"),
        (r"2[- ]sided", r"양면|양쪽"),
    )
)
# Round numbers that only mean "much".
LOOSE = re.compile(
    r"(?i)(?<![\d,.])10{0,2}(?:,?000)+ (?:miles?|light[- ]years?|times|leagues?|steps?|feet) "
    r"(?:beyond|better|worse|ahead of|above|past)\b"
)

# What is counted through in a text, by its Korean.
REFERRED = {
    "example": "예제|예시|예|사례|보기", "figure": "그림|도표|도식|도면", "fig": "그림|도표|도식", "table": "표",
    "step": "단계|순서|과정", "section": "절|섹션|부분|항", "chapter": "장|챕터", "equation": "식|방정식|수식|공식",
    "eq": "식|방정식|수식|공식", "listing": "목록|코드|예제|리스트", "exercise": "연습|문제|과제", "problem": "문제",
    "question": "질문|문제|물음", "note": "주|참고|각주|메모", "line": "줄|행", "page": "쪽|페이지|면", "item": "항목",
    "option": "옵션|선택지|보기|방법", "case": "경우|사례", "part": "부분|파트", "appendix": "부록",
    "paragraph": "문단|단락",
    "point": "점|항목|요점", "sentence": "문장", "image": "이미지|그림|사진", "diagram": "그림|도표|다이어그램|도식",
    "picture": "그림|사진",
}  # fmt: skip
REFERENCE = re.compile(
    rf"(?i)\b(?P<what>{'|'.join(REFERRED)})(?P<many>s?)\.?[ \u00a0](?:\d+(?:, (?:and )?| and | or | ?[-–] ?))*\Z"
)
PLACE = r"(?:위|아래|앞|뒤|윗|아랫|다음|이전|마지막|끝|바로 위|바로 아래)(?:쪽)?(?:의|에서|에|에 나온|에 있는)?"


def said(number: Number, original: str, text: str) -> str:
    """Tell of a number without its equal that it is "silent" (its expression stands in Korean), for "review" (it may
    be said in words), or "" when nothing speaks for it.
    """
    for english, korean in SAYINGS:
        for match in english.finditer(original):
            if match.start() <= number.start < match.end():
                return "silent" if korean.search(text) else "review"
    if any(match.start() <= number.start < match.end() for match in LOOSE.finditer(original)):
        return "review"
    return "review" if _by_place(number, original, text) else ""


def _by_place(number: Number, original: str, text: str) -> bool:
    """Tell whether a reference by number may be one by place: (example 2) as 위 예시."""
    match = REFERENCE.search(original[max(0, number.start - 60) : number.start])
    if match is None or number.written != "digits":
        return False
    kind = REFERRED[match["what"].lower()]
    return bool(
        re.search(rf"(?<![가-힣]){PLACE} (?:[가-힣]+ )?(?:{kind})(?![가-힣]{{3}})|(?:{kind})\s?(?:위|아래)", text)
    )
