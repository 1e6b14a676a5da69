"""Taken down: what is erased is hidden first, leaves no byte, and does not come back by another reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from retrieval.archive import Archive
from retrieval.errors import StoreError, UsageError
from retrieval.lexical import terms
from retrieval.model import Listing, ReadBlog, ReadEntry, SourceOptions, Status
from retrieval.rows import Source
from retrieval.segment import Hit
from retrieval.snapshot import Snapshot, View
from retrieval.store import Store
from retrieval.takedown import TAKEN_DOWN_ID
from retrieval.tombstones import KEY_FILE
from tests.test_withholding import BLOG, LINES, NOW, bytes_of, quiet, shown, write

ERASED = ("Quillfeather", "sluice", "Inkersole", "questioned")
WHOLE_ID = f"{BLOG}/zebedee-quillfeather-arrested"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "flood.ndjson", LINES)


@pytest.fixture
def archive(make_archive: Callable[..., Archive], source: Path) -> Archive:
    return make_archive(source, options=SourceOptions(blog=BLOG, url="https://news.example/live/flood"))


def with_text(source: Path, text: str, **more: str) -> None:
    """The second entry, edited at its source."""
    write(source, [LINES[0], {**LINES[1], "text": text, **more}, *LINES[2:]])


def take_down(archive: Archive, whole_id: str, version: int | None = None) -> str:
    down, erased = archive.take_down(whole_id, version, "court-order", "admin", NOW, quiet)
    assert erased
    return down.whole_id


def test_a_taken_down_entry_leaves_no_byte(archive: Archive) -> None:
    home = archive.home
    assert all(word.encode() in bytes_of(home) for word in ERASED)
    kept = take_down(archive, f"{BLOG}/zebedee-quillfeather-arrested")
    assert kept.startswith(f"{BLOG}/{TAKEN_DOWN_ID}")
    left = bytes_of(home)
    assert [word for word in (*ERASED, "zebedee", "quillfeather") if word.encode() in left] == []
    assert b"The ferry to Marsh Island" in left
    archive.close()
    with sqlite3.connect(home / "archive.db") as bare:
        assert bare.execute("SELECT count(*) FROM versions WHERE text != ''").fetchone() == (3,)
        assert bare.execute("SELECT count(*) FROM passages").fetchone() == (6,)
        assert bare.execute("SELECT count(*) FROM encodings").fetchone() == (3,)
        assert bare.execute("SELECT status FROM entries WHERE id LIKE 'taken%'").fetchall() == [("taken_down",)]


def test_no_term_of_it_is_left_in_the_index(archive: Archive) -> None:
    [rare] = terms("Quillfeather")
    held = archive.snapshot()
    assert held.view().rarity(rare) < 1
    assert held.manifest.passages == 8
    folders = {path.name for path in (archive.home / "index" / "segments").iterdir()}
    take_down(archive, f"{BLOG}/zebedee-quillfeather-arrested")
    now = Snapshot.open(archive.home / "index")
    assert (now.view().rarity(rare), now.manifest.passages) == (1.0, 6)
    assert folders.isdisjoint(path.name for path in (archive.home / "index" / "segments").iterdir())


def test_no_vector_of_it_is_left_of_its_passages_or_its_tokens(archive: Archive) -> None:
    model = archive.snapshot().manifest.model
    [version] = archive.versions_of(WHOLE_ID)
    kept = archive.store.passages_of(model.fingerprint, [version.key])[version.key]
    [encoding] = archive.store.encodings(model.fingerprint, {one.digest for one in kept}).values()
    size = 4 * model.dimension
    vectors = [encoding.vectors[at : at + size] for at in range(0, len(encoding.vectors), size)]
    tokens = [encoding.tokens[at : at + model.width] for at in range(0, len(encoding.tokens), model.width)]
    assert (len(vectors), len(tokens) > 15) == (2, True)
    before = bytes_of(archive.home / "index")
    assert all(one in before for one in [*vectors, *tokens, encoding.tokens])
    take_down(archive, WHOLE_ID)
    left = bytes_of(archive.home)
    assert [one for one in [*vectors, *tokens] if one in left] == []


def test_it_says_who_took_it_down_and_when(archive: Archive) -> None:
    whole_id = f"{BLOG}/zebedee-quillfeather-arrested"
    kept = take_down(archive, whole_id)
    for name in (whole_id, kept):
        with pytest.raises(
            UsageError, match=r"was taken down by admin at 2031-02-04T09:00:00\+00:00 \(court-order\)"
        ):
            archive.versions_of(name)
    assert archive.find("Quillfeather") == []
    assert shown(archive).count("zebedee-quillfeather-arrested") == 0
    assert (archive.state().entries, archive.state().erasing) == (3, ())


@pytest.mark.parametrize("full", [False, True])
def test_a_take_down_survives_reading_the_source_again(archive: Archive, source: Path, full: bool) -> None:
    take_down(archive, f"{BLOG}/zebedee-quillfeather-arrested")
    # the source still has it, and one more entry, so that it is read anew
    write(source, [*LINES, {**LINES[0], "id": "late", "text": "The gauge fell to three metres at nine."}])
    [report] = archive.reindex(full, NOW, quiet).sources
    assert (report.added, report.edited, report.deleted, report.unchanged) == (1, 0, 0, 3)
    assert report.warnings == (
        ("the entry of 2031-02-03T08:02:00+00:00 was taken down and stands in the source still; it was not recorded"),
    )
    assert not any(word.encode() in bytes_of(archive.home) for word in ERASED)
    # corrected by its author, it is the same entry
    write(source, [LINES[0], {**LINES[1], "text": "A man was questioned."}, *LINES[2:], {**LINES[0], "id": "late"}])
    archive.reindex(full, NOW, quiet)
    assert b"A man was questioned" not in bytes_of(archive.home)


def test_its_words_are_known_again_in_another_blog(archive: Archive, tmp_path: Path) -> None:
    take_down(archive, f"{BLOG}/zebedee-quillfeather-arrested")
    other = write(tmp_path / "copy.ndjson", [{**LINES[1], "id": "copied"}, {**LINES[2], "id": "school-2"}])
    [report] = archive.add([str(other)], SourceOptions(blog="copy"), NOW, quiet).sources
    assert (report.added, len(report.warnings)) == (1, 1)
    assert not any(word.encode() in bytes_of(archive.home) for word in ERASED)


def test_one_old_version_goes_and_the_current_one_stays(archive: Archive, source: Path) -> None:
    whole_id = f"{BLOG}/zebedee-quillfeather-arrested"
    edited = {"id": LINES[1]["id"], "time": LINES[1]["time"], "text": "A man was heard for nine hours. He denies it."}
    write(source, [LINES[0], edited, *LINES[2:]])
    archive.refresh(BLOG, NOW, quiet)
    with pytest.raises(UsageError, match="is its last one"):
        archive.take_down(whole_id, 2, "libel", "admin", NOW, quiet)
    take_down(archive, whole_id, 1)
    first, second = archive.versions_of(whole_id)
    assert (first.text, first.title, first.author, second.text) == ("", None, None, edited["text"])
    left = bytes_of(archive.home)
    assert [word for word in ("Quillfeather", "sluice", "Inkersole") if word.encode() in left] == []
    assert second.entry.status is Status.LIVE

    # where the source puts the old wording back, it is not recorded
    write(source, LINES)
    [report] = archive.reindex(False, NOW, quiet).sources
    assert (report.edited, report.unchanged) == (0, 4)
    assert report.warnings[0].endswith(
        "its wording was taken down and stands in the source again; it was not recorded"
    )
    assert [version.text for version in archive.versions_of(whole_id)] == ["", edited["text"]]
    with pytest.raises(UsageError, match="has no version 1 with words"):
        archive.take_down(whole_id, 1, "libel", "admin", NOW, quiet)


def test_a_scraped_post_taken_down_stays_down_though_corrected(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    def page(words: str) -> str:
        posts = [
            ("5.03pm GMT17:03", "All is quiet on the quay."),
            ("5.02pm GMT17:02", words),
            ("5.01pm GMT17:01", "Rain."),
        ]
        return "".join(f"{head}{text}FacebookTwitterShareclose" for head, text in posts)

    path = tmp_path / "flood-2031-02-03.txt"
    path.write_text(page("Zebedee Quillfeather opened the gate."))
    archive = make_archive(path)
    [blog] = archive.blogs()
    take_down(archive, f"{blog}/2031-02-03T17:02Z-1")
    for words in ("Zebedee Quillfeather opened the gate.", "Zebedee Quillfeather is said to have opened it."):
        path.write_text(page(words))
        [report] = archive.reindex(False, NOW, quiet).sources
        assert (report.added, report.deleted, report.unchanged, len(report.warnings)) == (0, 0, 2, 1)
        assert b"Quillfeather" not in bytes_of(archive.home)


def test_an_open_reader_delays_the_erasing_and_it_is_said(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.erasing._SECONDS", 0.1)
    whole_id = f"{BLOG}/zebedee-quillfeather-arrested"
    reader = sqlite3.connect(archive.home / "archive.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM versions").fetchone()
    down, erased = archive.take_down(whole_id, None, "court-order", "admin", NOW, quiet)
    assert not erased
    assert archive.state().erasing == (down.whole_id,)
    assert "zebedee-quillfeather-arrested" not in shown(archive)
    reader.close()
    archive.reindex(False, NOW, quiet)
    assert archive.state().erasing == ()
    assert not any(word.encode() in bytes_of(archive.home) for word in ERASED)


@pytest.mark.parametrize("command", ["add", "reindex", "refresh"])
def test_a_take_down_that_was_stopped_is_finished_by_the_next_command(
    archive: Archive, source: Path, command: str
) -> None:
    down = archive.store.take_down(f"{BLOG}/zebedee-quillfeather-arrested", None, "court-order", "admin", NOW)
    assert archive.state().erasing == (down.whole_id,)
    assert "zebedee-quillfeather-arrested" not in shown(archive)
    if command == "add":
        archive.add([str(source.with_name("none.ndjson"))], SourceOptions(), NOW, quiet)
    elif command == "reindex":
        archive.reindex(False, NOW, quiet)
    else:
        write(source, [*LINES, {**LINES[0], "id": "late"}])
        archive.refresh(BLOG, NOW, quiet)
    assert archive.state().erasing == ()
    assert not any(word.encode() in bytes_of(archive.home) for word in ERASED)


def test_without_its_key_nothing_is_read_again(archive: Archive, source: Path) -> None:
    take_down(archive, f"{BLOG}/zebedee-quillfeather-arrested")
    key = archive.home / KEY_FILE
    assert key.stat().st_mode & 0o777 == 0o600
    kept = key.read_bytes()
    write(source, [*LINES, {**LINES[0], "id": "late"}])
    for damaged in (b"", kept[:5]):
        key.write_bytes(damaged)
        with pytest.raises(StoreError, match="is missing or damaged"):
            archive.refresh(BLOG, NOW, quiet)
    key.write_bytes(kept)
    archive.refresh(BLOG, NOW, quiet)


def test_what_is_not_there_or_gone_already_is_refused(archive: Archive) -> None:
    whole_id = f"{BLOG}/zebedee-quillfeather-arrested"
    kept = take_down(archive, whole_id)
    for name in (kept, whole_id, f"{BLOG}/none", "none"):
        with pytest.raises(UsageError):
            archive.take_down(name, None, "court-order", "admin", NOW, quiet)


# ------------------------------------------------------------------------------------------------ known again


def test_a_short_text_is_known_again_in_another_blog_by_its_markup(archive: Archive, source: Path) -> None:
    with_text(source, "Quillfeather did it.")
    archive.refresh(BLOG, NOW, quiet)
    take_down(archive, WHOLE_ID)
    [report] = archive.add([str(source)], SourceOptions(blog="other"), NOW, quiet).sources
    assert (report.added, len(report.warnings)) == (3, 1)
    assert archive.find("Quillfeather") == []


def test_it_is_known_again_by_its_minute_where_the_source_gives_no_ids_any_more(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "archive.db")

    def read(own: bool) -> tuple[int, int]:
        entries = tuple(
            ReadEntry(
                id=f"own-{minute}" if own else None,
                posted_at=datetime(2031, 2, 3, 8, minute, tzinfo=UTC),
                title=None,
                author=None,
                url=None,
                text=text,
                raw=f"{own} {text}",
            )
            for minute, text in enumerate(["Geese fly.", "Quillfeather did it.", "Bread is short."])
        )
        made = store.record(
            blog_id="b",
            default_title="b",
            source=Source(locator="/x", format="t", sha256="0", options=SourceOptions(blog="b"), read_at=NOW),
            read=ReadBlog(
                format="t", id=None, title=None, url=None, timezone=None, entries=entries, listing=Listing.PART
            ),
            now=NOW,
        )
        return made.added, len(made.warnings)

    assert read(own=True) == (3, 0)
    store.take_down("b/own-1", None, "court-order", "admin", NOW)
    assert read(own=False) == (2, 1)
    assert not any("Quillfeather" in one.text for one in store.all_wordings())
    store.close()


# ------------------------------------------------------------------------------------------------ one version


def test_every_superseded_version_of_the_same_words_goes(archive: Archive, source: Path) -> None:
    for text in ("A man was heard.", LINES[1]["text"], "A man was heard, and let go."):
        with_text(source, text)
        archive.refresh(BLOG, NOW, quiet)
    assert [one.number for one in archive.erasable(WHOLE_ID, 1)] == [1, 3]
    down, erased = archive.take_down(WHOLE_ID, 1, "libel", "admin", NOW, quiet)
    assert (down.numbers, len(down.versions), erased) == ((1, 3), 2, True)
    assert [one.text for one in archive.versions_of(WHOLE_ID)] == [
        "",
        "A man was heard.",
        "",
        "A man was heard, and let go.",
    ]
    assert b"sluice" not in bytes_of(archive.home)
    assert archive.state().held == ()
    with pytest.raises(UsageError, match="has no version 3 with words"):
        archive.take_down(WHOLE_ID, 3, "libel", "admin", NOW, quiet)


def test_words_that_stand_in_the_current_version_are_refused(archive: Archive, source: Path) -> None:
    for text in ("A man was heard.", LINES[1]["text"]):
        with_text(source, text)
        archive.refresh(BLOG, NOW, quiet)
    for check in (
        lambda: archive.erasable(WHOLE_ID, 1),
        lambda: archive.take_down(WHOLE_ID, 1, "libel", "admin", NOW, quiet),
    ):
        with pytest.raises(UsageError, match="version 3, the last one, has the words of version 1"):
            check()
    assert archive.state().held == ()
    assert [one.number for one in archive.erasable(WHOLE_ID, 2)] == [2]


def test_an_earlier_reading_of_the_same_markup_goes_with_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "archive.db")
    for text, raw in (
        ("Misread Quillfeather", "<p>Quill</p>"),
        ("Quillfeather", "<p>Quill</p>"),
        ("Other", "<p>O</p>"),
    ):
        entry = ReadEntry(id="1", posted_at=NOW, title=None, author=None, url=None, text=text, raw=raw)
        store.record(
            blog_id="b",
            default_title="b",
            source=Source(locator="/x", format="t", sha256="0", options=SourceOptions(blog="b"), read_at=NOW),
            read=ReadBlog(
                format="t", id=None, title=None, url=None, timezone=None, entries=(entry,), listing=Listing.PART
            ),
            now=NOW,
        )
    assert store.take_down("b/1", 1, "libel", "admin", NOW).numbers == (1, 2)
    assert [one.text for one in store.versions_of("b/1")] == ["", "", "Other"]
    store.close()


@pytest.mark.parametrize(("number", "problem"), [(1, "version 1 of .* is its last one"), (99, "has no version 99")])
def test_what_cannot_be_erased_is_refused_before_anything_is_asked(
    archive: Archive, number: int, problem: str
) -> None:
    for check in (
        lambda: archive.erasable(WHOLE_ID, number),
        lambda: archive.take_down(WHOLE_ID, number, "libel", "admin", NOW, quiet),
    ):
        with pytest.raises(UsageError, match=problem):
            check()
    assert archive.state().held == ()


def test_a_version_taken_down_while_an_answer_is_made_is_not_shown(
    archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_text(source, "A man was heard.")
    archive.refresh(BLOG, NOW, quiet)
    then = datetime(2031, 2, 3, 12, tzinfo=UTC)
    retrieve = View.retrieve

    def asked() -> list[str]:
        answer = archive.ask("Who was questioned about the sluice gate?", as_of=then)
        return [one.passage.text for one in (*answer.passages, *answer.nearest)]

    def taken_down_meanwhile(self: View, *of: Any) -> list[Hit]:
        found = retrieve(self, *of)
        archive.store.take_down(WHOLE_ID, 1, "libel", "admin", NOW)
        return found

    assert any("Quillfeather" in text for text in asked())
    with monkeypatch.context() as patched:
        patched.setattr(View, "retrieve", taken_down_meanwhile)
        assert not any("Quillfeather" in text or not text for text in asked())


def test_a_hold_of_the_admins_outlasts_the_take_down_of_a_version(archive: Archive, source: Path) -> None:
    with_text(source, "A man was heard.")
    archive.refresh(BLOG, NOW, quiet)
    archive.hold(WHOLE_ID, "2199-01-01T00:00+00:00", NOW)
    before = archive.state().held
    take_down(archive, WHOLE_ID, 1)
    assert archive.state().held == before == ((WHOLE_ID, datetime(2199, 1, 1, tzinfo=UTC)),)


def test_what_is_taken_down_cannot_be_held(archive: Archive) -> None:
    kept = take_down(archive, WHOLE_ID)
    for word in (kept, WHOLE_ID):
        with pytest.raises(UsageError):
            archive.hold(word, None, NOW)
    assert archive.state().held == ()
