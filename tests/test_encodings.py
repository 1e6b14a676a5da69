"""What is made of a reading: passages from one pass over the whole, and tokens, by tiny models made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval import embedding
from retrieval.embedding import TITLE, Embedder, SentenceTransformerEmbedder, Vectors
from retrieval.model_files import SHIPPED
from retrieval.projection import narrowed, unit
from tests.tiny_models import in_full, load, reading, saved, vector

TEXT = "the river rose by two feet the quay"
PASSAGES = [(0, 14), (15, 26), (27, 35)]
"""Of three words, three and two."""


@pytest.fixture(autouse=True)
def _in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    in_full(monkeypatch)


def rows(embedder: SentenceTransformerEmbedder, text: str) -> Vectors:
    """The model's own vectors of the tokens of a text, special ones too."""
    [found] = embedder.model.encode([text], output_value="token_embeddings", convert_to_numpy=False)
    own: Vectors = found.cpu().numpy()
    return own


def test_a_passage_is_the_mean_of_its_tokens_where_they_stand(tmp_path: Path) -> None:
    tiny = load(saved(tmp_path), tmp_path)
    [found] = tiny.encode([reading(TEXT, "what is it ", PASSAGES)])
    own = rows(tiny, f"what is it {TEXT}")[1:-1]
    assert len(own) == 3 + 8
    means = [own[3:6].mean(axis=0), own[6:9].mean(axis=0), own[9:].mean(axis=0)]
    np.testing.assert_allclose(found.vectors, unit(np.stack(means)), atol=1e-5)
    assert found.owners.tolist() == [TITLE] * 3 + [0] * 3 + [1] * 3 + [2] * 2
    np.testing.assert_allclose(found.tokens, narrowed(own, tiny.projection), atol=1e-5)
    # so what stands beside it tells
    assert not np.allclose(found.vectors[2], vector(tiny, "the quay"), atol=0.02)


def test_a_passage_of_all_tokens_points_where_the_model_s_own_vector_does_but_for_special_ones(
    tmp_path: Path,
) -> None:
    tiny = load(saved(tmp_path), tmp_path)
    own = rows(tiny, TEXT)
    np.testing.assert_allclose(vector(tiny, TEXT), unit(own[1:-1].mean(axis=0)), atol=1e-5)
    # a question's is the model's own
    [pooled] = np.asarray(tiny.model.encode([TEXT]))
    np.testing.assert_allclose(tiny.encode_question(TEXT).vector, unit(pooled), atol=1e-5)


def test_a_model_that_does_not_take_the_mean_reads_each_passage_by_itself(tmp_path: Path) -> None:
    tiny = load(saved(tmp_path, pooling="cls"), tmp_path)
    [found, other] = tiny.encode([reading(TEXT, "what is it ", PASSAGES), reading("it rose")])
    alone = [f"what is it {TEXT[start:end]}" for start, end in PASSAGES]
    own = np.asarray(tiny.model.encode([*alone, "it rose"]))
    np.testing.assert_allclose(found.vectors, unit(own[:3]), atol=1e-5)
    np.testing.assert_allclose(other.vectors, unit(own[3:]), atol=1e-5)
    # its tokens are those of the whole
    np.testing.assert_allclose(
        found.tokens, narrowed(rows(tiny, f"what is it {TEXT}")[1:-1], tiny.projection), atol=1e-5
    )
    np.testing.assert_allclose(
        tiny.encode_question(TEXT).vector, unit(np.asarray(tiny.model.encode([TEXT]))[0]), atol=1e-5
    )


def test_readings_of_any_length_come_back_in_their_order(tmp_path: Path) -> None:
    tiny = load(saved(tmp_path), tmp_path)
    readings = [reading(" ".join(TEXT.split()[:count])) for count in (3, 8, 1, 5)]
    for found, one in zip(tiny.encode(readings), readings, strict=True):
        [alone] = tiny.encode([one])
        np.testing.assert_allclose(found.vectors, alone.vectors, atol=1e-5)
        np.testing.assert_allclose(found.tokens, alone.tokens, atol=1e-5)
    assert tiny.encode([]) == []


