"""stats: plain numbers that can be counted by hand."""

from __future__ import annotations

import pytest

from hunmin.selection.stats import language, statistics

RECORDS = [
    {"id": "1", "source": "a", "instruction": "수도는?", "output": "서울입니다. 큰 도시입니다.", "license": "MIT"},
    {"id": "2", "source": "a", "instruction": "수도는?", "output": "서울입니다.  큰 도시입니다.", "license": "MIT"},
    {"id": "3", "source": "b", "instruction": "고치세요", "output": "This is not Korean."},
    {
        "id": "4",
        "source": "b",
        "messages": [{"role": "user", "content": "안녕"}, {"role": "assistant", "content": "반가워요."}],
    },
]


def test_the_numbers_of_four_records():
    found = statistics(RECORDS)
    assert found["records"] == 4 and found["kinds"] == {"instruction": 3, "chat": 1}
    assert found["sources"]["a"] == {"records": 2, "chars": 4 + 15 + 4 + 16, "share": 0.5}
    assert found["exact_duplicates"] == {"records": 1, "ratio": 0.25}
    assert found["asked_and_answered_in"] == {"ko -> ko": 3, "ko -> en": 1}
    output = found["fields"]["output"]
    assert output["texts"] == 3 and output["chars"]["max"] == 19 and output["language"] == {"ko": 0.6667, "en": 0.3333}
    assert output["register"] == {"-ㅂ니다": 1.0} and output["hangul_ratio"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["fields"]["messages.assistant"]["register"] == {"-요": 1.0}
    assert found["assistant_turns"] == {"1": 1} and found["licenses"] == {"MIT": 2, "not said": 2}


def test_ratings_and_issues_are_counted_and_nothing_is_a_number_when_there_is_none():
    rated = {
        **RECORDS[0],
        "ratings": [
            {"rater": "llm", "model": "m", "scale": "0-10", "score": 8.5},
            {"rater": "llm", "model": "m", "scale": "0-10", "score": None},
            {"rater": "ifd", "model": "tiny", "scale": "ifd", "score": 0.7},
            {"rater": "llm", "model": "other", "scale": "0-5", "score": None},
        ],
        "issues": [{"code": "digits", "status": "open"}],
    }
    found = statistics([rated])
    by_rater = found["ratings"]  # never averaged across raters and scales
    assert list(by_rater) == ["llm:m (0-10)", "ifd:tiny (ifd)", "llm:other (0-5)"]
    assert by_rater["llm:m (0-10)"]["scores"] == 1 and by_rater["llm:m (0-10)"]["median"] == 8.5
    assert by_rater["llm:other (0-5)"] == {"scores": 0}
    assert found["issues"] == {"digits (open)": 1}
    assert statistics([]) == {"records": 0}
    only_numbers = statistics([{"id": "1", "source": "a", "instruction": "1+1", "output": "2"}])
    assert only_numbers["fields"]["output"]["hangul_ratio"] is None


@pytest.mark.parametrize(
    "text, ratio, is_in",
    [("한글", 1.0, "ko"), ("123", 1.0, "none"), ("half 절반", 0.33, "mixed"), ("English", 0.0, "en")],
)
def test_languages(text, ratio, is_in):
    assert language(text, ratio) == is_in


@pytest.mark.slow
def test_morphology_by_kiwipiepy():
    pytest.importorskip("kiwipiepy")
    found = statistics(RECORDS[:2], morphology=True)["morphology"]
    assert found["sentences"] == 4 and found["frequent_words"]["서울"] == 2


def test_measures_of_the_answers_are_told():
    rows = [{"id": str(i), "instruction": "q", "output": t} for i, t in enumerate(("서울입니다.", "首都 서울입니다."))]
    found = statistics(rows)["measures"]["foreign_script"]
    assert found["answers"] == 2 and found["above_0"] == 0.5 and found["max"] > 0
