"""A prompt file filled for one case: `prompts/<name>.txt`, or a user's own file.

The file is plain text: what stands above a line `===` is the system message, the rest is the user message. `{name}` is
replaced by a value; a block `{?name}...{/name}` stays only when that value is not empty. Values are put in once and
never read again, so an answer that holds "{question}" stays as it is. The hash of the file goes with every answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import PACKAGE
from ..errors import UserError
from ..tables import did_you_mean

PROMPTS = PACKAGE / "prompts"


@dataclass(frozen=True)
class Wording:
    """A prompt's text; `name` is what ratings record: the file's name and 8 digits of its hash."""

    name: str
    system: str
    user: str

    def fill(self, values: Mapping[str, str]) -> list[dict[str, str]]:
        """Give the chat messages with the values put in."""
        messages = [{"role": "system", "content": _fill(self.system, values)}] if self.system else []
        return [*messages, {"role": "user", "content": _fill(self.user, values)}]


def load(name: str, kind: str, known: tuple[str, ...], needs: tuple[str, ...], where: str = "prompt") -> Wording:
    """Give the wording `<kind>_<name>` that hunmin ships, or the one in the file `name`.

    `known` are the placeholders that get a value, `needs` those that must stand in the text. Raises UserError for an
    unknown name, an unreadable file, and a missing or unknown placeholder.
    """
    shipped = PROMPTS / f"{kind}_{name}.txt"
    path = shipped if shipped.is_file() else Path(name)
    if not path.is_file():
        names = sorted(p.stem.removeprefix(f"{kind}_") for p in PROMPTS.glob(f"{kind}_*.txt"))
        raise UserError(
            f"no prompt '{name}'{did_you_mean(name, names)}",
            where,
            f"Shipped: {', '.join(names)}; or give a text file.",
        )
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UserError(f"the prompt is not UTF-8: {error}", str(path), "Save it as UTF-8.") from error
    found = set(re.findall(r"\{[?/]?([a-z_]+)\}", text))
    for missing in sorted(set(needs) - found):
        raise UserError(f"the prompt lacks {{{missing}}}", str(path), "Put it where that text belongs.")
    for unknown in sorted(found - set(known)):
        hint = did_you_mean(unknown, known)
        raise UserError(f"unknown placeholder {{{unknown}}}{hint}", str(path), f"Known: {', '.join(known)}.")
    system, _, user = text.rpartition("\n===\n")
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return Wording(f"{path.stem}@{digest}", system.strip(), user.strip())


def _fill(text: str, values: Mapping[str, str]) -> str:
    text = re.sub(
        r"\{\?([a-z_]+)\}(.*?)\{/\1\}\n?", lambda m: m[2].lstrip("\n") if values.get(m[1]) else "", text, flags=re.S
    )
    return re.sub(r"\{([a-z_]+)\}", lambda m: values[m[1]] if m[1] in values else m[0], text)
