"""Stet's encoders beside plain sentence-transformers on this computer: `python -m tests.benchmarks.encoding`.

SQuAD 2.0 dev's paragraphs in bulk, against `SentenceTransformer.encode` with its defaults; its questions one by one;
and what a command takes as a process of its own, from the start of Python to its end. The systems take turns, so that
whatever else the computer does bears on all alike; the ratio is that of their medians, of the clock and of the
processor's time. Vectors are compared with sentence-transformers' own, in float32: a paragraph's, and each of its
tokens'. `--processes N` compares, instead of all this, one process with N that share the cores, as `add` starts them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from retrieval import encoders
from retrieval.embedding import BUNDLED, Precision, SentenceTransformerEmbedder
from retrieval.encoding import Embedder, PooledEmbedder, Reading, Vectors
from retrieval.frames import Json
from retrieval.indexing import BATCH
from retrieval.openvino_embedder import OpenVINOEmbedder, has_bf16
from retrieval.projection import unit
from retrieval.spreading import Processes, cores
from tests.benchmarks.squad import asked, paragraphs, spaced
from tests.data_folder import SAMPLE

_NOTHING = [Reading(title="", text="No.", passages=((0, 3),))] * 32
"""A part for each process, so that all have to be ready."""
_QUESTION = "Will the council leader resign?"
_QUOTE = "Rosalind Thackwray has refused to resign as leader of the council."
COMMANDS = (("ask", _QUESTION), ("check", _QUOTE), ("status",), ("--help",))


@dataclass(kw_only=True)
class System:
    """What encodes, and what each of its turns took, in seconds: by the clock, and of the processor."""

    name: str
    encode: Callable[[Sequence[str]], object]
    ask: Callable[[str], object]
    embedder: PooledEmbedder | None = None
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    questions: list[float] = field(default_factory=list)

    def turn(self, texts: Sequence[str]) -> None:
        clock, processor = time.perf_counter(), time.process_time()
        self.encode(texts)
        self.clock.append(time.perf_counter() - clock)
        self.processor.append(time.process_time() - processor)


def systems(home: Path) -> list[System]:
    """Plain sentence-transformers first."""
    torch = SentenceTransformerEmbedder.load(BUNDLED, home / "model.json", "cpu", "float32")
    plain: SentenceTransformer = torch.model
    found = [
        System(name="sentence-transformers", encode=lambda texts: plain.encode(list(texts)), ask=plain.encode),
        System(name="Stet, torch", encode=torch.pooled, ask=torch.read_question, embedder=torch),
    ]
    precisions: tuple[Precision, ...] = ("float32", "bf16") if has_bf16() else ("float32",)
    for precision in precisions:
        made = encoders.load(BUNDLED, home / "model.json", "cpu", "openvino", precision)
        assert isinstance(made, OpenVINOEmbedder), "the model was not converted"
        name = f"Stet, OpenVINO {precision}"
        found.append(System(name=name, encode=made.pooled, ask=made.read_question, embedder=made))
    return found


def least_cosines(embedder: PooledEmbedder, plain: SentenceTransformer, texts: Sequence[str]) -> tuple[float, float]:
    """To sentence-transformers' own: the least of a text's vector, and of a token's."""
    own: Vectors = np.asarray(plain.encode(list(texts)), dtype=np.float32)
    pooled = float((unit(own) * unit(embedder.pooled(texts))).sum(axis=1).min())
    tokens = plain.encode(list(texts), output_value="token_embeddings", convert_to_numpy=False)
    pairs = zip(tokens, embedder.read(texts), strict=True)
    return pooled, min(float((unit(one.cpu().numpy()) * unit(other)).sum(axis=1).min()) for one, other in pairs)


