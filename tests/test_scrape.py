from __future__ import annotations

import contextlib
import hashlib
import re
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceError, SourceRefused, StetError, UsageError
from retrieval.model import Listing, ReadBlog, ReadEntry, SourceOptions
from retrieval.sources.document import Document
from tests.data_folder import SAMPLE

FOOTER = "FacebookTwitterGoogle plusShareShare this postFacebookTwitterGoogle plusclose"
DAY = SourceOptions(date=date(2031, 2, 3))


def document(text: str, name: str = "flood.txt") -> Document:
    return Document(locator=f"/{name}", name=name, data=text.encode())


def read(text: str, options: SourceOptions = DAY, name: str = "flood.txt") -> ReadBlog:
    return sources.read(document(text, name), options)


def post(header: str, body: str, footer: str = FOOTER) -> str:
    return header + body + footer


def times(blog: ReadBlog) -> list[str]:
    return [one.posted_at.isoformat() for one in blog.entries]


def refusal(text: str, options: SourceOptions = DAY, name: str = "flood.txt") -> SourceRefused:
    with pytest.raises(SourceRefused) as caught:
        read(text, options, name)
    return caught.value


# ------------------------------------------------------------------------------------------ real documents

SAMPLE_ENTRIES = """
03 16:12 9c9da7fe Flood warning for Kestlebridge
03 16:38 988724c1
03 17:03 3ef19232 What do the river levels mean?
03 17:31 39b5d8d1
03 17:49 d9df67f6 Trains stopped between Kestlebridge and Pellmarsh
03 18:20 2b81e398 Schools to shut on Tuesday
03 18:48 02c1f159 The council’s emergency report
03 19:14 ec242202
03 19:45 46569cf0 River at 3.90 metres and over the quay steps
03 20:17 3a9d0837 Police order evacuation
03 20:41 a1b649b1 430 homes, not 340
03 20:55 ffdfc28b Council votes to spend £1.4m
03 21:26 c614ca4e ‘I was born in this house’
03 21:40 3f84a214
03 21:58 651df59c Leader refuses to resign
03 21:58 5058bca0
03 22:35 812a39e2 Is the power going off?
03 23:09 93c2bcb3 First mobile pump arrives
03 23:36 f02f96fa
04 00:07 a8670513 Midnight reading: 4.70 metres
04 00:44 12acb2f2 Fourteen rescued from minibus
04 01:18 ea0f69b2 Wall overtopped as record falls
04 01:52 aa938b7f
04 03:05 6990b0e0 The peak: 5.02 metres at 2.35am
04 03:30 0148cc71 One man missing
04 04:55 db9fe388
04 06:30 be77a163 Dawn, and a count of the damage
04 07:22 15ed8278 Do not drink the tap water
04 08:12 5f1820f8 Drainage chairman Sallis-Pike quits
04 08:37 27aa6b84
04 09:15 20de8588 The second pump, at last
04 09:48 dcc046b0 How to get help
04 10:30 b1a59c05 Closing summary
""".strip().split("\n")
"""Day and time, the first of the digits of the text's SHA-256, title."""


def line(entry: ReadEntry) -> str:
    text = hashlib.sha256(entry.text.encode()).hexdigest()[:8]
    return f"{entry.posted_at:%d %H:%M} {text} {entry.title or ''}".strip()


def test_the_sample_gives_its_33_entries_over_midnight() -> None:
    blog = sources.read(sources.load(str(SAMPLE), 1_000_000), SourceOptions())
    assert [line(entry) for entry in blog.entries] == SAMPLE_ENTRIES
    assert blog.entries[0].posted_at.isoformat() == "2031-02-03T16:12:00+00:00"
    assert (blog.refused, blog.warnings) == ((), ())
    assert blog.notes == (
        "time zone Europe/London taken from the label GMT",
        "date 2031-02-03 taken from the name river-wend-flood-2031-02-03.txt ('2031-02-03')",
    )


def test_the_sample_has_its_paragraphs_back() -> None:
    blog = sources.read(sources.load(str(SAMPLE), 1_000_000), SourceOptions())
    last = blog.entries[-1].text.split("\n")
    assert [paragraph[:12] for paragraph in last] == [
        "We are closi",
        "The Wend pea",
        "The evacuati",
        "Councillors ",
        "Rosalind Tha",
    ]
    assert "£1.4m" in last[3]
    assert "No. 2 pump" in last[3]


