"""The tiny bases that a recipe wants, pretrained before its first stage: no stage's time hides a pretraining."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from .. import tiny
from ..artifacts import progress
from ..text.language import translated as _
from .recipe import Recipe

PREFIX = "tiny:"
BUILD = "from hunmin import tiny; from hunmin.artifacts import progress; progress.quiet = {quiet}; tiny.build({arch!r})"


def wanted(recipe: Recipe) -> list[str]:
    """Give the architectures that a recipe names and that are not built on this machine."""
    names = {text for step in recipe.steps for text in _texts(step.config.model_dump()) if text.startswith(PREFIX)}
    arches = sorted(name.removeprefix(PREFIX) for name in names)
    return [arch for arch in arches if arch in tiny.ARCHES and not tiny.is_built(arch)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def build(recipe: Recipe, tell: Callable[[str], None]) -> None:
    """Pretrain what is wanted, each in a process of its own (its memory is free again), and tell how long it took."""
    for arch in wanted(recipe):
        begun = time.monotonic()
        code = BUILD.format(quiet=progress.quiet, arch=arch)
        subprocess.run([sys.executable, "-c", code], check=True)
        seconds = f"{time.monotonic() - begun:.1f}"
        tell(_("tiny:{arch} pretrained, once on this machine  {seconds} s").format(arch=arch, seconds=seconds))
