"""One question with a list of answers that are rated or ranked: Nectar, UltraFeedback as it was made, Magpie's
responses with rewards, distilabel's generations with ratings.

A list of objects ({answer, rank}, {response, overall_score}) or texts with a list of numbers beside them. They can be
read in two ways, so that a person chooses: `ranked` pairs the best with the worst, `answers` gives every answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..artifacts.record import Record
from ..errors import UserError
from .columns import carry
from .hh import TURN, turns_of
from .names import filled, keys_of, plain_name
from .preference import NoPreference, preference
from .turns import check_turns, read_turns, unpacked

LISTS = frozenset(
    "answers responses completions generations outputs candidates replies results 답변들 응답들 답변 응답".split()
)
ONE = ("answer", "response", "completion", "generation", "output", "text", "content", "reply", "답변", "응답")
VALUES = frozenset(
    "rank ranks ranking overallscore score scores rating ratings reward rewards rewardscore overallrating quality "
    "점수 순위".split()
)
RANKS = frozenset("rank ranks ranking 순위".split())


@dataclass(frozen=True)
class Answer:
    """One of the answers: its text, its value (higher is better) and what else stands beside it."""

    text: str
    value: float | None
    by: str
    rest: dict[str, Any] = field(default_factory=dict)


def _found(row: Mapping[str, Any]) -> tuple[str, list[Answer], list[str]] | None:
    """Give (the list's column, its answers, the columns that rate them) of a row; None when there is no one list."""
    lists = [k for k in row if plain_name(k) in LISTS and isinstance(row[k], list) and row[k]]
    lists = [k for k in lists if all(_text_of(item) is not None for item in row[k])]
    if len(lists) != 1:
        return None
    items = row[lists[0]]
    beside = {k: v for k, v in row.items() if k != lists[0] and isinstance(v, list) and len(v) == len(items)}
    rated = [k for k, v in beside.items() if plain_name(k) in VALUES and all(_number(x) is not None for x in v)]
    names = [k for k, v in beside.items() if plain_name(k) in ("models", "generationmodels", "generators")
             and all(isinstance(x, str) for x in v)]  # fmt: skip
    answers = []
    for i, item in enumerate(items):
        inner = dict(item) if isinstance(item, Mapping) else {}
        by = [k for k in inner if plain_name(k) in VALUES and _number(inner[k]) is not None]
        by = sorted(by, key=lambda k: plain_name(k) not in RANKS)
        value, key = (
            (_number(inner[by[0]]), by[0]) if by else (_number(row[rated[0]][i]), rated[0]) if rated else (None, "")
        )
        if value is not None and plain_name(key) in RANKS:
            value = -value
        said = next((k for k in ONE if k in inner), "")
        rest = {k: v for k, v in inner.items() if k != said and filled(v)}
        rest |= {k: row[k][i] for k in rated if not by}
        if names and "model" not in rest:
            rest["model"] = row[names[0]][i]
        answers.append(Answer(str(_text_of(item)), value, key, rest))
    return lists[0], answers, [*([] if any(a.by not in rated for a in answers) else rated), *names]


def answers_of(row: Mapping[str, Any]) -> list[str]:
    """Give the texts of the one list of answers that stands beside a question, rated or not; [] when there is none."""
    found = _found(row) if len(_asked(row)) == 1 else None
    return [answer.text for answer in found[1]] if found else []


def _text_of(item: Any) -> str | None:
    if isinstance(item, Mapping):
        item = next((item[k] for k in ONE if k in item), None)
    return item if isinstance(item, str) and item.strip() else None


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
        return float(value)
    return None


def _fits(row: Mapping[str, Any]) -> bool:
    if {"chosen", "rejected", "messages", "conversations"} & row.keys() or len(_asked(row)) != 1:
        return False
    if any(isinstance(row[k], str) and row[k] for k in keys_of(row, "output")):
        return False
    found = _found(row)
    return found is not None and len(found[1]) > 1 and all(a.value is not None for a in found[1])


def _asked(row: Mapping[str, Any]) -> list[str]:
    return [k for k in keys_of(row, "instruction") if filled(row[k])]


def _parts(row: Mapping[str, Any]) -> tuple[list[Answer], list[dict[str, Any]], dict[str, Any], str]:
    """Give (answers, turns before them, what else the row holds, the list's column)."""
    asked, found = _asked(row), _found(row)
    if len(asked) != 1:
        told = f"the question could be any of {', '.join(asked)}" if asked else "missing"
        raise UserError(told, "columns" if asked else "field 'prompt'", "Leave one of them in." if asked else "")
    if found is None:
        raise UserError("missing", "one list of answers, such as 'answers' or 'responses'")
    key, answers, used = found
    prompt = unpacked(row[asked[0]])
    if isinstance(prompt, str):
        text = prompt
        turns = [{"role": "user", "content": text}]
        if TURN.match(text.lstrip("\n") if text.startswith("\n\n") else ""):  # Nectar: a transcript that waits
            turns = turns_of(text, asked[0])
            turns = turns[:-1] if turns[-1]["role"] == "assistant" and not turns[-1]["content"].strip() else turns
    else:
        turns = read_turns(prompt, asked[0])
    rest = {k: v for k, v in row.items() if k not in (asked[0], key, *used)}
    return answers, turns, rest, key


class Ranked:
    """The best answer is chosen, the worst rejected; the others stay under `extra`."""

    fits = staticmethod(_fits)

    @staticmethod
    def read(row: Mapping[str, Any]) -> list[Record]:
        """Give the one preference record of a row. Raises NoPreference when all answers are rated alike."""
        answers, turns, rest, key = _parts(row)
        if any(a.value is None for a in answers):
            raise UserError("an answer without a number that rates it", f"field '{key}'")
        best, worst = (pick(answers, key=lambda a: a.value or 0.0) for pick in (max, min))
        if best.value == worst.value:
            raise NoPreference("all answers are rated alike, so there is no preference")
        between = [{"text": a.text, **a.rest} for a in answers if a is not best and a is not worst]
        rest |= {f"chosen_{k}": v for k, v in best.rest.items()} | {f"rejected_{k}": v for k, v in worst.rest.items()}
        rest |= {key: between} if between else {}
        return [preference(turns, best.text, worst.text, rest)]


class Answers:
    """Every answer is a record of the same question; what rates it is a rating, higher for the better one."""

    fits = staticmethod(_fits)

    @staticmethod
    def read(row: Mapping[str, Any]) -> list[Record]:
        """Give the records of a row; from the second on the id ends in #k."""
        answers, turns, rest, _ = _parts(row)
        records: list[Record] = []
        for k, answer in enumerate(answers, 1):
            said = {"role": "assistant", "content": answer.text}
            record: Record = {"instruction": turns[0]["content"], "output": answer.text}
            if [m["role"] for m in turns] != ["user"] or turns[0].keys() != {"role", "content"}:
                record = {"messages": check_turns([*turns, said], "prompt")}
            more = dict(answer.rest)
            if isinstance(more.get("model"), str):
                more = {"generator": more.pop("model"), **more}
            clash = {f"answer_{name}" if name in rest else name: value for name, value in more.items()}
            record = carry(record, {**rest, **clash}, ())
            if answer.value is not None:
                record["ratings"] = [{"rater": answer.by, "score": answer.value}]
            if k > 1 and "id" in record:
                record["id"] += f"#{k}"
            records.append(record)
        return records
