"""What a judge's stored reply says beyond its number: which of two answers it prefers, and how sure its grade is."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from ...raters.scores import Scale, plain_text
from ...text.thinking import strip_thinking

_TIE = r"무승부|비김|비겼습니다|동점|tie|draw|equal"
_VERDICT = re.compile(
    r"^[\s>\-(|]*(?:(?:판정|결과|승자|선택|verdict|winner|choice|better)\s*(?:은|는|is)?\s*[:=]?\s*)?"
    rf"(?:(?:답변|answer|assistant|response)\s*)?(?P<said>[AB]|{_TIE})"
    r"(?=\s*(?:$|[.,:;!)|\-]|입니다|이다|가\s|이\s|쪽))",
    re.I,
)


def read_choice(reply: str) -> tuple[str | None, str]:
    """Give ("A", "B" or "tie", reason), or (None, why) when the reply does not name exactly one.

    The first line counts; a line that names another winner further down makes the reply unreadable.
    """
    text = strip_thinking(reply or "")
    if not text.strip():
        return None, "unfinished" if reply and reply.strip() else "empty"
    lines = [(line, plain_text(line)) for line in text.splitlines() if line.strip(" \t*#`_[]\"'")]
    said = [_said(plain) for _, plain in lines]
    named = {s for s in said if s}
    if not named:
        return None, "no_choice"
    if len(named) > 1:
        return None, "several"
    at = next(i for i, s in enumerate(said) if s)
    if at > 0 and not re.search(r"[:!]\s*$", lines[at - 1][1]) and not re.match(r"\s*[\[*]", lines[at][0]):
        return None, "no_choice"  # a sentence in the reasoning that happens to open with a letter
    return named.pop(), "\n".join(line for line, _ in lines[at + 1 :]).strip()


def _said(line: str) -> str | None:
    match = _VERDICT.match(line)
    if not match:
        return None
    if re.search(r"\bB\b.*\bA\b|\bA\b.*\bB\b", line):
        return None  # "A와 B 모두": not a verdict
    said = match["said"]
    return said.upper() if said in ("A", "B") else "tie" if len(said) > 1 else None


def weighted_score(tokens: Sequence[Any] | None, scale: Scale, score: float) -> float | None:
    """Give the expected grade over the judge's own probabilities of the score token (G-Eval, arXiv 2303.16634).

    `tokens` is the reply's `logprobs.content`: {token, top_logprobs: [{token, logprob}]} in order; `score` was read
    from the text. The first token that is that score counts; its alternatives outside the scale or not whole numbers
    are left out and the rest renormalised. None when the endpoint sent no probabilities, the score is written in
    several tokens, or what is on the scale has no probability to speak of.
    """
    if not tokens or score != int(score):
        return None
    for i, token in enumerate(tokens):
        if _whole(token.get("token")) != score:
            continue
        after = tokens[i + 1].get("token", "") if i + 1 < len(tokens) else ""
        if re.match(r"[0-9]|\.[0-9]", after) or (
            after == "." and i + 2 < len(tokens) and tokens[i + 2]["token"][:1].isdigit()
        ):
            return None  # the score goes on in the next token: 9|2, 8|.5
        weights: dict[int, float] = {}
        for other in token.get("top_logprobs") or []:
            grade = _whole(other.get("token"))
            if grade is not None and scale.low <= grade <= scale.high and other.get("logprob") is not None:
                weights[grade] = weights.get(grade, 0.0) + math.exp(other["logprob"])
        total = math.fsum(weights.values())
        if total < 0.01:
            return None
        return math.fsum(grade * weight for grade, weight in weights.items()) / total
    return None


def _whole(token: Any) -> int | None:
    text = plain_text(token).strip() if isinstance(token, str) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else None
