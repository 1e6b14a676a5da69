"""What is shown of an entry: whole sentences, as few as can be understood. Every text here is made up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lexical import terms
from retrieval.model import Passage, Ranked, Shown, Version
from retrieval.sentences import sentences
from retrieval.showing import around, is_whole, opening, shown, whole_sentences
from tests.made_up_index import version


def show(text: str, window: tuple[int, int], question: str, language: str = "en") -> Shown:
    """What is shown for a window, by the numbers of its sentences; all terms of the question weigh the same."""
    one = of(text, language)
    spans = sentences(text, language)
    passage = Passage(version=one, start=spans[window[0]][0], end=spans[window[1]][1])
    ranked = Ranked(passage=passage, score=0.7, cosine=0.5, coverage=0.5)
    return shown(ranked, dict.fromkeys(terms(question, language), 1.0))


def of(text: str, language: str = "en") -> Version:
    one = version(1, text)
    return replace(one, entry=replace(one.entry, blog=replace(one.entry.blog, language=language)))


def lit(one: Shown) -> list[str]:
    return [one.passage.version.text[start:end] for start, end in one.highlights]


FERRY = (
    "The fog lifted at nine. The ferry Ragwort left Skerrow at ten. The baker sold out of buns. "
    "The Ragwort struck the Marl bank at noon. Nobody was hurt. The lifeboat took off 61 people."
)


def test_what_adds_nothing_to_the_highlight_is_left_out() -> None:
    one = show(FERRY, (2, 3), "Where did the Ragwort strike?")
    assert one.passage.text == "The Ragwort struck the Marl bank at noon."
    assert lit(one) == [one.passage.text]
    assert one.lead is not None
    assert one.lead.text == "The fog lifted at nine."
    assert one.score == 0.7
    after = show(FERRY, (3, 4), "Where did the Ragwort strike?")
    assert after.passage.text == "The Ragwort struck the Marl bank at noon."


def test_a_sentence_that_holds_a_term_of_the_question_stays() -> None:
    one = show(FERRY, (3, 4), "Was anybody hurt when the Ragwort struck the bank?")
    assert one.passage.text == "The Ragwort struck the Marl bank at noon. Nobody was hurt."
    assert lit(one) == ["The Ragwort struck the Marl bank at noon."]


def test_beside_a_highlight_that_holds_little_of_the_question_all_of_the_window_stays() -> None:
    one = show(FERRY, (2, 3), "Which hotel, quay or bank has rooms for stranded passengers?")
    assert lit(one) == ["The Ragwort struck the Marl bank at noon."]
    assert one.passage.text == "The baker sold out of buns. The Ragwort struck the Marl bank at noon."


def test_the_opening_right_before_is_part_of_the_one_slice() -> None:
    one = show(FERRY, (1, 2), "When did the ferry leave Skerrow?")
    assert one.passage.text == "The fog lifted at nine. The ferry Ragwort left Skerrow at ten."
    assert one.lead is None


def test_a_very_long_opening_right_before_is_a_slice_of_its_own() -> None:
    long = "It was a day of " + "very " * 300 + "thick fog."
    one = show(f"{long} The ferry Ragwort left Skerrow at ten.", (0, 1), "When did the ferry Ragwort leave Skerrow?")
    assert one.passage.text == "The ferry Ragwort left Skerrow at ten."
    assert one.lead is not None
    assert one.lead.text == long


@pytest.mark.parametrize(
    "sentence",
    [
        "He sold the barge for a crown.",
        "“He sold the barge for a crown,” she said.",
        "They’ll sell the barge for a crown.",
        "This sold the barge for a crown.",
        "But the barge sold for a crown.",
        "However, the barge sold for a crown.",
        "As a result the barge sold for a crown.",
        "When he came, the barge sold for a crown.",
    ],
)
def test_a_sentence_that_points_back_brings_the_one_before_it(sentence: str) -> None:
    text = f"The fair opened. Old Anders Vell came to the quay. {sentence} It rained."
    one = show(text, (2, 2), "Who sold the barge for a crown?")
    assert one.passage.text == f"The fair opened. Old Anders Vell came to the quay. {sentence}"
    far = show(f"The sun rose. {text}", (3, 3), "Who sold the barge for a crown?")
    assert far.passage.text == f"Old Anders Vell came to the quay. {sentence}"
    assert lit(far) == [sentence]


def test_a_line_that_goes_on_in_small_letters_brings_the_one_before_it() -> None:
    text = "The sun rose. The fair opened.\nVell came to the quay\nand sold the barge. It rained."
    one = show(text, (3, 3), "Who sold the barge?")
    assert one.passage.text == "Vell came to the quay\nand sold the barge."


@pytest.mark.parametrize(
    "sentence",
    [
        "Anders Vell sold the barge for a crown.",
        "The Hessle brothers sold the barge for a crown.",
        "Thistle sold the barge for a crown.",
        "Hector’s heirs sold the barge for a crown.",
        "When Vell came, the barge sold for a crown.",
        "Button sold the barge for a crown.",
        "iPhones sold for a crown, and a barge.",
    ],
)
def test_a_sentence_that_stands_alone_stays_alone(sentence: str) -> None:
    one = show(
        f"The sun rose. The fair opened. The band played. {sentence}", (3, 3), "Who sold the barge for a crown?"
    )
    assert one.passage.text == sentence


def test_a_sentence_that_goes_on_from_the_highlight_stays_with_it() -> None:
    text = "The sun rose. The fair opened. Anders Vell sold the barge. He got a crown. The band played."
    one = show(text, (2, 3), "Who sold the barge?")
    assert one.passage.text == "Anders Vell sold the barge. He got a crown."


def test_the_words_that_point_back_are_english_alone() -> None:
    text = "Die Sonne schien. Der Markt begann. These verkaufte den Kahn."
    assert show(text, (2, 2), "Wer verkaufte den Kahn?", "de").passage.text == "These verkaufte den Kahn."


def test_where_nothing_near_stands_alone_the_run_stays_short_and_the_opening_leads() -> None:
    text = "Anders Vell spoke. He sang. He wept. He laughed. He bowed. He sold the barge."
    one = show(text, (5, 5), "Who sold the barge?")
    assert one.passage.text == "He sold the barge."
    assert one.lead is not None
    assert one.lead.text == "Anders Vell spoke."
    nearer = show(text, (3, 3), "Who laughed?")
    assert nearer.passage.text == "Anders Vell spoke. He sang. He wept. He laughed."


def test_a_run_is_not_widened_beyond_what_a_message_takes() -> None:
    long = "Anders Vell, who is " + "very " * 300 + "old, came."
    one = show(f"The sun rose. The fair opened. {long} He sold the barge.", (3, 3), "Who sold the barge?")
    assert one.passage.text == "He sold the barge."


def test_a_quotation_is_shown_from_its_beginning_to_who_said_it() -> None:
    text = (
        "The sun rose. The fair opened. “The barge was mine. I sold it for a crown. I would do it again,” said "
        "Anders Vell. The band played."
    )
    whole = "“The barge was mine. I sold it for a crown. I would do it again,” said Anders Vell."
    assert show(text, (3, 3), "Who sold it for a crown?").passage.text == whole
    assert show(text, (2, 2), "Whose was the barge?").passage.text == whole
    assert lit(show(text, (3, 3), "Who sold it for a crown?")) == ["I sold it for a crown."]


def test_a_quotation_of_several_paragraphs_is_followed_over_them() -> None:
    text = (
        "The sun rose. The fair opened. Vell spoke:\n“The barge was mine.\n“I sold it for a crown.”\nThe band played."
    )
    assert (
        show(text, (4, 4), "Who sold it for a crown?").passage.text
        == "Vell spoke:\n“The barge was mine.\n“I sold it for a crown.”"
    )


def test_an_item_of_a_list_brings_what_announces_the_list() -> None:
    text = (
        "The sun rose. The fair opened.\nSold today:\n• a barge\n• two geese\n• an anvil, cracked\nThe band played."
    )
    one = show(text, (4, 4), "How many geese?")
    assert one.passage.text == "Sold today:\n• a barge\n• two geese"
    far = show(text.replace("• a barge\n", "• a barge\n• a pot\n• a pan\n• a bed\n"), (7, 7), "How many geese?")
    assert far.passage.text == "• two geese"


def test_a_question_of_the_entry_brings_its_answer_and_the_other_way_round() -> None:
    text = "The sun rose. The fair opened. Who sold the barge? Anders Vell did so. The band played."
    both = "Who sold the barge? Anders Vell did so."
    assert show(text, (2, 3), "Who sold the barge?").passage.text == both
    assert show(text, (3, 3), "What did Vell do?").passage.text == both


def test_a_very_long_sentence_stays_whole() -> None:
    long = "Sold were " + "a goose, " * 2_000 + "and a barge."
    one = show(f"The sun rose. The fair opened. {long}", (2, 2), "Who sold the barge?")
    assert one.passage.text == long


def test_what_stands_around_is_one_slice_of_whole_sentences_within_the_budget() -> None:
    one = of(FERRY)
    spans = sentences(FERRY)
    passage = Passage(version=one, start=spans[2][0], end=spans[2][1])
    assert around(passage, 10_000).text == FERRY
    assert around(passage, 10).text == "The baker sold out of buns."
    assert around(passage, 70).text == "The ferry Ragwort left Skerrow at ten. The baker sold out of buns."
    assert around(Passage(version=one, start=spans[2][0] + 4, end=spans[2][0] + 9), 10).text == passage.text
    many = of(" ".join(f"Boat {number} sailed." for number in range(20)))
    middle = whole_sentences(many, (many.text.index("Boat 10"), many.text.index("Boat 10") + 4))
    assert around(middle, 10_000).text == " ".join(f"Boat {number} sailed." for number in range(6, 15))


def test_whether_anything_stands_around() -> None:
    one = of(f" {FERRY}\n")
    assert is_whole(Passage(version=one, start=1, end=len(FERRY) + 1))
    assert not is_whole(Passage(version=one, start=2, end=len(FERRY) + 1))
    assert not is_whole(opening(one))
    assert opening(one).text == FERRY[: FERRY.index(" Nobody")]


_PIECES = st.sampled_from(
    [
        "He ",
        "But ",
        "The mole ",
        "holds. ",
        "“",
        "”",
        "? ",
        ": ",
        "\n",
        "• ",
        "1. ",
        " ",
        "é ",
        "\u200b",
        "\x1c",
        "🙂 ",
    ]
)
_TEXTS = (st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=200)).filter(lambda text: text.strip() != "")


@given(_TEXTS, st.data())
def test_whatever_the_text_and_the_window_whole_sentences_are_shown(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    if not text[start:end].strip():
        return
    question = data.draw(st.sampled_from(["mole", "Who holds the mole?", ""]))
    language = data.draw(st.sampled_from(["en", "de"]))
    passage = Passage(version=of(text, language), start=start, end=end)
    ranked = Ranked(passage=passage, score=0.5, cosine=0.5, coverage=0.5)
    one = shown(ranked, dict.fromkeys(terms(question, language), 1.0))
    spans = sentences(text, language)
    starts, ends = {span[0] for span in spans}, {span[1] for span in spans}
    [(first, last)] = one.highlights
    assert one.passage.start in starts
    assert one.passage.end in ends
    assert one.passage.start <= first < last <= one.passage.end
    assert (one.lead is None) == (one.passage.start == spans[0][0])
    if one.lead is not None:
        assert one.lead.span == spans[0]
        assert one.lead.end <= one.passage.start
    wider = around(one.passage, data.draw(st.integers(0, 300)))
    assert wider.start in starts
    assert wider.end in ends
    assert wider.start <= one.passage.start < one.passage.end <= wider.end
