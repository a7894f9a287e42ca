"""lm-eval's index of tasks, with unknown names told; and those of its messages kept back that are no news to anyone."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...tables import did_you_mean
from . import BENCHMARKS


def task_manager(wanted: Sequence[str], include_path: Sequence[str]) -> Any:
    """Give lm-eval's index of tasks; its 6-second list of all shipped tasks is read only when it is needed.

    Raises UserError for unknown tasks, naming the nearest.
    """
    from lm_eval.tasks import TaskManager

    for folder in include_path:
        if not Path(folder).is_dir():
            raise UserError("no such folder", folder, "include_path names folders with task YAMLs.")
    paths = [str(Path(folder).resolve()) for folder in include_path]
    shipped = {name for name in wanted if name in BENCHMARKS}
    own = TaskManager(include_path=paths or None, include_defaults=False)
    if all(name in shipped or name in own.all_tasks for name in wanted):
        return own
    manager = TaskManager(include_path=paths or None)
    unknown = [name for name in wanted if name not in manager.all_tasks]
    if unknown:
        near = did_you_mean(unknown[0], manager.all_tasks)
        raise UserError(
            f"lm-eval knows no task '{unknown[0]}'{near}",
            "tasks",
            "`hunmin lm-eval ls tasks` lists them; your own YAMLs need include_path.",
        )
    return manager


class _Known(logging.Filter):
    """lm-eval's messages about what it then does without."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "not found in the evaluate library" not in record.getMessage()


def quiet() -> None:
    """Keep back those of lm-eval's messages that are no news to anyone: "f1 not found", and git's of no repository."""
    import lm_eval.evaluator as evaluator

    registry = logging.getLogger("lm_eval.api.registry")
    if not any(isinstance(f, _Known) for f in registry.filters):
        registry.addFilter(_Known())
    evaluator.get_git_commit_hash = lambda: None  # it lets git print "fatal: not a git repository"


@contextmanager
def silent() -> Iterator[None]:
    """Keep back all that lm-eval says while `evaluate` runs it: what matters of it is told in our words, and its bars
    ("Tokenizing inputs") count what ours count. Its errors pass."""
    import lm_eval.api.model
    import lm_eval.api.task
    import lm_eval.models.huggingface

    quiet()
    says = logging.getLogger("lm_eval")
    modules = (lm_eval.api.model, lm_eval.api.task, lm_eval.models.huggingface)
    kept = (says.level, [module.tqdm for module in modules])
    says.setLevel(logging.ERROR)
    for module in modules:
        module.tqdm = _no_bar(module.tqdm)
    try:
        yield
    finally:
        says.setLevel(kept[0])
        for module, bar in zip(modules, kept[1], strict=True):
            module.tqdm = bar


def _no_bar(bar: Any) -> Any:
    return lambda *words, **options: bar(*words, **{**options, "disable": True})
