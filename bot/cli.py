"""The `stet` command. Heavy imports stand inside the commands: `--help` and every refusal answer at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot import command, edge, operating, output
from bot.command import AsJson

app = typer.Typer(
    name="stet",
    help="Answers from your live blogs, word for word, each with the time of its entry.",
    epilog="Example: stet add blog.txt --date 2014-08-26 --timezone Europe/London",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="Files, folders, addresses, or - for standard input.")
]
AcceptDeletions = Annotated[
    bool, typer.Option("--accept-deletions", help="Believe a source that lacks over a fifth of its blog.")
]
Held = Annotated[str, typer.Argument(metavar="ENTRY|BLOG|URL", help="An entry BLOG/ID, a live blog, or an address.")]
OneBlog = Annotated[str | None, typer.Option("--blog", metavar="ID", help="Only this live blog.")]


@app.callback()
def _options(
    home: Annotated[
        str | None, typer.Option("--home", metavar="DIR", help="The archive's folder (also STET_HOME).")
    ] = None,
) -> None:
    from bot import options

    command.Run.home = options.home(home)


@app.command(epilog="Example: stet add blog.txt --date 2014-08-26 --timezone Europe/London")
def add(
    sources: Sources,
    title: Annotated[str | None, typer.Option(help="The live blog's title.")] = None,
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day of the oldest entry.")] = None,
    timezone: Annotated[str | None, typer.Option(metavar="ZONE", help="Such as Europe/London.")] = None,
    language: Annotated[str | None, typer.Option(metavar="CODE", help="Such as en, the default.")] = None,
    url: Annotated[str | None, typer.Option(help="The live blog's own address, for links.")] = None,
    blog: Annotated[str | None, typer.Option(metavar="ID", help="The live blog's id in the archive.")] = None,
    visibility: Annotated[
        str | None, typer.Option(metavar="public|CHANNEL,...", help="Who may see it in Slack.")
    ] = None,
    sensitive: Annotated[
        bool | None, typer.Option("--sensitive/--no-sensitive", help="Whether to quote it to the asker alone.")
    ] = None,
    embargo_until: Annotated[str | None, typer.Option(metavar="T", help="Show nothing of it before then.")] = None,
    accept_deletions: AcceptDeletions = False,
    as_json: AsJson = False,
) -> None:
    """Read live blogs into the archive and index what is new."""
    from datetime import UTC, datetime

    from bot import options, printing, terminal
    from retrieval.serving import give_way

    said = options.source_options(
        title=title,
        date=date,
        timezone=timezone,
        language=language,
        url=url,
        blog=blog,
        visibility=visibility,
        sensitive=sensitive,
        embargo_until=embargo_until,
    )
    options.sources(said, sources)
    with command.archive() as archive, terminal.progress("Embedding") as progress:
        give_way(archive.home)
        done = archive.add(sources, said, datetime.now(UTC), progress, accept_deletions=accept_deletions)
    if not printing.report(done, as_json):
        raise typer.Exit(edge.WRONG)


@app.command(epilog="Example: stet reindex --full")
def reindex(
    full: Annotated[bool, typer.Option("--full", help="Build the index anew from the archive.")] = False,
    accept_deletions: AcceptDeletions = False,
    as_json: AsJson = False,
) -> None:
    """Read every source again and bring the index up to date; a running bot goes on answering."""
    from datetime import UTC, datetime

    from bot import printing, terminal
    from retrieval.serving import give_way

    with command.archive() as archive, terminal.progress("Embedding") as progress:
        give_way(archive.home)
        done = archive.reindex(full, datetime.now(UTC), progress, accept_deletions=accept_deletions)
    if not printing.report(done, as_json):
        raise typer.Exit(edge.WRONG)


@app.command(epilog="Example: stet watch --every 60")
def watch(
    every: Annotated[
        str, typer.Option("--every", metavar="SECONDS", help="How often each is read: a web page every 5 s at most.")
    ] = "30",
    as_json: AsJson = False,
) -> None:
    """Follow running blogs until stopped, a line for every change."""
    from bot import options, watching

    seconds = options.every(every)
    with command.archive() as archive:
        watching.run(archive, seconds, as_json)


@app.command(epilog='Example: stet ask "What role did taxi drivers play?"')
def ask(
    question: Annotated[list[str] | None, typer.Argument(metavar="QUESTION...", help="The question's words.")] = None,
    as_json: AsJson = False,
    from_file: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="One question a line (- for standard input).")
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option("-k", metavar="N", help="At most so many passages, 1 to 50 (else 3; of a stretch of time 10)."),
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="Only entries from then on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="Only entries before then.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="T", help="As the entries read at that moment.")] = None,
    blog: OneBlog = None,
) -> None:
    """Answer a question with the words that were published."""
    from bot import asking, options, render, terminal

    asked, most = options.questions(question, from_file), None if limit is None else options.limit(limit)
    with command.archive(asked[0] if from_file is None else None) as archive:
        with terminal.progress("Indexing") as progress:
            asking.ready(archive, progress)
        bounds = asking.bounds(archive, since, until, as_of, blog and options.utf8("--blog", blog))
        if from_file is None:
            given = archive.ask(
                asked[0], since=bounds.since, until=bounds.until, as_of=bounds.as_of, blog=blog, limit=most
            )
            if as_json:
                from bot import objects

                output.say_object(objects.answer(given))
            else:
                output.say(terminal.reply(render.answer(given)))
            return
        for found in asking.each(archive, asked, bounds, blog, most):
            output.say_object(found)


@app.command(epilog='Example: stet check "No one knows the true scale"')
def check(
    quotes: Annotated[
        list[str] | None, typer.Argument(metavar="QUOTE...", help="Quotations, one an argument.")
    ] = None,
    as_json: AsJson = False,
    from_file: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="One quotation a line (- for standard input).")
    ] = None,
    speaker: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who is said to have said it: is that so?")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="T", help="As the entries read at that moment.")] = None,
    blog: OneBlog = None,
) -> None:
    """Verify quotations, word for word: were they published, where, and if not exactly, what was changed."""
    from bot import asking, checking, options

    given = options.quotations(quotes, from_file)
    named = options.speaker(speaker)
    with command.archive() as archive:
        then = asking.bounds(archive, None, None, as_of, blog and options.utf8("--blog", blog)).as_of
        if from_file is None:
            passed = checking.run(archive, given, speaker=named, as_of=then, blog=blog, as_json=as_json)
        else:
            passed = checking.run_lines(archive, given, speaker=named, as_of=then, blog=blog)
    if not passed:
        raise typer.Exit(edge.NOT_PASSED)


@app.command("check-draft", epilog="Example: stet check-draft story.docx --html report.html")
def check_draft(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A draft: .txt, .md, .html or .docx.")],
    as_json: AsJson = False,
    html: Annotated[str | None, typer.Option(metavar="OUT", help="Write the report there, as one page.")] = None,
) -> None:
    """Verify every quotation of a draft."""
    from bot import drafting, options

    draft, said = Path(options.utf8("the draft", file)), command.settings()
    report = options.report_file(html, draft, said.home)
    with command.archive() as archive:
        passed = drafting.run(archive, draft, said.source_size_limit, report=report, as_json=as_json)
    if not passed:
        raise typer.Exit(edge.NOT_PASSED)


@app.command(epilog="Example: stet show rotherham-live-2014-08-26/2014-08-26T16:19Z-1")
def show(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The entry's id, BLOG/ID.")],
    versions: Annotated[bool, typer.Option("--versions", help="Every version, the first one first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print one entry."""
    from bot import options, printing

    with command.archive() as archive:
        printing.entry(archive.versions_of(options.utf8("the entry", entry)), versions, as_json)


