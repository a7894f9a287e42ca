"""What is written in a shape reads back as it was, or is refused by name: never silently as something else."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import problems, write_jsonl
from hunmin.errors import UserError
from hunmin.formats import FORMATS
from hunmin.formats.learned import KIND
from hunmin.formats.names import MEANINGS, MEDIA
from hunmin.formats.recognise import recognise
from hunmin.formats.written import written
from hunmin.stages import load, publish
from hunmin.tables import resolve

ASKED = {"id": "a", "instruction": "서울은?", "output": "수도"}
TALK = {"id": "a", "messages": [{"role": "user", "content": "서울은?"}, {"role": "assistant", "content": "수도"}]}
PAIR = {"id": "a", "instruction": "서울은?", "chosen": "수도", "rejected": "몰라"}

THOUGHT = {"role": "assistant", "content": "<think>가</think>나"}

COLUMNS = (
    "id license generator extra source instances response_a response_b winner replies text target rationale "
    "rejected_response rejected_messages preferred_output non_preferred_output chosen_thinking rejected_weight "
    "score_chosen score_rejected chat_template_kwargs "
    "completion conversations system_prompt category role content from value weight train tool_calls channel name"
).split()
NAMES = st.sampled_from(sorted({*COLUMNS, *MEDIA, *KIND, *(n for names in MEANINGS.values() for n in names)}))
TURNS = json.dumps(TALK["messages"], ensure_ascii=False)
TEXT = st.one_of(
    st.sampled_from(["가", "서울은?", "on", "<think>가</think>나", "<think>가", "가\n</think>\n나", "<image>\n가",
                     TURNS, "[{'from': 'human', 'value': '가'}]", "Human: 가\n\nAssistant: 나", "<noinput>",
                     "\n\nHuman: 가\n\nAssistant: 나", "### User:\n가\n### Assistant:\n나",
                     "<|begin_of_thought|>가<|end_of_thought|>나"]),
    st.text(max_size=8).filter(lambda t: bool(t.strip())),
)  # fmt: skip
VALUE = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from([None, "", [], ["가", "나"], [["가", "나"]], TALK["messages"], [{"name": "f"}], {"a": 1}, {}]),
    st.sampled_from([[0, 1], [True, False], {"custom_instructions": "짧게."}, 0.5]),
)
EXTRA = st.fixed_dictionaries({}, optional={"extra": st.dictionaries(NAMES, VALUE, min_size=1, max_size=3)})


def with_(*parts):
    return st.tuples(*parts).map(lambda found: {k: v for part in found for k, v in part.items()})


def maybe(**fields):
    return st.fixed_dictionaries({}, optional=fields)


CALL = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
USER = with_(st.fixed_dictionaries({"role": st.just("user"), "content": TEXT}), EXTRA)
ANSWER = with_(
    st.fixed_dictionaries({"role": st.just("assistant"), "content": TEXT}),
    maybe(thinking=TEXT, weight=st.sampled_from([0, 1]), tool_calls=st.just([CALL])),
    EXTRA,
)
SYSTEM = with_(st.fixed_dictionaries({"role": st.just("system"), "content": TEXT}), EXTRA)
TURNS_OF = st.tuples(st.lists(SYSTEM, max_size=1), st.lists(st.tuples(USER, ANSWER), min_size=1, max_size=2)).map(
    lambda p: [*p[0], *[turn for pair in p[1] for turn in pair]]
)
ORIGIN = with_(st.just({"id": "a"}), maybe(license=TEXT, generator=TEXT, tools=st.just([{"name": "f"}])), EXTRA)
INSTRUCTION = with_(st.fixed_dictionaries({"instruction": TEXT, "output": TEXT}), maybe(system=TEXT, input=TEXT),
                    maybe(thinking=TEXT), ORIGIN)  # fmt: skip
CHAT = with_(st.fixed_dictionaries({"messages": TURNS_OF}), ORIGIN)
TWO = st.fixed_dictionaries({"chosen": TEXT, "rejected": TEXT})
PREFERENCE = st.one_of(
    with_(st.fixed_dictionaries({"instruction": TEXT}), maybe(system=TEXT, input=TEXT), TWO, ORIGIN),
    with_(TURNS_OF.map(lambda m: {"messages": [*m, {"role": "user", "content": "그럼?"}]}), TWO, ORIGIN),
)
LABEL = st.fixed_dictionaries({"label": st.booleans()})
KINDS = {
    "instruction": INSTRUCTION,
    "chat": CHAT,
    "preference": PREFERENCE,
    "labelled": st.one_of(with_(INSTRUCTION, LABEL), with_(CHAT, LABEL)),
}


def said(record):
    """What a record says, in the words of a conversation: written anew here, not taken from what is tested."""
    asked = "\n".join(t for t in (record.get("instruction"), record.get("input")) if t)
    turns = record.get("messages") or [{"role": "user", "content": asked}]
    if record.get("system"):
        turns = [{"role": "system", "content": record["system"]}, *turns]
    if "output" in record:
        turns = [*turns, {"role": "assistant", "content": record["output"], "thinking": record.get("thinking")}]
    keys = ("role", "content", "thinking", "tool_calls", "extra")
    told = [[filled(t.get(k)) for k in keys] + [t["role"] != "assistant" or t.get("weight", 1)] for t in turns]
    beside = ("chosen", "rejected", "label", "tools", "extra", "id", "license", "generator")
    return [told, [filled(record.get(k)) for k in beside]]


def filled(value):
    if isinstance(value, dict):
        value = {k: v for k, v in value.items() if v not in (None, "", [], {}) or v is False}
    return None if value in ("", [], {}) else value


@pytest.mark.parametrize(
    ("name", "record", "row"),
    [
        (
            "alpaca",
            {**TALK, "extra": {"instruction": "다른 질문", "category": "qa"}},
            {"instruction": "서울은?", "input": "", "output": "수도", "history": [], "id": "a", "category": "qa",
             "extra": {"instruction": "다른 질문"}},
        ),
        (
            "openorca",
            {**ASKED, "extra": {"question": "다른 질문"}},
            {"system_prompt": "", "question": "서울은?", "response": "수도", "id": "a",
             "extra": {"question": "다른 질문"}},
        ),
        (
            "dolly",
            {**ASKED, "extra": {"context": "본문", "response": "다른 답"}},
            {"instruction": "서울은?", "context": "", "response": "수도", "id": "a",
             "extra": {"context": "본문", "response": "다른 답"}},
        ),
        (
            "openorca",
            {**ASKED, "extra": {"context": "본문", "category": "qa"}},
            {"system_prompt": "", "question": "서울은?", "response": "수도", "id": "a", "category": "qa",
             "extra": {"context": "본문"}},
        ),
        (
            "messages",
            {**TALK, "extra": {"messages": "다른", "label": True, "id": "b"}},
            {**TALK, "extra": {"messages": "다른", "label": True, "id": "b"}},
        ),
        (
            "sharegpt",
            {"id": "a", "messages": [TALK["messages"][0], {**TALK["messages"][1], "extra": {"value": "다른 답"}}]},
            {"id": "a", "conversations": [{"from": "human", "value": "서울은?"},
                                          {"from": "gpt", "value": "수도", "extra": {"value": "다른 답"}}]},
        ),
        (
            "completion",
            {**ASKED, "output": TURNS},
            {"id": "a", "prompt": [{"role": "user", "content": "서울은?"}],
             "completion": [{"role": "assistant", "content": TURNS}]},
        ),
        (
            "completion",
            {**ASKED, "output": "### User: 가\nHuman: 나"},
            {"id": "a", "prompt": "서울은?", "completion": "### User: 가\nHuman: 나"},
        ),
        (
            "ultrafeedback",
            {**PAIR, "chosen": TURNS},
            {"id": "a", "prompt": "서울은?",
             "chosen": [TALK["messages"][0], {"role": "assistant", "content": TURNS}],
             "rejected": [TALK["messages"][0], {"role": "assistant", "content": "몰라"}]},
        ),
    ],
)  # fmt: skip
def test_no_other_key_takes_the_place_of_a_column_of_the_shape(name, record, row):
    assert written(record, name) == row
    (back,) = resolve(FORMATS, name, "format").read(row)
    assert said(back) == said(record)


@pytest.mark.parametrize(
    ("name", "record", "says"),
    [
        ("openorca", {**ASKED, "output": "<think>끝없는 생각"}, "the answer ends inside its <think>"),
        ("alpaca", {**ASKED, "output": "<nooutput>"}, "the answer says that there is none"),
        ("dolly", {**ASKED, "instruction": TURNS}, "the question is a list of messages written as text"),
        ("ultrafeedback", {**PAIR, "chosen": "Human: 가", "rejected": "Human: 나"}, "would be read as hh"),
        ("hh", {**PAIR, "chosen": "수도\n\nHuman: 그럼?"}, "speakers inside a text"),
        ("messages", {"id": "a", "messages": [TALK["messages"][0], THOUGHT]},
         "its assistant turn 2, which would read differently"),
    ],
)  # fmt: skip
def test_a_row_that_would_read_as_something_else_is_refused_by_name(name, record, says):
    with pytest.raises(UserError) as error:
        written(record, name)
    told = str(error.value)
    assert says in told and f"format '{name}'" in told and "record a" in told


def test_publish_writes_what_load_reads_again(tmp_path):
    rows = [{**TALK, "id": str(i), "source": "s", "license": "CC0-1.0", "generator": "a person"} for i in range(3)]
    rows[1]["extra"] = {"instruction": "다른 질문", "label": False, "category": "qa"}
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs(records=tmp_path / "in.jsonl", label="publish")
    publish.run(publish.Config(what="records", format="alpaca"), inputs, tmp_path / "out")
    found = list(load.records(load.Config(path=str(tmp_path / "out" / "hub" / "data" / "train.jsonl"))))
    assert [said(r) for r in found] == [said(r) for r in rows]
    rows[2]["messages"] = [TALK["messages"][0], THOUGHT]
    write_jsonl(tmp_path / "in.jsonl", rows)
    with pytest.raises(UserError, match="record 2: format 'alpaca' has no place for its assistant turn 2"):
        publish.run(publish.Config(what="records", format="alpaca"), inputs, tmp_path / "out")


@pytest.mark.parametrize(
    ("answer", "thinking", "output"),
    [
        ("<think>가</think>\n<think>나</think>\n\n다", "가\n\n나", "다"),
        ("가\n</think>\n\n<think>나</think>다", "가\n\n나", "다"),
        ("<think></think><think>나</think>다", "나", "다"),
        ("<think>가</think>다 <think>나</think>", "가", "다 <think>나</think>"),
    ],
)
@pytest.mark.parametrize("name", ["sharegpt", "messages", "completion", "alpaca", "records"])
def test_several_thoughts_before_an_answer_are_one_and_read_back_from_every_shape(name, answer, thinking, output):
    (record,) = resolve(FORMATS, "alpaca", "format").read({"instruction": "서울은?", "output": answer})
    assert (record["thinking"], record["output"]) == (thinking, output)
    turns = [TALK["messages"][0], {"role": "assistant", "content": answer}]
    (chat,) = resolve(FORMATS, "messages", "format").read({"messages": turns})
    assert chat["messages"][1] == {"role": "assistant", "content": output, "thinking": thinking}
    for one in (record, chat):
        if name == "sharegpt" and "messages" not in one:
            continue
        (back,) = resolve(FORMATS, name, "format").read(written({**one, "id": "a", "source": "s"}, name))
        assert said(back) == said({**one, "id": "a"})


PLAIN = {"instruction": ASKED, "chat": TALK, "preference": PAIR, "labelled": {**ASKED, "label": True}}


def kinds_of(name):
    """The kinds of record that a shape is for; of cot, whose rows need their answer apart, instructions."""
    for kind, record in PLAIN.items():
        try:
            resolve(FORMATS, name, "format").write({**record, "extra": {"target": "도"}, "output": "수\n도"}
                                                   if name == "cot" and "output" in record else record)  # fmt: skip
        except UserError:
            continue
        yield kind


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_row_reads_back_as_its_record_or_is_refused_by_name(name):
    module = resolve(FORMATS, name, "format")
    n = {"written": 0}

    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(*(KINDS[kind] for kind in kinds_of(name))))
    def check(record):
        if name == "cot" and "output" in record:
            record = {
                **record,
                "output": f"{record['output']}\n답",
                "extra": {"target": "답", **record.get("extra", {})},
            }
        record = {**record, "source": "s"} if name == "records" else record
        if problems(record):
            return
        try:
            row = json.loads(json.dumps(written(record, name)))
        except UserError as error:
            assert f"format '{name}'" in str(error) or "extra.target" in str(error)
            return
        n["written"] += 1
        (back,) = module.read(row)
        assert said(back) == said(record)
        assert recognise([row], "file") == name

    check()
    assert n["written"]
