"""The sources of one size, a file a blog: `python -m tests.benchmarks.growth_sources FOLDER PASSAGES`.

Entries are written as they are made, blog after blog, over six years, so that a blog is a stretch of the time; one
blog in the middle is hidden from those who ask.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from retrieval.sentences import sentences
from tests.benchmarks.growth_figures import Asked, Asking, Places, Written
from tests.benchmarks.growth_text import Entries, digest, words_of
from tests.benchmarks.growth_vectors import Base, Varied
from tests.benchmarks.squad import Paragraph, paragraphs, spaced

START = datetime(2019, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=6 * 365)
QUESTIONS = 300
_OF_BLOG = 1_000
_LEAST_BLOGS = 4


class Timetable:
    """When the entries are posted and in which blogs, by their numbers."""

    def __init__(self, entries: int) -> None:
        self.entries = entries
        self.blogs = max(_LEAST_BLOGS, math.ceil(entries / _OF_BLOG))

    def blog(self, number: int) -> int:
        """The blog of an entry, counted from 0."""
        return number * self.blogs // self.entries

    def time(self, number: int) -> datetime:
        """Evenly spaced, to the second."""
        return START + timedelta(seconds=int(SPAN.total_seconds()) * number // self.entries)

    def name(self, blog: int) -> str:
        """The file of a blog."""
        return f"blog-{blog:04}.ndjson"

    def id(self, blog: int) -> str:
        """The id that Stet gives a blog: its file's name and its first day."""
        first = -(-blog * self.entries // self.blogs)
        return f"blog-{blog:04}-{self.time(first):%Y-%m-%d}"


def line(id_: str, time: datetime, text: str) -> str:
    """An entry of a source."""
    return json.dumps({"id": id_, "time": time.isoformat(), "text": text}, ensure_ascii=False) + "\n"


def write(places: Places, held: Sequence[Paragraph], base: Base, passages: int) -> tuple[Written, Asking]:
    """Write the sources of so many passages, and which sentence each sentence of a variation is made of."""
    firsts = np.searchsorted(base.places, np.arange(len(held) + 1))
    entries = Entries(held, passages, _whole(held, np.diff(firsts).tolist()))
    timetable = Timetable(len(entries))
    digests, numbers = array("Q"), array("q")
    words: set[str] = set()
    places.sources.mkdir(parents=True)
    for blog, several in itertools.groupby(enumerate(entries), key=lambda pair: timetable.blog(pair[0])):
        with (places.sources / timetable.name(blog)).open("w", encoding="utf-8") as file:
            for number, made in several:
                file.write(line(_id(number), timetable.time(number), made.text))
                words.update(word.lower() for word in words_of(made.text))
                if made.varied:
                    digests.extend(digest(made.text[start:end]) for start, end in made.sentences)
                    numbers.extend(range(int(firsts[made.paragraph]), int(firsts[made.paragraph + 1])))
    Varied.of(digests, numbers).save(places.varied)
    written = Written(entries=len(entries), varied=entries.varied, words=len(words), blogs=timetable.blogs)
    return written, _asking(held, entries.slots(), timetable)


def _asking(held: Sequence[Paragraph], slots: Mapping[int, int], timetable: Timetable) -> Asking:
    """Real questions of real paragraphs that may be seen: for one asker those of the even articles, as from the odd
    ones Stet's ranking was learned."""
    hidden = timetable.blogs // 2
    seen = {place: number for place, number in slots.items() if timetable.blog(number) != hidden}
    even, odd = (
        [
            _asked(question, number, timetable)
            for place, number in seen.items()
            if held[place].article % 2 == rest
            for question in held[place].questions
        ]
        for rest in (0, 1)
    )
    return Asking(hidden=timetable.id(hidden), one=spaced(even, QUESTIONS), several=spaced(odd, QUESTIONS))


def _whole(held: Sequence[Paragraph], counts: Sequence[int]) -> list[int]:
    """The places of the paragraphs of which the model reads each sentence whole."""
    return [place for place, count in enumerate(counts) if len(sentences(held[place].text)) == count]


def _id(number: int) -> str:
    return f"{number:07}"


def _asked(question: str, number: int, timetable: Timetable) -> Asked:
    return Asked(
        question=question,
        entry=_id(number),
        blog=timetable.id(timetable.blog(number)),
        time=timetable.time(number).isoformat(),
    )


def main() -> None:
    places, passages = Places(folder=Path(sys.argv[1])), int(sys.argv[2])
    written, asking = write(places, paragraphs(), Base.load(places.base), passages)
    places.write("written", written)
    places.write("asking", asking)


if __name__ == "__main__":
    main()
