"""A rating by an LLM (AlpaGasus, KoRAE): request and answer in a prompt of ours, one score and a reason back.

A preference record is rated by its `chosen` answer, a chat by its last answer with the turns before it as the request.
"""

from __future__ import annotations

from ..artifacts.record import Record, kind
from ..artifacts.rows import Rating
from ..templates.render import messages_of
from . import wording
from .asked import Asker, Parse
from .scores import Scale, read

VALUES = ("question", "answer", "system", "instruction", "input", "output", "low", "high")
NEEDS = ("answer",)
ROLES = {"user": "사용자", "assistant": "인공지능", "tool": "도구"}


def load_prompt(name: str) -> wording.Wording:
    """Give the rating prompt `ko`, `en` or a file of the user's."""
    return wording.load(name, "rate", VALUES, NEEDS, "rate.prompt")


def values_of(record: Record, scale: Scale) -> dict[str, str]:
    """Give what the prompt's placeholders stand for; `answer` is "" when the record has none."""
    messages = messages_of(record, keep_input=False)
    if kind(record) == "preference":
        messages = [*messages, {"role": "assistant", "content": record["chosen"]}]
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    turns = [m for m in messages if m["role"] != "system"]
    answer = turns.pop()["content"] if turns and turns[-1]["role"] == "assistant" else ""
    question = (
        turns[0]["content"]
        if len(turns) == 1
        else "\n\n".join(f"[{ROLES[turn['role']]}]\n{turn['content']}" for turn in turns)
    )
    return {
        "question": question,
        "answer": answer,
        "system": system,
        "instruction": record.get("instruction") or question,
        "input": record.get("input") or "",
        "output": answer,
        "low": f"{scale.low:g}",
        "high": f"{scale.high:g}",
    }


async def rate(
    record: Record, asker: Asker, prompt: wording.Wording, scale: Scale, name: str, model: str, parse: Parse = read
) -> Rating:
    """Give one rating; a record without an answer is not asked about."""
    rating: Rating = {
        "rater": name,
        "model": model,
        "prompt": prompt.name,
        "scale": scale.name,
        "score": None,
        "status": "no_answer",
        "reason": "there is no answer to rate",
    }
    values = values_of(record, scale)
    if not values["answer"].strip():
        return rating
    asked = await asker.score(
        prompt.fill(values), scale, record=record.get("id", ""), field="rating", prompt=prompt.name, parse=parse
    )
    return {**rating, "score": asked.score, "status": asked.status, "reason": asked.reason, "key": asked.key}
