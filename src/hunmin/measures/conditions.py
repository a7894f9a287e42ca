"""Conditions on answers by measures, as people write them: `foreign_script <= 0`, `length >= 20`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from ..tables import did_you_mean
from . import MEASURES, VERIFIERS
from .measured import Measure, resolve_measures

COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
WRITTEN = re.compile(r"\s*([\w.]+(?::\w+)?)\s*(<=|>=|==|<|>)\s*(-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Condition:
    """One measure compared with a number."""

    name: str
    sign: str
    bound: float
    measure: Measure

    def broken_by(self, answer: str, record: Mapping[str, Any]) -> dict[str, Any] | None:
        """Give the value that breaks it, with the measure's name; None when it holds.

        A measure that does not apply breaks nothing; a verifier that has nothing to verify by does.
        """
        value = self.measure(answer, record)
        if value is None:
            return {"measure": self.name, "value": None} if self.name in VERIFIERS else None
        if COMPARED[self.sign](value, self.bound):
            return None
        return {"measure": self.name, "value": round(value, 4), "wanted": f"{self.sign} {self.bound:g}"}


def parse_conditions(lines: Iterable[str], where: str = "keep") -> list[Condition]:
    """Give the conditions. Raises UserError for a line that is none, or an unknown measure."""
    found = []
    for line in lines:
        match = WRITTEN.fullmatch(line)
        if match is None:
            raise UserError(f"'{line}' is no condition", where, "Write a measure, a sign and a number: length >= 20.")
        name, sign, bound = match.groups()
        if name not in MEASURES and ":" not in name:
            raise UserError(
                f"no measure '{name}'{did_you_mean(name, MEASURES)}", where, f"Known: {', '.join(MEASURES)}."
            )
        found.append(Condition(name, sign, float(bound), resolve_measures([name], where)[name]))
    return found
