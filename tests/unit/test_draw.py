"""Drawing a token: the likeliest are put in order first, and the draw is that of the whole order."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from hunmin.models import decoding


@pytest.mark.parametrize("top_p", [1.0, 0.95, 0.5])
@pytest.mark.parametrize("flatness", [0.3, 3.0])
def test_the_draw_is_that_of_the_whole_order(monkeypatch, top_p, flatness):
    monkeypatch.setattr(decoding, "LIKELY", 64)
    for seed in range(25):
        logits = torch.randn(3000, generator=torch.Generator().manual_seed(seed)) * 3 / flatness
        probabilities = logits.softmax(-1)
        row = SimpleNamespace(request=SimpleNamespace(top_p=top_p), generator=torch.Generator().manual_seed(seed))
        drawn = decoding._Row._draw(row, probabilities)
        ordered, ids = probabilities.double().sort(descending=True)
        total = ordered.cumsum(-1)
        kept = 1.0 if top_p >= 1 else float(total[int((total < top_p).sum())])
        u = float(torch.rand((), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)) * kept
        at = int((total <= u).sum())
        assert drawn in ids[max(0, at - 1) : at + 2].tolist()  # beside it only by rounding
