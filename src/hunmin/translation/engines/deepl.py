"""DeepL: one text per line, hidden stretches as XML tags that it is told to leave alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from ...artifacts.artifact import Inputs
from ...artifacts.rows import Estimate, JsonObject
from ...clients import deepl as client
from ...clients.access import Access
from ...clients.asking import Client
from ...clients.units import Answer, Unit, text
from ...options import opt
from .options import Asked, Terms
from .ways import UNMASKED, Way


class Config(Asked, Terms):
    glossary_id: str | None = opt(None, "The id of a glossary that is there already.")
    formality: Literal["more", "less", "prefer_more", "prefer_less"] | None = opt(
        None, "Formality; Korean takes none (prefer_* is accepted and ignored)."
    )
    chars_per_minute: float | None = opt(None, "At most so many characters a minute.", gt=0)


def ways(config: Any) -> tuple[Way, ...]:
    """Lines with the hidden text shown in its tag; then empty tags; then sentence by sentence."""
    if not config.mask:
        return UNMASKED
    return (Way("lines", "xml"), Way("lines", "xml_empty"), Way("sentences", "xml_empty"))


def open_client(config: Any, inputs: Inputs) -> Client:
    return client.open_client(
        spend=inputs.spend,
        label=inputs.label,
        base_url=config.base_url,
        api_key_env=config.api_key_env,
        glossary=Path(config.glossary) if config.glossary else None,
        source_lang=_code(config.source_lang),
        target_lang=_code(config.target_lang),
        chars_per_minute=config.chars_per_minute,
        requests_per_minute=config.requests_per_minute,
        timeout_seconds=config.timeout_seconds,
    )


def body(source: str, config: Any, **where: Any) -> Unit:
    """Give the unit of one masked text.

    Tag handling version 2 is always named: accounts older than December 2025 get version 1 otherwise.
    """
    params: JsonObject = {"source_lang": _code(config.source_lang), "target_lang": _code(config.target_lang)}
    if config.mask:
        params |= {"tag_handling": "xml", "tag_handling_version": "v2", "ignore_tags": ["x"]}
        params["split_sentences"] = "nonewlines"
    if config.context:
        params["context"] = config.context
    if config.glossary_id:
        params["glossary"] = config.glossary_id
    if config.formality:
        params["formality"] = config.formality
    return text(source, **params, **config.request, **where)


def parse(answer: Answer) -> str:
    return answer.text


def _code(language: str) -> str:
    return language.upper()


def services(config: Any) -> list[Access]:
    return client.services(config.base_url, config.api_key_env)


def paid(config: Any) -> bool:
    return not config.free


def files(config: Any) -> list[Path]:
    return [Path(config.glossary)] if config.glossary else []


def problems(config: Any) -> list[str]:
    found = []
    if config.glossary and config.glossary_id:
        found.append("translate: glossary and glossary_id exclude each other")
    if config.formality in ("more", "less") and config.target_lang.lower().startswith("ko"):
        found.append("translate.formality: DeepL refuses more and less for Korean; say prefer_more or prefer_less")
    return found


def estimate(units: Iterable[Unit], config: Any, ledger: Path | None) -> Estimate:
    glossary = Path(config.glossary) if config.glossary else None
    return client.estimate(units, base_url=config.base_url, glossary=glossary, ledger=ledger)