def test_the_seed_gives_its_11_entries(seed: Path) -> None:
    options = SourceOptions(date=date(2014, 8, 26), timezone="Europe/London")
    blog = sources.read(sources.load(str(seed), 1_000_000), options)
    assert times(blog) == [
        f"2014-08-26T{at}:00+01:00"
        for at in ("16:42", "16:49", "16:54", "17:01", "17:07", "17:12", "17:15", "17:19", "17:23", "17:27", "17:49")
    ]
    assert [entry.title for entry in blog.entries] == [None] * 10 + ["Closing summary"]
    assert blog.entries[-1].text.startswith("We are closing")
    assert blog.entries[9].text.startswith("Why did Rotherham council")
    assert (blog.refused, blog.notes, blog.warnings) == ((), (), ())
    assert max(len(entry.text.replace("\n", "").split()) for entry in blog.entries) == 984
    assert {entry.edited_at for entry in blog.entries} == {None}


def test_the_seed_is_parted_and_what_belongs_together_stays_whole(seed: Path) -> None:
    blog = sources.read(sources.load(str(seed), 1_000_000), SourceOptions())
    whole = "\n\n".join(entry.text for entry in blog.entries)
    assert "points.About" not in whole
    assert "points.\nAbout 1,400 children" in whole
    for together in ("1,400", "pic.twitter.com/zqraPKi7lb", "(@sunny_hundal)"):
        assert together in whole
    assert "Facebook" not in whole
    assert "BST" not in whole
    assert blog.notes[1].startswith("date 2014-08-26 taken from ")


# ------------------------------------------------------------------------------------------ the promise

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "The key points.About 1,400 came.",
            "Closing summaryWe are closing.",
            "Why?The end",
            "5.49pm BST17:49",
            " 5.49pm BST17:49 ",
            "5.49pm BST18:49",
            "13.00pm GMT99:99",
            "at 5.49pm BST",
            "Updated at 5.58pm BST",
            FOOTER,
            "FacebookShare",
            "Share",
            "close",
            "https://news.example/a?b=C.D(E)F",
            "pic.twitter.com/k7TqWm2xBdAugust 26, 2014He said:“No.”",
            '"Go."He went.',
            "\r\n",
            "\r",
            "\n\n",
            "\u2028",
            "\u00a0",
            "\ufeff",
            "\u202eשלום.עולם",
            "مرحبا.The",
            "e\u0301.E\u0301cole",
            "👩\u200d👩\u200d👧.The",
            "x" * 300,
        ]
    ),
)
BODIES = st.lists(HOSTILE, max_size=6).map("".join)
HEADERS = st.sampled_from(
    ["5.49pm BST17:49", "12.05am BST00:05", "9:07 am BST09:07", "5.49pm BST16:49", "1.30am GMT01:30"]
)
FOOTERS = st.sampled_from([FOOTER, f"Updated at 5.58pm BST {FOOTER}", "\n", "\r\n", FOOTER + "\n\n"])
DOCUMENTS = st.lists(st.tuples(HEADERS, BODIES, FOOTERS).map(lambda parts: post(*parts)), min_size=1, max_size=5).map(
    "".join
)

_PRINTED = re.compile(r"\d{1,2}[.:]\d\d ?[ap]m [A-Z]{2,5}\d\d:\d\d")
_TAIL = re.compile(r"\s*(?:Updated at \d{1,2}[.:]\d\d[ap]m [A-Z]{2,5}\s*)?(?:Facebook|Share).*close", re.DOTALL)


def without_inserted_breaks(text: str, source: str) -> str:
    """`text` less the line breaks that `source` does not have; what is left of `source` where it goes on."""
    at = 0
    for character in text:
        if at < len(source) and source[at] == character:
            at += 1
        else:
            assert character == "\n", f"{character!r} was put into {source!r}"
    return source[at:]


