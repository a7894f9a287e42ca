"""cut_off: what the translation leaves out: sentences, list items, defined terms, the end of the text, a word before
its particle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...text.hangul import BARE_PARTICLE, ending, has_hangul
from ...text.segments import is_code
from .gaps import left_out, unsaid
from .list_marks import ITEM, OTHER_ITEM, counted
from .reading import CERTAIN, REVIEW, Issue, issue, lines_of, place, prose_of, sentences_of, spans_of

TITLE = {"ko": "내용이 잘림", "en": "cut off"}

TERM = re.compile(
    r"\((?:the |each,? an? |collectively,? |hereinafter |이하 )*[\"“”'‘「]([^\"”'’」()\n]{1,40})[\"”'’」]\)"
)
DEFINED = re.compile(r"\([^()\n]*[\"“'‘「『][^()\n]{1,40}[\"”'’」』][^()\n]*\)|[\"“'‘][^\"”'’\n]{1,40}[\"”'’]\)")
BRACKETED = re.compile(r"\([^()\n]+\)")
SOURCE_END = re.compile(r"[.!?][\"”')\]*_]*$")
TARGET_END = re.compile(r"[.!?…:;。~][\"”’'」』)\]*_`]*$|[)\]}>|\"”’'」』*_`$]$")
OPEN_END = re.compile(
    r"(?:하는|되는|있는|없는|하고|되고|하며|되며|하여|에서|에게|으로|부터|까지|에는|지만|는데|면서|므로|때문에|위해|대한|통해|따라|그리고|또는|및)$|,$|[가-힣](?:을|를|의|와|과)$"
)
# A sentence that goes on behind what it quotes: a block of code, a quotation, a display.
AFTER_BLOCK = re.compile(r"(?:^[ \t]*(?:```|~~~|>[^\n]*|\$\$|\\\])|\$\$|\\\]|```)[ \t]*\n\s*\Z", re.M)
# A paragraph with hard line breaks may go on with the particle of the name that ended a line.
WRAPPED = re.compile(r"[A-Za-z0-9)\]>*`\"'”’_」』][ \t]*\n\Z")
GOES_ON = re.compile(r"(?m)^(?![ \t]*[#|])[^\n]*[^\s.!?:;|~。>][ \t]*\n\Z")  # a line that ends no sentence
NOUN_END = re.compile(
    r"(?:기|함|음|됨|임|것|수|중|등|때|곳|점|뿐|법|방법|이유|목록|예|예시|문장|이야기|질문|글|문제|[\d%)])$"
)
NUMBER_OF = re.compile(r"(?m)^[ \t]*(\d{1,3})[.)](?=[ \t]+\S)")
# English that begins in a sentence's middle: "will print", "at a prompt", "returns it"; "read it" may be a whole one.
FRAGMENT = re.compile(
    r"[ \t>*_\-+•]*(?:(?:will|would|can|could|may|might|must|shall|should|is|are|was|were|be|been|do|did|not|at|in|on"
    r"|of|to|for|from|with|by|into|onto|as|than|and|or|but|nor|so|if|when|where|which|who|whose|that|while|because|after"
    r"|before|until|unless|within|without|[a-z]{2,}s)[ ,]|[,;:.)\]])"
)
BREAKS_OFF = re.compile(r"(?:\b(?:the|an?|of|to|by|in|on|for|with|from|see|and|or)|,)$")
OPEN_ENGLISH = re.compile(r"(?:\.\.\.|…|\b(?:e\.g|i\.e|etc|vs|cf|incl|approx)\.)[\"'”’)\]*_]*$", re.I)
PROGRAM_LINE = re.compile(r"[ \t]*(?://|/\*|.*[;{}][ \t]*$)")
KOREAN_SHARE = 0.52  # how many letters Korean takes for one of English, between 45 and 60 of 100
MERGED = 1.5  # how much longer than its share an item is that took another in
ALT = re.compile(r"!\[[^\[\]]*\]")


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per missing piece; a translated sentence may be split in two, but two may not become none."""
    if original == text or is_code(original or text):
        return []
    if not has_hangul(text):
        return _items(original, text) if original else []
    found = _particles(original, text) + _tail(original, text)
    if original:
        found += _terms(original, text)
        found += _items(original, text) or _sentences(original, text)
    return found


