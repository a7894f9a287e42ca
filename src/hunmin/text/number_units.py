"""Units and currencies beside numbers: how both languages write them, and what one is worth in another.

The values of `SIZE` make 90 minutes and 1시간 30분 one quantity, and $1.30 and 1달러 30센트.
"""

from __future__ import annotations

import re
from fractions import Fraction

# unit -> (family, English writing, Korean writing); a unit of the same family in its place is an error
UNITS: dict[str, tuple[str, str, str]] = {
    "km/h": ("speed", r"km/hr?|kmh|kph|kilometers per hour", r"km/h"),
    "mph": ("speed", r"mph|miles per hour", r"mph"),
    "m/s": ("speed", r"m/s", r"m/s"),
    "m²": ("area", r"m²|m2|sq(?:uare)?[ -]met(?:er|re)s?", r"m²|㎡|제곱\s?미터|평방\s?미터"),
    "ft²": ("area", r"ft²|sq(?:uare)?\.?[ -](?:feet|foot|ft)", r"ft²|제곱\s?피트|평방\s?피트"),
    "km": ("length", r"km|kilomet(?:er|re)s?", r"km|㎞|킬로미터"),
    "cm": ("length", r"cm|centimet(?:er|re)s?", r"cm|㎝|센티미터|센티"),
    "mm": ("length", r"mm|millimet(?:er|re)s?", r"mm|㎜|밀리미터"),
    "mile": ("length", r"miles?|mi", r"마일|mi"),
    "yard": ("length", r"yards?|yd", r"야드"),
    "foot": ("length", r"feet|foot|ft", r"피트|ft"),
    "inch": ("length", r"inch(?:es)?", r"인치"),
    "m": ("length", r"m|met(?:er|re)s?", r"m|미터"),
    "ton": ("mass", r"t|tons?|tonnes?", r"t|톤"),
    "kg": ("mass", r"kgs?|kilograms?|kilos?", r"kg|㎏|킬로그램|킬로(?![가-힣])"),
    "mg": ("mass", r"mg|milligrams?", r"mg|밀리그램"),
    "lb": ("mass", r"lbs?|pounds?", r"파운드|lbs?"),
    "oz": ("mass", r"oz|ounces?", r"온스|oz"),
    "g": ("mass", r"g|grams?", r"g|그램"),
    "ml": ("volume", r"m[lL]|millilit(?:er|re)s?", r"m[lL]|㎖|밀리리터"),
    "gallon": ("volume", r"gal(?:lons?)?", r"갤런"),
    "l": ("volume", r"[lL]|lit(?:er|re)s?", r"[lL]|ℓ|리터"),
    "°C": ("heat", r"°\s?C|℃|degrees? (?:celsius|centigrade|Celsius|Centigrade|C\b)", r"°\s?C|℃"),
    "°F": ("heat", r"°\s?F|℉|degrees? (?:fahrenheit|Fahrenheit|F\b)", r"°\s?F|℉"),
    "second": ("time", r"seconds?|secs?", r"초"),
    "minute": ("time", r"minutes?|mins?", r"분(?!의)"),
    "hour": ("time", r"hours?|hrs?", r"시간"),
    "day": ("time", r"days?", r"일(?!곱)"),
    "week": ("time", r"weeks?", r"주일|주(?!년)"),
    "month": ("time", r"months?", r"개월|달(?!러)"),
    "year": ("time", r"years?|yrs?", r"년|살(?![가-힣]{2})|세(?=[\s.,은는이가의에로인]|$)|해(?=[\s.,]|$)"),
    "decade": ("time", r"decades?", r"십\s?년"),
    "century": ("time", r"centur(?:y|ies)", r"세기"),
    "월": ("date", r"월", r"월(?!요일|급|세)"),
    "GB": ("bytes", r"GB|gigabytes?", r"GB|기가바이트"),
    "MB": ("bytes", r"MB|megabytes?", r"MB|메가바이트"),
    "KB": ("bytes", r"[kK]B|kilobytes?", r"[kK]B|킬로바이트"),
    "TB": ("bytes", r"TB|terabytes?", r"TB|테라바이트"),
    "%": ("share", r"%|percent\b|per cent\b", r"%|퍼센트|프로(?![가-힣])"),
    "tenth": ("share", r"할", r"할(?=[\s.,이은는을의]|\s?\d푼|$)"),
    "dollar": (
        "money",
        r"dollars?|USD|bucks?",
        r"달러|불(?![가-힣])|(?<=[만억천백십])불(?=에|을|로|의|이|은|씩|짜리|정도)|USD|\$",
    ),
    "euro": ("money", r"euros?|EUR|€", r"유로|EUR|€"),
    "won": ("money", r"won|KRW|₩", r"원|KRW|₩"),
    "yen": ("money", r"yen|JPY", r"엔|JPY"),
    "yuan": ("money", r"yuan|CNY|RMB|renminbi", r"위안|CNY"),
    "rupee": ("money", r"rupees?|INR", r"루피"),
    "peso": ("money", r"pesos?", r"페소"),
    "ruble": ("money", r"rou?bles?", r"루블"),
    "franc": ("money", r"francs?|CHF", r"프랑"),
    "cent": ("money", r"cents?|¢", r"센트|¢"),
    "pence": ("money", r"pence|penny|pennies", r"펜스|페니"),
}
SIGNS = {
    "$": "dollar", "€": "euro", "£": "pound", "₩": "won", "¥": "yen", "₹": "rupee", "₽": "ruble",
    "USD": "dollar", "EUR": "euro", "GBP": "pound", "KRW": "won", "JPY": "yen", "CNY": "yuan", "INR": "rupee",
    "Rs": "rupee",
}  # fmt: skip
SIGN = r"(?:(?:US|AU|A|CA|C|HK|NT|S|NZ)?\$|[€£₩¥₹₽]|(?:USD|EUR|GBP|KRW|JPY|CNY|INR|Rs\.?)(?=\s?[\d.]))\s?"
FAMILY = {name: family for name, (family, _, _) in UNITS.items()} | {"pound": "money"}
_EN_UNIT = re.compile(
    r"[\s-]{0,2}(?:"
    + "|".join(f"(?P<u{i}>{en})" for i, (_, en, _) in enumerate(UNITS.values()))
    + r")(?![A-Za-z0-9]|['’]t\b)"  # "Listing 2-4 won't compile" is no money
)
_KO_UNIT = re.compile(
    r"\s?(?:"
    + "|".join(f"(?P<u{i}>(?:{ko})(?![A-Za-z0-9²]))" for i, (_, _, ko) in enumerate(UNITS.values()))
    + r"|(?P<pound>파운드|£))"
)
_NAMES = tuple(UNITS)
_UNIT = {"en": _EN_UNIT, "ko": _KO_UNIT}

