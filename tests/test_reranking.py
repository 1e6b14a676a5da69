"""A cross-encoder that reads the best entries again: tiny ones with random weights made here, and made-up scores."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from retrieval.archive import Archive
from retrieval.confidence import confidence
from retrieval.embedding import Embedder
from retrieval.errors import ModelError, UsageError
from retrieval.model import Answer, Filter, SourceOptions, Version
from retrieval.reranking import CrossEncoderReranker, Reranking
from retrieval.search import Candidate, _as_read, _reranked, search
from tests.command import Command
from tests.contract import ANSWER, conforms, prove
from tests.data_folder import SAMPLE
from tests.tiny_models import save_transformer

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

WORDS = "the river rose by two feet quay what is it pump council second homes evacuated of a to in".split()
HINT = "set STET_RERANKER to the folder or name of a sentence-transformers CrossEncoder of one output, or unset it"
PUMP = "What happened to the pump?"
PASSAGES = ["the river rose", "the quay", "by two feet the river rose", "", "unheard of " * 60]


def save(folder: Path, outputs: int = 1, kind: str = "BertForSequenceClassification") -> Path:
    save_transformer(folder, WORDS, kind, num_labels=outputs, initializer_range=0.5)
    return folder


def encoder(folder: Path) -> CrossEncoder:
    """A cross-encoder as its own library loads it."""
    from sentence_transformers import CrossEncoder

    loaded: CrossEncoder = CrossEncoder(str(folder), device="cpu")
    return loaded


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny cross-encoder. Not to be changed."""
    return save(tmp_path_factory.mktemp("tiny"))


def load(folder: Path | str) -> CrossEncoderReranker:
    return CrossEncoderReranker.load(str(folder), "cpu")


def refusal(folder: Path | str) -> ModelError:
    with pytest.raises(ModelError) as caught:
        load(folder)
    assert "\n" not in str(caught.value)
    assert caught.value.hint == HINT
    return caught.value


def at_once(runs: Sequence[Callable[[], None]]) -> None:
    """Run each in a thread of its own."""
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_scores_are_those_of_the_library(tiny: Path) -> None:
    own = encoder(tiny).predict([("what is it", one) for one in PASSAGES])
    loaded = load(tiny)
    assert loaded.name == str(tiny)
    scores = loaded.scores("what is it", PASSAGES)
    np.testing.assert_allclose(scores, own, atol=1e-6)
    assert len({round(score, 4) for score in scores}) == len(PASSAGES)
    np.testing.assert_allclose(loaded.scores("what is it", PASSAGES[::-1]), scores[::-1], atol=1e-6)
    assert loaded.scores("what is it", []) == []
    assert all(type(score) is float for score in scores)


def test_a_model_of_several_outputs_is_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "two", outputs=2)
    assert refusal(folder).message == f"the cross-encoder {str(folder)!r} cannot be used: it has 2 outputs"


def test_a_model_without_a_layer_that_scores_is_refused(tmp_path: Path) -> None:
    """As an embedding model is, to which the library would add one of random weights."""
    folder = save(tmp_path / "plain", kind="BertModel")
    assert refusal(folder).message == (
        f"the cross-encoder {str(folder)!r} cannot be used: it was saved without a layer that scores, as BertModel"
    )


@pytest.mark.parametrize("what", ["no-such-model", "no/such-model", "gone", "folder", "file", ""])
def test_a_wrong_name_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    name = str(tmp_path / what) if what in ("gone", "folder", "file") else what
    assert refusal(name).message.startswith(f"the cross-encoder {name!r} cannot be loaded: ")


@pytest.mark.parametrize("kept", [0, 100, 5_000])
def test_weights_that_were_cut_short_are_refused(tmp_path: Path, kept: int) -> None:
    folder = save(tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    assert "cannot be loaded: Error while deserializing header" in refusal(folder).message


def test_a_model_s_own_code_is_not_run(tmp_path: Path) -> None:
    folder, ran = save(tmp_path / "coded"), tmp_path / "ran"
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w')\n")
    settings = json.loads((folder / "config.json").read_bytes())
    settings |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(settings))
    assert "cannot be loaded: " in refusal(folder).message
    assert not ran.exists()


