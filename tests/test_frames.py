"""What processes say to each other comes across whole, or is refused."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import frames
from retrieval.encoding import Encoded, Reading
from retrieval.frames import BrokenFrame

DIMENSION, WIDTH = 3, 2
SPANS = st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 2**31)), max_size=5).map(tuple)
READINGS = st.lists(st.builds(Reading, title=st.text(st.characters()), text=st.text(st.characters()), passages=SPANS))


def encoded(passages: int, tokens: int) -> Encoded:
    rows = np.arange(passages * DIMENSION + tokens * WIDTH, dtype=np.float32) / np.float32(7)
    return Encoded(
        vectors=rows[: passages * DIMENSION].reshape(passages, DIMENSION),
        tokens=rows[passages * DIMENSION :].reshape(tokens, WIDTH),
        owners=np.arange(tokens, dtype=np.int64) - 1,
    )


ENCODED = st.lists(st.builds(encoded, st.integers(0, 4), st.integers(0, 6)), max_size=6)


@given(st.lists(st.binary(max_size=300)))
def test_frames_come_out_as_they_went_in(given: list[bytes]) -> None:
    pipe = io.BytesIO()
    for one in given:
        frames.write(pipe, one)
    pipe.seek(0)
    assert [frames.read(pipe) for _ in given] == given
    with pytest.raises(EOFError):
        frames.read(pipe)


@given(READINGS)
def test_readings_come_across(readings: list[Reading]) -> None:
    """Whatever characters they have, lone surrogates too."""
    pipe = io.BytesIO()
    frames.write_readings(pipe, readings)
    pipe.seek(0)
    assert frames.readings_of(frames.read_words(pipe)) == readings


@given(ENCODED)
def test_encodings_come_across_to_the_bit(given: list[Encoded]) -> None:
    pipe = io.BytesIO()
    frames.write_encoded(pipe, given)
    pipe.seek(0)
    found = frames.read_encoded(pipe, frames.read_words(pipe), DIMENSION, WIDTH)
    for one, right in zip(found, given, strict=True):
        for name in ("vectors", "tokens", "owners"):
            mine, wanted = getattr(one, name), getattr(right, name)
            assert (mine.dtype, mine.shape, mine.tolist()) == (wanted.dtype, wanted.shape, wanted.tolist())


@given(ENCODED, st.data())
def test_what_breaks_off_is_not_taken_for_the_whole(given: list[Encoded], data: st.DataObject) -> None:
    pipe = io.BytesIO()
    frames.write_encoded(pipe, given)
    short = io.BytesIO(pipe.getvalue()[: data.draw(st.integers(0, len(pipe.getvalue()) - 1))])
    with pytest.raises(EOFError):
        frames.read_encoded(short, frames.read_words(short), DIMENSION, WIDTH)


@given(st.binary(max_size=60), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=6))
def test_anything_else_is_refused(noise: bytes, value: object) -> None:
    def raw() -> object:
        return frames.read_words(io.BytesIO(noise))

    def worded() -> object:
        return frames.readings_of({"readings": value})

    def counted() -> object:
        return frames.read_encoded(io.BytesIO(noise), {"passages": value, "tokens": value}, DIMENSION, WIDTH)

    tried: list[Callable[[], object]] = [raw, worded, counted]
    for one in tried:
        try:
            one()
        except (EOFError, BrokenFrame):
            continue


@pytest.mark.parametrize(
    ("vectors", "counts"),
    [(b"\0" * 11, [1]), (b"\0" * 24, [1]), (b"\0" * 12, [2]), (b"", [1, -1])],
    ids=["short", "long", "fewer", "negative"],
)
def test_counts_that_do_not_fit_are_refused(vectors: bytes, counts: list[int]) -> None:
    pipe = io.BytesIO()
    for one in (vectors, b"", b""):
        frames.write(pipe, one)
    pipe.seek(0)
    with pytest.raises(BrokenFrame, match="were announced"):
        frames.read_encoded(pipe, {"passages": counts, "tokens": [0] * len(counts)}, DIMENSION, WIDTH)


def test_no_frame_is_longer_than_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.BytesIO()
    frames.write(pipe, b"x" * 11)
    monkeypatch.setattr(frames, "LONGEST", 10)
    frames.write(io.BytesIO(), b"x" * 10)
    with pytest.raises(BrokenFrame, match="a frame of 11 bytes, and 10 are the most"):
        frames.write(io.BytesIO(), b"x" * 11)
    pipe.seek(0)
    with pytest.raises(BrokenFrame, match="a frame of 11 bytes, and 10 are the most"):
        frames.read(pipe)
