"""The local engine on a tiny encoder-decoder that was taught a few pairs, and on the tiny causal model."""

from __future__ import annotations

import pytest

from hunmin import models
from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.stages import translate
from hunmin.stages.translate import Config

PAIRS = {
    "What is rain?": "비는 무엇인가요?",
    "Rain is water.": "비는 물입니다.",
    "Call @0@ first.": "먼저 @0@를 부르세요.",
    "Then use @0@ and @1@ again.": "그다음 @0@와 @1@를 다시 쓰세요.",
    "Explain the moon.": "달을 설명하세요.",
    "The moon is far away.": "달은 멀리 있습니다.",
    "a tall tree": "키 큰 나무",
}


@pytest.fixture(scope="module")
def tiny_seq2seq(tmp_path_factory):
    """A T5 of some 100k parameters with its tokenizer, trained until it says the pairs by heart."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    raw = Tokenizer(models.BPE(unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    raw.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<pad>", "</s>", "<unk>"])
    raw.train_from_iterator([*PAIRS, *PAIRS.values()], trainer)
    raw.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=128
    )
    shape = T5Config(
        vocab_size=len(tokenizer), d_model=64, d_kv=16, d_ff=128, num_layers=1, num_heads=4, dropout_rate=0.0,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0,
    )  # fmt: skip
    model = T5ForConditionalGeneration(shape)
    inputs = tokenizer(list(PAIRS), return_tensors="pt", padding=True)
    labels = tokenizer(list(PAIRS.values()), return_tensors="pt", padding=True)["input_ids"]
    labels[labels == 0] = -100
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(400):
        loss = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if loss.item() < 0.002:
            break
    assert loss.item() < 0.05
    folder = tmp_path_factory.mktemp("seq2seq")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


ROWS = [
    {"id": "a", "source": "t", "instruction": "What is rain?", "output": "Rain is water."},
    {"id": "b", "source": "t", "instruction": "Call `foo()` first.", "output": "Then use `a_b` and `c_d` again."},
    {
        "id": "c",
        "source": "t",
        "instruction": "Explain the moon.",
        "output": "The moon is far away.\n\nName: a tall tree",
    },
    {"id": "d", "source": "t", "instruction": "Explain the moon.", "output": "SELECT a FROM b;"},
]


def run(tmp_path, rows, name="out", **options):
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs(label="translate", records=tmp_path / "in.jsonl")
    counts = translate.run(Config(engine="local", device="cpu", **options), inputs, tmp_path / name)
    return list(read_jsonl(tmp_path / name / "records.jsonl")), counts


@pytest.mark.parametrize("options", [{}, {"batch_size": 2}, {"num_beams": 2}])
def test_seq2seq_translates_and_puts_back(tmp_path, tiny_seq2seq, options):
    kept, counts = run(tmp_path, ROWS, model=str(tiny_seq2seq), max_new_tokens=40, **options)
    a, b, c, d = kept
    assert (a["instruction"], a["output"]) == ("비는 무엇인가요?", "비는 물입니다.")
    assert (b["instruction"], b["output"]) == ("먼저 `foo()`를 부르세요.", "그다음 `a_b`와 `c_d`를 다시 쓰세요.")
    assert c["output"] == "달은 멀리 있습니다.\n\n이름: 키 큰 나무"
    assert d["output"] == "SELECT a FROM b;" and d["translation"]["kept"] == {"output": "code"}
    assert all(r["translation"]["status"] == "ok" for r in kept)
    assert counts.notes["services"][0]["service"] == "local"
    assert not translate.paid(Config(engine="local", model="x"))


@pytest.mark.parametrize(("dtype", "found"), [("auto", "float32"), ("bf16", "bfloat16"), ("fp32", "float32")])
def test_seq2seq_honours_dtype(tiny_seq2seq, dtype, found):
    loaded = models.open_seq2seq(models.resolve(tiny_seq2seq), dtype, "cpu")
    assert str(loaded.model.dtype) == f"torch.{found}" and loaded.dtype == {"auto": "fp32"}.get(dtype, dtype)


def test_an_answer_without_an_end_is_no_translation(tmp_path, tiny_seq2seq):
    kept, counts = run(tmp_path, ROWS[:1], model=str(tiny_seq2seq), max_new_tokens=2)
    assert kept[0]["instruction"] == "What is rain?"
    assert kept[0]["translation"]["flagged"]["instruction"].startswith("cut_off")
    assert counts.notes["flagged"]["instruction: cut_off"] == 1


def test_a_causal_model_goes_through_the_same_door(tmp_path):
    rows = [{"id": "a", "source": "t", "instruction": "What is rain?", "output": "Rain is water."}]
    kept, counts = run(tmp_path, rows, model="tiny:llama", template="alpaca", max_new_tokens=8)
    translation = kept[0][
        "translation"
    ]  # an untrained model says nothing useful, and it is not taken for a translation
    for path in ("instruction", "output"):
        assert kept[0][path] == rows[0][path] or path not in translation.get("flagged", {})
    assert counts.n_kept == 1 and counts.notes["services"][0]["texts"] >= 2
