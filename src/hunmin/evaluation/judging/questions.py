"""A question set in any shape: Self-Instruct user-oriented (KULLM's 252), LogicKor's turns, instruction files.

Told by keys: `questions` (LogicKor: a list of turns, with `references`), `turns` (MT-Bench and KoMT-Bench: with
`question_id` and `reference`), `instances` (Self-Instruct), `messages`, or
`instruction`/`input`. The `output` of a Self-Instruct or instruction row is a reference only when asked for: KULLM's
translated set left all 252 of them in English.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UserError


@dataclass(frozen=True)
class Turn:
    """One user turn: its text, `input` kept apart until a template renders it, and a reference answer or ""."""

    content: str
    input: str = ""
    reference: str = ""

    @property
    def text(self) -> str:
        return "\n\n".join(t for t in (self.content, self.input) if t)


@dataclass(frozen=True)
class Question:
    id: str
    turns: tuple[Turn, ...]
    category: str = ""
    system: str = ""


def read_questions(path: Path, use_references: bool = False, limit: int | None = None) -> list[Question]:
    """Give the questions of a .jsonl or .json file in order.

    Raises UserError with file and line for a row of no known shape, an empty question, two equal ids, or no rows.
    """
    found: list[Question] = []
    seen: dict[str, str] = {}
    for where, row in _rows(path):
        for question in _read(row, where, use_references):
            if question.id in seen:
                raise UserError(f"id '{question.id}' stands at {seen[question.id]} too", where, "Give each row its id.")
            seen[question.id] = where
            found.append(question)
    if not found:
        raise UserError("no questions", str(path), "Give a file with at least one row.")
    return found[:limit]


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    if not path.is_file():
        raise UserError("no such file", str(path), "Check judge.questions.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"not UTF-8: {error}", str(path), "Save the file as UTF-8.") from error
    if path.suffix == ".json":
        try:
            rows = json.loads(text)
        except json.JSONDecodeError as error:
            raise UserError(f"not JSON: {error.msg}", f"{path}:{error.lineno}", "Mend the file.") from error
        if not isinstance(rows, list):
            raise UserError("expected a list of rows", str(path), "Or give a .jsonl file.")
        yield from ((f"{path}[{i}]", row) for i, row in enumerate(rows))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"{path}:{number}", json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"not JSON: {error.msg}", f"{path}:{number}", "Mend or remove the line.") from error


def _read(row: Any, where: str, use_references: bool) -> list[Question]:
    if not isinstance(row, dict):
        raise UserError(f"expected an object, got {type(row).__name__}", where, "One JSON object a line.")
    fallback = where.rsplit(":", 1)[-1].rsplit("[", 1)[-1].rstrip("]")
    base = str(next((row[k] for k in ("id", "question_id") if row.get(k) not in (None, "")), fallback))
    category = str(row.get("category") or row.get("motivation_app") or (row.get("extra") or {}).get("task") or "")
    system = row.get("system") or ""
    several = next((k for k in ("questions", "turns") if isinstance(row.get(k), list)), None)
    if several is not None:
        given = row.get("references") or row.get("reference") or []
        references = given if isinstance(given, list) else [given]
        turns = [
            Turn(_text(t, where, f"{several}.{i}"), "", _or_empty(references, i) if use_references else "")
            for i, t in enumerate(row[several])
        ]
        return [_question(base, turns, category, system, where)]
    if "instances" in row:
        instruction = _text(row.get("instruction"), where, "instruction")
        cases = row["instances"] or [{}]
        return [
            _question(
                base if len(cases) == 1 else f"{base}#{k}",
                [Turn(instruction, case.get("input") or "", (case.get("output") or "") if use_references else "")],
                category,
                system,
                where,
            )
            for k, case in enumerate(cases)
        ]
    if row.get("messages"):
        return [_from_messages(row["messages"], base, category, system, use_references, where)]
    if row.get("instruction") or row.get("input"):
        reference = (row.get("reference") or row.get("output") or "") if use_references else ""
        instruction, extra = row.get("instruction") or "", row.get("input") or ""
        turn = Turn(instruction or extra, extra if instruction else "", reference)
        return [_question(base, [turn], category, system, where)]
    raise UserError(
        f"no question here: the keys are {', '.join(row) or 'none'}",
        where,
        "Known shapes: instruction (input), instances, questions, turns, messages.",
    )


def _from_messages(
    messages: list[dict[str, str]], base: str, category: str, system: str, use_references: bool, where: str
) -> Question:
    turns: list[Turn] = []
    for i, message in enumerate(messages):
        content = _text(message.get("content"), where, f"messages.{i}.content")
        if message.get("role") == "system":
            system = content
        elif message.get("role") == "user":
            turns.append(Turn(content))
        elif turns and use_references:
            turns[-1] = Turn(turns[-1].content, "", content)
    return _question(base, turns, category, system, where)


def _question(base: str, turns: list[Turn], category: str, system: str, where: str) -> Question:
    if not turns or any(not turn.text.strip() for turn in turns):
        raise UserError("an empty question", where, "Remove the row, or give it a text.")
    return Question(base, tuple(turns), category, system)


def _text(value: Any, where: str, name: str) -> str:
    if not isinstance(value, str):
        got = "null" if value is None else type(value).__name__
        raise UserError(f"field '{name}': expected text, got {got}", where, "Mend the row.")
    return value


def _or_empty(values: list[Any], i: int) -> str:
    return values[i] if i < len(values) and isinstance(values[i], str) else ""
