"""Preference record to three id lists: prompt, chosen, rejected - rendered once, tokenised apart, stop token included.

The template writes each answer's header and stop token exactly once. (KoRAE's dpo.py rendered the header twice, and
trl then appended a second eos.) `max_prompt_length` is honoured here, because trl 1.16 has no such option.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..artifacts.artifact import hash_of
from ..artifacts.record import Record
from ..errors import UserError
from ..templates.render import Template
from .labels import Encode, Refused, Report, foreign_special, make_encode


@dataclass(frozen=True)
class Pair:
    """One preference pair in token ids; `key` is the hash of the prompt's text."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]
    key: str
    truncated: bool = False

    @property
    def longest(self) -> int:
        return len(self.prompt) + max(len(self.chosen), len(self.rejected))


def pairs_of(
    records: Iterable[Record], template: Template, tokenizer: Any, config: Any
) -> tuple[list[Pair], Report, list[Record]]:
    """Give the pairs, what became of each record, and the records that were kept.

    Raises UserError when no pair is left, or at the first long one when `overlong` is "error".
    """
    encode = make_encode(tokenizer)
    report = Report()
    found: list[Pair] = []
    kept: list[Record] = []
    for i, record in enumerate(records):
        report.n_in += 1
        pair = _pair(record, template, encode, config)
        if isinstance(pair, Refused):
            if config.overlong == "error" and pair.reason == "too_long":
                raise UserError(
                    pair.detail,
                    f"record {record.get('id', i)}",
                    "Raise max_length or max_prompt_length, or set overlong.",
                )
            report.dropped[pair.reason] += 1
            report.refused.append((i, record, pair))
            continue
        found.append(pair)
        kept.append(record)
        report.n_truncated += pair.truncated
        report.lengths.append(pair.longest)
        report.n_label_tokens += len(pair.chosen) + len(pair.rejected)
    report.n_kept = len(found)
    if not found:
        why = ", ".join(f"{n} {reason}" for reason, n in report.dropped.items()) or "the input is empty"
        raise UserError(f"no pair is left to train on ({why})", "", "Raise max_length, or give preference records.")
    return found, report, kept


def _pair(record: Record, template: Template, encode: Encode, config: Any) -> Pair | Refused:
    if "chosen" not in record or "rejected" not in record:
        return Refused("no_pair", "dpo reads preference records: chosen and rejected")
    if record["chosen"].strip() == record["rejected"].strip():
        return Refused("identical", "chosen and rejected are the same text, so there is no preference")
    special = foreign_special(record, template)
    if special:
        return Refused("special_token", f"the text holds {special}, which the model would take for its own sign")
    try:
        both = [template.render(record, answer=record[name]) for name in ("chosen", "rejected")]
    except UserError as error:
        return Refused("unrenderable", error.what)
    history = both[0][:-1]
    text = "".join(segment.text for segment in history)
    prompt: list[int] = []
    before = ""
    for segment in history:  # earlier turns are part of the prompt
        prompt += encode(segment.text, before)
        before = segment.text
    chosen, rejected = (encode(segments[-1].text, before) for segments in both)
    return _fit(Pair(prompt, chosen, rejected, hash_of(text)), template, text, config)


def _fit(pair: Pair, template: Template, text: str, config: Any) -> Pair | Refused:
    """Apply max_prompt_length and max_length by `overlong`; a prompt is cut at its start, an answer at its end."""
    room = config.max_prompt_length or config.max_length
    prompt, chosen, rejected = pair.prompt, pair.chosen, pair.rejected
    first = 1 if template.bos_token and text.startswith(template.bos_token) else 0
    what = f"prompt {len(prompt)}, chosen {len(chosen)}, rejected {len(rejected)} tokens"
    over = max(len(prompt) - room, 0)
    if over and config.overlong != "truncate_prompt":
        return Refused("too_long", f"{what}; max_prompt_length is {room}")
    if config.overlong == "truncate_prompt":
        over = max(over, pair.longest - config.max_length, 0)
        if over > len(prompt) - first:
            return Refused("too_long", f"{what}; max_length is {config.max_length}")
        prompt = prompt[:first] + prompt[first + over :]
        return Pair(prompt, chosen, rejected, pair.key, over > 0)
    if pair.longest <= config.max_length:
        return pair
    left = config.max_length - len(prompt)
    if config.overlong == "truncate_answer" and left > 0:
        cut_chosen, cut_rejected = chosen[:left], rejected[:left]
        if cut_chosen == cut_rejected:
            return Refused("identical", f"{what}; cut to max_length {config.max_length} the answers are the same")
        return Pair(prompt, cut_chosen, cut_rejected, pair.key, True)
    return Refused("too_long", f"{what}; max_length is {config.max_length}")
