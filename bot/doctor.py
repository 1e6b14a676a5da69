"""`stet doctor`: what is wrong, and how to mend it. Each check stands alone, and none changes anything."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot import examining, examining_slack, output
from bot.examining import Check, State, failed, fine
from bot.own import PACKAGES, foreign_package
from retrieval.errors import StetError

if TYPE_CHECKING:
    from retrieval.embedding import Embedder

UNREAD = timedelta(hours=6)
"""After how long a running live blog is called unread."""
_OWN_ENVIRONMENT = "install Stet into an environment of its own: python3 -m venv .venv && .venv/bin/pip install ."


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """What is examined. `load` gives the model that `model` names and notes in the file that it is given what was
    verified of it; `stuck` counts the messages that Slack would not let change; `threads` says whether threads are
    followed in some channel, which needs scopes of its own."""

    home: Path
    model: str
    load: Callable[[Path], Embedder]
    bot_token: str | None
    app_token: str | None
    api_url: str
    stuck: Callable[[], int]
    threads: Callable[[], bool]
    unread: timedelta = UNREAD


def run(patient: Patient, now: datetime, as_json: bool) -> bool:
    """Print every check, each as soon as it is made, and how to mend what is wrong; whether none failed."""
    checks = []
    for check in examine(patient, now):
        checks.append(check)
        if not as_json:
            for line in _lines(check):
                output.say(output.safe(line))
    ok = not any(one.state is State.FAILED for one in checks)
    if as_json:
        output.say(output.json_line({"checks": [_object(one) for one in checks], "ok": ok}))
    return ok


def examine(patient: Patient, now: datetime) -> Iterator[Check]:
    """Every check, the slowest last. Nothing is raised for what is damaged or missing: that is what is looked for."""
    home, url = patient.home, patient.api_url
    every: list[tuple[str, Callable[[], Check | Iterable[Check]]]] = [
        ("packages", packages),
        ("permissions", lambda: examining.permissions(home)),
        ("disk", lambda: examining.disk(home)),
        ("archive", lambda: examining.whole(home, "archive")),
        ("ledger", lambda: examining.whole(home, "ledger")),
        ("index", lambda: examining.index(home, patient.model)),
        ("index files", lambda: examining.digests(home)),
        ("sources", lambda: examining.sources(home, patient.unread, now)),
        ("take-downs", lambda: examining.takedowns(home)),
        ("messages", lambda: examining.messages(patient.stuck())),
        ("serving", lambda: examining.serving(home)),
        ("SLACK_BOT_TOKEN", lambda: examining_slack.bot_token(url, patient.bot_token, patient.threads())),
        ("SLACK_APP_TOKEN", lambda: examining_slack.app_token(url, patient.app_token)),
        ("model", lambda: examining.loaded(home, patient.load)),
    ]
    for name, check in every:
        yield from _made(name, check)


def _made(name: str, check: Callable[[], Check | Iterable[Check]]) -> Iterator[Check]:
    """What a check finds; whatever a damaged file makes our own code raise is a finding, too."""
    try:
        found = check()
        yield from [found] if isinstance(found, Check) else found
    except StetError as error:
        yield failed(name, error.message, error.hint)
    except OSError as error:
        where = error.filename or "a file"
        yield failed(name, f"{where} cannot be read: {error.strerror or error}", "check its permissions and the disk")
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        yield failed(
            name,
            f"what is stored makes no sense: {type(error).__name__}",
            "stop the bot, move the archive away, and stet restore a backup",
        )


def packages() -> Check:
    """Are `bot`, `config` and `retrieval` our own, and does no other distribution provide them, too?"""
    if stranger := foreign_package():
        found, _, mend = stranger.partition("; ")
        return failed("packages", found, mend)
    provided = importlib.metadata.packages_distributions()
    providers = {name: sorted({one.lower() for one in provided.get(name, ())}) for name in PACKAGES}
    several = [f"{name} by {', '.join(by)}" for name, by in providers.items() if by not in ([], ["stet"])]
    if several:
        return failed("packages", f"provided by others as well: {'; '.join(several)}", _OWN_ENVIRONMENT)
    return fine("packages", f"{', '.join(PACKAGES)} are Stet's own, and nobody else's")


def _lines(check: Check) -> Iterator[str]:
    yield f"{check.state:<8} {check.name}: {output.one_line(check.found)}"
    if check.mend:
        yield f"         to mend it: {output.one_line(check.mend)}"


def _object(check: Check) -> dict[str, object]:
    return {"name": check.name, "state": check.state, "found": output.one_line(check.found), "mend": check.mend}
