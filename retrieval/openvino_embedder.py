"""A converted model, run by OpenVINO on the processor: neither torch nor transformers is imported.

Measured by `python -m tests.benchmarks.encoding`.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.converted import IR, PROJECTION, TOKENIZER, WEIGHTS, Facts
from retrieval.encoding import PooledEmbedder, Vectors
from retrieval.errors import ModelError
from retrieval.files import disk
from retrieval.model import Span
from retrieval.model_files import kept_projection, of_model

_CONVERTER = "openvino.tools.ovc"
POOLINGS = ("mean", "cls")
HINTS = {"float32": "f32", "bf16": "bf16"}
"""Each precision as OpenVINO calls it."""
_TOKENS_AT_ONCE = 512
"""What a request reads, padding included. On two cores with AVX2, texts of 160 tokens took 5 % less processor time
one by one than eight at once, and 11 % less than sixteen; short ones are worth reading together."""
_UNPINNED = {"ENABLE_CPU_PINNING": False}
"""Several processes, each with its threads pinned, would share the first core."""
_BULK, _QUESTION = "bulk", "question"
_SETTINGS: Mapping[str, Mapping[str, object]] = {
    _BULK: {"PERFORMANCE_HINT": "THROUGHPUT", **_UNPINNED},
    # of 15 tokens, two threads took 7 ms and one 10 on two cores; what is compiled is kept without weights
    _QUESTION: {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": min(2, os.cpu_count() or 1),
        "CACHE_MODE": "OPTIMIZE_SIZE",
        **_UNPINNED,
    },
}


def runtime() -> Any:
    """OpenVINO without its converter, which takes a third of its import, and reports that over the network."""
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    with _absent(_CONVERTER):
        import openvino
    return openvino


def converter() -> Any:
    """OpenVINO's converter, without the telemetry by which it reports each import and conversion."""
    runtime()
    with _absent("openvino_telemetry"):
        return importlib.import_module(_CONVERTER).convert_model


@contextlib.contextmanager
def _absent(name: str) -> Iterator[None]:
    """Let the import of a module fail, unless it was imported before."""
    missing = name not in sys.modules
    if missing:
        sys.modules[name] = None  # type: ignore[assignment]  # as the import system has it
    try:
        yield
    finally:
        if missing:
            sys.modules.pop(name, None)


@functools.cache
def _core() -> Any:
    return runtime().Core()


def processor() -> str:
    """This processor, and what it can: what is compiled for one is not to be run on another."""
    named = _core().get_property("CPU", "FULL_DEVICE_NAME")
    return f"{named}: {', '.join(sorted(_core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES')))}"


