"""Entries that do not say in so many words that Ada Orr said it. Every text here is made up."""

import pytest

from retrieval.speech import judge, speech_at

WORDS = "We held the old weir all night"
Q = f"“{WORDS}.”"


def verdict(text: str, speaker: str = "Ada Orr", words: str = WORDS) -> str:
    start = text.lower().rindex(words.lower())
    return judge(text, speech_at(text, start, start + len(words)), speaker, None).verdict.value


DENIED = [
    *(f"Ada Orr {verb} saying {Q}" for verb in ("isn’t", "isn't", "wasn't", "wasn’t", "is hardly", "is not")),
    *(
        f"Ada Orr {adverb} said {Q}"
        for adverb in "hardly rarely nearly probably possibly scarcely barely likely almost".split()
    ),
    *(
        f"Ada Orr said {words} {Q}"
        for words in (
            "not", "never", "nothing like", "no such thing as", "anything but", "it was untrue that",
            "it was not true that", "without irony", "the opposite of", "she never said",
        )
    ),
    f"Everyone but Ada Orr said {Q}", f"All but Ada Orr said {Q}", f"Nobody, not even Ada Orr, said {Q}",
]  # fmt: skip
OTHERS_WORDS = [
    f"Ada Orr {words} {Q}"
    for words in (
        "recalled Bo Pym’s boast:", "noted Bo Pym’s view:", "repeated Bo Pym’s insult", "mocked Bo Pym’s",
        "criticised Bo Pym’s", "praised Bo Pym’s", "tweeted Bo Pym’s", "said Bo Pym’s answer was",
        "said Bo Pym thinks", "said the crowd roared", "said the graffiti was", "recalled a voter’s plea:",
        "told MPs her mother always thought", "quoted Bo Pym:", "reads Bo Pym:", "posted a video of Bo Pym:",
        "dismissed", "described hearing", "said she heard", "said for Bo Pym:", "said she had read",
        "told MPs voters thought", "told Bo Pym’s", "told Bo Pym that voters say", "said the banner read",
        "said a sign was", "said they were told", "said people were shouting", "denounced", "thanked Bo Pym for",
    )
]  # fmt: skip
SECOND_HAND = [
    *(
        f"“{WORDS},” Ada Orr {words}"
        for words in (
            "said, Bo Pym claimed.", "said, prosecutors allege.",
            "said, it is alleged.", "told him, Bo Pym testified.",
            "said – or so Bo Pym claims.", "said, apparently.", "said, if Bo Pym is right.", "said (Bo Pym claims).",
            "said, quoting Bo Pym.", "said?", "said in a letter by Bo Pym.", "said through a spokesman.",
        )
    ),
    *(
        f"“{WORDS},” said Ada Orr{words}"
        for words in (
            ", quoting Bo Pym.", ", citing Bo Pym.", ", reading from Bo Pym’s letter.", " (reading Bo Pym’s letter).",
            "?", ", Bo Pym and others.", " with Bo Pym.", "/Bo Pym.", ", and Bo Pym.", " and Bo Pym.", " & Bo Pym.",
            "’s puppet.", " – Bo Pym’s words.", ", the words of Bo Pym.", ", according to Bo Pym.",
            " impersonator Bo Pym.",
        )
    ),
    *(
        f"Ada Orr{words} said {Q}"
        for words in (
            ", quoting Bo Pym,", ", citing Bo Pym,", ", impersonating Bo Pym,", ", it is claimed,", ", they say,",
            ", no one believes,", " (parody)", " (played by Bo Pym)", " (via a spokesman)", ", allegedly,",
            ", Bo Pym claims,", ", who was quoting Bo Pym,", ", as Bo Pym tells it,", ", a character of Bo Pym’s,",
        )
    ),
    f"The quote “{WORDS},” Ada Orr said, is fake.", f"False: Ada Orr said {Q}", f"Rumour: Ada Orr said {Q}",
    f"Fake news: Ada Orr said {Q}", f"Bo Pym lied: Ada Orr said {Q}", f"Ada Orr said {Q} This is a hoax.",
    f"In the spoof, Ada Orr said {Q}", f"Bo Pym: Ada Orr said {Q}", f"In the film Ada Orr said {Q}",
    f"Bo Pym says Ada Orr said {Q}", f"Ada Orr said {Q}, Bo Pym claims.",
    f"Ada Orr said {Q} – Bo Pym", f"Ada Orr: {Q} (Bo Pym)", f"Ada Orr: {Q} said Bo Pym.",
]  # fmt: skip
LED = [
    f"Ada Orr said: We are here.\n\nBo Pym:\n{WORDS}.", f"Ada Orr said: We are here.\nBo Pym: {WORDS}.",
    f"Ada Orr says: Vote.\nUpdate: {WORDS}.", f"Ada Orr said:\nWe are here.\nTwelve people died in Oban and {WORDS}.",
    f"Our reporter Ada Orr writes:\nThe minister was furious.\n{WORDS}.",
    f"Ada Orr said: We are here. Update: {WORDS}.",
    f"Ada Orr said: We are here.\n{WORDS}.",
]  # fmt: skip
TAKEN_BACK = [
    f"Ada Orr said {Q} Not true.", f"Ada Orr said {Q} No she did not.", f"Ada Orr said {Q} Bo Pym did not.",
    f"“It rained,” said Ada Orr. {Q}\nBo Pym said that.", f"Ada Orr said {Q} for Bo Pym.",
    f"Speaking for Bo Pym, Ada Orr said {Q}", f"Speaking as Bo Pym, Ada Orr said {Q}",
    f"Ada Orr said: Bo Pym: {WORDS}.", f"Ada Orr said: {WORDS}, Bo Pym claims.", f"Ada Orr said:\n{WORDS} by Bo Pym.",
    f"“{WORDS},” is what Ada Orr said.", f"“{WORDS},” Ada Orr was told.", f"Ada Orr said {Q} in the voice of Bo Pym.",
]  # fmt: skip
PRONOUNS = [
    *(
        f"{who} rang Ada Orr. “{WORDS},” she said."
        for who in ("A shopper", "A plumber", "A caller", "A passer-by", "A waitress", "The next in line", "Another")
    ),
    f"Theresa Orr resigned. “{WORDS},” he said.", f"Ada Orr resigned. “{WORDS},” he said.",
    f"Ada Orr resigned. “{WORDS},” she said.", f"Mrs Ada Orr resigned. She said {Q}",
]  # fmt: skip
CHAINS = [
    f"“You stole it,” Ada Orr told Bo Pym. {Q} Pym was blunt.",
    f"“We are here,” said Ada Orr. {Q} That is what Bo Pym thinks.",
    f"Ada Orr said:\n“We are here.”\n{Q}\n– Bo Pym", f"Ada Orr called it “bad” and “{WORDS}” was the answer.",
    f"“We are here,” said Ada Orr. {Q}\n– Bo Pym", f"“We are here,” said Ada Orr. {Q} Bo Pym.",
    f"“We are here,” said Ada Orr.\n{Q}", f"Ada Orr said:\n{Q}\nBo Pym", f"Ada Orr said:\n{Q} is what Bo Pym says.",
]  # fmt: skip


