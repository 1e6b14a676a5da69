"""The bundled model, converted once for all processes of a run of the tests: that takes seconds, and so does
importing torch, which none of them needs then."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from filelock import FileLock

from retrieval import encoders
from retrieval.encoding import Embedder
from retrieval.model_files import BUNDLED

FOLDER = "STET_TEST_MODELS"
"""The variable that names the folder; `conftest` sets it, and processes inherit it."""


def load() -> Embedder:
    """The bundled model as the product loads it. Without OpenVINO, torch runs it."""
    folder = Path(os.environ[FOLDER])
    with FileLock(folder / "lock"):
        return encoders.load(BUNDLED, folder / "model.json")


def give(home: Path) -> None:
    """Give an archive's folder the converted model, as if it had been converted there."""
    folder = Path(os.environ[FOLDER])
    with FileLock(folder / "lock"):
        if not (folder / "model.json").exists():
            encoders.load(BUNDLED, folder / "model.json")
    if (folder / "models").exists() and not (home / "models").exists():
        home.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder / "models", home / "models", copy_function=os.link)
        shutil.copy2(folder / "model.json", home / "model.json")
