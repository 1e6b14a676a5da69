"""Fixtures that several test modules share: the real model, loaded once, and archives of real documents."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from retrieval.archive import Archive
from retrieval.encoding import Embedder
from retrieval.model import SourceOptions
from tests import converted_model
from tests.data_folder import SAMPLE, SEED
from tests.once import made_once
from tests.remembering import Remembering
from tests.slack_server import LoopbackSlack
from tests.walking import Walker

settings.register_profile("stet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stet")

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Before torch is imported: the suite's processes share the cores, and threads that each of them adds only spin."""

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """The converted model's folder is that of the whole run, whose processes inherit its name. They would inherit,
    too, that Ctrl-C is ignored where a shell runs this in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        os.environ[converted_model.FOLDER] = tempfile.mkdtemp(prefix="stet-models-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(converted_model.FOLDER), ignore_errors=True)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's gets into a test, and no proxy between the bot and the loopback."""
    for name in list(os.environ):
        if name.startswith(("STET_", "SLACK_")) and not name.startswith("STET_TEST_"):
            monkeypatch.delenv(name)
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    with made_once():
        yield


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The bundled model."""
    return Remembering(converted_model.load())


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Callable[..., Path]:
    """The home of an archive that holds the given sources, made once: reading, cutting and indexing the same document
    for each test is most of what a test of the bot would do. For copying; nobody writes to it. Without sources: an
    empty archive."""
    made: dict[tuple[tuple[Path, ...], SourceOptions], Path] = {}

    def home(sources: tuple[Path, ...], options: SourceOptions) -> Path:
        if (sources, options) not in made:
            folder = tmp_path_factory.mktemp("published") / "home"
            with closing(Archive.open(folder, embedder.name, lambda: embedder)) as archive:
                _add(archive, sources, options)
            made[sources, options] = folder
        return made[sources, options]

    return home


def _add(archive: Archive, sources: tuple[Path, ...], options: SourceOptions) -> None:
    if sources:
        archive.add([str(source) for source in sources], options, NOW, lambda *_: None)


@pytest.fixture
def archives() -> list[Archive]:
    """The archives that a test has made."""
    return []


@pytest.fixture
def make_archive(
    tmp_path: Path, embedder: Embedder, archives: list[Archive], published: Callable[..., Path]
) -> Iterator[Callable[..., Archive]]:
    """Make an archive that holds the given sources: a copy, where many tests read these documents."""
    made = archives

    def make(*sources: Path, options: SourceOptions | None = None) -> Archive:
        home, how = tmp_path / f"home{len(made)}", options or SourceOptions()
        held = sources if {SAMPLE, SEED}.issuperset(sources) else ()
        shutil.copytree(published(held, how if held else SourceOptions()), home)
        archive = Archive.open(home, embedder.name, lambda: embedder)
        made.append(archive)
        if not held:
            _add(archive, sources, how)
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
