"""Rewards of a GRPO training, from measures; every sampled answer is kept with what it earned."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..artifacts.artifact import write_atomic
from ..artifacts.record import Record, dumps
from ..measures import BOUNDED_AT
from ..measures.measured import Measure

SAMPLES = "samples.jsonl"
SHOWN = 4


class Rewards:
    """The reward functions of a training, one a measure, and the file of every sampled answer with what it earned.

    A measure that counts without a bound (foreign words) counts 1 at most, so that one bad answer does not drown the
    others; None (it does not apply) earns nothing.
    """

    def __init__(
        self, measures: Mapping[str, Measure], weights: Mapping[str, float], out: Path, read: Callable[..., str]
    ):
        self.measures, self.weights, self.path, self.read = dict(measures), dict(weights), out / SAMPLES, read
        self.last = list(self.measures)[-1]
        self._earned: dict[str, list[float | None]] = {}

    def cut_after(self, step: int) -> None:
        """Drop the samples of steps that a resumed training takes again."""
        if not self.path.is_file():
            return
        kept = [line for line in self.path.read_text(encoding="utf-8").splitlines() if _step_of(line) <= step]
        self.path.write_text("".join(line + "\n" for line in kept), encoding="utf-8", newline="\n")

    def show(self, out: Path) -> None:
        """Leave samples.json for the report: of the last step's prompts the best and the worst answer."""
        rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        last = [row for row in rows if row["step"] == rows[-1]["step"]]
        shown = []
        for name in list(dict.fromkeys(row["prompt_id"] for row in last))[:SHOWN]:
            group = sorted((r for r in last if r["prompt_id"] == name), key=lambda r: -float(r["reward"]))
            ends = {f"reward {r['reward']:g}": r["output"] for r in (group[0], group[-1])}
            turns = [m["content"] for m in group[0].get("messages") or () if m["role"] == "user"]
            asked = [group[0].get("instruction"), group[0].get("input"), *turns]
            shown.append({"prompt": "\n".join(t for t in asked if t), "answers": ends})
        write_atomic(out / "samples.json", json.dumps(shown, ensure_ascii=False, indent=1) + "\n")

    def functions(self) -> list[Callable[..., list[float | None]]]:
        """Give one function a measure, as trl calls them, in order."""
        return [self._function(name) for name in self.measures]

    def _function(self, name: str) -> Callable[..., list[float | None]]:
        def reward(completion_ids: list[list[int]], record: list[str], **more: Any) -> list[float | None]:
            answers = [self.read(ids) for ids in completion_ids]
            found = [self._value(name, a, json.loads(r)) for a, r in zip(answers, record, strict=True)]
            self._earned[name] = found
            if name == self.last:
                self._keep(answers, record, more["trainer_state"].global_step + 1)
            return found

        reward.__name__ = name
        return reward

    def _value(self, name: str, answer: str, record: Record) -> float | None:
        value = self.measures[name](answer, record)
        return None if value is None else min(value, BOUNDED_AT)

    def _keep(self, answers: list[str], records: list[str], step: int) -> None:
        rows = []
        for k, (answer, text) in enumerate(zip(answers, records, strict=True)):
            record = json.loads(text)
            earned = {name: values[k] for name, values in self._earned.items()}
            total = sum(self.weights[name] * value for name, value in earned.items() if value is not None)
            row = {**record, "id": f"{record['id']}-step{step}-{k}", "prompt_id": record["id"], "output": answer}
            rows.append({**row, "step": step, "rewards": earned, "reward": round(total, 6)})
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(dumps(row) + "\n" for row in rows)


def _step_of(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except ValueError:  # half a line of a killed process
        return 1 << 60
