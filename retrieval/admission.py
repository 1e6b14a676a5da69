"""Who may see which blogs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from retrieval.errors import UsageError
from retrieval.model import Blog

Blogs = frozenset[str] | None
"""Blogs by id; None: all."""


def visible_now(blogs: Mapping[str, Blog], visible: Blogs, now: datetime) -> Blogs:
    """Of all `blogs` those that may be seen: never one under embargo."""
    under = {id_ for id_, one in blogs.items() if one.embargo_until is not None and one.embargo_until > now}
    if not under:
        return visible
    return (frozenset(blogs) if visible is None else visible) - under


def admitted(blogs: Mapping[str, Blog], blog: str | None, visible: Blogs) -> Blogs:
    """The blogs that a question is about. Raises UsageError where it names one that may not be seen."""
    if blog is None:
        return visible
    if blog not in (blogs if visible is None else visible):
        raise UsageError(f"there is no blog {blog!r}", "see `stet status` for the blogs and their ids")
    return frozenset({blog})
