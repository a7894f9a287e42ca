"""How an engine may be asked: the size of the pieces it gets and how hidden stretches are shown to it."""

from __future__ import annotations

from dataclasses import dataclass

from ...text.masking import Size, Style


@dataclass(frozen=True)
class Way:
    """One attempt's form; `size` None sends the field as it is, unmasked."""

    size: Size | None
    style: Style = "bracket"


UNMASKED = (Way(None),)