def test_tokens_without_a_letter_or_digit_and_those_between_passages_are_left_out(tmp_path: Path) -> None:
    tiny = load(saved(tmp_path), tmp_path)
    text = "the river : rose ?! by 2"
    [found] = tiny.encode([reading(text, "what : ", [(0, 11), (20, 24)])])
    assert found.owners.tolist() == [TITLE, 0, 0, 1, 1]
    own = rows(tiny, f"what : {text}")[1:-1]
    np.testing.assert_allclose(found.tokens, narrowed(own[[0, 2, 3, 7, 8]], tiny.projection), atol=1e-5)
    # in the mean they count
    np.testing.assert_allclose(found.vectors[0], unit(own[2:5].mean(axis=0)), atol=1e-5)
    question = tiny.encode_question("what : the river ?")
    assert question.spans == ((0, 4), (7, 10), (11, 16))
    assert question.tokens.shape == (3, 16)


def test_a_passage_without_any_token_points_where_the_whole_does(tmp_path: Path) -> None:
    tiny = load(saved(tmp_path), tmp_path)
    [found] = tiny.encode([reading("the river \u200b", passages=[(0, 9), (9, 10)])])
    np.testing.assert_allclose(found.vectors[1], unit(rows(tiny, "the river \u200b")[1:-1].mean(axis=0)), atol=1e-5)
    [nothing] = tiny.encode([reading(" ")])
    assert (nothing.vectors.tolist(), nothing.tokens.shape) == ([[0.0] * 16], (0, 16))


def test_an_empty_question_is_read_too(tmp_path: Path) -> None:
    tiny = load(saved(tmp_path), tmp_path)
    asked = tiny.encode_question("")
    assert (asked.spans, asked.tokens.shape) == ((), (0, 16))
    assert np.linalg.norm(asked.vector) == pytest.approx(1)


# ------------------------------------------------------------------------------------------ the projection


def kept(tmp_path: Path) -> Path:
    [path] = tmp_path.glob("projection-*.npy")
    return path


def test_a_model_s_projection_is_learned_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(tmp_path)
    first = load(folder, tmp_path)
    data = kept(tmp_path).read_bytes()
    assert (first.projection.shape, first.width) == ((16, 16), 16)
    np.testing.assert_array_equal(np.load(kept(tmp_path)), first.projection)

    def learned_again(*_: object) -> None:
        raise AssertionError("learned again")

    monkeypatch.setattr(embedding, "learned", learned_again)
    again = load(folder, tmp_path)
    assert (again.fingerprint, kept(tmp_path).read_bytes()) == (first.fingerprint, data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:40],
        lambda data: data[:-1],
        lambda data: b"PK\x03\x04" + data,
        lambda data: b"\x80\x04" + data,
        lambda data: data.replace(b"(16, 16)", b"(16, 17)"),
        lambda data: data.replace(b"(16, 16)", b"(16, 1e"),
        lambda data: data.replace(b"<f4", b"<i4"),
        lambda data: data.replace(b"{", b"[", 1),
        lambda data: data.replace(b"'", b"(", 1),
        lambda data: data[:-4] + b"\0\0\xc0\x7f",
        lambda data: data[:-4] + b"\0\0\x80\x7f",
    ],
)
def test_a_damaged_one_is_learned_again_and_written(tmp_path: Path, damage: object) -> None:
    folder = saved(tmp_path)
    first = load(folder, tmp_path)
    data = kept(tmp_path).read_bytes()
    assert callable(damage)
    kept(tmp_path).write_bytes(damage(data))
    assert kept(tmp_path).read_bytes() != data
    again = load(folder, tmp_path)
    np.testing.assert_allclose(again.projection, first.projection, atol=1e-5)
    assert kept(tmp_path).read_bytes()[:128] == data[:128]
    np.testing.assert_array_equal(np.load(kept(tmp_path)), again.projection)


def test_the_fingerprint_tells_projections_apart(tmp_path: Path) -> None:
    model = load(saved(tmp_path), tmp_path).model
    one, other = np.eye(16, 4, dtype=np.float32), np.eye(16, 5, dtype=np.float32)
    made = [SentenceTransformerEmbedder("tiny", model, projection) for projection in (one, other)]
    assert made[0].fingerprint != made[1].fingerprint
    assert [embedder.width for embedder in made] == [4, 5]


def test_the_bundled_model_s_projection_is_the_one_that_is_shipped(embedder: Embedder) -> None:
    shipped = np.load(SHIPPED)
    assert (shipped.shape, shipped.dtype) == ((embedder.dimension, embedder.width), np.float32)
    [found] = embedder.encode([reading("The river rose.")])
    assert found.tokens.shape == (3, 96)
