"""The page with two answers side by side, in a real browser: ask in Korean, read, vote; votes are records for dpo."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

from hunmin.artifacts.record import kind, problems  # noqa: E402

from .test_review_page import ask  # noqa: E402


@pytest.fixture
def votes(tmp_path):
    return tmp_path / "votes.jsonl"


@pytest.fixture
def server(start, votes):
    return start("chat", "tiny:llama", "--template", "kullm", "--web", "--against", "tiny:llama",
                 "--port", "0", "--votes", votes,
                 "--max-new-tokens", "16", "--temperature", "1.0", "--seed", "3", OMP_NUM_THREADS="1")  # fmt: skip


def test_ask_read_and_vote(server, page, votes):
    page.goto(server.link)
    expect(page.locator("h1")).to_have_text("훈민 대화")
    expect(page.locator("#state")).to_contain_text("tiny:llama")
    page.locator("#text").fill("봄에 대해 <b>짧은</b> 글을 써 주세요.")
    page.keyboard.press("Enter")
    expect(page.locator("#votes")).to_be_visible(timeout=60_000)
    assert page.locator(".question").inner_text() == "봄에 대해 <b>짧은</b> 글을 써 주세요."
    assert page.locator("#talk b, #talk script").count() == 0
    shown = page.locator(".answer .text").all_text_contents()
    assert page.locator(".answer h2").all_inner_texts() == ["A", "B"]  # nobody is named before the vote
    page.keyboard.press("2")
    expect(page.locator("#votes")).to_be_hidden()
    expect(page.locator(".answer.better h2")).to_have_text("B · tiny:llama")
    rows = [json.loads(line) for line in votes.read_text(encoding="utf-8").splitlines()]
    if not rows:  # the draws were empty or equal, which is no preference and must be said
        assert "남기지 않았습니다" in page.locator("#said").inner_text()
        assert not shown[1].strip() or not shown[0].strip() or shown[0] == shown[1]
        return
    assert (rows[0]["chosen"], rows[0]["rejected"]) == (shown[1], shown[0])
    assert kind(rows[0]) == "preference" and problems(rows[0]) == []
    assert rows[0]["messages"] == [{"role": "user", "content": "봄에 대해 <b>짧은</b> 글을 써 주세요."}]
    page.locator("#text").fill("이어서 써 주세요.")  # the better answer is what both go on from
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_have_count(4)
    expect(page.locator("#votes")).to_be_visible(timeout=60_000)


def test_one_model_talks_on_a_narrow_page_without_a_vote(start, chromium, tmp_path):
    talking = start("chat", "tiny:llama", "--template", "kullm", "--web", "--port", "0", "--max-new-tokens", "12",
                    "--temperature", "0", OMP_NUM_THREADS="1", cwd=tmp_path)  # fmt: skip
    for scheme in ("light", "dark"):
        context = chromium.new_context(viewport={"width": 400, "height": 800}, locale="ko-KR", color_scheme=scheme)
        page = context.new_page()
        page.goto(talking.link if scheme == "light" else talking.wait_for(r"another browser: (http://\S+)"))
        expect(page.locator("#state")).to_have_text("tiny:llama")
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        assert page.locator("header").bounding_box()["height"] < 60  # one line
        for n, question in enumerate(("안녕하세요?", "이어서 말해 주세요."), 1):
            page.locator("#text").fill(question)
            page.keyboard.press("Enter")
            expect(page.locator(".answer")).to_have_count(n, timeout=60_000)
            expect(page.locator("#talk")).to_have_attribute("aria-busy", "false", timeout=60_000)
            assert page.locator("#said.wrong").count() == 0
            said = page.locator(".answer .text").nth(n - 1).text_content()
            assert said.strip() or "아무 말도" in page.locator("#said").inner_text()
        assert page.locator("#votes").is_hidden() and page.locator(".answer h2").count() == 0
        context.close()
    assert not (tmp_path / "votes.jsonl").exists()


def test_strangers_and_wrong_requests_are_refused(server, votes):
    link = server.link
    origin = f"http://{urlsplit(link).netloc}"
    assert ask(link, "/api/state")[0] == 403
    _, _, headers = ask(link, "/?" + urlsplit(link).query)
    good = {"Cookie": headers["set-cookie"].split(";")[0], "Origin": origin, "Content_Type": "application/json"}
    assert ask(link, "/api/begin", "POST", {}, **{**good, "Origin": "http://evil.example"})[0] == 403
    talk = json.loads(ask(link, "/api/begin", "POST", {}, **good)[1])["talk"]
    for name, body, what in [
        ("ask", {"talk": "x", "text": "?"}, "over"),
        ("ask", {"talk": talk, "text": " "}, "empty"),
        ("answer", {"talk": talk, "side": 0}, "ask something"),
        ("vote", {"talk": talk, "choice": "left"}, "both answers"),
        ("vote", {"talk": talk, "choice": "../x"}, "a vote is one of"),
    ]:
        status, text, _ = ask(link, f"/api/{name}", "POST", body, **good)
        assert status == 400 and what in json.loads(text)["error"], name
    assert not votes.exists()
    for question in ("첫 질문", "답이 오지 않아 다시 묻는 질문"):  # an unanswered question does not block the next one
        assert ask(link, "/api/ask", "POST", {"talk": talk, "text": question}, **good)[0] == 200
