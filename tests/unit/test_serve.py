"""What `hunmin serve` decides before anything is loaded: names, the engine, vLLM's command, who must bring a key."""

from __future__ import annotations

import argparse
import json

import pytest

from hunmin.commands import serve
from hunmin.errors import UserError
from hunmin.models import Resolved


def arguments(*words):
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    return parser.parse_args(list(words))


def test_names_of_served_models(tmp_path, monkeypatch):
    (tmp_path / "runs" / "quickstart" / "09-sft" / "adapter").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert serve.served_name("owner/model") == "owner/model" and serve.served_name("tiny:llama") == "tiny:llama"
    assert serve.served_name("runs/quickstart") == "quickstart"
    assert serve.served_name("runs/quickstart/09-sft/adapter") == "quickstart/sft"
    assert serve.served_name("runs/quickstart/09-sft/") == "quickstart/sft"


def test_vllm_serves_an_adapter_under_the_name_and_its_base_beside_it(tmp_path):
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 24}), encoding="utf-8")
    found = Resolved("run", "owner/base", tmp_path, str(tmp_path), "kullm", "abc123")
    command = serve.vllm_command(found, "mine", arguments("run", "--dtype", "bf16"), None)
    text = " ".join(command)
    assert text.startswith("vllm serve owner/base --host 127.0.0.1 --port 8000 --dtype bfloat16")
    assert f"--lora-modules mine={tmp_path}" in text and "--served-model-name mine-base" in text
    assert "--max-lora-rank 32" in text and "--revision abc123" in text and f"--tokenizer {tmp_path}" in text
    plain = serve.vllm_command(Resolved("m", "owner/m", None, "owner/m"), "m", arguments("m"), None)
    assert "--enable-lora" not in plain and "--trust-remote-code" not in plain


def test_vllm_is_not_chosen_where_it_is_not_installed():
    assert serve._engine("auto") == "own"
    with pytest.raises(UserError, match="vllm is not installed"):
        serve._engine("vllm")


def test_other_machines_need_a_key(monkeypatch):
    with pytest.raises(UserError, match="other machines"):
        serve.main(arguments("tiny:llama", "--host", "0.0.0.0"))
    monkeypatch.delenv("HUNMIN_TEST_KEY", raising=False)
    with pytest.raises(UserError, match="HUNMIN_TEST_KEY is empty"):
        serve.main(arguments("tiny:llama", "--api-key-env", "HUNMIN_TEST_KEY"))


def test_a_request_of_many_answers_needs_room_for_all_of_them():
    from hunmin.server.worker import Busy, Worker

    worker = Worker(None, max_waiting=8)
    worker.require_room(8)
    with pytest.raises(Busy):
        worker.require_room(9)
