"""The rate stage against real HTTP servers: faults, replies of every shape, schema or text, stop and resume."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.stages import rate

from ..fakes.http_server import Response
from ..fakes.openai_server import BROKEN_JSON, HALF, HTML, NO_CHOICES, OpenAIServer, completion, error


def records(path: Path, n: int) -> Path:
    rows = [{"id": f"r{i}", "source": "s", "instruction": f"질문 {i}번", "output": f"답변 {i}번"} for i in range(n)]
    write_jsonl(path, rows)
    return path


def run(folder: Path, server: OpenAIServer, n: int = 6, out: str = "out", in_flight: int = 4, **options):
    inputs = Inputs(
        "rate", records=records(folder / "in.jsonl", n), spend=Spend(folder / "ledger.sqlite"), in_flight=in_flight
    )
    config = rate.Config(model="judge", base_url=server.base_url, **options)
    counts = rate.run(config, inputs, folder / out).check("rate")
    return [r["ratings"][-1] for r in read_jsonl(folder / out / "records.jsonl")], counts


def number_of(body) -> int:
    return int(body["messages"][-1]["content"].split("질문 ")[1].split("번")[0])


def test_every_record_gets_its_own_score_and_reason(tmp_path):
    with OpenAIServer(lambda n, body: f"{number_of(body)}\n이유 {number_of(body)}") as server:
        found, counts = run(tmp_path, server, n=10, structured="text")
    assert [r["score"] for r in found] == list(range(10))
    assert [r["reason"] for r in found] == [f"이유 {i}" for i in range(10)]
    assert {(r["rater"], r["model"], r["scale"], r["status"]) for r in found} == {("llm", "judge", "0-10", "ok")}
    assert found[0]["prompt"].startswith("rate_ko@")
    assert counts.notes["paid"]["ledger"]["done"] == 10
    assert all("response_format" not in body and "temperature" not in body for body in server.chats)


def test_replies_of_every_shape_are_a_score_or_unparsed_after_two_asks(tmp_path):
    replies = ["8.5/10", "점수: 9점", "**7**", "８．５", "글쎄요, 3가지가 틀렸습니다.", "85"]
    with OpenAIServer(lambda n, body: replies[number_of(body)]) as server:
        found, counts = run(tmp_path, server, structured="text")
        sent = len(server.chats)
    assert [r["score"] for r in found] == [8.5, 9, 7, 8.5, None, None]
    assert [r["status"] for r in found][4:] == ["unparsed", "unparsed"]
    assert found[5]["reason"] == "outside the scale"
    assert sent == 4 + 2 * 2  # the two unread ones once more, no others
    assert counts.notes["statuses"] == {"ok": 4, "unparsed": 2}


def test_an_unread_reply_is_asked_once_more_and_the_second_counts(tmp_path):
    asked = []

    def script(n, body):
        asked.append(number_of(body))
        return "잘 모르겠습니다" if asked.count(number_of(body)) == 1 else "8"

    with OpenAIServer(script) as server:
        found, _ = run(tmp_path, server, structured="text")
    assert [r["score"] for r in found] == [8] * 6
    assert sorted(asked) == sorted([*range(6)] * 2)


def test_faults_lose_nothing(tmp_path):
    """429, 500, HTML, half a body, broken JSON: every record is rated, and its neighbours are not touched."""
    faults = [error(500), error(429, Retry_After="0"), HTML, HALF, BROKEN_JSON, NO_CHOICES]
    seen = {}

    def script(n, body):
        i = number_of(body)
        seen[i] = seen.get(i, 0) + 1
        return faults[i % 6] if seen[i] == 1 and i % 2 == 0 else f"{i % 10}"

    with OpenAIServer(script) as server:
        found, _ = run(tmp_path, server, n=24, structured="text", in_flight=8)
    assert [r["score"] for r in found] == [i % 10 for i in range(24)]


def test_refusals_filters_and_rejections_keep_their_names(tmp_path):
    def script(n, body):
        return {
            0: Response(200, completion(None, refusal="못 합니다")),
            1: Response(200, completion("8", finish_reason="content_filter")),
            2: error(400, "too long"),
            3: Response(200, completion("9\n끊긴 이유", finish_reason="length")),
            4: Response(200, completion("")),
        }.get(number_of(body), "6")

    with OpenAIServer(script) as server:
        found, _ = run(tmp_path, server, structured="text", in_flight=1)
    assert [(r["score"], r["status"]) for r in found] == [
        (None, "refused"),
        (None, "filtered"),
        (None, "rejected"),
        (9, "ok"),
        (None, "empty"),
        (6, "ok"),
    ]


def test_the_schema_is_used_where_the_server_takes_it(tmp_path):
    with OpenAIServer(lambda n, body: json.dumps({"score": 8, "reason": "정확"})) as server:
        found, _ = run(tmp_path, server)
    assert {(r["score"], r["reason"]) for r in found} == {(8, "정확")}
    assert all(body["response_format"]["json_schema"]["strict"] for body in server.chats)


def test_a_server_without_schemas_is_asked_in_text_after_one_try(tmp_path):
    def script(n, body):
        return error(400, "response_format is not supported") if "response_format" in body else "7"

    with OpenAIServer(script) as server:
        found, _ = run(tmp_path, server, n=20, in_flight=8)
        with_schema = sum("response_format" in body for body in server.chats)
    assert [r["score"] for r in found] == [7] * 20
    assert with_schema == 1 and len(server.chats) == 21


def test_one_rejected_record_does_not_tell_that_schemas_are_refused(tmp_path):
    def script(n, body):
        return error(400, "too long") if number_of(body) == 0 else '{"score": 5, "reason": ""}'

    with OpenAIServer(script) as server:
        found, _ = run(tmp_path, server, in_flight=1)
    assert [r["status"] for r in found] == ["rejected"] + ["ok"] * 5
    assert all("response_format" in body for body in server.chats[2:])


def test_quota_stops_with_progress_saved_and_the_same_call_goes_on(tmp_path):
    open_for_business = []

    def script(n, body):
        return "8" if n < 5 or open_for_business else error(429, "quota", code="insufficient_quota")

    with OpenAIServer(script) as server:
        with pytest.raises(UserError) as stopped:
            run(tmp_path, server, n=20, structured="text")
        assert stopped.value.exit_code == 4 and "quota" in str(stopped.value)
        open_for_business.append(True)
        found, counts = run(tmp_path, server, n=20, structured="text")
        answered = [number_of(b) for b in server.chats]
    assert [r["score"] for r in found] == [8] * 20
    assert counts.notes["paid"]["ledger"]["done"] == 20
    assert len(answered) <= 20 + 8  # what was answered before the stop is not asked again


@pytest.mark.parametrize("in_flight", [1, 4])
def test_what_an_outage_left_without_a_score_is_asked_again_by_the_same_call(tmp_path, in_flight):
    up = []

    def script(n, body):
        return str(number_of(body) % 10) if n < 6 or up else error(500, Retry_After="0")

    with OpenAIServer(script) as server:
        with pytest.raises(UserError, match="requests in a row failed") as stopped:
            run(tmp_path, server, n=20, structured="text", in_flight=in_flight)
        assert stopped.value.exit_code == 4
        written = [r["ratings"][-1]["status"] for r in read_jsonl(tmp_path / "out" / "records.jsonl.part")]
        assert "unreachable" in written
        up.append(True)
        sent = len(server.chats)
        found, counts = run(tmp_path, server, n=20, structured="text", in_flight=in_flight)
        assert len(server.chats) - sent == 20 - 6  # the answers that were there came from the ledger
    assert [r["score"] for r in found] == [i % 10 for i in range(20)]


def test_a_second_run_on_the_same_ledger_sends_nothing_and_writes_the_same_bytes(tmp_path):
    with OpenAIServer(lambda n, body: f"{n % 10}") as server:
        run(tmp_path, server, structured="text", out="one", in_flight=1)
        sent = len(server.chats)
        run(tmp_path, server, structured="text", out="two", in_flight=8)
        assert len(server.chats) == sent
    assert (tmp_path / "one" / "records.jsonl").read_bytes() == (tmp_path / "two" / "records.jsonl").read_bytes()


def test_two_raters_append_and_the_first_rating_stays(tmp_path):
    with OpenAIServer(lambda n, body: "8" if "하나만 쓰고" in body["messages"][-1]["content"] else "6") as server:
        run(tmp_path, server, structured="text", out="ko")
        spend = Spend(tmp_path / "ledger.sqlite")
        inputs = Inputs("rate-en", records=tmp_path / "ko" / "records.jsonl", spend=spend)
        config = rate.Config(model="judge", base_url=server.base_url, prompt="en", structured="text")
        rate.run(config, inputs, tmp_path / "en")
    rows = list(read_jsonl(tmp_path / "en" / "records.jsonl"))
    assert [[r["score"] for r in row["ratings"]] for row in rows] == [[8, 6]] * 6
    assert rows[0]["ratings"][0]["prompt"] != rows[0]["ratings"][1]["prompt"]


def test_the_estimate_counts_what_would_be_sent_and_sends_nothing(tmp_path):
    with OpenAIServer(lambda n, body: '{"score": 8, "reason": ""}') as server:
        inputs = Inputs("rate", records=records(tmp_path / "in.jsonl", 6), spend=Spend(tmp_path / "ledger.sqlite"))
        config = rate.Config(model="gpt-4o-mini", base_url=server.base_url)
        found = rate.estimate(config, inputs)
        assert found["requests"] == 6 and found["usd"] > 0 and not server.chats
        rate.run(config, inputs, tmp_path / "out")
        again = rate.estimate(config, inputs)
    assert (again["requests"], again["already_paid"]) == (0, 6)
