"""`hunmin chat`: a true terminal, one question, a file of questions, and what goes wrong."""

from __future__ import annotations

import codecs
import json
import os
import re
import select
import signal
import subprocess
import sys
import time

import pytest

pty = pytest.importorskip("pty")
CHAT = [sys.executable, "-m", "hunmin.commands.cli", "chat", "tiny:llama"]
ENVIRONMENT = {**os.environ, "PYTHONIOENCODING": "utf-8", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}


class Terminal:
    """A command on a pseudo terminal, as a person sits before it."""

    def __init__(self, command):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=ENVIRONMENT, start_new_session=True
        )
        os.close(slave)
        self.seen = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def until(self, pattern, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.seen = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.seen)  # readline's colours and modes
            found = re.search(pattern, self.seen)
            if found:
                before, self.seen = self.seen[: found.end()], self.seen[found.end() :]
                return before
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.seen += self.decoder.decode(os.read(self.master, 65536))
                except OSError:
                    break
        raise AssertionError(f"{pattern!r} was not shown: {self.seen!r}")

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        os.close(self.master)
        return self.process.wait()


@pytest.fixture(scope="module")
def talkative(tmp_path_factory):
    """The tiny model with another end token than the one it learned: it talks until it is stopped."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from hunmin import models

    base, folder = models.resolve("tiny:llama").base, tmp_path_factory.mktemp("models") / "talkative"
    tokenizer, model = AutoTokenizer.from_pretrained(base), AutoModelForCausalLM.from_pretrained(base)
    other = next(t for t in ("<pad>", "<unk>", tokenizer.pad_token, tokenizer.unk_token) if t in tokenizer.get_vocab())
    assert other != tokenizer.eos_token
    tokenizer.eos_token = other
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(other)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def terminal(talkative):
    made = []

    def open_one(*options):
        made.append(Terminal([*CHAT[:-1], str(talkative), "--template", "kullm", *map(str, options)]))
        return made[-1]

    yield open_one
    for one in made:
        one.end()


def test_a_conversation_in_a_terminal(terminal, tmp_path):
    saved = tmp_path / "talk.jsonl"
    chat = terminal("--temperature", 1, "--seed", 4, "--max-new-tokens", 12)
    chat.until(r"> ")
    chat.type("한국의 수두\x7f도는 어디인가요?\n")  # a Hangul syllable is taken back whole
    chat.until(r"\n> ")
    chat.type("/params max_new_tokens=5\n")
    assert "max_new_tokens=5" in chat.until(r"\n> ")
    chat.type("봄에 대해 짧은 글을 써 주세요.\n")
    chat.until(r"\n> ")
    chat.type(f"/save {saved}\n")
    chat.until(r"saved")
    chat.until(r"> ")
    chat.type("\x04")
    assert chat.process.wait(timeout=20) == 0
    messages = json.loads(saved.read_text(encoding="utf-8"))["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "user", "assistant"]
    assert messages[0]["content"] == "한국의 수도는 어디인가요?" and all(m["content"].strip() for m in messages)


def test_ctrl_c_stops_the_answer_and_not_the_chat(terminal):
    chat = terminal("--temperature", 1.0, "--max-new-tokens", 1800, "--repetition-penalty", 1.5)
    chat.until(r"> ")
    chat.type("길게 이야기해 주세요.\n")
    chat.until(r"주세요\.\s+\S[^>]{10,}")
    os.killpg(chat.process.pid, signal.SIGINT)
    assert "Traceback" not in chat.until(r"\(stopped\)")
    chat.until(r"> ")
    chat.type("/reset\n")
    chat.until(r"a new conversation")
    chat.until(r"> ")
    chat.type("/quit\n")
    assert chat.process.wait(timeout=20) == 0


def run(*options, **given):
    return subprocess.run([*CHAT, *map(str, options)], capture_output=True, env={**ENVIRONMENT, **given})


def test_one_question_is_answered_as_generate_answers(tmp_path):
    from hunmin import models

    loaded = models.load("tiny:llama", template="alpaca")
    user = {"role": "user", "content": "요약해 주세요.", "input": "비가 온다."}
    wanted = models.generate(loaded, [models.prompt(loaded, [user])], max_new_tokens=16)[0]
    done = run("--template", "alpaca", "--ask", "요약해 주세요.", "--input", "비가 온다.", "--temperature", 0,
               "--max-new-tokens", 16)  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().removesuffix("\n").removesuffix(" (cut at max_new_tokens)") == wanted.text


def test_a_file_is_answered_in_order_and_continued(tmp_path):
    questions = tmp_path / "questions.jsonl"
    rows = [{"id": f"q{i}", "instruction": f"{'가나다 ' * (5 - i)}{i}?"} for i in range(5)]
    questions.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    options = ["--template", "alpaca", "--file", questions, "--max-new-tokens", 8, "--batch-size", 2]
    out, cut = tmp_path / "all.jsonl", tmp_path / "cut.jsonl"
    done = run(*options, "--out", out)
    assert done.returncode == 0, done.stderr.decode()
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [a["id"] for a in answers] == [r["id"] for r in rows] and all(a["answer"] for a in answers)
    lines = out.read_bytes().splitlines(keepends=True)
    cut.write_bytes(b"".join(lines[:2]) + lines[2][:30])  # killed in the middle of a line
    done = run(*options, "--out", cut)
    assert "2 of them from before" in done.stdout.decode()
    assert cut.read_bytes() == out.read_bytes()
    done = run(*options, "--out", out, "--temperature", 1)
    assert done.returncode == 2 and "other questions" in done.stderr.decode()


@pytest.mark.parametrize(
    ("options", "given", "what"),
    [
        (["--ask", "안녕"], {}, "no chat template"),
        (["--ask", "안녕", "--template", "alpaka"], {}, "did you mean 'alpaca'"),
        (["--ask", "안녕", "--template", "alpaca"], {"PYTHONIOENCODING": "ascii"}, "no Hangul"),
        (["--file", "nothing.jsonl", "--out", "o.jsonl"], {}, "no such file"),
        (["--file", "a.jsonl"], {}, "go together"),
        (["--ask", "안녕", "--top-p", "2"], {}, "top_p"),
    ],
)
def test_what_goes_wrong_is_told(options, given, what):
    done = run(*options, **given)
    assert done.returncode == 2 and what in done.stderr.decode() and b"Traceback" not in done.stderr