@given(DOCUMENTS, st.booleans())
def test_only_line_breaks_are_ever_inserted(text: str, summer: bool) -> None:
    """With the inserted ones taken out, the text equals the slice from after the title to before the footer."""
    options = SourceOptions(date=date(2014, 8, 26) if summer else date(2014, 12, 26), timezone="Europe/London")
    text = text.encode("utf-8", "replace").decode()
    try:
        blog = read(text, options)
    except StetError:
        return
    for entry in blog.entries:
        assert entry.raw in text
        header = _PRINTED.match(entry.raw)
        assert header
        body = entry.raw[header.end() :].strip()
        if entry.title:
            assert body.startswith(entry.title)
            assert "\n" not in entry.title
            body = body[len(entry.title) :].strip()
        assert entry.text == entry.text.strip() != ""
        left = without_inserted_breaks(entry.text, body)
        assert not left or _TAIL.fullmatch(left)


PLAIN = st.lists(
    st.sampled_from(
        ["The river rose.", "She said: ", "“Go.”He went.", " café ", "\r\n", "\n", "1,400", "שלום", "e\u0301"]
    ),
    min_size=1,
    max_size=8,
).map(lambda parts: "The quay. " + "".join(parts) + " The end.")


@given(st.lists(PLAIN, min_size=1, max_size=4))
def test_every_post_becomes_an_entry_with_its_whole_body(bodies: list[str]) -> None:
    posts = [post(f"{hour}.00pm GMT{hour + 12}:00", body) for hour, body in enumerate(bodies, start=1)]
    blog = read("".join(reversed(posts)))
    assert [without_inserted_breaks(one.text, body) for one, body in zip(blog.entries, bodies, strict=True)] == [
        ""
    ] * len(bodies)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_read_or_refused_by_an_error_of_ours(data: bytes, headed: bool) -> None:
    given = Document(locator="/x", name="x", data=(b"5.49pm GMT17:49" if headed else b"") + data)
    with contextlib.suppress(SourceError):
        assert [one.posted_at.hour for one in sources.read(given, DAY).entries] == [17]


@pytest.mark.parametrize(
    "text",
    ["Share" * 20_000, "FacebookShare" * 5_000, "5.49pm " * 10_000, '."A' * 5_000, "aB" * 20_000, "(" * 20_000],
)
def test_hostile_repetition_costs_no_more_than_a_moment(text: str) -> None:
    began = time.thread_time()
    blog = read("5.49pm GMT17:49The end. " + text)
    assert time.thread_time() - began < 5
    assert without_inserted_breaks(blog.entries[0].text, "The end. " + text.strip()) == ""


# ------------------------------------------------------------------------------------------ entries


def test_newest_first_and_oldest_first_give_the_same_entries() -> None:
    newest = (
        post("9.30pm GMT21:30", "Third post."),
        post("9.00pm GMT21:00", "Second post."),
        post("8.00pm GMT20:00", "First post."),
    )
    down, up = read("".join(newest)), read("".join(reversed(newest)))
    assert down == up
    assert [one.text for one in up.entries] == ["First post.", "Second post.", "Third post."]


def test_a_minute_shared_by_two_is_read_newest_first_and_over_midnight_in_both_directions() -> None:
    posts = [post("12.05am GMT00:05", "Three."), post("11.50pm GMT23:50", "Two."), post("11.50pm GMT23:50", "One.")]
    blog = read("".join(posts))
    assert times(blog) == ["2031-02-03T23:50:00+00:00", "2031-02-03T23:50:00+00:00", "2031-02-04T00:05:00+00:00"]
    assert [one.text for one in blog.entries] == ["One.", "Two.", "Three."]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        # two posts: newest first, however far apart
        (["9.00pm BST21:00", "7.00am BST07:00"], ["26T07:00", "26T21:00"]),
        (["12.10am BST00:10", "11.50pm BST23:50"], ["26T23:50", "27T00:10"]),
        (["7.00am BST07:00", "9.00pm BST21:00"], ["26T21:00", "27T07:00"]),
        # one step that rises is a midnight
        (["12.20am BST00:20", "11.50pm BST23:50", "10.00pm BST22:00"], ["26T22:00", "26T23:50", "27T00:20"]),
        (["9.00pm BST21:00", "7.00am BST07:00", "6.00am BST06:00"], ["26T06:00", "26T07:00", "26T21:00"]),
        # two and more that rise, and fewer that fall: the document runs forward
        (["7.00am BST07:00", "8.00am BST08:00", "9.00pm BST21:00"], ["26T07:00", "26T08:00", "26T21:00"]),
        (
            ["10.00pm BST22:00", "11.00pm BST23:00", "11.50pm BST23:50", "12.10am BST00:10"],
            ["26T22:00", "26T23:00", "26T23:50", "27T00:10"],
        ),
    ],
)
def test_newest_first_is_the_order_unless_the_times_plainly_rise(printed: list[str], expected: list[str]) -> None:
    blog = read("".join(post(one, "The river rose.") for one in printed), SourceOptions(date=date(2014, 8, 26)))
    assert [one.removeprefix("2014-08-").removesuffix(":00+01:00") for one in times(blog)] == expected


