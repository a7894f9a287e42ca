"""Chats over any OpenAI-compatible endpoint, with the genuine openai client and its own retries switched off.

The key's place is the environment variable that `api_key_env` names. OPENAI_API_KEY is read unasked only for OpenAI's
own endpoint, so a key is never shown to another server by accident; OPENAI_BASE_URL is not obeyed (it would change
where data and keys go, and the ledger's keys, without a trace in the recipe).
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..artifacts import interrupt
from ..artifacts.artifact import Inputs, Spend
from ..artifacts.rows import JsonObject, Notes
from ..errors import UserError
from ..text.thinking import strip_thinking
from .access import Access, raise_if_elsewhere
from .asking import Client
from .ledger import key_of, peek_done
from .pace import FIRST_WAIT_SECONDS, Pace, retry_after
from .prices import FREE, is_free, price_at, price_of
from .recorded import SCHEME, recorded_service
from .service import Read, Service, expect
from .units import Reply, Trouble, Unit

log = logging.getLogger("hunmin")

OPENAI = "https://api.openai.com/v1"
TIMEOUT_SECONDS = 300.0
NO_COMPLETIONS = "Log-likelihoods need a server with /v1/completions, such as vLLM or hunmin serve"
MOST_TOKENS = 10**9  # of one answer; what is more was not counted


def open_client(
    *,
    model: str,
    spend: Spend,
    label: str,
    base_url: str | None = None,
    api_key_env: str | None = None,
    request: Mapping[str, Any] | None = None,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    first_wait_seconds: float = FIRST_WAIT_SECONDS,
    free: bool = False,
) -> Client:
    """Open a client for one model at one endpoint; `base_url: recorded:FILE` replays recorded replies instead.

    `request` is merged into every request body; `free`: the server charges nothing.
    Raises UserError when the key is missing, or when `spend.max_usd` is
    set and the model has no known price.
    """
    pace = Pace(requests_per_minute, tokens_per_minute, first_wait_seconds)
    if is_recorded(base_url):
        assert base_url is not None
        return Client(recorded_service(Path(base_url.removeprefix(SCHEME))), spend, label, pace)
    endpoint, key = endpoint_of(base_url), api_key(base_url, api_key_env, label)
    price = price_at(endpoint, model, free, spend.max_usd, label)
    sender = ChatSender(endpoint, key, model, dict(request or {}), timeout_seconds)
    identity = (endpoint, model, dict(request or {}))
    interrupt.longest_seconds = max(interrupt.longest_seconds, timeout_seconds)
    return Client(Service("llm", identity, model, sender, read, price, _secrets(key)), spend, label, pace)


def open_for(config: Any, inputs: Inputs, model: str | None = None, request: Mapping[str, Any] | None = None) -> Client:
    """Open the endpoint that a stage's own options name; `model` and `request` stand in place of theirs."""
    return open_client(
        model=model or config.model or "",
        base_url=config.base_url,
        api_key_env=config.api_key_env,
        request=config.request if request is None else request,
        spend=inputs.spend,
        free=config.free,
        label=inputs.label,
    )


def is_recorded(base_url: str | None) -> bool:
    """Tell whether this endpoint replays recorded replies, which cost nothing."""
    return bool(base_url and base_url.startswith(SCHEME))


def endpoint_of(base_url: str | None) -> str:
    """Give the endpoint without its trailing slash; None is OpenAI's own."""
    if base_url is None and os.environ.get("OPENAI_BASE_URL"):
        log.warning("OPENAI_BASE_URL is set and not used; write base_url: into the recipe to send elsewhere")
    endpoint = (base_url or OPENAI).rstrip("/")
    try:
        parts = urlsplit(endpoint)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half an IPv6 address, a port that is no number
        sound = False
    if not sound:
        raise UserError(f"base_url '{base_url}' is not a URL", mend="E.g. http://localhost:8000/v1.")
    return endpoint


def services(
    base_url: str | None, api_key_env: str | None, model: str | None = None, free: bool = False
) -> list[Access]:
    """Give what asking this endpoint needs: nothing for recorded replies; a key where OpenAI or api_key_env asks one.

    Raises UserError for what is no URL.
    """
    if is_recorded(base_url):
        return []
    endpoint = endpoint_of(base_url)
    unpriced = model if model and not free and not price_of(model).known else None
    return [Access(endpoint, api_key_env or ("OPENAI_API_KEY" if endpoint == OPENAI else None), unpriced)]


