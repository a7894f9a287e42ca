"""The tokenizer's bill: how many tokens a base makes of a Korean character of this data, beside two other bases.

Tokens are time, memory and what fits into max_length, so a base that makes half as many of them costs half as much.
Counted where a tokenizer is on this machine (a folder, the Hub's cache, a tiny base); nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from .. import PACKAGE, tiny
from ..artifacts.artifact import Inputs
from ..artifacts.record import Record, read_jsonl, texts
from ..artifacts.rows import Estimate
from ..models import finding
from ..publishing import known
from ..text.hangul import hangul_ratio, has_hangul

LOOKED_AT = 1000  # records; more change the second decimal
OTHERS = 2
KOREAN = 0.2  # share of Hangul from which a text counts as Korean: code and formulas stand in many
TEMPLATE_TOKENS = 60  # what a template adds to a row
FILE = "tokenizer.json"
RECORDS = "records_to_look_at"  # of an earlier stage's source, in Inputs.expected


def bill(base: str, inputs: Inputs, max_length: int = 0) -> Estimate:
    """Give tokens per Korean character of a base and of two others, and the rows that are longer than `max_length`.

    A base whose tokenizer is not here stands with None; without any Korean in the data the packaged Korean is counted.
    """
    records = _records(inputs)
    korean = [text for record in records for text in _korean(record)]
    told = f"the Korean of {len(records):,} records"
    if not korean:
        korean = [text for record in read_jsonl(PACKAGE / "data" / "ko.jsonl") for text in _korean(record)]
        told = "packaged Korean texts: the data's own Korean is not there yet"
    characters = sum(map(len, korean))
    tokenizer = _open(base)
    found: dict[str, float | None] = {base: _per_character(tokenizer, korean, characters)}
    for name in _others(base):
        if len(found) > OTHERS:
            break
        value = _per_character(_open(name), korean, characters)
        if value is not None and value not in found.values():  # the same tokenizer under another name tells nothing
            found[name] = value
    row: Estimate = {"korean_tokens_per_character": found}
    if any(value is not None for value in found.values()):
        row["tokenizer_measured_on"] = told
    if tokenizer is not None and records and max_length and not any("chosen" in record for record in records):
        rows = ["\n".join(texts(record).values()) for record in records]
        longer = sum(n + TEMPLATE_TOKENS > max_length for n in _lengths(tokenizer, rows))
        row["rows_over_max_length"] = f"{longer:,} of {len(rows):,} looked at"
    return row


def per_character(row: Estimate, base: str) -> float | None:
    """Give what a bill says of the base itself; None where its tokenizer is not here."""
    value: float | None = row["korean_tokens_per_character"].get(base)
    return value


def _records(inputs: Inputs) -> list[Record]:
    if inputs.records is not None and inputs.records.is_file():
        return list(islice(read_jsonl(inputs.records), LOOKED_AT))
    return list(inputs.expected.get(RECORDS) or ())


def _korean(record: Record) -> Iterator[str]:
    return (text for text in texts(record).values() if has_hangul(text) and hangul_ratio(text) >= KOREAN)


def _open(name: str) -> Any:
    """Give a tokenizer that lies on this machine, or None."""
    path = _file(name)
    if path is None:
        return None
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception:  # tokenizers raises a bare Exception for a file of a newer kind
        return None


def _file(name: str) -> Path | None:
    if name.startswith("tiny:"):
        arch = name.removeprefix("tiny:")
        return tiny.build(arch) / FILE if arch in tiny.ARCHES and tiny.is_built(arch) else None
    if Path(name).expanduser().is_dir():
        path = Path(finding.resolve(name).tokenizer) / FILE
        return path if path.is_file() else None
    if name.count("/") != 1 or name.startswith((".", "~", "/")):
        return None
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(name, FILE)
    return Path(cached) if isinstance(cached, str) else None


def _others(base: str) -> Iterator[str]:
    """Give bases to compare with: model folders beside a local base, the known ones of the Hub; tiny beside tiny."""
    if base.startswith("tiny:"):
        yield from (f"tiny:{arch}" for arch in tiny.ARCHES if base != f"tiny:{arch}")
    elif (folder := Path(base).expanduser().resolve()).is_dir():
        beside = [p for p in sorted(folder.parent.iterdir()) if p != folder]
        yield from (str(p) for p in beside if (p / FILE).is_file() and (p / "config.json").is_file())
    yield from (name for name in known.models() if name != base)


def _lengths(tokenizer: Any, rows: Sequence[str]) -> list[int]:
    return [len(found.ids) for found in tokenizer.encode_batch(list(rows), add_special_tokens=False)]


def _per_character(tokenizer: Any, korean: Sequence[str], characters: int) -> float | None:
    return None if tokenizer is None else round(sum(_lengths(tokenizer, korean)) / characters, 3)
