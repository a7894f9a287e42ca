"""One stage alone on plain files: `hunmin STAGE IN -o OUT --option value`.

The output folder is an artifact like any other: finished work is not done again, an unfinished one continues, other
options or input are refused.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import models
from ..artifacts import artifact, lock, progress
from ..artifacts.artifact import Counts, Inputs, Spend
from ..artifacts.record import HISTORY, problems
from ..artifacts.rows import Manifest
from ..errors import UserError
from ..formats import records as own_records
from ..formats.originals import names_texts
from ..running import made_with, run
from ..running.recipe import Step
from ..stages.protocol import Stage, find_stage
from ..text.language import spoken
from .console import (
    StagePrinter,
    add_common,
    amount,
    confirm,
    painted,
    parser_for,
    positive,
    prepare,
    print_estimates,
    set_up_logging,
    whole,
)
from .flags import add_flags, config_from, given_flags, with_flags


def main(name: str, argv: list[str]) -> int:
    """Run one stage from its words on the command line; give the exit code."""
    stage = find_stage(name)
    parser = _parser(stage)
    model = add_flags(parser, stage, given_flags(stage, argv))
    args = parser.parse_args(argv)
    prepare(args)
    if not stage.INPUT and args.input and not args.opt_path and not args.opt_hub:
        args.opt_path = args.input
    config = config_from(stage, model, args)
    problems = stage.check(config)
    if problems:
        raise UserError("\n".join(f"hunmin {name}: {p}" for p in problems))
    only_looks = args.dry_run or args.preview is not None
    if args.out is None and not only_looks:
        raise UserError(f"hunmin {name}: -o OUT is missing", mend="Name the folder to make.")
    try:
        if only_looks:
            with tempfile.TemporaryDirectory(prefix="hunmin-") as scratch:
                return _look(stage, config, args, Path(scratch))
        with lock.writing(args.out):
            return _make(stage, config, args, args.out)
    except UserError as error:
        what, where, mend = (with_flags(spoken(text), stage) for text in (error.what, error.where, error.mend))
        raise UserError(what, where, mend, error.exit_code) from error


def _make(stage: Stage, config: Any, args: argparse.Namespace, out: Path) -> int:
    """Make the artifact in a folder that this process holds."""
    inputs = _inputs(stage, args, out, out)
    name = stage.name
    if stage.paid(config):
        if args.max_usd is None and args.max_chars is None:
            raise UserError(f"hunmin {name} spends money or quota", mend="Give --max-usd or --max-chars.")
        if not confirm([(stage.label, stage.estimate(config, inputs))], inputs.spend, args.yes):
            raise UserError("not confirmed, nothing was sent", mend="Add --yes to spend without asking.")
    set_up_logging(out / "run.log")
    manifest, how = execute(stage, config, inputs, out)
    if args.json:
        print(json.dumps({"out": str(out), "how": how, "counts": manifest["counts"]}, ensure_ascii=False, default=str))
        return 0
    StagePrinter(1, args.quiet)(stage.label, how, manifest)
    print(spoken(f"{out}: done before with the same options; nothing was run" if how == "done before" else f"{out}"))
    return 0


def _parser(stage: Stage) -> argparse.ArgumentParser:
    """Give the stage's own command: its input, where to and what may be spent."""
    parser = parser_for(stage.name, stage.about)
    optional = all(kind.endswith("?") for kind in stage.INPUT)
    parser.add_argument(
        "input",
        nargs="?" if optional else None,
        help="records.jsonl, an artifact or run folder, or any file `load` reads"
        if stage.INPUT == ("records",)
        else "input artifact, run or file",
    )
    parser.add_argument("-o", "--out", type=Path, help="the folder to make")
    parser.add_argument("--dry-run", action="store_true", help="estimate only")
    parser.add_argument("--yes", "-y", action="store_true", help="spend without asking")
    parser.set_defaults(max_usd=None, max_chars=None, ledger=None, in_flight=8, preview=None, seed=0)
    if stage.may_pay:
        parser.add_argument("--max-usd", type=amount, help="stop before spending more")
        parser.add_argument("--max-chars", type=whole, help="stop before sending more characters")
        parser.add_argument("--ledger", type=Path, help="a shared ledger file (default: OUT/ledger.sqlite)")
        parser.add_argument("--in-flight", type=positive, default=8, help="paid requests under way at once")
    if stage.preview is not None:
        parser.add_argument(
            "--preview", type=positive, nargs="?", const=3, metavar="N", help="print N rows as they are trained"
        )
    if "seed" not in stage.Config.model_fields:
        parser.add_argument("--seed", type=whole, default=0, help="the recipe's seed this stage's own derives from")
    add_common(parser)
    return parser


def _look(stage: Stage, config: Any, args: argparse.Namespace, scratch: Path) -> int:
    """Print the estimate, or rows as they are trained; what is read on the way lies in `scratch`, which goes."""
    inputs = _inputs(stage, args, args.out or Path("out"), scratch)
    if args.preview is not None and stage.preview is not None:
        print(painted(stage.preview(config, inputs, args.preview)))
        return 0
    return print_estimates(stage.name, [(stage.label, stage.estimate(config, inputs))], args.json)


