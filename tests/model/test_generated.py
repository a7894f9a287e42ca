"""Generated answers of a tiny local model: rows, resume, and the same files as any score."""

from __future__ import annotations

import json

from hunmin.artifacts.artifact import Inputs
from hunmin.evaluation.benchmarks import answering
from hunmin.stages import evaluate

from . import tiny_models


def test_a_local_model_answers_in_its_template_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    model = tiny_models.save(tmp_path / "model")
    config = evaluate.Config(
        tasks=["ifeval_ko"], models=["newest"], limit=6, max_new_tokens=12, template="alpaca", batch_size=4, stop=["끝"]
    )
    evaluate.run(config, Inputs(label="evaluate", model=model), tmp_path / "whole")
    rows = json.loads((tmp_path / "whole" / "scores.json").read_text("utf-8"))
    metrics = {(r["task"], r["metric"]) for r in rows}
    assert ("ifeval_ko", "prompt_strict") in metrics and ("ifeval_ko.behaviour", "stop_rate") in metrics
    assert {r["protocol"] for r in rows} == {"chat"} and all(r["fingerprint"] and r["data"] for r in rows)
    lines = (tmp_path / "whole" / "documents.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 6 and all(json.loads(line)["n_tokens"] <= 12 for line in lines)

    made = []
    decode = answering.models.decode
    monkeypatch.setattr(answering.models, "decode", lambda *a: made.append(len(a[1])) or decode(*a))
    [kept] = (tmp_path / "whole" / "answers").iterdir()
    (tmp_path / "cut" / "answers").mkdir(parents=True)
    first = kept.read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "cut" / "answers" / kept.name).write_text("".join(first[:4]) + '{"id": "half', encoding="utf-8")
    evaluate.run(config, Inputs(label="evaluate", model=model), tmp_path / "cut")
    assert made == [2]
    assert (tmp_path / "cut" / "scores.json").read_bytes() == (tmp_path / "whole" / "scores.json").read_bytes()
