"""schema.org `LiveBlogPosting` as JSON-LD, anywhere in any `<script type="application/ld+json">` of a page.

Publishers write it for search engines, some of them carelessly: one date for all updates, bodies cut short. A page
whose updates all state the same time is refused, for each citation would be false. What a page shows in markup that
another format knows is better evidence and is tried before.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from datetime import datetime

from retrieval.errors import SourceRefused
from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import fields
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused, Row

NAME = "jsonld"

_KIND = "LiveBlogPosting"
_SCRIPT = re.compile(r"<script\b[^<>]{0,1000}?\bapplication/ld\+json\b[^<>]{0,1000}>", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_WRAPPERS = (("<!--", "-->"), ("//<![CDATA[", "//]]>"), ("<![CDATA[", "]]>"))
_LINK = re.compile(r"<(?:link|a)\s[^<>]{1,2000}>", re.IGNORECASE)
_PAGED = re.compile(
    r"\brel\s?=\s?[\"']?(?:next|prev)\b|\bhref\s?=[^?]{1,1000}\?(?:[^\"'\s]{0,200}[&;])?page=", re.IGNORECASE
)
_CUT_FROM = 150
"""Characters: shorter bodies of equal length are chance."""


def detect(document: Document) -> bool:
    """By one `LiveBlogPosting` that holds updates."""
    return any(_updates(posting) for posting in _postings(document))


def marks(document: Document) -> frozenset[Mark]:
    """The raw markup of its updates, and their ids and times."""
    return frozenset(mark for posting in _postings(document) for mark in fields.marks_of(_Blog(posting).entries))


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """All updates as entries, oldest first; `stored` tells nothing here. A page lists all since its oldest, unless it
    is one of several or an update is refused. Raises SourceRefused where the times are false, where the page holds
    several live blogs, or no update is good."""
    posting = _the_one(document)
    _refuse_false_times(document, posting)
    blog = _Blog(posting)
    if not blog.entries:
        raise fields.none_good(document, blog.refused, "its updates need 'datePublished' and 'articleBody'")
    part = blog.refused or any(_PAGED.search(link[0]) for link in _LINK.finditer(document.text))
    return ReadBlog(
        format=NAME,
        id=None,
        title=options.title or fields.title_of(fields.words(fields.characters(posting.get("headline")) or ""), ""),
        url=options.url or blog.url or fields.found_at(document),
        timezone=options.timezone or fields.shared_zone(blog.entries),
        entries=tuple(blog.entries),
        listing=Listing.PART if part else Listing.SINCE_OLDEST,
        language=fields.language(posting.get("inLanguage")),
        refused=tuple(blog.refused),
        warnings=_cut_bodies(blog.entries),
    )


def _the_one(document: Document) -> Row:
    postings = [posting for posting in _postings(document) if _updates(posting)]
    if len(postings) > 1:
        raise SourceRefused(f"{document.called} holds {len(postings)} live blogs", "give the page of one live blog")
    return postings[0]


def _postings(document: Document) -> list[Row]:
    """Every `LiveBlogPosting` of the page, those that repeat another left out."""
    found: dict[str, Row] = {}
    for script in _scripts(document.text):
        for posting in _typed(fields.parsed(script)):
            try:
                found.setdefault(fields.slice_of(posting, sorted(posting)), posting)
            except Refused as reason:
                found.setdefault(str(reason), posting)
    return list(found.values())


def _scripts(text: str) -> Iterator[str]:
    """The JSON texts in which the kind is named: of a page its scripts, else the document itself."""
    if _KIND not in text:
        return
    if re.match(r"\s*(?:\[\s*)?\{\s*\"@", text):
        yield text
        return
    for match in _SCRIPT.finditer(text):
        end = _SCRIPT_END.search(text, match.end())
        if end is None:
            return
        script = text[match.end() : end.start()]
        if _KIND in script:
            yield _unwrapped(script.strip())


def _unwrapped(script: str) -> str:
    for before, after in _WRAPPERS:
        if script.startswith(before) and script.endswith(after):
            return script[len(before) : -len(after)]
    return script


def _typed(value: object) -> Iterator[Row]:
    """The objects of the kind, however deep, in order; none that stands inside another."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += reversed(one)
        elif isinstance(one, dict):
            if any(isinstance(kind, str) and kind.rpartition("/")[2] == _KIND for kind in _listed(one.get("@type"))):
                yield one
            else:
                waiting += reversed(one.values())


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _updates(posting: Row) -> Sequence[object]:
    updates = posting.get("liveBlogUpdate")
    return [] if updates is None else _listed(updates)


