"""Money: limits are numbers, the meter never runs back, odd answers cost their own unit, nothing goes elsewhere."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import subprocess
import sys
import time

import pytest

from hunmin.artifacts.artifact import Spend
from hunmin.clients import patience, prices
from hunmin.clients.pace import retry_after
from hunmin.commands import cli
from hunmin.errors import UserError
from hunmin.options import Options, opt
from hunmin.running import recipe
from hunmin.stages.protocol import find_stage
from tests.fakes.deepl_server import DeepLServer
from tests.fakes.http_server import Response
from tests.fakes.openai_server import OpenAIServer, completion, error
from tests.unit.clients_asked import KEY, ask_all, keys  # noqa: F401
from tests.unit.test_clients_llm import opened, question

NO_LIMITS = (math.nan, math.inf, -math.inf, -1, -0.5)


@pytest.mark.parametrize("value", NO_LIMITS)
def test_a_limit_is_a_finite_number_from_0_on(tmp_path, value):
    with pytest.raises(UserError, match="max_usd: expected a"):
        Spend(max_usd=value)
    written = str(value).replace("nan", ".nan").replace("inf", ".inf")
    text = f"name: r\nmax_usd: {written}\nstages:\n  - load: {{path: a}}\n"
    with pytest.raises(UserError, match="r.yaml:2: max_usd: expected a"):
        recipe.parse(text, tmp_path / "r.yaml")
    with pytest.raises(UserError, match="max-usd"):
        from hunmin.commands import one_stage

        one_stage.main("rate", ["in.jsonl", "-o", "out", "--model", "m", f"--max-usd={value}"])


@pytest.mark.parametrize(
    ("stage", "option"),
    [("sft", "learning_rate"), ("sft", "weight_decay"), ("sft", "seed"), ("dedup", "max_similarity"), ("load", "limit"),
     ("rate", "batch_poll_seconds"), ("judge", "temperature"), ("translate", "timeout_seconds")],
)  # fmt: skip
def test_no_option_is_nan_infinite_or_negative(stage, option):
    for value in NO_LIMITS:
        config, found = recipe.check_config(find_stage(stage), {option: value})
        assert config is None and any(loc[-1:] == (option,) for loc, _ in found), (stage, option, value)


def test_what_is_passed_through_is_finite_and_a_score_may_be_negative():
    class Own(Options):
        request: dict = opt({}, "Passed through.")
        factor: float = opt(1.0, "No limit of its own.")
        score: float | None = opt(None, "May be negative.", signed=True)

    assert Own(request={"presence_penalty": -1}, score=-2.5).score == -2.5
    for bad in ({"request": {"a": [math.nan]}}, {"factor": -1}, {"factor": math.inf}, {"score": math.nan}):
        with pytest.raises(ValueError, match="expected a"):
            Own(**bad)


def test_a_negative_usage_does_not_turn_the_meter_back(tmp_path):
    """One server's -1e9 tokens took it to -15,000 US dollars, and the limit with it."""

    def script(n, body):
        answer = completion("답")
        answer["usage"] = {"prompt_tokens": -(10**9), "completion_tokens": -(10**9)}
        return Response(200, answer)

    spend = Spend(tmp_path / "ledger.sqlite", max_usd=1.0)
    with OpenAIServer(script) as server, opened(server, tmp_path, spend=spend) as client:
        (answer,) = ask_all(client, [question("q")])
        assert answer.ok and answer.usage["usd"] == 0 and client.report()["ledger"]["meter_usd"] == 0


def deep():
    return b'{"choices": ' + b"[" * 5000 + b"]" * 5000 + b"}"


def usage(value):
    return json.dumps({**completion("답"), "usage": value}).encode()


ODD = {
    "tokens as text": usage({"prompt_tokens": "x"}),
    "tokens nan": usage({"prompt_tokens": math.nan}),
    "tokens infinite": usage({"prompt_tokens": math.inf, "completion_tokens": 1}),
    "tokens of no 64 bits": usage({"prompt_tokens": 10**30}),
    "a list as usage": usage([1]),
    "a text as usage": usage("many"),
    "5,000 deep": deep(),
    "a lone surrogate": json.dumps(completion("\ud800답")).encode(),
    "a surrogate as the model's name": json.dumps(completion("답", model="\udfff")).encode(),
    "choices of numbers": b'{"choices": [1]}',
    "no UTF-8": b'{"choices": [{"message": {"content": "\xff\xfe"}}]}',
    "nothing": b"",
}


@pytest.mark.parametrize("kind", ODD)
def test_an_unreadable_answer_is_garbage_for_its_unit_alone_and_is_kept(tmp_path, kind):
    def script(n, body):
        return Response(200, ODD[kind]) if body["messages"][0]["content"] == "odd" else None

    with OpenAIServer(script) as server:
        with opened(server, tmp_path) as client:
            found = ask_all(client, [question("odd"), question("a"), question("b")])
            assert [answer.status for answer in found] == ["garbage", "ok", "ok"]
            rows = client.ledger._db.execute("SELECT raw FROM unit WHERE state='failed'").fetchall()
            assert len(rows) == 1 and rows[0][0] is not None
        with opened(server, tmp_path) as client:  # and nothing blocks the next run
            assert ask_all(client, [question("a")])[0].ok


