"""The rows people publish: what each becomes, whatever its keys are called, and what is refused with which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.commands.one_stage import find_inputs, holds_records
from hunmin.errors import UserError
from hunmin.formats import READ as SHAPES
from hunmin.formats.names import columns_line, propose
from hunmin.stages import load
from hunmin.stages.protocol import find_stage


def user(text):
    return {"role": "user", "content": text}


def answer(text, **more):
    return {"role": "assistant", "content": text, **more}


def human(text):
    return {"from": "human", "value": text}


def gpt(text, **more):
    return {"from": "gpt", "value": text, **more}


ASKED = {"instruction": "서울은?", "output": "수도"}
TALK = {"messages": [user("안녕?"), answer("안녕하세요.")]}
PIRATE = {"messages": [{"role": "system", "content": "너는 해적이다."}, *TALK["messages"]]}
PAIR = {"instruction": "서울은?", "chosen": "수도", "rejected": "몰라"}
CALLED = [
    user("날씨?"),
    answer("", tool_calls=[{"type": "function", "function": {"name": "w", "arguments": {"곳": "서울"}}}]),
    {"role": "tool", "content": "맑음"},
    answer("맑아요."),
]
READ = [
    # an answer that is bad
    ({"prompt": "서울은?", "completion": "수도", "label": False}, {**ASKED, "label": False}),
    ({"prompt": "서울은?", "completion": "수도", "label": 1}, {**ASKED, "label": True}),
    ({**ASKED, "input": "", "kto_tag": False}, {**ASKED, "input": "", "label": False}),
    ({**TALK, "label": False}, {**TALK, "label": False}),
    ({"conversations": [human("안녕?"), gpt("안녕하세요.")], "kto_tag": True}, {**TALK, "label": True}),
    ({"질문": "서울은?", "답변": "수도", "label": "False"}, {**ASKED, "label": False}),
    ({**TALK, "label": "긍정"}, {**TALK, "extra": {"label": "긍정"}}),
    (
        {"messages": [user("안녕?"), answer("안녕하세요.", train_on_turn=False)]},
        {"messages": [user("안녕?"), answer("안녕하세요.", weight=0)]},
    ),
    (
        {"conversation": [{"input": "안녕?", "output": "안녕하세요.", "weight": 0, "reasoning": "음", "lang": "ko"}]},
        {"messages": [user("안녕?"), answer("안녕하세요.", weight=0, thinking="음", extra={"lang": "ko"})]},
    ),
    (
        {
            "conversations": [
                human("안녕?"),
                gpt(
                    "<|begin_of_thought|>\n\n음\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n안녕하세요.\n\n<|end_of_solution|>"
                ),
            ]
        },
        {"messages": [user("안녕?"), answer("안녕하세요.", thinking="음")]},
    ),
    # a system prompt and earlier turns in columns of their own
    ({"system": "너는 해적이다.", **TALK}, PIRATE),
    ({"conversations": [human("안녕?"), gpt("안녕하세요.")], "system_prompt": "너는 해적이다.", "tools": "[]"}, PIRATE),
    ({"conversations": TALK["messages"], "시스템 프롬프트": "너는 해적이다."}, PIRATE),
    ({"system": "", **TALK}, TALK),
    (
        {"instruction": "그럼 부산은?", "output": "항구", "system": "짧게.", "history": [["서울은?", "수도"]]},
        {
            "messages": [
                {"role": "system", "content": "짧게."},
                user("서울은?"),
                answer("수도"),
                user("그럼 부산은?"),
                answer("항구"),
            ]
        },
    ),
    ({"query": "서울은?", "response": "수도", "history": []}, ASKED),
    # turns not to be learned
    (
        {"messages": [user("안녕?"), answer("꺼져.", train=False)]},
        {"messages": [user("안녕?"), answer("꺼져.", weight=0)]},
    ),
    (
        {"messages": [user("안녕?"), answer("꺼져.", loss=False)]},
        {"messages": [user("안녕?"), answer("꺼져.", weight=0)]},
    ),
    ({"conversations": [human("안녕?"), gpt("응", weight=0.0)]}, {"messages": [user("안녕?"), answer("응", weight=0)]}),
    ({"messages": [user("안녕?"), answer("응", weight=1)]}, {"messages": [user("안녕?"), answer("응", weight=1)]}),
    (
        {"prompt": [user("가"), answer("나"), user("다")], "completion": [answer("라")]},
        {"messages": [user("가"), answer("나", weight=0), user("다"), answer("라")]},
    ),
    # reasoning
    (
        {"messages": [user("2+2?"), answer("4", reasoning_content="둘 둘")]},
        {"messages": [user("2+2?"), answer("4", thinking="둘 둘")]},
    ),
    (
        {"messages": [user("2+2?"), answer("<think>\n둘 둘\n</think>\n\n4")]},
        {"messages": [user("2+2?"), answer("4", thinking="둘 둘")]},
    ),
    (
        {"messages": [user("2+2?"), answer("둘 둘\n</think>\n\n4")]},
        {"messages": [user("2+2?"), answer("4", thinking="둘 둘")]},
    ),
    (
        {
            "messages": [
                user("2+2?"),
                answer([{"type": "thinking", "thinking": "둘 둘"}, {"type": "text", "text": "4"}]),
            ]
        },
        {"messages": [user("2+2?"), answer("4", thinking="둘 둘")]},
    ),
    (
        {"Question": "2+2?", "Complex_CoT": "둘 둘", "Response": "4"},
        {"instruction": "2+2?", "output": "4", "thinking": "둘 둘"},
    ),
    (
        {"messages": [user("태그?"), answer("끝에 </think>를 씁니다.")]},
        {"messages": [user("태그?"), answer("끝에 </think>를 씁니다.")]},
    ),
    # pairs
    ({"conversations": [human("서울은?")], "chosen": gpt("수도"), "rejected": gpt("몰라")}, PAIR),
    ({"question": "서울은?", "system": "짧게.", "chosen": "수도", "rejected": "몰라"}, {**PAIR, "system": "짧게."}),
    (
        {"instruction": "서울은?", "input": "한 낱말로", "chosen": "수도", "rejected": "몰라"},
        {**PAIR, "input": "한 낱말로"},
    ),
    ({"prompt": [user("서울은?")], "chosen": [answer("수도")], "rejected": [answer("몰라")]}, PAIR),
    ({"chosen": [user("서울은?"), answer("수도")], "rejected": [user("서울은?"), answer("몰라")]}, PAIR),
    ({"chosen": "\n\nHuman: 서울은?\n\nAssistant: 수도", "rejected": "\n\nHuman: 서울은?\n\nAssistant: 몰라"}, PAIR),
    (
        {
            "input": {"messages": [user("서울은?")], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [answer("수도")],
            "non_preferred_output": [answer("몰라")],
        },
        {**PAIR, "extra": {"parallel_tool_calls": True}},
    ),
    ({"messages": [user("서울은?"), answer("수도")], "rejected_response": "몰라"}, PAIR),
    ({"질문": "서울은?", "선호 답변": "수도", "비선호 답변": "몰라"}, PAIR),
    (
        {"prompt": "딴 글", "chosen": [user("서울은?"), answer("수도")], "rejected": [user("서울은?"), answer("몰라")]},
        {**PAIR, "extra": {"prompt": "딴 글"}},
    ),
    (
        {
            "prompt": "서울은?",
            "chosen": json.dumps([user("서울은?"), answer("수도")]),
            "rejected": str([user("서울은?"), answer("몰라")]),
        },
        PAIR,
    ),
    (
        {"chosen": '["가"]', "rejected": '["나"]', "prompt": "목록?"},
        {"instruction": "목록?", "chosen": '["가"]', "rejected": '["나"]'},
    ),
    ({"prompt": json.dumps([user("안녕?")]), "completion": json.dumps([answer("안녕하세요.")])}, TALK),
    (
        {"instruction": "그럼?", "output": "응", "history": '[["안녕?", "안녕하세요."]]'},
        {"messages": [*TALK["messages"], user("그럼?"), answer("응")]},
    ),
    # tools
    ({"messages": CALLED, "tools": [{"name": "w"}]}, {"messages": CALLED, "tools": [{"name": "w"}]}),
    (
        {
            "conversations": [
                human("날씨?"),
                {"from": "function_call", "value": '{"name": "w", "arguments": {"곳": "서울"}}'},
                {"from": "observation", "value": "맑음"},
                gpt("맑아요."),
            ],
            "tools": '[{"name": "w"}]',
        },
        {"messages": CALLED, "tools": [{"name": "w"}]},
    ),
    (
        {
            "functions": [{"name": "w"}],
            "messages": [
                user("가"),
                {"role": "assistant", "content": None, "function_call": {"name": "w", "arguments": "{}"}},
            ],
        },
        {
            "messages": [
                user("가"),
                answer("", tool_calls=[{"type": "function", "function": {"name": "w", "arguments": "{}"}}]),
            ],
            "tools": [{"name": "w"}],
        },
    ),
    # names and spellings
    ({**ASKED, "input": "<noinput>"}, ASKED),
    ({"question_ko": "서울은?", "answer_ko": "수도", "system_ko": "짧게."}, {**ASKED, "system": "짧게."}),
    ({"대화": [{"화자": "고객", "발화": "안녕?"}, {"화자": "상담원", "발화": "안녕하세요."}]}, TALK),
    ({"prompt": "서울은?", "response": "수도", "model": "m"}, {**ASKED, "extra": {"model": "m"}}),
    ({"question": "서울은?", "answer": "수도"}, ASKED),
    ({"input": "서울은?", "output": "수도"}, ASKED),
    ({"instruction": "서울은?", "generation": "수도"}, ASKED),
    ({"지시문": "서울은?", "입력": "한 낱말로", "출력": "수도"}, {**ASKED, "input": "한 낱말로"}),
    ({"problem": "1+1?", "answer": 2}, {"instruction": "1+1?", "output": "2"}),
    ({"qa": {"question": "서울은?", "answer": "수도"}, "meta": {"n": 1}}, {**ASKED, "extra": {"meta": {"n": 1}}}),
    ({"conversations": ["안녕?", "안녕하세요."], "source": "lima"}, {**TALK, "extra": {"source": "lima"}}),
    ({"conversation": [{"system": "너는 해적이다.", "input": "안녕?", "output": "안녕하세요."}]}, PIRATE),
    ({"대화": [{"화자": "사용자", "발화": "안녕?"}, {"화자": "챗봇", "발화": "안녕하세요."}]}, TALK),
    ({"messages": json.dumps(TALK["messages"])}, TALK),
    (
        {"messages": [{**user("안녕?"), "weight": None, "name": None}, {**answer("안녕하세요."), "tool_calls": []}]},
        TALK,
    ),
    # A switch is no thought; what a key `thinking` says is one.
    ({**TALK, "reasoning": "on"}, {**TALK, "extra": {"reasoning": "on"}}),
    ({**TALK, "think": "먼저"}, {"messages": [TALK["messages"][0], {**TALK["messages"][1], "thinking": "먼저"}]}),
    # The conversation stands whole beside both ends of it: it is not said twice.
    (
        {
            "conversation": [{"input": "가?", "output": "나"}, {"input": "다?", "output": "라"}],
            "chosen": [user("가?"), answer("나"), user("다?"), answer("라")],
            "rejected": [user("가?"), answer("나"), user("다?"), answer("마")],
        },
        {"messages": [user("가?"), answer("나"), user("다?")], "chosen": "라", "rejected": "마"},
    ),
    # A list of turns as input.
    (
        {"input": [user("가?"), answer("나"), user("다?")], "output": "라", "reasoning": "off"},
        {"messages": [user("가?"), answer("나", weight=0), user("다?"), answer("라")], "extra": {"reasoning": "off"}},
    ),
    ({"inputs": "가?", "targets": "나"}, {"instruction": "가?", "output": "나"}),
    ({"messages": [user("<image> 태그란?"), answer("그림")]}, None),
    ({"messages": [user([{"type": "text", "text": "무엇?", "image": "a.png"}]), answer("그림")]}, None),
    ({"messages": [user("말해."), answer("네", audio={"id": "a"})]}, None),
    (
        {"messages": [user([{"type": "text", "text": "가?", "image": None}]), answer("나")]},
        {"messages": [user("가?"), answer("나")]},
    ),
    # What stands beside a text, and keys that tables fill for other rows.
    (
        {"messages": [user("가?"), answer([{"type": "text", "text": "나", "citations": ["다"]}])]},
        {"messages": [user("가?"), answer("나", extra={"content.citations": ["다"]})]},
    ),
    (
        {"messages": [{**human("가?"), "role": None, "content": None}, {**gpt("나"), "role": None, "content": None}]},
        {"messages": [user("가?"), answer("나")]},
    ),
    (
        {"messages": [user("가?"), answer("나", extra="다")]},
        {"messages": [user("가?"), answer("나", extra={"extra": "다"})]},
    ),
    (
        {"messages": [{**user("가?"), "reasoning": "나"}, answer("다", reasoning={"text": "라"})]},
        {
            "messages": [
                {**user("가?"), "extra": {"reasoning": "나"}},
                answer("다", extra={"reasoning": {"text": "라"}}),
            ]
        },
    ),
    ({"messages": [user("가?"), answer("나", loss_scale=0.0)]}, {"messages": [user("가?"), answer("나", weight=0)]}),
    (
        {"messages": [user("1+1?"), answer("음", channel="analysis"), answer("2", channel="final")]},
        {"messages": [user("1+1?"), answer("2", thinking="음")]},
    ),
    (
        {"messages": [user("가?"), answer("나")], "tools": [{"name": "a"}], "functions": [{"name": "b"}]},
        {"messages": [user("가?"), answer("나")], "tools": [{"name": "a"}], "extra": {"functions": [{"name": "b"}]}},
    ),
    ({"instruction": "서울은?", "output": "수도", "rejected": "몰라"}, PAIR),
    ({"instruction": "서울은?", "output": "수도", "messages": None}, {**ASKED, "extra": {"messages": None}}),
    # What pandas writes of numpy arrays into a CSV cell has no commas.
    ({"messages": str([user("안녕?"), answer("안녕하세요.")]).replace("}, {", "}\n {")}, TALK),
    # A conversation beside the columns that it repeats (Magpie).
    (
        {
            "instruction": "안녕?",
            "response": "안녕하세요.",
            "conversations": [human("안녕?"), gpt("안녕하세요.")],
            "n": 1,
        },
        {**TALK, "extra": {"n": 1}},
    ),
    ({"prompt": "안녕?", **TALK}, TALK),
    (
        {"messages": [user("HTML의 <image> 태그란?"), answer("그림")], "images": []},
        {"messages": [user("HTML의 <image> 태그란?"), answer("그림")], "extra": {"images": []}},
    ),
]


def loaded(tmp_path, rows, **options):
    write_jsonl(tmp_path / "data.jsonl", rows)
    counts = load.run(load.Config(path=str(tmp_path / "data.jsonl"), **options), Inputs(label="load"), tmp_path / "out")
    records = list(read_jsonl(tmp_path / "out" / "records.jsonl"))
    return [{k: v for k, v in r.items() if k not in ("id", "source")} for r in records], counts


def same(record):
    return {k: v for k, v in record.items() if v != ""}


@pytest.mark.parametrize(("row", "record"), READ, ids=[str(i) for i in range(len(READ))])
def test_what_a_row_becomes(tmp_path, row, record):
    if record is None:
        with pytest.raises(UserError, match="hunmin trains on text only"):
            loaded(tmp_path, [row])
        return
    found, _ = loaded(tmp_path, [row])
    assert [same(r) for r in found] == [same(record)]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"messages": [user("가"), answer("나", weight=0.5)]}, "weight 0.5"),
        ({"messages": [user("가"), answer("나", loss="maybe")]}, "loss 'maybe'"),
        ({"messages": [user("가"), answer("나", loss_scale=0.3)]}, "loss_scale 0.3"),
        ({"messages": [user("가"), answer("나", thinking="다", reasoning="라")]}, "two reasonings that differ"),
        ({"prompt": "가", "completion": "나", "label": True, "kto_tag": False}, "two labels that differ"),
        ({"messages": [user("가"), answer("나")], "images": ["a.png"]}, "field 'images': a row about an image"),
        ({"conversations": [human("<image>\n무엇?"), gpt("개")]}, "an image, video or sound"),
        ({"messages": [user("가"), answer("<think>끝없는 생각")]}, "ends inside its <think>"),
        ({"system": "가", "messages": [{"role": "system", "content": "나"}, *TALK["messages"]]}, "two system prompts"),
        (
            {"text": "### 질문: 서울은?\n\n### 답변: 수도"},
            ["raw text (column 'text')", "### 질문: 서울은?", "headings"],
        ),
        ({"본문": "서울은 수도이다."}, ["raw text (column '본문')", "does not pre-train"]),
        ({"question": "가", "choices": ["나", "다"], "answer": "나"}, "multiple-choice questions"),
        (
            {"question": "가", "answer": "나", "response": "다"},
            ["output could be answer or response", "--columns '{instruction: question, output: response}'"],
        ),
        ({"글쓴이": "가", "글 내용": "나다"}, "--columns '{instruction: 글쓴이, output: 글 내용}'"),
        ({"conversations": [human("가")], "chosen": gpt("나"), "rejected": gpt("나")}, "there is no preference"),
        ({"prompt": "가", "question": "나", "chosen": "다", "rejected": "라"}, "could be any of prompt, question"),
        ({"messages": [user("가"), answer("", tool_calls=[{"function": {}}])]}, "a tool call without a name"),
        ({"instruction": "<image>\n무엇?", "input": "", "output": "개"}, "an image, video or sound"),
        ({**ASKED, "output": "<nooutput>"}, "says that there is none"),
        ({"prompt": json.dumps([user("가")]), "response": "나"}, ["a list of messages", "prompt and completion"]),
        (
            {"prompt": "가", "response_0": "나", "response_1": "다", "safer": "yes"},
            [
                "response_0 and response_1 look like two answers, of which chosen is the better one",
                "--columns '{instruction: prompt, chosen: response_0, rejected: response_1}'",
            ],
        ),
        ({"id": 1, "items": TALK["messages"]}, "--columns '{messages: items}'"),
        ({"message_id": "a", "text": "가?", "role": "prompter", "lang": "ko", "tree_state": "x"}, "that asks and"),
        (
            {"question": "가", "outputs": ["나", "다"]},
            ["outputs holds lists, where one text each is needed", "--format answers"],
        ),
        (
            {"parent_id": "b", "message_id": "a", "text": "가?", "role": "prompter"},
            ["one message a row", "'parent_id'"],
        ),
        ({"id": 1, "data": ["서울은?", "수도", "부산은?", "항구"]}, "--columns '{messages: data}'"),
        ({"system": "S", "chat": "USER: 가?\n\nASSISTANT: 나\n\nUSER: 다?"}, ["column 'chat' holds a whole conv"]),
        ({"source": "s", "instruction": "가", "completions": [{"response": "나"}]}, "completions holds lists"),
    ],
)
def test_what_is_refused_with_which_words(tmp_path, row, says):
    with pytest.raises(UserError) as error:
        loaded(tmp_path, [row])
    for part in [says] if isinstance(says, str) else says:
        assert part in str(error.value)


def test_every_key_that_was_not_used_is_told_with_its_counts(tmp_path):
    rows = [
        {
            **TALK,
            "label": i % 2,
            "cat": f"c{i}",
            "safe": i < 2,
            "note": None if i else "",
            "messages": [user(f"{i}?"), answer("네", name="b")],
        }
        for i in range(4)
    ]
    _, counts = loaded(tmp_path, rows)
    assert [line for line in counts.notes["terminal"] if line.startswith("not used")] == [
        "not used: label (4 rows: 2 0, 2 1)",
        "not used: cat (4 rows)",
        "not used: safe (4 rows: 2 true, 2 false)",
        "not used: note (4 rows: 4 empty)",
        "not used: messages.name (4 rows)",
    ]
    assert counts.notes["not_used"]["safe"] == {"rows": 4, "values": {"true": 2, "false": 2}}
    _, counts = loaded(tmp_path / "..", [{"질문": "가", "답변": "나"}])
    assert counts.notes["terminal"] == ["read by columns: 질문 -> instruction, 답변 -> output"]


def test_bad_rows_are_named_one_by_one_and_counted(tmp_path):
    rows = [{"instruction": f"{i}?", "output": "" if i % 2 else "네"} for i in range(60)] + [{"instruction": "가"}]
    with pytest.raises(UserError) as error:
        loaded(tmp_path, rows)
    told = str(error.value)
    assert "31 of 61 rows cannot be used" in told and told.count("bad row: ") == 20 and "data.jsonl:2: field" in told
    assert "(30); field 'output': missing (1)" in told and "on_bad_row: drop" in told
    _, counts = loaded(tmp_path, rows, on_bad_row="drop")
    assert counts.dropped == {"bad_row": 31} and len(counts.notes["first_bad_rows"]) == 20
    assert sum(counts.notes["bad_rows"].values()) == 31


def test_a_row_of_another_shape_further_down_is_told_so(tmp_path):
    rows = [{"instruction": f"{i}?", "output": "네"} for i in range(30)] + [TALK]
    with pytest.raises(
        UserError, match="data.jsonl:31: rows of several shapes: the first are alpaca, this one is messa"
    ):
        loaded(tmp_path, rows)


def test_columns_name_labels_reasoning_and_inner_cells(tmp_path):
    row = {"q": {"text": "가", "lang": "ko"}, "good": "0", "why": "나", "a": "다", "sys": "라"}
    columns = {"system": "sys", "instruction": "q.text", "thinking": "why", "output": "a", "label": "good"}
    found, _ = loaded(tmp_path, [row], columns=columns)
    assert found == [
        {
            "instruction": "가",
            "output": "다",
            "label": False,
            "system": "라",
            "thinking": "나",
            "extra": {"q": {"lang": "ko"}},
        }
    ]


def test_every_format_stands_in_the_table_of_shapes():
    table = (Path(__file__).parents[2] / "docs" / "shapes.md").read_text(encoding="utf-8")
    assert not [name for name in SHAPES if f"| `{name}` |" not in table]


def test_columns_told_by_their_names_are_the_ones_that_can_only_mean_one_thing():
    assert propose([{"user": "u1", "question": "가", "answer": "나"}]).columns == {
        "instruction": "question",
        "output": "answer",
    }
    assert propose([{"user": "가", "assistant": "나"}]).columns == {"instruction": "user", "output": "assistant"}
    assert not propose([{"question": "가", "answer": {"text": ["나"]}}]).columns
    assert propose([{"대화": [], "질문": "가", "답": "나"}]).columns == {"instruction": "질문", "output": "답"}
    both = propose([{"대화": [{}], "질문": "가", "답": "나"}])
    assert not both.columns and len(both.choices) == 2
    assert columns_line({"instruction": "Q: 1", "output": "y"}) == """--columns '{instruction: "Q: 1", output: "y"}'"""


@pytest.mark.parametrize(
    ("more", "ours"),
    [
        ({}, True),
        ({"messages": [user("가"), answer("나", weight=0, thinking="다")], "label": False}, True),
        ({"messages": [user("가"), answer("나", train=False)]}, False),
        ({"messages": [user("가"), answer("<think>다</think>나")]}, False),
        ({"system_prompt": "다"}, False),
        ({"kto_tag": False}, False),
    ],
)
def test_rows_that_only_look_like_records_are_loaded_before_a_stage_reads_them(tmp_path, more, ours):
    write_jsonl(tmp_path / "in.jsonl", [{"id": "a", "source": "s", **TALK, **more}])
    assert holds_records(tmp_path / "in.jsonl") is ours


def test_a_translated_file_with_one_turn_to_be_read_keeps_its_english(tmp_path):
    english = {"messages.0.content": "Hello?", "messages.1.content": "Hello."}
    left = {"instruction": "서울은?", "output": "<think>음</think>수도", "original": {"output": "The capital"}}
    rows = [
        {"id": "a", "source": "s", **TALK, "original": english},
        {"id": "b", "source": "s", "messages": [user("안녕?"), answer("네.", train=False)], "original": english},
        {"id": "c", "source": "s", **left},  # what a translator left stays for `check` to see
    ]
    write_jsonl(tmp_path / "in.jsonl", rows)
    found, _ = find_inputs(str(tmp_path / "in.jsonl"), tmp_path, find_stage("check"))
    records = list(read_jsonl(found))
    assert [r["original"] for r in records] == [english, english, left["original"]]
    assert records[1]["messages"][1]["weight"] == 0
    assert records[2]["output"] == left["output"] and "thinking" not in records[2]


def test_keys_of_several_formats_are_told_with_the_options_to_choose_from(tmp_path):
    row = {"instruction": "부산은?", "response": "수도", "conversations": [human("서울은?"), gpt("수도")]}
    with pytest.raises(UserError) as error:
        loaded(tmp_path, [row])
    assert "--format dolly or --format sharegpt" in str(error.value)
