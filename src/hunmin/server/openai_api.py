"""The OpenAI-compatible endpoint over a loaded model: chat and completions, streamed or whole, errors in its shape."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any, TypeVar

from ..artifacts.rows import JsonObject, Shown
from ..models import Loaded, Piece, prompt_logprobs
from .bodies import Asked, Refused, read_chat, read_completion
from .guard import MAX_BODY, host_allowed
from .worker import Busy, Worker

log = logging.getLogger("hunmin")
T = TypeVar("T")


def app(
    loaded: Loaded,
    worker: Worker,
    served: str,
    *,
    host: str = "127.0.0.1",
    allowed_hosts: tuple[str, ...] = (),
    api_key: str = "",
    max_new_tokens: int = 512,
) -> Any:
    """Give the ASGI application that answers as `served`, to the bearer of `api_key` when there is one."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route

    created = int(time.time())

    def refuse(error: Refused) -> Any:
        headers = {"Retry-After": "1"} if error.status == 429 else {}
        return JSONResponse(error.body, status_code=error.status, headers=headers)

    async def on_http_error(request: Any, error: Any) -> Any:
        texts = {404: f"Unknown request URL: {request.method} {request.url.path}.", 405: "Not allowed here."}
        return refuse(Refused(texts.get(error.status_code, str(error.detail)), None, "unknown_url", error.status_code))

    async def answering(request: Any, kind: str) -> Any:
        try:
            _check(request, host, allowed_hosts, api_key)
            body = await _body(request)
            if kind == "chat":
                asked = read_chat(body, loaded, served, max_new_tokens)
            else:
                asked = read_completion(body, loaded, served)
            if asked.stream and asked.echo:
                raise Refused("echo cannot be streamed.", "echo", "unsupported_parameter")
            worker.require_room(sum(map(len, asked.requests)))
            shape = _Shape(kind, served, loaded)
            if asked.stream:
                first = await _unless_gone(request, _first_events(asked, shape, worker))
                return StreamingResponse(first, media_type="text/event-stream", headers={"cache-control": "no-cache"})
            choices, n_answer = await _unless_gone(request, _choices(asked, shape, worker))
            return JSONResponse(shape.envelope(False, choices=choices, usage=_usage(asked, n_answer)))
        except _Gone:
            return Response(status_code=499)
        except Refused as error:
            return refuse(error)
        except Busy:
            return refuse(Refused("Too many requests wait already; try again.", None, "server_busy", 429))
        except Exception as error:
            log.exception("a request failed")
            return refuse(Refused(f"The model failed: {type(error).__name__}: {error}", None, None, 500))

    async def chat(request: Any) -> Any:
        return await answering(request, "chat")

    async def completion(request: Any) -> Any:
        return await answering(request, "completion")

    card = {"id": served, "object": "model", "created": created, "owned_by": "hunmin"}
    card |= {"max_model_len": loaded.max_length}

    async def list_models(request: Any) -> Any:
        try:
            _check(request, host, allowed_hosts, api_key)
        except Refused as error:
            return refuse(error)
        return JSONResponse({"object": "list", "data": [card]})

    async def one_model(request: Any) -> Any:
        try:
            _check(request, host, allowed_hosts, api_key)
            name = request.path_params["name"]
            if name != served:
                raise Refused(f"The model `{name}` does not exist.", "model", "model_not_found", 404)
        except Refused as error:
            return refuse(error)
        return JSONResponse(card)

    async def health(request: Any) -> Any:
        if not host_allowed(request.headers.get("host", ""), host, allowed_hosts):
            return refuse(Refused("This host name is not served here.", None, "wrong_host", 403))
        return JSONResponse({"status": "ok", "running": worker.running, "waiting": worker.waiting})

    routes = [
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/completions", completion, methods=["POST"]),
        Route("/v1/models", list_models),
        Route("/v1/models/{name:path}", one_model),
        Route("/health", health),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: on_http_error})


