"""The token loop: several requests in one left-padded batch, each with its own sampling, seed and stop strings.

Every request draws from its own generator and is decoded by itself, so what it says depends neither on its neighbours
in the batch (up to the rounding of the arithmetic) nor on torch's global state, which is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UserError
from .logprobs import accepts
from .opening import Loaded
from .sound import check_logits, watched

LIKELY = 1024  # tokens put in order before all are: a vocabulary of 262,144 takes 25 ms a row on a CPU, these 2


@dataclass(frozen=True)
class Request:
    """One answer to make. `temperature` 0 is greedy; `seed` None draws a fresh one; `top_logprobs` None gives none.

    `repetition_penalty` divides the logits of every token seen (transformers' meaning); the other two penalties are
    taken off the logits of tokens said in this answer, per occurrence and once, and `logit_bias` is
    added to the logits of its token ids (OpenAI's). `cancelled` is asked at
    every token; once true the request ends there with finish_reason "cancelled".
    """

    ids: tuple[int, ...]
    max_new_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: tuple[tuple[int, float], ...] = ()
    stop: tuple[str, ...] = ()
    seed: int | None = None
    top_logprobs: int | None = None
    cancelled: Callable[[], bool] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Piece:
    """What one step added to a request: text that is safe to show ("" while a syllable or a stop string may still be
    under way), the token and, if asked, its log-probability and the likeliest tokens [(id, log-probability)].

    `finish_reason` is None until the last piece: "stop", "length" or "cancelled".
    """

    index: int
    text: str
    token: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()
    finish_reason: str | None = None


@dataclass(frozen=True)
class Generated:
    """An answer: its text without stop token and stop string, its length in tokens, and why it ended."""

    text: str
    n_tokens: int
    finish_reason: str


class Reader:
    """The text of growing token ids, given out when it is certain: whole characters, no beginning of a stop string.

    Only the ids since the last certain character are decoded again, together with the ones before them, because a
    tokenizer may write a token differently at the start of a text.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str]):
        self._tokenizer, self._stop = tokenizer, [s for s in stop if s]
        self._ids: list[int] = []
        self._from = self._upto = 0
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """Give the text this token made certain; sets `stopped` when a stop string is complete."""
        self._ids.append(token)
        before = self._decode(self._ids[self._from : self._upto])
        now = self._decode(self._ids[self._from :])
        if now.endswith("\ufffd") and len(self._ids) - self._upto < 8 or len(now) <= len(before):
            return ""
        self._from, self._upto = self._upto, len(self._ids)
        return self._pass(now[len(before) :])

    def end(self) -> str:
        """Give what is still held back when nothing follows."""
        rest = self._decode(self._ids[self._from :])[len(self._decode(self._ids[self._from : self._upto])) :]
        self._upto = len(self._ids)
        text = self._pass(rest)
        if self.stopped:
            return text
        held, self._held = self._held, ""
        return text + held

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _pass(self, new: str) -> str:
        text = self._held + new
        found = [at for at in (text.find(s) for s in self._stop) if at >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        keep = max((_overlap(text, s) for s in self._stop), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, stop: str) -> int:
    """Give the length of the longest end of `text` that begins `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)


class _Row:
    """One request under way."""

    def __init__(self, index: int, request: Request, loaded: Loaded):
        import torch

        self.index, self.request = index, request
        self.reader = Reader(loaded.tokenizer, request.stop)
        self.n_tokens = 0
        room = (loaded.max_length or len(request.ids) + request.max_new_tokens) - len(request.ids)
        self.limit = min(request.max_new_tokens, room)
        self.generator = torch.Generator()
        if request.seed is None:
            self.generator.seed()
        else:
            self.generator.manual_seed(request.seed)
        self.seen = list(request.ids) if request.repetition_penalty != 1.0 else []
        self.counts: dict[int, int] = {}

    def pick(self, logits: Any) -> tuple[int, float | None, tuple[tuple[int, float], ...]]:
        """Choose the next token from this row's logits [vocab], float32."""
        import torch

        logprob: float | None = None
        top: tuple[tuple[int, float], ...] = ()
        raw = logits
        if self.seen:
            known = torch.tensor(sorted(set(self.seen)), device=logits.device)
            value = logits[known]
            penalty = self.request.repetition_penalty
            logits = logits.clone()
            logits[known] = torch.where(value < 0, value * penalty, value / penalty)
        if self.request.logit_bias:
            logits = logits.clone()
            for biased, value in self.request.logit_bias:
                logits[biased] += value
        if self.counts:
            said = torch.tensor(list(self.counts), device=logits.device)
            times = torch.tensor(list(self.counts.values()), device=logits.device, dtype=logits.dtype)
            logits = logits.clone()
            logits[said] -= times * self.request.frequency_penalty + self.request.presence_penalty
        if self.request.temperature <= 0:
            token = int(logits.argmax())
        else:
            token = self._draw((logits / self.request.temperature).softmax(-1))
        if self.request.top_logprobs is not None:
            scored = raw.log_softmax(-1)
            logprob = float(scored[token])
            if self.request.top_logprobs:
                values, ids = scored.topk(min(self.request.top_logprobs, scored.shape[-1]))
                top = tuple(zip(ids.tolist(), values.tolist(), strict=True))
        if self.request.repetition_penalty != 1.0:
            self.seen.append(token)
        if self.request.frequency_penalty or self.request.presence_penalty:
            self.counts[token] = self.counts.get(token, 0) + 1
        return token, logprob, top

    def _draw(self, probabilities: Any) -> int:
        """Draw by one uniform number from the row's own generator, among the likeliest that make up top_p."""
        import torch

        uniform = torch.rand((), generator=self.generator, dtype=torch.float64)
        n, whole = probabilities.shape[-1], probabilities.double().sum()
        for few in (min(LIKELY, n), n):  # the whole order only where the likeliest do not decide
            ordered, ids = probabilities.topk(few)
            total = ordered.double().cumsum(-1)
            if self.request.top_p >= 1:
                kept = whole
            elif few < n and total[-1] < self.request.top_p:
                continue
            else:
                kept = total[min(int((total < self.request.top_p).sum()), few - 1)]
            u = uniform.to(total.device) * kept
            at = int((total <= u).sum())
            if at < few:
                break
        return int(ids[min(at, n - 1)])


def decode(loaded: Loaded, requests: Sequence[Request]) -> Iterator[Piece]:
    """Yield pieces of all requests, token by token, until each has ended; see `steps`."""
    for pieces in steps(loaded, requests):
        yield from pieces


def steps(loaded: Loaded, requests: Sequence[Request]) -> Iterator[list[Piece]]:
    """Yield one piece of every request still under way for each forward pass, until all have ended.

    Raises UserError for an empty prompt or one that leaves no room for an answer, and for a model whose logits are no
    numbers, at whichever token that begins.
    """
    import torch

    for i, request in enumerate(requests):
        if not request.ids:
            raise UserError("an empty prompt", f"prompt {i}", "Ask something.")
        if loaded.max_length and len(request.ids) >= loaded.max_length:
            what = f"the prompt has {len(request.ids)} tokens, but the model was built for {loaded.max_length}"
            raise UserError(what, f"prompt {i}", "Shorten the conversation.")
        if request.max_new_tokens < 1:
            raise UserError("max_new_tokens must be at least 1", f"prompt {i}")
    rows = [_Row(i, request, loaded) for i, request in enumerate(requests)]
    width = max((len(r.request.ids) for r in rows), default=0)
    pad = loaded.tokenizer.pad_token_id or 0
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for r, row in enumerate(rows):
        ids[r, width - len(row.request.ids) :] = torch.tensor(row.request.ids)
        mask[r, width - len(row.request.ids) :] = 1
    ids, mask = ids.to(loaded.device), mask.to(loaded.device)
    takes_positions, takes_keep = accepts(loaded.model, "position_ids"), accepts(loaded.model, "logits_to_keep")
    cache = None
    while rows:
        options: dict[str, Any] = {"use_cache": True}
        if cache is not None:
            options["past_key_values"] = cache
        if takes_positions:
            options["position_ids"] = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        if takes_keep:
            options["logits_to_keep"] = 1
        with torch.inference_mode():
            output = loaded.model(input_ids=ids, attention_mask=mask, **options)
            cache, logits = output.past_key_values, output.logits[:, -1].float()
            check_logits(logits, loaded.name)
            chosen = [row.pick(logits[r]) for r, row in enumerate(rows)]
        pieces = [_piece(row, loaded, *chosen[r]) for r, row in enumerate(rows)]
        yield pieces
        live = [r for r, piece in enumerate(pieces) if piece.finish_reason is None]
        if not live:
            return
        with torch.inference_mode():
            ids = torch.tensor([[chosen[r][0]] for r in live], device=loaded.device)
            if len(live) < len(rows):
                keep = torch.tensor(live, device=loaded.device)
                cache.batch_select_indices(keep)
                mask = mask[keep]
                rows = [rows[r] for r in live]
            mask = torch.cat([mask, mask.new_ones((len(rows), 1))], dim=1)


def _piece(row: _Row, loaded: Loaded, token: int, logprob: float | None, top: tuple[tuple[int, float], ...]) -> Piece:
    """Give what this token means to the reader: text, or the end."""
    if row.request.cancelled is not None and row.request.cancelled():
        return Piece(row.index, row.reader.end(), token, logprob, top, "cancelled")
    row.n_tokens += 1
    if token in loaded.stop_ids:
        return Piece(row.index, row.reader.end(), token, logprob, top, "stop")
    text = row.reader.add(token)
    if row.reader.stopped:
        return Piece(row.index, text, token, logprob, top, "stop")
    if row.n_tokens >= row.limit:
        text += row.reader.end()
        return Piece(row.index, text, token, logprob, top, "stop" if row.reader.stopped else "length")
    return Piece(row.index, text, token, logprob, top)


BATCH = {"cpu": 8, "mps": 8}  # rows of one batch; a GPU takes 32


def generate(
    loaded: Loaded,
    prompts: Sequence[str | Sequence[int]],
    *,
    max_new_tokens: int = 512,
    temperature: float = 0.0,
    top_p: float = 1.0,
    num_beams: int = 1,
    repetition_penalty: float = 1.0,
    stop: Sequence[str] = (),
    seed: int | None = 0,
    batch_size: int | None = None,
    on_text: Callable[[int, str], None] | None = None,
) -> list[Generated]:
    """Give one answer per prompt, in order; prompts are ids, or texts that carry their own special tokens.

    Prompts of similar length share a batch. Prompt i draws with seed + i. `on_text(i, piece)` is told every piece of
    text as it becomes certain (not with beams).
    """
    encoded = [tuple(loaded.encode(p) if isinstance(p, str) else p) for p in prompts]
    size = batch_size or BATCH.get(loaded.device.split(":")[0], 32)
    order = sorted(range(len(prompts)), key=lambda i: (-len(encoded[i]), i))
    found: list[Generated] = [Generated("", 0, "")] * len(prompts)
    if num_beams > 1:
        if temperature > 0:
            raise UserError("num_beams above 1 with a temperature", "num_beams", "Sample with one beam, or set 0.")
        for i in order:
            found[i] = _beams(loaded, encoded[i], num_beams, max_new_tokens, repetition_penalty, stop)
        return found
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        requests = [
            Request(
                encoded[i],
                max_new_tokens,
                temperature,
                top_p,
                repetition_penalty,
                stop=tuple(stop),
                seed=None if seed is None else seed + i,
            )
            for i in batch
        ]
        said, counts = [""] * len(batch), [0] * len(batch)
        for piece in decode(loaded, requests):
            said[piece.index] += piece.text
            counts[piece.index] += 1
            if piece.text and on_text is not None:
                on_text(batch[piece.index], piece.text)
            if piece.finish_reason is not None:
                i = piece.index
                found[batch[i]] = Generated(said[i], counts[i], piece.finish_reason)
    return found


def _beams(
    loaded: Loaded, ids: tuple[int, ...], num_beams: int, max_new_tokens: int, penalty: float, stop: Sequence[str]
) -> Generated:
    """Give the best of `num_beams` beams by transformers' own search; stop strings cut the text afterwards."""
    import torch
    from transformers import GenerationConfig

    room = (loaded.max_length or len(ids) + max_new_tokens) - len(ids)
    if not ids or room < 1:
        what = f"the prompt has {len(ids)} tokens, but the model was built for {loaded.max_length}"
        raise UserError(what, "prompt", "Shorten the conversation." if ids else "Ask something.")
    config = GenerationConfig(
        max_new_tokens=min(max_new_tokens, room),
        num_beams=num_beams,
        do_sample=False,
        repetition_penalty=penalty,
        eos_token_id=sorted(loaded.stop_ids) or None,
        pad_token_id=loaded.tokenizer.pad_token_id or 0,
    )
    given = torch.tensor([ids], device=loaded.device)
    with torch.inference_mode(), watched(loaded.model, loaded.name):
        out = loaded.model.generate(input_ids=given, attention_mask=torch.ones_like(given), generation_config=config)
    new = out[0, len(ids) :].tolist()
    ended = next((n for n, token in enumerate(new) if token in loaded.stop_ids), None)
    reader = Reader(loaded.tokenizer, stop)
    text = ""
    for token in new if ended is None else new[:ended]:
        text += reader.add(token)
        if reader.stopped:
            break
    text += "" if reader.stopped else reader.end()
    n_tokens = len(new) if ended is None else ended + 1
    return Generated(text, n_tokens, "stop" if ended is not None or reader.stopped else "length")
