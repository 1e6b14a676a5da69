"""What was not published so never passes, whatever it looks like; what was, does; and time is bounded."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.quoting import checked, published, warnings


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        # a question is no statement
        ("“Is it true that the mayor stole the money?” Orr asked.", "the mayor stole the money"),
        ("The mayor stole the money?", "The mayor stole the money"),
        ("The mayor stole the money, right?", "The mayor stole the money."),
        ("“The mayor stole the money”?", "“The mayor stole the money.”"),
        ("¿Robó el alcalde el dinero de todos?", "Robó el alcalde el dinero de todos"),
        ("The mayor stole the money？", "The mayor stole the money."),
        ("The mayor stole the money؟", "The mayor stole the money."),
        ("The mayor stole the money !", "The mayor stole the money."),
        # halves of a word
        ("He is a Nazi-hunter from Oban.", "He is a Nazi."),
        ("He is surely a Nazi-hunter who came from Oban.", "He is surely a Nazi … who came from Oban"),
        ("They were the murderers’ lawyers in court.", "They were the murderers."),
        ("Tom Orr is my mother-in-law now.", "Orr is my mother"),
        ("He runs Booking.com from Oban.", "He runs Booking."),
        ("An un-American plan was shown.", "American plan was shown."),
        # numbers and their signs and units
        ("It costs over $66m at present.", "It costs over $66"),
        ("In all £5bn to build it by then.", "In all £5 … to build it by then"),
        ("Wages rose by 5 per cent this year.", "Wages rose by 5"),
        ("He was born in the 1990s at home.", "He was born in the 1990"),
        ("It was −5 degrees in the valley.", "5 degrees in the valley."),
        ("It was − 5 degrees in the valley.", "5 degrees in the valley."),
        ("It was minus 5 degrees in the valley.", "5 degrees in the valley."),
        ("It was cold – 5 degrees in Oban today.", "It was cold –5 degrees in Oban today."),
        ("It is 5' deep at the pier.", 'It is 5" deep at the pier.'),
        ("There were <50 in all the wards.", "50 in all the wards."),
        ("He made EUR5m last year.", "5m last year"),
        ("More than 1,400 children were hurt.", "1,400 children were hurt."),
        ("One of the officers lied under oath.", "the officers lied under oath."),
        ("One million people marched.", "million people marched."),
        ("XIV people died there.", "people died there."),
        ("A handful of ministers knew of it.", "ministers knew of it."),
        # what turns a sentence
        ("I doubt that the mayor knew of it.", "the mayor knew of it."),
        ("I dont think the mayor knew of it.", "the mayor knew of it."),
        ("It is impossible that the mayor knew of it.", "the mayor knew of it."),
        ("Far from being guilty, the mayor knew nobody.", "being guilty, the mayor knew"),
        ("The so-called mayor took bribes.", "mayor took bribes."),
        ("Some ministers took bribes.", "ministers took bribes."),
        ("Orr admitted that the mayor knew of it.", "the mayor knew of it."),
        ("Orr joked that the mayor knew of it.", "the mayor knew of it."),
        ("The council did not\nbribe the mayor in Oban.", "bribe the mayor in Oban."),
        ("The council did not:\n- bribe the mayor\n- lie to all of us", "lie to all of us"),
        ("The mayor did not resign, he said on Monday. It rained.", "The mayor did … resign"),
        # somebody else's words
        (
            "Ada Orr: “We will raise the taxes for the rich.”\nBo Pym: “We will cut taxes for all of them.”",
            "We will raise the taxes … cut taxes for all of them.",
        ),
        ("“The mayor,” said the clerk, “is a thief.”", "The mayor, “said the clerk,” is a thief."),
        # brackets
        ("They told us to leave the town.", "They told [U]S to leave the town."),
    ],
)
def test_what_was_not_published_so_does_not_pass(tmp_path: Path, text: str, quote: str) -> None:
    store = published(tmp_path, text)
    found = checked(store, quote)
    assert not found.passes, (found.verdict, warnings(found))
    store.close()


@pytest.mark.parametrize(
    ("text", "quote", "title", "language"),
    [
        ("Мер не вкрав гроші з каси міста.", "вкрав гроші з каси міста.", None, "uk"),
        ("Der Bürgermeister hat angeblich Geld genommen.", "Geld genommen.", None, "de"),
        ("Ο δήμαρχος έκλεψε τα λεφτά;", "Ο δήμαρχος έκλεψε τα λεφτά.", None, "el"),
        ("Nothing else.", "Have Taken Bribes", "The Mayor of Wend May Have Taken Bribes", "en"),
    ],
)
def test_nor_in_other_languages_or_in_titles(
    tmp_path: Path, text: str, quote: str, title: str | None, language: str
) -> None:
    store = published(tmp_path, text, titles={0: title} if title else None, language=language)
    assert not checked(store, quote).passes
    store.close()


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("“We held the weir all night,” Ada Orr said.", "We held the weir all night"),
        ("Ada Orr said: “We held the weir all night.”", "“We held the weir all night.”"),
        ("The rain in May was heavy. The quay flooded.", "The quay flooded."),
        ("Headline without a stop.\nThe quay flooded again.", "The quay flooded again."),
        ("The workers’ boats sank. All of them.", "The workers’ boats sank."),
        ("They met between1997 and 2013 at the quay.", "They met between 1997 and 2013 at the quay."),
        ("The board’s plan – a long one – went ahead.", "The board’s plan—a long one—went ahead"),
        ("The ‘quay’ flooded, they saw.", "The “quay” flooded"),
    ],
)
def test_what_was_published_so_passes(tmp_path: Path, text: str, quote: str) -> None:
    store = published(tmp_path, text)
    found = checked(store, quote)
    assert found.passes, (found.verdict, warnings(found))
    store.close()


@pytest.mark.parametrize(
    ("count", "size", "quote"),
    [
        (50, 55, "the report"),
        (2, 700, "{} " * 110),
        (1, 200, " … ".join(["the pier was", "told the mayor"] * 60)),
    ],
)
def test_time_is_bounded_in_long_entries(tmp_path: Path, count: int, size: int, quote: str) -> None:
    said = "The report said the pier was lost. Ada Orr told the mayor “we held the weir” on Monday. "
    store = published(tmp_path, *(said * size + str(number) for number in range(count)))
    began = time.monotonic()
    checked(store, quote.replace("{}", said)[:9_990])
    assert time.monotonic() - began < 20
    store.close()
