"""KoBEST prompts of the harness protocol: exact texts, stateless draws, data files, numbers."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest

from hunmin import statistics
from hunmin.errors import UserError
from hunmin.evaluation.benchmarks import contestants, harness, kobest, metrics
from hunmin.evaluation.benchmarks import task_rows as rows
from hunmin.formats.kobest import SETS
from hunmin.stages import evaluate

BUNDLED = Path(__file__).parents[2] / "src" / "hunmin" / "data" / "benchmark"
GOLDENS = json.loads((Path(__file__).parent / "goldens" / "prompt_digests.json").read_text())
TASKS = {rows.short(t): t for t in harness.tasks(["kobest"])}


def copa(premise: str, question: str, first: str, second: str, label: int) -> dict:
    return {
        "premise": premise,
        "question": question,
        "alternative_1": first,
        "alternative_2": second,
        "label": label,
    }


COPA_TRAIN = [copa("비가 왔다.", "결과", "땅이 젖었다.", "해가 떴다.", 0)]
COPA_TEST = [copa("잠을 못 잤다.", " 원인", "시끄러웠다.", "배가 불렀다.", 0)]


def fake_loglikelihood(context: str, choice: str) -> float:
    """The goldens' model-free score: a hash of the request's text."""
    return -int.from_bytes(hashlib.sha256(f"{context}\0{choice}".encode()).digest()[:6], "big") / 2**40


@pytest.mark.data
@pytest.mark.parametrize("key", GOLDENS)
def test_prompts_and_scores_are_the_original_harness_s(key, data_folder):
    name, k = key.split("/")
    task, golden = TASKS[name], GOLDENS[key]
    folder = str(data_folder / "kobest")
    found = kobest.items(task, rows.read(task, "test", folder), rows.read(task, "train", folder), int(k))
    assert [d for item in found for d in item.digests()] == golden["per_doc_sha"]
    joined = "\x01".join(f"{item.context}\0{c}" for item in found for c in item.choices)
    assert hashlib.sha256(joined.encode()).hexdigest() == golden["prompts_sha256"]
    gold = [item.gold for item in found]
    values = [[fake_loglikelihood(item.context, c) for c in item.choices] for item in found]
    predicted = [harness.best(v) for v in values]
    assert metrics.accuracy(gold, predicted) == pytest.approx(golden["acc"], abs=1e-12)
    assert metrics.macro_f1(gold, predicted) == pytest.approx(golden["macro_f1"], abs=1e-12)
    if "acc_norm" in golden:
        normed = [[a / n for a, n in zip(v, i.lengths(), strict=True)] for v, i in zip(values, found, strict=True)]
        assert metrics.accuracy(gold, [harness.best(v) for v in normed]) == pytest.approx(golden["acc_norm"], abs=1e-12)


def test_copa_has_a_space_in_the_shot_and_none_in_the_query():
    [item] = kobest.items(kobest.COPA, COPA_TEST, COPA_TRAIN, 1)
    assert item.context == "비가 왔다. 그래서 땅이 젖었다.\n\n잠을 못 잤다. 왜냐하면"
    assert item.choices == ("시끄러웠다.", "배가 불렀다.")


def test_boolq_keeps_its_double_space_and_the_rows_edge_whitespace():
    row = {"paragraph": "물은 0도에서 언다. ", "question": "물은 어는가?", "label": 1}
    [item] = kobest.items(kobest.BOOLQ, [row], [row], 1)
    one = "내용: 물은 0도에서 언다. \n질문: 다음 문장이 내용에 있는 사실과 일치하는가?\n문장: 물은 어는가?\n응답: "
    assert item.context == f"{one} 예\n\n{one}"
    assert item.choices == (" 아니오", " 예")


def test_hellaswag_lengths_leave_the_leading_space_out():
    row = {"context": "가.", **{f"ending_{i}": "나" * i for i in (1, 2, 3, 4)}, "label": 3}
    [item] = kobest.items(kobest.HELLASWAG, [row], [], 0)
    assert item.choices == (" 나", " 나나", " 나나나", " 나나나나")
    assert item.lengths() == [1, 2, 3, 4]


def test_draws_follow_one_generator_per_task():
    order, shots = kobest.draws(30, 50, 5)
    chance = random.Random(42)
    expected = list(range(30))
    chance.shuffle(expected)
    assert order == expected
    assert [list(s) for s in shots] == [chance.sample(range(50), 5) for _ in range(30)]


def test_a_limit_changes_no_document():
    task = kobest.COPA
    test, train = rows.read(task, "test", str(BUNDLED)), rows.read(task, "train", str(BUNDLED))
    assert kobest.items(task, test, train, 5, limit=7) == kobest.items(task, test, train, 5)[:7]


def test_fixed_shots_are_one_draw_and_another_protocol():
    [job] = harness.jobs(["copa"], [3], str(BUNDLED), fixed=True)
    assert job.protocol == "harness-fixed"
    assert len({item.shots for item in job.items}) == 1
    [random_job] = harness.jobs(["copa"], [3], str(BUNDLED))
    assert random_job.protocol == "harness"
    assert len({item.shots for item in random_job.items}) > 1


def test_every_bundled_task_builds_prompts():
    found = harness.jobs(["kobest"], [0, 5], str(BUNDLED))
    assert [(j.task.name, j.num_fewshot, len(j.items)) for j in found] == [
        (t, k, 24) for t in harness.task_names(["kobest"]) for k in (0, 5)
    ]


def test_more_shots_than_train_rows_is_the_users_error():
    with pytest.raises(UserError, match="50 shots asked, but kobest_copa has only 10"):
        harness.jobs(["copa"], [50], str(BUNDLED))


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(UserError, match="did you mean 'hellaswag'"):
        harness.task_names(["helaswag"])
    assert "did you mean 'kobest'" in evaluate.check(evaluate.Config(tasks=["kobst"]))[0]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_authors_tsv_becomes_the_hubs_columns(tmp_path):
    write(tmp_path, "BoolQ/test.tsv", "ID\tText\tQuestion\tAnswer\n1\t본문 \t질문?\tFalse\n2\t글\t물음?\tTrue\n")
    write(tmp_path, "COPA/test.tsv", "ID\tsentence\tquestion\t1\t2\tAnswer\n1\t전제\t결과\t가\t나\t2\n")
    assert rows.read(kobest.BOOLQ, "test", str(tmp_path)) == [
        {"paragraph": "본문 ", "question": "질문?", "label": 0},
        {"paragraph": "글", "question": "물음?", "label": 1},
    ]
    assert rows.read(kobest.COPA, "test", str(tmp_path))[0]["label"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"sentence": "좋다", "label": 2}\n', r"test.jsonl:1: bad label 2"),
        ('{"sentence": "좋다", "label": true}\n', r"bad label True"),
        ('{"sentence": "좋다", "label": 1}\n{"label": 1}\n', r"test.jsonl:2: column 'sentence' is missing"),
        ("{not json\n", r"test.jsonl:1: not JSON"),
        ("[1]\n", r"expected an object"),
        ('{"sentence": 3, "label": 1}\n', r"column 'sentence' must be text, got int"),
        ("", r"no rows"),
    ],
)
def test_bad_benchmark_files_are_told_by_file_and_line(tmp_path, text, message):
    write(tmp_path, "sentineg/test.jsonl", text)
    with pytest.raises(UserError, match=message):
        rows.read(kobest.SENTINEG, "test", str(tmp_path))


def test_a_bad_tsv_label_names_the_line(tmp_path):
    write(tmp_path, "wic/test.tsv", "Target\tSENTENCE1\tSENTENCE2\tANSWER\n배\t[배]다\t[배]가\tmaybe\n")
    with pytest.raises(UserError, match=r"test.tsv:2: bad label 'maybe'"):
        rows.read(kobest.WIC, "test", str(tmp_path))


def test_a_file_that_is_not_utf_8_is_told(tmp_path):
    path = write(tmp_path, "wic/test.tsv", "")
    path.write_bytes("Target\tSENTENCE1\tSENTENCE2\tANSWER\n배\t[배]다\t[배]가\tTrue\n".encode("cp949"))
    with pytest.raises(UserError, match=r"test.tsv: not UTF-8.*Save the file as UTF-8"):
        rows.read(kobest.WIC, "test", str(tmp_path))


def test_a_missing_task_folder_says_what_is_there(tmp_path):
    write(tmp_path, "copa/test.jsonl", "")
    with pytest.raises(UserError, match="no folder 'wic'. It holds copa"):
        rows.read(kobest.WIC, "test", str(tmp_path))


# --- numbers ---


def test_macro_f1_is_sklearns():
    from itertools import product

    # worked by hand: label 0: 2*1/(2+2), label 1: 2*1/(2+1), label 2 never predicted but in gold: 0
    assert metrics.macro_f1([0, 0, 1, 2, 1], [0, 1, 1, 0, 0]) == pytest.approx((2 / 5 + 2 / 4 + 0) / 3)
    for gold in product((0, 1), repeat=3):  # a label in neither gold nor prediction does not count
        assert metrics.macro_f1(gold, gold) == 1.0


def test_wilson_interval_known_values():
    low, high = statistics.wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert statistics.wilson(0, 20)[0] == 0.0
    assert statistics.wilson(20, 20)[1] == 1.0


def test_the_interval_near_the_ceiling_and_of_a_constant_predictor():
    gold = [0, 1] * 25
    low, high = statistics.macro_f1_interval(gold, gold)
    assert 0.85 < low < 0.98 and high == 1.0  # the bootstrap says [1, 1]
    low, high = statistics.macro_f1_interval(gold, [0] * 50)
    assert low < metrics.macro_f1(gold, [0] * 50) < high
    assert statistics.macro_f1_interval([1] * 20, [1] * 20) == statistics.wilson(20, 20)


def test_the_interval_covers_what_it_says():
    """bench/intervals.py in small: near the ceiling, where the bootstrap covers 62 %."""
    chance = random.Random(7)
    held = 0
    for _ in range(60):
        gold = [i % 2 for i in range(50)]
        predicted = [g if chance.random() < 0.98 else 1 - g for g in gold]
        low, high = statistics.macro_f1_interval(gold, predicted)
        held += low <= 0.98 <= high
    assert held >= 53


def test_interval_holds_the_value_and_narrows_with_n():
    chance = random.Random(1)
    wide = []
    for n in (50, 800):
        gold = [chance.randrange(2) for _ in range(n)]
        predicted = [g if chance.random() < 0.7 else 1 - g for g in gold]
        low, high = statistics.macro_f1_interval(gold, predicted)
        assert low < metrics.macro_f1(gold, predicted) < high
        wide.append(high - low)
    assert wide[1] < wide[0] / 2


def test_resampled_macro_f1_equals_the_plain_function_draw_by_draw():
    import numpy as np

    gold, predicted = np.array([0, 1, 1, 2, 0, 2, 1]), np.array([0, 1, 2, 2, 1, 2, 1])
    picks = np.random.default_rng(3).integers(0, 7, size=(statistics.RESAMPLES, 7))
    values = statistics.resampled_macro_f1(gold, predicted, 3)
    for i in range(40):
        assert values[i] == pytest.approx(metrics.macro_f1(gold[picks[i]].tolist(), predicted[picks[i]].tolist()))


def test_chance_level_is_what_guessing_gives():
    chance = random.Random(5)
    gold = [0] * 3000 + [1] * 1000
    guessed = [chance.randrange(2) for _ in gold]
    assert metrics.chance_level("macro_f1", gold, 2) == pytest.approx(metrics.macro_f1(gold, guessed), abs=0.02)
    assert metrics.chance_level("acc", gold, 4) == 0.25


# --- which models ---


def artifact_of(folder: Path, stage: str, config: dict, output: str = "model") -> Path:
    folder.mkdir(parents=True)
    text = json.dumps({"stage": stage, "label": folder.name[3:], "output": output, "config": config})
    (folder / "manifest.json").write_text(text)
    return folder


def test_base_newest_labels_and_baselines(tmp_path):
    sft = artifact_of(tmp_path / "01-sft", "sft", {"base_model": "tiny:llama"})
    dpo = artifact_of(tmp_path / "02-dpo", "dpo", {"base_model": None})
    earlier = {"sft": sft, "dpo": dpo}
    found, left = contestants.contestants(["base", "sft", "newest"], ["owner/other"], dpo, earlier)
    assert [(c.name, c.what) for c in found] == [
        ("tiny:llama", "base"),
        ("sft", "sft"),
        ("dpo", "newest"),
        ("owner/other", "baseline"),
    ]
    assert left == []
    twice, _ = contestants.contestants(["newest", "dpo"], [], dpo, earlier)
    assert len(twice) == 1
    with pytest.raises(UserError, match="no earlier stage 'sfd' made a model; did you mean 'sft'"):
        contestants.contestants(["sfd"], [], dpo, earlier)


def test_a_plain_model_folder_has_no_base(tmp_path):
    found, left = contestants.contestants(["base", "newest"], [], tmp_path / "m", {})
    assert [c.what for c in found] == ["newest"]
    assert "base" in left[0]
    with pytest.raises(UserError, match="no model to evaluate"):
        contestants.contestants(["base", "newest"], [], None, {})


def test_evaluate_reads_the_files_it_names():
    names = [p.name for p in evaluate.files(evaluate.Config(data=str(BUNDLED), tasks=["copa", "wic"]))]
    assert names == ["train.jsonl", "test.jsonl"] * 2
    found = evaluate.check(evaluate.Config(num_fewshot=[-1], fewshot="fixed", protocol="upstream"))
    assert len(found) == 2


def test_other_rows_are_not_called_kobest():
    for job in harness.jobs(["kobest"], [0, 5], str(BUNDLED)):
        assert job.data.startswith("benchmark@")


@pytest.mark.data
def test_kobest_is_recognised(data_folder):
    assert {job.data for job in harness.jobs(["kobest"], [0, 5], str(data_folder / "kobest"), limit=2)} == {"kobest_v1"}


def test_a_benchmark_of_ones_own_does_not_change_what_the_suites_are():
    """One line in the table more: kobest stays its five tasks, by whose mean published tables are compared."""
    from pathlib import Path

    from hunmin.evaluation import benchmarks

    code = Path(benchmarks.__file__).read_text(encoding="utf-8")
    line = "    **KOBEST,"
    assert line in code
    found: dict = {"__name__": benchmarks.__name__, "__package__": benchmarks.__name__}
    exec(code.replace(line, line + ' "mine": "mine:TASK",'), found)
    assert "mine" in found["BENCHMARKS"] and found["SUITES"] == benchmarks.SUITES
    names = ["boolq", "copa", "hellaswag", "sentineg", "wic"]
    assert list(SETS) == names and all(benchmarks.KOBEST[one.task] for one in SETS.values())
    assert found["SUITES"]["kobest"] == tuple(f"kobest_{name}" for name in names)


def test_a_tsv_of_a_task_of_ones_own_has_the_columns_it_names(tmp_path):
    from dataclasses import replace

    write(tmp_path, "mine/test.tsv", "sentence\tlabel\n좋다\t1\n")
    task = replace(kobest.SENTINEG, name="mine")
    assert rows.read(task, "test", str(tmp_path)) == [{"sentence": "좋다", "label": 1}]
