"""Settings → what runs. The one place that reads settings; everything below is handed what it needs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import config.settings
from retrieval.archive import Archive
from retrieval.confidence import Prefer
from retrieval.errors import UsageError

if TYPE_CHECKING:
    from retrieval.embedding import Embedder
    from retrieval.reranking import Reranking
    from retrieval.store import Store


_WATCH_EVERY = 30.0


class SettingsError(UsageError):
    """A setting is not usable."""


def settings(home: Path | None = None) -> config.settings.Settings:
    """What the environment says; `--home` goes before it. Raises SettingsError."""
    try:
        read = config.settings.load()
    except config.settings.WrongSettings as error:
        raise SettingsError(str(error), "set it right in the environment, or unset it") from None
    named = read.home if home is None else home
    try:
        return read.model_copy(update={"home": named.expanduser()})
    except RuntimeError:
        raise SettingsError(f"the folder {named} names no user's home", "write the path in full") from None


def watched(read: config.settings.Settings) -> config.settings.Settings:
    """The settings with running blogs followed: as often as they say, by default every 30 seconds."""
    return read.model_copy(update={"watch_every": read.watch_every or _WATCH_EVERY})


def archive(read: config.settings.Settings) -> Archive:
    """The archive that the settings name. Raises StoreError, DiskError."""

    def load() -> Embedder:
        from retrieval.embedding import SentenceTransformerEmbedder

        return SentenceTransformerEmbedder.load(read.model, read.home / "model.json", read.device)

    def load_reranking(name: str) -> Reranking:
        from retrieval.reranking import CrossEncoderReranker, Reranking

        return Reranking(reranker=CrossEncoderReranker.load(name, read.device), share=read.reranker_share)

    def withdraw(store: Store) -> bool:
        from bot.ledger import withdrawn_beside

        return withdrawn_beside(read.home, store.gone)

    return Archive.open(
        read.home,
        read.model,
        load,
        read.source_size_limit,
        read.allow_local_addresses,
        withdraw=withdraw,
        prefer=Prefer(read.prefer),
        load_reranking=partial(load_reranking, read.reranker) if read.reranker else None,
    )
