"""Tiny models with random weights, made here, and readings for them. torch is imported by those who make one: that
takes seconds, and the modules of tests are imported by each process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from retrieval.embedding import Embedder, Reading, SentenceTransformerEmbedder, Vectors
from retrieval.model import Span

WORDS = ["the", "river", "rose", "by", "two", "feet", "quay", "find", ":", "passage", "what", "is", "it"]

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Maker = Callable[..., Path]


def save_transformer(folder: str | Path, words: Sequence[str], kind: str = "BertModel", **config: Any) -> None:
    """A transformer of one layer with 16 dimensions that knows these words, and its tokenizer, into a folder."""
    import torch
    import transformers
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import BertProcessing

    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    torch.manual_seed(5)
    small = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
        **config,
    )
    getattr(transformers, kind)(small).save_pretrained(str(folder))
    transformers.PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(str(folder))


@cache
def _plain() -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    with tempfile.TemporaryDirectory() as folder:
        save_transformer(folder, WORDS)
        return SentenceTransformer(folder, device="cpu")


def saved(
    folder: Path, name: str = "model", pooling: str = "mean", prompts: dict[str, str] | None = None, room: int = 32
) -> Path:
    """Save a sentence-transformers model of that pooling, those prompts and room for tokens; its own folder."""
    from sentence_transformers import SentenceTransformer

    plain = _plain()
    plain.max_seq_length = room
    modules = [plain[0], type(plain[1])(16, pooling_mode=pooling)]
    model = SentenceTransformer(modules=modules, prompts=prompts, device="cpu")
    model.save(str(folder / name))
    return folder / name


def in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count as a processor does that knows no numbers of 16 bits."""
    monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: False)


def load(name: Path | str, tmp_path: Path) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder.load(str(name), tmp_path / "verified.json", device="cpu")


def reading(text: str, title: str = "", passages: Sequence[Span] | None = None) -> Reading:
    """A text as one passage, where none are given."""
    return Reading(title=title, text=text, passages=tuple(passages or [(0, len(text))]))


def vector(embedder: Embedder, text: str) -> Vectors:
    [found] = embedder.encode([reading(text)])
    only: Vectors = found.vectors[0]
    return only
