"""Finds what must not be published in a text: keys, e-mail addresses, Korean resident registration numbers.

Patterns of the issuers' own documented shapes; a resident number needs a real date and a valid 7th digit, no check
digit (those issued since October 2020 have none).
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

KEYS: dict[str, str] = {
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "OpenAI key": r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,}\b",
    "Anthropic key": r"\bsk-ant-[A-Za-z0-9_-]{30,}\b",
    "AWS key id": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b",
    "Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}\b",
    "DeepL key": r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:fx\b",
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
}
_KEY = re.compile("|".join(f"(?P<k{i}>{pattern})" for i, pattern in enumerate(KEYS.values())))
_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![\w-])")
# RFC 2606 reserves these, so nobody can be reached there.
_RESERVED = re.compile(
    r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net|co\.kr)|(?:[\w-]+\.)?(?:test|example|invalid|localhost))$", re.I
)
_RESIDENT = re.compile(r"(?<![\d-])(\d{2})(\d{2})(\d{2})\s?[-–]\s?([1-8])\d{6}(?![\d-])")
SIGNS = ("@", "-", "_", "AKIA", "ASIA", "AIza")
MASKS = {"key": "[KEY]", "email": "[EMAIL]", "resident_number": "[RESIDENT NUMBER]"}


@dataclass(frozen=True)
class Hit:
    """One find: kind (key, email, resident_number), place in code points, and a sample that gives nothing away."""

    kind: str
    start: int
    end: int
    shown: str


def find(text: str) -> list[Hit]:
    """Give the hits of a text in order, none overlapping."""
    if not any(sign in text for sign in SIGNS):
        return []
    found = []
    for match in _KEY.finditer(text):
        name = next(n for n, k in zip(KEYS, match.groupdict(), strict=True) if match[k] is not None)
        found.append(Hit("key", *match.span(), f"{name} {match[0][:4]}…"))
    for match in _EMAIL.finditer(text):
        if not _RESERVED.search(match[0]):
            name, domain = match[0].split("@", 1)
            found.append(Hit("email", *match.span(), f"{name[0]}…@{domain}"))
    for match in _RESIDENT.finditer(text):
        if _is_date(*match.groups()):
            found.append(Hit("resident_number", *match.span(), f"{match[1]}…-{match[4]}…"))
    found.sort(key=lambda hit: (hit.start, -hit.end))
    kept: list[Hit] = []
    for hit in found:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _is_date(year: str, month: str, day: str, seventh: str) -> bool:
    century = 1900 if seventh in "1256" else 2000
    try:
        datetime.date(century + int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def mask(text: str) -> str:
    """Give the text with every hit replaced by what it was: [EMAIL], [KEY], [RESIDENT NUMBER]."""
    for hit in reversed(find(text)):
        text = text[: hit.start] + MASKS[hit.kind] + text[hit.end :]
    return text


@dataclass
class Found:
    """What a scan of many texts found: counts by kind and the first few places."""

    counts: Counter[str] = field(default_factory=Counter)
    places: list[str] = field(default_factory=list)

    def look(self, where: str, texts: Iterable[str]) -> None:
        for text in texts:
            for hit in find(text):
                self.counts[hit.kind] += 1
                if len(self.places) < 10:
                    self.places.append(f"{where}: {hit.shown}")

    def told(self) -> str:
        return ", ".join(f"{n:,} {kind.replace('_', ' ')}{'s' if n > 1 else ''}" for kind, n in self.counts.items())
