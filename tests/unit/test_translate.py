"""The translate stage against HTTP servers behind the genuine clients, and its plan for each field."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import read_jsonl, texts, write_jsonl
from hunmin.errors import UserError
from hunmin.stages import translate
from hunmin.stages.translate import Config
from hunmin.text.segments import is_code
from hunmin.translation.engines.fates import plan
from tests.fakes import deepl_server, openai_server
from tests.fakes.deepl_server import DeepLServer
from tests.fakes.openai_server import OpenAIServer

EN = Path(str(resources.files("hunmin").joinpath("data", "en.jsonl")))


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("DEEPL_AUTH_KEY", "test-key:fx")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def run(tmp_path, rows, name="out", **options):
    """Translate rows (or a file of them); give (kept records, dropped rows, counts)."""
    source = rows if isinstance(rows, Path) else tmp_path / f"{name}.in.jsonl"
    if not isinstance(rows, Path):
        write_jsonl(source, rows)
    out = tmp_path / name
    spend = Spend(tmp_path / "ledger.sqlite", max_usd=5, max_chars=10**7)
    inputs = Inputs(label="translate", records=source, spend=spend, in_flight=8)
    counts = translate.run(Config(**options), inputs, out)
    return list(read_jsonl(out / "records.jsonl")), list(read_jsonl(out / "dropped.jsonl")), counts


def row(instruction, output="Fine.", **more):
    return {"id": "a", "source": "t", "instruction": instruction, "output": output, **more}


# --- the plan ---


def fates(record, **options):
    fields, task, located = plan(record, Config(**options))
    return {f.path: f.fate for f in fields}, task and task.kind, located


def test_plan_of_ordinary_records():
    assert fates(row("Explain rain.", system="You are kind.")) == (
        {"system": "send", "instruction": "send", "output": "send"},
        None,
        False,
    )
    assert fates(row("Write a query.", "SELECT a FROM b;"))[0]["output"] == "code"
    assert fates(row("Write a query.", "SELECT a FROM b;"), mask=False)[0]["output"] == "send"
    assert fates(row("Explain rain.", system="S"), skip=["system"])[0]["system"] == "skipped"


def test_plan_of_form_tasks():
    record = row("Correct the grammar.", "She goes.", input="She go.")
    assert fates(record) == ({"instruction": "send", "input": "english", "output": "english"}, "grammar", True)
    assert fates(record, form_tasks="translate") == (
        {"instruction": "send", "input": "send", "output": "send"},
        None,
        False,
    )
    explained = row("Which part of speech is the marked word?", 'The word "run" is a verb.', input="I _run_ home.")
    fields, _, _ = plan(explained, Config())
    output = fields[-1]
    assert (output.fate, [output.text[a:b] for a, b in output.hidden]) == ("send", ['"run"'])
    assert fates(row("Write a limerick about tea.", "There once was"))[1:] == ("rhyme", False)


def test_plan_of_conversations_and_preferences():
    chat = {
        "id": "c",
        "messages": [
            {"role": "user", "content": "Fix the spelling: recieve"},
            {"role": "assistant", "content": "receive"},
            {"role": "user", "content": "Thanks! How is the weather?"},
            {"role": "assistant", "content": "Sunny."},
        ],
    }
    assert list(fates(chat)[0].values()) == ["send", "english", "send", "send"]
    pair = {
        "id": "p",
        "instruction": "Fix the spelling.",
        "input": "recieve",
        "chosen": "receive",
        "rejected": "recive",
    }
    assert fates(pair)[0] == {"instruction": "send", "input": "english", "chosen": "english", "rejected": "english"}


# --- end to end ---


def test_bundled_records_through_deepl(tmp_path):
    with DeepLServer() as server:
        kept, dropped, counts = run(tmp_path, EN, base_url=server.url)
        n_requests = len(server.requests)
        again, _, _ = run(tmp_path, EN, "again", base_url=server.url)
        assert len([r for r in server.requests[n_requests:] if "translate" in r.path]) == 0  # all from the ledger
        for body in server.bodies:
            assert (body["tag_handling"], body["tag_handling_version"]) == ("xml", "v2")
            assert len(body["text"]) <= 50
    assert again == kept
    assert (len(kept), dropped, counts.notes["flagged"]) == (120, [], {})
    english = {r["id"]: r for r in read_jsonl(EN)}
    for record in kept:
        source = texts(english[record["id"]])
        assert record["original"] == source
        for path, text in texts(record).items():
            assert len(text.split("\n")) == len(source[path].split("\n"))
            if is_code(source[path]):
                assert text == source[path]
            for hidden in re.findall(r"`[^`\n]+`|\$[^$\n]+\$|https?://\S+[^\s.,)]|\[[A-Z][a-z ]+\]", source[path]):
                assert hidden in text, (record["id"], path)
    form = [r for r in kept if r["extra"]["task"] == "form"]
    assert len(form) == 10 and all(r["input"] == english[r["id"]]["input"] for r in form)
    service = counts.notes["services"][0]
    assert service["usage_after"]["characters"] - service["usage_before"]["characters"] == service["ledger"]["chars"]


def korean_json(n, body):
    return json.dumps({"translation": deepl_server.translate(body["messages"][-1]["content"])}, ensure_ascii=False)


def test_bundled_records_through_an_llm(tmp_path):
    with OpenAIServer(korean_json) as server:
        kept, dropped, counts = run(
            tmp_path, EN, engine="llm", base_url=server.base_url, model="gpt-4o-mini", form_tasks="drop"
        )
        assert (len(kept), {d["reason"] for d in dropped}, len(dropped)) == (110, {"form_task"}, 10)
        assert counts.notes["flagged"] == {}
        assert server.chats[0]["response_format"]["json_schema"]["strict"] is True
        rules = server.chats[0]["messages"][0]["content"]
        assert "한국어" in rules and "합니다체" in rules and "{" not in rules
        assert set(server.chats[0]) == {"model", "messages", "response_format"}  # nothing unasked is sent
    assert all(record["translation"]["model"] == "gpt-4o-mini" for record in kept if record["translation"]["keys"])


def test_a_server_without_json_schema_is_asked_plainly(tmp_path):
    def script(n, body):
        if "response_format" in body:
            return openai_server.error(400, "response_format is not supported")
        return deepl_server.translate(body["messages"][-1]["content"])

    rows = [{**row(f"Explain number {i}.", f"Number {i}."), "id": str(i)} for i in range(20)]
    options = {"engine": "llm", "model": "gpt-4o-mini"}
    with OpenAIServer(script) as server:
        kept, _, _ = run(tmp_path, rows, base_url=server.base_url, **options)
        assert all(r["translation"]["status"] == "ok" for r in kept)
        assert sum("response_format" in c for c in server.chats) < 20  # found out once, not for every unit


def test_recorded_replies_arrive_as_they_are(tmp_path):
    kept, _, counts = run(tmp_path, EN, engine="recorded", mask=False)
    replies = {(r["id"], r["field"]): r["reply"] for r in read_jsonl(EN.with_name("replies.jsonl"))}
    assert {(r["id"], p): t for r in kept for p, t in texts(r).items()} == replies
    assert counts.notes["engine"] == "recorded, unmasked"
    assert [n.split(" (")[0] for n in counts.notes["notice"]] == [
        "the translations are recorded replies written beforehand; no service was asked",
        "fields were sent unmasked",
    ]
    assert {r["translation"]["engine"] for r in kept} == {"recorded, unmasked"}
    assert counts.notes["services"][0]["service"] == "recorded"
    assert translate.check(Config(engine="recorded"))


# --- masks that do not survive ---

CODE = "Call `foo()` before `bar()` runs."


def test_a_lost_mask_is_asked_again_in_another_form(tmp_path):
    def script(n, body):
        if '<x id="0">' in body["text"][0]:  # the first form loses its tags
            return ["태그 없는 문장" for _ in body["text"]]
        return None

    with DeepLServer(script) as server:
        kept, _, _ = run(tmp_path, [row(CODE)], base_url=server.url)
        assert [t for t in server.texts if 'id="0"' in t] == [
            'Call <x id="0">`foo()`</x> before <x id="1">`bar()`</x> runs.',
            'Call <x id="0"/> before <x id="1"/> runs.',
        ]
    assert "`foo()`" in kept[0]["instruction"] and kept[0]["translation"]["status"] == "ok"
    assert len(kept[0]["translation"]["keys"]) == 3


def mangled(n, body):
    return [t if "<x" not in t else "표시가 사라진 글" for t in map(deepl_server.translate, body["text"])]


def test_a_mask_that_never_survives_is_flagged_and_stays_english(tmp_path):
    rows = [row(CODE, "Good."), {**row("Hello there."), "id": "b"}]
    with DeepLServer(mangled) as server:
        kept, _, counts = run(tmp_path, rows, base_url=server.url)
        assert kept[0]["instruction"] == CODE
        assert kept[0]["output"] == deepl_server.translate("Good.")
        assert kept[0]["translation"]["status"] == "flagged"
        assert kept[0]["translation"]["flagged"]["instruction"].startswith("mask: ")
        assert kept[1]["translation"]["status"] == "ok"
        assert counts.notes["flagged"] == {"instruction: mask": 1}
        _, dropped, _ = run(tmp_path, rows, "drop", base_url=server.url, on_failure="drop")
        assert [d["reason"] for d in dropped] == ["untranslated"]


def test_the_fallback_engine_takes_what_the_first_one_loses(tmp_path):
    with DeepLServer(mangled) as deepl, OpenAIServer(korean_json) as other:
        options = {"fallback": "llm", "fallback_model": "gpt-4o-mini", "fallback_base_url": other.base_url}
        kept, _, counts = run(tmp_path, [row(CODE)], base_url=deepl.url, **options)
        assert len(other.chats) == 1
    assert "`bar()`" in kept[0]["instruction"] and kept[0]["translation"]["status"] == "ok"
    assert kept[0]["translation"]["model"] == "deepl-free, gpt-4o-mini"
    assert [s["service"] for s in counts.notes["services"]] == ["deepl", "llm"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (openai_server.completion(None), "empty"),
        (openai_server.completion(None, refusal="No."), "refused"),
        (openai_server.completion("끝나지 않은", "length"), "cut_off"),
    ],
)
def test_what_is_no_translation_never_becomes_text(tmp_path, body, status):
    with OpenAIServer(lambda n, b: deepl_server.Response(200, body)) as server:
        options = {"engine": "llm", "model": "gpt-4o-mini", "base_url": server.base_url}
        kept, _, counts = run(tmp_path, [row("Say one thing.")], **options)
    assert kept[0]["instruction"] == "Say one thing."
    assert kept[0]["translation"]["flagged"]["instruction"].startswith(status)
    assert counts.notes["flagged"] == {f"instruction: {status}": 1, f"output: {status}": 1}


def test_a_form_task_without_its_english_is_flagged(tmp_path):
    with DeepLServer() as server:
        kept, _, _ = run(tmp_path, [row("Write a limerick about tea.", "There once was")], base_url=server.url)
    assert kept[0]["output"] == "There once was"
    assert kept[0]["translation"]["flagged"] == {"instruction": "form_task: rhyme"}


def test_hard_line_breaks_and_key_lines(tmp_path):
    text = "Write a simple guide for uploading the bibliography database\n on Overleaf.\n\nName: Tom\nJob: clerk"
    with DeepLServer() as server:
        kept, _, _ = run(tmp_path, [row(text)], base_url=server.url)
        assert "Write a simple guide for uploading the bibliography database on Overleaf." in server.texts
    lines = kept[0]["instruction"].split("\n")
    assert len(lines) == 5 and lines[2] == ""
    assert lines[3].startswith("이름: ") and lines[4].startswith("직무: ")  # usual labels are not sent at all


def test_labels_that_translators_turn_into_particles():
    from hunmin.text.keys import korean_key

    assert korean_key("From", "12 Main Street, Leeds") == "출발지" and korean_key("To", "a@b.org") == "받는 사람"
    assert korean_key("Paper", "x") == "논문" and korean_key("Frobnication", "x") is None


# --- the file engine ---


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_translated_elsewhere(tmp_path, suffix):
    from hunmin.translation.engines.file import read_rows, write_rows

    rows = [row(CODE, "=SUM of all, he said.\nSecond line."), {**row("Hello there."), "id": "b"}]
    options = {"engine": "file", "file": str(tmp_path / f"texts.{suffix}")}
    with pytest.raises(UserError) as waits:
        run(tmp_path, rows, **options)
    assert waits.value.exit_code == 3 and "5 of 5 texts wait" in str(waits.value)
    found = read_rows(tmp_path / f"texts.{suffix}")
    assert ("a", "instruction", "Call ⟦0⟧ before ⟦1⟧ runs.") in found
    filled = {key: deepl_server.translate(key[2]) for key in found}
    half = dict(list(filled.items())[:2])
    write_rows(tmp_path / f"texts.{suffix}", {**dict.fromkeys(filled, ""), **half})
    with pytest.raises(UserError, match="3 of 5 texts wait"):
        run(tmp_path, rows, **options)
    assert sum(bool(v) for v in read_rows(tmp_path / f"texts.{suffix}").values()) == 2  # what was filled stays
    write_rows(tmp_path / f"texts.{suffix}", filled)
    kept, _, counts = run(tmp_path, rows, **options)
    assert "`foo()`" in kept[0]["instruction"] and kept[0]["output"].startswith("=")
    assert counts.notes["services"][0]["texts"] == 5


# --- dry run and options ---


def test_estimate_per_field_without_a_key(tmp_path, monkeypatch):
    monkeypatch.delenv("DEEPL_AUTH_KEY")
    inputs = Inputs(label="translate", records=EN, spend=Spend(tmp_path / "ledger.sqlite"))
    found = translate.estimate(Config(), inputs)
    assert (found["records"], found["form_tasks"]) == (120, 10)
    assert set(found["fields"]) == {"instruction", "input", "output", "messages"}
    assert found["chars"] > 10_000 and found["usd"] == pytest.approx(found["chars"] * 25e-6, abs=1e-3)
    assert list(tmp_path.iterdir()) == []
    with DeepLServer() as server:  # the estimate is what is then really billed
        monkeypatch.setenv("DEEPL_AUTH_KEY", "test-key:fx")
        run(tmp_path, EN, base_url=server.url)
        assert server.billed == found["chars"]
    llm = translate.estimate(Config(engine="llm", model="gpt-4o-mini"), inputs)
    assert 250 < llm["requests"] < 300 and 0 < llm["usd"] < 1


def test_options_are_checked_together():
    assert translate.check(Config(engine="llm")) == ["translate.model: the llm engine needs the name of a model"]
    assert "formality" in translate.check(Config(formality="more"))[0]
    assert translate.check(Config(engine="file")) and not translate.check(Config())
    assert translate.paid(Config()) and not translate.paid(Config(engine="recorded", mask=False))
    assert not translate.paid(Config(engine="llm", model="m", base_url="recorded:x.jsonl"))
    with pytest.raises(UserError, match="did you mean 'deepl'"):
        translate.check(Config(engine="depl"))


def test_a_glossary_reaches_the_llm_only_where_it_matters(tmp_path):
    path = tmp_path / "terms.csv"
    path.write_text("neural network,신경망\nstatement,명제\n", encoding="utf-8")
    options = {"engine": "llm", "model": "gpt-4o-mini", "glossary": str(path), "speech_level": "해요체"}
    with OpenAIServer(korean_json) as server:
        run(tmp_path, [row("Explain neural networks.", "They learn.")], base_url=server.base_url, **options)
        rules = {c["messages"][-1]["content"]: c["messages"][0]["content"] for c in server.chats}
    assert "neural network → 신경망" in rules["Explain neural networks."]
    assert "신경망" not in rules["They learn."] and "명제" not in "".join(rules.values())
    assert all("해요체" in r for r in rules.values())


def test_equal_texts_are_paid_once(tmp_path):
    rows = [{**row(f"Question {i}?", "Same answer.", system="You are helpful."), "id": str(i)} for i in range(30)]
    with DeepLServer() as server:
        run(tmp_path, rows, base_url=server.url)
        assert Counter(server.texts)["You are helpful."] == Counter(server.texts)["Same answer."] == 1
