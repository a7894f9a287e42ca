"""The table of translation engines: name -> module. What an engine is stands in engine.py."""

from .ways import Way

__all__ = ["ENGINES", "Way"]

ENGINES = {
    "deepl": "hunmin.translation.engines.deepl",
    "llm": "hunmin.translation.engines.llm",
    "local": "hunmin.translation.engines.local",
    "file": "hunmin.translation.engines.file",
    "recorded": "hunmin.translation.engines.recorded",
}
