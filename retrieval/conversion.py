"""A sentence-transformers model → one that OpenVINO runs, where it gives the same vectors."""

from __future__ import annotations

import json
import logging
import statistics
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.converted import IR, PROJECTION, TOKENIZER, Facts, Measured, keep, versions
from retrieval.embedding import DOCUMENT, QUERY, SentenceTransformerEmbedder, pooling, prompt
from retrieval.encoding import PooledEmbedder, Vectors
from retrieval.errors import ModelError
from retrieval.model_files import Identity, as_file, of_model
from retrieval.neural import quiet
from retrieval.openvino_embedder import HINTS, POOLINGS, OpenVINOEmbedder, converter, has_bf16, processor, runtime
from retrieval.projection import unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LEAST_COSINE = 0.999
"""What a vector, or a token's, must keep of torch's in float32."""
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_RUNS = 3
_LONG = 400
"""Words of a probe that is longer than a model reads, as nearly all read 256 or 512 tokens."""
log = logging.getLogger(__name__)

PROBES = (
    "",
    "No.",
    "Who closed the harbour?",
    "The ferry Marigold left Saltmarsh Quay at 6.40am, eleven minutes late, with 212 passengers and one goose.",
    "“I never said so,” Ottoline Farrow told the inquiry — twice; her counsel said: ‘She’s right…’",
    "Der Bürgermeister von Quellbrück hat die Brücke am Montag für „mindestens drei Wochen“ sperren lassen.",
    "La présidente du conseil, Élodie Marchetoile, n’a pas démenti : « Nous verrons bien. »",
    "El río creció dos metros en una noche; ¿quién avisó a los vecinos de Valdeniebla?",
    "Городской совет Синегорска перенёс голосование на четверг.",
    "市議会は木曜日に新しい橋の計画を承認した。",
    "أغلق المرفأ أبوابه عند الظهر.",
    "£3.2m, 47 %, 1–0, a/b, x² ≈ 4, C₈H₁₀N₄O₂, 🙂👩🏽‍🚀, e\u0301, ﬁnal, \u200bzero\u00adwidth, \ttab\nline",
    "http://harbour.example/a?b=c&d=%20#e @someone #hashtag ALLCAPS mIxEd aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    (
        "The pump failed at noon. Engineers from three towns were sent for; two arrived by boat, and one, delayed by "
        "the closure of the coast road, by tractor. By four o’clock the water stood at the second step of the hall."
    ),
    "The council met again and put the matter off. " * (_LONG // 9),
)
"""Fiction, short and long, in several languages, with odd characters."""


