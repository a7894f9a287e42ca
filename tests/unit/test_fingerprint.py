"""What decides a score is in its fingerprint, and a protocol's version stands for what it asks."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from hunmin.evaluation.benchmarks import fingerprint, harness, upstream
from hunmin.evaluation.benchmarks.tokens import Request, encode, units
from hunmin.models import identity as which
from hunmin.report import contents, matrix, page, score_tables
from hunmin.stages import evaluate

from .test_report import finish

BUNDLED = Path(__file__).parents[2] / "src" / "hunmin" / "data" / "benchmark"


def test_data_names_the_test_rows_and_shots_do_not_change_it(tmp_path):
    jobs = harness.jobs(["copa"], [0, 2, 5], str(BUNDLED))
    assert len({job.data for job in jobs}) == 1 and jobs[0].data.startswith("benchmark@")
    shutil.copytree(BUNDLED / "copa", tmp_path / "benchmark" / "copa")
    train = tmp_path / "benchmark" / "copa" / "train.jsonl"
    rows = train.read_text("utf-8").splitlines()
    train.write_text("\n".join(reversed(rows)), encoding="utf-8")
    turned = harness.jobs(["copa"], [0, 2], str(tmp_path / "benchmark"))
    assert turned[0].data == jobs[0].data and turned[0].digest == jobs[0].digest
    assert turned[1].digest != jobs[1].digest


def folder_of(path: Path, weights: bytes, template: str = "{{ messages }}") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text("{}")
    (path / "model.safetensors").write_bytes(weights)
    (path / "chat_template.jinja").write_text(template)
    (path / "README.md").write_text("one")
    return path


def test_weights_template_and_generation_config_are_in_the_models_half(tmp_path):
    model = folder_of(tmp_path / "m", b"first")
    seen = [fingerprint.of_model(str(model))]
    (model / "README.md").write_text("another card")
    assert fingerprint.of_model(str(model)) == seen[0]
    for change in (
        lambda: folder_of(model, b"second"),
        lambda: folder_of(model, b"second", "{{ bos_token }}"),
        lambda: (model / "generation_config.json").write_text('{"eos_token_id": 2}'),
        lambda: (model / "tokenizer.json").write_text("{}"),
    ):
        change()
        seen.append(fingerprint.of_model(str(model)))
    assert len(set(seen)) == len(seen)


DECIDE = """config.json generation_config.json model.safetensors.index.json model-00002-of-00002.safetensors
pytorch_model.bin tokenizer.json tokenizer_config.json tokenizer.model spiece.model source.spm qwen.tiktoken vocab.txt
vocab.json merges.txt bpe.codes added_tokens.json special_tokens_map.json chat_template.jinja chat_template.json
additional_chat_templates/tool_use.jinja modeling_own.py layers/own.py tekken.json dict.pickle"""
DECIDE_NOTHING = "README.md trainer_state.json optimizer.pt picture.png .gitattributes checkpoint-9/model.safetensors"


@pytest.mark.parametrize("name", DECIDE.split())
def test_every_file_that_decides_a_number_is_in_the_models_half(tmp_path, name):
    model = folder_of(tmp_path / "m", b"first")
    path = model / name
    path.parent.mkdir(parents=True, exist_ok=True)
    seen = [fingerprint.of_model(str(model))]
    for content in ("{}", "[]"):  # there or not, and the same length with other bytes
        path.write_text(content)
        os.utime(path, ns=(0, 0))
        seen.append(fingerprint.of_model(str(model)))
    elsewhere = tmp_path / "blobs" / "a"
    elsewhere.parent.mkdir()
    elsewhere.write_text("[1]")
    path.unlink()
    path.symlink_to(elsewhere)
    seen.append(fingerprint.of_model(str(model)))
    elsewhere.write_text("[2]")
    seen.append(fingerprint.of_model(str(model)))
    assert len(set(seen)) == (5 if name != "config.json" else 4)  # which was there, {}


@pytest.mark.parametrize("name", DECIDE_NOTHING.split())
def test_what_decides_no_number_is_not(tmp_path, name):
    model = folder_of(tmp_path / "m", b"first")
    before = fingerprint.of_model(str(model))
    (model / name).parent.mkdir(parents=True, exist_ok=True)
    (model / name).write_text("x")
    assert fingerprint.of_model(str(model)) == before


@pytest.mark.parametrize("name", ["base/tokenizer.json", "base/model.safetensors", "tuned/adapter_config.json"])
def test_an_adapter_counts_with_the_base_that_it_names(tmp_path, name):
    folder_of(tmp_path / "base", b"first")
    other = folder_of(tmp_path / "other", b"first")
    tuned = tmp_path / "tuned"
    tuned.mkdir()
    (tuned / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(tmp_path / "base")}))
    (tuned / "adapter_model.safetensors").write_bytes(b"lora")
    seen = [fingerprint.of_model(str(tuned))]
    path = tmp_path / name
    if name.startswith("tuned"):
        (other / "tokenizer.json").write_text("{}")
        path.write_text(json.dumps({"base_model_name_or_path": str(other)}))
    else:
        path.write_bytes(b"other")
    seen.append(fingerprint.of_model(str(tuned)))
    (tuned / "adapter_model.safetensors").write_bytes(b"LoRA")
    seen.append(fingerprint.of_model(str(tuned)))
    assert len(set(seen)) == 3


def test_a_hub_models_commit_is_the_one_that_opening_it_takes(monkeypatch):
    """The cache holds an older commit: the Hub is asked, as it is when the model is opened."""
    monkeypatch.setattr(which, "commit", lambda name, revision=None: "a" * 40)
    monkeypatch.setattr(which, "_asked", lambda name, revision: "b" * 40)
    assert ["base", "owner/name", "b" * 40] in which.deciding("owner/name")

    def away(name, revision):
        raise OSError("no connection")

    monkeypatch.setattr(which, "_asked", away)
    assert ["base", "owner/name", "a" * 40] in which.deciding("owner/name")


def test_an_own_tasks_yaml_and_its_data_are_among_the_files(tmp_path):
    own = tmp_path / "tasks"
    own.mkdir()
    data = tmp_path / "rows.jsonl"
    data.write_text("{}")
    text = f"task: mine\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: {data}\n"
    (own / "mine.yaml").write_text(text, encoding="utf-8")
    config = evaluate.Config(protocol="upstream", tasks=["mine"], include_path=[str(own)])
    assert evaluate.files(config) == [own, data]


def test_what_an_own_tasks_code_imports_decides_too(tmp_path):
    rows, helper = tmp_path / "rows.jsonl", tmp_path / "own_words.py"
    rows.write_text('{"question": "사과는?", "answer": 0}\n', encoding="utf-8")
    (tmp_path / "own_fruit.yaml").write_text(
        f"task: own_fruit\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {rows}}}}}\ntest_split: test\n"
        "output_type: multiple_choice\ndoc_to_text: !function own_ask.ask\ndoc_to_choice: [가, 나]\n"
        'doc_to_target: "{{answer}}"\nmetric_list:\n  - {metric: acc, aggregation: mean, higher_is_better: true}\n',
        encoding="utf-8",
    )
    (tmp_path / "own_ask.py").write_text(
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
        "import own_words\ndef ask(doc):\n    return own_words.HEAD + doc['question']\n",
        encoding="utf-8",
    )
    seen = []
    for head in ("질문: ", "물음: ", "질문: "):
        helper.write_text(f"HEAD = '{head}'\n", encoding="utf-8")
        manager = upstream.task_manager(["own_fruit"], [str(tmp_path)])
        seen.append(upstream.open_task("own_fruit", ["own_fruit"], manager, None))
    assert seen[0] == seen[2] and seen[0].data == seen[1].data and seen[0].digest != seen[1].digest


def test_functions_in_a_tasks_config_are_named_without_their_place_in_memory():
    config = {"doc_to_text": test_an_own_tasks_yaml_and_its_data_are_among_the_files}
    assert "0x" not in upstream._stable(config)


# --- BOS ---


class Letters:
    bos_token_id, eos_token_id = 1, 2

    def __call__(self, texts, **_):
        return {"input_ids": [[ord(c) for c in text] for text in texts]}


def test_bos_stands_before_every_context_and_survives_truncation():
    [request] = encode(Letters(), [("abcdef", ["xy"])], bos=1)
    assert request.context[0] == 1 and request.head == 1
    [unit] = units([request], max_length=5)
    assert unit.context == (1, *map(ord, "def"))
    [plain] = units([Request([*map(ord, "abcdef")], [[1, 2]])], max_length=5)
    assert plain.context == tuple(map(ord, "cdef"))
    [empty] = encode(Letters(), [("", ["x"])], bos=1)
    assert empty.context == [1]


def row(model: str, **changed) -> dict:
    way = {"task": "kobest_copa", "metric": "acc", "num_fewshot": 0, "protocol": "harness", "data": "kobest_v1"}
    figures = {"value": 0.5, "ci_low": 0.4, "ci_high": 0.6, "n": 100, "n_truncated": 0}
    return {"model": model, **way, **figures, **changed}


def test_a_table_warns_above_of_bos_and_of_other_ways_of_measuring():
    rows = [row("a", fingerprint="11-aa", bos_gap=2.7), row("b", fingerprint="22-aa", bos_gap=0.1)]
    [table] = score_tables.tables(rows)
    assert len(score_tables.warnings(table)) == 1
    text = score_tables.markdown([table], [])
    assert text.index("a loses 2.70 nats a token without BOS") < text.index("| a |")
    [table] = score_tables.tables([row("a", fingerprint="11-aa"), row("b", fingerprint="22-bb"), row("published")])
    assert score_tables.warnings(table) == ["0-shot was not measured alike (fingerprints differ: aa: a; bb: b)"]
    [table] = score_tables.tables([row("a", n_bos_cut=3)])
    assert score_tables.warnings(table) == ["a: the BOS of up to 3 documents was cut off with their beginning"]


def test_the_warning_stands_above_the_table_in_terminal_and_report(tmp_path):
    rows = [row("a", fingerprint="1-x", bos_gap=2.7), row("b", fingerprint="2-y"), row("b", task="kobest_wic")]
    rows.append(row("a", protocol="upstream", n_bos_cut=4))
    finish(tmp_path / "01-evaluate", "scores", scores__json=rows)
    lines = page.score_lines(tmp_path)
    head = next(i for i, line in enumerate(lines) if line.startswith("task"))
    assert [line.split(" - ")[0][:44] for line in lines[:head]] == [
        "warning: harness: a loses 2.70 nats a token ",
        "warning: harness: kobest_copa 0-shot was not",
        "warning: upstream: a: the BOS of up to 4 doc",
    ]
    html = page.page(tmp_path)
    assert html.index("harness: a loses 2.70 nats a token without BOS") < html.index("<td>kobest_copa")
    assert html.index("the BOS of up to 4 documents was cut off") < html.index("<td>kobest_copa")
    text = matrix.markdown(matrix.matrices(rows))
    assert text.index("a loses 2.70 nats a token without BOS") < text.index("| a ")
    shown = score_tables.html([], [], matrix.matrices(rows))
    assert "Warning: a loses 2.70 nats" in shown and "Warning: copa was not measured alike" in shown


def test_under_thirty_documents_a_table_says_too_few_and_gives_accuracys_wilson():
    few = score_tables.cell_text(row("a", metric="macro_f1", n=24))
    assert "too few" in few and "[" not in few
    assert "[0.400, 0.600]" in score_tables.cell_text(row("a", n=24))
    assert contents.interval_text(row("a", metric="macro_f1", n=24), 2) == "too few"
    assert matrix.cell(row("a", metric="macro_f1", n=24)) == "0.500" and "±" in matrix.cell(row("a", n=24))
    assert "[" in score_tables.cell_text(row("a", metric="macro_f1", n=30))


def test_bos_protocol_is_a_protocol_of_its_own():
    [job] = harness.jobs(["copa"], [0], str(BUNDLED), protocol=harness.BOS)
    assert job.protocol == "harness-bos"
    rows = [row("a"), row("a", protocol="harness-bos")]
    assert [t.protocol for t in score_tables.tables(rows)] == ["harness", "harness-bos"]
