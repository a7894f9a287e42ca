"""Two answers to one question and a verdict: chatbot arenas, PKU-SafeRLHF, HelpSteer's preferences.

The answers are a pair of columns (conversation_a and conversation_b, response_1 and response_2, 답변1 and 답변2); the
verdict names one of them (winner: model_b, better_response_id: 0, winner_model_a: 1) or has a sign
(preference_strength: below 0 for the first). A row is read only where the verdict says which column it means. A tie is
no preference: the row is dropped and counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..errors import UserError
from .names import MEANING, TWINS, filled, keys_of, plain_name
from .preference import NoPreference, preference
from .turns import read_turns, unpacked

VERDICTS = frozenset(
    "winner preferred preference better betterresponse betterresponseid betteranswer betteranswerid choice chosen "
    "chosenindex chosenresponse preferredresponse verdict 승자 선호 선택 선호답변 더나은답변".split()
)
SIGNED = frozenset("preferencestrength overallpreference".split())
TIES = re.compile(r"tie\b.*|both ?(bad|good)|draw|equal|무승부|동점|비김", re.IGNORECASE)
BEFORE_A_LETTER = r"(?:model|assistant|response|answer|conversation|completion|output|답변|응답|모델)?[_ \-]?"


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: two answers, what was asked, and a verdict that names one of the answers."""
    sides = _sides(row)
    if sides is None or {"chosen", "rejected"} <= row.keys():
        return False
    return (_talks(sides, row) or len(_asked(row)) > 0) and _judged(row, sides)


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one preference record of a row. Raises NoPreference for a tie."""
    sides = _sides(row)
    if sides is None:
        raise UserError("missing", "two answers, such as response_a and response_b")
    which, used = _verdict(row, sides)
    if which is None:
        raise UserError(
            f"the verdict names neither {sides[0]} nor {sides[1]}", f"field '{used[0] if used else 'winner'}'"
        )
    if which == 2:
        raise NoPreference("a tie, so there is no preference")
    asked = [] if _talks(sides, row) else _asked(row)
    if len(asked) > 1:
        raise UserError(f"the question could be any of {', '.join(asked)}", "columns", "Leave one of them in.")
    better, worse = sides[which], sides[1 - which]
    rest = {k: v for k, v in row.items() if k not in (*sides, *used, *asked)}
    rest = {**_renamed(rest, sides, which), "chosen_from": better}
    prompt = _unlisted(row[asked[0]]) if asked else None
    if isinstance(prompt, list) and prompt and isinstance(prompt[0], str):
        return [preference([], _woven(prompt, row, better), _woven(prompt, row, worse), rest)]
    if isinstance(prompt, str):
        return [preference([], row[better], row[worse], rest, prompt)]
    before = [] if prompt is None else read_turns(prompt, asked[0])
    return [preference(before, unpacked(row[better]), unpacked(row[worse]), rest)]


def _sides(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give the two columns that hold the answers, in the order of their letters or numbers."""
    groups: dict[str, list[str]] = {}
    for key in row:
        match = TWINS.match(key)
        if match and MEANING.get(plain_name(match[1])) in ("output", "messages"):
            groups.setdefault(match[1], []).append(key)
    pairs = [sorted(group, key=str.casefold) for group in groups.values() if len(group) == 2]
    return (pairs[0][0], pairs[0][1]) if len(pairs) == 1 else None


def _suffix(key: str) -> str:
    return key[-1].casefold()


def _talks(sides: tuple[str, str], row: Mapping[str, Any]) -> bool:
    """Tell whether the two columns hold whole conversations, which begin with what was asked."""
    return all(isinstance(talk := unpacked(row[key]), list) and talk and isinstance(talk[0], Mapping) for key in sides)


def _asked(row: Mapping[str, Any]) -> list[str]:
    found = [k for k in keys_of(row, "instruction") if filled(row[k])]
    turns = [k for k in (*keys_of(row, "messages"), "context") if isinstance(unpacked(row.get(k)), list)]
    return found or turns or [k for k in ("input",) if isinstance(row.get(k), str) and row[k]]


def _judged(row: Mapping[str, Any], sides: tuple[str, str]) -> bool:
    which, used = _verdict(row, sides)
    return which is not None or any(not filled(row[key]) for key in used)


def _verdict(row: Mapping[str, Any], sides: tuple[str, str]) -> tuple[int | None, list[str]]:
    """Give (0 or 1 for the better side, 2 for a tie, None where it is not said; the columns that say it)."""
    hot = _one_hot(row, sides)
    if hot is not None:
        return hot
    for key in row:
        name = plain_name(key)
        if name in SIGNED and [_suffix(s) for s in sides] == ["1", "2"]:
            value = row[key]
            if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
                return (0 if value < 0 else 1 if value > 0 else 2), []  # how strong it is stays in extra
            return None, [key]
        if name in VERDICTS:
            return _named(row[key], sides), [key]
    return None, []


def _one_hot(row: Mapping[str, Any], sides: tuple[str, str]) -> tuple[int | None, list[str]] | None:
    """Give the verdict of columns such as winner_model_a, winner_model_b and winner_tie; None when there are none."""
    names = {plain_name(key): key for key in row if plain_name(key).startswith("winner")}
    keys = [names.get(f"winnermodel{_suffix(s)}") or names.get(f"winner{_suffix(s)}") for s in sides]
    if None in keys:
        return None
    found = [str(key) for key in (*keys, names.get("winnertie")) if key is not None]
    on = [i for i, key in enumerate(found) if str(row[key]).strip().lower() in ("1", "1.0", "true")]
    return (on[0] if len(on) == 1 else None), found


def _named(value: Any, sides: tuple[str, str]) -> int | None:
    """Give which side a cell names: by its column's name, its letter, or its number where the columns have numbers."""
    letters = [_suffix(s) for s in sides]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    said = str(value).strip()
    if said.casefold() in [s.casefold() for s in sides]:
        return [s.casefold() for s in sides].index(said.casefold())
    if TIES.fullmatch(said.replace("_", " ").strip("()")):
        return 2
    match = re.fullmatch(BEFORE_A_LETTER + r"([ab012])", said, re.IGNORECASE)
    return letters.index(match[1].casefold()) if match and match[1].casefold() in letters else None


def _renamed(rest: Mapping[str, Any], sides: tuple[str, str], which: int) -> dict[str, Any]:
    """Give the columns beside, where those of the two sides (model_a, score_b) say which is the chosen one's."""
    found = {}
    there = {key.casefold() for key in rest}
    for key, value in rest.items():
        match = TWINS.match(key)
        stem = match[1] if match else ""
        names = {f"{stem}{key[len(stem) : -1]}{_suffix(side)}".casefold() for side in sides}
        if stem and names <= there:
            name = "chosen" if _suffix(key) == _suffix(sides[which]) else "rejected"
            found[f"{name}_{stem}"] = value
        else:
            found[key] = value
    return found


def _unlisted(value: Any) -> Any:
    """Give the texts or turns that a cell holds as JSON; any other value as it is."""
    if isinstance(value, str) and re.match(r'\s*\[\s*("|null)', value):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return unpacked(value)


def _woven(asked: list[Any], row: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Give the turns of a list of questions and a list of answers."""
    answers = _unlisted(row[key])
    if not isinstance(answers, list) or len(answers) != len(asked):
        raise UserError("not as many answers as questions", f"field '{key}'")
    return [
        turn
        for question, answer in zip(asked, answers, strict=True)
        for turn in ({"role": "user", "content": question}, {"role": "assistant", "content": answer})
    ]
