"""What comes out of real pages, held against what people say should come out: ids, times, titles, words in order."""

from __future__ import annotations

import difflib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from retrieval import sources
from retrieval.model import ReadBlog, ReadEntry, SourceOptions
from retrieval.sources.document import Document
from tests.data_folder import DATA

APP = DATA / "guardian-app"
WEB = DATA / "guardian-web"

# Where ours and the expectation differ, ours is what the document shows:
ANOTHER_STATE = {("02_tone-deadblog.html", "54d8be6fe4b0369a4271520e")}
"""The expectation was taken from another state of this block, with another time and wording, than the page holds."""
TITLED_WITHOUT_A_CLASS = {"530f8f43e4b04289b0526a34", "530f923ae4b01bd15abf323c"}
"""The old football template's titles: a heading without a class at the head of the block. Expected as words."""
FALLBACK_OF_A_PLAYER = {"541046a7e4b0678f1b110985"}
"""The expectation holds what stands inside an `<iframe>`, which no browser that shows frames shows."""
FOR_SCREEN_READERS = {"57723461e4b0f4303810a62e", "54d19b03e4b007754db29675"}
"""The expectation holds a player's label that is spoken but not shown."""
FEWER = {*FALLBACK_OF_A_PLAYER, *FOR_SCREEN_READERS}
CAPTIONS_AND_LINKS = {
    "6579e3a48f08e3b7ab1a3236", "6579d6cf8f088e348c76ee0a", "6579cdc58f08e3b7ab1a3096", "65799add8f08c4c875ceaba6",
    "6579993c8f0889f38750b1cc", "657983118f0893fbcb7ce345", "65797c208f08c4c875cea9ce", "6579a60c8f08c4c875ceac82",
    "6579bc538f088e348c76ec09", "657969118f08c4c875cea936",
}  # fmt: skip
"""The expectation leaves out captions, credits and link cards, which a reader sees as part of the block."""
GLUED = {"657983118f0893fbcb7ce345", "6579a60c8f08c4c875ceac82"}
"""The expectation glues two words where the page breaks a line."""

UPDATED = re.compile(r"\s*Last Updated: \d\d:\d\d(?: GMT\S*| BST)?(?: \w+,? \d{1,2} \w+ \d{4})?\s*\Z")


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def shared(ours: list[str], theirs: list[str]) -> int:
    """How many of the expected words stand in ours in order. Words that the expectation glues where the page breaks a
    line are the same words."""
    if "".join(ours) == "".join(theirs):
        return max(len(ours), len(theirs))
    matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def rows(folder: Path) -> list[dict[str, Any]]:
    path = folder / "entries.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is missing: set STET_TEST_DATA to the folder with the shared data")
    return [json.loads(line) for line in path.read_text().splitlines()]


def read(path: Path) -> ReadBlog:
    return sources.read(Document(locator=str(path), name=path.name, data=path.read_bytes()), SourceOptions())


def body(row: dict[str, Any]) -> list[str]:
    """The words expected in the text: the title, which is a field of its own, and the update footer taken off."""
    text = UPDATED.sub("", row["text"])
    title = words(row["title"] or "")
    found = words(text)
    return found[len(title) :] if title and found[: len(title)] == title else found


def printed(entry: ReadEntry, form: str) -> str:
    if re.fullmatch(r"\d\d:\d\d", form):
        return f"{entry.posted_at:%H:%M}"
    return f"{entry.posted_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


FILES = [
    "00_tone-deadblog-cricket.html", "02_tone-deadblog.html", "04_footballLive.html",
    "06_cricket-tone-deadblog.html", "08_live-sport-dead.html", "10_live-news.html", "12_tone-liveblog.html",
    "14_article-sport-cricket-liveblog.html", "16_liveblog-tone-liveblog.html", "18_tone-deadblog-minute.html",
    "20_bug.html", "22_tone_deadblog.html", "24_liveblog-tone-liveblog.html", "26_embeds1.html",
]  # fmt: skip


