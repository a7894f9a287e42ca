"""Many chats at half price through OpenAI's Batch API, reconciled by key: nothing paid is lost, whatever happens.

A batch answers within a day, in any order, perhaps in part. Each request carries its ledger key as custom_id; answers
of the output file and of the error file are committed to the ledger by that key, and what an expired batch left over
goes into the next one. What was sent stands in `batches.json` of the stage's folder, written before a batch is created;
after a crash the batch is found again by its token among the service's batches, never created twice. The stage then
replays its units from the ledger as if they had been asked one by one.
Source: OpenAI's Batch guide (50,000 requests and 200 MB a file, one model a file, output order not guaranteed).
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ..artifacts import progress
from ..artifacts.artifact import write_atomic
from ..artifacts.rows import JsonObject
from ..errors import EXIT_STOPPED, UserError
from .asking import Client
from .ledger import Finished, Wanted
from .prices import guess_tokens
from .units import Trouble, Unit

log = logging.getLogger("hunmin")

STATE = "batches.json"
MAX_REQUESTS = 50_000
MAX_BYTES = 190_000_000  # of 200 MB
PRICE_RATIO = 0.5
ENDED = ("completed", "failed", "expired", "cancelled")
NOT_REACHED = ("batch_expired", "batch_cancelled")
TOKEN = "hunmin_token"


def ask_in_batches(
    client: Client,
    units: Callable[[], Iterable[Unit]],
    folder: Path,
    *,
    model: str,
    base_url: str | None,
    api_key_env: str | None,
    request: JsonObject,
    poll_seconds: float,
    max_requests: int = MAX_REQUESTS,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, int]:
    """Bring the answers of all units into the client's ledger; give how many came from batches, and how many did not.

    `units()` yields the same units each time. Requests that the service answered with an error are left to be asked one
    by one. Raises UserError with exit code 4 when a batch fails, or brings nothing, or a limit is reached.
    """
    import openai

    from .openai_chat import api_key, endpoint_of, stay_there

    web = openai.DefaultHttpxClient(event_hooks={"response": [stay_there]})
    api = openai.OpenAI(
        base_url=endpoint_of(base_url),
        api_key=api_key(base_url, api_key_env, client.label),
        max_retries=5,
        http_client=web,
    )
    state = _State(folder / STATE)
    counts = {"from_batches": 0, "left_over": 0, "batches": 0}
    try:
        for row in state.open():  # of an earlier, interrupted execution
            _finish(api, client, row, state, counts, poll_seconds, tell)
        tried: set[str] = set(state.refused())
        while True:
            chunk = _next_chunk(client, units(), tried, max_requests, model, request)
            if not chunk:
                break
            row = _submit(api, client, chunk, state, tell)
            if not _finish(api, client, row, state, counts, poll_seconds, tell):
                raise UserError(
                    f"batch {row['id']} ended as '{row['status']}' without an answer",
                    client.label,
                    "Run the same command again to try a new batch, or set batch: false.",
                    exit_code=EXIT_STOPPED,
                )
            tried |= set(state.refused())
        counts["left_over"] = len(tried)
    except openai.APIStatusError as error:
        detail = client._scrub_text(str(error))[:300]
        raise UserError(
            f"the batch service said: {detail}",
            client.label,
            "Run the same command again to go on; if the service no longer has the batch or its files, delete "
            f"{state.path} to give up what it would have brought.",
            exit_code=EXIT_STOPPED,
        ) from error
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, Trouble):
            raise UserError(error.__cause__.detail, client.label, error.__cause__.mend, EXIT_STOPPED) from error
        raise UserError(
            f"no connection to the batch service: {error}",
            client.label,
            "Run the same command again to go on.",
            exit_code=EXIT_STOPPED,
        ) from error
    finally:
        api.close()
    return counts


class _State:
    """batches.json: each batch with its token, keys, service id and status."""

    def __init__(self, path: Path):
        self.path = path
        self.rows: list[JsonObject] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []

    def save(self) -> None:
        write_atomic(self.path, json.dumps(self.rows, indent=1) + "\n")

    def open(self) -> Iterator[JsonObject]:
        return iter([row for row in self.rows if row["status"] not in ("read", "never sent")])

    def refused(self) -> list[str]:
        return [key for row in self.rows for key in row.get("refused", ())]


def _next_chunk(
    client: Client, units: Iterable[Unit], tried: set[str], max_requests: int, model: str, request: JsonObject
) -> list[tuple[Wanted, bytes]]:
    """Claim what still needs an answer, up to a file's size; give the claims with their lines."""
    chunk: list[tuple[Wanted, bytes]] = []
    seen: set[str] = set()
    size = 0
    for group in _groups(units, 500):
        keyed = {client.key(unit): unit for unit in group}
        done = client.ledger.done_keys(list(keyed))
        for key, unit in keyed.items():
            if key in done or key in tried or key in seen:
                continue
            body = {"model": model, **unit.body, **request}
            row = {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body}
            line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
            if chunk and (len(chunk) >= max_requests or size + len(line) > MAX_BYTES):
                return chunk
            _, _, chars, usd = client.expect(unit)
            wanted = Wanted(key, unit.record, unit.field, model, usd * PRICE_RATIO, chars)
            (claim,) = client.ledger.claim([wanted], client.spend.max_usd, client.spend.max_chars)
            if claim.what in ("over_usd", "over_chars"):
                if chunk:
                    return chunk
                raise UserError(
                    f"the limit is reached ({claim.spent_usd:.4f} US dollars, {claim.spent_chars:,} characters spent)",
                    client.label,
                    "Raise it and run the same command again to go on.",
                    exit_code=EXIT_STOPPED,
                )
            if claim.what != "send":
                continue  # another process has it, or it is done by now
            seen.add(key)
            chunk.append((wanted, line))
            size += len(line)
    return chunk


