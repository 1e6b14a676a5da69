"""`stet` as a process: what it imports, whose packages it runs, and where its output may go."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.embedding import Embedder
from tests import converted_model
from tests.command import (
    Command,
    Finished,
    environment,
    finish,
    start,
    start_python,
    two_blogs,
)


@pytest.fixture
def stet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    return Command(tmp_path / "home", embedder, monkeypatch)


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    """Two live blogs, in two zones. Not to be changed."""
    return two_blogs(Command(tmp_path_factory.mktemp("two") / "home", embedder, patch))


HEAVY = ("torch", "sentence_transformers", "transformers", "faiss", "tantivy")
IMPORTS = """
import sys
sys.argv[0] = "stet"
from bot import cli
status = cli.run()
print(status, *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def imported(*words: str | Path) -> tuple[int, set[str], str]:
    """The exit status of `stet …`, the top-level modules that it imported, and what it printed."""
    finished = finish(start_python(IMPORTS, *words))
    *_, last = finished.err.splitlines()
    status, *names = last.split()
    return int(status), set(names), finished.out


def test_help_imports_nothing_heavy() -> None:
    status, names, out = imported("--help")
    assert (status, "Usage: stet" in out) == (0, True)
    assert not names & {*HEAVY, "sqlalchemy", "rich", "pydantic", "pydantic_settings", "numpy", "slack_bolt"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["status"], 0),
        (["show", "regatta-2031-06-14/r1"], 0),
        (["ask", "--blog", "nowhere", "x"], 2),
        (["add", "missing.txt"], 2),
    ],
)
def test_status_show_and_refusals_import_no_model_and_no_index(two: Command, words: list[str], expected: int) -> None:
    status, names, _ = imported("--home", two.home, *words)
    assert status == expected
    assert "sqlalchemy" in names
    assert not names & {"torch", "sentence_transformers", "transformers", "faiss", "slack_bolt", "rich"}


def test_asking_a_small_archive_imports_neither_torch_nor_faiss(two: Command) -> None:
    converted_model.give(two.home)
    status, names, out = imported("--home", two.home, "ask", "Who won the Quillhaven cup?")
    assert (status, "eleven seconds" in out) == (0, True)
    assert {"openvino", "tantivy"} <= names
    assert not names & {"torch", "sentence_transformers", "transformers", "faiss", "slack_bolt"}


def test_usage_errors_import_no_database(two: Command) -> None:
    for words in (["frob"], ["ask", "--frob"]):
        status, names, _ = imported("--home", two.home, *words)
        assert status == 2
        assert not names & {*HEAVY, "sqlalchemy", "rich"}


@pytest.mark.parametrize("package", ["config", "retrieval"])
@pytest.mark.parametrize("form", ["package", "module", "broken"])
def test_another_project_s_package_first_on_the_path(tmp_path: Path, package: str, form: str) -> None:
    if form == "module":
        file = tmp_path / f"{package}.py"
    else:
        file = tmp_path / package / "__init__.py"
        file.parent.mkdir()
    file.write_text("raise SystemExit('ran')" if form == "broken" else "", encoding="utf-8")
    code = f"import sys; import bot; sys.path.insert(0, {str(tmp_path)!r}); from bot.cli import main; main()"
    finished = finish(start_python(code, "status"))
    assert finished.refusal() == (
        f"the package {package!r} is another project's ({file}); "
        "install Stet into an environment of its own: python3 -m venv .venv && .venv/bin/pip install ."
    )
    assert finished.out == ""


def test_a_reader_that_goes_away_is_no_error(two: Command) -> None:
    process = start("--home", two.home, "status", "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert (process.stderr.read(), process.wait(60)) == ("", 0)
    process.stderr.close()


def test_a_full_disk_behind_standard_output(two: Command) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    with full.open("w") as out:
        finished = finish(start("--home", two.home, "status", stdout=out))
    assert finished.refusal() == "standard output cannot be written: No space left on device"


def test_no_standard_output_at_all(two: Command) -> None:
    code = "import os, sys; os.close(1); sys.stdout = None; from bot.cli import main; main()"
    finished = finish(start_python(code, "--home", two.home, "status"))
    assert (finished.status, finished.err) == (0, "")


def test_an_unforeseen_error_is_one_line_too(stet: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("by \x1b[31m\nnothing")

    monkeypatch.setattr("retrieval.archive.Archive.state", fails)
    finished: Finished = stet("status")
    assert finished.status == 2
    assert finished.err == (
        "stet: an error of Stet's own: ZeroDivisionError: by ␛[31m nothing; "
        "please report it with what STET_LOG_LEVEL=DEBUG prints\n"
    )


def test_a_question_is_asked_of_a_copy_elsewhere(two: Command, tmp_path: Path, stet: Command) -> None:
    """An archive is a folder: copied, it answers the same, and its database names no other place."""
    shutil.copytree(two.home, stet.home)
    asked = ("ask", "--json", "Who won the Quillhaven cup?")
    assert stet(*asked).object()["passages"] == two(*asked).object()["passages"]
    with sqlite3.connect(stet.home / "archive.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


INTERRUPTED_IN_EXEC = """
import typer
from bot import edge
app = typer.Typer()
@app.callback(invoke_without_command=True)
def command():
    exec("raise KeyboardInterrupt")
edge.main(app)
"""


def test_a_ctrl_c_in_the_middle_of_an_import_ends_with_130_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(INTERRUPTED_IN_EXEC)
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], env=environment(), cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (130, "", 1)
