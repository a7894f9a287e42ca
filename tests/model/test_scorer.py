"""The scorer against lm-eval's own `hf` model, and its tokenisation against a plain rewrite of the harness's."""

from __future__ import annotations

import logging
import random

import pytest

torch = pytest.importorskip("torch")
from lm_eval.api.instance import Instance  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402

from hunmin.errors import UserError  # noqa: E402
from hunmin.evaluation.benchmarks import backends, harness, scorer, tokens  # noqa: E402
from hunmin.evaluation.benchmarks.lm_eval_model import HunminLM  # noqa: E402

from . import tiny_models  # noqa: E402

torch.set_num_threads(1)
ARCHES = {
    "llama": "tree",
    "gpt_neox": "tree",
    "qwen2": "tree",
    "qwen2_window": "repeat",
    "qwen3": "tree",
    "gemma2": "repeat",
    "gemma3": "repeat",
    "mistral": "tree",
    "mistral_window": "repeat",
    "mixtral": "tree",
    "gpt2": "tree",
    "phi3": "tree",
    "opt": "tree",
    "bloom": "repeat",
    "mamba": "plain",
}


@pytest.fixture(scope="module")
def byte_tokenizer():
    return tiny_models.byte_tokenizer()


@pytest.fixture(scope="module")
def sentencepiece_tokenizer():
    return tiny_models.sentencepiece_tokenizer()


def documents(tasks=("copa", "hellaswag", "wic"), shots=(0, 3), limit=4):
    jobs = harness.jobs(tasks, shots, str(tiny_models.BENCHMARK), limit=limit)
    return [item for job in jobs for item in job.items]


def instances(items) -> list[Instance]:
    return [
        Instance("loglikelihood", {}, (item.context, choice), i)
        for item in items
        for i, choice in enumerate(item.choices)
    ]


def written_out(model, context: list[int], choice: list[int], max_length: int) -> tuple[float, bool]:
    """The harness's scoring as it stands in its paper trail: one request, one forward, log_softmax, gather."""
    whole = (context + choice)[-(max_length + 1) :]
    with torch.inference_mode():
        logits = model(torch.tensor([whole[:-1]])).logits[0, -len(choice) :]
    likely = torch.log_softmax(logits.float(), -1)
    target = torch.tensor(choice)
    return float(likely.gather(1, target[:, None]).sum()), bool((likely.argmax(-1) == target).all())


@pytest.mark.parametrize(("arch", "backend"), ARCHES.items())
def test_every_architecture_equals_lm_evals_hf(arch, backend, byte_tokenizer, caplog):
    model = tiny_models.random_model(arch, len(byte_tokenizer))
    hf = HFLM(model, tokenizer=byte_tokenizer, batch_size=1, max_length=2048)
    ours = HunminLM(model, tokenizer=byte_tokenizer, max_length=2048, budget_tokens=900)
    asked = instances(documents())
    with caplog.at_level(logging.WARNING, "hunmin"):
        expected, found = hf.loglikelihood(asked, disable_tqdm=True), ours.loglikelihood(asked, disable_tqdm=True)
    assert max(abs(a[0] - b[0]) for a, b in zip(expected, found, strict=True)) < 1e-4
    assert [a[1] for a in expected] == [b[1] for b in found]
    assert ours.opened.backend == backend
    assert "fell_back" not in ours.opened.report
    assert not [r for r in caplog.records if r.name == "hunmin"]


@pytest.mark.parametrize("arch", ["gemma2", "mistral_window", "qwen2_window", "mamba", "bloom"])
def test_a_backend_that_is_wrong_for_the_model_is_found_out(arch, byte_tokenizer, caplog):
    """The gate set aside: forced onto a model it is silently wrong for, `tree` is caught by the start-up check."""
    model = tiny_models.random_model(arch, len(byte_tokenizer))
    requests = tokens.encode(byte_tokenizer, [(i.context, i.choices) for i in documents(shots=(3,))])
    opened = scorer.open_scorer(model, 2048, "auto")
    opened.backend = "tree"
    with caplog.at_level(logging.WARNING, "hunmin"):
        found = scorer.score(opened, requests)
    assert opened.report["fell_back"]
    assert any("falling back" in r.message for r in caplog.records)
    for request, scored in zip(requests, found, strict=True):
        for choice, value in zip(request.choices, scored.loglikelihoods, strict=True):
            assert value == pytest.approx(written_out(model, request.context, choice, 2048)[0], abs=1e-4)


