"""A question and passages → how well each answers, read together: what the search asks of a cross-encoder, and
sentence-transformers behind it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from retrieval.errors import ModelError
from retrieval.neural import mapped, quiet

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_HINT = "set STET_RERANKER to the folder or name of a sentence-transformers CrossEncoder of one output, or unset it"
_SCORING = "ForSequenceClassification"
"""How the classes of transformers end that have a scoring layer on top."""


class Reranker(Protocol):
    """What reads a question and a passage together; `name` is that of the model."""

    name: str

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well each passage answers, in their order: the higher the better, comparable for one question only.
        Raises ModelError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reranking:
    """A reranker, and what its scores count beside the fit, 0 to 1: 1 is in place of it."""

    reranker: Reranker
    share: float


class CrossEncoderReranker:
    """Any sentence-transformers CrossEncoder of one output."""

    def __init__(self, name: str, model: CrossEncoder) -> None:
        """Raises ModelError where the model has several outputs, or none that was learned."""
        self.name = name
        self._model = model
        self._one_at_a_time = threading.Lock()  # a fast tokenizer may not be borrowed by two threads
        if unfit := _unfit(model):
            raise ModelError(f"the cross-encoder {name!r} cannot be used: {unfit}", _HINT)

    @classmethod
    def load(cls, name: str, device: str | None = None) -> CrossEncoderReranker:
        """Load a model by its name or folder. Raises ModelError."""
        with _mapped(name, "be loaded"), quiet():
            from sentence_transformers import CrossEncoder

            return cls(name, CrossEncoder(name, device=device, trust_remote_code=False))

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        pairs = [(question, passage) for passage in passages]
        with _mapped(self.name, "score"), self._one_at_a_time:
            found = np.asarray(self._model.predict(pairs, show_progress_bar=False), dtype=np.float64)
        if found.shape != (len(pairs),) or not np.isfinite(found).all():
            raise ModelError(f"the cross-encoder {self.name!r} gives no number for each passage", _HINT)
        scores: list[float] = found.tolist()
        return scores


def _unfit(model: CrossEncoder) -> str | None:
    """Why a model's scores would mean nothing. To one that was saved without a scoring layer the library adds one of
    random weights."""
    saved = (model.config and model.config.architectures) or []
    if type(model.model).__name__.endswith(_SCORING) and not any(one.endswith(_SCORING) for one in saved):
        return f"it was saved without a layer that scores, as {', '.join(saved) or 'a model of no known kind'}"
    return None if model.num_labels == 1 else f"it has {model.num_labels} outputs"


def _mapped(name: str, what: str) -> AbstractContextManager[None]:
    """Turn what the cross-encoder's libraries raise when it is to do `what` into a ModelError."""
    return mapped(f"the cross-encoder {name!r} cannot {what}", _HINT)
