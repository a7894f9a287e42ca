"""number_lost: a number, its size, its unit or its currency that the translation lost or changed.

`certain` is what both texts show beyond doubt; where another reading is possible (the value stands elsewhere, two
numbers changed places, a measure was converted) it is `review`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ...text.counters import orphans
from ...text.number_units import FAMILY, SIGNS, UNITS, metric
from ...text.numbers import Number
from ...text.raised import Raised, raised, told
from ...text.segments import is_code
from . import eras
from .number_names import named
from .number_order import doubled_places, swapped
from .number_otherwise import measured_twice, written_otherwise
from .number_pairs import Pair, pair, sizes
from .number_sayings import said
from .reading import CERTAIN, REVIEW, Issue, count, countable, issue, numbers_of, place

TITLE = {"ko": "숫자가 다름", "en": "number lost"}

ONE, TWO = Fraction(1), Fraction(2)
SMALL = frozenset((ONE, TWO))
SMALL_WORDS = SMALL | {Fraction(0)}
PAIR = re.compile(r"\b(?:both|couple|pairs?|twice|second|double|either|neither|half|other|bi\w+|twin\w*|II)\b", re.I)
BARE_CLOCK = re.compile(r"(?<!\d)\d{1,2}:(?=\s*(?:[|,.)]|$|[가-힣]|\s[가-힣]))")
LENGTHS = frozenset(("km", "cm", "mm"))  # what an "m" is not, whatever else it means
MONEY = re.compile(
    r"[$€£¥₩₹¢]|달러|유로|파운드|엔|위안|원|(?<=[만억천백십\d])\s?불|불(?![가-힣])|페소|루피|루블|프랑|바트|USD|EUR|GBP|KRW|센트|펜스|페니|크로나|리라"
)
PERCENT = re.compile(r"[%％]|퍼센트|프로|포인트|할(?!인)|분의|배|백분")
LOSS = re.compile(r"손실|적자|손해|부채|빚|감소")
LESS = re.compile(r"영하|마이너스|음수|음의|감소|줄|손실|적자|아래|낮|하락|떨어|빼|뺀|잃|부채|지출|차감|밑")
OPERATOR = re.compile(r"[-+*/=×÷^]\s?\Z")
ZONE = re.compile(r"\b(?:UTC|GMT|[A-Z]{1,3}[SD]?T)\b")
KOREAN_ZONE = re.compile(r"KST|JST|한국 ?(?:표준)?시|UTC ?\+ ?9")
COIN = re.compile(r"[\s-]?(?:penn|nickel|dime|quarter)")
HOURS = re.compile(r"\b9(?:am)? (?:to|-) 5\b")  # an office job
IN_WON = re.compile(r"약\s?[\d,.만억천백 ]+원")
FIRST, MOST = re.compile(r"\b[Nn]o\. ?\Z"), re.compile(r"가장|최고|최대|제일|으뜸")
EVERY = re.compile(r"모든|모두|전부|전체|완전|온전")
RELATIVE_YEAR = re.compile(r"작년|올해|지난해|내년|금년")
COINS = {"quarter": 25, "dime": 10, "nickel": 5, "penn": 1}
# How Korean says a small number without writing it, by its value: "2 of them" as 둘 다, "in 10 parts" as 십등분.
SAID: dict[int, re.Pattern[str]] = {
    0: re.compile(r"영|제로|없|공(?=[\s,.])|무(?:중단|료|결점|관용|손실|정지)|[zZ]ero"),
    1: re.compile(r"(?<![가-힣])(?:한|하나|첫|하루|일|단|매|각|당|홀)|당\s|마다|유일|단위|달에|개월"),
    2: re.compile(r"두|둘|쌍|양[쪽측]|이중|이등분|반(?![가-힣])|절반|제곱|이틀|모두"),
    3: re.compile(r"세\s?|셋|석|삼|사흘|세제곱|서드"),
    4: re.compile(r"네\s?|넷|넉|사각|사분|나흘|분기"),
    10: re.compile(r"열|십"),
    100: re.compile(r"백"),
    1000: re.compile(r"천"),
    10000: re.compile(r"만(?:\s|[가-힣])"),
}


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per source number without its equal in the translation, or with another unit beside it."""
    if not original or original == text or is_code(original):
        return []
    wanted = numbers_of(countable(original), "en")
    there = numbers_of(countable(text), "ko")
    if not wanted:
        return _added(original, text, [n for n in there if n.written != "word"])
    pairs = pair(wanted, there, original, text)
    extra = [n for n in pairs.extra if n.written != "word"]
    everywhere = _everywhere(original) if extra or pairs.missing else set()
    strange = [n for n in extra if not (n.values & everywhere) or _small_of_a_unit(n, pairs.missing, original)]
    if extra and not strange:  # another number of the text written twice in place of the lost one; either is the copy
        twice = {v for n in extra for v in n.values - SMALL}
        strange = [n for n in there if n.written != "word" and n.values & twice]
    added = [n for n in strange if not n.values & everywhere]
    spoken = [n for n in pairs.extra if n.written == "word" and not n.values & (everywhere | {Fraction(1, 2)})]
    found = _clashes(pairs.clashes, original, text)
    runs = raised(original)
    lost_runs: list[Raised] = []  # 10 and 6 of one power are one loss
    hidden = _hidden(original, text) if pairs.missing else set()
    for number in pairs.missing:
        run = next((r for r in runs if r.start <= number.start < r.end), None)
        if run and (run in lost_runs or _told_by_name(run, number, original, text)):
            continue
        instead = _instead(number, strange, original, text)
        if (
            instead is None
            and number.values & hidden
            or _stands(number, original, text)
            or named(number, original, text)
        ):
            continue
        if written_otherwise(number, original, text) or measured_twice(number, wanted, pairs.missing, original):
            continue
        saying = said(number, original, text)
        if saying == "silent":
            continue
        if run:
            lost_runs.append(run)
        severity = _severity(number, instead, original, text)
        if saying and instead is None and severity:
            severity = REVIEW
        written = original[number.start : number.end]
        if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", written) and count(written.replace(".", ","), text):
            severity = REVIEW  # 21.843 as 21,843: thousands, as half of the world writes them
        if instead is None and severity is None:
            instead = next((n for n in spoken if n.unit == number.unit), None)
            severity = REVIEW if instead else None
        if severity is None:
            continue
        if any(_converted(number, n) for n in pairs.extra):
            severity = REVIEW  # 75 mph as 시속 120km
        if instead is not None:
            strange = [n for n in strange if not n.values & instead.values]
            added = [n for n in added if n is not instead]
            spoken = [n for n in spoken if n is not instead]
        where = (instead.start, instead.end) if instead else place(original, text, number.start)
        written = original[number.start : number.end]
        found.append(
            _issue(severity, number, where, f"수 '{written}' 없음 / the number '{written}' is lost"),
        )
    told = [one["target_span"] for one in found]
    doubled = [n for n in extra if n.written == "digits" and n.values & everywhere and [n.start, n.end] not in told]
    if not found and text.count(":00") < original.count(":00") and BARE_CLOCK.search(text):
        match = BARE_CLOCK.search(text)
        assert match
        at = original.index(":00") + 1
        found.append(
            issue("number_lost", CERTAIN, (at, at + 2), match.span(), "시각의 분이 없음 / the minutes are lost")
        )
    return (
        found
        + _units(pairs.equal, original, text)
        + swapped(pairs.equal, original, text)
        + doubled_places(pairs.equal, doubled, original, text)
        + _added(original, text, added)
        + eras.find(original, text)
    )


