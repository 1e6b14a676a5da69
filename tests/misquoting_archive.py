"""An archive of all the shared live blogs, some entries edited and some deleted since; and all that it published."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from retrieval import ingest
from retrieval.loading import Loading
from retrieval.model import ReadBlog, ReadEntry, SourceOptions, Version
from retrieval.sentences import sentences
from retrieval.store import Store
from tests.data_folder import DATA
from tests.misquoting_cases import SHORTEST, Base, Chance
from tests.misquoting_words import CHANGES
from tests.published import Published, Text, vocabulary

STRANGERS = DATA / "squad" / "squad2-dev.json.gz"
"""Paragraphs that are no part of the archive."""
NOW = datetime(2031, 2, 3, 17, tzinfo=UTC)
_SIZE_LIMIT = 100_000_000
_EDITED, _DELETED = 0.15, 0.05
"""The shares of the entries that are edited and deleted after they were published."""
_EDITS = ("digit", "negation-in", "negation-out", "substitution", "deletion", "addition")
_DROPPED = 0.2
"""The share of edits that take a whole sentence out."""
_LONGEST = 40
_EVERY = 6
"""Of so many paragraphs that are no part of the archive, one is quoted from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """The archive, what it published, and sentences that it did not publish."""

    store: Store
    published: Published
    strangers: tuple[str, ...]


def told(folder: Path, seed: int) -> Told:
    """Fill an archive with all that `stet add` reads of the shared data, without any model, and revise it."""
    store = Store.open(folder / "archive.db")
    load = Loading(size_limit=_SIZE_LIMIT, allow_local=False).load
    ingest.take_all(store, [str(DATA)], SourceOptions(), load, NOW)
    _revise(store, random.Random(seed))
    return Told(store=store, published=Published(_texts(store)), strangers=tuple(_strangers()))


def _revise(store: Store, chance: random.Random) -> None:
    """Edit and delete entries of all blogs whose source gives them ids: the others' are matched by their texts."""
    standing: dict[str, list[Version]] = defaultdict(list)
    words: list[Text] = []
    for version in store.live_versions():
        standing[version.entry.blog.id].append(version)
        words.append(_text(version))
    drawn = Chance(chance, vocabulary(words))
    for blog, source in store.sources():
        if not all(one.own_id for one in store.known(blog)):
            continue
        edited: list[ReadEntry] = []
        deleted: list[str] = []
        for version in standing[blog]:
            fate = chance.random()
            if fate < _DELETED:
                deleted.append(version.entry.id)
            elif fate < _DELETED + _EDITED and (text := _edited(_text(version), drawn)):
                edited.append(_read(version, text))
        read = ReadBlog(
            format=source.format,
            id=blog,
            title=None,
            url=None,
            timezone=None,
            entries=tuple(edited),
            deleted=tuple(deleted),
        )
        store.record(
            blog_id=blog,
            default_title=blog,
            source=replace(source, options=replace(source.options, blog=blog)),
            read=read,
            now=NOW + timedelta(hours=1),
            accept_deletions=True,
        )


def _edited(text: Text, drawn: Chance) -> str | None:
    """A text with one word changed, or one sentence taken out; None where that leaves it as it is."""
    fitting = [one for one in text.sentences if SHORTEST <= len(text.words_in(one)) <= _LONGEST]
    if not fitting:
        return None
    start, end = drawn.random.choice(fitting)
    if len(text.sentences) > 1 and drawn.random.random() < _DROPPED:
        return (text.text[:start].rstrip() + " " + text.text[end:].lstrip()).strip()
    base = Base(text, start, end)
    for kind in drawn.random.sample(_EDITS, len(_EDITS)):
        for at in drawn.random.sample(range(1, len(base.words) - 1), len(base.words) - 2):
            made = CHANGES[kind](base, at, drawn)
            if made is not None:
                first, last, words, _ = made
                return text.text[: start + first] + words + text.text[start + last :]
    return None


def _read(version: Version, text: str) -> ReadEntry:
    entry = version.entry
    return ReadEntry(
        id=entry.id,
        posted_at=entry.posted_at,
        title=version.title,
        author=version.author,
        url=entry.url,
        text=text,
        raw=text,
    )


def _texts(store: Store) -> Iterator[Text]:
    """Every wording and title, with whether it stands still."""
    for version in store.all_wordings():
        yield _text(version)
        if version.title:
            yield replace(_text(version), text=version.title, is_title=True)


def _text(version: Version) -> Text:
    return Text(
        entry=version.entry.whole_id,
        text=version.text,
        language=version.entry.blog.language,
        current=version.current,
    )


def _strangers() -> Iterator[str]:
    with gzip.open(STRANGERS, "rt") as file:
        articles = json.load(file)["data"]
    for paragraph in (one["context"] for article in articles for one in article["paragraphs"][::_EVERY]):
        for start, end in sentences(paragraph):
            if SHORTEST <= len(paragraph[start:end].split()) <= _LONGEST:
                yield paragraph[start:end]
