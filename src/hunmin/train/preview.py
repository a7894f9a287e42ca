"""What a training row really is, for a person's eyes: prompt, trained answer and stop token in three colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from ..artifacts.artifact import Inputs
from ..templates.render import Template
from . import labels, pairs, prepare
from .config import TrainConfig

PLAIN, DIM, GREEN, RED, BOLD = "\x1b[0m", "\x1b[2m", "\x1b[32m", "\x1b[1;37;41m", "\x1b[1m"


def preview(config: TrainConfig, inputs: Inputs, n: int) -> str:
    """Give the first `n` rows coloured, a legend, and what becomes of all records; nothing is trained or written.

    Dim is read only, green is learned, white on red is the stop token that is learned.
    """
    if hasattr(config, "beta"):
        inputs = prepare.preference_inputs(config, inputs)
    ready = prepare.prepare(config, inputs)
    records = prepare.read_records(inputs)
    lines = [
        f"{BOLD}template {ready.template_name}, tokenizer of {ready.found.name}{PLAIN}   "
        f"{DIM}prompt{PLAIN}  {GREEN}learned{PLAIN}  {RED}stop{PLAIN}",
    ]
    if hasattr(config, "beta"):
        kept, report, _ = pairs.pairs_of(records, ready.template, ready.tokenizer, config)
        for i, pair in enumerate(kept[:n]):
            for name, answer in (("chosen", pair.chosen), ("rejected", pair.rejected)):
                ids = [*pair.prompt, *answer]
                told = [labels.IGNORED] * len(pair.prompt) + list(answer)
                lines += _shown(f"pair {i + 1}, {name}", ids, told, ready.tokenizer, ready.template)
    else:
        rows, report = labels.rows_of(
            records,
            ready.template,
            ready.tokenizer,
            max_length=config.max_length,
            overlong=config.overlong,
            train_on_inputs=getattr(config, "train_on_inputs", False),
            thinking=getattr(config, "thinking", "auto"),
        )
        for i, row in enumerate(rows[:n]):
            head = f"row {i + 1}{' (cut)' if row.truncated else ''}"
            head += f" ({row.n_barred} answers of weight 0)" if row.n_barred else ""
            lines += _shown(head, row.input_ids, row.labels, ready.tokenizer, ready.template)
    dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(report.dropped.items())) or "none"
    notes = report.notes()
    why = Counter(why.detail for _, _, why in report.refused if why.reason in ("tools", "unrenderable"))
    lines += [
        "",
        f"{report.n_in} records: {report.n_kept} kept, dropped: {dropped}; cut: {report.n_truncated}",
        *(f"  {detail} ({count})" for detail, count in why.most_common(5)),
        *unlearned(report),
        f"{notes['tokens']} tokens, {notes['trained_tokens']} learned; "
        "row length "
        + ", ".join(f"{name} {value}" for name, value in notes["row_tokens"].items())
        + f" (max_length {config.max_length})",
    ]
    return "\n".join(lines)


def unlearned(report: labels.Report) -> list[str]:
    """Say which answers are read but not learned, and what became of the reasoning before them."""
    found = []
    if report.n_turns_not_learned:
        share = 100 * report.n_turns_not_learned / report.n_turns
        told = f"{report.n_turns_not_learned} of {report.n_turns} answers ({share:.0f} %) are shown but not learned"
        found.append(f"{told}: the template shows earlier turns otherwise")
    words = {"learn": "learned", "show": "shown, not learned", "drop": "dropped"}
    thoughts = [f"{n} {words[name]}" for name, n in sorted(report.n_thoughts.items()) if n]
    return [*found, *([f"reasoning before answers: {', '.join(thoughts)}"] if thoughts else [])]


def _shown(head: str, ids: list[int], told: list[int], tokenizer: Any, template: Template) -> Iterator[str]:
    n_learned = sum(1 for label in told[1:] if label != labels.IGNORED)
    yield ""
    yield f"{BOLD}{head}: {len(ids)} tokens, {n_learned} learned{PLAIN}"
    stop = tokenizer.convert_tokens_to_ids(template.stop)

    def colour(pair: tuple[int, int]) -> str:
        token, label = pair
        if label == labels.IGNORED:
            return DIM
        return RED if token == stop else GREEN

    text = ""
    for paint, group in groupby(zip(ids, told, strict=True), key=colour):
        piece = tokenizer.decode([token for token, _ in group], skip_special_tokens=False)
        text += "\n".join(f"{paint}{line}{PLAIN}" if line else "" for line in piece.split("\n"))
    yield text
