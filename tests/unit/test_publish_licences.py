"""Licences, generators' terms and the scan: what stands against publishing, and what does not."""

from __future__ import annotations

import pytest

from hunmin.publishing import dataset_card
from hunmin.publishing import secret_scan as scan
from hunmin.publishing.facts import DataFacts, Step, licence_in, lineage
from hunmin.publishing.licences import Part, conflicts, licence, propose
from hunmin.publishing.model_card import is_hub_id


def codes(parts, generators=(), declared="", model=False):
    return [c.code for c in conflicts(parts, generators, declared, model)]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Apache-2.0", "apache-2.0"),
        ("Apache License 2.0", "apache-2.0"),
        ("CC BY-NC 4.0", "cc-by-nc-4.0"),
        ("cc_by_sa_3.0", "cc-by-sa-3.0"),
        ("CC-BY-SA", "cc-by-sa-4.0"),
        ("llama-2", "llama2"),
        ("MIT", "mit"),
        ("Llama 3.3", "llama3.3"),
        ("llama4", "llama4"),
        ("exaone", "exaone"),
        ("EXAONE AI Model License 1.2 NC", "exaone"),
        ("HyperCLOVA X SEED", "hyperclovax-seed"),
        ("hyperclovax-seed", "hyperclovax-seed"),
        ("gemma-terms-of-use", "gemma"),
        ("KOGL Type 1", "kogl-type1"),
        ("공공누리 제2유형", "kogl-type2"),
        ("공공누리 3유형", "kogl-type3"),
        ("kogl-4", "kogl-type4"),
        ("KOGL Type 7", ""),
        ("AI Hub", "ai-hub"),
        ("AIHub", "ai-hub"),
        ("my own", ""),
        (None, ""),
    ],
)
def test_names_of_licences_as_people_write_them(written, name):
    assert licence(written).name == name


@pytest.mark.parametrize(
    ("parts", "declared", "model", "expected"),
    [
        (["apache-2.0", "mit"], "apache-2.0", False, []),
        (["cc-by-nc-4.0"], "apache-2.0", False, ["noncommercial"]),
        (["cc-by-nc-4.0"], "cc-by-nc-4.0", False, []),
        (["cc-by-sa-4.0"], "mit", False, ["share-alike"]),
        (["cc-by-sa-4.0"], "mit", True, []),  # weights are not a copy of the text
        (["cc-by-sa-4.0", "cc-by-nc-sa-4.0"], "cc-by-nc-sa-4.0", False, ["share-alike", "share-alike"]),
        (["cc-by-nd-4.0"], "cc-by-nd-4.0", False, ["no-derivatives"]),
        (["llama2", "mit"], "mit", True, ["own-terms"]),
        (["", "mit"], "mit", False, ["unknown-licence"]),
        (["mit"], "somebody's", False, ["unknown-licence"]),
        (["mit"], "other", False, []),
        (["llama3.3", "mit"], "mit", True, ["own-terms"]),
        (["llama4"], "llama4", True, []),
        (["gemma", "apache-2.0"], "apache-2.0", True, ["own-terms"]),
        (["gemma", "apache-2.0"], "gemma", True, []),
        (["hyperclovax-seed"], "apache-2.0", True, ["own-terms"]),
        (["exaone"], "apache-2.0", True, ["noncommercial", "own-terms"]),
        (["exaone", "cc-by-nc-4.0"], "exaone", True, []),
        (["kogl-type1", "mit"], "apache-2.0", False, []),
        (["kogl-type2"], "apache-2.0", True, ["noncommercial"]),
        (["kogl-type3"], "kogl-type3", False, ["no-derivatives"]),
        (["kogl-type4"], "apache-2.0", True, ["no-derivatives", "noncommercial"]),
        (["AI Hub", "mit"], "mit", False, ["no-redistribution"]),
        (["AI Hub", "mit"], "mit", True, []),  # trained on, not handed on
    ],
)
def test_clashes_between_sources_and_the_whole(parts, declared, model, expected):
    found = codes([Part(f"s{i}", name, 5) for i, name in enumerate(parts)], (), declared, model)
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("generator", "declared", "model", "clash"),
    [
        ("gpt-4o-mini", "apache-2.0", False, True),
        ("gpt-4o-mini", "cc-by-nc-4.0", False, False),
        ("gpt-4o-mini", "cc-by-nc-4.0", True, True),
        ("openai/gpt-oss-20b", "apache-2.0", True, False),
        ("EleutherAI/gpt-neox-20b", "apache-2.0", True, False),
        ("claude-3-haiku", "apache-2.0", True, True),
        ("meta-llama/Llama-3.1-70B-Instruct", "apache-2.0", True, True),
        ("hand-written", "apache-2.0", True, False),
        ("deepl", "apache-2.0", False, False),
        ("Qwen/Qwen3-32B", "apache-2.0", True, False),
        ("LGAI-EXAONE/EXAONE-4.0-32B", "apache-2.0", True, True),
        ("LGAI-EXAONE/EXAONE-4.0-32B", "cc-by-nc-4.0", False, False),
        ("google/gemma-3-27b-it", "apache-2.0", True, True),
        ("google/gemma-3-27b-it", "gemma", True, False),
        ("google/gemma-3-27b-it", "apache-2.0", False, False),
        ("naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-1.5B", "apache-2.0", True, True),
        ("meta-llama/Llama-4-Scout", "apache-2.0", True, True),
    ],
)
def test_terms_of_who_wrote_it(generator, declared, model, clash):
    found = codes([Part("rows", "apache-2.0", 3), Part("a/base", "apache-2.0")], [generator], declared, model)
    assert ("generator-terms" in found) is clash


