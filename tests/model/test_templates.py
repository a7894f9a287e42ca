"""Templates and labels on real tokenizers of three families: what is asked is the beginning of what was trained."""

from __future__ import annotations

import pytest
from transformers import AutoTokenizer

from hunmin.errors import UserError
from hunmin.templates.render import load_template
from hunmin.train import labels

from . import small

FAMILIES = ("byte", "sentencepiece", "llama3")
TEMPLATES = ("alpaca", "kullm", "korae", "chatml")
AWKWARD = ["서울입니다.", "\n줄로 시작", " 빈칸으로 시작", "def f():\n    return 1\n", "123", "※ 주의"]


def row_of(record, template, tokenizer, **options):
    encode = labels.make_encode(tokenizer)
    return labels.to_row(template.render(record), encode, **{"max_length": 10_000, **options})


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("answer", AWKWARD)
def test_the_prompt_is_a_token_prefix_and_the_stop_is_trained(family, name, answer):
    tokenizer = small.tokenizer(family)
    template = load_template(name, tokenizer)
    record = {"instruction": "수도는 어디인가요?", "input": "대한민국", "output": answer}
    row = row_of(record, template, tokenizer)
    prompt = tokenizer(template.prompt(record), add_special_tokens=False)["input_ids"]
    assert row.input_ids[: len(prompt)] == prompt
    assert row.labels[: len(prompt)] == [-100] * len(prompt)
    assert row.labels[len(prompt) :] == row.input_ids[len(prompt) :]
    assert row.labels[-1] == tokenizer.convert_tokens_to_ids(template.stop)
    if tokenizer.bos_token_id is not None:
        assert row.input_ids[0] == tokenizer.bos_token_id
        assert row.input_ids.count(tokenizer.bos_token_id) == 1
    learned = [t for t in row.labels if t != -100][:-1]
    whole = tokenizer.decode(prompt + learned)
    assert whole.endswith(answer) and tokenizer.decode(prompt) + answer == whole


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_is_tokenised_as_a_model_would_write_it(family):
    """With SentencePiece the answer after a newline has no "▁" of its own; tokenising it bare would add one."""
    tokenizer = small.tokenizer(family)
    encode = labels.make_encode(tokenizer)
    ids = encode("서울입니다.", "### 응답:\n")
    assert not tokenizer.convert_ids_to_tokens(ids)[0].startswith("▁")
    bare = tokenizer("서울입니다.", add_special_tokens=False)["input_ids"]
    assert (ids == bare) == (family != "sentencepiece")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_saved_chat_template_renders_the_same(family, name, tmp_path):
    tokenizer = small.tokenizer(family)
    template = load_template(name, tokenizer, system="짧게 답하라.")
    tokenizer = AutoTokenizer.from_pretrained(_saved(tokenizer, template, tmp_path))
    messages = [
        {"role": "user", "content": "하나", "input": "자료"},
        {"role": "assistant", "content": "일"},
        {"role": "user", "content": "둘"},
    ]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == template.prompt(messages)
    again = load_template("model", tokenizer)
    assert again.prompt(messages) == text and again.stop == template.stop
    ids = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=True)["input_ids"]
    row = row_of({"instruction": "하나", "input": "자료", "output": "일"}, again, tokenizer)
    assert row.input_ids[: len(ids)] == ids


def _saved(tokenizer, template, folder):
    old = tokenizer.chat_template
    tokenizer.chat_template = template.chat_template
    tokenizer.save_pretrained(folder)
    tokenizer.chat_template = old
    return folder


def test_of_a_template_that_rewrites_earlier_turns_the_last_is_learned(tmp_path):
    """Qwen3's own template drops the thinking of earlier turns, so their training text is never asked again."""
    path = tmp_path / "thinking.jinja"
    path.write_text(
        "{%- for m in messages -%}<|im_start|>{{ m['role'] }}\n"
        "{%- if m['role'] == 'assistant' and loop.last -%}<think></think>{%- endif -%}"
        "{{ m['content'] }}<|im_end|>\n{%- endfor -%}"
        "{%- if add_generation_prompt -%}<|im_start|>assistant\n{%- endif -%}"
    )
    template = load_template(str(path), small.tokenizer("llama3"))
    one = {"instruction": "가", "output": "나"}
    assert template.render(one)[-1].text == "<think></think>나<|im_end|>"
    turns = [{"role": r, "content": "가"} for r in ("user", "assistant", "user", "assistant")]
    segments = template.render({"messages": turns})
    assert [s.text for s in segments if s.trained] == ["<think></think>가<|im_end|>"]
    assert template.turns_not_learned({"messages": turns}, segments) == 1


def test_tokenizers_that_cannot_end_an_answer_are_refused():
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    bare = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE({"a": 0, "b": 1}, [])))
    with pytest.raises(UserError, match="no eos token"):
        load_template("alpaca", bare)
    bare.eos_token = "b"
    with pytest.raises(UserError, match="<|im_end|>"):
        load_template("chatml", bare)
    with pytest.raises(UserError, match="no chat template"):
        load_template("model", bare)


@pytest.mark.parametrize("name", TEMPLATES)
def test_all_turns_are_trained_and_nothing_else(name):
    tokenizer = small.tokenizer("llama3")
    template = load_template(name, tokenizer)
    record = {
        "system": "짧게.",
        "messages": [
            {"role": "user", "content": "하나"},
            {"role": "assistant", "content": "일일일"},
            {"role": "user", "content": "둘"},
            {"role": "assistant", "content": "이이이"},
        ],
    }
    row = row_of(record, template, tokenizer)
    learned = tokenizer.decode([t for t in row.labels if t != -100])
    assert learned == f"일일일{template.stop}이이이{template.stop}"
    everything = row_of(record, template, tokenizer, train_on_inputs=True)
    assert everything.labels == everything.input_ids == row.input_ids
