"""Column names that people give, in English and Korean, and what a table's own columns can mean."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..artifacts.rows import JsonObject


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


MEANINGS: dict[str, frozenset[str]] = {  # normalised by `plain_name`: small letters, no blanks, `_` or `-`
    "messages": _names(
        "messages conversations conversation dialog dialogue dialogs dialogues chat turns chatmessages 대화 "
        "대화내용 메시지"
    ),
    "instruction": _names(
        "instruction instructions prompt prompts question questions query queries q ask request problem human "
        "user userinput userprompt usermessage userquery inputtext inputs questiontext instructiontext "
        "promptko questionko instructionko 질문 질의 지시 지시문 지시사항 명령 명령어 문제 물음 요청 요청사항 "
        "프롬프트 사용자 사용자입력 질문내용 문제내용"
    ),
    "input": _names("input context passage background 입력 문맥 맥락 지문 본문 배경 참고자료 추가정보"),
    "output": _names(
        "output outputs answer answers a response responses reply completion completions generation target targets "
        "assistant gpt bot modelanswer modeloutput modelresponse assistantresponse assistantmessage "
        "botresponse outputtext answertext responsetext solution outputko answerko responseko 답변 답 응답 "
        "출력 정답 대답 풀이 답변내용 모범답안 모범답변 어시스턴트 챗봇"
    ),
    "chosen": _names(
        "chosen preferred preferredoutput preferredresponse chosenresponse chosenanswer responsechosen "
        "answerchosen accepted acceptedanswer acceptedresponse goodanswer goodresponse betteranswer "
        "betterresponse winner win positive 선호 선호답변 선호응답 채택 채택답변 좋은답변 좋은응답 선택 "
        "선택답변"
    ),
    "rejected": _names(
        "rejected dispreferred nonpreferredoutput rejectedresponse rejectedanswer responserejected "
        "answerrejected badanswer badresponse worseanswer worseresponse loser lose negative 비선호 비선호답변 "
        "비선호응답 기각 기각답변 나쁜답변 나쁜응답 거절 거절답변"
    ),
    "system": _names(
        "system systemprompt customsystemprompt systemmessage sysprompt systemtext systemko systempromptko 시스템 "
        "시스템프롬프트 시스템메시지"
    ),
    "thinking": _names(
        "thinking think reasoning reasoningcontent reasoningprocess thought thoughts cot complexcot chainofthought "
        "사고 사고과정 추론 추론과정 생각"
    ),
    "label": _names("label ktotag ktolabel desirable isdesirable"),
    "history": _names("history chathistory 이전대화 대화기록"),
    "tools": _names("tools functions 도구"),
}
MEDIA = _names(
    "image images imagepath imagepaths imageurl imageurls img imgs video videos videopath audio audios "
    "audiopath 이미지 사진 영상 음성"
)
CHOICES = _names("choices options candidates choice option 보기 선택지 선지")
LETTERS = tuple(frozenset(a + b for b in "abc") for a in ("", "option", "choice")) + tuple(
    frozenset(a + b for b in "123") for a in ("option", "choice", "보기", "선택지", "ending", "alternative")
)
# Meant so only where no other column says it plainly.
WEAK = _names("user human assistant gpt bot target targets request 사용자 어시스턴트 챗봇 정답")
SWITCH = _names("on off yes no true false none auto default minimal low medium high think nothink 0 1")
"""What a column of reasoning holds that says whether or how hard to think, not what was thought."""
ABOUT = re.compile(
    r"(?i)(^|[_.\- ])(ids?|uuid|url|link|hash|lang|languages?|code|locale|source|src|category|topic|title|subject|"
    r"domain|task|type|kind|split|model|generator|licen[sc]e|version|date|created|timestamp|tstamp|time|state|status|index|"
    r"winner|judge|score|rating|rank|label|role|country|level|difficulty|quality|preference|출처|번호|분류|날짜|난이도)"
    r"(_?[ab0-9]|[_.\-]|$)"
)
"""Names of columns that tell of a row: no mapping is proposed with them, unless they hold sentences."""
TWINS = re.compile(r"(?i)^(.*?)[_.\- ]?([ab]|[012])$")
RAW = _names("text content document body article texts 텍스트 내용 문서 본문 글 원문 문장")
MEANING = {name: meaning for meaning, names in MEANINGS.items() for name in names}
ROW = ("messages", "instruction", "input", "output", "chosen", "rejected")  # what a mapping may name by itself


@functools.lru_cache(maxsize=4096)
def plain_name(key: Any) -> str:
    """Give a column's name without case, blanks and joiners: "Reasoning_Content" is "reasoningcontent"."""
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFC", str(key))).casefold()


