"""Rows of our own in the schema of every packaged benchmark, as `data: FOLDER` reads them; no two are equal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = "사과 배 포도 감 귤 수박 참외 딸기 자두 앵두".split()
TOLD = "상자에 담아 시장으로 보냈고 저녁에는 남은 것을 세어 장부에 적었다".split()
Row = dict[str, Any]


def passage(i: int, n_words: int = 60) -> str:
    """Give a text of so many words, another for each i."""
    words = [
        f"{i + 1}번째 날에는",
        *(TOLD[(i + j) % len(TOLD)] if j % 3 else WORDS[(i + j) % 10] for j in range(n_words)),
    ]
    return " ".join(words[:n_words]) + "."


def _kmmlu(i: int, asked: str, options: list[str]) -> Row:
    return {"question": asked, **dict(zip("ABCD", options, strict=True)), "answer": i % 4 + 1}


def _haerae(i: int, asked: str, options: list[str]) -> Row:
    query = f"{asked}\n" + "\n".join(f"({c}) {o}" for c, o in zip("ABCD", options, strict=True)) + "\n정답:"
    return {"query": query, "answer": f"({'ABCD'[i % 4]})"}


def _click(i: int, asked: str, options: list[str]) -> Row:
    """Five choices where the id says CSAT, a paragraph or none."""
    csat = i % 2 == 0
    choices = options + [WORDS[(i + 4) % 10]] if csat else options
    key = f"CSAT_korean_22_{i}" if csat else f"TK_{i + 5}"
    row = {"id": key, "paragraph": "상자가 여럿 있다." if i % 3 else "", "question": asked, "choices": choices}
    return {**row, "answer": choices[i % len(choices)]}


def _csatqa(i: int, asked: str, options: list[str]) -> Row:
    five = [*options, WORDS[(i + 4) % 10]]
    numbered = {f"option#{n}": option for n, option in enumerate(five, 1)}
    return {"context": passage(i), "question": asked, **numbered, "gold": i % 5 + 1}


def _kormedmcqa(i: int, asked: str, options: list[str]) -> Row:
    return {"question": asked, **dict(zip("ABCDE", [*options, WORDS[(i + 4) % 10]], strict=True)), "answer": i % 5 + 1}


def _paws(i: int, asked: str, options: list[str]) -> Row:
    one, other = passage(i, 14), passage(i + 1 - i % 2, 14)
    return {"id": i, "sentence1": one, "sentence2": other, "label": i % 2}


def _belebele(i: int, asked: str, options: list[str]) -> Row:
    answers = {f"mc_answer{n}": option for n, option in enumerate(options, 1)}
    return {"flores_passage": passage(i), "question": asked, **answers, "correct_answer_num": str(i % 4 + 1)}


def _lettered(i: int, asked: str, options: list[str]) -> Row:
    """Global-MMLU's and INCLUDE's row: the first names its answer by letter, the second by place."""
    named = {f"option_{letter}": option for letter, option in zip("abcd", options, strict=True)}
    return {"question": asked, **named, "answer": "ABCD"[i % 4], "subject_category": "STEM", "domain": "Social Science"}


def _included(i: int, asked: str, options: list[str]) -> Row:
    return {**_lettered(i, asked, options), "answer": i % 4}


def _arc(i: int, asked: str, options: list[str]) -> Row:
    texts = [f"the {n}th fruit of box {i}" for n in range(4)]
    choices = {"text": texts, "label": list("ABCD")}
    return {
        "id": f"own_{i}",
        "question": f"Which fruit is in box {i + 1}?",
        "choices": choices,
        "answerKey": "ABCD"[i % 4],
    }


def _maths(i: int, asked: str, options: list[str]) -> Row:
    return {"question": f"{i}+{i + 1}은?", "answer": str(2 * i + 1)}


def _options(i: int, asked: str, options: list[str]) -> Row:
    return {"question": asked, "options": options, "solution": i % 4 + 1, "subject": "과일"}


def _kobalt(i: int, asked: str, options: list[str]) -> Row:
    lines = "\n".join(f"{letter}: {option}" for letter, option in zip("ABCD", options, strict=True))
    return {
        "ID": f"own-{i}",
        "Question": f"{passage(i, 30)}\n{asked}\n{lines}",
        "Answer": "ABCD"[i % 4],
        "Class": "통사",
    }


def _ifeval(i: int, asked: str, options: list[str]) -> Row:
    names = ["punctuation:no_comma", "length_constraints:number_sentences"]
    kwargs = [{}, {"num_sentences": 3, "relation": "less than"}]
    text = f"{WORDS[i % 10]} {i + 1}개를 산 일을 쉼표 없이 세 문장 미만으로 쓰세요."
    return {"key": i, "prompt": text, "instruction_id_list": names, "kwargs": kwargs}


SHAPES: dict[str, Callable[[int, str, list[str]], Row]] = {
    "kmmlu": _kmmlu,
    "haerae": _haerae,
    "click": _click,
    "csatqa": _csatqa,
    "kormedmcqa": _kormedmcqa,
    "paws": _paws,
    "belebele": _belebele,
    "global_mmlu": _lettered,
    "include": _included,
    "arc": _arc,
    "maths": _maths,
    "options": _options,
    "kobalt": _kobalt,
    "ifeval": _ifeval,
}


def rows(shape: str, n: int = 20) -> list[Row]:
    """Give n rows of a benchmark's shape."""
    found = []
    for i in range(n):
        options = [WORDS[(i + j) % 10] for j in range(4)]
        found.append(SHAPES[shape](i, f"{i + 1}번째 상자에 든 과일은 무엇인가?", options))
    return found


