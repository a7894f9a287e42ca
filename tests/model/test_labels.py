"""Length policy, refusals and counts of training rows."""

from __future__ import annotations

import pytest

from hunmin.errors import UserError
from hunmin.templates.render import load_template
from hunmin.train import labels

from . import small


def rows(records, **options):
    tokenizer = small.tokenizer("llama3")
    template = load_template("kullm", tokenizer)
    return (*labels.rows_of(records, template, tokenizer, **{"max_length": 4096, **options}), tokenizer, template)


LONG = {"id": "long", "instruction": "긴 글을 써 주세요.", "output": "아주 긴 글입니다. " * 60}
SHORT = {"id": "short", "instruction": "수도는?", "output": "서울"}


def test_drop_counts_what_is_too_long():
    kept, report, _, _ = rows([LONG, SHORT], max_length=120)
    assert len(kept) == report.n_kept == 1 and report.n_in == 2
    assert dict(report.dropped) == {"too_long": 1}
    index, record, why = report.refused[0]
    assert (index, record["id"]) == (0, "long") and "max_length is 120" in why.detail


def test_truncate_answer_keeps_the_prompt_and_no_false_stop():
    full, _, _, _ = rows([LONG])
    kept, report, tokenizer, template = rows([LONG], max_length=120, overlong="truncate_answer")
    assert kept[0].input_ids == full[0].input_ids[:120]
    assert report.n_truncated == 1
    assert kept[0].labels[-1] != tokenizer.convert_tokens_to_ids(template.stop)
    assert any(t != -100 for t in kept[0].labels)


def test_truncate_prompt_keeps_bos_answer_and_stop():
    record = {"instruction": "앞부분이 깁니다. " * 80, "output": "짧은 답"}
    full, _, tokenizer, _ = rows([record])
    kept, _, _, _ = rows([record], max_length=60, overlong="truncate_prompt")
    assert len(kept[0].input_ids) == 60
    assert kept[0].input_ids[0] == tokenizer.bos_token_id
    assert kept[0].input_ids[1:] == full[0].input_ids[-59:]
    assert [t for t in kept[0].labels if t != -100] == [t for t in full[0].labels if t != -100]


@pytest.mark.parametrize("overlong", ["truncate_answer", "truncate_prompt"])
def test_no_row_without_a_label(overlong):
    """A prompt that fills max_length, or an answer that does: the row is dropped, not trained as nothing."""
    long_prompt = {"instruction": "앞부분이 깁니다. " * 80, "output": "답"}
    record = long_prompt if overlong == "truncate_answer" else LONG
    kept, report, _, _ = rows([record, SHORT], max_length=100, overlong=overlong)
    assert dict(report.dropped) == {"too_long": 1}
    assert all(any(t != -100 for t in row.labels) for row in kept)


def test_error_names_the_record():
    with pytest.raises(UserError, match="record long: .* tokens, max_length is 100"):
        rows([SHORT, LONG], max_length=100, overlong="error")


def test_what_is_refused():
    bad = [
        {"id": "pair", "instruction": "가", "chosen": "나", "rejected": "다"},
        {"id": "none", "instruction": "가"},
        {"id": "blank", "messages": [{"role": "user", "content": "가"}, {"role": "assistant", "content": " "}]},
        {"id": "sign", "instruction": "가", "output": "끝났다</s>아니다"},
        SHORT,
    ]
    kept, report, _, _ = rows(bad)
    assert len(kept) == 1
    assert dict(report.dropped) == {"preference": 1, "unrenderable": 2, "special_token": 1}
    with pytest.raises(UserError, match="no record is left to train on \\(1 preference\\)"):
        rows(bad[:1])


def test_the_report_counts_tokens_as_the_loss_does():
    kept, report, _, _ = rows(small.records(10))
    notes = report.notes()
    assert notes["tokens"] == sum(len(r.input_ids) for r in kept)
    assert notes["trained_tokens"] == sum(t != -100 for r in kept for t in r.labels[1:])
    assert notes["row_tokens"]["max"] == max(len(r.input_ids) for r in kept)


