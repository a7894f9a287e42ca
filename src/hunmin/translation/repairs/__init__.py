"""The table of mends: issue code -> function. A mend is one file with `mend(original, text, issue) -> Edit or None`.

A mend is pure and only suggests. `guards` say what no mend may do; of the rest, what is `sure` is made unasked
(`mend_record`), and everything else is written on its issue for a person (`propose`). What needs a translator (a
missing or an English sentence) is no mend but a request: `retranslate`.
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
