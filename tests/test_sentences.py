"""Every text here is made up."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retrieval.sentences import sentences

CASES: list[tuple[str, tuple[str, ...]]] = [
    # nothing, and next to nothing
    ("", ()),
    (" \t\n \u00a0\n", ()),
    ("word", ("word",)),
    ("...", ("...",)),
    ("  The ferry sailed.  ", ("The ferry sailed.",)),
    ("The ferry sailed. It was late.", ("The ferry sailed.", "It was late.")),
    ("The ferry sailed.\u00a0It was late.", ("The ferry sailed.", "It was late.")),
    # line breaks
    ("Ferry news\nThe quay is shut", ("Ferry news", "The quay is shut")),
    ("The quay, said Mr.\nSmith is late.", ("The quay, said Mr.", "Smith is late.")),
    ("One line.\r\n\r\nanother line", ("One line.", "another line")),
    # times
    ("The quay shut at 5.49pm. The crew left.", ("The quay shut at 5.49pm.", "The crew left.")),
    ("It reopens at 4.30 p.m. on Monday.", ("It reopens at 4.30 p.m. on Monday.",)),
    ("They met at 5 p.m. The council voted.", ("They met at 5 p.m.", "The council voted.")),
    ("They met at 5 p.m. Villagers cheered.", ("They met at 5 p.m.", "Villagers cheered.")),
    ("They meet at 9 a.m. Monday in Oban.", ("They meet at 9 a.m. Monday in Oban.",)),
    ("They meet at 9 a.m. EST in Oban.", ("They meet at 9 a.m. EST in Oban.",)),
    ("They meet at 9 a.m. 26 August in Oban.", ("They meet at 9 a.m. 26 August in Oban.",)),
    ("They left at 9 a.m. 26 villagers stayed.", ("They left at 9 a.m.", "26 villagers stayed.")),
    ("The vote is at 2 p.m. (1300 GMT) today.", ("The vote is at 2 p.m. (1300 GMT) today.",)),
    # numbers and money
    ("The pier cost £1.5m. It leaks.", ("The pier cost £1.5m.", "It leaks.")),
    ("About 1,400 came, or 3.5 per cent. None paid.", ("About 1,400 came, or 3.5 per cent.", "None paid.")),
    ("It was built in 2013. 157 boats came.", ("It was built in 2013.", "157 boats came.")),
    ("“It is a lot of money.” £40m was lost.", ("“It is a lot of money.”", "£40m was lost.")),
    ("No. 10 said nothing.", ("No. 10 said nothing.",)),
    ("The song went straight to No. 1. Fans danced.", ("The song went straight to No. 1.", "Fans danced.")),
    ("Would he go? No. He would not.", ("Would he go?", "No.", "He would not.")),
    ("See p. 12 and pp. 14-16. The map is wrong.", ("See p. 12 and pp. 14-16.", "The map is wrong.")),
    ("A wave of approx. 40 feet hit.", ("A wave of approx. 40 feet hit.",)),
    ("The door is 6 ft. 3 in. tall.", ("The door is 6 ft. 3 in. tall.",)),
    ("Boil for min. 30 seconds.", ("Boil for min. 30 seconds.",)),
    ("It took 5 min. The tea was cold.", ("It took 5 min.", "The tea was cold.")),
    ("Storms hit on Jan. 5 and Sept. 11.", ("Storms hit on Jan. 5 and Sept. 11.",)),
    (
        "The pier opened last Sept. It shut in Oct. 2011.",
        ("The pier opened last Sept.", "It shut in Oct. 2011."),
    ),
    # people
    ("Mr. Pym met Dr Orr. Mrs. Pym did not.", ("Mr. Pym met Dr Orr.", "Mrs. Pym did not.")),
    ("Sgt. Alma Reed and Lt. Gen. Bo Finch met.", ("Sgt. Alma Reed and Lt. Gen. Bo Finch met.",)),
    ("Gov. Finch, Sen. Orr and Rep. Pym agreed.", ("Gov. Finch, Sen. Orr and Rep. Pym agreed.",)),
    ("SEN. ORR SPEAKS. CROWD GOES HOME.", ("SEN. ORR SPEAKS.", "CROWD GOES HOME.")),
    ("Ask your union rep. Dial the office.", ("Ask your union rep.", "Dial the office.")),
    ("The ex-Gov. Finch waved.", ("The ex-Gov. Finch waved.",)),
    ("J.K. Pellow wrote it. George W. Finch read it.", ("J.K. Pellow wrote it.", "George W. Finch read it.")),
    ("A. B. Finch of St. Orran waved.", ("A. B. Finch of St. Orran waved.",)),
    ("The council chose Plan B. It failed.", ("The council chose Plan B.", "It failed.")),
    ("Ships were sent to Child A. Child B rowed.", ("Ships were sent to Child A.", "Child B rowed.")),
    ("It was drawn by Ada P. Orr and Ida C. Pym.", ("It was drawn by Ada P. Orr and Ida C. Pym.",)),
    ("Some won (not Vitamin D.) Others lost.", ("Some won (not Vitamin D.)", "Others lost.")),
    ("They sailed (to the U.S.) They sank.", ("They sailed (to the U.S.)", "They sank.")),
    ("She holds a Ph.D. The dean does not.", ("She holds a Ph.D.", "The dean does not.")),
    ("Ada Orr, Ph.D. and mayor, spoke.", ("Ada Orr, Ph.D. and mayor, spoke.",)),
    ("Bo Finch Jr. Middle School shut.", ("Bo Finch Jr. Middle School shut.",)),
    ("They all knew Bo Finch Jr. He was kind.", ("They all knew Bo Finch Jr.", "He was kind.")),
    # places and bodies
    ("U.S. troops and U.S. President Orr left.", ("U.S. troops and U.S. President Orr left.",)),
    ("He left the U.S. He was tired.", ("He left the U.S.", "He was tired.")),
    ("He left the U.S. “We waited,” she said.", ("He left the U.S.", "“We waited,” she said.")),
    ("The U.N. Security Council met.", ("The U.N. Security Council met.",)),
    (
        "They marched in Washington, D.C. The rain fell.",
        ("They marched in Washington, D.C.", "The rain fell."),
    ),
    ("LAKE ORR, Ala. (AP) — The dam held.", ("LAKE ORR, Ala. (AP) — The dam held.",)),
    ("A poll in Orr, Mass. Governor Finch lost.", ("A poll in Orr, Mass. Governor Finch lost.",)),
    ("The bishop held a Mass. Pilgrims wept.", ("The bishop held a Mass.", "Pilgrims wept.")),
    ("Sen. Bo Orr, R-Fla. He lost.", ("Sen. Bo Orr, R-Fla.", "He lost.")),
    ("Finch Inc. Chairman Bo Orr quit.", ("Finch Inc. Chairman Bo Orr quit.",)),
    ("It was sold to Finch Ltd. The price fell.", ("It was sold to Finch Ltd.", "The price fell.")),
    # other abbreviations
    ("Bring food, e.g. Kendal cake, i.e. Sugar.", ("Bring food, e.g. Kendal cake, i.e. Sugar.",)),
    ("Ropes, flares, etc. were lost.", ("Ropes, flares, etc. were lost.",)),
    ("They lost ropes, flares, etc. Divers came.", ("They lost ropes, flares, etc.", "Divers came.")),
    ("Orran vs. Pellow and Oban v. Arsenal are off.", ("Orran vs. Pellow and Oban v. Arsenal are off.",)),
    ("Orr c. Pym b. Finch 14. Bad light.", ("Orr c. Pym b. Finch 14.", "Bad light.")),
    ("P.S. You can still come.", ("P.S. You can still come.",)),
    # quotations
    ("“He left.” She stayed.", ("“He left.”", "She stayed.")),
    ('"He left." She stayed.', ('"He left."', "She stayed.")),
    ("‘He left.’ She stayed.", ("‘He left.’", "She stayed.")),
    ("«He left.» She stayed.", ("«He left.»", "She stayed.")),
    ("They called it “racist”. Orr agreed.", ("They called it “racist”.", "Orr agreed.")),
    ("“He left.” “She stayed.”", ("“He left.”", "“She stayed.”")),
    ("“Who is it?” she asked.", ("“Who is it?” she asked.",)),
    ("“Go!” Mr Pym said.", ("“Go!” Mr Pym said.",)),
    ("“Go!” Mr. J. Pym of Oban said on Monday.", ("“Go!” Mr. J. Pym of Oban said on Monday.",)),
    ("“Is it over?” I asked. “No.”", ("“Is it over?” I asked.", "“No.”")),
    ("“Is it over?” Orr told reporters. They ran.", ("“Is it over?” Orr told reporters.", "They ran.")),
    ("“Is it over?” Orr said the pier was shut.", ("“Is it over?”", "Orr said the pier was shut.")),
    ("“Is it over?” The crowd fell silent.", ("“Is it over?”", "The crowd fell silent.")),
    ("Orr said: “First. Second.” He sat.", ("Orr said: “First.", "Second.”", "He sat.")),
    ("“Good,” she said. “Very good.”", ("“Good,” she said.", "“Very good.”")),
    ("“It was cold.” — Bo Orr, fisherman", ("“It was cold.” — Bo Orr, fisherman",)),
    # brackets
    ("(It was closed.) Then it rained.", ("(It was closed.)", "Then it rained.")),
    ("It was closed (it rained). Then it snowed.", ("It was closed (it rained).", "Then it snowed.")),
    ("The ship [sic] sank. [Applause] It rose.", ("The ship [sic] sank.", "[Applause] It rose.")),
    ("The ship […] Orran sank.", ("The ship […] Orran sank.",)),
    ("All 1,400 (!) Orrans came.", ("All 1,400 (!) Orrans came.",)),
    # other marks
    ("Well… he said nothing.", ("Well… he said nothing.",)),
    ("Well... I think so.", ("Well... I think so.",)),
    ("It ended... The council then slept.", ("It ended...", "The council then slept.")),
    ("It ended ... The council then slept.", ("It ended ...", "The council then slept.")),
    ("It ended . . . The council then slept.", ("It ended . . .", "The council then slept.")),
    ("“...and then we swam.” She laughed.", ("“...and then we swam.”", "She laughed.")),
    ("What?! Never!!! They ran.", ("What?!", "Never!!!", "They ran.")),
    ("The pier – all of it – fell. — Orr", ("The pier – all of it – fell. — Orr",)),
    # addresses and posts
    ("But in context... pic.twitter.com/x9Q", ("But in context... pic.twitter.com/x9Q",)),
    ("See www.example.org/page.html. It is down.", ("See www.example.org/page.html.", "It is down.")),
    ("See https://example.org/a.b?c=d. It is down.", ("See https://example.org/a.b?c=d.", "It is down.")),
    (
        "See https://example.org/pier.Html?now.Then or not.",
        ("See https://example.org/pier.Html?now.Then or not.",),
    ),
    ("They won. @orran_fc sang.", ("They won.", "@orran_fc sang.")),
    ("They won. #Orran goes wild.", ("They won.", "#Orran goes wild.")),
    ("They won. #orran #final", ("They won. #orran #final",)),
    ("They won. 🎉🎉 The band played.", ("They won. 🎉🎉", "The band played.")),
    ("They won!🎉 The band played.", ("They won!🎉", "The band played.")),
    # letters beyond English
    ("It fell. Élodie wept. Östen did not.", ("It fell.", "Élodie wept.", "Östen did not.")),
    ("It fell. iPhone sales rose.", ("It fell.", "iPhone sales rose.")),
    # lists
    ("3. A list item", ("3. A list item",)),
    ("1. Close the pier. 2. Paint it.", ("1. Close the pier.", "2. Paint it.")),
    ("Part 2. The river", ("Part 2. The river",)),
    ("He tore up part 2. The river took it.", ("He tore up part 2.", "The river took it.")),
    ("• The pier shut. • The quay opened.", ("• The pier shut.", "• The quay opened.")),
    ("- The pier shut. - The quay opened.", ("- The pier shut.", "- The quay opened.")),
    # a break that was lost between paragraphs
    ("Here are the points.About 1,400 came.", ("Here are the points.", "About 1,400 came.")),
    ("She felt “ill”.Orr agreed.", ("She felt “ill”.", "Orr agreed.")),
    ("Mail bo@Orr.Example or see Booking.Com now.", ("Mail bo@Orr.Example or see Booking.Com now.",)),
]

FRAGMENTS = st.sampled_from(
    [
        *'    \n\u00a0...?!…,“”"’()[—-•£5aBéÉ中🎉\u200d\ufe0f\u200b',
        *["The", "He", "I", "Orr", "Mr", "U.S", "p.m", "No", "Part", "Sept", "Ala", "Child", "Monday"],
        *["said", "told", "on", "of", "pier", "2013", "@orr", "#orr"],
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=60).map("".join) | st.text()


def parts(text: str) -> tuple[str, ...]:
    return tuple(text[start:end] for start, end in sentences(text))


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[repr(text) for text, _ in CASES])
def test_the_sentences_of(text: str, expected: tuple[str, ...]) -> None:
    assert parts(text) == expected


def test_spans_count_code_points() -> None:
    assert sentences(" 🎉 Été. Ö!\nThen") == ((1, 7), (8, 10), (11, 15))


@given(TEXTS)
def test_spans_stand_in_order_apart_and_trimmed(text: str) -> None:
    last = 0
    for start, end in sentences(text):
        assert last <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        last = end


@given(TEXTS)
@example("\x1c\x85\u2028A.\u2029B")
def test_only_white_space_lies_between_sentences(text: str) -> None:
    assert "".join("".join(part.split()) for part in parts(text)) == "".join(text.split())


@given(TEXTS)
def test_no_sentence_crosses_a_line_break(text: str) -> None:
    assert not any("\n" in part for part in parts(text))


@given(TEXTS)
def test_lines_are_read_apart_from_each_other(text: str) -> None:
    assert parts(text) == tuple(part for line in text.split("\n") for part in parts(line))


@given(TEXTS)
def test_a_sentence_alone_stays_one(text: str) -> None:
    for part in parts(text):
        assert parts(part) == (part,)


HOSTILE = [
    *"a.“()-@🎉\u200b\u00a0",
    *["a. ", "A. ", ". ", "“ ", "- ", "# ", "1. ", "p.m. ", "🎉 ", "?” ", "?” Orr ", ". 🎉 ", ".\n"],
    *["a.", "Aa.Bb", "aa.", "aa....”””.", "?”", "U.", "aa.1Aa"],
]


@pytest.mark.parametrize("piece", HOSTILE, ids=repr)
def test_hostile_texts_of_any_length_finish(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert "".join("".join(part.split()) for part in parts(text)) == "".join(text.split())


def test_one_long_word_before_many_emoji_finishes() -> None:
    text = "Well" + "." * 100_000 + " 🎉" * 50_000 + " Then"
    assert sentences(text) == ((0, 200_004), (200_005, 200_009))
