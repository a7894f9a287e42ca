"""Trees of replies: OpenAssistant's, {prompt: {text, role, replies: [{text, role, rank, replies}]}}.

A tree is no one conversation: its best-ranked path, every path, or the pairs of its ranked answers can be meant, and a
person says which. Replies marked as deleted are left out with what follows them, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..artifacts.record import Record
from ..errors import UserError
from .columns import carry
from .preference import NoPreference, preference
from .turns import check_turns, read_turns

Node = Mapping[str, Any]


def _root(row: Mapping[str, Any]) -> tuple[Node, dict[str, Any]] | None:
    """Give (the first message, the row's other columns) of a tree."""
    prompt = row.get("prompt")
    if isinstance(prompt, Mapping) and isinstance(prompt.get("replies"), list):
        return prompt, {k: v for k, v in row.items() if k != "prompt"}
    if isinstance(row.get("replies"), list) and isinstance(row.get("text"), str):
        return row, {}
    return None


def _fits(row: Mapping[str, Any]) -> bool:
    found = _root(row)
    return found is not None and isinstance(found[0].get("text"), str)


def _start(row: Mapping[str, Any]) -> tuple[Node, dict[str, Any]]:
    found = _root(row)
    if found is None:
        raise UserError("missing", "field 'prompt.replies'")
    return found


def _replies(node: Node) -> list[Node]:
    """Give the replies to a message that were not deleted, best rank first; those without a rank come last."""
    found = [r for r in node.get("replies") or () if isinstance(r, Mapping) and r.get("deleted") is not True]
    return sorted(found, key=_place)


def _place(node: Node) -> float:
    rank = _rank(node)
    return float("inf") if rank is None else rank


def _rank(node: Node) -> float | None:
    rank = node.get("rank")
    return float(rank) if isinstance(rank, (int, float)) and not isinstance(rank, bool) and rank == rank else None


def _turns(path: list[Node]) -> list[dict[str, Any]]:
    return read_turns([{k: v for k, v in node.items() if k != "replies"} for node in path], "prompt")


def _size(node: Node) -> int:
    """Give how many replies stand below a message, deleted ones too."""
    return sum(1 + _size(r) for r in node.get("replies") or () if isinstance(r, Mapping))


def _paths(path: list[Node]) -> Iterator[list[Node]]:
    replies = _replies(path[-1])
    if not replies:
        yield path
    for reply in replies:
        yield from _paths([*path, reply])


def _left(n: int) -> dict[str, int]:
    return {"replies_left_out": n} if n else {}


class Best:
    """At each message the best-ranked reply, to the end."""

    fits = staticmethod(_fits)

    @staticmethod
    def read(row: Mapping[str, Any]) -> list[Record]:
        """Give the one chat record of a tree."""
        root, rest = _start(row)
        path = next(_paths([root]))
        left = _left(_size(root) - len(path) + 1)
        return [carry({"messages": check_turns(_turns(path), "prompt")}, {**rest, **left}, ())]


class All:
    """Every path is a chat; an answer that several paths share is learned in the first of them."""

    fits = staticmethod(_fits)

    @staticmethod
    def read(row: Mapping[str, Any]) -> list[Record]:
        """Give the chat records of a tree; a path that ends in a question and has no new answer gives none."""
        root, rest = _start(row)
        seen: set[int] = set()
        records: list[Record] = []
        for path in _paths([root]):
            turns = _turns(path)
            new = [t["role"] == "assistant" and id(node) not in seen for t, node in zip(turns, path, strict=True)]
            if not any(new) and records:
                continue
            known = [id(node) in seen for node in path]
            seen |= {id(node) for node in path}
            turns = [{**t, "weight": 0} if k and t["role"] == "assistant" else t
                     for t, k in zip(turns, known, strict=True)]  # fmt: skip
            records.append(carry({"messages": check_turns(turns, "prompt")}, rest, ()))
        return records


class Pairs:
    """Where a question has several ranked answers, the best is chosen and the worst rejected."""

    fits = staticmethod(_fits)

    @staticmethod
    def read(row: Mapping[str, Any]) -> list[Record]:
        """Give the preference records of a tree. Raises NoPreference when no question has two ranked answers."""
        root, rest = _start(row)
        found = list(_pairs([root]))
        if not found:
            raise NoPreference("no question of the tree has two ranked answers, so there is no preference")
        return [
            preference(_turns(path), _turns([best]), _turns([worst]), {**rest, **_left(n)})
            for path, best, worst, n in found
        ]


def _pairs(path: list[Node]) -> Iterator[tuple[list[Node], Node, Node, int]]:
    replies = _replies(path[-1])
    ranked = [r for r in replies if _rank(r) is not None and r.get("role") == "assistant"]
    if len(ranked) > 1 and _rank(ranked[0]) != _rank(ranked[-1]):
        yield path, ranked[0], ranked[-1], len(replies) - 2
    for reply in replies:
        yield from _pairs([*path, reply])
