"""`stet serve` as a process: what it refuses to start without, and how it stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot import wording
from tests.slack_server import LoopbackSlack

ROOT = Path(__file__).parents[1]
TIMEOUT = 60


@contextmanager
def serving(home: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The command, running; killed at the end where it does not end by itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "--home", str(home), "serve"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def refused(home: Path, **environment: str) -> str:
    """The one line on standard error of a `serve` that ends with 2."""
    with serving(home, **environment) as process:
        out, said = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (2, "")
    [line] = said.splitlines()
    return line


def test_tokens_that_are_missing_or_mixed_up_are_named(tmp_path: Path) -> None:
    assert refused(tmp_path).startswith(
        "stet: SLACK_BOT_TOKEN is not set; set it to the token that begins with xoxb-"
    )
    mixed = refused(tmp_path, SLACK_BOT_TOKEN="xapp-secret", SLACK_APP_TOKEN="xapp-secret")
    assert mixed.startswith("stet: SLACK_BOT_TOKEN does not begin with xoxb-")
    assert "secret" not in mixed
    assert refused(tmp_path, SLACK_BOT_TOKEN="xoxb-secret").startswith("stet: SLACK_APP_TOKEN is not set")


def test_tokens_that_slack_refuses_are_named_and_never_shown(tmp_path: Path) -> None:
    with LoopbackSlack() as slack:
        said = refused(
            tmp_path, SLACK_BOT_TOKEN="xoxb-wrong", SLACK_APP_TOKEN="xapp-wrong", SLACK_API_URL=slack.api_url
        )
    assert said == "stet: Slack refuses SLACK_BOT_TOKEN: invalid_auth; copy the token from the app's settings again"


def test_slack_out_of_reach_is_said(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9/api/"
    said = refused(tmp_path, SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1", SLACK_API_URL=nowhere)
    assert said.startswith(f"stet: Slack cannot be reached at {nowhere}")


def test_it_answers_and_on_sigterm_finishes_what_is_under_way(tmp_path: Path) -> None:
    with LoopbackSlack() as slack:
        slack.slow("chat.postMessage", 1.0)
        tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
        with serving(tmp_path, SLACK_API_URL=slack.api_url, **tokens) as process:
            slack.wait_for_connections(1, timeout=TIMEOUT)
            asked = slack.direct_message("Is anyone there?", "U1")
            asked.wait_acked()
            process.send_signal(signal.SIGTERM)
            out, said = process.communicate(timeout=TIMEOUT)
        [posted] = slack.posts
        slack.assert_clean()
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in said
    assert posted.text == wording.EMPTY_INDEX


def test_an_app_token_that_slack_refuses_is_named(tmp_path: Path) -> None:
    with LoopbackSlack() as slack:
        said = refused(
            tmp_path, SLACK_BOT_TOKEN=slack.bot_token, SLACK_APP_TOKEN="xapp-wrong", SLACK_API_URL=slack.api_url
        )
    assert said.startswith("stet: Slack refuses SLACK_APP_TOKEN: ")
    assert "xapp-wrong" not in said
