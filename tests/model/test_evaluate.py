"""The evaluate stage on saved tiny models: rows, resume, shards, adapters, lm-eval's tasks, bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.commands import cli
from hunmin.errors import UserError
from hunmin.stages import evaluate

from . import tiny_models

DATA = str(tiny_models.BENCHMARK)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return tiny_models.save(tmp_path_factory.mktemp("model"))


def scores(out: Path) -> list[dict]:
    return json.loads((out / "scores.json").read_text("utf-8"))


def documents(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "documents.jsonl").read_text("utf-8").splitlines()]


def test_five_tasks_two_shots_and_a_baseline(model, tmp_path):
    other = tiny_models.save(tmp_path / "other", "gpt_neox", seed=2)
    config = evaluate.Config(data=DATA, models=["newest"], baselines=[str(other)], limit=6)
    counts = evaluate.run(config, Inputs(label="evaluate", model=model), tmp_path / "out")
    rows, found = scores(tmp_path / "out"), documents(tmp_path / "out")
    assert len(rows) == 2 * 2 * (5 * 2 + 1)
    assert len(found) == 2 * 2 * 5 * 6
    needed = ["model", "task", "metric", "num_fewshot", "protocol", "value", "ci_low", "ci_high", "n", "n_truncated"]
    for row in rows:
        assert set(needed) <= set(row)
        assert 0 <= row["ci_low"] <= row["value"] <= row["ci_high"] <= 1
        assert row["n"] == 6
        right = [
            d["gold"] == d["prediction"]
            for d in found
            if all(d[k] == row[k] for k in ("model", "task", "num_fewshot", "protocol"))
        ]
        if row["metric"] == "acc":
            assert row["value"] == pytest.approx(sum(right) / 6, abs=1e-6)
    assert len(counts.notes["models"]) == 2
    assert {d["backend"] for d in counts.notes["scoring"]} == {"tree"}
    text = (tmp_path / "out" / "documents.jsonl").read_text("utf-8")
    assert not any(t in text for t in tiny_models.korean_texts() if len(t) > 8), "the benchmark's text is in the output"


def test_a_finished_part_is_not_scored_again(model, tmp_path):
    config = evaluate.Config(data=DATA, tasks=["copa", "wic"], num_fewshot=[0, 2], models=["newest"], limit=5)
    inputs = Inputs(label="evaluate", model=model)
    evaluate.run(config, inputs, tmp_path / "whole")
    evaluate.run(config, inputs, tmp_path / "cut")
    parts = sorted((tmp_path / "cut" / "parts").iterdir())
    assert len(parts) == 4
    kept = parts[0]
    marked = json.loads(kept.read_text("utf-8"))
    marked["details"]["dtype"] = "as it was"
    kept.write_text(json.dumps(marked), encoding="utf-8")
    for path in parts[1:]:
        path.unlink()
    for name in ("scores.json", "documents.jsonl"):
        (tmp_path / "cut" / name).unlink()
    counts = evaluate.run(config, inputs, tmp_path / "cut")
    assert [d["dtype"] for d in counts.notes["scoring"]].count("as it was") == 1
    assert scores(tmp_path / "cut") == scores(tmp_path / "whole")


def test_two_processes_give_the_same_bytes(model, tmp_path):
    argv = [str(model), "--data", DATA, "--tasks", "copa,hellaswag", "--limit", "7", "--num-fewshot", "0,3"]
    argv += ["--budget-tokens", "400", "--device", "cpu"]
    assert cli.main(["evaluate", *argv, "-o", str(tmp_path / "one"), "-q"]) == 0
    many = ["--launch", "ddp", "--num-processes", "2"]
    assert cli.main(["evaluate", *argv, *many, "-o", str(tmp_path / "two"), "-q"]) == 0
    assert (tmp_path / "two" / "scores.json").read_bytes() == (tmp_path / "one" / "scores.json").read_bytes()
    assert (tmp_path / "two" / "documents.jsonl").read_bytes() == (tmp_path / "one" / "documents.jsonl").read_bytes()
    manifest = json.loads((tmp_path / "two" / "manifest.json").read_text("utf-8"))
    assert {d["processes"] for d in manifest["counts"]["notes"]["scoring"]} == {2}


def test_limit_gives_the_first_documents_of_the_full_run(model, tmp_path):
    found = {}
    for limit in (4, 9):
        config = evaluate.Config(data=DATA, tasks=["sentineg"], num_fewshot=3, models=["newest"], limit=limit)
        evaluate.run(config, Inputs(model=model), tmp_path / str(limit))
        found[limit] = documents(tmp_path / str(limit))
    assert [d["prompt"] for d in found[9][:4]] == [d["prompt"] for d in found[4]]
    assert [d["prediction"] for d in found[9][:4]] == [d["prediction"] for d in found[4]]


def test_truncation_is_counted(model, tmp_path):
    config = evaluate.Config(data=DATA, tasks=["boolq"], num_fewshot=[5], models=["newest"], limit=4, max_length=64)
    counts = evaluate.run(config, Inputs(model=model), tmp_path)
    assert {row["n_truncated"] for row in scores(tmp_path)} == {4}
    assert list(counts.notes["truncated"].values()) == ["4 of 4"]
    config = evaluate.Config(data=DATA, tasks=["boolq"], models=["newest"], max_length=5000)
    with pytest.raises(UserError, match="max_length 5000 is longer than the model's 2048"):
        evaluate.run(config, Inputs(model=model), tmp_path / "long")


def test_an_adapter_is_scored_over_its_base(model, tmp_path):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(model)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    artifact = tmp_path / "01-sft"
    get_peft_model(base, config).save_pretrained(artifact / "adapter")
    AutoTokenizer.from_pretrained(model).save_pretrained(artifact / "adapter")
    manifest = {"stage": "sft", "label": "sft", "output": "model", "config": {"base_model": str(model)}}
    (artifact / "manifest.json").write_text(json.dumps(manifest))
    asked = evaluate.Config(data=DATA, tasks=["copa"], num_fewshot=[2], limit=6)
    inputs = Inputs(model=artifact, earlier={"sft": artifact})
    evaluate.run(asked, inputs, tmp_path / "out")
    assert list(dict.fromkeys(r["model"] for r in scores(tmp_path / "out"))) == [str(model), "sft"]
    likelihoods = {d["model"]: d["loglikelihoods"] for d in documents(tmp_path / "out") if d["position"] == 0}
    assert likelihoods[str(model)] != likelihoods["sft"]


def test_lm_evals_own_kobest_over_local_files_is_another_protocol(model, tmp_path):
    config = evaluate.Config(
        data=DATA, tasks=["copa", "boolq"], num_fewshot=[0, 2], models=["newest"], protocol="upstream", limit=6
    )
    evaluate.run(config, Inputs(model=model), tmp_path)
    rows = scores(tmp_path)
    assert {r["protocol"] for r in rows} == {"upstream"}
    assert {(r["task"], r["num_fewshot"], r["metric"]) for r in rows} == {
        (t, k, m) for t in ("kobest_copa", "kobest_boolq") for k in (0, 2) for m in ("acc", "macro_f1")
    }
    assert all(r["n"] == 6 and r["chance"] > 0.3 and r["ci_low"] <= r["value"] <= r["ci_high"] for r in rows)
    for d in documents(tmp_path):
        assert d["prediction"] == max(range(2), key=d["loglikelihoods"].__getitem__)


def own_task(folder: Path) -> str:
    folder.mkdir()
    files = {split: f"{DATA}/copa/{split}.jsonl" for split in ("train", "test")}
    (folder / "mine.yaml").write_text(
        json.dumps(
            {
                "task": "my_copa",
                "dataset_path": "json",
                "dataset_kwargs": {"data_files": files},
                "output_type": "multiple_choice",
                "training_split": "train",
                "test_split": "test",
                "doc_to_text": "{{premise}}",
                "doc_to_target": "{{label}}",
                "doc_to_choice": ["{{alternative_1}}", "{{alternative_2}}"],
                "metric_list": [{"metric": "acc"}],
            }
        )
    )
    return str(folder)


def test_a_yaml_task_of_the_users_own(model, tmp_path):
    config = evaluate.Config(
        tasks=["my_copa"], include_path=[own_task(tmp_path / "t")], protocol="upstream", models=["newest"], limit=5
    )
    evaluate.run(config, Inputs(model=model), tmp_path / "out")
    assert [(r["task"], r["metric"], r["n"]) for r in scores(tmp_path / "out")] == [("my_copa", "acc", 5)] * 2
    wrong = config.model_copy(update={"tasks": ["my_cop"]})
    with pytest.raises(UserError, match="lm-eval knows no task 'my_cop'; did you mean 'my_copa'"):
        evaluate.run(wrong, Inputs(model=model), tmp_path / "wrong")


def test_lm_evals_own_command_with_our_model(model, tmp_path):
    """`hunmin lm-eval` is lm-eval's command: --model hunmin scores as --model hf does."""
    found = {}
    for name in ("hunmin", "hf"):
        argv = ["lm-eval", "--model", name, "--model_args", f"pretrained={model},dtype=float32", "--device", "cpu"]
        argv += ["--include_path", own_task(tmp_path / f"t-{name}"), "--tasks", "my_copa", "--num_fewshot", "2"]
        argv += ["--log_samples", "--output_path", str(tmp_path / name)]
        environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
        done = subprocess.run(
            [sys.executable, "-m", "hunmin.commands.cli", *argv], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        [samples] = (tmp_path / name).rglob("samples_*.jsonl")
        rows = [json.loads(line) for line in samples.read_text("utf-8").splitlines()]
        found[name] = {r["doc_id"]: [float(a[0]) for a in r["filtered_resps"]] for r in rows}
    assert len(found["hf"]) == 24
    for index, values in found["hf"].items():
        assert found["hunmin"][index] == pytest.approx(values, abs=1e-4)


def test_a_model_without_a_tokenizer(tmp_path):
    import torch

    torch.manual_seed(0)
    tiny_models.random_model("llama", 300).save_pretrained(tmp_path / "m")
    config = evaluate.Config(data=DATA, tasks=["copa"], models=["newest"])
    with pytest.raises(UserError, match="tokenizer"):
        evaluate.run(config, Inputs(model=tmp_path / "m"), tmp_path / "out")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--tasks", "kobets"], "did you mean 'kobest'"),
        (["--tasks", "copa", "--num-fewshot", "11"], "11 shots asked, but kobest_copa has only 10 train rows"),
        (["--tasks", "copa", "--data", "/no/such/folder"], "no such folder"),
        (["--models", "sft"], "no earlier stage 'sft' made a model"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(model, tmp_path, argv, message, capfd):
    given = ["--data", DATA] if "--data" not in argv else []
    assert cli.main(["evaluate", str(model), "-o", str(tmp_path / "out"), *given, *argv, "-q"]) == 2
    assert message in capfd.readouterr().err


def test_the_korean_suite_names_tasks_that_lm_eval_has():
    from hunmin.evaluation.benchmarks import upstream

    wanted = upstream.names(["korean"])
    assert len(wanted) > 10
    known = upstream.task_manager(wanted, []).all_tasks
    assert set(wanted) <= set(known)


def test_a_retrained_model_in_the_same_folder_is_scored_anew(tmp_path):
    folder = tiny_models.save(tmp_path / "model")
    config = evaluate.Config(data=DATA, tasks=["copa"], num_fewshot=0, models=["newest"], limit=6)
    evaluate.run(config, Inputs(model=folder), tmp_path / "out")
    before = documents(tmp_path / "out")
    tiny_models.save(tmp_path / "model", seed=7)
    evaluate.run(config, Inputs(model=folder), tmp_path / "out")
    assert [d["loglikelihoods"] for d in documents(tmp_path / "out")] != [d["loglikelihoods"] for d in before]


def test_a_changed_prompt_or_label_of_an_own_task_is_another_score(model, tmp_path):
    folder = own_task(tmp_path / "tasks")
    asked = {"protocol": "upstream", "tasks": ["my_copa"], "num_fewshot": 0, "models": ["newest"], "limit": 4}
    config = evaluate.Config(**asked, include_path=[folder])
    marks = []
    yaml = tmp_path / "tasks" / "mine.yaml"
    for _ in range(2):
        evaluate.run(config, Inputs(model=model), tmp_path / "out")
        found = scores(tmp_path / "out")
        assert all(r["data"] for r in found)
        marks.append({r["fingerprint"] for r in found})
        yaml.write_text(yaml.read_text("utf-8").replace("{{premise}}", "다음: {{premise}}"), encoding="utf-8")
    assert not marks[0] & marks[1]


def test_what_was_measured_before_is_not_taken_for_another_model_prompt_or_label(tmp_path, capfd):
    """The command itself: it never says "done before" of other weights, another wording or other gold answers."""
    model, rows = tiny_models.save(tmp_path / "model"), tmp_path / "rows.jsonl"
    own = Path(own_task(tmp_path / "tasks")) / "mine.yaml"
    rows.write_text((Path(DATA) / "copa" / "test.jsonl").read_text("utf-8"), encoding="utf-8")
    own.write_text(own.read_text("utf-8").replace(f"{DATA}/copa/test.jsonl", str(rows)), encoding="utf-8")
    argv = ["evaluate", str(model), "-o", str(tmp_path / "out"), "--protocol", "upstream", "--tasks", "my_copa"]
    argv += ["--num-fewshot", "0", "--limit", "4", "--models", "newest", "--include-path", str(own.parent)]

    def told() -> tuple[int, str]:
        code = cli.main(argv)
        found = capfd.readouterr()
        return code, found.out + found.err

    def retrain() -> None:
        tiny_models.save(model, seed=7)

    def reword() -> None:
        own.write_text(own.read_text("utf-8").replace("{{premise}}", "다음: {{premise}}"), encoding="utf-8")

    def relabel() -> None:
        text = rows.read_text("utf-8")
        rows.write_text(text.replace('"label": 0', '"label": 1', 1), encoding="utf-8")

    assert told()[0] == 0
    assert "done before" in told()[1]
    for change, kept in ((retrain, model / "model.safetensors"), (reword, own), (relabel, rows)):
        before = kept.read_bytes()
        change()
        assert kept.read_bytes() != before
        code, text = told()
        assert code == 2 and "done before" not in text and "was made with" in text, change
        kept.write_bytes(before)
    assert "done before" in told()[1]


def test_harness_bos_sends_the_token_and_is_another_protocol(model, tmp_path):
    with pytest.raises(UserError, match="the tokenizer has no BOS token"):
        without = evaluate.Config(data=DATA, protocol="harness-bos", tasks=["copa"], num_fewshot=0, models=["newest"])
        evaluate.run(without, Inputs(model=model), tmp_path / "none")
    model = tiny_models.save(tmp_path / "sp", tokenizer=tiny_models.sentencepiece_tokenizer())
    rows = {}
    for protocol in ("harness", "harness-bos"):
        asked = {"protocol": protocol, "tasks": ["sentineg"], "num_fewshot": [0], "models": ["newest"], "limit": 5}
        evaluate.run(evaluate.Config(data=DATA, **asked), Inputs(model=model), tmp_path / protocol)
        rows[protocol] = (scores(tmp_path / protocol), documents(tmp_path / protocol))
    (plain, one), (bos, two) = rows["harness"], rows["harness-bos"]
    assert {r["protocol"] for r in bos} == {"harness-bos"} and {r["data"] for r in bos} == {r["data"] for r in plain}
    assert "bos_gap" in plain[0] and "bos_gap" not in bos[0]
    assert [d["n_context_tokens"] + 1 for d in one] == [d["n_context_tokens"] for d in two]


def test_half_a_weight_file_is_told(tmp_path):
    folder = tiny_models.save(tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    config = evaluate.Config(data=DATA, tasks=["copa"], num_fewshot=0, models=["newest"], limit=2)
    with pytest.raises(UserError, match="a weight file is broken or cut off"):
        evaluate.run(config, Inputs(model=folder), tmp_path / "out")


def test_lm_evals_own_messages_and_bars_do_not_leak(model, tmp_path, capfd, caplog):
    own = own_task(tmp_path / "tasks")
    config = evaluate.Config(
        protocol="upstream", tasks=["my_copa"], num_fewshot=2, models=["newest"], limit=4, include_path=[own]
    )
    evaluate.run(config, Inputs(model=model), tmp_path / "out")
    told = capfd.readouterr()
    assert "Tokenizing" not in told.err + told.out and "fatal:" not in told.err + told.out
    assert [r.getMessage() for r in caplog.records if r.name.startswith("lm_eval")] == []
