"""Checks quotations against an archive: what may be seen of it, as of which moment, all within one look at it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from retrieval.admission import admitted, visible_now
from retrieval.errors import NothingIndexed
from retrieval.looking import Looking, Sight
from retrieval.quotes import check
from retrieval.store import Store
from retrieval.verdicts import QuoteCheck


class Checking:
    """Checks any number of quotations. `unheld`: how many entries existed at the past moment that is meant while
    their wording of then is not held."""

    def __init__(self, looking: Looking, unheld: int) -> None:
        self._looking = looking
        self.unheld = unheld

    def check(self, quote: str, speaker: str | None = None) -> QuoteCheck:
        """The verdict on a quotation, and on who is said to have said it. Raises UsageError where it holds no word
        or is too long."""
        began = time.perf_counter()
        found = check(quote, self._looking, speaker)
        return replace(found, unheld=self.unheld, elapsed_ms=(time.perf_counter() - began) * 1000)


@contextmanager
def checking(
    store: Store, *, as_of: datetime | None, blog: str | None, visible: frozenset[str] | None, now: datetime
) -> Iterator[Checking]:
    """Look at what may be seen. Raises UsageError where the blog is not among it, NothingIndexed, StoreError."""
    if not store.last_change():
        raise NothingIndexed("the archive is empty", "add a live blog first: stet add FILE")
    blogs = store.blogs()
    meant = admitted(blogs, blog, visible_now(blogs, visible, now))
    valid, unheld = None, 0
    if as_of is not None:
        past = store.past(as_of, store.held_versions(now))
        valid = frozenset(one.version for one in past.valid)
        unheld = sum(meant is None or one.blog in meant for one in past.unheld)
    with store.looking(Sight(now=now, blogs=meant, versions=valid)) as looking:
        yield Checking(looking, unheld)