def _refuse_false_times(document: Document, posting: Row) -> None:
    """Updates that all share one time, or state none but the page's own, were not published then."""
    stated = [update.get("datePublished") for update in fields.members(list(_updates(posting)))]
    times = {_moment(value) or fields.brief(value) for value in stated}
    of_page = {_moment(posting.get("datePublished")), _moment(posting.get("dateModified"))}
    if len(stated) < 2 or (len(times) > 1 and (len(stated) == 2 or not times <= of_page)):
        return
    raise SourceRefused(
        f"the times in {document.called} are false: its {len(stated)} updates all state {fields.brief(stated[0])}"
        + (" or the page's own time" if len(times) > 1 else ""),
        "add the blog from a source that states each entry's time, such as the publisher's API",
    )


def _moment(value: object) -> datetime | None:
    try:
        return fields.moment(value, "datePublished") if isinstance(value, str) else None
    except Refused:
        return None


class _Blog:
    """The updates of one posting, read."""

    def __init__(self, posting: Row) -> None:
        self._own = {_without_fragment(one) for one in _addresses(posting)}
        self.url = next(filter(None, map(fields.address, _addresses(posting))), None)
        updates = _updates(posting)
        candidates = [_ids(update, self._own) for update in updates]
        counted = Counter(one for ids in candidates for one in dict.fromkeys(ids))
        self._shared = {one for one, count in counted.items() if count == len(updates) > 1}
        self.entries: list[ReadEntry]
        self.refused: list[Refusal]
        self.entries, self.refused = fields.collect(
            ((f"update {number}", update) for number, update in enumerate(updates, start=1)), self._entry
        )

    def _entry(self, value: object) -> ReadEntry:
        update = fields.an_object(value)
        posted_at = fields.iso(update, "datePublished")
        if posted_at is None:
            raise Refused("'datePublished' is missing")
        body = fields.string(update, "articleBody")
        if not body or not body.strip():
            raise Refused(f"'articleBody' is {'missing' if body is None else 'empty'}")
        text = fields.words(body)
        title = fields.title_of(fields.words(fields.string(update, "headline") or ""), text)
        if not text:
            raise fields.wordless(title)
        author = fields.names(update.get("author"))
        name = next((one for one in _ids(update, self._own) if one not in self._shared), None)
        kept = fields.slice_of(update, ("@id", "url", "datePublished", "dateModified", "headline", "articleBody"))
        return ReadEntry(
            id=None if name is None else fields.identifier({"@id": name}, "@id"),
            posted_at=posted_at,
            title=title,
            author=author,
            url=fields.address(update.get("url")) or fields.address(update.get("@id")),
            text=text,
            raw=f'{kept[:-1]}, "author": {json.dumps(author)}}}',
            edited_at=fields.edited(posted_at, fields.iso(update, "dateModified")),
        )


def _addresses(posting: Row) -> list[object]:
    """What names the posting itself, in the order in which it is likely its address."""
    page = posting.get("mainEntityOfPage")
    return [posting.get("url"), posting.get("@id"), page.get("@id") if isinstance(page, dict) else page]


def _without_fragment(value: object) -> str | None:
    return value.partition("#")[0] if isinstance(value, str) else None


def _ids(update: object, own: Container[str | None]) -> list[str]:
    """What may serve as an update's id, the best first: its `@id` and its address; of an address with a fragment
    the fragment; not the page's own address."""
    if not isinstance(update, dict):
        return []
    ids = []
    for value in (update.get("@id"), update.get("url")):
        if isinstance(value, str) and value:
            page, _, fragment = value.partition("#")
            if fragment or page not in own:
                ids.append(fragment or value)
    return ids


def _cut_bodies(entries: Sequence[ReadEntry]) -> tuple[str, ...]:
    """Bodies of one length, longer than any other, were cut there; so were those of nearly one length that end in an
    ellipsis."""
    longest = max(len(one.text) for one in entries)
    if longest < _CUT_FROM:
        return ()
    cut = sum(len(one.text) == longest for one in entries)
    trailing = sum(one.text.endswith(("…", "...")) and len(one.text) >= 0.9 * longest for one in entries)
    if max(cut, trailing) < 2:
        return ()
    return (
        f"the source cuts its texts: {max(cut, trailing)} end at {longest} characters"
        + (" or shortly before" if trailing > cut else "")
        + ", so what followed cannot be found here",
    )
