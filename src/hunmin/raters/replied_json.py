"""JSON objects inside a model's reply, whatever stands around them; keys in small letters, each with all its values."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from ..artifacts.rows import JsonObject


def json_objects(text: str, keys: Sequence[str]) -> list[JsonObject]:
    """Give the first JSON object of the reply that can be read whole, and those after it that hold one of `keys`."""
    decoder = json.JSONDecoder(object_pairs_hook=_pairs)
    found: list[JsonObject] = []
    end = 0
    for m in islice(re.finditer(r"\{", text), 50):
        if m.start() < end:
            continue  # inside the one before
        try:
            value, at = decoder.raw_decode(text, m.start())
        except (json.JSONDecodeError, RecursionError):  # RecursionError: thousands of brackets
            continue
        if value and (not found or not value.keys().isdisjoint(keys)):
            found.append(value)
        end = at
    return found


def _pairs(pairs: list[tuple[str, Any]]) -> JsonObject:
    found: JsonObject = {}
    for key, value in pairs:
        found.setdefault(key.strip().lower(), []).append(value)
    return found
