"""What a snapshot consists of, as a file: read without opening, or even importing, what is behind it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retrieval.errors import DamagedSnapshot, ForeignSnapshot, NoSnapshot, OlderSnapshot

FORMAT = 4
_RENEW = "run `stet reindex`: it makes the index anew; passages that this Stet cuts otherwise are embedded again"
REBUILD = "run `stet reindex --full`: it rebuilds the index from the store and embeds nothing again"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelMark:
    """Which model a snapshot's vectors were made with; the dimensions of a passage's and, `width`, of a token's."""

    name: str
    fingerprint: str
    dimension: int
    width: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentMark:
    """What a segment holds, and what of it is deleted since: versions by key, and how many passages they have.

    `blogs` are its blogs' ids, in the order of their numbers in its tables, with the languages by which their words
    were read; `vectors` is what there is to know of the index of its vectors; `files` are its files by their names in
    it, each `{"bytes", "sha256"}`.
    """

    id: str
    entries: int
    passages: int
    terms: int
    tokens: int
    blogs: dict[str, str]
    vectors: dict[str, Any]
    files: dict[str, dict[str, Any]]
    deleted: tuple[int, ...] = ()
    deleted_passages: int = 0

    @property
    def live(self) -> int:
        """How many of its passages are not deleted."""
        return self.passages - self.deleted_passages


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a snapshot consists of. `change` is the last one of the store's feed that it covers."""

    id: str
    model: ModelMark
    change: int
    built_at: datetime
    segments: tuple[SegmentMark, ...]

    @property
    def passages(self) -> int:
        return sum(segment.live for segment in self.segments)

    @property
    def entries(self) -> int:
        return sum(segment.entries - len(segment.deleted) for segment in self.segments)

    @property
    def bytes(self) -> int:
        return sum(file["bytes"] for segment in self.segments for file in segment.files.values())


def to_json(manifest: Manifest) -> bytes:
    """The manifest's file, with a digest of itself."""
    body = {
        "format": FORMAT,
        "id": manifest.id,
        "model": asdict(manifest.model),
        "change": manifest.change,
        "built_at": manifest.built_at.isoformat(),
        "segments": [asdict(segment) for segment in manifest.segments],
    }
    return json.dumps({**body, "sha256": _digest(body)}, indent=1).encode()


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest in force. Raises NoSnapshot, DamagedSnapshot, ForeignSnapshot, OlderSnapshot."""
    path = folder / "manifest.json"
    try:
        body = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise NoSnapshot(f"there is no index in {folder}", "run `stet reindex`") from None
    except OSError as error:
        raise DamagedSnapshot(
            f"{path} cannot be read: {error.strerror}", "check its permissions and the disk"
        ) from None
    except (ValueError, RecursionError):
        raise DamagedSnapshot(f"{path} is no JSON", REBUILD) from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        found = body.get("format") if isinstance(body, dict) else None
        kind = OlderSnapshot if found in range(1, FORMAT) else ForeignSnapshot
        hint = _RENEW if kind is OlderSnapshot else REBUILD
        raise kind(f"{path} has the format {found!r}, this Stet knows {FORMAT}", hint)
    if body.pop("sha256", None) != _digest(body):
        raise DamagedSnapshot(f"{path} was changed after it was written", REBUILD)
    return Manifest(
        id=body["id"],
        model=ModelMark(**body["model"]),
        change=body["change"],
        built_at=datetime.fromisoformat(body["built_at"]),
        segments=tuple(SegmentMark(**{**one, "deleted": tuple(one["deleted"])}) for one in body["segments"]),
    )
