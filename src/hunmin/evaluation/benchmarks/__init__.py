"""The tables of benchmarks: our own tasks (name -> module:attribute) and the suites that stand for several.

An own task is a `kobest.Task`: columns, prompt, choices and metrics as plain functions. Any other name is one of
lm-eval's tasks (protocol `upstream`).
"""

from ...formats.kobest import TASKS

# the tasks of kobest.py go by their sets' names in capitals
KOBEST = {task: f"hunmin.evaluation.benchmarks.kobest:{one.name.upper()}" for task, one in TASKS.items()}

BENCHMARKS = {
    **KOBEST,  # a task of one file is added below this line; the suites stay what they are
}

GENERATED = {
    "ifeval_ko": "hunmin.evaluation.benchmarks.generated:IFEVAL_KO",
    "ifeval_ko_public": "hunmin.evaluation.benchmarks.generated:IFEVAL_PUBLIC",
    "maths_ko": "hunmin.evaluation.benchmarks.generated:MATHS_KO",
    "kmmlu_redux": "hunmin.evaluation.benchmarks.generated:KMMLU_REDUX",
    "kmmlu_pro": "hunmin.evaluation.benchmarks.generated:KMMLU_PRO",
    "kobalt": "hunmin.evaluation.benchmarks.generated:KOBALT",
}
"""Tasks whose answers are generated and scored by rule, under the protocol `chat` whatever `protocol` says."""

SUITES = {
    "kobest": tuple(KOBEST),
    # knowledge: the public Korean tasks that lm-eval 0.4.13 knows
    "korean": (
        *KOBEST,
        "haerae",
        "kmmlu",
        "click",
        "csatqa",
        "kormedmcqa",
        "paws_ko",
        "belebele_kor_Hang",
        "global_mmlu_ko",
        "include_base_44_korean",
    ),
    # what a model does with it: constraints, word problems, and an English set that shows what was forgotten; the
    # third part of ability is `judge`
    "korean-ability": ("ifeval_ko", "hrm8k", "arc_easy"),
}
