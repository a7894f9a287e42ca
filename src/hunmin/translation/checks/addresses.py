"""Addresses that are gone or changed: a slip of the pen is certain, another page of the same site is localisation."""

from __future__ import annotations

import re

from ...text.patterns import LINK
from .lost import Lost, lost_spans
from .reading import CERTAIN, REVIEW, Issue, issue, place

LOCALE = r"(?:[a-z]{2}(?:[-_](?:[a-z]{2}|[A-Z]{2}|hans|hant))?)"
ABSOLUTE = re.compile(r"https?://|ftp://|www\.|[^/]+@", re.I)
BARE = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/?")
GLUED = re.compile(r"[가-힣]+[\w./-]*[A-Za-z0-9./]|\s?/\s?/|\s/")


def site(address: str) -> str:
    """Give an address without what a translator may change: scheme, language, fragment, the case, a last slash."""
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", address.split("#")[0].strip())
    text = re.sub(rf"^{LOCALE}\.(?=[\w-]+\.[\w.-]+)", "", text, flags=re.I)
    text = re.sub(rf"/{LOCALE}(?=/|$)", "", text, flags=re.I)
    text = re.sub(r"[-_.](?:en|ko|kr)(?=\.\w+$)", "", text, flags=re.I)  # a picture of the screen in each language
    text = re.sub(r"[?&](?:hl|lang|locale)=[a-z]{2}(?:[-_]\w+)?(?=&|$)", "", text)
    return text.rstrip("/").lower()


def slip(one: str, two: str) -> bool:
    """Tell whether two addresses differ by a slip: at most two characters in a row, and no digit among them."""
    n = min(len(one), len(two))
    first = next((i for i in range(n) if one[i] != two[i]), n)
    last = next((i for i in range(n - first) if one[-1 - i] != two[-1 - i]), n - first)
    a, b = one[first : len(one) - last], two[first : len(two) - last]
    return max(len(a), len(b)) <= 2 and not re.search(r"[\d/#?]", a + b)


def find(original: str, text: str) -> list[Issue]:
    """Give an issue per address that the target lacks."""
    lost = [x for x in lost_spans(original, text, ("url", "email")) if x.gone or x.instead]
    if not lost:
        return []
    here = {site(m["to"]) for m in LINK.finditer(text)} | {
        site(m.group()) for m in re.finditer(r"[\w@:/.?=&%~+-]*\.[\w@:/.?=&%~+-]+", text)
    }
    links = len(LINK.findall(original)) == len(LINK.findall(text))
    found = []
    for one in lost:
        severity = _severity(one, original, text, here, links)
        if severity:
            body = one.span.of(original)
            where = (one.instead.start, one.instead.end) if one.instead else place(original, text, one.span.start)
            detail = f"주소 '{body[:60]}' 없음 / the address is lost"
            found.append(issue("markup", severity, (one.span.start, one.span.end), where, detail))
    return found


def _severity(one: Lost, original: str, text: str, here: set[str], links: bool) -> str:
    body = one.span.of(original)
    there = one.instead.of(text) if one.instead else ""
    if not ABSOLUTE.match(body) and original[max(0, one.span.start - 2) : one.span.start] == "](":
        return "" if links or body.startswith("#") else REVIEW  # where a document lies is its translator's affair
    if _unused(one, original):
        return ""  # a page's links are defined at its end, and this part of it uses another
    before = original[max(0, one.span.start - 1) : one.span.start]
    if not ABSOLUTE.match(body) and (body[0] == "[" or before in ("[", " ", "\n")):
        tail = body.strip("[]./")  # the label of a link, or where it leads: ../std/vec.html, also with its host
        return "" if links and len(tail) >= 6 and tail in text else REVIEW
    if "{{" in body or body.strip("_*").replace("\\", "") in text:
        return ""  # an address that a template fills in, or one beside a sign of emphasis
    if one.span.kind == "email":
        return CERTAIN
    same = site(body) == site(there) and body.partition("#")[2] == there.partition("#")[2]
    if there and not same and slip(body, there):
        return CERTAIN
    if site(body) in here:
        return ""
    path = re.sub(r"^(?:https?://)?[^/]+", "", body).rstrip("/")
    if len(path) >= 4 and f"({path}" in text:
        return ""  # a page of the same site, named without its host
    if one.instead is None:
        return REVIEW if BARE.fullmatch(body) else CERTAIN
    broken = GLUED.match(text, one.instead.end) and not re.match(
        r"[가-힣]{1,3}(?:[\s.,!?)]|$)", text[one.instead.end :]
    )
    return CERTAIN if broken or not re.search(r"\w\.\w|localhost", there) else REVIEW


def _unused(one: Lost, original: str) -> bool:
    """Tell whether an address stands in the definition of a link ([label]: address) that the text makes no use of."""
    line = original[original.rfind("\n", 0, one.span.start) + 1 : one.span.start]
    label = re.fullmatch(r"[ ]{0,3}(\[[^\]\n]+\]):[ \t]*<?", line)
    return label is not None and original.lower().count(label[1].lower()) == 1
