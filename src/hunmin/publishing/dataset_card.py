"""The README.md of a published data set: what it is, where it came from, what was thrown away and why."""

from __future__ import annotations

from collections.abc import Sequence

from ..artifacts.rows import JsonObject
from ..report import charts
from .facts import DataFacts, Step
from .licences import LICENCES, NOT_THE_HUBS
from .parts_of_cards import Frame, bars, funnel, section, sources, table, writers

DATA_FILE = "data/train.jsonl"
HISTOGRAM = "ratings.svg"
MANY_SCORES = 30

COLUMNS = {
    "id": "the record's id; it depends on the text, not on the order",
    "source": "the data set the record came from",
    "license": "that source's licence",
    "generator": "who or what wrote the answer",
    "system": "system message",
    "instruction": "what is asked",
    "input": "what the instruction is about, when it is apart",
    "output": "the answer",
    "messages": "a conversation: role and content; weight 0 is a turn not to be learned",
    "tools": "JSON: the tools that the conversation may call",
    "thinking": "the reasoning before the answer",
    "label": "true for a good answer, false for a bad one",
    "chosen": "the better answer",
    "rejected": "the worse answer",
    "score": "the newest rating's score; null when it could not be read",
    "history": "JSON: the untranslated text, translation, issues, repairs, review and ratings of this record",
}

# The options of a stage that decide what the records are.
SHOWN = {
    "translate": ("engine", "model", "target_lang", "speech_level"),
    "rate": ("rater", "model", "prompt", "scale"),
    "filter": ("rater", "min_score", "max_score", "top_k", "top_ratio", "keep_unrated"),
    "sample": ("n", "ratio", "by", "preset"),
    "dedup": ("near", "max_similarity"),
    "decontaminate": ("against", "on_overlap"),
}


def size_category(n: int) -> str:
    """Give the Hub's word for an amount."""
    for limit, word in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")):
        if n < limit:
            return word
    return "1M<n<10M" if n < 10_000_000 else "n>10M"


def histogram(data: DataFacts) -> str:
    """Give the SVG of the rating distribution."""
    scores = sorted(data.scores)
    width = min((b - a for a, b in zip(scores, scores[1:], strict=False)), default=1.0)
    width = max(width, (scores[-1] - scores[0]) / 60 if len(scores) > 1 else width)
    low = scores[0] - width / 2
    n_bins = int((scores[-1] - low) / width) + 1
    counts = [0] * n_bins
    for score, n in data.scores.items():
        counts[min(n_bins - 1, int((score - low) / width + 1e-9))] += n
    bins = [(low + i * width, low + (i + 1) * width, n) for i, n in enumerate(counts)]
    return charts.histogram_svg(bins, title="ratings of the published records")


def card(frame: Frame, data: DataFacts, columns: Sequence[str]) -> str:
    """Give the whole card."""
    from huggingface_hub import DatasetCardData

    front = DatasetCardData(
        language=list(frame.languages),
        **licence_fields(frame.licence),
        pretty_name=frame.name,
        size_categories=[size_category(data.n)],
        task_categories=["text-generation"],
        source_datasets=list(frame.hub_data) or None,
        tags=["hunmin", "instruction-tuning", *(["preference"] if data.kinds["preference"] else [])],
        configs=[{"config_name": "default", "data_files": [{"split": "train", "path": DATA_FILE}]}],
    ).to_yaml()
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in data.kinds.most_common())
    lengths = ", ".join(f"{field} {n / data.n:,.0f}" for field, n in data.chars.items()) if data.n else ""
    return frame.lay(
        front,
        f"{data.n:,} records ({kinds}). Mean characters a record: {lengths}.",
        section(
            "Load it",
            f'```python\nfrom datasets import load_dataset\n\nrows = load_dataset("{frame.repo}", split="train")\n```',
            f"or in a hunmin recipe:\n\n```yaml\n- load:\n    hub: {frame.repo}\n    split: train\n```",
        ),
        section("Sources and licences", sources(data), writers(data)),
        section("How it was made", funnel(frame.steps), *[_step_line(s) for s in frame.steps if _step_line(s)]),
        section("Ratings", *_ratings(data)) if data.scores else "",
        section("Columns", table(("column", "meaning"), [(c, COLUMNS.get(c, "")) for c in columns])),
        section("Limits", limits(data)),
    )


def licence_fields(licence: str) -> JsonObject:
    """Give the Hub's licence metadata: its own id, or `other` with a name."""
    if licence in LICENCES and licence not in NOT_THE_HUBS:
        return {"license": licence}
    return {"license": "other", "license_name": licence.lower().replace(" ", "-") or "see-card"}


def _step_line(step: Step) -> str:
    """Say the options of a stage that decide what the records are."""
    shown = SHOWN.get(step.manifest["stage"])
    if shown is None:
        return ""
    told = ", ".join(f"{k}: {step.config[k]}" for k in shown if step.config.get(k) not in (None, "", [], {}))
    return f"- `{step.label}`: {told}" if told else ""


def _ratings(data: DataFacts) -> list[str]:
    n = sum(data.scores.values())
    mean = sum(score * k for score, k in data.scores.items()) / n
    mode = max(data.scores, key=lambda score: (data.scores[score], score))
    told = f"{n:,} of {data.n:,} records have a score: mean {mean:.2f}, most frequent {mode:g}."
    blocks = [told, f"![ratings]({HISTOGRAM})"]
    if len(data.scores) <= MANY_SCORES:
        blocks.append("```text\n" + bars(data.scores) + "\n```")
    return blocks


def limits(data: DataFacts) -> str:
    lines = []
    if data.translators:
        lines.append("- Translated by machine; `history` holds the untranslated text, so that each row can be checked.")
        open_issues = sum(n for name, n in data.issues.items() if name.endswith("open"))
        if data.issues:
            lines.append(f"- Found by the checks and still open: {open_issues:,}; the checks do not find everything.")
    if not data.reviews:
        lines.append("- No record carries the mark of a person who read it.")
    if data.scores:
        lines.append("- Scores are a model's opinion of an answer, not a measurement of its truth.")
    lines.append("- Scanned for keys, e-mail addresses and resident registration numbers; names were not looked for.")
    return "\n".join(lines)
