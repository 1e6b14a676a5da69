"""Replies made of hostile entries: walked leaf by leaf, within Slack's limits, verbatim."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import render, wording
from bot.handlers import respond
from bot.pieces import Quote, Reply
from bot.replies import Request
from bot.terminal import reply as terminal_reply
from bot.typed import unmarked
from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.model import SourceOptions
from tests.conftest import NOW
from tests.slack_limits import check_message
from tests.walk import Walk

HOSTILE = [
    "<!channel> the ferry is late",
    "<@U1> and <https://evil.example|the council> closed the ferry & the quay",
    "*bold* _sly_ ~gone~ `code` ```block``` > quote",
    "&amp; &lt;b&gt; &#60; is what the ferry sign said",
    "The ferry sank 🛥️👩‍👩‍👧 twice. 🏴󠁧󠁢󠁳󠁣󠁴󠁿 It rose again.",
    "العبّارة متأخرة اليوم. ferry \u202eyrref\u202c is late",
    "Zoe\u0308 said e\u0301te\u0301 and a\u0300\u0301\u0302\u0303\u0304 ferry",
    "ferry\u200d\u200c\ufeffboat \u2028 sails \x1b[31mred\x07",
    "ferry" + "x" * 20_000,
    "The ferry is late. " * 600,
    "line one\nline two\n\n\nline four about the ferry",
    "> quoted ferry\n>> twice",
    "{blog} {time} {0} %s ferry",
]


def ndjson(texts: list[str], titles: list[str | None]) -> str:
    start = datetime.fromisoformat("2031-02-03T10:00:00+00:00")
    return "\n".join(
        json.dumps(
            {
                "id": str(number),
                "time": (start + timedelta(minutes=number)).isoformat(),
                "text": text,
                "title": titles[number % len(titles)] if titles else None,
                "author": titles[(number + 1) % len(titles)] if titles else None,
                "url": f"https://blog.example/live?a=1&b=<{number}>",
            }
        )
        for number, text in enumerate(texts)
    )


def asked(archive: Archive, words: str, *, private: bool) -> Reply:
    """The reply to a question, its message checked and walked."""
    request = Request(text=render.escape(words), channel="C1", direct=False, private=private, trusted=True)
    response = respond(archive, request)
    text, blocks = render.slack_text(response.reply), render.blocks(response.reply)
    verdict = check_message({"text": text, "blocks": blocks})
    assert verdict.error is None, verdict
    assert verdict.characters <= 9_000
    assert not any(bad in text for bad in ("<!", "<@", "<http"))
    versions = list(archive.store.live_versions())
    Walk(versions=versions, asked=[unmarked(render.escape(words))]).message(text, blocks)
    for passage in response.shown:
        assert passage.text in {version.key: version.text for version in versions}[passage.version.key]
    return response.reply


@pytest.mark.parametrize("private", [False, True])
def test_hostile_entries_are_shown_as_they_are(
    make_archive: Callable[..., Archive], tmp_path: Path, private: bool
) -> None:
    source = tmp_path / "ferry.ndjson"
    source.write_text(ndjson(HOSTILE, ["<!here> *title*", None, "a & b > c"]))
    archive = make_archive(source)
    for text in HOSTILE:
        asked(archive, text[:300], private=private)
        asked(archive, f"What about {text[:40]}?", private=private)


def test_a_passage_too_long_for_a_message_is_cited_and_not_cut(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    source = tmp_path / "ferry.ndjson"
    source.write_text(ndjson(["The ferry was late on Sunday. " + "ferry" * 4_000], []))
    reply = asked(make_archive(source), "Was the ferry late on Sunday?", private=False)
    assert [part for part in reply if isinstance(part, Quote)] == []
    lines = render.plain(reply).split("\n")
    assert wording.TOO_LONG_HERE in lines
    assert any(line.startswith("ferry, 10.00am UTC, Monday 3 February 2031") for line in lines)


def test_a_long_opening_does_not_keep_a_short_passage_from_being_shown(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    source = tmp_path / "ferry.ndjson"
    opening = "Weather " + "word " * 1_000 + "ends."
    source.write_text(ndjson([f"{opening} The council met. The mayor wept. The ferry was late on Sunday."], []))
    reply = asked(make_archive(source), "Was the ferry late on Sunday?", private=False)
    [quote] = [part for part in reply if isinstance(part, Quote)]
    assert "".join(piece.text for piece in quote.pieces) == "The ferry was late on Sunday."


@settings(max_examples=25)
@given(
    texts=st.lists(st.text(min_size=1, max_size=200).filter(str.strip), min_size=1, max_size=4),
    titles=st.lists(st.one_of(st.none(), st.text(min_size=1, max_size=40).filter(str.strip)), max_size=3),
    question=st.text(max_size=80),
)
def test_any_entry_and_any_question_give_a_reply_that_passes_the_walk(
    embedder: Embedder, texts: list[str], titles: list[str | None], question: str
) -> None:
    def fit(text: str) -> str:
        return text.encode("utf-8", "ignore").decode()

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "any.ndjson"
        words = [fit(text) or "x" for text in texts]
        source.write_text(ndjson(words, [None if title is None else fit(title) for title in titles]))
        archive = Archive.open(Path(folder) / "home", embedder.name, lambda: embedder)
        archive.add([str(source)], SourceOptions(), NOW, lambda *_: None)
        asked(archive, question, private=True)
        terminal_reply(asked(archive, words[0], private=False))
        archive.close()


def test_no_phrase_claims_that_something_answers_is_true_or_complete() -> None:
    phrases = [value for name, value in vars(wording).items() if name.isupper() and isinstance(value, str)]
    assert len(phrases) >= 20
    for phrase in phrases:
        for claim in ("the answer is", "here is the answer", "correct", "true", "all that", "everything", "never"):
            assert claim not in phrase.lower(), phrase