def api_key(base_url: str | None, api_key_env: str | None, label: str) -> str:
    """Give the key from the environment; "none" for an endpoint that was given without api_key_env."""
    name = api_key_env or ("OPENAI_API_KEY" if endpoint_of(base_url) == OPENAI else None)
    if name is None:
        return "none"
    key = os.environ.get(name, "").strip()
    if not key:
        raise UserError(f"the environment variable {name} is not set", label, f"export {name}=... and run again.")
    return key


def _secrets(key: str) -> tuple[str, ...]:
    return (key,) if len(key) >= 8 else ()


class ChatSender:
    """Holds the openai client of the running event loop."""

    def __init__(self, endpoint: str, key: str, model: str, request: Mapping[str, Any], timeout_seconds: float):
        self._endpoint, self._key, self._model = endpoint, key, model
        self._request, self._timeout = request, timeout_seconds
        self._client: Any = None

    async def start(self) -> None:
        import httpx2
        import openai

        for noisy in ("httpx2", "httpx", "openai"):
            if logging.getLogger(noisy).level == logging.NOTSET:
                logging.getLogger(noisy).setLevel(logging.WARNING)  # one line per request otherwise
        try:
            transport = openai.DefaultAioHttpClient()
        except RuntimeError:  # without aiohttp: half the speed, same answers
            transport = openai.DefaultAsyncHttpx2Client()
        self._client = openai.AsyncOpenAI(
            api_key=self._key,
            base_url=self._endpoint,
            max_retries=0,
            timeout=httpx2.Timeout(self._timeout, connect=min(10.0, self._timeout)),
            http_client=transport,
        )
        transport.event_hooks = {"response": [_stay_there]}
        self._openai, self._cast_to = openai, httpx2.Response

    async def stop(self) -> None:
        await self._client.close()

    def notes(self) -> Notes:
        return {}

    async def send(self, unit: Unit) -> Reply:
        openai = self._openai
        body = {"model": self._model, **unit.body, **self._request}
        try:  # the bytes are wanted before any parsing, so that they can be committed first
            path = "/completions" if unit.kind == "completion" else "/chat/completions"
            response = await self._client.post(path, body=body, cast_to=self._cast_to)
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, Trouble):  # of _stay_there
                raise error.__cause__ from None
            raise _lost(error, self._endpoint) from error
        except openai.APIStatusError as error:
            trouble = _trouble(error)
            if unit.kind == "completion" and error.status_code in (404, 405):
                trouble.mend = f"{trouble.mend}. {NO_COMPLETIONS}"
            raise trouble from error
        return Reply(response.content, response.status_code, response.headers.get("x-request-id"))


async def _stay_there(response: Any) -> None:
    stay_there(response)


def stay_there(response: Any) -> None:
    """Refuse a redirect to another origin, before the prompt is sent there."""
    if response.has_redirect_location:
        raise_if_elsewhere(str(response.url), response.headers["location"], response.status_code)


def _lost(error: BaseException, endpoint: str) -> Trouble:
    """Sort a connection error: no answer in time, never connected, or lost on the way.

    The SDK's aiohttp transport calls every connection error a ConnectTimeout, so the names of the causes decide.
    """
    names: set[str] = set()
    told = ""
    link: BaseException | None = error
    while link is not None:
        names.update(kind.__name__ for kind in type(link).__mro__)
        told = str(link) or told
        link = link.__cause__ or link.__context__
    if names & {"ReadTimeout", "WriteTimeout", "SocketTimeoutError"}:
        return Trouble("timeout", "the request timed out")
    never = names & {"ClientConnectorError", "ConnectError", "ConnectionTimeoutError", "PoolTimeout"}
    return Trouble("retry", f"no connection to {endpoint}: {told}"[:300], maybe_charged=not never)


def _trouble(error: Any) -> Trouble:
    """Sort an HTTP error: stop, wait or reject."""
    status, code = error.status_code, str(error.code or "")
    headers = error.response.headers
    body = error.body if isinstance(error.body, dict) else {}
    said = str(body.get("message") or error.response.text[:300] or error)
    detail = f"HTTP {status}: {said[:300]}"
    request_id = headers.get("x-request-id")
    if status in (401, 403):
        return Trouble("stop", detail, status, request_id=request_id, mend="Check the key and what it may use")
    if status == 402 or code in ("insufficient_quota", "billing_hard_limit_reached"):
        return Trouble(
            "stop", f"the quota is used up ({detail})", status, request_id=request_id, mend="Raise the quota"
        )
    if status == 404:
        return Trouble("stop", detail, status, request_id=request_id, mend="Check base_url and model")
    if status == 429:
        return Trouble("limited", detail, status, retry_after(headers), request_id)
    if status in (408, 409) or status >= 500:
        return Trouble("retry", detail, status, retry_after(headers), request_id)
    return Trouble("rejected", detail, status, request_id=request_id)


