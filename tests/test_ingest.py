"""Documents on disk → store. Every text here is made up."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from retrieval.errors import DiskError, StoreBusy
from retrieval.ingest import SourceReport, take_again, take_all
from retrieval.model import SourceOptions
from retrieval.sources import load
from retrieval.store import Store

NOW = datetime(2031, 2, 4, tzinfo=UTC)
FOOTER = "FacebookTwitterGoogle plusShareShare this postFacebookTwitterGoogle plusclose"
SCRAPE = f"6.00pm GMT18:00SummaryThe river fell.It is over.{FOOTER}5.00pm GMT17:00The river rose. So did we.{FOOTER}"
DAY = SourceOptions(date=date(2031, 2, 3))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "home" / "archive.db")
    yield opened
    opened.close()


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def line(id_: str, text: str, **more: object) -> str:
    return json.dumps({"id": id_, "time": "2031-02-03T17:00:00+00:00", "text": text, **more}) + "\n"


def take(store: Store, *given: str, options: SourceOptions = DAY) -> tuple[list[SourceReport], list[str]]:
    return take_all(store, given, options, lambda one: load(one, 1_000_000), NOW)


# ------------------------------------------------------------------------------------------ sources


def test_a_source_is_recorded_and_reported(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "flood-in-orran.txt", SCRAPE)
    (report,), skipped = take(store, source)
    assert (report.source, report.blog, report.format) == (source, "flood-in-orran-2031-02-03", "scrape")
    assert (report.entries, report.added, report.edited, report.unchanged, report.refused) == (2, 2, 0, 0, ())
    assert report.notes == ("time zone Europe/London taken from the label GMT",)
    assert skipped == []
    assert [one.text for one in store.live_versions()] == [
        "The river rose. So did we.",
        "The river fell.\nIt is over.",
    ]
    assert store.blogs()["flood-in-orran-2031-02-03"].title == "flood in orran"
    (again,), _ = take(store, source)
    assert (again.added, again.edited, again.unchanged) == (0, 0, 2)


@pytest.mark.parametrize(
    ("name", "options", "blog", "title"),
    [
        ("river-2031-02-03.txt", DAY, "river-2031-02-03", "river"),
        ("2031-02-03.txt", DAY, "2031-02-03-2031-02-03", "2031-02-03"),
        ("Crème_brûlée.TXT", DAY, "creme-brulee-2031-02-03", "Crème brûlée"),
        ("نهر.txt", DAY, "2031-02-03", "نهر"),
        ("x" * 200 + ".txt", DAY, "x" * 80 + "-2031-02-03", "x" * 200),
        ("a.txt", SourceOptions(date=DAY.date, blog="own"), "own", "a"),
        ("a.txt", SourceOptions(date=DAY.date, title="The Flood!"), "the-flood-2031-02-03", "The Flood!"),
    ],
)
def test_a_blog_s_id_and_title(
    store: Store, tmp_path: Path, name: str, options: SourceOptions, blog: str, title: str
) -> None:
    (report,), _ = take(store, write(tmp_path / name, SCRAPE), options=options)
    assert report.blog == blog
    assert store.blogs()[blog].title == title


@pytest.mark.parametrize("blog", ["a/b", "/", "", " "])
def test_a_blog_s_id_has_no_slash(store: Store, tmp_path: Path, blog: str) -> None:
    source = write(tmp_path / "flood.txt", SCRAPE)
    (report,), _ = take(store, source, options=SourceOptions(date=DAY.date, blog=blog))
    assert report.blog is None
    assert report.refused[0].reason.startswith(f"{blog!r} is no id for a blog")
    assert store.last_change() == 0


def test_a_folder_gives_its_blogs_and_the_files_that_are_none(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    good = write(folder / "a.txt", SCRAPE)
    bad = write(folder / "b" / "c.txt", SCRAPE.replace("GMT18:00", "GMT19:00").replace("GMT17:00", "GMT19:00"))
    lines = write(folder / "d.jsonl", line("1", "One.") + "{\n")
    notes = [write(folder / "notes.md", "Nothing."), write(folder / "z-empty", "")]
    reports, skipped = take(store, str(folder))
    assert skipped == notes
    assert [(one.source, one.blog) for one in reports] == [
        (good, "a-2031-02-03"),
        (bad, None),
        (lines, "d-2031-02-03"),
    ]
    assert "disagree" in reports[1].refused[0].reason
    assert [one.entry for one in reports[2].refused] == ["line 2"]
    assert len(list(store.live_versions())) == 3


def test_a_file_named_that_is_no_live_blog_is_refused_and_the_rest_goes_on(store: Store, tmp_path: Path) -> None:
    notes, good = write(tmp_path / "notes.md", "Nothing."), write(tmp_path / "a.txt", SCRAPE)
    reports, skipped = take(store, notes, str(tmp_path / "gone.txt"), good)
    assert [one.blog for one in reports] == [None, None, "a-2031-02-03"]
    assert f"no live-blog entries found in {notes}" in reports[0].refused[0].reason
    assert "does not exist" in reports[1].refused[0].reason
    assert skipped == []


def test_a_file_without_permission_stops_no_other(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, good = write(tmp_path / "closed.txt", SCRAPE), write(tmp_path / "good.txt", SCRAPE)
    opened = Path.open

    def opening(path: Path, *arguments: object, **more: object) -> object:
        if path.name == "closed.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", opening)
    reports, _ = take(store, closed, good)
    assert [one.blog for one in reports] == [None, "good-2031-02-03"]
    assert "may not be read" in reports[0].refused[0].reason


def test_a_name_that_is_no_utf_8_stops_no_other(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "good.txt", SCRAPE)
    Path(os.fsdecode(os.fsencode(folder) + b"/fl\xf6d.txt")).write_text(SCRAPE)
    reports, _ = take(store, str(folder))
    assert sorted(str(one.blog) for one in reports) == ["None", "good-2031-02-03"]


def test_a_folder_that_may_not_be_read_stops_before_anything_is_recorded(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, closed = write(tmp_path / "good.txt", SCRAPE), tmp_path / "closed"
    closed.mkdir()

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DiskError, match="closed may not be read"):
        take(store, good, str(closed))
    assert store.last_change() == 0


def test_what_would_stop_the_others_too_is_raised(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: object) -> None:
        raise StoreBusy("locked", "wait")

    monkeypatch.setattr(store, "record", busy)
    with pytest.raises(StoreBusy):
        take(store, write(tmp_path / "a.txt", SCRAPE))


def test_what_was_said_of_a_source_is_remembered(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "flood.txt", SCRAPE)
    take(store, source, options=SourceOptions(date=DAY.date, timezone="Europe/London", title="Flood", blog="own"))
    write(Path(source), SCRAPE.replace("rose", "rose fast"))
    (report,), _ = take(store, source, options=SourceOptions())
    assert (report.blog, report.edited, report.unchanged, report.notes) == ("own", 1, 1, ())


def test_a_wrong_day_put_right_moves_the_entries_instead_of_doubling_them(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "flood.txt", SCRAPE)
    take(store, source)
    (report,), _ = take(store, source, options=SourceOptions(date=date(2031, 2, 5)))
    assert (report.blog, report.added, report.edited) == ("flood-2031-02-03", 0, 0)
    assert [f"{one.entry.posted_at:%d %H:%M}" for one in store.live_versions()] == ["05 17:00", "05 18:00"]
    assert list(store.blogs()) == ["flood-2031-02-03"]


# ------------------------------------------------------------------------------------------ index


# ------------------------------------------------------------------------------------------ read again

NIGHT = [
    f"1.00am GMT01:00The river is back in its bed.{FOOTER}",
    f"12.10am GMT00:10The gates are open.{FOOTER}",
    f"11.50pm GMT23:50The quay is under water.{FOOTER}",
    f"11.00pm GMT23:00The river rose.{FOOTER}",
]
NOTHING_SAID = SourceOptions()


def reread(store: Store) -> list[SourceReport]:
    """What `reindex` does."""
    return [
        take_again(store, blog, source, lambda one: load(one, 1_000_000), NOW) for blog, source in store.sources()
    ]


def posted(store: Store) -> dict[str, str]:
    return {one.text: one.entry.posted_at.strftime("%d %H:%M") for one in store.live_versions()}


@pytest.mark.parametrize("options", [None, NOTHING_SAID, DAY])
def test_the_newest_posts_alone_keep_the_day_they_were_stored_with(
    store: Store, tmp_path: Path, options: SourceOptions | None
) -> None:
    source = write(tmp_path / "flood.txt", "".join(NIGHT))
    take(store, source)
    before, changes = posted(store), store.last_change()
    assert before["The gates are open."] == "04 00:10"
    write(tmp_path / "flood.txt", "".join(NIGHT[:2]))
    (report,) = reread(store) if options is None else take(store, source, options=options)[0]
    assert (report.entries, report.added, report.edited, report.unchanged) == (2, 0, 0, 2)
    assert report.notes[-1] == "date 2031-02-04 taken from the entries already stored"
    assert (posted(store), store.last_change()) == (before, changes)
    new = f"2.00am GMT02:00All is quiet.{FOOTER}"
    write(tmp_path / "flood.txt", "".join([new, *NIGHT[:2]]))
    assert [one.added for one in reread(store)] == [1]
    assert posted(store) == {**before, "All is quiet.": "04 02:00"}
    # and when the page shows everything again
    write(tmp_path / "flood.txt", "".join([new, *NIGHT]))
    assert [one.unchanged for one in reread(store)] == [5]
    assert posted(store) == {**before, "All is quiet.": "04 02:00"}


def test_the_newest_post_gone_from_a_scrape_may_be_on_another_page(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "flood.txt", "".join(NIGHT))
    take(store, source)
    write(tmp_path / "flood.txt", "".join(NIGHT[1:]))
    (report,) = reread(store)
    assert (report.entries, report.unchanged, report.deleted) == (3, 3, 0)
    assert "The river is back in its bed." in posted(store)


def test_a_new_day_or_zone_moves_entries_and_their_day_is_kept_for_the_zone(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "flood.txt", "".join(NIGHT))
    take(store, source)
    (moved,), _ = take(store, source, options=SourceOptions(date=date(2031, 2, 5)))
    assert (moved.added, moved.unchanged) == (0, 4)
    assert posted(store)["The gates are open."] == "06 00:10"
    reread(store)
    assert posted(store)["The gates are open."] == "06 00:10"
    write(tmp_path / "flood.txt", "".join(NIGHT[:2]))
    take(store, source, options=SourceOptions(timezone="Africa/Abidjan"))
    assert {str(one.entry.posted_at) for one in store.live_versions()} >= {"2031-02-06 00:10:00+00:00"}


def test_stored_days_that_contradict_each_other_are_refused_with_both(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "flood.txt", "".join(NIGHT))
    take(store, source)
    before = posted(store)
    # out of order: read newest first, 11.50pm would follow 1.00am
    write(tmp_path / "flood.txt", "".join([NIGHT[2], NIGHT[0]]))
    (report,) = reread(store)
    assert report.blog is None
    assert "1.00am GMT01:00 is stored as of 2031-02-04" in report.refused[0].reason
    assert "11.50pm GMT23:50" in report.refused[0].reason
    assert "2031-02-03" in report.refused[0].reason
    assert {key: posted(store)[key] for key in before} == before


OTHER = f"9.00pm GMT21:00Counting has begun.{FOOTER}7.00pm GMT19:00The polls are open.{FOOTER}"


def test_another_live_blog_under_the_same_path_takes_nothing_from_the_first(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "live.txt", SCRAPE)
    take(store, source, options=SourceOptions(date=date(2031, 2, 3), title="The flood", blog="flood"))
    before = posted(store)
    write(tmp_path / "live.txt", OTHER)
    for (report,) in (reread(store), take(store, source, options=NOTHING_SAID)[0]):
        assert report.blog is None
        assert f"the day of {source} is not certain" in report.refused[0].reason
    assert posted(store) == before
    # with a day of its own it is a blog of its own
    write(tmp_path / "live.txt", OTHER.replace("Counting has", "On 4 February 2031 counting has"))
    (report,), _ = take(store, source, options=NOTHING_SAID)
    assert (report.blog, report.added) == ("live-2031-02-04", 2)
    assert store.blogs()["live-2031-02-04"].title == "live"
    assert [(one.blog, one.unchanged) for one in reread(store)] == [("live-2031-02-04", 2)] * 2
    assert {key: posted(store)[key] for key in before} == before


def test_another_live_blog_under_a_closed_one_s_path_is_as_closed(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "live.txt", SCRAPE)
    closed = SourceOptions(date=DAY.date, visibility=("C01",), sensitive=True, blog="flood")
    take(store, source, options=closed)
    write(tmp_path / "live.txt", OTHER.replace("Counting has", "On 4 February 2031 counting has"))
    (report,) = reread(store)
    made = store.blogs()["live-2031-02-04"]
    assert (made.visibility, made.sensitive) == (("C01",), True)
    assert report.notes[-1] == "who may see it taken from the blog flood, read from the same place before"
    take(store, source, options=SourceOptions(visibility=(), sensitive=False))
    assert [(one.blog, one.unchanged) for one in reread(store)] == [("live-2031-02-04", 2)] * 2
    assert store.blogs()["live-2031-02-04"].visibility == ()


def test_another_live_blog_whose_id_collides_is_refused(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "live.txt", SCRAPE)
    take(store, source)
    before = posted(store)
    write(tmp_path / "live.txt", OTHER)
    (report,), _ = take(store, source)
    assert "the blog live-2031-02-03 is read from" in report.refused[0].reason
    assert "shares no entry with it" in report.refused[0].reason
    assert posted(store) == before
    (report,), _ = take(store, source, options=SourceOptions(date=DAY.date, blog="vote"))
    assert (report.blog, report.added) == ("vote", 2)


def test_another_ndjson_under_the_same_path_makes_no_versions_of_the_first_s_entries(
    store: Store, tmp_path: Path
) -> None:
    source = write(tmp_path / "live.jsonl", line("1", "The river rose.") + line("2", "The river fell."))
    take(store, source, options=SourceOptions(blog="flood"))
    other = line("1", "Polls are open.").replace("T17:00", "T07:00")
    write(tmp_path / "live.jsonl", other)
    (report,), _ = take(store, source, options=NOTHING_SAID)
    assert (report.blog, report.added, report.edited) == ("live-2031-02-03", 1, 0)
    assert [len(store.versions_of(f"flood/{one}")) for one in "12"] == [1, 1]
    # the same id and time are the same entry, whatever else changed
    write(tmp_path / "live.jsonl", line("1", "The river rose by two feet.") + line("2", "The river fell."))
    assert [(one.blog, one.edited) for one in take(store, source, options=NOTHING_SAID)[0]] == [("flood", 1)]


def test_a_lone_entry_corrected_is_an_edit_where_the_day_is_said_again(store: Store, tmp_path: Path) -> None:
    source = write(tmp_path / "flood.txt", f"5.00pm GMT17:00The river rose by two feet.{FOOTER}")
    take(store, source)
    write(tmp_path / "flood.txt", f"5.00pm GMT17:00The river rose by ten feet.{FOOTER}")
    (report,), _ = take(store, source)
    assert (report.blog, report.edited) == ("flood-2031-02-03", 1)


def test_a_source_that_moved_retimes_nothing_by_the_date_in_its_name(store: Store, tmp_path: Path) -> None:
    take(store, write(tmp_path / "flood.txt", "".join(NIGHT)))
    before = posted(store)
    moved = write(tmp_path / "new" / "flood-2031-02-03.txt", "".join(NIGHT[:2]))
    (report,), _ = take(store, moved, options=NOTHING_SAID)
    assert report.blog is None
    assert "2031-02-04" in report.refused[0].reason
    assert posted(store) == before
    (report,), _ = take(store, moved, options=SourceOptions(date=date(2031, 2, 4), blog="flood-2031-02-03"))
    assert (report.unchanged, posted(store)) == (2, before)
