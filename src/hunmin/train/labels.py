"""Record to token ids and labels: prompt and answer tokenised apart and joined, the stop token trained.

A model is asked with the prompt's own tokens, so training must end the prompt at the same token. Tokenising both
together lets a token merge across the boundary (in all of 252 rows with a Llama-3 style pre-tokeniser when the answer
starts with a newline); tokenising apart cannot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ..artifacts.artifact import hash_of
from ..artifacts.record import Record, texts
from ..artifacts.rows import Notes
from ..errors import UserError
from ..templates.render import Segment, Template

IGNORED = -100
Encode = Callable[[str, str], list[int]]
"""`encode(text, before) -> ids`: the ids of text as they stand after the text `before` ("" = at the start)."""


@dataclass(frozen=True)
class Row:
    """One training row: `input_ids` and `labels` of the same length, labels -100 where nothing is learned.

    `key` is the hash of the first prompt: rows with one question share it and stay on one side of the split.
    `n_barred` counts the answers of weight 0, `n_unlearned` those that only the last one could be learned beside.
    """

    input_ids: list[int]
    labels: list[int]
    key: str = ""
    truncated: bool = False
    n_barred: int = 0
    n_unlearned: int = 0


@dataclass(frozen=True)
class Refused:
    """Why a record gives no row: one word and what a person should know."""

    reason: str
    detail: str


@dataclass
class Report:
    """What became of the records, for the run's notes."""

    n_in: int = 0
    n_kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, Record, Refused]] = field(default_factory=list)
    n_truncated: int = 0
    lengths: list[int] = field(default_factory=list)
    n_label_tokens: int = 0
    n_turns: int = 0
    n_turns_not_learned: int = 0
    n_thoughts: Counter[str] = field(default_factory=Counter)

    def notes(self) -> Notes:
        """Give numbers for the manifest and the report."""
        ordered = sorted(self.lengths)
        more: Notes = {}
        if self.n_turns_not_learned:
            more["turns_not_learned"] = {"n": self.n_turns_not_learned, "of": self.n_turns}
        if self.n_thoughts.total():
            more["thinking"] = {name: n for name, n in self.n_thoughts.items() if n}
        return {
            **more,
            "rows": {"in": self.n_in, "kept": self.n_kept, "dropped": dict(self.dropped), "cut": self.n_truncated},
            "tokens": sum(ordered),
            "trained_tokens": self.n_label_tokens,
            "row_tokens": {
                name: ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0
                for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
            },
        }


