"""Names and powers with raised or lowered parts (CO<sub>2</sub>, 10<sup>6</sup>) and the other ways to write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from .korean_numbers import korean_numbers

PART = re.compile(r"<(?P<name>su[bp])>(?P<body>[^<>\n]{1,40})</(?P=name)>")
RUN = re.compile(r"[\w.)\]]{0,40}(?:<su[bp]>[^<>\n]{1,40}</su[bp]>[A-Za-z0-9()]*)+")
_UP = str.maketrans("0123456789+-=()abcdefghijklmnoprstuvwxyzTM", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᴹ")
_DOWN = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
# What Korean calls them; a formula or a bus that is not here is compared by its letters.
NAMES = {
    "CO": "일산화\\s?탄소", "CO2": "이산화\\s?탄소|탄산\\s?가스", "H2O": "물", "O2": "산소", "O3": "오존", "H2": "수소",
    "N2": "질소", "CH4": "메탄", "NH3": "암모니아", "N2O": "아산화\\s?질소", "NO2": "이산화\\s?질소",
    "SO2": "이산화\\s?황|아황산", "SO3": "삼산화\\s?황", "H2SO4": "황산", "HNO3": "질산", "H2O2": "과산화\\s?수소",
    "CaCO3": "탄산\\s?칼슘", "NaHCO3": "탄산\\s?수소\\s?나트륨|베이킹\\s?소다", "SiO2": "이산화\\s?규소|실리카",
    "Fe2O3": "산화\\s?철", "C6H12O6": "포도당", "I2C": "아이\\s?투\\s?씨|아이\\s?스퀘어드?\\s?씨",
    "I2S": "아이\\s?투\\s?에스",
}  # fmt: skip
POWERS = {"2": "제곱|평방|㎡|㎢|㎠|㎟", "3": "세제곱|입방|㎥|㎤|㏄", "n": "제곱|거듭제곱"}
ORDINAL = re.compile(r"(?i)st|nd|rd|th")
MARK = {"tm": "™|상표", "®": "®", "r": "®", "*": r"\*"}


@dataclass(frozen=True)
class Raised:
    """A run of letters with raised or lowered parts, at [start, end) of a text."""

    start: int
    end: int
    written: str

    @property
    def base(self) -> str:
        """Give what stands before the first part."""
        return self.written[: self.written.index("<")]

    @property
    def plain(self) -> str:
        """Give the run without its tags: CO2."""
        return PART.sub(lambda m: m["body"], self.written)

    @property
    def bodies(self) -> list[str]:
        """Give what is raised or lowered."""
        return [m["body"] for m in PART.finditer(self.written)]

    @property
    def value(self) -> Fraction | None:
        """Give what a power of a number amounts to, 10<sup>6</sup> to a million."""
        body = self.bodies[0].replace("−", "-")
        if "<sup>" not in self.written or not self.base.isdigit() or not re.fullmatch(r"-?\d{1,2}", body):
            return None
        return Fraction(int(self.base)) ** int(body) if int(self.base) else Fraction(0)


def raised(text: str) -> list[Raised]:
    """Give the runs of a text, in order."""
    if "<su" not in text:
        return []
    return [Raised(*m.span(), m.group()) for m in RUN.finditer(text)]


def _pattern(run: Raised, plain: bool) -> str:
    """Give a pattern of the run in Unicode, TeX or AsciiDoc, or as plain letters."""
    pieces, at = [], 0
    for part in PART.finditer(run.written):
        pieces.append(re.escape(run.written[at : part.start()]))
        body, up = part["body"], part["name"] == "sup"
        sign, tilde = (r"\^", r"\^") if up else ("_", "~")
        ways = [re.escape(body.translate(_UP if up else _DOWN))] if body.translate(_UP if up else _DOWN) != body else []
        ways += [rf"{sign}\{{?(?:\\text\{{)?{re.escape(body)}\}}*", f"{tilde}{re.escape(body)}{tilde}"]
        if not up and body.isdigit():
            ways.append(re.escape(body.translate(_UP)))  # CO² is a slip of the hand and says the same
        pieces.append(rf"[\s_-]?{re.escape(body)}" if plain else "(?:" + "|".join(ways) + ")")
        at = part.end()
    pieces.append(re.escape(run.written[at:]))
    return r"(?<![A-Za-z0-9])" * bool(re.match(r"\w", run.written)) + "".join(pieces) + r"(?![A-Za-z0-9])"


def told(run: Raised, text: str) -> str:
    """Give how a run stands in the Korean: "same" in other characters or as a word, "plain" in letters, "" not at all.

    A power in plain digits (106 for 10<sup>6</sup>, x2 for x<sup>2</sup>) is something else, and so is not told.
    """
    if run.written in text or re.search(_pattern(run, plain=False), text):
        return "same"
    if re.search(NAMES.get(run.plain, r"(?!)"), text):
        return "same"
    body, name = run.bodies[0], PART.search(run.written)
    up = bool(name and name["name"] == "sup")
    if up and len(run.bodies) == 1:
        if ORDINAL.fullmatch(body):
            return "same"  # 19<sup>th</sup>
        if body.lower() in MARK and re.search(MARK[body.lower()], text):
            return "same"
        note = not re.search(r"[\w)]\Z", run.base) or re.search(r"[a-z]{3}\W?\Z", run.base)
        sign = re.escape(body)
        if note and re.search(rf"\[\^?{sign}\]|\(\s?{sign}\s?\)|{re.escape(body.translate(_UP))}", text):
            return "same"  # a note's number
        if body in POWERS and re.search(POWERS[body], text):
            return "same"
        if run.value is not None and any(run.value in n.values for n in korean_numbers(text)):
            return "same"  # 10<sup>6</sup> as 100만
    if up and re.fullmatch(r".*\d|[a-z]|.*\)", run.base):
        return ""
    return "plain" if re.search(_pattern(run, plain=True), text) else ""
