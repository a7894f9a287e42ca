"""Hub datasets through the genuine `datasets`, on local folders; and lm-eval's own tasks as held-out data."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.stages import decontaminate, load, mix

ROWS = [{"instruction": f"질문 {i}", "input": None, "output": f"답 {i}"} for i in range(6)]


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    """A dataset folder as the Hub has them: Parquet files by split and a card that names them."""
    import pyarrow
    import pyarrow.parquet

    folder = tmp_path / "ko-set"
    (folder / "data").mkdir(parents=True)
    for split, rows in (("train", ROWS[:4]), ("test", ROWS[4:])):
        pyarrow.parquet.write_table(
            pyarrow.Table.from_pylist(rows), folder / "data" / f"{split}-00000-of-00001.parquet"
        )
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n"
        "  - split: test\n    path: data/test-*\n---\n"
    )
    return folder


def run(tmp_path, **options):
    counts = load.run(load.Config(**options), Inputs(label="load"), tmp_path / "out")
    return list(read_jsonl(tmp_path / "out" / "records.jsonl")), counts


def test_a_split_of_a_dataset_folder(tmp_path, dataset):
    kept, counts = run(tmp_path, hub=str(dataset))
    assert [r["output"] for r in kept] == ["답 0", "답 1", "답 2", "답 3"] and kept[0]["source"] == "ko-set"
    kept, _ = run(tmp_path, hub=str(dataset), split="test")
    assert [r["output"] for r in kept] == ["답 4", "답 5"]
    kept, _ = run(tmp_path, hub=str(dataset), split="train[:2]")
    assert len(kept) == 2


def test_the_same_rows_have_the_same_ids_from_file_and_hub(tmp_path, dataset):
    kept, _ = run(tmp_path, hub=str(dataset), source="x")
    other, _ = run(tmp_path / "b", path=str(dataset / "data" / "train-00000-of-00001.parquet"), source="x")
    assert [r["id"] for r in kept] == [r["id"] for r in other]


def test_an_unknown_split_names_the_known_ones(tmp_path, dataset):
    with pytest.raises(UserError, match="no split 'tset'; did you mean 'test'") as error:
        run(tmp_path, hub=str(dataset), split="tset")
    assert "train, test" in error.value.mend


def test_a_revision_of_a_folder_makes_no_sense(tmp_path, dataset):
    with pytest.raises(UserError, match="has no revision"):
        run(tmp_path, hub=str(dataset), revision="main")


def test_a_dataset_with_a_loading_script_is_told_how_to_be_read(tmp_path):
    folder = tmp_path / "scripted"
    folder.mkdir()
    (folder / "scripted.py").write_text("import datasets\n")
    with pytest.raises(UserError, match="loading script") as error:
        run(tmp_path, hub=str(folder))
    assert "refs/convert/parquet" in error.value.mend


def test_without_network_the_hub_is_told_to_be_out_of_reach(tmp_path):
    """In a process of its own: `datasets` reads HF_HUB_OFFLINE when it is imported."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    code = "import sys; from hunmin.commands.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["load", "--hub", "nobody/no-such-set", "-o", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "nobody/no-such-set" in done.stderr and "Traceback" not in done.stderr
    assert "the Hub cannot be reached" in done.stderr and "path:" in done.stderr


def test_mix_reads_a_hub_source(tmp_path, dataset):
    config = mix.Config(sources=[{"name": "hubset", "hub": str(dataset), "split": "train", "take": 2}])
    counts = mix.run(config, Inputs(label="mix", seed=1), tmp_path / "out")
    assert counts.n_kept == 2 and counts.notes["amounts"][0]["available"] == 4


def test_an_lm_eval_task_is_read_through_lm_eval(tmp_path, monkeypatch):
    """A real lm-eval task file over a local file; lm-eval and `datasets` do the reading."""
    write_jsonl(tmp_path / "rows.jsonl", [{"q": "가장 높은 산의 이름은 무엇인가요", "a": "백두산"}])
    (tmp_path / "mine.yaml").write_text(
        f"task: mine\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: {tmp_path / 'rows.jsonl'}\n"
        "test_split: test\noutput_type: generate_until\ndoc_to_text: '{{q}}'\ndoc_to_target: '{{a}}'\n"
        "metric_list:\n  - metric: exact_match\n"
    )
    rows = [{"id": str(i), "source": "s", "instruction": "말", "output": o} for i, o in enumerate(
        ["가장 높은 산의 이름은 무엇인가요?", "딴것"])]  # fmt: skip
    write_jsonl(tmp_path / "in.jsonl", rows)
    config = decontaminate.Config(against=[str(tmp_path / "mine.yaml")])
    inputs = Inputs(label="decontaminate", records=tmp_path / "in.jsonl")
    counts = decontaminate.run(config, inputs, tmp_path / "out")
    assert counts.dropped == {"benchmark_overlap": 1}
    dropped = json.loads((tmp_path / "out" / "dropped.jsonl").read_text())
    assert dropped["detail"]["benchmark"] == "mine" and dropped["detail"]["item"] == "test:1:q"


def test_an_unknown_task_is_told(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", ROWS)
    config = decontaminate.Config(against=["kobest_bolq_not_there"])
    with pytest.raises(UserError, match="neither a file nor an lm-eval task"):
        decontaminate.run(config, Inputs(label="d", records=tmp_path / "in.jsonl"), tmp_path / "out")


CLI = "import sys; from hunmin.commands.cli import main; sys.exit(main(sys.argv[1:]))"


def through_http(tmp_path, server, *arguments):
    """Run the command line against a Hub on a port; `datasets` reads HF_ENDPOINT when it is imported."""
    environment = {**os.environ, "HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    environment |= {"HF_HUB_OFFLINE": "0"}
    return subprocess.run([sys.executable, "-c", CLI, *arguments], env=environment, capture_output=True, text=True)


def test_a_dataset_of_the_hub_by_revision_and_split_over_http(tmp_path):
    from tests.fakes.hub_server import HubServer

    lines = {s: "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in ROWS[a:b]) for s, a, b in (
        ("train", 0, 4), ("test", 4, 6))}  # fmt: skip
    with HubServer() as server:
        repo = server.add("dataset", "maker/ko-set", {f"{s}.jsonl": t.encode() for s, t in lines.items()})
        out = str(tmp_path / "out")
        done = through_http(
            tmp_path, server, "load", "--hub", "maker/ko-set", "--revision", repo.sha, "--split", "test", "-o", out
        )
        assert done.returncode == 0, done.stderr
        assert [r["output"] for r in read_jsonl(tmp_path / "out" / "records.jsonl")] == ["답 4", "답 5"]
        assert any(repo.sha in r.path for r in server.requests)
        notes = json.loads((tmp_path / "out" / "manifest.json").read_text())["counts"]["notes"]
        assert notes["revision"] == repo.sha and notes["split"] == "test"
        done = through_http(tmp_path, server, "load", "--hub", "maker/no-set", "-o", str(tmp_path / "none"))
        assert done.returncode == 2 and "maker/no-set" in done.stderr and "Traceback" not in done.stderr
        done = through_http(
            tmp_path, server, "load", "--hub", "maker/ko-set", "--revision", "v9", "-o", str(tmp_path / "v9")
        )
        assert done.returncode == 2 and "maker/ko-set@v9" in done.stderr and "Traceback" not in done.stderr
