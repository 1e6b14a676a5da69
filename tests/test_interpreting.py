"""What a question is taken to mean: moments, order and blog, and which words are left to the search. The blogs, their
entries' times and all questions are made up."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.clock import zone
from retrieval.interpreting import Extent, Interpreted, interpret
from retrieval.model import Blog, Filter, Order, Question
from retrieval.questions import understand
from tests.data_folder import DATA

SQUAD = DATA / "squad" / "squad2-dev.json.gz"
TUESDAY = "2031-08-26"
Found = dict[str, Any]


def blog(id_: str, title: str, timezone: str | None = "Europe/London") -> Blog:
    return Blog(
        id=id_,
        title=title,
        url=None,
        timezone=timezone,
        language="en",
        visibility=(),
        sensitive=False,
        embargo_until=None,
    )


class Scene:
    """Blogs, and when their entries were posted."""

    def __init__(self, now: str, posted: Mapping[str, Sequence[str]], *blogs: Blog) -> None:
        self.now = datetime.fromisoformat(now)
        self.blogs = {one.id: one for one in blogs}
        self.posted = {
            id_: [datetime.fromisoformat(one).astimezone(zone(self.blogs[id_].timezone or "UTC")) for one in times]
            for id_, times in posted.items()
        }

    def extent(self, within: Filter) -> Extent | None:
        times = sorted(
            one
            for id_, own in self.posted.items()
            for one in own
            if (within.blogs is None or id_ in within.blogs)
            and (within.since is None or one >= within.since)
            and (within.until is None or one < within.until)
        )
        return Extent(first=times[0], last=times[-1]) if times else None

    def read(self, text: str, **options: Any) -> Interpreted:
        return interpret(Question(text=text, **options), self.blogs, self.extent, self.now)


HARL = Scene(
    "2031-08-26T18:45:00+01:00",
    {"harl-2031": [f"2031-08-26T{one}+01:00" for one in ("14:05", "15:20", "16:40", "17:07", "18:30")]},
    blog("harl-2031", "Harl valley fire: live updates"),
)
"""A blog of one afternoon that still runs when it is asked about."""


def moment(said: datetime | None) -> str | None:
    """`17:00` on the day of the blog, else with its date."""
    if said is None:
        return None
    day, at = said.astimezone(zone("Europe/London")).isoformat()[:16].split("T")
    return at if day == TUESDAY else f"{day} {at}"


def meant(read: Interpreted) -> Found:
    """What was understood, without what was not."""
    question, understood = read.question, read.understood
    found = {
        "since": moment(question.since),
        "until": moment(question.until),
        "as_of": moment(question.as_of),
        "order": None if question.order is Order.RELEVANCE else question.order.value,
        "blog": question.blog,
        "at": ", ".join(one.strftime("%H:%M") for one in understood.at) or None,
        "lists": understood.lists or None,
        "unread": question.unread or None,
        "matter": None if understood.matter == " ".join(question.text.split()) else understood.matter,
    }
    return {name: value for name, value in found.items() if value is not None}


def times(matter: str | None = None, **said: Any) -> Found:
    return {**said, **({} if matter is None else {"matter": matter})}


def listed(matter: str | None = None, **said: Any) -> Found:
    return times(matter, lists=True, **said)


MEANT: dict[str, Found] = {
    # ---- before, after, between
    "What did police say before 5pm?": times("What did police say?", until="17:00"),
    "What did the police say before 5.00pm BST?": times("What did the police say?", until="17:00"),
    "Before 5pm, what did police say?": times("what did police say?", until="17:00"),
    "What did police say before 5 o'clock?": times("What did police say?", until="17:00"),
    "What did the fire chief say before noon EDT?": times("What did the fire chief say?", until="17:00"),
    "What did police say about the road before 5pm?": times("What did police say about the road?", until="17:00"),
    "Did police say anything before 5pm?": times("Did police say anything?", until="17:00"),
    "Anything on the pylon since 5pm?": times("Anything on the pylon?", since="17:00"),
    "What did I miss since 5pm?": listed("What did I miss?", since="17:00"),
    "What did the brigade tweet after 4.30pm?": times("What did the brigade tweet?", since="16:30"),
    "What has the council announced since 3pm?": times("What has the council announced?", since="15:00"),
    "What did the council say until 4pm?": times("What did the council say?", until="16:00"),
    "What had police said by 5pm about the pylon?": times("What had police said about the pylon?", until="17:00"),
    "What was said before 5pm?": listed("What was said?", until="17:00"),
    "What was said between 4.30 and 5pm?": listed("What was said?", since="16:30", until="17:00"),
    "What was posted from 4.30 to 5pm?": listed("What was posted?", since="16:30", until="17:00"),
    "What was posted from 4.30pm - 5.30pm?": listed("What was posted?", since="16:30", until="17:30"),
    "What was posted between 4 and 5pm?": listed("What was posted?", since="16:00", until="17:00"),
    "What was posted between 11 and 3pm?": listed("What was posted?", since="11:00", until="15:00"),
    "What was posted between 4.30 and 5.10?": listed("What was posted?", since="16:30", until="17:10"),
    "What was posted between 16:30 and 17:00?": listed("What was posted?", since="16:30", until="17:00"),
    "What was reported between noon and 3pm about the wind?": times(
        "What was reported about the wind?", since="12:00", until="15:00"
    ),
    "What was published from 5.30pm onwards?": listed("What was published?", since="17:30"),
    "What did we publish before 5pm about the wind turbine?": times(
        "What did we publish about the wind turbine?", until="17:00"
    ),
    "What did the blog say after 5pm about the wind turbine?": times(
        "What did the blog say about the wind turbine?", since="17:00"
    ),
    "What have we reported since noon?": listed("What have we reported?", since="12:00"),
    "updates since noon about the fire": times("updates about the fire", since="12:00"),
    "Updates on the fire since noon": times("Updates on the fire", since="12:00"),
    "entries between 4.30 and 5pm": listed("entries", since="16:30", until="17:00"),
    "Show me all entries about the fire between 4.30pm and 5pm": times(
        "Show me all entries about the fire", since="16:30", until="17:00"
    ),
    "Which entries since 3pm mention the pylon?": times("Which entries mention the pylon?", since="15:00"),
    "updates since noon about the dam": times("updates about the dam", since="12:00"),
    "updates since 4pm that mention the pylon": times("updates that mention the pylon", since="16:00"),
    "What do the entries before 5pm say about sheep?": times("What do the entries say about sheep?", until="17:00"),
    "updates in the last hour on the siege": times("updates on the siege", since="17:45"),
    "Any news since 4pm?": listed("Any news?", since="16:00"),
    "What's new since 4pm?": listed("What's new?", since="16:00"),
    "What has changed since 4pm": listed("What has changed", since="16:00"),
    "What happened before 5pm?": listed("What happened?", until="17:00"),
    "What else happened after 5pm?": listed("What else happened?", since="17:00"),
    "What happened until midnight?": listed("What happened?", until="2031-08-27 00:00"),
    "Summary since noon": listed("Summary", since="12:00"),
    "What was posted before 4.30?": listed("What was posted?", until="16:30"),
    # ---- by the clock of asking
    "What happened in the last hour?": listed("What happened?", since="17:45"),
    "What was posted in the past 30 minutes?": listed("What was posted?", since="18:15"),
    "updates in the last two hours on the fire": times("updates on the fire", since="16:45"),
    "What did the mayor say in the last half hour?": times("What did the mayor say?", since="18:15"),
    "What was posted this morning?": listed("What was posted?", since="00:00", until="12:00"),
    "What did the mayor say this afternoon?": times("What did the mayor say?", since="12:00", until="18:00"),
    "What happened today?": listed("What happened?", since="00:00", until="2031-08-27 00:00"),
    "What has been posted so far today?": listed("What has been posted?", since="00:00", until="2031-08-27 00:00"),
    "What happened yesterday afternoon?": listed(
        "What happened?", since="2031-08-25 12:00", until="2031-08-25 18:00"
    ),
    "What was posted last night?": listed("What was posted?", since="2031-08-25 18:00", until="06:00"),
    "What did we publish yesterday before noon?": listed(
        "What did we publish?", since="2031-08-25 00:00", until="2031-08-25 12:00"
    ),
    "entries since yesterday": listed("entries", since="2031-08-25 00:00"),
    # ---- days
    "What was posted on 26 August?": listed("What was posted?", since="00:00", until="2031-08-27 00:00"),
    "What was posted on August 26, 2031?": listed("What was posted?", since="00:00", until="2031-08-27 00:00"),
    "What was posted on 2031-08-26?": listed("What was posted?", since="00:00", until="2031-08-27 00:00"),
    "What did police say on Tuesday?": times("What did police say?", since="00:00", until="2031-08-27 00:00"),
    "What did police say on Tuesday afternoon?": times("What did police say?", since="12:00", until="18:00"),
    "What was posted on 26 August 2031 after 5pm?": listed(
        "What was posted?", since="17:00", until="2031-08-27 00:00"
    ),
    "What was posted after 5pm on Tuesday, 26 August?": listed(
        "What was posted?", since="17:00", until="2031-08-27 00:00"
    ),
    "What was posted before 5pm on 26 August?": listed("What was posted?", since="00:00", until="17:00"),
    "What was said about sheep before 5pm on 26 August?": times(
        "What was said about sheep?", since="00:00", until="17:00"
    ),
    "What was posted between 4.30 and 5pm on Tuesday?": listed("What was posted?", since="16:30", until="17:00"),
    "entries in August 2031": listed("entries", since="2031-08-01 00:00", until="2031-09-01 00:00"),
    "entries on 3 May 2030": listed("entries", since="2030-05-03 00:00", until="2030-05-04 00:00"),
    "entries on 26 August": listed("entries", since="00:00", until="2031-08-27 00:00"),
    "posts on 26 August about the dam": times("posts about the dam", since="00:00", until="2031-08-27 00:00"),
    "updates on Tuesday": listed("updates", since="00:00", until="2031-08-27 00:00"),
    "What was the last entry of Tuesday?": listed(
        "What was the last entry?", since="00:00", until="2031-08-27 00:00", order="latest"
    ),
    "What was posted at 5.07pm on 26 August?": listed(
        "What was posted at?", since="00:00", until="2031-08-27 00:00", at="17:07"
    ),
    "What was posted at 5.07pm?": listed("What was posted at?", at="17:07"),
    "What was said at 5.07pm?": listed("What was said at?", at="17:07"),
    "What was published at noon?": listed("What was published at?", at="12:00"),
    "What does the 5.07pm entry say about sheep?": times("What does the entry say about sheep?", at="17:07"),
    # ---- as of
    "As of 5pm, how many homes were empty?": times("how many homes were empty?", as_of="17:00"),
    "As of 5.07pm BST, who was missing?": times("who was missing?", as_of="17:07"),
    "How many homes were empty as of 4.30pm?": times("How many homes were empty?", as_of="16:30"),
    "What did the blog say as of 4.30pm on 26 August?": listed("What did the blog say?", as_of="16:30"),
    "As of midnight, who was missing?": times("who was missing?", as_of="2031-08-27 00:00"),
    "Who was missing as of midnight on 25 August?": times("Who was missing?", as_of="00:00"),
    "What was the latest entry as of 5pm?": listed("What was the latest entry?", as_of="17:00", order="latest"),
    # ---- the blog
    "What did the Harl valley fire blog say about sheep?": times(
        "What did the blog say about sheep?", blog="harl-2031"
    ),
    "What is in the Harl valley fire blog?": listed("What is?", blog="harl-2031"),
    "Who is hurt, in the Harl valley fire blog?": times("Who is hurt?", blog="harl-2031"),
    "What was said on the Harl live blog before 5pm about sheep?": times(
        "What was said about sheep?", blog="harl-2031", until="17:00"
    ),
    "According to the Harl fire blog, who is hurt?": times("who is hurt?", blog="harl-2031"),
    "What was the first entry of the Harl valley liveblog?": listed(
        "What was the first entry?", blog="harl-2031", order="earliest"
    ),
    # ---- order
    "What was the first entry of the blog about?": listed(order="earliest"),
    "What is the latest update?": listed(order="latest"),
    "What is the latest?": listed(order="latest"),
    "the last three entries": listed(order="latest"),
    "What was the last thing said before 5pm?": listed(
        "What was the last thing said?", until="17:00", order="latest"
    ),
    "What’s the latest news?": listed(order="latest"),
    "What was the first entry after 5pm?": listed("What was the first entry?", since="17:00", order="earliest"),
    "Which was the last update before 5pm?": listed("Which was the last update?", until="17:00", order="latest"),
    "When was the pylon first mentioned?": times("the pylon", order="earliest"),
    "When was the Harl pylon last mentioned on the blog?": times("the Harl pylon", order="latest"),
    "first mention of the pylon": times("the pylon", order="earliest"),
    "What was the earliest mention of sheep?": times("sheep", order="earliest"),
    "Which entry first mentioned the pylon?": times("the pylon", order="earliest"),
    "When did we first report the road closure?": times("the road closure", order="earliest"),
    "the latest on the fire": times("the fire", order="latest"),
    "latest pylon news": times("pylon", order="latest"),
    "What is the latest on the fire?": times("the fire", order="latest"),
    "what's the latest about the sheep": times("the sheep", order="latest"),
    "What is the latest from the fire brigade?": times("the fire brigade", order="latest"),
    "most recent update on the pylon": times("the pylon", order="latest"),
    "What was the first post about sheep?": times("sheep", order="earliest"),
    "What did the newest entry about the pylon say?": times("the pylon", order="latest"),
    "What was last said about the pylon?": times("the pylon", order="latest"),
    "the latest on the fire as of 5pm": times("the fire", order="latest", as_of="17:00"),
    "the latest on the fire since 4pm": times("the fire", order="latest", since="16:00"),
    "What are the latest updates on the 9 March report?": times("the 9 March report", order="latest"),
    "timeline of the fire": times("the fire", order="earliest"),
    "Give me a timeline of the road closure": times("the road closure", order="earliest"),
    "chronology of the evacuation": times("the evacuation", order="earliest"),
    "timeline of events": listed(order="earliest"),
}

TRAPS = [
    "What did the mayor tell reporters before 5pm?",
    "What did police say last Tuesday?",
    "What did police say on Tuesday's fire?",
    "What was the first post of the governor of Harl?",
    "What did Odo Pentreath say at 5.07pm?",
    "What was the situation at 5pm?",
    "Did the mayor resign before 5pm?",
    "What did the mayor say before the fire?",
    "What did police say just before 5pm?",
    "What is the latest software update?",
    "Who runs the Harl fire station?",
    "What happened in 2005?",
    "What do the three reports of 2002, 2003 and 2006 say?",
    "How long did it take?",
    "When was the tower built before 1900?",
    "What happened before the 1997 election?",
    "What did the police do after 5pm that day?",
    "Any updates on the 7 July bombings?",
    "updates on the 11 September attacks",
    "entries on the 26 August report",
    "updates for 9 May parade",
    "updates on Tuesday meeting",
    "updates on yesterday afternoon crash",
    "updates on 26 August that night",
    "updates on 7 July",
    "posts on 7 July 2005 about the bombings",
    "post from 5pm till 6pm curfew",
    "entries during the last hour of the siege",
    "updates over the last 10 minutes of the match",
    "What are the latest updates over the last 10 minutes of the match?",
    "What was said in the last 10 minutes of the match?",
    "What was said about the score in the last hour of the match?",
    "What did police say before 5pm that day?",
    "What did police say had happened before 5pm?",
    "What did the report say happened before 5pm?",
    "What did police say about what happened before 5pm?",
    "What did police say about the arrests after 5pm?",
    "What did police say about the fire on Tuesday?",
    "What was said about the fire on Tuesday?",
    "What happened to the barn before 5pm?",
    "What happened at 5.07pm?",
    "What happened on 11 September 2001?",
    "What happened on 14 May?",
    "What was signed on 4 July 1976?",
    "What did the admiral say before 5pm on 4 July 1976?",
    "What did the prime minister say on 4 June 1940?",
    "What did Odo Pentreath join on 20 October 1973?",
    "What did the author write in August 1914?",
    "Who was arrested before 5pm?",
    "Which roads were closed after 4.30pm?",
    "How many homes were evacuated by 5pm?",
    "How many people called between 4 and 5pm?",
    "Why was the bridge closed from noon?",
    "Where was the lorry at 5.07pm?",
    "When did the fire start, before or after 5pm?",
    "Which train left the station at 5.07pm?",
    "Was the road open until midnight?",
    "What opens at noon?",
    "Who saw the fire on Tuesday?",
    "How much rain fell in the last hour?",
    "How many have died in the past 24 hours?",
    "What does the treaty allow today?",
    "What is the barn known as today?",
    "Which theory says that hills still rise today?",
    "How many homes are without power this morning?",
    "What do sheep eat in the morning?",
    "What did people say before 1900?",
    "What did people who lived there say before noon?",
    "What was the temperature between 4.30 and 5 degrees?",
    "Did the score stay between 4 and 5?",
    "As of 2014, how many homes were there?",
    "As of January 2016, how many sheep were counted?",
    "What was the population as of 26 August 2014?",
    "Since noon is early, why did they eat?",
    "What role did the May 2014 review play?",
    "How many reports did police get in August 2031?",
    "What was published in 1859?",
    "Which report was published on 26 August?",
    "Why was the letter posted at 9.30am returned?",
    "What was posted at 2005?",
    "Who runs the last post office in the valley?",
    "Who won the first post-war election?",
    "Who was the last king of Harl?",
    "When did the first train run?",
    "What was the first report about?",
    "What does the latest report say?",
    "What are the latest figures?",
    "What is the most recent example of a fire?",
    "What is the name of the latest epoch?",
    "When is the latest known reference to sheep?",
    "Which timeline is the most accurate?",
    "What does the second timeline compress?",
    "When was the novel first published?",
    "When was the disease first reported?",
    "What was the second to last entry?",
    "When was the first entry fee charged?",
    "What is the last published novel of Ines Varga?",
    "When was the blog last updated?",
    "What was the last thing the mayor did?",
    "Who first mentioned the pylon?",
    "Who last saw the sheep?",
    "In which blog was the pylon mentioned?",
    "Who writes on the gardening blog?",
    "What was said in the Harl valley?",
    "Who blogs about the Harl fire?",
    "first",
    "latest",
    "before 5pm",
    "yesterday",
    "",
    "?!",
]


def test_the_table_is_as_long_as_it_should_be() -> None:
    questions = [*MEANT, *TRAPS]
    assert len(questions) == len(set(questions)) >= 120
    assert len(TRAPS) + sum(not said for said in MEANT.values()) >= 60


@pytest.mark.parametrize("text", MEANT)
def test_what_is_meant(text: str) -> None:
    found = meant(HARL.read(text))
    said = MEANT[text]
    if "matter" not in said:
        found.pop("matter", None)
        assert said or HARL.read(text).understood.matter == text
    assert found == said


@pytest.mark.parametrize("text", TRAPS)
def test_what_is_left_to_the_search(text: str) -> None:
    read = HARL.read(text)
    assert meant(read) == {}
    assert read.question == Question(text=text)


# ------------------------------------------------------------------------------------------------ which moment

OVERNIGHT = Scene(
    "2040-01-01T12:00:00+00:00",
    {"flood": ["2031-02-03T16:12:00+00:00", "2031-02-03T23:30:00+00:00", "2031-02-04T10:30:00+00:00"]},
    blog("flood", "Harl flood"),
)
OVER = Scene(
    "2040-01-01T12:00:00+00:00",
    {
        "flood": ["2031-02-03T10:00:00+00:00", "2031-02-03T19:00:00+00:00"],
        "fair": ["2031-03-05T10:00:00+00:00", "2031-03-05T19:00:00+00:00"],
    },
    blog("flood", "Harl flood"),
    blog("fair", "Pellmarsh pie fair"),
)
RUNNING = Scene(
    "2031-03-05T19:30:00+00:00", {id_: [one.isoformat() for one in own] for id_, own in OVER.posted.items()},
    *OVER.blogs.values(),
)  # fmt: skip
TWO_ZONES = Scene(
    "2040-01-01T12:00:00+00:00",
    {"quay": ["2031-02-03T10:00:00+00:00", "2031-02-03T22:00:00+00:00"], "mill": ["2031-02-03T15:00:00+00:00"]},
    blog("quay", "Quay fire"),
    blog("mill", "Mill strike", "America/New_York"),
)


@pytest.mark.parametrize(
    ("scene", "text", "since", "until"),
    [
        (OVERNIGHT, "What was posted before 5pm?", None, "2031-02-03T17:00:00+00:00"),
        (OVERNIGHT, "What was posted after 11pm?", "2031-02-03T23:00:00+00:00", None),
        (OVERNIGHT, "What was posted after midnight?", "2031-02-04T00:00:00+00:00", None),
        (OVERNIGHT, "What was posted until midnight?", None, "2031-02-04T00:00:00+00:00"),
        (
            OVERNIGHT,
            "What was posted between 11pm and 1am?",
            "2031-02-03T23:00:00+00:00",
            "2031-02-04T01:00:00+00:00",
        ),
        (
            OVERNIGHT,
            "What was posted before 9.30?",
            None,
            None,
        ),  # half past nine was twice: in the evening, and again
        (OVERNIGHT, "What was posted since noon?", "2031-02-03T12:00:00+00:00", None),
        (OVERNIGHT, "What was posted before 2pm?", None, "2031-02-04T14:00:00+00:00"),
        (OVERNIGHT, "What was posted on Monday?", "2031-02-03T00:00:00+00:00", "2031-02-04T00:00:00+00:00"),
        (OVERNIGHT, "What was posted on Tuesday?", "2031-02-04T00:00:00+00:00", "2031-02-05T00:00:00+00:00"),
        (
            OVERNIGHT,
            "What was posted on Monday before 5pm?",
            "2031-02-03T00:00:00+00:00",
            "2031-02-03T17:00:00+00:00",
        ),
        (
            OVERNIGHT,
            "What was posted before 5pm yesterday?",
            "2039-12-31T00:00:00+00:00",
            "2039-12-31T17:00:00+00:00",
        ),
        (OVER, "What was posted on 5 March before noon?", "2031-03-05T00:00:00+00:00", "2031-03-05T12:00:00+00:00"),
        (OVER, "What was posted on 3 February?", "2031-02-03T00:00:00+00:00", "2031-02-04T00:00:00+00:00"),
        (OVER, "What was posted on the Pellmarsh blog before noon?", None, "2031-03-05T12:00:00+00:00"),
        (OVER, "What was posted on the Harl blog before noon?", None, "2031-02-03T12:00:00+00:00"),
        (OVER, "What was posted in March 2031?", None, None),
        (OVER, "entries in March 2031", "2031-03-01T00:00:00+00:00", "2031-04-01T00:00:00+01:00"),
        (RUNNING, "What was posted before 5pm?", "2031-03-05T00:00:00+00:00", "2031-03-05T17:00:00+00:00"),
        (RUNNING, "What was posted after 5pm?", "2031-03-05T17:00:00+00:00", None),
        (RUNNING, "What was posted between 4 and 5pm?", "2031-03-05T16:00:00+00:00", "2031-03-05T17:00:00+00:00"),
        (RUNNING, "What was posted on Wednesday?", "2031-03-05T00:00:00+00:00", "2031-03-06T00:00:00+00:00"),
        (RUNNING, "What was posted on Monday?", "2031-03-03T00:00:00+00:00", "2031-03-04T00:00:00+00:00"),
        (TWO_ZONES, "What was posted before 5pm GMT?", None, "2031-02-03T17:00:00+00:00"),
        (TWO_ZONES, "What was posted before noon EST?", None, "2031-02-03T12:00:00-05:00"),
        (TWO_ZONES, "What was posted on the mill blog before noon?", None, "2031-02-03T12:00:00-05:00"),
        (TWO_ZONES, "What happened in the last hour?", "2040-01-01T06:00:00-05:00", None),
    ],
)
def test_which_moments_are_meant(scene: Scene, text: str, since: str | None, until: str | None) -> None:
    read = scene.read(text)
    found = [one and one.isoformat() for one in (read.question.since, read.question.until)]
    assert found == [since, until]


@pytest.mark.parametrize(
    ("scene", "text"),
    [
        (OVER, "What was posted before 5pm?"),
        (OVER, "What was posted between 4 and 5pm?"),
        (OVER, "How many pies were there as of 5pm?"),
        (OVER, "What was posted on Friday?"),
        (TWO_ZONES, "What was posted before 5pm?"),
        (TWO_ZONES, "What was posted on 3 February?"),
        (TWO_ZONES, "What was posted before 5pm CST?"),
        (OVERNIGHT, "What was posted between 2pm and 3pm?"),
    ],
)
def test_a_time_that_cannot_be_told_narrows_nothing_and_is_named(scene: Scene, text: str) -> None:
    read = scene.read(text)
    assert (read.question.since, read.question.until, read.question.as_of) == (None, None, None)
    assert read.question.unread
    assert read.understood.matter == text
    assert not read.understood.lists


@pytest.mark.parametrize(
    ("scene", "text", "as_of"),
    [
        (OVERNIGHT, "Who was hurt as of midnight?", "2031-02-04T00:00:00+00:00"),
        (RUNNING, "Who was hurt as of midnight?", "2031-03-05T00:00:00+00:00"),
        (OVER, "Who was hurt, on the Harl blog, as of midnight?", "2031-02-04T00:00:00+00:00"),
        (OVER, "Who was hurt as of midnight on 3 February?", "2031-02-04T00:00:00+00:00"),
    ],
)
def test_midnight_as_a_past_moment_is_the_end_of_the_day(scene: Scene, text: str, as_of: str) -> None:
    assert scene.read(text).question.as_of == datetime.fromisoformat(as_of)


def test_options_narrow_together_with_words() -> None:
    at = datetime.fromisoformat
    both = HARL.read(
        "What was said before 5pm?", since=at("2031-08-26T15:00+01:00"), until=at("2031-08-26T18:00+01:00")
    )
    assert meant(both) == listed("What was said?", since="15:00", until="17:00")
    assert meant(HARL.read("What was said before 5pm?", until=at("2031-08-26T16:00+01:00")))["until"] == "16:00"
    never = HARL.read("What was said before 3pm?", since=at("2031-08-26T16:00+01:00"))
    assert (moment(never.question.since), moment(never.question.until)) == ("16:00", "15:00")
    asked = HARL.read("What was said as of 5pm?", as_of=at("2031-08-26T15:00+01:00"))
    assert moment(asked.question.as_of) == "15:00"
    march = OVER.read("What was posted before 5pm?", since=at("2031-03-01T00:00+00:00"))
    assert march.question.until == at("2031-03-05T17:00+00:00")
    assert OVER.read("What was posted on the Harl blog?", blog="fair").question.blog == "fair"


def test_a_blog_is_named_by_telling_words_of_one_title_alone() -> None:
    titles = {
        "a": "River Wend flood: as it happened",
        "b": "Flood in Pellmarsh – live",
        "c": "Pellmarsh council vote",
        "d": "Pellmarsh",
    }
    for words, id_ in {
        "in the River Wend flood blog": "a",
        "on the Wend live blog": "a",
        "from the river wend liveblog": "a",
        "in the flood in Pellmarsh live blog": "b",
        "of the council vote blog": "c",
        "on the Pellmarsh blog": "d",
        "on the flood blog": None,
        "on the live blog": None,
        "on the Pellmarsh fire blog": None,
        "on the mountain blog": None,
        "on the Wend bloggers' page": None,
    }.items():
        understood = understand(f"Who was hurt {words}?", titles)
        assert (understood.blog, understood.matter) == (
            (None, f"Who was hurt {words}?") if id_ is None else (id_, "Who was hurt?")
        )


def test_a_blog_that_shows_no_entry_is_not_known_by_its_title() -> None:
    scene = Scene(
        "2040-01-01T12:00:00+00:00", {"a": ["2031-02-03T16:12:00+00:00"]}, blog("a", "Fair"), blog("b", "Flood")
    )
    read = scene.read("Who was hurt, on the flood blog?")
    assert (read.question.blog, read.understood.matter) == (None, "Who was hurt, on the flood blog?")
    assert OVER.read("Who was hurt, on the flood blog?").question.blog == "flood"


def test_how_many_entries_are_listed() -> None:
    assert HARL.read("timeline of the fire").question.limit == 10
    assert HARL.read("What was posted before 5pm?").question.limit == 10
    assert HARL.read("What was posted before 5pm?", most=4).question.limit == 4
    assert HARL.read("What was posted before 5pm?", most=3).question.limit == 3
    assert HARL.read("timeline of the fire", most=3).question.limit == 3
    assert HARL.read("the last five entries", most=3).question.limit == 3
    assert HARL.read("What did police say before 5pm?").question.limit == 3
    assert HARL.read("What is the latest on the fire?").question.limit == 3
    assert HARL.read("the last five entries").question.limit == 5
    assert HARL.read("the first 7 posts").question.limit == 7


# ------------------------------------------------------------------------------------------------ bounds


@pytest.fixture(scope="module")
def squad() -> list[str]:
    if not SQUAD.exists():
        pytest.skip(f"{SQUAD} is missing: set STET_TEST_DATA to the folder with the shared data")
    with gzip.open(SQUAD, "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    return [one["question"] for article in articles for part in article["paragraphs"] for one in part["qas"]]


def test_no_question_of_squad_is_narrowed_or_ordered(squad: list[str]) -> None:
    assert len(squad) == 11_873
    began = time.perf_counter()
    for text in squad:
        read = understand(text, {"a": "Rotherham live", "b": "The university"})
        assert (read.order, read.at, read.window, read.as_of, read.blog) == (Order.RELEVANCE, (), None, None, None), (
            text
        )
        assert read.matter == " ".join(text.split())
        assert not read.lists
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    "piece",
    [
        "before 5pm ", "between 4.30 and ", "on 26 August 2031 after ", "what did the ", "the latest on the latest ",
        "in the in the blog ", "as of 5pm as of ", "since noon about ", " ", "first mention of ", "5.07.07.07 ",
        "what was said about the entries of the ", "what did a b c d e f g h say ", "26 ", "Tuesday ", "aaaaaaaaed ",
        "entry ", ",",
    ],
)  # fmt: skip
def test_a_long_question_takes_no_longer(piece: str) -> None:
    text = (piece * 2_000)[:2_000]
    titles = {f"b{number}": f"{piece} {number} flood" for number in range(50)}
    understand(text, titles)
    began = time.perf_counter()
    understand(text, titles)
    assert time.perf_counter() - began < 0.05


_SAID = st.lists(
    st.sampled_from(
        "what was posted said before after between and since until from 5pm 4.30 25.99 noon midnight on 26 August 31 "
        "February 2031 Tuesday yesterday this morning in the last hour hours 999 as of first latest mention entry "
        "blog about , ? BST - May 1 12am 0.00 24:00 tonight timeline".split()
    ),
    max_size=14,
).map(" ".join)


@given(text=st.one_of(st.text(max_size=200), _SAID))
def test_any_question_is_understood(text: str) -> None:
    for scene in (HARL, OVERNIGHT, OVER, RUNNING, TWO_ZONES):
        read = scene.read(text)
        kept = read.understood.matter.replace(" ", "")
        assert all(word in text for word in read.understood.matter.split() if word.strip("?.!,"))
        assert len(kept) <= len(text)
        assert not (read.question.unread and read.question.until)


@given(
    text=_SAID,
    first=st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30)),  # noqa: DTZ001
    lasting=st.timedeltas(timedelta(), timedelta(days=2_000)),
    now=st.datetimes(datetime(1900, 1, 2), datetime(2300, 1, 1)),  # noqa: DTZ001
)
def test_any_blog_at_any_time(text: str, first: datetime, lasting: timedelta, now: datetime) -> None:
    last = min(first + lasting, datetime(2199, 12, 31))  # noqa: DTZ001
    posted = [one.replace(tzinfo=UTC).isoformat() for one in (first, last)]
    scene = Scene(now.replace(tzinfo=UTC).isoformat(), {"a": posted}, blog("a", "Flood"))
    read = scene.read(text)
    for one in (read.question.since, read.question.until, read.question.as_of):
        assert one is None or one.utcoffset() is not None
