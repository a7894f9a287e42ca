"""What an endpoint says of a prompt's log-likelihoods, and how one that says nothing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.clients import openai_chat
from hunmin.clients.prices import FREE
from hunmin.clients.service import expect
from hunmin.clients.units import Answer, completion
from hunmin.errors import UserError
from hunmin.evaluation.benchmarks import endpoint
from hunmin.evaluation.benchmarks.tokens import Request
from hunmin.stages import evaluate

from ..fakes.http_server import HttpServer, Response
from ..fakes.openai_server import OpenAIServer


def told(values, likeliest, text="가나") -> Answer:
    choice = {"index": 0, "text": text, "logprobs": {"token_logprobs": values, "top_logprobs": likeliest}}
    return Answer("ok", text, {"choices": [choice]})


TOP = [None, {"가": -0.5}, {"나": -1.0, "다": -0.25}, {"라": -2.0}, {"마": -9.0}]


@pytest.mark.parametrize(
    ("n_context", "n_choice", "value", "greedy"),
    [(1, 1, -0.5, True), (1, 2, -1.5, False), (2, 2, -3.0, False), (3, 1, -2.0, True)],
)
def test_the_last_tokens_of_the_prompt_are_summed_and_what_was_generated_is_not(n_context, n_choice, value, greedy):
    n = n_context + n_choice
    answer = told([None, -0.5, -1.0, -2.0, -9.0][: n + 1], TOP[: n + 1])
    assert endpoint.read(answer, "m", n_context, n_choice) == (pytest.approx(value), greedy)
    bare = told([None, -0.5, -1.0, -2.0][:n], TOP[:n])  # a server that generates nothing at max_tokens 1
    assert endpoint.read(bare, "m", n_context, n_choice)[0] == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer("ok", "", {"choices": [{"text": ""}]}), "tells no log-likelihoods of a prompt"),
        (Answer("ok", "", {"recorded": "답"}), "tells no log-likelihoods of a prompt"),
        (told([-0.1], [{"답": -0.1}]), "tells no log-likelihoods of a prompt"),  # of the new token alone
        (told([None, -1.0, -1.0, -1.0, -1.0], [None, *[{"가": -1.0}] * 4]), "read 4 tokens where 3 were sent"),
        (told([None, -1.0, None, -1.0], [None, {"가": -1.0}, None, {"가": -1.0}]), "are no numbers"),
        (told([None, -1.0, float("-inf"), -1.0], [None, *[{"가": -1.0}] * 3]), "are no numbers"),
        (told([None, -1.0, 7.0, -1.0], [None, *[{"가": -1.0}] * 3]), "are no numbers"),
        (told([None, -1.0, -1.0, -1.0], [None, {}, {}, {}]), "are no numbers"),
    ],
)
def test_what_holds_no_loglikelihoods_is_refused_and_never_a_number(answer, what):
    with pytest.raises(UserError, match=what):
        endpoint.read(answer, "m", 1, 2)


def remote(url: str, tmp_path: Path) -> endpoint.Remote:
    config = evaluate.Config(tasks=["copa"], models=[], remote=["m"], base_url=url, tokenizer="t")
    inputs = Inputs(label="evaluate", spend=Spend(ledger=tmp_path / "ledger.sqlite"))
    return endpoint.Remote("m", config, inputs, None, 8)


def test_every_choice_is_asked_once_and_cut_as_a_local_models(tmp_path: Path):
    bodies = []

    def answer(request):
        body = request.json()
        bodies.append(body)
        n = len(body["prompt"])
        likely = {"token_logprobs": [None, *[-0.5] * n], "top_logprobs": [None, *[{"가": -0.5}] * n]}
        return Response(200, {"model": "m", "choices": [{"text": "", "logprobs": likely}], "usage": {}})

    with HttpServer(answer) as server:
        asked = remote(f"{server.url}/v1", tmp_path)
        requests = [Request(list(range(10, 20)), [[1], [2, 3]]), Request([5], [[1], [1]])]
        found = asked.score(requests)
        assert [s.loglikelihoods for s in found] == [[-0.5, -1.0], [-0.5, -0.5]]
        prompts = sorted(b["prompt"] for b in bodies)
        assert prompts == [[5, 1], [12, 13, 14, 15, 16, 17, 18, 19, 1], [13, 14, 15, 16, 17, 18, 19, 2, 3]]
        assert all(b["echo"] and b["logprobs"] == 1 and b["max_tokens"] == 1 for b in bodies)
        assert asked.score(requests) == found and len(bodies) == 3


def test_a_server_of_chats_alone_is_refused_with_what_is_needed(tmp_path: Path):
    with OpenAIServer() as server, pytest.raises(UserError, match="need a server with /v1/completions") as told:
        remote(server.base_url, tmp_path).score([Request([1], [[2]])])
    assert told.value.exit_code == 4


def test_a_completions_cost_is_its_tokens():
    assert expect(completion([1, 2, 3], expect_tokens=5), FREE)[:2] == (3, 5)
    unit = completion([1])
    assert openai_chat.read(unit, b'{"choices": []}').status == "garbage"
    read = openai_chat.read(unit, b'{"choices": [{"text": ""}], "usage": {"prompt_tokens": 1}}')
    assert (read.status, read.in_tokens) == ("ok", 1)


def test_options_of_endpoints_are_told():
    told = evaluate.check(evaluate.Config(tasks=["copa"], models=[], remote=["m"]))
    assert len(told) == 1 and "tokenizer" in told[0]
    assert evaluate.check(evaluate.Config(tasks=["copa"], models=[], remote=["m"], tokenizer="t")) == []
    assert "belongs to remote" in evaluate.check(evaluate.Config(tasks=["copa"], tokenizer="t"))[0]


def test_the_dry_run_says_what_an_endpoint_would_read():
    data = str(Path(evaluate.__file__).parents[1] / "data" / "benchmark")
    given = {"tasks": ["copa"], "data": data, "models": [], "remote": ["m"], "tokenizer": "t", "num_fewshot": [0, 5]}
    here = evaluate.estimate(evaluate.Config(**given, base_url="http://localhost:9/v1"), Inputs())
    assert here["requests"] == 24 * 2 * 2 and here["in_tokens"] > 24 * 2 * 2 * 10 and here["usd"] == 0
    there = evaluate.estimate(evaluate.Config(**given, base_url="https://example.com/v1"), Inputs())
    assert there["usd"] is None
