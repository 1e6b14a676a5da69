"""A question from the command line: the model reads it while the rest is imported."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot import wiring
from retrieval import encoders
from retrieval.archive import Archive
from retrieval.encoding import Embedder
from retrieval.errors import ModelError, NothingIndexed
from tests import converted_model

QUESTION = "Will the council leader resign?"


def archive(home: Path, question: str | None = QUESTION) -> Archive:
    return wiring.archive(wiring.settings(home), question)


def test_the_question_is_encoded_ahead_by_another_thread_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted_model.give(tmp_path)
    read: list[tuple[str, threading.Thread]] = []
    found = encoders.at_hand("all-MiniLM-L6-v2", tmp_path / "model.json")
    assert found is not None
    reading = type(found).read_question  # type: ignore[attr-defined]

    def read_question(self: Embedder, text: str) -> object:
        read.append((text, threading.current_thread()))
        return reading(self, text)

    monkeypatch.setattr(type(found), "read_question", read_question)
    with closing(archive(tmp_path)) as opened:
        embedder = opened.embedder
        embedder.encode_question(QUESTION)
    [(text, thread)] = read
    assert text == QUESTION
    assert thread is not threading.current_thread()
    assert embedder.fingerprint == found.fingerprint


def test_a_model_that_is_not_at_hand_is_not_loaded_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object) -> Embedder:
        raise AssertionError("loaded")

    monkeypatch.setattr(encoders, "load", load)
    with closing(archive(tmp_path)) as opened, pytest.raises(NothingIndexed):
        opened.ask(QUESTION)


def test_what_is_wrong_with_the_model_is_told_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_hand(*_: object) -> Embedder:
        raise ModelError("it cannot be loaded", "look")

    monkeypatch.setattr(encoders, "at_hand", at_hand)
    with closing(archive(tmp_path)) as opened:
        assert opened.blogs() == {}
        with pytest.raises(ModelError, match="it cannot be loaded"):
            _ = opened.embedder


def test_without_a_question_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_hand(*_: object) -> Embedder:
        raise AssertionError("begun")

    monkeypatch.setattr(encoders, "at_hand", at_hand)
    with closing(archive(tmp_path, None)) as opened:
        assert opened.blogs() == {}
