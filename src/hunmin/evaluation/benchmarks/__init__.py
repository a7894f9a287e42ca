"""The tables of benchmarks: our own tasks (name -> module:attribute) and the suites that stand for several.

An own task is a `kobest.Task`: columns, prompt, choices and metrics as plain functions. Any other name is one of
lm-eval's tasks (protocol `upstream`).
"""

KOBEST = {
    "kobest_boolq": "hunmin.evaluation.benchmarks.kobest:BOOLQ",
    "kobest_copa": "hunmin.evaluation.benchmarks.kobest:COPA",
    "kobest_hellaswag": "hunmin.evaluation.benchmarks.kobest:HELLASWAG",
    "kobest_sentineg": "hunmin.evaluation.benchmarks.kobest:SENTINEG",
    "kobest_wic": "hunmin.evaluation.benchmarks.kobest:WIC",
}

BENCHMARKS = {
    **KOBEST,  # a task of one file is added below this line; the suites stay what they are
}

SUITES = {
    "kobest": tuple(KOBEST),
    # the public Korean tasks that lm-eval 0.4.13 knows
    "korean": (
        *KOBEST,
        "haerae",
        "kmmlu",
        "csatqa",
        "kormedmcqa",
        "paws_ko",
        "belebele_kor_Hang",
        "global_mmlu_ko",
        "include_base_44_korean",
    ),
}