@pytest.mark.parametrize("text", [*DENIED, *OTHERS_WORDS, *SECOND_HAND, *LED, *TAKEN_BACK, *PRONOUNS, *CHAINS])
def test_what_is_not_plainly_hers_is_nobodys(text: str) -> None:
    assert verdict(text) == "unclear"
    if "Bo Pym:" not in text:
        assert verdict(text, "Bo Pym") == "unclear"


@pytest.mark.parametrize("text", [*DENIED, *OTHERS_WORDS, *SECOND_HAND, *LED, *TAKEN_BACK, *PRONOUNS, *CHAINS])
def test_and_nobody_else_is_told_apart_by_it(text: str) -> None:
    swapped = text.replace("Ada Orr", "\0").replace("Bo Pym", "Ada Orr").replace("\0", "Bo Pym")
    assert verdict(swapped) == "unclear"


TWO_OF_A_NAME = [
    f"Ada Orr came. {words} Orr said {Q}"
    for words in (
        "B. Orr disagreed.", "The Orrs met.", "It was after Councillor Orr.", "Bo, the other Orr, came.",
        "@BoOrr came.",
        "“I, Bo Orr, disagree.”", "Orr junior was blunt.", "Bo Orr came.", "ORR, Bo, came.", "Her mum came.",
        "Her dad came.", "Young Orr came.", "Cllr Orr came.", "Lord Orr came.", "Orr the elder came.",
    )
]  # fmt: skip


