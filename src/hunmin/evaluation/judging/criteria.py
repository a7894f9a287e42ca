"""The criteria sets a judge grades by: kullm-v2, kullm-v3, score-100, pairwise, or a YAML file of the same shape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...artifacts.artifact import hash_of
from ...artifacts.rows import JsonObject
from ...errors import UserError
from ...raters import wording
from ...raters.scores import Scale
from ...tables import did_you_mean

FILE = wording.PROMPTS / "judge_criteria.yaml"
PAIRWISE = "pairwise"
VALUES = ("criterion", "definition", "question", "answer", "reference", "low", "high", "whole")
PAIR_VALUES = ("question", "answer_a", "answer_b", "reference")


@dataclass(frozen=True)
class Criterion:
    """One thing an answer is graded by; `key` is the task name of its score row, `name` what the judge is told."""

    key: str
    name: str
    definition: str
    scale: Scale


@dataclass(frozen=True)
class CriteriaSet:
    """A set in one language; `digest` changes when any word of it does."""

    name: str
    language: str
    criteria: tuple[Criterion, ...]
    digest: str


def load_criteria(name: str, language: str) -> CriteriaSet:
    """Give the named set, or the only set of a YAML file at that path. `pairwise` has no criteria.

    Raises UserError for an unknown name, a missing language or a bad scale.
    """
    import yaml

    if name == PAIRWISE:
        return CriteriaSet(PAIRWISE, language, (), "")
    sets: JsonObject = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    where = str(FILE.name)
    if name not in sets:
        path = Path(name)
        if not path.is_file():
            known = [*sets, PAIRWISE]
            raise UserError(
                f"no criteria '{name}'{did_you_mean(name, known)}", "judge.criteria", f"Known: {', '.join(known)}."
            )
        try:
            own = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        except yaml.YAMLError as error:
            raise UserError(f"not YAML: {error}", str(path), "Mend the file.") from error
        if not isinstance(own, dict) or len(own) != 1:
            raise UserError("expected one criteria set", str(path), "Shape: <set>: {criteria: {<key>: {scale, ko}}}.")
        sets, name, where = own, next(iter(own)), str(path)
    rows = (sets[name] or {}).get("criteria") or {}
    if not rows:
        raise UserError(f"set '{name}' has no criteria", where, "Add at least one.")
    criteria = tuple(_criterion(key, row, language, f"{where}: {name}.{key}") for key, row in rows.items())
    digest = hash_of([[c.key, c.name, c.definition, c.scale.name, c.scale.whole] for c in criteria])[:8]
    return CriteriaSet(name, language, criteria, digest)


def _criterion(key: str, row: Any, language: str, where: str) -> Criterion:
    said = row.get(language) if isinstance(row, dict) else None
    if not isinstance(said, dict) or not said.get("name") or not said.get("text"):
        raise UserError(f"no {language} name and text", where, f"Add {language}: {{name: ..., text: ...}}.")
    scale = row.get("scale")
    if (
        not isinstance(scale, list)
        or len(scale) != 2
        or not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in scale)
        or scale[0] >= scale[1]
    ):
        raise UserError(f"'{scale}' is not a scale", where, "Write scale: [low, high].")
    return Criterion(key, said["name"], said["text"], Scale(scale[0], scale[1], bool(row.get("whole"))))
