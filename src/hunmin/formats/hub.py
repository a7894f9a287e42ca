"""Rows of a dataset on the Hub (or a local dataset folder) through the genuine `datasets` library.

Sockets are opened by `datasets` and `huggingface_hub`, never by us; a token comes from HF_TOKEN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..artifacts.rows import Notes
from ..errors import UserError
from ..tables import did_you_mean
from .files import Located

COMMIT = re.compile(r"@([0-9a-f]{40})/")  # in the addresses of the files a dataset was made from


def read_hub(
    name: str, revision: str | None, split: str | None, subset: str | None = None, notes: Notes | None = None
) -> Iterator[Located]:
    """Yield (where, row) of one split, in order. `split` None takes the only one, or train.

    `notes` is told which split and commit was read.

    Raises UserError without network, for an unknown dataset, revision, subset or split, and for a dataset that needs
    a loading script (`datasets` no longer runs code from the Hub).
    """
    dataset = open_split(name, revision, split, subset, notes)
    where = f"{name}@{revision}" if revision else name
    for i, row in enumerate(dataset, 1):
        yield f"{where}: row {i}", row


def open_split(
    name: str, revision: str | None, split: str | None, subset: str | None, notes: Notes | None = None
) -> Any:
    """Give the datasets.Dataset of one split; `notes` is told split and commit."""
    import datasets

    datasets.disable_progress_bars()
    if revision and Path(name).exists():
        raise UserError(f"'{name}' is a folder here, which has no revision", "load.revision", "Leave revision out.")
    try:
        builder = datasets.load_dataset_builder(name, subset, revision=revision)
        splits = list(builder.info.splits or builder.config.data_files or ())
        wanted = split or (next(iter(splits)) if len(splits) == 1 else "train")
        base = wanted.split("[")[0]
        if splits and base not in splits and "+" not in wanted:
            known = ", ".join(splits)
            raise UserError(f"no split '{base}'{did_you_mean(base, splits)}", name, f"It has: {known}.")
        if notes is not None:
            notes["split"] = wanted
            files = [str(f) for found in (builder.config.data_files or {}).values() for f in found]
            commits = {found[1] for f in files if (found := COMMIT.search(f))}
            if commits:
                notes["revision"] = sorted(commits)[0]
        return datasets.load_dataset(name, subset, revision=revision, split=wanted)
    except UserError:
        raise
    except Exception as error:  # every failure of the library becomes what, where, mend; the cause is chained
        raise explain(error, name, revision) from error


def explain(error: Exception, name: str, revision: str | None) -> UserError:
    text = " ".join(str(error).split())[:300]
    where = f"{name}@{revision}" if revision else name
    kind = type(error).__name__
    if "script" in text.lower():
        mend = "Set revision: refs/convert/parquet (the Hub's own conversion), or download the files and use path:."
        return UserError("the dataset needs a loading script, which `datasets` no longer runs", where, mend)
    if "Config name is missing" in text or "BuilderConfig" in text:
        return UserError(text, where, "Name one: subset: <name>.")
    offline = ("ConnectionError", "OfflineModeIsEnabled", "ConnectError", "ConnectTimeout", "LocalEntryNotFoundError")
    if kind in offline or "offline" in text.lower() or "Couldn't reach" in text:
        mend = "Connect, unset HF_HUB_OFFLINE, or download the dataset once and use path:."
        return UserError(f"the Hub cannot be reached: {text}", where, mend)
    if kind == "RevisionNotFoundError" or "revision" in text.lower():
        return UserError(f"no such revision: {text}", where, "Name a branch, tag or commit of the dataset.")
    if kind in ("DatasetNotFoundError", "RepositoryNotFoundError", "GatedRepoError") or isinstance(
        error, FileNotFoundError
    ):
        return UserError(text, where, "Check the id; a private or gated dataset needs HF_TOKEN and accepted terms.")
    return UserError(f"{kind}: {text}", where, "The message is that of `datasets`.")