@pytest.mark.parametrize("text", TWO_OF_A_NAME)
def test_a_surname_that_another_may_bear_is_nobodys(text: str) -> None:
    assert verdict(text) == "unclear"
    assert verdict(text, "Orr") == "unclear"


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        (f"Fake Orr said {Q}", "Orr"), (f"Ada Orr said {Q}", "King Orr"), (f"King Orr said {Q}", "Ada Orr"),
        (f"Spoof Orr said {Q}", "Orr"), (f"King Orr said {Q}", "Orr"), (f"Young Orr said {Q}", "Orr"),
        (f"Not Orr said {Q}", "Orr"), (f"Pretend Orr said {Q}", "Orr"),
    ],
)  # fmt: skip
def test_what_stands_before_a_surname_may_make_it_anothers(text: str, speaker: str) -> None:
    assert verdict(text, speaker) == "unclear"


MAYBE_HERS = [
    f"Key Quote: {Q} – Ada Orr", f"Pull Quote: {Q}", f"Morning Briefing: “{WORDS},” Ada Orr said.",
    f"Top Tweet: {Q} (Ada Orr)", f"Exclusive Interview: {Q}", f"Home Secretary: {Q}", f"Live Updates: {Q}",
    *(
        f"{who} said {Q}"
        for who in (
            "Prime Minister", "Foreign Secretary", "Labour Leader", "Wend Mayor", "Chief Whip", "Attorney General",
            "Sky Sources", "Wend Labour", "Scottish Greens", "Home Secretary", "First Minister", "Wend Tories",
            "Senior Sources", "Council Insiders", "Downing Street", "Wend Lib Dems", "Shadow Chancellor",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("text", MAYBE_HERS)
@pytest.mark.parametrize("speaker", ["Ada Orr", "Keir Finch"])
def test_a_label_a_role_or_a_party_is_nobody_else(text: str, speaker: str) -> None:
    assert verdict(text, speaker) == "unclear"


PLAIN = [
    f"Ada Orr said {Q}", f"Ada Orr said: {Q}", f"Ada Orr said that {Q}", f"Ada Orr told the inquiry: {Q}",
    f"Ada Orr told Bo Pym: {Q}", f"“{WORDS},” said Ada Orr.", f"“{WORDS},” Ada Orr told reporters in Oban on Monday.",
    f"“{WORDS},” said Ada Orr, 52, a miller from Oban.", f"Ada Orr, a miller from Oban, said {Q}",
    f"On Monday, Ada Orr said {Q}", f"But Ada Orr said: {Q}", f"Mayor Ada Orr said on Tuesday: {Q}",
    f"Ada Orr said in a statement: {Q}", f"According to Ada Orr, {Q}", f"“{WORDS}!” said Ada Orr.",
    f"“{WORDS},” Ada Orr said, “and then it rained.”", f"“It rained,” said Ada Orr. {Q}",
    f"Ada Orr: {Q}", f"Ada Orr said:\n{Q}", f"Ada Orr said: {WORDS}. It rained.", f"Ada Orr has said {Q}",
    f"Ada Orr said: “It rained.\n“{WORDS}.”",
    f"Ada Orr said the old weir would “hold for us all for good and for {WORDS}”.",
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_plainly_hers_is_confirmed(text: str) -> None:
    assert verdict(text) == "confirmed"
    assert verdict(text, "Keir Finch") == ("unclear" if text.startswith("Ada Orr: ") else "different")
