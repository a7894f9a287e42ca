"""Licences and generators' terms as far as they can clash when data or weights are published.

Not legal advice: a table of what the licences and terms are commonly read to say, so that a person looks before
publishing. Sources: the licence texts (creativecommons.org, apache.org); Meta's Llama licences (2 and 3: 1.b.v; from
3.1 on 1.b.i, "Llama" at the beginning of the name); OpenAI's Terms of Use ("use Output to develop models that compete
with OpenAI"); Gemma's terms 1.1(e) and HyperCLOVA X SEED's licence 1.2, which both count a model taught by outputs as a
derivative; EXAONE's AI Model License (NC); the four types of KOGL (kogl.or.kr); AI-Hub's terms of use (aihub.or.kr).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Licence:
    """What one licence asks: `own_terms` = it travels with what is made; `no_redistribution` = no copies of it."""

    name: str
    noncommercial: bool = False
    share_alike: bool = False
    no_derivatives: bool = False
    own_terms: bool = False
    no_redistribution: bool = False
    strength: int = 0

    @property
    def known(self) -> bool:
        return bool(self.name)


UNKNOWN = Licence("")
# Ordered by how much each asks, so that the strongest of a mixture can be proposed for the whole.
_TABLE = (
    Licence("cc0-1.0"),
    Licence("unlicense"),
    Licence("mit", strength=1),
    Licence("bsd-3-clause", strength=1),
    Licence("apache-2.0", strength=2),
    Licence("odc-by", strength=3),
    Licence("cc-by-4.0", strength=4),
    Licence("cc-by-3.0", strength=4),
    Licence("kogl-type1", strength=4),
    Licence("cc-by-sa-3.0", share_alike=True, strength=5),
    Licence("cc-by-sa-4.0", share_alike=True, strength=6),
    Licence("gpl-3.0", share_alike=True, strength=7),
    Licence("agpl-3.0", share_alike=True, strength=8),
    Licence("gemma", own_terms=True, strength=9),
    Licence("llama2", own_terms=True, strength=9),
    Licence("llama3", own_terms=True, strength=9),
    Licence("llama3.1", own_terms=True, strength=9),
    Licence("llama3.2", own_terms=True, strength=9),
    Licence("llama3.3", own_terms=True, strength=9),
    Licence("llama4", own_terms=True, strength=9),
    Licence("hyperclovax-seed", own_terms=True, strength=9),
    Licence("cc-by-nc-4.0", noncommercial=True, strength=10),
    Licence("kogl-type2", noncommercial=True, strength=10),
    Licence("cc-by-nc-sa-4.0", noncommercial=True, share_alike=True, strength=11),
    Licence("exaone", noncommercial=True, own_terms=True, strength=11),
    Licence("cc-by-nd-4.0", no_derivatives=True, strength=12),
    Licence("kogl-type3", no_derivatives=True, strength=12),
    Licence("cc-by-nc-nd-4.0", noncommercial=True, no_derivatives=True, strength=13),
    Licence("kogl-type4", noncommercial=True, no_derivatives=True, strength=13),
    Licence("ai-hub", no_redistribution=True, strength=14),
)
LICENCES = {licence.name: licence for licence in _TABLE}
NOT_THE_HUBS = frozenset({"exaone", "hyperclovax-seed", "ai-hub", *(f"kogl-type{i}" for i in (1, 2, 3, 4))})
"""Names that the Hub's list of licences lacks: a card says `other` with the name."""
_SAME = {
    "apache": "apache-2.0",
    "apache-2": "apache-2.0",
    "apache-license-2.0": "apache-2.0",
    "bsd": "bsd-3-clause",
    "cc0": "cc0-1.0",
    "public-domain": "cc0-1.0",
    "cc-by": "cc-by-4.0",
    "cc-by-sa": "cc-by-sa-4.0",
    "cc-by-nc": "cc-by-nc-4.0",
    "cc-by-nc-sa": "cc-by-nc-sa-4.0",
    "cc-by-nd": "cc-by-nd-4.0",
    "cc-by-nc-nd": "cc-by-nc-nd-4.0",
    "gpl": "gpl-3.0",
    "agpl": "agpl-3.0",
    "llama-2": "llama2",
    "llama-3": "llama3",
    "llama-3.1": "llama3.1",
    "llama-3.2": "llama3.2",
    "llama-3.3": "llama3.3",
    "llama-4": "llama4",
    "aihub": "ai-hub",
    "hyperclova-x-seed": "hyperclovax-seed",
    "hyperclovax": "hyperclovax-seed",
}
# the version of a family's own licence stands in its name (exaone-ai-model-license-1.2-nc); what it asks is the same
_FAMILIES = (("exaone", "exaone"), ("gemma", "gemma"), ("hyperclova-?x-seed", "hyperclovax-seed"))
_KOGL = re.compile(r"(?:kogl|공공누리)\D*?([1-4])(?:-?유형)?")


def licence(name: str | None) -> Licence:
    """Give the licence of a name as people write it ("CC BY-NC 4.0", "apache-2.0"); UNKNOWN when the table lacks it."""
    plain = re.sub(r"[\s_]+", "-", (name or "").strip().lower())
    plain = re.sub(r"^(cc)-?(by.*|0.*)$", r"\1-\2", plain) if plain.startswith("ccby") else plain
    versioned = re.sub(r"^(cc-by(?:-nc)?(?:-sa|-nd)?)-[123](\.\d)?$", r"\1-4.0", plain)
    kogl = _KOGL.fullmatch(plain)
    family = next((own for start, own in _FAMILIES if re.match(rf"{start}(?:$|[-.])", plain)), "")
    for candidate in (plain, _SAME.get(plain, ""), versioned, f"kogl-type{kogl[1]}" if kogl else "", family):
        if candidate in LICENCES:
            return LICENCES[candidate]
    return UNKNOWN


