"""What a card may say, gathered from the manifests and records of a run; nothing is said that is not found there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..artifacts.record import Record, kind, read_jsonl, texts
from ..artifacts.rows import JsonObject, Manifest, Notes, ScoreRow
from . import known
from .licences import Part

MODEL_CARD = "hunmin.json"  # beside the weights: base_model, template, ... (train/weights.py)


@dataclass
class DataFacts:
    """A records file in numbers: amounts by (source, licence), who wrote and rated it, scores, lengths."""

    n: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    sources: Counter[tuple[str, str]] = field(default_factory=Counter)
    generators: Counter[str] = field(default_factory=Counter)
    translators: Counter[str] = field(default_factory=Counter)
    raters: Counter[str] = field(default_factory=Counter)
    scores: Counter[float] = field(default_factory=Counter)
    reviews: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    chars: Counter[str] = field(default_factory=Counter)
    recorded: bool = False

    def add(self, record: Record) -> None:
        self.n += 1
        self.kinds[kind(record)] += 1
        self.sources[str(record.get("source") or ""), str(record.get("license") or "")] += 1
        if record.get("generator"):
            self.generators[str(record["generator"])] += 1
        translation = record.get("translation") or {}
        name = " ".join(dict.fromkeys(str(translation[k]) for k in ("engine", "model") if translation.get(k)))
        if name:
            self.translators[name] += 1
            self.recorded |= "recorded" in name
        rating = (record.get("ratings") or [{}])[-1]
        if rating:
            self.raters[f"{rating.get('rater')} {rating.get('model')}".strip()] += 1
            if rating.get("score") is not None:
                self.scores[round(float(rating["score"]), 2)] += 1
        review = record.get("review")
        if isinstance(review, dict) and review.get("decision"):
            self.reviews[str(review["decision"])] += 1
        for issue in record.get("issues") or ():
            self.issues[f"{issue.get('code')} {issue.get('status')}"] += 1
        for path, text in texts(record).items():
            self.chars[path.split(".")[0]] += len(text)

    def parts(self) -> list[Part]:
        """Give each source with its licence: the record's own, else the one known for that Hub data set."""
        found = []
        for (source, written), n in self.sources.most_common():
            name = source or "a source without a name"
            found.append(Part(name, written or licence_of_source(source), n))
        return found

    def writers(self) -> list[str]:
        return [*self.generators, *self.translators]


def licence_of_source(source: str) -> str:
    """Give the known licence of a data set named by its Hub id or its last part; "" when it is not listed."""
    found = known.dataset(source)
    if found is None:
        found = next((row for hub, row in known.datasets().items() if hub.split("/")[-1] == source), None)
    return (found or {}).get("license") or ""


def read_data(paths: Iterable[Path]) -> DataFacts:
    """Count the records of these files."""
    facts = DataFacts()
    for path in paths:
        for record in read_jsonl(path):
            facts.add(record)
    return facts


@dataclass(frozen=True)
class Step:
    """One earlier artifact: its label, folder and manifest."""

    label: str
    folder: Path
    manifest: Manifest

    @property
    def config(self) -> Mapping[str, Any]:
        return self.manifest["config"]

    @property
    def notes(self) -> Notes:
        return self.manifest["counts"]["notes"]


def steps_before(inputs: artifact.Inputs, start: Path | None) -> list[Step]:
    """Give the finished earlier artifacts in order: the run's, or when run alone those beside `start`."""
    folders = dict(inputs.earlier)
    if not folders and start is not None:
        run = start.parent
        folders = {f.name.split("-", 1)[1]: f for f in artifact.stage_folders(run)} or {start.name: start}
    found = []
    for label, folder in folders.items():
        manifest = artifact.read_manifest(folder)
        if manifest is not None:
            found.append(Step(label, folder, manifest))
    return found


