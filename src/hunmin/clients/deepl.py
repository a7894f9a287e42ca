"""Texts through DeepL with its own client, whose retries are switched off; the client's calls run in threads.

Texts that are asked at the same time with the same parameters share a request, up to 50 texts and 128 KiB of body; that
never enters a key. A request that fails because of one text is sent again text by text, so no text takes another along.
The deepl client has no public raw body: the raw answer is the TextResult's fields as JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..artifacts import interrupt
from ..artifacts.artifact import Spend, hash_of
from ..artifacts.rows import JsonObject, Notes
from ..errors import UserError
from .access import Access, raise_if_elsewhere
from .asking import Client
from .ledger import key_of, peek_done
from .pace import FIRST_WAIT_SECONDS, Pace, retry_after
from .prices import FREE, price_of, require_price
from .service import Read, Service, expect
from .units import Reply, Trouble, Unit

KEY_ENV = "DEEPL_AUTH_KEY"
MOST_TEXTS = 50
MOST_BYTES = 120 * 1024  # of the documented 128 KiB; the rest is for parameters
IN_FLIGHT = 8  # records that are translated at once, where nothing else is said
GATHER_SECONDS = 0.01  # texts that are asked within this time share a request
THREADS = 8
TIMEOUT_SECONDS = 120.0  # the client's own 10 s would send slow requests twice, and pay twice


def services(base_url: str | None, api_key_env: str | None) -> list[Access]:
    """Give what asking DeepL needs: its key, at any address."""
    return [Access(base_url or "https://api.deepl.com", api_key_env or KEY_ENV)]


def open_client(
    *,
    spend: Spend,
    label: str,
    base_url: str | None = None,
    api_key_env: str | None = None,
    glossary: Path | None = None,
    source_lang: str = "EN",
    target_lang: str = "KO",
    chars_per_minute: float | None = None,
    requests_per_minute: float | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    first_wait_seconds: float = FIRST_WAIT_SECONDS,
) -> Client:
    """Open a DeepL client; `glossary` is a TSV or CSV file of source and target terms that is uploaded once.

    A key that ends in :fx belongs to the free plan. `base_url` is another server's address. Raises UserError when the
    key is missing.
    """
    name = api_key_env or KEY_ENV
    key = os.environ.get(name, "").strip()
    if not key:
        raise UserError(f"the environment variable {name} is not set", label, f"export {name}=... and run again.")
    plan = plan_of(key)
    price = require_price(plan, label) if spend.max_usd is not None else price_of(plan)
    entries = read_glossary(glossary) if glossary else None
    interrupt.longest_seconds = max(interrupt.longest_seconds, timeout_seconds)
    http_pace = Pace(requests_per_minute)  # of HTTP requests, which carry many units each
    sender = DeepLSender(key, base_url, entries, (source_lang, target_lang), timeout_seconds, http_pace)
    identity = identity_of(base_url, entries)
    pace = Pace(None, chars_per_minute, first_wait_seconds)
    service = Service("deepl", identity, plan, sender, read, price, (key,), counts_tokens=False)
    return Client(service, spend, label, pace)


def plan_of(key: str) -> str:
    """Give "deepl-free" or "deepl-pro", which the key's ending tells."""
    return "deepl-free" if key.endswith(":fx") else "deepl-pro"


def identity_of(base_url: str | None, entries: dict[str, str] | None) -> tuple[Any, ...]:
    """Give what enters every key besides the unit: the endpoint (free and pro translate alike) and the glossary."""
    return ((base_url or "deepl").rstrip("/"), hash_of(entries) if entries else "")


def read_glossary(path: Path) -> dict[str, str]:
    """Read a glossary file: two columns, tab or comma between them, source term first; raises UserError."""
    import csv

    if not path.is_file():
        raise UserError("no such glossary file", str(path), "Two columns, tab or comma between: term, translation.")
    entries: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        dialect = "excel-tab" if path.suffix.lower() in (".tsv", ".txt") else "excel"
        for number, row in enumerate(csv.reader(file, dialect), 1):
            if not row:
                continue
            if len(row) < 2 or not row[0].strip() or not row[1].strip():
                raise UserError("expected a term and its translation", f"{path}:{number}", "Two columns.")
            entries[row[0].strip()] = row[1].strip()
    if not entries:
        raise UserError("the glossary is empty", str(path), "Two columns: term, translation.")
    return entries


