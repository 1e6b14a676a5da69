"""Documents that are sent to the bot by direct message, over the loopback Slack."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import pytest

from bot import wording
from bot.documents import MOST_IN_DOCUMENT
from bot.ledger import Ledger
from retrieval.archive import Archive
from retrieval.drafts.finding import Draft
from retrieval.model import SourceOptions
from retrieval.verdicts import QuoteCheck
from tests.data_folder import SAMPLE
from tests.slack_bot import RESIGN, quoted, running, walked
from tests.slack_payloads import bot_message
from tests.slack_server import LoopbackSlack
from tests.test_slack_checks import CANAL, CIRCUS, SLOW, proved

DRAFT = f"""By dawn it was plain. “{CANAL}”

“{CIRCUS}.” Nobody laughed at what is “so-called”.

“{SLOW},” she added.
"""


def page(draft: Draft, checks: Sequence[QuoteCheck], title: str, now: datetime) -> str:
    """A report that says what it was given."""
    assert abs((datetime.now(UTC) - now).total_seconds()) < 60
    assert [one.text for one in draft.quotations] == [one.quote for one in checks]
    return "\n".join([title, *(f"{one.verdict} {one.quote}" for one in checks)])


def test_a_report_that_quotes_what_is_taken_down_is_removed_and_its_sender_told(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    draft = slack.host_file("wend.txt", DRAFT.encode(), user="U1")
    other = slack.host_file("other.txt", f"“{SLOW},” she added.".encode(), user="U1")
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files([draft], "U1")
        slack.send_files([other], "U1")
        slack.wait_until(lambda: len(slack.uploads) == 2)
        slack.settle()
        [match] = sample_archive.find(CANAL)
        now = datetime.now(UTC)
        sample_archive.take_down(match.version.entry.whole_id, None, "court-order", "me", now, lambda *_: None)
        slack.wait_until(lambda: slack.removed)
        told = f"<@U1> {wording.REPORT_REMOVED}"
        slack.wait_until(lambda: told in [post.text for post in slack.posts])
        slack.settle(1.5)
    assert len(slack.removed) == 1
    assert [post.text for post in slack.posts].count(told) == 1


def test_a_document_is_checked_and_answered_with_a_summary_and_the_report(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    draft = slack.host_file("wend.txt", DRAFT.encode(), user="U1")
    with running(slack, sample_archive, tmp_path, page) as bot:
        sent = slack.send_files([draft], "U1")
        slack.wait_until(lambda: slack.uploads)
        slack.redeliver(sent, retry_attempt=1).wait_acked()
        slack.settle()
        bot.stop()
    [posted] = slack.posts
    [report] = slack.uploads
    walked(sample_archive, posted, CANAL, f"{CIRCUS}.", f"{SLOW},", "wend.txt")
    assert (posted.channel, posted.thread_ts, posted.user) == (sent.channel, None, None)
    lines = posted.text.split("\n")
    assert lines[:2] == ["Checked: wend.txt. Quotations: 3. Passing: 1.", "EXACT: 1, ALTERED: 1, NOT FOUND: 1"]
    assert [line for line in lines if line.startswith("Quotation ")] == [
        "Quotation 2 of 3",
        "Quotation 3 of 3",
        "Quotation 1 of 3",
    ]
    assert lines[-1] == wording.LEFT_ALONE.format(count=1)
    assert (report.channel, report.thread_ts, report.name, report.title) == (
        sent.channel,
        None,
        "wend.html",
        "wend.txt",
    )
    assert report.content.decode() == (f"wend.txt\nexact {CANAL}\nnot_found {CIRCUS}.\naltered {SLOW},")
    receipts = proved(sample_archive, tmp_path, posted)
    assert CANAL in receipts
    assert set(quoted(posted)) - {CANAL, f"{CIRCUS}."} - set(receipts) == {
        "This is a fastslow river tonight and it is not finished,"  # struck out and put in
    }
    assert [call.args["authorized"] for call in slack.calls_to("files-pri")] == [True]


def test_nothing_of_a_document_is_kept(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="bot")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    files = [
        slack.host_file("wend.txt", DRAFT.encode(), user="U1"),
        slack.host_file("broken.txt", b"\xff\xfe\xff circus", user="U1"),
    ]
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files(files, "U1")
        slack.wait_for_posts(2)
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert {path.name for path in new} <= {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
    assert all(b"circus" not in path.read_bytes() for path in new)
    assert "circus" not in caplog.text
    assert "wend.txt" not in caplog.text


def test_a_word_document_is_read(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph(f"At dawn: “{CANAL}”")
    held = io.BytesIO()
    document.save(held)
    draft = slack.host_file("Wend, final.docx", held.getvalue(), user="U1")
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files([draft], "U1", "Please check this.", thread_ts="1.000001")
        slack.wait_until(lambda: slack.uploads)
    [posted] = slack.posts
    assert posted.text.startswith("Checked: Wend, final.docx. Quotations: 1. Passing: 1.\nEXACT: 1\n")
    assert posted.thread_ts == slack.uploads[0].thread_ts == "1.000001"
    assert slack.uploads[0].name == "Wend, final.html"


def test_the_report_has_what_the_message_has_no_room_for(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    text = "\n".join(f"“The mayor counted {number} ducks upon the river”" for number in range(100, 130))
    draft = slack.host_file("ducks.md", text.replace("\n", "\n\n").encode(), user="U1")
    with running(slack, sample_archive, tmp_path):
        slack.send_files([draft], "U1")
        slack.wait_until(lambda: slack.uploads)
    [posted] = slack.posts
    lines = posted.text.split("\n")
    shown = sum(line.startswith("Quotation ") for line in lines)
    assert lines[:2] == ["Checked: ducks.md. Quotations: 30. Passing: 0.", "NOT FOUND: 30"]
    assert lines[-1] == wording.SEE_THE_REPORT.format(count=30 - shown)
    assert len(posted.text) <= 4_000
    report = slack.uploads[0].content.decode()
    assert report.startswith("<!doctype html>")
    assert "The mayor counted 129 ducks upon the river" in report


@pytest.mark.parametrize(
    ("name", "data", "more", "said"),
    [
        ("scan.pdf", b"%PDF-1.7", {}, wording.FILE_KIND.format(name="scan.pdf")),
        ("old.doc", b"\xd0\xcf\x11\xe0", {}, wording.FILE_KIND.format(name="old.doc")),
        ("a.docx", b"x", {"mode": "external", "is_external": True}, wording.FILE_ELSEWHERE.format(name="a.docx")),
        ("a.docx", b"x", {"mode": "hidden_by_limit"}, wording.FILE_GONE.format(name="a.docx")),
        ("a.docx", b"x", {"mode": "tombstone", "name": None}, wording.FILE_GONE.format(name=wording.NAMELESS)),
        ("a.txt", b"x", {"url_private_download": None}, wording.FILE_GONE.format(name="a.txt")),
        ("a.txt", b"x", {"size": 20_000_001}, wording.FILE_TOO_LARGE.format(name="a.txt", most=20)),
        ("a.txt", b"x", {"size": 2}, wording.FILE_NOT_HAD.format(name="a.txt")),
        ("a.txt", b"x", {"url_private_download": "https://evil.test/a"}, wording.FILE_NOT_HAD.format(name="a.txt")),
        ("a.txt", b"x", {"url_private_download": "http://[::1"}, wording.FILE_NOT_HAD.format(name="a.txt")),
        ("a.txt", b"x", {"redirect": "https://evil.example/a.txt"}, wording.FILE_NOT_HAD.format(name="a.txt")),
        ("a.txt", b"\xff\xfe\xfd", {}, wording.FILE_UNREADABLE.format(name="a.txt")),
        ("a.docx", b"no zip", {}, wording.FILE_UNREADABLE.format(name="a.docx")),
        ("a.txt", b"Not a word is quoted here.", {}, wording.NO_QUOTATIONS_IN.format(name="a.txt")),
        ("<!channel>.txt", b"", {}, wording.NO_QUOTATIONS_IN.format(name="&lt;!channel&gt;.txt")),
    ],
)  # fmt: skip
def test_a_file_that_is_not_checked_gets_its_line(
    slack: LoopbackSlack,
    sample_archive: Archive,
    tmp_path: Path,
    name: str,
    data: bytes,
    more: dict[str, Any],
    said: str,
) -> None:
    file = slack.host_file(name, data, user="U1", **more)
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files([file], "U1")
        [posted] = slack.wait_for_posts(1)
        slack.settle(0.1)
    assert posted.text == said
    assert slack.uploads == []


def test_the_token_is_taken_nowhere_else_by_a_redirect(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with LoopbackSlack() as elsewhere:
        led_away = slack.host_file("a.txt", b"x", user="U1", redirect=f"{elsewhere.url}/files-pri/T-F/download/file")
        named = slack.host_file("b.txt", b"x", user="U1")
        named["url_private_download"] = f"{elsewhere.url}/files-pri/T-F/download/file"
        with running(slack, sample_archive, tmp_path, page):
            slack.send_files([led_away, named], "U1")
            slack.wait_for_posts(2)
        assert elsewhere.calls == []
    assert [post.text for post in slack.posts] == [
        wording.FILE_NOT_HAD.format(name=name) for name in ("a.txt", "b.txt")
    ]


def test_a_file_larger_than_slack_says_is_not_read_to_its_end(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    file = slack.host_file("a.txt", b"x" * 20_000_001, user="U1", size=None)
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files([file], "U1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text == wording.FILE_TOO_LARGE.format(name="a.txt", most=20)


def test_too_many_files_and_too_many_quotations_are_refused_by_number(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    text = "\n".join(f"“The mayor counted {number} ducks”" for number in range(MOST_IN_DOCUMENT + 1))
    book = slack.host_file("book.txt", text.encode(), user="U1")
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files([book] * 6, "U1").wait_acked()
        slack.wait_for_posts(1)
        slack.send_files([book], "U1")
        first, second = slack.wait_for_posts(2)
    assert first.text == wording.TOO_MANY_FILES.format(most=5, count=6)
    assert second.text == wording.TOO_MANY_IN.format(name="book.txt", count=501, most=500)


def test_a_question_with_a_picture_is_answered_and_the_picture_named(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    picture = slack.host_file("steps.png", b"png", user="U1")
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files([picture], "U1", RESIGN)
        [posted] = slack.wait_for_posts(1)
    walked(sample_archive, posted, "steps.png")
    lines = posted.text.split("\n")
    assert lines[:2] == [wording.FILE_KIND.format(name="steps.png"), wording.PUBLISHED]


def test_one_file_that_is_refused_keeps_no_other_from_its_check(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    picture = slack.host_file("steps.png", b"png", user="U1")
    draft = slack.host_file("wend.txt", DRAFT.encode(), user="U1")
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files([draft, picture], "U1", "Is this right?")
        slack.wait_until(lambda: slack.uploads)
    assert [post.text.split("\n")[0] for post in slack.posts] == [
        wording.FILE_KIND.format(name="steps.png"),
        "Checked: wend.txt. Quotations: 3. Passing: 1.",
    ]


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
def test_a_report_that_slack_does_not_take_is_told(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, step: str
) -> None:
    draft = slack.host_file("wend.txt", DRAFT.encode(), user="U1")
    slack.fail(step, status=500 if step == "upload" else 200)
    with running(slack, sample_archive, tmp_path, page):
        slack.send_files([draft], "U1")
        [_, told] = slack.wait_for_posts(2)
    assert told.text == wording.REPORT_NOT_SENT


def test_a_check_that_fails_in_a_way_nobody_foresaw_gets_a_reply(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    def fail(*_: object) -> str:
        raise ZeroDivisionError("by chance")

    draft = slack.host_file("wend.txt", DRAFT.encode(), user="U1")
    with running(slack, sample_archive, tmp_path, fail):
        slack.send_files([draft], "U1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text == wording.FILE_TROUBLE.format(name="wend.txt")


def test_a_document_is_checked_against_what_a_direct_message_may_show(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1",)))
    draft = slack.host_file("wend.txt", f"“{CANAL}”".encode(), user="U1")
    with running(slack, archive, tmp_path, page):
        slack.send_files([draft], "U1")
        slack.wait_until(lambda: slack.uploads)
    assert slack.posts[0].text.startswith("Checked: wend.txt. Quotations: 1. Passing: 0.\nNOT FOUND: 1\n")
    assert slack.uploads[0].content.decode() == f"wend.txt\nnot_found {CANAL}"


def test_an_empty_index_is_told(slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    draft = slack.host_file("wend.txt", DRAFT.encode(), user="U1")
    with running(slack, make_archive(), tmp_path, page):
        slack.send_files([draft], "U1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text == wording.EMPTY_INDEX


def test_answers_do_not_wait_for_documents_and_a_stop_waits_for_both(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    go_on = threading.Event()

    def slowly(draft: Draft, checks: Sequence[QuoteCheck], title: str, now: datetime) -> str:
        assert go_on.wait(10)
        return page(draft, checks, title, now)

    draft = slack.host_file("wend.txt", DRAFT.encode(), user="U1")
    with running(slack, sample_archive, tmp_path, slowly) as bot:
        for _ in range(12):
            slack.send_files([draft], "U1").wait_acked()
        slack.direct_message(RESIGN, "U2")
        [answer] = slack.wait_for_posts(1)
        stopping = threading.Thread(target=bot.stop)
        stopping.start()
        go_on.set()
        stopping.join(30)
        assert not stopping.is_alive()
    assert answer.text.startswith(wording.PUBLISHED)
    assert len(slack.uploads) == 12


def test_the_bot_s_own_report_and_files_in_channels_are_nobody_s_request(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    space = slack.workspace
    file = slack.host_file("wend.html", b"<p>x", user=space.bot_user)
    own = bot_message("", channel="D1", ts="1.000002", bot=space.bot, bot_user=space.bot_user, thread_ts=None)
    with running(slack, sample_archive, tmp_path, page):
        slack.event(own | {"subtype": "file_share", "files": [file]}).wait_acked()
        shared = slack.channel_message("", "U1", "C1")
        slack.event(
            shared.payload["event"] | {"subtype": "file_share", "files": [file], "ts": "1.000003"}
        ).wait_acked()
        slack.settle()
    assert slack.posts == []
    ledger = Ledger.open(tmp_path / "ledger.db")
    assert ledger.messages.receipts("D1", "1.000002") == []
    ledger.close()
