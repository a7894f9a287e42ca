"""Asks units through the ledger: claims, budget, pace, retries and the one clean stop, whoever the sender is.

Order per unit: claim committed -> wait for the pace -> send -> raw answer committed -> read. Claims and answers that
fall together share one transaction, so the ledger costs little even with hundreds of requests in flight.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import replace
from typing import Any

from ..artifacts.artifact import Spend
from ..artifacts.rows import Notes
from ..errors import EXIT_STOPPED, UserError
from . import patience
from .ledger import Claim, Finished, Ledger, Wanted, key_of
from .pace import Pace
from .prices import guess_tokens
from .service import Read, Service, expect, over
from .units import Answer, Reply, Trouble, Unit

SENDS = {"retry": 8, "limited": 40, "timeout": 4, "garbage": 4}  # at most so many sends of one unit for one reason
FAILURE = {
    "unrecorded": "unrecorded",
    "retry": "unreachable",
    "limited": "limited",
    "timeout": "timeout",
    "garbage": "garbage",
}
IN_A_ROW = 5  # that many units given up one after another mean the service, not the units
REJECTED_IN_A_ROW = 20  # the same of units it rejects, while it has never answered one
POLL_SECONDS = 0.1
FULL_SECONDS = 30.0  # so often it is told that answers wait in memory for room on the disk
FULL_AGAIN_SECONDS = 1.0  # so often it is tried again

log = logging.getLogger("hunmin")


class Client:
    """One open service with its ledger. `with` closes the ledger; the connection closes with its event loop."""

    def __init__(self, service: Service, spend: Spend, label: str, pace: Pace):
        if spend.ledger is None:
            raise UserError("no ledger to write to", label, "Give -o OUT or --ledger FILE.")
        self.service, self.spend, self.label, self.pace = service, spend, label, pace
        self.ledger = Ledger(spend.ledger, label)
        self.counts: Counter[str] = Counter()
        self._asking: dict[str, asyncio.Future[Answer]] = {}
        self._failed: dict[str, Answer] = {}
        self._claims: list[tuple[Wanted, asyncio.Future[Claim]]] = []
        self._done: list[tuple[Any, asyncio.Future[None]]] = []
        self._settled: list[tuple[Wanted, Finished, str]] = []
        self._stop: UserError | None = None
        self.patience = patience.Patience(label, service.name)
        self._full_since: float | None = None  # when it was last told that the disk has no room for an answer
        self._sending = 0  # requests under way, answers that are not in the ledger yet among them
        self._loop: asyncio.AbstractEventLoop | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._in_a_row = 0
        self._heard = False  # whether this service ever answered anything

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self._save_last()
        self._settle()
        self.ledger.close()

    def _settle(self) -> None:
        settled, self._settled = self._settled, []
        if settled:
            self.ledger.finish([], settled)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: Any) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = self._loop = None
        self._save_last()
        self._settle()
        self.ledger.close()

    def key(self, unit: Unit) -> str:
        """Give the unit's ledger key: service, endpoint, model, parameters, the unit's own text or chat, repeat."""
        where = [unit.record, unit.field, unit.prompt] if self.service.by_record else []
        return key_of(self.service.name, self.service.identity, unit.kind, unit.body, unit.repeat, where)

    def expect(self, unit: Unit) -> tuple[int, int, int, float]:
        """Give what a unit may take before it is sent: input tokens, output tokens, characters, US dollars."""
        return expect(unit, self.service.price)

    async def ask(self, unit: Unit) -> Answer:
        """Give the answer, from the ledger when it is there. A failure is an Answer with its status.

        Raises UserError with exit code 4 when budget, quota or authentication stop the run (everything is saved).
        """
        if self._stop is not None:
            raise self._stop
        key = self.key(unit)
        while (other := self._asking.get(key)) is not None:
            await asyncio.wait([other])
            if not other.cancelled() and other.exception() is None:
                return replace(other.result(), charged_now=False)
            if self._stop is not None:
                raise self._stop
        if key in self._failed:
            return self._failed[key]
        mine = self._asking[key] = asyncio.get_running_loop().create_future()
        try:
            answer = await self._ask(unit, key)
            mine.set_result(answer)
            return answer
        finally:
            if not mine.done():
                mine.cancel()
            del self._asking[key]

    async def _ask(self, unit: Unit, key: str) -> Answer:
        await self._bind()
        in_tokens, out_tokens, chars, usd = self.expect(unit)
        wanted = Wanted(key, unit.record, unit.field, self.service.model, usd, chars)
        while (claim := await self._claim(wanted)).what == "wait":
            self.counts["waited_for_other_process"] += 1
            await asyncio.sleep(POLL_SECONDS)
        if claim.what == "done":
            assert claim.row is not None
            read = self._read(unit, claim.row.raw)
            if read.status != "garbage":
                self.counts["from_ledger"] += 1
                self._heard = True
                row = claim.row
                if not row.settled:  # its process ended after receiving it: the estimate stands there still
                    row = self._took(row.raw, read, (in_tokens, out_tokens, chars))
                    self._settled.append((replace(wanted, usd=claim.row.usd, chars=claim.row.chars), row, read.status))
                return self._answer(unit, key, row, read, charged_now=False)
            self.ledger.reopen(wanted)  # the process ended between receiving and reading it
        elif claim.what != "send":
            raise self._stopped(over(claim, self.spend))
        amount = in_tokens + out_tokens if self.service.counts_tokens else chars
        sends: Counter[str] = Counter()
        while True:
            try:
                await self.pace.wait(amount)
            except asyncio.CancelledError:
                self.ledger.release([wanted])
                raise
            while self._full_since is not None:  # what is here already must be safe before more is asked
                await asyncio.sleep(POLL_SECONDS)
            if self._stop is not None:
                self.ledger.release([wanted])
                raise self._stop
            begun = time.monotonic()
            self.counts["sent"] += 1
            try:
                self._sending += 1
                try:
                    reply = await self._sent(unit)
                    raw = self._scrub(reply.raw)
                    await self._commit((wanted, raw, reply.http_status, reply.request_id))
                finally:
                    self._sending -= 1
                read = self._read(unit, raw)
                if read.status == "garbage":
                    self.ledger.reopen(wanted)
                    raise Trouble("garbage", read.detail, reply.http_status, request_id=reply.request_id)
            except Trouble as trouble:
                answer = await self._troubled(wanted, trouble, sends, time.monotonic() - begun)
                if answer is not None:
                    return answer
                continue
            self._in_a_row, self._heard = 0, True
            row = self._took(raw, read, (in_tokens, out_tokens, chars))
            self._settled.append((wanted, row, read.status))  # committed with the next answer, or at the end
            self.counts[f"status_{read.status}"] += 1
            return self._answer(unit, key, row, read, charged_now=True)

    def _read(self, unit: Unit, raw: bytes) -> Read:
        """Read an answer; one that no reader was written for is garbage for its own unit, never a stop of the run."""
        try:
            read = self.service.read(unit, raw)
            f"{read.text}{read.model}".encode()  # a lone surrogate fits into no file
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError) as error:
            return Read("garbage", "", {}, detail=f"{type(error).__name__}: {error}"[:300])
        return read

    async def _sent(self, unit: Unit) -> Reply:
        """Give the raw answer; a server that says nothing for long is told once in a while."""
        timer = asyncio.get_running_loop().call_later(patience.HANGING_SECONDS, self.patience.hanging)
        try:
            return await self.service.sender.send(unit)
        finally:
            timer.cancel()

    def _took(self, raw: bytes, read: Read, expected: tuple[int, int, int]) -> Finished:
        """Give what an answer took: what the server says, else what was expected."""
        in_tokens = read.in_tokens if read.in_tokens is not None else expected[0]
        out_tokens = read.out_tokens if read.out_tokens is not None else guess_tokens(read.text)
        chars = read.chars if read.chars is not None else expected[2]
        if not self.service.counts_tokens:
            in_tokens = out_tokens = 0
        in_tokens, out_tokens, chars = max(0, in_tokens), max(0, out_tokens), max(0, chars)  # a bill is never negative
        usd = self.service.price.usd(in_tokens, out_tokens, chars)
        return Finished(raw, read.model or self.service.model, in_tokens, out_tokens, chars, usd)

    async def _troubled(self, wanted: Wanted, trouble: Trouble, sends: Counter[str], seconds: float) -> Answer | None:
        """Log one attempt without an answer; wait and give None to send again, or give up with a failed Answer."""
        what, detail = trouble.what, self._scrub_text(trouble.detail)
        sends[what] += 1
        again = what in SENDS and sends[what] < SENDS[what]
        maybe_charged = trouble.maybe_charged
        self.ledger.note_attempt(
            wanted,
            sum(sends.values()),
            seconds,
            what,
            trouble.http_status,
            trouble.request_id,
            detail,
            double=maybe_charged and again,
        )
        self.counts[f"attempt_{what}"] += 1
        if again and self._stop is None:
            asked = trouble.retry_after
            delay = self.pace.backoff(sends[what]) if asked is None else self.patience.capped(asked)
            if what == "limited":
                delay = max(delay, 0.05)
                self.pace.refused(delay)
            try:
                await asyncio.sleep(delay)
            except asyncio.CancelledError:
                self.ledger.fail(wanted, what, trouble.http_status, charged=maybe_charged)
                raise
            return None
        status = FAILURE.get(what, "rejected")
        self.ledger.fail(wanted, status, trouble.http_status, charged=maybe_charged)
        if self._stop is not None:
            raise self._stop
        if what == "stop":
            raise self._stopped((detail, self._scrub_text(trouble.mend)))
        self._in_a_row += 1
        limit = REJECTED_IN_A_ROW if what == "rejected" else IN_A_ROW
        if self._in_a_row >= limit and (what != "rejected" or not self._heard):
            raise self._stopped(
                (f"{self._in_a_row} requests in a row failed; the last: {detail}", "See to the service.")
            )
        self.counts[f"status_{status}"] += 1
        answer = Answer(status, key=wanted.key, model=self.service.model, detail=detail)
        self._failed[wanted.key] = answer
        return answer

    def _answer(self, unit: Unit, key: str, row: Finished, read: Read, charged_now: bool) -> Answer:
        usage = {"in_tokens": row.in_tokens, "out_tokens": row.out_tokens, "chars": row.chars, "usd": row.usd}
        return Answer(read.status, read.text, read.raw, usage, key, row.model, charged_now, read.detail)

    def _stopped(self, why: tuple[str, str]) -> UserError:
        if self._stop is None:
            self._settle()
            n = self.ledger.totals(self.label)["done"]
            mend = f"{why[1].rstrip('.')}. " if why[1] else ""
            self._stop = UserError(
                f"{why[0].rstrip('.')}. {n:,} answers are saved",
                self.label,
                f"{mend}Run the same command again to go on.",
                exit_code=EXIT_STOPPED,
            )
        return self._stop

    def _scrub(self, raw: bytes) -> bytes:
        for secret in self.service.secrets:
            if secret.encode() in raw:
                raw = raw.replace(secret.encode(), b"***")
        return raw

    def _scrub_text(self, detail: str) -> str:
        for secret in self.service.secrets:
            detail = detail.replace(secret, "***")
        return detail

    async def _bind(self) -> None:
        """Start the sender in this event loop; a task of ours stops it when the loop ends."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._starting = loop.create_task(self._start())
        await asyncio.shield(self._starting)

    async def _start(self) -> None:
        sends = 0
        while True:
            try:
                await self.service.sender.start()
                break
            except Trouble as trouble:
                sends += 1
                if trouble.what not in SENDS or sends >= SENDS["garbage"]:
                    detail, mend = self._scrub_text(trouble.detail), self._scrub_text(trouble.mend)
                    raise self._stopped((detail, mend)) from trouble
                asked = trouble.retry_after
                await asyncio.sleep(self.pace.backoff(sends) if asked is None else self.patience.capped(asked))
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def _keep(self) -> None:
        try:
            while True:
                await asyncio.sleep(5)
                self.ledger.renew()
        finally:
            await self.service.sender.stop()

    def _claim(self, wanted: Wanted) -> asyncio.Future[Claim]:
        future: asyncio.Future[Claim] = asyncio.get_running_loop().create_future()
        self._claims.append((wanted, future))
        if len(self._claims) == 1:
            asyncio.get_running_loop().call_soon(self._flush_claims)
        return future

    def _flush_claims(self) -> None:
        group, self._claims = self._claims, []
        group = [(wanted, future) for wanted, future in group if not future.cancelled()]
        try:
            found = self.ledger.claim([w for w, _ in group], self.spend.max_usd, self.spend.max_chars)
        except Exception as error:
            if isinstance(error, OSError) and self._sending:  # what is under way is paid for and must be saved first
                self._claims = group + self._claims
                asyncio.get_running_loop().call_later(FULL_AGAIN_SECONDS, self._flush_claims)
                return
            for _, future in group:
                future.set_exception(error)
            return
        for (_, future), claim in zip(group, found, strict=True):
            future.set_result(claim)

    def _commit(self, row: Any) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._done.append((row, future))
        if len(self._done) == 1:
            asyncio.get_running_loop().call_soon(self._flush_done)
        return future

    def _flush_done(self) -> None:
        group, self._done = self._done, []
        settled, self._settled = self._settled, []
        try:
            self.ledger.finish([row for row, _ in group], settled)
        except Exception as error:
            if isinstance(error, OSError):
                self._wait_for_room(error, group, settled)
                return
            for _, future in group:
                if not future.cancelled():
                    future.set_exception(self._stop or error)
            return
        self._full_since = None
        for _, future in group:
            if not future.cancelled():
                future.set_result(None)

    def _wait_for_room(self, error: OSError, group: list[Any], settled: list[Any]) -> None:
        """Keep answers that the full disk does not take, for as long as it takes, and try again."""
        now = time.monotonic()
        self._done, self._settled = group + self._done, settled + self._settled
        if self._full_since is None or now - self._full_since >= FULL_SECONDS:
            self._full_since = now
            log.warning(
                "%s: %s: %d paid answers wait in memory, nothing more is sent; free some space and it goes on",
                *(self.label, error, len(self._done)),
            )
        asyncio.get_running_loop().call_later(FULL_AGAIN_SECONDS, self._flush_done)

    def _save_last(self) -> None:
        """Try once more to save answers that still wait when the run ends, as after a second Ctrl-C."""
        group, self._done = self._done, []
        if group:
            try:
                self.ledger.finish([row for row, _ in group])
            except OSError as error:
                log.warning("%s: %s: %d paid answers are lost", self.label, error, len(group))

    def report(self) -> Notes:
        """Give what a manifest should say of the paid work: counts of this execution and the ledger's totals."""
        self._settle()
        return {
            "service": self.service.name,
            "model": self.service.model,
            "this_run": dict(sorted(self.counts.items())),
            "ledger": self.ledger.totals(self.label),
            **self.service.sender.notes(),
        }
