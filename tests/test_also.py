"""Near-duplicates of what is shown: cited on every surface, never quoted. Every text here is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot import objects, render, terminal, wording
from bot.checked import checked
from bot.ledger import Ledger
from bot.pieces import Quote
from bot.replies import Response, Section
from retrieval.archive import Archive
from retrieval.model import Answer, Passage, SourceOptions
from retrieval.verdicts import Field
from tests.conftest import NOW
from tests.slack_bot import quoted, running, walked
from tests.slack_server import LoopbackSlack

AGROUND = "The ferry Ragwort ran aground on the Marl bank at noon."
QUESTION = "Where did the ferry Ragwort run aground?"
SUMMARY = f"Here is the day so far at Skerrow harbour. {AGROUND} The fish market opened with a band."
DAY = {
    "a": ("10:05", None, "The fish market at Skerrow opened with a band. Herring is cheap this week."),
    "b": ("12:20", "Aground", f"{AGROUND} The lifeboat took all 61 passengers off."),
    "c": ("14:00", None, "The mayor says that the buns were good. The band played until two."),
    "d": ("18:00", "Summary", SUMMARY),
}
FIRST = "The harbour, 12.20pm UTC, Monday 3 February 2031, “Aground”"
LATER = "The harbour, 6.00pm UTC, Monday 3 February 2031, “Summary”"


def ndjson(path: Path, ids: str) -> Path:
    path.write_text(
        "\n".join(
            json.dumps({"id": one, "time": f"2031-02-03T{time}:00+00:00", "title": title, "text": text})
            for one, (time, title, text) in DAY.items()
            if one in ids
        )
    )
    return path


def harbour(make_archive: Callable[..., Archive], folder: Path, ids: str = "abcd") -> Archive:
    options = SourceOptions(title="The harbour", blog="harbour")
    return make_archive(ndjson(folder / "harbour.ndjson", ids), options=options)


def test_a_repeated_passage_is_shown_once_under_its_first_publication(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    given = harbour(make_archive, tmp_path).ask(QUESTION)
    first = given.passages[0]
    assert first.passage.version.entry.whole_id == "harbour/b"
    assert first.passage.text.startswith(AGROUND)
    assert [one.version.entry.whole_id for one in first.also] == ["harbour/d"]
    assert "harbour/d" not in [one.passage.version.entry.whole_id for one in given.passages]
    assert {"b", "d"} <= {one.entry.id for one in given.ranking}
    said = objects.answer(given)["passages"][0]
    assert [(one["entry"], one["title"], one["sha256"]) for one in said["also"]] == [
        ("harbour/d", "Summary", first.also[0].sha256)
    ]


def test_the_terminal_cites_it_below_the_first_one(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    given = harbour(make_archive, tmp_path).ask(QUESTION, limit=1)
    lines = terminal.reply(render.answer(given)).split("\n")
    assert lines[0] == wording.PUBLISHED
    assert lines[2].startswith(f"  {AGROUND}")
    assert lines[3:6] == [f"  {FIRST}", f"  {wording.ALSO} {LATER}", ""]


def test_slack_cites_it_and_the_ledger_can_find_it(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with running(slack, archive, tmp_path) as bot:
        slack.mention(QUESTION, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        bot.stop()
    walked(archive, posted)
    assert f"\n{FIRST}\n{wording.ALSO} {LATER}\n" in posted.text
    assert sum(AGROUND in one for one in quoted(posted)) == 1
    ledger = Ledger.open(tmp_path / "ledger.db")
    receipts = ledger.messages.receipts(posted.channel, posted.ts)
    ledger.close()
    assert [one.entry for one in receipts if one.entry != "harbour/b"] == ["harbour/d"]
    proved = [archive.versions_of(one.entry)[0].text[one.start : one.end] for one in receipts]
    assert all(AGROUND in one for one in proved)


def test_one_in_a_sensitive_blog_keeps_the_passages_out_of_the_open(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, "abc")
    secret = ndjson(tmp_path / "secret.ndjson", "d")
    archive.add([str(secret)], SourceOptions(title="Secret", sensitive=True), NOW, lambda *_: None)
    with running(slack, archive, tmp_path):
        slack.mention(QUESTION, "U1", "C1")
        slack.slash(QUESTION, "U1", "C1")
        posts = slack.wait_for_posts(2)
    private, posted = sorted(posts, key=lambda one: one.user is None)
    assert posted.text == wording.SENSITIVE
    walked(archive, private, QUESTION)
    assert f"{wording.ALSO} Secret, 6.00pm UTC" in private.text


def test_one_that_the_asker_may_not_see_is_no_duplicate(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, "acd")
    first = ndjson(tmp_path / "elsewhere.ndjson", "b")
    archive.add([str(first)], SourceOptions(title="Elsewhere", visibility=("C2",)), NOW, lambda *_: None)
    with running(slack, archive, tmp_path):
        slack.mention(QUESTION, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.mention(QUESTION, "U1", "C2")
        [_, there] = slack.wait_for_posts(2)
    assert LATER in posted.text
    assert wording.ALSO not in posted.text
    assert "Elsewhere" not in posted.text
    assert f"{wording.ALSO} {LATER}" in there.text
    assert quoted(there)[0].startswith(AGROUND)


def with_others(given: Answer, count: int) -> Answer:
    [first] = given.passages
    return replace(given, passages=(replace(first, also=(first.also[0],) * count),))


def test_many_are_counted_and_so_are_all_where_there_is_no_room(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    given = harbour(make_archive, tmp_path).ask(QUESTION, limit=1)
    [first] = given.passages
    five = render.plain(render.answer(with_others(given, 5))).split("\n")
    assert five[3:7] == [*[f"{wording.ALSO} {LATER}"] * 3, "Also published in more entries: 2"]
    whole = render.answer(with_others(given, 5))
    short = render.answer(with_others(given, 5), render.length(whole) + 20)
    lines = render.plain(short).split("\n")
    assert lines[2:4] == [FIRST, "Also published in more entries: 5"]
    assert any(isinstance(part, Quote) for part in short)
    bare = render.length([*whole[:1], *render.too_long(first.passage), *whole[-1:]])
    tiny = render.plain(render.answer(with_others(given, 5), bare + len(wording.LEFT_OUT) + 10)).split("\n")
    assert tiny[1:3] == [wording.TOO_LONG_HERE, FIRST]


def test_what_is_cited_without_its_words_is_among_what_is_shown(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    given = harbour(make_archive, tmp_path).ask(QUESTION, limit=1)
    [first] = given.passages
    cited = Response(sections=(Section(reply=tuple(render.too_long(first.passage))),))
    assert cited.shown == (first.passage,)
    whole = Response(sections=(Section(reply=render.answer(given)),))
    assert whole.shown == (first.passage, *first.also)
    assert all(isinstance(one, Passage) for one in whole.shown)


def test_a_check_of_a_title_can_be_found_by_its_receipt(sample_archive: Archive) -> None:
    with sample_archive.checking() as checking:
        found = checking.check("Leader refuses to resign")
    shown = Response(sections=(Section(reply=checked(found)),)).shown
    assert found.matches[0].field is Field.TITLE
    assert found.matches[0].version in [one.version for one in shown]
