"""Settings → what runs. The one place that reads settings; everything below is handed what it needs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import config.settings
from bot.policy import Policy
from retrieval.confidence import Prefer
from retrieval.errors import UsageError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.doctor import Patient
    from bot.ledger import Ledger
    from retrieval.archive import Archive
    from retrieval.encoding import Embedder
    from retrieval.reranking import Reranking
    from retrieval.spreading import Processes
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


def serving(read: config.settings.Settings) -> config.settings.Settings:
    """The settings of a bot, which starts no processes: the cores are for those who ask."""
    return read.model_copy(update={"processes": 1})


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


def archive(read: config.settings.Settings, question: str | None = None) -> Archive:
    """The archive that the settings name; of a `question` that it is to be asked, the model begins to read while the
    rest is imported. Raises StoreError, DiskError."""
    ahead = None if question is None else _ahead(read, question)

    def load() -> Embedder:
        from threadpoolctl import threadpool_limits

        found = (ahead and ahead.result()) or load_named(read.model)
        # NumPy is there now. Its products are small: a second thread is waited for longer than it helps
        threadpool_limits(limits=1, user_api="blas")
        return found

    def load_named(name: str) -> Embedder:
        from retrieval import encoders

        return encoders.load(name, read.home / "model.json", read.device, read.encoder, read.precision)

    def load_reranking(name: str) -> Reranking:
        from retrieval.reranking import CrossEncoderReranker, Reranking

        return Reranking(reranker=CrossEncoderReranker.load(name, read.device), share=read.reranker_share)

    def spread(embedder: Embedder, texts: int) -> Processes | None:
        from retrieval.spreading import Spreading

        return Spreading(
            home=read.home,
            verified=read.home / "model.json",
            device=read.device,
            encoder=read.encoder,
            precision=read.precision,
            count=read.processes,
        ).started(embedder, texts)

    def withdraw(store: Store) -> bool:
        from bot.ledger import withdrawn_beside

        return withdrawn_beside(read.home, store.gone)

    from retrieval.archive import Archive

    return Archive.open(
        read.home,
        read.model,
        load,
        read.source_size_limit,
        read.allow_local_addresses,
        withdraw=withdraw,
        prefer=Prefer(read.prefer),
        load_reranking=partial(load_reranking, read.reranker) if read.reranker else None,
        load_named=load_named,
        spread=spread,
    )


def _ahead(read: config.settings.Settings, question: str) -> Future[Embedder | None]:
    """The model with a question encoded, or None where it is not at hand: read in a thread of its own, since most of
    that is done by libraries in C, beside which Python can import the rest."""

    def encoded() -> Embedder | None:
        from retrieval import encoders

        found = encoders.at_hand(read.model, read.home / "model.json", read.device, read.encoder, read.precision)
        if found is not None:
            found.encode_question(question)  # it is remembered, unless it turns out to be asked in other words
        return found

    thread = ThreadPoolExecutor(1)
    begun = thread.submit(encoded)
    thread.shutdown(wait=False)
    return begun
