"""Replies of a translation written beforehand, by record id and field: for rehearsals and the offline quickstart."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from ...artifacts.artifact import Inputs
from ...artifacts.rows import Estimate
from ...clients.asking import Client
from ...clients.pace import Pace
from ...clients.recorded import recorded_service
from ...clients.recorded import stands_in as replies_stand_in
from ...clients.units import Answer, Unit, text
from ...options import Options, opt
from .ways import UNMASKED, Way

BUNDLED = "bundled:"


class Config(Options):
    replies: str | None = opt(None, "A JSONL file of {id, field, reply}; null is the bundled sample.")


def ways(config: Any) -> tuple[Way, ...]:
    return UNMASKED


def open_client(config: Any, inputs: Inputs) -> Client:
    return Client(recorded_service(replies(config)), inputs.spend, inputs.label, Pace())


def replies(config: Any) -> Path:
    """Give the file of replies; `bundled:NAME` is one of hunmin's own."""
    name = str(config.replies or "bundled:replies.jsonl")
    if name.startswith(BUNDLED):
        return Path(str(resources.files("hunmin").joinpath("data", name.removeprefix(BUNDLED))))
    return Path(name)


def stands_in(config: Any) -> bool:
    """Tell whether texts without a recorded reply get filler words."""
    return bool(config.engine == "recorded") and replies_stand_in(replies(config))


def body(source: str, config: Any, **where: Any) -> Unit:
    return text(source, **where)


def parse(answer: Answer) -> str:
    return answer.text


def paid(config: Any) -> bool:
    return False


def files(config: Any) -> list[Path]:
    return [replies(config)]


def problems(config: Any) -> list[str]:
    found = []
    if config.mask:
        found.append("translate.mask: recorded replies are whole fields; set mask: off")
    if not replies(config).is_file():
        found.append(f"translate.replies: no such file: {config.replies}")
    return found


def estimate(units: Iterable[Unit], config: Any, ledger: Path | None) -> Estimate:
    rows = list(units)
    chars = sum(len(unit.body["text"]) for unit in rows)
    return {"service": "recorded", "requests": len(rows), "chars": chars, "usd": 0.0}
