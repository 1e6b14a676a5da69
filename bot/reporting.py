"""`stet report` and `stet forget`: what was asked, how it ended and what people said of it, by the ledger; gold
questions made of that; and one person forgotten."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot import output, wording
from bot.auditing import stuck_lines, stuck_objects
from bot.ledger import WITHDRAWN, Ledger
from bot.ledger.learning import Asking
from bot.ledger.messages import Kept, Part
from bot.options import utf8
from bot.terminal import counted
from retrieval.clock import label
from retrieval.errors import UsageError
from retrieval.files import write_atomically
from retrieval.gold import MOST_QUESTIONS
from retrieval.model import Outcome

KEEPS_TEXTS = "STET_KEEP_QUESTIONS"
"""The setting that says for how many days a question's text is kept."""

_MOST_QUESTIONS, _MOST_DAYS, _MOST_CHANNELS = 50, 31, 20
_MOST_ENTRIES = 100
"""As many as one gold question may name."""
_OWNERS_ALONE = 0o600
_USER = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)
_ENDED = {
    Outcome.ANSWERED.value: "answered",
    Outcome.NOTHING_FOUND.value: "nothing found",
    Outcome.NOTHING_IN_RANGE.value: "nothing in range",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What the ledger holds of the questions from `since` on, the first one first, and what waits for somebody now:
    calls to a person, and messages that Slack would not let be changed."""

    since: datetime | None
    askings: tuple[Asking, ...]
    unresolved: int
    stuck: tuple[Kept, ...]

    @property
    def by_day(self) -> dict[str, int]:
        """How many questions a day, in UTC, the first one first."""
        return dict(Counter(f"{one.at.astimezone(UTC):%Y-%m-%d}" for one in self.askings))

    @property
    def by_way(self) -> dict[str, int]:
        """How many by each way of asking, the commonest first."""
        return _commonest(one.way for one in self.askings)

    @property
    def by_channel(self) -> dict[str, int]:
        """How many in each channel, the busiest first."""
        return _commonest(one.channel for one in self.askings)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many ended in each way, also in those in which none did."""
        ended = Counter(one.outcome for one in self.askings)
        return {outcome: ended[outcome] for outcome in _ENDED}

    @property
    def quartiles(self) -> tuple[float, float, float] | None:
        """The lower quartile of the confidence, the median, the upper one; None where nothing was asked."""
        values = [one.confidence for one in self.askings]
        if len(values) < 2:
            return (values[0], values[0], values[0]) if values else None
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
        return lower, median, upper

    @property
    def unanswered(self) -> list[Asking]:
        """The questions that nothing answered, the newest first."""
        return [one for one in reversed(self.askings) if not _is_answered(one)]

    @property
    def helpful(self) -> int:
        return sum(said.good for one in self.askings for said in one.said)

    @property
    def reasons(self) -> dict[str, int]:
        """Why answers were not helpful, as codes, the commonest first; an empty one: for no reason given."""
        return _commonest(said.reason or "" for one in self.askings for said in one.said if not said.good)


# ------------------------------------------------------------------------------------------------ report


def report(
    ledger: Ledger, *, since: datetime | None, as_json: bool, gold: Path | None = None, unanswered: bool = False
) -> None:
    """Print what was asked from `since` on, and write gold questions made of it to the file `gold`; `unanswered`:
    also those that nothing answered, and those whose answer was not helpful. Raises UsageError, StoreError,
    DiskError."""
    use = Use(
        since=since,
        askings=tuple(ledger.learning.since(since)),
        unresolved=ledger.calls.unresolved(),
        stuck=tuple(ledger.messages.stuck()),
    )
    kinds = None if gold is None else _export(ledger, use.askings, gold, unanswered=unanswered)
    if as_json:
        written = {} if kinds is None else {"gold": {"file": str(gold), "questions": sum(kinds.values()), **kinds}}
        output.say(output.json_line({**_object(use), **written}))
        return
    for line in _lines(use):
        output.say(line)
    if kinds is not None:
        of_kind = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
        output.say(output.safe(f"\nwritten, with the questions in it: {gold} ({of_kind})"))


def _lines(use: Use) -> Iterator[str]:
    since = f" from {label(use.since)} on" if use.since else ""
    yield f"{counted(len(use.askings), 'question', 'questions')}{since}"
    if use.askings:
        yield from _ends(use)
        yield from _volumes("by day (UTC)", dict(list(use.by_day.items())[-_MOST_DAYS:]), len(use.by_day))
        yield from _volumes("by way", use.by_way, len(use.by_way))
        yield from _volumes("by channel", dict(list(use.by_channel.items())[:_MOST_CHANNELS]), len(use.by_channel))
        yield from _feedback(use)
        yield from _unanswered(use.unanswered)
    yield ""
    yield f"calls to a person, unresolved: {use.unresolved}"
    yield from stuck_lines(use.stuck)


def _ends(use: Use) -> Iterator[str]:
    whole = len(use.askings)
    yield ", ".join(
        f"{_ENDED[outcome]}: {count} ({count / whole:.1%})".replace("%", " %")
        for outcome, count in use.outcomes.items()
    )
    if use.quartiles:
        lower, median, upper = use.quartiles
        yield f"confidence: median {median:.3f}, quartiles {lower:.3f} and {upper:.3f}"


def _volumes(what: str, counts: Mapping[str, int], whole: int) -> Iterator[str]:
    yield ""
    yield f"{what}:"
    width = max(map(len, counts))
    digits = max(len(str(count)) for count in counts.values())
    yield from (output.safe(f"  {name:<{width}}  {count:>{digits}}") for name, count in counts.items())
    if whole > len(counts):
        yield f"  and {whole - len(counts)} more, which --json lists"


def _feedback(use: Use) -> Iterator[str]:
    yield ""
    yield f"👍 {use.helpful}, 👎 {sum(use.reasons.values())}"
    for reason, count in use.reasons.items():
        yield output.safe(f"  {wording.REASONS.get(reason, reason) or 'no reason given'}: {count}")


def _unanswered(found: Sequence[Asking]) -> Iterator[str]:
    yield ""
    yield f"questions that nothing answered: {len(found)}"
    kept = [one for one in found if one.text is not None]
    for one in kept[:_MOST_QUESTIONS]:
        yield f"  {label(one.at)}, {output.safe(one.channel)}: {output.one_line(one.text or '')}"
    if len(kept) > _MOST_QUESTIONS:
        yield f"  and {len(kept) - _MOST_QUESTIONS} more"
    if len(found) > len(kept):
        yield f"  texts that are not kept: {len(found) - len(kept)}; {KEEPS_TEXTS} says for how many days they are"


def _object(use: Use) -> dict[str, object]:
    whole = len(use.askings)
    lower, median, upper = [round(one, 4) for one in use.quartiles] if use.quartiles else (None, None, None)
    found = use.unanswered
    kept = [one for one in found if one.text is not None]
    return {
        "since": None if use.since is None else use.since.isoformat(),
        "questions": whole,
        "by_day": use.by_day,
        "by_way": use.by_way,
        "by_channel": use.by_channel,
        "outcomes": {
            outcome: {"count": count, "share": round(count / whole, 4) if whole else None}
            for outcome, count in use.outcomes.items()
        },
        "confidence": {"lower_quartile": lower, "median": median, "upper_quartile": upper},
        "feedback": {"helpful": use.helpful, "not_helpful": sum(use.reasons.values()), "reasons": use.reasons},
        "unanswered": {
            "count": len(found),
            "texts_kept": len(kept),
            "questions": [
                {"at": one.at.isoformat(), "channel": one.channel, "text": one.text} for one in kept[:_MOST_QUESTIONS]
            ],
            "more": max(0, len(kept) - _MOST_QUESTIONS),
        },
        "calls": {"unresolved": use.unresolved},
        "stuck": stuck_objects(use.stuck),
    }


def _is_answered(one: Asking) -> bool:
    return one.outcome == Outcome.ANSWERED


def _commonest(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))


