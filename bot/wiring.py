"""Settings → what runs. The one place that reads settings; everything below is handed what it needs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import config.settings
from bot.policy import Policy
from retrieval.archive import Archive
from retrieval.confidence import Prefer
from retrieval.errors import UsageError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.doctor import Patient
    from bot.ledger import Ledger
    from retrieval.encoding import Embedder
    from retrieval.reranking import Reranking
    from retrieval.store import Store


_T = TypeVar("_T")
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


def policy(read: config.settings.Settings) -> Policy:
    """What the settings say of Slack."""
    days = read.keep_questions
    return Policy(
        admins=frozenset(filter(None, read.admins.split(","))),
        guests=read.guests,
        external=read.external,
        keep_questions=None if days is None else timedelta(days=days),
        keep_users=timedelta(days=read.keep_users),
    )


def public(read: config.settings.Settings) -> dict[str, Any]:
    """The settings that are no secret, by variable."""
    held = read.model_dump(mode="json", exclude={name for name in type(read).model_fields if _is_secret(name)})
    return {config.settings.variable(name): value for name, value in held.items()}


def _is_secret(name: str) -> bool:
    return any(word in name for word in ("token", "secret"))


def patient(read: config.settings.Settings) -> Patient:
    """What `stet doctor` looks at."""
    from bot.doctor import Patient

    def load(verified: Path) -> Embedder:
        from retrieval import encoders

        # where nothing may be kept, nothing is converted
        encoder = read.encoder if verified.parent == read.home else "torch"
        return encoders.load(read.model, verified, read.device, encoder, read.precision)

    def plain(secret: SecretStr | None) -> str | None:
        return None if secret is None else secret.get_secret_value()

    return Patient(
        home=read.home,
        model=read.model,
        load=load,
        bot_token=plain(read.slack_bot_token),
        app_token=plain(read.slack_app_token),
        api_url=read.slack_api_url,
        stuck=lambda: _in_ledger(read.home, lambda ledger: len(ledger.messages.stuck()), 0),
        threads=lambda: _in_ledger(read.home, _follows_threads, False),
    )


def _follows_threads(ledger: Ledger) -> bool:
    return any(one.threads for one in ledger.channels.every())


def _in_ledger(home: Path, look: Callable[[Ledger], _T], otherwise: _T) -> _T:
    """What the ledger of an archive says; nothing is made where there is none. Raises StoreError, DiskError."""
    from bot.ledger import LEDGER_FILE, Ledger

    if not (home / LEDGER_FILE).exists():
        return otherwise
    with contextlib.closing(Ledger.open(home / LEDGER_FILE)) as ledger:
        return look(ledger)


def archive(read: config.settings.Settings) -> Archive:
    """The archive that the settings name. Raises StoreError, DiskError."""

    def load_named(name: str) -> Embedder:
        from retrieval import encoders

        return encoders.load(name, read.home / "model.json", read.device, read.encoder, read.precision)

    def load_reranking(name: str) -> Reranking:
        from retrieval.reranking import CrossEncoderReranker, Reranking

        return Reranking(reranker=CrossEncoderReranker.load(name, read.device), share=read.reranker_share)

    def withdraw(store: Store) -> bool:
        from bot.ledger import withdrawn_beside

        return withdrawn_beside(read.home, store.gone)

    return Archive.open(
        read.home,
        read.model,
        partial(load_named, read.model),
        read.source_size_limit,
        read.allow_local_addresses,
        withdraw=withdraw,
        prefer=Prefer(read.prefer),
        load_reranking=partial(load_reranking, read.reranker) if read.reranker else None,
        load_named=load_named,
    )
