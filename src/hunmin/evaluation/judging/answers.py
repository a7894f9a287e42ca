"""The answers to a question set, by a local model or from a file; written as they come, so a killed run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...artifacts.record import dumps
from ...errors import UserError
from .questions import Question


@dataclass(frozen=True)
class Answer:
    """One answer. `status` is "ok" or why there is none ("too_long", a client's failure word); `finish_reason` "length"
    means that max_new_tokens cut it."""

    text: str
    n_tokens: int | None = None
    finish_reason: str = ""
    status: str = "ok"


Answers = dict[tuple[str, int], Answer]
"""Answers by (question id, turn)."""


def messages_at(question: Question, turn: int, answers: Answers, keep_input: bool) -> list[dict[str, str]]:
    """Give the conversation up to the user's turn `turn`, with the model's own earlier answers in it."""
    messages = [{"role": "system", "content": question.system}] if question.system else []
    for i in range(turn + 1):
        asked = question.turns[i]
        user = {"role": "user", "content": asked.content if keep_input else asked.text}
        if keep_input and asked.input:
            user["input"] = asked.input
        messages.append(user)
        if i < turn:
            messages.append({"role": "assistant", "content": answers[question.id, i].text})
    return messages


def turns_in_order(questions: Sequence[Question]) -> Iterable[tuple[int, list[Question]]]:
    """Give (turn, the questions that have it): a later turn needs the answer to the one before."""
    for turn in range(max((len(q.turns) for q in questions), default=0)):
        yield turn, [q for q in questions if len(q.turns) > turn]


def answer_locally(
    questions: Sequence[Question],
    path: Path,
    *,
    prompt: Callable[[list[dict[str, str]]], str],
    n_tokens: Callable[[str], int],
    generate: Callable[[list[str], int], list[Any]],
    batch_size: int,
    max_prompt_tokens: int | None,
    tick: Callable[..., None] = lambda *a, **k: None,
) -> Answers:
    """Give every answer, asking `generate(prompts, seed offset)` only for those that `path` does not hold yet.

    Batches of similar length are cut over the whole set, so that a resumed run makes the same ones. A prompt over
    `max_prompt_tokens` gets no answer and status "too_long".
    """
    done = read_answers(path, cut=True)
    for turn, asked in turns_in_order(questions):
        prompts = {q.id: prompt(messages_at(q, turn, done, keep_input=True)) for q in asked}
        lengths = {key: n_tokens(text) for key, text in prompts.items()}
        order = sorted(asked, key=lambda q: (lengths[q.id], q.id))
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            if all((q.id, turn) in done for q in batch):
                tick(len(batch))
                continue
            fits = [q for q in batch if max_prompt_tokens is None or lengths[q.id] <= max_prompt_tokens]
            made = generate([prompts[q.id] for q in fits], turn * 100_000 + start) if fits else []
            new = {(q.id, turn): Answer("", 0, "", "too_long") for q in batch if q not in fits}
            for q, g in zip(fits, made, strict=True):
                new[q.id, turn] = Answer(g.text, g.n_tokens, g.finish_reason)
            append(path, new)
            done.update(new)
            tick(len(batch))
    return done


def append(path: Path, new: Answers) -> None:
    """Write answers in one piece and make sure they are on disk."""
    rows = [{"id": key, "turn": turn, **asdict(a)} for (key, turn), a in new.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write("".join(dumps(row) + "\n" for row in rows))
        file.flush()
        os.fsync(file.fileno())


def read_answers(path: Path, cut: bool = False) -> Answers:
    """Give the answers of a file that hunmin wrote (empty when absent); `cut` takes off half a last line."""
    if not path.is_file():
        return {}
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if cut and whole != data:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    found: Answers = {}
    for line in whole.decode("utf-8").split("\n")[:-1]:  # splitlines would cut at U+2028 inside an answer
        row = json.loads(line)
        found[row["id"], row["turn"]] = Answer(row["text"], row["n_tokens"], row["finish_reason"], row["status"])
    return found


def given_answers(path: Path, questions: Sequence[Question]) -> Answers:
    """Give ready answers from a JSONL file: rows {id, answer} or {id, answers: [...]}; documents.jsonl of an earlier
    judge artifact is one. Raises UserError when a question has none."""
    if path.is_dir():
        path = path / "documents.jsonl"
    if not path.is_file():
        raise UserError("no such file", str(path), "Give JSONL rows {id, answer}.")
    found: Answers = {}
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"not JSON: {error.msg}", f"{path}:{number}", "Mend or remove the line.") from error
            texts = row.get("answers") if isinstance(row.get("answers"), list) else [row.get("answer")]
            for turn, text in enumerate(texts):
                value = text.get("text") if isinstance(text, dict) else text
                status = text.get("status", "ok") if isinstance(text, dict) else "ok"
                if not isinstance(value, str) or row.get("id") in (None, ""):
                    raise UserError("no id or no answer text", f"{path}:{number}", "Rows: {id, answer}.")
                key = (str(row["id"]), turn)
                if key in found:
                    raise UserError(
                        f"id '{row['id']}' stands twice", f"{path}:{number}", "One row a question; one model a file."
                    )
                found[key] = Answer(value, None, "", status)
    missing = [q.id for q in questions for turn in range(len(q.turns)) if (q.id, turn) not in found]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(questions)} questions have no answer, the first is '{missing[0]}'",
            str(path),
            "Ids must be those of the questions.",
        )
    return found
