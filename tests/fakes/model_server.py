"""An OpenAI-compatible chat server in whose body a real, tiny model answers; for judges and raters end to end."""

from __future__ import annotations

import threading
from typing import Any

from .http_server import HttpServer, Request, Response
from .openai_server import completion, error


class ModelServer(HttpServer):
    """`with ModelServer("tiny:llama", template="kullm") as server: server.base_url, server.replies`."""

    def __init__(self, model: str, template: str, max_new_tokens: int = 24):
        super().__init__(self._answer)
        from hunmin import models

        self._models, self._max_new_tokens = models, max_new_tokens
        self._loaded = models.load(model, template=template)
        self._lock = threading.Lock()
        self.replies: list[str] = []

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def _answer(self, request: Request) -> Response:
        if not request.path.endswith("/chat/completions"):
            return error(404, f"no such path: {request.path}")
        body: dict[str, Any] = request.json()
        if "response_format" in body:
            return error(400, "response_format is not supported")
        prompt = self._models.prompt(self._loaded, body["messages"])
        room = (self._loaded.max_length or 10**6) - len(self._loaded.encode(prompt))
        if room < 1:
            return error(400, "the prompt is longer than the context", code="context_length_exceeded")
        n = min(body.get("max_tokens") or self._max_new_tokens, room)
        with self._lock:
            (made,) = self._models.generate(self._loaded, [prompt], max_new_tokens=n)
        self.replies.append(made.text)
        return Response(200, completion(made.text, made.finish_reason, body["model"]))