def _check(request: Any, host: str, allowed_hosts: tuple[str, ...], api_key: str) -> None:
    """Refuse what a website could send from the user's browser, and who lacks the key."""
    name = request.headers.get("host", "")
    if not host_allowed(name, host, allowed_hosts):
        raise Refused("This host name is not served here.", None, "wrong_host", 403)
    origin = request.headers.get("origin")
    if origin is not None and origin != f"http://{name}":
        raise Refused("Asked from another site.", None, "wrong_origin", 403)
    if api_key:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not secrets.compare_digest(given.encode(), api_key.encode()):
            raise Refused("Incorrect API key provided.", None, "invalid_api_key", 401)


async def _body(request: Any) -> Any:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise Refused("Content-Type must be application/json.", None, None, 415)
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > MAX_BODY:
            raise Refused(f"The body is over {MAX_BODY >> 20} MB.", None, None, 413)
    try:
        body = json.loads(data)
        json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair is no text, in keys neither
        return body
    except (ValueError, RecursionError) as error:  # no JSON, nested too deeply, a number of too many digits
        raise Refused(f"We could not parse the JSON body of your request: {str(error)[:200]}") from error


# --- answers ---


class _Shape:
    """How one answer looks: ids, tokens as text, log-probabilities in the endpoint's form."""

    def __init__(self, kind: str, served: str, loaded: Loaded):
        self.kind, self.served, self.loaded = kind, served, loaded
        prefix = "chatcmpl" if kind == "chat" else "cmpl"
        self.id, self.created = f"{prefix}-{secrets.token_hex(12)}", int(time.time())

    def envelope(self, streamed: bool, **rest: Any) -> Shown:
        names = {
            ("chat", False): "chat.completion",
            ("chat", True): "chat.completion.chunk",
        }
        name = names.get((self.kind, streamed), "text_completion")
        return {"id": self.id, "object": name, "created": self.created, "model": self.served, **rest}

    def token(self, token: int) -> str:
        """Give a token as text; half a character goes by the tokenizer's own name, so that names stay distinct."""
        text = self.loaded.tokenizer.decode([token], skip_special_tokens=False)
        return str(self.loaded.tokenizer.convert_ids_to_tokens(token)) if "\ufffd" in text or not text else text

    def chat_logprobs(self, pieces: list[Piece]) -> JsonObject:
        def one(token: int, value: float) -> Shown:
            text = self.token(token)
            return {"token": text, "logprob": value, "bytes": list(text.encode())}

        rows = [
            {**one(p.token, p.logprob or 0.0), "top_logprobs": [one(*t) for t in p.top]}
            for p in pieces
            if p.token not in self.loaded.stop_ids
        ]
        return {"content": rows, "refusal": None}

    def completion_logprobs(self, rows: list[Any], start: int = 0) -> JsonObject:
        """Give (token, log-probability or None, likeliest) rows in the older form; offsets count characters."""
        tokens = [self.token(token) for token, _, _ in rows]
        offsets, at = [], start
        for text in tokens:
            offsets.append(at)
            at += len(text)
        top = [None if value is None else {self.token(i): v for i, v in best} for _, value, best in rows]
        return {
            "tokens": tokens,
            "token_logprobs": [value for _, value, _ in rows],
            "top_logprobs": top,
            "text_offset": offsets,
        }


def _usage(asked: Asked, n_answer: int) -> dict[str, int]:
    n_prompt = sum(map(len, asked.prompts))
    return {"prompt_tokens": n_prompt, "completion_tokens": n_answer, "total_tokens": n_prompt + n_answer}


class _Gone(Exception):
    """The client went away."""