def test_tree_asked_for_an_unsafe_model_is_refused_aloud(byte_tokenizer, caplog):
    model = tiny_models.random_model("gemma2", len(byte_tokenizer))
    with caplog.at_level(logging.WARNING, "hunmin"):
        assert scorer.open_scorer(model, 2048, "tree").backend == "repeat"
    assert "not safe" in caplog.text


def test_a_lora_adapter_is_scored_unmerged(byte_tokenizer):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    plain_model = tiny_models.random_model("llama", len(byte_tokenizer))
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    model = get_peft_model(plain_model, config).eval()
    requests = tokens.encode(byte_tokenizer, [(i.context, i.choices) for i in documents(shots=(3,))])
    opened = scorer.open_scorer(model, 2048)
    found = scorer.score(opened, requests)
    assert opened.backend == "tree"
    with_adapter = [written_out(model, r.context, r.choices[0], 2048)[0] for r in requests]
    with model.disable_adapter():
        without = [written_out(model, r.context, r.choices[0], 2048)[0] for r in requests]
    assert [s.loglikelihoods[0] for s in found] == pytest.approx(with_adapter, abs=1e-4)
    assert max(abs(a - b) for a, b in zip(with_adapter, without, strict=True)) > 0.1


def encode_as_the_harness(tokenizer, context: str, choice: str) -> tuple[list[int], list[int]]:
    """base.py of the harness: context and continuation by tok_encode, each alone and without special tokens."""
    encode = tokenizer.encode
    context_ids = encode(context, add_special_tokens=False) if context else [tokenizer.eos_token_id]
    return context_ids, encode(choice, add_special_tokens=False)


@pytest.mark.parametrize("max_length", [2048, 200, 61, 24])
@pytest.mark.parametrize("kind", ["byte", "sentencepiece"])
@pytest.mark.parametrize("backend", ["tree", "repeat", "plain"])
def test_harness_tokenisation_and_left_truncation(kind, max_length, backend, byte_tokenizer, sentencepiece_tokenizer):
    tokenizer = byte_tokenizer if kind == "byte" else sentencepiece_tokenizer
    model = tiny_models.random_model("llama", len(tokenizer), seed=3)
    items = documents(("boolq", "copa", "hellaswag", "sentineg", "wic"), (0, 5), 3)
    requests = tokens.encode(tokenizer, [(i.context, i.choices) for i in items])
    opened = scorer.open_scorer(model, max_length, backend, budget_tokens=700)
    found = scorer.score(opened, requests)
    assert "fell_back" not in opened.report
    cut = 0
    for item, request, scored in zip(items, requests, found, strict=True):
        likelihoods = []
        for choice, value, greedy in zip(item.choices, scored.loglikelihoods, scored.greedy, strict=True):
            context_ids, choice_ids = encode_as_the_harness(tokenizer, item.context, choice)
            expected, expected_greedy = written_out(model, context_ids, choice_ids, max_length)
            assert value == pytest.approx(expected, abs=1e-4)
            assert greedy == expected_greedy
            likelihoods.append(expected)
        assert harness.best(scored.loglikelihoods) == harness.best(likelihoods)
        cut += tokens.is_truncated(request, max_length)
    assert (cut == 0) == (max_length == 2048)
    if max_length == 24:
        assert cut > len(items) / 2


def test_the_sentencepiece_tokenizer_tests_what_it_is_there_for(sentencepiece_tokenizer):
    """Joint and separate encoding differ, and plain calls add a BOS: else the tests above would prove little."""
    encode = sentencepiece_tokenizer.encode
    assert encode("물")[0] == sentencepiece_tokenizer.bos_token_id
    apart = encode("그래서", add_special_tokens=False) + encode("물을", add_special_tokens=False)
    assert apart != encode("그래서물을", add_special_tokens=False)
    assert sentencepiece_tokenizer.convert_ids_to_tokens(encode("물을", add_special_tokens=False))[0].startswith("▁")


