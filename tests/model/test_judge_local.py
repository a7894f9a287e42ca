"""The judge stage with answers of a real local model: kept as they come, resumed, several turns, beams."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Counts, Inputs, Spend, write_manifest
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.evaluation.judging.answers import read_answers
from hunmin.stages import judge

from ..fakes.openai_server import OpenAIServer
from . import small


def name() -> str:
    return Path(small.base("llama")).name


QUESTIONS = [
    *({"id": f"q{i}", "instruction": f"{i}번 질문: 하늘이 파란 까닭을 설명하세요."} for i in range(5)),
    {"id": "two", "questions": ["한국의 수도는 어디인가요?", "그 도시를 소개하세요."]},
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS)
    return tmp_path / "questions.jsonl"


def run(folder: Path, server: OpenAIServer, questions: Path, out: str = "out", **options):
    config = judge.Config(
        model="judge",
        base_url=server.base_url,
        questions=str(questions),
        models=options.pop("models", [small.base("llama")]),
        criteria="kullm-v3",
        max_new_tokens=options.pop("max_new_tokens", 12),
        batch_size=2,
        template="kullm",
        **options,
    )
    inputs = Inputs("judge", seed=5, spend=Spend(folder / "ledger.sqlite"), in_flight=4)
    counts = judge.run(config, inputs, folder / out)
    rows = json.loads((folder / out / "scores.json").read_text(encoding="utf-8"))
    return rows, list(read_jsonl(folder / out / "documents.jsonl")), counts


def test_a_local_model_answers_and_is_judged(tmp_path, questions):
    with OpenAIServer(lambda n, body: "3\n보통입니다.") as server:
        rows, documents, _ = run(tmp_path, server, questions)
        shown = [body["messages"][-1]["content"] for body in server.chats]
    assert {r["value"] for r in rows} == {3} and max(r["n"] for r in rows) == 6  # parts of the questions have fewer
    assert rows[0]["model"] == name()
    assert [len(d["answers"]) for d in documents] == [1] * 5 + [2]
    for document in documents:
        for answer in document["answers"]:
            assert answer["n_tokens"] <= 12 and answer["finish_reason"] in ("stop", "length")
        first = documents[0]["answers"][0]["text"]
    assert first and any(f"<답변>\n{first}" in text for text in shown)
    assert rows[0]["n_truncated"] == sum(any(a["finish_reason"] == "length" for a in d["answers"]) for d in documents)


def test_half_the_answers_survive_a_kill_and_the_rest_is_the_same(tmp_path, questions):
    with OpenAIServer(lambda n, body: "3") as server:
        _, whole, _ = run(tmp_path, server, questions, out="whole")
        sent = len(server.chats)
        done = (tmp_path / "whole" / f"answers-{name()}.jsonl").read_bytes()
        (tmp_path / "cut").mkdir()
        (tmp_path / "cut" / f"answers-{name()}.jsonl").write_bytes(done[: len(done) // 2])
        _, resumed, _ = run(tmp_path, server, questions, out="cut")
        assert len(server.chats) == sent  # the same answers: no verdict is asked for twice
    assert resumed == whole
    assert read_answers(tmp_path / "cut" / f"answers-{name()}.jsonl") == read_answers(
        tmp_path / "whole" / f"answers-{name()}.jsonl"
    )


def test_two_models_stand_in_one_table_relative_to_one_of_them(tmp_path, questions):
    neox = small.base("neox")
    with OpenAIServer(lambda n, body: str(2 + n % 3)) as server:
        rows, documents, _ = run(
            tmp_path, server, questions, models=[small.base("llama"), neox], reference=Path(neox).name
        )
    assert {d["model"] for d in documents} == {name(), Path(neox).name}
    relative = {r["model"]: r["value"] for r in rows if r["metric"] == "relative" and r["task"] == "overall"}
    assert set(relative) == {name(), Path(neox).name} and relative[Path(neox).name] == 100
    ours, theirs = (next(d for d in documents if d["model"] == m) for m in relative)
    assert ours["answers"] != theirs["answers"]


def test_a_prompt_longer_than_the_context_is_not_judged(tmp_path):
    write_jsonl(
        tmp_path / "q.jsonl", [{"id": "long", "instruction": "말 " * 4000}, {"id": "short", "instruction": "안녕?"}]
    )
    with OpenAIServer(lambda n, body: "3") as server:
        rows, documents, _ = run(tmp_path, server, tmp_path / "q.jsonl")
    assert documents[0]["answers"][0]["status"] == "too_long"
    assert {v["status"] for v in documents[0]["verdicts"]} == {"no_answer"}
    assert {(r["n"], r["n_unread"]) for r in rows} == {(1, 1)}


def test_beams_are_passed_on(tmp_path, questions):
    with OpenAIServer(lambda n, body: "3") as server:
        _, greedy, _ = run(tmp_path, server, questions, out="greedy")
        _, beams, _ = run(tmp_path, server, questions, out="beams", num_beams=4)
    assert [d["answers"] for d in greedy] != [d["answers"] for d in beams]


def test_newest_and_base_are_found_and_the_base_is_asked_in_the_newest_models_template(tmp_path, questions):
    """A model artifact as sft leaves it: its card names the template, its manifest the base."""
    artifact = tmp_path / "01-sft"
    shutil.copytree(small.base("llama", seed=3), artifact / "model")
    card = {"template": "kullm", "base_model": small.base("llama")}
    (artifact / "model" / "hunmin.json").write_text(json.dumps(card), encoding="utf-8")
    more = {"seed": 0, "inputs": {}, "counts": Counts(), "seconds": 0.0}
    write_manifest(
        artifact, stage="sft", label="sft", output="model", config={"base_model": small.base("llama")}, **more
    )
    with OpenAIServer(lambda n, body: "3") as server:
        config = judge.Config(
            model="judge",
            base_url=server.base_url,
            questions=str(questions),
            models=["base", "newest"],
            criteria="kullm-v3",
            max_new_tokens=8,
        )
        inputs = Inputs(
            "judge", model=artifact, earlier={"sft": artifact}, spend=Spend(tmp_path / "ledger.sqlite"), in_flight=4
        )
        judge.run(config, inputs, tmp_path / "out")
    documents = list(read_jsonl(tmp_path / "out" / "documents.jsonl"))
    assert list(dict.fromkeys(d["model"] for d in documents)) == [small.base("llama"), "sft"]
    assert all(a["status"] == "ok" for d in documents for a in d["answers"])
