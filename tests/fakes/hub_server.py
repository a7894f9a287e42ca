"""A Hub that keeps repositories in memory and speaks huggingface_hub's protocol, on a real port.

`with HubServer() as hub: hub.url, hub.repos, hub.requests`; run the client with HF_ENDPOINT=hub.url and
HF_HUB_DISABLE_XET=1 in a subprocess (both are read at import). Faults: `hub.fail(method, part of the path, status,
times)`; tokens that may write: `hub.tokens`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .http_server import HttpServer, Request, Response

LFS_NAMES = (".safetensors", ".bin", ".parquet", ".gguf")
LFS_BYTES = 1 << 20


def blob_oid(data: bytes) -> str:
    """Give git's id of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass
class Repo:
    """One repository: its files now, and what each file's id is."""

    private: bool
    gated: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    lfs: set[str] = field(default_factory=set)
    commits: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def sha(self) -> str:
        return self.commits[-1]

    def oid(self, path: str) -> str:
        data = self.files[path]
        return hashlib.sha256(data).hexdigest() if path in self.lfs else blob_oid(data)


class HubServer(HttpServer):
    def __init__(self, tokens: tuple[str, ...] = ("hf_test",), user: str = "tester", port: int = 0):
        super().__init__(self._answer, port)
        self.tokens, self.user = tokens, user
        self.repos: dict[tuple[str, str], Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self._faults: list[list[Any]] = []

    def fail(self, method: str, part: str, status: int, times: int = 1, half: bool = False) -> None:
        """Answer the next `times` matching requests with this status."""
        self._faults.append([method, part, status, times, half])

    def repo(self, what: str, name: str) -> Repo:
        return self.repos[what, name]

    def add(self, what: str, name: str, files: dict[str, bytes], private: bool = False, gated: bool = False) -> Repo:
        """Put a repository there, as if someone had published it."""
        repo = Repo(private, gated, dict(files), {p for p in files if p.endswith(LFS_NAMES)}, [_commit_id(name, 0)])
        self.repos[what, name] = repo
        return repo

    def sent(self, method: str, part: str) -> list[Request]:
        return [r for r in self.requests if r.method == method and part in r.path]

    # --- the protocol ---

    def _answer(self, request: Request) -> Response:
        for fault in self._faults:
            if fault[3] > 0 and fault[0] == request.method and fault[1] in request.path:
                fault[3] -= 1
                return Response(fault[2], {"error": f"fault {fault[2]}"}, half=fault[4])
        url = urlsplit(request.path)
        path, query = unquote(url.path), parse_qs(url.query)
        for method, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, path)
            if method in (request.method, "GET" if request.method == "HEAD" else "") and match:
                response = handler(self, request, query, **match.groupdict())
                break
        else:
            response = _error(404, "EntryNotFound", f"no route for {request.method} {path}")
        if request.method == "HEAD" and "content-length" not in response.headers:
            response.body = b""
        return response

    def _may(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens

    def _find(self, request: Request, what: str, name: str, write: bool = False) -> Repo | Response:
        repo = self.repos.get((what, name))
        if write and not self._may(request):
            return Response(401, {"error": "Invalid username or password."})
        if repo is None or (repo.private and not self._may(request)):
            return _error(404 if self._may(request) else 401, "RepoNotFound", "Repository not found")
        return repo

    def create(self, request: Request, query: dict) -> Response:
        if not self._may(request):
            return Response(401, {"error": "Invalid username or password."})
        body = request.json()
        owner, what = body.get("organization") or self.user, body.get("type") or "model"
        if owner not in (self.user, "our-lab"):
            return Response(
                403, {"error": f'You don\'t have the rights to create a {what} under the namespace "{owner}"'}
            )
        name = f"{owner}/{body['name']}"
        url = f"{self.url}/{'datasets/' if what == 'dataset' else ''}{name}"
        if (what, name) in self.repos:
            return Response(409, {"error": "You already created this repo", "url": url})
        self.repos[what, name] = Repo(body.get("visibility") == "private", commits=[_commit_id(name, 0)])
        return Response(200, {"url": url, "name": name, "id": name})

    def validate(self, request: Request, query: dict) -> Response:
        content = request.json()["content"]
        if "license: not-a-licence" in content:
            return Response(400, {"errors": [{"message": '"license" must be one of the known ids'}], "warnings": []})
        return Response(200, {"errors": [], "warnings": []})

    def preupload(self, request: Request, query: dict, kind: str, name: str, rev: str) -> Response:
        repo = self._find(request, kind, name, write=True)
        if isinstance(repo, Response):
            return repo
        rows = []
        for row in request.json()["files"]:
            large = row["path"].endswith(LFS_NAMES) or row["size"] > LFS_BYTES
            oid = repo.oid(row["path"]) if row["path"] in repo.files else None
            mode = "lfs" if large else "regular"
            rows.append({"path": row["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return Response(200, {"files": rows})

    def batch(self, request: Request, query: dict, name: str, prefix: str = "") -> Response:
        objects = []
        for row in request.json()["objects"]:
            found = {"oid": row["oid"], "size": row["size"]}
            if row["oid"] not in self.blobs:
                found["actions"] = {"upload": {"href": f"{self.url}/lfs-put/{row['oid']}"}}
            objects.append(found)
        return Response(200, {"transfer": "basic", "objects": objects})

    def put(self, request: Request, query: dict, oid: str) -> Response:
        if hashlib.sha256(request.body).hexdigest() != oid:
            return Response(400, {"error": "sha256 differs"})
        self.blobs[oid] = request.body
        return Response(200, {})

    def commit(self, request: Request, query: dict, kind: str, name: str, rev: str) -> Response:
        repo = self._find(request, kind, name, write=True)
        if isinstance(repo, Response):
            return repo
        lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, repo.sha):
            return Response(412, {"error": "A commit has happened since. Please refresh and try again."})
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                repo.files[value["path"]] = base64.b64decode(value["content"])
                repo.lfs.discard(value["path"])
            elif line["key"] == "lfsFile":
                repo.files[value["path"]] = self.blobs[value["oid"]]
                repo.lfs.add(value["path"])
            elif line["key"] == "deletedFile":
                repo.files.pop(value["path"], None)
        repo.commits.append(_commit_id(name, len(repo.commits)))
        repo.messages.append(header["summary"])
        prefix = "datasets/" if kind == "dataset" else ""
        url = f"{self.url}/{prefix}{name}/commit/{repo.sha}"
        return Response(200, {"success": True, "commitOid": repo.sha, "commitUrl": url, "pullRequestUrl": None})

    def info(self, request: Request, query: dict, kind: str, name: str, rev: str | None = None) -> Response:
        repo = self._find(request, kind, name)
        if isinstance(repo, Response):
            return repo
        if rev and rev not in ("main", *repo.commits):
            return _error(404, "RevisionNotFound", f"Invalid rev id: {rev}")
        body = {
            "id": name, "sha": repo.sha, "private": repo.private, "gated": "manual" if repo.gated else False,
            "tags": [], "downloads": 0, "likes": 0, "lastModified": "2026-01-01T00:00:00.000Z",
            "siblings": [{"rfilename": p} for p in sorted(repo.files)],
        }  # fmt: skip
        return Response(200, body)

    def tree(self, request: Request, query: dict, kind: str, name: str, rev: str, path: str | None = None) -> Response:
        repo = self._find(request, kind, name)
        if isinstance(repo, Response):
            return repo
        start = f"{path.strip('/')}/" if path else ""
        inside = [p for p in sorted(repo.files) if p.startswith(start)]
        if start and not inside:
            return _error(404, "EntryNotFound", f"{path} does not exist")
        rows = [self._entry(repo, p) for p in inside if query.get("recursive") or "/" not in p[len(start) :]]
        folders = sorted({start + p[len(start) :].split("/")[0] for p in inside if "/" in p[len(start) :]})
        rows += [{"type": "directory", "oid": "0" * 40, "size": 0, "path": folder} for folder in folders]
        return Response(200, rows)

    def paths_info(self, request: Request, query: dict, kind: str, name: str, rev: str) -> Response:
        repo = self._find(request, kind, name)
        if isinstance(repo, Response):
            return repo
        raw = request.body.decode()
        asked = json.loads(raw)["paths"] if raw.startswith("{") else parse_qs(raw).get("paths", [])
        return Response(200, [self._entry(repo, p) for p in asked if p in repo.files])

    def _entry(self, repo: Repo, path: str) -> dict[str, Any]:
        data = repo.files[path]
        row: dict[str, Any] = {"type": "file", "oid": blob_oid(data), "size": len(data), "path": path}
        if path in repo.lfs:
            row["lfs"] = {"oid": repo.oid(path), "size": len(data), "pointerSize": 134}
        return row

    def resolve(self, request: Request, query: dict, name: str, rev: str, path: str, prefix: str = "") -> Response:
        repo = self._find(request, "dataset" if prefix else "model", name)
        if isinstance(repo, Response):
            return repo
        if repo.gated and not self._may(request):
            return _error(
                401, "GatedRepo", f"Access to {name} is restricted. Visit {self.url}/{name} to ask for access."
            )
        if path not in repo.files:
            return _error(404, "EntryNotFound", "Entry not found")
        data = repo.files[path]
        headers = {"x-repo-commit": repo.sha, "etag": f'"{repo.oid(path)}"', "accept-ranges": "bytes"}
        if path in repo.lfs:
            headers |= {"x-linked-etag": f'"{repo.oid(path)}"', "x-linked-size": str(len(data))}
        if request.method == "HEAD":
            return Response(200, b"", {**headers, "content-length": str(len(data))})
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if asked:
            first, last = int(asked[1]), int(asked[2] or len(data) - 1)
            headers["content-range"] = f"bytes {first}-{min(last, len(data) - 1)}/{len(data)}"
            return Response(206, data[first : last + 1], headers)
        return Response(200, data, headers)

    def whoami(self, request: Request, query: dict) -> Response:
        if not self._may(request):
            return Response(401, {"error": "Invalid username or password."})
        auth = {"accessToken": {"role": "write", "displayName": "test"}}
        return Response(200, {"type": "user", "name": self.user, "orgs": [], "auth": auth})


def _commit_id(name: str, n: int) -> str:
    return hashlib.sha1(f"{name} {n}".encode()).hexdigest()


def _error(status: int, code: str, message: str) -> Response:
    return Response(status, {"error": message}, {"x-error-code": code, "x-error-message": message})


def _kind(handler: Any) -> Any:
    """The API says models and datasets, the server keeps them as model and dataset."""

    def with_kind(server: HubServer, request: Request, query: dict, kind: str, **more: Any) -> Response:
        return handler(server, request, query, kind=kind.rstrip("s"), **more)

    return with_kind


_T, _ID = r"(?P<kind>models|datasets)", r"(?P<name>[\w.-]+/[\w.-]+)"
ROUTES = [
    ("POST", "/api/repos/create", HubServer.create),
    ("POST", "/api/validate-yaml", HubServer.validate),
    ("GET", "/api/whoami-v2", HubServer.whoami),
    ("POST", rf"/api/{_T}/{_ID}/preupload/(?P<rev>[\w.-]+)", _kind(HubServer.preupload)),
    ("POST", rf"/api/{_T}/{_ID}/commit/(?P<rev>[\w.-]+)", _kind(HubServer.commit)),
    ("POST", rf"/api/{_T}/{_ID}/paths-info/(?P<rev>[\w.-]+)", _kind(HubServer.paths_info)),
    ("GET", rf"/api/{_T}/{_ID}/tree/(?P<rev>[\w.-]+)(?P<path>/.*)?", _kind(HubServer.tree)),
    ("GET", rf"/api/{_T}/{_ID}(?:/revision/(?P<rev>[\w.-]+))?", _kind(HubServer.info)),
    ("POST", rf"/(?P<prefix>datasets/)?{_ID}\.git/info/lfs/objects/batch", HubServer.batch),
    ("PUT", r"/lfs-put/(?P<oid>[0-9a-f]{64})", HubServer.put),
    ("GET", rf"/(?P<prefix>datasets/)?{_ID}/resolve/(?P<rev>[\w.-]+)/(?P<path>.+)", HubServer.resolve),
]
