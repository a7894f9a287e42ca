"""The table of mends: issue code -> function. A mend is one file with `mend(original, text, issue) -> text or None`.

A mend is pure and only proposes: `repairs.record` checks its text again and keeps it when fewer issues are open than
before. What needs
a translator (a missing or an English sentence) is no mend but a request: `repairs.retranslate`.
"""

REPAIRS = {
    "code_only": "hunmin.translation.repairs.code:mend",
    "code_mixed": "hunmin.translation.repairs.code:mend",
    "math_symbol": "hunmin.translation.repairs.code:mend",
    "number_lost": "hunmin.translation.repairs.number:mend",
    "markup": "hunmin.translation.repairs.markup:mend",
    "untranslated": "hunmin.translation.repairs.label:mend",
    "cut_off": "hunmin.translation.repairs.label:mend",
    "task_broken": "hunmin.translation.repairs.verbatim:mend",
}
