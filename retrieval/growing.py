"""Rows that come one after the other: into a `.npy` file, however many there will be, or into memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Rows(Protocol):
    """What takes rows of one type and shape, in order."""

    def extend(self, rows: NDArray[Any]) -> None:
        """Add rows, shape (rows, …)."""


class Held:
    """Rows in memory."""

    def __init__(self, kind: np.dtype[Any], shape: tuple[int, ...] = ()) -> None:
        self._parts: list[NDArray[Any]] = [np.empty((0, *shape), kind)]

    def extend(self, rows: NDArray[Any]) -> None:
        self._parts.append(rows)

    def array(self) -> NDArray[Any]:
        """All rows."""
        return np.concatenate(self._parts)


class Written:
    """Rows in a new `.npy` file. Its header, which tells their number, is written last: numpy leaves room in it for
    the number to grow. Raises OSError."""

    def __init__(self, path: Path, kind: np.dtype[Any], shape: tuple[int, ...] = ()) -> None:
        self.count = 0
        self._kind = kind
        self._shape = shape
        self._file = path.open("xb")
        self._head()

    def extend(self, rows: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(rows, self._kind).data)
        self.count += len(rows)

    def close(self) -> None:
        """Complete the file."""
        with self._file:
            self._file.seek(0)
            self._head()

    def _head(self) -> None:
        described = np.lib.format.dtype_to_descr(self._kind)
        header = {"descr": described, "fortran_order": False, "shape": (self.count, *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, header)
