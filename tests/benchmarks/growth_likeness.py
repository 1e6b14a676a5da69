"""How near a variation is to its paragraph: `python -m tests.benchmarks.growth_likeness FILE MODEL`.

Prints what the strengths in `growth_vectors` were chosen by. FILE and MODEL are those of `growth_vectors`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval import encoders
from retrieval.embedding import BUNDLED, Vectors
from tests.benchmarks.growth_text import Made, Varying, digest
from tests.benchmarks.growth_vectors import TOKENS, Base, Numbers, Perturbed, Varied, moved, readings_of
from tests.benchmarks.squad import paragraphs

_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
_SEED = 20140826


def nearest(
    some: Vectors, groups: Numbers, own: Numbers, others: Vectors, of_others: Numbers, owners: Numbers
) -> NDArray[np.float32]:
    """For each of `some` vectors the greatest cosine to any of the `others` of its group, those with its own owner
    left out; -1 where none is left."""
    found = np.full(len(some), -1, np.float32)
    order = np.argsort(of_others, kind="stable")
    bounds = np.searchsorted(of_others[order], [groups, groups + 1])
    for number, (first, last) in enumerate(bounds.T.tolist()):
        among = order[first:last]
        among = among[owners[among] != own[number]]
        if among.size:
            found[number] = (others[among] @ some[number]).max()
    return found


def varied_of(made: list[Made], base: Base) -> tuple[Varied, Numbers]:
    """The sentences of variations, and the number of the sentence of `base` that each is made of, in order."""
    numbers = np.concatenate([np.flatnonzero(base.places == one.paragraph) for one in made])
    digests = [digest(one.text[start:end]) for one in made for start, end in one.sentences]
    return Varied.of(digests, numbers.tolist()), numbers


def of_sentences(base: Base, articles: Numbers, embedder: Perturbed, made: list[Made], numbers: Numbers) -> None:
    """Print how near the nearest sentence of another paragraph of the article is, and the model's own and the moved
    vector of a variation's sentences to it."""
    real = base.vectors
    print_line("a sentence, real", nearest(real, articles, base.places, real, articles, base.places))
    readings = [reading for one in made for reading in readings_of(one.text, embedder)]
    vectors = np.concatenate([one.vectors for one in embedder.encode(readings)])
    everything, whole = np.concatenate([real, vectors]), np.concatenate([articles, articles[numbers]])
    owners = np.concatenate([base.places, base.places[numbers] + len(articles)])
    own = owners[len(real) :]
    print_line("a sentence, varied", nearest(vectors, articles[numbers], own, everything, whole, owners))


def of_tokens(base: Base, articles: Numbers) -> None:
    """Print how near the nearest first token of the same word is in another paragraph of the article, and how near a
    moved token is to the one that it was."""
    having = np.flatnonzero(np.diff(base.first_tokens))
    sentence = np.searchsorted(base.first_words, having, side="right") - 1
    _, word = np.unique([base.words[place].lower() for place in having.tolist()], return_inverse=True)
    groups = word.astype(np.int64) * (int(articles.max()) + 1) + articles[sentence]
    rows, owners = base.tokens[base.first_tokens[having]], base.places[sentence]
    real = nearest(rows, groups, owners, rows, groups, owners)
    print_line("a token, real", real[real > -1])
    places = base.first_tokens[having]
    made = moved(base.tokens, places, TOKENS, np.random.default_rng(_SEED))
    print_line("a token, varied", np.einsum("nd,nd->n", made, rows))


def print_line(what: str, cosines: NDArray[np.float32]) -> None:
    told = " ".join(f"{one:.2f}" for one in np.quantile(cosines, _SHARES).tolist())
    print(f"{what:20} {told}")


def main() -> None:
    path, model = map(Path, sys.argv[1:])
    base, held = Base.load(path), paragraphs()
    varying = Varying([one.text for one in held])
    whole = [one for place in range(len(held)) if (one := varying.varied(place, 0))]
    made = [one for one in whole if len(one.sentences) == np.count_nonzero(base.places == one.paragraph)]
    varied, numbers = varied_of(made, base)
    articles = np.array([one.article for one in held])[base.places]
    print(f"{'quantiles':20} " + " ".join(f"{one:4.0%}" for one in _SHARES))
    of_sentences(base, articles, Perturbed(encoders.load(BUNDLED, model), base, varied), made, numbers)
    of_tokens(base, articles)


if __name__ == "__main__":
    main()
