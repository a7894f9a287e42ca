"""Options that several engines share: each stands once, and an engine's Config takes those it understands."""

from __future__ import annotations

from typing import Literal

from ...options import Endpoint, Options, opt


class Terms(Options):
    """What a translator is told of the texts beforehand."""

    context: str | None = opt(None, "What the texts are about; not translated, not billed by DeepL.")
    glossary: str | None = opt(None, "A CSV or TSV file of terms and their translations.")


class Asked(Endpoint):
    """A service that is asked over the network."""

    base_url: str | None = opt(None, "Another server's address; recorded:FILE replays (llm).")
    requests_per_minute: float | None = opt(None, "At most so many requests a minute.", gt=0)
    timeout_seconds: float = opt(300.0, "A request without an answer for so long is sent again.", gt=0)


class Worded(Options):
    """A model that is told in words how to translate."""

    speech_level: Literal["합니다체", "해요체", "반말"] = opt("합니다체", "The Korean register to write in.")
    prompt: str | None = opt(None, "A wording: translate_ko, translate_en, a .txt file; null chooses by target_lang.")
