"""NumPy's files, read one header at a time: a header is a Python literal, and Python 3.11's parser may raise a
SystemError where two threads parse at once."""

from __future__ import annotations

import threading
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

DAMAGED = (OSError, ValueError, TypeError, OverflowError, MemoryError, EOFError, SyntaxError, TokenError)
"""What NumPy raises for a damaged file: whatever reading its header as Python may raise, too."""
_READING = threading.Lock()


def read(path: Path) -> NDArray[Any]:
    """An array, read into memory. Raises DAMAGED."""
    with _READING, path.open("rb") as file:
        found: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return found


def mapped(path: Path) -> np.memmap[Any, Any]:
    """An array, mapped into memory for reading. Raises DAMAGED."""
    with _READING:
        return np.lib.format.open_memmap(path, mode="r")
