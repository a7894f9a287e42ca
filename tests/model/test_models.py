"""Weights opened for use: what is found, what is said, and that batch, stream and library agree."""

from __future__ import annotations

import json

import pytest
import torch

from hunmin import models
from hunmin.errors import UserError
from hunmin.models.decoding import Reader, Request, decode

KOREAN = ["한국의 수도는", "김치를 담그는 방법을 자세히 알려 주세요. 재료는", "물"]


@pytest.fixture(scope="module")
def tiny():
    return models.load("tiny:llama")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, tiny):
    """An adapter folder whose adapter changes the base, with the template saved beside it."""
    from peft import LoraConfig, get_peft_model

    from hunmin.templates.render import load_template

    folder = tmp_path_factory.mktemp("tuned") / "01-sft" / "adapter"
    base = models.load("tiny:llama")
    torch.manual_seed(3)
    laid = get_peft_model(base.model, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    laid.save_pretrained(folder)
    base.tokenizer.chat_template = load_template("kullm", base.tokenizer).chat_template
    base.tokenizer.save_pretrained(folder)
    (folder / "hunmin.json").write_text(json.dumps({"base_model": "tiny:llama", "template": "kullm"}), "utf-8")
    return folder


def greedy_by_library(loaded, text: str, n: int) -> str:
    ids = torch.tensor([loaded.encode(text)])
    out = loaded.model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=n, do_sample=False,
        eos_token_id=sorted(loaded.stop_ids), pad_token_id=0,
    )  # fmt: skip
    return loaded.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)


def test_greedy_answers_equal_transformers_own_in_one_batch(tiny):
    answers = models.generate(tiny, KOREAN, max_new_tokens=24)
    assert [a.text for a in answers] == [greedy_by_library(tiny, p, 24) for p in KOREAN]
    assert all(a.text.strip() for a in answers)
    assert {a.finish_reason for a in answers} <= {"stop", "length"}


def test_the_head_is_not_copied_for_every_row_below_an_adapter(tuned):
    """Torch did so in bf16 for a prompt's last position; most of the memory and the time of a large vocabulary."""
    from torch.profiler import ProfilerActivity, profile

    loaded = models.load(tuned, dtype="bf16", device="cpu")
    requests = [Request(tuple(loaded.encode(KOREAN[0])), max_new_tokens=1)] * 64
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        assert len(list(decode(loaded, requests))) == 64
    head = loaded.model.get_output_embeddings().weight
    assert not head.requires_grad, "else torch does not copy it and this tests nothing"
    most = max(event.cpu_memory_usage for event in seen.events())
    assert most < 2 * max(head.numel() * head.element_size(), 64 * head.shape[0] * 4)  # the head or the logits, once


def test_sampling_is_the_same_alone_and_in_company_and_leaves_the_global_seed_alone(tiny):
    state = torch.get_rng_state()
    together = models.generate(tiny, KOREAN, max_new_tokens=20, temperature=1.0, top_p=0.9, seed=5)
    alone = [
        models.generate(tiny, [p], max_new_tokens=20, temperature=1.0, top_p=0.9, seed=5 + i)[0]
        for i, p in enumerate(KOREAN)
    ]
    assert together == alone
    assert torch.equal(state, torch.get_rng_state())
    other = models.generate(tiny, KOREAN, max_new_tokens=20, temperature=1.0, seed=6)
    assert [a.text for a in other] != [a.text for a in together]


def test_top_p_keeps_only_the_likeliest(tiny):
    greedy = models.generate(tiny, KOREAN, max_new_tokens=12)
    narrow = models.generate(tiny, KOREAN, max_new_tokens=12, temperature=1.0, top_p=1e-6, seed=1)
    assert [a.text for a in narrow] == [a.text for a in greedy]


def test_sampled_tokens_follow_the_models_own_distribution(tiny):
    ids = tuple(tiny.encode("한국의 수도는"))
    with torch.inference_mode():
        wanted = tiny.model(input_ids=torch.tensor([ids])).logits[0, -1].float().softmax(-1)
    n = 400
    drawn = [p.token for p in decode(tiny, [Request(ids, 1, temperature=1.0, seed=s) for s in range(n)])]
    top = int(wanted.argmax())
    share, p = drawn.count(top) / n, float(wanted[top])
    assert abs(share - p) < 4 * (p * (1 - p) / n) ** 0.5 + 1e-3


def test_repetition_penalty_equals_transformers(tiny):
    mine = models.generate(tiny, KOREAN[:1], max_new_tokens=20, repetition_penalty=1.5)[0].text
    ids = torch.tensor([tiny.encode(KOREAN[0])])
    out = tiny.model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=20, do_sample=False, repetition_penalty=1.5,
        eos_token_id=sorted(tiny.stop_ids), pad_token_id=0,
    )  # fmt: skip
    assert mine == tiny.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    assert mine != models.generate(tiny, KOREAN[:1], max_new_tokens=20)[0].text


def test_streamed_text_is_the_returned_text(tiny):
    heard = ["", "", ""]

    def listen(i, text):
        assert "\ufffd" not in text
        heard[i] += text

    answers = models.generate(tiny, KOREAN, max_new_tokens=40, on_text=listen)
    assert heard == [a.text for a in answers]


