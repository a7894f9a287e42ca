"""The bundled data: ids, counts, parallel fields, planted errors, balances, and no text in two roles."""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "src" / "hunmin" / "data"
BENCHMARK_COLUMNS = {
    "boolq": ["paragraph", "question", "label"],
    "copa": ["premise", "question", "alternative_1", "alternative_2", "label"],
    "hellaswag": ["context", "ending_1", "ending_2", "ending_3", "ending_4", "label"],
    "sentineg": ["sentence", "label"],
    "wic": ["word", "context_1", "context_2", "label"],
}
SPLITS = [(task, split) for task in BENCHMARK_COLUMNS for split in ("train", "test")]
CODES = {
    "code_only",
    "code_mixed",
    "number_lost",
    "math_symbol",
    "untranslated",
    "cut_off",
    "markup",
    "task_broken",
}
TASKS = {
    "qa",
    "explain",
    "summarize",
    "classify",
    "cot",
    "math",
    "code_only",
    "code_mixed",
    "table",
    "chat",
    "form",
}
PROTECTED = {
    "fence": r"```.*?```",
    "code": r"(?<!`)`[^`\n]+`(?!`)",
    "latex": r"\$[^$]+\$|\\\[.*?\\\]",
    "sign": r"[∀∃→≤≥√∧^×·≈]",
    "url": r"https?://[^\s)]+|[\w.]+@[\w.]+\.\w+",
    "placeholder": r"\[[A-Z][\w ]*\]|\{\w+\}|_{4}",
    "marker": r"\*\*|^#+ |^- |^\d+\. |\|",
}
MONTHS = (
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December) (?=\d)",
    r"\d+월 ",
)
HANGUL = re.compile(r"[가-힣]")


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def texts(record: dict[str, Any]) -> dict[str, str]:
    if "messages" in record:
        return {f"messages.{n}.content": message["content"] for n, message in enumerate(record["messages"])}
    return {field: record[field] for field in ("instruction", "input", "output") if field in record}


