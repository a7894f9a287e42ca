"""Several processes scoring the same batches: who am I, wait for all, give everybody's part to everybody."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict


@dataclass(frozen=True)
class Group:
    """This process among `world`; a world of 1 has no process group."""

    rank: int = 0
    world: int = 1


def join(launch: str) -> Group:
    """Join torchrun's processes when launched so; CPU messages (gloo), each process on its own GPU if there are."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if launch == "none" or world == 1:
        return Group()
    import torch
    import torch.distributed as distributed

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if not distributed.is_initialized():
        distributed.init_process_group("gloo")
    return Group(distributed.get_rank(), distributed.get_world_size())


def barrier(group: Group) -> None:
    """Wait until all processes are here."""
    if group.world > 1:
        import torch.distributed as distributed

        distributed.barrier()


def gather(group: Group, part: Any) -> list[Any]:
    """Give the parts of all processes, in rank order, to every process."""
    if group.world == 1:
        return [part]
    import torch.distributed as distributed

    parts: list[Any] = [None] * group.world
    distributed.all_gather_object(parts, part)
    return parts


class Shard(TypedDict, total=False):
    """Which part of the requests this process scores, and how the parts come together; empty for all of them."""

    rank: int
    world: int
    gather: Callable[[Any], list[Any]]


def shard(group: Group) -> Shard:
    """Give the sharding arguments of scorer.score."""
    if group.world == 1:
        return {}
    return {"rank": group.rank, "world": group.world, "gather": lambda part: gather(group, part)}
