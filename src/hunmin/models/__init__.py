"""Model weights opened for use: find, load, generate, logprobs. torch is imported only when weights are touched."""

from .decoding import Generated, Piece, Request, decode, generate, steps
from .finding import Resolved, bases_of, local_folders, resolve
from .headers import check_files
from .identity import commits, deciding
from .logprobs import logprobs, prompt_logprobs
from .opening import Loaded, check_opens, load, open_seq2seq, open_shape, prompt
from .sound import NotNumbers, watched
from .tokenizers import open_tokenizer

__all__ = [
    "Generated",
    "Loaded",
    "NotNumbers",
    "Piece",
    "Request",
    "Resolved",
    "bases_of",
    "check_files",
    "check_opens",
    "commits",
    "deciding",
    "decode",
    "generate",
    "load",
    "local_folders",
    "logprobs",
    "open_seq2seq",
    "open_shape",
    "open_tokenizer",
    "prompt",
    "prompt_logprobs",
    "resolve",
    "steps",
    "watched",
]