def read(unit: Unit, raw: bytes) -> Read:
    """Read an answer of either form."""
    return read_completion(unit, raw) if unit.kind == "completion" else read_chat(unit, raw)


def read_completion(unit: Unit, raw: bytes) -> Read:
    """Read a completion of the older form; what its log-probabilities say is the asker's to judge. Pure."""
    try:
        body = json.loads(raw)
    except ValueError:
        return Read("garbage", "", {}, detail=f"not JSON: {raw[:80].decode('utf-8', 'replace')!r}")
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return Read("garbage", "", {}, detail="no choices")
    said, usage = choices[0].get("text"), body.get("usage") or {}
    if not isinstance(said, str) or not isinstance(usage, dict):
        return Read("garbage", "", {}, detail="a choice without text")
    told = (str(body.get("model") or ""), _tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens"))
    return Read("ok", said, body, *told)


def read_chat(unit: Unit, raw: bytes) -> Read:
    """Read a chat completion: its text, or why it is none. Pure, so it can be replayed from the ledger."""
    try:
        body = json.loads(raw)
    except ValueError:
        return Read("garbage", "", {}, detail=f"not JSON: {raw[:80].decode('utf-8', 'replace')!r}")
    if not isinstance(body, dict) or not isinstance(body.get("choices"), list) or not body["choices"]:
        said = body.get("error") if isinstance(body, dict) else None
        return Read("garbage", "", {}, detail=f"no choices{f': {said}' if said else ''}"[:300])
    choice = body["choices"][0]
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return Read("garbage", "", {}, detail="a choice without a message")
    usage = body.get("usage") or {}
    if not isinstance(usage, dict):
        return Read("garbage", "", {}, detail="a usage that is no object")
    told = (str(body.get("model") or ""), _tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens"))
    content = message.get("content")
    if isinstance(content, list):  # some servers send parts
        content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
    if content is not None and not isinstance(content, str):
        return Read("garbage", "", {}, detail="a message whose content is not text")
    reason = choice.get("finish_reason")
    if message.get("refusal"):
        return Read("refused", "", body, *told, detail=str(message["refusal"])[:300])
    if reason == "content_filter":
        return Read("filtered", "", body, *told)
    if reason == "length":
        return Read("cut_off", "", body, *told, detail="finish_reason is length")
    text = strip_thinking(content or "").strip()
    return Read("ok" if text else "empty", text, body, *told)


def _tokens(usage: JsonObject, name: str) -> int | None:
    """Give a number of tokens that the server counted, None when it says none. Raises ValueError for what is none."""
    value = usage.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value > MOST_TOKENS:
        raise ValueError(f"usage.{name} is {value!r}")
    return max(0, int(value))


def estimate(
    units: Iterable[Unit],
    *,
    model: str,
    base_url: str | None = None,
    request: Mapping[str, Any] | None = None,
    ledger: Path | None = None,
    free: bool = False,
) -> JsonObject:
    """Give what asking these units would take, without a key and without sending: requests, tokens, US dollars.

    Equal units count once; those that the ledger holds already count as `already_paid`. `usd` is None when the price is
    not known. Output tokens are the units' own expectation.
    """
    if is_recorded(base_url):
        n = sum(1 for _ in units)
        return {"service": "recorded", "requests": n, "in_tokens": 0, "out_tokens": 0, "chars": 0, "usd": 0.0}
    price = FREE if is_free(base_url, model, free) else price_of(model)
    identity = (endpoint_of(base_url), model, dict(request or {}))
    found = {}
    for unit in units:
        found[key_of("llm", identity, unit.kind, unit.body, unit.repeat, [])] = expect(
            unit, price if price.known else FREE
        )
    done = peek_done(ledger, list(found))
    todo = [row for key, row in found.items() if key not in done]
    return {
        "service": f"llm {model}",
        "requests": len(todo),
        "already_paid": len(done),
        "in_tokens": sum(row[0] for row in todo),
        "out_tokens": sum(row[1] for row in todo),
        "chars": sum(row[2] for row in todo),
        "usd": round(sum(row[3] for row in todo), 4) if price.known else None,
    }