@pytest.mark.parametrize("half", ["PM", "Pm", "pm"])
def test_capitals_in_a_time_make_no_difference(half: str) -> None:
    blog = read(post(f"9.00{half} GMT21:00", "We are here.", f"Updated at 9.10{half} GMT{FOOTER}"))
    assert times(blog) == ["2031-02-03T21:00:00+00:00"]
    assert str(blog.entries[0].edited_at) == "2031-02-03 21:10:00+00:00"
    assert blog.warnings == ()


@pytest.mark.parametrize("footer", [FOOTER, "\n"])
def test_a_first_post_whose_header_cannot_be_read_is_refused(footer: str) -> None:
    blog = read(post("9L00pm GMT21:00", "We are here.", footer) + post("5.00pm GMT17:00", "The start."))
    assert [one.text for one in blog.entries] == ["The start."]
    (refused,) = blog.refused
    assert refused.entry.startswith("9L00pm GMT21:00We are")
    assert refused.reason == "no time can be read, before 5.00pm GMT17:00"


def test_what_stands_before_the_first_header_is_left_out_with_a_warning() -> None:
    blog = read("River live \n" + post("6.00pm GMT18:00", "The end."))
    assert [one.text for one in blog.entries] == ["The end."]
    assert blog.refused == ()
    assert blog.warnings == ("10 characters before 6.00pm GMT18:00 belong to no entry",)


def test_a_scrape_lists_what_lies_between_its_ends_unless_a_post_is_refused() -> None:
    good, bad = post("5.49pm BST17:49", "The river rose."), post("5.30pm BST17:31", "It rained.")
    summer = SourceOptions(date=date(2031, 7, 3))
    assert read(good, summer).listing is Listing.BETWEEN
    assert read(good + bad, summer).listing is Listing.PART


def test_where_every_entry_is_refused_one_hint_is_given() -> None:
    posts = post("6.00pm EDT18:00", "The end.") + post("5.00pm EDT17:00", "The start.")
    error = refusal(posts, SourceOptions(date=date(2031, 2, 3), timezone="Europe/London"))
    assert error.message == (
        "no entry of flood.txt can be taken: 5.00pm EDT17:00: the label EDT contradicts the time zone Europe/London, "
        "which is GMT at 17:00 on 2031-02-03"
    )
    assert error.hint == "give --timezone America/New_York"
    error = refusal(post("5.00pm GMT18:00", "The start."))
    assert error.message.endswith("the 12-hour time 5.00pm and the 24-hour time 18:00 disagree")
    assert error.hint == "correct the header in the document"


def test_a_label_of_the_other_season_is_warned_of_once() -> None:
    posts = [post(f"{hour}.00pm EST{hour + 12}:00", "A.") for hour in (6, 5, 4)]
    blog = read("".join(posts), SourceOptions(date=date(2014, 7, 1)))
    assert blog.warnings == (
        (
            "3 entries, the first 4.00pm EST16:00: printed as EST, but America/New_York is on EDT then; "
            "taken as local time"
        ),
    )


