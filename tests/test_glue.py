"""Every text here is made up. `|` marks the place where a title ends or a line break is to be put back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.sources.glue import paragraph_breaks, title_length

TITLED = [
    "Closing summary|We are closing this blog.",
    "Why did the council wait?|The report suggests fear.",
    "The second pump, at last|The second pump has come.",
    "How to get help|Households that have been flooded can claim.",
    "Drainage chairman Pell-Orran quits|Edmund Pell-Orran has resigned.",
    "Summary|The main points so far.",
    "Summary|Here is what we know.",
    "Update|Police say the road is shut.",
    "Leader resigns over report|Rufus Stane has gone.",
    "Council’s “failure”|The council failed.",
    "Budget 2031|The chancellor is on his feet.",
    "Flood hits 1,400 homes|About 1,400 homes are wet.",
    "Turnout at 65%|Turnout has risen.",
    "Finch: we will act|Dora Finch has said it again.",
    "Good morning|Welcome to our live blog.",
    "What happens next?|MPs will vote.",
    "PM resigns|The prime minister has gone.",
    "Statement from the BBC|The BBC has replied.",
    "£1.4m for repairs|The council will pay.",
    "No. 2 pump fails|The No. 2 pump is out.",
    "Finch ‘sorry’|The leader said so.",
    "Mr. Pym goes home|Mr. Pym has left.",
    "5.30pm: what we know|The river is up.",
    "Afternoon summary|Here’s a summary.",
    "Key points|“We failed them,” he said.",
    "Who knew what?|“Everyone,” said Finch.",
    "Voting closes at 10pm|The polls are busy.",
    "Snow falls in Oban (again)|Snow has fallen.",
    "A “damning” report|It is damning.",
    "NHS|The NHS is short of beds.",
    "Row over HS2|The HS2 route is wrong.",
    "Watch it on YouTube|The video is here.",
    "Key points|IT bosses have left.",
    "Fin de la fête|École is out, and so are we.",
    "Midnight reading: 4.70 metres|The gauge read 4.70 metres.",
    "‘I was born in this house’|Not everyone is leaving.",
]

UNTITLED = [
    "YouTube has taken the video down.",
    "BuzzFeed reports that the pier is shut.",
    "iPhone owners were told first.",
    "McDonald has resigned as leader.",
    "easyJet has cancelled every flight.",
    "LinkedIn said it was sorry.",
    "Mr McDonald said he would go.",
    "The McDonald family left. They wept.",
    "What is going on? Nobody knows.",
    "How many? The report says 1,400.",
    "Why did the council wait? The report suggests fear.",
    "DeVere said nothing.",
    "A YouTube video of the flood.",
    "The iPhone is on sale.",
    "JavaScript is off.",
    "Here is PayPal’s answer",
    "The eBay seller has gone.",
    "Our reporter at MediaCity says so.",
    "GlaxoSmithKline has said sorry.",
    "McVey will go. DeLorean stays.",
    "BBC News says so.",
    "5.49pm is the time.",
    "The council’s FaceTime call",
    "“We failed,” he said.",
    "The OpenAI chief has gone.",
    "PwC and KPMG agree.",
    "The SNP’s MSPs voted.",
    "WhatsApp is down.",
    "TfL says the line is shut.",
    "The PhD student won.",
    "pic.twitter.com/abcDef Here it is",
    "BREAKING: McLaren out",
    "MailOnline reports it.",
    "HuffPost and BuzzFeed agree.",
    "A spokesman for HarperCollins said so.",
    "O’Brien said so.",
    "The @BBCNews account is down.",
    "We’re at the town hall.",
    "MacKenzie writes for CityAM.",
    "Read AirBnB’s statement.",
    "The FitzGerald report is out.",
    "LaToya was there.",
    "The YouGov poll is out.",
    "One line\nand a second oneThe third.",
    "",
    "word",
    "?",
    "?The",
]

PARAGRAPHS = [
    "the key points.|About 1,400 came.",
    "by the police?|The report asks.",
    "Shame!|They went home.",
    "“go.”|He went.",
    "said.”|He went.",
    '"It is over."|He went.',
    'he said.|"He is gone."',
    "in 2013.|The report is out.",
    "at 5pm.|The crew left.",
    "at 10am.|Police came.",
    "at 5 p.m.|The crew left.",
    "at 5.30 p.m.|The crew left.",
    "in the U.S.|The army left.",
    "in the UK.|He said so.",
    "Washington D.C.|The end.",
    "of Child A.|The report says so.",
    "it is 5.|Then 6.",
    "costs £3.5m.|They paid.",
    "he said.|“We failed.”",
    "he said:|“We failed them.”",
    "the end.’|“No.”",
    "(see below)|The man left.",
    "(@dora_finch)|August is here.",
    "Finch (Lab).|He won.",
    "it was 65%.|They won.",
    "it.|I went.",
    "and/or.|The end.",
    "no.|He did not.",
    "pic.twitter.com/k7TqWm2x August 26, 2031|He said so.",
    "of the quay.|McDonald left.",
    "of the quay.|YouTube left.",
    "of the quay.|PA reports.",
    "of the quay.|£40m was lost.",
    "of the quay.|Ángela left.",
    "one.|Two.|Three.",
    "“No.”|“Yes.”",
]

WHOLE = [
    "J.K.Pellow wrote it",
    "J.R.R.Orran wrote it",
    "the U.S.Army said",
    "at No.10 today",
    "Mr.Smith said",
    "Prof.Jay said",
    "Sen.Finch said",
    "v.Smith",
    "vs.Arsenal",
    "bbc.Co.uk is down",
    "Amazon.Com said",
    "see www.Example.Com/Foo.Bar",
    "http://t.co/Abc.Def",
    "https://en.example.org/wiki/Orran_(Disambiguation)Page",
    "a@b.Com is wrong",
    "e.g.This one",
    "i.e.The other",
    "has a Ph.D. in law",
    "Ph.D.Student",
    "about 1,400 people",
    "pic.twitter.com/zqraPKi7lb",
    "(@sunny_orran)",
    "5.49pm is the time",
    "of 3.74 metres. In",
    "a.m.to p.m.",
    "The end...Then",
    "(D.C.Comics)",
    "A.B.C.",
    "he said: “we failed”",
    "one. Two.\nThree.",
    "",
]


def cut(text: str, at: list[int]) -> str:
    return "|".join(text[start:end] for start, end in pairwise([0, *at, len(text)]))


@pytest.mark.parametrize("case", TITLED)
def test_a_title_glued_to_its_body_is_found(case: str) -> None:
    body = case.replace("|", "")
    assert cut(body, [title_length(body)]) == case


@pytest.mark.parametrize("body", UNTITLED)
def test_no_title_is_taken_where_none_is_certain(body: str) -> None:
    assert title_length(body) == 0


def test_a_title_has_at_most_140_characters() -> None:
    body = "long " * 27 + "title" + "The body."
    assert title_length(body) == 140
    assert title_length("a" + body) == 0


@pytest.mark.parametrize("case", PARAGRAPHS)
def test_glued_paragraphs_are_parted(case: str) -> None:
    text = case.replace("|", "")
    assert cut(text, paragraph_breaks(text)) == case


@pytest.mark.parametrize("text", WHOLE)
def test_what_only_looks_glued_stays_whole(text: str) -> None:
    assert paragraph_breaks(text) == []


@given(st.text(st.sampled_from("aAé.?!…:;\"'”“’()[]/@ \n\r1£Å\u0301\u200d"), max_size=60))
def test_any_text_is_cut_inside_and_in_order(text: str) -> None:
    breaks = paragraph_breaks(text)
    assert breaks == sorted(set(breaks))
    assert all(0 < at < len(text) for at in breaks)
    assert 0 <= title_length(text) <= len(text)
