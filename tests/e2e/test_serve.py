"""`hunmin serve` driven by the genuine openai client: answers, streams, errors, limits, company and goodbye."""

from __future__ import annotations

import json
import math
import signal
import threading
import time
import urllib.error
import urllib.request

import openai
import pytest

from ..browser.conftest import Command

KEY = {"HUNMIN_SERVE_KEY": "geheim", "OMP_NUM_THREADS": "1"}
URL = r"serving (http://\S+)"
ASK = [{"role": "user", "content": "한국의 수도는 어디인가요?"}]


@pytest.fixture(scope="module")
def server():
    command = Command(
        ["serve", "tiny:llama", "--template", "kullm", "--port", "0", "--api-key-env", "HUNMIN_SERVE_KEY",
         "--max-new-tokens", "24"], URL, **KEY,
    )  # fmt: skip
    yield command
    command.kill()


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=server.link, api_key="geheim", max_retries=0)


def chat(client, **given):
    return client.chat.completions.create(**{"model": "tiny:llama", "messages": ASK, "temperature": 0, **given})


def test_an_answer_is_what_the_model_says_with_its_template(client):
    from hunmin import models

    loaded = models.load("tiny:llama", template="kullm")
    wanted = models.generate(loaded, [models.prompt(loaded, ASK)], max_new_tokens=24)[0]
    answer = chat(client)
    assert answer.choices[0].message.content == wanted.text and answer.object == "chat.completion"
    assert answer.choices[0].finish_reason == wanted.finish_reason
    assert answer.usage.completion_tokens == wanted.n_tokens
    assert answer.usage.prompt_tokens == len(loaded.encode(models.prompt(loaded, ASK)))


def test_a_stream_is_the_same_text_and_ends_properly(client, server):
    whole = chat(client)
    parts, reasons, usage = [], [], None
    for chunk in chat(client, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            parts.append(choice.delta.content or "")
            reasons.append(choice.finish_reason)
    assert "".join(parts) == whole.choices[0].message.content
    assert reasons[-1] == whole.choices[0].finish_reason and set(reasons[:-1]) == {None}
    assert usage.total_tokens == whole.usage.total_tokens
    body = {"model": "tiny:llama", "messages": ASK, "stream": True, "max_tokens": 2}
    raw = post(server.link + "/chat/completions", body)[1]
    assert raw.endswith("data: [DONE]\n\n")


def test_stop_text_is_not_in_the_answer(client):
    full = chat(client).choices[0].message.content
    stop = full[4:6]
    cut = chat(client, stop=[stop])
    assert cut.choices[0].message.content == full[: full.index(stop)] and cut.choices[0].finish_reason == "stop"
    streamed = "".join(c.choices[0].delta.content or "" for c in chat(client, stop=stop, stream=True))
    assert streamed == cut.choices[0].message.content


def test_sampling_seed_n_and_limits_are_honoured(client):
    def say(**given):
        answer = chat(client, max_tokens=12, temperature=1.0, **given)
        return [c.message.content for c in answer.choices]

    assert say(seed=1) == say(seed=1) != say(seed=2)
    three = say(seed=1, n=3)
    assert len(set(three)) > 1 and three[0] == say(seed=1)[0]
    short = chat(client, max_completion_tokens=3)
    assert short.usage.completion_tokens == 3 and short.choices[0].finish_reason == "length"
    plain, penalised = chat(client), chat(client, frequency_penalty=2.0, presence_penalty=2.0)
    assert plain.choices[0].message.content != penalised.choices[0].message.content


def test_logprobs_are_the_models(client):
    answer = chat(client, logprobs=True, top_logprobs=3, max_tokens=4)
    for token in answer.choices[0].logprobs.content:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        assert token.logprob == pytest.approx(token.top_logprobs[0].logprob)  # greedy took the likeliest
        assert math.fsum(math.exp(t.logprob) for t in token.top_logprobs) <= 1 + 1e-6
        assert bytes(token.bytes).decode() == token.token


def test_completions_echo_logprobs_as_lm_eval_reads_them(client):
    from hunmin import models

    loaded = models.load("tiny:llama")
    context, continuation = loaded.encode("한국의 수도는"), loaded.encode(" 서울")
    ids = context + continuation
    answer = client.completions.create(
        model="tiny:llama", prompt=[ids, ids[:-1]], max_tokens=1, logprobs=1, echo=True, temperature=0
    )
    found = answer.choices[0].logprobs
    assert found.token_logprobs[0] is None and len(found.token_logprobs) == len(ids) + 1
    wanted = models.logprobs(loaded, [(context, continuation)])[0]
    assert found.token_logprobs[len(context) : -1] == pytest.approx(wanted, abs=1e-3)
    assert all(len(top) == 1 for top in found.top_logprobs[1:])
    assert len(answer.choices) == 2
    assert client.completions.create(model="tiny:llama", prompt="한국", max_tokens=3).choices[0].text


@pytest.mark.parametrize(
    ("given", "kind", "param"),
    [
        ({"model": "other"}, openai.NotFoundError, "model"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, openai.BadRequestError, "messages.0.role"),
        ({"temperature": -1}, openai.BadRequestError, "temperature"),
        ({"max_tokens": 0}, openai.BadRequestError, "max_tokens"),
        ({"n": 99}, openai.BadRequestError, "n"),
        ({"extra_body": {"min_q": 1}}, openai.BadRequestError, "min_q"),
        ({"response_format": {"type": "json_object"}}, openai.BadRequestError, "response_format"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError, "tools"),
        ({"messages": [{"role": "user", "content": "가" * 9000}]}, openai.BadRequestError, "messages"),
    ],
)
def test_errors_have_openais_shape(client, given, kind, param):
    with pytest.raises(kind) as caught:
        chat(client, **given)
    assert caught.value.body["param"] == param and caught.value.body["message"] and caught.value.body["type"]
    if "가" in str(given):
        assert caught.value.code == "context_length_exceeded"


def post(url, body, key="geheim", **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_strangers_are_refused(client, server):
    body = {"model": "tiny:llama", "messages": ASK, "max_tokens": 1}
    url = server.link + "/chat/completions"
    assert post(url, body)[0] == 200
    assert post(url, body, key="wrong")[0] == 401
    assert post(url, body, Host="evil.example")[0] == 403
    assert post(url, body, Origin="http://evil.example")[0] == 403
    assert post(url, body, **{"Content-Type": "text/plain"})[0] == 415
    status, text = post(url, b"{not json")
    assert status == 400 and "JSON" in json.loads(text)["error"]["message"]
    for bad in (b"[" * 100_000, b'{"model": ' + b"9" * 5000 + b"}", b'{"model": "\\ud800"}', b'{"\\udfff": 1}'):
        assert post(url, bad)[0] == 400, bad[:20]
    many = {"model": "tiny:llama", "prompt": ["a"] * 5000, "max_tokens": 1}
    assert post(server.link + "/completions", many)[0] == 400
    health = server.link.removesuffix("/v1") + "/health"
    assert post(health, b"", Host="evil.example")[0] in (403, 405)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(health, headers={"Host": "evil.example"}))
    assert json.loads(urllib.request.urlopen(health).read())["waiting"] == 0
    status, text = post(server.link + "/load_model", {"model": "evil/model"})
    assert status == 404 and json.loads(text)["error"]["code"] == "unknown_url"
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=server.link, api_key="no", max_retries=0).models.list()
    assert [m.id for m in client.models.list()] == ["tiny:llama"]
    assert client.models.retrieve("tiny:llama").id == "tiny:llama"


