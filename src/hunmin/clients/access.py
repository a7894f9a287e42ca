"""What a stage or an engine says it will need beyond this machine: access to services, and Hub ids."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

HubId = tuple[Literal["dataset", "model"], str]
"""What it is and its id; a local path or `tiny:...` in its place is passed over by who looks it up."""


@dataclass(frozen=True)
class Access:
    """Access to one service: where it is, and the environment variable that must hold its key (None: no key)."""

    address: str
    key_env: str | None = None

    def problem(self) -> str | None:
        """Give what is missing, in words; None when it can be asked."""
        if self.key_env and not os.environ.get(self.key_env, "").strip():
            return f"the environment variable {self.key_env} is not set"
        return None
