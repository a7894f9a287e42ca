"""publish through the command line, with the genuine huggingface_hub against a Hub that lives in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hunmin import PACKAGE
from hunmin.artifacts import artifact
from hunmin.artifacts.artifact import Counts
from hunmin.artifacts.record import read_jsonl, write_jsonl
from tests.fakes.hub_server import HubServer

BUNDLED = PACKAGE / "data"


def hunmin(*words: str, hub: HubServer | None = None, token: str = "hf_test", home: Path, **more: str):
    """Run the command line in its own process, as a user would."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
    env = {**clean, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HOME": str(home), **more}
    if hub is not None:
        env["HF_ENDPOINT"] = hub.url
    if token:
        env["HF_TOKEN"] = token
    return subprocess.run(
        [sys.executable, "-m", "hunmin.commands.cli", *words],
        env=env,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
    )


def step(run: Path, n: int, label: str, stage: str, output: str, config: dict, inputs: dict, counts: Counts) -> Path:
    folder = run / f"{n:02d}-{label}"
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in artifact.stage_folders(run):  # what went in is named by its true content
        name = earlier.name.split("-", 1)[1]
        if name in inputs and (made := artifact.read_manifest(earlier)):
            inputs = {**inputs, name: made["content_hash"]}
    artifact.write_manifest(
        folder, stage=stage, label=label, output=output, config=config, seed=1, inputs=inputs, counts=counts, seconds=1
    )
    return folder


def rated_rows(licence: str = "Apache-2.0", generator: str = "hand-written") -> list[dict]:
    rows = []
    for i, row in enumerate(read_jsonl(BUNDLED / "ko.jsonl")):
        rating = {"rater": "llm", "model": "small", "scale": "0-10", "score": i % 11, "status": "ok", "reason": "r"}
        rows.append({**row, "license": licence, "generator": generator, "ratings": [rating]})
    return rows


@pytest.fixture
def data_run(tmp_path) -> Path:
    """A run of two data stages whose last artifact is rated."""
    run = tmp_path / "runs" / "mine"
    rows = rated_rows()
    bad = [
        {"stage": "load", "reason": "bad_row", "detail": "", "index": 120 + i, "record": {"id": f"b{i}"}}
        for i in range(10)
    ]
    for n, label in ((1, "load"), (2, "rate")):
        (run / f"{n:02d}-{label}").mkdir(parents=True)
        write_jsonl(run / f"{n:02d}-{label}" / "records.jsonl", rows)
        write_jsonl(run / f"{n:02d}-{label}" / "dropped.jsonl", bad if label == "load" else [])
    step(run, 1, "load", "load", "records", {"path": "/home/me/rows.jsonl"}, {}, Counts(130, 120, {"bad_row": 10}))
    step(run, 2, "rate", "rate", "records", {"rater": "llm", "model": "small"}, {"load": "x"}, Counts(120, 120))
    return run


def test_a_data_set_goes_up_private_and_comes_back(data_run, tmp_path):
    with HubServer() as hub:
        args = ("publish", str(data_run), "-o", str(tmp_path / "out"), "--what", "records", "--repo", "tester/rows")
        done = hunmin(*args, hub=hub, home=tmp_path)
        assert done.returncode == 0, done.stderr
        repo = hub.repo("dataset", "tester/rows")
        assert repo.private
        assert set(repo.files) == {"README.md", "data/train.jsonl", "lineage.json", "ratings.svg", "recipe.yaml"}
        assert len(repo.commits) == 2
        code = (
            "from datasets import load_dataset; d = load_dataset('tester/rows', split='train');"
            "print(len(d), d.column_names, d[5]['score'], d[5]['output'][:10])"
        )
        env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_test", "HF_HOME": str(tmp_path / "h2")}
        env |= {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
        back = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        assert back.returncode == 0, back.stderr
        first = list(read_jsonl(BUNDLED / "ko.jsonl"))[5]["output"][:10]
        assert back.stdout.split()[0] == "120" and first in back.stdout and " 5.0 " in back.stdout
    card = repo.files["README.md"].decode()
    front = yaml.safe_load(card.split("---")[1])
    assert front["license"] == "apache-2.0" and front["configs"][0]["data_files"][0]["path"] == "data/train.jsonl"
    assert "| load | 130 | 120 | bad_row 10 |" in card
    assert 'load_dataset("tester/rows"' in card and "mean 4.96" in card
    assert "/home/me" not in card + repo.files["recipe.yaml"].decode()


def test_the_same_again_commits_nothing(data_run, tmp_path):
    with HubServer() as hub:
        for out in ("a", "b"):
            args = ("publish", str(data_run), "-o", str(tmp_path / out), "--what", "records", "--repo", "tester/rows")
            done = hunmin(*args, "--json", hub=hub, home=tmp_path)
            assert done.returncode == 0, done.stderr
        assert len(hub.repo("dataset", "tester/rows").commits) == 2
        assert json.loads(done.stdout)["counts"]["notes"]["uploaded"]["unchanged"] is True


@pytest.mark.parametrize(
    ("licence", "generator", "more", "code"),
    [
        ("CC BY-NC 4.0", "hand-written", ("--license", "apache-2.0"), "noncommercial"),
        ("apache-2.0", "gpt-4o-mini", (), "generator-terms"),
        ("", "hand-written", (), "unknown-licence"),
        ("cc-by-sa-4.0", "hand-written", ("--license", "mit"), "share-alike"),
    ],
)
def test_conflicts_refuse_until_they_are_accepted(tmp_path, licence, generator, more, code):
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, rated_rows(licence, generator))
    with HubServer() as hub:
        args = ("publish", str(path), "--what", "records", "--repo", "tester/rows", *more)
        refused = hunmin(*args, "-o", str(tmp_path / "a"), hub=hub, home=tmp_path)
        assert refused.returncode == 2 and f"({code})" in refused.stderr and "Traceback" not in refused.stderr
        assert hub.repos == {} and not hub.sent("POST", "/api/repos/create")
        taken = hunmin(*args, "-o", str(tmp_path / "b"), "--accept", f"[{code}]", hub=hub, home=tmp_path)
        assert taken.returncode == 0, taken.stderr
        assert "looked at and accepted" in hub.repo("dataset", "tester/rows").files["README.md"].decode()


def test_keys_mail_and_resident_numbers_stop_it_or_are_redacted(tmp_path):
    rows = rated_rows()
    rows[0]["output"] = "메일은\nkim.minsu@naver.com 으로 주세요. 예시 주소는 a@example.com 입니다."
    rows[1]["input"] = "주민등록번호 900101-1234567"
    rows[2]["original"] = {"output": "token hf_" + "a" * 34}
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, rows)
    with HubServer() as hub:
        args = ("publish", str(path), "--what", "records", "--repo", "tester/rows")
        refused = hunmin(*args, "-o", str(tmp_path / "a"), hub=hub, home=tmp_path)
        assert refused.returncode == 2 and hub.repos == {}
        for told in ("1 email", "1 resident number", "1 key", "k…@naver.com"):
            assert told in refused.stderr
        assert "kim.minsu" not in refused.stderr and "234567" not in refused.stderr
        done = hunmin(*args, "-o", str(tmp_path / "b"), "--sensitive", "redact", hub=hub, home=tmp_path)
        assert done.returncode == 0, done.stderr
        sent = hub.repo("dataset", "tester/rows").files["data/train.jsonl"].decode()
    lines = [json.loads(line) for line in sent.splitlines()]
    assert lines[0]["output"] == "메일은\n[EMAIL] 으로 주세요. 예시 주소는 a@example.com 입니다."
    assert lines[1]["input"] == "주민등록번호 [RESIDENT NUMBER]"
    assert json.loads(lines[2]["history"])["original"]["output"] == "token [KEY]"


