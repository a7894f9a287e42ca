"""Formulas written without dollar signs: `2x + 3 ≤ 11`, `∃x∀y(p(x)→q(x,y))`, `8 × 1,500 = 12,000`."""

from __future__ import annotations

import re

SYMBOLS = "√∛∀∃¬∂∇∑∏∫∞∅Δ"
RELATIONS = "≤≥≠≈≡≅→←⇒⇐↔⇔↦∈∉⊂⊆⊃⊇∪∩∧∨×÷⋅∙⊕⊗⊢⊨"
NUMBER = r"\d+(?:[.,]\d+)*%?"
POWER = "[⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ⁻₀₁₂₃₄₅₆₇₈₉]"
WORDS = r"(?!(?:is|of|to|in|at|or|if|as|an|be|by|it|we|on|so|do|no|he|my|up|us|go|am|me|vs)(?![A-Za-z]))"
VARIABLE = rf"(?:{WORDS}[A-Za-zα-ωΑ-Ω]{{1,2}}(?![A-Za-z(])['′]*(?:_(?:\{{[^}}\n]*\}}|[A-Za-z0-9]))?)"
INNER = r"(?:[^()\n가-힣]|\([^()\n가-힣]*\))*"
CALL = rf"(?:[A-Za-z]\w*\({INNER}\))"
GROUP = rf"(?:\((?![a-z]+\))(?=[^()]*[\w(]){INNER}\)|\|[\w+\-*/ ]{{1,20}}\|)"
ATOM = rf"(?:{CALL}|{NUMBER}|{VARIABLE}|{GROUP}|{POWER}|[{SYMBOLS}π!]|\{{\w+(?:, ?\w+)*\}})"
OPERAND = rf"[-−+±]?{ATOM}+"
OPERATOR = rf"(?:\s*(?:<=>|<->|<=|>=|==|!=|=>|->|:=|[=<>+*/^−±{RELATIONS}·-]|(?<=\d)\s?x\s?(?=\d))\s*)"
FORMULA = re.compile(
    rf"(?<![A-Za-z0-9_.$\\가-힣])(?<!\d,)(?:[≤≥≈]\s?)?{OPERAND}(?:{OPERATOR}{OPERAND})*(?:(?<=\w)\s?m²)?(?![A-Za-z_])"
)
START = re.compile(rf"[=<>+*^{RELATIONS}{SYMBOLS}]")
STRONG = re.compile(rf"[{RELATIONS}{SYMBOLS}]|\^|(?<=[\w)%'′])\s*(?:=|<=|>=|==|!=)\s*(?=[\w(−-])")
WEAK = re.compile(r"(?<=[\w)])\s?[*+]\s?(?=[\w(])|(?<=\w)\s[<>]\s(?=\w)")
LONG_WORD = re.compile(r"[A-Za-z]{3,}(?!\w*\()")
NOT_ARROWS = re.compile(rf"(?![→←⇒⇐↔⇔↦])[{RELATIONS}{SYMBOLS}]|[=^+*]|\w\(")
UNICODE_TOKEN = re.compile(rf"[{RELATIONS}{SYMBOLS}]")


def _balanced(text: str) -> bool:
    return text.count("(") == text.count(")")


def find_formulas(text: str) -> list[tuple[int, int]]:
    """Give [start, end) of each formula: at least one mathematical operator with its operands.

    Fractions, dates, ranges and scores made of digits with "/" or "-" alone are numbers, not formulas.
    """
    if not START.search(text) or not (STRONG.search(text) or WEAK.search(text)):
        return []
    found = []
    for match in FORMULA.finditer(text):
        start, end = match.span()
        body = text[start:end].rstrip()
        end = start + len(body)
        if not (STRONG.search(body) or WEAK.search(body)) or not _balanced(body):
            continue
        bare = re.sub(r"[A-Za-z]\w*(?=\()", "", body)
        if LONG_WORD.search(bare) and not UNICODE_TOKEN.search(body):
            continue
        if len(re.findall(r"[A-Za-z]{3,}", bare)) > 3:
            continue
        if LONG_WORD.search(bare) and not NOT_ARROWS.search(body):
            continue  # a path through a menu: File → Options
        found.append((start, end))
    return found
