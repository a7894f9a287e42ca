"""What happens to each text field of a record: sent, copied (code), or kept (its English is the task)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...artifacts.record import Record, texts
from ...text.english_part import english_part
from ...text.hidden import hidden_spans
from ...text.masking import Piece, Segment, cut
from ...text.segments import Span, is_code
from ...text.tasks import FormTask, form_task
from .ways import Way

WHOLE_MOST_CHARS = 6000  # a longer field is sent line by line even to engines that take whole fields


@dataclass(frozen=True)
class Field:
    """One text field and its fate: "send", "code" (copied), "english" (kept: its form is the task) or "skipped".

    `hidden` are further stretches of it that stay English.
    """

    path: str
    text: str
    fate: str
    hidden: tuple[tuple[int, int], ...] = ()


def plan(record: Record, config: Any) -> tuple[list[Field], FormTask | None, bool]:
    """Give a record's fields with their fates, its form-dependent task, and whether that task's English was found."""
    found: list[Field] = []
    task: FormTask | None = None
    located = False
    for path, text in texts(record).items():
        name = path.split(".")[0]
        if name in config.skip:
            found.append(Field(path, text, "skipped"))
            continue
        role = record["messages"][int(path.split(".")[1])]["role"] if name == "messages" else ""
        if config.mask and is_code(text):
            found.append(Field(path, text, "code"))
            continue
        if not config.mask or config.form_tasks == "translate":
            found.append(Field(path, text, "send"))
            continue
        if name == "instruction" or role == "user":
            task = form_task(text)
            located = False
            parts = tuple(english_part(text, task)) if task else ()
            located |= bool(parts)
            found.append(Field(path, text, "send", parts))
        elif task and name == "input":
            located = True
            found.append(Field(path, text, "english"))
        elif task and (name in ("output", "chosen", "rejected") or role == "assistant"):
            fate = "english" if task.output_too else "send"
            parts = () if task.output_too else tuple(_quotations(text, record))
            found.append(Field(path, text, fate, parts))
        else:
            found.append(Field(path, text, "send"))
    first = next((form_task(f.text) for f in found if f.path == "instruction" or f.path.startswith("messages.")), None)
    return found, first if config.mask and config.form_tasks != "translate" else None, located


def _quotations(text: str, record: Record) -> Iterator[tuple[int, int]]:
    """Give the quoted stretches of an answer that stand word for word in the kept input."""
    source = record.get("input") or " ".join(m["content"] for m in record.get("messages") or ())
    task = FormTask("", 0, 0, False)
    for start, end in english_part(text, task):
        if text[start] in "\"“'‘" and text[start + 1 : end - 1] in source:
            yield start, end


def pieces_of(item: Field, way: Way) -> list[Piece]:
    """Give a field cut into what stays and what is sent, in the form of a way."""
    if way.size is None:
        return [Segment(item.text)]
    size = "lines" if way.size == "whole" and len(item.text) > WHOLE_MOST_CHARS else way.size
    if not item.hidden:
        return cut(item.text, size)
    spans = [Span(a, b, "reserved") for a, b in item.hidden]
    spans += [s for s in hidden_spans(item.text) if all(s.end <= a or b <= s.start for a, b in item.hidden)]
    return cut(item.text, size, sorted(spans))