def _groups(units: Iterable[Unit], size: int) -> Iterator[list[Unit]]:
    group: list[Unit] = []
    for unit in units:
        group.append(unit)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _submit(
    api: Any, client: Client, chunk: list[tuple[Wanted, bytes]], state: _State, tell: Callable[[str], None]
) -> JsonObject:
    """Upload and create one batch; its token is on disk before it exists."""
    token = uuid.uuid4().hex
    held = [[w.key, w.record, w.field, w.usd, w.chars] for w, _ in chunk]
    row: JsonObject = {"token": token, "status": "creating", "id": None, "model": chunk[0][0].model, "held": held}
    state.rows.append(row)
    state.save()
    file = api.files.create(file=(f"hunmin-{token}.jsonl", b"".join(line for _, line in chunk)), purpose="batch")
    batch = api.with_options(max_retries=0).batches.create(
        input_file_id=file.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={TOKEN: token},
    )
    row.update(id=batch.id, status=batch.status)
    state.save()
    tell(f"batch {batch.id}: {len(chunk):,} requests sent")
    return row


def _finish(
    api: Any,
    client: Client,
    row: JsonObject,
    state: _State,
    counts: dict[str, int],
    poll_seconds: float,
    tell: Callable[[str], None],
) -> int:
    """Wait for a batch and commit what it brought; give how many of its requests were answered or refused."""
    wanted = {
        key: Wanted(key, record, field, row["model"], usd, chars) for key, record, field, usd, chars in row["held"]
    }
    if row["id"] is None:
        found = next((b for b in api.batches.list(limit=100) if (b.metadata or {}).get(TOKEN) == row["token"]), None)
        if found is None:  # the process died, or the request failed, before the batch came to be
            _free(client, wanted)
            row["status"] = "never sent"
            state.save()
            return 1
        row["id"] = found.id
        state.save()
        tell(f"batch {row['id']}: found again")
    tick, shown = progress.bar(f"{client.label} batch", len(wanted), "answer"), 0
    while True:
        batch = api.batches.retrieve(row["id"])
        if batch.status in ENDED:
            break
        done = batch.request_counts.completed if batch.request_counts else 0
        tick(done - shown, note=batch.status)
        shown = done
        tell(f"batch {row['id']}: {batch.status}, {done:,} of {len(wanted):,} done")
        client.ledger.renew()  # what is under way in a batch is not for other processes to send
        time.sleep(poll_seconds)
    tick(0, done=True)
    row["status"] = batch.status
    answered, refused = 0, []
    for file_id in (batch.output_file_id, batch.error_file_id):
        if not file_id:
            continue
        for line in api.files.content(file_id).content.split(b"\n"):
            if not line.strip():
                continue
            got = _parsed(line)
            unit = wanted.pop(str(got.get("custom_id")), None)
            if unit is None:
                log.warning("%s: batch %s answers an unknown id: %.200r", client.label, row["id"], line)
            elif _commit(client, unit, got):
                answered += 1
            elif isinstance(got.get("error"), dict) and got["error"].get("code") in NOT_REACHED:
                wanted[unit.key] = unit
            else:
                refused.append(unit.key)
    _free(client, {**wanted, **{key: Wanted(key, usd=u, chars=c) for key, _, _, u, c in row["held"] if key in refused}})
    row.update(status="read", ended=batch.status, answered=answered, refused=refused)
    row["held"] = []
    state.save()
    counts["batches"] += 1
    counts["from_batches"] += answered
    if batch.status == "failed":
        errors = (batch.errors.data if batch.errors else None) or []
        told = "; ".join(str(e.message) for e in errors[:3]) or "no reason given"
        mend = "Run the same command again to try a new batch, or set batch: false."
        raise UserError(f"batch {row['id']} failed: {told}", client.label, mend, exit_code=EXIT_STOPPED)
    if batch.status == "cancelled":
        mend = "They are saved; run the same command again to ask for the others."
        told = f"batch {row['id']} was cancelled after {answered:,} answers"
        raise UserError(told, client.label, mend, exit_code=EXIT_STOPPED)
    tell(
        f"batch {row['id']}: {batch.status}, {answered:,} answers, {len(refused):,} refused, {len(wanted):,} left over"
    )
    row["status"] = "read"
    return answered + len(refused)