def make_encode(tokenizer: Any) -> Encode:
    """Give the tokenising function of a tokenizer, free of the blank that SentencePiece puts before a text.

    A SentencePiece-style tokenizer writes "▁" before every text; an answer tokenised apart would start with a blank
    that no inference prompt produces. There the text is tokenised after a neighbour whose own tokens are then cut off.
    """

    def plain(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    first = tokenizer.convert_ids_to_tokens(plain("가") or [0])[0] or ""
    if not first.startswith(("▁", "Ġ")):
        return lambda text, before: plain(text)

    def encode(text: str, before: str) -> list[int]:
        if not before:
            return plain(text)
        for neighbour in (before[-1:], "\n", ".", "\x02"):
            head = plain(neighbour)
            ids = plain(neighbour + text)
            if ids[: len(head)] == head:
                return ids[len(head) :]
        return plain(text)

    def after_special(text: str, before: str) -> list[int]:
        for token in stops:
            if before.endswith(token):
                head = plain(token)
                return plain(token + text)[len(head) :]
        return encode(text, before)

    stops = sorted((t for t in tokenizer.all_special_tokens if t.strip()), key=len, reverse=True)
    return after_special


def to_row(
    segments: list[Segment],
    encode: Encode,
    *,
    max_length: int,
    overlong: str = "drop",
    train_on_inputs: bool = False,
    keep_first: int = 0,
) -> Row | Refused:
    """Give the row of rendered segments, or why there is none.

    `keep_first` tokens at the start survive `truncate_prompt` (the BOS).
    """
    ids: list[int] = []
    labels: list[int] = []
    before = ""
    n_prompt = 0
    for segment in segments:
        piece = encode(segment.text, before)
        if not n_prompt and segment.trained:
            n_prompt = len(ids)
        ids += piece
        learned = segment.trained or (train_on_inputs and not segment.barred)
        labels += piece if learned else [IGNORED] * len(piece)
        before = segment.text
    key, barred = hash_of(segments[0].text), sum(s.barred for s in segments)
    if len(ids) <= max_length:
        return Row(ids, labels, key, n_barred=barred)
    what = f"{len(ids)} tokens, max_length is {max_length}"
    if overlong == "truncate_answer":
        ids, labels = ids[:max_length], labels[:max_length]
    elif overlong == "truncate_prompt":
        over = len(ids) - max_length
        if over > n_prompt - keep_first:
            return Refused("too_long", what + "; the first answer alone does not fit")
        ids = ids[:keep_first] + ids[keep_first + over :]
        labels = labels[:keep_first] + labels[keep_first + over :]
    else:
        return Refused("too_long", what)
    if n_prompt >= max_length and overlong == "truncate_answer":
        return Refused("too_long", what + "; no room is left for the answer")
    return Row(ids, labels, key, truncated=True, n_barred=barred)


def rows_of(
    records: Iterable[Record],
    template: Template,
    tokenizer: Any,
    *,
    max_length: int,
    overlong: str = "drop",
    train_on_inputs: bool = False,
    thinking: str = "auto",
) -> tuple[list[Row], Report]:
    """Give the rows of instruction and chat records, and what became of each record.

    Raises UserError when no row is left, when answers are labelled false, or at the first long row when `overlong` is
    "error".
    """
    records = list(records)
    refuse_bad_answers(records)
    encode = make_encode(tokenizer)
    report = Report()
    if thinking == "auto":
        thinking = "learn" if template.thinks else "drop"
    rows: list[Row] = []
    for i, record in enumerate(records):
        report.n_in += 1
        thoughts = n_thoughts(record)
        report.n_thoughts[thinking if template.thinks else "drop"] += thoughts
        found = _row(record, template, tokenizer, encode, max_length, overlong, train_on_inputs, thinking)
        if isinstance(found, Refused):
            if overlong == "error" and found.reason == "too_long":
                raise UserError(
                    found.detail,
                    f"record {record.get('id', i)}",
                    "Raise max_length, or set overlong: drop, truncate_answer or truncate_prompt.",
                )
            report.dropped[found.reason] += 1
            report.refused.append((i, record, found))
            continue
        rows.append(found)
        report.n_truncated += found.truncated
        report.n_turns += n_answers(record)
        report.n_turns_not_learned += found.n_unlearned
        report.lengths.append(len(found.input_ids))
        report.n_label_tokens += sum(1 for label in found.labels[1:] if label != IGNORED)
    report.n_kept = len(rows)
    if not rows:
        why = ", ".join(f"{n} {reason}" for reason, n in report.dropped.items()) or "the input is empty"
        raise UserError(
            f"no record is left to train on ({why})",
            "",
            "Raise max_length, or see why with --preview.",
        )
    return rows, report


def refuse_bad_answers(records: list[Record]) -> None:
    """Raises UserError when records are labelled false: sft would teach the very answers that were marked as bad."""
    bad = [record for record in records if record.get("label") is False]
    if bad:
        raise UserError(
            f"{len(bad):,} of {len(records):,} records are labelled false: sft would learn the bad answers",
            f"record {bad[0].get('id', '')}",
            "Put `filter: {label: true}` before it, which keeps the good ones.",
        )


def _row(
    record: Record,
    template: Template,
    tokenizer: Any,
    encode: Encode,
    max_length: int,
    overlong: str,
    train_on_inputs: bool,
    thinking: str,
) -> Row | Refused:
    if "chosen" in record:
        return Refused("preference", "a preference record has no output; dpo reads it")
    special = foreign_special(record, template)
    if special:
        return Refused("special_token", f"the text holds {special}, which the model would take for its own sign")
    missing = template.lacks(template.messages(record), record.get("tools"))
    if missing:
        return Refused("tools", f"template '{template.name}' has no place for {missing}")
    try:
        segments = template.render(record, thinking=thinking)  # type: ignore[arg-type]  # one of the three by now
    except UserError as error:
        return Refused("unrenderable", error.what)
    if not any(segment.trained for segment in segments):
        return Refused("nothing_to_learn", "every answer has weight 0")
    row = to_row(
        segments,
        encode,
        max_length=max_length,
        overlong=overlong,
        train_on_inputs=train_on_inputs,
        keep_first=1 if template.bos_token and segments[0].text.startswith(template.bos_token) else 0,
    )
    unlearned = template.turns_not_learned(record, segments)
    return replace(row, n_unlearned=unlearned) if isinstance(row, Row) else row


def n_answers(record: Record) -> int:
    """Give how many answers a record holds."""
    return sum(m["role"] == "assistant" for m in record.get("messages") or ()) or 1


def n_thoughts(record: Record) -> int:
    """Give how many of a record's answers come with the reasoning before them."""
    return bool(record.get("thinking")) + sum(bool(m.get("thinking")) for m in record.get("messages") or ())


def foreign_special(record: Record, template: Template) -> str:
    """Give the template's special token that stands inside a record's text, or ""."""
    tokens = {t for t in (template.stop, template.bos_token, template.eos_token) if t}
    return next((token for text in texts(record).values() for token in tokens if token in text), "")


def split(rows: list[Any], val_size: int | float) -> tuple[list[Any], list[Any]]:
    """Give (train, validation) of rows or pairs: validation holds those with the smallest `key`.

    The choice depends on the questions alone, so order and additions move no row, and equal questions stay together.
    Raises UserError when nothing would be left to train on.
    """
    if not val_size:
        return rows, []
    wanted = int(val_size) if val_size >= 1 else max(1, round(val_size * len(rows)))
    if wanted >= len(rows):
        raise UserError(
            f"val_size {val_size} leaves nothing to train on: there are {len(rows)} rows", "", "Lower val_size."
        )
    taken: set[str] = set()
    n = 0
    sizes = Counter(row.key for row in rows)
    for key in sorted(sizes):
        if n >= wanted:
            break
        taken.add(key)
        n += sizes[key]
    train = [row for row in rows if row.key not in taken]
    if not train:
        raise UserError("all rows ask the same question, so none can be held out", "", "Set val_size: 0.")
    return train, [row for row in rows if row.key in taken]
