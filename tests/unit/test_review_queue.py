"""The queue behind the page, the spreadsheet way round, and who may talk to the page."""

from __future__ import annotations

import csv
import html
import json

import pytest

from hunmin.api import run_recipe
from hunmin.artifacts.record import content_hash, read_jsonl
from hunmin.errors import UserError
from hunmin.server.guard import Doorman, host_allowed
from hunmin.translation.checks import CHECKS
from hunmin.translation.review import decisions, spreadsheet
from hunmin.translation.review.queue import Found, Queue, find, lock, titles

HOSTILE = '=HYPERLINK("http://x") <script>alert(1)</script> \u202eabc'


def make(folder, n=5):
    """Write a waiting review stage with `n` queued records and give its folder."""
    issues = [{"code": "markup", "severity": "certain", "field": "output", "source_span": [0, 1], "target_span": [0, 1],
               "detail": "| 하나가 없다", "status": "open"}]  # fmt: skip
    records = [
        {"id": f"r{i}", "source": "t", "instruction": f"{i}번 질문", "output": f"답 {i}\n둘째 줄", "issues": issues,
         "original": {"instruction": f"Question {i}", "output": f"Answer {i}\nline two"}}
        for i in range(n)
    ]  # fmt: skip
    records[1]["output"] = HOSTILE
    if n > 2:
        records[2] = {"id": "r2", "source": "t", "messages": [{"role": "user", "content": "안녕"},
                      {"role": "assistant", "content": "네, 안녕하세요"}], "issues": issues}  # fmt: skip
    stage = folder / "run" / "05-review"
    stage.mkdir(parents=True)
    (folder / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    decisions.write_queue(folder / "records.jsonl", stage)
    return stage


@pytest.fixture
def queue(tmp_path):
    made = Queue(find(make(tmp_path).parent))
    yield made
    made.close()


def decide(queue, position, action, **given):
    record = queue.records[position]
    return queue.decide({"position": position, "content": content_hash(record), "action": action, **given})


def test_search_filter_pages_and_neighbours(queue):
    assert queue.matching(search="question 3") == [3]
    assert queue.matching(search="3번") == [3] and queue.matching(search="없는말") == []
    assert queue.matching(code="markup") == [0, 1, 2, 3, 4] and queue.matching(code="cut_off") == []
    decide(queue, 1, "accepted")
    assert queue.matching(status="waiting") == [0, 2, 3, 4] and queue.matching(status="accepted") == [1]
    assert queue.neighbour(0, 1, status="waiting") == 2
    assert queue.neighbour(4, 1, status="waiting") == 0  # back to what was skipped
    assert queue.neighbour(0, -1) == -1
    assert queue.page(10_000)["offset"] == 0 and queue.page(0)["n"] == 5


def test_a_record_open_in_front_of_one_reader_is_passed_over_for_another(queue):
    queue.view(1, by="미나")
    assert queue.neighbour(0, 1, by="준") == 2 and queue.neighbour(0, 1, by="미나") == 1
    assert queue.view(1, by="준")["open_by"] == "미나"


def test_an_unchanged_edit_is_an_acceptance_and_undo_takes_back_the_last(queue):
    assert decide(queue, 0, "edited", texts={"output": "답 0\r\n둘째 줄"}, by="미나").action == "accepted"
    assert decide(queue, 3, "edited", texts={"output": "새 답"}, by="미나", seconds=12).texts == {"output": "새 답"}
    assert decide(queue, 4, "rejected", by="준").action == "rejected"
    assert queue.undo("미나") == 3 and queue.undo("미나") == 0 and queue.undo("미나") == -1
    assert queue.status(4) == "rejected"
    assert queue.state()["waiting"] == 4


def test_the_page_has_the_titles_of_checks_from_their_own_files(tmp_path, monkeypatch):
    """Also of a user's check, from the run: its file need not be importable where the page is served."""
    for name, title in (("polite", "TITLE = {'ko': '반말', 'en': 'not polite'}"), ("nameless", "")):
        (tmp_path / f"{name}.py").write_text(f"{title}\ndef find(original, text, context):\n    return []\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    make(tmp_path)
    recipe = tmp_path / "own.yaml"
    recipe.write_text(
        f"name: run\nstages:\n  - load: {{path: {tmp_path / 'records.jsonl'}}}\n"
        "  - check: {checks: [markup, 'polite:find', 'nameless:find']}\n",
        encoding="utf-8",
    )
    run_recipe(str(recipe), runs=tmp_path / "runs")
    monkeypatch.undo()
    found = titles(tmp_path / "runs/run")
    assert found["markup"] == {"ko": "서식이 깨짐", "en": "markup damaged"} and set(found) >= {*CHECKS, "sense"}
    assert found["polite"] == {"ko": "반말", "en": "not polite"} and "nameless" not in found


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"position": 99, "action": "accepted"}, "no such record"),
        ({"position": True, "action": "accepted"}, "no such record"),
        ({"position": "0", "action": "accepted"}, "no such record"),
        ({"position": 0, "action": "undone"}, "not a decision"),
        ({"position": 0, "action": "accepted", "content": "x"}, "another text"),
        ({"position": 0, "action": "edited", "texts": ["x"]}, "texts"),
        ({"position": 0, "action": "edited", "texts": {"../etc": "x"}}, "no text at"),
        ({"position": 0, "action": "edited", "texts": {"output": ""}}, "empty"),
    ],
)
def test_what_cannot_stand_is_refused_and_not_written(queue, given, what):
    record = queue.records[0]
    with pytest.raises(ValueError, match=what):
        queue.decide({"content": content_hash(record), **given})
    assert queue.decided == {} and len((queue.found.stage / "decisions.jsonl").read_text().splitlines()) == 1


