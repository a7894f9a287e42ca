"""Walk a recipe's list: skip what is finished, call what is not, write each manifest last.

A run is one folder; a stage's artifact is `NN-label` inside it. The same command on the same run continues it; an
artifact made with other options or inputs is never reused silently.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from ..artifacts import artifact, lock
from ..artifacts.artifact import Counts, Inputs, Spend
from ..artifacts.record import Record
from ..artifacts.rows import Estimate, Manifest
from ..clients.hub import require_access
from ..errors import UserError
from ..stages.protocol import find_stage
from ..train.tokenizer_bill import LOOKED_AT, RECORDS
from . import child, made_with, needs
from .made_with import MadeWith
from .recipe import Recipe, Step, resolved

log = logging.getLogger("hunmin")
EXPECTED = ("records", "chars", "prompts", "kind", "base_model")  # of a dry run: what an estimate hands to the next


@dataclass(frozen=True)
class Options:
    """How this execution goes on, beyond the recipe."""

    confirm: Callable[[list[tuple[str, Estimate]]], bool] = lambda paid: False
    reuse: Path | None = None
    executor: str = "local"
    shards: int | None = None
    """None: as many as pay on this machine."""
    in_flight: int = 8
    until: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What happened to one stage in this execution: "made", "done before" or "reused"."""

    label: str
    how: str
    folder: Path
    manifest: Manifest


def folder_of(run: Path, index: int, step: Step) -> Path:
    return run / f"{index + 1:02d}-{step.label}"


def execute(
    recipe: Recipe, run: Path, options: Options, on_stage: Callable[[str, str, Any], None] | None = None
) -> list[Outcome]:
    """Run every stage of the recipe that is not finished; give what happened to each.

    `on_stage(label, event, detail)` is told "start", "made", "done before", "reused".
    Raises UserError (exit codes 2, 3, 4) with everything so far saved; the same call continues.
    """
    with lock.writing(run):
        return _execute(recipe, run, options, on_stage or (lambda label, event, detail: None))


def _execute(recipe: Recipe, run: Path, options: Options, tell: Callable[[str, str, Any], None]) -> list[Outcome]:
    pending = _pending(recipe, run, options.until)
    _require_files_and_keys([step for _, step in pending], run, recipe.max_usd)
    _own(run, recipe)
    _confirm_paid(recipe, run, options, [(i, step) for i, step in pending if is_paid(step)])
    outcomes: list[Outcome] = []
    for i, step in enumerate(recipe.steps):
        folder = folder_of(run, i, step)
        inputs = inputs_for(recipe, run, i, options)
        wanted = made_with.in_a_run(step, inputs)
        manifest = artifact.read_manifest(folder)
        how = "done before"
        if manifest is not None:
            artifact.verify(folder, whole=True)
            made_with.same_or_error(folder, manifest, wanted, "was made")
        else:
            manifest = _reuse(options.reuse, folder, wanted)
            how = "reused" if manifest else "made"
        if manifest is None:
            made_with.begin(folder, wanted)
            tell(step.label, "start", step)
            log.info("%s: start", step.label)
            begun = time.monotonic()
            try:
                counts = _call(step, inputs, folder, options)
            except BaseException:
                made_with.leave_nothing_empty(folder)
                raise
            manifest = artifact.write_manifest(
                folder,
                stage=step.stage.name,
                label=step.label,
                output=step.stage.OUTPUT,
                config=wanted.config,
                seed=inputs.seed,
                inputs=wanted.finished(),
                counts=counts,
                seconds=time.monotonic() - begun,
            )
            log.info("%s: %s", step.label, json.dumps(manifest["counts"], ensure_ascii=False, default=str)[:2000])
        outcomes.append(Outcome(step.label, how, folder, manifest))
        tell(step.label, how, manifest)
        if options.until == step.label:
            break
    return outcomes


