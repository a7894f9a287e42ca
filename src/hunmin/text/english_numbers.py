"""The numbers of an English text: digits, words but one, ordinals, months and dates, clock times, fractions."""

from __future__ import annotations

import re
from fractions import Fraction

from .english_numerals import implied, spoken
from .english_times import MONTHS, times
from .number_shapes import shapes
from .number_units import SIGN, SIGNS, sign_unit, unit_at
from .numbers import DIGITS, FULL_WIDTH, WIDE, Number, number, signed
from .scan import scan

SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12, "bn": 10**9,
    "mn": 10**6, "mln": 10**6, "lakh": 10**5, "crore": 10**7,
}  # fmt: skip
_SCALE = "|".join(SCALES)
EN_DIGITS = re.compile(
    rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9]\.)(?P<sign>{SIGN})?(?P<n>{DIGITS})"
    rf"(?:[\s-]?(?P<scale>(?i:{_SCALE})s?\b(?:\s(?:thousand|million|billion)\b)?)|(?P<k>[kKM])(?![A-Za-z²])|(?P<B>(?<=\d)B)(?![A-Za-z]))?"
    r"(?P<half>\sand a half\b)?"
)
EN_DIGITS_FIRST = re.compile(r"[\d$€£₩¥₹₽.A-Z](?=[\d.$SUACHNZEGKJIs]|(?<=[$€£₩¥₹₽\d]))")
MILLIONS = re.compile(r"(?P<m>[mM](?:n|ln)?)(?![A-Za-z0-9²/])(?P<what>\s(?:people|[a-z]{3,}s)\b)?")  # $5m, 2.5m people
PREFIXES = {"giga": 10**9, "tera": 10**12}  # of tonnes and watts, which Korean counts in 억 and 조
PREFIX = re.compile(r"\s?(giga|tera)[a-z]{3,}", re.I)
EN_MONTH_FIRST = re.compile(r"[JFMASOND](?=[aepuco][a-z])")
EN_MONTH = re.compile(
    r"\b(?P<m>January|February|April|June|July|August|September|October|November|December)\b"
    r"|\b(?P<x>March|May|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)\b\.?(?=\s\d)|(?<=\d\s)(?P<y>March|May)\b"
    r"|(?<=\b[iI]n )(?P<z>March|May)\b"
)
# What names a version and what follows it: 3.10 is not 3.1 there.
_VERSIONED = re.compile(
    r"(?:\b[vV](?:er(?:sion|\.)?)?s?|\brelease|\b(?:Python|Ubuntu|iOS|Android|macOS|OS X|Node(?:\.js)?|PHP|Ruby|Windows"
    r"|Django|PyTorch|TensorFlow|CUDA|HTTP|TLS|USB|Bluetooth|Swift|Kotlin|Go|Rust|Debian|Fedora|Kubernetes|PostgreSQL|MySQL|Java|React|Vue"
    r"|Angular|Firefox|Chrome|Linux|kernel|Perl|GCC|LLVM|Bootstrap|GPT-?|Llama|Claude))[\s-]?\Z"
)
_BELOW = re.compile(r"\s?(?:°\s?[CF]?|degrees?(?: [CFcf]\w*)?)?\s?below (?:zero|freezing)")
_DEGREES = re.compile(r"\s?°|\s?degrees?\b")