def test_each_decision_is_on_disk_at_once(queue):
    decide(queue, 0, "accepted", by="미나")
    rows = (queue.found.stage / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(rows[-1])["id"] == "r0" and json.loads(rows[-1])["by"] == "미나"


def test_a_finished_run_and_a_second_page_are_refused(tmp_path):
    stage = make(tmp_path)
    held = lock(stage)
    with pytest.raises(UserError, match="open already"):
        lock(stage)
    held.close()
    lock(stage).close()
    finished = Queue(Found(stage, stage.parent, True))
    with pytest.raises(ValueError, match="gone past"):
        decide(finished, 0, "accepted")


def test_a_folder_without_a_queue_is_told(tmp_path):
    with pytest.raises(UserError, match="no such run"):
        find(tmp_path / "nothing")
    with pytest.raises(UserError, match="no review queue"):
        find(tmp_path)


# --- spreadsheet ---


@pytest.mark.parametrize("name", ["review.csv", "review.xlsx"])
def test_spreadsheet_round_trip(queue, tmp_path, name):
    file = tmp_path / name
    assert spreadsheet.export(queue, file) == 5
    assert spreadsheet.read(queue, file, "미나") == {}  # nothing decided, nothing changed: hostile text came back whole
    head, rows = edit_sheet(file)
    column = head.index("output")
    rows[0][head.index("decision")] = "승인"
    rows[1][head.index("decision")] = "reject"
    rows[3][column] = "새 답\r\n둘째 줄"
    save_sheet(file, head, rows)
    assert spreadsheet.read(queue, file, "미나") == {"accepted": 1, "rejected": 1, "edited": 1}
    assert queue.decided["r3"].texts == {"output": "새 답\n둘째 줄"} and queue.decided["r3"].by == "미나"
    assert spreadsheet.read(queue, file, "미나") == {}  # taking it twice changes nothing


def edit_sheet(file):
    if file.suffix == ".csv":
        table = list(csv.reader(file.open(encoding="utf-8-sig", newline="")))
    else:
        import openpyxl

        sheet = openpyxl.load_workbook(file).active
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        table = [[c.value or "" for c in row] for row in sheet.iter_rows()]
    return table[0], table[1:]


def save_sheet(file, head, rows):
    if file.suffix == ".csv":
        csv.writer(file.open("w", encoding="utf-8-sig", newline="")).writerows([head, *rows])
        return
    import openpyxl

    book = openpyxl.Workbook()
    for row in (head, *rows):
        book.active.append(row)
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s"
    book.save(file)


def test_csv_opens_with_hangul_and_runs_no_formula(queue, tmp_path):
    file = tmp_path / "review.csv"
    spreadsheet.export(queue, file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    cells = [cell for row in csv.reader(file.open(encoding="utf-8-sig", newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_a_wrong_spreadsheet_is_told_whole_and_nothing_is_taken(queue, tmp_path):
    file = tmp_path / "review.csv"
    spreadsheet.export(queue, file)
    head, rows = edit_sheet(file)
    rows[0][head.index("decision")] = "maybe"
    rows[1][head.index("content")] = "feedfeedfeed"
    rows[3][0] = "stranger"
    rows[4][head.index("decision")] = "accept"
    save_sheet(file, head, rows)
    with pytest.raises(UserError) as caught:
        spreadsheet.read(queue, file, "")
    assert all(part in str(caught.value) for part in ("maybe", "another text", "stranger", "3 rows"))
    assert queue.decided == {}
    file.write_bytes("id,decision,content\nr0,승인,x\n".encode("cp949"))
    with pytest.raises(UserError, match="UTF-8"):
        spreadsheet.read(queue, file, "")


# --- who may talk ---


@pytest.mark.parametrize(
    ("header", "bound", "allowed"),
    [
        ("127.0.0.1:8765", "127.0.0.1", True),
        ("localhost:9000", "127.0.0.1", True),  # ssh -L 9000:127.0.0.1:8765
        ("[::1]:8765", "127.0.0.1", True),
        ("evil.example:8765", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("192.168.0.7:8765", "127.0.0.1", False),
        ("192.168.0.7:8765", "0.0.0.0", True),
        ("evil.example", "0.0.0.0", False),
        ("box.lan:8765", "box.lan", True),
        ("", "127.0.0.1", False),
        ("[::1", "127.0.0.1", False),
    ],
)
def test_host_header(header, bound, allowed):
    assert host_allowed(header, bound) is allowed


def test_a_link_works_once_and_then_the_cookie():
    links = []
    door = Doorman("c", links.append)
    token = door.token
    assert door.exchange("wrong") is None
    cookie = door.exchange(token)
    assert cookie and door.exchange(token) is None and links == [door.token] and door.token != token
    assert door.knows(f"a=b; c={cookie}") and not door.knows(f"c={cookie}x") and not door.knows("")


def test_queue_reads_what_the_stage_wrote(queue):
    assert [r["id"] for r in read_jsonl(queue.found.stage / "queue.jsonl")] == [r["id"] for r in queue.records]


def test_xlsx_holds_real_line_breaks_and_escapes_only_what_xml_cannot_hold(tmp_path):
    import zipfile

    stage = make(tmp_path, 2)
    rows = list(read_jsonl(stage / "queue.jsonl"))
    rows[0]["output"] = "첫째 줄\n둘째\t줄\r\n\x07 _x000a_ 끝"
    (tmp_path / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    decisions.write_queue(tmp_path / "records.jsonl", stage)
    queue = Queue(find(stage))
    file = tmp_path / "review.xlsx"
    spreadsheet.export(queue, file)
    with zipfile.ZipFile(file) as book:
        inside = "".join(book.read(n).decode() for n in book.namelist() if n.startswith("xl/worksheets/sheet"))
        inside += "".join(book.read(n).decode() for n in book.namelist() if n == "xl/sharedStrings.xml")
    inside = html.unescape(inside)
    assert "첫째 줄\n둘째\t줄_x000D_\n_x0007_ _x005F_x000a_ 끝" in inside and "_x000A_" not in inside
    assert spreadsheet.read(queue, file, "미나") == {}, "and comes back as it was"
    queue.close()


def test_two_reviewers_who_decide_one_record_see_it(queue, tmp_path):
    mina, jun = queue.view(0, "미나"), queue.view(0, "준")
    assert mina["turn"] == jun["turn"] == 0
    decide(queue, 0, "accepted", by="미나", turn=mina["turn"])
    with pytest.raises(ValueError, match=r"accepted \(미나\)"):
        decide(queue, 0, "rejected", by="준", turn=jun["turn"])
    assert queue.decided["r0"].by == "미나"
    again = queue.view(0, "준")
    assert again["decision"]["by"] == "미나" and again["turn"] == 1
    decide(queue, 0, "rejected", by="준", turn=again["turn"])  # having seen it, that is meant
    assert queue.decided["r0"].by == "준"
    file = tmp_path / "review.csv"
    spreadsheet.export(queue, file)
    head, rows = edit_sheet(file)
    rows[0][head.index("decision")] = "accept"
    save_sheet(file, head, rows)
    assert spreadsheet.read(queue, file, "미나") == {"accepted": 1, spreadsheet.REPLACED: 1}


def test_a_blank_field_is_shown_and_can_be_filled(tmp_path):
    issue = {"code": "no_korean", "severity": "certain", "field": "output", "source_span": None, "target_span": None,
             "detail": "빈 글", "status": "open"}  # fmt: skip
    record = {"id": "a", "source": "t", "instruction": "질문", "output": "", "issues": [issue],
              "original": {"instruction": "Question", "output": "Answer"}}  # fmt: skip
    (tmp_path / "records.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    decisions.write_queue(tmp_path / "records.jsonl", tmp_path)
    queue = Queue(Found(tmp_path, tmp_path, False))
    assert [(f["path"], f["text"], f["source"]) for f in queue.view(0)["fields"]][1] == ("output", "", "Answer")
    decision = decide(queue, 0, "edited", texts={"output": "대답"})
    assert decisions.apply(record, decision)["output"] == "대답"
    queue.close()


def test_a_proposed_mend_reaches_the_page_and_the_spreadsheet(tmp_path):
    stage = make(tmp_path, 2)
    row, _ = read_jsonl(stage / "queue.jsonl")
    row["issues"][0]["proposal"] = {"start": 0, "end": 1, "text": "대답"}
    (tmp_path / "records.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    decisions.write_queue(tmp_path / "records.jsonl", stage)
    queue = Queue(find(stage))
    assert queue.view(0)["issues"][0]["proposal"]["text"] == "대답"
    spreadsheet.export(queue, tmp_path / "review.csv")
    assert "→ 대답" in (tmp_path / "review.csv").read_text(encoding="utf-8-sig")
    queue.close()
