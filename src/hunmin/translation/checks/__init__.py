"""The table of checks: issue code -> function. A check is one file with `find(original, text, context) -> issues`.

`original` is the English ("" when there is none: only what the Korean shows by itself is found then), `text` the
Korean, `context` what else is known of the record: `field`, `instruction` (the English one), `never_translated` (fields
the whole data set left in English). `TITLE` is what people call the issue, {"ko": ..., "en": ...}.
"""

CHECKS = {
    "code_only": "hunmin.translation.checks.code_only:find",
    "code_mixed": "hunmin.translation.checks.code_mixed:find",
    "number_lost": "hunmin.translation.checks.number_lost:find",
    "math_symbol": "hunmin.translation.checks.math_symbol:find",
    "untranslated": "hunmin.translation.checks.untranslated:find",
    "cut_off": "hunmin.translation.checks.cut_off:find",
    "markup": "hunmin.translation.checks.markup:find",
    "task_broken": "hunmin.translation.checks.task_broken:find",
    "foreign_script": "hunmin.translation.checks.foreign_script:find",
    "no_korean": "hunmin.translation.checks.no_korean:find",
    "loop": "hunmin.translation.checks.loop:find",
    "not_a_translation": "hunmin.translation.checks.not_a_translation:find",
    "register_mixed": "hunmin.translation.checks.register_mixed:find",
}
DEFAULT = (
    "code_only", "code_mixed", "number_lost", "math_symbol", "untranslated", "cut_off", "markup", "task_broken",
    "foreign_script", "no_korean", "loop", "not_a_translation",
)  # fmt: skip