def test_stored_posts_keep_their_day_and_one_stored_on_two_days_settles_nothing() -> None:
    posts = [post("1.10am GMT01:10", "C."), post("1.50am BST01:50", "B."), post("11.00pm BST23:00", "A.")]
    posts += [post("10.00pm BST22:00", "Before."), post("9.00pm BST21:00", "First.")]
    text, last = "".join(posts), frozenset([date(2014, 10, 26)])

    def first(stored: dict[str, frozenset[date]], said: date | None = None) -> str:
        blog = sources.read(document(text), SourceOptions(date=said), stored)
        return f"{blog.entries[0].posted_at:%m-%d}"

    # through a midnight, and through the hour that occurs twice
    assert first(dict.fromkeys(posts[:2], last)) == first({posts[1]: last}, date(2014, 10, 27)) == "10-25"
    two = frozenset([date(2014, 11, 3), date(2014, 11, 5)])
    with pytest.raises(SourceRefused, match="may be of 2014-11-02 or 2014-11-04"):
        first({posts[1]: two}, date(2014, 11, 2))


def test_a_fall_of_a_few_minutes_is_read_as_the_next_day_but_warned_of() -> None:
    blog = read(
        "".join(
            post(*one)
            for one in [
                ("1.00pm GMT13:00", "A."),
                ("2.00pm GMT14:00", "B."),
                ("1.50pm GMT13:50", "C."),
                ("3.00pm GMT15:00", "D."),
            ]
        )
    )
    assert times(blog)[2] == "2031-02-04T13:50:00+00:00"
    assert "comes after 2.00pm GMT14:00, so it was read as 2031-02-04" in blog.warnings[0]


def test_entries_need_no_footer() -> None:
    blog = read("6.00pm GMT18:00Update: the end.\n5.49pm GMT17:49\nThe river rose.\r\n\r\nIt fell.\r\n")
    assert [one.text for one in blog.entries] == ["The river rose.\r\n\r\nIt fell.", "Update: the end."]
    assert [one.raw for one in blog.entries] == [
        "5.49pm GMT17:49\nThe river rose.\r\n\r\nIt fell.",
        "6.00pm GMT18:00Update: the end.",
    ]


def test_a_footer_gives_the_time_of_an_edit_and_stays_out_of_the_text() -> None:
    options = SourceOptions(date=date(2014, 8, 26))
    blog = read(post("5.49pm BST17:49", "The river rose.", f"Updated at 5.58pm BST {FOOTER}"), options)
    assert blog.entries[0].text == "The river rose."
    assert str(blog.entries[0].edited_at) == "2014-08-26 17:58:00+01:00"


@pytest.mark.parametrize(
    ("words", "edited"),
    [
        ("Updated at 12.10am BST", "2014-08-27 00:10:00+01:00"),
        ("Updated at 11.55pm BST\n", "2014-08-26 23:55:00+01:00"),
        ("Updated at 13.55pm BST", "None"),
        ("Updated at 11.58pm EDT", "None"),
    ],
)
def test_an_edit_after_midnight_is_of_the_next_day(words: str, edited: str) -> None:
    blog = read(post("11.55pm BST23:55", "The river rose.", words + FOOTER), SourceOptions(date=date(2014, 8, 26)))
    assert str(blog.entries[0].edited_at) == edited
    assert blog.entries[0].text == "The river rose."


@pytest.mark.parametrize(
    "footer",
    [
        FOOTER,
        FOOTER.replace("Google plus", "Googleplus"),
        "FacebookTwitterPinterestShareShare this postclose",
        "ShareShare this postFacebookTwitterEmailclose",
        "ShareShareFacebookWhatsAppMessengerclose",
    ],
)
def test_share_footers_of_several_years(footer: str) -> None:
    blog = read(post("6.00pm GMT18:00", "The end.", footer) + post("5.00pm GMT17:00", "The river rose.", footer))
    assert [one.text for one in blog.entries] == ["The river rose.", "The end."]


def test_a_body_that_ends_with_a_button_s_name_keeps_it() -> None:
    assert read(post("5.49pm GMT17:49", "It was first on Facebook")).entries[0].text == "It was first on Facebook"


def test_a_header_inside_a_sentence_begins_no_entry() -> None:
    blog = read(post("6.00pm GMT18:00", "As we said at 5.49pm GMT17:49 and in (5.49pm GMT17:49), the river rose."))
    assert [one.text for one in blog.entries] == [
        "As we said at 5.49pm GMT17:49 and in (5.49pm GMT17:49), the river rose."
    ]


