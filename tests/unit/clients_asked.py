"""What the tests of the clients share: keys of the environment, and units asked all at once."""

from __future__ import annotations

import asyncio

import pytest

KEY = "sk-a-secret-nobody-may-see-0123456789"


@pytest.fixture(autouse=True)
def keys(monkeypatch, tmp_path):
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setenv("DEEPL_AUTH_KEY", "test-key:fx")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def ask_all(client, units):
    async def main():
        return await asyncio.gather(*(client.ask(unit) for unit in units), return_exceptions=True)

    return asyncio.run(main())
