"""Ask raters for a score and a reason, by an LLM (AlpaGasus, KoRAE) or by a local model's losses (IFD); drops nothing.

Each run appends one rating to the record's list; `rate` twice (with `as:`) gives two raters, which `filter` averages or
chooses by name. A rating that failed has score null and a status that says why: never -1, never 0.
Source: AlpaGasus (arXiv 2307.08701), gauss5930/KoRAE rating/, Cherry LLM (arXiv 2308.12032), Superfiltering
(arXiv 2402.00530).
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any, Literal

from ..artifacts.artifact import RECORDS, Counts, Inputs
from ..artifacts.record import Record, read_jsonl
from ..artifacts.rows import Estimate, Notes, Rating
from ..artifacts.stream import stream, take_back
from ..clients.access import Access, HubId
from ..clients.units import OUTAGE
from ..errors import UserError
from ..options import Endpoint, ModelOptions, opt
from ..raters import RATERS
from ..raters.scores import parse_scale
from ..selection.ratings import middle
from ..tables import resolve

log = logging.getLogger("hunmin")

READS = ("text", "ratings?")
EDITS: tuple[str, ...] = ()
ADDS = ("ratings",)
KIND = "record"
INPUT = "records"
OUTPUT = "records"


class Config(Endpoint, ModelOptions):
    rater: str = opt(
        "llm", "llm (asks an endpoint), ifd (a local model's losses), or module:function that reads replies."
    )
    model: str = opt(..., "llm: the endpoint's model name; ifd: Hub id, folder, artifact, run or tiny:llama.")
    prompt: str = opt("ko", "llm: ko, en, or a text file with {question} and {answer}.")
    scale: str = opt("0-10", "llm: lowest and highest score (AlpaGasus: 0-5).")
    structured: Literal["auto", "schema", "text"] = opt(
        "auto", "llm: ask for JSON (schema), for text (text), or for JSON if the server takes it (auto)."
    )
    asks: int = opt(2, "llm: how often a reply without a readable score is asked for in all.", ge=1, le=5)
    batch: bool = opt(False, "llm: ask through the Batch API first (half price, within a day); the rest one by one.")
    batch_poll_seconds: float = opt(60.0, "llm: how often a batch is asked whether it is done.", gt=0)
    ifd_of: Literal["perplexity", "loss"] = opt(
        "perplexity", "ifd: ratio of perplexities (Superfiltering) or of losses (Cherry LLM)."
    )
    max_length: int = opt(1024, "ifd: tokens of instruction and answer; a longer answer is cut at its end.", ge=8)
    batch_size: int = opt(16, "ifd: records measured at once.", ge=1)


def check(config: Config) -> list[str]:
    """Give what is wrong with the options before anything runs."""
    found = []
    try:
        resolve(RATERS, config.rater, "rater")
        if config.rater != "ifd":
            from ..raters import llm

            parse_scale(config.scale, "rate.scale")
            llm.load_prompt(config.prompt)
            if config.batch and (config.base_url or "").startswith("recorded:"):
                found.append("rate.batch: recorded replies come without a batch.")
    except UserError as error:
        found.append(str(error))
    return found


def files(config: Config) -> list[Path]:
    """Give the prompt and the recorded replies, where they are files."""
    if config.rater == "ifd":
        from ..models import local_folders

        return local_folders([config.model])
    found = [Path(config.prompt)] if Path(config.prompt).is_file() else []
    if (config.base_url or "").startswith("recorded:"):
        found.append(Path((config.base_url or "").removeprefix("recorded:")))
    return found


def loads_model(config: Config) -> bool:
    """A model in this process's memory makes it run in a child, as model stages do."""
    return config.rater == "ifd"


def services(config: Config) -> list[Access]:
    """Give the endpoint that is asked."""
    from ..clients import openai_chat

    if config.rater == "ifd":
        return []
    return openai_chat.services(config.base_url, config.api_key_env, config.model, config.free)


def hub(config: Config) -> list[HubId]:
    """Give the model whose losses are measured."""
    return [("model", config.model)] if config.rater == "ifd" else []


def batch(config: Config) -> int:
    """Give how many records are measured at once."""
    return config.batch_size


def paid(config: Config) -> bool:
    """An endpoint costs money unless it runs on this machine or replays recorded replies."""
    from ..raters.asked import is_free

    return config.rater != "ifd" and not is_free(config.base_url, config.model, config.free)


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give what rating would take; nothing is sent."""
    from . import full_size

    known = full_size.rate(config, inputs)
    if known is not None:
        return known
    if inputs.records is None or not inputs.records.is_file():
        n = inputs.expected.get("records")
        return {"rater": config.rater, "records": n, "requests": 0 if config.rater == "ifd" else n}
    if config.rater == "ifd":
        return {"rater": "ifd", "records": sum(1 for _ in read_jsonl(inputs.records)), "requests": 0, "usd": 0.0}
    from ..clients import openai_chat as endpoint
    from ..raters import asked, llm

    scale, prompt = parse_scale(config.scale, "rate.scale"), llm.load_prompt(config.prompt)
    units = (
        asked.first_unit(prompt.fill(values), scale, config.structured != "text")
        for values in (llm.values_of(record, scale) for record in read_jsonl(inputs.records))
        if values["answer"].strip()
    )
    found = endpoint.estimate(
        units,
        model=config.model,
        base_url=config.base_url,
        request=config.request,
        ledger=inputs.spend.ledger,
        free=config.free,
    )
    if config.batch and found["usd"] is not None:
        found["usd"] = round(found["usd"] * 0.5, 4)
    return {"rater": config.rater, **found}


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Append one rating to each record."""
    if config.rater == "ifd":
        counts, extra = _by_loss(config, inputs, out)
        _free_memory()
    else:
        counts, extra = _by_llm(config, inputs, out)
    counts.notes.update(summary(out / RECORDS), **extra)
    failed = {k: n for k, n in counts.notes["statuses"].items() if k != "ok"}
    if failed:
        told = ", ".join(f"{n:,} {status}" for status, n in failed.items())
        log.warning("%s: %s of %s ratings have no score: %s", inputs.label, sum(failed.values()), counts.n_kept, told)
    return counts