def test_llamas_output_may_improve_llama():
    parts = [Part("meta-llama/Llama-3.1-8B", "llama3.1")]
    assert codes(parts, ["meta-llama/Llama-3.1-70B-Instruct"], "llama3.1", True) == []


def test_the_strictest_part_is_proposed_and_an_unknown_one_stops_the_proposal():
    assert propose([Part("a", "mit"), Part("b", "cc-by-nc-4.0")]) == "cc-by-nc-4.0"
    assert propose([Part("a", "mit"), Part("b", "")]) == ""
    assert propose([]) == ""
    assert propose([Part("base", "gemma"), Part("rows", "apache-2.0", 5)]) == "gemma"
    assert propose([Part("a", "ai-hub", 5), Part("b", "mit")]) == "mit" and propose([Part("a", "ai-hub", 5)]) == ""


def test_sets_that_may_not_be_changed_are_known_by_their_hub_ids():
    facts = DataFacts()
    for source in ("HAERAE-HUB/KMMLU", "HAERAE-HUB/HAE_RAE_BENCH_1.1"):
        facts.add({"instruction": "a", "output": "b", "source": source})
    found = conflicts(facts.parts(), [], "cc-by-nc-nd-4.0", False)
    assert [c.code for c in found] == ["no-derivatives", "no-derivatives"]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("연락은 hong.gildong+work@gmail.com 으로", ["email"]),
        ("me@example.com, a@b.test, root@localhost 는 누구의 것도 아니다", []),
        ("주민번호는 850315-2345678 입니다", ["resident_number"]),
        ("030229-3123456 은 2003년 2월 29일이라 없는 날", []),
        ("전화 010-1234-5678, 날짜 2024-01-02", []),
        ("키는 sk-proj-" + "A1b2" * 10, ["key"]),
        ("export HF_TOKEN=hf_" + "x" * 34, ["key"]),
        ("DeepL 01234567-89ab-cdef-0123-456789abcdef:fx", ["key"]),
        ("AKIAIOSFODNN7EXAMPLE", ["key"]),
        ("-----BEGIN RSA PRIVATE KEY-----", ["key"]),
        ("그냥 한국어 문장입니다.", []),
        ("user@host 에 ssh 로 접속", []),
    ],
)
def test_the_scan_finds_what_must_not_go_out(text, kinds):
    assert [hit.kind for hit in scan.find(text)] == kinds


def test_masking_leaves_the_rest_and_a_report_gives_nothing_away():
    text = "보낼 곳:\nkim@naver.com\n850315-2345678 끝"
    assert scan.mask(text) == "보낼 곳:\n[EMAIL]\n[RESIDENT NUMBER] 끝"
    found = scan.Found()
    found.look("r1", [text])
    assert found.told() == "1 email, 1 resident number"
    assert all("kim@" not in place and "2345678" not in place for place in found.places)


def test_lineage_follows_the_manifests_and_leaves_the_rest_out(tmp_path):
    def step(label, *inputs):
        return Step(label, tmp_path / label, {"inputs": dict.fromkeys(inputs, "h")})

    steps = [step("load"), step("other"), step("rate", "load"), step("filter", "rate", "file:x.txt")]
    assert [s.label for s in lineage(steps, steps[3])] == ["load", "rate", "filter"]


def test_facts_count_sources_writers_scores_and_known_licences():
    facts = DataFacts()
    rating = {"rater": "llm", "model": "m", "score": 8, "status": "ok"}
    facts.add({"instruction": "a", "output": "b", "source": "KOpen-platypus", "ratings": [rating]})
    unread = {"rater": "llm", "model": "m", "score": None, "status": "unparsed"}
    translated = {"engine": "deepl"}
    row = {"instruction": "a", "output": "b", "source": "mine", "license": "mit", "generator": "gpt-4"}
    facts.add({**row, "ratings": [unread], "translation": translated})
    assert {p.name: p.licence for p in facts.parts()} == {"KOpen-platypus": "cc-by-4.0", "mine": "mit"}
    assert facts.writers() == ["gpt-4", "deepl"] and facts.scores == {8.0: 1} and facts.raters["llm m"] == 2


def test_a_local_bases_licence_is_its_cards_else_its_familys(tmp_path):
    """A folder of Gemma was published as of an unknown licence: its terms were known by the Hub id alone."""
    assert licence_in(tmp_path) == ""
    (tmp_path / "config.json").write_text('{"model_type": "gemma3_text"}', encoding="utf-8")
    assert licence_in(tmp_path) == "gemma"
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    assert licence_in(tmp_path) == "mit"
    (tmp_path / "README.md").unlink()
    for config in ('{"model_type": "llama"}', "[1]", "{"):
        (tmp_path / "config.json").write_text(config, encoding="utf-8")
        assert licence_in(tmp_path) == ""


def test_the_histogram_counts_every_score():
    facts = DataFacts()
    for score in (7.5, 8, 8, 9):
        facts.scores[score] += 1
    svg = dataset_card.histogram(facts)
    assert svg.count("<rect") == 4 and ": 2</title>" in svg


@pytest.mark.parametrize(
    ("name", "is_id"),
    [
        ("Qwen/Qwen3-0.6B-Base", True),
        ("tiny:llama", False),
        ("/home/me/base", False),
        ("./a/b", False),
        ("x", False),
    ],
)
def test_hub_ids_are_told_from_folders(name, is_id):
    assert is_hub_id(name) is is_id
