"""The templates' exact bytes, and that every view of a conversation is cut from the same text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunmin.errors import UserError
from hunmin.templates import TEMPLATES
from hunmin.templates.render import load_template

ALPACA = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Response:\n"
)
ALPACA_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n"
)
KULLM = (
    "아래는 작업을 설명하는 명령어입니다. 요청을 적절히 완료하는 응답을 작성하세요.\n\n"
    "### 명령어:\n{instruction}\n\n### 응답:\n"
)
KULLM_INPUT = (
    "아래는 작업을 설명하는 명령어와 추가 컨텍스트를 제공하는 입력이 짝을 이루는 예제입니다. "
    "요청을 적절히 완료하는 응답을 작성하세요.\n\n"
    "### 명령어:\n{instruction}\n\n### 입력:\n{input}\n\n### 응답:\n"
)
KORAE_SYSTEM = (
    "당신은 유용한 인공지능 비서입니다. 사용자가 몇 가지 지시가 포함된 작업을 제공합니다. "
    "요청을 적절히 완료하는 응답을 작성하세요."
)
KORAE = "### System:\n" + KORAE_SYSTEM + "</s>\n\n### User:\n{instruction}</s>\n\n### Assistant:\n"
KORAE_INPUT = KORAE.replace("{instruction}", "{instruction} {input}")


@pytest.mark.parametrize(
    ("name", "without", "with_input"),
    [("alpaca", ALPACA, ALPACA_INPUT), ("kullm", KULLM, KULLM_INPUT), ("korae", KORAE, KORAE_INPUT)],
)
def test_published_bytes(name, without, with_input):
    template = load_template(name)
    record = {"instruction": "수도를 알려 줘.\n'따옴표'와 {{중괄호}}", "output": "서울입니다."}
    prompt = without.replace("{instruction}", record["instruction"])
    assert template.prompt(record) == prompt
    assert [(s.text, s.trained) for s in template.render(record)] == [(prompt, False), ("서울입니다.</s>", True)]
    record["input"] = "대한민국"
    prompt = with_input.replace("{instruction}", record["instruction"]).replace("{input}", "대한민국")
    assert [(s.text, s.trained) for s in template.render(record)] == [(prompt, False), ("서울입니다.</s>", True)]


def test_empty_instruction_with_an_input():
    """KULLM's own README asks with an empty instruction and an input."""
    assert load_template("kullm").prompt({"instruction": "", "input": "가"}) == KULLM_INPUT.format(
        instruction="", input="가"
    )
    assert load_template("korae").prompt({"input": "가"}) == KORAE.format(instruction="가")  # no leading space


def test_later_turns_keep_the_headings_and_drop_the_preamble():
    record = {
        "messages": [
            {"role": "user", "content": "하나"},
            {"role": "assistant", "content": "일"},
            {"role": "user", "content": "둘"},
            {"role": "assistant", "content": "이"},
        ]
    }
    segments = load_template("kullm").render(record)
    assert [s.text for s in segments] == [
        KULLM.format(instruction="하나"),
        "일</s>",
        "\n\n### 명령어:\n둘\n\n### 응답:\n",
        "이</s>",
    ]
    assert [s.text for s in load_template("chatml").render(record)] == [
        "<|im_start|>user\n하나<|im_end|>\n<|im_start|>assistant\n",
        "일<|im_end|>",
        "\n<|im_start|>user\n둘<|im_end|>\n<|im_start|>assistant\n",
        "이<|im_end|>",
    ]


def test_system_of_the_record_goes_before_the_option_and_the_default():
    record = {"instruction": "가", "output": "나"}
    assert load_template("korae", system="짧게 답하라.").prompt(record).startswith("### System:\n짧게 답하라.</s>\n\n")
    own = {**record, "system": '"길게" 답하라.\n'}
    assert load_template("korae", system="짧게").prompt(own).startswith('### System:\n"길게" 답하라.\n</s>')
    assert load_template("alpaca", system="짧게").prompt(record) == "짧게\n\n" + ALPACA.format(instruction="가")


def test_preference_answers_share_the_prompt():
    template = load_template("kullm")
    record = {"instruction": "가", "chosen": "좋은 답", "rejected": "나쁜 답"}
    chosen, rejected = (template.render(record, answer=record[k]) for k in ("chosen", "rejected"))
    assert chosen[0] == rejected[0]
    assert (chosen[1].text, rejected[1].text) == ("좋은 답</s>", "나쁜 답</s>")


