"""What a client needs to know of one service, and what a unit may take before it is sent."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ..artifacts.artifact import Spend
from ..artifacts.rows import JsonObject, Notes
from .ledger import Claim
from .prices import Price, guess_tokens
from .units import Reply, Unit


class Sender(Protocol):
    """One service: `start` and `stop` in the running loop; `send` gives the raw answer or raises Trouble.

    `notes` is what a manifest should say of it.
    """

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def notes(self) -> Notes: ...
    async def send(self, unit: Unit) -> Reply: ...


@dataclass(frozen=True)
class Read:
    """What a raw answer says: Answer's fields, as a pure function of the bytes gives them."""

    status: str
    text: str
    raw: JsonObject
    model: str = ""
    in_tokens: int | None = None
    out_tokens: int | None = None
    chars: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Service:
    """What a client needs to know of one service. `identity` enters every key, `secrets` appear nowhere."""

    name: str
    identity: tuple[Any, ...]
    model: str
    sender: Sender
    read: Callable[[Unit, bytes], Read]
    price: Price
    secrets: tuple[str, ...] = ()
    by_record: bool = False
    counts_tokens: bool = True


def expect(unit: Unit, price: Price) -> tuple[int, int, int, float]:
    """Give a unit's input tokens, output tokens, characters and US dollars as far as they can be told beforehand."""
    if unit.kind == "text":
        source = unit.body["text"]
        if unit.body.get("tag_handling"):  # tags are not billed
            source = html.unescape(re.sub(r"<[^<>]*>", "", source))
        chars = len(source)
        return 0, 0, chars, price.usd(0, 0, chars)
    if unit.kind == "completion":
        in_tokens = len(unit.body["prompt"])
        return in_tokens, unit.expect_tokens, 0, price.usd(in_tokens, unit.expect_tokens, 0)
    content = "\n".join(str(m.get("content", "")) for m in unit.body["messages"])
    in_tokens = guess_tokens(content) + 4 * len(unit.body["messages"])
    out_tokens = unit.expect_tokens or in_tokens
    return in_tokens, out_tokens, len(content), price.usd(in_tokens, out_tokens, 0)


def over(claim: Claim, spend: Spend) -> tuple[str, str]:
    if claim.what == "over_usd":
        return (f"max_usd {spend.max_usd:g} is reached ({claim.spent_usd:.4f} US dollars spent)", "Raise max_usd.")
    return (f"max_chars {spend.max_chars:,} is reached ({claim.spent_chars:,} characters sent)", "Raise max_chars.")