class DeepLSender:
    """Gathers texts into requests and sends each in a thread; holds one deepl client per thread."""

    def __init__(
        self,
        key: str,
        base_url: str | None,
        glossary: dict[str, str] | None,
        languages: tuple[str, str],
        timeout_seconds: float,
        pace: Pace,
    ):
        self._pace = pace
        self._key, self._base_url, self._glossary = key, base_url, glossary
        self._languages, self._timeout = languages, timeout_seconds
        self._local = threading.local()
        self._groups: dict[str, list[tuple[Unit, int, asyncio.Future[Reply]]]] = {}
        self._glossary_id: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._notes: Notes = {"http_requests": 0}

    async def start(self) -> None:
        import deepl

        deepl.http_client.max_network_retries = 0
        deepl.http_client.min_connection_timeout = self._timeout
        if logging.getLogger("deepl").level == logging.NOTSET:
            logging.getLogger("deepl").setLevel(logging.WARNING)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="deepl")
        try:
            self._notes["usage_before"] = await self._in_thread(self._usage)
        except Trouble as trouble:
            if trouble.http_status not in (200, 400, 404):  # those: this server does not tell
                raise
            self._notes["usage_before"] = {"unknown": trouble.what}
        if self._glossary is not None:
            self._glossary_id = await self._in_thread(self._glossary_on_server)

    async def stop(self) -> None:
        try:
            self._notes["usage_after"] = await self._in_thread(self._usage)
        except Trouble as trouble:  # the run is over; what stopped it has been said
            self._notes["usage_after"] = {"unknown": trouble.what}
        self._threads.shutdown(wait=False)

    def notes(self) -> Notes:
        """Give what the manifest shows: HTTP requests sent, and the account's usage before and after."""
        return dict(self._notes)

    async def send(self, unit: Unit) -> Reply:
        loop = asyncio.get_running_loop()
        params = {k: v for k, v in unit.body.items() if k != "text"}
        name = hash_of(params)
        size = len(json.dumps(unit.body["text"])) + 2  # as requests encodes it: one Hangul letter takes 6 bytes
        group = self._groups.get(name)
        if group and (len(group) >= MOST_TEXTS or sum(n for _, n, _ in group) + size > MOST_BYTES):
            self._flush(name)
            group = None
        future: asyncio.Future[Reply] = loop.create_future()
        if not group:
            group = self._groups[name] = []
            loop.call_later(GATHER_SECONDS, self._flush, name, group)
        group.append((unit, size, future))
        return await future

    def _flush(self, name: str, expected: Any = None) -> None:
        group = self._groups.get(name)
        if not group or (expected is not None and group is not expected):
            return
        del self._groups[name]
        task = asyncio.create_task(self._send_group([(unit, future) for unit, _, future in group]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_group(self, group: list[tuple[Unit, asyncio.Future[Reply]]]) -> None:
        group = [(unit, future) for unit, future in group if not future.cancelled()]
        if not group:
            return
        await self._pace.wait(0)
        try:
            replies = await self._in_thread(self._translate, [unit for unit, _ in group])
        except Trouble as trouble:
            if len(group) > 1 and trouble.what in ("rejected", "garbage"):
                for one in group:  # whose fault it was is told by sending each alone
                    await self._send_group([one])
                return
            for _, future in group:
                if not future.done():
                    future.set_exception(trouble.again())
            return
        except BaseException as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), reply in zip(group, replies, strict=True):
            if not future.done():
                future.set_result(reply)

    async def _in_thread(self, call: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)

    def _client(self) -> Any:
        client = getattr(self._local, "client", None)
        if client is None:
            import deepl

            url = self._base_url.rstrip("/") + "/" if self._base_url else None  # without "/" a path would be lost
            client = self._local.client = deepl.DeepLClient(self._key, server_url=url, send_platform_info=False)
            # deepl 1.32 hides the response headers, and with them Retry-After and where a redirect leads. Its requests
            # are prepared without its session, whose hooks they miss.
            session: Any = client._client._session
            send = session.send

            def watched(request: Any, **kwargs: Any) -> Any:
                request.register_hook("response", self._keep_headers)
                return send(request, **kwargs)

            session.send = watched
        return client

    def _keep_headers(self, response: Any, *_: Any, **__: Any) -> None:
        if response.is_redirect:
            raise_if_elsewhere(response.url, response.headers["location"], response.status_code)
        self._local.headers = response.headers
        self._local.content_type = response.headers.get("content-type", "")

    def _call(self, call: Any, *args: Any, **kwargs: Any) -> Any:
        import deepl

        self._local.headers = {}
        self._notes["http_requests"] += 1
        try:
            return call(*args, **kwargs)
        except deepl.DeepLException as error:
            if isinstance(error.__cause__, Trouble):
                raise error.__cause__ from None
            raise _trouble(error, self._local.headers) from error
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise Trouble("garbage", f"not a DeepL answer: {type(error).__name__}", 200) from error

    def _translate(self, units: list[Unit]) -> list[Reply]:
        params = {k: v for k, v in units[0].body.items() if k != "text"}
        if self._glossary_id:
            params["glossary"] = self._glossary_id
        texts = [unit.body["text"] for unit in units]
        results = self._call(self._client().translate_text, texts, **params)
        if not isinstance(results, list) or len(results) != len(texts):
            n = len(results) if isinstance(results, list) else 0
            raise Trouble("garbage", f"{n} translations for {len(texts)} texts", 200)
        replies = []
        for result in results:
            fields = {
                "text": result.text,
                "detected_source_lang": result.detected_source_lang,
                "billed_characters": result.billed_characters,
                "model_type_used": result.model_type_used,
            }
            replies.append(Reply(json.dumps(fields, ensure_ascii=False).encode(), 200))
        return replies

    def _usage(self) -> JsonObject:
        usage = self._call(self._client().get_usage)
        count, limit = usage.character.count, usage.character.limit
        if usage.character.limit_reached:
            raise Trouble(
                "stop", f"DeepL quota used up ({count:,} of {limit:,} characters)", 456, mend="Raise the quota"
            )
        return {"characters": count, "limit": limit}

    def _glossary_on_server(self) -> str:
        """Give the id of the glossary with these entries, uploading it once."""
        assert self._glossary is not None
        client, (source, target) = self._client(), self._languages
        name = f"hunmin-{hash_of([self._glossary, source, target])}"
        for found in self._call(client.list_glossaries):
            if found.name == name and found.ready:
                return str(found.glossary_id)
        made = self._call(client.create_glossary, name, source[:2], target[:2], self._glossary)
        return str(made.glossary_id)


def _trouble(error: Any, headers: Any) -> Trouble:
    """Sort a DeepL error: stop, wait or reject."""
    import deepl
    import requests

    status = error.http_status_code
    detail = f"DeepL: {str(error)[:300]}"
    if isinstance(error, deepl.QuotaExceededException) or status == 456:
        return Trouble("stop", "DeepL quota used up", 456, mend="Raise the quota")
    if isinstance(error, deepl.AuthorizationException) or status in (401, 403):
        return Trouble("stop", "DeepL refused the key", status, mend=f"Check {KEY_ENV} (a free key ends in :fx)")
    if isinstance(error, deepl.TooManyRequestsException) or status == 429:
        return Trouble("limited", detail, 429, retry_after(headers))
    if isinstance(error, deepl.ConnectionException):
        cause = error.__cause__
        if isinstance(cause, requests.exceptions.ConnectTimeout):
            return Trouble("retry", "no connection to DeepL in time")
        if isinstance(cause, requests.exceptions.Timeout) or "Read timed out" in str(error):
            return Trouble("timeout", "the request timed out")
        before = "NewConnectionError" in detail or "NameResolutionError" in detail
        half = isinstance(cause, requests.exceptions.ChunkedEncodingError)
        return Trouble("garbage" if half else "retry", detail, maybe_charged=not before)
    if status is None:
        return Trouble("garbage", detail)
    if status == 404:
        return Trouble("stop", detail, status, mend="Check base_url and the glossary")
    if status >= 500:
        return Trouble("retry", detail, status, retry_after(headers))
    return Trouble("rejected", detail, status)


def read(unit: Unit, raw: bytes) -> Read:
    """Read a TextResult's fields; pure, so it can be replayed from the ledger."""
    body = json.loads(raw)
    text, billed = body["text"], body.get("billed_characters")
    asked = unit.body["text"].strip()
    status = "ok" if isinstance(text, str) and (text.strip() or not asked) else "empty"
    model = f"deepl {body['model_type_used']}" if body.get("model_type_used") else ""
    return Read(status, text if status == "ok" else "", body, model, 0, 0, billed)


def estimate(
    units: Iterable[Unit],
    *,
    base_url: str | None = None,
    glossary: Path | None = None,
    ledger: Path | None = None,
) -> JsonObject:
    """Give what translating these units would take, without a key: requests, characters, US dollars of the Pro plan.

    Equal units count once; those the ledger holds count as `already_paid`. The free plan costs nothing up to its quota.
    """
    identity = identity_of(base_url, read_glossary(glossary) if glossary else None)
    price = price_of("deepl-pro")
    found: dict[str, tuple[Unit, int]] = {}
    for unit in units:
        key = key_of("deepl", identity, unit.kind, unit.body, unit.repeat, [])
        found[key] = (unit, expect(unit, FREE)[2])
    done = peek_done(ledger, list(found))
    todo = [row for key, row in found.items() if key not in done]
    chars = sum(n for _, n in todo)
    return {
        "service": "deepl",
        "units": len(todo),
        "requests": count_requests(unit for unit, _ in todo),
        "already_paid": len(done),
        "chars": chars,
        "usd": round(price.usd(0, 0, chars), 4) if price.known else None,
    }


def count_requests(units: Iterable[Unit], in_flight: int = IN_FLIGHT) -> int:
    """Give how many requests these units take, in the order of their records, retries apart.

    Only texts of the records that are in flight at the same time share a request, and only with the same parameters:
    50 texts or the body's limit each.
    """
    records: dict[str, list[Unit]] = {}
    for number, unit in enumerate(units):
        records.setdefault(unit.record or str(number // MOST_TEXTS), []).append(unit)
    waiting = list(records.values())
    n = 0
    for at in range(0, len(waiting), in_flight):
        filled: dict[str, tuple[int, int]] = {}
        for unit in (unit for record in waiting[at : at + in_flight] for unit in record):
            name = hash_of({k: v for k, v in unit.body.items() if k != "text"})
            n_texts, size = filled.get(name, (MOST_TEXTS, 0))
            more = len(json.dumps(unit.body["text"])) + 2
            if n_texts >= MOST_TEXTS or size + more > MOST_BYTES:
                n, n_texts, size = n + 1, 0, 0
            filled[name] = (n_texts + 1, size + more)
    return n