def test_a_post_whose_header_cannot_be_read_is_refused_and_lends_its_text_to_no_other() -> None:
    blog = read(
        post("6.00pm GMT18:00", "The end.") + post("5L49pm GMT17:49", "Lost.") + post("5.00pm GMT17:00", "The start.")
    )
    assert [one.text for one in blog.entries] == ["The start.", "The end."]
    (refused,) = blog.refused
    assert refused.entry.startswith("5L49pm GMT17:49Lost.")
    assert refused.reason == "no time can be read, after 6.00pm GMT18:00"


def test_what_stands_under_the_last_footer_is_left_out_with_a_warning() -> None:
    blog = read(post("6.00pm GMT18:00", "The end.") + "\nTopics: rivers")
    assert blog.entries[0].text == "The end."
    assert blog.entries[0].raw.endswith("close")
    assert blog.warnings == ("14 characters after the footer of 6.00pm GMT18:00 belong to no entry",)


def test_an_empty_entry_is_refused_by_its_header() -> None:
    blog = read(post("6.00pm GMT18:00", " ") + post("5.00pm GMT17:00", "The start."))
    assert [(one.entry, one.reason) for one in blog.refused] == [("6.00pm GMT18:00", "the entry has no text")]
    assert times(blog) == ["2031-02-03T17:00:00+00:00"]


# ------------------------------------------------------------------------------------------ times that disagree


@pytest.mark.parametrize(
    ("header", "twelve", "other"),
    [
        ("5.49pm GMT18:49", "5.49pm", "18:49"),
        ("5.49am GMT17:49", "5.49am", "17:49"),
        ("12.05pm GMT00:05", "12.05pm", "00:05"),
        ("13.00pm GMT13:00", "13.00pm", "13:00"),
        ("5:49 pm GMT29:49", "5:49 pm", "29:49"),
    ],
)
def test_forms_that_disagree_are_refused_with_both_and_the_rest_is_kept(header: str, twelve: str, other: str) -> None:
    blog = read(post("6.00pm GMT18:00", "The end.") + post(header, "The start."))
    assert [one.text for one in blog.entries] == ["The end."]
    assert [(one.entry, one.reason) for one in blog.refused] == [
        (header, f"the 12-hour time {twelve} and the 24-hour time {other} disagree")
    ]
    assert "no entry of flood.txt can be taken" in refusal(post(header, "The start.")).message


def test_a_label_that_contradicts_the_zone_is_refused_with_both() -> None:
    blog = read(
        post("6.00pm GMT18:00", "The end.") + post("5.00pm EDT17:00", "The start."),
        SourceOptions(date=date(2031, 2, 3), timezone="Europe/London"),
    )
    assert times(blog) == ["2031-02-03T18:00:00+00:00"]
    assert blog.refused[0].entry == "5.00pm EDT17:00"
    assert "the label EDT contradicts the time zone Europe/London, which is GMT at 17:00" in blog.refused[0].reason
    only = refusal(post("5.00pm EDT17:00", "A."), SourceOptions(date=date(2031, 2, 3), timezone="Europe/London"))
    assert "EDT contradicts the time zone Europe/London" in only.message


@pytest.mark.parametrize(("labels", "named"), [(("GMT", "EST"), "EST, GMT"), (("CST",), "CST"), (("XYZ",), "XYZ")])
def test_a_zone_that_the_labels_leave_open_is_asked_for(labels: tuple[str, ...], named: str) -> None:
    error = refusal("".join(post(f"{hour}.00pm {one}{hour + 12}:00", "A.") for hour, one in enumerate(labels, 1)))
    assert error.message == f"the time zone of flood.txt is not certain: its labels are {named}"
    assert "--timezone" in error.hint


def test_standard_time_in_summer_is_a_warning() -> None:
    blog = read(post("5.00pm EST17:00", "A."), SourceOptions(date=date(2014, 7, 1)))
    assert times(blog) == ["2014-07-01T17:00:00-04:00"]
    assert blog.timezone == "America/New_York"
    assert blog.warnings == (
        "5.00pm EST17:00: printed as EST, but America/New_York is on EDT then; taken as local time",
    )


def test_the_label_decides_the_hour_that_occurs_twice() -> None:
    posts = [
        ("2.00am GMT02:00", "D."),
        ("1.10am GMT01:10", "C."),
        ("1.50am BST01:50", "B."),
        ("12.50am BST00:50", "A."),
    ]
    blog = read("".join(post(*one) for one in posts), SourceOptions(date=date(2014, 10, 26)))
    assert times(blog) == [
        "2014-10-26T00:50:00+01:00",
        "2014-10-26T01:50:00+01:00",
        "2014-10-26T01:10:00+00:00",
        "2014-10-26T02:00:00+00:00",
    ]
    assert blog.warnings == ()