def fields(records: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    return {(record["id"], field): text for record in records for field, text in texts(record).items()}


EN, KO = rows("en.jsonl"), rows("ko.jsonl")
REPLIES = {(row["id"], row["field"]): row["reply"] for row in rows("replies.jsonl")}
LABELS = rows("labels.jsonl")
PAIRS = rows("preference.jsonl")
QUESTIONS = rows("questions.jsonl")


def test_files_are_small_utf8_nfc_and_unescaped() -> None:
    for path in sorted(DATA.rglob("*.jsonl")):
        text = path.read_bytes().decode("utf-8")
        assert len(text.encode()) < 400_000, path
        assert text.endswith("\n") and "\r" not in text, path
        assert unicodedata.normalize("NFC", text) == text, path
        assert r"\u" not in text, path


def test_the_two_languages_are_parallel() -> None:
    assert [row["id"] for row in EN] == [row["id"] for row in KO] == [f"sample-{n:03d}" for n in range(1, 121)]
    for english, korean in zip(EN, KO, strict=True):
        assert list(english) == list(korean), english["id"]
        assert list(texts(english)) == list(texts(korean)), english["id"]
        for key in ("source", "license", "generator", "extra"):
            assert english[key] == korean[key], english["id"]
        if "messages" in english:
            assert [turn["role"] for turn in english["messages"]] == [turn["role"] for turn in korean["messages"]]
            assert english["messages"][-1]["role"] == "assistant"
    assert {row["source"] for row in EN} == {"hunmin-sample"}
    assert {row["license"] for row in EN} == {"Apache-2.0"}
    counts = Counter(row["extra"]["task"] for row in EN)
    assert set(counts) == TASKS and min(counts.values()) >= 8
    assert sum("messages" in row for row in EN) == 8


def test_no_text_is_empty_and_no_record_stands_twice() -> None:
    for records in (EN, KO):
        assert all(text.strip() == text and text for text in fields(records).values())
        prompts = Counter(json.dumps(list(texts(record).values())[:-1], ensure_ascii=False) for record in records)
        assert max(prompts.values()) == 1


def test_the_english_holds_no_hangul_and_every_korean_prompt_does() -> None:
    assert not any(HANGUL.search(text) for text in fields(EN).values())
    for (record_id, field), text in fields(KO).items():
        if field in ("instruction", "messages.0.content"):
            assert HANGUL.search(text), (record_id, field)


@pytest.mark.parametrize("kind", PROTECTED)
def test_protected_spans_are_the_same_in_both_languages(kind: str) -> None:
    korean = fields(KO)
    found = 0
    for key, text in fields(EN).items():
        spans = Counter(re.findall(PROTECTED[kind], text, re.S | re.M))
        assert spans == Counter(re.findall(PROTECTED[kind], korean[key], re.S | re.M)), key
        found += spans.total()
    assert found >= 3


def test_numbers_are_the_same_in_both_languages() -> None:
    """Months stand in digits in Korean and in letters in English, so they are taken out first."""
    number = re.compile(r"\d+(?:[.,:]\d+)*")
    korean = fields(KO)
    for key, text in fields(EN).items():
        english_numbers = Counter(number.findall(re.sub(MONTHS[0], "", text)))
        korean_numbers = Counter(number.findall(re.sub(MONTHS[1], "", korean[key])))
        assert not english_numbers - korean_numbers, key
        assert (korean_numbers - english_numbers).total() <= 2, key  # "third floor" -> "3층"


def test_code_only_answers_are_the_same_in_both_languages() -> None:
    pairs = [(a, b) for a, b in zip(EN, KO, strict=True) if a["extra"]["task"] == "code_only"]
    assert len(pairs) == 10
    assert all(a["output"] == b["output"] for a, b in pairs)


def test_form_dependent_inputs_stay_english() -> None:
    pairs = [(a, b) for a, b in zip(EN, KO, strict=True) if a["extra"]["task"] == "form"]
    assert len(pairs) == 10
    assert all(a["input"] == b["input"] for a, b in pairs)


def test_replies_cover_every_text_field_once() -> None:
    assert list(REPLIES) == list(fields(KO))
    assert len(rows("replies.jsonl")) == len(REPLIES)


def test_eighty_records_are_replied_well_and_forty_are_labelled() -> None:
    spoiled = {key for key, text in fields(KO).items() if REPLIES[key] != text}
    assert spoiled == {(label["id"], label["field"]) for label in LABELS}
    assert len({record_id for record_id, _ in spoiled}) == 40
    assert len({record_id for record_id, _ in REPLIES}) == 120


def test_labels_name_every_kind_of_error() -> None:
    assert all(list(label) == ["id", "field", "code", "detail"] and label["detail"] for label in LABELS)
    assert {label["code"] for label in LABELS} == CODES
    for code in CODES:
        assert len({label["id"] for label in LABELS if label["code"] == code}) >= 5, code
    assert len({tuple(label.values()) for label in LABELS}) == len(LABELS)


def test_preference_pairs_differ() -> None:
    assert [row["id"] for row in PAIRS] == [f"pref-{n:03d}" for n in range(1, 41)]
    for row in PAIRS:
        assert row["source"] == "hunmin-preference" and row["license"] == "Apache-2.0"
        assert row["chosen"].strip() and row["rejected"].strip()
        assert row["chosen"].strip() != row["rejected"].strip(), row["id"]
    for key in ("instruction", "chosen", "rejected"):
        assert len({row[key] for row in PAIRS}) == 40, key


def test_judge_questions_have_a_reference_answer() -> None:
    assert [row["id"] for row in QUESTIONS] == [f"question-{n:02d}" for n in range(1, 13)]
    chats = [row for row in QUESTIONS if "messages" in row]
    assert len(chats) == 2
    for row in chats:
        assert [turn["role"] for turn in row["messages"]] == ["user", "assistant", "user", "assistant"]
    assert all(row["output"] for row in QUESTIONS if "messages" not in row)


@pytest.mark.parametrize(("task", "split"), SPLITS)
def test_benchmark_items_have_kobest_columns_and_even_labels(task: str, split: str) -> None:
    items = rows(f"benchmark/{task}/{split}.jsonl")
    assert len(items) == (24 if split == "test" else 10)
    assert all(list(item) == BENCHMARK_COLUMNS[task] for item in items)
    labels = Counter(item["label"] for item in items)
    assert set(labels) == set(range(4 if task == "hellaswag" else 2))
    assert max(labels.values()) - min(labels.values()) == (1 if (task, split) == ("hellaswag", "train") else 0)
    for item in items:
        values = [value for key, value in item.items() if key not in ("label", "question")]
        assert len(set(values)) == len(values) and all(values), item
        if task == "copa":
            assert item["question"] in ("원인", "결과")
        if task == "wic":
            for context in (item["context_1"], item["context_2"]):
                assert len(re.findall(r"\[[^\[\]]+\]", context)) == 1, item


def test_no_benchmark_item_stands_twice_or_in_the_training_texts() -> None:
    items = [
        tuple(value for key, value in item.items() if key != "label")
        for task, split in SPLITS
        for item in rows(f"benchmark/{task}/{split}.jsonl")
    ]
    assert len(items) == 170 and len(set(items)) == 170
    seen = list(fields(KO).values()) + [row[key] for row in PAIRS for key in ("instruction", "chosen", "rejected")]
    seen += list(fields(QUESTIONS).values())
    sentences = {sentence.strip() for text in seen for sentence in re.split(r"(?<=[.?!])\s", text)}
    for item in items:
        for value in item:
            for sentence in re.split(r"(?<=[.?!])\s", value):
                assert len(sentence) < 10 or sentence not in sentences, sentence


def test_questions_and_pairs_do_not_repeat_the_instructions() -> None:
    instructions = {text for (_, field), text in fields(KO).items() if field == "instruction"}
    asked = [row["instruction"] for row in PAIRS + QUESTIONS if "instruction" in row]
    assert not instructions & set(asked)
    assert len(set(asked)) == len(asked)