@pytest.mark.parametrize(
    ("what", "words", "said"),
    [
        ("no token", (), "there is no Hugging Face token"),
        ("bad token", (), "the Hub does not accept the token"),
        ("foreign", ("--repo", "someone/rows"), "the token may not write there"),
        ("public", (), "the repository is public already"),
        ("no server", (), "no connection"),
        ("offline", (), "HF_HUB_OFFLINE is set"),
    ],
)
def test_what_can_go_wrong_at_the_hub_is_told_plainly(data_run, tmp_path, what, words, said):
    with HubServer() as hub:
        if what == "public":
            hub.add("dataset", "tester/rows", {})
        args = [
            "publish",
            str(data_run),
            "-o",
            str(tmp_path / "o"),
            "--what",
            "records",
            "--repo",
            "tester/rows",
            *words,
        ]
        more = {"HF_ENDPOINT": "http://127.0.0.1:9"} if what == "no server" else {}
        more |= {"HF_HUB_OFFLINE": "1"} if what == "offline" else {}
        token = {"no token": "", "bad token": "hf_wrong"}.get(what, "hf_test")
        done = hunmin(*args, hub=None if what == "no server" else hub, token=token, home=tmp_path, **more)
    assert done.returncode == (2 if what == "public" else 4), done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert not hub.sent("POST", "/commit/")


