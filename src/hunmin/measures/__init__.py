"""The table of measures: name -> function. A measure is `measure(answer, record) -> number or None`.

`answer` is one text, `record` the record it answers (its `instruction`, `input`, `messages`, `original`); None means
that the measure does not apply there. Pure text work: no model, no network. `docs/measures.md` says what each counts.
"""

MEASURES = {
    "hangul_share": "hunmin.measures.korean:hangul_share",
    "foreign_script": "hunmin.measures.scripts:foreign_script",
    "loop": "hunmin.measures.loops:loop",
    "refusal": "hunmin.measures.refusals:refusal",
    "wrapping": "hunmin.measures.wrapping:wrapping",
    "length": "hunmin.measures.lengths:length",
    "constraints": "hunmin.measures.constraints:constraints",
    "length_ratio": "hunmin.measures.lengths:length_ratio",
    "final_answer": "hunmin.measures.final_answer:final_answer",
}
VERIFIERS = frozenset({"final_answer", "constraints"})
"""What is verified by something the record brings (a gold answer, constraints); without it nothing is."""
HIGHER_IS_BETTER = frozenset({"hangul_share", *VERIFIERS})  # of the others a higher value is worse, or (length) neither
BOUNDED_AT = 1.0  # what a measure counts for at most as a reward
UNBOUNDED = frozenset({"length", "length_ratio"})  # amounts that are neither good nor bad: no rewards as they are
