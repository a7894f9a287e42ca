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
    if kind == "sdpa" and arch in ("gemma2", "gpt_oss"):
        pytest.skip("transformers' sdpa has no softcap and no sinks; `auto` takes hunmin's there")
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
    with pytest.raises(UserError, match="compute capability"):
        attention.choose("flash_attention_2", "cpu", small.new_model("llama").config, True)


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


# --- the varlen kernel: three signatures, stood in for by plain attention behind each of them ---


def _plain(q, k, v, edges, scale, window=None):
    out = torch.empty_like(q)
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        scores = torch.einsum("qhd,khd->hqk", q[start:end], k[start:end]) * scale
        place = torch.arange(end - start)
        distance = place[:, None] - place[None, :]
        seen = (distance >= 0) & (distance < (window or end))
        out[start:end] = torch.einsum("hqk,khd->qhd", scores.masked_fill(~seen, -torch.inf).softmax(-1), v[start:end])
    return out


def torch_2_10(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, is_causal=False, return_aux=None):
    if query.shape[1] != key.shape[1]:
        raise RuntimeError("the kernel takes as many key heads as query heads")
    assert is_causal
    return _plain(query, key, value, cu_seq_q, query.shape[-1] ** -0.5)


def torch_2_11(
    query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *, return_aux=None, scale=None, window_size=(-1, -1)
):
    if query.shape[1] != key.shape[1]:
        raise ValueError("query and key must have the same number of heads")
    assert window_size[1] == 0, "causal is a window without a right side"
    return _plain(query, key, value, cu_seq_q, scale, window_size[0] + 1 or None)


def torch_2_11_of_fewer_heads(
    query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *, return_aux=None, scale=None, window_size=(-1, -1)
):
    return _plain(query, key, value, cu_seq_q, scale, window_size[0] + 1 or None)


def torch_2_12(
    query,
    key,
    value,
    cu_seq_q,
    cu_seq_k,
    max_q,
    max_k,
    *,
    return_aux=None,
    scale=None,
    window_size=(-1, -1),
    enable_gqa=False,
):
    assert enable_gqa == (query.shape[1] != key.shape[1])
    return _plain(query, key, value, cu_seq_q, scale, window_size[0] + 1 or None)


@pytest.mark.parametrize("heads", [4, 2])
@pytest.mark.parametrize("window", [None, 3])
@pytest.mark.parametrize("stub", [torch_2_10, torch_2_11, torch_2_11_of_fewer_heads, torch_2_12])
def test_every_signature_of_the_varlen_kernel_is_called_with_what_it_has(stub, window, heads):
    from hunmin.train import kernels

    kernel = kernels.Varlen.of(stub)
    if window and not kernel.window:
        return  # attention takes documents one by one then: _kernel_takes
    torch.manual_seed(0)
    q, k, v = torch.randn(9, 4, 16), torch.randn(9, heads, 16), torch.randn(9, heads, 16)
    edges = torch.tensor([0, 5, 9], dtype=torch.int32)
    got = kernels.run(kernel, q, k, v, edges, 5, 0.3, window)
    assert torch.allclose(got, _plain(q, k, v, edges, 0.3, window), atol=1e-5)
    assert kernels.takes_fewer_heads(kernel, q.device, q.dtype) is (stub not in (torch_2_10, torch_2_11))


def test_the_installed_kernel_has_one_of_the_known_signatures():
    from hunmin.train import kernels

    kernel = kernels.varlen()
    assert kernel is not None and (kernel.window or kernel.causal_flag)


def test_mixed_dtypes_under_autocast_become_one():
    q = torch.randn(1, 2, 4, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert {t.dtype for t in attention._one_dtype(q, q, q.bfloat16())} == {torch.bfloat16}
    assert {t.dtype for t in attention._one_dtype(q, q, q)} == {torch.float32}


@pytest.mark.parametrize(
    ("card", "head", "runs"),
    [((9, 0), 128, True), ((8, 0), 256, True), ((7, 5), 64, False), ((8, 6), 320, False), ((9, 0), 60, False)],
)
def test_flash_kernels_need_the_card_and_the_head_size(card, head, runs):
    from hunmin.train import kernels

    assert kernels.flash_runs("cuda", head, card=card) is runs


@pytest.mark.parametrize(
    ("device", "family", "bf16", "dtype"),
    [
        ("cuda", "llama", True, "bf16"),
        ("cuda", "gemma3_text", True, "bf16"),
        ("cuda", "llama", False, "fp16"),  # T4, V100
        ("cuda", "gemma3_text", False, "fp32"),
        ("cpu", "llama", True, "fp32"),
    ],
)
def test_auto_dtype(device, family, bf16, dtype):
    from hunmin.models import devices

    assert devices.dtype_for(device, family, bf16=bf16) == dtype
