"""A Hugging Face model on this machine: encoder-decoders made for translation, or a causal chat model.

Nothing is sent and nothing is paid, so there is no ledger; records come in fixed batches, so a resumed run computes the
same batches again. What is asked within one batch of records is sorted by length and computed together, greedily or
with beams.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...artifacts.artifact import Inputs
from ...artifacts.rows import Estimate, Notes
from ...clients.access import HubId
from ...clients.units import Answer, Unit, text
from ...errors import UserError
from ...options import opt
from . import llm
from .options import Terms, Worded
from .ways import UNMASKED, Way

QUIET_TURNS = 10


class Config(Worded, Terms):
    model: str | None = opt(None, "Hub id or folder.")
    batch_size: int = opt(8, "Texts computed at once.", ge=1)
    max_new_tokens: int = opt(512, "The longest translation of one piece.", ge=1)
    num_beams: int = opt(1, "Beams; 1 is greedy.", ge=1)
    source_code: str | None = opt(None, "The model's own code of the source language (NLLB: eng_Latn).")
    target_code: str | None = opt(None, "The model's own code of the target language (NLLB: kor_Hang).")
    template: str | None = opt(None, "The chat template of a causal model that brings none.")
    revision: str | None = opt(None, "The model's branch, tag or commit on the Hub.")
    dtype: str = opt("auto", "auto, bf16, fp16 or fp32.")
    device: str = opt("auto", "auto (cuda, mps, cpu) or a device name.")


def ways(config: Any) -> tuple[Way, ...]:
    """Line by line; small models keep plain marks best. Then sentence by sentence with another mark."""
    if not config.mask:
        return UNMASKED
    return (Way("lines", "at"), Way("sentences", "bracket"), Way("sentences", "xml_empty"))


class LocalClient:
    """The opened model; `ask` gathers what is asked together into batches."""

    def __init__(self, config: Any, label: str):
        self._config, self._label = config, label
        self._opened: Any = None
        self._waiting: list[tuple[Unit, asyncio.Future[Answer]]] = []
        self._known: dict[str, Answer] = {}
        self._n_batches = self._n_texts = 0

    def __enter__(self) -> LocalClient:
        return self

    def __exit__(self, *_: Any) -> None:
        self._opened = None

    async def ask(self, unit: Unit) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, future))
        if len(self._waiting) == 1:
            self._running = asyncio.create_task(self._start())
        return await future

    async def _start(self) -> None:
        """Wait until nobody asks any more: by turns of the loop, not by the clock, so that batches repeat."""
        n, quiet = 0, 0
        while quiet < QUIET_TURNS:
            await asyncio.sleep(0)
            quiet = quiet + 1 if n == len(self._waiting) else 0
            n = len(self._waiting)
        group, self._waiting = self._waiting, []
        await self._compute(group)

    async def _compute(self, group: list[tuple[Unit, asyncio.Future[Answer]]]) -> None:
        sources = list(dict.fromkeys(unit.body["text"] for unit, _ in group))
        try:
            answers = dict(zip(sources, await asyncio.to_thread(self._translate, sources), strict=True))
        except Exception as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for unit, future in group:
            if not future.done():
                future.set_result(answers[unit.body["text"]])

    def _translate(self, sources: list[str]) -> list[Answer]:
        if self._opened is None:
            self._opened = _open(self._config)
        self._n_texts += len(sources)
        found: list[Answer] = [Answer("empty")] * len(sources)
        order = sorted(range(len(sources)), key=lambda i: (-len(sources[i]), i))
        size = self._config.batch_size
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            self._n_batches += 1
            for i, answer in zip(batch, self._opened([sources[i] for i in batch]), strict=True):
                found[i] = answer
        return found

    def report(self) -> Notes:
        """Give what the manifest shows."""
        return {
            "service": "local",
            "model": self._config.model,
            "texts": self._n_texts,
            "batches": self._n_batches,
        }


def _open(config: Any) -> Any:
    """Give `translate(texts) -> answers` for the model, whichever of the two kinds it is."""
    from ... import models

    found = models.resolve(config.model)
    if found.adapter is None and models.open_shape(found, config.revision).is_encoder_decoder:
        return _open_seq2seq(config, found)
    return _open_causal(config)


def _open_seq2seq(config: Any, found: Any) -> Any:
    import torch

    from ... import models

    loaded = models.open_seq2seq(found, config.dtype, config.device, config.revision)
    tokenizer, model, device = loaded.tokenizer, loaded.model, loaded.device
    forced = {}
    if config.source_code:  # NLLB and M2M100 are told the languages by code
        tokenizer.src_lang = config.source_code
    if config.target_code:
        code = tokenizer.convert_tokens_to_ids(config.target_code)
        if code is None or code == tokenizer.unk_token_id:
            raise UserError(
                f"the model knows no language '{config.target_code}'", "translate.target_code", "E.g. kor_Hang."
            )
        forced["forced_bos_token_id"] = code

    def translate(sources: list[str]) -> list[Answer]:
        inputs = tokenizer(sources, return_tensors="pt", padding=True, truncation=False).to(device)
        limit = loaded.max_length
        inputs.pop("token_type_ids", None)
        if limit and inputs["input_ids"].shape[1] > limit:
            if len(sources) > 1:
                return [answer for source in sources for answer in translate([source])]
            return [Answer("cut_off", detail=f"the text is longer than the model's {limit} tokens")]
        with torch.inference_mode(), models.watched(model, loaded.name):
            out = model.generate(
                **inputs, **forced, max_new_tokens=config.max_new_tokens, num_beams=config.num_beams, do_sample=False
            )
        ends = model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        return [
            _answer(str(tokenizer.decode(row, skip_special_tokens=True)), bool(ends & set(row.tolist()[1:])), config)
            for row in out
        ]

    return translate


def _open_causal(config: Any) -> Any:
    from ... import models

    loaded = models.load(
        config.model, dtype=config.dtype, device=config.device, revision=config.revision, template=config.template
    )

    def translate(sources: list[str]) -> list[Answer]:
        prompts = []
        for source in sources:
            rules = llm.system_prompt(config, source)
            prompts.append(models.prompt(loaded, [{"role": "user", "content": f"{rules}\n\n{source}"}]))
        said = models.generate(
            loaded, prompts, max_new_tokens=config.max_new_tokens, num_beams=config.num_beams, batch_size=len(prompts)
        )
        return [_answer(g.text, g.finish_reason == "stop", config) for g in said]

    return translate


def _answer(said: str, ended: bool, config: Any) -> Answer:
    said = said.strip()
    usage = {"in_tokens": 0, "out_tokens": 0, "chars": 0, "usd": 0.0}
    if not ended:
        return Answer(
            "cut_off", usage=usage, model=config.model, detail=f"no end within {config.max_new_tokens} tokens"
        )
    return Answer("ok" if said else "empty", said, usage=usage, model=config.model)


def open_client(config: Any, inputs: Inputs) -> LocalClient:
    return LocalClient(config, inputs.label)


def body(source: str, config: Any, **where: Any) -> Unit:
    return text(source, **where)


def parse(answer: Answer) -> str:
    return answer.text


def hub(config: Any) -> list[HubId]:
    return [("model", config.model)] if config.model else []


def loads_model(config: Any) -> bool:
    return True


def paid(config: Any) -> bool:
    return False


def files(config: Any) -> list[Path]:
    found = [Path(config.model)] if config.model and Path(config.model).is_dir() else []
    return found + ([Path(config.glossary)] if config.glossary else [])


def problems(config: Any) -> list[str]:
    return [] if config.model else ["translate.model: the local engine needs a model (Hub id or folder)"]


def estimate(units: Iterable[Unit], config: Any, ledger: Path | None) -> Estimate:
    rows = {unit.body["text"] for unit in units}
    return {
        "service": f"local {config.model}",
        "texts": len(rows),
        "chars": sum(map(len, rows)),
        "requests": 0,
        "usd": 0.0,
    }