# ------------------------------------------------------------------------------------------------ gold


def gold_file(value: str, home: Path) -> Path:
    """`--gold`: where gold questions are to be written: over nothing, since what stands there may have been
    reviewed, and never into the archive's own folder. Raises UsageError."""
    if not value.strip():
        raise UsageError("--gold is empty", "name where it is to be written, such as gold.jsonl")
    try:
        path = Path(utf8("--gold", value)).expanduser().resolve()
        exists, in_folder = path.exists(), path.parent.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"--gold {ascii(value)[:200]} cannot be used: {error}", "name another file") from None
    if path.is_relative_to(home.resolve()):
        raise UsageError(f"--gold is in the archive's own folder: {value}", "name a place elsewhere")
    if not in_folder:
        raise UsageError(f"--gold: there is no folder {path.parent}", "make it, or name a file elsewhere")
    if exists:
        raise UsageError(f"--gold names {value}, which exists", "name another file, or move that one away")
    return path


def _export(ledger: Ledger, askings: Iterable[Asking], file: Path, *, unanswered: bool) -> dict[str, int]:
    """Write the gold questions, one JSON object a line; how many there are of each kind. Raises UsageError,
    StoreError, DiskError."""
    rows = gold_rows(ledger, askings, unanswered=unanswered)[-MOST_QUESTIONS:]
    if not rows:
        more = "or add those that nothing answered with --unanswered, and review them"
        raise UsageError(
            "there is nothing to write: no question whose text is kept was answered helpfully, by 👍 without 👎",
            "wait for some" if unanswered else f"wait for some, {more}",
        )
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    write_atomically(file, "".join(f"{line}\n" for line in lines).encode(), _OWNERS_ALONE)
    return dict(Counter(str(row["kind"]) for row in rows))


