"""Which library runs the model: OpenVINO where it is installed and gives the same vectors, else torch."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from retrieval import converted
from retrieval.errors import DiskError, ModelError
from retrieval.files import MODELS
from retrieval.model_files import Identity, folder_of, identity

if TYPE_CHECKING:
    from retrieval.converted import Facts
    from retrieval.embedding import Precision
    from retrieval.encoding import Embedder

Encoder = Literal["auto", "torch", "openvino"]

log = logging.getLogger(__name__)


def load(
    name: str,
    verified: Path,
    device: str | None = None,
    encoder: Encoder = "auto",
    precision: Precision = "auto",
    threads: int | None = None,
) -> Embedder:
    """Load a model by its name or folder. `verified` remembers that the bundled one's weights were compared; beside
    it lies what is learned of a model, and what is converted, in the folder `models`. `threads` is how many of
    OpenVINO's read documents, by default one a core; torch takes as many as OMP_NUM_THREADS says.

    `auto` takes OpenVINO where it is installed, unless another device than the processor is named or found. The model
    is converted at the first load, by torch; from then on neither torch nor transformers is imported. Raises
    ModelError, DiskError."""
    if not _by_openvino(device, encoder):
        return _by_torch(name, verified, device, precision)
    found = _found(name, verified)
    if found and (embedder := _opened(*found, precision, threads)):
        return embedder
    if found and found[1].refused:
        return _by_torch(name, verified, device, precision)
    return _converted(name, verified, "cpu" if encoder == "openvino" else device, precision, threads)


def at_hand(
    name: str,
    verified: Path,
    device: str | None = None,
    encoder: Encoder = "auto",
    precision: Precision = "auto",
) -> Embedder | None:
    """The model that `load` gives, where it was converted before; None where that takes torch. Raises ModelError,
    DiskError."""
    found = _found(name, verified) if _by_openvino(device, encoder) else None
    return _opened(*found, precision) if found else None


def _by_openvino(device: str | None, encoder: Encoder) -> bool:
    """Is OpenVINO to be tried? Raises ModelError where it is asked for and cannot be had."""
    fits = device in (None, "cpu")
    if encoder != "openvino":
        return encoder == "auto" and fits and importlib.util.find_spec("openvino") is not None
    if not fits:
        raise ModelError(
            f"STET_ENCODER is openvino, which runs on the processor, and STET_DEVICE is {device}",
            "unset STET_DEVICE, or set STET_ENCODER to torch",
        )
    if importlib.util.find_spec("openvino") is None:
        raise ModelError(
            "STET_ENCODER is openvino, which is not installed",
            "install the extra: pip install '.[openvino]' in a checkout; or set STET_ENCODER to auto or torch",
        )
    return True


def _by_torch(name: str, verified: Path, device: str | None, precision: Precision) -> Embedder:
    from retrieval.embedding import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder.load(name, verified, device, precision)


def _source(name: str, verified: Path) -> Identity | None:
    folder = folder_of(name, verified)
    return identity(folder) if folder else None


def _found(name: str, verified: Path) -> tuple[Path, Facts] | None:
    """The folder of a model that was converted before, and what is known of it. Raises ModelError, DiskError."""
    models = verified.with_name(MODELS)
    source = _source(name, verified) if models.is_dir() else None
    return converted.find(models, source) if source else None


def _opened(folder: Path, facts: Facts, precision: Precision, threads: int | None = None) -> Embedder | None:
    """A converted model; None where it was refused, or where a precision that this processor has is still to be
    measured. Raises ModelError."""
    from retrieval.openvino_embedder import OpenVINOEmbedder, has_bf16

    if facts.refused:
        log.info("the model %r stays with torch: %s", facts.name, facts.refused)
        return None
    able = has_bf16()
    if able and "bf16" not in facts.tried:
        return None
    if precision == "bf16" and not able:
        from retrieval.embedding import without_bf16

        raise without_bf16("this processor")
    usable = {one.precision: one for one in facts.admitted if able or one.precision != "bf16"}
    if not usable:
        return None
    chosen = min(usable, key=lambda one: usable[one].milliseconds) if precision == "auto" else precision
    if chosen not in usable:
        log.warning("the model %r keeps its vectors not in %s, so it runs in %s", facts.name, chosen, min(usable))
        chosen = min(usable)
    return OpenVINOEmbedder(folder, facts, chosen, threads)


def _converted(name: str, verified: Path, device: str | None, precision: Precision, threads: int | None) -> Embedder:
    """The model, converted; as torch has it, where there is a better device, or where it cannot be converted."""
    from retrieval.embedding import SentenceTransformerEmbedder

    made = SentenceTransformerEmbedder.load(name, verified, device, "float32")  # what the converted one is held to
    source = _source(name, verified)
    if made.model.device.type != "cpu" or source is None:
        return _by_torch(name, verified, device, precision)
    from retrieval.conversion import convert

    try:
        embedder = _opened(*convert(made, verified.with_name(MODELS), source), precision, threads)
    except DiskError as error:
        log.warning("the model %r stays with torch: %s", name, error.message)
        embedder = None
    return embedder or _by_torch(name, verified, device, precision)