def _own(run: Path, recipe: Recipe) -> None:
    """Store the resolved recipe; a run folder that belongs to another recipe is refused."""
    path = run / artifact.RESOLVED
    names = [f"{i + 1:02d}-{s.label}" for i, s in enumerate(recipe.steps)]
    foreign = [p.name for p in artifact.stage_folders(run) if p.name not in names]
    if foreign:
        other = f"Use another name (--name NEW --reuse {run} takes over what has not changed)"
        raise UserError(
            f"the folder holds stages of another recipe: {', '.join(foreign)}",
            str(run),
            f"{other}, or delete {run / foreign[0]}.",
        )
    if not path.exists() and not artifact.stage_folders(run):
        if strangers := lock.strangers(run):
            raise UserError(
                f"the folder is not a run: it holds {', '.join(strangers[:4])}", str(run), "Use another name."
            )
    artifact.write_atomic(path, resolved(recipe))


def inputs_for(recipe: Recipe, run: Path, index: int, options: Options) -> Inputs:
    """Give what the stage at `index` is handed: the newest finished earlier artifacts of this run."""
    step = recipe.steps[index]
    earlier = {s.label: folder_of(run, i, s) for i, s in enumerate(recipe.steps[:index])}
    records = artifact.newest(earlier.values(), "records")
    model = artifact.newest(earlier.values(), "model")
    ledger = Path(recipe.ledger) if recipe.ledger else run / "ledger.sqlite"
    return Inputs(
        label=step.label,
        seed=recipe.stage_seed(step.label),
        records=records / artifact.RECORDS if records else None,
        model=model,
        earlier=earlier,
        spend=Spend(ledger, recipe.max_usd, recipe.max_chars, confirmed=True),
        in_flight=options.in_flight,
    )


def _reuse(other: Path | None, folder: Path, wanted: MadeWith) -> Manifest | None:
    """Link a finished stage of another run when its options and the content that went in are the same."""
    if other is None or folder.exists():
        return None
    for candidate in artifact.stage_folders(other):
        manifest = artifact.read_manifest(candidate)
        if manifest is None or candidate.name.split("-", 1)[1] != folder.name.split("-", 1)[1]:
            continue
        artifact.verify(candidate, whole=True)
        if not made_with.differences(candidate, manifest, wanted, strict=True):
            temporary = folder.with_name("." + folder.name + ".linking")
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.copytree(candidate, temporary, copy_function=_link)
            temporary.replace(folder)
            return manifest
    return None


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def done(run: Path, index: int, step: Step) -> bool:
    return artifact.read_manifest(folder_of(run, index, step)) is not None


def is_paid(step: Step) -> bool:
    return step.stage.paid(step.config)


def _pending(recipe: Recipe, run: Path, until: str | None) -> list[tuple[int, Step]]:
    """Give (index, step) of what this execution has still to do."""
    labels = [step.label for step in recipe.steps]
    steps = list(enumerate(recipe.steps))[: labels.index(until) + 1 if until in labels else None]
    return [(i, step) for i, step in steps if not done(run, i, step)]


def _require_files_and_keys(steps: list[Step], run: Path, max_usd: float | None) -> None:
    """Raise UserError, all problems at once, for files and keys that the stages to come need and that are not here."""
    problems = needs.missing(steps, run, max_usd)
    if problems:
        raise UserError("\n".join(problems) + f"\nNothing was run. {needs.MEND}")


def _confirm_paid(recipe: Recipe, run: Path, options: Options, pending: list[tuple[int, Step]]) -> None:
    """Refuse paid stages without a limit, and ask once before anything is spent."""
    if not pending:
        return
    if recipe.max_usd is None and recipe.max_chars is None:
        names = ", ".join(step.label for _, step in pending)
        raise UserError(
            f"paid stages ({names}) need a limit",
            str(recipe.path or recipe.name),
            "Set max_usd: or max_chars: at the top of the recipe.",
        )
    dry_run(recipe, run, options)  # whatever a later stage's estimate finds is found before anything is paid for
    for kind, ids in hub_ids(recipe).items():
        require_access(ids, kind)  # a gated base is found before the first paid request, not after the last
    last = max(i for i, _ in pending)
    foreseen = dry_run(replace(recipe, steps=recipe.steps[: last + 1]), run, options)
    estimates = [foreseen[i] for i, _ in pending]
    if not options.confirm(estimates):
        raise UserError("not confirmed, nothing was sent", mend="Add --yes to spend without asking.")


