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
from .comparisons import compared
from .named import FIRST, SECOND, with_names

_TIE = r"무승부|비김|비겼습니다|동점|동등|tie|draw|equal"
_OPENINGS = "lines open with both"  # "A: 정확함", "B: 부정확함": a sentence may decide
_LETTERS = {FIRST: "A", SECOND: "B"}
_OPERATOR = r">{1,3}|<{1,3}|={1,3}|≫|≪|＝|≈|over\b"
_VERDICT = re.compile(
    r"^[\s>\-(|]*(?P<label>(?:(?:(?:최종|종합|final|overall)\s*)?(?:판정(?:\s*결과)?|판단|(?:평가|심사)?\s*결과"
    r"|결론|승자|우승|선택|선호|평가|"
    r"verdict|winner|choice|decision|preference|preferred|result|judg(?:e)?ment|better(?:\s+(?:answer|response"
    r"|assistant))?|"
    r"더\s*(?:나은|좋은|우수한|뛰어난|적절한)\s*(?:쪽|답변|응답|답)?)|(?:최종|final"
    r"|final\s+answer)(?=\s*[:=→]))\s*(?:은|는|is)?\s*[:=→]*\s*"
    r"|(?P<answer>answer|답|답변)\s*:\s*)?"
    rf"(?:(?P<left>[{FIRST}{SECOND}])\s*(?P<operator>{_OPERATOR})\s*(?P<right>[{FIRST}{SECOND}])(?=[\s.!)|]*$"
    rf"|\s*[(,]|\.\s)"
    rf"|(?P<said>[{FIRST}{SECOND}]|{_TIE})"
    r"(?=\s*(?:$|[.,:;!)(|\-]|입니다|이다|쪽|(?:의\s*)?(?:승리|승)(?:입니다|이다|했|한다|(?=\s*(?:$|[.,!)(])))"
    r"|\b(?:wins|won|is\s+the\s+winner)(?=\s*(?:$|[.,!;)(]|(?:because|as|since|by|overall)\b)))))",
    re.I,
)
_MARKED = re.compile(r"\[\[\s*(?:([ABC])|([AB])\s*(>{1,3}|<{1,3}|=|≫|≪)\s*([AB])|(무승부|tie))\s*\]\]", re.I)
_DENIED = re.compile(r"아니|아닙|않|어렵|힘들|못\s?[하합한]|없(?:다|습니다|음|는)|\bnot\b|n't\b", re.I)
_KEYS = ("winner", "choice", "verdict", "better", "preference", "preferred", "승자", "판정", "선택", "결과")
_VALUE = re.compile(
    r"^\s*(?:(?:답변|응답|모델|assistant|answer|response|model|output)\s*)?_?"
    rf"(?:(?P<said>[ABC]|{_TIE})|(?P<left>[AB])\s*(?P<operator>{_OPERATOR})\s*(?P<right>[AB]))\s*$",
    re.I,
)


def read_choice(reply: str) -> tuple[str | None, str]:
    """Give ("A", "B" or "tie", reason), or (None, why) when the reply does not name exactly one.

    JSON with a winner, [[A]] (C, A=B: a tie; A>B: A), a line that says it is the verdict, or the first line counts, and
    where there is none, a sentence that prefers one ("B가 A보다 낫습니다"); what names another winner makes the reply
    unreadable.
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
    lines = [(line, with_names(line)) for line in text.splitlines() if line.strip(" \t*#`_[]\"'")]
    said = _on_a_line(lines, text)
    if said and said[1] != _OPENINGS:
        return said
    choice, why = compared(text)
    return (choice, text.strip()) if choice else (None, "several" if said else why)


def _on_a_line(lines: list[tuple[str, str]], text: str) -> tuple[str | None, str] | None:
    """Give the verdict of a line that is one, or (None, why) where two lines disagree; None without such a line."""
    said = [_said(plain) for _, plain in lines]
    labelled = any(s and s.labelled for s in said)
    if labelled:  # "A: 정확함" above "최종 판정: A" is a heading, a bare "B" is a verdict
        said = [s if s and (s.labelled or s.bare) else None for s in said]
    named = {s.choice for s in said if s}
    if len(named) > 1:
        return (None, "several") if labelled else (None, _OPENINGS)
    if not named:
        return None
    at = next(i for i, s in enumerate(said) if s and s.labelled == labelled)
    if not labelled:
        led_to = at == 0 or re.search(r"[:!]\s*$", lines[at - 1][1]) or re.match(r"\s*[\[*]", lines[at][0])
        last = said[-1]
        if not led_to and not (last and last.bare and last.compares):
            return None  # a sentence in the reasoning that happens to open with a letter
        if not {compared(text)[0], None} <= {*named, None}:
            return None, "several"
    return named.pop(), "\n".join(line for line, _ in lines[at + 1 :]).strip()


def _in_json(found: Sequence[JsonObject]) -> tuple[str | None, str]:
    values = [v for one in found for key in _KEYS for v in one.get(key, [])]
    read = [_VALUE.match(v) if isinstance(v, str) else None for v in values]
    named = {_choice(m) if m else None for m in read}
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


def _choice(match: re.Match[str]) -> str:
    """Give the choice of a name or of "A > B"."""
    if not match["operator"]:
        return _LETTERS.get(match["said"]) or _name(match["said"])
    sign, sides = (
        match["operator"][0].replace("o", ">"),
        [_LETTERS.get(match[side], match[side].upper()) for side in ("left", "right")],
    )
    if sign not in "<>≪≫" or sides[0] == sides[1]:
        return "tie"
    return sides[0] if sign in ">≫" else sides[1]


@dataclass(frozen=True)
class _Said:
    """A verdict, whether its line says that it is one or holds nothing else, and whether it is an "A > B"."""

    choice: str
    labelled: bool
    bare: bool
    compares: bool


def _said(line: str) -> _Said | None:
    """Give the verdict of a line; None when it is none."""
    match = _VERDICT.match(line)
    if not match:
        return None
    told = match["operator"] or (
        match["label"] and re.match(r"\s*\(|\.\s", line[match.end() :])
    )  # "판정: A (B보다 정확함)"
    if not told and len(set(re.findall(f"[{FIRST}{SECOND}]", line))) > 1:
        return None  # "A와 B 모두": not a verdict
    if not match["label"] and _DENIED.search(re.split(r"[.!?](?:\s|$)|[,;(]", line[match.end() :])[0]):
        return None  # "A의 승리가 아니다"
    if not match["label"] and re.fullmatch(r"[\s)]*:\s*", line[match.end() :]):
        return None  # "# Answer A:" heads what the answer says
    bare = line[match.end() :].strip(" .!*)|") in ("", "입니다", "이다")
    if (match["answer"] or (match["operator"] and not match["label"])) and not bare:
        return None
    return _Said(_choice(match), bool(match["label"]), bare, bool(match["operator"] or match["answer"]))


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
