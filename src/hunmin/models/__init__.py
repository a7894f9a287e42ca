"""Model weights opened for use: find, load, generate, logprobs. torch is imported only when weights are touched."""

from .decoding import Generated, Piece, Request, decode, generate, steps
from .logprobs import logprobs, prompt_logprobs
from .opening import Loaded, Resolved, load, local_folders, prompt, resolve

__all__ = [
    "Generated",
    "Loaded",
    "Piece",
    "Request",
    "Resolved",
    "decode",
    "generate",
    "load",
    "local_folders",
    "logprobs",
    "prompt",
    "prompt_logprobs",
    "resolve",
    "steps",
]
