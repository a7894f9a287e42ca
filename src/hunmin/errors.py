"""The one error a user can mend: what is wrong, where, and how to mend it."""

from __future__ import annotations

EXIT_USER = 2
EXIT_WAITING = 3
EXIT_STOPPED = 4
EXIT_INTERRUPTED = 130


class UserError(Exception):
    """A problem outside our code, told in three parts and without a traceback.

    `exit_code` is 2 for bad input, 3 when people are awaited (review), 4 when a budget, a quota or an
    authentication stopped the run with progress saved.
    """

    def __init__(self, what: str, where: str = "", mend: str = "", exit_code: int = EXIT_USER):
        self.what, self.where, self.mend, self.exit_code = what, where, mend, exit_code
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if not self.mend:
            return text
        return f"{text}{'' if text.endswith(('.', '?', '!')) else '.'} {self.mend}"

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str, str, int]]:
        return UserError, (self.what, self.where, self.mend, self.exit_code)