def gold_rows(ledger: Ledger, askings: Iterable[Asking], *, unanswered: bool) -> list[dict[str, object]]:
    """What `retrieval.gold` reads, of questions whose text is kept, each question once: those with a 👍 and no 👎
    with the entries shown; with `unanswered` also those with a 👎, and those that nothing answered, without any.

    Raises UsageError where no text is kept, StoreError."""
    alike: dict[str, list[Asking]] = {}
    for one in askings:
        if one.text is not None and (words := " ".join(one.text.split())):
            alike.setdefault(words, []).append(one)
    if not alike:
        raise UsageError(
            "no question's text is kept, so there is nothing to make gold of",
            f"set {KEEPS_TEXTS} to the number of days for which texts are to be kept",
        )
    made = (_gold_row(ledger, words, group, unanswered=unanswered) for words, group in alike.items())
    return [row for row in made if row is not None]


def _gold_row(ledger: Ledger, words: str, alike: Sequence[Asking], *, unanswered: bool) -> dict[str, object] | None:
    """One question, however often it was asked: what was said of it at any time counts."""
    if any(not said.good for one in alike for said in one.said):
        return _row(words, (), "not_helpful") if unanswered else None
    liked = [one for one in alike if _is_answered(one) and any(said.good for said in one.said)]
    if entries := list(dict.fromkeys(entry for one in liked for entry in _shown(ledger, one))):
        return _row(words, entries[:_MOST_ENTRIES], "helpful")
    if unanswered and not any(map(_is_answered, alike)):
        return _row(words, (), "unanswered")
    return None


def _row(words: str, entries: Sequence[str], kind: str) -> dict[str, object]:
    return {"question": words, "entries": list(entries), "times": [], "kind": kind}


def _shown(ledger: Ledger, one: Asking) -> list[str]:
    """The entries that the answer quoted, but those that were taken down since."""
    message = None if one.posted is None else ledger.messages.of(one.posted)
    if message is None:
        return []
    return [r.entry for r in message.receipts if r.part is Part.PASSAGE and r.sha256 != WITHDRAWN]


# ------------------------------------------------------------------------------------------------ forgetting


def forget(ledger: Ledger, user: str, as_json: bool) -> None:
    """Forget one person and print how many records named them. Raises UsageError, StoreError, DiskError."""
    if not _USER.fullmatch(user):
        raise UsageError(
            f"{ascii(user)[:80]} is no user's id",
            "give the member ID that Slack shows in their profile, such as U012AB3CD",
        )
    count = ledger.forget(user)
    erased = ledger.empty_log()
    if as_json:
        output.say(output.json_line({"forgotten": user, "records": count, "erased": erased}))
    else:
        output.say(f"{user} is forgotten: {counted(count, 'record', 'records')} named them")
    if not erased:
        output.warn("old bytes are still being read by another program: say it again when that is done")
