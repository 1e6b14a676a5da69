"""Fixtures that several test modules share: the real model, loaded once, and archives of real documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from retrieval.archive import Archive
from retrieval.embedding import BUNDLED, Embedder, SentenceTransformerEmbedder
from retrieval.model import SourceOptions
from tests.data_folder import SAMPLE, SEED
from tests.remembering import Remembering
from tests.slack_server import LoopbackSlack
from tests.walking import Walker

settings.register_profile("stet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stet")

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's gets into a test, and no proxy between the bot and the loopback."""
    for name in list(os.environ):
        if name.startswith(("STET_", "SLACK_")) and name != "STET_TEST_DATA":
            monkeypatch.delenv(name)
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """The bundled model."""
    verified = tmp_path_factory.mktemp("model") / "model.json"
    return Remembering(SentenceTransformerEmbedder.load(BUNDLED, verified))


@pytest.fixture
def archives() -> list[Archive]:
    """The archives that a test has made."""
    return []


@pytest.fixture
def make_archive(tmp_path: Path, embedder: Embedder, archives: list[Archive]) -> Iterator[Callable[..., Archive]]:
    """Make an archive that holds the given sources."""
    made = archives

    def make(*sources: Path, options: SourceOptions | None = None) -> Archive:
        archive = Archive.open(tmp_path / f"home{len(made)}", embedder.name, lambda: embedder)
        made.append(archive)
        if sources:
            archive.add([str(source) for source in sources], options or SourceOptions(), NOW, lambda *_: None)
        return archive

    yield make
    for archive in made:
        archive.close()


@pytest.fixture
def sample_archive(make_archive: Callable[..., Archive]) -> Archive:
    """The sample live blog that ships with Stet."""
    return make_archive(SAMPLE)


@pytest.fixture
def slack(archives: list[Archive]) -> Iterator[LoopbackSlack]:
    """A loopback Slack; every message that a test got posted is within Slack's limits and our budget, and every leaf
    of it comes from somewhere."""
    with LoopbackSlack() as server:
        walker = Walker(server, archives)
        yield server
        server.assert_clean()
        assert not server.over_budget
        walker.walk()


@pytest.fixture
def seed() -> Path:
    """The customer's own document; skips, with its path, where it is not there."""
    if not SEED.exists():
        pytest.skip(f"{SEED} is missing: set STET_TEST_DATA to the folder with the shared data")
    return SEED