def hub_ids(recipe: Recipe) -> dict[Literal["dataset", "model"], list[str]]:
    """Give the Hub ids a recipe will open, by kind; local paths and tiny models among them are passed over later."""
    found: dict[Literal["dataset", "model"], list[str]] = {"dataset": [], "model": []}
    for step in recipe.steps:
        for kind, name in step.stage.hub(step.config):
            found[kind].append(name)
    return found


def dry_run(recipe: Recipe, run: Path, options: Options) -> list[tuple[str, Estimate]]:
    """Estimate every stage without sending or changing anything; each estimate feeds the next one's `expected`."""
    expected: Estimate = {}
    rows = []
    for i, step in enumerate(recipe.steps):
        inputs = inputs_for(recipe, run, i, options)
        if not done(run, i, step):
            needs.check_models(step, run)
        if inputs.records is not None:
            manifest = artifact.read_manifest(inputs.records.parent)
            assert manifest is not None  # `records` is only ever of a finished artifact
            expected["records"] = manifest["counts"]["n_kept"]
        elif step.stage.name == "load":
            expected[RECORDS] = _first_records(step)
        found = step.stage.estimate(step.config, replace(inputs, expected=dict(expected)))
        expected.update({k: found[k] for k in EXPECTED if found.get(k) is not None})
        network = needs.network(step)
        rows.append((step.label, {**found, **({"network": network} if network else {})}))
    return rows


def _first_records(step: Step) -> list[Record]:
    """Give the first records of a source on this machine, from which a later estimate counts tokens; none else."""
    from ..stages import load

    config = step.config
    if not isinstance(config, load.Config) or not config.path or not Path(config.path).exists():
        return []
    try:
        return list(islice(load.records(config), LOOKED_AT))
    except UserError:
        return []  # told where it is loaded


def obstacles(recipe: Recipe, run: Path, until: str | None) -> list[str]:
    """Give what would stop a run before its first stage, in words: what `run` refuses, a dry run tells."""
    steps = [step for _, step in _pending(recipe, run, until)]
    paid = [step.label for step in steps if is_paid(step)]
    found = needs.missing(steps, run, recipe.max_usd)
    if paid and recipe.max_usd is None and recipe.max_chars is None:
        found.append(f"paid stages ({', '.join(paid)}) need a limit: set max_usd: or max_chars: in the recipe")
    return found


def _call(step: Step, inputs: Inputs, out: Path, options: Options) -> Counts:
    """Run the stage; raises UserError when it read or left another number of records than were written or counted."""
    counts = _run_stage(step, inputs, out, options)
    if step.stage.OUTPUT == "records":
        artifact.as_counted(out, counts)
    if step.stage.KIND == "record" and step.stage.INPUT and inputs.records is not None:  # a later load reads none
        manifest = artifact.read_manifest(inputs.records.parent)
        times = step.stage.becomes(step.config)
        written = manifest["counts"]["n_kept"] * times if manifest and "counts" in manifest else counts.n_in
        if written != counts.n_in:
            raise UserError(
                f"{counts.n_in:,} records were read, where {written:,} were written", str(inputs.records),
                f"Delete {inputs.records.parent} and {out} to make them again.",
            )  # fmt: skip
    return counts


def _run_stage(step: Step, inputs: Inputs, out: Path, options: Options) -> Counts:
    stage = step.stage
    if stage.KIND == "model":
        return child.call(step, inputs, out)
    from . import shards

    n = shards.automatic(stage, inputs.records) if options.shards is None else options.shards
    if n > 1:
        return shards.run_stage(stage, step.config, inputs, out, executor=options.executor, shards=n)
    if stage.loads_model(step.config):
        return child.call(step, inputs, out)  # its memory is free again before the next stage
    return stage.run(step.config, inputs, out)


def call_alone(name: str, config: Any, inputs: Inputs, out: Path) -> Counts:
    """Run one stage outside a recipe, model stages in a child process as in a run."""
    return _call(Step(find_stage(name), inputs.label, config), inputs, out, Options())
