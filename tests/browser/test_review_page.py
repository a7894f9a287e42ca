"""The review page in a real browser: read Korean, edit, decide by keyboard, undo, reload, survive, stay safe."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

from hunmin.artifacts.record import write_jsonl  # noqa: E402
from hunmin.translation.review.decisions import DECISIONS, write_queue  # noqa: E402

HOSTILE = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>\u202etxt.exe **굵게** `코드`"


def issue(code, field, source, target, detail, severity="certain"):
    return {"code": code, "severity": severity, "field": field, "source_span": source, "target_span": target,
            "detail": detail, "status": "open"}  # fmt: skip


CODE = "다음과 같습니다.\n\n```python\n정의 뒤집기(x):\n    return x[::-1]\n```\n\n"
MATHS = "식 $\\frac{a}{b}$ 와 표\n\n| 이름 | 값 |\n|---|---|\n| a | 1 |"
ENGLISH_CODE = "As follows.\n\n```python\ndef reverse(x):\n    return x[::-1]\n```"


def records():
    return [
        {
            "id": "cook-1",
            "source": "sample",
            "instruction": "달걀을 삶는 시간을 알려 주세요.",
            "output": "물이 끓으면 달걀을 넣고 삶으세요. 🍳",
            "license": "cc0",
            "original": {"instruction": "How long should I boil an egg?", "output": "Boil it for 7 minutes. 🍳"},
            "issues": [issue("number_lost", "output", [12, 21], [7, 9], "7분이 없다")],
        },
        {
            "id": "code-2",
            "source": "sample",
            "instruction": "목록을 뒤집는 함수를 쓰세요.",
            "output": CODE + MATHS,
            "original": {"instruction": "Write a function that reverses a list.", "output": ENGLISH_CODE},
            "issues": [issue("code_only", "output", [23, 37], [21, 30], "def reverse 가 번역됨")],
        },
        {
            "id": "hostile-3",
            "source": "sample",
            "instruction": HOSTILE,
            "output": HOSTILE,
            "extra": {"x": HOSTILE},
            "original": {"instruction": HOSTILE, "output": HOSTILE},
            "issues": [issue("markup", "output", [0, 8], [0, 8], HOSTILE, "review")],
        },
        {
            "id": "chat-4",
            "source": "sample",
            "messages": [
                {"role": "user", "content": "안녕하세요"},
                {"role": "assistant", "content": "To: 네, 반갑습니다."},
            ],
            "original": {"messages.0.content": "Hello", "messages.1.content": "To: Nice to meet you."},
            "issues": [issue("untranslated", "messages.1.content", [0, 3], [0, 3], "To:", "review")],
        },
    ]


RECIPE = """\
name: reading
stages:
  - load:
      path: {path}
      provides: [original, issues]
  - review:
