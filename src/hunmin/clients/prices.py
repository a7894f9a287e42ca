"""What a request costs: the price table, and how many tokens a text has before a server has counted them."""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from ..artifacts.rows import JsonObject
from ..errors import UserError

OWN_TABLE = "prices.yaml"
_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4,8}|latest)\Z")


@dataclass(frozen=True)
class Price:
    """US dollars per million input tokens, output tokens and characters; None = not known."""

    input: float | None = None
    output: float | None = None
    chars: float | None = None

    @property
    def known(self) -> bool:
        return self.chars is not None or (self.input is not None and self.output is not None)

    def usd(self, in_tokens: int, out_tokens: int, chars: int) -> float:
        """Give the cost; what has no price costs 0 here, so ask `known` first."""
        parts = ((self.input, in_tokens), (self.output, out_tokens), (self.chars, chars))
        return sum((price or 0.0) * n for price, n in parts) / 1e6


FREE = Price(0.0, 0.0, 0.0)


def price_of(model: str) -> Price:
    """Give the price of a model by its name, with or without a date behind it (`gpt-4o-2024-08-06`).

    A prices.yaml in the working folder stands above the packaged table. Raises UserError for a malformed table.
    """
    table = _table()
    row = table.get(model) or table.get(_DATED.sub("", model)) or table.get(model.rpartition("/")[2])
    return Price(**row) if row else Price()


def is_loopback(base_url: str | None) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        host = urlsplit(base_url or "").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_free(base_url: str | None, model: str = "", free: bool = False) -> bool:
    """Tell whether asking costs nothing: recorded replies, `free`, or this machine where the model has no price."""
    if free or (base_url or "").startswith("recorded:"):
        return True
    return is_loopback(base_url) and not price_of(model).known


def price_at(base_url: str | None, model: str, free: bool, max_usd: float | None, where: str) -> Price:
    """Give what a model costs there. Raises UserError when `max_usd` is set and there is no price to keep it by."""
    if free:
        return FREE
    price = require_price(model, where) if max_usd is not None else price_of(model)
    return price if price.known or not is_loopback(base_url) else FREE


def require_price(model: str, where: str) -> Price:
    """Give the price, or raise UserError: a limit in dollars cannot be kept for an unknown price."""
    price = price_of(model)
    if not price.known:
        raise UserError(
            f"the price of '{model}' is not known, so max_usd cannot be kept",
            where,
            f"Write `{model}: {{input: 0.0, output: 0.0}}` (US dollars per million tokens) into ./{OWN_TABLE}, "
            "or limit by max_chars instead; free: true is for a server that charges nothing.",
        )
    return price


def _table() -> JsonObject:
    own = Path(OWN_TABLE)
    try:
        return {**_packaged(), **(_parse(own.read_text(encoding="utf-8-sig"), str(own)) if own.is_file() else {})}
    except UnicodeDecodeError as error:
        raise UserError(f"not UTF-8: {error.reason} at byte {error.start}", str(own), "Save it as UTF-8.") from error


@lru_cache(1)
def _packaged() -> JsonObject:
    source = resources.files(__package__).joinpath("prices.yaml")
    return _parse(source.read_text(encoding="utf-8"), "prices.yaml")


def _parse(source: str, where: str) -> JsonObject:
    import yaml

    try:
        table = yaml.safe_load(source) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"not YAML: {str(error).splitlines()[0][:200]}", where, "Mend the file.") from error
    if not isinstance(table, dict):
        raise UserError("expected one line for each model", where, "E.g. my-model: {input: 0.15, output: 0.6}.")
    for model, row in table.items():
        good = isinstance(row, dict) and row and set(row) <= {"input", "output", "chars"}
        if not good or not all(type(v) in (int, float) and 0 <= v < math.inf for v in row.values()):
            raise UserError(
                f"'{model}': expected input and output, or chars, as numbers", where, "E.g. {input: 0.15, output: 0.6}."
            )
    return table


def guess_tokens(text: str) -> int:
    """Guess a text's tokens: 4 ASCII characters or 1.4 others each (GPT-4o's tokenizer on English and Korean prose)."""
    n_ascii = len(text.encode("ascii", "ignore"))
    return int(n_ascii / 4 + (len(text) - n_ascii) / 1.4) + 1