def test_a_stop_string_ends_the_answer_and_is_not_in_it(tiny):
    full = models.generate(tiny, KOREAN[:1], max_new_tokens=40)[0].text
    stop = full[len(full) // 2 : len(full) // 2 + 3]
    cut = models.generate(tiny, KOREAN[:1], max_new_tokens=40, stop=[stop])[0]
    assert cut.finish_reason == "stop"
    assert cut.text == full[: full.index(stop)]


def test_beams_are_transformers_beams(tiny):
    mine = models.generate(tiny, KOREAN[:1], max_new_tokens=12, num_beams=3)[0].text
    ids = torch.tensor([tiny.encode(KOREAN[0])])
    out = tiny.model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, num_beams=3, do_sample=False,
        eos_token_id=sorted(tiny.stop_ids), pad_token_id=0,
    )  # fmt: skip
    assert mine == tiny.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    with pytest.raises(UserError, match="num_beams"):
        models.generate(tiny, KOREAN[:1], num_beams=3, temperature=0.7)


def test_a_cancelled_request_stops_and_its_neighbour_goes_on(tiny):
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 3

    ids = [tuple(tiny.encode(p)) for p in KOREAN[:2]]
    pieces = list(decode(tiny, [Request(ids[0], 30, cancelled=cancelled), Request(ids[1], 12)]))
    ends = {p.index: p.finish_reason for p in pieces if p.finish_reason}
    assert ends[0] == "cancelled" and ends[1] in ("length", "stop")
    assert sum(p.index == 0 for p in pieces) == 4


def test_reader_holds_back_half_characters_and_half_stop_strings(tiny):
    tokenizer = tiny.tokenizer
    text = "뷁쀍 🙂 끝### 명령어:\n다음"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    reader = Reader(tokenizer, ["### 명령어:"])
    shown = []
    for token in ids:
        shown.append(reader.add(token))
        if reader.stopped:
            break
    assert "".join(shown) == "뷁쀍 🙂 끝" and reader.stopped
    assert not any("#" in s or "\ufffd" in s for s in shown)


def test_logprobs_equal_a_plain_forward_pass(tiny):
    pairs = [(tiny.encode(p), tiny.encode(" 서울입니다.")[: 2 + i]) for i, p in enumerate(KOREAN)]
    found = models.logprobs(tiny, [*pairs, (pairs[0][0], [])])
    for (context, continuation), row in zip(pairs, found, strict=False):
        with torch.inference_mode():
            scored = tiny.model(input_ids=torch.tensor([context + continuation])).logits[0].float().log_softmax(-1)
        wanted = [float(scored[len(context) - 1 + k, t]) for k, t in enumerate(continuation)]
        assert row == pytest.approx(wanted, abs=1e-4)
    assert found[-1] == []
    with pytest.raises(UserError, match="empty context"):
        models.logprobs(tiny, [([], [5])])


def test_adapter_run_and_base_are_told_apart(tuned, tiny):
    found = models.resolve(tuned)
    assert (found.adapter, found.template) == (tuned, "kullm") and found.base == models.resolve("tiny:llama").base
    loaded = models.load(tuned)
    assert "### 응답:" in models.prompt(loaded, [{"role": "user", "content": "안녕"}])
    ids = torch.tensor([tiny.encode(KOREAN[1])])
    with torch.inference_mode():
        far = (loaded.model(input_ids=ids).logits - tiny.model(input_ids=ids).logits).abs().max()
    assert far > 1e-3
    second = models.load("tiny:llama", adapter=tuned)
    with torch.inference_mode():
        assert torch.equal(second.model(input_ids=ids).logits, loaded.model(input_ids=ids).logits)


def test_an_adapter_of_another_model_is_refused(tuned, tmp_path):
    import shutil

    from safetensors.torch import load_file, save_file

    other = tmp_path / "adapter"
    shutil.copytree(tuned, other)
    weights = load_file(other / "adapter_model.safetensors")
    save_file({k.replace("layers", "blocks"): v for k, v in weights.items()}, other / "adapter_model.safetensors")
    with pytest.raises(UserError, match="does not fit"):
        models.load(other)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("no-such-thing", "no such model"),
        ("./nothing", "no such model"),
        ("nope/", "no such model"),
        ("tiny:bert", "unknown tiny model"),
    ],
)
def test_wrong_names_are_told(name, what):
    with pytest.raises(UserError, match=what):
        models.resolve(name)


def test_a_folder_without_a_model_and_a_doubled_adapter_are_told(tmp_path, tuned):
    import shutil

    with pytest.raises(UserError, match="config.json is missing"):
        models.resolve(tmp_path)
    both = tmp_path / "both"
    shutil.copytree(tuned, both)
    (both / "config.json").write_text("{}")
    with pytest.raises(UserError, match="second time"):
        models.resolve(both)


def test_a_folder_without_a_tokenizer_is_told(tmp_path):
    import shutil
    from pathlib import Path

    folder = tmp_path / "bare"
    shutil.copytree(Path(models.resolve("tiny:llama").base), folder, ignore=shutil.ignore_patterns("*token*", "vocab*"))
    with pytest.raises(UserError, match="holds no tokenizer"):
        models.load(folder)


def test_no_template_and_too_long_prompts_are_told(tiny):
    with pytest.raises(UserError, match="no chat template"):
        models.prompt(tiny, [{"role": "user", "content": "안녕"}])
    with pytest.raises(UserError, match="built for"):
        models.generate(tiny, ["가나다 " * 3000])
    with pytest.raises(UserError, match="empty prompt"):
        models.generate(tiny, [""])
