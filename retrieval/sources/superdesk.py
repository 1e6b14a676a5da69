"""An answer of Superdesk Live Blog's API: `posts._items[]` or `_items[]`, several items a post.

A post's time is `published_date`; `content_updated_date` moves on real changes only, unlike `_updated`, which
pinning moves too. Posts that are deleted, or whose `post_status` is not `open`, are not published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import fields
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused, Row
from retrieval.text import from_html

NAME = "superdesk"

_KEPT = ("_id", "published_date", "content_updated_date", "headline", "byline")
_LEFT_OUT = ("advertisement", "scorecard")
"""How the names of the free types begin whose items are no words of the newsroom's."""


def detect(document: Document) -> bool:
    """By a list of items one of which has an id and Superdesk's own keys."""
    if '"_items"' not in document.text:
        return False
    return any(
        "_id" in post and not {"post_status", "published_date", "groups"}.isdisjoint(post)
        for post in fields.members(_posts(fields.outline(document)).get("_items"))
    )


def marks(document: Document) -> frozenset[Mark]:
    """The raw markup of its published posts, and their ids and times."""
    return fields.marks_of(_Answer(document).entries)


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every published post, oldest first; `stored` tells nothing here. An answer lists the whole blog where it says
    that it holds as many posts as there are. Raises SourceRefused where no post is good."""
    answer = _Answer(document)
    if not answer.entries and not answer.deleted:
        raise fields.none_good(document, answer.refused, "give an answer that holds published posts")
    whole = answer.holds_all and not answer.refused
    return ReadBlog(
        format=NAME,
        id=fields.only(fields.characters(post.get("blog"), 200) for post in answer.posts),
        title=options.title,
        url=options.url,
        timezone=options.timezone or fields.shared_zone(answer.entries),
        entries=tuple(answer.entries),
        listing=Listing.WHOLE if whole else Listing.PART,
        deleted=tuple(answer.deleted),
        language=fields.only(fields.language(post.get("language")) for post in answer.posts),
        refused=tuple(answer.refused),
        notes=answer.notes,
    )


class _Answer:
    """The posts of one answer, read."""

    def __init__(self, document: Document) -> None:
        self.left_out = 0
        self._deleted: dict[str, None] = {}
        posts = _posts(fields.outline(document))
        rows = posts.get("_items")
        rows = rows if isinstance(rows, list) else []
        self.posts: Sequence[Row] = [post for post in rows if isinstance(post, dict)]
        meta = posts.get("_meta")
        self.holds_all = isinstance(meta, dict) and fields.brief(meta.get("total")) == str(len(rows))
        self.entries: list[ReadEntry]
        self.refused: list[Refusal]
        self.entries, self.refused = fields.collect(_named(rows), self._entry)

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.left_out:
            return ()
        counted = fields.counted(self.left_out, "post", "posts")
        return (f"left out: {counted} of advertising or scorecards only",)

    @property
    def deleted(self) -> list[str]:
        ids = {entry.id for entry in self.entries}
        return [one for one in self._deleted if one not in ids]

    def _entry(self, row: object) -> ReadEntry | None:
        post = fields.an_object(row)
        name = fields.identifier(post, "_id")
        if name is None:
            raise Refused("'_id' is missing")
        if not _is_published(post):
            self._deleted[name] = None
            return None
        items = list(_items(post))
        kept = [item for item in items if not _is_left_out(item)]
        if items and not kept:
            self.left_out += 1
            return None
        posted_at = fields.iso(post, "published_date")
        if posted_at is None:
            raise Refused("'published_date' is missing")
        text = "\n".join(filter(None, (from_html(fields.string(item, "text") or "") for item in kept)))
        title = fields.title_of(fields.words(fields.string(post, "headline") or ""), text)
        if not text and not any(fields.string(item, "text") for item in kept):
            raise Refused("it has no text")
        if not text:
            raise fields.wordless(title)
        return ReadEntry(
            id=name,
            posted_at=posted_at,
            title=title,
            author=_author(post),
            url=None,
            text=text,
            raw=_raw(post, kept),
            edited_at=fields.edited(posted_at, fields.iso(post, "content_updated_date")),
        )


def _posts(outer: Row) -> Row:
    """The object that holds the items."""
    posts = outer.get("posts")
    return posts if isinstance(posts, dict) else outer


def _named(rows: Sequence[object]) -> Iterator[tuple[str, object]]:
    for number, row in enumerate(rows, start=1):
        name = _text(row, "_id") if isinstance(row, dict) else None
        yield (f"{name[:200]!r}" if name else f"item {number}"), row


def _text(row: Mapping[str, object], key: str) -> str | None:
    value = row.get(key)
    return value if isinstance(value, str) else None


def _is_published(post: Row) -> bool:
    deleted = post.get("deleted")
    if deleted is not None and not isinstance(deleted, bool):
        raise Refused(f"'deleted' is {fields.brief(deleted)}, not true or false")
    return not deleted and fields.string(post, "post_status") in (None, "open")


def _items(post: Row) -> Iterator[Row]:
    """The items of a post's groups, in order; the root group only refers to the others."""
    groups = post.get("groups")
    if not isinstance(groups, list):
        raise Refused(f"'groups' is {fields.brief(groups)}, not a list")
    for group in fields.members(groups):
        for ref in fields.members(group.get("refs")):
            item = ref.get("item")
            if isinstance(item, dict):
                yield item


def _is_left_out(item: Row) -> bool:
    kind = _text(item, "item_type") or ""
    return item.get("group_type") == "freetype" and kind.lower().startswith(_LEFT_OUT)


def _author(post: Row) -> str | None:
    """The post's byline; else who published it, where that is who wrote it."""
    byline = fields.names(post.get("byline"))
    publisher = post.get("publisher")
    if byline or not isinstance(publisher, dict) or _text(publisher, "_id") != _text(post, "original_creator"):
        return byline
    return fields.names(publisher.get("display_name"))


def _raw(post: Row, items: Sequence[Row]) -> str:
    slices = ", ".join(fields.slice_of(item, ("item_type", "text")) for item in items)
    return f'{fields.slice_of(post, _KEPT)[:-1]}, "items": [{slices}], "author": {json.dumps(_author(post))}}}'
