"""Models converted for OpenVINO: torch's own vectors, no torch to have them, and what is not whole made anew."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import conversion, converted, encoders, files, openvino_embedder
from retrieval.converted import Facts, Measured
from retrieval.embedding import SentenceTransformerEmbedder
from retrieval.errors import DiskError, ModelError
from retrieval.model_files import BUNDLED, folder_of, identity
from retrieval.openvino_embedder import OpenVINOEmbedder, batches
from tests.command import finish, start_python
from tests.tiny_models import WORDS, in_full, reading, saved

TEXT = "the river rose by two feet : the quay is what it is"
pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="the extra openvino is not installed")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A tiny model, loaded by torch, and by OpenVINO from what lies in `home`."""

    source: Path
    home: Path
    torch: SentenceTransformerEmbedder
    openvino: OpenVINOEmbedder

    @property
    def folder(self) -> Path:
        [folder] = (self.home / "models").iterdir()
        return folder

    def found(self, home: Path | None = None) -> tuple[Path, Facts] | None:
        return converted.find((home or self.home) / "models", identity(self.source))


def load(source: Path, home: Path, **settings: str) -> object:
    return encoders.load(str(source), home / "model.json", **settings)  # type: ignore[arg-type]


def made(folder: Path, pooling: str) -> Pair:
    prompts = {"query": "find : ", "document": "passage : "}
    source, home = saved(folder, pooling=pooling, prompts=prompts), folder / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        in_full(patch)
        torch = SentenceTransformerEmbedder.load(str(source), home / "model.json", "cpu")
        openvino = load(source, home)
    assert isinstance(openvino, OpenVINOEmbedder)
    return Pair(source=source, home=home, torch=torch, openvino=openvino)


