"""`stet serve` as a process: what it refuses to start without, and how it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bot import wording
from retrieval.embedding import Embedder
from retrieval.serving import is_served, serving_lock
from tests import converted_model
from tests.command import Command
from tests.slack_http import Signature
from tests.slack_server import LoopbackSlack

ROOT = Path(__file__).parents[1]
TIMEOUT = 120


@contextmanager
def serving(home: Path, *words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The command, running; killed at the end where it does not end by itself."""
    if home.exists():
        converted_model.give(home)
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "--home", str(home), "serve", *words],
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


def refused(home: Path, *words: str, **environment: str) -> str:
    """The one line on standard error of a `serve` that ends with 2."""
    with serving(home, *words, **environment) as process:
        out, said = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (2, "")
    [line] = said.splitlines()
    return line


@pytest.fixture
def refused_here(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Callable[..., str]:
    """As `refused`, in this process: for what is refused before anything is started. A start costs 2 s."""
    stet = Command(tmp_path, embedder, monkeypatch)

    def refused_here(*words: str, **environment: str) -> str:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            finished = stet("serve", *words)
        assert (finished.status, finished.out, caplog.text) == (2, "", "")
        [line] = finished.err.splitlines()
        return line

    return refused_here


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def status(port: int, path: str) -> int:
    """The HTTP status of a page of the bot's own; 0 while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as page:
            return int(page.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def test_tokens_that_are_missing_or_mixed_up_are_named(tmp_path: Path, refused_here: Callable[..., str]) -> None:
    missing = refused(tmp_path)
    assert missing.startswith("stet: SLACK_BOT_TOKEN is not set; set it to the token that begins with xoxb-")
    assert refused_here() == missing
    mixed = refused_here(SLACK_BOT_TOKEN="xapp-secret", SLACK_APP_TOKEN="xapp-secret")
    assert mixed.startswith("stet: SLACK_BOT_TOKEN does not begin with xoxb-")
    assert "secret" not in mixed
    assert refused_here(SLACK_BOT_TOKEN="xoxb-secret").startswith("stet: SLACK_APP_TOKEN is not set")


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


def test_an_app_token_that_slack_refuses_is_named(tmp_path: Path) -> None:
    with LoopbackSlack() as slack:
        said = refused(
            tmp_path, SLACK_BOT_TOKEN=slack.bot_token, SLACK_APP_TOKEN="xapp-wrong", SLACK_API_URL=slack.api_url
        )
    assert said.startswith("stet: Slack refuses SLACK_APP_TOKEN: ")
    assert "xapp-wrong" not in said


# ------------------------------------------------------------------------------------------------ ways to Slack


def test_a_way_or_a_port_that_there_is_not_is_named(refused_here: Callable[..., str]) -> None:
    assert refused_here("--mode", "pigeon") == "stet: --mode is 'pigeon'; say socket or http"
    assert refused_here("--port", "65536").startswith("stet: --port is '65536'; give a number from 0 to 65535")
    assert refused_here("--port", "http").startswith("stet: --port is 'http'; ")


def test_over_http_a_signing_secret_is_needed_and_no_app_token(refused_here: Callable[..., str]) -> None:
    said = refused_here("--mode", "http", SLACK_BOT_TOKEN="xoxb-1")
    assert said.startswith(
        "stet: SLACK_SIGNING_SECRET is not set; copy it from the app's settings, Basic Information"
    )


def test_over_http_it_answers_what_slack_has_signed(tmp_path: Path) -> None:
    port, secret = free_port(), "5ecre7"
    with LoopbackSlack() as slack:
        said = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_SIGNING_SECRET": secret}
        with (
            serving(tmp_path, "--mode", "http", "--port", str(port), STET_LOG_LEVEL="debug", **said) as process,
            slack.http(f"http://127.0.0.1:{port}/slack/events", secret),
        ):
            slack.wait_until(lambda: status(port, "/healthz") == 200, TIMEOUT)
            asked = slack.mention("Is anyone there?", "U1", "C1")
            [posted] = slack.wait_for_posts(1)
            asked.wait_acked()
            event = dict(asked.payload["event"], channel="C2")
            forged = dict(asked.payload, event=event, event_id="Ev2")
            refusals: list[Signature] = ["wrong", "none", "stale"]
            statuses = [slack.http_post("events_api", forged, signature=one) for one in refusals]
            slack.settle()
            process.send_signal(signal.SIGTERM)
            out, log = process.communicate(timeout=TIMEOUT)
        slack.assert_clean()
    assert statuses == [401, 401, 401]
    assert (posted.thread_ts, posted.text) == (asked.ts, wording.EMPTY_INDEX)
    assert (process.returncode, out) == (0, "")
    assert secret not in log
    assert slack.bot_token not in log
    assert slack.connections_made == 0


def test_by_socket_mode_it_waits_for_the_archive_opens_its_port_answers_and_on_sigterm_finishes_what_is_under_way(
    tmp_path: Path,
) -> None:
    """One start for all of it: a start costs as much as many another test."""
    port = free_port()
    with LoopbackSlack() as slack, ExitStack() as earlier:
        slack.slow("chat.postMessage", 1.0)
        earlier.enter_context(serving_lock(tmp_path, 0))
        tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
        with serving(tmp_path, SLACK_API_URL=slack.api_url, STET_PORT=str(port), **tokens) as process:
            # one bot at a time serves an archive, and the next waits for it
            slack.wait_until(lambda: slack.calls_to("apps.connections.open"), TIMEOUT)
            slack.settle(1.0)
            assert (slack.connections_made, process.poll()) == (0, None)
            earlier.close()
            slack.wait_for_connections(1, timeout=TIMEOUT)
            assert is_served(tmp_path)
            # a port that is set is opened, and not for Slack
            slack.wait_until(lambda: status(port, "/healthz") == 200)
            assert status(port, "/readyz") == 503  # nothing is indexed yet
            assert status(port, "/slack/events") == 404
            # what is under way is finished
            asked = slack.direct_message("Is anyone there?", "U1")
            asked.wait_acked()
            process.send_signal(signal.SIGTERM)
            out, said = process.communicate(timeout=TIMEOUT)
        [posted] = slack.posts
        slack.assert_clean()
        assert not is_served(tmp_path)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in said
    assert posted.text == wording.EMPTY_INDEX