"""


@pytest.fixture
def run(tmp_path, start):
    """A run that waits for review: its folder, and the command that continues it."""
    write_jsonl(tmp_path / "in.jsonl", records())
    recipe = tmp_path / "reading.yaml"
    recipe.write_text(RECIPE.format(path=tmp_path / "in.jsonl"), encoding="utf-8")
    command = [sys.executable, "-m", "hunmin.commands.cli", "run", str(recipe), "--runs", str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "4 of 4 records await a person" in done.stderr and "hunmin review" in done.stderr
    return tmp_path / "runs" / "reading", command


def decisions(folder):
    rows = (folder / "02-review" / DECISIONS).read_text(encoding="utf-8").splitlines()[1:]
    return [(row["id"], row["action"]) for row in map(json.loads, rows)]


def current(page):
    return page.locator(".head .id").inner_text()


def test_a_whole_review_by_keyboard(run, start, page):
    folder, command = run
    server = start("review", folder, "--port", "0")
    page.goto(server.link)
    page.wait_for_selector(".field")
    assert page.title().startswith("4") and "훈민 검토" in page.locator("h1").inner_text()
    assert current(page) == "cook-1"
    assert page.locator("mark.certain").all_inner_texts() == ["7 minutes", "달걀"]
    assert "How long should I boil an egg?" in page.locator(".side").first.inner_text()

    page.locator("#by").fill("미나")
    page.locator("#record").focus()
    page.keyboard.press("e")  # the field with the issue opens
    area = page.locator("textarea")
    assert area.get_attribute("data-path") == "output"
    area.fill("물이 끓으면 달걀을 넣고 7분 동안 삶으세요. 🍳")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".head .id")).to_have_text("code-2")
    assert decisions(folder) == [("cook-1", "edited")]

    page.keyboard.press("t")  # rendered: code, formula, table
    assert page.locator(".as-rendered pre.code").count() == 2
    assert page.locator(".as-rendered math mfrac").count() == 1
    assert page.locator(".as-rendered td").all_inner_texts() == ["a", "1"]
    page.keyboard.press("t")
    page.keyboard.press("o")  # keep English
    expect(page.locator(".head .id")).to_have_text("hostile-3")
    page.keyboard.press("x")
    expect(page.locator(".head .id")).to_have_text("chat-4")
    page.keyboard.press("u")  # undo brings the rejected one back
    expect(page.locator(".head .id")).to_have_text("hostile-3")
    page.keyboard.press("a")
    expect(page.locator(".head .id")).to_have_text("chat-4")
    page.keyboard.press("a")
    page.wait_for_selector("p.empty")
    assert "모두 검토했습니다" in page.locator("p.empty").inner_text()

    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kept = [json.loads(line) for line in (folder / "02-review" / "records.jsonl").open(encoding="utf-8")]
    assert [r["review"]["decision"] for r in kept] == ["edited", "edited", "accepted", "accepted"]
    assert kept[0]["output"].endswith("7분 동안 삶으세요. 🍳") and "7분" not in kept[0]["review"]["before"]["output"]
    assert kept[1]["output"] == records()[1]["original"]["output"] and kept[1]["review"]["kept_english"] == ["output"]
    notes = json.loads((folder / "02-review" / "manifest.json").read_text(encoding="utf-8"))["counts"]["notes"]
    assert notes["reading"]["n_measured"] == 5 and notes["reading"]["seconds_per_record"] > 0


def test_reload_search_filter_and_english_labels(run, start, page):
    folder, _ = run
    server = start("review", folder, "--port", "0")
    page.goto(server.link)
    page.wait_for_selector(".field")
    page.keyboard.press("a")
    expect(page.locator(".head .id")).to_have_text("code-2")
    page.reload()  # the cookie holds, and so does the decision
    page.wait_for_selector(".field")
    assert current(page) == "code-2" and "1 / 4" in page.locator("#count").inner_text()
    page.keyboard.press("l")
    expect(page.locator("h1")).to_contain_text("hunmin review")
    assert "code translated" in page.locator(".issues").inner_text()
    page.keyboard.press("/")
    page.keyboard.type("반갑습니다")
    expect(page.locator("#list li")).to_have_count(1)
    expect(page.locator(".head .id")).to_have_text("chat-4")
    page.locator("#search").fill("")
    expect(page.locator("#list li")).to_have_count(3)
    page.select_option("#code", "markup")
    expect(page.locator(".head .id")).to_have_text("hostile-3")
    page.select_option("#code", "")
    page.select_option("#status", "accepted")
    expect(page.locator(".head .id")).to_have_text("cook-1")


def test_a_hostile_record_is_only_text(run, start, page):
    folder, _ = run
    server = start("review", folder, "--port", "0")
    page.goto(server.link)
    page.wait_for_selector(".field")
    for rendered in (False, True):
        page.locator("#list li", has_text="hostile-3").click()
        expect(page.locator(".head .id")).to_have_text("hostile-3")
        if rendered:
            page.keyboard.press("t")
        page.locator("details summary").last.click()
        assert page.evaluate("window.owned") is None
        assert page.locator("main script, main img").count() == 0
        assert "<script>window.owned = 1</script>" in page.locator("main").inner_text()
        assert page.locator("main .hidden-character").first.inner_text() == "RLO"


def test_korean_typed_by_composition_reaches_the_record(run, start, page):
    folder, _ = run
    server = start("review", folder, "--port", "0")
    page.goto(server.link)
    page.wait_for_selector(".field")
    page.keyboard.press("e")
    session = page.context.new_cdp_session(page)
    page.locator("textarea").evaluate("area => { area.value = ''; area.focus(); }")
    for part in ("ㅎ", "하", "한"):
        session.send("Input.imeSetComposition", {"text": part, "selectionStart": 1, "selectionEnd": 1})
    session.send("Input.insertText", {"text": "한"})
    page.keyboard.type("글")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".head .id")).to_have_text("code-2")
    rows = (folder / "02-review" / DECISIONS).read_text(encoding="utf-8").splitlines()
    assert json.loads(rows[-1])["texts"] == {"output": "한글"}


def test_kill_9_loses_no_decision(run, start, page):
    folder, _ = run
    server = start("review", folder, "--port", "0")
    page.goto(server.link)
    page.wait_for_selector(".field")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("cook-1")
    page.server_killed = True
    server.kill(signal.SIGKILL)
    page.keyboard.press("a")  # nobody answers: said, not shown as saved
    expect(page.locator("#said")).to_have_class("wrong")
    assert decisions(folder) == [("cook-1", "accepted")]
    again = start("review", folder, "--port", "0")
    page.goto(again.link)
    page.wait_for_selector(".field")
    assert "1 / 4" in page.locator("#count").inner_text() and current(page) == "code-2"


def test_two_readers_get_different_records(run, start, page, chromium):
    folder, _ = run
    server = start("review", folder, "--port", "0")
    page.goto(server.link)
    page.wait_for_selector(".field")
    page.locator("#by").fill("미나")
    page.locator("#list li", has_text="code-2").click()
    expect(page.locator(".head .id")).to_have_text("code-2")
    other = chromium.new_context(locale="ko-KR")
    second = other.new_page()
    second.goto(server.wait_for(r"another browser: (http://\S+)"))
    second.wait_for_selector(".field")
    second.locator("#by").fill("준")
    second.locator("#record").focus()
    second.keyboard.press("a")
    expect(second.locator(".head .id")).to_have_text("hostile-3")
    other.close()


@pytest.fixture
def proposed(tmp_path):
    """A queue whose first record has two proposed mends of one field, the second none."""
    text = "🍳 값은 1개이고 제목은 영화 듄입니다."
    number = issue("number_lost", "output", [0, 2], [6, 8], "수가 다름")
    year = issue("markup", "output", [3, 7], [15, 17], "연도가 없음")
    both = [
        number | {"proposal": {"start": 5, "end": 6, "text": "12"}},
        year | {"proposal": {"start": 18, "end": 18, "text": " (2021)"}},
    ]
    original = {"instruction": "Question", "output": "12 and Dune (2021)"}
    rows = [
        {"id": name, "source": "t", "instruction": "질문", "output": text, "issues": issues, "original": original}
        for name, issues in (("a", both), ("b", [number]), ("c", [number]))
    ]
    write_jsonl(tmp_path / "records.jsonl", rows)
    write_queue(tmp_path / "records.jsonl", tmp_path / "queue")
    return tmp_path / "queue"


def texts_decided(folder):
    rows = (folder / DECISIONS).read_text(encoding="utf-8").splitlines()[1:]
    return [(row["id"], row["action"], row.get("texts")) for row in map(json.loads, rows)]


def test_proposed_mends_are_taken_with_one_key_or_one_by_one(proposed, start, page):
    page.goto(start("review", proposed, "--port", "0").link)
    page.wait_for_selector(".field")
    assert page.locator(".mend").all_inner_texts() == ["1 → 12", " →  (2021)"]
    page.locator("#record").focus()
    page.keyboard.press("m")
    expect(page.locator(".head .id")).to_have_text("b")
    mended = "🍳 값은 12개이고 제목은 영화 듄 (2021)입니다."
    assert texts_decided(proposed) == [("a", "edited", {"output": mended})]
    page.keyboard.press("m")  # nothing is proposed here, so nothing is decided
    expect(page.locator("#said")).to_have_text("제안된 수정이 없습니다.")
    assert len(texts_decided(proposed)) == 1
    page.keyboard.press("u")
    expect(page.locator(".head .id")).to_have_text("a")
    page.locator(".mend").nth(1).click()
    expect(page.locator("textarea")).to_have_value("🍳 값은 1개이고 제목은 영화 듄 (2021)입니다.")
    page.locator(".mend").first.click()
    expect(page.locator("textarea")).to_have_value(mended)


def test_a_decision_made_meanwhile_is_seen_before_it_is_replaced(proposed, start, page, chromium):
    server = start("review", proposed, "--port", "0")
    page.goto(server.link)
    page.wait_for_selector(".field")
    page.locator("#by").fill("미나")
    other = chromium.new_context(locale="ko-KR")
    second = other.new_page()
    second.goto(server.wait_for(r"another browser: (http://\S+)"))
    second.wait_for_selector(".field")
    second.locator("#by").fill("준")
    second.locator("#list li", has_text="a").first.click()
    expect(second.locator(".head .id")).to_have_text("a")
    page.locator("#record").focus()
    page.keyboard.press("a")
    expect(page.locator(".head .id")).not_to_have_text("a")
    second.locator("#record").focus()
    second.keyboard.press("x")
    expect(second.locator("#said")).to_contain_text("미나")
    expect(second.locator(".head .badge").first).to_contain_text("승인 · 미나")
    assert [row[:2] for row in texts_decided(proposed)] == [("a", "accepted")]
    second.keyboard.press("x")  # having seen it, that is meant
    expect(second.locator(".head .id")).not_to_have_text("a")
    assert [row[:2] for row in texts_decided(proposed)] == [("a", "accepted"), ("a", "rejected")]
    other.close()


ALIGN = "따라서\n\n\\begin{align*}\na &= b + 1 \\\\\n  &= 7\n\\end{align*}\n입니다."


@pytest.fixture
def flagged(tmp_path):
    """Three records that one rule flagged, and one that two did; a number is lost from a sentence."""
    lost = issue("number_lost", "output", [17, 20], [10, 33], "수 '412' 없음 / the number '412' is lost")
    english = "Good. In all, 412 students were followed."
    korean = "좋습니다. 모두 합쳐 학생들을 추적했습니다."
    other = issue("markup", "output", [0, 4], [0, 2], "굵은 글씨 / bold", "review")
    rows = [
        {"id": f"r{i}", "source": "t", "instruction": "질문", "output": korean,
         "issues": [lost, *([other] if i == 3 else [])],
         "original": {"instruction": "Question", "output": english}}
        for i in range(4)
    ]  # fmt: skip
    rows[0]["issues"] = [{**lost, "source_span": [14, 17], "target_span": [6, 25]}]
    rows[1]["instruction"] = "아주 긴 질문이 " * 20  # the list cuts it, the page does not grow
    rows.append({**rows[3], "id": "maths", "output": ALIGN, "issues": [other]})
    write_jsonl(tmp_path / "records.jsonl", rows)
    write_queue(tmp_path / "records.jsonl", tmp_path / "queue")
    return tmp_path / "queue"


def test_all_that_one_rule_flagged_is_accepted_with_two_clicks(flagged, start, page):
    page.goto(start("review", flagged, "--port", "0").link)
    page.wait_for_selector(".field")
    assert page.locator("#all").is_hidden()
    place = page.locator(".text mark.place")  # the lost number's place between two words, not its paragraph
    assert place.inner_text() == "412?"
    assert page.locator(".side").nth(3).locator("mark").count() == 1
    page.select_option("#code", "number_lost")
    expect(page.locator("#all")).to_have_text("이 규칙에만 걸린 3건 모두 승인")
    page.click("#all")
    expect(page.locator("#all")).to_have_text("정말 3건을 읽지 않고 승인할까요?")
    assert texts_decided(flagged) == []
    page.click("#all")
    expect(page.locator("#said")).to_contain_text("3건을 승인했습니다")
    assert [row[:2] for row in texts_decided(flagged)] == [(f"r{i}", "accepted") for i in range(3)]
    expect(page.locator("#list li")).to_have_count(1)  # what another rule flagged too waits for a reader
    expect(page.locator("#all")).to_be_hidden()


@pytest.mark.parametrize("language", ["ko-KR", "en-US"])
def test_the_page_fits_400_px_speaks_the_browsers_language_and_draws_an_align(flagged, start, chromium, language):
    server = start("review", flagged, "--port", "0")
    context = chromium.new_context(viewport={"width": 400, "height": 800}, locale=language)
    page = context.new_page()
    page.goto(server.link)
    page.wait_for_selector(".field")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator("main").bounding_box()["height"] > 250  # the record has the page, not its frame
    korean = language == "ko-KR"
    expect(page.locator("#do-accept")).to_contain_text("승인" if korean else "Accept")
    page.locator("#list li", has_text="maths").click()
    expect(page.locator(".head .id")).to_have_text("maths")
    page.click("#do-rendered")
    expect(page.locator("math mtr")).to_have_count(2)
    assert "begin" not in page.locator("math").text_content()
    expect(page.locator(".as-rendered", has_text="입니다.")).to_be_visible()
    context.close()


# --- the same server asked by something else than its page ---


def ask(link, path="/", method="GET", body=None, **headers):
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    data = json.dumps(body).encode() if body is not None else None
    named = {"Host": parts.netloc, **{k.replace("_", "-"): v for k, v in headers.items()}}
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in named.items():
        connection.putheader(name, value)
    if data is not None:
        connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data)
    response = connection.getresponse()
    text = response.read().decode("utf-8", "replace")
    connection.close()
    return response.status, text, dict(response.getheaders())


def test_only_the_holder_of_the_link_on_the_page_itself_is_served(run, start):
    folder, _ = run
    server = start("review", folder, "--port", "0")
    link = server.link
    parts = urlsplit(link)
    origin = f"http://{parts.netloc}"
    assert ask(link, "/")[0] == 403 and ask(link, "/api/state")[0] == 403
    assert ask(link, "/?token=wrong")[0] == 403
    assert ask(link, f"/?{parts.query}", Host="evil.example")[0] == 403
    status, _, headers = ask(link, f"/?{parts.query}")
    assert status == 303 and headers["location"] == "/"
    cookie = headers["set-cookie"].split(";")[0]
    assert "HttpOnly" in headers["set-cookie"] and "SameSite=Strict" in headers["set-cookie"]
    assert ask(link, f"/?{parts.query}")[0] == 403  # a link works once

    status, text, headers = ask(link, "/api/state", Cookie=cookie)
    assert status == 200 and json.loads(text)["waiting"] == 4
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
    assert ask(link, "/api/state", Cookie=cookie, Host="evil.example")[0] == 403
    assert ask(link, "/api/state", Cookie=cookie, Sec_Fetch_Site="cross-site")[0] == 403

    good = {"Cookie": cookie, "Origin": origin, "Content_Type": "application/json"}
    body = {"position": 0, "action": "accepted", "content": "x"}
    for changed in (
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Content_Type": "text/plain"}, {"Cookie": "a=b"},
        {"Sec_Fetch_Site": "same-site"},
    ):  # fmt: skip
        status = ask(link, "/api/decide", "POST", body, **{**good, **changed})[0]
        assert status in (403, 415), changed
    assert ask(link, "/api/decide", "POST", body, **{k: v for k, v in good.items() if k != "Origin"})[0] == 403
    assert ask(link, "/api/decide", "DELETE", Cookie=cookie)[0] == 405
    status, text, _ = ask(link, "/api/decide", "POST", body, **good)
    assert status == 400 and "another text" in json.loads(text)["error"]
    assert decisions(folder) == []


def test_no_path_from_the_browser_reaches_the_disk(run, start):
    folder, _ = run
    server = start("review", folder, "--port", "0")
    _, _, headers = ask(server.link, "/?" + urlsplit(server.link).query)
    cookie = headers["set-cookie"].split(";")[0]
    for path in ("/../pyproject.toml", "/%2e%2e/%2e%2e/server.py", "/static/page.js", "/page.js/../../server.py",
                 "//etc/passwd", "/api/record?position=../../x", "/api/record?position=-1",
                 "/api/list?offset=99999999999999999999"):  # fmt: skip
        status, text, _ = ask(server.link, path, Cookie=cookie)
        assert status in (400, 404), path
        assert "import" not in text
    assert ask(server.link, "/page.js", Cookie=cookie)[0] == 200


def test_a_port_in_use_and_a_page_open_already_are_told(run, start, tmp_path):
    folder, _ = run
    server = start("review", folder, "--port", "0")
    port = urlsplit(server.link).port
    again = subprocess.run(
        [sys.executable, "-m", "hunmin.commands.cli", "review", str(folder)], capture_output=True, text=True
    )
    assert again.returncode == 2 and "open already" in again.stderr and str(port) in again.stderr
    server.kill()
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "hunmin.commands.cli", "review", str(folder), "--port", busy]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "in use" in done.stderr and "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_cleanly(run, start):
    server = start("review", run[0], "--port", "0")
    code = server.kill(signal.SIGINT)
    assert code in (0, 130)
    assert "Traceback" not in "".join(server.output)
