"""The ledger alone: claims, states, limits, leases, and that a killed process leaves a file the next one can use."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from hunmin.clients import ledger_file
from hunmin.clients.ledger import Finished, Ledger, Wanted, key_of, peek_done
from hunmin.errors import UserError


def done(ledger, unit, raw=b"{}", usd=0.0, chars=0):
    ledger.finish([(unit, raw, 200, "req-1")])
    ledger.finish([], [(unit, Finished(raw, "m", 3, 4, chars, usd), "ok")])


def test_key_depends_on_each_part_and_not_on_key_order():
    assert key_of("a", {"x": 1, "y": 2}) == key_of("a", {"y": 2, "x": 1})
    assert len({key_of("a"), key_of("b"), key_of("a", 0), key_of("a", "0"), key_of("가")}) == 5


def test_claim_send_done(tmp_path):
    ledger = Ledger(tmp_path / "l.sqlite", "translate")
    unit = Wanted("k1", "r1", "output", "m", usd=0.5, chars=10)
    assert ledger.claim([unit])[0].what == "send"
    assert ledger.claim([unit])[0].what == "wait"  # in flight: nobody sends it a second time
    assert ledger.totals()["in_flight"] == 1
    ledger.finish([(unit, b'{"a": 1}', 200, None)])
    again = ledger.claim([unit])[0]
    assert (again.what, again.row.raw, again.row.usd) == ("done", b'{"a": 1}', 0.5)  # not read yet: its estimate
    ledger.finish([], [(unit, Finished(b"", "m2", 7, 8, 9, 0.2), "ok")])
    row = ledger.claim([unit])[0].row
    assert (row.raw, row.model, row.in_tokens, row.out_tokens, row.chars, row.usd) == (b'{"a": 1}', "m2", 7, 8, 9, 0.2)
    assert ledger.totals()["meter_usd"] == 0.2 and ledger.totals()["meter_chars"] == 9
    assert peek_done(tmp_path / "l.sqlite", ["k1", "k2"]) == {"k1"}
    ledger.close()


def test_limits_count_what_is_in_flight(tmp_path):
    ledger = Ledger(tmp_path / "l.sqlite")
    units = [Wanted(f"k{i}", usd=0.4, chars=10) for i in range(4)]
    assert [c.what for c in ledger.claim(units, max_usd=1.0)] == ["send", "send", "over_usd", "over_usd"]
    done(ledger, units[0], usd=0.1, chars=10)
    assert ledger.claim([units[2]], max_usd=1.0)[0].what == "send"  # 0.1 + 0.4 + 0.4
    assert ledger.claim([units[3]], max_chars=35)[0].what == "over_chars"
    ledger.fail(units[1], "rejected", 400, charged=False)
    assert ledger.totals()["meter_usd"] == 0.5
    assert ledger.claim([units[1]])[0].what == "send"  # failed units may be tried again


def test_release_is_as_if_never_claimed(tmp_path):
    ledger = Ledger(tmp_path / "l.sqlite")
    unit = Wanted("k", usd=1.0, chars=5)
    ledger.claim([unit])
    ledger.release([unit])
    totals = ledger.totals()
    assert (totals["in_flight"], totals["failed"], totals["meter_usd"], totals["meter_chars"]) == (0, 0, 0.0, 0)
    assert ledger.claim([unit])[0].what == "send"


def test_double_sends_stay_on_the_meter(tmp_path):
    ledger = Ledger(tmp_path / "l.sqlite")
    unit = Wanted("k", usd=1.0, chars=5)
    ledger.claim([unit])
    ledger.note_attempt(unit, 1, 10.0, "timeout", double=True)
    done(ledger, unit, usd=1.0, chars=5)
    totals = ledger.totals()
    assert (totals["possible_double_charges"], totals["meter_usd"], totals["usd"]) == (1, 2.0, 1.0)


CLAIM_AND_DIE = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from hunmin.clients.ledger import Ledger, Wanted
    ledger = Ledger(Path(sys.argv[1]))
    ledger.claim([Wanted("a", usd=1.0), Wanted("b", usd=1.0)])
    ledger.finish([(Wanted("a", usd=1.0), b"answer", 200, None)])
    os.kill(os.getpid(), signal.SIGKILL)
""")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
def test_what_a_killed_process_left(tmp_path):
    path = tmp_path / "l.sqlite"
    child = subprocess.run([sys.executable, "-c", CLAIM_AND_DIE, str(path)], env={**os.environ}, check=False)
    assert child.returncode == -signal.SIGKILL
    ledger = Ledger(path)
    a, b = ledger.claim([Wanted("a", usd=1.0), Wanted("b", usd=1.0)])
    assert (a.what, a.row.raw) == ("done", b"answer")
    assert b.what == "send"  # its process is gone; counted, and its estimate stays on the meter
    assert ledger.totals()["possible_double_charges"] == 1
    assert ledger.totals()["meter_usd"] == 3.0


def test_a_living_process_keeps_its_claims(tmp_path):
    path = tmp_path / "l.sqlite"
    code = (
        "import sys; from pathlib import Path; from hunmin.clients.ledger import Ledger, Wanted\n"
        "Ledger(Path(sys.argv[1])).claim([Wanted('a')]); print('ready', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    ledger = Ledger(path)
    assert ledger.claim([Wanted("a")])[0].what == "wait"
    child.communicate("")
    ledger._dead_at = 0.0  # whether a process lives is asked at most twice a second
    assert ledger.claim([Wanted("a")])[0].what == "send"


def test_a_process_of_another_machine_dies_by_silence(tmp_path):
    path = tmp_path / "l.sqlite"
    first, second = Ledger(path), Ledger(path)
    first.claim([Wanted("a")])
    db = sqlite3.connect(path)
    db.execute("UPDATE owner SET host='elsewhere', seen=seen-60 WHERE id=?", (first.owner,))
    db.commit()
    assert second.claim([Wanted("a")])[0].what == "wait"
    db.execute("UPDATE owner SET seen=seen-60 WHERE id=?", (first.owner,))
    db.commit()
    second._dead_at = 0.0
    assert second.claim([Wanted("a")])[0].what == "send"


def test_not_a_ledger(tmp_path):
    path = tmp_path / "l.sqlite"
    path.write_text("this is no database at all, but long enough to be looked at" * 20)
    with pytest.raises(UserError, match="ledger cannot be used"):
        Ledger(path)


def test_wal_on_a_local_disk(tmp_path):
    ledger = Ledger(tmp_path / "l.sqlite")
    expected = "truncate" if ledger_file.on_network(tmp_path / "l.sqlite") else "wal"
    assert ledger._db.execute("PRAGMA journal_mode").fetchone()[0] == expected


def test_a_full_disk_is_told_as_elsewhere_and_loses_nothing(tmp_path):
    """SQLite's own word for it came as a traceback."""
    ledger = Ledger(tmp_path / "l.sqlite")
    wanted = Wanted("k", usd=0.1)
    ledger.claim([wanted])
    pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
    ledger._db.execute(f"PRAGMA max_page_count={pages}")
    raw = os.urandom(200_000)
    with pytest.raises(OSError) as raised:
        ledger.finish([(wanted, raw, 200, None)])
    assert raised.value.errno == errno.ENOSPC and raised.value.filename == str(tmp_path / "l.sqlite")
    ledger._db.execute("PRAGMA max_page_count=100000")
    ledger.finish([(wanted, raw, 200, None)])
    assert ledger.claim([wanted])[0].row.raw == raw
    ledger.close()
