"""The two loops hunmin's rating is measured against, re-enacted with today's openai client for bench/rating.py.

`korae`: gauss5930/KoRAE rating/rating.py at 63c28cd: batches of 5 under one gather, a bare except around the whole
batch (wait 5 s, send all 5 again), 3 s of sleep after each batch, and `message_list[i:-1]` for the last batch, which
loses the last row whenever the number is no multiple of 5. Its KeyError and its output files are left out, its score
reading is kept (labels only, -1 on failure).
`gather50`: batches of 50 under one gather, as distilabel 1.5.3's LLM step: one call that fails for good empties its
batch of 50. The client's own retries are on (6, as distilabel sets them).
"""

from __future__ import annotations

import asyncio
from typing import Any

Messages = list[dict[str, str]]


async def _call(client: Any, model: str, messages: Messages) -> str:
    answer = await client.chat.completions.create(model=model, messages=messages)
    return answer.choices[0].message.content


def _client(base_url: str, retries: int) -> Any:
    from openai import AsyncOpenAI

    return AsyncOpenAI(api_key="none", base_url=base_url, max_retries=retries, timeout=10.0)


def korae_score(review: str) -> float:
    """Give the score as KoRAE's parse_score reads it: the first line as a number, else -1."""
    first = review.strip().split("\n")[0].strip()
    for label in ("점수: ", "점수:", "Score: "):
        first = first.removeprefix(label)
    try:
        return float(first)
    except ValueError:
        return -1.0


async def korae(base_url: str, model: str, prompts: list[Messages], deadline: float) -> dict[str, Any]:
    """Run KoRAE's loop until it is done or `deadline` seconds are over; give what it has then."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    reviews: list[str] = []
    i = 0
    batch_size = 5
    while i < len(prompts) and loop.time() - begun < deadline:
        batch = prompts[i : i + batch_size] if i + batch_size < len(prompts) else prompts[i:-1]
        if i + batch_size == len(prompts):
            batch = prompts[i:]
        while True:
            try:
                async with _client(base_url, 0) as client:
                    got = await asyncio.gather(*(_call(client, model, m) for m in batch))
                break
            except Exception:
                if loop.time() - begun > deadline:
                    got = []
                    break
                await asyncio.sleep(5)
        reviews += got
        await asyncio.sleep(3)
        i += batch_size
    scores = [korae_score(review) for review in reviews]
    return {"seconds": loop.time() - begun, "asked": min(i, len(prompts)), "rated": sum(s >= 0 for s in scores)}


async def gather50(base_url: str, model: str, prompts: list[Messages], deadline: float) -> dict[str, Any]:
    """Run the gather-of-50 loop; a batch with one lasting failure is empty."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    rated = 0
    async with _client(base_url, 6) as client:
        for i in range(0, len(prompts), 50):
            try:
                got = await asyncio.gather(*(_call(client, model, m) for m in prompts[i : i + 50]))
            except Exception:
                continue
            rated += sum(korae_score(review) >= 0 for review in got)
            if loop.time() - begun > deadline:
                break
    return {"seconds": loop.time() - begun, "asked": min(i + 50, len(prompts)), "rated": rated}
