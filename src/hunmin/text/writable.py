"""What can be written at all."""

from __future__ import annotations


def is_writable(text: str) -> bool:
    """Tell whether a text can stand in a file and in a file's name: no NUL, no half of a surrogate pair."""
    try:
        text.encode("utf-8")  # also a name on disk that is no UTF-8: no manifest can hold it
    except UnicodeEncodeError:
        return False
    return "\0" not in text