def keys_of(row: Mapping[str, Any], meaning: str) -> list[str]:
    """Give the row's columns that mean this, in the row's order."""
    return [key for key in row if MEANING.get(plain_name(key)) == meaning]


def filled(value: Any) -> bool:
    """Tell whether a cell holds anything."""
    return value is not None and value != "" and value != [] and value != {}


def beside(row: Mapping[str, Any], more: Mapping[str, Any]) -> JsonObject:
    """Give a row with other keys behind its own ones; a key whose name the row has stands under `extra`."""
    free = {k: v for k, v in more.items() if k not in row}
    under = {k: v for k, v in more.items() if k in row}
    if under:
        inner = free.get("extra", {})
        free["extra"] = {**(inner if isinstance(inner, Mapping) else {"extra": inner}), **under}
    return {**row, **free}


@dataclass
class Proposal:
    """What the columns of a table can mean: the one mapping, or the ones a person has to choose from."""

    columns: dict[str, str] = field(default_factory=dict)
    choices: list[dict[str, str]] = field(default_factory=list)
    why: str = ""


def propose(rows: Sequence[Mapping[str, Any]]) -> Proposal:
    """Give the mapping of columns when only one is possible, else those to choose from, with the reason."""
    cells = [_flat(row) for row in rows]
    known: dict[str, list[str]] = {meaning: [] for meaning in ROW}
    for key in dict.fromkeys(key for row in cells for key in row):
        meaning = MEANING.get(plain_name(key.rsplit(".", 1)[-1]))
        values = [row[key] for row in cells if filled(row.get(key))]
        if meaning in known and values and all(_suits(value, meaning) for value in values):
            known[meaning].append(key)
    for meaning, keys in known.items():
        plain = [k for k in keys if plain_name(k.rsplit(".", 1)[-1]) not in WEAK]
        known[meaning] = plain or keys
    if not known["instruction"] and len(known["input"]) == 1:
        known["instruction"], known["input"] = known["input"], []
    if known["rejected"] and not known["chosen"]:
        known["chosen"], known["output"] = known["output"], []
    if known["chosen"] and known["rejected"]:
        wanted = ["messages" if known["messages"] else "instruction", "chosen", "rejected"]
    elif known["messages"] and not (known["instruction"] and known["output"]):
        wanted = ["messages"]
    else:
        wanted = ["instruction", "output"]
        if known["messages"]:
            choices = [{"messages": known["messages"][0]}, {name: known[name][0] for name in wanted}]
            return Proposal(choices=choices, why="both a conversation and a question with its answer")
    missing = [name for name in wanted if not known[name]]
    if missing:
        guess = _guess(cells, known, wanted)
        why = f"no column is known for {' and '.join(missing)}" + _unsuited(cells, missing)
        if "chosen" in guess and not known["chosen"]:
            why += (
                f"; {guess['chosen']} and {guess['rejected']} look like two answers, of which chosen is the better one"
            )
        return Proposal(choices=[guess] if guess else [], why=why)
    if "instruction" in wanted and known["input"]:
        wanted.insert(1, "input")
    several = [name for name in wanted if len(known[name]) > 1]
    found = [dict(zip(wanted, keys, strict=True)) for keys in itertools.product(*(known[name] for name in wanted))]
    if several:
        why = "; ".join(f"{name} could be {' or '.join(known[name])}" for name in several)
        return Proposal(choices=found, why=why)
    return Proposal(columns=found[0])