def test_a_free_endpoint_asks_for_no_price_and_a_limit_is_kept_where_one_is_given(tmp_path):
    here, there = "http://127.0.0.1:8000/v1", "http://10.0.0.3:8000/v1"
    assert prices.is_free(here, "my-model") and not prices.is_free(there, "my-model")
    assert not prices.is_free(here, "gpt-4o-mini") and prices.is_free(there, "my-model", free=True)
    assert prices.price_at(here, "my-model", False, None, "t") == prices.FREE
    assert prices.price_at(there, "my-model", True, 1.0, "t") == prices.FREE
    with pytest.raises(UserError, match="price of 'my-model' is not known"):
        prices.price_at(here, "my-model", False, 1.0, "t")
    (tmp_path / "prices.yaml").write_text("my-model: {input: 1.0, output: 1.0}\n")
    assert not prices.is_free(here, "my-model") and prices.price_at(here, "my-model", False, None, "t").input == 1.0
    (tmp_path / "prices.yaml").write_text("my-model: {input: .inf, output: 1.0}\n")
    with pytest.raises(UserError, match="my-model"):
        prices.price_of("my-model")


def records(folder, n=3):
    lines = [json.dumps({"instruction": f"Name the number {i}.", "output": f"It is {i}."}) for i in range(n)]
    (folder / "in.jsonl").write_text("\n".join(lines) + "\n")
    return str(folder / "in.jsonl")


def test_a_server_of_this_machine_is_asked_without_limit_or_consent(tmp_path, capsys):
    with OpenAIServer(lambda n, body: "번호를 말해 주세요.") as server:
        words = ["translate", records(tmp_path), "--engine", "llm", "--model", "mine", "--base-url", server.base_url]
        assert cli.main([*words, "-o", str(tmp_path / "a"), "-q"]) == 0, capsys.readouterr().err
        asked = len(server.chats)
        assert asked
        priced = [*words, "-o", str(tmp_path / "b"), "--model", "gpt-4o-mini"]
        assert cli.main(priced) == 2 and len(server.chats) == asked
        assert cli.main([*priced, "--max-usd", "0.0000001", "--yes"]) == 4 and len(server.chats) == asked


def test_an_unknown_price_is_found_before_the_first_stage_runs(tmp_path, capsys):
    with OpenAIServer() as server:
        (tmp_path / "r.yaml").write_text(
            f"name: r\nmax_usd: 1\nstages:\n  - load: {{path: {records(tmp_path)}}}\n"
            f"  - rate: {{model: mine, base_url: '{server.base_url}'}}\n"
        )
        assert cli.main(["run", str(tmp_path / "r.yaml"), "--yes", "-q"]) == 2
        assert "price of 'mine' is not known" in capsys.readouterr().err and not server.chats
        assert not (tmp_path / "runs" / "r" / "01-load").exists()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_origin_gets_no_prompt(tmp_path, status):
    with OpenAIServer() as other:
        where = {"location": f"{other.base_url}/chat/completions"}
        with OpenAIServer(lambda n, body: Response(status, b"", where)) as server, opened(server, tmp_path) as client:
            (stopped,) = ask_all(client, [question("secret")])
            assert isinstance(stopped, UserError) and "redirects to http://127.0.0.1" in str(stopped)
            assert stopped.exit_code == 4 and not other.requests and len(server.requests) == 1


def test_deepl_follows_no_redirect_to_another_origin(tmp_path):
    from hunmin.clients import deepl
    from hunmin.clients.units import text

    with DeepLServer() as other:
        there = Response(307, b"", {"location": f"{other.url}/v2/translate"})
        with DeepLServer(lambda n, body: there) as server:
            spend = Spend(tmp_path / "ledger.sqlite")
            with deepl.open_client(spend=spend, label="t", base_url=server.url, first_wait_seconds=0.01) as client:
                (stopped,) = ask_all(client, [text("secret", source_lang="EN", target_lang="KO")])
            assert isinstance(stopped, UserError) and "redirects" in str(stopped)
            assert not any(r.path.endswith("translate") for r in other.requests)


def test_retry_after_is_capped_and_told_and_a_silent_server_too(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.WARNING, "hunmin")
    monkeypatch.setattr(patience, "WAIT_AT_MOST_SECONDS", 0.2)
    monkeypatch.setattr(patience, "HANGING_SECONDS", 0.1)
    with OpenAIServer(lambda n, body: error(429, retry_after="86400") if n == 0 else None, delay=0.4) as server:
        with opened(server, tmp_path) as client:
            begun = time.monotonic()
            assert ask_all(client, [question("q")])[0].ok and time.monotonic() - begun < 20
    assert "asks to wait 86,400 s" in caplog.text and "has not answered" in caplog.text


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "-5", "Fri, 99 Zzz 99999 99:99:99 GMT", "soon", ""])
def test_no_retry_after_breaks_anything(value):
    found = retry_after({"retry-after": value})
    assert found is None or found >= 0


SLOW = """
import sys
from hunmin.artifacts import interrupt
from hunmin.commands import cli
interrupt.leave(cli.main(sys.argv[1:]))
"""


def test_a_second_ctrl_c_ends_within_a_second_and_the_first_says_what_is_waited_for(tmp_path):
    environment = {**os.environ, "TEST_KEY": KEY}
    with OpenAIServer(delay=20.0) as server:
        words = ["translate", records(tmp_path), "-o", str(tmp_path / "out"), "--engine", "llm", "--model", "mine"]
        words += ["--base-url", server.base_url, "--timeout-seconds", "60"]
        child = subprocess.Popen(
            [sys.executable, "-c", SLOW, *words], env=environment, stderr=subprocess.PIPE, text=True
        )
        while len(server.requests) < 3:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        said = ""
        while "Ctrl-C again" not in said:
            said += child.stderr.readline()
        assert "under way, at most 60 s each" in said
        begun = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, more = child.communicate(timeout=10)
        assert time.monotonic() - begun < 3 and child.returncode == 130 and "Traceback" not in said + more
