"""Where shards run: processes of this machine, or plain Ray tasks. Calls in, outcomes out in the same order.

No scheduler of our own: ProcessPoolExecutor raises at once when a worker dies, and Ray retries a task whose worker or
node was lost (datatrove's executors hang on both). An outcome is None where the worker died each time.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from .. import PACKAGE
from ..artifacts import lock
from ..artifacts.rows import ShardSpec
from ..errors import EXIT_INTERRUPTED, UserError

log = logging.getLogger("hunmin")

EXECUTORS = {"local": "hunmin.running.executors:local", "ray": "hunmin.running.executors:on_ray"}
TRIES = 3


class Outcome(TypedDict):
    """What became of one task: done, a UserError to raise again, or the text of what went wrong."""

    error: str | None
    given: NotRequired[tuple[str, str, str, int]]
    text: NotRequired[str]


"""{"error": None}, {"error": "user", "given": [...]} or {"error": "failed", "text": ...}"""
Call = tuple[str, ShardSpec]
"""(task, spec); spec["part"] is the shard's folder."""
Work = Callable[[str, ShardSpec], Outcome]


def usable_processors() -> int:
    """Give how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def end_with_parent(_: lock.Inherited) -> None:
    """End this worker when the process that called it is gone; until then it holds the folder's lock as well."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch(parent: Any = parent) -> None:
            parent.join()
            os._exit(EXIT_INTERRUPTED)

        threading.Thread(target=watch, daemon=True).start()


def local(work: Work, calls: Sequence[Call], tick: Callable[..., None]) -> list[Outcome | None]:
    """Run in processes of this machine; after a worker died, each missing shard gets a process of its own."""
    from multiprocessing import get_context

    if os.name == "posix":
        context: Any = get_context("forkserver")
        context.set_forkserver_preload([work.__module__])  # imported once, not by each worker
    else:
        context = get_context("spawn")
    workers = usable_processors()
    outcomes: list[Outcome | None] = [None] * len(calls)
    todo = list(range(len(calls)))
    for attempt in range(TRIES):
        if not todo:
            break
        groups = [todo] if attempt == 0 else [[i] for i in todo]  # alone: a shard that kills takes nobody along
        for begin in range(0, len(groups), workers):
            pools = []
            futures: dict[Future[Outcome], int] = {}
            for group in groups[begin : begin + workers]:
                pool = ProcessPoolExecutor(
                    min(workers, len(group)),
                    mp_context=context,
                    initializer=end_with_parent,
                    initargs=(lock.Inherited(),),
                )
                pools.append(pool)
                for i in group:
                    futures[pool.submit(work, *calls[i])] = i
            waiting = set(futures)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    try:
                        outcomes[futures[future]] = future.result()
                        tick()
                    except BrokenProcessPool:
                        log.warning("a worker died in or beside shard %s", Path(calls[futures[future]][1]["part"]).name)
            for pool in pools:
                pool.shutdown()
        todo = [i for i in todo if outcomes[i] is None]
    return outcomes


def on_ray(work: Work, calls: Sequence[Call], tick: Callable[..., None]) -> list[Outcome | None]:
    """Run as plain Ray tasks; Ray itself retries a task whose worker or node was lost.

    Uses the cluster this process is connected to, else the one RAY_ADDRESS names, else starts one here.
    """
    try:
        import ray
    except ImportError as error:
        raise UserError("Ray is not installed", "--executor ray", "pip install 'hunmin[ray]'") from error
    if not ray.is_initialized():  # stays up for the next stage; Ray shuts it down when this process ends
        address = os.environ.get("RAY_ADDRESS")
        ray.init(address=address, log_to_driver=False, include_dashboard=False if address is None else None)
    root = str(PACKAGE.resolve().parent)
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = os.pathsep.join(dict.fromkeys(p for p in (root, *given) if p))
    task = ray.remote(num_cpus=1, max_retries=TRIES, runtime_env={"env_vars": {"PYTHONPATH": path}})(work)
    waiting = {task.remote(*call): i for i, call in enumerate(calls)}
    outcomes: list[Outcome | None] = [None] * len(calls)
    while waiting:
        done, _ = ray.wait(list(waiting), num_returns=1)
        for reference in done:
            i = waiting.pop(reference)
            try:
                outcomes[i] = ray.get(reference)
                tick()
            except ray.exceptions.RayError as error:
                log.warning("shard %s: %s", Path(calls[i][1]["part"]).name, type(error).__name__)
    return outcomes
