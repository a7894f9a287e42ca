"""A DeepL server for tests, with the documented limits: 50 texts, 128 KiB, key, quota, strict XML, glossaries, usage.

`script(n, body)` (n counted from 0 over translate requests) gives a Response, a list of texts to answer with, or None
for the default. The default "translation" turns every English word into Hangul of its own and keeps tags, ignored tags'
content, digits and signs, which is what the genuine service is asked to do.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

from .http_server import HttpServer, Request, Response

MOST_TEXTS, MOST_BYTES = 50, 128 * 1024
HTML = Response(200, b"<html><body>maintenance</body></html>", {"content-type": "text/html"})
_SYLLABLES = "가나다라마바사아자차카타파하고노도로모보소오조초코토포호"


def hangul(word: str) -> str:
    """Give a made-up Hangul word for an English one, always the same."""
    digest = hashlib.sha256(word.lower().encode()).digest()
    return "".join(_SYLLABLES[b % len(_SYLLABLES)] for b in digest[: max(1, (len(word) + 1) // 2)])


def translate(text: str) -> str:
    return re.sub(r"[A-Za-z][A-Za-z']*", lambda m: hangul(m[0]), text)


def translate_xml(text: str, ignore: set[str]) -> str:
    """Translate the text nodes of well-formed XML; raises ElementTree.ParseError otherwise."""
    root = ElementTree.fromstring(f"<root>{text}</root>")

    def inner(node: ElementTree.Element, keep: bool) -> str:
        say = (lambda s: s) if keep else translate
        out = html.escape(say(node.text or ""), quote=False)
        for child in node:
            attributes = "".join(f' {k}="{v}"' for k, v in child.attrib.items())
            content = inner(child, keep or child.tag in ignore)
            out += f"<{child.tag}{attributes}>{content}</{child.tag}>" if content else f"<{child.tag}{attributes}/>"
            out += html.escape(say(child.tail or ""), quote=False)
        return out

    return inner(root, False)


class DeepLServer(HttpServer):
    """`with DeepLServer(script, limit=500_000, key="test-key:fx") as server: ... server.url, server.texts`."""

    def __init__(
        self,
        script: Callable[[int, dict[str, Any]], Any] | None = None,
        *,
        key: str = "test-key:fx",
        limit: int = 500_000,
        delay: float = 0.0,
        port: int = 0,
    ):
        super().__init__(self._answer, port)
        self._script, self._key, self._delay, self._n = script, key, delay, 0
        self.limit, self.billed = limit, 0
        self.glossaries: dict[str, dict[str, Any]] = {}

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(r.body) for r in self.requests if r.path == "/v2/translate"]

    @property
    def texts(self) -> list[str]:
        """Every text that arrived, in order."""
        return [text for body in self.bodies for text in body["text"]]

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"DeepL-Auth-Key {self._key}":
            return Response(403, {"message": "Forbidden"})
        path = request.path.split("?")[0]
        if path == "/v2/usage":
            return Response(200, {"character_count": self.billed, "character_limit": self.limit})
        if path == "/v2/glossaries":
            return self._glossary(request)
        if path != "/v2/translate":
            return Response(404, {"message": "Not found"})
        body = request.json()
        n, self._n = self._n, self._n + 1
        if len(request.body) > MOST_BYTES:
            return Response(413, {"message": "Payload Too Large"})
        if len(body["text"]) > MOST_TEXTS:
            return Response(400, {"message": "Too many texts"})
        if body.get("target_lang") == "KO" and body.get("formality") in ("more", "less"):
            return Response(400, {"message": "'formality' is not supported for given 'target_lang'."})
        found = self._script(n, body) if self._script else None
        if isinstance(found, Response):
            return found
        is_xml = body.get("tag_handling") == "xml"
        plain = [re.sub(r"<[^>]*>", "", t) if is_xml else t for t in body["text"]]
        billed = [len(html.unescape(t)) if is_xml else len(t) for t in plain]
        if self.billed + sum(billed) > self.limit:
            return Response(456, {"message": "Quota Exceeded"})
        texts = found
        if texts is None:
            try:
                ignore = set(body.get("ignore_tags") or ())
                texts = [translate_xml(t, ignore) if is_xml else translate(t) for t in body["text"]]
            except ElementTree.ParseError:
                return Response(400, {"message": "Tag handling parsing failed, please check input."})
        self.billed += sum(billed)
        rows = [
            {"detected_source_language": "EN", "text": text, "billed_characters": n_chars}
            for text, n_chars in zip(texts, billed, strict=False)
        ]
        return Response(200, {"translations": rows}, delay=self._delay)

    def _glossary(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(200, {"glossaries": list(self.glossaries.values())})
        body = request.json() if request.body.startswith(b"{") else {}
        made = {
            "glossary_id": f"glossary-{len(self.glossaries)}",
            "name": body.get("name", ""),
            "ready": True,
            "source_lang": body.get("source_lang", "en"),
            "target_lang": body.get("target_lang", "ko"),
            "creation_time": "2025-01-01T00:00:00.000Z",
            "entry_count": len(str(body.get("entries", "")).splitlines()),
        }
        self.glossaries[made["glossary_id"]] = made
        return Response(201, made)
