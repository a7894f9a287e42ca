"""Questions to answers: what fits the model's context, and a file of records answered in batches, resumably."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..artifacts import progress
from ..artifacts.artifact import hash_of
from ..artifacts.record import Record, dumps, kind, read_jsonl
from ..artifacts.rows import Message
from ..errors import UserError
from .decoding import generate
from .opening import Loaded, prompt


def fit(loaded: Loaded, messages: list[dict[str, str]], max_new_tokens: int) -> tuple[list[int], int]:
    """Give the prompt's ids and how many of the oldest turns had to be left out for it to fit with its answer.

    Raises UserError when the last question alone is too long.
    """
    head = messages[:1] if messages and messages[0]["role"] == "system" else []
    turns = messages[len(head) :]
    limit = loaded.max_length
    for dropped in range(0, len(turns), 2):
        ids = loaded.encode(prompt(loaded, [*head, *turns[dropped:]]))
        if limit is None or len(ids) + min(max_new_tokens, limit // 4) <= limit:
            return ids, dropped
    what = f"the question has {len(ids)} tokens, but the model was built for {limit} with the answer"
    raise UserError(what, mend="Ask something shorter.")


def read_questions(path: Path) -> list[Record]:
    """Give the records of a file; each needs an instruction, an input or messages."""
    if not path.is_file():
        raise UserError("no such file", str(path), "Give a JSONL file of records.")
    found = []
    for number, row in enumerate(read_jsonl(path), 1):
        asked = row.get("messages") if isinstance(row, dict) else None
        usable = isinstance(row, dict) and (
            (isinstance(asked, list) and any(m.get("role") == "user" for m in asked if isinstance(m, dict)))
            or (kind(row) != "chat" and any(isinstance(row.get(k), str) and row[k] for k in ("instruction", "input")))
        )
        if not usable:
            raise UserError("no instruction, input or messages", f"{path}:{number}", "Each row asks something.")
        found.append(row)
    return found


def asked_messages(loaded: Loaded, record: Record, system: str) -> list[Message]:
    """Give a record's conversation up to its last question, with the system prompt where it brings none."""
    messages: list[Message] = loaded.template.messages({**record, "output": ""})
    while messages and messages[-1]["role"] == "assistant":
        messages = messages[:-1]
    if system and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    return messages


def answer_file(
    loaded: Loaded, questions: list[Record], out: Path, params: Mapping[str, Any], batch_size: int, system: str
) -> int:
    """Write one row {.., answer, finish_reason, model} per question, in order; give how many were there already.

    `params` are generate's own; the answers of a killed call are not made again.

    Raises UserError when the file holds answers to other questions.
    """
    done = _read_answers(out)
    keys = [hash_of([q, system, dict(params), loaded.name]) for q in questions]
    if [row.get("key") for row in done] != keys[: len(done)]:
        mend = "Give another --out, or delete the file."
        raise UserError("the file holds answers to other questions, or drawn otherwise", str(out), mend)
    out.parent.mkdir(parents=True, exist_ok=True)
    tick = progress.bar("chat", len(questions), "answer")
    tick(len(done))
    with out.open("a", encoding="utf-8", newline="\n") as file:
        for start in range(len(done), len(questions), batch_size):
            batch = questions[start : start + batch_size]
            ids = [fit(loaded, asked_messages(loaded, q, system), params["max_new_tokens"])[0] for q in batch]
            seed = None if params["seed"] is None else params["seed"] + start
            made = generate(loaded, ids, **{**params, "seed": seed, "batch_size": batch_size})
            for i, (question, said) in enumerate(zip(batch, made, strict=True)):
                row = {**question, "answer": said.text, "finish_reason": said.finish_reason}
                file.write(dumps({**row, "model": loaded.name, "key": keys[start + i]}) + "\n")
            file.flush()
            os.fsync(file.fileno())
            tick(len(batch))
    tick(0, done=True)
    return len(done)


def _read_answers(path: Path) -> list[Record]:
    """Give the whole rows of an answers file, after cutting off half a last line."""
    if not path.is_file():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        with path.open("r+b") as file:
            file.truncate(len(whole))

    def rows() -> Iterator[Record]:
        for number, line in enumerate(whole.decode("utf-8").split("\n")[:-1], 1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"not JSON: {error.msg}", f"{path}:{number}", "Give another --out.") from error

    return list(rows())
