"""Source → a version's text, made once, at ingest; after that no code alters it."""

from __future__ import annotations


def from_plain(text: str) -> str:
    """Plain text from a structured source: every line end as one `\\n`, white space at both ends off."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
