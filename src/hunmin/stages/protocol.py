"""What a stage is: one typed thing, made from a module (or any object with its names) and checked once.

Everything that runs, estimates or describes stages knows this type alone. A stage that lacks something is told here,
all of it at once, before anything runs; what it may leave out has its default here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, Literal

from pydantic.fields import FieldInfo

from ..artifacts.artifact import RECORDS, Counts, Inputs
from ..artifacts.rows import Estimate, Notes
from ..clients.access import Access, HubId
from ..errors import UserError
from ..options import Options
from ..tables import resolve
from . import STAGES

KINDS = ("record", "whole", "model")
OUTPUTS = ("records", "model", "scores")
INPUTS = ("records", "model", "all")
SHARDS = ("asked", "automatic", "never")
MEND = "See 'A stage, from nothing' in docs/adding.md."


@dataclass(frozen=True)
class Stage:
    """A stage as the rest of the house sees it; the functions take the stage's own Config as their first argument."""

    name: str
    """As a recipe writes it: `translate`, `mypackage.redact:stage`."""
    label: str
    """Its label where none is given: the name, or the last word of it."""
    about: str
    """The first line of its docstring."""
    READS: tuple[str, ...]
    EDITS: tuple[str, ...]
    ADDS: tuple[str, ...]
    KIND: Literal["record", "whole", "model"]
    INPUT: tuple[str, ...]
    """Kinds of artifacts it needs; "?" at the end: where there is one."""
    OUTPUT: Literal["records", "model", "scores"]
    Config: type[Options]
    run: Callable[[Any, Inputs, Path], Counts]
    # What a stage may leave out.
    SHARDS: Literal["asked", "automatic", "never"]
    configured: Callable[[Mapping[str, Any]], type[Options]]
    """The Config for these options: where an option (translate's engine) brings further ones."""
    shown: Callable[[Mapping[str, Any]], Mapping[str, Mapping[str, FieldInfo]]]
    """The options by heading as help, docs and errors show them; "" heads what always holds."""
    check: Callable[[Any], Sequence[str]]
    files: Callable[[Any], Sequence[Path]]
    services: Callable[[Any], Sequence[Access]]
    hub: Callable[[Any], Sequence[HubId]]
    versions: Callable[[Any], Mapping[str, int]]
    """The protocols that decide its numbers, each with its version: a raised one is another result."""
    paid: Callable[[Any], bool]
    may_pay: bool
    estimate: Callable[[Any, Inputs], Estimate]
    loads_model: Callable[[Any], bool]
    needs: Callable[[Any], tuple[str, ...]]
    reads: Callable[[Any], Sequence[str]]
    adds: Callable[[Any], Sequence[str]]
    batch: Callable[[Any], int]
    becomes: Callable[[Any], int]
    """How many records one record becomes (respond: n answers); each is kept or dropped."""
    launch: Callable[[Any, Path], list[str] | None]
    survey: Callable[[Any, Inputs], Notes] | None
    merge: Callable[[Any, list[Notes], Path], Notes] | None
    preview: Callable[[Any, Inputs, int], str] | None

    def config(self, options: Mapping[str, Any]) -> Any:
        """Give the checked Config of options; pydantic's ValidationError for wrong ones."""
        return self.configured(options)(**options)

    def makes_records_from_nothing(self) -> bool:
        return self.OUTPUT == "records" and not self.INPUT


def find_stage(name: str, where: str = "") -> Stage:
    """Give the stage of a name in the table, or of `package.module:object`.

    Raises UserError that says everything the object lacks.
    """
    try:
        return _find(name)
    except UserError as error:
        raise UserError(error.what, where or error.where, error.mend) from error


@cache
def _find(name: str) -> Stage:
    return stage_of(resolve(STAGES, name, "stage"), name)


def label_of(name: str) -> str:
    """Give the label of a stage's name: `redact` for `mypackage.redact:stage` and for `mypackage.stages:redact`."""
    if name in STAGES or ":" not in name:
        return name
    module, _, attribute = name.partition(":")
    word = module.split(".")[-1] if attribute.lower() == "stage" else attribute.split(".")[-1]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", word).strip("-") or "stage"


