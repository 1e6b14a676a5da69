"""Learn the bundled model's projection anew and write it where Stet reads it:
`python -m tests.benchmarks.projection`.

Says how near the new one is to the one that was there: the least cosine between two directions of the same rank.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from retrieval.embedding import BUNDLED, SentenceTransformerEmbedder
from retrieval.model_files import SHIPPED, bundled_folder


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = SentenceTransformer(bundled_folder(Path(folder) / "model.json"), device="cpu")
    made = SentenceTransformerEmbedder(BUNDLED, model).projection
    path = SHIPPED
    if path.exists():
        before = np.load(path, allow_pickle=False)
        lengths = np.linalg.norm(made, axis=0) * np.linalg.norm(before, axis=0)
        print(f"least cosine to the one before: {np.abs((made * before).sum(axis=0) / lengths).min():.4f}")
    np.save(path, made, allow_pickle=False)
    print(f"{path.name}: {made.shape[0]} to {made.shape[1]} dimensions, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
