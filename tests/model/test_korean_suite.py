"""lm-eval's Korean tasks over folders of rows of our own: the same prompts and predictions as lm-eval's own model."""

from __future__ import annotations

import json
import unicodedata

import pyarrow
import pyarrow.parquet
import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.errors import UserError
from hunmin.evaluation.benchmarks import GENERATED, local_tasks
from hunmin.stages import evaluate

from . import suite_rows, tiny_models
from .suite_rows import rows, write


@pytest.mark.slow
def test_twenty_rows_of_each_schema_are_lm_evals(tmp_path):
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    model = tiny_models.save(tmp_path / "model")
    names = [name for name in suite_rows.FILES if name not in GENERATED]
    data = suite_rows.folder(tmp_path / "data", names)
    config = evaluate.Config(
        tasks=names, protocol="upstream", data=str(data), num_fewshot=[2], models=["newest"], device="cpu",
        lm_eval={"gen_kwargs": "max_gen_toks=8"},
    )  # fmt: skip
    evaluate.run(config, Inputs(model=model), tmp_path / "out")
    lines = (tmp_path / "out" / "documents.jsonl").read_text("utf-8").splitlines()
    ours: dict = {}
    for d in map(json.loads, lines):
        ours.setdefault(d["task"], {})[d["index"]] = d
    manager = TaskManager(include_path=str(tmp_path / "out" / "data" / "0"), include_defaults=False)
    hf = HFLM(str(model), device="cpu", batch_size=1, dtype="float32")
    for name in names:
        k = 0 if name == "hrm8k_gsm8k" else 2
        found = simple_evaluate(
            model=hf, tasks=[name], num_fewshot=k, task_manager=manager, bootstrap_iters=0, log_samples=True,
            gen_kwargs="max_gen_toks=8",
        )  # fmt: skip
        samples = found["samples"][name]
        assert len(samples) == len(ours[name]) == 20
        for sample in samples:
            own = ours[name][sample["doc_id"]]
            assert own["prompt"][1] == sample["prompt_hash"][:12]
            if "loglikelihoods" in own:
                theirs = [float(a[0]) for a in sample["filtered_resps"]]
                assert own["loglikelihoods"] == pytest.approx(theirs, abs=3e-4)
                assert own["prediction"] == theirs.index(max(theirs))
            else:
                assert own["prediction"] == sample["filtered_resps"][0]


def test_where_a_splits_file_may_lie():
    config = {"dataset_path": "HAERAE-HUB/KMMLU", "dataset_name": "Accounting"}
    names = list(local_tasks._names("kmmlu_accounting", "kmmlu", config, "dev"))
    for name in ("kmmlu_accounting/dev.jsonl", "kmmlu/accounting/dev.csv", "kmmlu/data/accounting-dev.csv"):
        assert name in names
    assert "accounting/validation.parquet" in names
    assert local_tasks.is_hub_id("owner/name") and not local_tasks.is_hub_id("./owner/name")


def test_a_missing_split_is_told(tmp_path):
    write(tmp_path / "KMMLU" / "Accounting" / "dev.jsonl", rows("kmmlu", 2))
    config = {"dataset_path": "HAERAE-HUB/KMMLU", "dataset_name": "Accounting", "test_split": "test"}
    with pytest.raises(UserError, match="no rows for the test split of kmmlu_accounting"):
        local_tasks._local("kmmlu_accounting", "kmmlu", config, local_tasks._files(tmp_path), tmp_path, tmp_path)


@pytest.mark.parametrize("kind", ["jsonl", "escaped.jsonl", "csv", "tsv", "json", "parquet"])
def test_decomposed_hangul_is_composed_whatever_the_file(tmp_path, kind):
    rows = [{"question": "한국의 수도는?", "answer": 1}, {"question": "강은?", "answer": 2}]
    apart = [{**r, "question": unicodedata.normalize("NFD", r["question"])} for r in rows]

    def save(path, found):
        suffix = path.suffix
        if suffix == ".parquet":
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(found), path)
        elif suffix in (".csv", ".tsv"):
            mark = "," if suffix == ".csv" else "\t"
            lines = [mark.join(("question", "answer")), *(f"{r['question']}{mark}{r['answer']}" for r in found)]
            path.write_text("\n".join(lines), encoding="utf-8")
        elif suffix == ".json":
            path.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
        else:
            texts = (json.dumps(r, ensure_ascii="escaped" in path.name) for r in found)
            path.write_text("\n".join(texts), encoding="utf-8")
        return path

    sound, broken = save(tmp_path / f"sound.{kind}", rows), save(tmp_path / f"apart.{kind}", apart)
    copy = local_tasks.composed(broken, tmp_path / "made")
    assert copy.parent == tmp_path / "made" and copy.suffix == broken.suffix
    if kind == "parquet":
        assert local_tasks.composed(sound, tmp_path / "made") == sound
        assert pyarrow.parquet.read_table(copy).to_pylist() == rows
        return
    text = copy.read_text(encoding="utf-8")
    assert all(r["question"] in text for r in rows) and unicodedata.is_normalized("NFC", text)
    if kind != "escaped.jsonl":
        assert local_tasks.composed(sound, tmp_path / "made") == sound and text == sound.read_text(encoding="utf-8")