def _told_by_name(run: Raised, number: Number, original: str, text: str) -> bool:
    """Tell of the 2 of CO<sub>2</sub>: it stands in a name's other writing, or `markup` tells that it is gone."""
    if text.count("<su") >= original.count("<su"):
        return False
    return bool(told(run, text)) or not run.base[-1:].isdigit() and number.start > run.start


def _issue(severity: str, number: Number, where: tuple[int, int], detail: str) -> Issue:
    return issue("number_lost", severity, (number.start, number.end), where, detail)


def _everywhere(original: str) -> set[Any]:
    """Give every value that the English has or that Korean may write in digits for its words."""
    every = [*numbers_of(original, "en"), *numbers_of(countable(original), "en")]
    found = {value for n in every for one in (n, *n.parts) for value in one.values}
    found |= {amount for n in every for _, amount in sizes(n)} | {ONE}  # "a year" is 1년
    found |= {run.value for run in raised(original) if run.value is not None}
    if PAIR.search(original):
        found.add(TWO)
    return found | {Fraction(worth) for name, worth in COINS.items() if name in original}


def _clashes(clashes: list[Pair], original: str, text: str) -> list[Issue]:
    """Give what stands for another time, date or ratio; a ratio may be turned round with its sides."""
    told = {
        "clock": "시각이 다름 / another time",
        "date": "날짜가 다름 / another date",
        "ratio": "비가 다름 / another ratio",
    }
    found = []
    for source, target in clashes:
        if written_otherwise(source, original, text):
            continue
        lost = f"수 '{original[source.start : source.end]}' 없음 / the number is lost"
        zones = (
            ZONE.search(original, source.end, source.end + 22),
            KOREAN_ZONE.search(text, target.start - 12, target.end + 18),
        )
        if source.written in ("clock", "date") and all(zones):
            found.append(_issue(REVIEW, source, (target.start, target.end), told["clock"]))
            continue  # 14:00 (UTC) as 23:00 (KST)
        turned = source.written in ("ratio", "fraction") and _pieces(source) == _pieces(target)
        found.append(
            _issue(REVIEW if turned else CERTAIN, source, (target.start, target.end), told.get(source.written, lost))
        )
    return found