def test_alpaca_lora_style_file(tmp_path):
    path = tmp_path / "mine.json"
    definition = {
        "prompt_input": "Q: {instruction}\nC: {input}\nA:",
        "prompt_no_input": "Q: {instruction}\nA:",
        "response_split": "A:",
    }
    path.write_text(json.dumps(definition), encoding="utf-8")
    template = load_template(str(path))
    assert [s.text for s in template.render({"instruction": "가", "input": "나", "output": "다"})] == [
        "Q: 가\nC: 나\nA:",
        "다</s>",
    ]
    path.write_text(json.dumps({**definition, "prompt_input": "no slot A:"}), encoding="utf-8")
    with pytest.raises(UserError, match="lacks"):
        load_template(str(path))
    path.write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="not a prompt definition"):
        load_template(str(path))


def test_own_jinja_joins_the_input_it_does_not_read(tmp_path):
    path = tmp_path / "mine.jinja"
    path.write_text(
        "{% for m in messages %}[{{ m['role'] }}]{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] }}"
        "{{ eos_token }}{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}[assistant]{% endif %}",
        encoding="utf-8",
    )
    template = load_template(str(path))
    assert template.prompt({"instruction": "가", "input": "나"}) == "[user]가\n\n나[assistant]"
    assert template.stop == "</s>"


def test_faulty_templates_are_refused(tmp_path):
    path = tmp_path / "bad.jinja"
    path.write_text("{% for m in messages %}{{ m['content'] }}\n{% endfor %}", encoding="utf-8")
    with pytest.raises(UserError, match="no stop token"):
        load_template(str(path))
    # KoRAE's published chat template: an extra newline at inference that training never saw
    path.write_text(
        "{% for m in messages %}{{ '### ' + m['role'] + ':\\n' + m['content'] + eos_token }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '### assistant:\\n' }}\n\n{% endif %}",
        encoding="utf-8",
    )
    with pytest.raises(UserError, match="not the beginning of its training text"):
        load_template(str(path))
    with pytest.raises(UserError, match="did you mean 'kullm'"):
        load_template("kulm")
    with pytest.raises(UserError, match="no such file"):
        load_template(str(tmp_path / "none.json"))


def test_what_cannot_be_trained_is_said():
    template = load_template("alpaca")
    with pytest.raises(UserError, match="no answer"):
        template.render({"id": "a", "instruction": "가"})
    with pytest.raises(UserError, match="empty"):
        template.render({"instruction": "가", "chosen": "나"}, answer=" ")


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=30).filter(
    lambda text: text.strip() and "</s>" not in text and "<|im_end|>" not in text
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(TEMPLATES)), st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3), TEXT | st.just(""))
def test_any_conversation_is_prompt_plus_answer(name, turns, extra):
    """Whatever the texts: segments join to the full text, and every answer starts where its prompt ends."""
    template = load_template(name)
    messages = []
    for i, (question, answer) in enumerate(turns):
        messages.append({"role": "user", "content": question, **({"input": extra} if extra and not i else {})})
        messages.append({"role": "assistant", "content": answer})
    record = _flat(messages, turns) if extra else {"messages": messages}
    segments = template.render(record)
    text = "".join(s.text for s in segments)
    assert [s.trained for s in segments] == [False, True] * (len(segments) // 2)
    assert [s.text for s in segments if s.trained] == [m + template.stop for m in _answers(turns, extra)]
    assert template.text(template.messages(record)).startswith(text)


def _flat(messages, turns):
    """A record with an input is single-turn by its shape."""
    return {"instruction": turns[0][0], "input": messages[0]["input"], "output": turns[0][1]}


def _answers(turns, extra):
    return [turns[0][1]] if extra else [answer for _, answer in turns]


@pytest.mark.parametrize(("name", "content", "why"), [
    ("t.jinja", b"\xff\xfe", "not UTF-8"), ("t.json", b"[" * 9000, "not a prompt definition"),
    ("t.json", b"[1]", "not a prompt definition"),
])  # fmt: skip
def test_a_template_file_that_is_none_is_told(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=why):
        load_template(str(tmp_path / name), None)
