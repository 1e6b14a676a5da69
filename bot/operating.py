"""The commands that keep a bot running: serve, its channels, its use, its proofs, its health, its backups."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot import command, edge, output
from bot.command import AsJson

app = typer.Typer()

Since = Annotated[str | None, typer.Option("--since", metavar="T", help="Only what was asked from then on.")]


@app.command(epilog="Example: SLACK_BOT_TOKEN=xoxb-... SLACK_APP_TOKEN=xapp-... stet serve")
def serve(
    mode: Annotated[
        str, typer.Option(metavar="socket|http", help="How Slack reaches it: Socket Mode needs no open port.")
    ] = "socket",
    port: Annotated[
        str | None, typer.Option(metavar="N", help="Listen there, for Slack or for health checks (also STET_PORT).")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow running blogs as well (also STET_WATCH_EVERY).")
    ] = False,
) -> None:
    """Run the Slack bot until it is stopped."""
    from bot import options, slack, wiring

    chosen = slack.Mode(options.one_of("--mode", mode, tuple(slack.Mode)))
    read = command.settings()
    if port is not None:
        read = read.model_copy(update={"port": options.port(port)})
    slack.serve(wiring.watched(read) if watch else read, chosen)


@app.command(epilog="Example: stet manifest > manifest.json")
def manifest(
    threads: Annotated[
        bool, typer.Option("--threads", help="With the reading of channels, for threads without a mention.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="For --mode http: where Slack reaches /slack/events.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the Slack app's manifest, to be pasted when creating the app; with --json on one line."""
    from bot.manifest import manifest as made

    found = made(threads=threads, request_url=url)
    output.say(output.json_line(found) if as_json else json.dumps(found, indent=2))


@app.command(epilog="Example: stet channel C024BE91L --threads --person S0614TZR7")
def channel(
    channel: Annotated[
        str | None, typer.Argument(metavar="CHANNEL", help="The channel's id; without one, all that are set.")
    ] = None,
    threads: Annotated[
        bool | None, typer.Option("--threads/--mention-only", help="Whether threads are followed without a mention.")
    ] = None,
    private: Annotated[
        bool | None, typer.Option("--private/--public", help="Whether answers are for the asker alone.")
    ] = None,
    blogs: Annotated[
        str | None, typer.Option(metavar="ID,...|all", help="Only these live blogs, of those that it may see.")
    ] = None,
    person: Annotated[
        str | None, typer.Option(metavar="ID|none", help="Whom to call: a channel, a person or a user group.")
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the defaults.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set how Stet behaves in a channel, or list what is set."""
    from bot import channeling, options

    with command.archive() as archive, command.ledger() as ledger:
        channeling.run(
            ledger,
            archive.blogs(),
            channel,
            threads=threads,
            private=private,
            blogs=blogs,
            person=person,
            reset=reset,
            by=options.user(),
            as_json=as_json,
        )


@app.command(epilog="Example: stet report --since 2031-02-01")
def report(
    since: Since = None,
    gold: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write gold questions there, for `stet eval`.")
    ] = None,
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="Those that nothing answered, too: review them before use.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what was asked, what was answered, and what people said of it."""
    from bot import options, reporting

    options.goes_with("--unanswered", unanswered, "--gold FILE", gold is not None)
    then = None if since is None else options.moment("--since", since)
    file = None if gold is None else reporting.gold_file(gold, command.settings().home)
    with command.ledger() as ledger:
        reporting.report(ledger, since=then, as_json=as_json, gold=file, unanswered=unanswered)


@app.command(epilog="Example: stet forget U012AB3CD")
def forget(
    user: Annotated[str, typer.Argument(metavar="USER", help="Their Slack id.")], as_json: AsJson = False
) -> None:
    """Forget one person: what they asked, and that they did."""
    from bot import options, reporting

    with command.ledger() as ledger:
        reporting.forget(ledger, options.utf8("the user", user), as_json)


@app.command(epilog="Example: stet audit")
def audit(as_json: AsJson = False) -> None:
    """Prove every answer that was posted against the archive, byte for byte."""
    from bot import auditing

    with command.archive() as archive, command.ledger() as ledger:
        proved = auditing.audit(archive, ledger, as_json)
    if not proved:
        raise typer.Exit(edge.NOT_PASSED)


@app.command(epilog="Example: stet impact river-wend-flood-2031-02-03/2031-02-03T21:58Z-1")
def impact(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The entry's id, BLOG/ID.")], as_json: AsJson = False
) -> None:
    """List every posted answer that quoted an entry."""
    from bot import auditing, options

    with command.archive() as archive, command.ledger() as ledger:
        auditing.impact(archive, ledger, options.utf8("the entry", entry), as_json)


@app.command(epilog="Example: stet doctor")
def doctor(as_json: AsJson = False) -> None:
    """Say what is wrong with the archive, the bot and this machine, and how to mend it."""
    from bot import doctor as examining
    from bot import wiring

    if not examining.run(wiring.patient(command.settings()), datetime.now(UTC), as_json):
        raise typer.Exit(edge.NOT_PASSED)


@app.command(epilog="Example: stet backup stet-2031-02-04.tar.gz")
def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The backup to write.")], as_json: AsJson = False
) -> None:
    """Write a backup of the archive and the ledger, while a bot may go on serving."""
    from bot import backing_up, options, wiring

    read = command.settings()
    backing_up.backup(
        read.home, Path(options.utf8("the backup", file)), datetime.now(UTC), wiring.public(read), as_json
    )


@app.command(epilog="Example: stet restore stet-2031-02-04.tar.gz --key takedown.key")
def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A backup that `stet backup` wrote.")],
    key: Annotated[
        str | None, typer.Option(metavar="FILE", help="The archive's takedown.key, where the folder lacks it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Replace what is there without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put the archive and the ledger back from a backup; what was taken down stays taken down."""
    from contextlib import suppress

    from bot import backing_up, options, terminal
    from retrieval.errors import NothingIndexed

    read = command.settings()
    given = None if key is None else Path(options.utf8("--key", key)).expanduser()
    path = Path(options.utf8("the backup", file)).expanduser()
    done = backing_up.restore(read.home, path, datetime.now(UTC), key=given, yes=yes, as_json=as_json)
    if not done:
        return
    with command.archive() as archive, terminal.progress("Indexing") as progress, suppress(NothingIndexed):
        archive.ensure_indexed(datetime.now(UTC), progress)
