"""The command line's JSON as the contract has it, field for field, and the proof of what an answer shows."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from tests.command import Command, Json

TIME = "an ISO 8601 time with its offset"
OPTIONAL_TIME = "such a time or null"
OPTIONAL = (str, type(None))
SPAN = {"text": str, "start": int, "end": int}
CITATION = {
    "blog": str,
    "blog_title": str,
    "entry": str,
    "title": OPTIONAL,
    "time": TIME,
    "label": str,
    "url": OPTIONAL,
    "author": OPTIONAL,
    "version": int,
    "edited": OPTIONAL_TIME,
    "current": bool,
    "sha256": str,
}
SHOWN = {**SPAN, "highlights": list, "lead": object, "score": float, "also": list, "citation": CITATION}
ANSWER = {
    "question": str,
    "outcome": str,
    "confidence": float,
    "interpreted": {
        "since": OPTIONAL_TIME,
        "until": OPTIONAL_TIME,
        "as_of": OPTIONAL_TIME,
        "order": str,
        "blog": OPTIONAL,
    },
    "passages": [SHOWN],
    "nearest": [SHOWN],
    "index": {
        "blogs": int,
        "entries": int,
        "passages": int,
        "first": OPTIONAL_TIME,
        "last": OPTIONAL_TIME,
        "updated": TIME,
        "snapshot": str,
    },
    "elapsed_ms": float,
}
MATCH = {
    "place": int,
    "fragment": int,
    "field": str,
    **SPAN,
    "sentence": list,
    "citation": CITATION,
    "direct_speech": (bool, type(None)),
    "said_by": object,
    "edits": [
        {"op": str, "kind": str, "quote": str, "source": str, "quote_span": list, "source_span": list},
    ],
}
CHECK = {
    "quote": str,
    "verdict": str,
    "passes": bool,
    "speaker": object,
    "cautions": [{"kind": str, "match": int, "start": int, "end": int}],
    "matches": [MATCH],
    "nearest": [MATCH],
    "elapsed_ms": float,
}
STATUS = {
    "blogs": [
        {
            "id": str,
            "title": str,
            "format": str,
            "source": str,
            "url": OPTIONAL,
            "timezone": OPTIONAL,
            "language": str,
            "visibility": str,
            "entries": int,
            "versions": int,
            "first": OPTIONAL_TIME,
            "last": OPTIONAL_TIME,
            "updated": TIME,
        }
    ],
    "entries": int,
    "passages": int,
    "snapshot": OPTIONAL,
    "model": OPTIONAL,
    "bytes": int,
}
ENTRY = {
    "entry": str,
    "blog": str,
    "time": TIME,
    "title": OPTIONAL,
    "url": OPTIONAL,
    "status": str,
    "versions": [
        {"number": int, "title": OPTIONAL, "text": str, "sha256": str, "edited": OPTIONAL_TIME, "seen": TIME}
    ],
}
REPORT = {
    "sources": [
        {
            "source": str,
            "blog": OPTIONAL,
            "format": OPTIONAL,
            "entries": int,
            "added": int,
            "edited": int,
            "deleted": int,
            "unchanged": int,
            "refused": [{"entry": str, "reason": str}],
        }
    ],
    "skipped": list,
    "passages_embedded": int,
    "passages_reused": int,
    "seconds": float,
}


def conforms(found: Any, shape: Any, where: str = "$") -> None:
    """Raises AssertionError where a value has other fields, in another order, or other types than its shape."""
    if shape in (TIME, OPTIONAL_TIME):
        if found is not None or shape == TIME:
            assert datetime.fromisoformat(found).utcoffset() is not None, where
    elif isinstance(shape, dict):
        assert list(found) == list(shape), where
        for key, inner in shape.items():
            conforms(found[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(found, list), where
        for number, one in enumerate(found):
            conforms(one, shape[0], f"{where}[{number}]")
    else:
        assert isinstance(found, shape), (where, found)
        assert not (isinstance(found, bool) and shape in (int, float)), (where, found)


def prove(stet: Command, answer: Json) -> int:
    """Re-prove every slice of an answer against `stet show`; how many there were. Raises AssertionError."""
    proved = 0
    for shown in [*answer["passages"], *answer["nearest"]]:
        cited = shown["citation"]
        entry = stet("show", cited["entry"], "--json").object()
        version = entry["versions"][cited["version"] - 1]
        text = version["text"]
        assert version["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert shown["text"] == text[shown["start"] : shown["end"]] != ""
        assert cited["sha256"] == hashlib.sha256(shown["text"].encode()).hexdigest()
        assert (cited["title"], cited["edited"]) == (version["title"], version["edited"])
        assert (cited["time"], cited["blog"], cited["url"]) == (entry["time"], entry["blog"], entry["url"])
        assert cited["current"] == (cited["version"] == len(entry["versions"]))
        for first, last in shown["highlights"]:
            assert shown["start"] <= first < last <= shown["end"]
        if lead := shown["lead"]:
            assert lead["text"] == text[: lead["end"]]
            assert lead["start"] == 0 < lead["end"] <= shown["start"]
        proved += 1
    return proved
