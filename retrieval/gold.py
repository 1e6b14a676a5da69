"""Gold questions: JSON Lines of what may be asked, and of which entries and words answer it.

    {"question": "Who won the cup?", "times": ["16:40"], "answers": ["Bramble"], "kind": "fact"}

`times` are those of the entries that answer: `HH:MM` in the blog's zone, or ISO 8601 with an offset; `entries`,
beside them or in their place, are ids `BLOG/ID`. Where both are empty, nothing in the archive answers. `answers` are
words of which the passage shown must hold one; `kind` is a free word by which figures are grouped; `blog` limits the
question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from retrieval.errors import NotALiveBlog, UsageError
from retrieval.model import LONGEST_QUESTION, Entry
from retrieval.sources import fields
from retrieval.sources.document import load
from retrieval.sources.fields import Refused
from retrieval.sources.visits import is_address

GoldTime = time | datetime
"""A time of day on the blog's own clock, or one moment; both stand for their whole minute."""

OTHER = "other"
"""The kind of a question that names none."""

MOST_QUESTIONS = 100_000
_MOST_LISTED = 100
_LONGEST_ANSWER, _LONGEST_WORD, _LONGEST_ID = 1_000, 40, 500
_MOST_TOLD = 10
_KNOWN = ("question", "times", "entries", "answers", "kind", "blog")
_GOOD = '{"question": "Who won?", "times": ["16:40"], "answers": ["Bramble"], "kind": "fact"}'


@dataclass(frozen=True, kw_only=True, slots=True)
class GoldQuestion:
    """One question, on one line of the file, and what answers it."""

    line: int
    question: str
    times: tuple[GoldTime, ...] = ()
    entries: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    kind: str = OTHER
    blog: str | None = None

    @property
    def answerable(self) -> bool:
        """Whether an entry answers it."""
        return bool(self.times or self.entries)

    def accepts(self, entry: Entry) -> bool:
        """Whether an entry is one of those that answer."""
        return entry.whole_id in self.entries or any(one in self.times for one in borne(entry.posted_at))


@dataclass(frozen=True, kw_only=True, slots=True)
class Gold:
    """A file of gold questions. `notes` say what of it was not read."""

    name: str
    sha256: str
    questions: tuple[GoldQuestion, ...]
    notes: tuple[str, ...] = ()


def borne(posted_at: datetime) -> tuple[GoldTime, GoldTime]:
    """The minute of an entry's time, given in its blog's zone, on that blog's clock and as a moment."""
    return time(posted_at.hour, posted_at.minute), posted_at.astimezone(UTC).replace(second=0, microsecond=0)


def read_gold(given: str, size_limit: int) -> Gold:
    """The questions of a file of at most `size_limit` bytes, or of standard input for `-`.

    Raises UsageError, which names at most ten of the lines that are wrong; SourceMissing, SourceRefused."""
    text, name, sha256 = text_of(given, size_limit, "gold questions")
    return gold_of(text, name, sha256)


def text_of(given: str, size_limit: int, what: str) -> tuple[str, str, str]:
    """A file's characters, its name, and the SHA-256 of its bytes; `what` it should hold.

    Raises UsageError, SourceMissing, SourceRefused."""
    if is_address(given):
        raise UsageError(f"{given} is no file", "save it as a file, and name that")
    document = load(given, size_limit)
    try:
        return document.text, document.called, document.sha256
    except NotALiveBlog as error:
        raise UsageError(error.message, f"give a file of {what}, in UTF-8") from None


