"""What is known of Hub data sets and models without asking the Hub: amounts, licences, gates, model shapes.

For dry runs, licence checks and rehearsals; each entry of data/known_sources.json names where its figures come from.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from .. import PACKAGE
from ..artifacts.rows import JsonObject

PATH = PACKAGE / "data" / "known_sources.json"


@functools.cache
def _all() -> dict[str, dict[str, JsonObject]]:
    found: dict[str, dict[str, JsonObject]] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def datasets() -> dict[str, JsonObject]:
    """Give every listed data set by its Hub id."""
    return _all()["datasets"]


def dataset(hub: str | None) -> JsonObject | None:
    """Give {records, mean_chars, license, gated, format, figure} of a Hub data set, or None when it is not listed."""
    return _all()["datasets"].get(hub or "")


def models() -> dict[str, JsonObject]:
    """Give every listed model by its Hub id."""
    return _all()["models"]


def model(hub: str | None) -> JsonObject | None:
    """Give {license, gated, revision, config, figure} of a Hub model, or None; `config` makes its shape."""
    return _all()["models"].get(hub or "")


def shape(hub: str) -> Any:
    """Give the transformers config of a listed model without a download, or None when it is not listed."""
    found = model(hub)
    if not found or not found.get("config"):
        return None
    from transformers import AutoConfig

    values = dict(found["config"])
    return AutoConfig.for_model(values.pop("model_type"), **values)
