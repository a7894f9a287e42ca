"""The numbers of a Korean text: digits with 만 and 억, numerals in letters, clock times, dates, fractions, 반."""

from __future__ import annotations

import re
from fractions import Fraction

from .korean_numerals import (
    LARGE,
    NATIVE,
    NATIVE_FIRST,
    SINO,
    SINO_FIRST,
    SINO_FRACTION,
    SMALL,
    korean_words,
    native,
    sino,
)
from .number_shapes import shapes
from .number_units import SIGNS, unit_at
from .numbers import DIGITS, FULL_WIDTH, WIDE, Number, clock_values, number, plain, signed
from .scan import scan

_COUNTED = r"(?=\s?(?:[원명개달톤대권장건표주㎞㎡년살번가마병배쪽평t]|유로|파운드|위안|엔|센트|[a-zA-Z$%]))"
# 370 억 달러: a scale that stands apart, where it can be nothing else
_APART = (
    r"\s억(?=\s|\d|[원명개달유])|\s조(?=\s?(?:\d|원|달러))"
    r"|\s만(?=\s?(?:\d|[원명개건대톤]|달러|유로|엔|파운드|킬로|마리))"
)
FIRST = re.compile(r"\d|\.(?=\d)")
KO_DIGITS = re.compile(
    rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9]\.)(?:\d{{1,4}}천\s?(?:\d{{1,2}}백\s?)?\d{{1,3}}십?(?=[만억])"
    rf"|\d{{1,4}}천\s?\d{{1,2}}백(?=[만억])|\d{{1,2}}백\s?\d{{1,2}}십?(?=[만억])|(?:{DIGITS})[십백천]?)(?:[만억조]|{_APART})?"
    rf"(?:(?<=조)\s?(?:{DIGITS})[십백천]?억)?(?:(?<=억)\s?(?:\d{{1,4}}천\s?\d{{1,3}}[백십]?|(?:{DIGITS})\s?[십백천]?)만)?"
    rf"(?:(?<=[만억])\d{{4}}(?:\.\d+)?(?![\d만억]|[.,]\d)|(?<=[만억])\s?(?:{DIGITS})(?:[십백천](?!만)|{_COUNTED}))?(?:(?<=천)\s?(?:{DIGITS})(?:[십백](?!만)|{_COUNTED}))?"
)
_PART = re.compile(rf"(?P<n>{DIGITS})\s?(?P<small>[십백천])?\s?(?P<large>[만억조])?")
# 만 and 조 behind a number are 10^4 and 10^12, or a particle ("only") and a word ("piece", "group").
_SURELY_SCALE = re.compile(
    r"\s?(?:[원명개달톤대권장건표㎞㎡평]|여\s|유로|파운드|위안|엔|센트|km|kg)|년(?:\s|에|간|을|이|전)"
)
_ARTICLE, _CLAUSE = re.compile(r"제\s?\Z"), re.compile(r"\s?(?:제\s?)?\d+항")
_ONLY = re.compile(r"큼|에(?=\s|$)")
_HOUR = r"열한|열두|열|한|두|세|네|다섯|여섯|일곱|여덟|아홉|\d{1,2}"
_DAYTIME = r"오전|오후|새벽|아침|저녁|밤|낮|정오|점심"
_OWN = re.compile(
    rf"(?P<clock>(?<![가-힣\d.:])(?:(?P<half>{_DAYTIME})\s?)?(?P<h>{_HOUR})\s?시(?![간작절장청도기민선스험인리즌])(?:\s?(?P<m>\d{{1,2}})분|\s?(?P<hm>반)(?=[\s.,이에을부까인입쯤경으)과와]|$))?)"
    rf"|(?P<colon>(?P<chalf>{_DAYTIME})\s?(?P<ch>\d{{1,2}}):(?P<cm>[0-5]\d)(?!\d))"
    r"|(?P<noon>(?<![가-힣])(?:(?:낮\s)?정오|자정)(?![가-힣]{3}))"
    r"|(?P<date>(?<!\d)(?P<mo>\d{1,2})월\s?(?P<d>\d{1,2})(?P<one>일(?!곱))?(?:(?<=일)|(?=\s?[~∼–-]\s?\d{1,2}일)))"
    r"|(?P<part>(?<![\d.,])(?P<b>\d+(?:,\d{3})*)\s?분의\s?(?P<a>\d+(?:,\d{3})*))"
)
_OWN_FIRST = re.compile(r"[\d오새아저밤낮정점자열한두세네다여일]")
_AFTER_HALF = r"(?=[\s.,:;!?을를이가은는의에정도쯤만)까부입인였동후뒤전씩간짜과와]|$)"
_TEN_THOUSAND = re.compile(r"(?<![가-힣\d])만\s?\Z")
_HALF = re.compile(rf"\s?반{_AFTER_HALF}")
_COUNTED_HALF = re.compile(rf"(?:[가-힣]{{1,3}}|[A-Za-z]{{1,4}})\s?반{_AFTER_HALF}")
_SPEED = {"km": "km/h", "mile": "mph", "m": "m/s"}
_SPEED_BEFORE = re.compile(r"[시초]속\s?(?:약\s)?(?:[\d.,]+\s?k?m\s?(?:에서|부터|[~∼–-])\s?(?:약\s)?)?\Z")
_HEAT = {"섭씨": "°C", "화씨": "°F"}
_HEAT_BEFORE = re.compile(r"(섭씨|화씨)\s?(?:약\s|영하\s?|영상\s?)*\Z")
_DOZEN = re.compile(r"\s?(?:개의\s?)?(?:다스|타스|더즌|도즌|도즈)")
_DAYS_OF = re.compile(r"(\d{1,2})월\s?\d{1,2}일?[^\n\d.]{0,12}?(?:부터|에서|까지|[~∼–,-]|[과와]|및)[\s>]{0,4}\Z")
_SIGN_BEFORE = re.compile(r"([$€£₩¥₹₽]|(?:USD|EUR|GBP|KRW|JPY|CNY|INR)\s?)\Z")


