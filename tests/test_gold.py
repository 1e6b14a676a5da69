"""Gold questions are read whole, or refused with every wrong line; no input raises anything but our own errors."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import SourceMissing, StetError, UsageError
from retrieval.gold import Gold, GoldQuestion, borne, gold_of, read_gold
from tests.data_folder import GOLD
from tests.made_up_index import version

LIMIT = 1_000_000
HINT = 'a good line reads {"question": "Who won?", "times": ["16:40"], "answers": ["Bramble"], "kind": "fact"}'


def read(*rows: object) -> Gold:
    return gold_of("\n".join(json.dumps(row) for row in rows), "gold.jsonl", "0" * 64)


def refusal(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        gold_of(text, "gold.jsonl", "0" * 64)
    return caught.value


def test_every_field_is_read() -> None:
    found = read(
        {
            "question": "  Who won\tthe cup? ",
            "times": ["16:40", "2031-06-14T16:40:59+01:00"],
            "entries": ["regatta/r4"],
            "answers": ["Bramble", "the  cutter"],
            "kind": "fact",
            "blog": "regatta",
        },
        {"question": "Who lost?", "times": []},
        {"question": "Who lost?", "entries": [], "blog": "orchard"},
    )
    assert found == Gold(
        name="gold.jsonl",
        sha256="0" * 64,
        questions=(
            GoldQuestion(
                line=1,
                question="Who won the cup?",
                times=(time(16, 40), datetime.fromisoformat("2031-06-14T16:40+01:00")),
                entries=("regatta/r4",),
                answers=("Bramble", "the cutter"),
                kind="fact",
                blog="regatta",
            ),
            GoldQuestion(line=2, question="Who lost?", kind="other"),
            GoldQuestion(line=3, question="Who lost?", kind="other", blog="orchard"),
        ),
    )
    assert [one.answerable for one in found.questions] == [True, False, False]


@pytest.mark.parametrize(
    ("times", "entries", "expected"),
    [
        (["21:00"], [], True),
        (["21:01"], [], False),
        (["2031-02-03T21:00:00+00:00"], [], True),
        (["2031-02-03T22:00:30+01:00"], [], True),
        (["2031-02-04T21:00:00+00:00"], [], False),
        ([], ["flood/4"], True),
        ([], ["flood/5"], False),
        (["21:01"], ["flood/4"], True),
    ],
)
def test_an_entry_is_accepted_by_its_minute_or_its_id(times: list[str], entries: list[str], expected: bool) -> None:
    [question] = read({"question": "Is it calm?", "times": times, "entries": entries}).questions
    assert question.accepts(version(4, "The river is calm.").entry) is expected


def test_a_time_of_day_is_on_the_blogs_own_clock() -> None:
    assert borne(datetime.fromisoformat("2014-08-26T17:49:31+01:00")) == (
        time(17, 49),
        datetime.fromisoformat("2014-08-26T16:49+00:00"),
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "it is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "it is [], not an object"),
        ("[" * 100_000, "it is nested too deep"),
        ('{"question": "a?", "question": "b?", "times": []}', "'question' stands there twice"),
        ('{"times": []}', "'question' is missing"),
        ('{"question": 7, "times": []}', "'question' is 7, not a string"),
        ('{"question": " ", "times": []}', "'question' is \" \": 1 to 2000 characters are taken"),
        ('{"question": "\\ud800?", "times": []}', "'question' holds half a surrogate pair, which is no character"),
        (
            '{"question": "a?", "answers": ["b"]}',
            "'times' is missing: list the times of the entries that answer, or [] where nothing answers",
        ),
        ('{"question": "a?", "times": "17:49"}', "'times' is \"17:49\", not a list"),
        ('{"question": "a?", "times": [1749]}', "'times' holds 1749, not a string like \"17:49\""),
        (
            '{"question": "a?", "times": ["25:00"]}',
            '\'times\' holds "25:00", no time like "17:49" or "2014-08-26T17:49+01:00"',
        ),
        (
            '{"question": "a?", "times": ["5.49pm"]}',
            '\'times\' holds "5.49pm", no time like "17:49" or "2014-08-26T17:49+01:00"',
        ),
        (
            '{"question": "a?", "times": ["2014-08-26T17:49"]}',
            "'times' is \"2014-08-26T17:49\", without an offset such as +01:00",
        ),
        ('{"question": "a?", "times": ["2014-02-30T17:49Z"]}', "no date that exists"),
        ('{"question": "a?", "entries": ["r4"]}', '\'entries\' holds "r4", no id like "BLOG/ID"'),
        ('{"question": "a?", "entries": [4]}', "'entries' is 4, not a string"),
        (
            '{"question": "a?", "times": ["17:49"], "answers": [""]}',
            "'answers' is \"\": 1 to 1000 characters are taken",
        ),
        (
            '{"question": "a?", "times": [], "answers": ["Bramble"]}',
            "'answers' is [\"Bramble\"], but no time or entry says where it stands",
        ),
        ('{"question": "a?", "times": [], "kind": ["fact"]}', "'kind' is [\"fact\"], not a string"),
        ('{"question": "a?", "times": [], "blog": 3}', "'blog' is 3, not a string"),
        (json.dumps({"question": "a?", "times": ["17:49"] * 101}), "'times' lists 101, at most 100 are taken"),
    ],
)
def test_a_wrong_line_is_refused_with_its_field_and_value(line: str, said: str) -> None:
    error = refusal('{"question": "Who won?", "times": []}\n\n' + line)
    assert error.message.startswith("gold.jsonl: 1 line is wrong: line 3: ")
    assert said in error.message
    assert error.hint == HINT


def test_all_wrong_lines_are_told_at_once_ten_of_them_in_full() -> None:
    error = refusal("\n".join(f'{{"question": {number}, "times": []}}' for number in range(12)))
    told = "; ".join(f"line {number + 1}: 'question' is {number}, not a string" for number in range(10))
    assert error.message == f"gold.jsonl: 12 lines are wrong: {told}; and 2 more"


def test_a_question_stands_once_for_a_blog() -> None:
    error = refusal('{"question": "Who  won?", "times": []}\n{"question": "Who won?", "times": ["17:49"]}')
    assert error.message == (
        "gold.jsonl: 1 line is wrong: line 2: 'question' is \"Who won?\", which stands on line 1 already"
    )


def test_a_field_that_is_not_known_is_told_once() -> None:
    found = read(
        {"question": "a?", "times": [], "answer": "b"}, {"question": "b?", "times": [], "answer": "b", "note": 3}
    )
    known = "known are question, times, entries, answers, kind, blog"
    assert found.notes == (
        f'line 1: the field "answer" is not read; {known}',
        f'line 2: the field "note" is not read; {known}',
    )


def test_a_file_without_a_question() -> None:
    assert refusal(" \n\n").message == "gold.jsonl holds 0 questions"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "gold.jsonl is empty; give a file of gold questions, in UTF-8"),
        (b"\xff\xfe", "gold.jsonl is not UTF-8: byte 0xff at offset 0, line 1; give a file of gold questions"),
        (b"a\0b", "gold.jsonl is a binary file (a NUL byte at offset 1); give a file of gold questions"),
        (b" " * (LIMIT + 1), "gold.jsonl is larger than 1 MB"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gold.jsonl").write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_gold("gold.jsonl", LIMIT)
    assert said in str(caught.value)


def test_a_file_may_be_gzipped_and_is_known_by_what_is_within(tmp_path: Path) -> None:
    line = b'\xef\xbb\xbf{"question": "Who won?", "times": []}\r\n'
    plain, packed = tmp_path / "gold.jsonl", tmp_path / "gold.jsonl.gz"
    plain.write_bytes(line)
    packed.write_bytes(gzip.compress(line))
    assert read_gold(str(plain), LIMIT).sha256 == read_gold(str(packed), LIMIT).sha256
    assert read_gold(str(packed), LIMIT).questions == read_gold(str(plain), LIMIT).questions


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing):
        read_gold(str(tmp_path / "missing.jsonl"), LIMIT)
    with pytest.raises(UsageError, match=r"^https://news\.example/gold\.jsonl is no file; save it as a file"):
        read_gold("https://news.example/gold.jsonl", LIMIT)


def test_the_customers_questions() -> None:
    if not GOLD.exists():
        pytest.skip(f"{GOLD} is missing: set STET_TEST_DATA to the folder with the shared data")
    found = read_gold(str(GOLD), LIMIT)
    assert [sum(one.kind == kind for one in found.questions) for kind in ("fact", "time", "unanswerable")] == [
        18,
        2,
        6,
    ]
    assert [one.answerable for one in found.questions] == [True] * 20 + [False] * 6
    assert found.questions[0].times == (time(17, 49), time(16, 54))
    assert found.notes == ()


# ------------------------------------------------------------------------------------------------ hostile input

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
times = st.sampled_from(["17:49", "24:00", "2014-08-26T17:49+01:00", "2014-08-26T17:49", "-", "T"]) | st.text()
rows = st.fixed_dictionaries(
    {},
    optional={
        "question": st.text() | json_values,
        "times": st.lists(times, max_size=3) | json_values,
        "entries": st.lists(st.text(), max_size=3) | json_values,
        "answers": st.lists(st.text(), max_size=3) | json_values,
        "kind": st.text() | json_values,
        "blog": st.text() | json_values,
    },
)


@given(st.lists(st.text() | rows.map(json.dumps), max_size=4).map("\n".join))
def test_no_input_raises_anything_but_our_own_errors(text: str) -> None:
    try:
        found = gold_of(text, "gold.jsonl", "0" * 64)
    except StetError:
        return
    assert found.questions
    for one in found.questions:
        assert one.question == " ".join(one.question.split())
        assert one.answerable or not one.answers


def test_a_refusal_is_short_however_long_what_is_refused() -> None:
    text = "\n".join(json.dumps({"question": "a?", "times": ["x" * 10_000]}) for _ in range(1_000))
    assert len(str(refusal(text))) < 2_000
