"""Learn the coefficients of `retrieval.confidence` from SQuAD 2.0 dev, and report how they do.

    python -m tests.benchmarks.calibrate [--questions N]

Archives of 11, 100 and 400 paragraphs are drawn with a fixed seed, a paragraph an entry. To each are asked:
questions whose paragraph is in it; questions of its articles whose paragraph is left out (on the subject, not
answered); and questions of articles that it does not have. Odd articles learn, even articles are reported on.
Data: `squad2-dev.json.gz` (CC BY-SA 4.0) in the folder named by STET_TEST_DATA, or ../shared/data.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from retrieval import answers, search
from retrieval.archive import Archive
from retrieval.confidence import Features
from retrieval.embedding import BUNDLED, Embedder, SentenceTransformerEmbedder
from retrieval.model import Filter, SourceOptions
from tests.data_folder import DATA
from tests.remembering import Remembering

_SEED = 20140826
_SIZES = (11, 100, 400)
_EACH = {11: 12, 100: 2, 400: 1}
_START = datetime(2014, 8, 26, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """One paragraph, standing for an entry, with its answerable questions."""

    article: int
    text: str
    questions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One question put to one archive: its features, whether the first entry is its paragraph, the kind."""

    kind: str
    size: int
    right: bool
    features: Features


def paragraphs() -> list[Paragraph]:
    """All paragraphs of the development set that have an answerable question."""
    with gzip.open(DATA / "squad" / "squad2-dev.json.gz") as file:
        articles = json.load(file)["data"]
    return [
        Paragraph(
            article=number,
            text=" ".join(paragraph["context"].split()),
            questions=tuple(q["question"].strip() for q in paragraph["qas"] if not q["is_impossible"]),
        )
        for number, article in enumerate(articles)
        for paragraph in article["paragraphs"]
        if any(not q["is_impossible"] for q in paragraph["qas"])
    ]


def archive_of(folder: Path, held: Sequence[Paragraph], embedder: Embedder) -> Archive:
    """An archive with one entry a paragraph, a minute apart."""
    lines = [
        json.dumps({"id": str(n), "time": (_START + timedelta(minutes=n)).isoformat(), "text": one.text})
        for n, one in enumerate(held)
    ]
    source = folder / "squad.ndjson"
    source.write_text("\n".join(lines))
    archive = Archive.open(folder / "home", embedder.name, lambda: embedder)
    archive.add([str(source)], SourceOptions(), _START, lambda done, whole: None)
    return archive


def ask(archive: Archive, question: str, paragraph: Paragraph | None, kind: str, size: int) -> Case | None:
    """Search as `Archive.ask` does, and keep the features of the first passage."""
    vector = archive.embedder.encode_question(question)
    view = archive.snapshot().view()
    searched = search.search(view, archive.store, question, vector, Filter(), lambda version: version.current)
    if not searched.candidates:
        return None
    first = searched.candidates[0]
    ranked = [search.best_passage(first, searched.weights_of(first.version))]
    right = paragraph is not None and searched.candidates[0].version.text == paragraph.text
    return Case(kind=kind, size=size, right=right, features=answers.features(searched, ranked))


def cases(pool: Sequence[Paragraph], embedder: Embedder, most: int) -> list[Case]:
    """All cases from archives drawn from `pool`."""
    chance = random.Random(_SEED)
    found: list[Case | None] = []
    for size in _SIZES:
        for _ in range(_EACH[size]):
            articles = sorted({one.article for one in pool})
            chosen = set(chance.sample(articles, k=min(max(1, size // 15), len(articles) - 2)))
            inside = [one for one in pool if one.article in chosen]
            held = chance.sample(inside, k=min(size, len(inside) * 2 // 3))
            texts = {one.text for one in held}
            asked = {
                "answerable": held,
                "on the subject": [one for one in inside if one.text not in texts],
                "elsewhere": [one for one in pool if one.article not in chosen],
            }
            with tempfile.TemporaryDirectory() as folder:
                archive = archive_of(Path(folder), held, embedder)
                for kind, among in asked.items():
                    questions = [(q, one) for one in among for q in one.questions]
                    for q, one in chance.sample(questions, k=min(most, len(questions))):
                        found.append(ask(archive, q, one if kind == "answerable" else None, kind, size))
                archive.close()
    return [case for case in found if case is not None]


def best_threshold(learned: Sequence[Case], model: LogisticRegression) -> float:
    """Where the share answered rightly, less the share of false answers, is greatest, in steps of .05."""
    chances = model.predict_proba(np.array([astuple(case.features) for case in learned]))[:, 1]
    kinds = np.array([case.kind for case in learned])
    right = np.array([case.right for case in learned])

    def gain(threshold: float) -> float:
        said = chances >= threshold
        false = [np.mean(said[kinds == kind]) for kind in ("on the subject", "elsewhere")]
        return float(np.mean((said & right)[kinds == "answerable"]) - np.mean(false))

    return float(max(np.arange(0.05, 0.95, 0.05), key=gain))


def report(name: str, tested: Sequence[Case], model: LogisticRegression, threshold: float) -> None:
    """Print the figures of one half."""
    chances = model.predict_proba(np.array([astuple(case.features) for case in tested]))[:, 1]
    print(f"{name}: {len(tested)} cases")
    for size in (*_SIZES, None):
        rows = [n for n, case in enumerate(tested) if size in (None, case.size)]
        asked = [n for n in rows if tested[n].kind == "answerable"]
        first = np.mean([tested[n].right for n in asked])
        print(f"  {size or 'all'} paragraphs: R@1 {first:.3f}", end="")
        for kind in ("on the subject", "elsewhere"):
            against = [n for n in rows if tested[n].kind == kind]
            labels = [1] * len(asked) + [0] * len(against)
            print(f"   {kind}: AUROC {roc_auc_score(labels, chances[asked + against]):.3f}", end="")
            print(f" answered {np.mean(chances[against] >= threshold):.3f}", end="")
        print(f"   answerable answered {np.mean(chances[asked] >= threshold):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--questions", type=int, default=150, help="questions of each kind to each archive")
    most = parser.parse_args().questions
    with tempfile.TemporaryDirectory() as folder:
        embedder = Remembering(SentenceTransformerEmbedder.load(BUNDLED, Path(folder) / "model.json"))
    pool = paragraphs()
    learned = cases([one for one in pool if one.article % 2], embedder, most)
    tested = cases([one for one in pool if not one.article % 2], embedder, most)
    model = LogisticRegression(C=100.0)
    model.fit([astuple(case.features) for case in learned], [case.right for case in learned])
    for field, value in zip(fields(Features), model.coef_[0], strict=True):
        print(f"{field.name} = {value:.2f}")
    print(f"INTERCEPT = {model.intercept_[0]:.2f}")
    threshold = best_threshold(learned, model)
    print(f"THRESHOLD = {threshold:.2f}")
    report("learned on (odd articles)", learned, model, threshold)
    report("reported on (even articles)", tested, model, threshold)


if __name__ == "__main__":
    main()
