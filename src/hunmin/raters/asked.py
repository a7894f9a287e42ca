"""Asks a model for one score, through the ledger: by JSON schema where the server takes it, else as text.

A reply that cannot be read is asked for once more; a failure stays a status.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..artifacts.rows import JsonObject, Shown
from ..clients.asking import Client
from ..clients.prices import is_free as is_free
from ..clients.units import STATUSES, Answer, Unit, chat
from .scores import WHY, Reading, Scale, read

log = logging.getLogger("hunmin")

Parse = Callable[[str, Scale], Any]
"""`parse(reply, scale)` gives a Reading, a number, or None."""

ASK_AGAIN = ("unparsed", "empty", "cut_off")
TOP_LOGPROBS = 20  # the most that OpenAI gives
EXPECT_TOKENS = 200  # a score and two or three Korean sentences


@dataclass(frozen=True)
class Asked:
    """What asking brought: a score or None, a status of units.STATUSES or "unparsed", and the raw answer it is read
    from; `key` finds that answer in the ledger, `usage` sums all asks."""

    score: float | None
    status: str
    reason: str
    key: str
    usage: JsonObject
    raw: JsonObject

    @property
    def tokens(self) -> list[Any] | None:
        """The reply's tokens with their probabilities, where the endpoint gave them."""
        choices = self.raw.get("choices") or [{}]
        return (choices[0].get("logprobs") or {}).get("content")


class Asker:
    """Holds what was learnt of the server: whether it takes a JSON schema and token probabilities.

    `structured` is "schema", "text" or "auto"; `weigh` wants the probabilities of the score's token. What is only
    wished for is tried by one request, while the others wait for what it learns.
    """

    def __init__(self, client: Client, structured: str, asks: int, weigh: bool = False):
        self.client, self.asks = client, asks
        shapes = {"schema": [True], "text": [False], "auto": [True, False]}[structured]
        self._ways = [(s, w) for w in ([True, False] if weigh else [False]) for s in shapes]
        self._learning = asyncio.Lock()

    async def score(
        self,
        messages: list[dict[str, str]],
        scale: Scale,
        *,
        record: str,
        field: str,
        prompt: str,
        parse: Parse = read,
    ) -> Asked:
        """Give the score of one chat."""
        usage: JsonObject = {}
        asked = Asked(None, "unparsed", "", "", usage, {})
        for repeat in range(self.asks):
            unit = chat(messages, record=record, field=field, prompt=prompt, repeat=repeat, expect_tokens=EXPECT_TOKENS)
            answer = await self._ask(unit, scale)
            for name, amount in answer.usage.items():
                usage[name] = usage.get(name, 0) + amount
            asked = replace(read_answer(answer, scale, parse), usage=usage)
            if asked.status not in ASK_AGAIN:
                break
        return asked

    async def _ask(self, unit: Unit, scale: Scale) -> Answer:
        if len(self._ways) > 1:
            async with self._learning:
                if len(self._ways) > 1:
                    return await self._learn(unit, scale)
        return await self.client.ask(_with_ways(unit, scale, self._ways[0]))

    async def _learn(self, unit: Unit, scale: Scale) -> Answer:
        for way in self._ways:
            answer = await self.client.ask(_with_ways(unit, scale, way))
            if answer.status != "rejected":
                if way != self._ways[0]:
                    log.warning(
                        "%s: the server refuses %s; asking without", self.client.label, _refused(self._ways, way)
                    )
                self._ways = [way]
                return answer
        return answer  # rejected every way: this chat is at fault, and nothing was learnt


def first_unit(messages: list[dict[str, str]], scale: Scale, with_schema: bool, **where: Any) -> Unit:
    """Give the unit that Asker asks first, for estimates and batches."""
    return _with_ways(chat(messages, expect_tokens=EXPECT_TOKENS, **where), scale, (with_schema, False))


def _with_ways(unit: Unit, scale: Scale, way: tuple[bool, bool]) -> Unit:
    shape = {"response_format": schema(scale)} if way[0] else {}
    weigh = {"logprobs": True, "top_logprobs": TOP_LOGPROBS} if way[1] else {}
    return replace(unit, body={**unit.body, **shape, **weigh})


def _refused(ways: list[tuple[bool, bool]], way: tuple[bool, bool]) -> str:
    names = [n for n, wished, got in zip(("response_format", "logprobs"), ways[0], way, strict=True) if wished > got]
    return " and ".join(names)


def read_answer(answer: Answer, scale: Scale, parse: Parse = read) -> Asked:
    """Give what an answer says; pure, so it can be replayed. A reply cut at its token limit has its first line."""
    text = answer.text or cut_text(answer)
    if not text:
        status = "unparsed" if answer.ok else answer.status
        return Asked(None, status, answer.detail or STATUSES.get(status, ""), answer.key, answer.usage, answer.raw)
    cut = not answer.text
    if cut and parse is read:
        found: Any = read(text, scale, cut=True)
    else:
        found = parse(text.partition("\n")[0] if cut else text, scale)
    if not isinstance(found, Reading):
        found = Reading(None, why="no_score") if found is None else Reading(float(found))
    if found.score is not None and not scale.low <= found.score <= scale.high:
        found = Reading(None, why="out_of_range")
    if found.score is None:
        status = "unparsed" if answer.ok else answer.status
        return Asked(None, status, WHY.get(found.why, found.why), answer.key, answer.usage, answer.raw)
    return Asked(found.score, "ok", found.reason, answer.key, answer.usage, answer.raw)


def reply_text(raw: JsonObject) -> str:
    """Give the text of a raw answer, however it ended."""
    if "recorded" in raw:
        return str(raw["recorded"])
    content = ((raw.get("choices") or [{}])[0].get("message") or {}).get("content")
    return content if isinstance(content, str) else ""


def cut_text(answer: Answer) -> str:
    """Give the text of an answer that ended at its token limit, when more than its first line came."""
    if answer.status != "cut_off":
        return ""
    first, newline, rest = reply_text(answer.raw).lstrip().partition("\n")
    return first + newline + rest if newline else ""


def schema(scale: Scale) -> Shown:
    """Give the response_format: score first, then the reason, so that a cut reply still has its score."""
    score: Shown = {"type": "number"}
    if scale.whole and scale.high - scale.low <= 20:
        score = {"type": "integer", "enum": list(range(int(scale.low), int(scale.high) + 1))}
    shape = {
        "type": "object",
        "properties": {"score": score, "reason": {"type": "string"}},
        "required": ["score", "reason"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "rating", "strict": True, "schema": shape}}
