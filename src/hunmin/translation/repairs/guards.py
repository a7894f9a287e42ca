"""What no mend may do, unasked or proposed: splice words, break a true equation, take Korean prose away."""

from __future__ import annotations

import re

from ...text.hangul import has_hangul
from ...text.segments import is_code
from ..checks.reading import prose_of
from .splice import Edit

NUMBER = r"[$₩€£]?(\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)"
EQUATION = re.compile(rf"(?<![\d*/+.,)(\-]){NUMBER}\s*([*x×/+\-−÷])\s*{NUMBER}\s*=\s*{NUMBER}(?![\d.]*\d)")
PARTICLE = re.compile(
    r"(?:이라는|이라고|이라|라는|라고|으로|에서|에게|까지|부터|처럼|보다|마다|만큼|이며|이고|인|을|를|은|는|이|가|에|로|와|과|의|도|만|나|며|고|께)"
    r"(?:는|도|만|의|은|부터|까지|서|써)?(?![가-힣A-Za-z0-9])|(?:입니다|이다|이에요|예요|이었|였|이므로|이면|님)"
)
WORD = re.compile(r"[A-Za-z0-9_]")
OPERATOR = re.compile(r"[\^_*/×÷=+<>≤≥√]")


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def true_equations(text: str) -> set[str]:
    """Give the equations `a op b = c` of a text that hold, without blanks."""
    found = set()
    for match in EQUATION.finditer(text):
        a, b, c = (_number(match[i]) for i in (1, 3, 4))
        sign = match[2]
        value = {"+": a + b, "-": a - b, "−": a - b, "/": a / b if b else 0.0, "÷": a / b if b else 0.0}.get(
            sign, a * b
        )
        if abs(value - c) <= 0.011 * max(1.0, abs(c)):
            found.add(re.sub(r"\s", "", match.group()))
    return found


def spliced(text: str, edit: Edit) -> bool:
    """Tell whether the edit would leave half a word or formula, or a tail of Hangul on an address, beside its piece."""
    if not edit.text:
        return False
    left, right = text[edit.start - 1 : edit.start], text[edit.end : edit.end + 1]
    first, last = edit.text[0], edit.text[-1]
    if WORD.match(left) and (WORD.match(first) or first == "`"):
        return True
    if WORD.match(right) and (WORD.match(last) or last == "`"):
        return True
    if (
        first.isdigit()
        and re.search(r"\d[.,]\Z", text[: edit.start])
        or last.isdigit()
        and re.match(r"[.,]\d", text[edit.end :])
    ):
        return True
    digits = re.fullmatch(r"[\d.,]+", text[edit.start : edit.end]) and re.fullmatch(r"[\d.,]+", edit.text)
    if digits and (re.match(r"[\^_]", left) or re.match(r"[\^_]", right)):
        return True
    glued = re.match(r"[가-힣]", right) and not PARTICLE.match(text, edit.end)
    name = WORD.match(last) and re.search(r"[A-Za-z_/]", edit.text) and not has_hangul(edit.text)
    return bool(glued and name and re.search(r"[/@._-]|\w", edit.text[-2:]) and text[edit.start : edit.end])


def forbidden(original: str, text: str, edit: Edit, code: str) -> bool:
    """Tell whether this mend may not even be proposed."""
    new = edit.on(text)
    if spliced(text, edit) or not true_equations(text) <= true_equations(new):
        return True
    if code == "task_broken":
        return False  # the English in place of the whole field is what such a task may need: a person decides
    removed, put = text[edit.start : edit.end], edit.text
    if not is_code(original) and len(SENTENCE.findall(removed)) > len(SENTENCE.findall(put)):
        return True
    before, after = _korean(text), _korean(new)
    if is_code(original):  # the body of a document stays, as a sentence beside the code does
        told = (text, new) if original.lstrip().startswith("\\") else (prose_of(text), prose_of(new))
        return len(SENTENCE.findall(told[0])) > len(SENTENCE.findall(told[1]))
    return before >= 10 and after * 2 <= before or before - after > 40


def _korean(text: str) -> int:
    return len(re.findall(r"[가-힣]", prose_of(text)))


SENTENCE = re.compile(r"[가-힣]{2,}[^\n]*(?:니다|세요|어요|아요|까요|는다|한다|된다|이다)[.!?]?(?:\s|$)", re.M)
