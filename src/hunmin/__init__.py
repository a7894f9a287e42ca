"""Teach language models Korean by a straight path: instruction data in, a measured, published Korean model out."""

__version__ = "0.1.0"