def of_the_app(name: str) -> list[tuple[dict[str, Any], ReadEntry]]:
    expected = [row for row in rows(APP) if row["blog"] == name]
    entries = {entry.id: entry for entry in read(APP / name).entries}
    assert set(entries) == {row["block_id"] for row in expected}
    return [(row, entries[row["block_id"]]) for row in expected]


@pytest.mark.parametrize("name", FILES)
def test_the_apps_blocks_come_out_with_their_times_and_titles(name: str) -> None:
    for row, entry in of_the_app(name):
        created = datetime.fromisoformat(row["created_utc_from_objectid"])
        waited = (entry.posted_at - created).total_seconds()
        assert -60 < waited < 12 * 3600, entry.id
        if (name, entry.id) in ANOTHER_STATE:
            continue
        assert printed(entry, row["time_title"]) == row["time_title"], entry.id
        if entry.id not in TITLED_WITHOUT_A_CLASS:
            assert entry.title == (row["title"] or None), entry.id
        else:
            assert words(entry.title or "") == body(row)[: len(words(entry.title or ""))]


@pytest.mark.parametrize("name", FILES)
def test_the_apps_words_come_out_whole_and_in_order(name: str) -> None:
    expected = ours = same = 0
    for row, entry in of_the_app(name):
        if (name, entry.id) in ANOTHER_STATE:
            continue
        theirs, own = body(row), words(entry.text)
        if entry.id in TITLED_WITHOUT_A_CLASS:
            own = words(entry.title or "") + own
        common = shared(own, theirs)
        assert common >= len(own), (entry.id, "ours has words that the page has not")
        if entry.id in FEWER:
            continue
        assert common >= len(theirs), (entry.id, "ours lacks words")
        expected, ours, same = expected + len(theirs), ours + len(own), same + min(common, len(theirs))
    assert same >= 0.99 * expected
    assert same >= 0.99 * ours


def test_every_block_of_the_app_is_compared() -> None:
    assert sum(len([row for row in rows(APP) if row["blog"] == name]) for name in FILES) == len(rows(APP)) == 250


def test_the_edit_times_are_those_of_the_footers() -> None:
    """An edit in the minute of publication is none; every other footer's time is the edit's."""
    edited = 0
    for name in FILES:
        for row, entry in of_the_app(name):
            if (name, entry.id) in ANOTHER_STATE:
                continue
            footer = re.search(r"\d\d:\d\d", row["updated"] or "")
            if footer is None:
                assert entry.edited_at is None, entry.id
            elif entry.edited_at is None:
                assert footer[0] <= f"{entry.posted_at:%H:%M}", entry.id
            else:
                assert f"{entry.edited_at:%H:%M}" == footer[0], entry.id
                edited += 1
    assert edited == 52


def test_the_pages_blocks_come_out_with_their_times_titles_and_words() -> None:
    path = WEB / "LiveBlogSingleContributor.json"
    expected = {row["block_id"]: row for row in rows(WEB)}
    blog = read(path)
    assert (blog.format, blog.timezone, blog.refused) == ("guardian-page", "Europe/London", ())
    assert {entry.id for entry in blog.entries} == set(expected)
    theirs_all = same_all = 0
    for entry in blog.entries:
        row = expected[str(entry.id)]
        assert entry.posted_at.timestamp() * 1000 == row["first_published_ms"]
        assert f"{entry.posted_at:%H.%M\u00a0%Z}" == row["first_published_display"]
        if row["first_published_display"] == row["last_updated_display"]:
            assert entry.edited_at is None
        else:
            assert entry.edited_at is not None
            assert f"{entry.edited_at:%H.%M\u00a0%Z}" == row["last_updated_display"]
        assert (entry.title, entry.url) == (row["title"], row["permalink"])
        theirs, own = words(row["text"]), words(entry.text)
        common = shared(own, theirs)
        assert common >= (0.96 if entry.id in GLUED else 1) * len(theirs), entry.id
        assert entry.id in CAPTIONS_AND_LINKS or common >= len(own), entry.id
        theirs_all, same_all = theirs_all + len(theirs), same_all + common
    assert theirs_all == 4_621
    assert same_all >= 0.99 * theirs_all
