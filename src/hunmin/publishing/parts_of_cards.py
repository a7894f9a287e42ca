"""Pieces of Markdown that both cards use: tables, the funnel, sources, licences, what must be known first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..artifacts.artifact import versions
from ..text.language import in_language
from .facts import DataFacts, Step
from .licences import Conflict


@dataclass(frozen=True)
class Frame:
    """What both cards begin and end with. `repo` is where it will live, or the placeholder OWNER/NAME; `steps` are the
    finished stages that led here; `hub_data` are the Hub ids of the data sets that went in."""

    name: str
    repo: str
    licence: str
    languages: Sequence[str]
    steps: Sequence[Step]
    conflicts: Sequence[Conflict]
    accepted: Sequence[str]
    notices: Sequence[str]
    hub_data: Sequence[str]
    about: str
    cite: str
    year: str
    language: str = "en"

    def lay(self, front: str, about: str, *blocks: str, versions: Mapping[str, str] | None = None) -> str:
        """Give the whole card: metadata, title, first paragraph (the publisher's own, else `about`), blocks, end."""
        all_blocks = [
            f"---\n{front.strip()}\n---",
            f"# {self.name}",
            self.about or about,
            known_first(self.conflicts, self.accepted, self.notices),
            *blocks,
            section("Citation", citation(self.name, self.cite, self.year)),
            made_with(versions),
        ]
        text = "\n\n".join(block for block in all_blocks if block) + "\n"
        return text if self.language == "en" else spoken(text, self.language)


def spoken(card: str, name: str) -> str:
    """Give a card in another language: headings, sentences and heads of tables; metadata and code stay as they are."""
    front, end = card.find("---\n"), card.find("\n---\n", 4) + len("\n---\n")
    lines = card[end:].split("\n") if front == 0 else card.split("\n")
    told, fenced = [], False
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        fenced ^= line.startswith("```")
        if fenced or line.startswith("```"):
            told.append(line)
        elif line.startswith("|") and after.startswith("|---"):
            told.append("|".join(f" {in_language(cell.strip(), name)} " if cell else "" for cell in line.split("|")))
        else:
            sign = SIGNS.match(line)
            start = sign.end() if sign else 0
            told.append(line[:start] + in_language(line[start:], name))
    return (card[:end] if front == 0 else "") + "\n".join(told)


SIGNS = re.compile(r"(?:> )?(?:#+ |- )?")


def short_name(name: str) -> str:
    """Give a name without this machine's folders."""
    return Path(name).name if name.startswith(("/", "~", ".")) or Path(name).exists() else name


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Give a Markdown table; numbers stand right."""
    rows = [[cell(value) for value in row] for row in rows]
    if not rows:
        return ""
    right = [all(r[i].replace(",", "").replace(".", "").lstrip("-").isdigit() for r in rows) for i in range(len(head))]
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---:" if r else "---" for r in right) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cell(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value).replace("|", "\\|").replace("\n", " ")


def section(title: str, *blocks: str) -> str:
    """Give a headed section, or "" when there is nothing to say."""
    said = [block for block in blocks if block]
    return "\n\n".join([f"## {title}", *said]) if said else ""


def sources(data: DataFacts) -> str:
    rows = [(part.name, part.licence or "not stated", part.n) for part in data.parts()]
    return table(("source", "licence", "records"), rows)


def writers(data: DataFacts) -> str:
    """Say which models or services wrote, translated and rated the text."""
    lines = []
    for what, counted in (
        ("Written by", data.generators),
        ("Translated by", data.translators),
        ("Rated by", data.raters),
    ):
        told = ", ".join(f"{name} ({n:,} records)" for name, n in counted.most_common())
        if told:
            lines.append(f"- {what}: {told}")
    if data.reviews:
        lines.append("- Read by people: " + ", ".join(f"{k} {n:,}" for k, n in data.reviews.most_common()))
    return "\n".join(lines)


def funnel(steps: Iterable[Step]) -> str:
    """Give the table of records in, kept and dropped by reason, stage by stage."""
    rows = []
    for step in steps:
        counts = step.manifest["counts"]
        if step.manifest["output"] == "records":
            why = ", ".join(f"{reason} {n:,}" for reason, n in counts["dropped"].items())
            rows.append((step.label, counts["n_in"], counts["n_kept"], why))
    return table(("stage", "records in", "kept", "dropped"), rows)


def known_first(conflicts: Iterable[Conflict], accepted: Iterable[str], notices: Iterable[str]) -> str:
    """Say what a reader must know before using it: clashes of licences and terms, recorded replies, tiny bases."""
    accepted = set(accepted)
    lines = [f"> - {notice}" for notice in notices]
    for conflict in conflicts:
        state = "looked at and accepted by the publisher" if conflict.code in accepted else "**not resolved**"
        lines.append(f"> - {conflict.what} ({conflict.code}: {state})")
    return "\n".join(["> **Know before you use it**", *lines]) if lines else ""


def made_with(found: Mapping[str, str] | None = None) -> str:
    """Say with which versions it was made."""
    told = ", ".join(f"{name} {version}" for name, version in (found or versions()).items())
    return f"Made with hunmin, from a recipe; `recipe.yaml` beside this card repeats it. Versions: {told}."


CITATION = """@misc{{{key},
  title = {{{title}}},
  year  = {{{year}}},
  note  = {{Made with hunmin}}
}}"""


def citation(name: str, own: str, year: str) -> str:
    """Give the BibTeX entry: the publisher's own, else one made of the name."""
    key = "".join(c if c.isalnum() else "-" for c in name).strip("-").lower()
    return "```bibtex\n" + (own.strip() or CITATION.format(key=key, title=name, year=year)) + "\n```"


def bars(counted: Mapping[float, int], width: int = 40) -> str:
    """Give a histogram as text, one line a score."""
    top = max(counted.values())
    return "\n".join(f"{score:>6g} {'█' * round(width * n / top) or '▏'} {n:,}" for score, n in sorted(counted.items()))
