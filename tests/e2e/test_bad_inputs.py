"""At least 400 bad inputs: exit 2 or 4, in three parts, no traceback, soon, and no file damaged."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from hunmin.commands import cli
from tests.e2e.bad_inputs import cases

SEED = int(os.environ.get("BAD_INPUTS_SEED", "0"))
SECONDS = 40.0  # 10 on a free machine; other tests run beside this one


def meet(name, build, folder: Path, capsys, monkeypatch) -> str | None:
    """Give what is wrong with how one bad input was met; None when all is well."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    words = build(folder, random.Random(SEED))
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    capsys.readouterr()
    begun = time.monotonic()
    try:
        code = cli.main(words)
    except SystemExit as left:
        code = left.code
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    said = capsys.readouterr().err
    seconds = time.monotonic() - begun
    if code not in (2, 4):
        return f"exit {code}: {said[-200:]}"
    if seconds > SECONDS:
        return f"{seconds:.1f} s"
    if "Traceback" in said or len(said.strip().split()) < 4:
        return f"said {said[-300:]!r}"
    if len(said) > 20_000:
        return f"said {len(said):,} characters"
    changed = [p.name for p, raw in before.items() if not p.is_file() or p.read_bytes() != raw]
    return f"changed {changed}" if changed else None


@pytest.mark.parametrize("part", range(8))
def test_a_sample_of_bad_inputs(part, tmp_path, capsys, monkeypatch):
    sample = random.Random(SEED).sample(cases(SEED, light=True), 160)[part::8]
    faults = {
        name: told
        for i, (name, build) in enumerate(sample)
        if (told := meet(name, build, tmp_path / str(i), capsys, monkeypatch))
    }
    assert not faults


@pytest.mark.slow
def test_every_bad_input(tmp_path, capsys, monkeypatch):
    every = cases(SEED)
    assert len(every) >= 400 and len({name for name, _ in every}) == len(every)
    faults = {}
    for i, (name, build) in enumerate(every):
        told = meet(name, build, tmp_path / str(i), capsys, monkeypatch)
        if told:
            faults[name] = told
    assert not faults, "\n".join(f"{name}: {told}" for name, told in faults.items())
