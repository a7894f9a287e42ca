"""The llm client against real HTTP servers behind the genuine openai client."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import random
import time

import pytest

from hunmin.artifacts.artifact import Spend
from hunmin.clients import asking
from hunmin.clients import openai_chat as llm
from hunmin.clients.units import STATUSES, chat
from hunmin.errors import UserError
from tests.fakes import openai_server
from tests.fakes.http_server import Response
from tests.fakes.openai_server import OpenAIServer, completion, error
from tests.unit.clients_asked import KEY, ask_all, keys  # noqa: F401


def opened(server, tmp_path, **options):
    spend = options.pop("spend", None) or Spend(tmp_path / "ledger.sqlite")
    options = {
        "model": "gpt-4o-mini",
        "api_key_env": "TEST_KEY",
        "label": "rate",
        "first_wait_seconds": 0.01,
        **options,
    }
    return llm.open_client(base_url=server.base_url, spend=spend, **options)


def question(content, **options):
    return chat([{"role": "user", "content": content}], record=content, field="output", **options)


def test_answers_come_once_and_then_from_the_ledger(tmp_path):
    with OpenAIServer() as server:
        units = [question(f"q{i % 4}") for i in range(8)]
        with opened(server, tmp_path) as client:
            first = ask_all(client, units)
        with opened(server, tmp_path) as client:
            second = ask_all(client, units)
            report = client.report()
        assert [a.text for a in first] == [a.text for a in second] == [f"답: q{i % 4}" for i in range(8)]
        assert len(server.chats) == 4  # equal units share a key
        assert (report["ledger"]["done"], report["this_run"].get("sent", 0)) == (4, 0)
        assert all(not a.charged_now for a in second)
        assert first[0].usage["in_tokens"] == 20 and first[0].raw["choices"]


def test_the_request_is_what_was_asked_and_nothing_more(tmp_path):
    with OpenAIServer() as server, opened(server, tmp_path, request={"seed": 7}) as client:
        ask_all(client, [question("q", logprobs=True, top_logprobs=20)])
        expected = {"model", "messages", "seed", "logprobs", "top_logprobs"}
        assert set(server.chats[0]) == expected
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_repeat_request_and_endpoint_are_part_of_the_key(tmp_path):
    with OpenAIServer() as server:
        with opened(server, tmp_path) as client:
            ask_all(client, [question("q"), question("q", repeat=1)])
        with opened(server, tmp_path, request={"temperature": 0}) as client:
            ask_all(client, [question("q")])
        with opened(server, tmp_path, model="gpt-4o") as client:
            ask_all(client, [question("q")])
        assert len(server.chats) == 4


BODIES = {
    "empty": completion(None),
    "refused": completion(None, refusal="I cannot help with that."),
    "filtered": completion("부분", "content_filter"),
    "cut_off": completion("여기까지만 쓰", "length"),
    "garbage": {"error": {"message": "upstream failed"}},
}


@pytest.mark.parametrize("status", BODIES)
def test_what_is_no_answer_has_a_status_and_no_text(tmp_path, status):
    with OpenAIServer(lambda n, body: Response(200, BODIES[status])) as server, opened(server, tmp_path) as client:
        (answer,) = ask_all(client, [question("q")])
        assert (answer.status, answer.text) == (status, "")
        assert status in STATUSES
        assert len(server.chats) == (4 if status == "garbage" else 1)  # what was answered and paid is not asked again


def test_thoughts_are_no_part_of_the_answer(tmp_path):
    with OpenAIServer(lambda n, body: "<think>8? 9?</think>\n점수: 9") as server, opened(server, tmp_path) as client:
        (answer,) = ask_all(client, [question("q")])
        assert answer.text == "점수: 9"


@pytest.mark.parametrize(
    "fault",
    [
        error(500),
        error(503, retry_after="0.01"),
        error(429, retry_after="0.01"),
        openai_server.HTML,
        openai_server.BROKEN_JSON,
        openai_server.NO_CHOICES,
        openai_server.HALF,
    ],
)
def test_faults_that_pass_do_not_reach_the_answer_or_its_neighbours(tmp_path, fault):
    with (
        OpenAIServer(lambda n, body: fault if n in (1, 4) else None) as server,
        opened(server, tmp_path) as client,
    ):
        answers = ask_all(client, [question(f"q{i}") for i in range(6)])
        assert [a.text for a in answers] == [f"답: q{i}" for i in range(6)]
        assert len(server.chats) == 8


def test_a_bad_unit_is_rejected_alone(tmp_path):
    def script(n, body):
        return error(400, "too long") if body["messages"][0]["content"] == "bad" else None

    with OpenAIServer(script) as server, opened(server, tmp_path) as client:
        good, bad = ask_all(client, [question("good"), question("bad")])
        assert (good.status, bad.status) == ("ok", "rejected")
        assert "too long" in bad.detail and bad.text == ""


def test_a_timeout_is_sent_again_and_counted(tmp_path):
    def script(n, body):
        return Response(200, completion("늦음"), delay=3) if n == 0 else None

    with OpenAIServer(script) as server, opened(server, tmp_path, timeout_seconds=0.3) as client:
        (answer,) = ask_all(client, [question("q")])
        assert answer.ok and len(server.chats) == 2
        assert client.report()["ledger"]["possible_double_charges"] == 1


def test_a_connection_lost_after_sending_counts_as_a_possible_double_charge(tmp_path):
    with OpenAIServer(lambda n, body: openai_server.HALF if n == 0 else None) as server:
        with opened(server, tmp_path) as client:
            assert ask_all(client, [question("q")])[0].ok
            assert client.report()["ledger"]["possible_double_charges"] == 1
    with opened(server, tmp_path) as client:  # nobody listens there any more: surely not charged
        (stopped,) = ask_all(client, [question("other")])
        assert stopped.status == "unreachable" and "no connection" in stopped.detail
        assert client.report()["ledger"]["possible_double_charges"] == 1


def test_retry_after_is_kept(tmp_path):
    import time

    times = []

    def script(n, body):
        times.append(time.monotonic())
        return error(429, retry_after="0.5") if n == 0 else None

    with OpenAIServer(script) as server, opened(server, tmp_path) as client:
        ask_all(client, [question("q")])
        assert times[1] - times[0] >= 0.5


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (error(401, f"Incorrect API key provided: {KEY}"), "HTTP 401"),
        (error(403, "no access"), "HTTP 403"),
        (error(429, "You exceeded your current quota", "insufficient_quota"), "quota is used up"),
        (error(404, "The model does not exist", "model_not_found"), "HTTP 404"),
    ],
)
def test_quota_and_authentication_stop_with_progress_saved(tmp_path, fault, said):
    with OpenAIServer(lambda n, body: fault if n >= 2 else None) as server:
        with opened(server, tmp_path) as client:

            async def main():
                found = [await client.ask(question(f"q{i}")) for i in range(2)]
                with pytest.raises(UserError) as caught:
                    await client.ask(question("q2"))
                with pytest.raises(UserError):
                    await client.ask(question("q3"))
                return found, caught.value

            found, stopped = asyncio.run(main())
        assert (stopped.exit_code, len(found), len(server.chats)) == (4, 2, 3)
        assert said in str(stopped) and "2 answers are saved" in str(stopped) and KEY not in str(stopped)
    with OpenAIServer(port=int(server.url.rsplit(":")[-1])) as server, opened(server, tmp_path) as client:
        assert all(a.ok for a in ask_all(client, [question(f"q{i}") for i in range(4)]))
        assert len(server.chats) == 2  # exactly what was missing


def test_a_dead_service_stops_instead_of_failing_every_record(tmp_path):
    with OpenAIServer(lambda n, body: error(500)) as server, opened(server, tmp_path) as client:
        found = ask_all(client, [question(f"q{i}") for i in range(30)])
        stops = [e for e in found if isinstance(e, UserError)]
        assert stops and stops[0].exit_code == 4
        assert sum(not isinstance(e, UserError) for e in found) <= 5


def test_a_service_that_rejects_everything_stops_too_but_not_one_that_has_answered(tmp_path):
    with OpenAIServer(lambda n, body: error(400, "unknown model")) as server:
        with opened(server, tmp_path) as client:
            found = [e for i in range(12) for e in ask_all(client, [question(f"q{i}-{k}") for k in range(5)])]
        stops = [e for e in found if isinstance(e, UserError)]
        assert stops and stops[0].exit_code == 4 and "unknown model" in str(stops[0]) and len(server.chats) == 20
    answers_once = OpenAIServer(lambda n, body: error(400, "too long") if n else None)
    with answers_once as server, opened(server, tmp_path / "other") as client:
        found = ask_all(client, [question("first")]) + ask_all(client, [question(f"q{i}") for i in range(30)])
        assert [a.status for a in found] == ["ok"] + ["rejected"] * 30


def test_the_limit_in_dollars_is_kept(tmp_path):
    unit = question("x" * 4000, expect_tokens=1000)  # 0.15 * 1005 + 0.6 * 1000 = 0.00075 dollars per unit
    spend = Spend(tmp_path / "ledger.sqlite", max_usd=0.002)
    with OpenAIServer() as server, opened(server, tmp_path, spend=spend) as client:
        found = ask_all(client, [question("x" * 4000 + str(i), expect_tokens=1000) for i in range(5)])
        stopped = [e for e in found if isinstance(e, UserError)]
        assert len(server.chats) == 2 and len(stopped) >= 3 and unit.kind == "chat"
        assert "max_usd 0.002 is reached" in str(stopped[0])


def test_an_unknown_price_is_an_error_when_dollars_are_limited(tmp_path):
    spend = Spend(tmp_path / "ledger.sqlite", max_usd=1.0)
    with OpenAIServer() as server:
        with pytest.raises(UserError, match="price of 'my-model' is not known"):
            opened(server, tmp_path, model="my-model", spend=spend)
        (tmp_path / "prices.yaml").write_text("my-model: {input: 1.0, output: 2.0}\n")
        with opened(server, tmp_path, model="my-model", spend=spend) as client:
            (answer,) = ask_all(client, [question("q")])
        assert answer.usage["usd"] == pytest.approx((20 * 1.0 + 4 * 2.0) / 1e6)
        (tmp_path / "prices.yaml").write_text("my-model: {inptu: 1.0}\n")
        with pytest.raises(UserError, match="prices.yaml: 'my-model'"):
            opened(server, tmp_path, model="my-model", spend=spend)


def test_keys_stay_where_they_belong(tmp_path, monkeypatch):
    spend = Spend(tmp_path / "ledger.sqlite")
    with pytest.raises(UserError, match="OPENAI_API_KEY is not set"):
        llm.open_client(model="m", spend=spend, label="rate")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert llm.endpoint_of(None) == llm.OPENAI  # the environment cannot redirect
    with OpenAIServer() as server:
        with llm.open_client(model="m", base_url=server.base_url, spend=spend, label="rate") as client:
            ask_all(client, [question("q")])
        assert KEY not in server.requests[0].headers["authorization"]  # another server never sees OpenAI's key


def test_an_echoed_key_is_stored_nowhere(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    def script(n, body):
        if n == 0:
            return error(500, f"bad key {KEY}", retry_after="0.01")
        return Response(200, completion(f"your key is {KEY}"))

    with OpenAIServer(script) as server, opened(server, tmp_path) as client:
        (answer,) = ask_all(client, [question("q")])
        assert answer.text == "your key is ***"
    for path in tmp_path.iterdir():
        assert KEY.encode() not in path.read_bytes()
    assert KEY not in caplog.text


def test_an_answer_that_was_received_but_not_read_is_settled_by_the_next_run(tmp_path):
    from hunmin.clients.ledger import Ledger, Wanted

    with OpenAIServer() as server:
        unit = question("q")
        with opened(server, tmp_path) as client:
            wanted = Wanted(client.key(unit), usd=0.5, chars=99)
            ledger = Ledger(tmp_path / "ledger.sqlite", "rate")
            ledger.claim([wanted])
            raw = json.dumps(completion("왔다")).encode()
            ledger.finish([(wanted, raw, 200, None)])  # as if the process had been killed here
            ledger.close()
            (answer,) = ask_all(client, [unit])
            assert (answer.text, answer.usage["in_tokens"], answer.usage["out_tokens"]) == ("왔다", 20, 2)
            found = client.report()["ledger"]
            assert found["meter_usd"] == found["usd"] == pytest.approx(answer.usage["usd"], abs=1e-6)
        assert server.chats == []


def test_requests_per_minute(tmp_path):
    import time

    with OpenAIServer() as server, opened(server, tmp_path, requests_per_minute=600) as client:
        begun = time.monotonic()
        ask_all(client, [question(f"q{i}") for i in range(18)])
        assert 0.5 <= time.monotonic() - begun <= 3  # 10 a second, the first second's worth at once


def test_recorded_replies(tmp_path):
    rows = [
        {"id": "a", "field": "output", "reply": "가"},
        {"id": "a", "field": "output", "prompt": "ko", "reply": "나"},
    ]
    path = tmp_path / "replies.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    base_url = f"recorded:{path}"
    with llm.open_client(model="x", base_url=base_url, spend=Spend(tmp_path / "l.sqlite"), label="t") as client:
        same = [{"role": "user", "content": "q"}]
        units = [
            chat(same, record="a", field="output"),
            chat(same, record="a", field="output", prompt="ko"),
            chat(same, record="b", field="output"),
        ]
        answers = ask_all(client, units)
        assert [(a.status, a.text) for a in answers] == [("ok", "가"), ("ok", "나"), ("unrecorded", "")]
        assert client.report()["service"] == "recorded"


def test_estimate_needs_no_key_and_knows_what_is_paid(tmp_path):
    units = [question(f"질문 {i % 5}", expect_tokens=100) for i in range(10)]
    with OpenAIServer() as server:
        options = {"model": "gpt-4o-mini", "base_url": server.base_url, "ledger": tmp_path / "ledger.sqlite"}
        before = llm.estimate(units, **options)
        assert not (tmp_path / "ledger.sqlite").exists()
        with opened(server, tmp_path) as client:
            ask_all(client, units[:2])
        after = llm.estimate(units, **options)
    assert (before["requests"], before["already_paid"], before["out_tokens"]) == (5, 0, 500)
    assert (after["requests"], after["already_paid"]) == (3, 2)
    assert before["usd"] == pytest.approx(sum([0.15 * before["in_tokens"], 0.6 * 500]) / 1e6, abs=1e-4)


@pytest.mark.parametrize("room", [True, False])
def test_answers_wait_in_memory_for_room_on_the_disk_and_nothing_more_is_sent(tmp_path, monkeypatch, caplog, room):
    """However long it takes; an end by hand (the second Ctrl-C) without room says how many are lost."""
    monkeypatch.setattr(asking, "FULL_SECONDS", 0.2)
    monkeypatch.setattr(asking, "FULL_AGAIN_SECONDS", 0.05)
    with OpenAIServer(lambda n, body: "".join(random.Random(n).choices("가나다라마바사", k=60_000))) as server:
        with opened(server, tmp_path) as client:
            pages = client.ledger._db.execute("PRAGMA page_count").fetchone()[0]
            client.ledger._db.execute(f"PRAGMA max_page_count={pages + 2}")

            async def main():
                first = asyncio.create_task(client.ask(question("q0")))
                while client._full_since is None:
                    await asyncio.sleep(0.02)
                second = asyncio.create_task(client.ask(question("q1")))
                await asyncio.sleep(0.7)
                assert len(server.chats) == 1 and not first.done() and not second.done()
                if room:
                    client.ledger._db.execute("PRAGMA max_page_count=1000000")
                else:
                    first.cancel(), second.cancel()
                return await asyncio.gather(first, second, return_exceptions=True)

            found = asyncio.run(main())
        if room:
            assert [a.status for a in found] == ["ok", "ok"] and len(server.chats) == 2
        else:
            assert all(isinstance(error, asyncio.CancelledError) for error in found) and len(server.chats) == 1
    assert caplog.text.count("wait in memory") >= 3
    assert ("1 paid answers are lost" in caplog.text) is not room


def test_a_claim_that_the_full_disk_does_not_take_waits_for_what_is_under_way(tmp_path, monkeypatch):
    """Nothing is sent for it meanwhile; with nothing under way the full disk is told at once."""
    monkeypatch.setattr(asking, "FULL_AGAIN_SECONDS", 0.05)
    with OpenAIServer(lambda n, body: time.sleep(0.4) or "네") as server, opened(server, tmp_path) as client:
        claim, full = client.ledger.claim, []

        def refusing(*args):
            if full:
                raise OSError(errno.ENOSPC, "No space left on device", "l")
            return claim(*args)

        monkeypatch.setattr(client.ledger, "claim", refusing)

        async def main():
            first = asyncio.create_task(client.ask(question("q0")))
            while not client._sending:
                await asyncio.sleep(0.01)
            full.append(1)
            second = asyncio.create_task(client.ask(question("q1")))
            return await asyncio.gather(first, second, return_exceptions=True)

        found = asyncio.run(main())
        assert found[0].text == "네" and found[1].errno == errno.ENOSPC and len(server.chats) == 1