def convert(made: SentenceTransformerEmbedder, models: Path, source: Identity) -> tuple[Path, Facts]:
    """Convert a model that was loaded in float32, measure each precision that this processor has, and keep it among
    `models`; where it cannot be converted, or gives other vectors then, that is what is kept. It takes some seconds.
    Raises DiskError."""
    began = time.perf_counter()
    facts = Facts(name=made.name, fingerprint=made.fingerprint, source=source, versions=versions())

    def build(folder: Path) -> Facts:
        if refused := _refused(made.model):
            return replace(facts, refused=refused)
        try:
            known = _known(facts, made)
            with of_model(made.name, "be converted"), quiet(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what tracing has to say of the library's own code
                _write(made, folder, known)
            measured = _measured(made, folder, known)
        except ModelError as error:
            return _without_files(folder, replace(facts, refused=error.message))
        if not measured.admitted:
            return _without_files(folder, replace(measured, refused="it gives other vectors when converted"))
        return measured

    folder, kept = keep(models, made.fingerprint, build)
    log.info(
        "model %r for OpenVINO in %.1f s: %s", made.name, time.perf_counter() - began, kept.refused or "converted"
    )
    return folder, kept


def _without_files(folder: Path, refused: Facts) -> Facts:
    for path in folder.iterdir():
        path.unlink()
    return refused


def _refused(model: SentenceTransformer) -> str | None:
    """Why a model's vectors cannot be had from a transformer's tokens alone; None where they may."""
    how = pooling(model)
    if how not in POOLINGS:
        return "more is done to its vectors than pooling by mean or cls"
    tokenizer: Any = model.tokenizer
    if getattr(tokenizer, "backend_tokenizer", None) is None or tokenizer.padding_side != "right":
        return "its tokenizer is not a fast one that pads on the right"
    if not set(tokenizer("a")) <= set(_INPUTS) or model.max_seq_length is None:
        return "its transformer reads more than tokens, or any number of them"
    return None


def _known(facts: Facts, made: SentenceTransformerEmbedder) -> Facts:
    tokenizer: Any = made.model.tokenizer
    given = set(tokenizer("a"))
    return replace(
        facts,
        dimension=made.dimension,
        width=made.width,
        max_tokens=made.max_tokens,
        question_tokens=made.question_tokens,
        trailing=made.trailing,
        limit=int(made.model.max_seq_length or 0),
        pooling=pooling(made.model) or "",
        document_prompt=prompt(made.model, *DOCUMENT),
        query_prompt=prompt(made.model, *QUERY),
        padding=int(tokenizer.pad_token_id or 0),
        inputs=tuple(name for name in _INPUTS if name in given),
        processor=processor(),
    )


def _write(made: SentenceTransformerEmbedder, folder: Path, facts: Facts) -> None:
    """The transformer as OpenVINO reads it, the tokenizer, and the projection."""
    import torch

    class Tokens(torch.nn.Module):
        """A transformer from its inputs in their order to its tokens' vectors."""

        def __init__(self, transformer: torch.nn.Module) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *given: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.transformer(**dict(zip(facts.inputs, given, strict=True))).last_hidden_state
            return found

    transformer: Any = made.model[0]
    example = tuple(torch.ones(2, 8, dtype=torch.int64) for _ in facts.inputs)
    with torch.no_grad():
        model = converter()(Tokens(transformer.auto_model).eval(), example_input=example)
    for place, name in enumerate(facts.inputs):
        model.inputs[place].get_tensor().set_names({name})
    runtime().save_model(model, str(folder / IR), compress_to_fp16=False)
    backend: Any = made.model.tokenizer.backend_tokenizer
    tokenizer = {**json.loads(backend.to_str()), "padding": None, "truncation": None}  # as the last call left them
    (folder / TOKENIZER).write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    (folder / PROJECTION).write_bytes(as_file(made.projection))


def _measured(made: SentenceTransformerEmbedder, folder: Path, facts: Facts) -> Facts:
    """The facts with each precision tried, and those admitted that keep the vectors of every probe."""
    tried = tuple(precision for precision in HINTS if precision == "float32" or has_bf16())
    right = list(_vectors(made))
    admitted = []
    for precision in tried:
        embedder = OpenVINOEmbedder(folder, facts, precision)
        cosine = min(_least_cosine(*pair) for pair in zip(right, _vectors(embedder), strict=True))
        log.info("model %r by OpenVINO in %s: least cosine %.6f", made.name, precision, cosine)
        if cosine >= LEAST_COSINE:
            embedder.keep_compiled()
            admitted.append(Measured(precision=precision, cosine=cosine, milliseconds=_milliseconds(embedder)))
    return replace(facts, tried=tried, admitted=tuple(admitted))


def _vectors(embedder: PooledEmbedder) -> Iterator[Vectors]:
    """All that a model gives for each probe, as documents and as questions: its own vector and its tokens'."""
    yield from embedder.read(PROBES)
    yield embedder.pooled(PROBES)
    for probe in PROBES:
        rows, own = embedder.read_question(probe)
        yield np.vstack([rows, own])


def _least_cosine(right: Vectors, found: Vectors) -> float:
    """The least over all rows; 0 where they are not as many, or no numbers."""
    if right.shape != found.shape:
        return 0.0
    cosines = (unit(right) * unit(found)).sum(axis=1)
    cosines[(right == found).all(axis=1)] = 1  # zeros have no direction
    return float(np.nan_to_num(cosines).min(initial=1))


def _milliseconds(embedder: PooledEmbedder) -> float:
    """The median that a probe takes, read with all others."""
    took = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        embedder.read(PROBES)
        took.append((time.perf_counter() - began) * 1000 / len(PROBES))
    return statistics.median(took)
