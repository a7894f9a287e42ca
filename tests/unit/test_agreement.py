"""The judge's own measure, against values worked out by hand or known from the literature."""

from __future__ import annotations

import pytest

from hunmin.artifacts.record import write_jsonl
from hunmin.errors import UserError
from hunmin.evaluation.judging.agreement import compare, report
from hunmin.evaluation.judging.score_rows import position_bias
from hunmin.statistics import kappa, kendall, mean_interval, rank_correlation, relative_interval, spearman


def rows(values, criterion="overall", **more):
    return [{"id": str(i), "criterion": criterion, "score": v, **more} for i, v in enumerate(values)]


def test_perfect_and_reversed_order() -> None:
    same = report(rows([1, 2, 3, 4]), rows([1, 2, 3, 4]))["overall"]
    assert (same["spearman"], same["kendall"], same["kappa"]) == pytest.approx((1, 1, 1))
    assert same["exact_ratio"] == 1
    reversed_ = report(rows([4, 3, 2, 1]), rows([1, 2, 3, 4]))["overall"]
    assert (reversed_["spearman"], reversed_["kendall"]) == pytest.approx((-1, -1))
    assert reversed_["kappa"] < 0


def test_values_worked_out_by_hand() -> None:
    # ranks 1..5 against 2,1,4,3,5: sum of d^2 = 4, rho = 1 - 6*4/(5*24) = 0.8; 8 concordant, 2 discordant: tau = 0.6
    assert spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(0.8)
    assert kendall([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(0.6)
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p_o = .70, p_e = .5*.6 + .5*.4 = .50, kappa = .40
    a = [1.0] * 25 + [0.0] * 25
    b = [1.0] * 20 + [0.0] * 5 + [1.0] * 10 + [0.0] * 15
    assert kappa(a, b) == pytest.approx(0.4)
    assert kappa([3.0, 3.0], [3.0, 3.0]) is None


def test_a_constant_judge_has_no_correlation_and_says_why() -> None:
    found = report(rows([3, 3, 3, 3]), rows([1, 2, 3, 4]))["overall"]
    assert found["spearman"] is None and found["kendall"] is None
    assert "every judge score is 3" in found["notes"][0]
    assert found["kappa"] == pytest.approx(0.0)


def test_an_unread_verdict_is_counted_and_never_compared() -> None:
    found = report(rows([1, None, 3, 4, 5]), rows([1, 5, 3, 4, 5]))["overall"]
    assert (found["n"], found["n_unread"], found["spearman"]) == (4, 1, pytest.approx(1))


def test_length_bias_is_seen_and_absence_of_it_too() -> None:
    biased = [
        {"id": str(i), "criterion": "overall", "score": 1 + i % 3 + (1 if i >= 6 else 0), "chars": 100 * (i + 1)}
        for i in range(12)
    ]
    human = rows([1 + i % 3 for i in range(12)])
    assert report(biased, human)["overall"]["length_bias"] > 0.8
    fair = [{**row, "score": 1 + i % 3 + i % 2, "chars": 100 + 7 * (i // 2)} for i, row in enumerate(biased)]
    assert abs(report(fair, human)["overall"]["length_bias"]) < 0.2


def test_several_people_are_averaged_and_criteria_are_kept_apart() -> None:
    human = [*rows([1, 2, 3]), *rows([3, 4, 5]), *rows([1, 1, 2], "fluency")]
    found = report([*rows([2, 3, 4]), *rows([1, 1, 2], "fluency")], human)
    assert set(found) == {"overall", "fluency", "labels"}
    assert found["overall"]["mean_human"] == pytest.approx(3)
    assert found["overall"]["exact_ratio"] == 1


def test_bad_labels_are_told() -> None:
    with pytest.raises(UserError, match="none of the 2 human labels"):
        report(rows([1, 2]), rows([1, 2], "fluency"))
    with pytest.raises(UserError, match="no criterion"):
        report(rows([1]), [{"id": "0", "score": 1}])
    with pytest.raises(UserError, match="not a number"):
        report(rows([1]), [{"id": "0", "criterion": "overall", "score": "good"}])
    with pytest.raises(UserError, match="several models"):
        report([*rows([1], model="a"), *rows([2], model="b")], rows([1]))


def test_models_are_matched_when_named() -> None:
    judged = [*rows([1, 2, 3], model="a"), *rows([3, 2, 1], model="b")]
    human = [*rows([1, 2, 3], model="a"), *rows([3, 2, 1], model="b")]
    assert report(judged, human)["overall"]["spearman"] == pytest.approx(1)


def test_position_bias() -> None:
    steady = position_bias([("first", "second"), ("second", "first"), ("tie", "tie")])
    assert steady == {"n": 3, "steady_ratio": 1.0, "first_ratio": 0.5, "always_first": 0, "always_second": 0}
    swayed = position_bias([("first", "first")] * 3 + [("first", "second"), (None, "first")])
    assert (swayed["n"], swayed["steady_ratio"], swayed["first_ratio"]) == (4, 0.25, 7 / 8)
    assert swayed["always_first"] == 3
    assert position_bias([])["steady_ratio"] is None


def test_length_correlation_and_compare_without_lengths() -> None:
    assert rank_correlation([(1, 1), (2, 2), (3, 3)]) == pytest.approx(1)
    assert rank_correlation([(1, 1), (1, 2), (1, 3)]) is None
    assert compare([(1, 1, None), (2, 2, 5), (3, 3, 6)])["length_bias"] is None
    assert compare([])["kappa"] is None


def test_the_interval_covers_the_mean_and_narrows_with_n() -> None:
    few, many = mean_interval([0, 1] * 5, 0), mean_interval([0, 1] * 500, 0)
    assert few[0] == many[0] == 0.5
    assert few[1] < many[1] < 0.5 < many[2] < few[2]
    # the standard error of 1000 fair coins is 0.0158, so the 95 % interval is about 0.5 +- 0.031
    assert many[1] == pytest.approx(0.469, abs=0.005) and many[2] == pytest.approx(0.531, abs=0.005)
    assert mean_interval([2.0], 0) == (2, 2, 2)
    assert mean_interval([1, 2, 4], 7) == mean_interval([1, 2, 4], 7)
    with pytest.raises(ValueError):
        mean_interval([], 0)


def test_relative_to_a_reference_is_paired() -> None:
    ours, theirs = {"a": 40.0, "b": 60.0, "c": 50.0}, {"a": 80.0, "b": 120.0, "d": 1.0}
    value, low, high, n = relative_interval(ours, theirs, 0)
    assert (value, low, high, n) == pytest.approx((50, 50, 50, 2))
    assert relative_interval(ours, {"x": 1.0}, 0) is None
    assert relative_interval(ours, {"a": 0.0}, 0) is None


def test_an_artifact_and_a_file_of_labels(tmp_path) -> None:
    def document(i, score, text="답" * 10):
        verdict = {"criterion": "overall", "turn": 0, "scale": "1-5", "score": score, "status": "ok", "reason": ""}
        return {"model": "m", "id": f"q{i}", "answers": [{"text": text}], "verdicts": [verdict]}

    write_jsonl(tmp_path / "documents.jsonl", [document(i, i) for i in range(1, 5)])
    write_jsonl(tmp_path / "human.jsonl", [{"id": f"q{i}", "criterion": "overall", "score": i} for i in range(1, 4)])
    found = report(tmp_path, tmp_path / "human.jsonl")
    assert found["overall"]["kendall"] == pytest.approx(1)
    assert found["labels"] == {"n_human": 3, "n_matched": 3, "n_verdicts": 4}
    assert report(tmp_path / "documents.jsonl", tmp_path / "human.jsonl") == found
    with pytest.raises(UserError, match="no such file"):
        report(tmp_path, tmp_path / "none.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no judge artifact"):
        report(tmp_path / "empty", tmp_path / "human.jsonl")


def test_a_pairwise_artifact_tells_its_position_bias(tmp_path) -> None:
    def document(i, first, second):
        verdicts = [
            {"criterion": "pairwise", "turn": 0, "order": o, "choice": c, "score": None, "status": "ok"}
            for o, c in (("ours_first", first), ("ours_second", second))
        ]
        return {"model": "m", "id": f"q{i}", "answers": [{"text": "x"}], "verdicts": verdicts}

    choices = [("A", "B"), ("B", "A"), ("A", "A"), ("A", "A")]
    write_jsonl(tmp_path / "documents.jsonl", [document(i, *c) for i, c in enumerate(choices)])
    human = [{"id": f"q{i}", "criterion": "pairwise", "score": s} for i, s in enumerate([1, 0, 0.5, 1])]
    found = report(tmp_path, human)
    assert found["pairwise"]["n"] == 4 and found["pairwise"]["spearman"] > 0.7
    assert found["position"]["always_first"] == 2 and found["position"]["steady_ratio"] == 0.5
