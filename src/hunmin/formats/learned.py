"""Columns of a row that say what of it is learned: mapped to weights, or refused by name where a record has no place.

`train: false` or `is_correct: false` beside the texts, a mask for each turn, scores that contradict a pair. What says
the usual (`train: true`, `split: train`) is a column like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from ..errors import UserError
from .names import filled, plain_name
from .turns import unpacked

KINDS = {
    "learned": "trainonturn lossmask trainable calculateloss computeloss",
    "masked": "masked",
    "number": "train training learn",  # also a split's name: only true, false, 1 and 0 count
    "loose": "loss",  # also a number that was measured: only true and false count
    "mask": "mask",  # also whom to mask: only true and false count
    "nothing": "weight sampleweight lossweight",  # of a row: 0 learns nothing of it
    "partly": "traindetail trainingdetail",  # spans of a turn, as axolotl has them
    "correct": "iscorrect answeriscorrect isanswercorrect",
    "right": "correct",  # also the text of the correct answer: only true and false count
}
KIND = {name: kind for kind, names in KINDS.items() for name in names.split()}
SCORES = frozenset(
    "score rating reward avgscore avgrating averagescore averagerating meanscore overallscore overallrating "
    "rewardscore quality".split()
)
PLAIN = {"true": True, "false": False}
NUMBERS = {**PLAIN, "1": True, "0": False, "1.0": True, "0.0": False}
WORDS = {
    **NUMBERS,
    "yes": True,
    "no": False,
    "y": True,
    "n": False,
    "correct": True,
    "incorrect": False,
    "wrong": False,
}


def weigh(record: Record, row: Mapping[str, Any], keys: Iterable[str]) -> set[str]:
    """Put into the turns of a record what the row's columns say of them, and give the columns it took.

    Raises UserError for a row that is not to be learned, for what is learned in part, and for a pair whose rejected
    answer has the higher score.
    """
    taken = set()
    for key in keys:
        kind, value = KIND.get(plain_name(key)), row[key]
        if kind is None or not filled(value):
            continue
        if kind == "partly":
            raise _refusal(f"{key}: a part of a turn, but a turn is learned whole or not at all", key)
        if kind in ("correct", "right"):
            if "chosen" not in record and record.get("label") is not False and _truth(value, key, kind) is False:
                mend = f"Name it as the label (columns: {{..., label: {key}}})"
                raise _refusal(f"{key}: {_told(value)} says that the answer is wrong", key, mend)
        elif kind == "nothing":
            if _number(value) == 0:
                raise _refusal(f"{key}: {_told(value)} says that the row is not to be learned", key)
        elif isinstance(value, list):
            if kind in ("number", "loose", "mask") and not all(v in (0, 1) for v in value):
                continue  # another list of that name: examples, losses as they fell
            if _weigh_turns(record, value, key, kind in ("masked", "mask")):
                taken.add(key)
        elif _truth(value, key, kind) is (kind in ("masked", "mask")):
            raise _refusal(f"{key}: {_told(value)} says that the row is not to be learned", key)
    if "chosen" in record:
        _scores(row)
    return taken


def _refusal(what: str, key: str, mend: str = "", ignored: str = "") -> UserError:
    ignore = f"set load.ignore: [{ignored or key}] to learn it all the same"
    return UserError(what, f"field '{key}'", f"{mend}, or {ignore}" if mend else ignore[0].upper() + ignore[1:])


def _told(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)[:40]


def _truth(value: Any, key: str, kind: str) -> bool | None:
    """Give the true or false of a cell; None for another one. Raises UserError for that where nothing else is meant."""
    told = _told(value).strip().lower()
    words = WORDS if kind in ("learned", "masked", "correct") else NUMBERS if kind == "number" else PLAIN
    if told not in words and words is WORDS:
        raise _refusal(f"{key}: {_told(value)}, but it is either true or false", key)
    return words.get(told)


def _weigh_turns(record: Record, values: list[Any], key: str, masked: bool) -> bool:
    """Give the answers of a conversation the weights of a list, one for each turn or each answer; tell if it did."""
    plain = all(isinstance(v, bool) or (isinstance(v, (int, float)) and v in (0, 1) and not masked) for v in values)
    learned = [bool(v) is not masked for v in values]
    turns: list[JsonObject] = record.get("messages") or []
    sides = (turns, [m for m in turns if m["role"] != "system"], [m for m in turns if m["role"] == "assistant"])
    of = next((side for side in sides if len(side) == len(values)), None)
    if plain and of:
        for message, weight in zip(of, map(int, learned), strict=True):
            if message["role"] == "assistant" and message.setdefault("weight", weight) != weight:
                raise UserError("two weights that differ", f"field '{key}'")
        return True
    if plain and (all(learned) or (not turns and len(learned) == 2 and learned[1])):  # a question and its answer
        return False
    mend = "Write a weight of 0 or 1 into each turn"
    raise _refusal(f"{key}: {len(values)} values do not say which of {len(turns) or 2} turns are learned", key, mend)


def _scores(row: Mapping[str, Any]) -> None:
    """Raises UserError for a pair whose rejected answer has the higher score."""
    names = {plain_name(key): key for key in row}
    for name, key in names.items():
        worse = names.get(name.replace("chosen", "rejected")) if "chosen" in name else None
        if worse is None or name.replace("chosen", "") not in SCORES:
            continue
        better, lower = _number(row[key]), _number(row[worse])
        if better is not None and lower is not None and lower > better:
            what = f"{worse} {row[worse]} is above {key} {row[key]}: the scores contradict the pair"
            mend = "Swap chosen and rejected where they are the wrong way round (columns: {chosen: rejected, ...})"
            raise _refusal(what, worse, mend, f"{key}, {worse}")


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def set_aside(row: Any, names: Iterable[str]) -> Any:
    """Give a row whose columns and turns' keys of these names stand under `extra`, where they mean nothing."""
    if isinstance(row, list):
        return [set_aside(item, names) for item in row] if any(isinstance(item, Mapping) for item in row) else row
    if not isinstance(row, Mapping):
        return row
    aside = {k: v for k, v in row.items() if k in names}
    rest: JsonObject = {}
    for key, value in row.items():
        if key not in aside:
            talk = unpacked(value)
            left = set_aside(talk, names) if isinstance(talk, list) else talk
            rest[key] = value if left == talk else left
    if not aside:
        return rest
    extra = rest.get("extra")
    own = dict(extra) if isinstance(extra, Mapping) else {"extra": extra} if filled(extra) else {}
    return {**rest, "extra": {**own, **aside}}