def _flat(row: Mapping[str, Any]) -> JsonObject:
    """Give the cells of a row, those of an inner object by `outer.inner`."""
    found: JsonObject = {}
    for key, value in row.items():
        if isinstance(value, Mapping) and MEANING.get(plain_name(key)) not in ROW:
            found |= {f"{key}.{inner}": v for inner, v in value.items()}
        else:
            found[str(key)] = value
    return found


def _suits(value: Any, meaning: str) -> bool:
    if meaning == "messages":
        return isinstance(value, list) or (isinstance(value, str) and value.lstrip()[:1] == "[")
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _guess(cells: Sequence[Mapping[str, Any]], known: Mapping[str, list[str]], wanted: Iterable[str]) -> dict[str, str]:
    """Give a mapping to begin from, of the user's own names: short texts ask, the longest ones answer."""
    keys = list(dict.fromkeys(key for row in cells for key in row))
    talks = [key for key in keys if all(_like_turns(row.get(key)) for row in cells)]
    if len(talks) == 1:
        return {"messages": talks[0]}
    sizes: dict[str, int] = {}
    for key in keys:
        values = [row[key] for row in cells if filled(row.get(key))]
        if values and all(isinstance(v, str) and (not ABOUT.search(key) or _sentence(v)) for v in values):
            sizes[key] = sum(map(len, values))
    asks = known["instruction"][0] if known["instruction"] else ""
    if twins := _twins(k for k in sizes if k != asks):
        free = sorted((k for k in sizes if k not in twins), key=lambda k: sizes[k])
        asks = asks or (free[0] if free else "")
        return {"instruction": asks, "chosen": twins[0], "rejected": twins[1]} if asks else {}
    taken = [known[name][0] for name in wanted if known[name]]
    free = sorted((k for k in sizes if k not in taken and k not in known["input"]), key=lambda k: sizes[k])
    guess: dict[str, str] = {}
    for name in wanted:
        if known[name]:
            guess[name] = known[name][0]
        elif not free:
            return {}
        else:
            guess[name] = free.pop(0) if name in ("instruction", "rejected") else free.pop()
    return guess


def _sentence(text: str) -> bool:
    """Tell whether a text has several words, mostly of letters."""
    return len(text.split()) > 2 and sum(c.isalpha() for c in text) > len(text) / 2 and "://" not in text


def _like_turns(value: Any) -> bool:
    """Tell whether a cell is a list of turns that say who speaks."""
    if not isinstance(value, list) or len(value) < 2:
        return False
    if all(isinstance(turn, str) for turn in value):
        return len(value) % 2 == 0 and all(_sentence(turn) or "?" in turn for turn in value[::2])
    if not all(isinstance(turn, Mapping) for turn in value):
        return False
    names = ({plain_name(key) for key in turn} for turn in value)
    return all(n & {"role", "from", "speaker"} and n & {"content", "value", "text", "utterance"} for n in names)


def _twins(keys: Iterable[str]) -> list[str]:
    """Give the two columns that hold two answers to one question: response_a and response_b, answer1 and answer2."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        if match := TWINS.match(key):
            groups.setdefault(match[1], []).append(key)
    return next((sorted(group) for stem, group in groups.items() if stem and len(group) == 2), [])


def _unsuited(cells: Sequence[Mapping[str, Any]], missing: Sequence[str]) -> str:
    """Say which columns would be meant by their names, but hold no text."""
    found = [key for key in dict.fromkeys(key for row in cells for key in row)
             if MEANING.get(plain_name(key)) in missing]  # fmt: skip
    kinds = {list: "lists", dict: "objects", bool: "true or false"}
    told = [f"{key} holds {kinds[type(value)]}" for key in found
            if type(value := next((row[key] for row in cells if filled(row.get(key))), "")) in kinds]  # fmt: skip
    return f"; {', '.join(told)}, where one text each is needed" if told else ""


def columns_line(columns: Mapping[str, str]) -> str:
    """Give the option as it is typed: --columns '{instruction: 질문, output: 답}'."""
    return f"--columns '{{{', '.join(f'{field}: {_quoted(column)}' for field, column in columns.items())}}}'"


def _quoted(name: str) -> str:
    plain = re.fullmatch(r"[^\W\d][\w .()-]*", name) and name.strip() == name
    risky = name.lower() in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    return name if plain and not risky else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
