"""Multiple choice whose answer is generated: KMMLU-Redux, KMMLU-Pro and KoBALT, scored by the letter that is read.

The rows are the public sets'; the words that ask are ours, so numbers compare among models asked here, not with the
papers'. An answer without a letter is wrong, and `answered` says how many held one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import UserError
from .answering import Question

LETTERS = "ABCDEFGHIJ"
ASK = (
    "다음 문제의 정답을 고르세요. 풀이를 적어도 되지만, "
    "마지막 줄에는 '정답: ' 뒤에 보기의 글자 하나({first}~{last})만 쓰세요."
)
LINE = re.compile(r"^\s*([A-J])\s*[:.)]\s*\S", re.M)
"""An option as KoBALT writes it into its question."""
SAID = re.compile(r"(?:정답|[Aa]nswer)\s*(?:은|는|is)?\s*[:：]?\s*[*_`'\"(\[]*([A-J])(?![A-Za-z])")
BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{\s*)?([A-J])\s*\}")
ALONE = re.compile(r"\s*[*_`'\"(\[]*([A-J])[*_`'\")\].:]*(?:\s.*)?", re.S)


def of_options(row: Mapping[str, Any], key: str) -> Question:
    """Read a row of KMMLU-Redux or -Pro: question, options and solution (1 is the first option)."""
    text, options, solution = row.get("question"), row.get("options"), row.get("solution")
    if not isinstance(text, str) or not isinstance(options, list) or not 2 <= len(options) <= len(LETTERS):
        raise UserError("no question with options", key, "A row needs question, options and solution.")
    given = str(solution).strip()
    at = int(given) - 1 if given.isascii() and given.isdecimal() else LETTERS.find(given) if len(given) == 1 else -1
    if not 0 <= at < len(options):
        raise UserError(f"solution {solution!r} names none of {len(options)} options", key, "1 is the first option.")
    lines = [f"{letter}) {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return _asked(
        key, "\n".join([text, "", *lines]), LETTERS[: len(options)], LETTERS[at], str(row.get("subject") or "")
    )


def of_kobalt(row: Mapping[str, Any], key: str) -> Question:
    """Read a row of KoBALT: Question (its options are lines of it) and Answer, a letter."""
    text, gold = row.get("Question"), str(row.get("Answer") or "").strip()
    found = "".join(dict.fromkeys(LINE.findall(text))) if isinstance(text, str) else ""
    if not isinstance(text, str) or len(gold) != 1 or gold not in found:
        raise UserError("no Question whose options hold the Answer", key, "Options are lines such as `A: ...`.")
    return _asked(key, text, found, gold, str(row.get("Class") or ""))


def _asked(key: str, text: str, letters: str, gold: str, category: str) -> Question:
    asked = f"{ASK.format(first=letters[0], last=letters[-1])}\n\n{text}"
    return Question(key, [{"role": "user", "content": asked}], {"letter": gold, "among": letters}, category)


def letter_of(answer: str, among: str) -> str | None:
    """Give the letter an answer ends on: the last that is called the answer, or one that stands at its beginning."""
    said = [m.group(1) for pattern in (SAID, BOXED) for m in pattern.finditer(answer)]
    if not said and (alone := ALONE.fullmatch(answer)):
        said = [alone.group(1)]
    return said[-1] if said and said[-1] in among else None


def score(answer: str, question: Question) -> dict[str, list[bool]]:
    """Give whether the letter is right, and whether there is one."""
    letter = letter_of(answer, question.gold["among"])
    return {"acc": [letter == question.gold["letter"]], "answered": [letter is not None]}
