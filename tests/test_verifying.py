"""Replies to several checks: within one message, what fails first, with a receipt for every slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import render, verifying, wording
from bot.pieces import Asked, Line, Slice
from bot.replies import Request, Response, Section
from bot.requested import Check, Wanted
from bot.verifying import Verified, fitted, looking
from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.model import SourceOptions
from tests.conftest import NOW
from tests.data_folder import SAMPLE

QUOTES = (
    "Millgate is a canal.",
    "612 homes and 94 businesses have been flooded",
    "This is a slow river tonight and it is not finished",
    "The bridge was sold to a circus last night",
    "I will not resign in the middle of a storm, and I will not resign at the end of one to save a face",
    "The mood at St Edlin’s is calmer. Two cars are standing on their noses",
    "the river",
    "word " * 400,
    "…",
)


def request(*, private: bool = True) -> Request:
    return Request(text="", channel="C1", direct=False, private=private, trusted=False)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Archive]:
    made = Archive.open(tmp_path_factory.mktemp("home"), embedder.name, lambda: embedder)
    made.add([str(SAMPLE)], SourceOptions(), NOW, lambda *_: None)
    yield made
    made.close()


@pytest.fixture(scope="module")
def checks(archive: Archive) -> dict[str, Verified]:
    with looking(archive, request()) as look:
        return {quote: look(Wanted(quote=quote)) for quote in QUOTES}


@settings(max_examples=60)
@given(quotes=st.lists(st.sampled_from(QUOTES), min_size=1, max_size=12), room=st.integers(400, 5_000))
def test_checks_that_are_shown_together_fit_into_the_room_there_is(
    checks: dict[str, Verified], quotes: list[str], room: int
) -> None:
    results = [checks[quote] for quote in quotes]
    replies = fitted(results, room)
    assert sum(render.length(reply) for reply in replies.values()) <= room
    assert set(replies) <= set(range(len(quotes)))
    passing = [results[number].passes for number in replies]
    assert passing == sorted(passing)
    if len(quotes) > 1:
        for number, reply in replies.items():
            text = render.plain(reply)
            assert text.startswith(f"Quotation {number + 1} of {len(quotes)}")
    if room // len(quotes) >= 1_000:
        assert len(replies) == len(quotes)


def test_what_is_short_leaves_its_room_to_what_is_long(checks: dict[str, Verified]) -> None:
    short, long = checks[QUOTES[0]], checks[QUOTES[4]]
    whole = render.length(fitted([long], 100_000)[0])
    alone = render.length(fitted([short], 100_000)[0])
    together = fitted([short, long], whole + alone + 60)
    assert [render.length(together[number]) for number in (0, 1)] == [alone + 17, whole + 17]


def test_a_quotation_too_long_to_stand_there_is_named_by_its_beginning(checks: dict[str, Verified]) -> None:
    replies = fitted([checks[QUOTES[7]], checks[QUOTES[0]]], 1_200)
    opening = replies[0][0]
    assert isinstance(opening, Line)
    assert opening.pieces[-1] == Asked(("word " * 12).strip())
    assert render.plain(replies[0]).startswith("Quotation 1 of 2, which begins: word word")


def test_every_slice_that_is_shown_has_its_receipt(archive: Archive) -> None:
    asked = Check(quotations=tuple(Wanted(quote=quote) for quote in QUOTES))
    response = verifying.check(archive, request(), asked)
    slices = [piece for part in response.reply for piece in part.pieces if isinstance(piece, Slice)]
    assert any(one.struck for one in slices)
    for one in slices:
        assert any(
            kept.version == one.passage.version and kept.start <= one.span[0] and one.span[1] <= kept.end
            for kept in response.shown
        )


def test_a_slice_without_its_sentence_has_a_receipt_of_its_own(archive: Archive) -> None:
    response = verifying.check(archive, request(), Check(quotations=(Wanted(quote=QUOTES[2]),)))
    lines = tuple(part for part in response.reply if isinstance(part, Line))
    alone = Response(sections=(Section(reply=lines),))
    assert "fast" in [one.text for one in alone.shown]


def test_in_the_open_counts_and_places_are_of_blogs_that_are_not_sensitive(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    def source(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.ndjson"
        path.write_text(f'{{"id": "1", "time": "2031-02-03T10:00:00+00:00", "text": "{text}"}}')
        return path

    made = make_archive(source("open", "The ferry sailed at noon with nobody on board."))
    made.add(
        [str(source("sensitive", "The ferry sailed at nine with nobody on board."))],
        SourceOptions(sensitive=True),
        NOW,
        lambda *_: None,
    )
    asked = Check(quotations=(Wanted(quote="The ferry sailed at noon with nobody on board."),))
    private = render.plain(verifying.check(made, request(), asked).reply)
    shown = render.plain(verifying.check(made, request(private=False), asked).reply)
    assert wording.RIVALS in private
    assert "nine" in private
    assert wording.VERDICTS["exact"] in shown
    assert "nine" not in shown
    assert wording.RIVALS not in shown