def test_several_at_once_get_their_own_answers(client):
    asked = [f"{i}에 대해 말해 주세요." for i in range(6)]
    alone = [chat(client, messages=[{"role": "user", "content": a}]).choices[0].message.content for a in asked]
    together = [""] * len(asked)

    def one(i):
        answer = chat(client, messages=[{"role": "user", "content": asked[i]}])
        together[i] = answer.choices[0].message.content

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def running(server):
    with urllib.request.urlopen(server.link.removesuffix("/v1") + "/health") as response:
        return json.loads(response.read())["running"]


def until_idle(server, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if running(server) == 0:
            return True
        time.sleep(0.05)
    return False


def test_the_work_stops_when_the_client_goes(client, server):
    """1,900 tokens, with the end of the answer forbidden, take far longer than the time given here."""
    from hunmin import models

    endless = {"logit_bias": {str(i): -100 for i in models.load("tiny:llama").stop_ids}, "max_tokens": 1900}
    stream = chat(client, **endless, stream=True)
    next(iter(stream))
    assert running(server) == 1
    stream.close()
    assert until_idle(server, 5)
    with pytest.raises(openai.APITimeoutError):
        chat(client, **endless, timeout=1.0)
    assert until_idle(server, 5)


def health(server):
    with urllib.request.urlopen(server.link.removesuffix("/v1") + "/health") as response:
        return json.loads(response.read())


def test_a_client_that_goes_while_it_waits_gives_up_its_place(client, server):
    """Streamed or not; and a request of many answers is queued whole or not at all."""
    from hunmin import models

    endless = {"logit_bias": {str(i): -100 for i in models.load("tiny:llama").stop_ids}, "max_tokens": 1900}
    stream = chat(client, **endless, stream=True, n=16)  # all that run at once
    next(iter(stream))
    for more in ({}, {"stream": True}):
        with pytest.raises(openai.APITimeoutError):
            chat(client, **endless, **more, n=4, timeout=0.7)
        end = time.monotonic() + 3
        while health(server)["waiting"] and time.monotonic() < end:
            time.sleep(0.05)
        assert health(server) == {"status": "ok", "running": 16, "waiting": 0}
    stream.close()
    assert until_idle(server, 5)


def test_it_ends_cleanly_and_a_taken_port_is_told(server):
    import subprocess
    import sys
    from urllib.parse import urlsplit

    port = str(urlsplit(server.link).port)
    command = [sys.executable, "-m", "hunmin.commands.cli", "serve", "tiny:llama", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "in use" in done.stderr and "Traceback" not in done.stderr
    open_wide = [sys.executable, "-m", "hunmin.commands.cli", "serve", "tiny:llama", "--host", "0.0.0.0"]
    done = subprocess.run(open_wide, capture_output=True, text=True)
    assert done.returncode == 2 and "--api-key-env" in done.stderr
    code = server.kill(signal.SIGINT)
    assert code in (0, 130) and "Traceback" not in "".join(server.output)
