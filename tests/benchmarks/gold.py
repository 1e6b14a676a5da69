"""How the answers do on gold questions: `python -m tests.benchmarks.gold [SOURCE GOLD]`.

`stet eval` on an archive that holds one source alone, made for the purpose. By default the customer's document and
its questions, from STET_TEST_DATA or ../shared/data; for the format of the questions see `retrieval.gold`.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bot import evaluating
from retrieval.archive import Archive
from retrieval.embedding import BUNDLED, SentenceTransformerEmbedder
from retrieval.gold import read_gold
from retrieval.model import SourceOptions
from tests.data_folder import GOLD, SEED

_LARGEST = 100_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", nargs="?", default=str(SEED))
    parser.add_argument("gold", nargs="?", default=str(GOLD))
    given = parser.parse_args()
    wanted = evaluating.Wanted(gold=read_gold(given.gold, _LARGEST), earlier=None, save=None, plots=None)
    with tempfile.TemporaryDirectory() as folder:
        embedder = SentenceTransformerEmbedder.load(BUNDLED, Path(folder) / "model.json")
        archive = Archive.open(Path(folder) / "home", BUNDLED, lambda: embedder)
        archive.add([given.source], SourceOptions(), datetime.now(UTC), lambda *_: None)
        evaluating.run(archive, wanted, as_json=False)
        archive.close()


if __name__ == "__main__":
    main()