@pytest.fixture(scope="module")
def model_run(tmp_path_factory) -> Path:
    """A run with an adapter, its merged weights and scores, made with real tiny weights."""
    import torch
    from peft import LoraConfig, get_peft_model

    from hunmin.templates.render import load_template
    from hunmin.tiny import Shape, new_model, train_tokenizer

    run = tmp_path_factory.mktemp("runs") / "tuned"
    (run / "01-load").mkdir(parents=True)
    rows = list(read_jsonl(BUNDLED / "ko.jsonl"))
    write_jsonl(run / "01-load" / "records.jsonl", rows)
    step(run, 1, "load", "load", "records", {"hub": "kyujinpy/KOpen-platypus"}, {}, Counts(120, 120))
    torch.manual_seed(0)
    tokenizer = train_tokenizer("llama", [r["output"] for r in rows if r.get("output")], 400)
    model = new_model("llama", Shape(vocab_size=400, hidden_size=32, num_layers=2, num_heads=2), tokenizer)
    template = load_template("alpaca", tokenizer)
    tokenizer.chat_template = template.chat_template
    peft = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    card = {"base_model": "Qwen/Qwen3-0.6B-Base", "template": "alpaca", "stop": template.stop}
    adapter, merged = run / "02-sft" / "adapter", run / "03-merge" / "model"
    peft.save_pretrained(adapter)
    (adapter / "README.md").unlink(missing_ok=True)
    where = json.loads((adapter / "adapter_config.json").read_text()) | {"base_model_name_or_path": "/home/me/base"}
    (adapter / "adapter_config.json").write_text(json.dumps(where))
    peft.merge_and_unload().save_pretrained(merged)
    for folder in (adapter, merged):
        tokenizer.save_pretrained(folder)
        (folder / "hunmin.json").write_text(json.dumps(card))
    (merged / "optimizer.pt").write_bytes(b"pickle")
    options = {"base_model": "Qwen/Qwen3-0.6B-Base", "learning_rate": 1e-4, "lora_r": 2, "template": "alpaca"}
    notes = {"train_rows": 120, "steps": 8, "first_loss": 6.0, "last_loss": 5.5}
    step(run, 2, "sft", "sft", "model", options, {"load": "h"}, Counts(120, 120, {}, notes))
    step(run, 3, "merge", "merge", "model", {}, {"sft": "h"}, Counts())
    scores = run / "04-evaluate" / "scores.json"
    row = {"task": "copa", "metric": "macro_f1", "num_fewshot": 5, "protocol": "harness", "n": 24}
    row |= {"ci_low": 0.4, "ci_high": 0.7, "n_truncated": 0}
    scores.parent.mkdir()
    scores.write_text(
        json.dumps({"rows": [{**row, "model": m, "value": v} for m, v in (("base", 0.5), ("merge", 0.6))]})
    )
    step(run, 4, "evaluate", "evaluate", "scores", {"tasks": ["copa"]}, {"merge": "h"}, Counts())
    return run


