"""What a judge's stored reply says beyond its number: which of two answers it prefers, and how sure its grade is."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...artifacts.rows import JsonObject
from ...raters.plain import plain_text
from ...raters.replied_json import json_objects
from ...raters.scores import Scale
from ...text.thinking import strip_thinking

_TIE = r"무승부|비김|비겼습니다|동점|동등|tie|draw|equal"
_NAMED = r"(?:(?:답변|응답|모델|assistant|answer|response|model)\s*)?"
_VERDICT = re.compile(
    r"^[\s>\-(|]*(?P<label>(?:(?:최종|종합|final|overall)\s*)?(?:판정|판단|결과|결론|승자|우승|선택|평가|"
    r"verdict|winner|choice|decision|judg(?:e)?ment|better(?:\s+(?:answer|response|assistant))?|"
    r"더\s*(?:나은|좋은|우수한|뛰어난|적절한)\s*(?:쪽|답변|응답|답)?)\s*(?:은|는|is)?\s*[:=]?\s*)?"
    rf"{_NAMED}(?P<said>[AB]|{_TIE})"
    r"(?=\s*(?:$|[.,:;!)(|\-]|입니다|이다|가\s|이\s|쪽|(?:의\s*)?승리|승(?![가-힣])|\b(?:wins|won|is\s+(?:the\s+)?(?:better|winner))\b))",
    re.I,
)
_MARKED = re.compile(r"\[\[\s*(?:([ABC])|([AB])\s*(>{1,3}|<{1,3}|=)\s*([AB])|(무승부|tie))\s*\]\]", re.I)
_DENIED = re.compile(r"아니|아닙|않|어렵|힘들|못\s?[하합한]|없(?:다|습니다|음|는)|\bnot\b|n't\b", re.I)
_KEYS = ("winner", "choice", "verdict", "better", "preference", "preferred", "승자", "판정", "선택", "결과")
_VALUE = re.compile(rf"^\s*{_NAMED}_?(?P<said>[ABC]|{_TIE})\s*$", re.I)


def read_choice(reply: str) -> tuple[str | None, str]:
    """Give ("A", "B" or "tie", reason), or (None, why) when the reply does not name exactly one.

    JSON with a winner, [[A]] (C, A=B: a tie; A>B: A), a line that says it is the verdict, or the first line counts; a
    line that names another winner makes the reply unreadable.
    """
    text = strip_thinking(reply or "")
    if not text.strip():
        return None, "unfinished" if reply and reply.strip() else "empty"
    found = json_objects(text, _KEYS)
    if found:
        return _in_json(found)
    marked = {_of_mark(m) for m in _MARKED.finditer(text)}
    if marked:
        return (marked.pop(), _MARKED.sub("", text).strip()) if len(marked) == 1 else (None, "several")
    lines = [(line, plain_text(line)) for line in text.splitlines() if line.strip(" \t*#`_[]\"'")]
    said = [_said(plain) for _, plain in lines]
    if any(s and s.labelled for s in said):  # "A: 정확함" above "최종 판정: A" is a heading, a bare "B" is a verdict
        said = [s if s and (s.labelled or s.bare) else None for s in said]
    named = {s.choice for s in said if s}
    if not named:
        return None, "no_choice"
    if len(named) > 1:
        return None, "several"
    labelled = next((i for i, s in enumerate(said) if s and s.labelled), None)
    at = labelled if labelled is not None else next(i for i, s in enumerate(said) if s)
    led_to = at == 0 or re.search(r"[:!]\s*$", lines[at - 1][1]) or re.match(r"\s*[\[*]", lines[at][0])
    if labelled is None and not led_to:
        return None, "no_choice"  # a sentence in the reasoning that happens to open with a letter
    return named.pop(), "\n".join(line for line, _ in lines[at + 1 :]).strip()


def _in_json(found: Sequence[JsonObject]) -> tuple[str | None, str]:
    values = [v for one in found for key in _KEYS for v in one.get(key, [])]
    read = [_VALUE.match(v) if isinstance(v, str) else None for v in values]
    named = {_name(m["said"]) if m else None for m in read}
    if len(named) != 1 or None in named:
        return None, "several" if len(named) > 1 else "no_choice"
    reasons = [v for one in found for key in ("reason", "이유", "근거") for v in one.get(key, []) if isinstance(v, str)]
    return named.pop(), reasons[0].strip() if reasons else ""


def _of_mark(mark: re.Match[str]) -> str:
    one, left, sign, right, tie = mark.groups()
    if one:
        return _name(one)
    if tie or sign == "=" or left.upper() == right.upper():
        return "tie"
    return (left if sign.startswith(">") else right).upper()


def _name(said: str) -> str:
    return said.upper() if said.upper() in ("A", "B") else "tie"


@dataclass(frozen=True)
class _Said:
    """A verdict, whether its line says that it is one, and whether the line holds nothing else."""

    choice: str
    labelled: bool
    bare: bool


def _said(line: str) -> _Said | None:
    """Give the verdict of a line; None when it is none."""
    match = _VERDICT.match(line)
    if not match or match["said"] in ("a", "b"):
        return None
    told = match["label"] and re.match(r"\s*\(|\.\s", line[match.end() :])  # "판정: A (B보다 정확함)"
    if not told and len(set(re.findall(r"(?<![A-Za-z])[AB](?![A-Za-z])", line))) > 1:
        return None  # "A와 B 모두": not a verdict
    if not match["label"] and _DENIED.search(re.split(r"[.!?](?:\s|$)|[,;(]", line[match.end() :])[0]):
        return None  # "A의 승리가 아니다"
    rest = line[match.end() :].strip(" .!*")
    return _Said(_name(match["said"]), bool(match["label"]), rest in ("", "입니다", "이다"))


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
