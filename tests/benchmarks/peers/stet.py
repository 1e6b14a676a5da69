"""Stet as it is installed: settings by default, an NDJSON file added, questions put as the command puts them.

Indexing is the whole of `Archive.add`, from texts in memory to a snapshot on disk that is switched in and opened: the
file is written and read, entries are recorded with their versions, and all is synced to the disk. The peers keep
what they index in memory.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import wiring
from retrieval.model import SourceOptions
from tests.benchmarks.peers.interface import DEPTH

_START = datetime(2031, 1, 1, tzinfo=UTC)


class Stet:
    """The whole pipeline, its ranking of entries taken whether it answers or is silent."""

    def __init__(self, folder: Path) -> None:
        self._source = folder / "paragraphs.ndjson"
        self._archive = wiring.archive(wiring.settings(folder / "home"))
        _ = self._archive.embedder

    def index(self, texts: Sequence[str]) -> None:
        lines = [
            json.dumps({"id": str(place), "time": (_START + timedelta(minutes=place)).isoformat(), "text": text})
            for place, text in enumerate(texts)
        ]
        self._source.write_text("\n".join(lines))
        self._archive.add([str(self._source)], SourceOptions(), datetime.now(UTC), lambda *_: None)
        self._archive.snapshot()

    def rank(self, question: str) -> list[int]:
        return [int(version.entry.id) for version in self._archive.ask(question).ranking[:DEPTH]]
