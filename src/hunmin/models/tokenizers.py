"""Tokenizers opened for use and training, and how an error of the Hub or of a folder is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UserError
from .finding import Resolved

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
)
FAULTS = (OSError, ValueError, KeyError, ImportError)
"""What transformers raises for what a user can mend: no such name, no access, half a folder, a missing library."""


def open_tokenizer(found: Resolved, revision: str | None = None, trust_remote_code: bool = False) -> Any:
    """Give the tokenizer saved with the adapter, else the base's, with a pad token.

    Raises UserError when there is none or it cannot be opened.
    """
    from transformers import AutoTokenizer

    folder = Path(found.tokenizer)
    if folder.is_dir() and not any((folder / name).is_file() for name in TOKENIZER_FILES):
        what = "the folder holds no tokenizer"
        raise UserError(what, str(folder), f"Copy the base model's there: {', '.join(TOKENIZER_FILES[:2])}.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            found.tokenizer,
            revision=revision if found.tokenizer == found.base else None,
            trust_remote_code=trust_remote_code,
        )
    except FAULTS as error:
        raise cannot_open("the tokenizer", error, found.tokenizer) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    return tokenizer


def check_vocabulary(tokenizer: Any, model: Any, base: str) -> None:
    """Raise UserError when the tokenizer can give ids that the base has no row for."""
    rows = model.get_input_embeddings().weight.shape[0]
    highest = max(tokenizer.get_vocab().values())
    if highest >= rows:
        raise UserError(
            f"the tokenizer gives ids up to {highest}, but the base has {rows} embedding rows",
            base,
            "Tokenizer and base do not belong together; use the base's own tokenizer.",
        )


def cannot_open(what: str, error: BaseException, where: str) -> UserError:
    """Give transformers' or the Hub's error in our words: what cannot be opened, why, and how to mend it."""
    return UserError(f"{what} cannot be opened: {first_line(error)}", where, _how(error))


def first_line(error: BaseException) -> str:
    """Give the first line of an error's text; transformers writes paragraphs."""
    return str(error).strip().split("\n")[0][:300]


def _how(error: BaseException) -> str:
    text = f"{type(error).__name__} {error}"
    if "trust_remote_code" in text:
        return "If you trust its authors, set trust_remote_code: true."
    if "gated" in text.lower():
        return "Accept its terms on the Hub and log in: hf auth login, or HF_TOKEN."
    if "flash" in text.lower():
        return "Set attention: auto."
    return "Check the name and the connection; a private model needs HF_TOKEN. Or download it and give its folder."