def gold_of(text: str, name: str, sha256: str) -> Gold:
    """As `read_gold`, of a file's characters."""
    questions: list[GoldQuestion] = []
    wrong: list[str] = []
    unread: dict[str, int] = {}
    seen: dict[tuple[str, str | None], int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = _row(line)
            one = _question(row, number)
            first = seen.setdefault((one.question, one.blog), number)
            if first != number:
                raise Refused(f"'question' is {fields.brief(one.question)}, which stands on line {first} already")
        except Refused as reason:
            wrong.append(f"line {number}: {reason}")
            continue
        questions.append(one)
        for key in row.keys() - set(_KNOWN):
            unread.setdefault(key, number)
    if wrong:
        raise refused_lines(name, wrong, f"a good line reads {_GOOD}")
    if not 0 < len(questions) <= MOST_QUESTIONS:
        raise UsageError(
            f"{name} holds {len(questions)} questions", f"give 1 to {MOST_QUESTIONS}, one a line: {_GOOD}"
        )
    notes = [
        f"line {number}: the field {fields.brief(key)} is not read; known are {', '.join(_KNOWN)}"
        for key, number in sorted(unread.items(), key=lambda pair: (pair[1], pair[0]))[:_MOST_TOLD]
    ]
    return Gold(name=name, sha256=sha256, questions=tuple(questions), notes=tuple(notes))


def refused_lines(name: str, wrong: list[str], hint: str) -> UsageError:
    """What to raise where lines of a file are wrong: the first ten of them."""
    told = "; ".join(wrong[:_MOST_TOLD])
    more = f"; and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
    return UsageError(f"{name}: {fields.counted(len(wrong), 'line is', 'lines are')} wrong: {told}{more}", hint)


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, object_pairs_hook=_object)
    except RecursionError:
        raise Refused("it is nested too deep") from None
    except ValueError as error:
        raise Refused(f"it is no JSON: {' '.join(str(error).split())[:100]}") from None
    return fields.an_object(row)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        raise Refused(f"{next(key for key in keys if keys.count(key) > 1)!r} stands there twice")
    return row


def _question(row: Mapping[str, object], number: int) -> GoldQuestion:
    if row.get("times") is None and row.get("entries") is None:
        raise Refused("'times' is missing: list the times of the entries that answer, or [] where nothing answers")
    question = _words(row.get("question"), "question", LONGEST_QUESTION)
    read = GoldQuestion(
        line=number,
        question=question,
        times=tuple(_time(one) for one in _listed(row, "times")),
        entries=tuple(_entry(one) for one in _listed(row, "entries")),
        answers=tuple(_words(one, "answers", _LONGEST_ANSWER) for one in _listed(row, "answers")),
        kind=OTHER if row.get("kind") is None else _words(row["kind"], "kind", _LONGEST_WORD),
        blog=None if row.get("blog") is None else _words(row["blog"], "blog", _LONGEST_ID),
    )
    if read.answers and not read.answerable:
        raise Refused(f"'answers' is {fields.brief(row['answers'])}, but no time or entry says where it stands")
    return read


def _listed(row: Mapping[str, object], key: str) -> list[object]:
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refused(f"{key!r} is {fields.brief(value)}, not a list")
    if len(value) > _MOST_LISTED:
        raise Refused(f"{key!r} lists {len(value)}, at most {_MOST_LISTED} are taken")
    return value


def _words(value: object, key: str, longest: int) -> str:
    """A string of words, each run of white space in it as one space."""
    if not isinstance(value, str):
        raise Refused(f"{key!r} is missing" if value is None else f"{key!r} is {fields.brief(value)}, not a string")
    words = " ".join(fields.whole(value, key).split())
    if not 0 < len(words) <= longest:
        raise Refused(f"{key!r} is {fields.brief(value)}: 1 to {longest} characters are taken")
    return words


def _time(value: object) -> GoldTime:
    if not isinstance(value, str):
        raise Refused(f"'times' holds {fields.brief(value)}, not a string like \"17:49\"")
    if match := re.fullmatch(r"([0-9]{2}):([0-9]{2})", value):
        hour, minute = int(match[1]), int(match[2])
        if hour < 24 and minute < 60:
            return time(hour, minute)
    elif "T" in value or "-" in value:
        return fields.moment(value, "times").replace(second=0, microsecond=0)
    raise Refused(f'\'times\' holds {fields.brief(value)}, no time like "17:49" or "2014-08-26T17:49+01:00"')


def _entry(value: object) -> str:
    name = _words(value, "entries", _LONGEST_ID)
    blog, _, entry = name.partition("/")
    if not blog or not entry:
        raise Refused(f"'entries' holds {fields.brief(name)}, no id like \"BLOG/ID\"")
    return name