@dataclass(frozen=True)
class Conflict:
    """A clash that a person must look at: `code` is what `accept` takes, `what` says it in a sentence."""

    code: str
    what: str


@dataclass(frozen=True)
class Part:
    """Something that went in: `name`, its licence as it was written, and how many records (0 = a base model)."""

    name: str
    licence: str
    n: int = 0


def propose(parts: Iterable[Part]) -> str:
    """Give the licence that asks as much as the strictest part; "" when a part's licence is not known.

    What may not be handed on at all (AI-Hub) proposes nothing: `conflicts` says so for data, weights are free of it.
    """
    found = [licence(part.licence) for part in parts]
    if not found or not all(f.known for f in found):
        return ""
    found = [f for f in found if not f.no_redistribution]
    if not found:
        return ""
    return max(found, key=lambda f: f.strength).name


def conflicts(parts: Sequence[Part], generators: Iterable[str], declared: str, model: bool) -> list[Conflict]:
    """Give every clash between what went in and publishing it under `declared` ("" = none could be proposed).

    `generators` are the models and engines that wrote or translated the text; `model` = weights are published.
    """
    what = "weights trained on it" if model else "a changed copy"
    found: list[Conflict] = []
    whole = licence(declared)
    shares: dict[str, Part] = {}
    for part in parts:
        own = licence(part.licence)
        if not own.known:
            said = f"'{part.licence}', which is not in our table" if part.licence else "not stated"
            found.append(Conflict("unknown-licence", f"{part.name}: the licence is {said}"))
            continue
        if own.no_derivatives:
            found.append(Conflict("no-derivatives", f"{part.name} is {own.name}: {what} may not be published"))
        if own.no_redistribution and not model:
            told = f"{part.name} is {own.name} data, which may be trained on but not handed on: name where it is got"
            found.append(Conflict("no-redistribution", told))
        if own.noncommercial and whole.known and not whole.noncommercial:
            found.append(
                Conflict("noncommercial", f"{part.name} is {own.name}, but {whole.name} allows commercial use")
            )
        if own.share_alike and not model:
            shares.setdefault(own.name, part)
            if whole.known and whole.name != own.name:
                found.append(Conflict("share-alike", f"{part.name} asks that copies stay {own.name}, not {whole.name}"))
        if own.own_terms and whole.known and whole.name != own.name:
            found.append(Conflict("own-terms", f"{part.name} carries the {own.name} terms, not {whole.name}"))
    if len(shares) > 1:
        told = " and ".join(f"{part.name} ({name})" for name, part in shares.items())
        found.append(Conflict("share-alike", f"{told} each ask for their own licence on the whole"))
    if declared and not whole.known and declared.lower() != "other":
        found.append(Conflict("unknown-licence", f"the licence '{declared}' is not in our table"))
    bases = {part.name for part in parts if part.n == 0}
    found += [c for g in sorted(set(generators)) for c in _terms(g, whole, bases, model)]
    return list(dict.fromkeys(found))


_OPENAI = re.compile(
    r"(?:^|[/:\s_-])(?:gpt-?[345]|gpt-4o|chatgpt|text-davinci|o[134](?:-mini)?\b|openai)", re.IGNORECASE
)
_OPEN_WEIGHTS = re.compile(r"gpt-oss|gpt-?neo|gpt-?j", re.IGNORECASE)
_LLAMA = re.compile(r"llama-?[234]", re.IGNORECASE)
_NAMED_LLAMA = re.compile(r"llama-?(?:3\.[1-9]|4)", re.IGNORECASE)
_CLAUDE = re.compile(r"claude|gemini|palm-?2|bard", re.IGNORECASE)
_EXAONE = re.compile(r"exaone", re.IGNORECASE)
# whose licence counts a model taught by the outputs as a derivative, with all its terms
_TEACHERS = (
    (re.compile(r"(?:^|[/:\s_-])gemma", re.IGNORECASE), "gemma"),
    (re.compile(r"hyperclova", re.IGNORECASE), "hyperclovax-seed"),
)


def _terms(generator: str, whole: Licence, bases: set[str], model: bool) -> list[Conflict]:
    if _OPEN_WEIGHTS.search(generator):
        return []
    if _OPENAI.search(generator) or _CLAUDE.search(generator):
        maker = "OpenAI" if _OPENAI.search(generator) else "its maker"
        forbids = f"{maker}'s terms forbid using its output to develop competing models"
        if model:
            return [Conflict("generator-terms", f"{generator} wrote part of the training data, and {forbids}")]
        if not whole.noncommercial:
            told = (
                f"{generator} wrote part of the text; {forbids}, and {whole.name or 'no licence'} does not pass that on"
            )
            return [Conflict("generator-terms", told)]
    if _EXAONE.search(generator) and not any(_EXAONE.search(base) for base in bases):
        if model or not whole.noncommercial:
            told = f"{generator} wrote part of it; EXAONE's licence keeps its output to research, not to other models"
            return [Conflict("generator-terms", told)]
    if not model:
        return []
    if _LLAMA.search(generator) and not any(_LLAMA.search(base) for base in bases):
        asks = "improves Llama models only"
        if _NAMED_LLAMA.search(generator):
            asks = 'is named with "Llama" at the beginning and carries its licence'
        told = f"{generator} wrote part of the training data; Llama's licence asks that a model of it {asks}"
        return [Conflict("generator-terms", told)]
    for teacher, terms in _TEACHERS:
        if teacher.search(generator) and whole.name != terms:
            told = f"{generator} wrote part of the training data; a model of its output carries the {terms} terms"
            return [Conflict("generator-terms", told)]
    return []
