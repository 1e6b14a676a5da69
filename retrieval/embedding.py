"""Text → unit float32 vectors, of passages and of tokens, by sentence-transformers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retrieval.encoding import (
    TITLE,
    Embedder,
    Encoded,
    EncodedQuestion,
    PooledEmbedder,
    Reading,
    Vectors,
)
from retrieval.errors import ModelError
from retrieval.files import write_atomically
from retrieval.model import Span
from retrieval.model_files import BUNDLED, SHIPPED, as_file, bundled_folder, kept_projection, of_model
from retrieval.neural import quiet
from retrieval.projection import chosen_words, learned, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "BUNDLED",
    "TITLE",
    "Embedder",
    "Encoded",
    "EncodedQuestion",
    "Precision",
    "Reading",
    "SentenceTransformerEmbedder",
    "Vectors",
    "prompt",
]

Precision = Literal["auto", "float32", "bf16"]

DOCUMENT = ("document", "passage", "corpus")
QUERY = ("query",)
"""The names that sentence-transformers looks for a prompt by, in this order."""
_BATCH = 8
"""Texts that a processor reads side by side: 8 are read in four fifths of the time that 32 take."""
_BATCH_ELSEWHERE = 64
_AS_VECTORS: dict[str, Any] = {"convert_to_numpy": True, "show_progress_bar": False}
_AS_TOKENS: dict[str, Any] = {
    "output_value": "token_embeddings",
    "convert_to_numpy": False,
    "show_progress_bar": False,
}


class SentenceTransformerEmbedder(PooledEmbedder):
    """Any sentence-transformers model, its own prompts for queries and documents honoured."""

    def __init__(
        self,
        name: str,
        model: SentenceTransformer,
        projection: Vectors | None = None,
        precision: Precision = "auto",
    ) -> None:
        """`projection` is learned where it is None, which takes some seconds. `precision` is that of documents:
        a question is read in float32. Raises ModelError where this processor has no bf16, and it is asked for."""
        super().__init__()
        self.name = name
        self.model = model
        self._one_at_a_time = threading.Lock()  # a fast tokenizer may not be borrowed by two threads
        self._brief = _in_brief(model, precision)
        self.means = _means_of_tokens(model)
        self.on_processor = model.device.type == "cpu"
        self._batch = _BATCH if self.on_processor else _BATCH_ELSEWHERE
        self.trailing = self._special_tokens_at_the_end()
        self.dimension = int(model.get_embedding_dimension() or 0)
        self.projection = self._learned() if projection is None else projection
        self.width = self.projection.shape[1]
        self.fingerprint = _fingerprint(model, self.projection)
        self.max_tokens = self._room(*DOCUMENT)
        self.question_tokens = self._room(*QUERY)

    @classmethod
    def load(
        cls, name: str, verified: Path, device: str | None = None, precision: Precision = "auto"
    ) -> SentenceTransformerEmbedder:
        """Load a model by its name or folder. The bundled one's weights are checked once; `verified` is the
        file that remembers it, and beside it the projection of another model is kept. Raises ModelError."""
        with of_model(name, "be loaded"), quiet():
            where = bundled_folder(verified) if name == BUNDLED else name
            from sentence_transformers import SentenceTransformer

            model = SentenceTransformer(
                where, device=device, trust_remote_code=False, local_files_only=name == BUNDLED
            )
            dimension = int(model.get_embedding_dimension() or 0)
            if name == BUNDLED:
                return cls(name, model, kept_projection(SHIPPED, dimension), precision)
            path = verified.with_name(f"projection-{_fingerprint(model, None)[:16]}.npy")
            kept = kept_projection(path, dimension)
            loaded = cls(name, model, kept, precision)
        if kept is None:
            write_atomically(path, as_file(loaded.projection))
        return loaded

    @property
    def how(self) -> str:
        """The library, and what it runs on."""
        return f"torch on {self.model.device.type}"

    def _room(self, *names: str) -> int:
        """How many tokens are left beside the special ones and a prompt, the first there is of these names."""
        special: int = self.model.tokenizer.num_special_tokens_to_add(pair=False)
        return int(self.model.max_seq_length or 512) - special - len(self.token_spans(prompt(self.model, *names)))

    def token_spans(self, text: str) -> list[Span]:
        with of_model(self.name, "encode"), self._one_at_a_time:
            encoded = self.model.tokenizer(
                text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
            )
        return [(int(start), int(end)) for start, end in encoded["offset_mapping"]]

    def read(self, texts: Sequence[str]) -> list[Vectors]:
        with of_model(self.name, "encode"), self._one_at_a_time, self._in_brief():
            found = self.model.encode_document(list(texts), batch_size=self._batch, **_AS_TOKENS)
            return [_array(rows) for rows in found]

    def pooled(self, texts: Sequence[str]) -> Vectors:
        with of_model(self.name, "encode"), self._one_at_a_time, self._in_brief():
            return _array(self.model.encode_document(list(texts), batch_size=self._batch, **_AS_VECTORS))

    def read_question(self, text: str) -> tuple[Vectors, Vectors]:
        with of_model(self.name, "encode"), self._one_at_a_time, _one_thread():
            rows = _array(self.model.encode_query([text], **_AS_TOKENS)[0])
            own = rows.mean(axis=0) if self.means else _array(self.model.encode_query([text], **_AS_VECTORS))[0]
        return rows, own

    def _in_brief(self) -> AbstractContextManager[object]:
        """Numbers of 16 bits where the processor counts with them: twice as fast, and a token's vector keeps a cosine
        of .9998 and more to that of 32 bits."""
        import torch

        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._brief)

    def _special_tokens_at_the_end(self) -> int:
        mask: list[int] = self.model.tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        return next((number for number, special in enumerate(reversed(mask)) if not special), 0)

    def _learned(self) -> Vectors:
        with of_model(self.name, "encode"), self._one_at_a_time:
            tokenizer = self.model.tokenizer
            pieces = [tokenizer.decode([number]).strip() for number in range(len(tokenizer))]
            words = chosen_words(pieces)
            return learned(unit(_array(self.model.encode_document(words, batch_size=_BATCH, **_AS_VECTORS))))


def prompt(model: SentenceTransformer, *names: str) -> str:
    """The prompt that a model sets before a text: the first there is of these names, else its default."""
    prompts = model.prompts
    return next((found for name in (*names, model.default_prompt_name or "") if (found := prompts.get(name))), "")


def _means_of_tokens(model: SentenceTransformer) -> bool:
    """Whether a text's vector is the mean of its tokens', as the model's modules have it: then so is a part's."""
    return pooling(model) == "mean"


def pooling(model: SentenceTransformer) -> str | None:
    """How a text's vector is made of its tokens', None where more is done to it than pooling and normalising."""
    modules = {type(one).__name__: one for one in model}
    found: Any = modules.get("Pooling")
    plain = found is not None and modules.keys() <= {"Transformer", "Pooling", "Normalize"}
    return str(found.get_config_dict().get("pooling_mode")) if plain else None


def _in_brief(model: SentenceTransformer, precision: Precision) -> bool:
    """Whether documents are read in bf16. Raises ModelError."""
    import torch

    able = model.device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    if precision == "bf16" and not able:
        raise without_bf16("what the model runs on")
    return able and precision != "float32"


def without_bf16(what: str) -> ModelError:
    """The refusal of a precision that is not there."""
    return ModelError(f"STET_PRECISION is bf16, and {what} has no bf16", "set STET_PRECISION to auto or float32")


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """A question is short: on a busy machine two threads took up to four times as long over it as one."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _array(found: Any) -> Vectors:
    """A tensor, or several of one shape, as an array."""
    rows: Vectors = np.asarray(found.float().cpu() if hasattr(found, "cpu") else found, dtype=np.float32)
    return rows


def _fingerprint(model: SentenceTransformer, projection: Vectors | None) -> str:
    """SHA-256 over weights, tokenizer, the modules' settings, prompts, and the projection, where there is one."""
    whole = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        whole.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        whole.update(tensor.detach().cpu().contiguous().view(-1).numpy().tobytes())
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    tokenizer: dict[str, object] = json.loads(backend.to_str()) if backend else {"said": repr(model.tokenizer)}
    # padding and truncation are as the last call left them
    whole.update(json.dumps({**tokenizer, "padding": None, "truncation": None}, sort_keys=True).encode())
    for module in model:
        settings: object = getattr(module, "get_config_dict", dict)()
        whole.update(f"{type(module).__name__}{json.dumps(settings, sort_keys=True, default=str)}".encode())
    whole.update(json.dumps([model.prompts, model.default_prompt_name, model.max_seq_length]).encode())
    if projection is not None:
        whole.update(np.ascontiguousarray(projection, dtype="<f4").tobytes())
    return whole.hexdigest()
