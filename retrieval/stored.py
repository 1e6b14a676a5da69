"""Rows of numbers in a `.npy` file, of shape (n, width): mapped whole, or read from the disk when they are wanted."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval import arrays
from retrieval.errors import DamagedSnapshot
from retrieval.manifest import REBUILD

Ids = NDArray[np.int64]


def mapped(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """All rows, mapped into memory, not read. Raises DamagedSnapshot."""
    try:
        found = arrays.mapped(path)
    except arrays.DAMAGED as error:
        raise DamagedSnapshot(f"{path} cannot be read: {error}", REBUILD) from error
    if found.dtype != kind or found.shape != shape or not found.flags.c_contiguous:
        raise DamagedSnapshot(f"{path} is not what the manifest says", REBUILD)
    return found


class Runs(Protocol):
    """Rows of shape (n, width), wherever they are."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many rows there are, and how wide they are."""

    def runs(self, starts: Ids, counts: Ids) -> NDArray[Any]:
        """Several ranges of rows, one after the other. Raises DamagedSnapshot."""


class InMemory:
    """Rows that are in memory."""

    def __init__(self, rows: NDArray[Any]) -> None:
        self.shape = rows.shape
        self._rows = rows

    def runs(self, starts: Ids, counts: Ids) -> NDArray[Any]:
        return gathered(self._rows, starts, counts)


def gathered(rows: NDArray[Any], starts: Ids, counts: Ids) -> NDArray[Any]:
    """Several ranges of rows, one after the other."""
    each = [rows[start : start + count] for start, count in zip(starts.tolist(), counts.tolist(), strict=True)]
    return np.concatenate(each) if each else rows[:0]


class Stored:
    """Rows that are read when they are asked for, so that they never count as this process's memory: 800 rows of a
    million vectors took 1.3 to 2.2 ms, and 2.1 ms where they were mapped and let go again. A file cut while it is
    open is told of, where a mapping would end the process."""

    def __init__(self, path: Path, kind: np.dtype[Any], shape: tuple[int, int]) -> None:
        """Open the file. Raises DamagedSnapshot."""
        self.shape = shape
        self._path = path
        self._kind = kind
        self._row = kind.itemsize * shape[1]
        self._start = int(mapped(path, kind, shape).offset)
        try:
            self._file = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise self._unreadable(error.strerror or "") from error
        weakref.finalize(self, os.close, self._file)
        if hasattr(os, "posix_fadvise"):  # the rows asked for are far apart: reading ahead would read in vain
            os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_RANDOM)

    def between(self, start: int, stop: int) -> NDArray[Any]:
        """The rows from `start` to before `stop`, shape (stop - start, width). Raises DamagedSnapshot."""
        return self.runs(np.array([start]), np.array([stop - start]))

    def at(self, ids: Ids) -> NDArray[Any]:
        """The rows of ascending ids, shape (len(ids), width). Raises DamagedSnapshot."""
        firsts = np.flatnonzero(np.diff(ids, prepend=-2) != 1)
        return self.runs(ids[firsts], np.diff(firsts, append=ids.size))

    def runs(self, starts: Ids, counts: Ids) -> NDArray[Any]:
        """Several ranges of rows, one after the other, shape (sum of counts, width). Raises DamagedSnapshot."""
        ends = np.cumsum(counts)
        found = np.empty((int(ends[-1]) if ends.size else 0, self.shape[1]), self._kind)
        if not found.size:
            return found
        into, done = found.data.cast("B"), 0
        places = (self._start + self._row * starts).tolist()
        try:
            for place, end in zip(places, (self._row * ends).tolist(), strict=True):
                while done < end:  # once, as a rule: a call reads all that is there
                    read = os.preadv(self._file, (into[done:end],), place)
                    if not read:
                        raise self._unreadable("it is cut short")
                    done, place = done + read, place + read
        except OSError as error:
            raise self._unreadable(error.strerror or "") from error
        return found

    def _unreadable(self, why: str) -> DamagedSnapshot:
        return DamagedSnapshot(f"{self._path} cannot be read: {why}", REBUILD)
