"""A page to talk to a model, or to two side by side with a vote that becomes a preference record for `dpo`.

Which of two models stands on which side is drawn anew for every conversation and shown only after the vote; a model
against itself gives two draws. The page keeps no secrets and names no file: votes go to the one file given.
"""

from __future__ import annotations

import json
import os
import random
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..artifacts.record import dumps, problems
from ..artifacts.rows import JsonObject, Shown
from ..errors import UserError
from ..models import Loaded, Request, answering
from ..text import language
from . import guard
from .worker import Worker

STATIC = Path(__file__).parent / "static"
CHOICES = ("left", "right", "tie", "bad")
KEPT_TALKS = 200


@dataclass
class Talk:
    """A conversation: the model of each side, what both have seen, and the answers to the last question."""

    sides: tuple[int, int]
    messages: list[dict[str, str]]
    answers: list[str | None]


class Table:
    """The models at the table, the conversations under way, and the file of votes."""

    def __init__(self, models: Sequence[Loaded], votes: Path, system: str, draw: Request):
        self.models, self.votes, self.system, self.draw = list(models), votes, system, draw
        own = {id(loaded): Worker(loaded) for loaded in models}  # a model against itself is one model
        self.workers = [own[id(loaded)] for loaded in models]
        self._talks: OrderedDict[str, Talk] = OrderedDict()
        self._random = random.SystemRandom()
        self.n_votes = sum(1 for _ in votes.open(encoding="utf-8")) if votes.is_file() else 0

    @property
    def alone(self) -> bool:
        """Tell whether one model talks, without a vote."""
        return len(self.models) == 1

    def begin(self) -> str:
        """Open a conversation, sides drawn, and give its key."""
        sides = [0, len(self.models) - 1]
        self._random.shuffle(sides)
        key = secrets.token_urlsafe(12)
        first = [{"role": "system", "content": self.system}] if self.system else []
        self._talks[key] = Talk((sides[0], sides[1]), first, [None, None])
        while len(self._talks) > KEPT_TALKS:
            self._talks.popitem(last=False)
        return key

    def talk(self, key: Any) -> Talk:
        found = self._talks.get(key) if isinstance(key, str) else None
        if found is None:
            raise ValueError("this conversation is over; begin a new one")
        return found

    def ask(self, talk: Talk, text: Any) -> None:
        """Put a question to both sides. The last one must have been voted on; one that failed is put aside."""
        if not isinstance(text, str) or not text.strip():
            raise ValueError("the question is empty")
        if talk.messages and talk.messages[-1]["role"] == "user":
            if None not in talk.answers:
                raise ValueError("vote on the last answers first")
            talk.messages.pop()
        talk.messages.append({"role": "user", "content": text.strip()})
        talk.answers = [None, None]

    async def answer(self, talk: Talk, side: int) -> AsyncIterator[str]:
        """Yield one side's answer as it is made, and remember it when it is whole."""
        if not talk.messages or talk.messages[-1]["role"] != "user":
            raise ValueError("ask something first")
        which = talk.sides[side]
        loaded = self.models[which]
        ids, _ = answering.fit(loaded, talk.messages, self.draw.max_new_tokens)
        seed = None if self.draw.seed is None else self.draw.seed + side + 2 * len(talk.messages)
        said = ""
        async for piece in self.workers[which].pieces(replace(self.draw, ids=tuple(ids), seed=seed)):
            said += piece.text
            yield piece.text
        if self.alone:
            self._go_on(talk, said)
        else:
            talk.answers[side] = said

    @staticmethod
    def _go_on(talk: Talk, said: str) -> None:
        """Go on with an answer; a question that got nothing is taken back."""
        if said.strip():
            talk.messages.append({"role": "assistant", "content": said})
        else:
            talk.messages.pop()

    def vote(self, talk: Talk, choice: Any, by: str) -> Shown:
        """Write the vote durably, go on with the better answer, and give who was who.

        A tie, two bad answers or two equal ones make no preference: they are counted by the page, not written.
        """
        if choice not in CHOICES:
            raise ValueError(f"a vote is one of {', '.join(CHOICES)}")
        left, right = talk.answers
        if left is None or right is None:
            raise ValueError("both answers must be there first")
        names = [self.models[which].name for which in talk.sides]
        written = False
        if choice in ("left", "right"):
            chosen, rejected = (left, right) if choice == "left" else (right, left)
            order = names if choice == "left" else names[::-1]
            record: Shown = {
                "source": "vote",
                "messages": list(talk.messages),
                "chosen": chosen,
                "rejected": rejected,
                "generator": order[0],
                "extra": {"chosen_model": order[0], "rejected_model": order[1], "by": by[:80]},
            }
            if not problems(record):
                self._write(record)
                written = True
        better = right if choice == "right" else left
        self._go_on(talk, better)
        talk.answers = [None, None]
        return {"names": names, "written": written, "n_votes": self.n_votes}

    def _write(self, record: Shown) -> None:
        self.votes.parent.mkdir(parents=True, exist_ok=True)
        with self.votes.open("a", encoding="utf-8", newline="\n") as file:
            file.write(dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.n_votes += 1


def app(table: Table, doorman: guard.Doorman, host: str) -> Any:
    """Give the guarded ASGI application of the page."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route

    def answering_json(handle: Callable[[JsonObject], Any]) -> Callable[[Any], Any]:
        async def answer(request: Any) -> Any:
            try:
                given = await guard.read_json(request) if request.method == "POST" else {}
                return JSONResponse(handle(given))
            except ValueError as error:
                return JSONResponse({"error": str(error)}, status_code=400)

        return answer

    def ask(given: JsonObject) -> Any:
        table.ask(table.talk(given.get("talk")), given.get("text"))
        return {}

    def vote(given: JsonObject) -> Any:
        return table.vote(table.talk(given.get("talk")), given.get("choice"), str(given.get("by", "")))

    def state(given: JsonObject) -> Any:
        names = list(dict.fromkeys(m.name for m in table.models))
        return {
            "models": names,
            "n_votes": table.n_votes,
            "votes": table.votes.name,
            "alone": table.alone,
            "language": language.chosen(),
        }

    async def answer(request: Any) -> Any:
        try:
            given = await guard.read_json(request)
            talk, side = table.talk(given.get("talk")), given.get("side")
            if side not in ((0,) if table.alone else (0, 1)) or isinstance(side, bool):
                raise ValueError("a side is 0 or 1" if not table.alone else "the side is 0")
            pieces = table.answer(talk, side)
            first = await anext(pieces, "")
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except UserError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

        async def body() -> AsyncIterator[str]:
            yield json.dumps({"text": first}) + "\n"
            async for text in pieces:
                if text:
                    yield json.dumps({"text": text}) + "\n"
            yield json.dumps({"end": True}) + "\n"

        return StreamingResponse(body(), media_type="application/x-ndjson")

    routes = guard.page_files(STATIC)
    routes += [Route("/api/state", answering_json(state)), Route("/api/answer", answer, methods=["POST"])]
    for name, handle in {"begin": lambda given: {"talk": table.begin()}, "ask": ask, "vote": vote}.items():
        routes.append(Route(f"/api/{name}", answering_json(handle), methods=["POST"]))
    return guard.Guard(Starlette(routes=routes), doorman, host)


def serve(table: Table, port: int, say: Callable[[str], None]) -> None:
    """Serve the page on this machine until Ctrl-C."""
    listener = guard.bind("127.0.0.1", port, "hunmin chat MODEL --web")
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    name = f"hunmin_chat_{listener.getsockname()[1]}"
    doorman = guard.Doorman(name, lambda token: say(f"another browser: {address}?token={token}"))
    told = "" if table.alone else f"; votes go to {table.votes}"
    say(f"open {address}?token={doorman.token}   (Ctrl-C ends{told})")
    try:
        guard.listen(app(table, doorman, "127.0.0.1"), listener)
    except KeyboardInterrupt:
        pass
    say("the page has ended" if table.alone else f"the page has ended; the votes are in {table.votes}")
