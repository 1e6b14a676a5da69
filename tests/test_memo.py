"""What was made is kept for the next who needs it."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from retrieval.memo import Memo


def test_what_was_made_is_kept_and_of_the_last_few_keys_only() -> None:
    memo: Memo[int, list[int]] = Memo(2)
    first = memo.get(1, lambda: [1])
    assert memo.get(1, lambda: [9]) is first
    memo.get(2, lambda: [2])
    memo.get(1, lambda: [9])
    memo.get(3, lambda: [3])  # in the place of 2, which was asked for before 1
    assert memo.get(1, lambda: [9]) is first
    assert memo.get(2, lambda: [4]) == [4]


def test_what_cannot_be_made_is_tried_again() -> None:
    memo: Memo[str, int] = Memo(2)

    def fail() -> int:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        memo.get("a", fail)
    assert memo.get("a", lambda: 7) == 7


def test_what_it_holds_goes_with_its_owner_without_a_collection() -> None:
    class Owner:
        def __init__(self) -> None:
            self.memo: Memo[int, Held] = Memo(2)

        def held(self) -> Held:
            return self.memo.get(1, lambda: self.made())

        def made(self) -> Held:
            return Held()

    class Held:
        pass

    gc.disable()
    try:
        owner = Owner()
        held = weakref.ref(owner.held())
        assert held() is owner.held()
        del owner
        assert held() is None
    finally:
        gc.enable()


def test_several_threads_get_what_belongs_to_their_keys() -> None:
    memo: Memo[int, int] = Memo(3)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda one: (one % 7, memo.get(one % 7, lambda: one % 7)), range(2_000)))
    assert all(key == made for key, made in found)
