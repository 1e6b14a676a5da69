"""What every format keeps to, on documents of our own under `tests/data/<format>/`.

A document joins by an expectation beside it, `<document>.expected.json`, as `outlined` makes it and a person has
checked it: `PYTHONPATH=. python tests/test_formats.py tests/data/<format>/<document>` prints one.
"""

from __future__ import annotations

import contextlib
import copy
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceError
from retrieval.model import ReadBlog, SourceOptions
from retrieval.sources import formats
from retrieval.sources.document import Document

DATA = Path(__file__).parent / "data"
ENDING = ".expected.json"
EXPECTED = sorted(DATA.glob(f"*/*{ENDING}"))
NAMES = [f"{path.parent.name}/{path.name.removesuffix(ENDING)}" for path in EXPECTED]
MODULES = {module.NAME: module for module in formats.FORMATS}


def document(name: str, data: bytes | None = None) -> Document:
    path = DATA / name
    return Document(locator=f"/{path.name}", name=path.name, data=path.read_bytes() if data is None else data)


def expected(name: str) -> dict[str, Any]:
    value = json.loads((DATA / f"{name}{ENDING}").read_text())
    assert isinstance(value, dict)
    return value


def options(name: str) -> SourceOptions:
    said: dict[str, Any] = expected(name).get("options", {})
    if "date" in said:
        said["date"] = date.fromisoformat(said["date"])
    return SourceOptions(**said)


def outlined(blog: ReadBlog) -> dict[str, Any]:
    """All that a format yields, as JSON; raw markup only by being there."""
    return {
        "format": blog.format,
        "id": blog.id,
        "title": blog.title,
        "url": blog.url,
        "timezone": blog.timezone,
        "language": blog.language,
        "listing": blog.listing.value,
        "deleted": [*blog.deleted],
        "refused": [[one.entry, one.reason] for one in blog.refused],
        "notes": [*blog.notes],
        "warnings": [*blog.warnings],
        "entries": [
            {
                "id": one.id,
                "time": one.posted_at.isoformat(),
                "edited": one.edited_at and one.edited_at.isoformat(),
                "title": one.title,
                "author": one.author,
                "url": one.url,
                "text": one.text.split("\n"),
            }
            for one in blog.entries
        ],
    }


def test_every_format_has_documents() -> None:
    assert {name.split("/")[0] for name in NAMES} == set(MODULES)


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_recognised_by_its_own_format_only(name: str) -> None:
    given_document = document(name)
    assert [one.NAME for one in formats.FORMATS if one.detect(given_document)] == [
        name.split("/")[0],
        *expected(name).get("also", []),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_document_gives_exactly_what_is_expected_of_it(name: str) -> None:
    said = expected(name)
    outline = outlined(sources.read(document(name), options(name)))
    assert outline == {key: value for key, value in said.items() if key not in ("options", "also")}


@pytest.mark.parametrize("name", NAMES)
def test_a_second_reading_gives_the_same_and_the_marks_tell_its_entries(name: str) -> None:
    first, second = (sources.read(document(name), options(name)) for _ in range(2))
    assert first == second
    assert {one.raw for one in first.entries} <= sources.marks(document(name))


@pytest.mark.parametrize("name", NAMES)
def test_entries_are_as_the_archive_takes_them(name: str) -> None:
    blog = sources.read(document(name), options(name))
    assert [one.posted_at for one in blog.entries] == sorted(one.posted_at for one in blog.entries)
    ids = [one.id for one in blog.entries if one.id is not None]
    assert len(ids) == len(set(ids))
    assert not set(ids) & set(blog.deleted)
    for one in blog.entries:
        assert one.raw
        assert one.text == one.text.strip()
        assert all(line for line in one.text.split("\n"))
        assert one.edited_at is None or one.edited_at > one.posted_at
        assert one.url is None or one.url.startswith(("http://", "https://"))


@st.composite
def damage(draw: st.DrawFn, data: bytes) -> bytes:
    """The document cut off, with a piece left out, doubled, or overwritten."""
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + draw(st.sampled_from([1, 8, 200, len(data)])))))
    piece = data[start:end]
    middle = draw(
        st.sampled_from([b"", piece + piece, b"<div>", b"</div>", b'"', b"{", b"\xff", b"0", b"null", b"<!--"])
    )
    return data[:start] + middle + data[end:] if draw(st.booleans()) else data[:start]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(st.data())
def test_a_damaged_document_is_read_or_refused_by_an_error_of_ours(name: str, choose: st.DataObject) -> None:
    hurt = document(name, choose.draw(damage(document(name).data)))
    with contextlib.suppress(SourceError):
        sources.read(hurt, options(name))
    with contextlib.suppress(SourceError):
        sources.marks(hurt)


DEEP: Any = []
for _ in range(300):
    DEEP = [DEEP]
HOSTILE = [None, True, 0, -1, 1.5, 10**30, "", " ", "x", "1409071740", "\ud800", [], [[]], {}, {"id": {}}, DEEP]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        for key in one if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ():
            yield one, key
            waiting.append(one[key])


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".json")])
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_json_of_other_types_is_read_or_refused_by_an_error_of_ours(name: str, choose: st.DataObject) -> None:
    value = json.loads(document(name).text)
    for _ in range(choose.draw(st.integers(1, 3))):
        container, key = choose.draw(st.sampled_from([*places(value)]))
        container[key] = copy.deepcopy(choose.draw(st.sampled_from(HOSTILE)))
    hurt = document(name, json.dumps(value).encode())
    with contextlib.suppress(SourceError):
        blog = sources.read(hurt, options(name))
        assert blog.entries or blog.deleted


@pytest.mark.parametrize("module", formats.FORMATS, ids=lambda module: str(module.NAME))
@pytest.mark.parametrize(
    "text",
    [
        "<!doctype html><div class='block' id=\"block-3\"><time datetime='2031-07-03'>now</time></div>",
        '{"response": {"content": {}}, "blocks": [], "entries": {}}',
        '{"a":' * 100_000,
        "[" * 100_000,
        "<div>" * 1_000,
        "Nothing has happened here.",
    ],
    ids=["shop", "json", "deep object", "deep list", "divs", "words"],
)
def test_what_is_no_live_blog_is_not_recognised(module: formats.Format, text: str) -> None:
    assert not module.detect(Document(locator="/x", name="x", data=text.encode()))


@pytest.mark.parametrize("module", formats.FORMATS, ids=lambda module: str(module.NAME))
@pytest.mark.parametrize("data", [b"", b" \n", b"\x00\x01", b"caf\xe9"])
def test_what_is_no_text_is_no_live_blog(module: formats.Format, data: bytes) -> None:
    with pytest.raises(NotALiveBlog):
        module.detect(Document(locator="/x", name="x", data=data))


if __name__ == "__main__":
    for given_path in sys.argv[1:]:
        path = Path(given_path).resolve()
        read = sources.read(document(f"{path.parent.name}/{path.name}"), SourceOptions())
        print(json.dumps(outlined(read), ensure_ascii=False, indent=1))
