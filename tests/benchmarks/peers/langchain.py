"""LangChain's FAISS vector store over its sentence-transformers embeddings, as its documentation sets them up.

Its defaults: batches of 32, an exact index by Euclidean distance, which ranks unit vectors as the cosine does. The
store is in langchain-community, which is being wound down; no other package of its authors holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from langchain_community.vectorstores import FAISS
from langchain_huggingface import HuggingFaceEmbeddings

from tests.benchmarks.peers.interface import DEPTH


class LangChain:
    """Dense alone."""

    def __init__(self, model: Path) -> None:
        self._embeddings = HuggingFaceEmbeddings(model_name=str(model))

    def index(self, texts: Sequence[str]) -> None:
        names = [str(place) for place in range(len(texts))]
        self._store = FAISS.from_texts(list(texts), self._embeddings, ids=names)

    def rank(self, question: str) -> list[int]:
        return [int(found.id) for found in self._store.similarity_search(question, k=DEPTH)]
