"""Documents of one padding-free row never see each other, on every architecture we claim; leaks are errors."""

from __future__ import annotations

import pytest
import torch

from hunmin.errors import UserError
from hunmin.train import attention

from . import small

LENGTHS = (3, 17, 1, 9)


def flat(vocabulary: int):
    """A row of documents with what trl's padding-free collator passes."""
    torch.manual_seed(1)
    documents = [torch.randint(5, vocabulary, (n,)) for n in LENGTHS]
    edges = torch.tensor([0, *torch.tensor(LENGTHS).cumsum(0).tolist()], dtype=torch.int32)
    row = {
        "input_ids": torch.cat(documents)[None],
        "position_ids": torch.cat([torch.arange(n) for n in LENGTHS])[None],
        "cu_seq_lens_q": edges,
        "cu_seq_lens_k": edges,
        "max_length_q": max(LENGTHS),
        "max_length_k": max(LENGTHS),
    }
    return documents, row


def alone(model, documents):
    with torch.no_grad():
        return torch.cat([model(input_ids=d[None], use_cache=False).logits[0] for d in documents])


@pytest.mark.parametrize("kind", ["hunmin", "sdpa"])
@pytest.mark.parametrize("arch", list(small.CONFIGS))
def test_logits_of_a_packed_document_are_those_of_the_document_alone(arch, kind):
    attention.register()
    if kind == "sdpa" and arch == "gemma2":
        pytest.skip("transformers' sdpa has no softcap; `auto` takes hunmin's or eager there")
    # alone by "eager", the plain formula: what both are to agree with
    model = small.new_model(arch, attention="eager")
    documents, row = flat(model.config.vocab_size)
    wanted = alone(model, documents)
    assert wanted.std() > 0.1
    model.set_attn_implementation(kind)
    with torch.no_grad():
        got = model(**row, use_cache=False).logits[0]
    assert (got - wanted).abs().max() < 1e-4 * max(1.0, wanted.abs().max())


def test_gradients_are_equal_too():
    attention.register()
    grads = {}
    for kind in ("eager", "hunmin"):
        model = small.new_model("llama", attention=kind)
        documents, row = flat(model.config.vocab_size)
        if kind == "hunmin":
            model(**row, use_cache=False).logits.pow(2).sum().backward()
        else:
            sum(model(input_ids=d[None], use_cache=False).logits.pow(2).sum() for d in documents).backward()
        grads[kind] = torch.cat([p.grad.flatten() for p in model.parameters()])
    difference = (grads["hunmin"] - grads["eager"]).norm() / grads["eager"].norm()
    assert difference < 1e-5


@pytest.mark.parametrize("leak", ["cache", "mask", "positions"])
def test_what_leaks_silently_with_sdpa_is_an_error_with_hunmin(leak):
    attention.register()
    model = small.new_model("llama", attention="sdpa")
    documents, row = flat(model.config.vocab_size)
    options = {"use_cache": False}
    if leak == "cache":
        options = {"past_key_values": _filled_cache(model), "use_cache": True}
    elif leak == "mask":
        row["attention_mask"] = torch.ones_like(row["input_ids"])
    else:
        for name in ("position_ids", "cu_seq_lens_q", "cu_seq_lens_k", "max_length_q", "max_length_k"):
            row.pop(name)
    with torch.no_grad():
        contaminated = model(**row, **options).logits[0]
        assert (contaminated - alone(model, documents)).abs().max() > 0.05  # silently wrong
        if leak == "cache":
            options = {"past_key_values": _filled_cache(model), "use_cache": True}
        model.set_attn_implementation("hunmin")
        with pytest.raises(UserError, match="attention"):
            model(**row, **options)


def _filled_cache(model):
    from transformers import DynamicCache

    model.set_attn_implementation("sdpa")
    cache = DynamicCache(config=model.config)
    with torch.no_grad():
        model(input_ids=torch.tensor([[5, 6, 7]]), past_key_values=cache, use_cache=True)
    return cache


@pytest.mark.parametrize(
    ("arch", "device", "padding_free", "expected"),
    [
        ("llama", "cpu", True, "hunmin"),
        ("llama", "cuda", True, "hunmin"),
        ("llama", "cuda", False, "sdpa"),
        ("gemma2", "cpu", True, "hunmin"),
        ("gemma2", "cuda", True, "eager"),
        ("gemma2", "cuda", False, "eager"),
    ],
)
def test_auto(arch, device, padding_free, expected):
    if device == "cuda" and attention.importlib.util.find_spec("flash_attn"):
        expected = "flash_attention_2"
    config = small.new_model(arch, attention="eager").config
    assert attention.choose("auto", device, config, padding_free) == expected
    assert attention.choose("sdpa", device, config, padding_free) == "sdpa"


def test_hunmin_is_refused_where_it_cannot_serve():
    with pytest.raises(UserError, match="document boundaries"):
        attention.choose("hunmin", "cpu", small.new_model("llama").config, False)
    with pytest.raises(UserError, match="softcap"):
        attention.choose("hunmin", "cuda", small.new_model("gemma2", attention="eager").config, True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch's varlen kernel is CUDA only")
@pytest.mark.parametrize("arch", ["llama", "neox", "qwen3", "mistral"])
def test_the_varlen_kernel_gives_the_same_logits(arch):
    attention.register()
    model = small.new_model(arch, attention="eager").to("cuda", torch.bfloat16)
    documents, row = flat(model.config.vocab_size)
    row = {k: v.cuda() if torch.is_tensor(v) else v for k, v in row.items()}
    wanted = alone(model, [d.cuda() for d in documents])
    model.set_attn_implementation("hunmin")
    with torch.no_grad():
        got = model(**row, use_cache=False).logits[0]
    assert (got - wanted).float().abs().max() < 0.05 * wanted.float().abs().max()


def test_the_check_before_training_tells_a_leak():
    """A model whose attention ignores boundaries: here one that was told a plain causal function."""
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import AttentionMaskInterface

    attention.register()
    for kind in ("hunmin", "sdpa", "eager"):
        assert attention.check_isolation(small.new_model("llama", attention=kind)) < 1e-4
    AttentionInterface.register("leaky", sdpa_attention_forward)
    AttentionMaskInterface.register("leaky", lambda *args, **kwargs: None)
    model = small.new_model("llama", attention="leaky").train()
    with pytest.raises(UserError, match="see each other: their logits differ by"):
        attention.check_isolation(model)
    assert model.training
