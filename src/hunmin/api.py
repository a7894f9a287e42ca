"""The small Python API, `from hunmin import ...`: the command line's verbs as functions.

Everything here is a thin call of the same code that a recipe runs; nothing heavy is imported until it is used.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

from .artifacts import artifact
from .artifacts.artifact import Inputs, Spend
from .artifacts.record import Record, problems, read_jsonl, write_jsonl
from .artifacts.rows import ScoreRow
from .errors import UserError


def load_records(path: str | Path, **options: Any) -> list[Record]:
    """Give the records of a run, an artifact or any file `load` reads; `options` are load's own (`columns=...`)."""
    from .commands import one_stage as alone
    from .stages import load

    path = Path(path)
    if not options and (path.is_dir() or alone.holds_records(path)):
        folders = artifact.stage_folders(path) or [path]
        found = artifact.newest(folders, "records")
        if path.is_file():
            return list(read_jsonl(path))
        if found is None:
            raise UserError("the folder holds no finished records", str(path), "Name a run, an artifact or a file.")
        return list(read_jsonl(found / artifact.RECORDS))
    with tempfile.TemporaryDirectory() as folder:
        load.run(load.Config(path=str(path), **options), Inputs(label="load"), Path(folder))
        return list(read_jsonl(Path(folder) / artifact.RECORDS))


def write_records(path: str | Path, records: Iterable[Record]) -> int:
    """Write records to a JSONL file atomically and give their number; a malformed record is an error naming it."""

    def checked() -> Iterable[Record]:
        for i, record in enumerate(records):
            for field, what in problems(record):
                raise UserError(f"field '{field}': {what}", f"record {record.get('id', i)}", "Mend or drop it.")
            yield record

    return write_jsonl(Path(path), checked())


def run_recipe(
    name: str,
    *overrides: str,
    runs: str | Path = "runs",
    run_name: str | None = None,
    reuse: str | Path | None = None,
    yes: bool = False,
) -> Path:
    """Run a recipe (or continue its run) and give the run's folder.

    `yes` allows paid stages to spend up to the recipe's limit.
    """
    from .report import page as report
    from .running import recipe, run

    found = recipe.load(name, overrides)
    folder = Path(runs) / (run_name or found.name).replace("/", "-")
    run.execute(found, folder, run.Options(confirm=lambda paid: yes, reuse=Path(reuse) if reuse else None))
    report.write(folder)
    return folder


def run_stage(
    name: str,
    records: str | Path | Iterable[Record] | None,
    out: str | Path,
    *,
    model: str | Path | None = None,
    seed: int = 0,
    max_usd: float | None = None,
    max_chars: int | None = None,
    **options: Any,
) -> Path:
    """Run one stage on records (a path or the rows themselves) and give its artifact's folder.

    Paid stages need `max_usd` or `max_chars`. A finished `out` with the same options is left as it is.
    """
    from .commands import one_stage as alone
    from .running import recipe
    from .stages.protocol import find_stage

    stage = find_stage(name)
    out = Path(out)
    config, found = recipe.check_config(stage, options)
    if config is None:
        raise UserError("\n".join(f"{name}.{'.'.join(map(str, loc))}: {what}" for loc, what in found))
    path = None
    if isinstance(records, str | Path):
        path, found_model = alone.find_inputs(str(records), out, stage)
        model = model or found_model
    elif records is not None:
        path = out.with_name(out.name + ".input.jsonl")
        write_records(path, records)
    if stage.paid(config) and max_usd is None and max_chars is None:
        raise UserError(f"{name} spends money or quota", mend="Give max_usd or max_chars.")
    inputs = Inputs(
        label=stage.label,
        seed=seed,
        records=path,
        model=Path(model) if model else None,
        spend=Spend(out / "ledger.sqlite", max_usd, max_chars, confirmed=True),
    )
    alone.execute(stage, config, inputs, out)
    return out


def render(instruction: str, input: str = "", template: str = "kullm", system: str = "") -> str:
    """Give the prompt that a model tuned with this template is asked with (KULLM's `Prompter.generate_prompt`)."""
    from .templates.render import load_template

    record = {"instruction": instruction, "input": input, "system": system}
    return load_template(template).prompt(record)


def parse_response(text: str, template: str = "kullm") -> str:
    """Give the answer in a single-turn generation: what follows the prompt's marker, up to the stop token.

    Differs from KULLM's `get_response` where the answer repeats the marker or there is none: no IndexError, no cut.
    """
    from .templates.render import load_template

    found = load_template(template)
    marker = found.prompt({"instruction": "x"}).rstrip("\n").rsplit("\n", 1)[-1]
    answer = text.split(marker, 1)[-1]
    return answer.split(found.stop, 1)[0].strip()


@overload
def generate(model: str, prompts: str | Record, **options: Any) -> str: ...


@overload
def generate(model: str, prompts: Sequence[str | Record], **options: Any) -> list[str]: ...


def generate(model: str, prompts: str | Record | Sequence[str | Record], **options: Any) -> str | list[str]:
    """Give a model's answers to instructions (text or records), with its own template; to one of them its answer.

    `model` is a Hub id, a folder, an artifact or a run; `options` are the generation options (`max_new_tokens`, ...).
    """
    from . import models

    if isinstance(prompts, str | dict):
        return generate(model, [prompts], **options)[0]
    loaded = models.load(model)
    records = [{"instruction": p} if isinstance(p, str) else p for p in prompts]
    return [g.text for g in models.generate(loaded, [loaded.template.prompt(r) for r in records], **options)]


def score(model: str, out: str | Path, **options: Any) -> list[ScoreRow]:
    """Give a model's score rows on benchmarks; `options` are the evaluate stage's (`tasks`, `num_fewshot`)."""
    folder = run_stage("evaluate", None, out, model=model, models=["newest"], **options)
    return artifact.read_scores(folder)