def _parsed(line: bytes) -> JsonObject:
    """Give a result line's object; {} for one that is none."""
    try:
        got = json.loads(line)
    except ValueError:
        return {}
    return got if isinstance(got, dict) else {}


def _commit(client: Client, unit: Wanted, got: JsonObject) -> bool:
    """Commit one line's answer as done at half price; False when it brought none."""
    response = got.get("response") or {}
    if response.get("status_code") != 200 or not isinstance(response.get("body"), dict):
        return False
    raw = client._scrub(json.dumps(response["body"], ensure_ascii=False).encode())
    read = client.service.read(Unit("chat", {"messages": []}), raw)
    if read.status == "garbage":
        return False
    n_in, n_out = read.in_tokens or 0, read.out_tokens if read.out_tokens is not None else guess_tokens(read.text)
    usd = client.service.price.usd(n_in, n_out, unit.chars) * PRICE_RATIO
    row = Finished(raw, read.model or unit.model, n_in, n_out, unit.chars, usd)
    client.ledger.finish([(unit, raw, 200, response.get("request_id"))], [(unit, row, read.status)])
    client.counts["from_batch"] += 1
    return True


def _free(client: Client, wanted: dict[str, Wanted]) -> None:
    """Give back what was not answered, so that it can be claimed anew; the service does not charge for it."""
    done = client.ledger.done_keys(list(wanted))
    for key, unit in wanted.items():
        if key not in done:
            client.ledger.fail(unit, "not_in_batch", None, charged=False)
