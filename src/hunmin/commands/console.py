"""What commands share at the terminal: parsers that answer in three parts, stage lines, estimates, the one question."""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import re
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..artifacts import progress
from ..artifacts.rows import Estimate
from ..errors import UserError
from ..tables import did_you_mean
from ..text.language import spoken
from ..text.language import translated as _


class Parser(argparse.ArgumentParser):
    """argparse whose words are hunmin's: errors in three parts, help in the language chosen."""

    def format_usage(self) -> str:
        return self._in_words(super().format_usage)

    def format_help(self) -> str:
        return self._in_words(super().format_help)

    def _in_words(self, make: Callable[[], str]) -> str:
        for group in self._action_groups:
            group.title = _(group.title or "") if group.title else group.title
        for action in self._actions:
            if isinstance(action.help, str) and action.help is not argparse.SUPPRESS:
                action.help = spoken(action.help.replace("%%", "%")).replace("%", "%%")
        return make().replace("usage: ", _("usage: "), 1)

    def error(self, message: str) -> typing.NoReturn:
        message = message.replace(", label.key=value", "")  # argparse counts the optional overrides among the required
        known = [o for a in self._actions for o in a.option_strings]
        unknown = [w.split("=")[0] for w in message.split() if w.startswith("--")]
        hint = did_you_mean(unknown[0], known) if unknown and "unrecognized" in message else ""
        raise UserError(f"{self.prog}: {message}{hint}", mend=f"See {self.prog} --help.")


def in_words(error: UserError) -> str:
    """Give an error in the language chosen: where stays as it is, what and mend are looked up."""
    return str(UserError(spoken(error.what), error.where, spoken(error.mend)))


def parser_for(name: str, about: str) -> argparse.ArgumentParser:
    return Parser(prog=f"hunmin {name}", description=spoken(about), allow_abbrev=False)


def positive(text: str) -> int:
    """Read a number from 1 on."""
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got {text!r}")
    return int(text)


def amount(text: str) -> float:
    """Read a finite number from 0 on."""
    from ..options import number_problem

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if told := number_problem(value):
        raise argparse.ArgumentTypeError(f"{told}, got {text!r}")
    return value


def whole(text: str) -> int:
    """Read a whole number from 0 on."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


def add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress, results and errors only")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def colours(stream: Any = None) -> bool:
    """Tell whether a stream shows colours: a terminal, and NO_COLOR is not set (https://no-color.org)."""
    stream = sys.stdout if stream is None else stream
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR")


def painted(text: str) -> str:
    """Give text as standard output takes it: without colours, what was green or red stands in guillemets instead."""
    if colours():
        return text
    text = re.sub(r"\x1b\[(?:32|1;37;41)m(.*?)\x1b\[0m", r"«\1»", text)
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def prepare(args: argparse.Namespace) -> None:
    progress.quiet = args.quiet or args.json


class _InWords(logging.Formatter):
    """A terminal's lines in the language chosen; run.log stays English."""

    def format(self, record: logging.LogRecord) -> str:
        return spoken(super().format(record))


def set_up_logging(path: Path | None) -> None:
    logger = logging.getLogger("hunmin")
    logger.setLevel(logging.INFO)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = False
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            told = f"the folder cannot be made: {error.strerror}"
            raise UserError(told, str(path.parent), "Name a folder that you may write to.") from error
        file = logging.FileHandler(path, encoding="utf-8")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(file)
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    terminal.setFormatter(_InWords("%(message)s"))
    logger.addHandler(terminal)


class StagePrinter:
    def __init__(self, n: int, quiet: bool):
        self.n, self.quiet, self.at = n, quiet, 0

    def __call__(self, label: str, event: str, detail: Any) -> None:
        if event == "start":
            return
        self.at += 1
        if self.quiet:
            return
        counts = detail["counts"]
        told = _("{n} kept").format(n=f"{counts['n_kept']:,}") if counts["n_in"] else ""
        if counts["n_dropped"]:
            reasons = ", ".join(f"{k} {v:,}" for k, v in counts["dropped"].items())
            told += ", " + _("{n} dropped ({reasons})").format(n=f"{counts['n_dropped']:,}", reasons=reasons)
        how = "" if event == "made" else f"[{_(event)}] "
        seconds = f"{detail['seconds']:.1f} s" if event == "made" else ""
        headline = spoken(counts["notes"].get("headline") or "")
        words = "; ".join(w for w in (told, headline) if w)
        print(f"{self.at:>2}/{self.n} {label:<14} {how}{words}  {seconds}".rstrip(), flush=True)
        for line in counts["notes"].get("terminal") or ():
            print(f"      {spoken(line)}")


def confirm(paid: list[tuple[str, Estimate]], recipe: Any, yes: bool) -> bool:
    print(_("This run spends money or quota:"), file=sys.stderr)
    for label, row in paid:
        print(f"  {label}: {bill(row)}", file=sys.stderr)
    limits = [f"{k} {v}" for k, v in (("max_usd", recipe.max_usd), ("max_chars", recipe.max_chars)) if v is not None]
    print(spoken(f"  limit: {', '.join(limits)}"), file=sys.stderr)
    if yes:
        return True
    if not sys.stdin or not sys.stdin.isatty():
        return False
    return input(_("Go on? [y/N] ")).strip().lower() in ("y", "yes", "네", "예")


def bill(row: Estimate) -> str:
    """Give what a paid stage would send and cost, as a person reads it."""
    told = []
    if row.get("records") is not None:
        told.append(f"{row['records']:,} records")
    sent = next((row[k] for k in ("characters_sent_at_most", "chars") if row.get(k) is not None), None)
    if sent is not None:
        told.append(f"at most {sent:,} characters")
    requests = next((row[k] for k in ("requests", "units") if row.get(k) is not None), None)
    if requests is not None and sent is None:
        told.append(f"{requests:,} requests")
    if not told:
        told.append("how much is not known before its input is made")
    told.append(price(row["usd"]) if row.get("usd") is not None else "price not known")
    return ", ".join(map(spoken, told))


def price(usd: float) -> str:
    """Give an amount of US dollars: free, under a cent, or about so much."""
    if usd == 0:
        return "free"
    return "under 0.01 USD" if usd < 0.01 else f"about {usd:,.2f} USD"


def show_figure(key: str, value: Any) -> str:
    """Give a figure of an estimate as a person reads it: no `None`, no hours rounded to nothing."""
    if value is None:
        return "not known"
    if key == "usd":
        return price(value)
    if key == "gpu_hours":
        seconds = value * 3600
        return f"{value:,.1f}" if value >= 0.1 else f"under 0.1 (about {max(1, round(seconds)):,} s)"
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return show_value(value)


def show_value(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return json.dumps(value, ensure_ascii=False, default=str)


def print_estimates(name: str, rows: list[tuple[str, Estimate]], as_json: bool, measured: bool = False) -> int:
    if as_json:
        print(json.dumps([{"stage": label, **row} for label, row in rows], ensure_ascii=False, default=str))
        return 0
    print(f"{name}:" if measured else spoken(f"{name}: estimate; nothing was sent or changed"))
    for label, row in rows:
        print(f"  {label}")
        for key, value in row.items():
            if isinstance(value, dict):
                print(f"    {key}:")
                for inner, v in value.items():
                    print(f"      {inner}: {spoken(show_figure(inner, v))}")
            else:
                print(f"    {key}: {spoken(show_figure(key, value))}")
    return 0
