"""The scale that a judge's score must lie on, and where a reply only names it: "(0-10)", "10점 만점에"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UserError

TOP_KO = re.compile(
    r"(?<![0-9.])(?P<top>[0-9]+(?:\.[0-9]+)?)\s*점?\s*만점\s*(?:에서|에|중에서|중에|중|기준으로|기준)?\s*(?:으로\s*)?"
)


@dataclass(frozen=True)
class Scale:
    """The closed interval a score must lie in; `whole` allows integers only."""

    low: float
    high: float
    whole: bool = False

    @property
    def name(self) -> str:
        return f"{self.low:g}-{self.high:g}"


def parse_scale(text: str, where: str = "scale") -> Scale:
    """Give the Scale of "0-10". Raises UserError for anything else."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*", str(text))
    if not match or float(match[1]) >= float(match[2]):
        raise UserError(f"'{text}' is not a scale", where, "Write it as low-high, for example 0-10.")
    return Scale(float(match[1]), float(match[2]))


def _bounds(scale: Scale) -> tuple[str, str]:
    low, high = (re.escape(f"{x:g}") + r"(?:\.0+)?" for x in (scale.low, scale.high))
    return low, high


def blank_scale(text: str, scale: Scale) -> str:
    """Blank what only names the scale: "(0-10)", "on a scale of 0 to 10", "0에서 10점 사이"."""
    low, high = _bounds(scale)
    low = rf"(?:{low}|1)"  # people say "1 to 10" of a 0-10 scale
    mention = (
        rf"(?:on\s+a\s+scale\s+(?:of|from)\s+)?(?<![0-9.]){low}점?\s*(?:-|~|to|에서|부터)\s*{high}(?![0-9.])"
        r"점?(?:\s*(?:까지|사이|scale))?"
    )
    top = rf"\(\s*(?:(?:out\s+of|max\.?|최대|/)\s*{high}점?|{high}점?\s*만점)\s*\)"
    return re.sub(f"{mention}|{top}", lambda m: " " * len(m[0]), text, flags=re.I)


def other_top(text: str, scale: Scale) -> bool:
    tops = [float(m["top"]) for m in TOP_KO.finditer(text)]
    tops += [float(m[1]) for m in re.finditer(r"scale\s+(?:of|from)\s+[0-9]+\s*(?:to|-)\s*([0-9]+)", text, re.I)]
    return any(top != scale.high for top in tops)
