"""An OpenAI-compatible server with files and batches, for tests: `reply(body)` answers when a batch is polled.

`script(batch number)` names how a batch ends: "completed", "expired" or "cancelled" (half is answered), "failed", or
"lost" (created, but the reply to its creation never arrives). `refuses_files` answers uploads with 403. Results come
in reversed order, as the real service promises no order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from .http_server import HttpServer, Request, Response
from .openai_server import completion, error


class BatchServer(HttpServer):
    """`with BatchServer(reply, script) as server: server.batches, server.files, server.chats`."""

    def __init__(
        self,
        reply: Callable[[dict[str, Any]], str | None],
        script: Callable[[int], str] = lambda n: "completed",
        polls: int = 2,
    ):
        super().__init__(self._answer)
        self._reply, self._script, self._polls = reply, script, polls
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.chats: list[dict[str, Any]] = []
        self._left: dict[str, int] = {}
        self.refuses_files = False

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def asked(self) -> list[str]:
        """The custom ids of every request of every batch."""
        ids = []
        for batch in self.batches.values():
            ids += [row["custom_id"] for row in self._rows(batch)]
        return ids

    def _rows(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files[batch["input_file_id"]].split(b"\n") if line.strip()]

    def _answer(self, request: Request) -> Response:
        path = request.path.split("?")[0].removeprefix("/v1")
        if path == "/files" and request.method == "POST":
            return error(403, "no files for you") if self.refuses_files else self._upload(request)
        if path == "/batches" and request.method == "POST":
            return self._create(request.json())
        if path == "/batches":
            rows = list(reversed(self.batches.values()))
            return Response(200, {"object": "list", "data": rows, "has_more": False})
        if path.startswith("/batches/"):
            return self._poll(path.removeprefix("/batches/"))
        if path.startswith("/files/") and path.endswith("/content"):
            return Response(200, self.files[path.split("/")[2]], {"content-type": "application/octet-stream"})
        if path == "/chat/completions":
            self.chats.append(request.json())
            text = self._reply(request.json())
            return Response(200, completion(text)) if text is not None else error(400, "bad request")
        return error(404, f"no such path: {path}")

    def _upload(self, request: Request) -> Response:
        boundary = re.search(r"boundary=([^;]+)", request.headers["content-type"])[1].strip('"').encode()
        part = next(p for p in request.body.split(b"--" + boundary) if b'name="file"' in p)
        content = part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
        name = f"file-{len(self.files)}"
        self.files[name] = content
        row = {"id": name, "object": "file", "bytes": len(content), "created_at": 1, "filename": "b.jsonl"}
        return Response(200, {**row, "purpose": "batch", "status": "processed"})

    def _create(self, body: dict[str, Any]) -> Response:
        number = len(self.batches)
        name = f"batch-{number}"
        row = {"id": name, "object": "batch", "status": "validating", "created_at": 1, "errors": None}
        self.batches[name] = {**body, **row, "output_file_id": None, "error_file_id": None}
        self._left[name] = self._polls
        lost = self._script(number) == "lost"
        return Response(200, self.batches[name], half=lost)

    def _poll(self, name: str) -> Response:
        batch = self.batches[name]
        how = self._script(int(name.split("-")[1]))
        self._left[name] -= 1
        if self._left[name] > 0:
            batch["status"] = "in_progress"
        elif batch["status"] not in ("completed", "expired", "cancelled", "failed"):
            self._end(name, batch, "completed" if how == "lost" else how)
        rows = self._rows(batch)
        batch["request_counts"] = {"total": len(rows), "completed": 0, "failed": 0}
        return Response(200, batch)

    def _end(self, name: str, batch: dict[str, Any], how: str) -> None:
        batch["status"] = how
        if how == "failed":
            errors = [{"code": "token_limit", "message": "Enqueued token limit reached", "line": None, "param": None}]
            batch["errors"] = {"object": "list", "data": errors}
            return
        good, bad = [], []
        rows = list(reversed(self._rows(batch)))
        for i, row in enumerate(rows):
            base = {"id": f"r{i}", "custom_id": row["custom_id"]}
            text = self._reply(row["body"])
            if how in ("expired", "cancelled") and i >= len(rows) / 2:
                bad.append({**base, "response": None, "error": {"code": f"batch_{how}", "message": "too late"}})
            elif text is None:
                bad.append({**base, "response": {"status_code": 400, "body": {"error": {}}}, "error": None})
            else:
                response = {"status_code": 200, "request_id": f"q{i}", "body": completion(text)}
                good.append({**base, "response": response, "error": None})
        for key, lines in (("output_file_id", good), ("error_file_id", bad)):
            if lines:
                batch[key] = f"file-{len(self.files)}"
                self.files[batch[key]] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
