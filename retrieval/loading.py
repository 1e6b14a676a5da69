"""How an archive reads its sources: within its bounds, and from the web before the writer's lock is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from retrieval.errors import SourceError, StetError, UsageError
from retrieval.ingest import Load
from retrieval.rows import Source
from retrieval.sources import Document, NotModified, Seen, is_address, load, locator_of

Registered = Callable[[], Sequence[tuple[str, Source]]]
"""Every registered source with its blog's id, as it is now: `Store.sources` is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loading:
    """Sources of at most `size_limit` bytes; `allow_local` admits addresses of this machine and its network."""

    size_limit: int
    allow_local: bool

    def load(self, locator: str, known: Source | None = None) -> Document | NotModified:
        """Read a source; of one that is `known`, a server may say that it is unchanged. Raises SourceError,
        UsageError."""
        seen = Seen(etag=known.etag, last_modified=known.last_modified) if known else None
        return load(locator, self.size_limit, allow_local=self.allow_local, seen=seen)

    def fetched_before(self, given: Sequence[str], known: Mapping[str, Source], registered: Registered) -> Fetched:
        """The given sources, of which those of the web are fetched now, before the lock is held, as a server may
        take its time; those `known` need not be sent again where they are unchanged."""
        before = registered()
        fetched: dict[str, Document | NotModified | StetError] = {}
        for one in given:
            if is_address(one):
                try:
                    fetched[one] = self.load(one, known.get(one))
                except (SourceError, UsageError) as error:
                    fetched[one] = error
        return Fetched(loading=self, fetched=fetched, before=before, registered=registered)

    def fetched_again(
        self, sources: Sequence[tuple[str, Source]], registered: Registered, *, whole: bool = False
    ) -> Fetched:
        """The same of registered sources: what has not changed since need not be sent again, unless it is wanted
        `whole`."""
        known = {} if whole else _unambiguous(source for _, source in sources)
        return self.fetched_before(sorted({source.locator for _, source in sources}), known, registered)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """Sources, those of the web as they were fetched, and what was registered `before` that."""

    loading: Loading
    fetched: Mapping[str, Document | NotModified | StetError]
    before: Sequence[tuple[str, Source]]
    registered: Registered

    def load(self, source: str) -> Document | NotModified:
        """Read one of the sources. Raises SourceError, UsageError: for one that was fetched, when its turn comes."""
        found = self.fetched.get(source) or self.loading.load(source)
        if isinstance(found, StetError):
            raise found
        return found

    def locked(self) -> Load:
        """What loads the sources now that the lock is held. What another writer recorded since the fetching began
        may be newer than what was fetched, so it is fetched again."""
        now = self.registered()
        stale = {one for one in self.fetched if _of_place(one, self.before) != _of_place(one, now)}
        kept = {one: found for one, found in self.fetched.items() if one not in stale}
        return Fetched(loading=self.loading, fetched=kept, before=now, registered=self.registered).load


def _unambiguous(sources: Iterable[Source]) -> dict[str, Source]:
    """Sources by their locator, without those places that several blogs are read from: these may have been read at
    different times, and one that is unchanged for the one need not be so for the other."""
    found: dict[str, list[Source]] = {}
    for one in sources:
        found.setdefault(one.locator, []).append(one)
    return {locator: same[0] for locator, same in found.items() if len(same) == 1}


def _of_place(address: str, registered: Sequence[tuple[str, Source]]) -> list[tuple[str, Source]]:
    here = locator_of(address)
    return [(blog, source) for blog, source in registered if source.locator == here]
