"""Korean counters and units that stand without their number: where a lost number left a hole."""

from __future__ import annotations

import re

from .korean_numerals import NATIVE_ONES, NATIVE_TENS

COUNTERS = (
    r"개월|개|명|번째|번|가지|사람|살|시간|시|달러|달|배|장|권|대|마리|잔|그릇|쪽|곳|년|월|일|분|초|원|도|층|호|회|위|점"
    r"|컵|큰술|작은술|숟가락|줄|방울|짝|쌍|병|봉지|조각|단계|퍼센트|%|인|주|km|cm|mm|kg|mg|ml|m²|g|m|L|리터|미터|킬로"
)
# What may follow a counter that lost its number; a word that only begins like a counter (짝수, 대학, 개선) is none.
AFTER = (
    r"(?=[\s.,:;!?)~]|$|(?:이|가|은|는|을|를|에|의|로|으로|와|과|도|만|마다|쯤|정도|동안|짜리|씩|이상|이하|이내|당|간|부터|까지|보다|밖에|뿐|째|후|전|에서|라면|이면|면|만에"
    r"|까지의|부터의|에는|에서는|까지는|부터는)(?=[\s.,:;!?)~]|$)|(?:입니다|이다|이고|이며|이라|이었|였|예요|이므로)|인(?=\s))"
)
ORPHAN = re.compile(rf"(?:(?<=[^\d\s]\s)|(?<=^)|(?<=\n)|(?<=[(~/×+\-=:,]))\s?(?P<c>(?:{COUNTERS})){AFTER}")
DETERMINER = re.compile(
    r"(?<![가-힣])(?:몇|여러|각|이|그|저|첫|매|전|수|온|다음|지난|이번|같은|어느|반|번째|하루|날|십여|수십|수백|수천|한두|두세|서너|너댓|대여섯"
    rf"|{'|'.join(NATIVE_TENS)}|{'|'.join(NATIVE_ONES)}|(?:{'|'.join(NATIVE_TENS)})(?:{'|'.join(NATIVE_ONES)})|[일이삼사오육칠팔구십백천만]+)\s$"
)


def orphans(text: str, start: int = 0, end: int | None = None) -> list[re.Match[str]]:
    """Give the counters and units that stand without a number or a determiner before them (group "c")."""
    found = ORPHAN.finditer(text, start, len(text) if end is None else end)
    return [m for m in found if not DETERMINER.search(text[max(0, m.start("c") - 6) : m.start("c")])]


def surely_orphan(match: re.Match[str], text: str) -> bool:
    """Tell whether a lone counter can hardly be a word of its own: 시간 (time) and 일 (work) are words too."""
    word, before = match["c"], text[max(0, match.start("c") - 4) : match.start("c")].rstrip()
    if word in ("시", "분"):
        return before.endswith(("오전", "오후", "새벽", "아침", "저녁", "밤", "시"))
    if word == "일":
        return before.endswith("월")
    return word not in (
        "시간",
        "달",
        "원",
        "도",
        "장",
        "점",
        "주",
        "초",
        "위",
        "인",
        "배",
        "대",
        "살",
        "사람",
        "해",
        "단계",
        "조각",
        "줄",
        "병",
    )
