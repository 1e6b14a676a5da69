"""Haystack's hybrid retrieval, as its tutorial builds it, without the second model that the tutorial ranks with.

BM25 and embeddings in memory, joined by DocumentJoiner. Its defaults: batches of 32, BM25L over words that are not
stemmed, ten documents from either retriever. The joiner's default puts scores of two kinds in one order; its
reciprocal rank fusion, which goes by places alone, is the choice made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from tests.benchmarks.peers.interface import DEPTH


class Haystack:
    """BM25 and dense, by reciprocal rank fusion."""

    def __init__(self, model: Path) -> None:
        self._documents = SentenceTransformersDocumentEmbedder(model=str(model), progress_bar=False)
        self._documents.warm_up()
        self._store = InMemoryDocumentStore()
        self._pipeline = Pipeline()
        question = SentenceTransformersTextEmbedder(model=str(model), progress_bar=False)
        self._pipeline.add_component("question", question)
        self._pipeline.add_component("dense", InMemoryEmbeddingRetriever(self._store, top_k=DEPTH))
        self._pipeline.add_component("words", InMemoryBM25Retriever(self._store, top_k=DEPTH))
        self._pipeline.add_component("joined", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=DEPTH))
        self._pipeline.connect("question", "dense")
        self._pipeline.connect("dense", "joined")
        self._pipeline.connect("words", "joined")
        self._pipeline.warm_up()

    def index(self, texts: Sequence[str]) -> None:
        documents = [Document(content=text, meta={"place": place}) for place, text in enumerate(texts)]
        self._store.write_documents(self._documents.run(documents)["documents"])

    def rank(self, question: str) -> list[int]:
        found = self._pipeline.run({"question": {"text": question}, "words": {"query": question}})
        return [document.meta["place"] for document in found["joined"]["documents"]]
