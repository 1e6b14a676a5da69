"""The benchmark against peers, as far as it needs none of them: what is asked, what is reckoned, what is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.peers import __main__ as command
from tests.benchmarks.peers import tables
from tests.benchmarks.peers.figures import Figures, Measured, ahead, figures, medians, percentile
from tests.benchmarks.peers.measuring import Run, Task, measure
from tests.benchmarks.peers.reporting import report
from tests.benchmarks.peers.running import Failed, environment, measured_apart, missing, rotated, task_of
from tests.benchmarks.peers.systems import BY_NAME, SYSTEMS, System
from tests.benchmarks.squad import SQUAD, Paragraph, paragraphs, spaced

ROOT = Path(__file__).parents[1]
RUN = Run(
    loading=5.0,
    indexing=10.0,
    indexing_cpu=18.0,
    elapsed=[4.0, 1.0, 3.0, 2.0, 100.0],
    asking_cpu=25.0,
    ranks=[1, 2, None, 1, 5],
    memory=800.0,
)
PEER = Measured(name="txtai-hybrid", label="txtai, hybrid", figures=figures(RUN), ranks=RUN.ranks)
OWN = Measured(
    name="stet",
    label="Stet",
    figures=replace(PEER.figures, r1=0.8, indexing=4.5, p50=3.3, memory=400.0),
    ranks=[1, 1, 1, 1, 2],
)


# ------------------------------------------------------------------------------------------------ what is asked


def test_every_paragraph_of_squad_answers_and_stands_once() -> None:
    if not SQUAD.exists():
        pytest.skip(f"{SQUAD} is missing: set STET_TEST_DATA")
    held = paragraphs()
    assert len(held) == len({one.text for one in held}) == 1_204
    assert sum(len(one.questions) for one in held) == 5_928
    assert len({one.article for one in held}) == 35
    assert all(one.questions for one in held)
    assert all(one.text == " ".join(one.text.split()) for one in held)


def test_what_is_chosen_is_evenly_spaced() -> None:
    assert spaced(range(10), 4) == [0, 2, 5, 7]
    assert spaced(range(3), 3) == spaced(range(3), 9) == spaced(range(3), 0) == [0, 1, 2]


def test_a_question_is_of_the_place_that_its_paragraph_has_among_the_chosen() -> None:
    held = [Paragraph(article=0, text=f"text {n}", questions=(f"{n}a?", f"{n}b?")) for n in range(4)]
    assert task_of(held, 2, 3) == Task(texts=["text 0", "text 2"], questions=[("0a?", 0), ("0b?", 0), ("2a?", 1)])
    assert len(task_of(held, 0, 0).questions) == 8


def test_each_turn_begins_with_another_system() -> None:
    orders = [[one.name for one in rotated(SYSTEMS, turn)] for turn in range(len(SYSTEMS))]
    assert [order[0] for order in orders] == list(BY_NAME)
    assert all(sorted(order) == sorted(BY_NAME) for order in orders)
    assert rotated(SYSTEMS, len(SYSTEMS)) == list(SYSTEMS)


def test_every_process_has_the_same_threads_and_none_of_stets_settings() -> None:
    own = {"PATH": "/bin", "STET_MODEL": "another", "STET_TEST_DATA": "/data", "OMP_NUM_THREADS": "8"}
    given = environment(own, 2)
    assert given["OMP_NUM_THREADS"] == given["MKL_NUM_THREADS"] == "2"
    assert given["PATH"] == "/bin"
    assert given["HF_HUB_OFFLINE"] == "1"
    assert [name for name in given if name.startswith("STET_")] == ["STET_TEST_DATA"]


# ------------------------------------------------------------------------------------------------ what is reckoned


class Sharing:
    """Ranks the texts that share a word with the question first, in their order."""

    def index(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def rank(self, question: str) -> list[int]:
        return [place for place, text in enumerate(self._texts) if set(text.split()) & set(question.split())]


def test_a_peer_is_asked_every_question_once_the_warm_up_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    made = System(name="sharing", label="", packages=(), start=lambda model, folder: Sharing())
    monkeypatch.setitem(BY_NAME, "sharing", made)
    task = Task(texts=["a quay", "a mill", "the mill"], questions=[("the quay", 0), ("mill", 2), ("ferry", 1)])
    run = measure("sharing", task)
    assert run.ranks == [1, 2, None]
    assert len(run.elapsed) == 3
    assert min(run.loading, run.indexing, run.memory, *run.elapsed) > 0


def test_figures_of_a_run() -> None:
    found = figures(RUN)
    assert found.mrr == pytest.approx((1 + 1 / 2 + 0 + 1 + 1 / 5) / 5)
    assert replace(found, mrr=0.0) == Figures(
        r1=0.4,
        r3=0.6,
        r5=0.8,
        mrr=0.0,
        loading=5.0,
        indexing=10.0,
        indexing_cpu=18.0,
        p50=3.0,
        p95=100.0,
        asking_cpu=25.0,
        memory=800.0,
    )


def test_percentiles_did_occur() -> None:
    hundred = [float(value) for value in range(100, 0, -1)]
    assert (percentile(hundred, 50), percentile(hundred, 95), percentile(hundred, 100)) == (50.0, 95.0, 100.0)
    assert percentile([7.0], 95) == percentile([7.0], 50) == 7.0


def test_medians_are_of_each_figure_apart() -> None:
    several = [replace(PEER.figures, p50=p50, indexing=s) for p50, s in ((1.0, 9.0), (5.0, 8.0), (3.0, 7.0))]
    assert medians(several) == replace(PEER.figures, p50=3.0, indexing=8.0)


def test_a_lead_is_reckoned_on_the_same_questions() -> None:
    # of 100 questions 10 are won and 4 lost: a mean of .06, a variance of .14 - .06 squared
    lead = ahead([1] * 96 + [2] * 4, [1] * 86 + [3] * 10 + [1] * 4)
    assert lead.points == pytest.approx(6.0)
    assert lead.half_width == pytest.approx(100 * 1.96 * (0.1364 / 100) ** 0.5)
    assert ahead([1, None], [1, 2]).points == 0.0


# ------------------------------------------------------------------------------------------------ what is told


def test_the_tables_form() -> None:
    heading, first, _ = tables.figures_table([PEER, OWN])
    assert dict(zip(heading[:7], first, strict=False)) == {
        "": "txtai, hybrid",
        "R@1": "0.400",
        "R@3": "0.600",
        "R@5": "0.800",
        "MRR": "0.540",
        "indexing s": "10.0",
        "CPU s": "18.0",
    }
    assert heading[7:] == ["p50 ms", "p95 ms", "CPU ms", "memory MiB", "loading s"]
    assert first[7:] == ["3.0", "100.0", "25.0", "800", "5.0"]


def test_columns_and_markdown() -> None:
    assert tables.plain([["", "R@1"], ["txtai, dense", ".630"], ["Stet", ".9"]]).split("\n") == [
        "               R@1",
        "txtai, dense  .630",
        "Stet            .9",
    ]
    assert tables.markdown([["", "R@1"], ["Stet", ".9"]]).split("\n") == ["|  | R@1 |", "|---|---:|", "| Stet | .9 |"]


def test_ratios_are_to_the_best_peer() -> None:
    _, *rows = tables.ratios_table([PEER, OWN], PEER)
    assert rows == [["Stet", "+40.0 ± 42.9", "× 0.45", "× 1.00", "× 1.10", "× 1.00", "× 1.00", "× 0.50"]]


def test_it_is_told_by_how_much_each_aim_is_reached_or_missed() -> None:
    assert tables.verdicts(OWN, PEER) == [
        "Stet beside txtai, hybrid: +40.0 points of R@1, wanted +6: reached by 34.0",
        "Stet beside txtai, hybrid: indexing × 0.45, wanted × 0.50 at most: reached by 0.05",
        "Stet beside txtai, hybrid: median question × 1.10, wanted × 1.00 at most: missed by 0.10",
    ]
    assert tables.verdicts(PEER, PEER)[0].endswith("+0.0 points of R@1, wanted +6: missed by 6.0")


def test_a_report_prints_and_writes_the_same_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {
        "data": "SQuAD 2.0 dev",
        "paragraphs": 1_204,
        "questions": 5,
        "repeats": 1,
        "threads": 2,
        "packages": {"txtai": "9.14.0"},
    }
    out = tmp_path / "made" / "here"
    report([PEER, OWN], {"txtai-hybrid": [RUN], "stet": [RUN, RUN]}, told, out)
    printed = capsys.readouterr().out
    assert printed.startswith("SQuAD 2.0 dev: 1,204 paragraphs as entries, 5 questions, one run, threads: 2\n")
    assert "Stet beside txtai, hybrid: +40.0 points of R@1" in printed
    written = json.loads((out / "peers.json").read_text())
    assert [(one["name"], one["figures"]["indexing"], len(one["runs"])) for one in written["systems"]] == [
        ("txtai-hybrid", 10.0, 1),
        ("stet", 4.5, 2),
    ]
    assert "| Stet | 0.800 |" in (out / "peers.md").read_text()
    assert "txtai 9.14.0." in (out / "peers.md").read_text()
    assert (out / "peers.png").read_bytes().startswith(b"\x89PNG")


def test_a_report_without_the_best_peer_makes_no_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"data": "SQuAD 2.0 dev", "paragraphs": 2, "questions": 5, "repeats": 3, "threads": 2, "packages": {}}
    report([OWN], {"stet": [RUN]}, told, None)
    printed = capsys.readouterr().out
    assert printed.startswith("SQuAD 2.0 dev: 2 paragraphs as entries, 5 questions, medians of 3 runs, threads: 2\n")
    assert "beside" not in printed
    assert printed.endswith("  400        5.0\n")


def test_a_peer_that_fails_is_told_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured_apart(system: System, task: Task, threads: int) -> Run:
        if system.name == "haystack":
            raise Failed("haystack, hybrid by RRF could not be measured; it said:\nout of memory")
        return RUN

    monkeypatch.setattr(command, "measured_apart", measured_apart)
    runs, failed = command.run(SYSTEMS, Task(texts=[], questions=[]), 2, 1)
    assert failed
    assert {name: len(own) for name, own in runs.items()} == {
        name: 0 if name == "haystack" else 2 for name in BY_NAME
    }
    told = capsys.readouterr().err
    assert told.count("it said:\nout of memory\n") == 2
    assert "run 2 of 2: Stet\n" in told


def test_a_process_that_ends_early_tells_what_it_said() -> None:
    unknown = System(name="no-such-peer", label="Nobody", packages=(), start=BY_NAME["stet"].start)
    with pytest.raises(Failed, match=r"(?s)^Nobody could not be measured; it said:\n.*KeyError: 'no-such-peer'\n$"):
        measured_apart(unknown, Task(texts=[], questions=[]), 1)


def test_missing_packages_name_the_extra() -> None:
    absent = System(name="absent", label="", packages=("stet", "no-such-peer"), start=BY_NAME["stet"].start)
    assert missing([absent]) == (
        "not installed: no-such-peer. In a checkout: pip install -e '.[benchmarks]'; or leave out: --only"
    )
    assert missing([BY_NAME["stet"]]) == ""


def test_missing_data_is_told_in_one_line(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.benchmarks.peers", "--only", "stet"]
    own = os.environ | {"STET_TEST_DATA": str(tmp_path)}
    done = subprocess.run(words, cwd=ROOT, env=own, capture_output=True, text=True)
    wanted = tmp_path / "squad" / "squad2-dev.json.gz"
    assert done.returncode == 2
    assert done.stderr == f"{wanted} is missing: set STET_TEST_DATA to the folder that holds squad/\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "stet,elastic"], "there is no elastic; there are langchain, txtai-dense, bm25s, haystack, "),
        (["--questions", "-1"], "'-1' is no number from 0 up"),
        (["--repeat", "0"], "give 1 or more"),
    ],
)
def test_wrong_usage_is_told_in_one_line(words: list[str], said: str) -> None:
    whole = [sys.executable, "-m", "tests.benchmarks.peers", *words]
    done = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