async def _unless_gone(request: Any, work: Coroutine[Any, Any, T]) -> T:
    """Give what `work` gives. Raises _Gone when the client goes away meanwhile; the work is stopped then."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            continue

    task, watch = asyncio.ensure_future(work), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise _Gone
        return task.result()
    finally:
        for one in (task, watch):
            one.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def _all(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Give what each gives; when one fails the others are stopped, since nobody waits for them."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _choices(asked: Asked, shape: _Shape, worker: Worker) -> tuple[list[Shown], int]:
    async def collect(one: Any) -> list[Piece]:
        return [piece async for piece in worker.pieces(one)] if asked.n_new else []

    echoed: list[Any] = [[] for _ in asked.prompts]
    if asked.echo and asked.logprobs is not None:
        top = asked.logprobs
        for i, ids in enumerate(asked.prompts):
            known = await worker.call(lambda ids=ids: prompt_logprobs(shape.loaded, ids, top))  # type: ignore[misc]  # the default binds the loop variable
            echoed[i] = [(t, *(k or (None, ()))) for t, k in zip(ids, known, strict=True)]
    made = await _all(collect(r) for group in asked.requests for r in group)
    choices, n_answer, index = [], 0, 0
    for i, group in enumerate(asked.requests):
        for _ in group:
            pieces = made[index]
            n_answer += len(pieces)
            text = "".join(piece.text for piece in pieces)
            reason = pieces[-1].finish_reason if pieces else "length"
            choice: Shown = {"index": index, "finish_reason": reason, "logprobs": None}
            if shape.kind == "chat":
                choice["message"] = {"role": "assistant", "content": text, "refusal": None}
                if asked.logprobs is not None:
                    choice["logprobs"] = shape.chat_logprobs(pieces)
            else:
                choice["text"] = (asked.texts[i] if asked.echo else "") + text
                if asked.logprobs is not None:
                    rows = [*echoed[i], *((p.token, p.logprob, p.top) for p in pieces)]
                    choice["logprobs"] = shape.completion_logprobs(rows)
            choices.append(choice)
            index += 1
    return choices, n_answer


async def _first_events(asked: Asked, shape: _Shape, worker: Worker) -> AsyncIterator[bytes]:
    """Start the work and give its event stream; what fails before the first token still gets its own status."""
    merged: asyncio.Queue[Any] = asyncio.Queue()
    requests = [one for group in asked.requests for one in group]

    async def feed(index: int, one: Any) -> None:
        try:
            async for piece in worker.pieces(one):
                merged.put_nowait((index, piece))
        except Exception as error:
            merged.put_nowait((index, error))

    tasks = [asyncio.ensure_future(feed(i, one)) for i, one in enumerate(requests)]
    try:
        first = await merged.get()
        if isinstance(first[1], Exception):
            raise first[1]
    except BaseException:  # also when the client went away while it waited
        for task in tasks:
            task.cancel()
        raise
    return _events(asked, shape, merged, first, tasks)


async def _events(asked: Asked, shape: _Shape, merged: Any, first: Any, tasks: list[Any]) -> AsyncIterator[bytes]:
    def event(value: Any) -> bytes:
        return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()

    def chunk(index: int, delta: Any, reason: str | None = None, logprobs: Any = None) -> bytes:
        choice = {"index": index, "finish_reason": reason, "logprobs": logprobs}
        choice |= {"delta": delta} if shape.kind == "chat" else {"text": delta}
        extra = {"usage": None} if asked.include_usage else {}
        return event(shape.envelope(True, choices=[choice], **extra))

    n_answer, offsets, left = 0, [0] * len(tasks), len(tasks)
    try:
        if shape.kind == "chat":
            for i in range(len(tasks)):
                yield chunk(i, {"role": "assistant", "content": ""})
        item = first
        while True:
            index, piece = item
            if isinstance(piece, Exception):
                yield event(Refused(f"The model failed: {piece}", None, None, 500).body)
                break
            n_answer += 1
            logprobs: JsonObject | None = None
            if asked.logprobs is not None:
                if shape.kind == "chat":
                    logprobs = shape.chat_logprobs([piece])
                else:
                    logprobs = shape.completion_logprobs([(piece.token, piece.logprob, piece.top)], offsets[index])
                    offsets[index] += len(logprobs["tokens"][0])
            if piece.text or (logprobs and piece.finish_reason is None):
                yield chunk(index, {"content": piece.text} if shape.kind == "chat" else piece.text, None, logprobs)
                logprobs = None
            if piece.finish_reason is not None:
                yield chunk(index, {} if shape.kind == "chat" else "", piece.finish_reason, logprobs)
                left -= 1
                if not left:
                    break
            item = await merged.get()
        if asked.include_usage:
            yield event(shape.envelope(True, choices=[], usage=_usage(asked, n_answer)))
        yield b"data: [DONE]\n\n"
    finally:
        for task in tasks:
            task.cancel()