def test_adapter_and_merged_weights_with_their_card(model_run, tmp_path):
    with HubServer() as hub:
        args = ("publish", str(model_run), "-o", str(tmp_path / "out"), "--what", "model", "--weights", "both")
        done = hunmin(*args, "--repo", "our-lab/tuned", hub=hub, home=tmp_path)
        assert done.returncode == 0, done.stderr
        repo = hub.repo("model", "our-lab/tuned")
        code = (
            "from transformers import AutoModelForCausalLM, AutoTokenizer; from huggingface_hub import ModelCard;"
            "m = AutoModelForCausalLM.from_pretrained('our-lab/tuned');"
            "t = AutoTokenizer.from_pretrained('our-lab/tuned');"
            "c = ModelCard.load('our-lab/tuned');"
            "print(sum(p.numel() for p in m.parameters()), len(t), c.data.eval_results[0].metric_value,"
            " c.data.base_model, c.data.license)"
        )
        env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_test", "HF_HOME": str(tmp_path / "h2")}
        env |= {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
        back = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        assert back.returncode == 0, back.stderr
        assert back.stdout.split()[2:] == ["0.6", "Qwen/Qwen3-0.6B-Base", "apache-2.0"]
    assert repo.private and "model.safetensors" in repo.files and "adapter/adapter_model.safetensors" in repo.files
    assert not any(name.endswith((".pt", ".bin")) for name in repo.files)
    adapter = json.loads(repo.files["adapter/adapter_config.json"])
    assert adapter["base_model_name_or_path"] == "Qwen/Qwen3-0.6B-Base"
    card = repo.files["README.md"].decode()
    assert "### Instruction:\n대한민국의 수도는 어디인가요?\n\n### Response:\n" in card
    assert "| copa | macro_f1 | 5 | harness | 24 | 0.5000 (too few) | 0.6000 (too few) |" in card
    assert "under 30 documents a macro-F1 has no interval that holds" in card
    assert "learning_rate | 0.0001" in card and "loss 6.000 to 5.500" in card and "/home/me" not in card


def test_an_interrupted_upload_goes_on_without_sending_again(model_run, tmp_path):
    with HubServer() as hub:
        hub.fail("POST", "/commit/", 500, times=20)
        args = ("publish", str(model_run), "-o", str(tmp_path / "o"), "--what", "model", "--repo", "tester/m")
        broken = hunmin(*args, "--weights", "both", hub=hub, home=tmp_path)
        assert broken.returncode == 4 and "Run the same command again" in broken.stderr, broken.stderr
        assert "Traceback" not in broken.stderr
        sent = len(hub.sent("PUT", "/lfs-put/"))
        assert sent == 2 and hub.repo("model", "tester/m").files == {}
        hub._faults.clear()
        done = hunmin(*args, "--weights", "both", hub=hub, home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert len(hub.sent("PUT", "/lfs-put/")) == sent  # what had arrived is not sent again
        repo = hub.repo("model", "tester/m")
        assert {"model.safetensors", "adapter/adapter_model.safetensors"} <= set(repo.files)


def test_weights_of_an_older_push_do_not_stay_beside_the_new_ones(model_run, tmp_path):
    old = {"adapter_model.safetensors": b"old", "adapter_config.json": b"{}", "notes.txt": b"keep"}
    with HubServer() as hub:
        hub.add("model", "tester/m", old, private=True)
        args = ("publish", str(model_run), "-o", str(tmp_path / "o"), "--what", "model", "--repo", "tester/m")
        done = hunmin(*args, hub=hub, home=tmp_path)
        assert done.returncode == 0, done.stderr
        files = set(hub.repo("model", "tester/m").files)
    assert "model.safetensors" in files and "notes.txt" in files
    assert not files & {"adapter_model.safetensors", "adapter_config.json"}


def test_without_upload_the_folder_is_written_and_nothing_is_asked(model_run, tmp_path):
    with HubServer() as hub:
        args = ("publish", str(model_run), "-o", str(tmp_path / "o"), "--what", "model", "--repo", "tester/m")
        done = hunmin(*args, "--no-upload", "--weights", "adapter", hub=hub, token="", home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert hub.requests == []
    folder = tmp_path / "o" / "hub"
    assert {"README.md", "adapter_model.safetensors", "recipe.yaml"} <= {p.name for p in folder.iterdir()}
    assert "AutoPeftModelForCausalLM" in (folder / "README.md").read_text()


def test_a_missing_kind_of_weights_is_named(model_run, tmp_path):
    args = ("publish", str(model_run), "-o", str(tmp_path / "o"), "--what", "model", "--from", "sft")
    done = hunmin(*args, "--weights", "merged", home=tmp_path)
    assert done.returncode == 2 and "there are no merged weights of 'sft'" in done.stderr
    args = ("publish", str(model_run), "-o", str(tmp_path / "p"), "--what", "model", "--from", "sfft")
    done = hunmin(*args, home=tmp_path)
    assert done.returncode == 2 and "did you mean 'sft'?" in done.stderr
