"""Constraints an instruction puts on its answer, verified by rule: IFEval in Korean.

A constraint is `{"id": name, ...}` with the arguments of its function in CONSTRAINTS. Strict takes the answer as it is;
loose also accepts it without its first or last line and without asterisks, as IFEval does (arXiv 2311.07911).
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import UserError
from ..tables import did_you_mean
from ..text.prose import prose_of
from ..text.sentences import split
from ..text.speech import LEVELS, levels

Constraint = Mapping[str, Any]
HANJA = re.compile(r"[\u2E80-\u2FDF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\U00020000-\U0003FFFF]")
LATIN = re.compile(r"[A-Za-z\u00C0-\u024F\uFF21-\uFF3A\uFF41-\uFF5A]")
ITEM = re.compile(r"^[ \t]*(?:[-*+•·▪◦]|\d{1,3}[.)]|[①-⑳]|[가나다라마바사아자차카타파하][.)])[ \t]*\S")
RULE = re.compile(r"^\s*(?:\*\s*){3,}$|^\s*(?:-\s*){3,}$")
FENCE = re.compile(r"^```[^\n]*\n(.*?)\n?```$", re.S)
RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "at_least": lambda a, b: a >= b,
    "at_most": lambda a, b: a <= b,
    "exactly": lambda a, b: a == b,
    "less_than": lambda a, b: a < b,
    "more_than": lambda a, b: a > b,
}


def _is(count: int, n: int, relation: str) -> bool:
    if relation not in RELATIONS:
        raise UserError(f"no relation '{relation}'{did_you_mean(relation, RELATIONS)}", "constraints")
    return RELATIONS[relation](count, n)


def speech_level(answer: str, level: str) -> bool:
    """Tell whether every sentence that shows a speech level shows this one, and at least one does."""
    if level not in LEVELS:
        raise UserError(f"no speech level '{level}'", "constraints", f"Known: {', '.join(LEVELS)}.")
    found = levels(prose_of(answer))
    return bool(found) and set(found) == {level}


def characters(answer: str, n: int, relation: str = "at_least", spaces: bool = True) -> bool:
    """Count characters, with or without white space; line breaks are white space."""
    return _is(len(answer.strip() if spaces else re.sub(r"\s", "", answer)), n, relation)


def words(answer: str, n: int, relation: str = "at_least") -> bool:
    """Count 어절: what stands between white space."""
    return _is(len(answer.split()), n, relation)


def sentences(answer: str, n: int, relation: str = "exactly") -> bool:
    """Count sentences; a line break ends one."""
    return _is(len(split(answer)), n, relation)


def paragraphs(answer: str, n: int, relation: str = "exactly", divider: str = "blank") -> bool:
    """Count paragraphs, between blank lines or between lines of `***`."""
    return _is(len(_paragraphs(answer, divider)), n, relation)


def _paragraphs(answer: str, divider: str) -> list[str]:
    pattern = r"\n\s*\*\s?\*\s?\*\s*(?:\n|$)" if divider == "***" else r"\n[ \t]*\n"
    return [part for part in re.split(pattern, answer.strip()) if part.strip()]


def nth_paragraph_begins(answer: str, n: int, nth: int, word: str) -> bool:
    """Tell whether there are n paragraphs and the nth begins with this word."""
    found = _paragraphs(answer, "blank")
    return len(found) == n and found[nth - 1].lstrip(" \"'“‘*#").startswith(word)


def list_items(answer: str, n: int, relation: str = "exactly") -> bool:
    """Count lines that begin as an item of a list: -, *, •, 1., 1), ①, 가."""
    return _is(sum(bool(ITEM.match(line)) and not RULE.match(line) for line in answer.split("\n")), n, relation)


def required(answer: str, words: Sequence[str]) -> bool:
    """Tell whether every one of these stands in the answer, whatever follows it (particles)."""
    return all(word in answer for word in words)


def forbidden(answer: str, words: Sequence[str]) -> bool:
    """Tell whether none of these stands in the answer."""
    return not any(word in answer for word in words)


def keyword(answer: str, word: str, n: int, relation: str = "at_least") -> bool:
    """Count a word: by morphemes where kiwipiepy is installed (배 is not in 배우다), else wherever it stands."""
    return _is(occurrences(answer, word), n, relation)


def letter(answer: str, letter: str, n: int, relation: str = "at_least") -> bool:
    """Count one character."""
    return _is(answer.lower().count(letter.lower()), n, relation)


def no_hanja(answer: str) -> bool:
    return not HANJA.search(answer)


def no_latin(answer: str) -> bool:
    return not LATIN.search(answer)


def no_comma(answer: str) -> bool:
    return not re.search(r"[,，、]", answer)


def only_korean(answer: str) -> bool:
    """Tell whether letters of Hangul outnumber all others nine to one."""
    letters = re.findall(r"[^\W\d_]", answer)
    return bool(letters) and sum("가" <= c <= "힣" for c in letters) >= 0.9 * len(letters)


def begins_with(answer: str, text: str) -> bool:
    return answer.strip().startswith(text)


def ends_with(answer: str, text: str) -> bool:
    return answer.strip().rstrip("\"”’'").endswith(text.rstrip("\"”’'"))


def quoted(answer: str) -> bool:
    """Tell whether the whole answer stands in double quotes."""
    text = answer.strip()
    return len(text) > 1 and (text[0], text[-1]) in {('"', '"'), ("“", "”")}


def is_json(answer: str) -> bool:
    """Tell whether the answer is one JSON value, a ```json fence around it allowed."""
    text = answer.strip()
    match = FENCE.match(text)
    try:
        json.loads(match[1] if match else text)
    except (ValueError, RecursionError):
        return False
    return True


def title(answer: str) -> bool:
    """Tell whether a title stands in double angle brackets: <<제목>>."""
    return any(found.strip("<> ") for found in re.findall(r"<<[^\n]+>>", answer))


def placeholders(answer: str, n: int, relation: str = "at_least") -> bool:
    """Count [주소] and its like."""
    return _is(len(re.findall(r"\[[^\[\]\n]+\]", answer)), n, relation)


def highlights(answer: str, n: int, relation: str = "at_least") -> bool:
    """Count *강조* and **강조** on one line."""
    found = re.findall(r"\*\*[^\n*]+\*\*|\*[^\n*]+\*", answer)
    return _is(sum(bool(part.strip("* ")) for part in found), n, relation)


def sections(answer: str, splitter: str, n: int, relation: str = "at_least") -> bool:
    """Count sections headed by a word and a number: 섹션 1."""
    return _is(len(re.findall(rf"\s?{re.escape(splitter)}\s?\d+\s?", answer)), n, relation)


def postscript(answer: str, marker: str = "추신") -> bool:
    return marker.lower().replace(" ", "") in answer.lower().replace(" ", "")


def one_of(answer: str, options: Sequence[str]) -> bool:
    """Tell whether one of these answers is given."""
    return any(option in answer for option in options)


def two_answers(answer: str) -> bool:
    """Tell whether there are two different answers, six asterisks between them."""
    parts = [part.strip() for part in answer.split("******")]
    parts = parts[1:] if parts and not parts[0] else parts
    parts = parts[:-1] if parts and not parts[-1] else parts
    return len(parts) == 2 and all(parts) and parts[0] != parts[1]


def repeats_prompt(answer: str, prompt: str) -> bool:
    return answer.strip().lower().startswith(prompt.strip().lower())


CONSTRAINTS: dict[str, Callable[..., bool]] = {
    "speech_level": speech_level,
    "characters": characters,
    "words": words,
    "sentences": sentences,
    "paragraphs": paragraphs,
    "nth_paragraph_begins": nth_paragraph_begins,
    "list_items": list_items,
    "required": required,
    "forbidden": forbidden,
    "keyword": keyword,
    "letter": letter,
    "no_hanja": no_hanja,
    "no_latin": no_latin,
    "no_comma": no_comma,
    "only_korean": only_korean,
    "begins_with": begins_with,
    "ends_with": ends_with,
    "quoted": quoted,
    "json": is_json,
    "title": title,
    "placeholders": placeholders,
    "highlights": highlights,
    "sections": sections,
    "postscript": postscript,
    "one_of": one_of,
    "two_answers": two_answers,
    "repeats_prompt": repeats_prompt,
}


def holds(answer: str, constraint: Constraint) -> bool:
    """Tell whether an answer keeps a constraint; a blank answer keeps none.

    Raises UserError for an unknown constraint or argument.
    """
    name = constraint.get("id")
    if not isinstance(name, str) or name not in CONSTRAINTS:
        raise UserError(f"no constraint '{name}'{did_you_mean(str(name), CONSTRAINTS)}", "constraints")
    text = unicodedata.normalize("NFC", answer)
    arguments = {k: v for k, v in constraint.items() if k != "id"}
    try:
        return bool(text.strip()) and CONSTRAINTS[name](text, **arguments)
    except TypeError as error:
        raise UserError(f"constraint '{name}': {str(error).partition('() ')[2] or error}", "constraints") from error


def strict(answer: str, constraints: Sequence[Constraint]) -> list[bool]:
    """Tell of each constraint whether the answer as it is keeps it."""
    return [holds(answer, constraint) for constraint in constraints]


def loose(answer: str, constraints: Sequence[Constraint]) -> list[bool]:
    """Tell of each constraint whether the answer keeps it once its first line, its last or its asterisks are gone."""
    lines = answer.strip().split("\n")
    cuts = [lines, lines[1:], lines[:-1], lines[1:-1]]
    texts = ["\n".join(cut).strip() for cut in cuts]
    forms = [*texts, *(text.replace("*", "") for text in texts)]
    return [any(holds(form, constraint) for form in forms) for constraint in constraints]


def constraints(answer: str, record: Mapping[str, Any]) -> float | None:
    """Give the share of a record's `constraints` that an answer keeps, 0 to 1; None where the record has none."""
    given = record.get("constraints") or (record.get("extra") or {}).get("constraints")
    if not isinstance(given, list) or not given:
        return None
    kept = strict(answer, given)
    return sum(kept) / len(kept)


def counted_by() -> str:
    """Say how `keyword` counts here: "morpheme" where kiwipiepy is installed, else "surface"."""
    return "morpheme" if _kiwi() is not None else "surface"


def occurrences(text: str, word: str) -> int:
    """Give how often a word stands in a text."""
    kiwi = _kiwi()
    if kiwi is None:
        return text.count(word)
    whole = [(t.form, t.start, t.end) for t in kiwi.tokenize(text)]
    starts, ends = {start for _, start, _ in whole}, {end for _, _, end in whole}
    return sum(m.start() in starts and m.end() in ends for m in re.finditer(re.escape(word), text))


@functools.cache
def _kiwi() -> Any:
    try:
        from kiwipiepy import Kiwi
    except ImportError:
        return None
    return Kiwi()
