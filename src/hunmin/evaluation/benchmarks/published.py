"""Published score rows that ship with hunmin, with where each was printed, one row for each model.

The rule by which rows printed more than once become one: names are the same model when they are equal without regard
to case, spaces, hyphens and underscores; values that agree to four decimals are one value (the longer one is kept);
a printed value beats NaN; values that disagree stay apart, each row naming its source.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from ... import PACKAGE
from ...artifacts.rows import ScoreRow
from ...errors import UserError
from ...formats.kobest import VERSION

WAY: tuple[Literal["task", "metric", "num_fewshot", "protocol"], ...] = ("task", "metric", "num_fewshot", "protocol")
FOLDER = PACKAGE / "data" / "published"


def kobest() -> list[ScoreRow]:
    """Give KoBEST's published rows (protocol harness), merged, in score-row shape with `published_in`."""
    data = json.loads((FOLDER / "kobest.json").read_text("utf-8"))
    found: list[ScoreRow] = []
    for printed in data["rows"]:
        for shots, value in printed["shots"].items():
            if value is None:
                continue
            row = _row(printed["model"], printed["task"], data["metric"], int(shots), data["protocol"], value)
            row["data"] = VERSION
            _merge(found, {**row, "n": data["n"][printed["task"]], "published_in": [printed["published_in"]]})
    return _one_name_each(found)


def judge() -> list[ScoreRow]:
    """Give KULLM's two judge tables in score-row shape with `published_in`."""
    data = json.loads((FOLDER / "judge.json").read_text("utf-8"))
    found: list[ScoreRow] = []
    for table in data["tables"]:
        for model, *values in table["rows"]:
            for (task, metric, scale), value in zip(table["columns"], values, strict=True):
                row = _row(model, task, metric, 0, table["protocol"], float(value))
                found.append({**row, "n": table["n"], "scale": scale, "published_in": [table["published_in"]]})
    return found


def rows_for(what: str, protocol: str | None = None) -> list[ScoreRow]:
    """Give the published rows asked for: `kobest`, `judge` or `all`, of one protocol if named.

    Raises UserError for a protocol that none of them has.
    """
    found = [*(kobest() if what in ("kobest", "all") else ()), *(judge() if what in ("judge", "all") else ())]
    if protocol is None:
        return found
    kept = [row for row in found if row["protocol"] == protocol]
    if not kept:
        there = ", ".join(dict.fromkeys(row["protocol"] for row in found))
        raise UserError(
            f"no published rows with protocol '{protocol}'",
            f"--published {what}",
            f"They were measured as: {there}. Another protocol is another benchmark.",
        )
    return kept


def identity(name: str) -> str:
    """Give what two spellings of one model's name have in common."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def _row(model: str, task: str, metric: str, shots: int, protocol: str, value: float) -> ScoreRow:
    return {
        "model": model,
        "task": task,
        "metric": metric,
        "num_fewshot": shots,
        "protocol": protocol,
        "value": value,
        "ci_low": None,
        "ci_high": None,
        "n": None,
        "n_truncated": None,
    }


def _merge(found: list[ScoreRow], new: ScoreRow) -> None:
    for old in found:
        if [old[k] for k in WAY] != [new[k] for k in WAY] or identity(old["model"]) != identity(new["model"]):
            continue
        one, two = float(old["value"] or 0), float(new["value"] or 0)
        if round(one, 4) == round(two, 4):
            old["value"] = max(one, two, key=lambda v: len(repr(v)))
            old["published_in"] = list(dict.fromkeys(old["published_in"] + new["published_in"]))
            return
    found.append(new)


def _one_name_each(rows: list[ScoreRow]) -> list[ScoreRow]:
    """Give every model the spelling printed first; a second, disagreeing value names its source in the model's name."""
    names: dict[str, str] = {}
    taken: set[tuple[Any, ...]] = set()
    for row in rows:
        name = names.setdefault(identity(row["model"]), row["model"])
        key = (name, row["task"], row["metric"], row["num_fewshot"])
        row["model"] = f"{name} ({', '.join(row['published_in'])})" if key in taken else name
        taken.add(key)
    return rows