@app.command(epilog='Example: stet find "Rosalind Thackwray"')
def find(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The words, literally.")], as_json: AsJson = False
) -> None:
    """List every entry, version and title that holds the words."""
    from bot import custody, options

    with command.archive() as archive:
        custody.find(archive, options.utf8("the text", text), as_json)


@app.command(epilog="Example: stet hold river-wend-flood-2031-02-03/2031-02-03T21:58Z-1")
def hold(
    what: Held,
    until: Annotated[str | None, typer.Option(metavar="T", help="Hide it until then; else until released.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hide an entry or a live blog everywhere, reversibly."""
    from bot import custody, options

    with command.archive() as archive:
        custody.hold(archive, options.utf8("the entry", what), until, as_json)


@app.command(epilog="Example: stet release river-wend-flood-2031-02-03/2031-02-03T21:58Z-1")
def release(what: Held, as_json: AsJson = False) -> None:
    """Show again what was held."""
    from bot import custody, options

    with command.archive() as archive:
        custody.release(archive, options.utf8("the entry", what), as_json)


@app.command(epilog="Example: stet takedown river-wend-flood-2031-02-03/2031-02-03T21:58Z-1 --reason court-order")
def takedown(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The entry's id, BLOG/ID.")],
    reason: Annotated[str, typer.Option(metavar="CODE", help="Why: a code, kept with who and when.")],
    version: Annotated[
        int | None, typer.Option(metavar="N", help="Only this superseded version; the rest stays.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase an entry everywhere, for good: its text, versions, vectors and words."""
    from bot import custody, options

    with command.archive() as archive:
        custody.takedown(archive, options.utf8("the entry", entry), version, options.reason(reason), yes, as_json)


@app.command(epilog="Example: stet status --json")
def status(as_json: AsJson = False) -> None:
    """Say what is indexed."""
    from bot import printing

    with command.archive() as archive:
        printing.state(archive.state(), as_json)


@app.command("eval", epilog="Example: stet eval questions.jsonl --save run.json --plots figures")
def evaluate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Gold questions, one JSON object a line.")],
    save: Annotated[str | None, typer.Option(metavar="FILE", help="Keep the run there, questions included.")] = None,
    against: Annotated[str | None, typer.Option(metavar="FILE", help="Compare with a run that was saved.")] = None,
    plots: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Draw reliability and risk there, as PNG.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the answers on gold questions of your own."""
    from bot import evaluating

    said = command.settings()
    wanted = evaluating.wanted(
        file, save=save, against=against, plots_folder=plots, home=said.home, size_limit=said.source_size_limit
    )
    with command.archive() as archive:
        evaluating.run(archive, wanted, as_json)


@app.command(epilog="Example: stet demo")
def demo() -> None:
    """Take a first look: a sample live blog, three questions."""
    from bot import demo as show_demo

    show_demo.run(command.settings())


app.add_typer(operating.app)


# ------------------------------------------------------------------------------------------------ the edge


def main() -> NoReturn:
    """Run the command that `sys.argv` names, and end with its status."""
    edge.main(app)


def run() -> int:
    """Run the command that `sys.argv` names and return its exit status. Nothing is raised."""
    return edge.run(app)
