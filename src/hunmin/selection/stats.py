"""The numbers of a set of records: lengths, languages, register, duplicates, by field and by source.

One pass; the texts are not kept. Quantiles are exact (one integer a text is held).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..artifacts.record import Record, kind, texts
from ..artifacts.rows import Notes, Shown
from ..measures import MEASURES
from ..measures.measured import measured, resolve_measures
from ..text.hangul import hangul_ratio, register
from ..text.sentences import sentences
from .compared import compared_text
from .ratings import name_of, ratings_of, scale_of

MIXED_LOW, MIXED_HIGH = 0.1, 0.9
REGISTER_EVERY = 20_000  # texts by field whose sentences are looked at; more change no percentage
QUANTILES = (("min", 0.0), ("p5", 0.05), ("median", 0.5), ("p95", 0.95), ("max", 1.0))


class _Field:
    """What is gathered of one text field."""

    def __init__(self) -> None:
        self.chars = array("q")
        self.ratios = array("d")
        self.levels: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()

    def add(self, text: str) -> str:
        """Count one text and give its language."""
        self.chars.append(len(text))
        ratio = hangul_ratio(text)
        found = language(text, ratio)
        self.languages[found] += 1
        if found == "none":
            return found
        self.ratios.append(ratio)
        if ratio > MIXED_LOW and len(self.chars) <= REGISTER_EVERY:
            self.levels += register(sentences(text))
        return found

    def shown(self) -> Shown:
        n = len(self.chars)
        levels = sum(self.levels.values())
        return {
            "texts": n,
            "chars": quantiles(self.chars),
            "hangul_ratio": round(float(np.mean(self.ratios)), 4) if len(self.ratios) else None,
            "language": {name: round(k / n, 4) for name, k in self.languages.most_common()},
            **({"register": {m: round(k / levels, 4) for m, k in self.levels.most_common()}} if levels else {}),
        }


def language(text: str, ratio: float) -> str:
    """Tell "ko", "en" (Latin letters), "mixed" or "none" (no letters) by the share of Hangul among the letters."""
    if ratio == 1.0 and not any("가" <= c <= "힣" or "ㄱ" <= c <= "ㅣ" for c in text):
        return "none"
    return "ko" if ratio >= MIXED_HIGH else "en" if ratio <= MIXED_LOW else "mixed"


def statistics(records: Iterable[Record], morphology: bool = False) -> Notes:
    """Give the numbers of records as one nested dict of plain values; {"records": 0} when there are none.

    `morphology` counts morphemes of the Korean answers by kiwipiepy (first 2,000) and needs the extra `ko`.
    """
    fields: dict[str, _Field] = {}
    kinds: Counter[str] = Counter()
    turns: Counter[int] = Counter()
    sources: dict[str, Notes] = {}
    pairs: Counter[str] = Counter()
    equal: Counter[int] = Counter()
    licenses: Counter[str] = Counter()
    scores: Notes = {}
    issues: Counter[str] = Counter()
    answers: list[str] = []
    measures = {name: (resolve_measures([name])[name], array("d")) for name in MEASURES}
    total = array("q")
    for record in records:
        what = kind(record)
        kinds[what] += 1
        found = texts(record)
        size = sum(map(len, found.values()))
        total.append(size)
        equal[hash(compared_text(record))] += 1
        licenses[str(record.get("license") or "not said")] += 1
        languages = {}
        for path, text in found.items():
            name = _field_name(record, path)
            languages[name] = fields.setdefault(name, _Field()).add(text)
        answer = next((languages[n] for n in ("output", "messages.assistant", "chosen") if n in languages), "none")
        asked = next((languages[n] for n in ("instruction", "messages.user", "input") if n in languages), "none")
        pairs[f"{asked} -> {answer}"] += 1
        if what != "preference" and record.get("messages"):
            turns[sum(m["role"] == "assistant" for m in record["messages"])] += 1
        row = sources.setdefault(str(record.get("source", "?")), {"records": 0, "chars": 0})
        row["records"] += 1
        row["chars"] += size
        for rating in ratings_of(record, None):
            of_rater = scores.setdefault(f"{name_of(rating)} ({scale_of(rating)})", array("d"))
            value = rating.get("score")
            if value is not None:
                of_rater.append(float(value))
        for measure, of_measure in measures.values():
            of_measure.extend(measured(measure, record).values())
        issues.update(f"{i['code']} ({i.get('status', 'open')})" for i in record.get("issues") or ())
        if morphology and len(answers) < 2000:
            answers.append(found.get("output") or found.get("chosen") or "")
    n = len(total)
    if not n:
        return {"records": 0}
    copies = sum(k - 1 for k in equal.values())
    return {
        "records": n,
        "kinds": dict(kinds.most_common()),
        "chars_per_record": quantiles(total),
        "fields": {name: fields[name].shown() for name in sorted(fields)},
        "asked_and_answered_in": {k: v for k, v in pairs.most_common()},
        "exact_duplicates": {"records": copies, "ratio": round(copies / n, 4)},
        **({"assistant_turns": {str(k): v for k, v in sorted(turns.items())}} if turns else {}),
        "sources": {
            name: {**row, "share": round(row["records"] / n, 4)}
            for name, row in sorted(sources.items(), key=lambda item: -item[1]["records"])
        },
        "licenses": dict(licenses.most_common(20)),
        **({"ratings": {name: _rated(found) for name, found in scores.items()}} if scores else {}),
        "measures": {name: _measured(found) for name, (_, found) in measures.items() if found},
        **({"issues": dict(issues.most_common(30))} if issues else {}),
        **({"morphology": _morphology(answers)} if morphology else {}),
    }


def _rated(scores: Any) -> Notes:
    return {"scores": len(scores), **(quantiles(scores) if len(scores) else {})}


def _measured(found: Any) -> Notes:
    return {"answers": len(found), "above_0": round(sum(v > 0 for v in found) / len(found), 4), **quantiles(found)}


def _field_name(record: Record, path: str) -> str:
    if not path.startswith("messages."):
        return path
    return f"messages.{record['messages'][int(path.split('.')[1])]['role']}"


def quantiles(values: Any) -> dict[str, float]:
    """Give min, 5 %, median, 95 %, max and mean of numbers."""
    found = np.asarray(values, dtype=float)
    cut = {name: round(float(np.quantile(found, q)), 4) for name, q in QUANTILES}
    return {**cut, "mean": round(float(found.mean()), 4)}


def _morphology(answers: list[str]) -> Notes:
    """Give morphemes a sentence and the most frequent content words of Korean answers, by kiwipiepy.

    Raises UserError when kiwipiepy is not installed.
    """
    from ..errors import UserError

    try:
        from kiwipiepy import Kiwi
    except ImportError as error:
        raise UserError("kiwipiepy is not installed", "--morphology", "pip install 'hunmin[ko]'") from error
    kiwi = Kiwi()
    tags: Counter[str] = Counter()
    words: Counter[str] = Counter()
    n_sentences = 0
    for sentences_of_one in kiwi.split_into_sents(
        [a for a in answers if hangul_ratio(a) > MIXED_LOW], return_tokens=True
    ):
        for sentence in sentences_of_one:
            n_sentences += 1
            for token in sentence.tokens or ():
                tags[token.tag] += 1
                if token.tag in ("NNG", "NNP", "VV", "VA"):
                    words[token.form + ("다" if token.tag.startswith("V") else "")] += 1
    total = sum(tags.values())
    return {
        "answers": len(answers),
        "sentences": n_sentences,
        "morphemes_a_sentence": round(total / n_sentences, 2) if n_sentences else 0.0,
        "distinct_content_words": len(words),
        "frequent_words": {w: n for w, n in words.most_common(20)},
        "tags": {t: round(n / total, 4) for t, n in tags.most_common(12)} if total else {},
    }