def _particles(original: str, text: str) -> list[Issue]:
    found = []
    for start, end in lines_of(text):
        offset = start + len(text[start:end]) - len(text[start:end].lstrip(" \t-*•+"))
        match = BARE_PARTICLE.match(text, offset)
        if match and not AFTER_BLOCK.search(text[:start]) and not (offset == start and WRAPPED.search(text[:start])):
            where = place(text, original, match.start()) if original else None
            above = text[:start].rstrip()
            if where and not TARGET_END.search(above[-20:]) and _fragment(original, where, first=not above):
                continue
            wrapped = not text[start:offset].strip() and GOES_ON.search(text[:start])
            found.append(
                issue(
                    "cut_off",
                    REVIEW if wrapped else CERTAIN,
                    where,
                    match.span("p"),
                    f"줄이 조사 '{match['p']}'로 시작함 / a line begins with a bare particle",
                )
            )
    return found


def _fragment(original: str, where: tuple[int, int], first: bool) -> bool:
    """Tell whether the English is a piece of a sentence that began before it, as the entries of a .po file are.

    Its Korean begins with the particle of a name that stands in the entry before, or after it as the word order goes.
    """
    start, end = where
    if start == end:
        if not first:
            return False
        start, end = 0, len(original)
    piece = original[start:end].strip()
    return bool(FRAGMENT.match(piece)) or len(piece.split()) > 1 and bool(BREAKS_OFF.search(piece))


def _tail(original: str, text: str) -> list[Issue]:
    """A text that ends before its sentence does: 그는 문을 열었지만.

    A connective at the end is `certain` only behind a sentence before it or an English one of six words or more: as a
    whole answer "그리고" may be right. What ends in a noun is `review`: a heading (설치 방법) ends so too.
    """
    body = text.rstrip()
    parts = sentences_of(body)
    if not parts or body.endswith(("```", "$", "|")):
        return []
    last = body[parts[-1][0] : parts[-1][1]]
    english = original.rstrip()
    if english and (not SOURCE_END.search(english) or OPEN_ENGLISH.search(english)):
        return []
    if not has_hangul(last[-2:]) or TARGET_END.search(last):
        return []
    end = (len(body) - min(len(last), 12), len(body))
    source = _rest(original, parts)
    detail = "끝맺지 못한 문장 / the last sentence does not end"
    if OPEN_END.search(last):
        whole = original and (len(parts) > 1 or len(original.split()) >= 6)
        if last.endswith(",") and ending(last[:-1]):
            whole = False  # a comma for the full stop
        if re.search(r"(?:부터|까지)$", last) and _short_line(body, parts[-1]):
            whole = False  # an item may name a range
        return [issue("cut_off", CERTAIN if whole else REVIEW, source, end, detail)]
    if original and len(parts) == 1 and len(original.split()) >= 8 and not ending(last) and not NOUN_END.search(last):
        return [issue("cut_off", REVIEW, source, end, detail)]  # one sentence, cut in its middle
    others = [body[a:b] for a, b in parts[:-1]]
    if (
        original
        and not ending(last)
        and len(others) >= 1
        and all(TARGET_END.search(s) for s in others)
        and not _short_line(body, parts[-1])
    ):
        return [issue("cut_off", REVIEW, source, end, detail)]
    return []


