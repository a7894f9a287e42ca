"""The review page's server: a few JSON routes over the queue, and the packaged page files. Nothing else is served."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...artifacts.rows import JsonObject
from ...server import guard
from .queue import Found, Meanwhile, Queue, find, lock

STATIC = Path(__file__).parent / "static"
STATUSES = ("", "waiting", "accepted", "edited", "rejected")


def app(queue: Queue, doorman: guard.Doorman, host: str, extra_hosts: tuple[str, ...] = ()) -> Any:
    """Give the guarded ASGI application. Records are named by their position in the queue, never by a path."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def answering(handle: Callable[[Any, JsonObject], Any]) -> Callable[[Any], Any]:
        async def answer(request: Any) -> Any:
            try:
                given = await guard.read_json(request) if request.method == "POST" else dict(request.query_params)
                return JSONResponse(handle(queue, given))
            except Meanwhile as error:
                return JSONResponse({"error": str(error)}, status_code=409)
            except ValueError as error:
                return JSONResponse({"error": str(error)}, status_code=400)

        return answer

    routes = guard.page_files(STATIC)
    routes += [Route(f"/api/{name}", answering(handle)) for name, handle in READING.items()]
    routes += [Route(f"/api/{name}", answering(handle), methods=["POST"]) for name, handle in WRITING.items()]
    return guard.Guard(Starlette(routes=routes), doorman, host, extra_hosts)


def _number(given: JsonObject, name: str, highest: int, lowest: int = 0) -> int:
    text = str(given.get(name, "0"))
    if not text.removeprefix("-").isdecimal() or len(text) > 9 or not lowest <= int(text) <= highest:
        raise ValueError(f"{name}: expected a number from {lowest} to {highest}")
    return int(text)


def _filters(given: JsonObject) -> dict[str, str]:
    found = {name: str(given.get(name, ""))[:200] for name in ("status", "code", "search")}
    if found["status"] not in STATUSES:
        raise ValueError("no such status")
    return found


def _state(queue: Queue, given: JsonObject) -> Any:
    return queue.state()


def _list(queue: Queue, given: JsonObject) -> Any:
    return queue.page(_number(given, "offset", len(queue.records)), **_filters(given))


def _record(queue: Queue, given: JsonObject) -> Any:
    return queue.view(_number(given, "position", len(queue.records) - 1), str(given.get("by", ""))[:80])


def _next(queue: Queue, given: JsonObject) -> Any:
    start = _number(given, "position", len(queue.records), -1)
    step = 1 if _number(given, "step", 1, -1) >= 0 else -1
    return {"position": queue.neighbour(start, step, **_filters(given), by=str(given.get("by", ""))[:80])}


def _decide(queue: Queue, given: JsonObject) -> Any:
    return {"decision": queue.decide(given).row(), "state": queue.state()}


def _accept_rule(queue: Queue, given: JsonObject) -> Any:
    wanted = _filters(given)
    n = queue.accept_rule(wanted["code"], wanted["search"], str(given.get("by", ""))[:80])
    return {"n": n, "state": queue.state()}


def _undo(queue: Queue, given: JsonObject) -> Any:
    by = str(given.get("by", ""))[:80]
    if "position" in given:
        position = queue.take_back(_number(given, "position", len(queue.records) - 1), by)
    else:
        position = queue.undo(by)
    return {"position": position, "state": queue.state()}


READING = {"state": _state, "list": _list, "record": _record, "next": _next}
WRITING = {"decide": _decide, "accept_rule": _accept_rule, "undo": _undo}


def serve(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = 8765,
    *,
    allowed_hosts: tuple[str, ...] = (),
    open_browser: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Serve the review page of a run or a review stage's folder until Ctrl-C.

    Raises UserError when there is no queue, its decisions belong to another run, it is open already, or the port is
    taken.
    """
    found: Found = find(folder)
    held = lock(found.stage)
    queue = Queue(found)
    listener = guard.bind(host, port, f"hunmin review {folder}")
    host_name, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host_name in ("0.0.0.0", "::") else host_name
    address = f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
    link = functools.partial("{0}?token={1}".format, address)
    doorman = guard.Doorman(f"hunmin_review_{port}", lambda token: say(f"another browser: {link(token)}"))
    held.truncate(0)
    held.write(address)
    held.flush()
    state = queue.state()
    say(f"{found.stage}: {state['waiting']:,} of {state['n']:,} records await a person")
    if found.finished:
        say("the run has gone past this review: the page shows the queue and changes nothing")
    warning = guard.warn_when_open(host)
    if warning:
        say(warning)
    say(f"open {link(doorman.token)}   (Ctrl-C ends; every decision is saved as it is made)")
    if open_browser:
        import webbrowser

        webbrowser.open(link(doorman.token))
    try:
        guard.listen(app(queue, doorman, host, allowed_hosts), listener)
    finally:
        queue.close()
        held.close()
