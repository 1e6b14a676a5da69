"""The libraries that run neural models: what they raise becomes an error of ours, and loading they keep quiet."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator

from retrieval.errors import ModelError

# torch raises AssertionError for a device that it was not built for, and says which in words alone
_OF_THE_DEVICE = (RuntimeError, AssertionError, MemoryError)
_DEVICE_WORDS = ("cuda", "mps", "xpu", "device", "memory")


@contextlib.contextmanager
def mapped(what: str, hint: str) -> Iterator[None]:
    """Turn what a model's libraries raise into a ModelError. `what` says what failed, as in "the model 'x' cannot be
    loaded"; `hint` what to do, unless it is the device that fails."""
    try:
        yield
    except _failures() as error:
        said = str(error).strip().split("\n")[0] or type(error).__name__
        if isinstance(error, _OF_THE_DEVICE) and any(word in said.lower() for word in _DEVICE_WORDS):
            hint = "free some memory, or set STET_DEVICE to a device that this computer has: cpu, cuda or mps"
        raise ModelError(f"{what}: {said}", hint) from error


def _failures() -> tuple[type[Exception], ...]:
    """What torch, transformers and their like raise for a model that is missing, damaged, or too large."""
    from safetensors import SafetensorError  # neither an OSError nor a ValueError

    plain = (OSError, ValueError, ImportError, LookupError, TypeError, AttributeError)
    return (*_OF_THE_DEVICE, *plain, SafetensorError)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' own progress bars and advice off the terminal while they load."""
    before = {name: os.environ.get(name) for name in ("TOKENIZERS_PARALLELISM", "HF_HUB_DISABLE_PROGRESS_BARS")}
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    loggers = [logging.getLogger(name) for name in ("transformers", "sentence_transformers", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        import transformers

        transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