def bulk(found: Sequence[System], texts: Sequence[str], turns: int) -> None:
    """Each system encodes as many texts in every turn; the first turn is not counted."""
    size = max(1, len(texts) // turns)
    for number in range(turns + 1):
        some = texts[:8] if number == 0 else texts[(number - 1) * size : number * size]
        for one in found:
            one.turn(some)
            if number == 0:
                one.clock.clear()
                one.processor.clear()


def questions(found: Sequence[System], texts: Sequence[str]) -> None:
    """Each system reads each question, one after the other; the first five are not counted."""
    for number, text in enumerate(texts):
        for one in found:
            began = time.perf_counter()
            one.ask(text)
            if number >= 5:
                one.questions.append((time.perf_counter() - began) * 1000)


def table(found: Sequence[System], texts: Sequence[str], turns: int, compared: int) -> list[str]:
    """One row a system."""
    lines = [
        "| | texts/s | ratio | of processor time | ms a question | least cosine: text | token |",
        "|---|---|---|---|---|---|---|",
    ]
    plain = found[0]
    torch = next(one.embedder for one in found if isinstance(one.embedder, SentenceTransformerEmbedder))
    for one in found:
        cosines = least_cosines(one.embedder, torch.model, spaced(texts, compared)) if one.embedder else (1.0, 1.0)
        rate = max(1, len(texts) // turns) / statistics.median(one.clock)
        ratio = statistics.median(plain.clock) / statistics.median(one.clock)
        of_processor = statistics.median(plain.processor) / statistics.median(one.processor)
        lines.append(
            f"| {one.name} | {rate:.1f} | {ratio:.2f} | {of_processor:.2f} | {statistics.median(one.questions):.1f} "
            f"| {cosines[0]:.6f} | {cosines[1]:.6f} |"
        )
    return lines


def commands(home: Path, turns: int) -> list[str]:
    """What each command takes, with either encoder where it needs one; the index is made first."""
    environment = {**os.environ, "STET_HOME": str(home), "STET_LOG_LEVEL": "ERROR"}
    # an installed Stet is compiled, and a checkout where Python may write that down
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(home.with_name(f"{home.name}-bytecode"))
    _stet(environment, "add", str(SAMPLE))
    lines = ["| command | encoder | seconds: median | least | of the processor: median |", "|---|---|---|---|---|"]
    for words in COMMANDS:
        for encoder in ("torch", "openvino") if words[0] == "ask" else ("",):
            told = {**environment, **({"STET_ENCODER": encoder} if encoder else {})}
            took = [_stet(told, *words) for _ in range(turns + 1)][1:]
            clock, processor = zip(*took, strict=True)
            lines.append(
                f"| `stet {words[0]}` | {encoder} | {statistics.median(clock):.2f} | {min(clock):.2f} "
                f"| {statistics.median(processor):.2f} |"
            )
    return lines


def _stet(environment: dict[str, str], *words: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "bot", *words]
    return _took(partial(subprocess.run, command, env=environment, stdout=subprocess.DEVNULL, check=True))


def processes(home: Path, texts: Sequence[str], turns: int, count: int) -> Iterator[str]:
    """What an `add` of these texts takes by one process and by several, their start and end included, and what these
    take to start and end alone; all in turns. The ratios are the medians of those within a turn."""
    threads = max(1, cores() // count)
    yield (
        f"| encoder | seconds: one process | {count}, threads each: {threads} | ratio | processor's: one | {count} "
        "| ratio | start: seconds | processor's |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    each: tuple[encoders.Encoder, ...] = ("openvino", "torch")
    readings = [Reading(title="", text=text, passages=((0, len(text)),)) for text in sorted(texts, key=len)]
    for encoder in each:
        embedder = encoders.load(BUNDLED, home / "model.json", "cpu", encoder)
        embedder.encode(readings[:8])
        told = {"name": BUNDLED, "verified": str(home / "model.json"), "device": "cpu", "encoder": encoder}
        apart = partial(_apart, embedder, {**told, "precision": "auto", "threads": threads}, count, threads)
        ways = (partial(embedder.encode, readings), partial(apart, readings), partial(apart, _NOTHING * count))
        took = np.array([[_took(way) for way in ways] for _ in range(turns)])  # turns, ways, clock and processor
        (one, some, start), ratios = np.median(took, axis=0), np.median(took[:, 0] / took[:, 1], axis=0)
        yield (
            f"| {encoder} | {one[0]:.2f} | {some[0]:.2f} | {ratios[0]:.2f} | {one[1]:.2f} | {some[1]:.2f} "
            f"| {ratios[1]:.2f} | {start[0]:.2f} | {start[1]:.2f} |"
        )


def _apart(embedder: Embedder, told: Json, count: int, threads: int, readings: Sequence[Reading]) -> None:
    """Encode by processes that are started for it."""
    with contextlib.closing(Processes(embedder, told, count, threads)) as started:
        list(started.encode_each([readings[start : start + BATCH] for start in range(0, len(readings), BATCH)]))


def _took(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, those of processes that ended meanwhile included."""
    before, began = _processor(), time.perf_counter()
    work()
    return time.perf_counter() - began, _processor() - before


def _processor() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure Stet's encoders on this computer.")
    parser.add_argument("--texts", type=int, default=160, help="how many paragraphs are encoded, evenly spaced")
    parser.add_argument("--turns", type=int, default=5, help="in how many turns")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--compared", type=int, default=40, help="how many paragraphs' vectors are compared")
    parser.add_argument("--processes", type=int, metavar="N", help="compare one process with N, and nothing else")
    parser.add_argument("--commands", type=int, default=5, help="how often each command is run; 0: not at all")
    said = parser.parse_args()
    texts = [one.text for one in spaced(paragraphs(), said.texts)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        if said.processes:
            for line in processes(home, texts, said.turns, said.processes):
                print(line, flush=True)
            return
        found = systems(home)
        bulk(found, texts, said.turns)
        questions(found, [one.question for one in spaced(asked(), said.questions + 5)])
        print("\n".join(table(found, texts, said.turns, said.compared)), flush=True)
        if said.commands:
            print("\n".join(["", *commands(home, said.commands)]))


if __name__ == "__main__":
    main()
