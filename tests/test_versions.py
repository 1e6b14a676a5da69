"""A source that changes: edits, deletions, revivals, re-readings, and what a missing entry proves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retrieval.errors import SourceRefused
from retrieval.model import Cause, Listing, ReadBlog, ReadEntry, Refusal, SourceOptions, Status
from retrieval.recording import Recorded
from retrieval.rows import Source
from retrieval.store import Store

START = datetime(2031, 2, 3, 8, 0, tzinfo=UTC)
NOW = datetime(2031, 2, 4, 9, 0, tzinfo=UTC)


def entry(number: int, text: str | None = None, **more: object) -> ReadEntry:
    """The entry posted `number` minutes after eight."""
    words = text or f"The gauge at Wendbridge stands at {number} centimetres."
    fields: dict[str, object] = {
        "id": f"e{number}",
        "posted_at": START + timedelta(minutes=number),
        "title": None,
        "author": None,
        "url": None,
        "text": words,
        "raw": f"<p>{words}</p>",
    }
    return ReadEntry(**{**fields, **more})  # type: ignore[arg-type]


def listing(*numbers: int, kind: Listing = Listing.WHOLE, **more: object) -> ReadBlog:
    return blog(*(entry(number) for number in numbers), listing=kind, **more)


def blog(*entries: ReadEntry, **more: object) -> ReadBlog:
    fields: dict[str, object] = {
        "format": "ndjson",
        "id": "flood",
        "title": "Flood",
        "url": None,
        "timezone": "UTC",
        "entries": entries,
        "listing": Listing.WHOLE,
    }
    return ReadBlog(**{**fields, **more})  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "archive.db")


@pytest.fixture
def read(store: Store) -> Callable[..., Recorded]:
    """Record a reading, each an hour after the one before."""
    clock = [NOW]

    def record(
        found: ReadBlog, *, accept_deletions: bool = False, locator: str = "/flood.ndjson", blog_id: str = "flood"
    ) -> Recorded:
        clock[0] += timedelta(hours=1)
        source = Source(
            locator=locator,
            format="ndjson",
            sha256="x",
            options=SourceOptions(blog=blog_id),
            read_at=clock[0],
            etag="e",
        )
        return store.record(
            blog_id=blog_id,
            default_title="Flood",
            source=source,
            read=found,
            now=clock[0],
            accept_deletions=accept_deletions,
        )

    return record


def counts(recorded: Recorded) -> tuple[int, int, int, int]:
    return recorded.added, recorded.edited, recorded.deleted, recorded.unchanged


def live(store: Store) -> list[str]:
    return [version.entry.id for version in store.live_versions()]


def test_an_entry_that_a_whole_listing_lacks_is_deleted_and_comes_back(
    store: Store, read: Callable[..., Recorded]
) -> None:
    read(listing(*range(10)))
    assert counts(read(listing(*range(9)))) == (0, 0, 1, 9)
    assert live(store) == [f"e{number}" for number in range(9)]
    first, gone = store.versions_of("flood/e9")
    assert (gone.number, gone.text, gone.cause, gone.current) == (2, "", Cause.DELETED, False)
    assert (first.entry.status, first.current) == (Status.DELETED, False)
    assert counts(read(listing(*range(9)))) == (0, 0, 0, 9)

    assert counts(read(listing(*range(10)))) == (1, 0, 0, 9)
    *_, back = store.versions_of("flood/e9")
    assert (back.number, back.cause, back.text, back.current) == (3, Cause.REVIVED, first.text, True)
    assert back.seen_at == NOW + timedelta(hours=4)
    assert live(store)[-1] == "e9"


@pytest.mark.parametrize(
    ("kind", "gone"),
    [
        (Listing.WHOLE, ["e0", "e5", "e28", "e29"]),
        (Listing.SINCE_OLDEST, ["e5", "e28", "e29"]),
        (Listing.BETWEEN, ["e5"]),
        (Listing.PART, []),
    ],
)
def test_what_a_missing_entry_proves_hangs_on_the_listing(
    store: Store, read: Callable[..., Recorded], kind: Listing, gone: list[str]
) -> None:
    read(listing(*range(30)))
    recorded = read(listing(*(number for number in range(1, 28) if number != 5), kind=kind))
    assert recorded.deleted == len(gone)
    assert sorted({f"e{number}" for number in range(30)} - set(live(store))) == sorted(gone)


def test_an_entry_of_the_oldest_minute_listed_may_have_dropped_off(
    store: Store, read: Callable[..., Recorded]
) -> None:
    twins = [entry(0, id="a"), entry(0, id="b", raw="<p>other</p>"), *(entry(number) for number in range(1, 9))]
    read(blog(*twins))
    assert read(blog(*twins[1:], listing=Listing.SINCE_OLDEST)).deleted == 0
    assert read(blog(*twins[1:], listing=Listing.WHOLE)).deleted == 1


def test_a_reading_that_refused_an_entry_proves_nothing(store: Store, read: Callable[..., Recorded]) -> None:
    read(listing(*range(10)))
    refused = (Refusal(entry="line 10", reason="is no JSON"),)
    assert counts(read(listing(*range(9), refused=refused))) == (0, 0, 0, 9)
    assert len(live(store)) == 10


def test_what_the_source_calls_deleted_goes_whatever_the_listing(store: Store, read: Callable[..., Recorded]) -> None:
    read(listing(*range(10)))
    said = listing(0, 1, kind=Listing.PART, deleted=("e4", "unknown", "e0"))
    assert counts(read(said)) == (0, 0, 1, 2)
    assert live(store) == ["e0", "e1", "e2", "e3", "e5", "e6", "e7", "e8", "e9"]


def test_more_than_a_fifth_is_recorded_only_where_that_is_accepted(
    store: Store, read: Callable[..., Recorded]
) -> None:
    read(listing(*range(10)))
    changed = replace(listing(*range(7)), entries=(entry(0, "The gauge is broken."), *listing(*range(1, 7)).entries))
    with pytest.raises(SourceRefused) as refused:
        read(changed)
    assert str(refused.value) == (
        "3 of the 10 entries of the blog flood are gone from its source: nothing was recorded; "
        "if they are really deleted, run the same command with --accept-deletions"
    )
    assert [version.number for version in store.versions_of("flood/e0")] == [1]
    assert counts(read(changed, accept_deletions=True)) == (0, 1, 3, 6)
    assert counts(read(listing(*range(7)))) == (0, 1, 0, 6)


def test_a_fifth_is_not_too_much(store: Store, read: Callable[..., Recorded]) -> None:
    read(listing(*range(10)))
    assert counts(read(listing(*range(8)))) == (0, 0, 2, 8)
    # of the eight that are left, the deleted ones do not count again
    assert counts(read(listing(*range(7)))) == (0, 0, 1, 7)


def test_markup_that_moves_without_a_word_makes_no_version_and_a_later_reading_of_it_no_edit(
    store: Store, read: Callable[..., Recorded]
) -> None:
    words = "The bridge is closed."
    read(blog(entry(0, words), entry(1)))
    moved = entry(0, words, raw="<p class=new>The bridge is closed.</p>")
    assert counts(read(blog(moved, entry(1)))) == (0, 0, 0, 2)
    assert len(store.versions_of("flood/e0")) == 1

    better = replace(moved, text="The bridge is closed.\nPolice are there.")
    assert counts(read(blog(better, entry(1)))) == (0, 0, 0, 2)
    assert [version.cause for version in store.versions_of("flood/e0")] == [Cause.PUBLISHED, Cause.REREAD]


def test_an_edit_keeps_the_first_publication_and_the_edit_beside_it(
    store: Store, read: Callable[..., Recorded]
) -> None:
    edited = START + timedelta(hours=5)
    read(blog(entry(0), entry(1)))
    assert counts(read(blog(entry(0, "The gauge is broken.", edited_at=edited), entry(1)))) == (0, 1, 0, 1)
    first, second = store.versions_of("flood/e0")
    assert first.entry.posted_at == second.entry.posted_at == START
    assert (first.edited_at, second.edited_at) == (None, edited)
    assert (first.text, second.text) == ("The gauge at Wendbridge stands at 0 centimetres.", "The gauge is broken.")


def test_an_entry_without_an_id_comes_back_as_itself(store: Store, read: Callable[..., Recorded]) -> None:
    posts = [replace(entry(number), id=None) for number in range(10)]
    read(blog(*posts))
    assert counts(read(blog(*posts[:9]))) == (0, 0, 1, 9)
    assert counts(read(blog(*posts[:9], replace(posts[9], text="The gauge stands at 9 centimetres still.")))) == (
        1,
        0,
        0,
        9,
    )
    [*_, back] = store.versions_of("flood/2031-02-03T08:09Z-1")
    assert (back.number, back.cause, back.current) == (3, Cause.REVIVED, True)


def test_the_feed_tells_of_every_change_in_order(store: Store, read: Callable[..., Recorded]) -> None:
    read(listing(*range(5)))
    read(blog(entry(0, "The gauge is broken."), *listing(1, 2, 3).entries))
    read(listing(*range(5)))
    assert store.last_change() == 5 + 2 + 2


def test_json_lines_that_went_are_deletions(make_archive: Callable[..., object], tmp_path: Path) -> None:
    path = tmp_path / "flood.ndjson"
    lines = [
        json.dumps({"id": f"e{n}", "time": f"2031-02-03T08:0{n}:00+00:00", "text": f"Gauge {n} is read twice a day."})
        for n in range(6)
    ]
    path.write_text("\n".join(lines))
    archive = make_archive(path)
    path.write_text("\n".join(lines[:5]))
    report = archive.refresh("flood-2031-02-03", NOW, lambda *_: None)  # type: ignore[attr-defined]
    assert (report.sources[0].deleted, report.sources[0].unchanged) == (1, 5)


def test_an_edit_told_of_alone_does_not_move_the_publication(store: Store, read: Callable[..., Recorded]) -> None:
    read(listing(0, 1, 2))
    later = START + timedelta(hours=3)
    edit = entry(1, "The gauge was read anew.", posted_at=later, published_by_then=True)
    assert counts(read(blog(edit, listing=Listing.PART))) == (0, 1, 0, 0)
    *_, second = store.versions_of("flood/e1")
    assert (second.entry.posted_at, second.edited_at) == (START + timedelta(minutes=1), later)
    # an earlier one is nearer to it
    earlier = entry(2, "The gauge fell.", posted_at=START + timedelta(minutes=1), published_by_then=True)
    read(blog(earlier, listing=Listing.PART))
    assert store.versions_of("flood/e2")[0].entry.posted_at == START + timedelta(minutes=1)


def test_a_reading_of_deletions_alone_deletes(store: Store, read: Callable[..., Recorded]) -> None:
    read(listing(*range(5)))
    assert counts(read(blog(listing=Listing.PART, deleted=("e3",)))) == (0, 0, 1, 0)
    assert live(store) == ["e0", "e1", "e2", "e4"]


# ------------------------------------------------------------------------------------------ what was taken down

STOLEN = "The mayor Zebedee Quillfeather has been arrested for stealing from the flood fund in Wend today"
ARRESTED = "The mayor has been arrested in connection with the flood fund in Wend today police say"


def unnamed(number: int, text: str | None = None, **more: object) -> ReadEntry:
    return entry(number, text, id=None, **more)


def told(store: Store, words: str) -> list[str]:
    return [f"{one.entry.id} {one.number}" for one in store.all_wordings() if words in one.text]


def test_what_was_taken_down_is_no_edit_of_its_neighbour(store: Store, read: Callable[..., Recorded]) -> None:
    rest = [unnamed(number) for number in range(10, 18)]
    read(blog(unnamed(2, STOLEN), unnamed(2, ARRESTED), *rest))
    store.take_down("flood/2031-02-03T08:02Z-1", None, "legal", "ann", NOW)
    assert counts(read(blog(unnamed(2, STOLEN), unnamed(2, ARRESTED), *rest))) == (0, 0, 0, 9)
    left = read(blog(unnamed(2, STOLEN), *rest))
    assert counts(left) == (0, 0, 1, 8)
    assert left.warnings == (
        ("the entry of 2031-02-03T08:02:00+00:00 was taken down and stands in the source still; it was not recorded"),
    )
    assert told(store, "Quillfeather") == []
    assert [one.cause for one in store.versions_of("flood/2031-02-03T08:02Z-2")] == [Cause.PUBLISHED, Cause.DELETED]


def test_what_was_taken_down_is_no_edit_of_another_with_an_id(store: Store, read: Callable[..., Recorded]) -> None:
    first = entry(3, url="https://wend.example/3")
    read(blog(entry(1), entry(2, STOLEN), first))
    store.take_down("flood/e2", None, "legal", "ann", NOW)
    posing = entry(3, STOLEN, url="https://wend.example/quillfeather")
    assert counts(read(blog(entry(1), posing))) == (0, 0, 0, 2)
    [standing] = store.versions_of("flood/e3")
    assert (standing.text, standing.entry.url, standing.current) == (first.text, first.url, True)
    assert told(store, "Quillfeather") == []


def test_the_reach_of_a_listing_is_that_of_all_that_it_holds(store: Store, read: Callable[..., Recorded]) -> None:
    read(blog(entry(0, STOLEN), *(entry(number) for number in range(1, 8))))
    store.take_down("flood/e0", None, "legal", "ann", NOW)
    rest = [entry(number) for number in range(2, 8)]
    assert counts(read(blog(entry(0, STOLEN), *rest, listing=Listing.BETWEEN))) == (0, 0, 1, 6)
    assert store.versions_of("flood/e1")[0].entry.status is Status.DELETED


def test_a_deleted_entry_whose_listed_wording_was_taken_down_comes_back_with_its_last_one(
    store: Store, read: Callable[..., Recorded]
) -> None:
    rest = [entry(number) for number in range(10, 16)]
    read(blog(entry(1, STOLEN, title="One", edited_at=START + timedelta(minutes=2)), *rest))
    second = entry(1, ARRESTED, title="Two", author="Ann", edited_at=START + timedelta(minutes=5))
    read(blog(second, *rest))
    store.take_down("flood/e1", 1, "legal", "ann", NOW)
    read(blog(*rest))
    moved = START + timedelta(minutes=3)
    back = read(blog(entry(1, STOLEN, title="One", posted_at=moved, url="https://wend.example/1"), *rest))
    assert counts(back) == (1, 0, 0, 6)
    assert back.warnings == ("e1: its wording was taken down and stands in the source again; it was not recorded",)
    *_, last = store.versions_of("flood/e1")
    assert (last.number, last.cause, last.text, last.title, last.author) == (4, Cause.REVIVED, ARRESTED, "Two", "Ann")
    assert (last.current, last.edited_at) == (True, START + timedelta(minutes=5))
    assert (last.entry.posted_at, last.entry.url) == (moved, "https://wend.example/1")
    # while it stands, its place alone is kept up
    again = read(blog(entry(1, STOLEN, title="One", url="https://wend.example/1b"), *rest))
    assert counts(again) == (0, 0, 0, 7)
    *_, last = store.versions_of("flood/e1")
    assert (last.number, last.entry.posted_at, last.entry.url) == (4, entry(1).posted_at, "https://wend.example/1b")
    assert told(store, "Quillfeather") == []


def test_an_id_that_is_kept_of_what_was_taken_down_is_refused_alone(
    store: Store, read: Callable[..., Recorded]
) -> None:
    read(listing(*range(1, 6)))
    kept = store.take_down("flood/e2", None, "legal", "ann", NOW).whole_id.partition("/")[2]
    found = read(blog(*listing(1, 3, 4, 5).entries, entry(9, id=kept), entry(10)))
    assert counts(found) == (1, 0, 0, 4)
    assert found.refused == (
        Refusal(
            entry=kept,
            reason="its id is what is kept of an entry that was taken down: it would have to have another",
        ),
    )
    assert live(store) == ["e1", "e3", "e4", "e5", "e10"]


def test_where_something_was_taken_down_nothing_tells_of_the_source_s_bytes(
    store: Store, read: Callable[..., Recorded]
) -> None:
    read(listing(1, 2, 3))
    assert [(one.sha256, one.etag) for _, one in store.sources()] == [("x", "e")]
    store.take_down("flood/e2", None, "legal", "ann", NOW)
    read(listing(1, 3))
    assert [(one.sha256, one.etag, one.last_modified) for _, one in store.sources()] == [("", None, None)]


# ------------------------------------------------------------------------------------------ time and place


def test_a_retimed_entry_takes_no_new_one_s_place(store: Store, read: Callable[..., Recorded]) -> None:
    first = unnamed(60, "The gates of the regatta opened at nine sharp.")
    read(blog(first, unnamed(90)))
    early = [replace(first, posted_at=START), replace(unnamed(90), posted_at=START + timedelta(minutes=30))]
    read(blog(*early))
    third = unnamed(60, "A schooner lost her mast off the point; nobody hurt.")
    assert counts(read(blog(*early, third))) == (1, 0, 0, 2)
    assert [(one.entry.id, one.text) for one in store.live_versions()] == [
        ("2031-02-03T09:00Z-1", first.text),
        ("2031-02-03T09:30Z-1", early[1].text),
        ("2031-02-03T09:00Z-2", third.text),
    ]


def test_what_was_deleted_and_is_posted_again_later_is_another_entry(store: Store) -> None:
    rest = [unnamed(number) for number in range(10, 18)]
    goal = unnamed(2, "Goal for Wend!")

    def record(*entries: ReadEntry) -> Recorded:
        source = Source(locator="/x", format="t", sha256="x", options=SourceOptions(blog="flood"), read_at=NOW)
        return store.record(
            blog_id="flood", default_title="F", source=source, read=blog(*entries), now=NOW, may_retime=False
        )

    record(goal, *rest)
    assert counts(record(*rest)) == (0, 0, 1, 8)
    assert counts(record(*rest, replace(goal, posted_at=START + timedelta(hours=3)))) == (1, 0, 0, 8)
    assert store.versions_of("flood/2031-02-03T08:02Z-1")[0].entry.status is Status.DELETED
    assert live(store)[-1] == "2031-02-03T11:00Z-1"


def test_an_edit_time_that_is_told_later_is_kept(store: Store, read: Callable[..., Recorded]) -> None:
    edited = START + timedelta(hours=4)
    read(blog(entry(0), entry(1)))
    assert counts(read(blog(entry(0, edited_at=edited), entry(1)))) == (0, 0, 0, 2)
    assert [(one.number, one.edited_at) for one in store.versions_of("flood/e0")] == [(1, edited)]
    # with other markup too; and an edit of no word after that does not move it
    later = entry(0, raw="<p>other</p>", edited_at=edited + timedelta(hours=1))
    read(blog(later, entry(1, raw="<p>other</p>", edited_at=edited)))
    assert [one.edited_at for one in store.live_versions()] == [edited, edited]


def test_a_source_that_takes_a_blog_over_is_told_of_and_deletes_nothing(
    store: Store, read: Callable[..., Recorded]
) -> None:
    read(listing(*range(6)))
    taken = read(listing(*range(5), deleted=("e0",)), locator="/other.ndjson")
    assert counts(taken) == (0, 0, 0, 5)
    assert taken.warnings == (
        (
            "it was read from /flood.ndjson and is read from /other.ndjson from now on; "
            "this time, nothing that the new source lacks was deleted"
        ),
    )
    assert len(live(store)) == 6
    again = read(listing(*range(5)), locator="/other.ndjson")
    assert (counts(again), again.warnings) == ((0, 0, 1, 5), ())


def test_a_new_blog_at_a_held_one_s_place_is_held(store: Store, read: Callable[..., Recorded]) -> None:
    read(listing(*range(3)))
    store.hold("flood", datetime(2099, 1, 1, tzinfo=UTC), NOW)
    other = read(listing(*range(3)), blog_id="other")
    assert other.warnings == ("it is held back, as a blog that was read from the same place before is",)
    assert dict(store.holds(NOW)) == {name: datetime(2099, 1, 1, tzinfo=UTC) for name in ("flood", "other")}
    assert read(listing(*range(3)), blog_id="third", locator="/third.ndjson").warnings == ()
    assert sorted(dict(store.holds(NOW))) == ["flood", "other"]
