"""What a stage takes at full size when neither its input nor its model is here: from known figures, offline, no key.

A stage counts wherever it can; where it cannot, its estimate asks here first, and every row filled from
data/known_sources.json says so under `from`. None: nothing is known, or the stage can count itself. Hours are
arithmetic, not measurement: the formula stands beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..artifacts.artifact import Inputs
from ..artifacts.record import read_jsonl, texts
from ..artifacts.rows import Estimate, JsonObject
from ..clients.prices import price_of
from ..publishing import known

GPU, GPU_TFLOPS, GPU_SHARE = "A100 80G", 312.0, 0.35  # bf16 dense peak of the data sheet; share: usual for LoRA
RATE_PROMPT_TOKENS, RATE_ANSWER_TOKENS = 480, 120  # our Korean rating prompt; a score with two sentences
JUDGE_PROMPT_TOKENS, JUDGE_ANSWER_TOKENS = 700, 150
FREE_CHARS = 500_000  # a month, DeepL API Free
KOREAN_CHARS_PER_TOKEN = 1.6  # of current API models' vocabularies, assumed


def _counts(name: str | None) -> tuple[int, int, JsonObject] | None:
    found = known.dataset(name) or known.dataset(Path(name or "").name)
    return (found["records"], found["mean_chars"], found) if found else None


def load(config: Any, inputs: Inputs) -> Estimate | None:
    name = config.hub or config.path
    if not name or Path(name).exists():
        return None
    counted = _counts(name)
    if counted is None:
        return None
    n, mean, found = counted
    n = min(n, config.limit) if config.limit else n
    row = {"source": name, "records": n, "chars": n * mean, "license": found["license"] or "not known"}
    if found["gated"]:
        row["needs"] = f"access to {name}: accept its terms on its page and log in (HF_TOKEN)"
    if config.path:
        row["needs"] = f"the file {name}, which is not here"
    return {**row, "from": found["figure"]}


def mix(config: Any, inputs: Inputs) -> Estimate | None:
    remote = [s for s in config.sources if s.hub and not Path(s.hub).exists()]
    if not remote or any(_counts(s.hub) is None for s in remote) or len(remote) != len(config.sources):
        return None
    rows: Estimate = {}
    records = chars = 0
    for source in config.sources:
        counted = _counts(source.hub)
        assert counted is not None
        n, mean, _ = counted
        take = source.take
        taken = n if take == "all" else min(n, take) if isinstance(take, int) else round(take * n)
        rows[source.name] = f"{taken:,} of {n:,} ({source.hub})"
        records += taken
        chars += taken * mean
    return {"sources": rows, "records": records, "chars": chars, "from": "known_sources.json"}


def sample(config: Any, inputs: Inputs) -> Estimate | None:
    n = inputs.expected.get("records")
    if inputs.records is not None or not n:
        return None
    wanted = config.n or (round(config.ratio * n) if config.ratio else sum(config.quota.values()))
    if not wanted:
        return None
    taken = min(n, wanted)
    chars = inputs.expected.get("chars")
    return {"records": taken, **({"chars": round(chars * taken / n)} if chars else {})}


def filter(config: Any, inputs: Inputs) -> Estimate | None:
    n = inputs.expected.get("records")
    if inputs.records is not None or not n:
        return None
    most = min(n, config.top_k or n)
    if config.top_ratio:
        most = min(most, round(n * config.top_ratio))
    chars = inputs.expected.get("chars")
    return {"records": most, "at_most": True, **({"chars": round(chars * most / n)} if chars else {})}


def translate(config: Any, inputs: Inputs) -> Estimate | None:
    n, chars = inputs.expected.get("records"), inputs.expected.get("chars")
    if inputs.records is not None or not n or not chars:
        return None
    row: Estimate = {"engine": config.engine, "records": n, "characters_sent_at_most": chars}
    if config.engine == "deepl":
        price = price_of("deepl-pro")
        plan = "a free key's monthly amount is enough" if chars <= FREE_CHARS else "a Pro key at this size"
        row |= {"usd": round(price.usd(0, 0, chars), 2), "needs": f"DEEPL_AUTH_KEY ({plan})"}
        row["formula"] = f"{chars:,} characters x {price.chars} USD per million"
    elif config.engine == "llm" and config.model:
        tokens = round(chars / 4), round(chars * 0.56 / KOREAN_CHARS_PER_TOKEN)
        row |= _usd(config.model, *tokens) | {"needs": config.api_key_env or "OPENAI_API_KEY"}
    return {**row, "chars": round(chars * 0.56)}  # Korean is about 0.56 of the English in characters


def _usd(model: str, in_tokens: int, out_tokens: int) -> Estimate:
    price = price_of(model)
    row: Estimate = {"in_tokens": in_tokens, "out_tokens": out_tokens}
    if not price.known:
        return {**row, "usd": None}
    told = f"{in_tokens:,} x {price.input} + {out_tokens:,} x {price.output} USD per million"
    return {**row, "usd": round(price.usd(in_tokens, out_tokens, 0), 2), "formula": told}


def rate(config: Any, inputs: Inputs) -> Estimate | None:
    n, chars = inputs.expected.get("records"), inputs.expected.get("chars")
    if inputs.records is not None or not n or config.rater == "ifd":
        return None
    tokens = n * RATE_PROMPT_TOKENS + round((chars or 0) / KOREAN_CHARS_PER_TOKEN)
    row: Estimate = {"rater": config.rater, "model": config.model, "records": n, "requests": n}
    key = config.api_key_env or ("OPENAI_API_KEY" if config.base_url is None else None)
    return row | _usd(config.model, tokens, n * RATE_ANSWER_TOKENS) | ({"needs": key} if key else {})


def judge(config: Any, inputs: Inputs) -> Estimate | None:
    if config.questions == "sample" or Path(config.questions).exists():
        return None
    counted = _counts(config.questions)
    if counted is None:
        return None
    from ..evaluation.judging.criteria import load_criteria

    n = min(counted[0], config.limit or counted[0])
    criteria = load_criteria(config.criteria, config.language)
    n_criteria = max(1, len(getattr(criteria, "criteria", ()) or ()))
    requests = n * n_criteria * len(config.answers or config.models)
    answer = round(config.max_new_tokens)
    row: Estimate = {"questions": n, "requests": requests, "judge": config.model, "at_most": True}
    row |= _usd(config.model, requests * (JUDGE_PROMPT_TOKENS + answer), requests * JUDGE_ANSWER_TOKENS)
    needs = f"{config.api_key_env or 'OPENAI_API_KEY'}; the file {config.questions}, which is not here"
    return row | {"needs": needs, "from": counted[2]["figure"]}


def _train(config: Any, inputs: Inputs, pairs: bool) -> Estimate | None:
    name = config.base_model or inputs.expected.get("base_model") or ""  # tuned on from what an earlier stage left
    found = known.model(name)
    if found is None or Path(name).exists() or (inputs.model is not None and not config.base_model):
        return None
    row: Estimate = {"base_model": name, "license": found["license"], "from": found["figure"]}
    if found["gated"]:
        row["needs"] = f"access to {name}: accept its licence on its page and log in (HF_TOKEN)"
    shape = known.shape(name)
    n, chars = _amount(inputs)
    parameters = found.get("parameters")
    from ..train import tokenizer_bill

    told = tokenizer_bill.bill(name, inputs, config.max_length)
    counted = tokenizer_bill.per_character(told, name)
    per_character = counted or 1 / found["chars_per_token"]
    row |= told
    if counted is None:
        row["tokenizer"] = f"not on this machine; {per_character:.2f} tokens per Korean character assumed"
    tokens_per_row = None
    if n and chars:
        tokens_per_row = min(config.max_length, round(chars / n * per_character) + tokenizer_bill.TEMPLATE_TOKENS)
    recompute = config.gradient_checkpointing is True
    if shape is not None:
        from ..train import memory

        size = memory.size_of(config, shape)
        parameters = size.parameters
        dtype = config.dtype if config.dtype != "auto" else "bf16"
        longest = config.micro_batch_size * config.max_length * (2 if pairs else 1)
        row |= {"parameters": size.parameters, "trainable": size.trainable}
        for checkpointing in (False, True):
            parts = memory.memory_bytes(config, shape, size, dtype, longest, checkpointing)
            gib = round(sum(parts.values()) / 2**30, 1)
            row["gpu_gib_with_checkpointing" if checkpointing else "gpu_gib"] = gib
        if config.gradient_checkpointing == "auto":
            recompute = row["gpu_gib"] > 80 * 0.85 * 1e9 / 2**30
        row["memory_of"] = f"one process, {longest:,} tokens in a pass (every row as long as max_length)"
    if parameters and n and tokens_per_row:
        rows = max(0, n - (config.val_size if config.val_size >= 1 else round(n * config.val_size)))
        per_epoch = -(-rows // config.batch_size)
        steps = config.max_steps or round(per_epoch * config.num_train_epochs)
        tokens = steps * config.batch_size * tokens_per_row * (2 if pairs else 1)
        per_token = (6 if config.method == "full" else 4) + (2 if recompute else 0) + (2 if pairs else 0)
        seconds = per_token * parameters * tokens / (GPU_TFLOPS * 1e12 * GPU_SHARE)
        hours = round(seconds / 3600, 1 if seconds >= 360 else 4)
        row |= {"steps": steps, "tokens": tokens, "gpu_hours": hours, "gpu": GPU}
        row["formula"] = (
            f"{per_token} x {parameters / 1e9:.2f}e9 parameters x {_millions(tokens)} tokens / "
            f"({GPU_TFLOPS:.0f} TFLOPS x {GPU_SHARE}) / 3600; {config.num_processes} GPU(s) share them"
        )
    if config.report_to:
        row["tracker"] = ", ".join(config.report_to)
    return row


def _millions(n: float) -> str:
    return f"{n / 1e6:.0f}e6" if n >= 1e7 else f"{n:,.0f}"


def _amount(inputs: Inputs) -> tuple[int | None, int | None]:
    """Give records and characters: counted where the records are here, else as the earlier stages expect them."""
    if inputs.records is None or not inputs.records.is_file():
        return inputs.expected.get("records"), inputs.expected.get("chars")
    sizes = [sum(map(len, texts(record).values())) for record in read_jsonl(inputs.records)]
    return len(sizes), sum(sizes)


def pair(config: Any, inputs: Inputs) -> Estimate | None:
    n = inputs.expected.get("prompts") or (inputs.expected.get("records") or 0) // 2
    return {"records": n, "kind": "preference", "at_most": True} if n else None


def evaluate(config: Any, inputs: Inputs) -> Estimate | None:
    if config.data is not None:
        return None
    models = len(config.models) + len(config.baselines)
    return {"models": models, "needs": "the benchmark's data from the Hub (skt/kobest_v1), a few MB", "keys": "none"}


def sft(config: Any, inputs: Inputs) -> Estimate | None:
    return _train(config, inputs, pairs=False)


def dpo(config: Any, inputs: Inputs) -> Estimate | None:
    return _train(config, inputs, pairs=True)
