"""Who may talk to a local page: the holder of its one-time link, from the same origin, under a strict policy.

A page on 127.0.0.1 is reachable by every website the user has open. Against DNS rebinding the Host header is checked,
against forged requests the Origin and a strict cookie, against script in the data a policy that runs only our files.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import secrets
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..errors import UserError

LOCAL = ("127.0.0.1", "localhost", "::1")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
SHARED = Path(__file__).parent / "shared"  # what every page has: /shared.js, /icon.svg
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
MAX_BODY = 8 * 1024 * 1024


def host_allowed(header: str, bound: str, extra: Iterable[str] = ()) -> bool:
    """Tell whether a Host header names this machine: never a foreign domain, whatever address it resolves to.

    Bound to another address than this machine's own, any IP address will do: rebinding needs a name.
    """
    try:
        name = (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return False
    if name in LOCAL or name in {e.lower() for e in extra}:
        return True
    if bound in LOCAL:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name == bound.lower()
    return True


class Doorman:
    """The page's keys: a link works once and becomes a cookie; each use makes a new link for another browser."""

    def __init__(self, name: str, on_new_link: Callable[[str], None] = lambda token: None):
        self.cookie = name
        self._session = secrets.token_urlsafe(32)
        self._token = secrets.token_urlsafe(24)
        self._on_new_link = on_new_link

    @property
    def token(self) -> str:
        return self._token

    def exchange(self, token: str) -> str | None:
        """Give the session's cookie value for a link's token, once; None for a wrong or used one."""
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return None
        self._token = secrets.token_urlsafe(24)
        self._on_new_link(self._token)
        return self._session

    def knows(self, cookie_header: str) -> bool:
        for part in cookie_header.split(";"):
            name, _, value = part.strip().partition("=")
            if name == self.cookie and secrets.compare_digest(value.encode(), self._session.encode()):
                return True
        return False


class Guard:
    """ASGI middleware that lets a request through to the page only past all checks, and puts the policy on answers."""

    def __init__(self, app: Any, doorman: Doorman, bound: str, extra_hosts: Iterable[str] = ()):
        self.app, self.doorman, self.bound, self.extra = app, doorman, bound, tuple(extra_hosts)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        send = _with_headers(send)
        refusal = self._refusal(scope, headers)
        if refusal is None and "token" in (query := parse_qs(scope["query_string"].decode("latin-1"))):
            if scope["path"] == "/" and scope["method"] == "GET":
                cookie = self.doorman.exchange(query["token"][0])
                if cookie is not None:
                    await _redirect(send, self.doorman.cookie, cookie)
                    return
        if refusal is None and not self.doorman.knows(headers.get("cookie", "")):
            refusal = (403, "This page opens with the link that the terminal shows; each link works once.")
        if refusal is not None:
            await _plain(send, *refusal)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Any, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not host_allowed(host, self.bound, self.extra):
            return 403, "This host name is not served here."
        site = headers.get("sec-fetch-site", "same-origin")
        if scope["method"] in ("GET", "HEAD"):
            # A link in a mail or terminal arrives as "none" or "cross-site"; only the start page may be asked so.
            if site not in ("same-origin", "none") and scope["path"] != "/":
                return 403, "Asked from another site."
            return None
        if scope["method"] != "POST":
            return 405, "Not a method of this page."
        if headers.get("origin") != f"http://{host}" or site != "same-origin":
            return 403, "Asked from another site."
        if headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return 415, "JSON only."
        length = headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            return 413, "Too large."
        return None


def _with_headers(send: Any) -> Any:
    async def wrapped(message: Any) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in HEADERS}
            own = [(k, v) for k, v in message.get("headers", []) if k.lower() not in names]
            message = {**message, "headers": [*own, *HEADERS]}
        await send(message)

    return wrapped


async def _redirect(send: Any, name: str, value: str) -> None:
    cookie = f"{name}={value}; HttpOnly; SameSite=Strict; Path=/"
    await _respond(send, 303, b"", [(b"location", b"/"), (b"set-cookie", cookie.encode())])


async def _plain(send: Any, status: int, text: str) -> None:
    await _respond(send, status, (text + "\n").encode(), [(b"content-type", b"text/plain; charset=utf-8")])


async def _respond(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})


def page_files(folder: Path) -> list[Any]:
    """Give a route for each file of a page's folder and of the shared one, read now; index.html is the start page."""
    from starlette.responses import Response
    from starlette.routing import Route

    def route(path: Path) -> Any:
        content, kind = path.read_bytes(), KINDS[path.suffix]

        async def give(request: Any) -> Any:
            return Response(content, media_type=kind)

        return Route("/" if path.name == "index.html" else f"/{path.name}", give)

    return [route(path) for place in (folder, SHARED) for path in sorted(place.iterdir()) if path.suffix in KINDS]


async def read_json(request: Any) -> Any:
    """Give a request's JSON object. Raises ValueError when it is something else."""
    try:
        found = json.loads(await request.body())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError("expected a JSON object")
    return found


def bind(host: str, port: int, command: str) -> socket.socket:
    """Give a listening socket; port 0 takes a free one. Raises UserError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's delay (40 ms an answer) off only where it reads TCP here.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        where = f"{host}:{port}"
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            mend = f"Another program listens there; try {command} --port {port + 1}, or --port 0 for a free one."
            raise UserError("the port is in use", where, mend) from error
        raise UserError(f"cannot listen there: {error}", where, "Give --host 127.0.0.1 and a free --port.") from error
    return listener


def warn_when_open(host: str) -> str:
    """Give what a user must know when the address is not this machine's own; "" when it is."""
    if host in LOCAL:
        return ""
    return (
        f"{host} can be reached from other machines, unencrypted. Safer: leave --host alone, and run on your own "
        "machine: ssh -L PORT:127.0.0.1:PORT this-machine"
    )


def listen(app: Any, listener: socket.socket) -> None:
    """Serve until Ctrl-C; requests under way get a moment to end."""
    import uvicorn

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=3, lifespan="off", server_header=False
    )
    uvicorn.Server(config).run(sockets=[listener])
