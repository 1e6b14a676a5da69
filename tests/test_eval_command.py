"""`stet eval`: figures in the terminal and as JSON, a run kept and compared, plots drawn, refusals in one line."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot import evaluated, plots, runs
from retrieval.clock import parse_moment
from retrieval.embedding import Embedder
from retrieval.errors import StetError, UsageError
from retrieval.figures import Result
from retrieval.model import Outcome
from tests.command import Command, finish, start_python, two_blogs
from tests.data_folder import GOLD

QUESTIONS = (
    {"question": "Who won the Quillhaven cup?", "times": ["16:40"], "answers": ["Bramble"], "kind": "fact"},
    {
        "question": "What did the schooner lose off Gannet Point?",
        "times": ["11:30"],
        "answers": ["her mast"],
        "kind": "fact",
    },
    {"question": "What was posted at 8am?", "times": ["08:00"], "answers": ["Picking has begun"], "kind": "time"},
    {"question": "What is the capital of Mongolia?", "times": [], "kind": "nothing"},
    {"question": "Who wrote the opera about Venice?", "times": [], "kind": "nothing"},
)
NAMES = (
    "r_at_1", "r_at_3", "r_at_5", "mrr", "answered", "answered_rightly", "answer_shown", "answer_in_highlight",
    "false_answers", "answered_at_tolerated", "auroc", "ece", "brier", "aurc", "median_ms", "p95_ms",
)  # fmt: skip


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def stet(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    """Two live blogs, in two zones. Not to be changed."""
    return two_blogs(Command(tmp_path_factory.mktemp("two") / "home", embedder, patch))


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("gold") / "gold.jsonl", *QUESTIONS)


def contents(folder: Path) -> dict[str, str]:
    """Every file in a folder by the digest of its bytes; SQLite's own shared memory is none of the archive's."""
    files = [one for one in folder.rglob("*") if one.is_file() and not one.name.endswith(("-shm", "-wal"))]
    return {str(one): hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


def test_the_run_as_json(stet: Command, gold: Path) -> None:
    before = contents(stet.home)
    finished = stet("eval", gold, "--json")
    assert (finished.status, finished.err) == (0, "")
    found = finished.object()
    assert contents(stet.home) == before
    assert found["gold"] == {
        "file": str(gold),
        "sha256": hashlib.sha256(gold.read_bytes()).hexdigest(),
        "questions": 5,
        "answerable": 3,
        "unanswerable": 2,
    }
    status = stet("status", "--json").object()
    assert (found["model"], found["snapshot"]) == (status["model"], status["snapshot"])
    assert tuple(found["figures"]) == NAMES
    assert found["figures"]["r_at_1"] == {"value": 1.0, "n": 3, "hits": 3, "interval": [0.4385, 1.0]}
    assert found["figures"]["answer_shown"]["hits"] == found["figures"]["answered_rightly"]["hits"] == 3
    assert found["figures"]["mrr"] == {"value": 1.0, "n": 3}
    assert list(found["by_kind"]) == ["fact", "time", "nothing"]
    assert found["by_kind"]["nothing"]["false_answers"]["n"] == 2
    assert found["by_kind"]["nothing"]["r_at_1"] == {"value": None, "n": 0, "hits": 0}
    assert sum(one["n"] for one in found["reliability"]) == 5
    assert [one["question"] for one in found["results"]] == [one["question"] for one in QUESTIONS]
    assert [one["first"] for one in found["results"][:3]] == [
        "regatta-2031-06-14/r4",
        "regatta-2031-06-14/r2",
        "orchard-2031-10-02/o1",
    ]
    assert "comparison" not in found
    assert found["warnings"] == []


def test_each_question_is_asked_as_ask_does(stet: Command, gold: Path) -> None:
    results = stet("eval", gold, "--json").object()["results"]
    for one in results:
        asked = stet("ask", "--json", one["question"]).object()
        assert (asked["outcome"], asked["confidence"]) == (one["outcome"], round(one["confidence"], 4))
        assert [*asked["passages"], *asked["nearest"]][0]["citation"]["entry"] == one["first"]


def test_the_run_in_the_terminal(stet: Command, gold: Path) -> None:
    finished = stet("eval", gold)
    assert (finished.status, finished.err) == (0, "")
    lines = finished.out.splitlines()
    assert lines[0] == f"{gold}: 5 questions, 3 answerable, 2 that nothing answers"
    assert lines[1].startswith("Stet ")
    rows = {line[:30].strip(): line[30:].split() for line in lines[3:20]}
    assert rows["R@1"] == ["1.000", "3", "of", "3", "0.439", "to", "1.000"]
    assert rows["MRR"] == ["1.000", "n", "=", "3"]
    assert [line.split()[0] for line in lines if line.startswith(("kind", "fact", "time", "nothing"))] == [
        "kind",
        "fact",
        "time",
        "nothing",
    ]
    assert "not answered as the gold has it" not in finished.out


def test_what_is_missed_is_listed(stet: Command, tmp_path: Path) -> None:
    wrong = [
        {"question": "Who won the Quillhaven cup?", "times": ["16:41"]},
        {
            "question": "What did the schooner lose off Gannet Point?",
            "times": ["11:30"],
            "answers": ["her \x1b[31mflag"],
        },
        {"question": "Who blamed a worn shackle?", "times": []},
    ]
    finished = stet("eval", written(tmp_path / "gold.jsonl", *wrong))
    assert finished.status == 0
    assert finished.err == "stet: warning: line 1: no entry of 16:41 is indexed\n"
    missed = finished.out[finished.out.index("3 questions not answered as the gold has it:") :].splitlines()
    assert [line.partition(", confidence ")[0] for line in missed[1:]] == [
        "  Who won the Quillhaven cup? (answered, no accepted entry among the first ten",
        "  What did the schooner lose off Gannet Point? (the passage shown lacks the answer",
        "  Who blamed a worn shackle? (answered, and nothing answers it",
    ]
    assert "\x1b" not in finished.out


# ------------------------------------------------------------------------------------------------ kept and compared


def test_a_run_is_kept_for_its_owner_alone_and_compared(stet: Command, gold: Path, tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    finished = stet("eval", gold, "--save", kept)
    assert finished.status == 0
    assert finished.out.endswith(f"\nsaved, with the questions in it: {kept}\n")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    body = json.loads(kept.read_bytes())
    assert body["confidential"].startswith("it holds the questions")
    body["results"][0] |= {"rank": 2, "right": False, "outcome": "nothing_found", "shown": False}
    body["results"][3] |= {"outcome": "answered"}
    body["results"][4] |= {"question": "Who wrote it?"}
    kept.write_text(json.dumps(body), encoding="utf-8")
    again = stet("eval", gold, "--against", kept, "--save", kept, "--json").object()
    found = again["comparison"]
    assert found["against"]["snapshot"] == again["snapshot"]
    assert found["questions"] == 4
    assert (found["before"]["r_at_1"]["hits"], found["after"]["r_at_1"]["hits"]) == (2, 3)
    assert (found["before"]["false_answers"]["hits"], found["after"]["false_answers"]["hits"]) == (1, 0)
    assert found["newly_right"] == found["newly_answered"] == ["Who won the Quillhaven cup?"]
    assert (found["newly_wrong"], found["newly_silent"]) == ([], ["What is the capital of Mongolia?"])
    assert found["mcnemar_p"] == 1.0
    assert "comparison" not in json.loads(kept.read_bytes())
    assert json.loads(kept.read_bytes())["results"][4]["question"] == "Who wrote the opera about Venice?"


def test_a_comparison_in_the_terminal(stet: Command, gold: Path, tmp_path: Path) -> None:
    kept, other = tmp_path / "run.json", written(tmp_path / "other.jsonl", *QUESTIONS[:4])
    assert stet("eval", gold, "--save", kept).status == 0
    body = json.loads(kept.read_bytes())
    body["results"][0] |= {"rank": None, "right": False}
    body["results"][3] |= {"outcome": "answered"}
    kept.write_text(json.dumps(body), encoding="utf-8")
    out = stet("eval", other, "--against", kept).out
    compared = out[out.index("\nagainst Stet ") :]
    assert "the gold is not the same file: compared over the 4 questions that both hold" in compared
    [row] = [line.split() for line in compared.splitlines() if line.startswith("R@1 ")]
    assert row == ["R@1", "0.667", "1.000", "3"]
    [row] = [line.split() for line in compared.splitlines() if line.startswith("AUROC ")]
    assert row[-2:] == ["3,", "4"]
    assert "newly right at rank 1: 1\n  Who won the Quillhaven cup?\n" in compared
    assert "newly silent: 1\n  What is the capital of Mongolia? (nothing answers it)\n" in compared
    assert compared.endswith("R@1: so uneven a change comes by chance with p = 1.000 (McNemar, exact)\n")


RESULT = Result(
    question="Who won?",
    blog=None,
    kind="fact",
    answerable=True,
    outcome=Outcome.ANSWERED,
    confidence=0.75,
    rank=1,
    right=True,
    shown=True,
    highlighted=None,
    first="regatta/r4",
    elapsed_ms=7.5,
)
RUN = runs.Run(
    stet="0.1.0",
    model="made-up",
    snapshot="s1",
    at=parse_moment("2031-06-15T09:00:00+01:00", None, "at"),
    file="gold.jsonl",
    sha256="0" * 64,
    results=(RESULT,),
    warnings=(),
)


def test_a_run_comes_back_as_it_was() -> None:
    assert runs.run_from(runs.to_json(RUN).decode(), "run.json") == RUN


def changed(*path: str | int, to: object) -> str:
    """The run's file with one value changed."""
    body: Any = runs.to_object(RUN)
    held = body
    for key in path[:-1]:
        held = held[key]
    held[path[-1]] = to
    return json.dumps(body)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "run.json is no run of `stet eval`"),
        ("[]", "run.json is no run of `stet eval`"),
        ('{"question": "a?", "times": []}', "run.json is no run of `stet eval`"),
        (changed("format", to=2), "run.json has the format 2, this Stet knows 1"),
        (changed("model", to=None), "run.json: 'model' is null, which no run holds"),
        (changed("at", to="yesterday"), "run.json: 'at' is \"yesterday\", not ISO 8601"),
        (changed("gold", to=[]), "run.json: it is [], not an object"),
        (changed("results", to=[]), "run.json: 'results' is [], which no run holds"),
        (changed("results", 0, to=3), "run.json: result 1: it is 3, not an object"),
        (changed("results", 0, "rank", to=11), "run.json: result 1: 'rank' is 11, which no run holds"),
        (changed("results", 0, "rank", to=True), "run.json: result 1: 'rank' is true, which no run holds"),
        (changed("results", 0, "confidence", to=1.5), "result 1: 'confidence' is 1.5, which no run holds"),
        (changed("results", 0, "confidence", to=-1), "result 1: 'confidence' is -1, which no run holds"),
        (changed("results", 0, "outcome", to="won"), "result 1: 'outcome' is \"won\", which no run holds"),
        (changed("results", 0, "outcome", to=["won"]), "result 1: 'outcome' is [\"won\"], which no run holds"),
        (
            changed("results", 0, "elapsed_ms", to=10**400),
            "result 1: 'elapsed_ms' is 1000000",
        ),
        (changed("results", 0, "elapsed_ms", to="7"), "result 1: 'elapsed_ms' is \"7\", which no run holds"),
        (changed("results", 0, "question", to="\ud800"), "result 1: 'question' is \"\\ud800\", which no run holds"),
        (changed("results", 0, to={}), "result 1: 'question' is missing, which no run holds"),
    ],
)
def test_what_is_no_run_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        runs.run_from(text, "run.json")
    assert said in caught.value.message
    assert caught.value.hint == "name a file that `stet eval --save` wrote"