def _pieces(number: Number) -> list[Any]:
    return sorted(value for part in number.parts for value in part.values if isinstance(value, Fraction))


def _stands(number: Number, original: str, text: str) -> bool:
    """Tell whether a number stands word for word in the Korean as often as in the English; then it is not lost."""
    if number.written in ("clock", "date", "month", "word") or all(
        isinstance(v, Fraction) and v < 0 for v in number.values
    ):
        return False
    written = original[number.start : number.end]
    name = re.search(r"([A-Za-z]{3,})[ -]\Z", original[: number.start])
    if name and name[1].lower() == "version" and re.search(rf"(?<![A-Za-z])v{re.escape(written)}(?![\d.]*\d)", text):
        return True  # version 4 as v4
    if name and re.search(rf"(?<![A-Za-z]){name[1]}[ -]?{re.escape(written)}(?![\d.]*\d)", text):
        return True  # HTML 5 as HTML5
    if re.fullmatch(r"\d+(?:\.0)+", written) and re.search(
        rf"(?<![\d.]){int(float(written.split('.')[0]))}(?![\d.]*\d)", text
    ):
        return True  # < 2.0.0 as < 2
    piece = re.escape(written)
    whole = re.compile(rf"(?<![\d.,\w]){piece}(?![\w.]*[A-Za-z\d]|[.,]\d|[만억조천백])(?![가-힣]*분의)")
    return 0 < len(whole.findall(original)) <= len(whole.findall(text))


def _severity(number: Number, instead: Number | None, original: str, text: str) -> str | None:
    """Give how sure it is that a number without partner is lost; None when Korean commonly says it otherwise."""
    piece = original[number.start : number.end]
    elsewhere = any(number.values & one.values for n in numbers_of(text, "ko") for one in (n, *n.parts))
    fractions = [v for v in number.values if isinstance(v, Fraction)]
    if number.written == "month":
        return CERTAIN if instead is not None and not elsewhere else REVIEW  # "In May" is not 6월에
    if number.written == "word":
        if Fraction(0) in number.values:
            return None if SAID[0].search(text) else REVIEW  # "zero errors" is 오류가 없습니다
        if instead is None and any(v in SAID and SAID[int(v)].search(text) for v in fractions if v > 2):
            return None
        return None if elsewhere or number.values & SMALL_WORDS and instead is None else REVIEW
    if instead is None:
        if not OPERATOR.search(original[: number.start]) and any(
            v in SAID and SAID[int(v)].search(text) for v in fractions
        ):
            if fractions == [ONE]:
                return REVIEW if orphans(text) else None
            return None if fractions == [Fraction(0)] else REVIEW
    elif _converted(number, instead) or instead.written == "word":
        return REVIEW
    elif fractions and all(v < 0 for v in fractions) and {-v for v in fractions} & instead.values:
        if LOSS.search(text[max(0, instead.start - 15) : instead.end + 15]):
            return None  # "a loss of -$3,000" is 3,000달러의 손실
        return REVIEW if LESS.search(text) else CERTAIN  # "-5 degrees" is 영하 5도, not 5도
    if re.fullmatch(r"(?:19|20)\d\d", piece.strip()) and RELATIVE_YEAR.search(text):
        return REVIEW
    if (
        number.unit in SIGNS.values()
        and "(" in original[max(0, number.start - 12) : number.start]
        and IN_WON.search(text)
    ):
        return REVIEW  # 500 euros (US$790) as 500유로(약 80만원)
    if FIRST.search(original[: number.start]) and MOST.search(text):
        return REVIEW
    if re.match(r"[A-Za-z]{3}|\$", original[number.end :]) and not number.unit and number.written == "digits":
        return REVIEW  # "9for" and "1$5", slips of the English
    if (
        instead is not None
        and _scaled(number, instead, original)
        or HOURS.search(original, max(0, number.start - 6), number.end + 6)
    ):
        return REVIEW
    if instead is not None and _beside(number, instead, original, text):
        return CERTAIN
    squeezed = re.sub(r"\s", "", piece)
    if squeezed == "100" and number.unit == "%" and instead is None and EVERY.search(text):
        return REVIEW
    if len(squeezed) >= 3 and _count(squeezed, text) >= _count(squeezed, original):
        return REVIEW
    return REVIEW if elsewhere else CERTAIN


