"""What the machine's memory and cards are asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hunmin.models import devices


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap")
def test_holes_between_what_stays_go_back_to_the_system():
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    pieces = [bytearray(100_000) for _ in range(1500)]
    for piece in pieces:
        piece[::4096] = b"x" * len(piece[::4096])
    stay = pieces[::100]
    del pieces, piece
    before = resident()
    assert devices.give_back_memory(least=1 << 40) > 100e6 and resident() > before - 20e6
    devices.give_back_memory(least=1 << 20)
    assert resident() < before - 100e6 and len(stay) == 15
