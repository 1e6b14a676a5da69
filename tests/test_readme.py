"""README tells the truth: its commands, options, settings and sample output are the product's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main

from bot.checked import checked
from bot.cli import app
from bot.demo import QUESTIONS, TITLE
from bot.terminal import reply
from config.settings import table
from retrieval.archive import Archive
from retrieval.model import SourceOptions
from tests.data_folder import SAMPLE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def rows() -> list[list[str]]:
    lines = [line for line in README.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_stands_in_the_table(name: str) -> None:
    assert any(re.fullmatch(rf"`stet {name}(?: [^`]*)?`", row[0]) for row in rows()), name


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    assert COMMANDS[name].help
    assert re.match(rf"Example: .*\bstet {name}\b", COMMANDS[name].epilog or "")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_stands_in_readme(name: str) -> None:
    options = [one for parameter in COMMANDS[name].params for one in parameter.opts if one.startswith("-")]
    assert [one for one in options if one != "--help" and not re.search(rf"{re.escape(one)}\b", README)] == []


def test_every_command_in_readme_exists() -> None:
    named = set(re.findall(r"`(?:\S+ )*stet ([a-z-]+)", README)) | set(re.findall(r"^stet ([a-z-]+)", README, re.M))
    assert named <= set(COMMANDS)


def test_the_table_of_settings_is_what_the_settings_say() -> None:
    assert "\n".join(table()) in README


def test_the_two_commands_are_the_first_two_shell_blocks() -> None:
    first, second = re.findall(r"^```sh\n(.*?)\n```$", README, re.M | re.S)
    assert first == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/stet demo"
    assert second == "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"


def test_the_printed_sample_is_the_samples_own_words() -> None:
    assert f"$ stet ask '{QUESTIONS[0]}'" in README
    [block] = re.findall(r"^```text\n\$ stet ask(.*?)\n```$", README, re.M | re.S)
    words = " ".join(line.strip() for line in block.split("\n\n")[-1].split("\n")[:-1])
    assert words in SAMPLE.read_text()


def test_the_printed_check_is_what_is_said(make_archive: Callable[..., Archive]) -> None:
    [(quote, printed)] = re.findall(r'^```text\n\$ stet check "(.*?)"\n\n(.*?)\n```$', README, re.M | re.S)
    archive = make_archive(SAMPLE, options=SourceOptions(title=TITLE))
    with archive.checking() as checking:
        assert reply(checked(checking.check(quote))) == printed


def test_every_link_within_readme_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]*)\)", README)) <= anchors
