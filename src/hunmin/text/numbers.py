"""Numbers of an English and a Korean text brought to the same values: digits, words, 만/억, ordinals, months, units.

A value is compared, not its writing: `1,000,000`, `1 million`, `100만` and `백만 원` are one number; `December` is a 12
that stands before 월. What is ambiguous carries several values, and two numbers agree when they share one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from .number_words import implied, korean_words
from .scan import scan


@dataclass(frozen=True)
class Number:
    """A number at [start, end) of a text.

    `values` are what it may mean, `written` is "digits", "word" or "month"; `unit` is a name of UNITS or a currency or
    "" when none stands beside it; `optional` marks what Korean may leave out (the 00 of 9:00, a dozen, 24/7).
    """

    start: int
    end: int
    values: frozenset[Decimal]
    written: str = "digits"
    unit: str = ""
    optional: bool = False


FULL_WIDTH = str.maketrans("０１２３４５６７８９，．％", "0123456789,.%")
WIDE = re.compile(r"[０-９，．％]")
# The second form is a number whose thousands went wrong (12,00 or 1,3400); a pair in brackets, (3,12), is two numbers.
DIGITS = (
    r"\d{1,3}(?:,\d{3})+(?![\d])(?:\.\d+)?|(?<![(\[,\d])\d{1,3}(?:,\d{3})*,(?:\d{2}|\d{4})(?![\d,)\]])|\d+(?:\.\d+)?"
)

# unit -> (family, English writing, Korean writing); a unit of the same family in its place is an error
UNITS: dict[str, tuple[str, str, str]] = {
    "km/h": ("speed", r"km/h|kmh|kph|kilometers per hour", r"km/h"),
    "mph": ("speed", r"mph|miles per hour", r"mph"),
    "m/s": ("speed", r"m/s", r"m/s"),
    "m²": ("area", r"m²|m2|sq(?:uare)? met(?:er|re)s?", r"m²|㎡|제곱\s?미터|평방미터"),
    "km": ("length", r"km|kilomet(?:er|re)s?", r"km|㎞|킬로미터"),
    "cm": ("length", r"cm|centimet(?:er|re)s?", r"cm|㎝|센티미터|센티"),
    "mm": ("length", r"mm|millimet(?:er|re)s?", r"mm|㎜|밀리미터"),
    "mile": ("length", r"miles?|mi", r"마일|mi"),
    "foot": ("length", r"feet|foot|ft", r"피트|ft"),
    "inch": ("length", r"inch(?:es)?", r"인치"),
    "m": ("length", r"m|met(?:er|re)s?", r"m|미터"),
    "kg": ("mass", r"kg|kilograms?|kilos?", r"kg|㎏|킬로그램"),
    "mg": ("mass", r"mg|milligrams?", r"mg|밀리그램"),
    "lb": ("mass", r"lbs?|pounds?", r"파운드|lbs?"),
    "oz": ("mass", r"oz|ounces?", r"온스|oz"),
    "g": ("mass", r"g|grams?", r"g|그램"),
    "ml": ("volume", r"m[lL]|millilit(?:er|re)s?", r"m[lL]|㎖|밀리리터"),
    "l": ("volume", r"[lL]|lit(?:er|re)s?", r"[lL]|ℓ|리터"),
    "°C": ("heat", r"°\s?C|degrees celsius", r"°\s?C|℃"),
    "°F": ("heat", r"°\s?F|degrees fahrenheit", r"°\s?F|℉"),
    "second": ("time", r"seconds?|secs?", r"초"),
    "minute": ("time", r"minutes?|mins?", r"분(?!의)"),
    "hour": ("time", r"hours?|hrs?", r"시간"),
    "day": ("time", r"days?", r"일"),
    "week": ("time", r"weeks?", r"주(?!년)"),
    "month": ("time", r"months?", r"개월|달(?!러)"),
    "year": ("time", r"years?|yrs?", r"년|살(?![가-힣]{2})|세(?=[\s.,은는이가의에로인]|$)|해(?=[\s.,]|$)"),
    "월": ("date", r"월", r"월(?!요일|급|세)"),
    "GB": ("bytes", r"GB|gigabytes?", r"GB|기가바이트"),
    "MB": ("bytes", r"MB|megabytes?", r"MB|메가바이트"),
    "KB": ("bytes", r"[kK]B|kilobytes?", r"[kK]B|킬로바이트"),
    "TB": ("bytes", r"TB|terabytes?", r"TB|테라바이트"),
    "%": ("share", r"%|percent\b|per cent\b", r"%|퍼센트|프로(?![가-힣])"),
    "dollar": ("money", r"dollars?|USD|bucks?", r"달러|불(?![가-힣])|USD|\$"),
    "euro": ("money", r"euros?|EUR|€", r"유로|EUR|€"),
    "won": ("money", r"won|KRW|₩", r"원|KRW|₩"),
    "yen": ("money", r"yen|JPY|¥", r"엔|JPY|¥"),
    "cent": ("money", r"cents?", r"센트"),
}
SIGNS = {"$": "dollar", "€": "euro", "£": "pound", "₩": "won", "¥": "yen"}
FAMILY = {name: family for name, (family, _, _) in UNITS.items()} | {"pound": "money"}
_EN_UNIT = re.compile(
    r"[\s-]?(?:" + "|".join(f"(?P<u{i}>{en})" for i, (_, en, _) in enumerate(UNITS.values())) + r")(?![A-Za-z0-9])"
)
_KO_UNIT = re.compile(
    r"\s?(?:"
    + "|".join(f"(?P<u{i}>(?:{ko})(?![A-Za-z0-9²]))" for i, (_, _, ko) in enumerate(UNITS.values()))
    + r"|(?P<pound>파운드|£))"
)
_UNIT_NAMES = tuple(UNITS)

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
WORDS = {word: i for i, word in enumerate(_ONES)} | {word: 20 + 10 * i for i, word in enumerate(_TENS)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
ORDINALS = {
    word: i for i, word in enumerate("third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), 3)
}
MONTHS = {
    name: i % 12 + 1
    for i, name in enumerate(
        "January February March April May June July August September October November December "
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    )
}
_WORD = "|".join([*_TENS, *sorted(_ONES, key=len, reverse=True)])
_SCALE = "|".join(SCALES)
EN_DIGITS = re.compile(
    rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9]\.)(?P<sign>[$€£₩¥]\s?)?(?P<n>{DIGITS})"
    rf"(?:[\s-]?(?P<scale>(?i:{_SCALE})\b|bn\b)|(?P<k>[kKM])(?![A-Za-z²]))?"
)
EN_DIGITS_FIRST = re.compile(r"[\d$€£₩¥]")
EN_WORDS = re.compile(
    rf"\b(?:(?P<a>{_WORD})(?:[-\s](?P<b>{_WORD}))?(?:\s(?P<s>{_SCALE}))?|(?P<o>{'|'.join(ORDINALS)}))\b", re.I
)
_SECONDS = "|".join(sorted({word[1:3] for word in (*WORDS, *ORDINALS)}))
EN_WORDS_FIRST = re.compile(rf"[zotfsenZOTFSEN](?<!\w.)(?=(?i:{_SECONDS}))")
EN_MONTH_FIRST = re.compile(r"[JFMASOND](?=[aepuco][a-z])")
EN_MONTH = re.compile(
    r"\b(?P<m>January|February|April|June|July|August|September|October|November|December)\b"
    r"|\b(?P<x>March|May|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)\b\.?(?=\s\d)|(?<=\d\s)(?P<y>March|May)\b"
)
PREFIXES = {"giga": 10**9, "tera": 10**12}  # of tonnes and watts, which Korean counts in 억 and 조
PREFIX = re.compile(r"\s?(giga|tera)[a-z]{3,}", re.I)
PM = re.compile(r"(?:[:.]\d\d)?\s?[pP]\.?\s?[mM]\b")

_KO_SMALL = {"십": 10, "백": 100, "천": 1000}
_KO_LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
DIGIT = re.compile(r"\d")
KO_DIGITS = re.compile(
    rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9]\.)(?:{DIGITS})[십백천]?[만억조]?"
    rf"(?:(?<=조)\s?(?:{DIGITS})[십백천]?억)?(?:(?<=억)\s?(?:{DIGITS})[십백천]?만)?"
    rf"(?:(?<=[만억])\s?(?:{DIGITS})(?:[십백천](?!만)|(?=\s?[원명개달톤대권장건표주㎞a-zA-Z])))?"
)
_KO_PART = re.compile(rf"(?P<n>{DIGITS})(?P<small>[십백천])?(?P<large>[만억조])?")
_NATIVE_TENS = {
    "열": 10,
    "스물": 20,
    "스무": 20,
    "서른": 30,
    "마흔": 40,
    "쉰": 50,
    "예순": 60,
    "일흔": 70,
    "여든": 80,
    "아흔": 90,
}
_NATIVE_ONES = {
    "하나": 1,
    "한": 1,
    "첫": 1,
    "둘": 2,
    "두": 2,
    "셋": 3,
    "세": 3,
    "석": 3,
    "넷": 4,
    "네": 4,
    "넉": 4,
    "다섯": 5,
    "닷": 5,
    "여섯": 6,
    "엿": 6,
    "일곱": 7,
    "이레": 7,
    "여덟": 8,
    "아홉": 9,
}
_COUNTER = (
    r"\s|개|명|번|가지|사람|살|시|달|배|장|권|대|마리|잔|그릇|쪽|곳|채|벌|켤레|송이|자루|척|편|차례|해|분|숟가락"
    r"|큰술|컵|줄|방울|짝|쌍|째|판|통|병|봉|조각|끼|층|군데|[,.)]|$"
)
KO_NATIVE_FIRST = re.compile(rf"[{''.join({name[0] for name in (*_NATIVE_TENS, *_NATIVE_ONES)})}](?<![가-힣].)")
_SHORT = "|".join(name for name in _NATIVE_ONES if len(name) == 1)
_LONG = "|".join(name for name in _NATIVE_ONES if len(name) > 1)
KO_NATIVE = re.compile(
    rf"(?<![가-힣])(?:(?P<t>{'|'.join(_NATIVE_TENS)})(?P<to>{_LONG}|{_SHORT})?(?={_COUNTER})"
    rf"|(?P<whole>둘|셋|넷|(?:스물|서른|마흔|쉰|예순|일흔|여든|아흔)(?:{_LONG})?|열(?:{_LONG}))(?=[이을은에의과도])"
    rf"|(?P<o>(?:{_LONG})(?={_COUNTER}|[가-힣]{{2}})|(?:{_SHORT})(?={_COUNTER})(?![,.)]|$)))"
)
_SINO = {c: i for i, c in enumerate("영일이삼사오육칠팔구")} | {"공": 0}
_SINO_COUNTER = (
    r"(?:개|명|년|월|일(?![가-힣])|시|분|초|원|달러|퍼센트|도|미터|킬로|번|층|호|세|살|회|위|등|장|쪽|주|차|학년|가지|배|인|대|권|단계"
    r"|부|[,.)]|$)"
)
KO_SINO_FIRST = re.compile(r"[일이삼사오육칠팔구십백천만억제](?:(?<=제)|(?<![가-힣\d].))")
KO_SINO = re.compile(
    rf"(?<![가-힣\d])(?<!\d\s)(?P<s>[일이삼사오육칠팔구십백천만억]{{2,}}(?=\s?{_SINO_COUNTER})|[일이삼사오육칠팔구십백천만억](?={_SINO_COUNTER})"
    rf"|[삼사오육칠팔구십백천만억](?=\s(?:보|{_SINO_COUNTER[3:]}))"
    r"|제(?P<j>[일이삼사오육칠팔구십]+)(?=\s|[가-힣])"
)

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
    rf"|{'|'.join(_NATIVE_TENS)}|{'|'.join(_NATIVE_ONES)}|(?:{'|'.join(_NATIVE_TENS)})(?:{'|'.join(_NATIVE_ONES)})|[일이삼사오육칠팔구십백천만]+)\s$"
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


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "")).normalize()


def _unit(pattern: re.Pattern[str], text: str, at: int) -> str:
    match = pattern.match(text, at)
    if not match or match.lastgroup is None:
        return ""
    return "pound" if match.lastgroup == "pound" else _UNIT_NAMES[int(match.lastgroup[1:])]


def _always(match: re.Match[str], text: str) -> bool:
    """Tell whether this is the 7 of 24/7."""
    return match["n"] == "7" and text[max(0, match.start() - 3) : match.start()] == "24/"


def english_numbers(text: str) -> list[Number]:
    """Give the numbers of an English text: digits, words but one, ordinals from third on, months."""
    text = text.translate(FULL_WIDTH) if WIDE.search(text) else text
    found: list[Number] = []
    for match in scan(EN_DIGITS_FIRST, EN_DIGITS, text):
        value, scale = _number(match["n"]), (match["scale"] or match["k"] or "").lower()
        values = {value}
        if scale in SCALES:
            values = {value * SCALES[scale]}
        elif scale:
            values.add(value * {"k": 1000, "m": 10**6, "bn": 10**9}[scale])
        if value < 12 and PM.match(text, match.end("n")):
            values.add(value + 12)
        sign = (match["sign"] or "").strip()
        unit = SIGNS[sign] if sign else _unit(_EN_UNIT, text, match.end())
        prefix = PREFIX.match(text, match.end())
        if prefix and not scale:
            values.add(value * PREFIXES[prefix[1].lower()])
        minutes = match.start() > 1 and text[match.start() - 1] == ":" and text[match.start() - 2].isdigit()
        found.append(
            Number(
                match.start("n"),
                match.end(),
                frozenset(values),
                "digits",
                unit,
                minutes and value == 0 or _always(match, text),
            )
        )
    for match in scan(EN_WORDS_FIRST, EN_WORDS, text):
        if match["o"]:
            found.append(Number(*match.span(), frozenset({Decimal(ORDINALS[match["o"].lower()])}), "word"))
            continue
        said = WORDS[match["a"].lower()]
        if match["b"]:
            second = WORDS[match["b"].lower()]
            if not (said >= 20 and 0 < second < 10):
                continue
            said += second
        if match["s"]:
            said *= SCALES[match["s"].lower()]
        if said >= 2 or said == 0:
            unit = _unit(_EN_UNIT, text, match.end())
            found.append(Number(*match.span(), frozenset({Decimal(said)}), "word", unit))
    for match in scan(EN_MONTH_FIRST, EN_MONTH, text):
        name = match["m"] or match["x"] or match["y"]
        found.append(Number(*match.span(), frozenset({Decimal(MONTHS[name[:3]])}), "month", "월"))
    taken = [(number.start, number.end) for number in found]
    for start, end, said in implied(text):
        if not any(a < end and start < b for a, b in taken):
            found.append(Number(start, end, frozenset({Decimal(said)}), "word", "", True))
    return sorted(found, key=lambda number: number.start)


def _scaled(body: str) -> Decimal:
    total, section = Decimal(0), Decimal(0)
    for part in _KO_PART.finditer(body):
        value = _number(part["n"]) * _KO_SMALL.get(part["small"] or "", 1)
        section += value
        if part["large"]:
            total += section * _KO_LARGE[part["large"]]
            section = Decimal(0)
    return (total + section).normalize()


def _native(body: str) -> int:
    tens = next((name for name in _NATIVE_TENS if body.startswith(name)), "")
    return _NATIVE_TENS.get(tens, 0) + _NATIVE_ONES.get(body[len(tens) :], 0)


def _sino(body: str) -> Decimal:
    total = section = digit = 0
    for char in body:
        if char in _SINO:
            digit = _SINO[char]
        elif char in _KO_SMALL:
            section += (digit or 1) * _KO_SMALL[char]
            digit = 0
        else:
            total += (section + digit or 1) * _KO_LARGE[char]
            section = digit = 0
    return Decimal(total + section + digit)


def korean_numbers(text: str) -> list[Number]:
    """Give the numbers of a Korean text: digits with 만/억, native and Sino-Korean numerals with a counter."""
    text = text.translate(FULL_WIDTH) if WIDE.search(text) else text
    found: list[Number] = []
    for match in scan(DIGIT, KO_DIGITS, text):
        body = match.group()
        first = _KO_PART.match(body)
        assert first
        values = {_number(body) if body == first["n"] else _scaled(body)}
        if body != first["n"] and re.match(r"[가-힣]", text[match.end() :]) and body[-1] in "백천조":
            values.add(_number(first["n"]))  # 3조각, 2조로: pieces and groups, not trillions
        unit = _unit(_KO_UNIT, text, match.end())
        sign = text[match.start() - 1 : match.start()] if match.start() else ""
        found.append(Number(*match.span(), frozenset(values), "digits", SIGNS.get(sign, unit)))
    for match in scan(KO_NATIVE_FIRST, KO_NATIVE, text):
        value = _native(match["whole"] or match.group())
        found.append(Number(*match.span(), frozenset({Decimal(value)}), "word", _unit(_KO_UNIT, text, match.end())))
    for match in scan(KO_SINO_FIRST, KO_SINO, text):
        group = "s" if match["s"] else "j"
        found.append(
            Number(
                *match.span(group), frozenset({_sino(match[group])}), "word", _unit(_KO_UNIT, text, match.end(group))
            )
        )
    for start, end, said in korean_words(text):
        found.append(Number(start, end, frozenset({Decimal(said)}), "word", _unit(_KO_UNIT, text, end)))
    return sorted(found, key=lambda number: number.start)
