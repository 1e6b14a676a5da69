"""Questions from the command line, one or many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import objects
from retrieval.archive import Archive
from retrieval.errors import StetError, UsageError


def ready(archive: Archive, progress: Callable[[int, int], None]) -> None:
    """See that there is an index to ask. Raises NothingIndexed."""
    archive.ensure_indexed(datetime.now(UTC), progress)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """The moments of `--since`, `--until` and `--as-of`."""

    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None


def bounds(archive: Archive, since: str | None, until: str | None, as_of: str | None, blog: str | None) -> Bounds:
    """The options as moments, in the zone of the blog where they have no offset. Raises UsageError."""
    archive.check_blog(blog)
    first = None if since is None else archive.moment(since, blog, "--since")
    last = None if until is None else archive.moment(until, blog, "--until")
    then = None if as_of is None else archive.moment(as_of, blog, "--as-of")
    if first is not None and last is not None and first >= last:
        raise UsageError(
            f"--since {since} is not before --until {until}", "give an earlier --since or a later --until"
        )
    return Bounds(since=first, until=last, as_of=then)


def each(
    archive: Archive, questions: Iterable[str], within: Bounds, blog: str | None, limit: int | None
) -> Iterator[objects.Object]:
    """One object a question, in order; for one that cannot be asked, an object with its error."""
    for question in questions:
        try:
            given = archive.ask(
                question, since=within.since, until=within.until, as_of=within.as_of, blog=blog, limit=limit
            )
        except UsageError as error:
            yield _failed(question, error)
        else:
            yield objects.answer(given)


def _failed(question: str, error: StetError) -> objects.Object:
    return {"question": question, "error": str(error)}