def stage_of(found: Any, name: str) -> Stage:
    """Make a Stage of an object with a stage's names. Raises UserError with all that is missing or wrong."""
    wrong: list[str] = []

    def words(key: str) -> tuple[str, ...]:
        value = getattr(found, key, None)
        if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
            return tuple(value)
        is_what = "is missing" if value is None else f"is {value!r}"
        wrong.append(f'{key} {is_what}; write a tuple of record keys, such as ("text",), or () for none')
        return ()

    def one_of(key: str, known: Sequence[str], default: str | None = None) -> Any:
        value = getattr(found, key, default)
        if value not in known:
            is_what = "is missing" if value is None else f"is {value!r}"
            wrong.append(f"{key} {is_what}; write one of {', '.join(known)}")
        return value

    reads, edits, adds = words("READS"), words("EDITS"), words("ADDS")
    kind, output = one_of("KIND", KINDS), one_of("OUTPUT", OUTPUTS)
    given = getattr(found, "INPUT", ...)
    wants = () if given is None else (given,) if isinstance(given, str) else given
    if not isinstance(wants, list | tuple) or not {str(w).removesuffix("?") for w in wants} <= set(INPUTS):
        is_what = "is missing" if given is ... else f"is {given!r}"
        wrong.append(f'INPUT {is_what}; write "records", "model", a tuple of them, or None')
        wants = ()
    config = getattr(found, "Config", None)
    if not (isinstance(config, type) and issubclass(config, Options)):
        is_what = "is missing" if config is None else "is no subclass of hunmin.options.Options"
        wrong.append(f"Config {is_what}; write class Config(Options) with the options, or pass")
    run = getattr(found, "run", None)
    if not callable(run):
        wrong.append("run is missing; write def run(config, inputs, out) -> Counts")
    defaults = _defaults(reads, adds, tuple(wants), config)
    own = {key: getattr(found, key, None) for key in defaults}
    wrong += [f"{key} is {value!r}; write a function" for key, value in own.items() if value and not callable(value)]
    by_itself = "asked" if kind == "record" else "never"
    shards = one_of("SHARDS", SHARDS, by_itself)
    if wrong or run is None:
        raise UserError(f"'{name}' is no stage: {'; '.join(wrong)}", mend=MEND)
    return Stage(
        name=name,
        label=label_of(name),
        about=(getattr(found, "__doc__", None) or "").strip().split("\n")[0],
        READS=reads,
        EDITS=edits,
        ADDS=adds,
        KIND=kind,
        INPUT=tuple(wants),
        OUTPUT=output,
        SHARDS=shards,
        Config=config,  # type: ignore[arg-type]  # told above where it is none
        run=_checked(run, name, output),
        may_pay=own["paid"] is not None,
        **{key: own[key] or default for key, default in defaults.items()},
    )


def _defaults(reads: Any, adds: Any, wants: tuple[str, ...], config: Any) -> Mapping[str, Any]:
    """Give what stands for the functions that a stage leaves out."""
    return {
        "configured": lambda options: config,
        "shown": lambda options: {"": config.model_fields},
        "check": lambda config: (),
        "files": lambda config: (),
        "services": lambda config: (),
        "hub": lambda config: (),
        "versions": lambda config: {},
        "paid": lambda config: False,
        "estimate": lambda config, inputs: {},
        "loads_model": lambda config: False,
        "needs": lambda config: wants,
        "reads": lambda config: reads,
        "adds": lambda config: adds,
        "batch": lambda config: 1,
        "becomes": lambda config: 1,
        "launch": lambda config, spec: None,
        "survey": None,
        "merge": None,
        "preview": None,
    }


def _checked(run: Callable[..., Any], name: str, output: str) -> Callable[[Any, Inputs, Path], Counts]:
    """Give `run` whose result is looked at: a stage of the user's own is told what it forgot."""

    @wraps(run)
    def checked(config: Any, inputs: Inputs, out: Path) -> Counts:
        counts = run(config, inputs, out)
        if not isinstance(counts, Counts):
            raise UserError(
                f"run of '{name}' gave {type(counts).__name__}, not Counts",
                inputs.label,
                "Let it return what stream(step, inputs, out) gives, or Counts(n_in, n_kept, dropped).",
            )
        if output == "records" and not (out / RECORDS).is_file():
            raise UserError(
                f"run of '{name}' left no {RECORDS}, though its OUTPUT is records",
                inputs.label,
                "Write the records with stream(step, inputs, out) or a Writer(out, inputs.label).",
            )
        return counts

    return checked
