"""Korean numerals in letters: native (스물다섯), Sino-Korean (이십오), and words that carry a number (이틀, 절반)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from .scan import scan

SMALL = {"십": 10, "백": 100, "천": 1000}
LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
NATIVE_TENS = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90,
}  # fmt: skip
NATIVE_ONES = {
    "하나": 1, "한": 1, "첫": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "석": 3, "넷": 4, "네": 4, "넉": 4, "다섯": 5,
    "닷": 5, "여섯": 6, "엿": 6, "일곱": 7, "이레": 7, "여덟": 8, "아홉": 9,
}  # fmt: skip
_COUNTER = (
    r"\s|개|명|번|가지|사람|살|시|달|배|장|권|대|마리|잔|그릇|쪽|곳|채|벌|켤레|송이|자루|척|편|차례|해|분|숟가락"
    r"|큰술|컵|줄|방울|짝|쌍|째|판|통|병|봉|조각|끼|층|군데|다스|묶음|상자|박스|바퀴|시간|주|주일|팀|그루|포기|갑|모금|알|입|단어|문장"
    r"|갈래|마디|스푼|접시|켠|칸|뼘|가구|나라|학생|자리|달러|센트|[,.)]|$"
)
NATIVE_FIRST = re.compile(rf"[{''.join({name[0] for name in (*NATIVE_TENS, *NATIVE_ONES)})}](?<![가-힣\d\0].)")
_SHORT = "|".join(name for name in NATIVE_ONES if len(name) == 1)
_LONG = "|".join(name for name in NATIVE_ONES if len(name) > 1)
NATIVE = re.compile(
    rf"(?<![가-힣\d\0])(?:(?P<t>{'|'.join(NATIVE_TENS)})(?:\s?(?P<to>{_LONG}|{_SHORT}))?(?={_COUNTER})"
    rf"|(?P<whole>둘|셋|넷|(?:스물|서른|마흔|쉰|예순|일흔|여든|아흔)(?:{_LONG})?|열(?:{_LONG}))(?=[이을은에의과도])"
    rf"|(?P<o>(?:{_LONG})(?={_COUNTER}|[가-힣]{{2}})|(?:{_SHORT})(?={_COUNTER})(?![,.)]|$)))"
)
_SINO = {c: i for i, c in enumerate("영일이삼사오육칠팔구")} | {"공": 0}
_SINO_COUNTER = (
    r"(?:개|명|년|월|일(?![가-힣])|시|분|초|원|달러|센트|유로|파운드|엔|위안|페소|프랑|루블|루피|퍼센트|프로|도|미터|킬로|번|층|호|세|살|회|위|등|장|쪽|주|차|학년|가지|배|인|대|권|단계"
    r"|부(?![터분])|점|톤|마리|잔|컵|켤레|송이|그루|사람|가구|곳|줄|세기|주일|개월|시간|배럴|평|칼로리|그램|리터|마일|피트|인치|[,.)]|$)"
)
SINO_FIRST = re.compile(r"[일이삼사오육칠팔구십백천만억제](?:(?<=제)|(?<![가-힣\d].))")
SINO = re.compile(
    rf"(?<![가-힣\d\0])(?<!\d\s)(?P<s>[일이삼사오육칠팔구십백천만억]{{2,}}(?=\s?{_SINO_COUNTER})|[일이삼사오육칠팔구십백천만억](?={_SINO_COUNTER})"
    rf"|[삼사오육칠팔구십백천만억](?=\s(?:보|{_SINO_COUNTER[3:]})"
    r"|(?!천만\s?다행)[일이삼사오육칠팔구]?[십백천][만억](?=\s[가-힣]))"  # 백만 픽셀
    r"|제(?P<j>[일이삼사오육칠팔구십]+)(?=\s|[가-힣])"
)
SINO_FRACTION = re.compile(
    r"(?<![가-힣])(?P<b>[이삼사오육칠팔구십백천]{1,3})\s?분의\s?(?P<a>[일이삼사오육칠팔구십]{1,3})"
)

# word -> (values, unit); what a word may mean besides stands behind a comma
WORDS: dict[str, tuple[tuple[Fraction | int, ...], str]] = {
    "하루": ((1,), "day"), "이틀": ((2,), "day"), "사흘": ((3,), "day"), "나흘": ((4,), "day"), "닷새": ((5,), "day"),
    "엿새": ((6,), "day"), "이레": ((7,), "day"), "여드레": ((8,), "day"), "아흐레": ((9,), "day"),
    "열흘": ((10,), "day"), "보름": ((15,), "day"), "일주일": ((1,), "week"), "한두": ((1, 2), ""),
    "두세": ((2, 3), ""), "두서너": ((2, 3), ""), "서너": ((3, 4), ""), "네댓": ((4, 5), ""), "너댓": ((4, 5), ""),
    "네다섯": ((4, 5), ""), "대여섯": ((5, 6), ""), "예닐곱": ((6, 7), ""), "반 시간": ((Fraction(1, 2),), "hour"),
    "반시간": ((Fraction(1, 2),), "hour"), "반년": ((Fraction(1, 2),), "year"), "절반": ((Fraction(1, 2),), ""),
    "반값": ((Fraction(1, 2),), ""), "반 다스": ((6,), ""), "반다스": ((6,), ""), "사분의 일": ((Fraction(1, 4),), ""),
}  # fmt: skip
PAIRS = frozenset(word for word, (values, _) in WORDS.items() if len(values) == 2)
_WORDS_FIRST = re.compile(rf"[{''.join(sorted({name[0] for name in WORDS} | {'반'}))}](?<![가-힣].)")
_WORDS = re.compile(
    rf"(?<![가-힣])(?:(?P<word>{'|'.join(sorted(WORDS, key=len, reverse=True))})"
    r"|(?P<half>반)(?=[이은을의가으만과도]|\s|[.,]|$))"
)


def korean_words(text: str) -> Iterator[tuple[int, int, Fraction, str]]:
    """Yield (start, end, value, unit) of words for days, halves and two neighbouring numbers (서너 gives 3 and 4)."""
    for match in scan(_WORDS_FIRST, _WORDS, text):
        values, unit = WORDS[match["word"]] if match["word"] else ((Fraction(1, 2),), "")
        for value in values:
            yield *match.span(), Fraction(value), unit


def native(body: str) -> int:
    """Give the value of a native numeral: 스물다섯 is 25."""
    tens = next((name for name in NATIVE_TENS if body.startswith(name)), "")
    return NATIVE_TENS.get(tens, 0) + NATIVE_ONES.get(body[len(tens) :].strip(), 0)


def sino(body: str) -> int:
    """Give the value of a Sino-Korean numeral: 이백만 is 2,000,000."""
    total = section = digit = 0
    for char in body:
        if char in _SINO:
            digit = _SINO[char]
        elif char in SMALL:
            section += (digit or 1) * SMALL[char]
            digit = 0
        else:
            total += (section + digit or 1) * LARGE[char]
            section = digit = 0
    return total + section + digit
