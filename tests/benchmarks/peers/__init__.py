"""Stet beside its peers, in one run: the same entries, questions and model, each in a process of its own.

    python -m tests.benchmarks.peers [--paragraphs N] [--questions N] [--repeat N] [--out FOLDER] [--only NAME,…]

Every peer is set up as its authors' documentation sets it up, with the defaults of its packages and the bundled model
from its folder; nothing is tuned, Stet's settings neither. Each module here says what its peer's defaults are where
they are a choice. Every process has the same number of threads (`--threads`, by default the processor's cores): on a
machine where others work, one is the fairer, as threads that wait for each other spin. Needs the extra `benchmarks`,
and Linux, which tells a process's greatest memory.
"""
