"""What refines the question before it: what is a follow-up and what is not, and what becomes of the question."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import followups
from bot.followups import Conversations, FollowUp, Kind, Turn, Wish
from retrieval.model import LONGEST_QUESTION

NOON = datetime(2031, 2, 3, 12, tzinfo=UTC)
WISH = Wish(text="Who won the race?")
TURN = Turn(wish=WISH, shown=3, entry="regatta/race", first=NOON, last=NOON + timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("more", Kind.MORE),
        ("More!", Kind.MORE),
        ("  more please. ", Kind.MORE),
        ("Show me more", Kind.MORE),
        ("any more?", Kind.MORE),
        ("give us some more of these", Kind.MORE),
        ("earlier", Kind.EARLIER),
        ("Anything before that?", Kind.EARLIER),
        ("show me something earlier", Kind.EARLIER),
        ("LATER…", Kind.LATER),
        ("anything after that?", Kind.LATER),
        ("show the whole entry", Kind.WHOLE),
        ("The full post", Kind.WHOLE),
        ("see the complete entry please", Kind.WHOLE),
        ("the entire thing", Kind.WHOLE),
    ],
)
def test_a_follow_up_is_known_by_its_words(text: str, kind: Kind) -> None:
    assert followups.read(text) == FollowUp(kind=kind)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("only before 5pm", "before 5pm"),
        ("Only before 5pm?", "before 5pm"),
        ("and only since noon", "since noon"),
        ("just yesterday", "yesterday"),
        ("just this morning.", "this morning"),
        ("Only between 4.30 and 5pm", "between 4.30 and 5pm"),
        ("only on the River Wend flood blog", "on the River Wend flood blog"),
        ("only after\nnoon", "after\nnoon"),
    ],
)
def test_words_that_narrow_are_handed_on_as_they_are(text: str, words: str) -> None:
    assert followups.read(text) == FollowUp(kind=Kind.ONLY, words=words)


@pytest.mark.parametrize(
    "question",
    [
        "What role did taxi drivers play?",
        "Will the council leader resign?",
        "How many more homes were evacuated?",
        "More than how many homes were flooded?",
        "Did more people leave later?",
        "What happened earlier?",
        "What was said before that meeting?",
        "Who spoke after that?",
        "Show me what the mayor said",
        "Was the whole entry about the dam changed?",
        "Which entry was the full post about?",
        "Is this only before 5pm?",
        "The only bridge?",
        "Just before the dam broke, what did the mayor say?",
        "Just after 5pm, who was evacuated?",
        "Only on Monday did they leave, or why not?",
        "Only one bridge stands, which?",
        "Later, who resigned?",
        "more taxi drivers",
        "",
        "?",
    ],
)
def test_an_ordinary_question_is_no_follow_up(question: str) -> None:
    assert followups.read(question) is None


_WORDS = "more show give me please earlier later whole full entry post only just before after on at . ? … \n".split(
    " "
)


@given(st.text(max_size=300) | st.lists(st.sampled_from(_WORDS), max_size=30).map(" ".join))
def test_whatever_is_typed_it_is_read_or_not(text: str) -> None:
    found = followups.read(text)
    if found is None:
        return
    assert (found.words in text and found.words != "") if found.kind is Kind.ONLY else found.words == ""
    wished = followups.refined(TURN, found)
    assert len(wished.text) <= LONGEST_QUESTION
    assert wished.text.startswith("Who won the race")


# ------------------------------------------------------------------------------------------------ refined


def test_more_goes_on_after_what_was_shown() -> None:
    assert followups.refined(TURN, FollowUp(kind=Kind.MORE)) == Wish(text=WISH.text, shown=3)
    narrowed = Turn(wish=Wish(text="x", since=NOON, until=NOON + timedelta(hours=1), shown=3), shown=6)
    assert followups.refined(narrowed, FollowUp(kind=Kind.MORE)) == Wish(
        text="x", since=NOON, until=NOON + timedelta(hours=1), shown=6
    )


def test_earlier_and_later_look_on_either_side_of_what_was_shown() -> None:
    assert followups.refined(TURN, FollowUp(kind=Kind.EARLIER)) == Wish(text=WISH.text, until=NOON)
    later = followups.refined(TURN, FollowUp(kind=Kind.LATER))
    assert later == Wish(text=WISH.text, since=NOON + timedelta(hours=2, microseconds=1))
    again = Turn(wish=later, shown=1, first=NOON + timedelta(hours=3), last=NOON + timedelta(hours=3))
    assert followups.refined(again, FollowUp(kind=Kind.EARLIER)) == Wish(
        text=WISH.text, until=NOON + timedelta(hours=3)
    )


@pytest.mark.parametrize("kind", [Kind.EARLIER, Kind.LATER])
def test_where_nothing_was_shown_the_question_is_asked_again(kind: Kind) -> None:
    assert followups.refined(Turn(wish=WISH, shown=0), FollowUp(kind=kind)) == WISH


def test_only_adds_its_words_to_the_question_and_looks_from_its_beginning() -> None:
    turn = Turn(wish=Wish(text="Who won the race?!", since=NOON, shown=3), shown=6)
    assert followups.refined(turn, FollowUp(kind=Kind.ONLY, words="before 5pm")) == Wish(
        text="Who won the race before 5pm"
    )


# ------------------------------------------------------------------------------------------------ conversations


def test_the_last_question_of_each_conversation_is_remembered() -> None:
    conversations = Conversations()
    assert conversations.before("a") is None
    other = Turn(wish=Wish(text="Where?"), shown=1)
    conversations.remember("a", TURN)
    conversations.remember(("C1", "1.1"), other)
    assert (conversations.before("a"), conversations.before(("C1", "1.1"))) == (TURN, other)
    conversations.remember("a", other)
    assert conversations.before("a") == other
    conversations.forget()
    assert conversations.before("a") is conversations.before(("C1", "1.1")) is None


def test_the_conversations_that_were_asked_in_last_are_kept() -> None:
    conversations = Conversations(most=3)
    for name in ("a", "b", "c", "a", "d"):
        conversations.remember(name, TURN)
    assert [name for name in "abcd" if conversations.before(name)] == ["a", "c", "d"]


def test_conversations_may_be_used_from_several_threads() -> None:
    conversations = Conversations(most=50)
    turns = {number: Turn(wish=Wish(text=str(number)), shown=number) for number in range(400)}

    def use(number: int) -> None:
        conversations.remember(number, turns[number])
        found = conversations.before(number)
        assert found is None or found == turns[number]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, turns))
    assert sum(conversations.before(number) is not None for number in turns) == 50