def with_rating(record: Record, rating: Rating) -> Record:
    """Give the record with one more rating; what it had stays."""
    return {**record, "ratings": [*(record.get("ratings") or []), rating]}


def _by_llm(config: Config, inputs: Inputs, out: Path) -> tuple[Counts, Notes]:
    from ..clients.openai_chat import open_for
    from ..raters import llm
    from ..raters.asked import Asker
    from ..raters.scores import read

    scale, prompt = parse_scale(config.scale, "rate.scale"), llm.load_prompt(config.prompt)
    parse = read if config.rater == "llm" else resolve(RATERS, config.rater, "rater")
    with open_for(config, inputs) as client:
        structured = config.structured
        extra: Notes = {}
        if config.batch:
            structured = "text" if structured == "text" else "schema"  # a batch cannot try a server out
            extra["batch"] = _by_batch(config, inputs, client, structured, out)
        asker = Asker(client, structured, config.asks)

        async def step(records: list[Record]) -> list[Record]:
            (record,) = records
            rating = await llm.rate(record, asker, prompt, scale, config.rater, config.model, parse)
            return [with_rating(record, rating)]

        take_back(out, inputs.in_flight * 8, lambda record: record["ratings"][-1]["status"] in OUTAGE)
        counts = stream(step, inputs, out, in_flight=inputs.in_flight)
        return counts, {"scale": scale.name, "prompt": prompt.name, "paid": client.report(), **extra}


def _by_batch(config: Config, inputs: Inputs, client: Any, structured: str, out: Path) -> dict[str, int]:
    """Bring the first replies of all records into the ledger at half price."""
    from ..clients.batch import ask_in_batches
    from ..raters import llm
    from ..raters.asked import first_unit

    if inputs.records is None:
        raise UserError("no records to read", inputs.label, "Give an input file, or put a stage before this one.")
    path, scale, prompt = inputs.records, parse_scale(config.scale, "rate.scale"), llm.load_prompt(config.prompt)

    def units() -> Any:
        for record in read_jsonl(path):
            values = llm.values_of(record, scale)
            if values["answer"].strip():
                where = {"record": record.get("id", ""), "field": "rating", "prompt": prompt.name}
                yield first_unit(prompt.fill(values), scale, structured == "schema", **where)

    out.mkdir(parents=True, exist_ok=True)
    return ask_in_batches(
        client,
        units,
        out,
        model=config.model,
        base_url=config.base_url,
        api_key_env=config.api_key_env,
        request=config.request,
        poll_seconds=config.batch_poll_seconds,
        tell=lambda text: log.info("%s: %s", inputs.label, text),
    )


def _by_loss(config: Config, inputs: Inputs, out: Path) -> tuple[Counts, Notes]:
    from .. import models
    from ..raters import ifd

    loaded = models.load(
        config.model,
        dtype=config.dtype,
        device=config.device,
        revision=config.revision,
        quantization=config.quantization,
        trust_remote_code=config.trust_remote_code,
    )

    max_length = min(config.max_length, loaded.max_length or config.max_length)

    def step(records: list[Record]) -> list[Record]:
        ratings = ifd.rate(records, loaded, of=config.ifd_of, max_length=max_length)
        return [with_rating(record, rating) for record, rating in zip(records, ratings, strict=True)]

    counts = stream(step, inputs, out, batch=config.batch_size)
    return counts, {"scale": ifd.SCALES[config.ifd_of]}


def _free_memory() -> None:
    """Give the GPU memory that torch still holds back to the device, for the stages to come."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def summary(path: Path) -> Notes:
    """Give the statuses and the distribution of the newest rating in a file of rated records."""
    statuses: Counter[str] = Counter()
    exact: list[float] = []
    for record in read_jsonl(path):
        rating = record["ratings"][-1]
        statuses[rating["status"]] += 1
        if rating["score"] is not None:
            exact.append(float(rating["score"]))
    scores = Counter(round(score, 2) for score in exact)
    n = len(exact)
    found: Notes = {"statuses": dict(statuses.most_common())}
    found["headline"] = f"{n:,} of {sum(statuses.values()):,} with a score"
    if n:
        found |= middle(exact)
        found["scores"] = {f"{score:g}": k for score, k in sorted(scores.items())} if len(scores) <= 200 else None
    return found
