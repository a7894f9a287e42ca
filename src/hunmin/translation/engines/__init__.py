"""The table of translation engines: name -> module.

An engine is a module (or a namespace) with

- `ways(config)`: how it may be asked, best first: Way(size of the pieces, how masks are shown)
- `open_client(config, inputs, prefix)`: what answers `await ask(unit)`, used with `with`
- `body(source, config, **where)`: the unit for one masked text; `parse(answer)`: its translation
- `paid(config)`, `problems(config)`, `files(config)`, `estimate(units, config, ledger)`
- if a server may not take the unit: `simpler(unit)`, the same question in plainer form, or None
"""

from .ways import Way

__all__ = ["ENGINES", "Way"]

ENGINES = {
    "deepl": "hunmin.translation.engines.deepl",
    "llm": "hunmin.translation.engines.llm",
    "local": "hunmin.translation.engines.local",
    "file": "hunmin.translation.engines.file",
    "recorded": "hunmin.translation.engines.recorded",
}
