"""lm-eval's view of a model at an endpoint: its tasks as they are, its tokenisation as `hf` has it, our client.

Log-likelihoods come from `Remote`; generated answers of lm-eval's tasks are plain completions of the same prompt. This
module imports lm_eval: import it inside functions only.
"""

from __future__ import annotations

from typing import Any, NoReturn

from lm_eval.api.model import TemplateLM
from lm_eval.models.huggingface import HFLM
from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs, postprocess_generated_text

from ...errors import UserError
from .endpoint import Remote
from .lm_eval_model import Scored, TokenRequest

MOST_STOPS = 4  # what OpenAI's own endpoint takes; the answer is cut here at all of them


class EndpointLM(Scored, TemplateLM):  # type: ignore[misc]  # lm-eval is untyped
    """lm-eval's model over a Remote."""

    def __init__(self, remote: Remote):
        super().__init__()
        self.opened, self.tokenizer, self.max_length = remote, remote.tokenizer, remote.max_length
        self.add_bos_token = None
        self.truncated: set[str] = set()
        self.bos_cut: set[str] = set()

    @property
    def eot_token_id(self) -> Any:
        return self.tokenizer.eos_token_id

    @property
    def prefix_token_id(self) -> Any:
        return self.eot_token_id if self.tokenizer.bos_token_id is None else self.tokenizer.bos_token_id

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **options: Any) -> list[int]:
        found: list[int] = HFLM.tok_encode(self, string, add_special_tokens, **options)
        return found

    def _loglikelihood_tokens(
        self, requests: list[TokenRequest], disable_tqdm: bool = False, **_: Any
    ) -> list[tuple[float, bool]]:
        return self._scored(requests, disable_tqdm)

    def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> NoReturn:
        raise UserError("perplexity over whole texts is not asked of endpoints", self.opened.model, "Score it here.")

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        eos = self.tokenizer.decode(self.eot_token_id)
        prompts, asked, stops = [], [], []
        for context, given in (r.args for r in requests):
            kwargs = normalize_gen_kwargs(given, 256)
            until = handle_stop_sequences(kwargs.pop("until", None), eos=eos)
            most = kwargs["max_gen_toks"]
            prompts.append(self.tok_encode(context, left_truncate_len=self.max_length - most))
            temperature = kwargs.get("temperature", 0.0) if kwargs.get("do_sample") else 0.0
            asked.append({"max_tokens": most, "temperature": temperature, "stop": until[:MOST_STOPS], "seed": 1234})
            stops.append(until)
        texts = self.opened.complete(prompts, asked)
        return [postprocess_generated_text(t, stop, None) for t, stop in zip(texts, stops, strict=True)]
