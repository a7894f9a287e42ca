"""One stage alone on plain files: `hunmin STAGE IN -o OUT --option value`.

The output folder is an artifact like any other: finished work is not done again, an unfinished one continues, other
options or input are refused.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..artifacts.artifact import Inputs, Spend
from ..artifacts.record import problems
from ..artifacts.rows import Identity, Manifest
from ..errors import UserError
from ..running import run
from ..stages import STAGES
from ..tables import resolve
from .console import StagePrinter, add_common, confirm, parser_for, positive, prepare, print_estimates, set_up_logging
from .flags import add_flags, config_from


def main(name: str, argv: list[str]) -> int:
    module = resolve(STAGES, name, "stage")
    parser = parser_for(name, (module.__doc__ or "").strip().split("\n")[0])
    parser.add_argument(
        "input",
        nargs="?" if name in ("load", "mix") or module.INPUT in (None, "model?", "records?") else None,
        help="records.jsonl, an artifact or run folder, or any file `load` reads"
        if module.INPUT == "records"
        else "input artifact, run or file",
    )
    parser.add_argument("-o", "--out", type=Path, help="the folder to make")
    parser.add_argument("--dry-run", action="store_true", help="estimate only")
    parser.add_argument("--yes", "-y", action="store_true", help="spend without asking")
    parser.set_defaults(max_usd=None, max_chars=None, ledger=None, in_flight=8)
    if hasattr(module, "paid"):
        parser.add_argument("--max-usd", type=float, help="stop before spending more")
        parser.add_argument("--max-chars", type=int, help="stop before sending more characters")
        parser.add_argument("--ledger", type=Path, help="a shared ledger file (default: OUT/ledger.sqlite)")
        parser.add_argument("--in-flight", type=positive, default=8, help="paid requests under way at once")
    if name in ("sft", "dpo"):
        parser.add_argument(
            "--preview", type=int, nargs="?", const=3, metavar="N", help="print N rows as they are trained"
        )
    if "seed" not in module.Config.model_fields:
        parser.add_argument("--seed", type=int, default=0, help="the recipe's seed this stage's own derives from")
    add_common(parser)
    add_flags(parser.add_argument_group("options"), module.Config)
    args = parser.parse_args(argv)
    prepare(args)
    if name in ("load",) and args.input and not args.opt_path and not args.opt_hub:
        args.opt_path = args.input
    config = config_from(module.Config, name, args)
    problems = module.check(config) if hasattr(module, "check") else []
    if problems:
        raise UserError("\n".join(f"hunmin {name}: {p}" for p in problems))
    preview = getattr(args, "preview", None)
    if args.out is None and not args.dry_run and preview is None:
        raise UserError(f"hunmin {name}: -o OUT is missing", mend="Name the folder to make.")
    out = args.out or Path("out")
    given = None if name == "load" else args.input
    records, model = find_inputs(given, out, module, dry=args.dry_run or preview is not None)
    spend = Spend(args.ledger or out / "ledger.sqlite", args.max_usd, args.max_chars, confirmed=True)
    inputs = Inputs(
        label=name,
        seed=getattr(args, "seed", 0) or 0,
        records=records,
        model=model,
        earlier=stages_of(given),
        spend=spend,
        in_flight=args.in_flight,
    )
    if preview is not None:
        from ..train import preview as previews

        print(previews.preview(config, inputs, preview))
        return 0
    if args.dry_run:
        own = getattr(module, "estimate", None)
        return print_estimates(name, [(name, own(config, inputs) if own else {})], args.json)
    paid = getattr(module, "paid", None)
    if paid and paid(config):
        if args.max_usd is None and args.max_chars is None:
            raise UserError(f"hunmin {name} spends money or quota", mend="Give --max-usd or --max-chars.")
        own = getattr(module, "estimate", None)
        if not confirm([(name, own(config, inputs) if own else {})], spend, args.yes):
            raise UserError("not confirmed, nothing was sent", mend="Add --yes to spend without asking.")
    set_up_logging(out / "run.log")
    manifest, how = execute(name, module, config, inputs, out)
    if args.json:
        print(json.dumps({"out": str(out), "how": how, "counts": manifest["counts"]}, ensure_ascii=False, default=str))
        return 0
    StagePrinter(1, args.quiet)(name, how, manifest)
    if how == "done before":
        print(f"{out}: done before with the same options; nothing was run")
    else:
        print(f"{out}")
    return 0


def find_inputs(given: str | None, out: Path, module: Any, dry: bool) -> tuple[Path | None, Path | None]:
    """Give (records.jsonl, model folder) for what the user named: a run, an artifact, records or any data file.

    A data file that does not hold hunmin's records is loaded first, into OUT/input (a temporary folder when `dry`).
    """
    if given is None:
        return None, None
    path = Path(given)
    if not path.exists():
        if module.INPUT != "records" and module.OUTPUT != "records":
            return None, path  # a Hub id or tiny:llama
        raise UserError("no such file or folder", given, "Check the path.")
    if path.is_dir():
        folders = artifact.stage_folders(path) or [path]
        records = artifact.newest(folders, "records")
        model = artifact.newest(folders, "model")
        if records is None and (path / artifact.RECORDS).is_file():
            records = path
        found = records / artifact.RECORDS if records else None
        if found is None and model is None:
            if module.INPUT == "records":
                raise UserError("the folder holds no finished records", given, "Name a run, an artifact or a file.")
            model = path
        return found, model
    if holds_records(path):
        return path, None
    from ..stages import load

    config = load.Config(path=str(path))
    if dry:
        import tempfile

        folder = Path(tempfile.mkdtemp(prefix="hunmin-"))
    else:
        folder = out / "input"
    manifest, _ = execute("load", load, config, Inputs(label="load"), folder)
    return folder / artifact.RECORDS, None


def stages_of(given: str | None) -> dict[str, Path]:
    """Give the finished stages of a run folder by label; empty for anything else."""
    folders = artifact.stage_folders(Path(given)) if given and Path(given).is_dir() else []
    return {f.name.split("-", 1)[1]: f for f in folders if artifact.read_manifest(f)}


def holds_records(path: Path) -> bool:
    if path.suffix != ".jsonl":
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        for _, line in zip(range(3), file, strict=False):
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                return False
            if not isinstance(row, dict) or "id" not in row or "source" not in row or problems(row):
                return False
    return True


def execute(name: str, module: Any, config: Any, inputs: Inputs, out: Path) -> tuple[Manifest, str]:
    """Run one stage into `out` with the same promises as in a run; give (manifest, "made" or "done before")."""
    hashes = {}
    if inputs.records is not None and inputs.records.is_file():
        hashes["records"] = artifact.sha256_file(inputs.records)[:16]
    if inputs.model is not None and inputs.model.is_dir():
        hashes["model"] = artifact.content_hash(inputs.model, "model")
    step = run.Step(name, name, module, config)
    hashes.update(artifact.file_hashes(run.local_files(step)))
    dumped = config.model_dump(mode="json")
    wanted: Identity = {
        "stage": name,
        "config": dumped,
        "config_hash": artifact.hash_of([name, dumped, inputs.seed]),
        "inputs": hashes,
    }
    manifest = artifact.read_manifest(out)
    if manifest is not None:
        run.same_or_error(out, manifest, wanted, "was made")
        return manifest, "done before"
    if not (out / run.STARTED).is_file():
        strangers = (
            [p.name for p in out.iterdir() if p.name not in ("run.log", "input", "ledger.sqlite")]
            if out.is_dir()
            else []
        )
        if strangers:
            raise UserError(f"the folder holds {', '.join(sorted(strangers)[:4])}", str(out), "Name a new folder.")
    run.begin(out, wanted)
    begun = time.monotonic()
    counts = run.call_alone(name, config, inputs, out)
    manifest = artifact.write_manifest(
        out,
        stage=name,
        label=name,
        output=module.OUTPUT,
        config=dumped,
        seed=inputs.seed,
        inputs=hashes,
        counts=counts,
        seconds=time.monotonic() - begun,
    )
    return manifest, "made"
