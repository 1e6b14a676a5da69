"""Models converted for OpenVINO, kept beside an archive: a folder each, with all that encoding needs, so that torch
is not.

A folder is built aside and renamed into place. It is taken only where the model's source files, the versions of the
packages that made it, and the digests of its own files are what they were; else it is made anew. Nothing in it is
irreplaceable.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from retrieval.errors import DiskError
from retrieval.files import disk, sha256, sync_file, sync_folder, write_atomically
from retrieval.model_files import Identity

FORMAT = 2
IR, WEIGHTS, TOKENIZER, PROJECTION = "model.xml", "model.bin", "tokenizer.json", "projection.npy"
_FACTS, _SEEN = "facts.json", "seen.json"
_PACKAGES = ("openvino", "sentence-transformers", "tokenizers", "torch", "transformers")
"""What decides a converted model, and the torch model's fingerprint."""
_MAKING = ".making-"
_ABANDONED = 3_600.0
"""Seconds after which a folder that is being made is one whose maker was killed."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A precision that keeps the model's vectors: the least cosine of any probe's vector, or token's, to torch's in
    float32, and the milliseconds that a probe takes."""

    precision: str
    cosine: float
    milliseconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of a converted model. `limit` is how many tokens it reads, special ones and prompt included;
    `processor` the one that it was compiled for;
    `tried` the precisions that were measured, `admitted` those that keep its vectors; `refused` why it cannot be
    converted, where it cannot: then there are no files."""

    name: str
    fingerprint: str
    source: Identity
    versions: Mapping[str, str]
    dimension: int = 0
    width: int = 0
    max_tokens: int = 0
    question_tokens: int = 0
    trailing: int = 0
    limit: int = 0
    pooling: str = ""
    document_prompt: str = ""
    query_prompt: str = ""
    padding: int = 0
    inputs: tuple[str, ...] = ()
    processor: str = ""
    tried: tuple[str, ...] = ()
    admitted: tuple[Measured, ...] = ()
    refused: str | None = None
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """By name: bytes and SHA-256."""


def versions() -> dict[str, str]:
    """The installed versions of the packages that decide a converted model."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def find(models: Path, source: Identity) -> tuple[Path, Facts] | None:
    """The converted model of these source files, whole, and its folder; None where it has to be made. Raises
    DiskError."""
    with disk(models):
        folders = sorted(models.iterdir()) if models.is_dir() else []
    now = versions()
    for folder in folders:
        facts = None if folder.name.startswith(_MAKING) else _facts(folder / _FACTS)
        if facts and facts.source == source and facts.versions == now and _whole(folder, facts):
            return folder, facts
    return None


def keep(models: Path, fingerprint: str, build: Callable[[Path], Facts]) -> tuple[Path, Facts]:
    """Make a converted model's folder: `build` writes its files into one aside, and says what is known of it. Raises
    DiskError, and what `build` raises."""
    target = models / fingerprint[:16]
    with disk(models):
        models.mkdir(parents=True, exist_ok=True)
        _clear(models)
        with tempfile.TemporaryDirectory(prefix=_MAKING, dir=models, ignore_cleanup_errors=True) as aside:
            made = Path(aside) / "made"
            made.mkdir()
            facts = build(made)
            files = {path.name: (path.stat().st_size, sha256(path)) for path in sorted(made.iterdir())}
            facts = replace(facts, files=files)
            body = json.dumps(asdict(facts), sort_keys=True)
            sealed = {"format": FORMAT, "sha256": hashlib.sha256(body.encode()).hexdigest(), "facts": body}
            (made / _FACTS).write_text(json.dumps(sealed), encoding="utf-8")
            for path in made.iterdir():
                sync_file(path)
            # one that is there is damaged or out of date; who has it open goes on reading it
            with contextlib.suppress(FileNotFoundError):
                target.rename(Path(aside) / "before")
            made.rename(target)
            sync_folder(models)
    return target, facts


def _clear(models: Path) -> None:
    """Remove what makers left behind that were killed."""
    for left in models.glob(f"{_MAKING}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _facts(path: Path) -> Facts | None:
    """The facts in a file; None where they are not what was written, or of another format."""
    try:
        sealed = json.loads(path.read_bytes())
        body = sealed["facts"]
        if sealed["format"] != FORMAT or hashlib.sha256(body.encode()).hexdigest() != sealed["sha256"]:
            return None
        held = json.loads(body)
        return Facts(
            **{
                **held,
                "source": tuple((str(name), int(size), int(mtime)) for name, size, mtime in held["source"]),
                "inputs": tuple(held["inputs"]),
                "tried": tuple(held["tried"]),
                "admitted": tuple(Measured(**one) for one in held["admitted"]),
                "files": {name: (int(size), str(digest)) for name, (size, digest) in held["files"].items()},
            }
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def _whole(folder: Path, facts: Facts) -> bool:
    """Is each file what was written? One of the size and time at which it was compared before is not read again."""
    try:
        stats = {name: (folder / name).stat() for name in facts.files}
        if any(stats[name].st_size != size for name, (size, _) in facts.files.items()):
            return False
        now = {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}
        if _json(folder / _SEEN) == now:
            return True
        if any(sha256(folder / name) != digest for name, (_, digest) in facts.files.items()):
            return False
    except OSError as error:
        log.info("the converted model in %s cannot be read: %s", folder, error.strerror)
        return False
    with contextlib.suppress(DiskError):  # in an archive that may only be read, they are compared each time
        write_atomically(folder / _SEEN, json.dumps(now).encode())
    return True


def _json(path: Path) -> object:
    try:
        found: object = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found
