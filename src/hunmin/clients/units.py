"""What is asked and what comes back: one text or one chat, one answer with a status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..artifacts.rows import JsonObject

OK = "ok"
STATUSES = {
    "ok": "a usable answer",
    "empty": "the server answered with no text",
    "refused": "the model refused",
    "filtered": "a content filter stopped the answer",
    "cut_off": "the answer ended at the token limit",
    "garbage": "what came back was not an answer (HTML, broken JSON, no choices, too few texts)",
    "rejected": "the server rejected the request",
    "timeout": "no answer in time",
    "unreachable": "no connection, or the server kept failing",
    "limited": "the server kept answering 429",
    "unrecorded": "no recorded reply for this record and field",
}

OUTAGE = ("unreachable", "timeout", "limited", "rejected", "unrecorded")  # what units may get before a run stops


@dataclass(frozen=True)
class Unit:
    """One thing to ask: a chat (messages), a completion (token ids) or one text, with what belongs to it alone.

    `record` and `field` say where it comes from (never part of the key, except for recorded replies); `prompt` names
    the wording; `repeat` asks the same thing once more (0, 1, ...); `expect_tokens` is how long the answer may get, for
    estimates and the budget, 0 = as long as the question.
    """

    kind: str
    body: JsonObject
    record: str = ""
    field: str = ""
    prompt: str = ""
    repeat: int = 0
    expect_tokens: int = 0


def chat(
    messages: Sequence[dict[str, str]],
    *,
    record: str = "",
    field: str = "",
    prompt: str = "",
    repeat: int = 0,
    expect_tokens: int = 0,
    **params: Any,
) -> Unit:
    """Give a chat unit; `params` go into the request body as they are (`response_format`, `logprobs`, ...)."""
    return Unit("chat", {"messages": list(messages), **params}, record, field, prompt, repeat, expect_tokens)


def completion(
    prompt: Sequence[int], *, record: str = "", field: str = "", repeat: int = 0, expect_tokens: int = 1, **params: Any
) -> Unit:
    """Give a unit of the older completions form: token ids, so that no server's tokenizer comes between; `params` go
    into the request body as they are (`echo`, `logprobs`, `max_tokens`, ...)."""
    return Unit("completion", {"prompt": list(prompt), **params}, record, field, "", repeat, expect_tokens)


def text(
    source: str, /, *, record: str = "", field: str = "", prompt: str = "", repeat: int = 0, **params: Any
) -> Unit:
    """Give a unit of one text to translate; `params` are the translation's own (target_lang, context, ...)."""
    return Unit("text", {"text": source, **params}, record, field, prompt, repeat)


@dataclass(frozen=True)
class Answer:
    """What came back: `status` "ok" or one of STATUSES; `text` is "" unless ok, so a failure is never taken for text.

    `raw` is the server's answer as parsed JSON ({} when there was none), `usage` = {in_tokens, out_tokens, chars, usd},
    `charged_now` is False when the ledger had it already, `detail` is for people.
    """

    status: str
    text: str = ""
    raw: JsonObject = field(default_factory=dict)
    usage: JsonObject = field(default_factory=dict)
    key: str = ""
    model: str = ""
    charged_now: bool = False
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.status == OK


@dataclass(frozen=True)
class Reply:
    """What a sender received for one unit, before anyone parsed it."""

    raw: bytes
    http_status: int = 200
    request_id: str | None = None


class Trouble(Exception):
    """A request that brought no answer. `what` is "retry" (server or connection), "limited" (429), "timeout",
    "garbage", "rejected" (this unit only) or "stop" (quota, authentication: no unit can succeed). `maybe_charged`: the
    server may have done the work all the same, so sending again may be charged twice."""

    def __init__(
        self,
        what: str,
        detail: str = "",
        http_status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        mend: str = "",
        maybe_charged: bool = False,
    ):
        super().__init__(f"{what}: {detail}")
        self.what, self.detail, self.http_status = what, detail, http_status
        self.retry_after, self.request_id, self.mend = retry_after, request_id, mend
        self.maybe_charged = maybe_charged or what in ("timeout", "garbage")

    def again(self) -> Trouble:
        """Give an equal Trouble: an exception that several tasks raise must not be one object."""
        return Trouble(
            self.what,
            self.detail,
            self.http_status,
            self.retry_after,
            self.request_id,
            self.mend,
            self.maybe_charged,
        )
