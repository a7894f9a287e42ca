"""The table of mends: issue code -> function. A mend is one file with `mend(original, text, issue) -> text or None`.

A mend is pure and only proposes: `repairs.record` checks its text again and keeps it when fewer issues are open than
before. What needs
a translator (a missing or an English sentence) is no mend but a request: `repairs.retranslate`.
"""

REPAIRS = {
    "code_only": "hunmin.repairs.code:mend",
    "code_mixed": "hunmin.repairs.code:mend",
    "math_symbol": "hunmin.repairs.code:mend",
    "number_lost": "hunmin.repairs.number:mend",
    "markup": "hunmin.repairs.markup:mend",
    "untranslated": "hunmin.repairs.label:mend",
    "cut_off": "hunmin.repairs.label:mend",
    "task_broken": "hunmin.repairs.verbatim:mend",
}