def test_preview_colours_prompt_answer_and_stop(tmp_path):
    from hunmin.stages import dpo, sft
    from hunmin.train.preview import DIM, GREEN, PLAIN, RED, preview

    config = sft.Config(base_model=small.base(), template="kullm", max_length=200)
    text = preview(config, small.inputs(tmp_path, [SHORT, LONG]), 1)
    assert f"{GREEN}서울{PLAIN}{RED}</s>{PLAIN}" in text
    assert f"{DIM}### 명령어:{PLAIN}" in text and f"{DIM}수도는?{PLAIN}" in text
    assert "2 records: 1 kept, dropped: 1 too_long" in text
    pair = preview(
        dpo.Config(base_model=small.base(), template="kullm"), small.inputs(tmp_path, small.preferences(1)), 1
    )
    assert "pair 1, chosen" in pair and "pair 1, rejected" in pair and pair.count(f"{RED}</s>{PLAIN}") == 2


def learned(row, tokenizer):
    return tokenizer.decode([t for t in row.labels if t != -100])


CHAT = {
    "messages": [
        {"role": "user", "content": "안녕?"},
        {"role": "assistant", "content": "꺼져.", "weight": 0},
        {"role": "user", "content": "다시."},
        {"role": "assistant", "content": "안녕하세요!"},
    ]
}


def test_an_answer_of_weight_0_is_read_and_never_learned():
    for options in ({}, {"train_on_inputs": True}):
        kept, _, tokenizer, template = rows([CHAT], **options)
        text = learned(kept[0], tokenizer)
        assert "꺼져." in tokenizer.decode(kept[0].input_ids) and "꺼져." not in text
        assert text.endswith("안녕하세요!" + template.stop) and kept[0].n_barred == 1
    all_barred = {"messages": CHAT["messages"][:2]}
    kept, report, _, _ = rows([all_barred, SHORT])
    assert dict(report.dropped) == {"nothing_to_learn": 1} and len(kept) == 1


def test_answers_labelled_false_are_refused_and_true_ones_learned():
    good, bad = {**SHORT, "label": True}, {**SHORT, "output": "부산", "label": False}
    with pytest.raises(UserError, match="1 of 2 records are labelled false") as error:
        rows([good, bad])
    assert "filter: {label: true}" in str(error.value)
    assert len(rows([good])[0]) == 1


TOOLS = "{% for tool in tools or [] %}<tool>{{ tool.function.name }}</tool>{% endfor %}"
CALLS = (
    TOOLS + "{% for m in messages %}[{{ m.role }}]{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<call>{{ c.function.name }} {{ c.function.arguments | tojson }}</call>"
    "{% endfor %}"
    "{{ eos_token if m.role == 'assistant' else '' }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}{# 'tool' #}"
)


def test_tool_calls_are_learned_where_the_template_knows_them_and_refused_where_not(tmp_path):
    call = {"type": "function", "function": {"name": "weather", "arguments": '{"city": "서울"}'}}
    record = {
        "id": "t",
        "tools": [{"name": "weather", "parameters": {}}],
        "messages": [
            {"role": "user", "content": "서울 날씨?"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "맑음"},
            {"role": "assistant", "content": "맑아요."},
        ],
    }
    kept, report, _, _ = rows([record, SHORT])
    assert dict(report.dropped) == {"tools": 1} and "template 'kullm'" in report.refused[0][2].detail
    (tmp_path / "calls.jinja").write_text(CALLS)
    tokenizer = small.tokenizer("llama3")
    template = load_template(str(tmp_path / "calls.jinja"), tokenizer)
    kept, _ = labels.rows_of([record], template, tokenizer, max_length=4096)
    text, whole = learned(kept[0], tokenizer), tokenizer.decode(kept[0].input_ids)
    assert text == '<call>weather {"city": "서울"}</call>' + template.stop + "맑아요." + template.stop
    assert "<tool>weather</tool>[user]서울 날씨?" in whole and "[tool]맑음" in whole


def test_thinking_is_rendered_nowhere_by_itself():
    answer = {"role": "assistant", "content": "4", "thinking": "둘"}
    record = {"messages": [{"role": "user", "content": "2+2?"}, answer]}
    kept, _, tokenizer, _ = rows([record])
    assert "둘" not in tokenizer.decode(kept[0].input_ids)