def test_choices_of_one_token_need_one_row(byte_tokenizer):
    model = tiny_models.random_model("llama", len(byte_tokenizer))
    widths = []
    hook = model.register_forward_pre_hook(lambda m, a, k: widths.append(tuple(k["input_ids"].shape)), with_kwargs=True)
    requests = [tokens.Request(list(range(5, 45)), [[7], [9], [11]])]
    opened = scorer.open_scorer(model, 2048)
    scorer.score(opened, requests)
    widths.clear()
    [found] = scorer.score(opened, requests)
    hook.remove()
    assert widths == [(1, 40), (1, 40)]  # all three choices, then the check
    expected = [written_out(model, requests[0].context, c, 2048)[0] for c in requests[0].choices]
    assert found.loglikelihoods == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("arch", "backend"), [("llama", "tree"), ("gemma3", "repeat"), ("llama", "plain")])
def test_a_vocabulary_of_262_144_multiplies_no_memory(arch, backend):
    """Only positions that count get logits: as many as the choices have tokens, whatever the context's length."""
    model = tiny_models.random_model(arch, 262_144)
    made = []
    head = model.get_output_embeddings()
    head.register_forward_hook(lambda m, a, out: made.append(out.shape[0] * out.shape[1]))
    chance = random.Random(0)
    contexts = [[chance.randrange(9, 260_000) for _ in range(60 + 40 * i)] for i in range(4)]
    opened = scorer.open_scorer(model, 2048, backend)
    for choices in ([[5], [6], [7], [8]], [[5, 6, 7], [8, 9]]):
        made.clear()
        requests = [tokens.Request(c, choices) for c in contexts]
        scorer.score(opened, requests)
        assert opened.backend == backend and "fell_back" not in opened.report
        counted = sum(len(c) for r in requests for c in r.choices)
        checks = 2 * sum(map(len, choices)) + max(map(len, choices))  # at start two documents, then one choice
        assert max(made) <= scorer.scored_at_once(model) == 512
        assert sum(made) <= 2 * counted + checks + len(requests) < sum(map(len, contexts))


@pytest.mark.parametrize("arch", ["llama", "gemma3"])
def test_sentences_without_a_context_are_no_row_of_everything(arch, byte_tokenizer):
    model = tiny_models.random_model(arch, len(byte_tokenizer))
    pairs = [Instance("loglikelihood", {}, ("", f"{i}번 상자에 사과가 {i * 7} 개 있다"), i) for i in range(100)]
    theirs = HFLM(model, tokenizer=byte_tokenizer, batch_size=8).loglikelihood(pairs, disable_tqdm=True)
    sizes = []
    hook = model.register_forward_pre_hook(lambda m, a, k: sizes.append(k["input_ids"].numel()), with_kwargs=True)
    ours = HunminLM(model, tokenizer=byte_tokenizer).loglikelihood(pairs, disable_tqdm=True)
    hook.remove()
    assert [v for v, _ in ours] == pytest.approx([v for v, _ in theirs], abs=3e-4)
    assert max(sizes) <= 2 * scorer.BUDGET["cpu"] and len(sizes) < 80  # in batches; the check at start is of one


def test_the_context_is_computed_once(byte_tokenizer):
    model = tiny_models.random_model("llama", len(byte_tokenizer))
    n_tokens = []
    model.register_forward_pre_hook(lambda m, a, k: n_tokens.append(k["input_ids"].numel()), with_kwargs=True)
    [item] = [i for i in documents(("hellaswag",), (5,), 1)]
    [request] = tokens.encode(byte_tokenizer, [(item.context, item.choices)])
    opened = scorer.open_scorer(model, 2048, "tree")
    scorer.score(opened, [request])  # the first call checks itself at start
    n_tokens.clear()
    scorer.score(opened, [request])
    check = len(request.context) + len(request.choices[-1]) - 1
    assert sum(n_tokens) == len(request.context) + sum(len(c) - 1 for c in request.choices) + check