def has_bf16() -> bool:
    """Does this processor count with numbers of 16 bits?"""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVINOEmbedder(PooledEmbedder):
    """A model converted from a sentence-transformers one, whose fingerprint it keeps."""

    on_processor = True

    def __init__(self, folder: Path, facts: Facts, precision: str, threads: int | None = None) -> None:
        """`precision` is one of those admitted; `threads` how many read documents, by default one a core. Raises
        ModelError."""
        super().__init__()
        self.name, self.fingerprint = facts.name, facts.fingerprint
        self.dimension, self.width = facts.dimension, facts.width
        self.max_tokens, self.question_tokens = facts.max_tokens, facts.question_tokens
        self.trailing, self.means = facts.trailing, facts.pooling == "mean"
        self.precision = precision
        self._bulk = {} if threads is None else {"INFERENCE_NUM_THREADS": threads}
        self._facts, self._folder = facts, folder
        self._ready = folder / f"question-{precision}.blob"
        projection = kept_projection(folder / PROJECTION, facts.dimension)
        if projection is None:
            raise ModelError(f"{folder / PROJECTION} is no projection of the model {self.name!r}", f"remove {folder}")
        self.projection = projection
        with of_model(self.name, "be loaded"):
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._tokenizer.enable_truncation(facts.limit)  # set once, as threads share it
        self._lock = threading.Lock()
        self._compiled: dict[str, Any] = {}
        self._own = threading.local()

    @property
    def how(self) -> str:
        """The library, and what it runs on."""
        return f"OpenVINO on cpu, {self.precision}"

    def token_spans(self, text: str) -> list[Span]:
        with of_model(self.name, "encode"):
            whole = self._tokenizer.encode(text, add_special_tokens=False)
            return [span for part in (whole, *whole.overflowing) for span in part.offsets]

    def read(self, texts: Sequence[str]) -> list[Vectors]:
        if not texts:
            return []
        with of_model(self.name, "encode"):
            encodings = self._tokenizer.encode_batch([self._facts.document_prompt + text for text in texts])
            queue = runtime().AsyncInferQueue(self._model(_BULK))
            found: list[Vectors | None] = [None] * len(texts)

            def done(request: Any, numbers: Sequence[int]) -> None:
                rows = request.get_output_tensor(0).data
                for place, number in enumerate(numbers):
                    found[number] = np.array(rows[place, : len(encodings[number].ids)], dtype=np.float32)

            queue.set_callback(done)
            for numbers in batches([len(one.ids) for one in encodings]):
                queue.start_async(self._inputs([encodings[number] for number in numbers]), numbers)
            queue.wait_all()
        return [rows for rows in found if rows is not None]

    def pooled(self, texts: Sequence[str]) -> Vectors:
        rows = self.read(texts)
        return (
            np.stack([self._own_vector(one) for one in rows]) if rows else np.zeros((0, self.dimension), np.float32)
        )

    def read_question(self, text: str) -> tuple[Vectors, Vectors]:
        with of_model(self.name, "encode"):
            encoding = self._tokenizer.encode(self._facts.query_prompt + text)
            request = self._request()
            request.infer(self._inputs([encoding]))
            rows = np.array(request.get_output_tensor(0).data[0], dtype=np.float32)
        return rows, self._own_vector(rows)

    def _own_vector(self, rows: Vectors) -> Vectors:
        vector: Vectors = rows.mean(axis=0) if self.means else rows[0]
        return vector

    def keep_compiled(self) -> None:
        """Write the model as it is compiled for questions beside the one that it is compiled from, so that a process
        that asks one need not compile it, which takes twice as long as reading this. Raises ModelError, DiskError."""
        with of_model(self.name, "be converted"), disk(self._ready):
            self._ready.write_bytes(self._model(_QUESTION).export_model().getvalue())

    def _request(self) -> Any:
        """This thread's own, as one request reads one text at a time."""
        if not hasattr(self._own, "request"):
            self._own.request = self._model(_QUESTION).create_infer_request()
        return self._own.request

    def _model(self, use: str) -> Any:
        """The model, compiled for a use at the first need."""
        with self._lock:
            if use not in self._compiled:
                told = {**_SETTINGS[use], "INFERENCE_PRECISION_HINT": HINTS[self.precision]}
                if use == _BULK:
                    told |= self._bulk
                if (
                    use == _QUESTION
                    and self._ready.name in self._facts.files
                    and self._facts.processor == processor()
                ):
                    told["WEIGHTS_PATH"] = str(self._folder / WEIGHTS)
                    self._compiled[use] = _core().import_model(self._ready.read_bytes(), "CPU", told)
                else:
                    self._compiled[use] = _core().compile_model(str(self._folder / IR), "CPU", told)
            return self._compiled[use]

    def _inputs(self, encodings: Sequence[Any]) -> dict[str, Any]:
        """What the model is given: each row padded to the longest."""
        columns: dict[str, Callable[[Any], list[int]]] = {
            "input_ids": lambda one: one.ids,
            "attention_mask": lambda one: one.attention_mask,
            "token_type_ids": lambda one: one.type_ids,
        }
        shape = (len(encodings), max(len(one.ids) for one in encodings))
        given = {}
        for name in self._facts.inputs:
            rows = np.full(shape, self._facts.padding if name == "input_ids" else 0, dtype=np.int64)
            for row, one in zip(rows, encodings, strict=True):
                row[: len(one.ids)] = columns[name](one)
            given[name] = rows
        return given


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The numbers of texts to read at once, the longest first, so that little is padded and the last are short."""
    order = sorted(range(len(lengths)), key=lambda number: -lengths[number])
    done = 0
    while done < len(order):
        count = max(1, _TOKENS_AT_ONCE // max(1, lengths[order[done]]))
        yield order[done : done + count]
        done += count
