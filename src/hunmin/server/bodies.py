"""OpenAI's request bodies read strictly: what is honoured becomes a Request, what is not is refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import models
from ..artifacts.rows import JsonObject, Message
from ..errors import UserError
from ..models import Loaded, Request

SHARED = (
    "model max_tokens temperature top_p n stop seed stream stream_options frequency_penalty presence_penalty "
    "repetition_penalty logprobs user logit_bias"
).split()
CHAT = {*SHARED, "messages", "max_completion_tokens", "top_logprobs"}
COMPLETION = {*SHARED, "prompt", "echo", "best_of"}
SILENT = {"metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "verbosity"}
"""Fields of OpenAI's own bookkeeping, which change no answer."""
UNSUPPORTED = ("tools", "functions", "tool_choice", "function_call", "audio", "modalities", "suffix", "prediction")


MOST_PROMPTS = 128
MOST_ANSWERS = 256  # prompts times n: what one request may put into the queue


class Refused(Exception):
    """A request that gets an error in OpenAI's shape."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None, status: int = 400):
        super().__init__(message)
        kinds = {401: "authentication_error", 404: "invalid_request_error", 429: "rate_limit_error"}
        kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True)
class Asked:
    """A read request: one list of choices' Requests per prompt, and how to answer."""

    prompts: list[tuple[int, ...]]
    requests: list[list[Request]]
    stream: bool = False
    include_usage: bool = False
    logprobs: int | None = None
    echo: bool = False
    texts: list[str] = field(default_factory=list)
    n_new: int = 0


def read_chat(body: Any, loaded: Loaded, served: str, default_tokens: int) -> Asked:
    """Read a chat completion's body. Raises Refused."""
    body = _known(body, CHAT, served)
    messages = _messages(body.get("messages"))
    try:
        ids = tuple(loaded.encode(models.prompt(loaded, messages)))
    except UserError as error:
        raise Refused(f"{error.what}. {error.mend}", "messages") from error
    wanted = _integer(body, "max_completion_tokens", 1) or _integer(body, "max_tokens", 1)
    count: int | None = None
    logprobs = _boolean(body, "logprobs")
    top = _integer(body, "top_logprobs", 0, 20)
    if top is not None and not logprobs:
        raise Refused("top_logprobs needs logprobs: true.", "top_logprobs")
    if logprobs:
        count = top or 0
    return _asked(body, loaded, [ids], wanted, default_tokens, count)


def read_completion(body: Any, loaded: Loaded, served: str) -> Asked:
    """Read a completion's body: text, texts, token ids or lists of them. Raises Refused."""
    body = _known(body, COMPLETION, served)
    prompts = [_ids(p, loaded) for p in _prompts(body.get("prompt"))]
    wanted = _integer(body, "max_tokens", 0)
    echo = _boolean(body, "echo")
    if wanted == 0 and not echo:
        raise Refused("max_tokens 0 without echo asks for nothing.", "max_tokens")
    if body.get("best_of") not in (None, body.get("n") or 1):
        raise Refused("best_of is not supported; leave it out.", "best_of", "unsupported_parameter")
    logprobs = _integer(body, "logprobs", 0, 20)
    return _asked(body, loaded, prompts, wanted, 16, logprobs, echo)


def _known(given: Any, known: set[str], served: str) -> JsonObject:
    if not isinstance(given, dict):
        raise Refused("Expected a JSON object.")
    body: JsonObject = {k: v for k, v in given.items() if v is not None}
    for name in UNSUPPORTED:
        if body.get(name) not in (None, [], {}, "none", "auto", ["text"]):
            raise Refused(f"{name} is not supported by this server.", name, "unsupported_parameter")
    form = body.get("response_format")
    if form is not None and (not isinstance(form, dict) or form.get("type") != "text"):
        raise Refused("response_format other than text is not supported.", "response_format", "unsupported_parameter")
    unknown = [k for k in body if k not in known | SILENT | {"response_format", *UNSUPPORTED}]
    if unknown:
        raise Refused(f"Unrecognized request argument supplied: {unknown[0]}", unknown[0], "unknown_parameter")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refused("You must provide a model parameter.", "model")
    if model != served:
        raise Refused(
            f"The model `{model}` does not exist; this server has `{served}`.", "model", "model_not_found", 404
        )
    return body


def _messages(given: Any) -> list[Message]:
    if not isinstance(given, list) or not given:
        raise Refused("messages must be a non-empty list.", "messages")
    found = []
    for i, message in enumerate(given):
        where = f"messages.{i}"
        if not isinstance(message, dict):
            raise Refused("A message must be an object.", where)
        role = {"developer": "system"}.get(message.get("role"), message.get("role"))  # type: ignore[arg-type]  # a role that is no text is refused below
        if role not in ("system", "user", "assistant"):
            raise Refused(f"role must be system, user or assistant, not {role!r}.", f"{where}.role")
        content = message.get("content")
        if isinstance(content, list):
            if not all(
                isinstance(p, dict) and p.get("type") == "text" and isinstance(p.get("text"), str) for p in content
            ):
                raise Refused("Only text parts are supported.", f"{where}.content")
            content = "".join(part["text"] for part in content)
        if not isinstance(content, str):
            raise Refused("content must be text.", f"{where}.content")
        new = {"role": role, "content": content}
        if message.get("input"):  # KULLM's and alpaca's second part of a question, as in the training records
            if role != "user" or not isinstance(message["input"], str):
                raise Refused("input is a text beside a user message.", f"{where}.input")
            new["input"] = message["input"]
        found.append(new)
    if found[-1]["role"] == "assistant":
        raise Refused("The last message is the assistant's; there is nothing to answer.", "messages")
    return found


