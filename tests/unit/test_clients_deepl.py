"""The DeepL client against real HTTP servers behind the genuine deepl client."""

from __future__ import annotations

import time

import pytest

from hunmin.artifacts.artifact import Spend
from hunmin.clients import deepl
from hunmin.clients.units import text
from hunmin.errors import UserError
from tests.fakes import deepl_server
from tests.fakes.deepl_server import DeepLServer
from tests.fakes.http_server import Response
from tests.unit.clients_asked import ask_all, keys  # noqa: F401


def opened(server, tmp_path, **options):
    spend = options.pop("spend", None) or Spend(tmp_path / "ledger.sqlite")
    options = {"first_wait_seconds": 0.01, **options}
    return deepl.open_client(base_url=server.url, spend=spend, label="translate", **options)


def sentence(source, **params):
    return text(source, record=source[:10], field="output", source_lang="EN", target_lang="KO", **params)


def test_texts_share_requests_within_the_limits(tmp_path):
    units = [sentence(f"sentence {i}") for i in range(120)] + [sentence("가" * 9000 + str(i)) for i in range(4)]
    with DeepLServer() as server, opened(server, tmp_path) as client:
        answers = ask_all(client, units)
        assert all(a.ok for a in answers)
        assert answers[7].text == deepl_server.translate("sentence 7")
        assert sorted(server.texts) == sorted(u.body["text"] for u in units)
        assert len(server.bodies) <= 7 and max(len(b["text"]) for b in server.bodies) <= 50
        report = client.report()
        assert report["usage_before"]["characters"] == 0 and report["usage_after"]["characters"] == server.billed
        assert report["ledger"]["chars"] == server.billed == sum(len(u.body["text"]) for u in units)


@pytest.mark.parametrize(
    "fault",
    [
        Response(429, {"message": "slow down"}, {"retry-after": "0.01"}),
        Response(500, {"message": "oops"}),
        deepl_server.HTML,
        Response(200, {"translations": [{"text": "하나", "detected_source_language": "EN", "billed_characters": 1}]}),
        Response(200, b'{"translations": ['),
    ],
)
def test_faults_lose_no_text(tmp_path, fault):
    with (
        DeepLServer(lambda n, body: fault if n == 0 else None) as server,
        opened(server, tmp_path) as client,
    ):
        answers = ask_all(client, [sentence(f"sentence {i}") for i in range(5)])
        assert [a.text for a in answers] == [deepl_server.translate(f"sentence {i}") for i in range(5)]


def test_one_text_that_deepl_rejects_takes_no_other_along(tmp_path):
    xml = {"tag_handling": "xml", "tag_handling_version": "v2"}
    with DeepLServer() as server, opened(server, tmp_path) as client:
        good, bad = ask_all(client, [sentence("good <x id='1'/>", **xml), sentence("bad < text", **xml)])
        assert (good.status, bad.status) == ("ok", "rejected")


def test_stops(tmp_path, monkeypatch):
    with DeepLServer(limit=40) as server, opened(server, tmp_path) as client:
        found = ask_all(client, [sentence("a" * 30)]) + ask_all(client, [sentence("b" * 30)])
        assert found[0].ok
        assert found[1].exit_code == 4 and "quota used up" in str(found[1]) and "1 answers are saved" in str(found[1])
    monkeypatch.setenv("DEEPL_AUTH_KEY", "wrong-key-nobody-may-see")
    with DeepLServer() as server, opened(server, tmp_path) as client:
        (stopped,) = ask_all(client, [sentence("c")])
        assert stopped.exit_code == 4 and "refused the key" in str(stopped) and "wrong-key" not in str(stopped)
    monkeypatch.delenv("DEEPL_AUTH_KEY")
    with pytest.raises(UserError, match="DEEPL_AUTH_KEY is not set"):
        deepl.open_client(spend=Spend(tmp_path / "l.sqlite"), label="translate")


def test_slow_answer_is_waited_for(tmp_path):
    with DeepLServer(delay=0.8) as server, opened(server, tmp_path, timeout_seconds=5) as client:
        (answer,) = ask_all(client, [sentence("slow")])
        assert answer.ok and len(server.bodies) == 1


def test_limit_in_characters(tmp_path):
    spend = Spend(tmp_path / "ledger.sqlite", max_chars=70)
    with DeepLServer() as server, opened(server, tmp_path, spend=spend) as client:
        found = ask_all(client, [sentence(f"{i}" * 30) for i in range(4)])
        assert sum(len(t) for t in server.texts) <= 70
        assert sum(isinstance(e, UserError) for e in found) >= 2


def test_requests_per_minute_counts_requests_not_texts(tmp_path):
    with DeepLServer() as server, opened(server, tmp_path, requests_per_minute=240) as client:
        begun = time.monotonic()
        ask_all(client, [sentence(f"text {i}") for i in range(400)])  # 8 requests, 4 a second, the first 4 at once
        assert len(server.bodies) == 8 and 0.5 <= time.monotonic() - begun <= 10


def test_glossary_is_uploaded_once(tmp_path):
    path = tmp_path / "terms.tsv"
    path.write_text("paper\t논문\nstatement\t명제\n", encoding="utf-8")
    with DeepLServer() as server:
        for i in range(2):
            with opened(server, tmp_path, glossary=path) as client:
                ask_all(client, [sentence(f"a paper {i}")])
        assert len(server.glossaries) == 1
        assert [b["glossary_id"] for b in server.bodies] == ["glossary-0"] * 2
    path.write_text("paper\n", encoding="utf-8")
    with pytest.raises(UserError, match="terms.tsv:1"):
        deepl.read_glossary(path)


def test_estimate(tmp_path):
    found = deepl.estimate([sentence("word " * 10)] * 3 + [sentence(f"text {i}") for i in range(60)])
    assert (found["units"], found["requests"]) == (61, 8), "61 records of one text, eight in flight"
    assert found["chars"] == 50 + sum(len(f"text {i}") for i in range(60))
    assert found["usd"] == pytest.approx(found["chars"] * 25 / 1e6, abs=1e-4)


def test_the_estimate_counts_requests_as_they_are_made(tmp_path):
    texts = [deepl.Unit("text", {"text": f"line {i} of {r}"}, record=f"r{r}") for r in range(20) for i in range(3)]
    assert deepl.estimate(texts)["requests"] == 3, "eight records of three texts in flight, twice, and four"
    one = [deepl.Unit("text", {"text": f"line {i}"}, record="r0") for i in range(120)]
    assert deepl.estimate(one)["requests"] == 3, "fifty texts each"
    apart = [deepl.Unit("text", {"text": f"line {i}", "context": str(i % 2)}, record=f"r{i}") for i in range(8)]
    assert deepl.estimate(apart)["requests"] == 2, "other parameters, another request"
