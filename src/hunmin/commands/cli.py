"""Arguments to function calls: with the commands that talk, the only code that prints or exits.

Stage commands get their flags from the stage's Config. Nothing heavy is imported until a command needs it.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..artifacts import interrupt, progress
from ..errors import EXIT_INTERRUPTED, EXIT_WAITING, UserError
from ..stages import STAGES
from ..tables import did_you_mean
from ..text import language
from ..text.language import spoken
from ..text.language import translated as _
from ..text.writable import is_writable
from . import console
from .console import StagePrinter, add_common, confirm, parser_for, positive, prepare, print_estimates

RUNS = Path("runs")
MOST_TOLD = 8000  # characters of an error; a name in it may be of any length
NO_PLACE = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Name a place that you may read and write."),
    **dict.fromkeys((errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR), "Name another file or folder."),
}

COMMANDS = {
    "demo": "a tiny model memorises five Korean answers before your eyes: offline, about a minute",
    "run": "run a recipe, or continue its run",
    "validate": "all that a run checks: the recipe, files, keys, Hub access; --full prints every default",
    "show": "read the rows of an artifact or a file; --stats, --id",
    "report": "write a run's HTML page",
    "verify": "compare a run or a published folder with what was made: files, counts, inputs, rows, ledger",
    "compare": "put runs and published tables side by side",
    "review": "open the review page of a run",
    "chat": "talk to a model in the terminal",
    "serve": "serve a model to OpenAI clients",
    "lm-eval": "lm-eval's own command, with hunmin's scorer registered as --model hunmin",
    "init": "write a commented starter recipe",
    "recipes": "list the packaged recipes; with a name, print one",
    "doctor": "what this machine has: versions, devices, keys, disk",
    "help": "the help of a command: hunmin help run",
    "completion": "print a shell completion script",
    "version": "print the version",
}
# Commands that bring their own arguments: module:prefix, with add_arguments(parser) and main(args) -> exit code.
TALKING = {
    "validate": "hunmin.commands.validate",
    "demo": "hunmin.commands.demo",
    "verify": "hunmin.commands.verify",
    "compare": "hunmin.commands.compare",
    "review": "hunmin.commands.review",
    "chat": "hunmin.commands.chat",
    "serve": "hunmin.commands.serve",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; give its exit code (0, 2, 3, 4, 130)."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for out in (sys.stdout, sys.stderr):
        if hasattr(out, "reconfigure"):  # a terminal that is not UTF-8 shows escapes instead of failing
            out.reconfigure(errors="backslashreplace")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    progress.hush_libraries()
    try:
        if odd := [word for word in argv if not is_writable(word)]:
            raise UserError(f"a NUL or half of a surrogate pair in {odd[0]!r}"[:200], mend="No file has such a name.")
        return _dispatch(_with_language(argv))
    except UserError as error:
        told = console.in_words(error)
        print(told if len(told) <= MOST_TOLD else f"{told[:MOST_TOLD]} ... (cut)", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(_("interrupted; what was done is saved, the same command continues"), file=sys.stderr)
        return EXIT_INTERRUPTED
    except MemoryError:
        told = "the memory does not suffice. Take fewer or shorter rows at once, or a larger machine."
        print(spoken(told), file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        mend = NO_PLACE.get(error.errno or 0)
        if mend is not None:
            print(f"{str(error.filename or 'a file')[:300]}: {error.strerror}. {spoken(mend)}", file=sys.stderr)
            return 2
        if error.errno != errno.ENOSPC:
            raise
        print(
            f"the disk is full{f': {error.filename}' if error.filename else ''}. "
            "Free some space and run the same command again; what was written is kept.",
            file=sys.stderr,
        )
        return 2


def _with_language(argv: list[str]) -> list[str]:
    """Take --lang out of the words, wherever it stands, and set the language."""
    language.choose(None)
    rest, words = [], iter(argv)
    for word in words:
        if word != "--lang" and not word.startswith("--lang="):
            rest.append(word)
            continue
        name = word.removeprefix("--lang=") if "=" in word else next(words, "")
        if name not in language.LANGUAGES:
            raise UserError(f"--lang: expected {' or '.join(language.LANGUAGES)}, got '{name}'")
        language.choose(name)
    return rest


def entry() -> None:
    interrupt.leave(main())


def _help() -> str:
    width = max(len(c) for c in (*COMMANDS, *STAGES))
    lines = [
        f"hunmin {__version__}: {_('instruction data in, a measured, published Korean model out')}",
        "",
        _("usage: hunmin COMMAND ...      hunmin run quickstart"),
        "",
        _("commands:"),
        *(f"  {name:<{width}}  {_(what)}" for name, what in COMMANDS.items()),
        "",
        _("stages, each alone on plain files:  hunmin STAGE IN -o OUT --option value   (hunmin STAGE --help)"),
        f"  {' '.join(STAGES)}",
        "",
        _("exit codes: 0 done, 2 your error, 3 waiting for review, 4 stopped by budget or quota, 130 interrupted"),
        "--lang ko|en  한국어 / English",
    ]
    return "\n".join(lines)


def _dispatch(argv: list[str]) -> int:
    if len(argv) > 1 and argv[0] == "help":  # `hunmin help run` is `hunmin run --help`
        return _dispatch([argv[1], "--help"])
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    name, rest = argv[0], argv[1:]
    if name in ("--version", "-V", "version"):
        print(f"hunmin {__version__}")
        return 0
    if name == "lm-eval":
        from ..evaluation.benchmarks import lm_eval_model

        return lm_eval_model.main(rest)
    alone_too = name in STAGES and any(word in ("-o", "--out") or word.startswith("--out=") for word in rest)
    if name == "judge" and "--agreement" in rest and not alone_too:
        return _agreement(rest)
    if name in TALKING and not alone_too:  # `hunmin review RUN` is the page, `hunmin review IN -o OUT` the stage
        import importlib

        module = importlib.import_module(TALKING[name])
        parser = parser_for(name, _(COMMANDS[name]))
        module.add_arguments(parser)
        parse = parser.parse_intermixed_args if name == "validate" else parser.parse_args
        return module.main(parse(rest)) or 0
    if name in STAGES or ":" in name:
        from . import one_stage as alone

        return alone.main(name, rest)
    own = {
        "run": _run,
        "show": _show,
        "report": _report,
        "init": _init,
        "recipes": _recipes,
        "doctor": _doctor,
        "completion": _completion,
    }
    if name not in own:
        known = [*COMMANDS, *STAGES]
        raise UserError(f"unknown command '{name}'{did_you_mean(name, known)}", mend="See hunmin --help.")
    return own[name](rest)


# --- run, validate ---


def _run(argv: list[str]) -> int:
    parser = parser_for("run", COMMANDS["run"])
    parser.add_argument("recipe", help="a packaged recipe's name or a YAML file")
    parser.add_argument("overrides", nargs="*", metavar="label.key=value", help="options that replace the recipe's")
    parser.add_argument("--name", help="the run's name (default: the recipe's)")
    parser.add_argument("--runs", type=Path, default=RUNS, help="the folder of runs (default: runs)")
    parser.add_argument("--reuse", type=Path, metavar="RUN", help="link finished stages of another run that match")
    parser.add_argument("--dry-run", action="store_true", help="estimate only: change nothing, send nothing")
    parser.add_argument("--yes", "-y", action="store_true", help="spend without asking")
    parser.add_argument("--until", metavar="LABEL", help="stop after this stage")
    parser.add_argument("--scale", choices=("full", "tiny"), default="full", help="tiny rehearses offline on a CPU")
    parser.add_argument("--executor", choices=("local", "ray"), default="local", help="where shards run")
    parser.add_argument(
        "--shards",
        type=positive,
        help="shards of record stages (default: as many as pay on this machine)",
    )
    parser.add_argument("--in-flight", type=positive, default=8, help="paid requests under way at once")
    add_common(parser)
    args = parser.parse_intermixed_args(argv)
    prepare(args)
    from ..running import recipe as recipes
    from ..running import run, tiny_bases

    recipe = recipes.load(args.recipe, args.overrides)
    changes: list[str] = []
    if args.scale == "tiny":
        from ..running import rehearse

        recipe, changes = rehearse.tiny(recipe)
    if args.until and args.until not in [s.label for s in recipe.steps]:
        raise UserError(
            f"--until: no stage labelled '{args.until}'" + did_you_mean(args.until, [s.label for s in recipe.steps])
        )
    if args.name is not None and (fault := recipes.name_problem(args.name)):
        raise UserError(f"--name: {fault}")
    folder = args.runs / (args.name or recipe.name).replace("/", "-")
    if args.reuse and not args.reuse.is_dir():
        raise UserError("--reuse: no such run", str(args.reuse), "Give the folder of a run.")
    options = run.Options(
        confirm=lambda paid: confirm(paid, recipe, args.yes),
        reuse=args.reuse,
        executor=args.executor,
        shards=args.shards,
        in_flight=args.in_flight,
        until=args.until,
    )
    if args.dry_run:
        print_estimates(recipe.name, run.dry_run(recipe, folder, options), args.json)
        stops = run.obstacles(recipe, folder, args.until)
        if stops and not args.json:
            print(spoken("\n".join(["a run would stop before its first stage:", *(f"  {line}" for line in stops)])))
        return 0
    console.set_up_logging(folder / "run.log")
    if changes and not args.quiet:
        print(spoken(f"{recipe.name}: rehearsal at tiny size; what is replaced:"))
        print("\n".join(f"  {line}" for line in changes))
    if changes:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run.log").open("a", encoding="utf-8").write("\n".join(["rehearsal:", *changes]) + "\n")
    tiny_bases.build(recipe, lambda line: None if progress.quiet else print(f"      {line}", flush=True))
    printer = StagePrinter(len(recipe.steps), quiet=args.quiet or args.json)
    try:
        outcomes = run.execute(recipe, folder, options, printer)
    except UserError as error:
        if args.json and error.exit_code == EXIT_WAITING:
            told = {"run": str(folder), "waits_for": error.what, "where": error.where, "mend": error.mend}
            print(json.dumps({**told, "exit_code": error.exit_code}, ensure_ascii=False))
        raise
    from ..report import page as report

    page = report.write(folder)
    if args.json:
        print(
            json.dumps(
                {
                    "run": str(folder),
                    "report": str(page),
                    "stages": [
                        {"label": o.label, "how": o.how, **{k: o.manifest[k] for k in ("counts", "seconds")}}
                        for o in outcomes
                    ],
                },
                ensure_ascii=False,
                default=str,
            )
        )
        return 0
    if all(o.how == "done before" for o in outcomes):
        upto = f" up to {args.until}" if args.until else ""
        print(spoken(f"{folder}: everything{upto} is done; nothing was run"))
    for line in report.score_lines(folder):
        print(line)
    print(_("report: {path}").format(path=page))
    return 0


def _agreement(argv: list[str]) -> int:
    parser = parser_for("judge --agreement", "measure the judge itself against human labels")
    parser.add_argument("scores", type=Path, help="a judge artifact, its documents.jsonl or a run")
    parser.add_argument("--agreement", type=Path, required=True, metavar="HUMAN", help="human labels, JSONL")
    add_common(parser)
    args = parser.parse_args(argv)
    from ..evaluation.judging import agreement

    found = agreement.report(args.scores, args.agreement)
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        return print_estimates("agreement of judge and people", list(found.items()), False, measured=True)
    return 0


# --- reading ---


def _show(argv: list[str]) -> int:
    from . import show

    parser = parser_for("show", COMMANDS["show"])
    show.add_arguments(parser)
    add_common(parser)
    args = parser.parse_args(argv)
    prepare(args)
    return show.main(args)


def _report(argv: list[str]) -> int:
    parser = parser_for("report", COMMANDS["report"])
    parser.add_argument("run", type=Path, help="the folder of a run")
    parser.add_argument("-o", "--out", type=Path, help="the page (default: RUN/report.html)")
    add_common(parser)
    args = parser.parse_args(argv)
    from ..artifacts.artifact import RESOLVED
    from ..report import page as report

    if not (args.run / RESOLVED).is_file():
        raise UserError("no such run", str(args.run), "Give the folder of a run, for example runs/quickstart.")
    page = report.write(args.run, args.out)
    print(json.dumps({"report": str(page)}) if args.json else page)
    return 0


def _recipes(argv: list[str]) -> int:
    parser = parser_for("recipes", COMMANDS["recipes"])
    parser.add_argument("name", nargs="?", help="print this recipe, with its comments")
    parser.add_argument("--json", action="store_true", help="print {name: what it is} as JSON")
    args = parser.parse_args(argv)
    from ..running import recipe as recipes

    if args.name:
        print(recipes.find(args.name).read_text(encoding="utf-8"), end="")
        return 0
    found = {}
    for name in recipes.packaged_names():
        lines = recipes.find(name).read_text(encoding="utf-8").splitlines()
        found[name] = next((line.lstrip("# ").strip() for line in lines if line.startswith("#")), "")
    print(json.dumps(found, ensure_ascii=False) if args.json else "\n".join(f"{n:<28} {w}" for n, w in found.items()))
    return 0


def _init(argv: list[str]) -> int:
    parser = parser_for("init", COMMANDS["init"])
    parser.add_argument("path", type=Path, nargs="?", default=Path("recipe.yaml"), help="default: recipe.yaml")
    parser.add_argument("--from", dest="base", default="starter", help="a packaged recipe to copy (default: starter)")
    args = parser.parse_args(argv)
    from ..running import recipe as recipes

    if args.path.exists():
        raise UserError("the file exists", str(args.path), "Choose another name; nothing was overwritten.")
    if not args.path.parent.is_dir():
        raise UserError("no such folder", str(args.path.parent), "Make it first, or choose another place.")
    args.path.write_text(recipes.find(args.base).read_text(encoding="utf-8"), encoding="utf-8")
    print(spoken(f"{args.path}: written. Check it with: hunmin validate {args.path}"))
    return 0


def _doctor(argv: list[str]) -> int:
    parser = parser_for("doctor", COMMANDS["doctor"])
    add_common(parser)
    args = parser.parse_args(argv)
    from . import doctor

    rows = doctor.look()
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for group, found in rows.items():
            print(group)
            for key, value in found.items():
                print(f"  {key:<24} {value}")
    return 0


def _completion(argv: list[str]) -> int:
    from . import completion

    return completion.main(argv, COMMANDS["completion"], COMMANDS)


if __name__ == "__main__":
    entry()
