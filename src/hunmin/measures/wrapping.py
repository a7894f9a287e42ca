"""What a model puts around a text it was asked for: a preamble, a note behind it, a JSON or fence shell, its thoughts.

Each finder reads the answer alone; a caller that has the English leaves out what the English has too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..text.hangul import has_hangul
from .measured import english_of


def _any(words: str) -> str:
    """Give a pattern of words; _ stands for a blank that may be missing."""
    return f"(?:{'|'.join(words.split())})".replace("_", r"\s?")


_THOUGHTS = _any("think thinking thought thoughts reasoning reflection scratchpad analysis")
_TOKENS = _any(
    "im.start im.end channel message start end eot.id endoftext begin.of.text assistant user system "
    "end.of.turn endofturn"
)
THINKING = re.compile(
    rf"</?{_THOUGHTS}>|<\|{_TOKENS}\|>|</s>|<s>|\[/?INST\]|<</?SYS>>|<(?:start|end).of.turn>|<\uff5c[^<>\n]{{1,30}}\uff5c>",
    re.I,
)
ROLE = re.compile(
    r"^\s*(?:###\s*(?:Response|Instruction|Output|응답|답변|번역)\s*:|(?:Assistant|AI|Bot|어시스턴트|챗봇)\s*:)", re.I
)
_ABOUT = (
    r"(?:번역|translat\w+|한국어\s?(?:로|판|버전|표현|문장)|한글로"
    r"|(?:in|into|to) korean\b|korean (?:version|text|rendering))"
)
_SAID = _any("다음과_같습니다 아래와_같습니다 드리겠습니다 하겠습니다 했습니다 드렸습니다 입니다")
_POINTS = _any("다음 아래 여기 결과 같습니다 드리 드렸 요청 here following below sure certainly")
_SURE = _any(
    r"sure certainly of\scourse okay ok absolutely great no\sproblem got\sit here(?:'s|\sis|\syou\sgo|\sare) "
    "물론(?:입니다|이죠|이에요|이지요)? [네예](?=[,.!]) 알겠습니다 좋습니다 그럼요"
)
PREAMBLE = re.compile(
    rf"^\W{{0,4}}(?:(?=[^\n:：]{{0,120}}{_ABOUT})(?=[^\n:：]{{0,120}}{_POINTS})[^\n:：]{{0,140}}[:：]"
    rf"|[^\n.!?:：]{{0,40}}{_ABOUT}[^\n.!?]{{0,30}}{_SAID}[.!](?=\s*\n)"
    rf"|[\[(【<#*]+\s?(?:번역(?:문|본|\s?결과)?|한국어\s?번역|(?:korean )?translation)\s?(?:[\])】>*]+|[:：]?\s*\n)"
    rf"|{_SURE}[^\n]{{0,10}}[,.!~]?\s[^\n]{{0,60}}{_ABOUT}[^\n]{{0,40}})",
    re.I,
)
_LABELS = _any(
    r"번역(?:문|본|_결과)? 한국어(?:_번역)?(?:문|본)? 한글(?:_번역)? korean(?:\stranslation|\sversion)? translation "
    r"translated\stext 결과 출력 답변 output answer"
)
LABEL = re.compile(rf"^\W{{0,4}}{_LABELS}\W{{0,3}}[:：]\W{{0,3}}", re.I)
OPENER = re.compile(
    r"^\W{0,3}(?:물론(?:입니다|이죠|이에요|이지요)|[네예][,!.]|알겠습니다|그럼요|당연하죠|좋은 질문|기꺼이|도와드리겠"
    r"|sure\b|certainly\b|of course\b|absolutely\b|okay\b|got it\b|great question|i['’]d be happy|happy to help)",
    re.I,
)
_NOTES = _any(
    r"참고(?:로|_사항)? 주의 주석 역주 역자_주 번역_(?:노트|참고|메모|설명) 비고 추가_설명 설명 note notes n\.b\. "
    r"translator['’]?s?\snotes? translation\snotes? explanation"
)
NOTE = re.compile(
    rf"^\W{{0,4}}{_NOTES}\W{{0,4}}[:：)\]]"
    r"|^\W{0,4}(?:위|이|본|해당)\s?(?:번역|문장|텍스트|글)[은는에]?[^\n]{0,60}(?:번역|옮|의역|직역|원문)"
    r"|^\W{0,4}(?:this|the) translation\b|^\W{0,4}i(?:['’]ve| have)? (?:translated|kept|preserved|used)\b"
    r"|^\W{0,4}(?:원문|원본)(?:의|에|은|에서)[^\n]{0,60}(?:번역|옮|유지|살렸|표현)",
    re.I,
)
FAREWELL = re.compile(
    r"(?:도움이\s?(?:되|필요)|추가(?:적인|로)?\s?(?:질문|요청|도움|궁금)|더\s?(?:궁금|필요|도움)|언제든지?)[^\n]{0,40}"
    r"(?:바랍니다|좋겠습니다|말씀|알려|문의|물어|주세요|주십시오)"
    r"|(?:수정|다른 번역|번역)[^\n]{0,30}(?:필요|원하)[^\n]{0,20}(?:말씀|알려|요청)"
    r"|(?:궁금|질문|문의)[^\n]{0,12}있(?:으면|으시면|다면)[^\n]{0,20}(?:말씀|알려|문의|물어|연락)"
    r"|let me know if|feel free to|i hope (?:this|that|it) helps|is there anything else|if you (?:need|have) any",
    re.I,
)
SHELL_KEYS = frozenset(
    "translation translated translated_text translatedtext text output result answer response korean ko target content"
    " 번역 번역문 결과 한국어 답변".split()
)
FENCE = re.compile(r"\s*(?:```|~~~)[^\n]*\n(?P<body>.*?)\n?(?:```|~~~)?\s*", re.S)
XML_SHELL = re.compile(
    r"\s*<(?P<name>translation|translated|output|answer|result|korean|ko|text|번역|번역문)>(?P<body>.*?)(?:</(?P=name)>\s*|\Z)",
    re.S | re.I,
)
QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’", "「": "」", "『": "』", "«": "»", "„": "“"}


SENTENCE = re.compile(r"^[^#/*{]*[가-힣][다요까]\.$")
CODE_SIGN = re.compile(r"[{};=<>]|//|^#|\bdef\b|\(\)|^[-|+]")


@dataclass(frozen=True)
class Wrap:
    """Something around an answer: its kind ("thinking", "preamble", "label", "opener", "note", "farewell", "json",
    "fence" around prose, "code_fence" around something else, "xml", "quotes") and where."""

    kind: str
    start: int
    end: int


def wraps(text: str) -> list[Wrap]:
    """Give everything found around the answer in a text, by the text alone."""
    shells = list(_shells(text))
    inside = any(w.kind in ("json", "xml") for w in shells)
    around = [] if inside else [*_before(text), *_behind(text)]
    return sorted([*_thoughts(text), *shells, *around], key=lambda w: (w.start, w.end))


def wrapping(answer: str, record: Mapping[str, Any]) -> float | None:
    """Give how many things stand around an answer that are no part of it; 0 is best, None for a blank answer.

    Counted are those which no honest answer has: thoughts and control tokens, a preamble or a note about a
    translation, a shell of JSON, XML or a fence around prose. What its English has too is not counted.
    """
    if not answer.strip():
        return None
    theirs = {w.kind for w in wraps(english_of(answer, record))}
    sure = ("thinking", "preamble", "json", "xml", "fence")
    return float(sum(w.kind in sure and w.kind not in theirs for w in wraps(answer)))


def _thoughts(text: str) -> Iterator[Wrap]:
    if "<" in text or "[" in text:
        for match in THINKING.finditer(text):
            if match.group().lower() in ("<s>", "</s>") and not _is_token(text, match):
                continue  # struck through, in HTML
            yield Wrap("thinking", *match.span())
    role = ROLE.match(text)
    if role:
        yield Wrap("thinking", *role.span())


def _is_token(text: str, match: re.Match[str]) -> bool:
    """Tell the token that begins or ends a text from the HTML tag of the same name, which comes in pairs."""
    return text.count("<s>") != text.count("</s>") or text.strip().startswith("<s>") and text.strip().endswith("</s>")


def _shells(text: str) -> Iterator[Wrap]:
    body = text.strip()
    start = len(text) - len(text.lstrip())
    end = start + len(body)
    if not body:
        return
    fence = FENCE.fullmatch(text) if body[0] in "`~" else None
    if fence:
        inside = fence["body"]
        if has_hangul(inside):
            yield Wrap("fence" if _is_prose(inside) else "code_fence", start, end)
    shell = XML_SHELL.fullmatch(text) if body[0] == "<" else None
    if shell and has_hangul(shell["body"]):
        yield Wrap("xml", start, end)
    if body[0] in "{[" and _is_json_shell(body):
        yield Wrap("json", start, end)
    close = QUOTES.get(body[0])
    if close and len(body) > 2 and body[-1] == close and _closed(body[1:-1], body[0], close):
        yield Wrap("quotes", start, end)


def _closed(inside: str, opening: str, close: str) -> bool:
    """Tell whether the quotes inside pair up, so that the outer two belong together: not "a" and "b"."""
    if opening == close:
        return inside.count(close) % 2 == 0 and not re.match(rf"[^{close}]*[{close}](?!\w)", inside)
    depth = 0
    for char in inside:
        depth += (char == opening) - (char == close)
        if depth < 0:
            return False
    return depth == 0


def _is_json_shell(body: str) -> bool:
    """Tell {"translation": "..."} and its like, cut off or not, from data: one text under a name of a reply."""
    match = re.match(r"[\[\s]*\{\s*[\"'](?P<key>\w+)[\"']\s*:\s*\[?\s*[\"']", body)
    if not match and body[0] == "[":
        return _is_list_of_one(body)
    if not match or match["key"].lower() not in SHELL_KEYS:
        return False
    try:
        value: Any = json.loads(body)
    except json.JSONDecodeError:
        return has_hangul(body)
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return isinstance(value, dict) and len(value) <= 2 and has_hangul(json.dumps(value, ensure_ascii=False))


def _is_list_of_one(body: str) -> bool:
    try:
        value = json.loads(body)
    except json.JSONDecodeError:
        return False
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) and has_hangul(value[0])


def _is_prose(text: str) -> bool:
    """Tell Korean prose from code with Korean strings and comments: lines of words, no signs of a program."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    words = [line for line in lines if has_hangul(line) and (SENTENCE.search(line) or not CODE_SIGN.search(line))]
    return len(words) >= 0.8 * len(lines) and any(re.search(r"[가-힣]\s+[가-힣]|[다요까][.!?]", line) for line in words)


def _before(text: str) -> Iterator[Wrap]:
    start = len(text) - len(text.lstrip())
    head = text[start:].split("\n", 1)[0]
    match = PREAMBLE.match(text[start : start + 400])
    if match:
        yield Wrap("preamble", start, start + match.end())
        return
    match = LABEL.match(head)
    if match:
        kind = "preamble" if re.search(_ABOUT, match.group(), re.I) else "label"
        yield Wrap(kind, start, start + match.end())
        return
    match = OPENER.match(head)
    if match:
        yield Wrap("opener", start, start + match.end())


def _behind(text: str) -> Iterator[Wrap]:
    parts = [m for m in re.finditer(r"[^\n]+", text) if m.group().strip()]
    for part in parts[-3:] if len(parts) > 1 else ():
        if part is parts[0]:
            continue
        line = part.group().strip()
        if NOTE.match(line):
            yield Wrap("note", *part.span())
        elif FAREWELL.search(line):
            yield Wrap("farewell", *part.span())
    if len(parts) == 1:
        sentence = re.search(r"(?<=[.!?]) ?[(（][^()]{0,12}(?:번역|역주|참고|note)[^()]{0,120}[)）]\s*$", text, re.I)
        if sentence:
            yield Wrap("note", *sentence.span())
