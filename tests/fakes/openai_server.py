"""An OpenAI-compatible chat server for tests: answers every chat, or what its script says.

`script(n, body)` (n counted from 0, body the parsed request) gives a Response, a text to answer with, or None for the
default answer. The ready-made faults below are what real servers and proxies do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .http_server import HttpServer, Request, Response


def completion(text: str | None, finish_reason: str = "stop", model: str = "test", **message: Any) -> dict[str, Any]:
    """Give the body of a chat completion."""
    n = len(text or "")
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": text, **message},
            }
        ],
        "usage": {"prompt_tokens": 20, "completion_tokens": n, "total_tokens": 20 + n},
    }


def error(status: int, message: str = "scripted", code: str | None = None, **headers: str) -> Response:
    """Give an error as OpenAI words it; header names with _ for -."""
    body = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    return Response(status, body, {k.replace("_", "-"): v for k, v in headers.items()})


HTML = Response(200, b"<html><body>Welcome to the proxy</body></html>", {"content-type": "text/html"})
BROKEN_JSON = Response(200, b'{"id": "chatcmpl-1", "choices": [{"index": 0, "mess')
NO_CHOICES = Response(200, {"error": {"message": "upstream failed"}})
HALF = Response(200, completion("절반"), half=True)


class OpenAIServer(HttpServer):
    """`with OpenAIServer(script) as server: open_client(base_url=server.base_url, ...)`."""

    def __init__(self, script: Callable[[int, dict[str, Any]], Any] | None = None, port: int = 0, delay: float = 0.0):
        super().__init__(self._answer, port)
        self._script, self._n, self._delay = script, 0, delay

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def chats(self) -> list[dict[str, Any]]:
        """The bodies of all chat requests, in order of arrival."""
        return [json.loads(r.body) for r in self.requests if r.path.endswith("/chat/completions")]

    def _answer(self, request: Request) -> Response:
        if not request.path.endswith("/chat/completions"):
            return error(404, f"no such path: {request.path}")
        body = request.json()
        n, self._n = self._n, self._n + 1
        found = self._script(n, body) if self._script else None
        if isinstance(found, Response):
            return found
        text = found if isinstance(found, str) else f"답: {body['messages'][-1]['content'][:200]}"
        return Response(200, completion(text, model=body.get("model", "test")), delay=self._delay)