def _rest(original: str, parts: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Give the English of a sentence that does not end, with what follows it: the text breaks off there."""
    source = sentences_of(original)
    return (source[min(len(source), len(parts)) - 1][0], source[-1][1]) if source else None


def _short_line(body: str, part: tuple[int, int]) -> bool:
    """Tell whether the sentence is a line of its own: a heading, a signature, an item."""
    return "\n" in body[: part[0]][-2:] or bool(re.search(r"\n[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+$", body[: part[0]]))


def _terms(original: str, text: str) -> list[Issue]:
    """A term that a contract defines, (the "Seller"), is gone. Its Korean may be any word, so brackets are counted."""
    terms = [term for term in TERM.finditer(original) if not _in_code(original, term.start())]
    if not terms:
        return []
    there = len(DEFINED.findall(text))
    gone = [term for term in terms if term[1] not in text]
    if not gone or there >= len(terms) or sum(map(has_hangul, BRACKETED.findall(text))) >= len(terms):
        return []  # (blur) for ("blur"), 함수(액션)
    lost = gone[-1] if there == 0 else min(gone, key=lambda m: _quoted_near(m, original, text))
    return [
        issue(
            "cut_off",
            REVIEW,
            lost.span(),
            place(original, text, lost.start()),
            "정의된 용어가 빠짐 / a defined term is lost",
        )
    ]


def _quoted_near(match: re.Match[str], original: str, text: str) -> float:
    """Give how near a quoted parenthesis of the target stands to where this one should, negated: the farthest first."""
    at = match.start() / len(original)
    return -min((abs(m.start() / len(text) - at) for m in DEFINED.finditer(text)), default=1.0)


def _items(original: str, text: str) -> list[Issue]:
    """List items that are gone: fewer signs, and fewer lines too.

    Signs alone prove nothing: `- Tea` as 차 on a line of its own is there, without its sign.
    """
    source = [m for m in ITEM.finditer(original) if not _in_code(original, m.start()) and not _program(original, m)]
    target = [m for m in ITEM.finditer(text) if not _in_code(text, m.start()) and not _program(text, m)]
    if len(target) < len(source):
        target = [m for m in OTHER_ITEM.finditer(text) if not _in_code(text, m.start())]
    n_lost = len(source) - len(target)
    if n_lost <= 0 or not target and len(lines_of(text)) >= len(lines_of(original)):
        return []
    numbers = [int(m[1]) for m in NUMBER_OF.finditer(original)]
    if len(set(numbers)) < len(numbers):
        numbers = list(range(1, len(numbers) + 1))  # 1. 1. 1.
    gone = [i for i, number in enumerate(numbers) if not counted(number, text)]
    if len(numbers) >= n_lost and not gone:
        return []  # 1) ... and 2) ... in one line
    words = [re.findall(r"[A-Za-z]\w+", _line(original, m.start())) for m in source]
    if all(w and len(w) <= 3 and all(x in text for x in w) for w in words):
        return []  # names that one sentence tells
    if len(lines_of(text)) >= len(lines_of(original)):
        return []  # the signs are gone, the lines are there: markup's affair
    starts = [m.start() for m in source], [m.start() for m in target]
    where = left_out(original, text, _parts(starts[0], original), _parts(starts[1], text))
    last = where + n_lost - 1
    there = "".join(text.split())
    if "".join(_line(original, source[where].start()).split()) in there:  # not this one: another that does not stand
        others = (i for i, m in enumerate(source) if "".join(_line(original, m.start()).split()) not in there)
        last = where = min(others, key=lambda i: abs(i - where), default=where)
    if not target and len(numbers) == len(source) > len(gone):
        where, n_lost = gone[0], len(gone)  # (1) and (3) stand in one line
        last = next(i for i in gone if i + 1 not in gone)
    start = source[where].start()
    stop = original.find("\n", source[last].start())
    end = stop if stop > 0 else len(original)
    at = target[where].start() if where < len(target) else len(text)
    # No list any more: half of them are told in sentences.
    merged = (not target or _merged(original, text, *starts, where)) and not unsaid(original, text, start, end)
    return [
        issue(
            "cut_off",
            REVIEW if merged else CERTAIN,
            (start, end),
            (at, at),
            f"목록 {n_lost}개 항목이 빠짐 / {n_lost} list item(s) are lost",
        )
    ]


def _merged(original: str, text: str, source: list[int], target: list[int], where: int) -> bool:
    """Tell whether an item beside the one that is gone is so much longer than its share that it may hold both."""
    n_lost = len(source) - len(target)
    mine = [len("".join(_line(original, at).split())) for at in source]
    other = [len("".join(_line(text, at).split())) for at in target]
    kept = mine[:where] + mine[where + n_lost :]
    apart = [i for i in range(min(len(kept), len(other))) if i not in (where - 1, where)]
    share = sum(other[i] for i in apart) / max(1, sum(kept[i] for i in apart)) if apart else KOREAN_SHARE
    beside = [i for i in (where - 1, where) if 0 <= i < min(len(kept), len(other))]
    lost = sum(mine[where : where + n_lost])
    return any(
        other[i] >= max(15, 0.7 * share * (kept[i] + lost)) and other[i] > MERGED * share * kept[i] for i in beside
    )


def _program(text: str, item: re.Match[str]) -> bool:
    """Tell whether an item is a line of a program with a sign of a diff before it: `+  // its height`, `*  var a;`."""
    return bool(PROGRAM_LINE.match(_line(text, item.end())))


def _in_code(text: str, at: int) -> bool:
    """Tell whether a place is in a block of code or in a comment of the page: ` * @param` is no item of a list."""
    return any(
        s.start <= at < s.end and (s.kind in ("fence", "code") or text.startswith("<!--", s.start))
        for s in spans_of(text)
    )


def _line(text: str, at: int) -> str:
    stop = text.find("\n", at)
    return text[at : stop if stop > 0 else len(text)]


def _parts(starts: list[int], whole: str) -> list[tuple[int, int]]:
    ends = [*starts, len(whole)][1:]  # none for a list that is gone as a whole
    return list(zip(starts, ends, strict=True))


def _prose_sentences(text: str) -> list[tuple[int, int]]:
    plain = ALT.sub(lambda m: " " * len(m.group()), prose_of(text)) if "![" in text else prose_of(text)
    return [part for part in sentences_of(text) if re.search(r"[A-Za-z가-힣]", plain[part[0] : part[1]])]


def _sentences(original: str, text: str) -> list[Issue]:
    source, target = _prose_sentences(original), _prose_sentences(text)
    if NUMBER_OF.search(original) and not NUMBER_OF.search(text):  # the list went into the sentence that leads to it
        source = [part for part in source if not original[: part[1]].endswith(":")] or source
    if not source or not target:
        return []
    if len(target) >= len(source):
        return _short(original, text, source, target)
    lines, there = lines_of(original), lines_of(text)
    if len(lines) == len(there) and len(lines) > 1:
        found = []
        for a, b in zip(lines, there, strict=True):
            inside = [s for s in source if a[0] <= s[0] < a[1]]
            beside = [s for s in target if b[0] <= s[0] < b[1]]
            if inside and len(beside) < len(inside):
                found += _missing(original, text, inside, beside)
        return found
    return _missing(original, text, source, target)


def _missing(original: str, text: str, source: list[tuple[int, int]], target: list[tuple[int, int]]) -> list[Issue]:
    """Sentences that are fewer: `review`, since Korean joins two ("Stop. Think." as 멈추고 생각하세요).

    `certain` only where two or more are gone and so are seven of ten letters: what was joined is still that long.
    """
    n_lost = len(source) - len(target)
    i = left_out(original, text, source, target) if target else 0
    n_source = sum(b - a for a, b in source)
    n_target = sum(b - a for a, b in target)
    certain = target and n_lost >= 2 and n_target < 0.3 * n_source
    at = target[i][0] if i < len(target) else (target[-1][1] if target else len(text))
    return [
        issue(
            "cut_off",
            CERTAIN if certain else REVIEW,
            (source[i][0], source[i + n_lost - 1][1]),
            (at, at),
            f"문장 {n_lost}개가 모자람 / {n_lost} sentence(s) fewer",
        )
    ]


def _short(original: str, text: str, source: list[tuple[int, int]], target: list[tuple[int, int]]) -> list[Issue]:
    """As many sentences, and hardly a text: Korean takes about half the letters of its English, 100 become 45 to 60.

    Under 0.24 is "summed up" and no translation. A table keeps its names and numbers and has no such ratio.
    """
    n_source, n_target = len(prose_of(original).replace(" ", "")), len(prose_of(text).replace(" ", ""))
    if n_source >= 100 and n_target < 0.24 * n_source and not any(s.kind == "table" for s in spans_of(original)):
        return [
            issue(
                "cut_off",
                REVIEW,
                None,
                (len(text), len(text)),
                "번역이 지나치게 짧음 / the translation is far too short",
            )
        ]
    return []
