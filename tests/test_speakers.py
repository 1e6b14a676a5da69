"""Every text here is made up, but for the attributions of the shared data."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.speech import judge, speech_at
from retrieval.verdicts import SpeakerVerdict, Speech
from tests.benchmarks.speakers import AP, measured

WORDS = "we are on track for it"
QUOTE = f"“{WORDS}.”"
NEEDS_DATA = pytest.mark.skipif(not AP.is_dir(), reason=f"needs the attributions of {AP}")


def speech(text: str, words: str = WORDS, language: str = "en") -> Speech:
    start = text.index(words)
    return speech_at(text, start, start + len(words), language)


def shown(text: str, words: str = WORDS, language: str = "en") -> tuple[bool | None, str | None, str | None]:
    found = speech(text, words, language)
    said_by, name = (text[slice(*span)] if span else None for span in (found.said_by, found.name))
    return found.direct, said_by, name


def verdict(text: str, speaker: str, words: str = WORDS, title: str | None = None) -> str:
    return judge(text, speech(text, words), speaker, title).verdict.value


SPEECH: list[tuple[str, str, tuple[bool | None, str | None, str | None]]] = [
    # before, after, amid
    (f"Ada Orr said: {QUOTE}", WORDS, (True, "Ada Orr said", "Ada Orr")),
    (f"“{WORDS.capitalize()},” said Mr Smith.", "are on track", (True, "said Mr Smith", "Mr Smith")),
    (f"“{WORDS},” the report said.", WORDS, (True, "the report said", "the report")),
    (f"“{WORDS},” chief executive Bo Pym told the inquiry.", WORDS, (True, "chief executive Bo Pym told", "Bo Pym")),
    ("“We held,” said Ada Orr. “It was very hard.”", "very hard", (True, "said Ada Orr", "Ada Orr")),
    ("“We held,” Ada Orr said, “and it was very hard.”", "very hard", (True, "Ada Orr said", "Ada Orr")),
    (f"According to Ada Orr, {QUOTE}", WORDS, (True, "According to Ada Orr", "Ada Orr")),
    (f"Clinton, a Democrat, says {QUOTE}", WORDS, (True, "Clinton, a Democrat, says", "Clinton")),
    (f"Bo Pym, who came to help, says {QUOTE}", WORDS, (True, "Bo Pym, who came to help, says", None)),
    (f"The council’s leader, Ada Orr, said {QUOTE}", WORDS, (True, "The council’s leader, Ada Orr, said", "Ada Orr")),
    (f"“{WORDS},” said its leader, Ada Orr.", WORDS, (True, "said its leader, Ada Orr", "Ada Orr")),
    (f"Ada Orr: {QUOTE}", WORDS, (True, "Ada Orr", "Ada Orr")),
    (f"Orr is telling voters {QUOTE}", WORDS, (True, "Orr is telling", "Orr")),
    # paragraphs
    ("Ada Orr said: “We held.\n“It was very hard.\n“It is over.”", "very hard", (True, "Ada Orr said", "Ada Orr")),
    ("Ada Orr said:\n“We held it.”\n“It was very hard.”", "very hard", (True, "Ada Orr said", None)),
    # a lead-in
    ("The report says:\nThe weir broke.\nNobody came.", "Nobody came", (True, "The report says", None)),
    ("The report says:\nThe weir broke.\nNobody came.", "weir broke", (True, "The report says", "The report")),
    ("The report says: The weir broke. Nobody came.", "Nobody came", (True, "The report says", "The report")),
    ("The report says:\nThe weir broke.\nBo Pym said he wept.\nNobody came.", "Nobody came", (False, None, None)),
    ("The report said: “It broke in May.”\nNobody came.", "Nobody came", (False, None, None)),
    # the journalist's own words
    ("The weir broke.", "weir broke", (False, None, None)),
    ("Ada Orr said that a mayor must be ready.", "a mayor must", (False, "Ada Orr said", "Ada Orr")),
    ("The weir broke at noon, said the report.", "weir broke", (False, "said the report", "the report")),
    ("Ada Orr maintains the weir.", "the weir", (False, None, None)),
    ("While Bo Pym said no, Ada Orr rebuilt the old weir.", "the old weir", (False, None, None)),
    # cannot be told
    ("Ada Orr said “we won” on Monday.", "said “we won” on", (None, None, None)),
    ("The so-called “pier of” was shut.", "pier of", (None, None, None)),
    (f"“{WORDS}, said Ada Orr.", WORDS, (None, None, None)),
    (f"“{WORDS}.\nIt rained.\nIt snowed.”", "rained", (None, None, None)),
    ("“Never,” said Ada Orr.", "Never", (True, "said Ada Orr", "Ada Orr")),
    # pronouns
    ("The report said: “No, sir.” It added: “Nobody knew it.”", "Nobody", (True, "The report said", "The report")),
    ("Ada Orr said “we held it.” She added: “It was very hard.”", "very hard", (True, "She added", "She")),
    ("Ada Orr said “we held it” to Bo Pym. He added: “It was very hard.”", "very hard", (True, "He added", "He")),
    (f"Ada Orr met the mayor. She said {QUOTE}", WORDS, (True, "She said", "She")),
    # questions and answers, quotations in quotations
    ("“Will you go?” asked Bo Pym. “No, it is not so.”", "it is not", (True, None, None)),
    ("“Will you go?” Bo Pym asked.\n“No, it is not so.”", "it is not", (True, None, None)),
    ("Ada Orr said: “Bo told me ‘go away from here’ and I went.”", "go away", (True, None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words", "expected"), SPEECH)
def test_how_words_stand(text: str, words: str, expected: tuple[bool | None, str | None, str | None]) -> None:
    assert shown(text, words) == expected


@pytest.mark.parametrize(
    ("text", "words", "language", "expected"),
    [
        ("Ada Orr: »Wir bleiben hier.«", "bleiben", "de", (True, "Ada Orr", "Ada Orr")),
        ("„Wir bleiben hier“, sagte Ada Orr.", "bleiben", "de", (True, None, None)),
        ("« Nous restons ici », dit Ada Orr.", "restons", "fr", (True, None, None)),
        ("Ada Orr said that we stay.", "we stay", "de", (False, None, None)),
    ],
)
def test_other_languages_have_marks_and_names_with_a_colon_alone(
    text: str, words: str, language: str, expected: tuple[bool | None, str | None, str | None]
) -> None:
    assert shown(text, words, language) == expected


CONFIRMED = [
    ("Prof Ada Orr said ", "Ada Orr"), ("Prof Ada Orr said ", "Orr, Ada"), ("Ada Orr said ", "PROF. ADA ORR"),
    ("Ada J. Orr said ", "Ada Orr"), ("Ada Orr said ", "Ada J. Orr"), ("Ada Orr came. Orr said ", "Ada Orr"),
    ("Wend Sen. Ada Orr came. Orr said ", "Ada Orr"), ("Orr said ", "Orr"), ("José García said ", "Jose Garcia"),
    ("Asked by Ada Orr, Bo Pym said ", "Bo Pym"), ("Ada Orr spokesman Bo Pym said ", "Bo Pym"),
    ("The report said ", "the report"), ("Police said ", "police"), ("Bo Pym, an aide to Ada Orr, said ", "Bo Pym"),
]  # fmt: skip


@pytest.mark.parametrize(("lead", "speaker"), CONFIRMED)
def test_a_speaker_is_confirmed(lead: str, speaker: str) -> None:
    assert verdict(lead + QUOTE, speaker) == "confirmed"


DIFFERENT = [
    ("Ada Orr came. Orr said ", "Bo Pym"), ("Ada Orr said ", "Pym"), ("Mr Pym said ", "Ada Orr"),
    ("Orr campaign manager Bo Pym said ", "Orr"), ("Asked by Ada Orr, Bo Pym said ", "Ada Orr"),
    ("Bill Orr met Ada Orr. Ada Orr said ", "Bill Orr"), ("Bo Pym, an aide to Ada Orr, said ", "Ada Orr"),
    ("Ada Orr’s lawyer, Bo Pym, said ", "Ada Orr"), ("Bo Pym told Ada Orr ", "Ada Orr"),
]  # fmt: skip


@pytest.mark.parametrize(("lead", "speaker"), DIFFERENT)
def test_another_speaker_is_different(lead: str, speaker: str) -> None:
    assert verdict(lead + QUOTE, speaker) == "different"


UNCLEAR = [
    # one surname, two people
    "Bill Orr met Ada Orr. Orr said ", "Ada Orr met Bill Orr. Orr said ", "Ada Orr and her husband came. Orr said ",
    "Mr Orr met Ada Orr. Mr Orr said ", "Orr said ", "Mr Orr said ", "Ada Orr Jr. said ",
    # somebody of theirs
    "Orr’s spokesman said ", "Aides to Ada Orr say ", "A lawyer for Ada Orr said ",
    "Friends of Ada Orr, a miller, said ",
    "According to an aide to Ada Orr, ", "An Ada Orr impersonator said ", "A fake Ada Orr said ",
    # a report by her is not she
    "A report by Ada Orr said ", "The Ada Orr report said ", "The report said ",
    # whom it was said to
    "Ada Orr was told ", "Ada Orr was told by Bo Pym ", "Ada Orr was asked by him ",
    # several, at second hand, denied, supposed
    "Ada Orr and Bo Pym said ", "Bo Pym and Ada Orr said ", "Bo Pym said Ada Orr told him ",
    "Bo Pym said that Ada Orr said ", "Ada Orr quoted Bo Pym as saying ", "Ada Orr denied saying ",
    "Ada Orr never said ", "Ada Orr did not say ", "Did Ada Orr say ", "If Ada Orr said ", "Ada Orr reportedly said ",
    "It is false that Ada Orr said ", "Nobody believes Ada Orr said ", "Ada Orr refused to say ",
    "Ada Orr all but said ", "Ada Orr, according to Bo Pym, said ", "Ada Orr (left) and Bo Pym said ",
    "Ada Orr recalled Bo Pym’s famous line: ", "Ada Orr said in a text from Bo Pym: ",
    "Ada Orr said the report was clear: ", "Bo Pym’s account of Ada Orr read ", "Ada Orr wishes she had said ",
    "Ada Orr could have said ", "Neither Ada Orr nor Bo Pym said ",
    # whose it may be instead
    "Ada Orr spoke to Bo Pym. He said ", "Ada Orr spoke to a voter. She said ", "Ada Orr held a sign saying ",
    "Bo Pym watched as Ada Orr stood and said ",
    "Ada Orr, speaking to Bo Pym, a former aide, said ", "Ada Orr spoke. She said ",
    "While Ada Orr said no, Bo Pym branded it ", "Ada Orr came. It read ",
]  # fmt: skip


@pytest.mark.parametrize("lead", UNCLEAR)
def test_what_the_entry_leaves_open_stays_open(lead: str) -> None:
    assert verdict(lead + QUOTE, "Ada Orr") == "unclear"


@pytest.mark.parametrize(
    "speaker", ["", "   ", "he", "12", "the", "Ada", "A. Orr", "?!", "and", "x" * 500, "Ada Ora"]
)
def test_a_silly_or_partial_speaker_is_unclear(speaker: str) -> None:
    assert verdict(f"Ada Orr came. Orr said {QUOTE}", speaker) == "unclear"


def test_a_name_within_the_quotation_is_no_evidence() -> None:
    text = "“Ada Orr said we are on track for it,” said the report."
    assert verdict(text, "Ada Orr") == "unclear"
    assert verdict(text, "the report") == "confirmed"
    assert verdict("“Ada Orr is right,” Orr said.", "Ada Orr", "is right") == "unclear"


def test_the_title_may_name_the_speaker_in_full() -> None:
    text = f"Orr said {QUOTE}"
    assert verdict(text, "Ada Orr", title="Ada Orr opens the weir") == "confirmed"
    assert verdict(text, "Bill Orr", title="Ada Orr opens the weir") == "unclear"
    assert verdict(text, "Ada Orr", title="Ada Orr and Bill Orr open the weir") == "unclear"


def test_a_later_full_name_proves_nothing() -> None:
    assert verdict(f"Orr said {QUOTE} Ada Orr was not there.", "Ada Orr") == "unclear"


def test_the_evidence_is_the_slice_that_names_the_speaker() -> None:
    text = f"It rained. Ada Orr said {QUOTE}"
    found = judge(text, speech(text), "Ada Orr", None)
    assert found.verdict is SpeakerVerdict.CONFIRMED
    assert found.evidence is not None
    assert text[slice(*found.evidence)] == "Ada Orr said"


def test_without_a_named_speaker_nothing_is_said() -> None:
    found = judge("It rained.", Speech(direct=None, said_by=None, name=None), "Ada Orr", None)
    assert (found.verdict, found.evidence) == (SpeakerVerdict.UNCLEAR, None)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (-3, 2), (5, 2), (0, 99), (99, 120)])
def test_a_span_that_is_no_slice_is_unknown(start: int, end: int) -> None:
    assert speech_at("It rained.", start, end) == Speech(direct=None, said_by=None, name=None)


PIECES = st.sampled_from(
    ["Ada Orr", "Orr", " said ", "“", "”", "‘", "’", '"', "'", ", ", ". ", ":", "\n", "he", "It", " told ", "and",
     "who", "according to", "Mr ", "(", ")", "x", " the report ", "„", "»", "«", "was", "never", "?", "–", " ", "’s",
     "ß", "İ"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join)), st.data())
def test_no_input_raises_and_spans_are_slices(text: str, data: st.DataObject) -> None:
    start, end = data.draw(st.integers(-2, len(text) + 2)), data.draw(st.integers(-2, len(text) + 2))
    found = speech_at(text, start, end, data.draw(st.sampled_from(["en", "de", "", "xx"])))
    result = judge(text, found, data.draw(st.one_of(st.just("Ada Orr"), st.text(max_size=12))), text[:9] or None)
    for span in (found.said_by, found.name, result.evidence):
        assert span is None or 0 <= span[0] < span[1] <= len(text)


@pytest.mark.parametrize(
    "piece",
    ['"', "“", "Ada Orr said “x y z.”\n", "“a b c.\n", "“x,” said Orr. “Y.”\n", "Orr says: x y. And so.\n", "a\n"],
)
def test_a_megabyte_is_judged_in_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.thread_time()
    found = speech_at(text, len(text) // 2, len(text) // 2 + 5)
    judge(text, found, "Bo Pym", None)
    assert time.thread_time() - began < 5


def test_a_text_is_read_once_for_all_its_words() -> None:
    text = f"Ada Orr said {QUOTE} It rained again in Oban.\n" * 300
    speech(text)
    began = time.thread_time()
    for start in range(100, 5_100, 50):
        speech_at(text, start, start + 9)
    assert time.thread_time() - began < 0.5


@NEEDS_DATA
@pytest.mark.parametrize("in_marks", [True, False])
def test_no_speaker_is_confirmed_wrongly_on_real_attributions(in_marks: bool) -> None:
    tally = measured(in_marks)
    assert tally.confirmed_wrongly == 0
    assert tally.different_wrongly == 0
    assert tally.confirmed >= 0.09 * tally.named
    assert tally.different >= 0.09 * tally.others
