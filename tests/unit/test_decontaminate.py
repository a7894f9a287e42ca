"""decontaminate: short items whole, long ones by n-grams, each hit named; word n-grams would see none of these."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.selection import held_out
from hunmin.selection.overlap import Index, Item, letters_of
from hunmin.stages import decontaminate
from hunmin.text.normal import letters

PARAGRAPH = (
    "두루미는 겨울이 되면 북쪽에서 날아와 철원의 넓은 들판에서 무리를 지어 지낸다. 논에 떨어진 낟알과 우렁이를 먹으며, "
    "해가 지면 한탄강의 여울에 모여 잠을 잔다. 봄이 오면 다시 북쪽으로 떠난다."
)
COPA = {"premise": "새 구두를 신고 오래 걸었다.", "question": "결과", "alternative_1": "뒤꿈치에 물집이 생겼다.",
        "alternative_2": "버스를 놓치고 말았다.", "label": 0}  # fmt: skip
SENTI = {"sentence": "배송이 생각보다 훨씬 늦었어요.", "label": 0}
WIC = {"word": "배", "context_1": "[배]가 고파서 밥을 먹었다.", "context_2": "[배]를 타고 섬에 갔다.", "label": 0}
BOOLQ = {"paragraph": PARAGRAPH, "question": "두루미는 여름에 철원에서 지내는가?", "label": 0}


@pytest.fixture
def benchmark(tmp_path):
    for task, row in (("copa", COPA), ("sentineg", SENTI), ("wic", WIC), ("boolq", BOOLQ)):
        write_jsonl(tmp_path / "bench" / task / "test.jsonl", [row])
        write_jsonl(
            tmp_path / "bench" / task / "train.jsonl", [{k: f"{v} 훈련용" for k, v in row.items() if k != "label"}]
        )
    return str(tmp_path / "bench")


def run(tmp_path, outputs, **options):
    rows = [{"id": str(i), "source": "s", "instruction": "말해 주세요", "output": o} for i, o in enumerate(outputs)]
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs(label="decontaminate", records=tmp_path / "in.jsonl")
    counts = decontaminate.run(decontaminate.Config(**options), inputs, tmp_path / "out")
    dropped = {d["record"]["id"]: d["detail"] for d in read_jsonl(tmp_path / "out" / "dropped.jsonl")}
    return [r["id"] for r in read_jsonl(tmp_path / "out" / "records.jsonl")], dropped, counts.check("decontaminate")


def test_short_items_are_found_whole_whatever_their_spacing_and_marks(tmp_path, benchmark):
    outputs = [
        "그는 새구두를 신고, 오래 걸었다 그래서 쉬었다.",  # COPA, 5 words: no word 13-gram exists
        "후기: 배송이 생각보다 훨씬 늦었어요!!",
        "예문은 '배가 고파서 밥을 먹었다'입니다.",
        "새 구두를 사서 오래 신었다.",
    ]
    kept, dropped, counts = run(tmp_path, outputs, against=[benchmark])
    assert kept == ["3"]
    assert dropped["0"]["benchmark"] == "copa" and dropped["0"]["item"] == "test.jsonl:1:premise"
    assert dropped["0"]["overlap"] == 1.0 and dropped["0"]["how"] == "contains"
    assert dropped["1"]["benchmark"] == "sentineg" and dropped["2"]["item"] == "test.jsonl:1:context_1"
    table = {row["benchmark"]: (row["items"], row["items_found"]) for row in counts.notes["benchmarks"]}
    assert table == {"boolq": (2, 0), "copa": (1, 1), "sentineg": (1, 1), "wic": (2, 1)}


def test_an_answer_choice_alone_is_no_overlap(tmp_path, benchmark):
    assert run(tmp_path, ["뒤꿈치에 물집이 생겼다."], against=[benchmark])[0] == ["0"]


def test_long_items_are_found_by_the_share_of_their_ngrams(tmp_path, benchmark):
    most = PARAGRAPH[: int(len(PARAGRAPH) * 0.8)]
    little = PARAGRAPH[: int(len(PARAGRAPH) * 0.35)]
    kept, dropped, _ = run(tmp_path, [f"글이다. {most} 끝.", f"글이다. {little} 끝."], against=[benchmark])
    assert kept == ["1"] and dropped["0"]["how"] == "ngrams" and 0.6 < dropped["0"]["overlap"] < 0.9
    assert run(tmp_path, [f"글이다. {little} 끝."], against=[benchmark], max_overlap=0.2)[0] == []


def test_report_only_keeps_and_lists(tmp_path, benchmark):
    kept, _, counts = run(tmp_path, [PARAGRAPH, "다른 글"], against=[benchmark], on_overlap="report")
    assert kept == ["0", "1"] and not counts.dropped
    rows = [json.loads(line) for line in (tmp_path / "out" / "overlaps.jsonl").open()]
    assert [(r["id"], r["benchmark"], r["overlap"]) for r in rows] == [("0", "boolq", 1.0)]


def test_splits_choose_files_by_their_name(tmp_path, benchmark):
    train = "새 구두를 신고 오래 걸었다. 훈련용"
    assert run(tmp_path, [train], against=[benchmark], splits=["train"])[1]["0"]["item"] == "train.jsonl:1:premise"
    (tmp_path / "bench" / "copa" / "test.jsonl").unlink()
    assert run(tmp_path, [train], against=[benchmark])[0] == ["0"]


def test_nothing_is_found_across_two_fields():
    record = {"instruction": "새 구두를 신고", "output": "오래 걸었다"}
    index = Index([Item("copa", "x", COPA["premise"])])
    assert index.find(letters_of(record), 0.5) == []
    assert index.find(letters_of({"instruction": "", "output": COPA["premise"]}), 0.5)[0].overlap == 1.0


def test_short_items_count_only_as_a_whole_field_and_the_shortest_not_at_all():
    """Half of the COPA premises that leak into its own train split have under 8 letters."""
    index = Index(
        [Item("s", "1", "좋아요!"), Item("s", "2", "비가 많이 왔다."), Item("s", "3", "빨리 와서 정말 좋아요")]
    )
    assert index.n_too_short == 1 and len(index.items) == 2

    def found(output):
        return [h.how for h in index.find(letters_of({"instruction": "물음", "output": output}), 0.5)]

    assert found("비가 많이왔다") == ["equals"]
    assert found("어제 비가 많이 왔다") == found("좋아요!") == []


@given(
    st.lists(st.text("가나다라 ab.", min_size=1, max_size=60), min_size=1, max_size=12),
    st.text("가나다라 ab.", max_size=80),
)
@settings(max_examples=150, deadline=None)
def test_containment_equals_a_plain_search(items, text):
    index = Index([Item("b", str(i), t) for i, t in enumerate(items)], min_chars=8)
    found = {h.item.text for h in index.find(letters(text), 1.0)}
    plain = {t for t in items if len(letters(t)) >= 8 and letters(t) in letters(text)}
    assert {letters(t) for t in plain} <= {letters(t) for t in found}
    assert all(letters(t) in letters(text) for t in found if len(letters(t)) < 39)
    assert all(letters(t) == letters(text) for t in found if len(letters(t)) < 8)


def test_other_rows_count_all_their_texts_but_ids_and_labels(tmp_path):
    row = {"id": "aaaaaaaaaaaaaaaaa", "frage": "Wie heisst die Hauptstadt?", "label": "Seoul ist die Stadt", "n": 3}
    assert [i.text for i in held_out.rows_to_items("b", "f", [row])] == ["Wie heisst die Hauptstadt?"]


@pytest.mark.parametrize(
    "row, fields",
    [
        ({"ID": "1", "sentence": "전제", "question": "결과", "1": "가", "2": "나", "Answer": "2"}, ["sentence"]),
        ({"ID": "1", "Text": "글", "Question": "물음", "Answer": "True"}, ["Text", "Question"]),
        ({"context": "글", "choice1": "가", "choice2": "나", "label": "3"}, ["context"]),
        ({"ID": "1", "Text_origin": "원래", "Label": "1", "Text": "바뀐", "Category_neg": "1"}, ["Text"]),
        (
            {
                "Target": "배",
                "SENTENCE1": "가",
                "Link 1": "http://x",
                "SENTENCE2": "나",
                "Link2": "y",
                "ANSWER": "True",
            },
            ["SENTENCE1", "SENTENCE2"],
        ),
    ],
)
def test_the_columns_of_the_authors_files_are_known(row, fields):
    """Trap: COPA's choices are named "1" and "2", WiC carries links; only what is asked about counts."""
    assert [i.name.split(":")[2] for i in held_out.rows_to_items("b", "f", [row])] == fields