def _inputs(stage: Stage, args: argparse.Namespace, out: Path, room: Path) -> Inputs:
    """Give what the stage is handed; a plain data file is loaded into `room`/input."""
    given = args.input if stage.INPUT else None
    records, model = find_inputs(given, room, stage)
    return Inputs(
        label=stage.label,
        seed=args.seed or 0,
        records=records,
        model=model,
        earlier=stages_of(given),
        spend=Spend(args.ledger or out / "ledger.sqlite", args.max_usd, args.max_chars, confirmed=True),
        in_flight=args.in_flight,
    )


def find_inputs(given: str | None, room: Path, stage: Stage) -> tuple[Path | None, Path | None]:
    """Give (records.jsonl, model folder) for what the user named: a run, an artifact, records or any data file.

    A data file that does not hold hunmin's records is loaded first, into `room`/input.
    """
    if given is None:
        return None, None
    path = Path(given)
    if not path.exists():
        if "records" not in stage.INPUT and stage.OUTPUT != "records":
            return None, path  # a Hub id or tiny:llama
        raise UserError("no such file or folder", given, "Check the path.")
    artifact.verify_path(path)
    if path.is_dir():
        folders = artifact.stage_folders(path) or [path]
        records = artifact.newest(folders, "records")
        model = artifact.newest(folders, "model")
        if records is None and (path / artifact.RECORDS).is_file():
            records = path
        found = records / artifact.RECORDS if records else None
        if found is None and model is None:
            if "records" in stage.INPUT:
                raise UserError("the folder holds no finished records", given, "Name a run, an artifact or a file.")
            model = path
        if found is None and model is not None and (artifact.model_folder(model) / "config.json").is_file():
            models.check_files(model)  # a cut file is told before a process is started for it
        return found, model
    if holds_records(path):
        return path, None
    load = find_stage("load")
    folder = room / "input"
    options = {"path": str(path), "provides": _history_in(path)}
    manifest, how = execute(load, load.config(options), Inputs(label="load"), folder)
    if how == "made" and not progress.quiet:
        print("\n".join([f"loaded {given}:", *manifest["counts"]["notes"].get("terminal", ())]), file=sys.stderr)
    return folder / artifact.RECORDS, None


def stages_of(given: str | None) -> dict[str, Path]:
    """Give the finished stages of a run folder by label; empty for anything else."""
    folders = artifact.stage_folders(Path(given)) if given and Path(given).is_dir() else []
    return {f.name.split("-", 1)[1]: f for f in folders if artifact.read_manifest(f)}


LOOK = 1000  # rows of a file that are looked at


def _history_in(path: Path) -> list[str]:
    """Give the history keys (original, issues ...) of a file of records that has to be loaded for some of its rows."""
    if path.suffix != ".jsonl":
        return []
    found: set[str] = set()
    with path.open(encoding="utf-8", errors="replace") as file:
        for _, line in zip(range(LOOK), file, strict=False):
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                return []
            if not isinstance(row, dict):
                return []
            if own_records.fits(row):
                found |= {key for key in HISTORY if row.get(key)}
            elif names_texts(row.get("original")):  # another's chat or instruction row with its English beside it
                found.add("original")
            else:
                return []
    return [key for key in HISTORY if key in found]


def holds_records(path: Path) -> bool:
    """Tell whether a file holds hunmin's own records, not rows of another's that only look alike.

    Rows that `load` would read differently (a turn's `train: false`, a `system_prompt`) are not ours.
    """
    if path.suffix != ".jsonl":
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        for _, line in zip(range(LOOK), file, strict=False):
            try:
                row = json.loads(line)
                own = isinstance(row, dict) and "id" in row and "source" in row and not problems(row)
                if not own or own_records.read(row) != [row]:
                    return False
            except (json.JSONDecodeError, UserError):
                return False
    return True


Call = Callable[[str, Any, Inputs, Path], Counts]
"""Runs a stage, given by name, into a folder."""


def execute(stage: Stage, config: Any, inputs: Inputs, out: Path, call: Call = run.call_alone) -> tuple[Manifest, str]:
    """Run one stage into `out` with the same promises as in a run; give (manifest, "made" or "done before")."""
    with lock.writing(out):
        return _execute(stage, config, inputs, out, call)


def _execute(stage: Stage, config: Any, inputs: Inputs, out: Path, call: Call) -> tuple[Manifest, str]:
    wanted = made_with.alone(Step(stage, stage.label, config), inputs)
    manifest = artifact.read_manifest(out)
    if manifest is not None:
        artifact.verify(out, whole=True)
        made_with.same_or_error(out, manifest, wanted, "was made")
        return manifest, "done before"
    if not (out / made_with.STARTED).is_file():
        if strangers := lock.strangers(out):
            raise UserError(f"the folder holds {', '.join(strangers[:4])}", str(out), "Name a new folder.")
    made_with.begin(out, wanted)
    begun = time.monotonic()
    counts = call(stage.name, config, inputs, out)
    manifest = artifact.write_manifest(
        out,
        stage=stage.name,
        label=stage.label,
        output=stage.OUTPUT,
        config=wanted.config,
        seed=inputs.seed,
        inputs=wanted.finished(),
        counts=counts,
        seconds=time.monotonic() - begun,
    )
    return manifest, "made"
