"""Asks a model for one score, through the ledger: by JSON schema where the server takes it, else as text.

A reply that cannot be read is asked for once more; a failure stays a status.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ..artifact import Spend
from ..clients.units import STATUSES, Answer, chat
from .scores import WHY, Reading, Scale, read

Parse = Callable[[str, Scale], Any]
"""`parse(reply, scale)` gives a Reading, a number, or None."""

ASK_AGAIN = ("unparsed", "empty", "cut_off")
EXPECT_TOKENS = 200  # a score and two or three Korean sentences


@dataclass(frozen=True)
class Asked:
    """What asking brought: a score or None, a status of units.STATUSES or "unparsed", and the raw answer it is read
    from; `key` finds that answer in the ledger, `usage` sums all asks."""

    score: float | None
    status: str
    reason: str
    key: str
    usage: dict[str, Any]
    raw: dict[str, Any]


class Asker:
    """Holds what was learnt of the server: whether it takes `response_format` (None: not known yet)."""

    def __init__(self, client: Any, structured: str, asks: int):
        self.client, self.asks = client, asks
        self.takes_schema = {"schema": True, "text": False, "auto": None}[structured]
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
        **params: Any,
    ) -> Asked:
        """Give the score of one chat."""
        usage: dict[str, Any] = {}
        asked = Asked(None, "unparsed", "", "", usage, {})
        for repeat in range(self.asks):
            where = {"record": record, "field": field, "prompt": prompt, "repeat": repeat}
            answer = await self._ask(messages, scale, {**where, "expect_tokens": EXPECT_TOKENS, **params})
            for name, amount in answer.usage.items():
                usage[name] = usage.get(name, 0) + amount
            asked = replace(read_answer(answer, scale, parse), usage=usage)
            if asked.status not in ASK_AGAIN:
                break
        return asked

    async def _ask(self, messages: list[dict[str, str]], scale: Scale, params: dict[str, Any]) -> Answer:
        if self.takes_schema is None:
            async with self._learning:  # one request finds out; the others wait for what it learns
                if self.takes_schema is None:
                    return await self._learn(messages, scale, params)
        if self.takes_schema:
            params = {**params, "response_format": schema(scale)}
        return await self.client.ask(chat(messages, **params))

    async def _learn(self, messages: list[dict[str, str]], scale: Scale, params: dict[str, Any]) -> Answer:
        answer = await self.client.ask(chat(messages, **params, response_format=schema(scale)))
        if answer.status != "rejected":
            self.takes_schema = True
            return answer
        plain = await self.client.ask(chat(messages, **params))
        if plain.status != "rejected":  # both rejected: this chat is at fault, and nothing was learnt
            self.takes_schema = False
        return plain


def read_answer(answer: Answer, scale: Scale, parse: Parse = read) -> Asked:
    """Give what an answer says; pure, so it can be replayed. A reply cut at its token limit has its first line."""
    text = answer.text or cut_text(answer)
    if not text:
        status = "unparsed" if answer.ok else answer.status
        return Asked(None, status, answer.detail or STATUSES.get(status, ""), answer.key, answer.usage, answer.raw)
    found = parse(text, scale)
    if not isinstance(found, Reading):
        found = Reading(None, why="no_score") if found is None else Reading(float(found))
    if found.score is not None and not scale.low <= found.score <= scale.high:
        found = Reading(None, why="out_of_range")
    if found.score is None:
        status = "unparsed" if answer.ok else answer.status
        return Asked(None, status, WHY.get(found.why, found.why), answer.key, answer.usage, answer.raw)
    return Asked(found.score, "ok", found.reason, answer.key, answer.usage, answer.raw)


def cut_text(answer: Answer) -> str:
    """Give the text of an answer that ended at its token limit, when more than its first line came."""
    if answer.status != "cut_off":
        return ""
    content = answer.raw["choices"][0]["message"].get("content")
    first, newline, rest = (content if isinstance(content, str) else "").lstrip().partition("\n")
    return first + newline + rest if newline else ""


def schema(scale: Scale) -> dict[str, Any]:
    """Give the response_format: score first, then the reason, so that a cut reply still has its score."""
    score: dict[str, Any] = {"type": "number"}
    if scale.whole and scale.high - scale.low <= 20:
        score = {"type": "integer", "enum": list(range(int(scale.low), int(scale.high) + 1))}
    shape = {
        "type": "object",
        "properties": {"score": score, "reason": {"type": "string"}},
        "required": ["score", "reason"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "rating", "strict": True, "schema": shape}}


def is_free(base_url: str | None) -> bool:
    """Tell whether an endpoint costs nothing: recorded replies, or a server on this machine."""
    if base_url is None:
        return False
    if base_url.startswith("recorded:"):
        return True
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def limits(spend: Spend, base_url: str | None) -> Spend:
    """Give the spending limits that hold for this endpoint: dollars mean nothing to one that is free."""
    return replace(spend, max_usd=None) if is_free(base_url) else spend
