"""compare: published rows and their merging, protocols and data apart, significance, formats, bad input."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from hunmin import statistics
from hunmin.commands import cli, compare
from hunmin.errors import UserError
from hunmin.evaluation.benchmarks import published, significance
from hunmin.report import matrix
from hunmin.report import score_tables as tables


def test_every_published_model_has_one_row_per_task_and_shots():
    rows = published.kobest()
    keys = [(r["model"], r["task"], r["num_fewshot"]) for r in rows]
    assert len(set(keys)) == len(keys)
    assert len({r["model"] for r in rows}) == 10
    assert {r["protocol"] for r in rows} == {"harness"}
    assert all(0 < r["value"] < 1 for r in rows)


def one(model: str, task: str, shots: int) -> dict:
    [row] = [
        r for r in published.kobest() if (r["model"], r["task"], r["num_fewshot"]) == (model, f"kobest_{task}", shots)
    ]
    return row


def test_the_same_model_printed_three_times_is_one_row_that_names_all_three():
    row = one("Polyglot-ko-1.3b", "copa", 0)
    assert row["value"] == 0.7196
    assert row["published_in"] == ["KO-Platypus", "KoT-platypus", "CoT-llama2"]


def test_of_values_that_agree_to_four_decimals_the_longer_is_kept():
    assert one("Llama-2-Ko-7b 20B", "hellaswag", 5)["value"] == 0.466751


def test_a_printed_value_beats_nan_and_spelling_does_not_make_two_models():
    names = {r["model"] for r in published.kobest() if published.identity(r["model"]) == "koplatypus27bex"}
    assert names == {"KO-platypus2-7B-EX"}
    assert published.identity("KO-platypus2-7B-ex") == published.identity("KO_Platypus2 7B-EX")


def test_values_that_disagree_stay_apart_and_name_their_source():
    rows = []
    for value, source in ((0.5, "A"), (0.6, "B")):
        row = published._row("Model-1", "t", "macro_f1", 0, "harness", value)
        published._merge(rows, {**row, "published_in": [source]})
    assert [r["model"] for r in published._one_name_each(rows)] == ["Model-1", "Model-1 (B)"]


def test_kullms_judge_tables():
    rows = published.judge()
    assert len(rows) == 5 * 2 + 5 * 6
    [relative] = [r for r in rows if r["metric"] == "relative" and r["model"].startswith("KULLM")]
    assert relative["value"] == 71.1


def test_a_protocol_the_published_rows_do_not_have_is_the_users_error():
    with pytest.raises(UserError, match="no published rows with protocol 'upstream'.*measured as: harness"):
        published.rows_for("kobest", "upstream")


# --- significance ---


@pytest.mark.parametrize(
    ("b", "c", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 0.021484375), (10, 2, 0.038574219)]
)
def test_mcnemar_exact(b, c, p):
    assert statistics.mcnemar(b, c) == pytest.approx(p)
    assert statistics.mcnemar(c, b) == pytest.approx(p)


def document(model: str, index: int, gold: int, prediction: int, prompt: str = "aa", **changed) -> dict:
    base = {"model": model, "task": "kobest_copa", "num_fewshot": 0, "protocol": "harness", "index": index}
    return {**base, "gold": gold, "prediction": prediction, "prompt": [prompt], **changed}


def test_paired_comparison_counts_who_alone_was_right():
    first = [document("a", i, i % 2, i % 2 if i < 6 else 1 - i % 2) for i in range(10)]
    second = [document("b", i, i % 2, i % 2 if i >= 2 else 1 - i % 2) for i in range(10)]
    found = significance.by_key(first + second)
    key = ("harness", "kobest_copa", 0)
    result = significance.compare(found["a"][key], found["b"][key])
    assert (result["n"], result["only_first"], result["only_second"]) == (10, 2, 4)
    assert result["acc_difference"] == pytest.approx(0.2)
    assert result["macro_f1_low"] < result["macro_f1_difference"] < result["macro_f1_high"]


def test_documents_with_another_prompt_are_not_paired():
    rows = [document("a", 0, 1, 1), document("b", 0, 1, 0, prompt="bb")]
    assert compare.differences(rows, None) == []


def test_a_label_that_was_corrected_in_between_pairs_nothing():
    """Both models' predictions were graded by the first run's label."""
    rows = [document("a", 0, 1, 1), document("b", 0, 0, 0), document("a", 1, 1, 1), document("b", 1, 1, 1)]
    [found] = compare.differences(rows, None)
    assert found["n"] == 1 and found["acc_difference"] == 0


def test_each_filter_of_lm_eval_is_compared_with_its_like():
    """The strict and the flexible reading of one answer counted as its mean."""
    rows = []
    for model, values in (("a", (0.0, 1.0)), ("b", (1.0, 1.0))):
        for i in range(4):
            one = document(model, i, "7", "7", task="gsm8k", protocol="upstream")
            for name, value in zip(("strict-match", "flexible-extract"), values, strict=True):
                rows.append({**one, "filter": name, "metrics": {"exact_match": value}})
    found = {d["task"]: d["mean_difference"] for d in compare.differences(rows, None)}
    assert found == {"gsm8k exact_match,strict-match": 1.0, "gsm8k exact_match,flexible-extract": 0.0}


def test_generated_answers_of_lm_eval_pair_whatever_their_runs_first_row_is(tmp_path):
    documents = []
    for name, first in (("a", "arc@1"), ("b", "hrm8k@2")):
        answers = [document(name, i, "7", "7", task="hrm8k", protocol="upstream") for i in range(4)]
        answers = [{**d, "metrics": {"exact_match": 1.0}} for d in answers]
        documents += compare.load(Path(run_folder(tmp_path / name, [row(name, data=first)], answers)))[1]
    [found] = compare.differences(documents, None)
    assert found["n"] == 4


def test_an_equal_value_of_fewer_documents_is_another_row(tmp_path):
    folder = Path(run_folder(tmp_path / "a", [row("sft", n=10)]))
    (folder / "02-again").mkdir()
    (folder / "02-again" / "scores.json").write_text(json.dumps([row("sft", n=1000)]), encoding="utf-8")
    assert [(r["model"], r["n"]) for r in compare.load(folder)[0]] == [("sft", 10), ("sft (02-again)", 1000)]


def test_a_model_compared_with_itself_differs_by_nothing():
    rows = [document(m, i, i % 2, (i // 3) % 2) for m in ("a", "b") for i in range(30)]
    [found] = compare.differences(rows, "a")
    assert found["mcnemar_p"] == 1.0
    assert found["macro_f1_low"] == found["macro_f1_high"] == 0.0


def test_generated_answers_are_compared_question_by_question():
    rows = []
    for model, right in (("base", {0, 1}), ("tuned", {1, 2, 3, 4, 5, 6, 7})):
        for i in range(10):
            one = document(model, i, None, None, task="maths_ko", protocol="chat", data="d@1", answer="7")
            rows.append({**one, "metrics": {"acc": float(i in right)}})
    rows.append({**rows[-1], "model": "other", "data": "e@2"})  # other questions are not paired
    [found] = compare.differences(rows, None)
    assert (found["first"], found["second"], found["task"], found["n"]) == ("base", "tuned", "maths_ko acc", 10)
    assert found["mean_difference"] == pytest.approx(0.5) and 0 <= found["mean_low"] < found["mean_high"]
    assert (found["only_first"], found["only_second"]) == (1, 6) and found["mcnemar_p"] == 0.125
    twice = [{**row, "prompt": [row["prompt"][0], sample]} for row in rows for sample in ("0", "1")]
    twice[1]["metrics"] = {"acc": 0.0}  # the base's second try at the first question
    [found] = compare.differences(twice, None)
    assert found["n"] == 10 and found["mean_difference"] == pytest.approx(0.55) and "mcnemar_p" not in found


def test_judged_answers_are_compared_question_by_question():
    rows = []
    for model, scores in (("a", (1, 2, 3, 4)), ("b", (2, 3, 4, 5))):
        for i, score in enumerate(scores):
            verdict = {"criterion": "fluency", "turn": 0, "score": score, "status": "ok"}
            rows.append({"protocol": "judge:j", "model": model, "id": f"q{i}", "verdicts": [verdict]})
    rows += [{**r, "protocol": "judge:other", "model": "c"} for r in rows[:4]]
    rows += [{**r, "data": "other@12345678", "model": "d"} for r in rows[:4]]
    [found] = compare.differences(rows, None)  # another judge's grades, or those of other questions, are not paired
    assert (found["protocol"], found["first"], found["second"]) == ("judge:j", "a", "b")
    assert (found["mean_difference"], found["mean_low"], found["mean_high"], found["n"]) == (1.0, 1.0, 1.0, 4)


# --- the command ---


def row(model: str, protocol: str = "harness", data: str = "kobest_v1", value: float = 0.61, **changed) -> dict:
    base = {"model": model, "task": "kobest_copa", "metric": "macro_f1", "num_fewshot": 5, "protocol": protocol}
    rest = {"value": value, "ci_low": 0.5, "ci_high": 0.7, "n": 100, "n_truncated": 0, "chance": 0.5, "data": data}
    return {**base, **rest, **changed}


def run_folder(folder: Path, rows: list[dict], documents: list[dict] = ()) -> str:
    stage = folder / "01-evaluate"
    stage.mkdir(parents=True)
    (stage / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    (stage / "documents.jsonl").write_text("".join(json.dumps(d) + "\n" for d in documents), encoding="utf-8")
    return str(folder)


def test_two_runs_and_the_published_rows_in_one_table(tmp_path, capsys):
    a = run_folder(tmp_path / "a", [row("sft")], [document("sft", i, i % 2, 1) for i in range(8)])
    b = run_folder(tmp_path / "b", [row("sft", value=0.7)], [document("sft", i, i % 2, i % 2) for i in range(8)])
    assert cli.main(["compare", a, b, "--full"]) == 0
    text = capsys.readouterr().out
    assert "| a: sft |" in text and "| b: sft |" in text
    whole = text.split("## protocol: ", 1)[1]
    line = next(line for line in whole.splitlines() if line.startswith("| Polyglot-ko-12.8b"))
    assert "0.8108 n=1000" in line
    assert "published: KO-Platypus" in line
    assert "0.125 (0 against 4)" in text
    assert "guessing gives 0.5" in text


def test_runs_whose_folders_are_called_alike_stay_apart(tmp_path, capsys):
    a = run_folder(tmp_path / "a", [row("sft", value=0.5)]) + "/01-evaluate"
    b = run_folder(tmp_path / "b", [row("sft", value=0.6)]) + "/01-evaluate/scores.json"
    assert cli.main(["compare", a, b, a, "--published", "none", "--full"]) == 0
    text = capsys.readouterr().out
    assert "| a/01-evaluate: sft | 0.5000" in text and "| b/01-evaluate: sft | 0.6000" in text
    assert text.split("## protocol: ", 1)[1].count(": sft |") == 2


def test_two_evaluations_of_one_run_lose_no_score(tmp_path):
    folder = Path(
        run_folder(tmp_path / "a", [row("base", value=0.5), row("sft", value=0.6)], [document("sft", 0, 1, 1)])
    )
    again = folder / "02-again"
    again.mkdir()
    (again / "scores.json").write_text(json.dumps([row("base", value=0.5), row("sft", value=0.7)]), encoding="utf-8")
    (again / "documents.jsonl").write_text(json.dumps(document("sft", 0, 1, 0)) + "\n", encoding="utf-8")
    rows, documents = compare.load(folder)
    assert [(r["model"], r["value"]) for r in rows] == [("base", 0.5), ("sft", 0.6), ("sft (02-again)", 0.7)]
    assert [d["model"] for d in documents] == ["sft", "sft (02-again)"]


def test_scores_relative_to_different_models_never_share_a_table():
    rows = [row(m, "judge:j", metric="relative", reference=r, n_unread=3) for m, r in (("a", "x"), ("b", "y"))]
    found = tables.tables(rows)
    assert [t.title for t in found] == ["relative (against x)", "relative (against y)"]
    assert "(3 unread)" in tables.markdown(found, [])


def test_a_plot_shows_every_model():
    """Lines for a few models; with the published ones beside them bars, which have room for every name."""
    own = [row("m", num_fewshot=k) for k in (0, 5)]
    [table] = tables.tables(own)
    assert "<polyline" in tables.plot(table)
    [table] = tables.tables([*own, *(r for r in published.kobest() if r["task"] == "kobest_copa")])
    text = tables.plot(table)
    assert "<polyline" not in text
    assert all(f">50-shot {model}<" in text for model in table.cells if model != "m")


def test_protocols_and_other_data_never_share_a_table(tmp_path, capsys):
    rows = [row("m"), row("m", "upstream"), row("m", "harness-fixed"), row("m", data="benchmark@12345678")]
    folder = run_folder(tmp_path / "a", rows)
    found = tables.tables(compare.load(Path(folder))[0])
    assert len(found) == 4
    assert cli.main(["compare", folder, "--full"]) == 0
    sections = capsys.readouterr().out.split("## protocol: ")[1:]
    with_published = [s.split("\n")[0] for s in sections if "Polyglot" in s]
    assert with_published == ["harness, data: kobest_v1"]


@pytest.mark.parametrize("suffix", ["md", "csv", "html", "json", "svg"])
def test_every_format_is_written(tmp_path, suffix):
    folder = run_folder(tmp_path / "a", [row("모델|1")])
    out = tmp_path / f"table.{suffix}"
    assert cli.main(["compare", folder, "-o", str(out)]) == 0
    text = out.read_text("utf-8")
    assert "모델" in text
    if suffix == "csv":
        read = list(csv.DictReader(io.StringIO(text)))
        assert read[0]["value"] == "0.61"
        assert any(r["published_in"] for r in read)
    if suffix == "json":
        assert json.loads(text)["rows"][0]["model"] == "모델|1"
    if suffix == "md":
        assert "모델\\|1" in text
    if suffix in ("html", "svg"):
        assert "<svg" in text


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "nothing to compare"),
        (["nowhere"], "no such file"),
        (["A", "--against", "x"], "no documents of 'x'"),
        (["A", "--protocol", "upstream"], "no score row of protocol 'upstream'.*There are: harness"),
        (["A", "--task", "kobest_cpoa"], "no score row of task 'kobest_cpoa'; did you mean 'kobest_copa'"),
        (["A", "--metric", "bleu"], "no score row of metric 'bleu'.*There are: macro_f1"),
        (["--published", "kobest", "--protocol", "upstream"], "no published rows"),
        (["A", "--published", "judge", "--protocol", "harness"], "no published rows with protocol 'harness'"),
    ],
)
def test_bad_arguments(tmp_path, argv, message, capsys):
    folder = run_folder(tmp_path / "a", [row("m")], [document("m", 0, 1, 1)])
    assert cli.main(["compare", *(folder if a == "A" else a for a in argv)]) == 2
    import re

    assert re.search(message, capsys.readouterr().err)


def test_files_that_are_no_scores(tmp_path, capsys):
    bad = tmp_path / "scores.json"
    bad.write_text('[{"model": "a"}]')
    assert cli.main(["compare", str(bad)]) == 2
    assert "row 0 has no task" in capsys.readouterr().err
    bad.write_text("nonsense")
    assert cli.main(["compare", str(bad)]) == 2
    assert "not JSON" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert cli.main(["compare", str(tmp_path / "empty")]) == 2
    assert "no scores" in capsys.readouterr().err


def row_of(model, task, value, **changes):
    row = {"model": model, "task": task, "metric": "macro_f1", "num_fewshot": 0, "protocol": "harness", "value": value}
    return {**row, "ci_low": value - 0.1, "ci_high": value + 0.1, "n": 50, "data": "d1", "chance": 0.5, **changes}


def test_the_matrix_has_models_down_tasks_across_and_guessing_last():
    rows = [row_of("a", "kobest_copa", 0.61), row_of("b", "kobest_copa", 0.5), row_of("a", "kobest_boolq", 0.333)]
    rows += [row_of("a", "kobest_copa", 0.7, num_fewshot=5), row_of("a", "kobest_copa", 0.4, metric="acc")]
    [found] = matrix.matrices(rows)
    assert matrix.texts(found) == [
        ["model", "copa", "boolq"], ["a", "0.610 ±0.10", "0.333 ±0.10"], ["b", "0.500 ±0.10", "-"],
        ["(guessing)", "0.500", "0.500"],
    ]  # fmt: skip
    assert found.others == [5] and "5-shot are in --full" in matrix.markdown([found])


def test_two_folders_of_one_name_are_shown_by_their_paths():
    [found] = matrix.matrices([row_of("/a/m", "kobest_copa", 0.6), row_of("/b/m", "kobest_copa", 0.7)])
    assert [line[0] for line in matrix.texts(found)] == ["model", "/a/m", "/b/m", "(guessing)"]
    assert matrix.shorts(["/a/m", "n", "./x/k"]) == {"/a/m": "m", "n": "n", "./x/k": "k"}


def test_one_task_on_other_data_is_another_column():
    [found] = matrix.matrices([row_of("a", "kobest_copa", 0.6), row_of("b", "kobest_copa", 0.7, data="d2")])
    assert found.columns == ["copa (d1)", "copa (d2)"]


def test_a_longer_bar_is_a_better_score_in_every_chart():
    def bar(value):
        svg = tables.plot(tables.tables([row_of("a", "kobest_copa", value)])[0])
        assert "guessing 0.5" in svg
        return float(svg.split('<rect x="170"')[1].split('width="')[1].split('"')[0])

    assert bar(0.5) > bar(0.333)


def test_compare_is_one_screen_and_json_has_it_all(tmp_path, capsys):
    rows = [row_of(m, t, 0.5, num_fewshot=k) for m in "ab" for t in ("kobest_copa", "kobest_wic") for k in (0, 5, 10)]
    (tmp_path / "scores.json").write_text(json.dumps(rows))
    assert cli.main(["compare", str(tmp_path), "--published", "none"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) < 15 and "(guessing)" in out
    assert cli.main(["compare", str(tmp_path), "--published", "none", "--full"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 15
    assert cli.main(["compare", str(tmp_path), "--published", "none", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["matrix"][0]["scores"]["a"] == {"copa": 0.5, "wic": 0.5} and len(told["rows"]) == 12
