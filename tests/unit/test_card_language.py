"""A card in Korean: its own words are, its metadata, code and values are not touched."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

from hunmin.publishing import dataset_card, model_card
from hunmin.publishing.parts_of_cards import Frame


def frame(language: str) -> Frame:
    return Frame(
        "mine", "me/mine", "apache-2.0", ["ko"], [], [], [], ["a notice of its own"], [], "", "", "2026", language
    )


def blocks(language: str) -> str:
    code = "```python\nvalue = 'Prompt'\n## Prompt\n```"
    table = "| task | metric |\n|---|---|\n| Prompt | acc |"
    return frame(language).lay("license: apache-2.0", "120 records (instruction). Mean characters a record: output 90.",
                               f"## Prompt\n\n{code}\n\n{table}", versions={"hunmin": "1"})  # fmt: skip


def test_headings_sentences_and_heads_are_korean_and_the_rest_stays():
    english, korean = blocks("en"), blocks("ko")
    assert "## Prompt\n\n```python\nvalue = 'Prompt'\n## Prompt\n```" in english
    assert "## 프롬프트\n\n```python\nvalue = 'Prompt'\n## Prompt\n```" in korean
    assert "| 과제 | 지표 |\n|---|---|\n| Prompt | acc |" in korean
    assert korean.startswith("---\nlicense: apache-2.0\n---\n\n# mine\n\n레코드 120건(instruction).")
    assert "> **쓰기 전에 알아 두세요**\n> - a notice of its own" in korean
    assert "## 인용" in korean and korean.rstrip().endswith("버전: hunmin 1.")


def test_every_limit_of_both_cards_is_said_in_korean():
    facts = SimpleNamespace(data=SimpleNamespace(translators=Counter({"deepl": 1})), is_tiny=True)
    data = SimpleNamespace(
        translators=Counter({"deepl": 1}), issues={"number_lost open": 3}, reviews={}, scores={8.0: 1}
    )
    for limits in (model_card._limits(facts, []), dataset_card.limits(data)):
        told = frame("ko").lay("x: 1", "about", f"## Limits\n\n{limits}", versions={})
        lines = [line for line in told.split("\n") if line.startswith("- ")]
        assert len(lines) >= 4 and all(any("가" <= c <= "힣" for c in line) for line in lines)


def test_a_macro_f1_of_few_documents_has_no_interval_in_the_card():
    def row(metric: str, n: int) -> dict:
        about = {"model": "m", "task": "copa", "num_fewshot": 0, "protocol": "harness", "value": 0.625}
        return {**about, "metric": metric, "n": n, "ci_low": 0.427, "ci_high": 0.788}

    def told(n: int) -> str:
        facts = SimpleNamespace(scores=[row("macro_f1", n), row("acc", n)])
        return "\n\n".join(model_card._evaluation(facts, facts.scores))

    assert "| macro_f1 | 0 | harness | 24 | 0.6250 (too few) |" in told(24)
    assert "| acc | 0 | harness | 24 | 0.6250 [0.427, 0.788] |" in told(24)
    assert "| macro_f1 | 0 | harness | 30 | 0.6250 [0.427, 0.788] |" in told(30) and "oo few" not in told(30)
    assert "문항이 30개보다 적으면" in frame("ko").lay("x: 1", "about", told(24), versions={})
