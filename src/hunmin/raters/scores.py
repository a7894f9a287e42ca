"""The one score a model's reply states, or why none can be read: a pure replay over stored replies.

Strict on purpose. A score counts when the reply says that it is one: JSON with a score key, a line that is only a
number, "점수: 8.5", "[[8]]", "8/10", "8점이 적절합니다", "I would give it an 8". A line that says so wins
over numbers in the prose. What would be given on a condition, is quoted, or taken off is no score; two different
scores are none, a range is none, a number outside the scale is none, and another scale is never converted.
The faults of KoRAE's and LogicKor's readers (reading one character, no range check, -1 or 0.0 for a failure) are the
cases of tests/unit/test_scores.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..artifacts.rows import JsonObject
from ..text.thinking import strip_thinking
from .closings import CLOSING, full_marks, part_in_full, with_digits
from .plain import plain_text
from .replied_json import json_objects
from .scales import TOP_KO, Scale, blank_scale, other_top, parse_scale
from .spoken import bounded, not_given, not_ours, quoted_spans, talked_of

__all__ = ("SCORE_KEYS", "WHY", "Reading", "Scale", "parse_scale", "read")

WHY = {
    "empty": "the reply is empty",
    "unfinished": "the reply ends with its reasoning or inside its JSON",
    "no_score": "no number is given as the score",
    "several": "several different scores",
    "range": "a range, not one number",
    "out_of_range": "outside the scale",
    "other_scale": "given on another scale",
    "malformed": "not a plain decimal number",
    "not_whole": "a fraction where whole numbers were asked for",
}


@dataclass(frozen=True)
class Reading:
    """A score with the reason the reply gives, or None with a key of WHY in `why`."""

    score: float | None
    reason: str = ""
    why: str = ""


@dataclass(frozen=True)
class _Found:
    value: float | None  # None: a score is stated here but cannot be used, see `why`
    start: int
    end: int
    why: str = ""
    final: bool = False


_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,:][0-9]+)*(?:[eE][-+]?[0-9]+\b)?")
_UNIT = r"(?:[ \t]*(?P<unit>점|points?\b|pts?\b|stars?\b))?"
_TO = re.compile(_UNIT + r"[ \t]*,?[ \t]*(?:->|→|-|~|to\b|or\b|에서|부터|또는|혹은|내지)[ \t]*[-+]?[0-9]", re.I)
_OF = re.compile(
    _UNIT + r"[ \t]*\(?[ \t]*(?:/|out\s+of\b|of\b)[ \t]*(?P<top>[0-9]+(?:\.[0-9]+)?)"
    r"(?:[ \t]*(?:점|points?\b))?(?:[ \t]*\))?",
    re.I,
)
_LABEL = re.compile(
    r"(?<!max )(?<!maximum )(?<!highest )(?<!possible )(?<!perfect )(?<!최대 )(?<!최고 )"
    r"(?:(?P<final>(?:최종|종합|총|전체|전반적인?|overall|final|total)\s*)?(?:평가\s*|quality\s*)?"
    r"(?:점수|평점|총점|채점\s*결과|채점|스코어|スコア|\bscore\b|\brating\b|\bgrade\b|\\boxed)|(?P<sum>종합|총평"
    r"|평가\s*결과|최종(?:\s*판정)?|(?:최종|종합|전체)\s*평가|결론|\bverdict\b|\bresult\b|\bmarks?\b|評価|最終評価"
    r"|評点|得点|评分|得分|\boverall\b|\btotal\b)(?=\s*:)"
    r"|(?P<short>(?:평가|평균)(?=\s*:\s*[0-9.]{1,5}\s*점(?:$|[.,!()\n]|입니다)))|(?P<closing>종합|최종|전체|총합|합산"
    r"|평균)(?=\s+[0-9.]{1,5}\s*점(?:$|[.,!)\n]|입니다|이다|으로|[을\s]\s*(?:드|부여|줍|주겠))))"
    r"\s*(?:\(\s*\))?[\s:=>→▶►➜|{(⭐🌟✨]*(?:-\s)?(?:(?:는|은|를\s*(?:매기|주|드리)자면,?"
    r"|(?:\bfor\s+this\s+\w+\s+)?\bis\b|\bas\b|\bwould be\b)[\s:=>→|{(]*)?(?=[-+]?[0-9])",
    re.I,
)
_GIVEN = re.compile(
    r"\b(?:give|gave|rate|rated|assign|assigned|award|awarded|deserves?|merits?|earns?|receives?)\s+"
    r"(?:(?!out\b|deduct)[a-z']+\s+){0,6}?(?:an?\s+)?(?:(?:score|rating)\s+of\s+)?(?=[0-9])"
    r"|(?P<loosely>\bi\s+(?:m|am)\s+(?:giving|rating|awarding|assigning)\s+(?:(?:it|this"
    r"|the)\s+)(?:\w+\s+)?(?:an?\s+)?(?=[0-9])|\bmakes\s+(?:it|this)\s+an?\s+(?=[0-9])"
    r"|\b(?:it|this|this\s+(?:answer|response|reply))\s+(?:gets|scores|lands\s+(?:on|at)|comes\s+(?:in"
    r"|out)\s+at)\s+(?:an?\s+)?(?=[0-9])"
    r"|\bi\s+(?:would|will|d|ll)\s+(?:say|go\s+with|settle\s+(?:on|for|at)|put\s+(?:it|this)\s+at|call\s+(?:it"
    r"|this)|score\s+(?:it|this))\s+(?:an?\s+)?(?=[0-9]))",
    re.I,
)
_GIVEN_KO = re.compile(
    r"(?<![0-9.])[0-9.]{1,9}\s*점(?=입니다|이다|이에요"
    r"|(?:\s*정도)?\s*으?로\s*(?:평가|책정|판단|채점|매기|매깁|하겠|합니다|봅니다|본다|보았|봤|보겠|정하|정합|처리"
    r"|마무리)"
    r"|(?:\s*정도)?(?:이|가)\s*(?:적당|적절|타당|합당|알맞)|[을를]\s*(?:주|줍|부여|드리|드립|매기|매깁|받을\s*만)"
    r"|\s+(?:(?:드립니다|줍니다|준다)(?=\s*(?:$|[.!,;)~\n])|만[\s,])|드려요|드리겠|드릴게|주겠|줄게|부여(?:합니다"
    r"|하겠|한다|함)|처리(?:합니다|하겠|한다|함)|매깁니다|매기겠)"
    r"|짜리\s*(?:답변|응답)(?:입니다|이다)|밖에\s*(?:못\s*[주드]|(?:줄|드릴|부여할)\s*수)|이?라고\s*(?:봅|생각합"
    r"|판단합|평가합))"
)
# A mark of its own for the verdict, as the judges of MT-Bench ([[7]]) and Prometheus ([RESULT] 4) write it.
_LEVEL = re.compile(
    r"(?:^|[\n.,;|])[ \t]*(?:score|점수)?[ \t]*[0-9]+[ \t]*점?[ \t]*[:=](?![ \t]*[0-9])", re.I
)  # "5점: 우수"
_MARKED = re.compile(r"\[\[(?=\s*\d)|\[\s*(?:RESULT|결과|점수|최종\s*점수|score)\s*\][\s:=*(\[]*(?=\d)", re.I)
_CONCLUDED = re.compile(
    r"(?:종합(?:하면|해서|하여|적으로)|결론적으로|최종적으로|따라서|그러므로|전체적으로)[^.!?\n]{0,24}$"
)
_OUT_OF_KO = re.compile(r"(?<![0-9.])(?P<top>[0-9]+(?:\.[0-9]+)?)점\s*중(?:에서|에)?\s*(?=[0-9])")
_COUNTED = re.compile(
    r"[ \t]+(?:(?:of\s+the|the|test|unit|math|correct)[ \t]+)?(?:questions?|problems?|items?|cases?|steps?|facts?|"
    r"claims?|tests?|sentences?|times|people|examples?|requirements?|constraints?|문제|문항|항목|단계|사례|조건"
    r"|(?!answers|covers|offers|considers|delivers|presents)[a-z]+(?:ists|ors|erts|ents|ers|ants)\b)",  # 9/10 dentists
    re.I,
)
_POINTS = re.compile(r"(?<![0-9.])[0-9]+(?:\.[0-9]+)?\s*점(?!\s*(?:만점|중))")
_UNFIT = (  # what follows a number that is not the score, and why
    (re.compile(r"\s*(?:%|퍼센트|percent)"), "other_scale"),
    (re.compile(r"대(?![가-힣])|대\s|\s*(?:이상|이하|미만|초과)|\+|[과와]\s*[0-9]|에서\s"), "range"),
    (re.compile(r"\s*(?:->|→)[^\n]*[0-9]"), "range"),
    (re.compile(r"\s*[이은는가]?\s*아[니닌]"), "no_score"),  # "8점이 아니라"
    (re.compile(r"\s*/|[A-Za-z]|\s*½|·[0-9]|\s+(?:and\s+a\s+half|1/2|반)(?![가-힣])"), "malformed"),
)
_SAID = re.compile(  # "8점입니다라는 문장", "8점이라고 하기엔": words that are spoken of
    r"\s*(?:입니다|이다|이)라(?:는(?!\s*(?:결론|판단|결정))|고(?!\s*(?:봅|본|보[았겠]|볼|생각|판단|평가|결론)))"
)
SCORE_KEYS = ("score", "점수", "rating", "평점")
_LIST_ITEM = re.compile(r"[0-9]+[.)]\s+\S")
_REASON = re.compile(r"^[\s\-:;,.|()}/]*(?:(?:이유|근거|설명|사유|reason|rationale|explanation)\s*[:：]\s*)?", re.I)


def read(reply: str, scale: Scale, cut: bool = False) -> Reading:
    """Give the one score the reply states on this scale, with its reason.

    A reply that was `cut` at its token limit has a score only when its first line (or JSON) was that: the numbers of
    an unfinished deliberation are none.
    """
    if not reply or not reply.strip():
        return Reading(None, why="empty")
    text = strip_thinking(reply)
    if not text.strip():
        return Reading(None, why="unfinished")
    text = re.sub(r"(\s{8})\s+", r"\1", text)  # a model gone astray writes thousands of blanks
    found = json_objects(text, SCORE_KEYS)
    if found:
        readings = [_read_json(one, scale) for one in found]
        return readings[0] if len({r.score for r in readings}) == 1 else Reading(None, why="several")
    plain = with_digits(plain_text(text))
    if other_top(plain, scale):
        return Reading(None, why="other_scale")
    plain = blank_scale(plain, scale)
    if cut and not text.lstrip().startswith(("{", "```")) and _first_line(_lines(plain), plain, scale) is None:
        return Reading(None, why="unfinished")
    return _choose(plain, text, scale)


def _score_at(text: str, at: int, scale: Scale, final: bool = False) -> _Found | None:
    """Give the score expression that starts at `at`, or None when no number starts there."""
    top = TOP_KO.match(text, at) or _OUT_OF_KO.match(text, at)
    if top and float(top["top"]) == scale.high:
        at = top.end()  # "10점 만점에 8점"
    number = _NUMBER.match(text, at)
    if not number:
        return None
    end = number.end()

    def bad(why: str) -> _Found:
        return _Found(None, at, end, why, final)

    if not re.fullmatch(r"[-+]?[0-9]+(?:\.[0-9]+)?", number[0]):
        return bad("malformed")
    if _TO.match(text, end):
        return bad("range")
    of = _OF.match(text, end)
    if of:
        if float(of["top"]) != scale.high:
            return bad("other_scale")
        end = of.end()
    else:
        unit = re.compile(_UNIT).match(text, end)
        assert unit is not None
        if unit["unit"]:
            end = unit.end()
            if unit["unit"].lower().startswith("star") and scale.high != 5:
                return bad("other_scale")
    rest = text[end:]
    if of and _COUNTED.match(rest):
        return None  # "9 out of 10 questions": what the answer got right
    if _SAID.match(rest):
        return None
    for after, why in _UNFIT:
        if after.match(rest):
            return bad(why)
    if end == number.end() and re.match(r"\s*:\s*[0-9]", rest):
        return bad("malformed")  # "점수 1: 8" counts scores
    if end == number.end() and re.match(r"(?!입니다|이다|이며|이고|임|을|를|로|으로|이라)[가-힣]", rest):
        return bad("no_score")  # "8가지", "3개": a count
    if talked_of(text, at, end if of else number.end()):
        return None
    if bounded(text, at):
        return bad("range")
    value = float(number[0])
    if not scale.low <= value <= scale.high:
        return bad("out_of_range")
    if scale.whole and value != int(value):
        return bad("not_whole")
    return _Found(value, at, end, "", final)


def _lines(plain: str) -> list[tuple[int, str]]:
    return [(m.start(), m[0]) for m in re.finditer(r"[^\n]+", plain) if m[0].strip(" \t\r-:|>.")]


def _choose(plain: str, text: str, scale: Scale) -> Reading:
    quoted = [] if text.lstrip().startswith(("{", "```")) else quoted_spans(text)
    for start, end in quoted:
        plain = plain[:start] + re.sub(r"[0-9]", " ", plain[start:end]) + plain[end:]
    levels = list(_LEVEL.finditer(plain))
    if len({m[0].strip() for m in levels}) > 1:  # a rubric: what 5 points stand for, and 3
        for m in levels:
            plain = plain[: m.start()] + re.sub(r"[0-9]", " ", m[0]) + plain[m.end() :]
    lines = _lines(plain)
    first = _first_line(lines, plain, scale)
    stated = []
    for m in _LABEL.finditer(plain):
        found = None if not_ours(plain[: m.start()]) else _score_at(plain, m.end(), scale, _is_final(m))
        if found and not _heading(m, found, plain):
            stated.append(found)
    marked = [_score_at(plain, _digit(plain, m.end()), scale, True) for m in _MARKED.finditer(text)]
    finals = [*(f for f in marked if f), *(f for f in stated if f.final)]
    on_lines = [f for f in (_line_score(start, line, plain, scale) for start, line in lines) if f]
    if first is not None:  # whatever else stands as a score line must agree; sub-scores in the reason need not
        return _answer(text, [first, *finals, *(f for f in on_lines if f.value is not None)], scale)
    if finals:
        return _answer(text, finals, scale)
    if on_lines:
        return _answer(text, on_lines, scale)
    stated += _with_top(plain, scale)
    for m in _GIVEN.finditer(plain):
        found = _score_at(plain, m.end(), scale)
        if (
            found
            and re.match(
                r"\s*(?:$|[.,;:!)\n]|(?:because|since|as|from\s+me)\b|(?:overall|here)\s*(?:$|[.!\n])|/)",
                plain[found.end :],
            )
            and not (
                m["loosely"] and re.match(r"\s*[,;:]\s*(?!because|since|as|but|though|given|due)", plain[found.end :])
            )
            and not not_given(plain, m)
        ):
            stated.append(found)
    stated += [f for m in CLOSING.finditer(plain) if (f := _score_at(plain, m.end(), scale))]
    stated += [_Found(scale.high, start, end) for start, end in full_marks(plain, quoted)]
    stated += [_Found(None, start, end, "several") for start, end in part_in_full(plain)]
    return _answer(text, [*stated, *_given_in_korean(plain, scale)], scale)


def _digit(plain: str, at: int) -> int:
    return at + len(plain[at:]) - len(plain[at:].lstrip(" "))


def _given_in_korean(plain: str, scale: Scale) -> list[_Found]:
    """Give the scores that a sentence gives, the concluding one alone where there is one.

    A sentence that speaks of several points (정확성 8점, 유용성 6점입니다) and does not conclude gives several.
    """
    found, concluded = [], []
    for m in _GIVEN_KO.finditer(plain):
        one = _score_at(plain, m.start(), scale)
        if one is None:
            continue
        begins = max((plain.rfind(mark, 0, m.start()) for mark in (". ", "! ", "? ", "\n")), default=-1) + 1
        if _CONCLUDED.search(plain[begins : m.start()]):
            concluded.append(one)
            continue
        sentence = re.match(r"(?:(?![.!?]\s|\n).)*", plain[begins:])
        others = _POINTS.finditer(sentence[0]) if sentence else ()
        for other in others:
            said = _score_at(plain, begins + other.start(), scale)
            if said and said.value is not None and said.value != one.value:
                one = _Found(None, one.start, one.end, "several")
        found.append(one)
    return concluded or found


def _heading(label: re.Match[str], found: _Found, plain: str) -> bool:
    """Tell of a heading whose number is no score: "결론: 3가지 오류", "최종: 42"; these two need their points."""
    said = label["sum"] or ""
    bare = (
        said.lower() in ("결론", "최종", "verdict", "result")
        and not found.why
        and not re.search("점|/|of|point", plain[found.start : found.end])
    )
    if said.lower() in ("verdict", "result", "mark", "marks"):  # "Verdict: 6", not "Result: 6 points were scored"
        ends = re.match(r"[ \t]*(?:$|[.,;!)(\n-])", plain[found.end :])
        return not ends or (bare and said.lower() == "result")
    counted = re.match(r"[ \t]+(?!because|since|as\b|with\b|due\b|for\b|and\b|but\b)[a-z]+", plain[found.end :])
    return bool(said and (found.why == "no_score" or bare or counted))  # "Overall: 3 mistakes"


def _is_final(label: re.Match[str]) -> bool:
    return bool(label["final"] or label["sum"] or label["closing"])


def _answer(text: str, stated: list[_Found], scale: Scale) -> Reading:
    if not stated:
        return Reading(None, why="no_score")
    bad = next((f for f in stated if f.value is None), None)
    if bad is not None:
        return Reading(None, why=bad.why)
    if len({f.value for f in stated}) > 1:
        return Reading(None, why="several")
    found = stated[0]
    if text.lstrip().startswith(("{", "```")) and found.end >= len(text.rstrip()):
        return Reading(None, why="unfinished")  # cut JSON: the number itself may be cut
    after = _REASON.sub("", text[found.end :].strip("*`_\"'] \n")).strip()
    before = re.sub(r"\s*(?:점수|평점|score|rating|grade)[는은]?\W*$", "", text[: found.start], flags=re.I)
    return Reading(found.value, after or before.strip(" *#:\n[(\"'|"))


def _first_line(lines: list[tuple[int, str]], plain: str, scale: Scale) -> _Found | None:
    """Give the score of the first line when that line opens with it, as the prompts ask; a "...:" preamble may stand
    before it."""
    if lines and re.search(r"[:!]\s*$", lines[0][1]) and not re.search(r"[0-9]", lines[0][1]):
        lines = lines[1:]
    if not lines:
        return None
    start, line = lines[0]
    stated = _line_score(start, line, plain, scale)
    if stated is not None:
        return stated
    indent = len(line) - len(line.lstrip(" \t>"))
    if not re.match(r"[-+]?[0-9]", line[indent:]) or _LIST_ITEM.match(line[indent:]):
        return None
    found = _score_at(plain, start + indent, scale)
    rest = plain[found.end :] if found else ""
    if re.match(r"\s*[,;|]\s*[0-9]", rest):
        return _Found(None, start, start, "several")  # "8, 9": two scores
    return found if re.match(r"\s*(?:[-:;,|(]|입니다(?!만)|이다|\.\s)|\s+/", rest) else None


def _line_score(start: int, line: str, plain: str, scale: Scale) -> _Found | None:
    """Give the score of a line that is only a number or opens with a label."""
    label = _LABEL.match(line, len(line) - len(line.lstrip(" \t>")))
    found = _score_at(plain, start + label.end(), scale, _is_final(label)) if label else None
    if label and not (found and _heading(label, found, plain)):
        return found
    return _alone(start, line, plain, scale)


def _alone(start: int, line: str, plain: str, scale: Scale) -> _Found | None:
    """Give the score when the line holds nothing else."""
    at = re.match(r"[\s>|(]*", line).end()  # type: ignore[union-attr]  # it matches the empty text too
    if line[at : at + 2] == "- ":
        at += 2
    number = _NUMBER.match(line, at)
    if not number:
        return None
    rest = line[number.end() :]
    if not re.fullmatch(
        r"\s*(?:점|points?)?\s*(?:(?:-|~|to)\s*[0-9.]+\s*점?)?"
        r"(?:\(?\s*(?:/|out of|of)\s*[0-9.]+\s*(?:점|points?)?\s*\)?)?"
        r"\s*(?:입니다|이다|대|이상|이하|\+|%)?[\s.,!|)}]*",
        rest,
    ):
        return None
    return _score_at(plain, start + at, scale)


def _with_top(plain: str, scale: Scale) -> list[_Found]:
    """Give the scores told with their top: "8/10", "8 out of 10", "10점 만점에 8점"."""
    found = []
    for m in re.finditer(r"(?<![0-9A-Za-z.,/])[-+]?[0-9]+(?:\.[0-9]+)?", plain):
        of = _OF.match(plain, m.end())
        if of and float(of["top"]) == scale.high:
            found.append(_score_at(plain, m.start(), scale))
    tops = [m for top in (TOP_KO, _OUT_OF_KO) for m in top.finditer(plain)]
    found += [_score_at(plain, m.start(), scale) for m in tops if float(m["top"]) == scale.high]
    return [f for f in found if f]


def _read_json(found: JsonObject, scale: Scale) -> Reading:
    values = [v for key in SCORE_KEYS for v in found.get(key, [])]
    read_values = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return Reading(None, why="no_score" if value is None else "malformed")
        plain = plain_text(value if isinstance(value, str) else repr(value)).strip()
        one = _alone(0, plain, plain, scale)
        if one is None or one.value is None:
            return Reading(None, why=one.why if one else "malformed")
        read_values.append(one.value)
    if len(set(read_values)) != 1:
        return Reading(None, why="several" if read_values else "no_score")
    reasons = [v for key in ("reason", "이유", "근거", "explanation") for v in found.get(key, []) if isinstance(v, str)]
    return Reading(read_values[0], reasons[0].strip() if reasons else "")
