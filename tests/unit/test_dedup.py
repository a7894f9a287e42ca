"""dedup: exact and near, priority, scope, stars instead of chains, and the numbers under it."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.selection import nearest, shingles, sketches
from hunmin.stages import dedup
from hunmin.text.normal import letters, squash

WORDS = (
    "하늘 바다 산과 강이 흐르는 마을에서 아이들이 뛰어놀며 노래를 부르고 저녁이 되면 집으로 돌아가 따뜻한 밥을 먹는다 "
    "the quick brown fox"
).split()


def text(seed: int, n: int = 60) -> str:
    chance = random.Random(seed)
    return " ".join(chance.choice(WORDS) + str(chance.randrange(50)) for _ in range(n))


def record(name: str, output: str, source: str = "a", **more):
    return {"id": name, "source": source, "instruction": "이야기를 쓰세요", "output": output, **more}


def run(tmp_path, records, **options):
    write_jsonl(tmp_path / "in.jsonl", records)
    counts = dedup.run(dedup.Config(**options), Inputs(label="dedup", records=tmp_path / "in.jsonl"), tmp_path / "out")
    dropped = {d["record"]["id"]: d["detail"] for d in read_jsonl(tmp_path / "out" / "dropped.jsonl")}
    return [r["id"] for r in read_jsonl(tmp_path / "out" / "records.jsonl")], dropped, counts.check("dedup")


def true_jaccard(a: str, b: str) -> float:
    """Plain Python over squashed texts."""
    grams = [{t[i : i + 5] for i in range(len(t) - 4)} for t in (a, b)]
    return len(grams[0] & grams[1]) / len(grams[0] | grams[1])


def similarity(a: str, b: str) -> float:
    return true_jaccard(squash(a), squash(b))


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_jaccard_equals_that_of_python_sets(a, b):
    a, b = squash(a) + "가나다라마", squash(b) + "나다라마바"
    assert shingles.jaccard(shingles.shingles(a), shingles.shingles(b)) == pytest.approx(true_jaccard(a, b))


@given(st.lists(st.text(max_size=12), max_size=8))
@settings(max_examples=100, deadline=None)
def test_grams_of_a_batch_are_those_of_each_text(texts):
    hashes, offsets = shingles.gram_hashes(texts)
    for i, one in enumerate(texts):
        alone, _ = shingles.gram_hashes([one])
        assert (hashes[offsets[i] : offsets[i + 1]] == alone).all()


def test_squash_and_letters():
    assert squash("Ａ b\n한 글") == "ab한글" and letters("[양분]이, 풍부_하다!") == "양분이풍부하다"


def test_exact_duplicates_differ_only_in_case_width_and_spacing(tmp_path):
    rows = [
        record("1", "Hello World 안녕하세요"),
        record("2", "hello  world안녕 하세요"),
        record("3", "ＨＥＬＬＯ world 안녕하세요"),
    ]
    kept, dropped, counts = run(tmp_path, rows)
    assert kept == ["1"] and counts.notes["exact"] == 2
    assert dropped["3"] == {"of": "1", "similarity": 1.0, "how": "exact"}


def test_near_duplicates_name_the_kept_one_and_the_true_similarity(tmp_path):
    first = text(1)
    second = first.replace(first.split()[10], "다른낱말")
    rows = [record("1", first), record("2", text(2)), record("3", second)]
    kept, dropped, _ = run(tmp_path, rows)
    assert kept == ["1", "2"] and dropped["3"]["of"] == "1" and dropped["3"]["how"] == "near"
    whole = ["이야기를 쓰세요" + t for t in (first, second)]
    assert dropped["3"]["similarity"] == pytest.approx(true_jaccard(*map(squash, whole)), abs=1e-4)


def test_korean_spacing_does_not_hide_a_duplicate(tmp_path):
    first = text(1)
    kept, dropped, _ = run(tmp_path, [record("1", first), record("2", first.replace(" ", "", 30))])
    assert kept == ["1"] and dropped["2"]["how"] == "exact"


def test_a_shared_system_prompt_or_template_is_not_compared(tmp_path):
    system = "당신은 유용한 인공지능 비서입니다. " * 20
    rows = [record("1", "서울입니다.", system=system), record("2", "백두산입니다.", system=system)]
    assert run(tmp_path, rows)[0] == ["1", "2"]


def test_similar_but_below_the_threshold_stays(tmp_path):
    words = text(1).split()
    half = " ".join(words[:38] + text(7).split()[38:])
    assert 0.35 < similarity(" ".join(words), half) < 0.6
    assert run(tmp_path, [record("1", " ".join(words)), record("2", half)])[0] == ["1", "2"]
    assert run(tmp_path, [record("1", " ".join(words)), record("2", half)], max_similarity=0.35)[0] == ["1"]


def test_clusters_are_stars_not_chains(tmp_path):
    """A like B, B like C, but A not like C: B goes, C stays. Blind transitive closure would drop C as well."""
    words, other = text(1, 100).split(), text(9, 100).split()
    a, b, c = (" ".join(other[:k] + words[k:]) for k in (0, 10, 20))
    assert similarity(a, b) > 0.72 and similarity(b, c) > 0.72 and similarity(a, c) < 0.68
    kept, dropped, _ = run(tmp_path, [record("a", a), record("b", b), record("c", c)])
    assert kept == ["a", "c"] and dropped["b"]["of"] == "a"


def test_priority_decides_who_stays_and_the_file_order_is_kept(tmp_path):
    rows = [record("1", text(1), "cheap"), record("2", text(2), "cheap"), record("3", text(1), "gold")]
    kept, dropped, counts = run(tmp_path, rows, priority=["gold"])
    assert kept == ["2", "3"] and dropped["1"]["of"] == "3"
    assert counts.notes["by_source"] == [{"dropped_from": "cheap", "kept_in": "gold", "records": 1}]
    with pytest.raises(UserError, match="no source 'godl'; did you mean 'gold'"):
        run(tmp_path, rows, priority=["godl"])


def test_scope_within_and_across(tmp_path):
    near = text(1) + " 끝"
    rows = [record("1", text(1), "a"), record("2", near, "a"), record("3", text(1), "b"), record("4", near, "b")]
    assert run(tmp_path, rows)[0] == ["1"]
    assert run(tmp_path, rows, scope="within")[0] == ["1", "3"]
    assert run(tmp_path, rows, scope="across")[0] == ["1", "2"]


def test_only_the_named_fields_are_compared(tmp_path):
    rows = [record("1", text(1)), record("2", text(2))]
    assert run(tmp_path, rows, fields=["instruction"])[0] == ["1"]


def test_without_near_only_equal_texts_go(tmp_path):
    rows = [record("1", text(1)), record("2", text(1) + " 끝"), record("3", text(1))]
    kept, _, counts = run(tmp_path, rows, near=False)
    assert kept == ["1", "2"] and counts.notes["near"] == 0


def test_short_texts_chats_and_preferences(tmp_path):
    chat = [{"role": "user", "content": "네?"}, {"role": "assistant", "content": "네"}]
    rows = [
        {"id": "1", "source": "a", "messages": chat},
        {"id": "2", "source": "a", "messages": chat},
        {"id": "3", "source": "a", "instruction": "q", "chosen": "x", "rejected": "y"},
        {"id": "4", "source": "a", "instruction": "q", "chosen": "x", "rejected": "z"},
        {"id": "5", "source": "a", "instruction": "네?", "output": "네"},
    ]
    assert run(tmp_path, rows)[0] == ["1", "3", "4"]


def test_no_records_give_no_duplicates(tmp_path):
    assert run(tmp_path, [])[2].n_in == 0


def test_bands_find_the_pairs_at_the_threshold():
    for threshold in (0.5, 0.7, 0.8, 0.9):
        bands, rows = sketches.bands_for(threshold)
        assert bands * rows <= shingles.PERMUTATIONS and 1 - (1 - threshold**rows) ** bands >= sketches.RECALL


def test_signatures_estimate_the_true_similarity():
    words, other = text(1, 200).split(), text(5, 200).split()
    for k in (10, 30, 60):
        a, b = " ".join(words), " ".join(other[:k] + words[k:])
        rows = sketches.sketch([squash(a), squash(b)]).signatures
        assert (rows[0] == rows[1]).mean() == pytest.approx(similarity(a, b), abs=0.17)


def test_recall_and_no_false_drop_on_planted_copies():
    """Recall >= 0.97 at true Jaccard >= 0.7, nothing dropped below it; bench/dedup.py measures at size."""
    chance = random.Random(4)
    originals = [text(1000 + i, 50) for i in range(600)]
    copies = []
    for original in originals[:300]:
        words = original.split()
        for _ in range(chance.choice((1, 2, 4, 8))):
            words[chance.randrange(len(words))] = f"바뀜{chance.randrange(999)}"
        copies.append(" ".join(words))
    squashed = [squash(t) for t in originals + copies]
    found = nearest.duplicates([record(str(i), t) for i, t in enumerate(originals + copies)], fields=["output"])
    similar = [i for i, copy in enumerate(copies) if similarity(originals[i], copy) >= 0.7]
    assert len(similar) > 200
    assert sum(600 + i in found for i in similar) / len(similar) >= 0.97
    assert all(true_jaccard(squashed[i], squashed[link.kept]) >= 0.7 for i, link in found.items())


def test_the_order_of_preference_is_obeyed():
    rows = [record("0", text(1)), record("1", text(1)), record("2", text(2))]
    assert nearest.duplicates(rows, order=np.array([1, 0, 2])) == {0: nearest.Link(1, 1.0, "exact", "1")}


@pytest.mark.data
def test_the_one_exact_duplicate_of_dolly_is_found(data_folder, tmp_path):
    from hunmin.stages import load

    config = load.Config(path=str(data_folder / "instruct/dolly_3k.json"))
    load.run(config, Inputs(label="load"), tmp_path / "load")
    inputs = Inputs(label="dedup", records=tmp_path / "load" / "records.jsonl")
    counts = dedup.run(dedup.Config(near=False), inputs, tmp_path / "out")
    dropped = [row["record"] for row in read_jsonl(tmp_path / "out" / "dropped.jsonl")]
    kept = {row["id"]: row for row in read_jsonl(tmp_path / "out" / "records.jsonl")}
    whole = [r for r in dropped if r["extra"] == kept[r["id"].removesuffix("-2")]["extra"]]
    # one row stands twice; another has the same texts under a second category
    assert counts.n_in == 2996 and len(dropped) == 2 and len(whole) == 1


@pytest.mark.parametrize("fields", [["instruction"], ["instruktion"], ["input"]])
def test_a_record_without_any_of_the_fields_is_refused_not_compared_as_empty(tmp_path, fields):
    """Else all chats would be equal by their missing instruction, and all but one dropped."""
    turns = [{"role": "user", "content": "질문"}, {"role": "assistant", "content": "대답"}]
    chats = [{"id": f"c{i}", "source": "a", "messages": turns} for i in range(3)]
    with pytest.raises(UserError) as told:
        run(
            tmp_path,
            [*([] if fields == ["instruktion"] else [record("r1", "글", input="지문")]), *chats],
            fields=fields,
        )
    words = str(told.value)
    assert f"'c0' has no text in dedup.fields ({fields[0]})" in words and "[" + fields[0] + ", messages]" in words
    assert ("did you mean 'instruction'" in words) == (fields == ["instruktion"])
    kept, _, _ = run(tmp_path, [*chats, record("r1", "글")], fields=["instruction", "messages"])
    assert kept == ["c0", "r1"]
