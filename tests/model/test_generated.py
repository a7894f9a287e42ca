"""Generated answers of a tiny local model: rows, resume, and the same files as any score."""

from __future__ import annotations

import json
import shutil

from hunmin.artifacts.artifact import Counts, Inputs, write_manifest
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


def test_a_base_that_is_asked_in_a_borrowed_template_is_told_apart_by_it(tmp_path):
    """Its answers in alpaca's words are no answers in kullm's; log-likelihoods know no template."""
    base, seen = tiny_models.save(tmp_path / "base"), {}
    for name in ("alpaca", "kullm"):
        artifact = tmp_path / name / "01-sft"
        shutil.copytree(base, artifact / "model")
        card = {"template": name, "base_model": str(base)}
        (artifact / "model" / "hunmin.json").write_text(json.dumps(card), encoding="utf-8")
        config, counts = {"base_model": str(base)}, Counts()
        more = {"seed": 0, "inputs": {}, "counts": counts, "seconds": 0.0}
        write_manifest(artifact, stage="sft", label="sft", output="model", config=config, **more)
        asked = evaluate.Config(
            tasks=["ifeval_ko", "copa"], num_fewshot=0, limit=1, max_new_tokens=4, data=str(tiny_models.BENCHMARK)
        )
        given = Inputs(label="evaluate", model=artifact, earlier={"sft": artifact})
        evaluate.run(asked, given, tmp_path / name / "out")
        rows = json.loads((tmp_path / name / "out" / "scores.json").read_text("utf-8"))
        seen[name] = {r["task"]: r["fingerprint"].split("-") for r in rows if r["model"] == str(base)}
    one, other = seen["alpaca"], seen["kullm"]
    assert one["ifeval_ko"][0] != other["ifeval_ko"][0] and one["ifeval_ko"][1] == other["ifeval_ko"][1]
    assert one["kobest_copa"] == other["kobest_copa"]
