"""Every dataset shape: recognised by its keys, read into records, and written back as it was where it is lossless."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunmin.artifacts.record import problems
from hunmin.errors import UserError
from hunmin.formats import FORMATS
from hunmin.formats.columns import column_problems, read_columns
from hunmin.formats.recognise import recognise
from hunmin.tables import resolve

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40).filter(
    lambda t: bool(t.strip())
)
MAYBE = st.one_of(st.just(""), TEXT)
EXTRA = st.dictionaries(
    st.sampled_from(["category", "data_source", "task", "tags", "n"]),
    st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.lists(TEXT, max_size=2)),
    max_size=3,
)
ORIGIN = st.fixed_dictionaries({}, optional={"id": TEXT, "license": TEXT, "generator": TEXT})


def rows(**fields):
    return st.builds(lambda a, b, c: {**c, **b, **a}, st.fixed_dictionaries(fields), ORIGIN, EXTRA)


def turns(first: str, second: str, role: str, content: str):
    pair = st.tuples(TEXT, TEXT).map(lambda p: [{role: first, content: p[0]}, {role: second, content: p[1]}])
    system = st.one_of(st.just([]), TEXT.map(lambda t: [{role: "system", content: t}]))
    return st.tuples(system, st.lists(pair, min_size=1, max_size=3)).map(lambda p: p[0] + [t for x in p[1] for t in x])


def exchange(n_low: int):
    pair = st.tuples(TEXT, TEXT).map(
        lambda p: [{"role": "user", "content": p[0]}, {"role": "assistant", "content": p[1]}]
    )
    before = st.lists(pair, min_size=n_low, max_size=3).map(lambda p: [t for x in p for t in x])

    def row(parts):
        turns, last, good, bad = parts
        turns = [*turns, {"role": "user", "content": last}]
        return {
            "prompt": turns[0]["content"],
            "chosen": [*turns, {"role": "assistant", "content": good}],
            "rejected": [*turns, {"role": "assistant", "content": bad}],
            "score_chosen": 8.5,
        }

    return st.tuples(before, TEXT, TEXT, TEXT).filter(lambda p: p[2] != p[3]).map(row)


def transcript(messages):
    names = {"user": "Human", "assistant": "Assistant"}
    return "".join(f"\n\n{names[m['role']]}: {m['content']}" for m in messages)


LOSSLESS = {
    "alpaca": rows(instruction=TEXT, input=MAYBE, output=TEXT),
    "instances": rows(
        instruction=TEXT, instances=st.tuples(MAYBE, TEXT).map(lambda p: [{"input": p[0], "output": p[1]}])
    ),
    "dolly": rows(instruction=TEXT, context=MAYBE, response=TEXT, category=TEXT),
    "sharegpt": rows(conversations=turns("human", "gpt", "from", "value")),
    "messages": rows(messages=turns("user", "assistant", "role", "content")),
    "ultrafeedback": st.one_of(
        rows(prompt=TEXT, chosen=TEXT, rejected=TEXT).filter(lambda r: r["chosen"] != r["rejected"]), exchange(1)
    ),
    "completion": st.one_of(
        rows(prompt=TEXT, completion=TEXT),
        rows(prompt=TEXT, completion=TEXT, label=st.booleans()),
        st.tuples(turns("user", "assistant", "role", "content"), st.booleans()).map(
            lambda p: {
                "prompt": p[0][:1] if p[0][0]["role"] == "user" else p[0][:2],
                "completion": [p[0][-1]],
                "label": p[1],
            }  # fmt: skip
        ),
    ),
    "openai_preference": exchange(1).map(
        lambda r: {
            "input": {"messages": r["chosen"][:-1]},
            "preferred_output": r["chosen"][-1:],
            "non_preferred_output": r["rejected"][-1:],
        }
    ),
    "hh": exchange(0).map(lambda r: {"chosen": transcript(r["chosen"]), "rejected": transcript(r["rejected"])}),
    "cot": rows(source=TEXT, target=TEXT, rationale=TEXT, task=TEXT, type=TEXT),
    "openorca": rows(id=TEXT, system_prompt=MAYBE, question=TEXT, response=TEXT),
    "records": st.one_of(
        rows(id=TEXT, source=TEXT, instruction=TEXT, output=TEXT),
        rows(id=TEXT, source=TEXT, messages=turns("user", "assistant", "role", "content")),
        rows(id=TEXT, source=TEXT, instruction=TEXT, chosen=TEXT, rejected=TEXT).filter(
            lambda r: r["chosen"] != r["rejected"]
        ),
    ),
}


def test_every_format_is_tested():
    assert set(LOSSLESS) == set(FORMATS)
    assert all(resolve(FORMATS, name, "format").LOSSLESS for name in FORMATS)


@pytest.mark.parametrize("name", list(FORMATS))
def test_write_of_read_is_the_row(name):
    module = resolve(FORMATS, name, "format")

    @settings(max_examples=60, deadline=None)
    @given(LOSSLESS[name])
    def check(row):
        records = module.read(row)
        assert len(records) == 1
        assert not problems(records[0])
        assert module.write(records[0]) == row
        assert recognise([row], "file") == name

    check()


SYSTEM = st.fixed_dictionaries({}, optional={"system": TEXT})
LABEL = st.fixed_dictionaries({}, optional={"label": st.booleans()})
THOUGHT = st.fixed_dictionaries({}, optional={"thinking": TEXT})
MORE = st.fixed_dictionaries({}, optional={"id": TEXT, "license": TEXT, "generator": TEXT, "extra": EXTRA.filter(bool)})
TOOLS = [{"type": "function", "function": {"name": "날씨", "parameters": {"type": "object"}}}]
CALL = {"type": "function", "function": {"name": "날씨", "arguments": '{"곳": "서울"}'}}


def merged(*parts):
    return st.tuples(*parts).map(lambda found: {k: v for part in found for k, v in part.items()})


def answers(learned: bool = True):
    more = {
        "thinking": TEXT,
        "extra": st.just({"name": "b"}),
        **({"weight": st.sampled_from([0, 1])} if learned else {}),
    }
    return st.fixed_dictionaries({"role": st.just("assistant"), "content": TEXT}, optional=more)


def chats(with_tools: bool = True, system: bool = True, plain: bool = False):
    """Strategy of chat records: system prompts, thinking, weights, other keys of a turn, tool calls and schemas."""
    user = TEXT.map(lambda t: {"role": "user", "content": t})
    answer = TEXT.map(lambda t: {"role": "assistant", "content": t}) if plain else answers()
    called = st.tuples(MAYBE, TEXT).map(
        lambda p: [
            {"role": "assistant", "content": p[0].strip(), "tool_calls": [CALL]},
            {"role": "tool", "content": p[1]},
        ]
    )
    between = st.one_of(st.just([]), called) if with_tools else st.just([])
    pair = st.tuples(user, between, answer).map(lambda p: [p[0], *p[1], p[2]])
    first = st.one_of(st.just([]), TEXT.map(lambda t: [{"role": "system", "content": t}])) if system else st.just([])
    messages = st.tuples(first, st.lists(pair, min_size=1, max_size=3)).map(
        lambda p: [*p[0], *[t for x in p[1] for t in x]]
    )
    tools = st.fixed_dictionaries({}, optional={"tools": st.just(TOOLS)} if with_tools else {})
    return merged(messages.map(lambda m: {"messages": m}), tools, LABEL, MORE)


def last_learned(record):
    turns = record["messages"]
    learned = [m for m in turns if m["role"] == "assistant" and m.get("weight") != 0]
    return learned == turns[-1:]


INSTRUCTION = merged(st.fixed_dictionaries({"instruction": TEXT, "output": TEXT}), SYSTEM, LABEL, THOUGHT, MORE)
WITH_INPUT = merged(INSTRUCTION, st.fixed_dictionaries({"input": MAYBE}))
PAIR = merged(st.fixed_dictionaries({"instruction": TEXT, "chosen": TEXT, "rejected": TEXT}), SYSTEM, MORE).filter(
    lambda r: r["chosen"] != r["rejected"]
)
LONG_PAIR = merged(
    chats(with_tools=False).map(lambda r: {"messages": [*r["messages"], {"role": "user", "content": "그래서?"}]}),
    st.fixed_dictionaries({"chosen": TEXT, "rejected": TEXT}),
    MORE,
).filter(lambda r: r["chosen"] != r["rejected"])
HISTORY = chats(with_tools=False, plain=True).filter(lambda r: sum(m["role"] == "user" for m in r["messages"]) > 1)
WRITTEN = {
    "alpaca": st.one_of(WITH_INPUT, HISTORY),
    "instances": WITH_INPUT,
    "dolly": WITH_INPUT,
    "openorca": INSTRUCTION,
    "cot": merged(INSTRUCTION, TEXT.map(lambda t: {"output": f"따라서\n{t}", "extra": {"target": t}})),
    "sharegpt": chats(),
    "messages": chats(),
    "completion": st.one_of(INSTRUCTION, chats().filter(last_learned)),
    "ultrafeedback": st.one_of(PAIR, LONG_PAIR),
    "openai_preference": st.one_of(PAIR.filter(lambda r: "system" not in r), LONG_PAIR),
    "hh": merged(st.fixed_dictionaries({"instruction": TEXT, "chosen": TEXT, "rejected": TEXT}), MORE).filter(
        lambda r: r["chosen"] != r["rejected"]
    ),
    "records": st.one_of(WITH_INPUT, chats(), PAIR, LONG_PAIR).map(lambda r: {**r, "id": "a", "source": "s"}),
}


@pytest.mark.parametrize("name", list(FORMATS))
def test_read_of_write_is_the_record(name):
    module = resolve(FORMATS, name, "format")

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
    @given(WRITTEN[name])
    def check(record):
        assert not problems(record)
        row = module.write(record)
        assert module.read(json.loads(json.dumps(row))) == [record]
        assert recognise([row], "file") == name

    check()


@pytest.mark.parametrize("name", [n for n in FORMATS if n != "records"])
def test_what_a_shape_has_no_place_for_is_refused_and_never_left_out(name):
    """A writer gives a row that reads back with the same texts, label, thinking, weights and tools, or refuses."""
    module = resolve(FORMATS, name, "format")
    weighted = [{"role": "user", "content": "가"}, {"role": "assistant", "content": "나", "weight": 0}]
    more = [{"role": "user", "content": "다"}, {"role": "assistant", "content": "라", "thinking": "마"}]
    called = [{"role": "assistant", "content": "", "tool_calls": [CALL]}, {"role": "tool", "content": "맑음"}]
    for record in (
        {"system": "바", "instruction": "가", "input": "나", "thinking": "다", "output": "라", "label": False},
        {"messages": [*weighted, *more], "label": True},
        {"tools": TOOLS, "messages": [weighted[0], *called, more[1]]},
        {"system": "바", "instruction": "가", "chosen": "나", "rejected": "다"},
        {"messages": [*weighted, more[0]], "chosen": "나", "rejected": "다"},
    ):
        try:
            row = module.write(record)
        except UserError as error:
            assert f"format '{name}'" in str(error) or "extra.target" in str(error)
            continue
        back = module.read(row)[0]
        kept = json.dumps(back, ensure_ascii=False)
        for word in "가나다라마바":
            assert (word in kept) == (word in json.dumps(record, ensure_ascii=False)), (word, record, back)
        assert back.get("label") == record.get("label") and back.get("tools") == record.get("tools")
        assert kept.count('"weight": 0') == json.dumps(record).count('"weight": 0'), back
        assert kept.count('"tool_calls"') == json.dumps(record).count('"tool_calls"')


ROWS = [
    ("alpaca", {"instruction": "a", "output": "b"}),
    ("alpaca", {"id": 3, "instruction": "a", "input": "", "output": "b", "data_source": "x"}),
    ("alpaca", {"source": "koalpaca", "instruction": "a", "input": "", "output": "b", "prompt": "당신은"}),
    ("instances", {"id": "t0", "name": "n", "instruction": "a", "instances": [{"input": "", "output": "b"}]}),
    ("dolly", {"instruction": "a", "context": "", "response": "b", "category": "qa"}),
    ("sharegpt", {"id": "1", "conversations": [{"from": "human", "value": "a"}]}),
    ("messages", {"messages": [{"role": "user", "content": "a"}]}),
    ("ultrafeedback", {"prompt": "a", "chosen": "b", "rejected": "c"}),
    ("ultrafeedback", {"prompt": "a", "prompt_id": "0", "chosen": [{}], "rejected": [{}], "messages": [{}]}),
    ("cot", {"source": "a", "target": "b", "rationale": "c", "task": "t", "type": "CoT"}),
    ("cot", {"id": "1", "source": "a", "target": "b", "rationale": "c"}),
    ("openorca", {"id": "1", "system_prompt": "", "question": "a", "response": "b"}),
    ("records", {"id": "1", "source": "s", "instruction": "a", "output": "b"}),
    ("records", {"id": "1", "source": "s", "messages": [{"role": "user", "content": "a"}]}),
]


@pytest.mark.parametrize("name, row", ROWS)
def test_a_shape_is_told_by_its_keys(name, row):
    assert recognise([row, row], "file.jsonl") == name


@pytest.mark.parametrize(
    "row, says",
    [
        ({"가나": "a", "다라": "bb"}, "--columns '{instruction: 가나, output: 다라}'"),
        ({"paragraph": "a", "question": "b", "label": 1}, "evaluation data (KoBEST boolq)"),
        ({"word": "a", "context_1": "b", "context_2": "c", "label": 1}, "evaluation data (KoBEST wic)"),
        ({"conversations": [], "instruction": "a", "output": "b"}, "several formats: alpaca, sharegpt"),
    ],
)
def test_a_shape_that_cannot_be_told_is_an_error(row, says):
    with pytest.raises(UserError, match=None) as error:
        recognise([row], "x.json")
    assert says in str(error.value) and "x.json" in str(error.value)


def test_rows_of_two_shapes_are_refused():
    with pytest.raises(UserError, match="several shapes: the first is alpaca, row 2 is dolly"):
        recognise([{"instruction": "a", "output": "b"}, {"instruction": "a", "response": "b"}], "f")


def one(name, row):
    return resolve(FORMATS, name, "format").read(row)[0]


def test_alpaca_takes_the_prompt_column_as_system_unless_it_is_the_rendered_template():
    row = {"instruction": "수도는?", "input": "", "output": "서울"}
    assert one("alpaca", {**row, "prompt": "당신은 비서입니다."})["system"] == "당신은 비서입니다."
    rendered = one("alpaca", {**row, "prompt": "### Instruction:\n수도는?\n### Response:"})
    assert "system" not in rendered and rendered["extra"]["prompt"].startswith("###")


def test_several_instances_are_several_records_with_numbered_ids():
    row = {"id": "t", "instruction": "더하라", "instances": [{"input": str(i), "output": "o"} for i in range(3)]}
    found = resolve(FORMATS, "instances", "format").read(row)
    assert [r["id"] for r in found] == ["t", "t#2", "t#3"]
    assert [r["input"] for r in found] == ["0", "1", "2"]
    row["instances"][1] |= {"label": False, "id": 7}  # what stands beside an instance is its record's
    found = resolve(FORMATS, "instances", "format").read(row)
    assert [r.get("label") for r in found] == [None, False, None]
    assert [r.get("extra") for r in found] == [None, {"instance_id": 7}, None]


@pytest.mark.parametrize(
    "turns, says",
    [
        ([("gpt", "hi"), ("human", "a")], "begins with the assistant"),
        ([("human", "a"), ("human", "b"), ("gpt", "c")], "two user turns"),
        ([("human", "a"), ("gpt", "b"), ("gpt", "c")], "two assistant turns"),
        ([("human", "a"), ("gpt", " ")], "the assistant turn is empty"),
        ([("human", "a")], "no assistant turn"),
        ([("human", "a"), ("system", "x"), ("gpt", "c")], "a system turn after the first"),
        ([("alien", "a")], "unknown speaker 'alien'"),
        ([], "no turns"),
    ],
)
def test_a_broken_conversation_is_refused_with_its_reason(turns, says):
    with pytest.raises(UserError, match=says):
        one("sharegpt", {"conversations": [{"from": a, "value": b} for a, b in turns]})


def test_a_speaker_that_is_no_text_is_unknown():
    with pytest.raises(UserError, match="unknown speaker"):
        one("messages", {"messages": [{"role": [0, 1], "content": "가"}]})


def test_message_parts_are_joined_and_what_is_no_text_refused():
    parts = [{"type": "text", "text": "안녕"}, {"type": "text", "text": "하세요"}]
    row = {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": "네"}]}
    assert one("messages", row)["messages"][0]["content"] == "안녕하세요"
    image = [{"type": "image_url", "image_url": "x"}]
    for message, says in (
        ({"role": "tool", "content": "x"}, "a tool's result that nobody called for"),
        ({"role": "assistant", "content": None, "tool_calls": [{}]}, "a tool call without a name"),
        ({"role": "user", "content": image}, "a part that is not text"),
        ({"role": "user", "content": None}, "expected text, got null"),
    ):
        with pytest.raises(UserError, match=says):
            one("messages", {"messages": [message]})


def test_english_ultrafeedback_of_one_exchange_becomes_instruction_and_answers():
    user = {"role": "user", "content": "q"}
    row = {
        "prompt": "q",
        "chosen": [user, {"role": "assistant", "content": "good"}],
        "rejected": [user, {"role": "assistant", "content": "bad"}],
        "messages": [user, {"role": "assistant", "content": "good"}],
        "score_chosen": 8.0,
    }
    record = one("ultrafeedback", row)
    assert record == {"instruction": "q", "chosen": "good", "rejected": "bad", "extra": {"score_chosen": 8.0}}


def test_preference_lists_that_differ_before_the_answer_are_refused():
    a = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}]
    b = [{"role": "user", "content": "other"}, {"role": "assistant", "content": "y"}]
    with pytest.raises(UserError, match="differ before the last answer"):
        one("ultrafeedback", {"prompt": "q", "chosen": a, "rejected": b})


def test_cot_puts_the_rationale_first_and_keeps_the_answer():
    module = resolve(FORMATS, "cot", "format")
    row = {"source": "1+1?", "target": "2", "rationale": "하나 더하기 하나"}
    assert module.read(row)[0]["output"] == "하나 더하기 하나\n2"
    assert module.read(row, "\n따라서 답은 ")[0]["output"] == "하나 더하기 하나\n따라서 답은 2"
    edited = {**module.read(row)[0], "output": "다른 글"}
    with pytest.raises(UserError, match="does not end with the answer"):
        module.write(edited)


def test_columns_of_a_free_table():
    row = {"Q": "12시 땡!", "A": "하루가 또 가네요.", "label": "0"}
    assert read_columns(row, {"instruction": "Q", "output": "A"}) == [
        {"instruction": "12시 땡!", "output": "하루가 또 가네요.", "extra": {"label": "0"}}
    ]
    with pytest.raises(UserError, match="no column 'Aa'; did you mean 'A'"):
        read_columns(row, {"instruction": "Q", "output": "Aa"})
    assert column_problems({"instructon": "Q"})[0].startswith(
        "columns: unknown record field 'instructon'; did you mean"
    )
    assert any("'output'" in p for p in column_problems({"instruction": "Q"}))