@pytest.fixture(scope="module", params=["mean", "cls"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return made(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return made(tmp_path_factory.mktemp("pair"), "mean")


@pytest.fixture
def copied(pair: Pair, tmp_path: Path) -> Path:
    """A home of a test's own, to be changed."""
    shutil.copytree(pair.home, tmp_path / "home")
    return tmp_path / "home"


# ------------------------------------------------------------------------------------------------ the same vectors


def test_it_gives_what_torch_gives(either: Pair) -> None:
    one, other = either.torch, either.openvino
    for name in ("name", "fingerprint", "dimension", "width", "max_tokens", "question_tokens", "trailing", "means"):
        assert getattr(one, name) == getattr(other, name), name
    assert (one.how, other.how) == ("torch on cpu", f"OpenVINO on cpu, {other.precision}")
    readings = [
        reading(TEXT, "what is it ", [(0, 14), (15, 26), (27, 37)]),
        reading("it"),
        reading(" ".join(WORDS * 5)),  # more than the model reads
        reading(" "),
    ]
    for mine, right in zip(other.encode(readings), one.encode(readings), strict=True):
        np.testing.assert_allclose(mine.vectors, right.vectors, atol=1e-5)
        np.testing.assert_allclose(mine.tokens, right.tokens, atol=1e-5)
        assert mine.owners.tolist() == right.owners.tolist()
    for question in (TEXT, "", "what", " ".join(WORDS * 5)):
        asked, wanted = other.encode_question(question), one.encode_question(question)
        np.testing.assert_allclose(asked.vector, wanted.vector, atol=1e-5)
        np.testing.assert_allclose(asked.tokens, wanted.tokens, atol=1e-5)
        assert asked.spans == wanted.spans
    assert other.encode([]) == []
    assert other.pooled([]).shape == (0, 16)


@given(st.lists(st.sampled_from([*WORDS, "é", "?!", "unknown", "\u200b"]), max_size=120).map(" ".join))
def test_its_tokens_lie_where_torch_s_do_however_long_a_text_is(pair: Pair, text: str) -> None:
    assert pair.openvino.token_spans(text) == pair.torch.token_spans(text)


def test_several_threads_may_encode_at_once(pair: Pair) -> None:
    texts = [" ".join(WORDS[: 1 + number % 9]) for number in range(24)]
    right = [pair.torch.encode([reading(text)])[0].vectors for text in texts]
    asked = [pair.torch.encode_question(text).vector for text in texts]
    wrong: list[str] = []

    def ask(number: int) -> None:
        found = OpenVINOEmbedder.encode_question(pair.openvino, texts[number])
        [encoded] = pair.openvino.encode([reading(texts[number])])
        if not np.allclose(found.vector, asked[number], atol=1e-5):
            wrong.append(texts[number])
        if not np.allclose(encoded.vectors, right[number], atol=1e-5):
            wrong.append(texts[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@given(st.lists(st.integers(0, 600), max_size=60))
def test_batches_hold_every_text_once_the_longest_first_and_few_tokens(lengths: list[int]) -> None:
    found = list(batches(lengths))
    flat = [number for batch in found for number in batch]
    assert sorted(flat) == list(range(len(lengths)))
    assert [lengths[number] for number in flat] == sorted(lengths, reverse=True)
    assert all(len(batch) == 1 or len(batch) * lengths[batch[0]] <= 512 for batch in found)


def test_what_openvino_raises_is_one_clear_line(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Exception from src/core:\nCheck failed")

    monkeypatch.setattr(OpenVINOEmbedder, "_inputs", fail)
    encode: list[Callable[[], object]] = [
        lambda: pair.openvino.encode([reading("the")]),
        lambda: pair.openvino.encode_question("another quay"),
    ]
    for one in encode:
        with pytest.raises(ModelError) as caught:
            one()
        assert caught.value.message.endswith("cannot encode: Exception from src/core:")
        assert "STET_MODEL" in caught.value.hint


# ------------------------------------------------------------------------------------------------ without torch

_ASKED = """
import sys
from pathlib import Path
from retrieval import encoders
embedder = encoders.load(sys.argv[1], Path(sys.argv[2]) / "model.json")
print(float(embedder.encode_question("what rose").vector[0]), len(embedder.encode_question("what rose").spans))
print(sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_a_converted_model_needs_no_torch_and_reports_nothing(pair: Pair) -> None:
    finished = finish(start_python(_ASKED, pair.source, pair.home))
    assert finished.status == 0, finished.err
    told, modules = finished.out.splitlines()
    first, count = told.split()
    assert float(first) == pytest.approx(float(pair.torch.encode_question("what rose").vector[0]), abs=1e-5)
    assert count == "2"
    imported = json.loads(modules.replace("'", '"'))
    assert {"openvino", "tokenizers"} <= {*imported}
    assert not {"torch", "transformers", "sentence_transformers", "openvino_telemetry"} & {*imported}


# ------------------------------------------------------------------------------------------------ whole, or made anew


def test_a_model_is_converted_once(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("loaded by torch")

    monkeypatch.setattr(SentenceTransformerEmbedder, "load", never)
    again = load(pair.source, pair.home)
    assert isinstance(again, OpenVINOEmbedder)
    assert again.fingerprint == pair.torch.fingerprint
    np.testing.assert_array_equal(again.encode_question(TEXT).vector, pair.openvino.encode_question(TEXT).vector)


_FILES = ("model.xml", "model.bin", "tokenizer.json", "projection.npy", "question-float32.blob")


@pytest.mark.parametrize("name", [*_FILES, "facts.json"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(_flipped(path.read_bytes())),
    ],
    ids=["gone", "empty", "short", "flipped"],
)
def test_damage_to_any_file_is_seen(pair: Pair, copied: Path, name: str, damage: Callable[[Path], None]) -> None:
    assert pair.found(copied) is not None
    [folder] = (copied / "models").iterdir()
    damage(folder / name)
    assert pair.found(copied) is None


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def test_a_damaged_one_is_made_anew(pair: Pair, copied: Path) -> None:
    [folder] = (copied / "models").iterdir()
    weights = folder / "model.bin"
    right = weights.read_bytes()
    weights.write_bytes(_flipped(right))
    again = load(pair.source, copied)
    assert isinstance(again, OpenVINOEmbedder)
    assert weights.read_bytes() == right
    assert pair.found(copied) is not None
    assert [one.name for one in (copied / "models").iterdir()] == [folder.name]


def test_files_are_read_through_once_and_again_when_they_are_touched(
    pair: Pair, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pair.found(copied) is not None
    read: list[Path] = []
    digest = files.sha256

    def noted(path: Path) -> str:
        read.append(path)
        return digest(path)

    monkeypatch.setattr(converted, "sha256", noted)
    assert pair.found(copied) is not None
    assert read == []
    [folder] = (copied / "models").iterdir()
    os.utime(folder / "model.bin", ns=(1, 1))
    assert pair.found(copied) is not None
    assert {path.name for path in read} == {*_FILES}


def test_another_source_is_another_model(pair: Pair, tmp_path: Path) -> None:
    source = tmp_path / "model"
    shutil.copytree(pair.source, source)
    assert converted.find(pair.home / "models", identity(source)) is None
    before = identity(source)
    (source / "config.json").write_bytes((source / "config.json").read_bytes() + b"\n")
    assert identity(source) != before
    assert [name for name, *_ in identity(source)][1:] == sorted(
        str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()
    )


def test_other_versions_of_its_makers_make_it_anew(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pair.found() is not None
    monkeypatch.setattr(converted, "versions", lambda: {**pair.openvino._facts.versions, "transformers": "99"})
    assert pair.found() is None


@pytest.mark.parametrize("body", [b"[]", b"{}", b"\xff", b'{"format": 3, "sha256": "", "facts": "{}"}'])
def test_what_is_no_converted_model_is_passed_over(pair: Pair, copied: Path, body: bytes) -> None:
    for name in ("a-stranger", "zz"):
        (copied / "models" / name).mkdir()
        (copied / "models" / name / "facts.json").write_bytes(body)
    (copied / "models" / "a-file").write_bytes(body)
    found = pair.found(copied)
    assert found is not None
    assert found[0].name == pair.folder.name


def test_a_maker_that_fails_leaves_nothing_and_what_was_left_is_cleared(tmp_path: Path) -> None:
    left, young = tmp_path / ".making-old", tmp_path / ".making-new"
    for folder in (left, young):
        (folder / "made").mkdir(parents=True)
    old = time.time() - 7_200
    os.utime(left, (old, old))

    def build(folder: Path) -> Facts:
        (folder / "model.xml").write_bytes(b"x")
        raise ModelError("it fails", "")

    with pytest.raises(ModelError):
        converted.keep(tmp_path, "f" * 64, build)
    assert [one.name for one in tmp_path.iterdir()] == [young.name]


# ------------------------------------------------------------------------------------------------ which is taken


def test_a_model_that_is_pooled_otherwise_stays_with_torch_and_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source = saved(tmp_path, pooling="max")
    assert isinstance(load(source, tmp_path), SentenceTransformerEmbedder)
    [(_, facts)] = [converted.find(tmp_path / "models", identity(source)) or (None, None)]
    assert facts is not None
    assert (facts.files, facts.refused) == ({}, "more is done to its vectors than pooling by mean or cls")

    def never(*_: object) -> None:
        raise AssertionError("converted again")

    monkeypatch.setattr(conversion, "convert", never)
    caplog.set_level("INFO")
    assert isinstance(load(source, tmp_path, encoder="openvino"), SentenceTransformerEmbedder)
    assert "stays with torch: more is done" in caplog.text


def test_a_precision_that_changes_the_vectors_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pair: Pair
) -> None:
    assert all(one.cosine >= 0.999 for one in pair.openvino._facts.admitted)
    monkeypatch.setattr(conversion, "LEAST_COSINE", 1.1)
    embedder = load(pair.source, tmp_path)
    assert isinstance(embedder, SentenceTransformerEmbedder)
    found = pair.found(tmp_path)
    assert found is not None
    assert (found[1].refused, found[1].admitted) == ("it gives other vectors when converted", ())
    assert {path.name for path in found[0].iterdir()} <= {"facts.json", "seen.json"}


def test_a_change_of_one_probe_s_vector_is_seen() -> None:
    right = np.eye(4, dtype=np.float32)
    assert conversion._least_cosine(right, right) == 1
    changed = right.copy()
    changed[2] = (0, 0.1, 1, 0)
    assert conversion._least_cosine(right, changed) == pytest.approx(1 / np.sqrt(1.01))
    assert conversion._least_cosine(right, right[:3]) == 0
    nothing = np.zeros((2, 4), np.float32)
    assert conversion._least_cosine(nothing, nothing) == 1
    assert conversion._least_cosine(nothing[:0], nothing[:0]) == 1
    assert conversion._least_cosine(right, np.full_like(right, np.nan)) == 0


def test_where_nothing_can_be_kept_it_stays_with_torch(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise DiskError("no space is left to write model.bin", "free some space")

    monkeypatch.setattr(conversion, "keep", full)
    assert isinstance(load(pair.source, tmp_path), SentenceTransformerEmbedder)
    assert "stays with torch: no space is left to write model.bin" in caplog.text


def test_without_the_extra_auto_is_torch_and_openvino_names_what_to_install(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert isinstance(load(pair.source, pair.home), SentenceTransformerEmbedder)
    with pytest.raises(ModelError, match="STET_ENCODER is openvino, which is not installed") as caught:
        load(pair.source, pair.home, encoder="openvino")
    assert "pip install '.[openvino]'" in caught.value.hint


def test_a_device_goes_before_auto_and_against_openvino(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[object, ...]] = []
    monkeypatch.setattr(encoders, "_by_torch", lambda *given: taken.append(given))
    load(pair.source, pair.home, device="mps")
    load(pair.source, pair.home, encoder="torch", device="cpu")
    assert [given[2] for given in taken] == ["mps", "cpu"]
    with pytest.raises(ModelError, match="STET_DEVICE is cuda:1") as caught:
        load(pair.source, pair.home, encoder="openvino", device="cuda:1")
    assert "unset STET_DEVICE" in caught.value.hint
    assert isinstance(load(pair.source, pair.home, device="cpu", encoder="openvino"), OpenVINOEmbedder)


# ------------------------------------------------------------------------------------------------ precision


@pytest.fixture
def both(pair: Pair) -> Facts:
    """The facts of one that has both precisions, bf16 the faster."""
    admitted = (
        Measured(precision="float32", cosine=1.0, milliseconds=4.0),
        Measured(precision="bf16", cosine=0.9995, milliseconds=2.0),
    )
    return replace(pair.openvino._facts, tried=("float32", "bf16"), admitted=admitted)


def opened(pair: Pair, facts: Facts, precision: str) -> str | None:
    found = encoders._opened(pair.folder, facts, precision)  # type: ignore[arg-type]
    assert found is None or isinstance(found, OpenVINOEmbedder)
    return None if found is None else found.precision


def test_the_faster_precision_is_taken_unless_one_is_named(
    pair: Pair, both: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_embedder, "has_bf16", lambda: True)
    assert [opened(pair, both, one) for one in ("auto", "float32", "bf16")] == ["bf16", "float32", "bf16"]
    slower = replace(both, admitted=(both.admitted[0], replace(both.admitted[1], milliseconds=5.0)))
    assert opened(pair, slower, "auto") == "float32"


def test_one_that_is_not_admitted_is_not_taken(
    pair: Pair, both: Facts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(openvino_embedder, "has_bf16", lambda: True)
    refused = replace(both, admitted=both.admitted[:1])
    assert opened(pair, refused, "auto") == "float32"
    assert opened(pair, refused, "bf16") == "float32"
    assert "keeps its vectors not in bf16" in caplog.text
    # what this processor has and was not measured is measured first
    assert opened(pair, replace(both, tried=("float32",)), "auto") is None


def test_a_processor_without_bf16_says_so(pair: Pair, both: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_embedder, "has_bf16", lambda: False)
    assert opened(pair, both, "auto") == "float32"
    refused: list[Callable[[], object]] = [
        lambda: opened(pair, both, "bf16"),
        lambda: _by_torch_in_bf16(pair, monkeypatch),
    ]
    for one in refused:
        with pytest.raises(ModelError, match=r"STET_PRECISION is bf16, and .* has no bf16") as caught:
            one()
        assert caught.value.hint == "set STET_PRECISION to auto or float32"


def _by_torch_in_bf16(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> object:
    in_full(monkeypatch)
    return load(pair.source, pair.home, encoder="torch", precision="bf16")


def test_what_was_compiled_for_another_processor_is_compiled_again(pair: Pair, copied: Path) -> None:
    facts = replace(pair.openvino._facts, processor="another")
    [folder] = (copied / "models").iterdir()
    (folder / "question-float32.blob").write_bytes(b"of no use here")
    again = OpenVINOEmbedder(folder, facts, "float32")
    wanted = pair.torch.encode_question(TEXT).vector
    np.testing.assert_allclose(again.encode_question(TEXT).vector, wanted, atol=1e-5)


# ------------------------------------------------------------------------------------------- questions, and sources


def test_a_question_asked_again_costs_nothing(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = OpenVINOEmbedder(pair.folder, pair.openvino._facts, "float32")
    read: list[str] = []
    reader = OpenVINOEmbedder.read_question

    def counted(self: OpenVINOEmbedder, text: str) -> object:
        read.append(text)
        return reader(self, text)

    monkeypatch.setattr(OpenVINOEmbedder, "read_question", counted)
    first = embedder.encode_question("what rose")
    assert embedder.encode_question("what rose") is first
    assert read == ["what rose"]
    with pytest.raises(ValueError, match="read-only"):
        first.vector[0] = 1
    for number in range(256):
        embedder.encode_question(f"the quay {number}")
    embedder.encode_question("what rose")
    assert (read.count("what rose"), len(read)) == (2, 258)


def test_where_a_model_s_files_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    bundled = folder_of(BUNDLED, tmp_path / "model.json")
    assert bundled is not None
    assert (bundled / "model.safetensors").exists()
    assert folder_of(str(tmp_path), tmp_path / "model.json") == tmp_path
    assert folder_of("no-such/model-at-all", tmp_path / "model.json") is None
    assert folder_of("no such name?", tmp_path / "model.json") is None
