"""The index is built anew with another model while an archive answers. Every text here is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.errors import ForeignSnapshot
from retrieval.model import SourceOptions
from tests.made_up_embedder import Counting
from tests.made_up_index import NOW
from tests.test_ingest import line, write


class Other(Counting):
    name = "other"


def quiet(*_: object) -> None:
    pass


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return Path(
        write(tmp_path / "a.jsonl", line("1", "The pump arrived at the quay.") + line("2", "The ferry left."))
    )


def opened(home: Path, embedder: Embedder, others: list[str] | None = None) -> Archive:
    """`others`: the names that are asked for besides are put there."""

    def named(name: str) -> Embedder:
        assert others is not None
        others.append(name)
        return {"counting": Counting(), "other": Other("b")}[name]

    return Archive.open(home, embedder.name, lambda: embedder, load_named=None if others is None else named)


def nearest(archive: Archive) -> str:
    answer = archive.ask("pump quay")
    return [*answer.passages, *answer.nearest][0].passage.text


def test_who_answers_goes_on_with_the_model_of_the_new_index(tmp_path: Path, source: Path) -> None:
    asked: list[str] = []
    bot = opened(tmp_path / "home", Counting(), asked)
    bot.add([str(source)], SourceOptions(blog="a"), NOW, quiet)
    assert (nearest(bot), bot.embedder.name) == ("The pump arrived at the quay.", "counting")
    other = opened(tmp_path / "home", Other("b"))
    other.reindex(True, NOW, quiet)
    assert (nearest(bot), bot.embedder.name, bot.model_name) == ("The pump arrived at the quay.", "other", "other")
    # what the bot reads from now on is encoded with that model, too, and the index stays
    write(source, line("1", "The pump arrived at the quay.") + line("2", "The ferry left.") + line("3", "Calm."))
    [report] = bot.refresh("a", NOW, quiet).sources
    assert (report.added, bot.snapshot().manifest.model.name) == (1, "other")
    assert bot.snapshot().versions() == {1, 2, 3}
    assert asked == ["other"]
    bot.close()
    other.close()


def test_who_follows_without_being_asked_meanwhile_leaves_the_new_index(tmp_path: Path, source: Path) -> None:
    bot = opened(tmp_path / "home", Counting(), [])
    bot.add([str(source)], SourceOptions(blog="a"), NOW, quiet)
    nearest(bot)
    other = opened(tmp_path / "home", Other("b"))
    other.reindex(True, NOW, quiet)
    write(source, line("1", "The pump arrived at the quay.") + line("2", "The ferry left.") + line("3", "Calm."))
    bot.refresh("a", NOW, quiet)
    assert (bot.model_name, other.snapshot().manifest.model.name) == ("other", "other")
    assert other.snapshot().versions() == {1, 2, 3}
    bot.close()
    other.close()


def test_who_never_answered_from_it_is_told_that_it_is_foreign(tmp_path: Path, source: Path) -> None:
    made = opened(tmp_path / "home", Counting())
    made.add([str(source)], SourceOptions(blog="a"), NOW, quiet)
    late = opened(tmp_path / "home", Other("b"), [])
    with pytest.raises(ForeignSnapshot, match="made with the model counting, now it is other"):
        late.ask("pump quay")
    made.close()
    late.close()
