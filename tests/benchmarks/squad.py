"""SQuAD 2.0 dev as benchmarks read it: a paragraph stands for an entry.

Data: `squad2-dev.json.gz` (CC BY-SA 4.0) in the folder named by STET_TEST_DATA, or ../shared/data.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.data_folder import DATA

SQUAD = DATA / "squad" / "squad2-dev.json.gz"

_One = TypeVar("_One")


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """One paragraph, each run of white space as one space, with the questions that it answers."""

    article: int
    text: str
    questions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question, with the number of its paragraph and the words that answer it; none where it is unanswerable."""

    question: str
    paragraph: int
    article: int
    answerable: bool
    answers: tuple[str, ...]


def _articles() -> list[dict[str, Any]]:
    with gzip.open(SQUAD) as file:
        articles: list[dict[str, Any]] = json.load(file)["data"]
    return articles


def paragraphs() -> list[Paragraph]:
    """All 1,204 paragraphs; each has an answerable question, and no two have the same text."""
    return [
        Paragraph(
            article=number,
            text=" ".join(paragraph["context"].split()),
            questions=tuple(one["question"].strip() for one in paragraph["qas"] if not one["is_impossible"]),
        )
        for number, article in enumerate(_articles())
        for paragraph in article["paragraphs"]
    ]


def asked() -> list[Asked]:
    """All 11,873 questions, the unanswerable ones included."""
    told = [(number, paragraph) for number, article in enumerate(_articles()) for paragraph in article["paragraphs"]]
    return [
        Asked(
            question=one["question"].strip(),
            paragraph=place,
            article=number,
            answerable=not one["is_impossible"],
            answers=tuple(" ".join(answer["text"].split()) for answer in one["answers"]),
        )
        for place, (number, paragraph) in enumerate(told)
        for one in paragraph["qas"]
    ]


def spaced(whole: Sequence[_One], count: int) -> list[_One]:
    """So many, evenly spaced, the first among them; all where `count` is 0 or more than there are."""
    if not 0 < count < len(whole):
        return list(whole)
    return [whole[number * len(whole) // count] for number in range(count)]