def lineage(steps: list[Step], of: Step) -> list[Step]:
    """Give the steps whose artifacts went into `of`, itself last, in order: followed by the hashes in the manifests."""
    wanted, by_label = {of.label}, {s.label: s for s in steps}
    todo = [of]
    while todo:
        for name in todo.pop().manifest["inputs"]:
            if name in by_label and name not in wanted:
                wanted.add(name)
                todo.append(by_label[name])
    return [s for s in steps if s.label in wanted]


@dataclass
class ModelFacts:
    """A model in its run: what it was tuned from and on, by which steps, and how it scored."""

    base: str
    base_revision: str | None
    template: str
    stop: str
    trainings: list[Step]
    data: DataFacts | None
    scores: list[ScoreRow]
    scored_by: list[Step]
    card: JsonObject

    @property
    def is_tiny(self) -> bool:
        """Tell the bases made on the spot for rehearsals."""
        return self.base.startswith("tiny:") or Path(self.base).name.startswith("tiny-")

    @property
    def base_licence(self) -> str:
        if self.base.startswith("tiny:"):
            return "apache-2.0"  # made here from bundled text
        return (known.model(self.base) or {}).get("license") or licence_in(Path(self.base))


def licence_in(folder: Path) -> str:
    """Give the licence that a local folder's own card states, else its family's; "" when there is neither."""
    return _stated(folder / "README.md") or _of_family(folder / "config.json")


FAMILIES = {"gemma": "gemma", "gemma2": "gemma", "gemma3": "gemma", "gemma3_text": "gemma", "exaone": "exaone"}
"""Model types whose weights are all under one maker's terms, which travel with what is tuned."""


def _of_family(config: Path) -> str:
    try:
        kind = str(json.loads(config.read_text(encoding="utf-8")).get("model_type") or "")
    except (OSError, ValueError, AttributeError):
        return ""
    return FAMILIES.get(kind, "")


def _stated(readme: Path) -> str:
    if not readme.is_file():
        return ""
    import yaml

    text = readme.read_text(encoding="utf-8")
    if not text.startswith("---"):
        return ""
    try:
        head = yaml.safe_load(text.split("---", 2)[1])
    except (yaml.YAMLError, IndexError):
        return ""
    return str((head or {}).get("license") or "")


def read_model(steps: list[Step], of: Step, folder: Path) -> ModelFacts:
    """Gather what is known of the model artifact `of`, whose weights lie in `folder`."""
    chain = [s for s in lineage(steps, of) if s.manifest["output"] == "model"]
    trainings = [s for s in chain if s.manifest["stage"] in ("sft", "dpo", "grpo")]
    by_label = {s.label: s for s in steps}
    files: list[Path] = []
    for training in trainings:
        for name in training.manifest["inputs"]:
            step = by_label.get(name)
            if step is not None and step.manifest["output"] == "records":
                files.append(step.folder / artifact.RECORDS)
        given = training.config.get("data")
        if training.manifest["stage"] == "dpo" and given and Path(given).is_file():
            files.append(Path(given))
    card = read_card(folder)
    card = next(
        (c for c in (card, *(read_card(artifact.model_folder(s.folder)) for s in reversed(trainings))) if c), {}
    )
    first = trainings[0].config if trainings else {}
    base = card.get("base_model") or first.get("base_model") or str(folder)
    scored_by = [s for s in steps if (s.folder / artifact.SCORES).is_file()]
    scores: list[ScoreRow] = [{**row, "label": s.label} for s in scored_by for row in artifact.read_scores(s.folder)]
    return ModelFacts(
        base=base,
        base_revision=card.get("base_revision"),
        template=card.get("template") or first.get("template") or "",
        stop=card.get("stop") or "",
        trainings=trainings,
        data=read_data(dict.fromkeys(files)) if files else None,
        scores=scores,
        scored_by=scored_by,
        card=card,
    )


def read_card(folder: Path) -> JsonObject:
    path = folder / MODEL_CARD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