def _scaled(number: Number, there: Number, original: str) -> bool:
    """Tell of a scale that English says once: "150 million today and 200 tomorrow"."""
    return any(
        re.search(rf"(?i)\b{name}", original)
        and there.values & {v * size for v in number.values if isinstance(v, Fraction)}
        for name, size in (("thousand", 10**3), ("million", 10**6), ("billion", 10**9))
    )


def _beside(number: Number, instead: Number, original: str, text: str) -> bool:
    """Tell whether the number in its place stands on the same line or in the same sentence of both."""
    start, end = place(original, text, number.start)
    return start <= instead.start < end


def _count(piece: str, text: str) -> int:
    return re.sub(r"\s", "", text).count(piece)


def _converted(number: Number, there: Number) -> bool:
    """Tell whether a number is about the same measure in another unit: 5 miles as 8 km, 350 °F as 177 °C."""
    for value in number.values:
        for other in there.values:
            if isinstance(value, Fraction) and isinstance(other, Fraction):
                a, b = metric(value, number.unit), metric(other, there.unit)
                if (
                    a
                    and b
                    and a[0] == b[0]
                    and number.unit != there.unit
                    and abs(a[1] - b[1]) <= 0.04 * abs(a[1]) + 0.5
                ):
                    return True
    return False


def _hidden(original: str, text: str) -> set[Any]:
    """Give the values that stand more often inside code, names and links of the Korean than of the English."""

    def inside(whole: str, language: str) -> Counter[Any]:
        every = Counter(v for n in numbers_of(whole, language) for v in n.values)
        return every - Counter(v for n in numbers_of(countable(whole), language) for v in n.values)

    return set(inside(text, "ko") - inside(original, "en"))


def _small_of_a_unit(there: Number, missing: list[Number], original: str) -> bool:
    """Tell whether a 1 or 2 beside a unit stands for a lost number of that unit: "10 minutes" as 1분, unless "a minute"
    is there.
    """
    if not there.values & SMALL or not there.unit or there.unit not in {n.unit for n in missing}:
        return False
    unit = UNITS[there.unit][1] if there.unit in UNITS else there.unit
    return not re.search(rf"(?i)\b(?:one|two|an?|per|each|every|single|another|both)\s+(?:{unit})\b", original)


def _instead(number: Number, strange: list[Number], original: str, text: str) -> Number | None:
    """Give the number that stands where this one should, among those the English does not have."""
    if number.written == "month":
        strange = [n for n in strange if n.unit == "월"]
    if not strange:
        return None
    at = number.start / max(1, len(original))
    return min(strange, key=lambda n: (n.unit != number.unit, abs(n.start / max(1, len(text)) - at)))


def _line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]


def _units(pairs: list[Pair], original: str, text: str) -> list[Issue]:
    found = []
    for source, target in pairs:
        family = FAMILY.get(source.unit)
        if family is None or source.optional:
            continue
        where = (target.start, target.end)
        other = FAMILY.get(target.unit)
        if other == family and target.unit != source.unit:
            same_value = [n.unit for s, n in pairs if s.values & source.values]
            wanted = [s.unit for s, _ in pairs if s.values & source.values]
            if COIN.match(original, source.end):
                continue  # 5 pennies are 5개의 1센트 동전
            if sorted(same_value) != sorted(wanted) and (target.unit in LENGTHS or not _same_word(source, original)):
                detail = f"단위 {source.unit} → {target.unit} / the unit was changed"
                crossed = any((s.unit, t.unit) == (target.unit, source.unit) for s, t in pairs)
                found.append(_issue(REVIEW if crossed else CERTAIN, source, where, detail))
        elif other != family and target.written != "word" and family in ("money", "share"):
            # one sign may serve a whole line: "$20 + $2 = $22" is 20 + 2 = 22달러
            if not (MONEY if family == "money" else PERCENT).search(_line(text, target.start)):
                found.append(_issue(CERTAIN, source, where, f"단위 {source.unit} 없음 / the unit is lost"))
    return found


def _same_word(source: Number, original: str) -> bool:
    """Tell whether the unit is one that means several: "pounds" of money or weight, "m" of metres or minutes."""
    return bool(re.match(r"[\s-]?(?:pounds?|m|c)\b", original[source.end :]))


def _added(original: str, text: str, strange: list[Number]) -> list[Issue]:
    """Numbers of two and more digits that the English does not have in any form."""
    found = []
    for number in strange:
        digits = re.sub(r"\D", "", text[number.start : number.end])
        if len(digits) >= 2 and not any(
            digits in re.sub(r"\D", "", piece) for piece in re.findall(r"[\d,.]+", original)
        ):
            found.append(
                issue(
                    "number_lost",
                    REVIEW,
                    None,
                    (number.start, number.end),
                    f"영어에 없는 수 '{text[number.start : number.end]}' / a number the English has not",
                )
            )
    return found
