"""Readings and encodings between processes: frames over pipes, each its length in bytes and then as many bytes.

Words are JSON, arrays little-endian numbers; nothing that is read is ever run.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.encoding import Encoded, Reading

LONGEST = 256 * 2**20
"""Bytes that a frame may have. An answer of the bundled model has a few millions."""
_LENGTH = struct.Struct("<I")

Json = dict[str, Any]


class BrokenFrame(ValueError):
    """What was read is no frame of ours, or too long to be one; or what is to be written is."""


def write(out: IO[bytes], frame: bytes) -> None:
    """Write a frame; `out` has still to be flushed. Raises BrokenFrame, OSError."""
    if len(frame) > LONGEST:
        raise BrokenFrame(f"a frame of {len(frame)} bytes, and {LONGEST} are the most")
    out.write(_LENGTH.pack(len(frame)))
    out.write(frame)


def read(given: IO[bytes]) -> bytes:
    """Read a frame. Raises EOFError where there is no more, or not all of it; BrokenFrame, OSError."""
    (length,) = _LENGTH.unpack(_exactly(given, _LENGTH.size))
    if length > LONGEST:
        raise BrokenFrame(f"a frame of {length} bytes, and {LONGEST} are the most")
    return _exactly(given, length)


def _exactly(given: IO[bytes], count: int) -> bytes:
    found = given.read(count)
    if len(found) < count:
        raise EOFError(f"{count} bytes should come, and {len(found)} came")
    return found


def write_words(out: IO[bytes], words: Json) -> None:
    """Write an object of JSON, and all that was written before it, at once. Raises BrokenFrame, OSError."""
    write(out, json.dumps(words).encode("ascii"))
    out.flush()


def read_words(given: IO[bytes]) -> Json:
    """Read an object of JSON. Raises EOFError, BrokenFrame, OSError."""
    return words_of(read(given))


def words_of(frame: bytes) -> Json:
    """A frame as an object of JSON. Raises BrokenFrame."""
    try:
        found = json.loads(frame)
    except ValueError as error:  # UnicodeDecodeError is one
        raise BrokenFrame(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise BrokenFrame("JSON, but no object")
    return found


def write_readings(out: IO[bytes], readings: Sequence[Reading]) -> None:
    """Raises BrokenFrame, OSError."""
    write_words(out, {"readings": [[one.title, one.text, one.passages] for one in readings]})


def readings_of(words: Json) -> list[Reading]:
    """What `write_readings` wrote. Raises BrokenFrame."""
    try:
        return [
            Reading(
                title=str(title), text=str(text), passages=tuple((int(start), int(end)) for start, end in passages)
            )
            for title, text, passages in words["readings"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenFrame(f"no readings: {error!r}") from None


def write_encoded(out: IO[bytes], encoded: Sequence[Encoded]) -> None:
    """What is said of them first, then all vectors, all tokens, all owners. Raises BrokenFrame, OSError."""
    counts = {"passages": [len(one.vectors) for one in encoded], "tokens": [len(one.tokens) for one in encoded]}
    write(out, json.dumps(counts).encode("ascii"))
    write(out, b"".join(one.vectors.astype("<f4").tobytes() for one in encoded))
    write(out, b"".join(one.tokens.astype("<f4").tobytes() for one in encoded))
    write(out, b"".join(one.owners.astype("<i4").tobytes() for one in encoded))
    out.flush()


def read_encoded(given: IO[bytes], words: Json, dimension: int, width: int) -> list[Encoded]:
    """What `write_encoded` wrote, whose first frame is `words`. Raises EOFError, BrokenFrame, OSError."""
    try:
        passages, tokens = ([int(one) for one in words[name]] for name in ("passages", "tokens"))
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenFrame(f"no encodings: {error!r}") from None
    vectors = _parts(read(given), "<f4", dimension, passages)
    rows = _parts(read(given), "<f4", width, tokens)
    owners = _parts(read(given), "<i4", 1, tokens)
    return [
        Encoded(vectors=some, tokens=narrow, owners=of.reshape(-1).astype(np.int64))
        for some, narrow, of in zip(vectors, rows, owners, strict=True)
    ]


def _parts(frame: bytes, kind: str, width: int, counts: Sequence[int]) -> list[NDArray[Any]]:
    """The rows of an array, so many for each. Raises BrokenFrame."""
    size = width * np.dtype(kind).itemsize
    if min(counts, default=0) < 0 or len(frame) != sum(counts) * size:
        raise BrokenFrame(f"{len(frame)} bytes, and {sum(counts)} rows of {size} bytes were announced")
    rows = np.frombuffer(frame, kind).reshape(-1, width)
    return np.split(rows, np.cumsum(counts)[:-1]) if counts else []
