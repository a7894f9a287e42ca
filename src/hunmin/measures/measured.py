"""Measures by name, the answers of a record, and what the record asks for: how the stages use this room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..artifacts.record import Record, get_text, texts
from ..tables import resolve
from . import MEASURES

Measure = Callable[[str, Mapping[str, Any]], float | None]


def resolve_measures(names: Iterable[str], where: str = "") -> dict[str, Measure]:
    """Give the functions of these measures by name, `module:function` too. Raises UserError for an unknown one."""
    return {name: resolve(MEASURES, name, "measure", where) for name in names}


def answers(record: Record) -> dict[str, str]:
    """Give the answers of a record by field path: `output`, `chosen`, `rejected`, each assistant's message."""
    found = {name: record[name] for name in ("output", "chosen", "rejected") if record.get(name)}
    for i, message in enumerate(record.get("messages") or ()):
        if message.get("role") == "assistant":
            found[f"messages.{i}.content"] = message.get("content") or ""
    return found


def measured(measure: Measure, record: Record) -> dict[str, float]:
    """Give a measure of each answer of a record by field path; answers it does not apply to are left out."""
    values = {path: measure(answer, record) for path, answer in answers(record).items()}
    return {path: value for path, value in values.items() if value is not None}


def asked(answer: str, record: Mapping[str, Any]) -> str:
    """Give what a record asks an answer for: its prompt, or the English of it where there is one, without the answer.

    The English and not its translation, so that what one field got wrong is no excuse for the next.
    """
    given = record.get("original")
    original: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    parts = [record.get(name) for name in ("system", "instruction", "input") if name not in original]
    for i, message in enumerate(record.get("messages") or ()):
        if message.get("role") != "assistant" and f"messages.{i}.content" not in original:
            parts.append(message.get("content"))
    parts += [text for text in original.values() if isinstance(text, str)]
    parts += [m.get("content") for m in original.get("messages") or () if isinstance(m, Mapping)]
    return "\n".join(part for part in parts if part and part != answer)


def english_of(answer: str, record: Mapping[str, Any]) -> str:
    """Give the English of the field of a record that holds this text; "" when there is none."""
    original = record.get("original")
    if not isinstance(original, Mapping):
        return ""
    for path, text in texts(dict(record)).items():
        if text == answer:
            found = original.get(path) or (get_text(dict(original), path) if path.startswith("messages.") else "")
            return found if isinstance(found, str) else ""
    return ""
