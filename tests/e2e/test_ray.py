"""A real Ray cluster of two nodes on this machine: a worker killed, a node killed, a raising record, a deadly shard."""

from __future__ import annotations

import threading
import time

import pytest

from hunmin.artifacts.record import read_jsonl
from hunmin.errors import UserError
from hunmin.running import shards
from hunmin.stages import dedup
from hunmin.stages.protocol import find_stage

from . import faulty
from .test_shards import STAGE, contents, flags, inputs_of  # noqa: F401

ray = pytest.importorskip("ray")


@pytest.fixture
def cluster():
    """A head without processors and two nodes of one each, so that work runs on nodes that can be lost."""
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [found.add_node(num_cpus=1) for _ in range(2)]
    ray.init(address=found.address, log_to_driver=False)
    yield found, nodes
    ray.shutdown()
    found.shutdown()


def run(tmp_path, config, n=6):
    inputs = inputs_of(tmp_path)
    faulty.run(faulty.Config(), inputs, tmp_path / "alone")
    counts = shards.run_stage(find_stage(STAGE), config, inputs, tmp_path / "out", executor="ray", shards=n)
    return counts, contents(tmp_path / "out"), contents(tmp_path / "alone")


def test_two_nodes_workers_killed_records_that_raise_and_a_deadly_shard(tmp_path, cluster, flags):  # noqa: F811
    _, found, alone = run(tmp_path / "a", faulty.Config(flags=flags, dies_once_on=["r20", "r41"]))
    assert found == alone

    counts, found, alone = run(tmp_path / "b", faulty.Config(raises_on=["r7"]))
    assert counts.n_in == 70 and counts.dropped["error"] == 1
    kept = {r["id"] for r in read_jsonl(tmp_path / "b" / "out" / "records.jsonl")}
    before = {r["id"] for r in read_jsonl(tmp_path / "b" / "alone" / "records.jsonl")}
    assert before - kept == {"r7"} and kept <= before

    inputs = inputs_of(tmp_path, "dedup")
    dedup.run(dedup.Config(), inputs, tmp_path / "alone")
    shards.run_stage(find_stage("dedup"), dedup.Config(), inputs, tmp_path / "out", executor="ray", shards=3)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")

    with pytest.raises(UserError, match="1 of 7 shards could not be done: 00002"):
        config = faulty.Config(dies_always_on=["r20"])
        shards.run_stage(find_stage(STAGE), config, inputs_of(tmp_path), tmp_path / "deadly", executor="ray", shards=7)
    assert len(list((tmp_path / "deadly" / shards.FOLDER).glob("*/out"))) == 6


def test_a_lost_node_costs_nothing_but_time(tmp_path, cluster, flags):  # noqa: F811
    owner, nodes = cluster
    done = tmp_path / "flags" / "done.txt"

    def both_are_at_work() -> bool:
        """Each node has one processor, so two busy processes are one a node."""
        if not done.exists():
            return False
        last = [line.split()[1] for line in done.read_text().splitlines()[-8:] if " " in line]
        return sum(last.count(pid) >= 2 for pid in set(last)) == 2

    def lose_a_node() -> None:
        until = time.monotonic() + 90
        while time.monotonic() < until and not both_are_at_work():
            time.sleep(0.1)
        owner.remove_node(nodes[0], allow_graceful=False)
        (tmp_path / "flags" / "lost").touch()

    killer = threading.Thread(target=lose_a_node)
    killer.start()
    counts, found, alone = run(tmp_path, faulty.Config(flags=flags, seconds=0.3))
    killer.join()
    assert (tmp_path / "flags" / "lost").exists() and found == alone and counts.n_in == 70
    assert len(done.read_text().splitlines()) > 70, "the node was lost too late to matter: nothing was done twice"