def test_the_hour_that_is_skipped_is_refused() -> None:
    posts = [("2.10am BST02:10", "C."), ("1.30am BST01:30", "B."), ("12.50am GMT00:50", "A.")]
    blog = read("".join(post(*one) for one in posts), SourceOptions(date=date(2014, 3, 30)))
    assert times(blog) == ["2014-03-30T00:50:00+00:00", "2014-03-30T02:10:00+01:00"]
    assert "01:30 on 2014-03-30 does not exist in Europe/London" in blog.refused[0].reason


# ------------------------------------------------------------------------------------------ the day

ONE = post("5.49pm BST17:49", "The river rose on August 26, 2014 and fell.")


@pytest.mark.parametrize(
    ("text", "name", "day", "note"),
    [
        (
            post("5.49pm BST17:49", "It rose."),
            "flood-2014-08-26.txt",
            "2014-08-26",
            "the name flood-2014-08-26.txt ('2014-08-26')",
        ),
        (ONE, "flood.txt", "2014-08-26", "the document ('August 26, 2014')"),
        (ONE, "flood-20140826.txt", "2014-08-26", "the name flood-20140826.txt ('20140826')"),
        # a day of winter cannot be one of BST
        (
            ONE + post("5.00pm BST17:00", "Not since 1 January 2013."),
            "flood.txt",
            "2014-08-26",
            "the document ('August 26, 2014')",
        ),
    ],
)
def test_the_one_possible_day_is_taken_and_said(text: str, name: str, day: str, note: str) -> None:
    blog = read(text, SourceOptions(), name)
    assert str(blog.entries[0].posted_at.date()) == day
    assert blog.notes[1] == f"date {day} taken from {note}"


@pytest.mark.parametrize(
    ("text", "name", "because"),
    [
        (post("5.49pm BST17:49", "It rose."), "flood.txt", "neither it nor its name states one"),
        (ONE, "flood-2014-08-27.txt", "it and its name state 2 dates (2014-08-26, 2014-08-27)"),
        (
            post("5.49pm BST17:49", "On 1 May 2014. On 2 May 2014."),
            "flood.txt",
            "it and its name state 2 dates (2014-05-01, 2014-05-02)",
        ),
        (
            post("5.49pm GMT17:49", "On 1 May 2014."),
            "flood.txt",
            "Europe/London is not on GMT on any day that it states (2014-05-01)",
        ),
    ],
)
def test_a_day_that_is_not_certain_is_asked_for(text: str, name: str, because: str) -> None:
    error = refusal(text, SourceOptions(), name)
    assert error.message == f"the day of {name} is not certain: {because}"
    assert error.hint == "give the oldest entry's day, as in --date 2014-08-26"


def test_the_day_given_wins_over_all_evidence() -> None:
    blog = read(ONE, SourceOptions(date=date(2013, 7, 4)), "flood-2014-08-27.txt")
    assert times(blog) == ["2013-07-04T17:49:00+01:00"]
    assert len(blog.notes) == 1


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1899, 12, 31), date(2200, 1, 1), date(9999, 12, 31)])
def test_a_day_out_of_range_is_refused(day: date) -> None:
    with pytest.raises(UsageError, match="out of range"):
        read(post("12.05am GMT00:05", "B.") + post("11.50pm GMT23:50", "A."), SourceOptions(date=day))


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown time zone 'Europe/Lodnon'"):
        read(ONE, SourceOptions(date=date(2014, 8, 26), timezone="Europe/Lodnon"))


@pytest.mark.parametrize(
    "text", ["The river rose.", "5.49pm BST", "17:49 The river", "{}", "[1, 2]", "at 5.49pm BST17:49"]
)
def test_a_document_without_entries_is_no_live_blog(text: str) -> None:
    with pytest.raises(NotALiveBlog, match=r"no live-blog entries found in flood\.txt") as caught:
        read(text)
    assert "5.49pm BST17:49" in caught.value.hint