@pytest.mark.parametrize("arch", ["llama", "gpt_neox", "gpt2", "opt", "qwen3"])
def test_a_prefix_that_all_documents_share_is_computed_once(arch, byte_tokenizer):
    """`fewshot: fixed`: the shots once, each document behind them, the plain forward's numbers."""
    model = tiny_models.random_model(arch, len(byte_tokenizer))
    n_tokens = []
    counted = []
    jobs = harness.jobs(["copa", "hellaswag", "sentineg"], [3], str(tiny_models.BENCHMARK), limit=6, fixed=True)
    opened = scorer.open_scorer(model, 2048, "auto", budget_tokens=900)
    for job in jobs:
        requests = tokens.encode(byte_tokenizer, [(item.context, item.choices) for item in job.items])
        hook = model.register_forward_pre_hook(
            lambda m, a, k: n_tokens.append(k["input_ids"].numel()), with_kwargs=True
        )
        found = scorer.score(opened, requests)
        hook.remove()
        counted.append(sum(n_tokens) / sum(len(r.context) for r in requests))
        n_tokens.clear()
        assert opened.backend == "tree" and opened.report["prefix_tokens"] > 32
        for request, scored in zip(requests, found, strict=True):
            for i, choice in enumerate(request.choices):
                value, greedy = written_out(model, request.context, choice, 2048)
                assert scored.loglikelihoods[i] == pytest.approx(value, abs=1e-4)
                assert scored.greedy[i] == greedy
    assert max(counted[1:]) < 0.8  # computed tokens by context tokens; the first call also checks itself
    cut = scorer.open_scorer(model, 48, "tree")
    scorer.score(cut, requests)
    assert cut.report["prefix_tokens"] == 0  # cut on the left, contexts begin differently
    random_shots = tokens.encode(byte_tokenizer, [(i.context, i.choices) for i in documents(("copa",), (3,), 6)])
    scorer.score(opened, random_shots)
    assert opened.report["prefix_tokens"] == 0


@pytest.mark.parametrize("arch", ["llama", "gpt2", "qwen3"])
@pytest.mark.parametrize("choices", [[[5], [6], [7]], [[5], [6, 7, 8]]])
def test_shots_in_many_orders_are_computed_once_where_they_begin_alike(arch, choices, byte_tokenizer):
    """Five shots out of a pool of five, an order for each document (KMMLU's): the plain forward's numbers."""
    chance = random.Random(3)
    pool = [[chance.randrange(9, 1000) for _ in range(40)] for _ in range(3)]
    requests = []
    for i in range(14):
        shots = [t for shot in chance.sample(pool, 3) for t in shot]
        requests.append(tokens.Request([*shots, *(chance.randrange(9, 1000) for _ in range(6 + i % 3))], choices))
    requests.append(tokens.Request([9, 8, 7], choices))
    model = tiny_models.random_model(arch, len(byte_tokenizer))
    opened = scorer.open_scorer(model, 2048, "auto", budget_tokens=900)
    found = scorer.score(opened, requests)
    assert opened.backend == "tree" and opened.report["tokens_shared"] > 0.4 and "fell_back" not in opened.report
    for request, scored in zip(requests, found, strict=True):
        for i, choice in enumerate(request.choices):
            value, greedy = written_out(model, request.context, choice, 2048)
            assert scored.loglikelihoods[i] == pytest.approx(value, abs=1e-4)
            assert scored.greedy[i] == greedy


def test_of_equal_logits_the_first_is_the_most_likely():
    """Whether a token is greedy is argmax's word, though its row is only looked at where its logit is the largest."""
    torch.manual_seed(0)
    logits = torch.randint(0, 4, (1, 400, 6)).float()
    targets = tuple(torch.randint(0, 6, (400,)).tolist())
    found = backends._read(logits, [(0, [i], (target,), (i, 0)) for i, target in enumerate(targets)])
    assert [row[3] for row in found] == [bool(row.argmax() == t) for row, t in zip(logits[0], targets, strict=True)]
    assert [row[2] for row in found] == pytest.approx(logits[0].log_softmax(1)[range(400), targets].tolist(), abs=1e-5)
    tied = sum(float(row[t] == row.max()) for row, t in zip(logits[0], targets, strict=True))
    assert sum(row[3] for row in found) < tied