def english_numbers(text: str) -> list[Number]:
    """Give the numbers of an English text, in order: digits, words but one, ordinals from third on, months."""
    text = text.translate(FULL_WIDTH) if WIDE.search(text) else text
    shaped = shapes(text)
    found = times(text, shaped)
    taken = [(one.start, one.end) for one in found]
    for one in shaped:
        if not any(a < one.end and one.start < b for a, b in taken):
            found.append(_with_unit(one, text))
    rest = text
    for one in found:
        rest = rest[: one.start] + "\0" * (one.end - one.start) + rest[one.end :]
    for match in scan(EN_DIGITS_FIRST, EN_DIGITS, rest):
        found.append(_digits(match, text))
    for match in scan(EN_MONTH_FIRST, EN_MONTH, rest):
        name = match["m"] or match["x"] or match["y"] or match["z"]
        found.append(Number(*match.span(), frozenset({Fraction(MONTHS[name[:3]])}), "month", "월"))
    below = [one for one in found if one.written == "digits"]
    for start, end, values in spoken(rest):
        if any(one.start < end and start < one.end for one in below):
            continue  # the zero of "5 below zero"
        unit, _ = unit_at(text, end, "en")
        if _BELOW.match(text, end):
            values = {*values, *(-v for v in values if isinstance(v, Fraction))}
        found.append(Number(start, end, frozenset(values), "word", unit))
    taken = [(one.start, one.end) for one in found]
    for start, end, said, unit in implied(rest):
        if not any(a < end and start < b for a, b in taken):
            unit = unit or unit_at(text, end, "en")[0]
            counted = (
                said == 1 and unit and text[start:end].lower() == "one"
            )  # "one liter" is a number, "one of" is not
            found.append(Number(start, end, frozenset({said}), "word", unit, not counted))
    return sorted(found, key=lambda one: one.start)


def _with_unit(one: Number, text: str) -> Number:
    sign = re.search(rf"{SIGN}\Z", text[max(0, one.start - 5) : one.start])
    start = one.start - len(sign.group()) if sign else one.start
    values, at = signed(one.values, text, start, "en")
    unit = sign_unit(sign.group()) if sign else unit_at(text, one.end, "en")[0]
    rest = re.compile(rf"[\s-](?:an? )?(?P<s>{_SCALE})\b").match(text, one.end)
    if rest:
        values = frozenset(v * SCALES[rest["s"]] for v in values if isinstance(v, Fraction)) | values
    return Number(one.start if sign else at, one.end, values, one.written, unit, False, one.parts)


def _digits(match: re.Match[str], text: str) -> Number:
    value, scale = number(match["n"]), (match["scale"] or match["k"] or match["B"] or "").lower()
    values: set[Fraction] = {value}
    names = scale.split()
    if match["half"]:
        values = {value + Fraction(1, 2)}
    if names and names[0].rstrip("s") in SCALES:
        for name in names:
            values = {v * SCALES[name.rstrip("s")] for v in values}
    elif scale:
        values.add(value * {"k": 1000, "m": 10**6, "b": 10**9}[scale])
    end = match.end()
    if match["n"].isdigit() and len(match["n"]) == 2 and re.match(r"s\b", text[end:]):
        values |= {value + 1900}  # the 90s
    if match["n"].isdigit() and len(match["n"]) == 2 and re.search(r"\b[12]\d{3}[-–/]\Z", text[: match.start("n")]):
        values.add(Fraction(text[match.start("n") - 5 : match.start("n") - 3]) * 100 + value)  # 1990-95
    sign = match["sign"] or ""
    short = not scale and MILLIONS.match(text, end)
    if short and (sign or short["what"]):
        values = {v * 10**6 for v in values} | (set() if sign else values)
        end = end if not sign else short.end("m")
    unit, _ = (sign_unit(sign), 0) if sign else unit_at(text, end, "en")
    prefix = PREFIX.match(text, end)
    if prefix and not scale:
        values.add(value * PREFIXES[prefix[1].lower()])
    both, start = signed(frozenset(values), text, match.start(), "en")
    if sign and start == match.start():
        both, inner = signed(frozenset(values), text, match.start("n"), "en")
        start = match.start("n")
    elif not sign and start < match.start() and text[start - 1 : start] in SIGNS:
        unit = SIGNS[text[start - 1 : start]]
    below = _BELOW.match(text, end)
    minus = frozenset(-v for v in values)
    if below:
        both, end = minus, below.end()
    body = match["n"]
    if re.fullmatch(r"\d+\.\d+", body) and not unit and not scale:
        if _VERSIONED.search(text[max(0, start - 14) : start]):
            both = frozenset({("version", body)})
        else:
            both = both | {("version", body)}
    optional = body == "7" and text[max(0, match.start() - 3) : match.start()] == "24/"
    return Number(
        start if start < match.start("n") and not sign else match.start("n"), end, both, "digits", unit, optional
    )
