"""Asks an engine for a field piece by piece; a piece that fails goes down the ladder: another form, the fallback."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...clients.asking import Client
from ...clients.units import Answer
from ...text.keys import korean_key
from ...text.masking import MaskError, Segment, decode, encode, join, restore
from .engine import Engine
from .fates import Field, pieces_of
from .ways import Way


@dataclass
class Told:
    """What one record's translation took and met, collected piece by piece."""

    keys: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    usage: Counter[str] = field(default_factory=Counter)
    flagged: dict[str, str] = field(default_factory=dict)
    retried: int = 0


@dataclass
class Asker:
    """One opened engine and whether its server takes the fuller form of a unit."""

    engine: Engine
    config: Any
    client: Client
    simple: bool = False

    async def ask(self, source: str, **where: Any) -> Answer:
        unit = self.engine.body(source, self.config, **where)
        plainer = self.engine.simpler(unit, self.config)
        if plainer is not None and self.simple:
            return await self.client.ask(plainer)
        answer = await self.client.ask(unit)
        if answer.status == "rejected" and plainer is not None:
            second = await self.client.ask(plainer)
            self.simple = self.simple or second.status != "rejected"
            return second
        return answer


async def all_of(tasks: list[Any]) -> list[Any]:
    """Await all, so that what is paid for arrives, then raise the first error if there was one."""
    found = await asyncio.gather(*tasks, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return found


Rung = tuple[Asker, Way]


def known_key(segment: Segment, config: Any) -> str | None:
    """Give the Korean of a usual `Key:` label, which is not sent; None for everything else."""
    if segment.key_of is None or (config.source_lang, config.target_lang) != ("en", "ko"):
        return None
    return korean_key(segment.body, segment.key_of)


async def say(item: Field, record_id: str, rungs: list[Rung], told: Told) -> str:
    """Give a field's translation; pieces that fail go down the ladder one by one and stay English at its end."""
    pieces = pieces_of(item, rungs[0][1])
    segments = [p for p in pieces if isinstance(p, Segment)]
    said = await all_of([_say_segment(s, item.path, record_id, rungs, told) for s in segments])
    return join(pieces, said)


async def _say_segment(segment: Segment, path: str, record_id: str, rungs: list[Rung], told: Told) -> str:
    asker, way = rungs[0]
    known = known_key(segment, asker.config)
    if known is not None:
        return known
    source = segment.body if way.size is None else encode(segment, way.style)
    answer = await asker.ask(source, record=record_id, field=path)
    if answer.key:
        told.keys.append(answer.key)
    told.usage.update({k: v for k, v in answer.usage.items() if v})
    if answer.model and answer.model not in told.models:
        told.models.append(answer.model)
    if answer.ok:
        reply = asker.engine.parse(answer)
        if way.size is None:
            return reply
        try:
            return restore(segment, decode(segment, reply, way.style))
        except MaskError as error:
            why = f"mask: {error}"
    else:
        why = f"{answer.status}: {answer.detail}" if answer.detail else answer.status
    if len(rungs) == 1:
        told.flagged.setdefault(path, why[:300])
        return segment.source
    told.retried += 1
    again = Field(path, segment.source, "send", tuple(_kept(segment)))
    return await say(again, record_id, rungs[1:], told)


def _kept(segment: Segment) -> Iterator[tuple[int, int]]:
    """Give where the hidden stretches of a segment lie in its source, so that a smaller cut hides the same ones."""
    at = 0
    for i, hidden in enumerate(segment.hidden):
        if segment.kinds[i] == "reserved" and len(hidden) > 1:
            start = segment.source.find(hidden, at)
            if start >= 0:
                yield start, start + len(hidden)
                at = start + len(hidden)