def test_shards_give_the_same_numbers(byte_tokenizer):
    model = tiny_models.random_model("llama", len(byte_tokenizer))
    requests = tokens.encode(byte_tokenizer, [(i.context, i.choices) for i in documents()])

    def opened():
        return scorer.open_scorer(model, 2048, "repeat", budget_tokens=300)

    whole = scorer.score(opened(), requests)
    rows = [(r, c, s.loglikelihoods[c], s.greedy[c]) for r, s in enumerate(whole) for c in range(len(s.greedy))]
    parts = []

    def keep(part):
        """What all-gather gives: this process's part and everything that is not in it."""
        parts.append(part[0])
        return [part, ([row for row in rows if row not in part[0]], "")]

    for rank in range(3):
        assert scorer.score(opened(), requests, rank=rank, world=3, gather=keep) == whole
    assert sorted(row for part in parts for row in part) == sorted(rows)
    assert all(parts)


def test_a_choice_longer_than_the_model_is_the_users_error():
    with pytest.raises(UserError, match="a choice of 9 tokens does not fit into 8"):
        tokens.units([tokens.Request([1, 2], [[3] * 9])], 8)


def test_a_choice_without_tokens_is_the_users_error(byte_tokenizer):
    with pytest.raises(UserError, match="a choice has no tokens"):
        tokens.encode(byte_tokenizer, [("글", ["", "가"])])


def test_unknown_backend(byte_tokenizer):
    with pytest.raises(UserError, match="unknown backend 'fast'"):
        scorer.open_scorer(tiny_models.random_model("llama", len(byte_tokenizer)), 2048, "fast")


def test_bf16_self_check_accepts_rounding_and_keeps_sharing(byte_tokenizer):
    model = tiny_models.random_model("llama", len(byte_tokenizer)).to(torch.bfloat16)
    requests = tokens.encode(byte_tokenizer, [(i.context, i.choices) for i in documents(shots=(3,))])
    opened = scorer.open_scorer(model, 2048)
    found = scorer.score(opened, requests)
    assert opened.backend == "tree"
    assert len(found) == len(requests)


@pytest.mark.data
def test_the_original_harness_s_loglikelihoods(data_folder):
    """goldens/kobest beside the data: the fork's own outputs on its own tiny model, 100 documents a task."""
    import json

    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = data_folder.parent / "goldens" / "kobest"
    golden = json.loads((folder / "fork_bl.json").read_text("utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(folder / "model_bl")
    model = AutoModelForCausalLM.from_pretrained(folder / "model_bl")
    max_length = tokens.max_length_of(model, tokenizer)
    for job in harness.jobs(["kobest"], [0, 5], str(data_folder / "kobest"), limit=100):
        expected = golden[str(job.num_fewshot)]
        opened = scorer.open_scorer(model, max_length)
        found = harness.run_job(job, "bl", opened, tokenizer)
        for document, original in zip(found, expected["docs"][job.task.name], strict=True):
            assert document["loglikelihoods"] == pytest.approx(original["ll"], abs=1e-4)
            assert document["prediction"] == harness.best(original["ll"])
            assert document["greedy"] == [bool(g) for g in original["greedy"]]
            assert document["n_context_tokens"] == original["n_ctx"]
        rows = {row["metric"]: row["value"] for row in harness.score_rows(found, job.task)}
        for metric in job.task.metrics:
            assert rows[metric] == pytest.approx(expected["results"][job.task.name][metric], abs=1e-6)


def test_a_model_that_goes_wrong_after_the_start_is_found_out(byte_tokenizer, caplog):
    """A window longer than the documents of the start-up check, shorter than those of the next call."""
    model = tiny_models.random_model("mistral_window", len(byte_tokenizer))
    short = [tokens.Request(list(range(1, 25)), [[5, 6], [7, 8]]), tokens.Request(list(range(1, 20)), [[5, 6], [7, 8]])]
    long = [tokens.Request(list(range(1, 200)), [[5, 6], [7, 8]])]
    opened = scorer.open_scorer(model, 2048)
    opened.backend = "tree"
    scorer.score(opened, short)
    assert opened.backend == "tree"
    with caplog.at_level(logging.WARNING, "hunmin"):
        [found] = scorer.score(opened, long)
    assert opened.backend == "repeat"
    assert "falling back" in caplog.text
    expected = [written_out(model, long[0].context, c, 2048)[0] for c in long[0].choices]
    assert found.loglikelihoods == pytest.approx(expected, abs=1e-4)
