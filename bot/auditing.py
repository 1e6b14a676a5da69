"""`stet audit` and `stet impact`: every slice that was posted is proved again, and what was posted of one entry is
listed with how it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby

from bot import output
from bot.ledger import WITHDRAWN, Ledger, Receipt
from bot.ledger.messages import Kept, Part, State
from bot.terminal import counted
from retrieval.archive import Archive
from retrieval.clock import label
from retrieval.errors import UsageError
from retrieval.model import Status, Version

_SHOWN_WORDS = (Part.PASSAGE, Part.LEAD)
"""The parts of an answer that stand there with their words; of the others it names the entry alone."""
_NOT_WITHDRAWN = "it was taken down, and the receipt is not withdrawn: the next command that writes does that"
_STATUSES = {
    "live": "live",
    "deleted": "deleted from its source",
    "held": "held back, so its words are not shown",
    "embargo": "under embargo, so its words are not shown",
    "taken_down": "taken down",
}
_STATES = {
    State.STANDING: "stands in Slack",
    State.ALONE: "was shown to one person",
    State.STUCK: "stands in Slack, which would not let it be changed",
    State.GONE: "is not in Slack any more",
}


class Proof(StrEnum):
    """What became of a receipt."""

    PROVED = "proved"  # the stored version has these very characters there
    WITHDRAWN = "withdrawn"  # it was taken down, and nothing of it is stored
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """A receipt of a message and what became of it; `fault`: what is wrong with a broken one."""

    message: Kept
    receipt: Receipt
    proof: Proof
    fault: str | None = None


# ------------------------------------------------------------------------------------------------ audit


def audit(archive: Archive, ledger: Ledger, as_json: bool) -> bool:
    """Prove every receipt again and print what came of it, then the messages that Slack would not let be changed;
    whether none is broken. Raises StoreError, DiskError."""
    found = proofs(archive, ledger)
    stuck = ledger.messages.stuck()
    broken = [one for one in found if one.proof is Proof.BROKEN]
    counts = Counter(one.proof for one in found)
    answers = len({one.message.key for one in found})
    if as_json:
        output.say(
            output.json_line(
                {
                    "passes": not broken,
                    "answers": answers,
                    "receipts": len(found),
                    "proved": counts[Proof.PROVED],
                    "withdrawn": counts[Proof.WITHDRAWN],
                    "broken": [_broken_object(one) for one in broken],
                    "stuck": stuck_objects(stuck),
                }
            )
        )
        return not broken
    for one in broken:
        output.say(output.safe(f"broken: {_place(one.message)}: {_slice(one.receipt)}: {one.fault}"))
    output.say(
        f"{counted(answers, 'answer', 'answers')}, {counted(len(found), 'receipt', 'receipts')}: "
        f"{counts[Proof.PROVED]} proved, {counts[Proof.WITHDRAWN]} withdrawn, {len(broken)} broken"
    )
    for line in stuck_lines(stuck):
        output.say(line)
    return not broken


def proofs(archive: Archive, ledger: Ledger) -> list[Proven]:
    """What becomes of every receipt, those of one entry together. Raises StoreError, DiskError."""
    first = list(_proofs(archive, ledger.messages.every()))
    doubtful = {one.message.key for one in first if one.proof is Proof.BROKEN}
    if not doubtful:
        return first
    # a take-down may have come to the archive and then to the ledger while they were read
    anew = [found for key in sorted(doubtful) if (found := ledger.messages.of(key)) is not None]
    sound = [one for one in first if one.message.key not in doubtful]
    return sound + _explained(archive, list(_proofs(archive, anew)))


def _proofs(archive: Archive, messages: Iterable[Kept]) -> Iterator[Proven]:
    """Each entry's versions are read once, and let go before those of the next."""
    pairs = [(one, receipt) for one in messages for receipt in one.receipts]
    pairs.sort(key=lambda pair: pair[1].entry)
    for entry, group in groupby(pairs, key=lambda pair: pair[1].entry):
        versions = archive.store.versions_of(entry)
        yield from (prove(message, receipt, versions) for message, receipt in group)


def prove(message: Kept, receipt: Receipt, versions: Sequence[Version]) -> Proven:
    """Hold a receipt of a message against the versions of its entry."""

    def broken(fault: str) -> Proven:
        return Proven(message=message, receipt=receipt, proof=Proof.BROKEN, fault=fault)

    version = next((one for one in versions if one.number == receipt.version), None)
    if version is None:
        return broken("there is no such version of it" if versions else "there is no such entry")
    if receipt.sha256 == WITHDRAWN:
        if version.text or version.title or version.author:
            return broken("it is withdrawn, and its words are stored still")
        return Proven(message=message, receipt=receipt, proof=Proof.WITHDRAWN)
    if receipt.proves(version.text):
        return Proven(message=message, receipt=receipt, proof=Proof.PROVED)
    if not version.text:
        return broken("that version has no words")
    if not 0 <= receipt.start < receipt.end <= len(version.text):
        return broken(f"that version has {len(version.text)} characters")
    return broken("other characters stand there")


def _explained(archive: Archive, found: Iterable[Proven]) -> list[Proven]:
    """Say of what was taken down that it was, whatever its entry is called by now."""
    every = list(found)
    suspects = {
        (one.receipt.entry, one.receipt.version)
        for one in every
        if one.proof is Proof.BROKEN and one.receipt.sha256 != WITHDRAWN
    }
    gone = archive.store.gone(suspects)
    return [
        replace(one, fault=_NOT_WITHDRAWN)
        if one.proof is Proof.BROKEN
        and one.receipt.sha256 != WITHDRAWN
        and (one.receipt.entry, one.receipt.version) in gone
        else one
        for one in every
    ]