def _prompts(given: Any) -> list[Any]:
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given:
        if all(isinstance(p, int) and not isinstance(p, bool) for p in given):
            return [given]
        if len(given) > MOST_PROMPTS:
            raise Refused(f"{len(given):,} prompts; at most {MOST_PROMPTS} may come in one request.", "prompt")
        if all(isinstance(p, (str, list)) and p for p in given):
            return given
    raise Refused("prompt must be a text, a list of texts, or lists of token ids.", "prompt")


def _ids(prompt: Any, loaded: Loaded) -> tuple[int, ...]:
    if isinstance(prompt, str):
        bos = loaded.tokenizer.bos_token
        has_own = bool(bos) and prompt.startswith(bos)
        ids = loaded.tokenizer(prompt, add_special_tokens=not has_own)["input_ids"]
        start = loaded.tokenizer.bos_token_id or loaded.tokenizer.eos_token_id
        return tuple(ids) if ids else (() if start is None else (start,))
    rows = loaded.model.get_input_embeddings().weight.shape[0]
    wrong = [t for t in prompt if not isinstance(t, int) or isinstance(t, bool) or not 0 <= t < rows]
    if wrong:
        raise Refused(f"{wrong[0]!r} is not a token id of this model (0 to {rows - 1}).", "prompt")
    return tuple(prompt)


def _asked(
    body: Mapping[str, Any],
    loaded: Loaded,
    prompts: Sequence[tuple[int, ...]],
    wanted: int | None,
    default_tokens: int,
    logprobs: int | None,
    echo: bool = False,
) -> Asked:
    n = _integer(body, "n", 1, 16) or 1
    if len(prompts) * n > MOST_ANSWERS:
        raise Refused(f"{len(prompts)} prompts times n {n} are over {MOST_ANSWERS} answers in one request.", "n")
    seed = _integer(body, "seed", -(2**63), 2**63 - 1)
    options = body.get("stream_options") or {}
    if not isinstance(options, dict):
        raise Refused("stream_options must be an object.", "stream_options")
    stop = body.get("stop") or []
    stop = [stop] if isinstance(stop, str) else stop
    if not isinstance(stop, list) or len(stop) > 16 or not all(isinstance(s, str) and s for s in stop):
        raise Refused("stop must be a text or a list of at most 16 texts.", "stop")
    temperature = _number(body, "temperature", 0, 2, 1.0)
    requests = []
    for i, ids in enumerate(prompts):
        room = loaded.max_length - len(ids) if loaded.max_length else None
        n_new = wanted if wanted is not None else min(default_tokens, room) if room is not None else default_tokens
        if room is not None and (room < 1 or n_new > room):
            raise Refused(
                f"This model's maximum context length is {loaded.max_length} tokens. However, you requested "
                f"{len(ids) + max(n_new, 1)} tokens ({len(ids)} in the prompt, {max(n_new, 1)} for the answer).",
                "messages" if "messages" in body else "prompt",
                "context_length_exceeded",
            )
        if not ids:
            raise Refused("The prompt is empty.", "prompt")
        one = Request(
            ids,
            max_new_tokens=n_new,
            temperature=temperature,
            top_p=_number(body, "top_p", 0, 1, 1.0),
            repetition_penalty=_number(body, "repetition_penalty", 0.01, 10, 1.0),
            frequency_penalty=_number(body, "frequency_penalty", -2, 2, 0.0),
            presence_penalty=_number(body, "presence_penalty", -2, 2, 0.0),
            logit_bias=_bias(body, loaded),
            stop=tuple(stop),
            top_logprobs=logprobs,
        )
        seeds = [None if seed is None else (seed + i * n + k) % 2**63 for k in range(n)]
        requests.append([_with_seed(one, s) for s in seeds])
    stream, usage = _boolean(body, "stream"), bool(options.get("include_usage"))
    texts = [loaded.tokenizer.decode(ids, skip_special_tokens=True) for ids in prompts] if echo else []
    return Asked(list(prompts), requests, stream, usage, logprobs, echo, texts, requests[0][0].max_new_tokens)


def _bias(body: Mapping[str, Any], loaded: Loaded) -> tuple[tuple[int, float], ...]:
    given = body.get("logit_bias") or {}
    if not isinstance(given, dict):
        raise Refused("logit_bias must map token ids to numbers.", "logit_bias")
    rows = loaded.model.get_input_embeddings().weight.shape[0]
    for key, value in given.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and -100 <= value <= 100
        if not number or not (key.isascii() and key.isdecimal() and len(key) < 10) or int(key) >= rows:
            raise Refused(
                f"logit_bias: {key!r}: {value!r} is no token id with a number from -100 to 100.", "logit_bias"
            )
    return tuple((int(key), float(value)) for key, value in given.items())


def _with_seed(request: Request, seed: int | None) -> Request:
    from dataclasses import replace

    return replace(request, seed=seed)


def _integer(body: Mapping[str, Any], name: str, lowest: int, highest: int = 2**31) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise Refused(f"{name} must be a whole number from {lowest} to {highest}, not {value!r}.", name)
    return value


def _number(body: Mapping[str, Any], name: str, lowest: float, highest: float, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not lowest <= value <= highest:
        raise Refused(f"{name} must be a number from {lowest} to {highest}, not {value!r}.", name)
    return float(value)


def _boolean(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Refused(f"{name} must be true or false, not {value!r}.", name)
    return value
