"""A record stage that fails on purpose: a record that raises, a worker that dies once or always, slow records."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from hunmin.artifacts.artifact import Counts, Inputs
from hunmin.artifacts.stream import Drop, stream
from hunmin.options import Options, opt

READS = ("text",)
EDITS = ("text",)
ADDS = ("seen",)
KIND = "record"
INPUT = "records"
OUTPUT = "records"


class Config(Options):
    flags: str = opt("", "folder where workers note what they did (done.txt: id and process) and that they die.")
    raises_on: list[str] = opt([], "ids whose record raises.")
    dies_once_on: list[str] = opt([], "ids at which the worker is killed the first time.")
    dies_always_on: list[str] = opt([], "ids at which the worker is killed every time.")
    seconds: float = opt(0.0, "time a record takes.")


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    def step(batch):
        record = batch[0]
        time.sleep(config.seconds)
        name = record["id"]
        if name in config.raises_on:
            raise ValueError(f"cannot do {name}")
        if name in config.dies_always_on:
            os.kill(os.getpid(), signal.SIGKILL)
        if name in config.dies_once_on:
            flag = Path(config.flags) / name
            if not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        if config.flags:
            with (Path(config.flags) / "done.txt").open("a") as file:
                file.write(f"{name} {os.getpid()}\n")
        if record["output"].endswith("0"):
            return [Drop(record, "zero", {"id": name})]
        return [{**record, "seen": len(record["output"])}]

    return stream(step, inputs, out)


stage = sys.modules[__name__]
