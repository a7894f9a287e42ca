"""`hunmin validate RECIPE`: all that a run checks before its first stage, the verdict first."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..errors import UserError
from ..text.language import spoken
from .console import add_common, prepare


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", help="a packaged recipe's name or a YAML file")
    parser.add_argument("overrides", nargs="*", metavar="label.key=value", help="options that replace the recipe's")
    parser.add_argument("--scale", choices=("full", "tiny"), default="full", help="tiny checks the rehearsal")
    parser.add_argument("--offline", action="store_true", help="do not look models and data sets up on the Hub")
    parser.add_argument("--full", action="store_true", help="print the recipe with every default too")
    add_common(parser)


def main(args: argparse.Namespace) -> int:
    prepare(args)
    import yaml

    from ..running import needs, run
    from ..running import recipe as recipes

    recipe = recipes.load(args.recipe, args.overrides)
    if args.scale == "tiny":
        from ..running import rehearse

        recipe, _ = rehearse.tiny(recipe)
    found = run.obstacles(recipe, Path("runs") / recipe.name.replace("/", "-"), None)
    found += [] if args.offline else needs.no_access(recipe.steps)
    full = recipes.resolved(recipe)
    if args.json:
        told = {"recipe": str(recipe.path), "stages": len(recipe.steps), "problems": found}
        print(json.dumps({**told, "resolved": yaml.safe_load(full)}, ensure_ascii=False))
        return 2 if found else 0
    if found:
        n = f"{len(found)} thing{'s are' if len(found) > 1 else ' is'} missing"
        verdict = f"{recipe.path}: {len(recipe.steps)} stages, not ready: {n} (the recipe itself is in order)"
        raise UserError("\n".join([verdict, *(f"  {line}" for line in found)]))
    asked = sorted({f"{step.label} ({', '.join(needs.network(step))})" for step in recipe.steps if needs.network(step)})
    print(spoken(f"{recipe.path}: {len(recipe.steps)} stages, ready to run"))
    if asked and not args.quiet:
        print(spoken("the network is asked by " + "; ".join(asked)))
    if args.full:
        print(full, end="")
    return 0