def test_a_single_file_and_an_empty_or_unknown_source(tmp_path, benchmark):
    write_jsonl(tmp_path / "secret.jsonl", [{"text": "우리 회사의 비밀 시험 문제입니다"}])
    assert run(tmp_path, ["우리 회사의 비밀 시험 문제입니다."], against=str(tmp_path / "secret.jsonl"))[0] == []
    for against, says in (
        ([str(tmp_path / "secrets.jsonl")], "did you mean 'secret.jsonl'"),
        ([str(tmp_path / "empty")], "no data file"),
        ([], "nothing to compare with"),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(UserError, match=says):
            run(tmp_path, ["x"], against=against)


@pytest.mark.data
def test_kobest_leaks_into_its_own_training_split(data_folder, tmp_path):
    """44 of 1,000 COPA test premises (42 different ones) stand in its own train split, half of them under 8 letters."""
    import csv

    with (data_folder / "kobest/COPA/train.tsv").open(encoding="utf-8") as file:
        train = [row["sentence"] for row in csv.DictReader(file, delimiter="\t")]
    _, _, counts = run(
        tmp_path, train, against=[str(data_folder / "kobest/COPA")], splits=["test"], on_overlap="report"
    )
    assert counts.notes["benchmarks"][0]["items_found"] >= 42


@pytest.mark.data
def test_word_13_grams_cannot_see_kobest(data_folder):
    """Trap: the usual decontamination looks at 13 words; most items of COPA, SentiNeg and WiC do not have that many."""
    from hunmin.selection.held_out import read_items

    items = read_items([str(data_folder / "kobest")], ["test"])
    for task in ("copa", "sentineg", "wic"):
        mine = [i.text for i in items if i.benchmark == task]
        assert sum(len(t.split()) >= 13 for t in mine) / len(mine) < 0.05
        assert sum(len(letters(t)) >= 8 for t in mine) / len(mine) > 0.7


WORDINGS = (
    "새 구두는 신고 오래 걸었다",  # one particle
    "새 구두를 신고 오래 걸었어요",  # the ending
    "배송이 생각보다 훨씬 늣었어요",  # a typo
    "배송은 생각보다 훨씬 늦었습니다",
    "배송이 훨씬 늦었어요",  # a word left out stays: too little is left of so short an item
)


def test_short_items_are_found_in_another_wording(tmp_path, benchmark):
    texts = [f"어제 있었던 일이다. {text}. 그래서 일찍 잤다." for text in WORDINGS]
    clean = [
        "새 구두를 사고 싶다는 말을 오래 들었다.",
        "생각보다 훨씬 맛있고 배송도 빨랐어요.",
        "오래 걸었더니 배가 고프다.",
    ]
    kept, dropped, _ = run(tmp_path, texts + clean, against=[benchmark])
    assert kept == ["4", "5", "6", "7"]
    assert {d["how"] for d in dropped.values()} == {"window"}
    assert dropped["3"]["benchmark"] == "sentineg" and dropped["3"]["overlap"] >= 0.7


def test_the_first_half_of_a_long_item_is_found_and_a_third_is_not(tmp_path, benchmark):
    first = PARAGRAPH[: len(PARAGRAPH) // 2]
    kept, dropped, _ = run(tmp_path, [f"글이다. {first}", PARAGRAPH[: len(PARAGRAPH) // 3]], against=[benchmark])
    assert kept == ["1"] and dropped["0"]["how"] == "ngrams"


def test_what_evaluate_knows_can_be_named():
    from hunmin.evaluation.benchmarks import BENCHMARKS, SUITES

    assert decontaminate.named(["BoolQ", "kobest_copa"]) == ["kobest_boolq", "kobest_copa"]
    assert set(decontaminate.named(list(SUITES))) >= set(BENCHMARKS) and "kmmlu" in decontaminate.named(["korean"])
    assert all(decontaminate.named([name]) == [name] for name in BENCHMARKS)
    with pytest.raises(UserError, match="evaluate.data"):
        decontaminate.named(["mine:TASK"])
