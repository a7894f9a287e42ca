"""Paid requests without loss. How a stage uses this room:

    from ..clients.openai_chat import open_for, estimate, is_recorded
    from ..clients.units import chat

    def paid(config): return not is_recorded(config.base_url)

    def run(config, inputs, out):
        with open_for(config, inputs) as client:
            async def step(batch):
                record = batch[0]
                answer = await client.ask(chat(messages, record=record["id"], field="rating", prompt="rate_ko",
                                               expect_tokens=200))
                ...
            counts = stream(step, inputs, out, in_flight=inputs.in_flight)
            counts.notes["paid"] = client.report()
        return counts

- `chat(messages, **params)` and `text(source, **params)` (DeepL) make a Unit; `params` (`response_format`, `logprobs`,
  `top_logprobs`, ...) go into the request body as they are; a stage's `request:` option is merged over every body.
  `repeat=1` asks the same thing anew (an unread score), which is a new key and paid again.
- `await client.ask(unit)` gives Answer(status, text, raw, usage, key, model, charged_now, detail). status is "ok" or a
  word of `units.STATUSES`; text is "" unless ok and already without <think> blocks; raw is the server's JSON as a dict.
  Nothing is parsed for content here: that is a pure function of the stage over `answer.text` or `answer.raw`.
- Concurrency is stream's (in_flight); retries, Retry-After, limits, budget and the ledger are the client's. Equal units
  are asked once.
- A budget, quota or authentication stop raises UserError(exit_code=4) from ask; let it pass, everything is saved.
- `estimate(units, model=, base_url=, request=, ledger=)` gives requests, tokens, chars and usd (None = unknown price)
  without a key and without sending. Prices: clients/prices.yaml, overridden by ./prices.yaml. With max_usd set an
  unknown price is an error.
- api_key_env None means OPENAI_API_KEY for OpenAI's endpoint and no key for any other base_url.
- `base_url: recorded:FILE` replays {id, field, reply, prompt?} rows; Unit.record, .field and .prompt find the row.
"""