def _broken_object(one: Proven) -> dict[str, object]:
    receipt = one.receipt
    return {
        **_place_object(one.message),
        "entry": receipt.entry,
        "version": receipt.version,
        "start": receipt.start,
        "end": receipt.end,
        "fault": one.fault,
    }


# ------------------------------------------------------------------------------------------------ stuck messages


def stuck_lines(stuck: Sequence[Kept]) -> Iterator[str]:
    """The messages that Slack would not let be changed, each with its channel, its ts and Slack's reason."""
    if not stuck:
        return
    yield f"{counted(len(stuck), 'message', 'messages')} that Slack would not let Stet change:"
    yield from (output.safe(f"  {_place(one)}: {one.problem or 'no reason given'}") for one in stuck)


def stuck_objects(stuck: Iterable[Kept]) -> list[dict[str, object]]:
    """As `stuck_lines`, for JSON."""
    return [{**_place_object(one), "reason": one.problem} for one in stuck]


# ------------------------------------------------------------------------------------------------ impact


def impact(archive: Archive, ledger: Ledger, whole_id: str, as_json: bool) -> None:
    """Print every message that showed or cited an entry, and how each slice of it stands. `whole_id` may be that of
    an entry that was taken down since. The words are those that were posted; of what is held back or under embargo,
    and of what is erased, there are none. Raises UsageError where there was never such an entry, StoreError."""
    versions, kept_as = _entry(archive, whole_id)
    entry = versions[0].entry
    names = list(dict.fromkeys((kept_as or whole_id, whole_id)))
    found = {one.key: one for name in names for one in ledger.messages.quoting(name)}
    told = [(found[key], _standing(archive, found[key], names)) for key in sorted(found)]
    embargo = entry.blog.under_embargo(datetime.now(UTC))
    status = "embargo" if embargo and entry.status is not Status.TAKEN_DOWN else entry.status.value
    worded = () if status in ("embargo", Status.HELD) else versions
    if as_json:
        answers = [_answer_object(message, slices, worded) for message, slices in told]
        found_object = {"entry": whole_id, "kept_as": kept_as, "status": status, "answers": answers}
        output.say(output.json_line(found_object))
        return
    shown = counted(len(told), "answer shows or cites it", "answers show or cite it")
    output.say(output.safe(f"{whole_id}, {_STATUSES[status]}: {shown}"))
    for message, slices in told:
        for line in _answer_lines(message, slices, worded):
            output.say(line)


def _entry(archive: Archive, whole_id: str) -> tuple[list[Version], str | None]:
    """An entry's versions, and the id that one is kept under which was taken down. Raises UsageError, StoreError."""
    versions = archive.store.versions_of(whole_id)
    if versions and versions[0].entry.status is not Status.TAKEN_DOWN:
        return versions, None
    down = archive.store.taken_down(whole_id)
    if down is None:
        raise UsageError(
            f"there is no entry {whole_id!r}", "find it first: stet find TEXT; an entry's id is written BLOG/ID"
        )
    kept_as = f"{down.blog}/{down.entry}"
    return archive.store.versions_of(kept_as), kept_as


def _standing(archive: Archive, message: Kept, names: Sequence[str]) -> list[Proven]:
    """What becomes of a message's receipts of one entry, by whatever name they have it."""
    of_it = replace(message, receipts=tuple(one for one in message.receipts if one.entry in names))
    return _explained(archive, _proofs(archive, [of_it]))


def _answer_lines(message: Kept, slices: Iterable[Proven], versions: Sequence[Version]) -> Iterator[str]:
    yield ""
    thread = f", in the thread {message.thread}" if message.thread else ""
    reason = f" ({message.problem})" if message.problem else ""
    where = f"{label(message.at)}, {_place(message)}{thread}"
    yield output.safe(f"{where}, {message.kind.value}: {_STATES[message.state]}{reason}")
    for one in slices:
        fault = f": {one.fault}" if one.fault else ""
        receipt = one.receipt
        yield output.safe(
            f"  {_slice(receipt)}, {receipt.part.value}, {receipt.standing.value}, {one.proof.value}{fault}"
        )
        words = _words(one, versions)
        yield from (f"    {output.safe(line)}" for line in (words.split("\n") if words else ()))


def _answer_object(message: Kept, slices: Iterable[Proven], versions: Sequence[Version]) -> dict[str, object]:
    return {
        "at": message.at.isoformat(),
        **_place_object(message),
        "thread": message.thread,
        "kind": message.kind.value,
        "state": message.state.value,
        "problem": message.problem,
        "slices": [
            {
                "version": one.receipt.version,
                "start": one.receipt.start,
                "end": one.receipt.end,
                "part": one.receipt.part.value,
                "standing": one.receipt.standing.value,
                "proof": one.proof.value,
                "fault": one.fault,
                "text": _words(one, versions),
            }
            for one in slices
        ],
    }


def _words(one: Proven, versions: Sequence[Version]) -> str | None:
    """The words that were posted, where they can be proved and were shown."""
    if one.proof is not Proof.PROVED or one.receipt.part not in _SHOWN_WORDS:
        return None
    texts = (version.text for version in versions if version.number == one.receipt.version)
    return next((text[one.receipt.start : one.receipt.end] for text in texts), None)


# ------------------------------------------------------------------------------------------------ places


def _place(message: Kept) -> str:
    return f"{message.channel}, {message.ts or 'to one person alone'}"


def _place_object(message: Kept) -> dict[str, object]:
    return {"channel": message.channel, "ts": message.ts or None}


def _slice(receipt: Receipt) -> str:
    return f"{receipt.entry}, version {receipt.version}, [{receipt.start}, {receipt.end})"