def write(path: Path, found: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in found), encoding="utf-8")


FILES: dict[str, dict[str, str]] = {
    "kmmlu_accounting": {"KMMLU/Accounting/test": "kmmlu", "KMMLU/Accounting/dev": "kmmlu"},
    "kmmlu_direct_accounting": {"KMMLU/Accounting/test": "kmmlu", "KMMLU/Accounting/dev": "kmmlu"},
    "haerae_history": {"HAE_RAE_BENCH/history/test": "haerae"},
    "click_lang_text": {"CLIcK/train": "click"},
    "csatqa_gr": {"csatqa/GR/test": "csatqa"},
    "kormedmcqa_doctor": {"KorMedMCQA/doctor/test": "kormedmcqa", "KorMedMCQA/doctor/fewshot": "kormedmcqa"},
    "paws_ko": {"paws-x/ko/test": "paws"},
    "belebele_kor_Hang": {"belebele/kor_Hang/test": "belebele"},
    "global_mmlu_ko_stem": {"Global-MMLU-Lite/ko/test": "global_mmlu", "Global-MMLU-Lite/ko/dev": "global_mmlu"},
    "include_base_44_korean_social_science": {"include-base-44/Korean/test": "include"},
    "hrm8k_gsm8k": {"hrm8k_gsm8k/test": "maths"},
    "arc_easy": {"ai2_arc/ARC-Easy/test": "arc"},
    "kmmlu_redux": {"kmmlu_redux": "options"},
    "kmmlu_pro": {"kmmlu_pro": "options"},
    "kobalt": {"kobalt": "kobalt"},
    "ifeval_ko_public": {"ifeval_ko_public": "ifeval"},
    "maths_ko": {"maths_ko": "maths"},
}
"""Task -> {file below the folder, without .jsonl: shape}; of a group one of its tasks stands for all."""
FEW = ("dev", "fewshot")


def folder(data: Path, tasks: list[str], n: int = 20) -> Path:
    """Write the rows of these tasks: n to score, 7 to draw shots from."""
    for task in tasks:
        for name, shape in FILES[task].items():
            write(data / f"{name}.jsonl", rows(shape, 7 if name.endswith(FEW) else n))
    return data
