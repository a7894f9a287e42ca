"""Which models an evaluation is about: base, newest, a stage's label, any baseline; and the name of their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...artifacts import artifact
from ...errors import UserError
from ...tables import did_you_mean


@dataclass(frozen=True)
class Contestant:
    """A model to score: `name` stands in the rows, `source` is what models.load opens, `what` how it was asked for."""

    name: str
    source: str
    what: str


def contestants(
    wanted: Sequence[str],
    baselines: Sequence[str],
    model: Path | None,
    earlier: Mapping[str, Path],
    remote: Sequence[str] = (),
) -> tuple[list[Contestant], list[str]]:
    """Give (models to score, what was left out and why); the same model asked for twice is scored once.

    `model` is the newest model artifact or any model folder or name. Raises UserError for an unknown label or nothing
    to score.
    """
    stages = _model_stages(model, earlier)
    found: list[Contestant] = []
    left_out: list[str] = []
    for what in wanted:
        if what == "newest":
            if model is None:
                left_out.append("newest: no model was made before this stage")
                continue
            found.append(Contestant(_label(model, stages), str(model), "newest"))
        elif what == "base":
            base = _base(model, stages)
            if base is None:
                left_out.append("base: the model does not say what it was trained from")
                continue
            found.append(Contestant(base, base, "base"))
        elif what in stages:
            found.append(Contestant(what, str(stages[what]), what))
        else:
            known = ("base", "newest", *stages)
            raise UserError(
                f"models: no earlier stage '{what}' made a model{did_you_mean(what, known)}",
                mend=f"Known: {', '.join(known)}. Any other model goes under baselines.",
            )
    found += [Contestant(name, name, "baseline") for name in baselines]
    found += [Contestant(name, f"endpoint:{name}", "endpoint") for name in remote]
    unique = {c.source: c for c in reversed(found)}
    kept = [c for c in dict.fromkeys(found) if unique[c.source] == c]
    if not kept:
        raise UserError(
            f"no model to evaluate ({'; '.join(left_out) or 'models and baselines are empty'})",
            mend="Put a training stage before this one, name a MODEL, or give baselines.",
        )
    names = [c.name for c in kept]
    if twice := next((name for name in names if names.count(name) > 1), None):
        sources = " and ".join(c.source for c in kept if c.name == twice)
        raise UserError(
            f"two models are called '{twice}': {sources}",
            "evaluate",
            "Their rows could not be told apart: name one by its full path, or evaluate them apart.",
        )
    return kept, left_out


def _model_stages(model: Path | None, earlier: Mapping[str, Path]) -> dict[str, Path]:
    """Give finished model artifacts by label: those of the run, or the neighbours of a model named alone."""
    folders = dict(earlier)
    if not folders and model is not None and artifact.read_manifest(model):
        folders = {p.name.split("-", 1)[1]: p for p in artifact.stage_folders(model.parent)}
        folders = folders or {model.name: model}
    found = {}
    for label, folder in folders.items():
        manifest = artifact.read_manifest(folder)
        if manifest and manifest["output"] == "model":
            found[label] = folder
    return found


def _label(model: Path, stages: Mapping[str, Path]) -> str:
    for label, folder in stages.items():
        if folder == model:
            return label
    return str(model) if not model.is_dir() else model.name


def _base(model: Path | None, stages: Mapping[str, Path]) -> str | None:
    """Give the base model that the newest model, or the last stage before it that says so, was trained from."""
    manifests = [m for folder in stages.values() if (m := artifact.read_manifest(folder))]
    for manifest in reversed(manifests):
        base = manifest["config"].get("base_model")
        if base:
            return str(base)
    return None
