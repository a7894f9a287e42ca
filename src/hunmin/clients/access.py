"""What a stage or an engine says it will need beyond this machine: access to services, and Hub ids."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from .units import Trouble

HubId = tuple[Literal["dataset", "model"], str]
"""What it is and its id; a local path or `tiny:...` in its place is passed over by who looks it up."""


@dataclass(frozen=True)
class Access:
    """Access to one service: where it is, and the environment variable that must hold its key (None: no key).

    `unpriced` is the model whose price nobody knows, so that no limit in dollars can be kept."""

    address: str
    key_env: str | None = None
    unpriced: str | None = None

    def problem(self) -> str | None:
        """Give what is missing, in words; None when it can be asked."""
        if self.key_env and not os.environ.get(self.key_env, "").strip():
            return f"the environment variable {self.key_env} is not set"
        return None


def raise_if_elsewhere(url: str, location: str, status: int) -> None:
    """Raise Trouble that stops the run when a redirect leads to another scheme, host or port."""
    here, there = urlsplit(url), urlsplit(urljoin(url, location))
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        target = f"{there.scheme}://{there.hostname or ''}"
        raise Trouble(
            "stop", f"the server redirects to {target}; nothing was sent there", status,
            mend="If that is right, write its address as base_url",
        )  # fmt: skip
