"""Are `bot`, `config` and `retrieval` our own? Their names are so plain that another project's package could
take their place silently; then nothing may run."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("bot", "config", "retrieval")


def foreign_package() -> str | None:
    """One line that names the first package that is not ours, or None. Ours lie side by side."""
    root = Path(__file__).resolve().parents[1]
    for name in PACKAGES:
        found = _file(name)
        if found is None or found.parent.parent != root:
            return (
                f"the package {name!r} is another project's ({found or 'no file'}); "
                "install Stet into an environment of its own: python3 -m venv .venv && .venv/bin/pip install ."
            )
    return None


def version() -> str:
    """Stet's own, as it is installed."""
    import importlib.metadata  # it takes 20 ms

    try:
        return importlib.metadata.version("stet")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"


def _file(name: str) -> Path | None:
    """Where a package's own file lies. Looked up, not imported: another project's code is none of ours to run."""
    module = sys.modules.get(name)
    try:
        found = module.__file__ if module else getattr(find_spec(name), "origin", None)
    except (ImportError, ValueError):
        return None
    return Path(found).resolve() if found else None