def korean_numbers(text: str) -> list[Number]:
    """Give the numbers of a Korean text, in order: digits with 만/억, numerals with a counter."""
    text = text.translate(FULL_WIDTH) if WIDE.search(text) else text
    found = _own(text)
    taken = [one for one in shapes(text) if not _clash(one, found)]
    found += [_with_unit(one, text) for one in taken]
    rest = text
    for one in found:
        rest = rest[: one.start] + "\0" * (one.end - one.start) + rest[one.end :]
    for match in scan(FIRST, KO_DIGITS, rest):
        found.append(_digits(match, text))
    for match in scan(NATIVE_FIRST, NATIVE, rest):
        said = Fraction(native(match["whole"] or match.group()))
        found.append(_word(text, *match.span(), said))
    for match in scan(SINO_FIRST, SINO, rest):
        group = "s" if match["s"] else "j"
        found.append(_word(text, *match.span(group), Fraction(sino(match[group]))))
    for start, end, said, unit in korean_words(rest):
        if unit or not any(one.start == start for one in found if one.written == "word" and one.end > end):
            found.append(Number(start, end, frozenset({said}), "word", unit or unit_at(text, end, "ko")[0]))
    return sorted(found, key=lambda one: one.start)


def _clash(one: Number, others: list[Number]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _with_unit(one: Number, text: str) -> Number:
    """Give a shape with its sign, its unit, and 만 behind a fraction taken for the particle it is."""
    unit, _ = unit_at(text, one.end, "ko")
    values, start = signed(one.values, text, one.start, "ko")
    if one.written == "spaced":
        rest = re.compile(r"만(?!큼)").match(text, one.end)
        values = frozenset(v * 10**4 for v in values if isinstance(v, Fraction)) if rest else values
    sign = _SIGN_BEFORE.search(text[max(0, start - 4) : start])
    return Number(start, one.end, values, one.written, SIGNS[sign[1].strip()] if sign else unit, False, one.parts)


def _own(text: str) -> list[Number]:
    """Give clock times (오후 2시 30분, 정오), dates (3월 4일) and fractions (4분의 1)."""
    found: list[Number] = []
    for match in scan(_OWN_FIRST, _OWN, text):
        if match["clock"]:
            said = match["h"]
            hour = int(said) if said.isdigit() else native(said)
            minute = int(match["m"]) if match["m"] else 30 if match["hm"] else 0
            if hour > 24 or minute > 59:
                continue
            parts = [
                Number(*match.span("h"), frozenset({Fraction(hour)}), "digits" if said.isdigit() else "word", "시")
            ]
            if match["m"]:
                parts.append(plain(text, *match.span("m"), unit="minute"))
            elif match["hm"]:
                parts.append(Number(*match.span("hm"), frozenset({Fraction(30)}), "word", "minute"))
            values = clock_values(hour, minute, _half(match["half"], hour))
            found.append(Number(*match.span("clock"), values, "clock", "", False, tuple(parts)))
        elif match["colon"]:
            hour, minute = int(match["ch"]), int(match["cm"])
            values = clock_values(hour, minute, _half(match["chalf"], hour)) if hour <= 24 else frozenset()
            two = (plain(text, *match.span("ch")), plain(text, *match.span("cm"), optional=minute == 0))
            found.append(Number(*match.span("colon"), values, "clock", "", False, two))
        elif match["noon"]:
            minutes = 720 if "정오" in match["noon"] else 0
            twelve = Number(*match.span("noon"), frozenset({Fraction(12)}), "word", "시")
            found.append(Number(*match.span("noon"), frozenset({("clock", minutes)}), "clock", "", False, (twelve,)))
        elif match["date"]:
            month, day = int(match["mo"]), int(match["d"])
            two = (plain(text, *match.span("mo"), unit="월"), plain(text, *match.span("d"), unit="day"))
            end = match.end("date")
            found.append(Number(match.start(), end, frozenset({("date", month, day)}), "date", "", False, two))
        else:
            above, below = (int(match[g].replace(",", "")) for g in "ab")
            if below:
                two = (plain(text, *match.span("b")), plain(text, *match.span("a")))
                value = frozenset({Fraction(above, below)})
                found.append(Number(*match.span("part"), value, "fraction", "", False, two))
    for match in SINO_FRACTION.finditer(text) if "분의" in text else ():
        found.append(Number(*match.span(), frozenset({Fraction(sino(match["a"]), sino(match["b"]))}), "word"))
    return found


def _half(said: str | None, hour: int) -> str:
    """Give "a" or "p" for the word before a clock time; 밤 is both sides of midnight."""
    if said in ("오전", "새벽", "아침"):
        return "a"
    if said == "밤":
        return "a" if hour == 12 or hour < 5 else "p"
    if said in ("낮", "점심"):
        return "p" if hour == 12 or hour < 6 else "a"
    return "p" if said else ""


def _word(text: str, start: int, end: int, said: Fraction) -> Number:
    values = {said}
    unit, after = unit_at(text, end, "ko")
    if _DOZEN.match(text, end):
        values = {said * 12, said}
    if _HALF.match(text, after) and unit or _COUNTED_HALF.match(text, end + (text[end : end + 1] == " ")):
        values.add(said + Fraction(1, 2))
    return Number(start, end, frozenset(values), "word", unit)


def _scaled(body: str) -> Fraction:
    total = section = Fraction(0)
    for part in _PART.finditer(body):
        section += number(part["n"]) * SMALL.get(part["small"] or "", 1)
        if part["large"]:
            total += section * LARGE[part["large"]]
            section = Fraction(0)
    return total + section


def _digits(match: re.Match[str], text: str) -> Number:
    body = match.group()
    first = _PART.match(body)
    assert first
    end = match.end()
    value = number(body) if body == first["n"] else _scaled(body)
    begins = match.start()
    ten_thousand = _TEN_THOUSAND.search(text[max(0, begins - 4) : begins])
    if ten_thousand and re.search("[천백]", body):
        value, begins = value + 10**4, begins - len(ten_thousand.group())  # 만 5천 원
    values: set[Fraction] = {value}
    if body != first["n"] and body[-1] in "만조천백" and body == first.group():
        bare = number(first["n"]) * (SMALL.get(first["small"] or "", 1) if body[-1] in "만조" else 1)
        if body[-1] == "만" and _ONLY.match(text, end):
            values, end = {bare}, end - 1
        elif body[-1] == "만" and not _SURELY_SCALE.match(text, end):
            values.add(bare)
        elif body[-1] == "조" and (_ARTICLE.search(text[max(0, begins - 2) : begins]) or _CLAUSE.match(text, end)):
            values = {bare}  # 제21조, 21조 1항: an article of a law
        elif body[-1] in "조천백" and re.match(r"[가-힣]" if body[-1] != "조" else r"(?!\s?\d|\s[가-힣])", text[end:]):
            values.add(bare)  # 3조각, 2조로: pieces and groups, not trillions
    if len(body) == 2 and body.isdigit() and text.startswith("년대", end):
        values |= {value + 1900, value + 1800}
    unit, after = unit_at(text, end, "ko")
    if _DOZEN.match(text, end):
        values = {v * 12 for v in values} | values
    if _HALF.match(text, after) and unit or _COUNTED_HALF.match(text, end):
        values |= {v + Fraction(1, 2) for v in values}
    if unit in _SPEED and _SPEED_BEFORE.search(text[max(0, match.start() - 24) : match.start()]):
        unit = _SPEED[unit]
    heat = _HEAT_BEFORE.search(text[max(0, match.start() - 12) : match.start()])
    if heat and re.match(r"\s?(?:도|°)", text[end:]):
        unit = _HEAT[heat[1]]
    sign = _SIGN_BEFORE.search(text[max(0, match.start() - 4) : match.start()])
    both, start = signed(frozenset(values), text, begins, "ko")
    if sign:
        both, start = signed(frozenset(values), text, match.start() - len(sign[1]), "ko")
        start = match.start()
        unit = SIGNS[sign[1].strip()]
    if unit == "day" and (month := _DAYS_OF.search(text[max(0, begins - 30) : begins])):
        both |= {("date", int(month[1]), int(body))}  # 6월 21일 토요일부터 22일
    exact = {("version", body)} if re.fullmatch(r"\d+\.\d+", body) else set()
    return Number(start, end, both | exact, "digits", unit)
