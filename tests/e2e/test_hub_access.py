"""A Hub id that is gated or missing is named before anything is spent; huggingface_hub reads its settings at import."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.fakes.http_server import HttpServer, Request, Response

CODE = """
import sys
from hunmin.clients.hub import require_access
from hunmin.errors import UserError
try:
    require_access(sys.argv[2:], sys.argv[1])
    print("open")
except UserError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def hub(request: Request) -> Response:
    if not request.path.endswith("/auth-check"):
        return Response(404, {"error": "no such path"})
    if "org/open" in request.path:
        return Response(200, {})
    if "org/gated" in request.path:
        if request.headers.get("authorization") == "Bearer hf_may":
            return Response(200, {})
        return Response(403, {"error": "Access restricted"}, {"X-Error-Code": "GatedRepo"})
    return Response(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})


def ask(endpoint: str, tmp_path, *arguments: str, **environment: str) -> tuple[int, str]:
    base = {k: v for k, v in os.environ.items() if k not in ("HF_HUB_OFFLINE", "HF_TOKEN")}
    env = {**base, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path), "PYTHONPATH": "src", **environment}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def test_gated_missing_open_and_offline(tmp_path):
    with HttpServer(hub) as server:
        assert ask(server.url, tmp_path, "model", "org/open", "tiny:llama", str(tmp_path)) == (0, "open\n")
        code, said = ask(server.url, tmp_path, "model", "org/open", "org/gated")
        assert code == 2 and "'org/gated' is gated" in said and f"{server.url}/org/gated" in said
        assert ask(server.url, tmp_path, "model", "org/gated", HF_TOKEN="hf_may") == (0, "open\n")
        code, said = ask(server.url, tmp_path, "dataset", "org/missing")
        assert code == 2 and "no dataset 'org/missing'" in said and f"{server.url}/datasets/org/missing" in said
        code, said = ask(server.url, tmp_path, "model", "org/open", HF_HUB_OFFLINE="1")
        assert code == 2 and "not in the cache" in said
    code, said = ask(server.url, tmp_path, "model", "org/open")
    assert code == 2 and "cannot be looked up" in said
