"""A data set or a model to the Hugging Face Hub, with a card made of the run's own facts; private unless asked.

Before anything leaves: the sources' licences and the generators' terms are compared with the licence of the whole, and
every text is scanned for keys, e-mail addresses and resident registration numbers. Without `repo`, or with
`upload: false`, the folder is written and nothing is sent.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import create_model

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.rows import Estimate
from ..errors import UserError
from ..formats import FORMATS
from ..options import Options, opt

READS: tuple[str, ...] = ()
EDITS: tuple[str, ...] = ()
ADDS: tuple[str, ...] = ()
KIND = "model"  # in a child process: huggingface_hub reads its settings once, at import
INPUT = ("all", "records?", "model?")
OUTPUT = "scores"  # it leaves neither records nor a model for later stages

log = logging.getLogger("hunmin")

REPO = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?/[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?", re.ASCII)
FOLDER = "hub"


class _Options(Options):
    what: Literal["records", "model"] = opt(..., "What is published: records (a data set) or model.")
    repo: str | None = opt(None, "owner/name on the Hub; null only writes the folder.")
    upload: bool = opt(True, "false writes the folder, card included, and sends nothing.")
    private: bool = opt(True, "Visible to you alone; a public repository is then refused.")
    weights: Literal["auto", "adapter", "merged", "both"] = opt(
        "auto", "model: the adapter, the merged weights, or both; auto = merged if there are any."
    )
    license: str = opt("", "Licence of what is published; empty = as strict as the strictest that went in.")
    base_license: str = opt("", "model: the base's licence, where hunmin does not know it.")
    accept: list[str] = opt(
        [], "Conflicts you looked at and answer for, by code: unknown-licence, noncommercial, share-alike, own-terms, "
        "no-derivatives, no-redistribution, generator-terms."
    )  # fmt: skip
    sensitive: Literal["refuse", "redact", "allow"] = opt(
        "refuse", "Keys, e-mail addresses, resident numbers in the texts: refuse to upload, redact them, or allow."
    )
    format: str = opt(
        "records", f"records: the columns of the rows: records, or {', '.join(f for f in FORMATS if f != 'records')}."
    )
    history: bool = opt(True, "records: keep originals, issues, repairs and ratings in one JSON column.")
    title: str = opt("", "Name on the card; empty = the repository's or the recipe's.")
    about: str = opt("", "First paragraph of the card; empty = made from the facts.")
    citation: str = opt("", "BibTeX entry for the card; empty = a plain one.")
    languages: list[str] = opt(["ko"], "Language codes for the card.")
    card_language: Literal["en", "ko"] = opt("en", "Language of the card's own words.")


# `from` is fixed in the recipe's interface and a keyword of Python, so the class statement cannot hold it.
_FROM: dict[str, Any] = {
    "from": (str, opt("", "Label of the stage whose artifact is published; empty = the newest of its kind."))
}
Config = create_model("Config", __base__=_Options, __module__=__name__, **_FROM)


def check(config: Any) -> list[str]:
    """Give what is wrong with the options."""
    from ..publishing.licences import licence

    found = []
    if config.repo is not None and not REPO.fullmatch(config.repo):
        found.append(f"repo '{config.repo}' is no repository name; write owner/name.")
    if config.format not in FORMATS:
        found.append(f"format '{config.format}' is unknown; known are {', '.join(FORMATS)}.")
    for name in ("license", "base_license"):
        value = getattr(config, name)
        if value and value != "other" and not licence(value).known:
            found.append(f"{name} '{value}' is not in the table of licences; write its Hub id, or other.")
    unknown = set(config.accept) - CODES
    if unknown:
        found.append(f"accept: unknown {', '.join(sorted(unknown))}; codes: {', '.join(sorted(CODES))}.")
    return found


CODES = {
    "unknown-licence",
    "noncommercial",
    "share-alike",
    "own-terms",
    "no-derivatives",
    "no-redistribution",
    "generator-terms",
}


def estimate(config: Any, inputs: Inputs) -> Estimate:
    """Say where it would go; nothing is asked of the Hub."""
    if not config.repo or not config.upload:
        return {"uploads": False, "folder": FOLDER}
    return {"uploads": True, "repo": config.repo, "private": config.private, "needs": "HF_TOKEN or `hf auth login`"}


def run(config: Any, inputs: Inputs, out: Path) -> Counts:
    """Write OUT/hub with the card; upload it when a repo is named."""
    from ..publishing import folders

    written = folders.write(config, inputs, out / FOLDER)
    sends = bool(config.repo and config.upload)
    refusals = written.refusals(config)
    for line in refusals:
        log.warning("%s: %s", inputs.label, line)
    if sends and refusals:
        raise UserError(
            "not published:\n  " + "\n  ".join(refusals),
            inputs.label,
            f"Look at {out / FOLDER}/README.md; then change the data or license:, or name the codes you answer for in "
            "accept:, or set sensitive: redact.",
        )
    notes = written.notes()
    if refusals:
        notes["notice"] = refusals
    if sends:
        from ..clients import hub

        kind: Literal["dataset", "model"] = "dataset" if config.what == "records" else "model"
        message = f"{written.name}, made with hunmin"
        notes["uploaded"] = hub.upload(
            out / FOLDER,
            config.repo,
            what=kind,
            private=config.private,
            message=message,
        )
        notes["headline"] = notes["uploaded"]["url"]
    else:
        notes["headline"] = f"{written.n_files} files in {FOLDER}/, not uploaded"
    return Counts(written.n, written.n, {}, notes)
