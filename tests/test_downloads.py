"""Which files of a message are read, and where the bot's token is taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.downloads import SentFile, Standing, fetch, sent
from retrieval.errors import SourceError, SourceRefused, SourceUnreachable

API = "https://slack.com/api/"


def kept_at(url: str) -> SentFile:
    return SentFile(name="a.txt", standing=Standing.READABLE, suffix=".txt", url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://slack.com.evil.example/a",
        "https://evilslack.com/a",
        "https://evil.example/files.slack.com/a",
        "https://files.slack.com@evil.example/a",
        "https://bot:secret@files.slack.com/a",
        "http://files.slack.com/a",
        "https://files.slack.com:8443/a",
        "https://[::1]/a",
        "https://files.slack.com\\.evil.example/a",
        "ftp://files.slack.com/a",
        "file:///etc/passwd",
        "//files.slack.com/a",
        "",
    ],
)
def test_the_token_goes_to_no_host_but_slacks(url: str) -> None:
    with pytest.raises((SourceRefused, SourceUnreachable)) as refused:
        fetch(kept_at(url), "xoxb-secret", API)
    assert "secret" not in str(refused.value)


@given(st.text(alphabet="htps:/@.slackcom[]\\%0:9?#xé\0 ", max_size=40))
def test_no_address_raises_anything_but_our_own_errors(url: str) -> None:
    with pytest.raises(SourceError):
        fetch(kept_at(f"http{url}"), "xoxb-secret", API)


@pytest.mark.parametrize(
    ("given_file", "standing", "suffix"),
    [
        ({"name": "A.DOCX"}, Standing.READABLE, ".docx"),
        ({"name": "Untitled", "mode": "snippet", "filetype": "markdown"}, Standing.READABLE, ".md"),
        ({"name": "a.csv", "filetype": "csv"}, Standing.OTHER_KIND, ""),
        ({"name": "a.txt", "size": 20_000_000}, Standing.READABLE, ".txt"),
        ({"name": "a.txt", "size": 20_000_001}, Standing.TOO_LARGE, ".txt"),
        ({"name": "a.txt", "size": True}, Standing.READABLE, ".txt"),
        ({"name": "a.txt", "is_external": True}, Standing.ELSEWHERE, ""),
        ({"name": "a.txt", "mode": "tombstone"}, Standing.GONE, ""),
        ({"name": 7, "filetype": ["x"]}, Standing.OTHER_KIND, ""),
    ],
)
def test_each_file_of_a_message_has_its_standing(given_file: dict[str, Any], standing: Standing, suffix: str) -> None:
    [found] = sent([{"url_private_download": "https://files.slack.com/a"} | given_file])
    assert (found.standing, found.suffix) == (standing, suffix)


@pytest.mark.parametrize("files", [None, "x", {}, 3])
def test_what_is_no_list_holds_no_files(files: object) -> None:
    assert sent(files) == []


def test_what_is_no_file_is_one_of_a_kind_that_is_not_read() -> None:
    assert [one.standing for one in sent([None, "x", {}])] == [Standing.OTHER_KIND] * 3
