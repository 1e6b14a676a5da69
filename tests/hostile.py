"""Documents damaged in the ways that parsers break on: bytes changed or cut off, JSON values of the wrong kind."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import StetError
from retrieval.model import ReadBlog, SourceOptions
from retrieval.sources.document import Document

OPTIONS = SourceOptions()
PIECES = ["\ud800", "\0", "\x1f", *"<>&{}[]", '"', "'", "__", "\n", "<!--", "]]>", "🌊", "9" * 30]
VALUES: list[Any] = [
    None, True, False,
    0, -1, 1.5, 10**25, 1e300, "", " ", "x", "\ud800", "a\0b", "1927908600", "2031-02-30T00:00:00Z",
    "2031-02-03T17:00:00", "9999-12-31T23:59:59-01:00", "<p>", "<p></p>", "x" * 300, [], {}, [[]], [{}], ["x"],
    {"item": None}, {"name": 5}, [[[[{}]]]],
]  # fmt: skip


def document(data: bytes | str, name: str = "live") -> Document:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return Document(locator=f"/{name}", name=name, data=raw)


def read(data: bytes | str, name: str = "live", **options: Any) -> ReadBlog:
    return sources.read(document(data, name), SourceOptions(**options))


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The document with a few stretches cut out or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 5, 50, len(data)])))
        piece = draw(st.sampled_from(PIECES) | st.text(max_size=5))
        data = data[:start] + piece.encode("utf-8", "surrogatepass") + data[end:]
    return data


@st.composite
def distorted(draw: st.DrawFn, value: Any) -> str:
    """A JSON document of which a few values, anywhere, are of another kind, gone, or there twice."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        holder, key = draw(st.sampled_from(places))
        action = draw(st.sampled_from(["replace", "replace", "replace", "remove", "repeat"]))
        if action == "replace":
            holder[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        elif action == "remove":
            del holder[key]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        if not value:
            break
    return json.dumps(value)


def _places(value: Any) -> Any:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one))
        for key in keys:
            yield one, key
            if isinstance(one[key], dict | list):
                waiting.append(one[key])


def read_or_refused(data: bytes | str, **options: Any) -> ReadBlog | None:
    """What is read, and that it holds what every blog must; None where an error of ours says why not."""
    blog = None
    given = document(data)
    with contextlib.suppress(StetError):
        sources.marks(given)
        blog = sources.read(given, SourceOptions(**options))
        assert blog.entries or blog.deleted
        assert list(blog.entries) == sorted(blog.entries, key=lambda one: one.posted_at)
        ids = [one.id for one in blog.entries if one.id is not None]
        assert len(ids) == len(set(ids))
        assert set(ids).isdisjoint(blog.deleted)
        for one in blog.entries:
            assert one.text == one.text.strip() != ""
            assert one.id is None or 1 <= len(one.id) <= 200
            assert one.edited_at is None or one.edited_at > one.posted_at
            (one.text + one.raw + (one.title or "") + (one.author or "") + (one.url or "")).encode()
        "".join([blog.title or "", blog.url or "", blog.id or "", *blog.notes, *blog.warnings]).encode()
        "".join(one.entry + one.reason for one in blog.refused).encode()
        assert sources.read(document(data), SourceOptions(**options)) == blog
    return blog