places = st.sampled_from(["format", "stet", "model", "snapshot", "at", "gold", "results"])
values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@given(
    st.text()
    | st.builds(lambda key, value: changed(key, to=value), places, values)
    | st.builds(lambda key, value: changed("results", 0, key, to=value), st.sampled_from(list(runs._RESULT)), values)
)
def test_no_file_raises_anything_but_our_own_errors(text: str) -> None:
    try:
        found = runs.run_from(text, "run.json")
    except StetError:
        return
    assert runs.run_from(runs.to_json(found).decode(), "run.json") == found


# ------------------------------------------------------------------------------------------------ drawn


def test_plots_are_drawn(stet: Command, gold: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "figures"
    finished = stet("eval", gold, "--plots", folder)
    assert (finished.status, finished.err) == (0, "")
    assert finished.out.endswith(f"\ndrawn: {folder / 'reliability.png'}\ndrawn: {folder / 'risk-coverage.png'}\n")
    assert sorted(one.name for one in folder.iterdir()) == ["reliability.png", "risk-coverage.png"]
    for name in plots.NAMES:
        with Image.open(folder / name) as picture:
            assert (picture.format, picture.size) == ("PNG", (960, 840))
            assert len(picture.convert("RGB").getcolors(1_000_000) or ()) > 50


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("right", [True, False])
def test_a_run_of_one_question_is_drawn(tmp_path: Path, confidence: float, right: bool) -> None:
    plots.draw([replace(RESULT, confidence=confidence, right=right)], RUN.at, tmp_path)
    assert all((tmp_path / name).stat().st_size > 10_000 for name in plots.NAMES)


def test_without_the_library_that_draws_the_extra_is_named(
    stet: Command, gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(plots, "find_spec", lambda name: None if name == "matplotlib" else find(name))
    refused = stet("eval", gold, "--plots", tmp_path / "figures").refusal()
    assert refused == "to draw plots needs matplotlib; install it: pip install '.[eval]' in a checkout"
    assert not (tmp_path / "figures").exists()
    assert stet("eval", gold).status == 0


# ------------------------------------------------------------------------------------------------ refusals


def test_each_refusal_is_one_line_and_nothing_is_asked_or_written(
    stet: Command, gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a question was asked")

    monkeypatch.setattr("retrieval.archive.Archive.ask", asked)
    note, folder = tmp_path / "note.txt", tmp_path / "folder"
    note.write_text("Buy more rope.", encoding="utf-8")
    folder.mkdir()
    bad = written(tmp_path / "bad.jsonl", {"question": "a?", "times": ["9am"]}, {"question": "b?"})
    blog = written(tmp_path / "blog.jsonl", {"question": "a?", "times": [], "blog": "nowhere"})
    before = contents(tmp_path), contents(stet.home)
    for words, said in (
        (["missing.jsonl"], "missing.jsonl does not exist; check the path"),
        ([bad], "bad.jsonl: 2 lines are wrong: line 1: 'times' holds \"9am\", no time like"),
        ([blog], "blog.jsonl: 1 line is wrong: line 1: 'blog' is 'nowhere', and there is no such blog"),
        (["go\udce9ld"], "the file 'go\\udce9ld' is not UTF-8"),
        ([gold, "--against", note], "note.txt is no run of `stet eval`; name a file that `stet eval --save` wrote"),
        ([gold, "--against", tmp_path / "none.json"], "none.json does not exist"),
        ([gold, "--save", gold], "gold.jsonl, which is no run of `stet eval`; name another file"),
        ([gold, "--save", note], "note.txt, which is no run of `stet eval`; name another file"),
        ([gold, "--save", folder], "which is no run of `stet eval`; name another file"),
        ([gold, "--save", folder / "none" / "run.json"], f"--save: there is no folder {folder / 'none'}; make it"),
        ([gold, "--save", stet.home / "run.json"], "--save is in the archive's own folder"),
        ([gold, "--save", ""], "--save is empty"),
        ([gold, "--save", "a\0b"], "--save 'a\\x00b' cannot be used"),
        ([gold, "--plots", note], "--plots names no folder"),
        ([gold, "--plots", stet.home / "figures"], "--plots is in the archive's own folder"),
        ([gold, "--plots", " "], "--plots is empty"),
        ([], "Missing argument 'FILE'; see `stet eval --help`"),
    ):
        finished = stet("eval", *words)
        assert said in finished.refusal(), words
        assert finished.out == ""
    assert (contents(tmp_path), contents(stet.home)) == before


def test_an_empty_archive(tmp_path: Path, gold: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> None:
    empty = Command(tmp_path / "home", embedder, monkeypatch)
    assert empty("eval", gold).refusal() == "the archive is empty; add a live blog first: stet add FILE"


def test_a_disk_that_cannot_be_written_is_told_after_the_figures(
    stet: Command, gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("retrieval.files.os.fsync", full)
    finished = stet("eval", gold, "--save", tmp_path / "run.json", "--json")
    assert finished.refusal() == (
        f"--save: nothing was written: no space is left to write {tmp_path / 'run.json'}; "
        "name another place with --save"
    )
    assert finished.object()["figures"]["r_at_1"]["hits"] == 3
    assert list(tmp_path.iterdir()) == []


def test_many_warnings_are_told_in_short(stet: Command, tmp_path: Path) -> None:
    rows = [{"question": f"Who won race {number}?", "times": [f"03:{number:02}"]} for number in range(12)]
    finished = stet("eval", written(tmp_path / "gold.jsonl", *rows), "--json")
    assert (finished.status, finished.err.count("\n")) == (0, 11)
    assert finished.err.endswith("stet: warning: and 2 more, which --json lists\n")
    assert len(finished.object()["warnings"]) == 12


def test_many_kinds_and_misses_are_listed_in_short() -> None:
    results = tuple(
        replace(RESULT, question=f"Who won race {number}?", kind=f"race {number}", rank=2, right=False)
        for number in range(30)
    )
    lines = list(evaluated.told(replace(RUN, results=results), None, None))
    assert "and 10 more kinds, which --json lists" in lines
    assert [line.split()[2:5] for line in lines if line.startswith("race 19 ")] == [["0", "of", "1"]]
    assert lines[-3:] == [
        "  Who won race 18? (answered, the accepted entry ranks 2, confidence 0.750)",
        "  Who won race 19? (answered, the accepted entry ranks 2, confidence 0.750)",
        "  and 10 more, which --json lists",
    ]


IMPORTS = """
import sys
from bot import cli
status = cli.run()
print(status, *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize(("word", "expected"), [("--help", 0), ("missing.jsonl", 2)])
def test_help_and_refusals_load_neither_the_model_nor_what_draws(word: str, expected: int) -> None:
    status, *names = finish(start_python(IMPORTS, "eval", word)).err.splitlines()[-1].split()
    assert int(status) == expected
    assert not {"torch", "transformers", "faiss", "tantivy", "matplotlib", "sklearn"} & set(names)
    assert expected or not {"numpy", "sqlalchemy", "rich"} & set(names)


def test_the_customers_questions(
    seed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder
) -> None:
    stet = Command(tmp_path / "home", embedder, monkeypatch)
    assert stet("add", seed, "--date", "2014-08-26", "--timezone", "Europe/London").status == 0
    found = stet("eval", GOLD, "--json").object()
    assert found["warnings"] == []
    assert {name: one["n"] for name, one in found["figures"].items() if name.startswith(("r_", "false"))} == {
        "r_at_1": 20,
        "r_at_3": 20,
        "r_at_5": 20,
        "false_answers": 6,
    }
    assert [one["rank"] for one in found["results"][18:20]] == [1, 1]
    assert [one["shown"] for one in found["results"][18:20]] == [True, True]
