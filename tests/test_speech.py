"""Every text here is made up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.speech.marks import MARKS, marked

CASES: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    # text, quotations without their marks, what is in doubt
    ("", (), ()),
    ("The weir held.", (), ()),
    ("“It held,” she said. “Just.”", ("It held,", "Just."), ()),
    ('"It held," she said.', ("It held,",), ()),
    ("'It's ours,' she said.", ("It's ours,",), ()),
    ("‘It’s ours,’ she said.", ("It’s ours,",), ()),
    ("„Es hält“, sagte sie.", ("Es hält",), ()),
    ("‚Es hält‘, sagte sie.", ("Es hält",), ()),
    ("»Es hält«, sagte sie.", ("Es hält",), ()),
    ("« Il tient », dit-elle.", (" Il tient ",), ()),
    ("«Il tient», dit-elle.", ("Il tient",), ()),
    ("”Den håller”, sade hon.", ("Den håller",), ()),
    ("„Trzyma się”, powiedziała.", ("Trzyma się",), ()),
    ("「持ちました」と言った。", ("持ちました",), ()),
    ("“He said ‘go’ and I went.”", ("He said ‘go’ and I went.",), ()),
    ("‘He said “go” and I went.’", ("He said “go” and I went.",), ()),
    # apostrophes are no marks
    ("The boys’ weir isn’t the ’90s one, and we’re proud of ’em.", (), ()),
    ("The boys' weir isn't the '90s one, and we're proud of 'em.", (), ()),
    ("‘The boys’ own weir,’ she said.", ("The boys’ own weir,",), ()),
    ("It was 6\"4 wide.", (), ()),
    # several paragraphs
    ("“One.\n“Two.\n“Three,” she said.", ("One.", "Two.", "Three,"), ()),
    ("She said: ‘One.\n\n‘Two.’", ("One.", "Two."), ()),
    # what does not come out even
    ("“One, she said.", (), ("“One, she said.",)),
    ("One,” she said. “Two.”", ("Two.",), ("One,”",)),
    ("“One.\nTwo.\nThree.” It rained.", (), ("“One.\nTwo.\nThree.”",)),
    ("“One, said Ada Orr.\n“Two,” said Bo Pym.", ("Two,",), ("“One, said Ada Orr.",)),
    ("‘The boys’ weir’ it was.", ("The boys’ weir",), ("’ weir’",)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "quotations", "doubts"), CASES)
def test_what_marks_enclose(text: str, quotations: tuple[str, ...], doubts: tuple[str, ...]) -> None:
    found = marked(text)
    assert tuple(text[slice(*one.inner)] for one in found.quotations) == quotations
    assert tuple(text[slice(*one)] for one in found.doubts) == doubts


def test_a_quotation_knows_that_it_goes_on() -> None:
    found = marked("“One.\n“Two.\n“Three,” she said. “Four.”").quotations
    assert [(one.carried, one.goes_on) for one in found] == [
        (False, True),
        (True, True),
        (True, False),
        (False, False),
    ]


def test_what_stands_in_a_quotation_of_a_quotation_is_nested() -> None:
    text = "“Bo said ‘go away’ and I went.”"
    assert [text[slice(*one)] for one in marked(text).nested] == ["go away"]


@given(st.text(alphabet=MARKS + "as'’ .,\n", max_size=80))
def test_spans_are_in_order_and_inside(text: str) -> None:
    found = marked(text)
    for one in found.quotations:
        assert 0 <= one.start < one.inner[0] <= one.inner[1] <= one.end <= len(text)
    assert all(one.end <= other.start for one, other in zip(found.quotations, found.quotations[1:], strict=False))
    assert all(0 <= start < end <= len(text) for start, end in found.doubts)
    assert all(0 <= start <= end <= len(text) for start, end in found.nested)


@pytest.mark.parametrize("piece", ['"', "“", "“a” ", "'", "“\n", "’s ", "“a\n"])
def test_a_megabyte_of_marks_is_read_in_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.thread_time()
    marked(text)
    assert time.thread_time() - began < 20
