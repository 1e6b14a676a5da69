"""A first look: the sample live blog, three questions, and what to type next."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import render, terminal, wiring
from bot.output import say
from config.settings import Settings
from retrieval.model import SourceOptions

SAMPLE = Path(__file__).parent / "sample" / "river-wend-flood-2031-02-03.txt"
BLOG = "river-wend-flood-2031-02-03"
QUESTIONS = (
    "Will the council leader resign?",
    "Why was the No. 2 pump missing?",
    "What did the prime minister say about the flood?",
)

TITLE = "River Wend flood"
ADDING = "Adding the sample live blog. It is fiction: a town, its council and a river in flood."
NEXT = """Now ask something yourself:

  {stet} ask "How many homes were evacuated?"
  {stet} status

And then add a live blog of your own: stet add FILE"""


def run(settings: Settings) -> None:
    """Add the sample and ask. Where the archive holds other blogs, in a folder of the demo's own."""
    archive = wiring.archive(settings)
    if set(archive.blogs()) - {BLOG}:
        archive.close()
        settings = settings.model_copy(update={"home": settings.home / "demo"})
        archive = wiring.archive(settings)
    try:
        say(ADDING)
        with terminal.progress("Embedding") as progress:
            options = SourceOptions(title=TITLE, timezone="Europe/London", blog=BLOG)
            done = archive.add([str(SAMPLE)], options, datetime.now(UTC), progress)
        for line in terminal.report(done):
            say(line)
        for question in QUESTIONS:
            say(f"\n$ stet ask {shlex.quote(question)}\n")
            say(terminal.reply(render.answer(archive.ask(question, limit=1))))
    finally:
        archive.close()
    say("\n" + NEXT.format(stet=f"{_command()} --home {shlex.quote(str(settings.home))}"))


def _command() -> str:
    """How `stet` was called, so that what is printed can be typed as it stands."""
    called = Path(sys.argv[0])
    return shlex.quote(str(called)) if called.name == "stet" else "stet"
