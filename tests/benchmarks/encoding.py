"""Stet's encoders beside plain sentence-transformers on this computer: `python -m tests.benchmarks.encoding`.

SQuAD 2.0 dev's paragraphs in bulk, against `SentenceTransformer.encode` with its defaults; its questions one by one;
and what a command takes as a process of its own, from the start of Python to its end. The systems take turns, so that
whatever else the computer does bears on all alike; the ratio is that of their medians, of the clock and of the
processor's time. Vectors are compared with sentence-transformers' own, in float32: a paragraph's, and each of its
tokens'. `--processes` also compares one process with two, each of which has half of the processors and of the texts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from retrieval import encoders, openvino_embedder
from retrieval.embedding import BUNDLED, Precision, SentenceTransformerEmbedder
from retrieval.encoding import PooledEmbedder, Vectors
from retrieval.openvino_embedder import OpenVINOEmbedder, has_bf16
from retrieval.projection import unit
from tests.benchmarks.squad import asked, paragraphs, spaced
from tests.data_folder import SAMPLE

_QUESTION = "Will the council leader resign?"
_QUOTE = "Rosalind Thackwray has refused to resign as leader of the council."
_LONGEST = 600.0
"""Seconds that processes wait for each other: one may have failed."""
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
    """Seconds by the clock, and of the processor."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "bot", *words], env=environment, stdout=subprocess.DEVNULL, check=True)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _worker(
    home: str, encoder: encoders.Encoder, texts: list[str], cores: int, ready: Barrier, done: Barrier
) -> None:
    """A process of its own: loads the model, waits for the others, and encodes its texts on so many processors."""
    import torch

    torch.set_num_threads(cores)
    openvino_embedder._SETTINGS = {
        use: {**told, "INFERENCE_NUM_THREADS": cores} for use, told in openvino_embedder._SETTINGS.items()
    }
    found = encoders.load(BUNDLED, Path(home) / "model.json", "cpu", encoder)
    assert isinstance(found, PooledEmbedder)
    found.pooled(texts[:2])
    ready.wait()
    found.pooled(texts)
    done.wait()


def processes(home: Path, texts: Sequence[str], turns: int) -> list[str]:
    """Texts a second by one process and by two, in turns; their start and loading is not counted."""
    lines = ["| texts/s | one process | two processes |", "|---|---|---|"]
    each: tuple[encoders.Encoder, ...] = ("torch", "openvino")
    for encoder in each:
        rates: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(turns):
            for count, found in rates.items():
                found.append(len(texts) / _by_processes(home, encoder, texts, count))
        one, two = (statistics.median(found) for found in rates.values())
        lines.append(f"| {encoder} | {one:.1f} | {two:.1f} |")
    return lines


def _by_processes(home: Path, encoder: encoders.Encoder, texts: Sequence[str], count: int) -> float:
    """Seconds."""
    context = multiprocessing.get_context("spawn")
    cores = max(1, len(os.sched_getaffinity(0)) // count)
    ready, done = context.Barrier(count + 1, timeout=_LONGEST), context.Barrier(count + 1, timeout=_LONGEST)
    parts = [list(texts[number::count]) for number in range(count)]
    workers = [context.Process(target=_worker, args=(str(home), encoder, part, cores, ready, done)) for part in parts]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    done.wait()
    took = time.perf_counter() - began
    for worker in workers:
        worker.join()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure Stet's encoders on this computer.")
    parser.add_argument("--texts", type=int, default=160, help="how many paragraphs are encoded, evenly spaced")
    parser.add_argument("--turns", type=int, default=5, help="in how many turns")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--compared", type=int, default=40, help="how many paragraphs' vectors are compared")
    parser.add_argument("--processes", action="store_true", help="one process and two, too")
    parser.add_argument("--commands", type=int, default=5, help="how often each command is run; 0: not at all")
    said = parser.parse_args()
    texts = [one.text for one in spaced(paragraphs(), said.texts)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        found = systems(home)
        bulk(found, texts, said.turns)
        questions(found, [one.question for one in spaced(asked(), said.questions + 5)])
        print("\n".join(table(found, texts, said.turns, said.compared)), flush=True)
        if said.processes:
            print("\n".join(["", *processes(home, texts, said.turns)]), flush=True)
        if said.commands:
            print("\n".join(["", *commands(home, said.commands)]))


if __name__ == "__main__":
    main()