# unit -> (what it is measured in, how much of it); months and years cannot be told in days
_S, _F = "second", Fraction
SIZE: dict[str, tuple[str, Fraction]] = {
    "second": (_S, _F(1)), "minute": (_S, _F(60)), "hour": (_S, _F(3600)), "day": (_S, _F(86400)),
    "week": (_S, _F(604800)), "month": ("month", _F(1)), "year": ("month", _F(12)), "decade": ("month", _F(120)),
    "century": ("month", _F(1200)), "km": ("m", _F(1000)), "m": ("m", _F(1)), "cm": ("m", _F(1, 100)),
    "mm": ("m", _F(1, 1000)), "foot": ("inch", _F(12)), "inch": ("inch", _F(1)), "yard": ("inch", _F(36)),
    "ton": ("g", _F(10**6)), "kg": ("g", _F(1000)), "g": ("g", _F(1)), "mg": ("g", _F(1, 1000)),
    "lb": ("oz", _F(16)), "oz": ("oz", _F(1)), "l": ("l", _F(1)), "ml": ("l", _F(1, 1000)),
    "dollar": ("cent", _F(100)), "euro": ("cent", _F(100)), "cent": ("cent", _F(1)),
    "pound": ("pence", _F(100)), "pence": ("pence", _F(1)),
    "%": ("", _F(1, 100)), "tenth": ("", _F(1, 10)), "": ("", _F(1)),
}  # fmt: skip
# What people turn into metric measures; the Korean may do so too, only not exactly.
METRIC: dict[str, tuple[str, float]] = {
    "mile": ("m", 1609.34), "yard": ("m", 0.9144), "foot": ("m", 0.3048), "inch": ("m", 0.0254), "km": ("m", 1000),
    "m": ("m", 1), "cm": ("m", 0.01), "mm": ("m", 0.001), "lb": ("g", 453.59), "oz": ("g", 28.35), "kg": ("g", 1000),
    "g": ("g", 1), "gallon": ("l", 3.785), "l": ("l", 1), "ml": ("l", 0.001),
    "mph": ("km/h", 1.609), "km/h": ("km/h", 1), "ft²": ("m²", 0.0929), "m²": ("m²", 1), "ton": ("g", 10**6),
}  # fmt: skip


def unit_at(text: str, at: int, language: str) -> tuple[str, int]:
    """Give the unit that stands at a place and where it ends; ("", at) when none does."""
    match = _UNIT[language].match(text, at)
    if not match or match.lastgroup is None:
        return "", at
    return ("pound" if match.lastgroup == "pound" else _NAMES[int(match.lastgroup[1:])]), match.end()


def sign_unit(sign: str) -> str:
    """Give the currency of a sign or code before a number."""
    sign = sign.strip().rstrip(".")
    return SIGNS.get(sign, SIGNS.get(sign[-1:], ""))


def metric(value: Fraction, unit: str) -> tuple[str, float] | None:
    """Give (measure, amount) of a value in a unit that has a metric size, °F and °C as heat; None for all others."""
    if unit in ("°F", "°C"):
        return "heat", float(value) if unit == "°C" else (float(value) - 32) / 1.8
    base = METRIC.get(unit)
    return (base[0], float(value) * base[1]) if base else None
