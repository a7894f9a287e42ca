"""The tiny Korean base model of the quickstart, built on the spot: a model to run the path with, not to use.

Byte-level BPE (vocabulary 4,096) and about 2.6 million parameters in the shape of Llama or GPT-NeoX, pretrained for a
fixed number of steps on the bundled Korean text. Deterministic for one machine, library versions and thread count;
cached by the hash of text, settings and versions.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import PACKAGE
from ..artifacts import identity, progress
from ..artifacts.artifact import hash_of
from ..artifacts.record import read_jsonl, texts
from ..errors import UserError

DATA = PACKAGE / "data"
ARCHES = ("llama", "neox")
THREADS = 2  # fixed, because the number of threads changes the last bits of a sum


@dataclass(frozen=True)
class Shape:
    """The size of the tiny model and of its pretraining; lengths in tokens."""

    vocab_size: int = 4096
    hidden_size: int = 192
    num_layers: int = 4
    num_heads: int = 6
    max_length: int = 2048
    steps: int = 400
    batch_rows: int = 8
    row_tokens: int = 48
    learning_rate: float = 3e-3
    seed: int = 20260101


def corpus() -> list[str]:
    """Give the bundled Korean text, one string a document: instructions with answers, preferences, benchmark train."""
    documents = []
    for name in ("ko.jsonl", "preference.jsonl", "questions.jsonl"):
        for row in read_jsonl(DATA / name):
            kept = [text for path, text in texts(row).items() if path != "rejected"]
            documents.append("\n".join(kept))
    for path in sorted((DATA / "benchmark").glob("*/train.jsonl")):
        for row in read_jsonl(path):
            documents.append("\n".join(str(v) for v in row.values() if isinstance(v, str)))
    return documents


def cache_folder() -> Path:
    """Give the user's cache folder for built models."""
    return identity.cache_folder("tiny")


def is_built(arch: str) -> bool:
    """Tell whether the tiny model of this text, these settings and versions is on this machine."""
    return (_folder(arch, Shape(), corpus()) / "config.json").is_file()


def _folder(arch: str, shape: Shape, documents: list[str]) -> Path:
    names = ("torch", "transformers", "tokenizers")
    key = hash_of([arch, asdict(shape), documents, {n: metadata.version(n) for n in names}, "v1"])
    return cache_folder() / f"{arch}-{key}"


def build(arch: str = "llama", shape: Shape | None = None) -> Path:
    """Give the folder of the tiny model, building it once (50 s of CPU time).

    Raises UserError for an unknown architecture.
    """
    shape = shape or Shape()
    if arch not in ARCHES:
        raise UserError(
            f"unknown tiny model 'tiny:{arch}'", mend=f"There are {', '.join('tiny:' + a for a in ARCHES)}."
        )
    documents = corpus()
    folder = _folder(arch, shape, documents)
    if (folder / "config.json").is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    from filelock import FileLock

    with FileLock(str(folder) + ".lock"):  # several processes that want it wait for one build
        if not (folder / "config.json").is_file():
            temporary = Path(tempfile.mkdtemp(prefix=f".{arch}-", dir=folder.parent))
            try:
                _pretrain(arch, shape, documents, temporary)
                temporary.replace(folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return folder


def train_tokenizer(arch: str, documents: list[str], vocab_size: int) -> Any:
    """Give a byte-level BPE tokenizer: Llama's special tokens with a BOS, or GPT-NeoX's single <|endoftext|>."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<unk>", "<s>", "</s>", "<pad>"] if arch == "llama" else ["<|endoftext|>", "<pad>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    if arch == "llama":
        tokenizer.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(
                    single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
                ),
            ]
        )
        names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    else:
        names = {"eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>", "pad_token": "<pad>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def new_model(arch: str, shape: Shape, tokenizer: Any) -> Any:
    """Give a randomly initialised model of this shape."""
    from transformers import AutoModelForCausalLM, GPTNeoXConfig, LlamaConfig

    common: dict[str, Any] = {
        "vocab_size": shape.vocab_size,
        "hidden_size": shape.hidden_size,
        "num_hidden_layers": shape.num_layers,
        "num_attention_heads": shape.num_heads,
        "max_position_embeddings": shape.max_length,
        "tie_word_embeddings": True,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if arch == "llama":
        config: Any = LlamaConfig(intermediate_size=shape.hidden_size * 8 // 3, **common)
    else:
        config = GPTNeoXConfig(intermediate_size=shape.hidden_size * 4, **common)
    return AutoModelForCausalLM.from_config(config)


def _pretrain(arch: str, shape: Shape, documents: list[str], out: Path) -> None:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(shape.seed)
            tokenizer = train_tokenizer(arch, documents, shape.vocab_size)
            model = new_model(arch, shape, tokenizer)
            ids: list[int] = []
            for document in documents:
                ids += [*tokenizer(document)["input_ids"], tokenizer.eos_token_id]
            stream = torch.tensor(ids)
            optimizer = torch.optim.AdamW(model.parameters(), lr=shape.learning_rate, betas=(0.9, 0.95))
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, shape.learning_rate, total_steps=shape.steps + 1, pct_start=0.1
            )
            chooser = torch.Generator().manual_seed(shape.seed)
            tick = progress.bar(f"pretraining tiny:{arch}, once on this machine", shape.steps, "step")
            model.train()
            for _ in range(shape.steps):
                starts = torch.randint(0, len(stream) - shape.row_tokens - 1, (shape.batch_rows,), generator=chooser)
                rows = torch.stack([stream[s : s + shape.row_tokens] for s in starts.tolist()])
                loss = model(input_ids=rows, labels=rows, use_cache=False).loss
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                tick(1, f"loss {loss.item():.2f}")
            tick(0, done=True)
        model.generation_config.max_new_tokens = 64
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
    finally:
        torch.set_num_threads(threads)