def test_a_device_that_is_not_there_is_one_clear_line(tiny: Path) -> None:
    with pytest.raises(ModelError, match=r"the cross-encoder '.*' cannot be loaded: \S") as caught:
        CrossEncoderReranker.load(str(tiny), "no-such-device")
    assert "STET_DEVICE" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors"), "STET_DEVICE"),
        (MemoryError(), "STET_DEVICE"),
        (IndexError("index out of range in self"), HINT),
        (ValueError("Cannot handle batch sizes > 1 if no padding token is defined."), HINT),
    ],
)
def test_what_a_model_raises_while_scoring_is_one_clear_line(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, hint: str
) -> None:
    loaded = load(tiny)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("sentence_transformers.CrossEncoder.predict", fail)
    with pytest.raises(ModelError, match=r"the cross-encoder '.*' cannot score: \S") as caught:
        loaded.scores("what", ["the river"])
    assert "\n" not in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("given", [[float("nan"), 1.0], [1.0, float("inf")], [1.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_what_is_no_number_for_each_passage_is_refused(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, given: list[object]
) -> None:
    loaded = load(tiny)
    monkeypatch.setattr("sentence_transformers.CrossEncoder.predict", lambda *_, **__: np.array(given))
    with pytest.raises(
        ModelError, match=r"the cross-encoder '.*' gives no number for each passage; set STET_RERANKER"
    ):
        loaded.scores("what", ["the river", "the quay"])


def test_loading_and_scoring_say_nothing_and_leave_the_environment(
    tiny: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = dict(os.environ)
    load(tiny).scores("what", PASSAGES)
    assert dict(os.environ) == before
    assert capfd.readouterr() == ("", "")


def test_several_threads_may_score_at_once(tiny: Path) -> None:
    loaded = load(tiny)
    questions = [" ".join(WORDS[number : number + 5]) for number in range(12)]
    alone = {question: loaded.scores(question, PASSAGES) for question in questions}
    wrong: list[str] = []

    def ask(question: str) -> None:
        if not np.allclose(loaded.scores(question, PASSAGES), alone[question], atol=1e-6):
            wrong.append(question)

    at_once([partial(ask, question) for question in questions])
    assert wrong == []


# ---------------------------------------------------------------------------------------------- the order


class MadeUp:
    """Gives the scores that it was made with, or by a rule, and keeps what it was asked."""

    name = "made-up"

    def __init__(self, rule: Callable[[str], float]) -> None:
        self._rule = rule
        self.asked: list[tuple[str, list[str]]] = []

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        self.asked.append((question, list(passages)))
        return [self._rule(passage) for passage in passages]


@pytest.fixture(scope="module")
def flood(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Archive]:
    """The sample, without a reranker. Not to be changed."""
    archive = Archive.open(tmp_path_factory.mktemp("flood"), embedder.name, lambda: embedder)
    archive.add([str(SAMPLE)], SourceOptions(), datetime.now(UTC), lambda *_: None)
    yield archive
    archive.close()


@pytest.fixture(scope="module")
def plain(flood: Archive, embedder: Embedder) -> tuple[Candidate, ...]:
    """What is found without a reranker."""
    view, encoded = flood.snapshot().view(), embedder.encode_question(PUMP)
    return search(view, flood.store, flood.store.blogs(), PUMP, encoded, Filter(), lambda one: one.current).candidates


@pytest.mark.parametrize(
    ("share", "order"),
    [
        (0.0, "ABCD"),  # the fits, scaled: 1, .8, .4, 0
        (0.25, "BACD"),  # .75, .85, .425, .25
        (0.5, "BADC"),  # .5, .9, .45, .5: A and D are equal and stay as they were
        (1.0, "BDCA"),  # the scores, scaled: 0, 1, .5, 1; B and D are equal and stay as they were
    ],
)
def test_the_order_by_hand(plain: tuple[Candidate, ...], share: float, order: str) -> None:
    before = [replace(one, fit=fit) for one, fit in zip(plain, (10.0, 8.0, 4.0, 0.0), strict=False)]
    given = dict(zip(map(_as_read, before), (-3.0, 5.0, 1.0, 5.0), strict=True))
    found = _reranked(before, "what", Reranking(reranker=MadeUp(given.__getitem__), share=share))
    assert found == [before["ABCD".index(name)] for name in order]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_scores_that_are_equal_change_nothing(plain: tuple[Candidate, ...], share: float) -> None:
    reranking = Reranking(reranker=MadeUp(lambda _: 2.5), share=share)
    assert _reranked(plain, "what", reranking) == list(plain)
    assert _reranked(plain[:1], "what", reranking) == list(plain[:1])


def test_the_best_twenty_are_read_again_and_the_rest_follow(plain: tuple[Candidate, ...]) -> None:
    read = [_as_read(one) for one in plain]
    assert len(set(read)) == len(plain) > 25
    reranker = MadeUp(read.index)
    assert _reranked(plain, "what", Reranking(reranker=reranker, share=1.0)) == [*plain[19::-1], *plain[20:]]
    assert reranker.asked == [("what", read[:20])]


def test_a_passage_is_read_under_its_title(plain: tuple[Candidate, ...]) -> None:
    def read(title: str | None, text: str) -> str:
        one = plain[0]
        return _as_read(replace(one, window=(3, len(text)), version=replace(one.version, title=title, text=text)))

    assert read("Pump fails", "At five the pump failed.") == "Pump fails\nfive the pump failed."
    assert read(None, "At five the pump failed.") == "five the pump failed."
    assert read("t" * 300, "At five.") == "t" * 300 + "\nfive."
    assert read("t" * 301, "At five.") == "five."
    assert read(None, "a" * 9_000) == "a" * 4_000


# ---------------------------------------------------------------------------------------------- the archive


@pytest.fixture
def again(flood: Archive, embedder: Embedder) -> Iterator[Callable[..., Archive]]:
    """Open the sample's archive with a loader of a reranker."""
    opened: list[Archive] = []

    def make(loader: Callable[[], Reranking]) -> Archive:
        opened.append(Archive.open(flood.home, embedder.name, lambda: embedder, load_reranking=loader))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_what_the_reranker_likes_comes_first_with_its_own_confidence(
    flood: Archive, again: Callable[..., Archive], plain: tuple[Candidate, ...]
) -> None:
    liked = next(one for one in plain if "The second borrowed pump arrived" in _as_read(one))
    reranker = MadeUp(lambda passage: float(passage == _as_read(liked)))
    before, after = flood.ask(PUMP), again(lambda: Reranking(reranker=reranker, share=1.0)).ask(PUMP)
    entries = len(list(flood.store.live_versions()))
    assert (first(before), first(after)) == (plain[0].version, liked.version)
    assert before.confidence == confidence(plain[0].fit, entries, plain[0].fit - plain[1].fit)
    assert after.confidence == confidence(liked.fit, entries, liked.fit - plain[0].fit)
    assert after.confidence < before.confidence
    assert reranker.asked == [(PUMP, [_as_read(one) for one in plain[:20]])]


def first(answer: Answer) -> Version:
    return [*answer.passages, *answer.nearest][0].passage.version


def test_a_share_of_none_changes_nothing(flood: Archive, again: Callable[..., Archive]) -> None:
    reranking = Reranking(reranker=MadeUp(len), share=0.0)
    assert replace(again(lambda: reranking).ask(PUMP), elapsed_ms=0) == replace(flood.ask(PUMP), elapsed_ms=0)


def test_it_is_loaded_at_the_first_question_that_it_ranks_for(again: Callable[..., Archive]) -> None:
    reranker, loads = MadeUp(len), list[None]()

    def loader() -> Reranking:
        loads.append(None)
        return Reranking(reranker=reranker, share=0.5)

    archive = again(loader)
    for question in ("What was posted before 5pm?", "When was the pump first mentioned?", "the first entry"):
        assert archive.ask(question).passages
    with pytest.raises(UsageError, match="the question is empty"):
        archive.ask("")
    assert loads == []
    archive.ask("What did Trevanick say after midnight?")
    archive.ask(PUMP)
    assert len(loads) == 1
    assert [question for question, _ in reranker.asked] == ["What did Trevanick say?", PUMP]


def test_several_threads_load_it_once(again: Callable[..., Archive]) -> None:
    reranking, loads = Reranking(reranker=MadeUp(len), share=0.5), list[None]()
    ready = threading.Barrier(4)

    def loader() -> Reranking:
        loads.append(None)
        return reranking

    archive, given = again(loader), list[Reranking | None]()

    def need() -> None:
        ready.wait(10)
        given.append(archive.reranking)

    at_once([need] * 4)
    assert (given, loads) == ([reranking] * 4, [None])


# ---------------------------------------------------------------------------------------------- the settings


def test_the_command_ranks_by_the_cross_encoder_that_is_set(
    flood: Archive, plain: tuple[Candidate, ...], tiny: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stet = Command(flood.home, embedder, monkeypatch)
    unset = stet("ask", "--json", PUMP).object()
    for name, value in (("RERANKER", str(tiny)), ("RERANKER_SHARE", "1"), ("DEVICE", "cpu")):
        monkeypatch.setenv(f"STET_{name}", value)
    finished = stet("ask", "--json", PUMP)
    assert (finished.status, finished.err) == (0, "")
    answer = finished.object()
    conforms(answer, ANSWER)
    assert prove(stet, answer) >= 1
    scores = encoder(tiny).predict([(PUMP, _as_read(one)) for one in plain[:20]])
    best = plain[int(np.argmax(scores))]
    assert best != plain[0]
    assert [*answer["passages"], *answer["nearest"]][0]["citation"]["entry"].endswith(f"/{best.version.entry.id}")
    assert answer["confidence"] < unset["confidence"]
    monkeypatch.setenv("STET_RERANKER_SHARE", "0")
    left = stet("ask", "--json", PUMP).object()
    assert (left["passages"], left["confidence"]) == (unset["passages"], unset["confidence"])


def test_a_wrong_reranker_is_one_line_and_hinders_nothing_else(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("STET_RERANKER", str(tmp_path / "no-model"))
    stet = Command(tmp_path / "home", embedder, monkeypatch)
    assert stet("add", SAMPLE).status == 0
    assert stet("status").status == 0
    said = stet("ask", PUMP).refusal()
    assert said.startswith(f"the cross-encoder '{tmp_path / 'no-model'}' cannot be loaded: ")
    assert said.endswith(f"; {HINT}")
    assert stet("ask", "What was posted before 5pm?").status == 0
    monkeypatch.setenv("STET_RERANKER", "")
    assert stet("ask", PUMP).status == 0
