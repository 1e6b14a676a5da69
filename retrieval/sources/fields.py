"""Untrusted JSON, typed: a value that is not as it should be refuses one entry, naming the field and the value.

Nothing here recurses over what was read, and what `json` cannot nest is no JSON to us.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import NoReturn, TypeVar

from retrieval import clock
from retrieval.errors import SourceRefused
from retrieval.model import ReadEntry, Refusal
from retrieval.sources.document import Document, Mark
from retrieval.text import from_html, from_plain

Row = Mapping[str, object]
_Row = TypeVar("_Row")

_LONGEST_ID = 200
_DIGITS = re.compile(r"-?[0-9]{1,15}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’»)\]]*(?:\s|\Z)")
_ELEMENTS = (
    "a abbr acronym address applet area article aside audio b base bdi bdo big blink blockquote body br button "
    "canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed "
    "fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i "
    "iframe img input ins kbd label legend li link main map mark marquee math menu meta meter nav nobr noframes "
    "noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp script section "
    "select slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot "
    "th thead time title tr track tt u ul var video wbr"
).replace(" ", "|")
"""HTML's elements, the obsolete ones included: `<Rosa>` is none."""
_TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:\s[^<>]*)?/?>|<!--", re.IGNORECASE)
_STRUCK = re.compile(
    r"(?:<|&lt;)(?:(?:del|s|strike)(?=[\s/>]|&gt;)"
    r"|(?<=[0-9]<)su[bp](?=[\s>])[^<>]{0,200}>(?!\s*[a-z])|(?<=[0-9]&lt;)su[bp]\b[^<>&]{0,200}&gt;(?!\s*[a-z]))",
    re.IGNORECASE,
)


class Refused(Exception):
    """One entry's reason for being refused."""


class Wordless(Refused):
    """An entry of pictures alone: there is nothing to quote and nothing wrong, so it is left out in silence."""


def wordless(title: str | None) -> Refused:
    """What to raise of an entry that shows no words: it is left out, unless it has a title, which would be lost."""
    return Refused("it has a title but no text") if title else Wordless()


def parsed(text: str) -> object:
    """The value of a JSON text; None where it is none, is nested beyond Python's limit or holds NaN or Infinity."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def fault(text: str) -> str | None:
    """What is wrong with a JSON text, and where; None where nothing is."""
    try:
        json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno} breaks off or is wrong: {error.msg}"
    except RecursionError:
        return "it is nested too deep"
    except ValueError as error:
        return f"it holds what is no JSON: {' '.join(str(error).split())[:100]}"
    return None


def outline(document: Document) -> dict[str, object]:
    """The object that a JSON document is; an empty one where it is none. Raises NotALiveBlog where it is no text."""
    if document.text.lstrip()[:1] != "{":
        return {}
    value = parsed(document.text)
    return value if isinstance(value, dict) else {}


def slice_of(row: Row, keys: Sequence[str]) -> str:
    """Those members of an object that are named, in that order, as JSON: an entry's raw markup, without what moves
    by itself. Raises Refused where it is nested too deep."""
    try:
        return whole(json.dumps({key: row[key] for key in keys if key in row}, ensure_ascii=False), "the entry")
    except RecursionError:
        raise Refused("it is nested too deep to be an entry") from None


def brief(value: object) -> str:
    """A value as JSON, cut to 60 characters, as a reason shows it."""
    try:
        shown = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    except RecursionError:
        return "nested too deep"
    return shown if len(shown) <= 60 else shown[:57] + "…"


def characters(value: object, longest: int = 1000) -> str | None:
    """A string of some length at most, without control characters or half surrogate pairs; None for all else."""
    if not isinstance(value, str) or not 0 < len(value) <= longest or re.search("[\x00-\x1f\ud800-\udfff]", value):
        return None
    return value


def an_object(value: object) -> dict[str, object]:
    """Raises Refused where an entry is no object."""
    if not isinstance(value, dict):
        raise Refused(f"it is {brief(value)}, not an object")
    return value


def string(row: Row, key: str) -> str | None:
    """A string, or None where it is missing or null. Raises Refused."""
    value = row.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(f"{key!r} is {brief(value)}, not a string")
    return whole(value, key)


def whole(value: str, key: str) -> str:
    """The string. Raises Refused where it holds half a surrogate pair."""
    if _SURROGATE.search(value):
        raise Refused(f"{key!r} holds half a surrogate pair, which is no character")
    return value


def identifier(row: Row, key: str) -> str | None:
    """A string of 1 to 200 characters or a whole number; None where it is missing or null. Raises Refused."""
    value = row.get(key)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    name = str(value) if is_number else string(row, key)
    if name is None:
        return None
    if not name.strip() or len(name) > _LONGEST_ID or any(ord(character) < 32 for character in name):
        raise Refused(f"{key!r} is {brief(name)}: 1 to {_LONGEST_ID} characters, without control characters")
    return name


def moment(value: str, key: str) -> datetime:
    """An ISO 8601 time with an offset in whole minutes, between `clock.EARLIEST` and `LATEST`. Raises Refused."""
    try:
        read = datetime.fromisoformat(value)
        offset = read.utcoffset()
    except ValueError:
        wrong = "no date that exists" if is_no_day(value) else "not ISO 8601 like 2014-08-26T17:49:00+01:00"
        raise Refused(f"{key!r} is {brief(value)}, {wrong}") from None
    if offset is None:
        raise Refused(f"{key!r} is {brief(value)}, without an offset such as +01:00")
    if offset % timedelta(minutes=1):
        raise Refused(f"{key!r} is {brief(value)}, whose offset is not in whole minutes")
    if not clock.EARLIEST <= read.date() <= clock.LATEST:
        raise Refused(f"{key!r} is {brief(value)}, not between {clock.EARLIEST} and {clock.LATEST}")
    return read


def is_no_day(value: str) -> bool:
    """Whether a time is written well, but of a day such as 30 February."""
    match = re.match(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])", value)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return True
    return False


def counted(number: int, one: str, more: str) -> str:
    """`1 item states`, `2 items state`."""
    return f"{number} {one if number == 1 else more}"


def iso(row: Row, key: str) -> datetime | None:
    """The time that a member states; None where it is missing or null. Raises Refused."""
    value = string(row, key)
    return None if value is None else moment(value, key)


def unix(row: Row, key: str) -> datetime:
    """Whole seconds since 1970, UTC, as a number or its digits. Raises Refused."""
    value = row.get(key)
    if value is None:
        raise Refused(f"{key!r} is missing")
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(f"{key!r} is {brief(value)}, not whole seconds since 1970 like 1409071740")
    try:
        read = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    except OverflowError:
        read = None
    if read is None or not clock.EARLIEST <= read.date() <= clock.LATEST:
        raise Refused(f"{key!r} is {brief(value)}, not between {clock.EARLIEST} and {clock.LATEST}")
    return read


def address(value: object) -> str | None:
    """A permalink, where it is one: http or https, without white space."""
    if isinstance(value, str) and re.fullmatch(r"https?://[^\s\x00-\x1f\ud800-\udfff]{1,2000}", value):
        return value
    return None


def found_at(document: Document) -> str | None:
    """Where a page was found, for one that names no address of its own. Its query is left out: a secret may be in it,
    and what is taken here is stored and shown."""
    return address((document.address or "").partition("#")[0].partition("?")[0])


def members(value: object) -> Iterator[dict[str, object]]:
    """The objects of a list, or the one object that stands in its place."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield one


def collect(
    rows: Iterable[tuple[str, _Row]], read: Callable[[_Row], ReadEntry | None], *, newest_first: bool = False
) -> tuple[list[ReadEntry], list[Refusal]]:
    """The good entries of a document's named rows, oldest first, and in its order a refusal for each that `read`
    raises Refused on; what it gives None for is left out. A second one with an id is refused, unless it repeats the
    first. Of two of one moment in a format that is `newest_first` the lower came first."""
    entries: list[ReadEntry] = []
    refused: list[Refusal] = []
    seen: dict[tuple[bool, str], tuple[int, str, ReadEntry]] = {}
    for number, (name, row) in enumerate(rows, start=1):
        try:
            entry = read(row)
        except Wordless:
            continue
        except Refused as reason:
            refused.append(Refusal(entry=name, reason=str(reason)))
            continue
        if entry is None:
            continue
        key = (entry.id is None, entry.raw if entry.id is None else entry.id)
        at, called, first = seen.setdefault(key, (number, name, entry))
        if first is entry:
            entries.append(entry)
        elif replace(entry, raw="") != replace(first, raw=""):
            refused.append(taken(entry.id, (called, at), (name, number)))
    if newest_first:
        entries.reverse()
    steps = list(itertools.pairwise(one.posted_at for one in entries))
    if sum(after < before for before, after in steps) > sum(before < after for before, after in steps):
        entries.reverse()  # newest first: so are those of one moment
    entries.sort(key=lambda one: one.posted_at)
    return entries, refused


def taken(name: str | None, first: tuple[str, int], second: tuple[str, int]) -> Refusal:
    """The refusal of a row whose id an earlier one has, both by name and by place in the document; the place is told
    where the names do not tell them apart."""
    if first[0] != second[0]:
        return Refusal(entry=second[0], reason=f"the id {name!r} stands at {first[0]} already")
    return Refusal(
        entry=f"{second[0]} (number {second[1]})", reason=f"the id {name!r} stands at number {first[1]} already"
    )


def none_good(document: Document, refused: Sequence[Refusal], hint: str) -> SourceRefused:
    """What to raise where a recognised document has no good entry: it names the first reason."""
    because = f": {refused[0].entry}: {refused[0].reason}" if refused else ""
    return SourceRefused(f"no live-blog entries found in {document.called}{because}", hint)


def struck(entries: Sequence[ReadEntry]) -> tuple[str, ...]:
    """A warning where markup strikes words out, or raises or lowers figures after a figure: plain text cannot tell
    them apart (`10<sup>6</sup>` reads 106). Where the tag itself is text, there was no markup."""
    found = [one for one in entries if any(unescape(tag[0]) not in one.text for tag in _STRUCK.finditer(one.raw))]
    if not found:
        return ()
    first = found[0].id or found[0].posted_at.isoformat()
    hold = counted(len(found), "entry holds", "entries hold")
    warning = (
        f"{hold} struck-out or raised characters, which plain text cannot show, the first of them {first}: "
        "compare with the page before quoting"
    )
    return (warning,)


def marks_of(entries: Iterable[ReadEntry]) -> frozenset[Mark]:
    """The raw markup of entries, and the id and time of those that have an id."""
    marks: set[Mark] = set()
    for one in entries:
        marks.add(one.raw)
        if one.id is not None:
            marks.add((one.id, one.posted_at))
    return frozenset(marks)


def shared_zone(entries: Iterable[ReadEntry]) -> str | None:
    """The one fixed zone of all the entries' offsets, or None where they differ."""
    offsets = {entry.posted_at.utcoffset() or timedelta() for entry in entries}
    return clock.fixed_zone_name(offsets.pop()) if len(offsets) == 1 else None


def words(value: str) -> str:
    """The text of a field that may hold markup or plain text: where a tag stands in it, it is markup; otherwise it is
    plain, but for its character references, which are decoded."""
    if _TAG.search(value):
        return from_html(value)
    return plain(_REFERENCE.sub(lambda reference: unescape(reference[0]), value))


def plain(value: str) -> str:
    """Plain text as published, a paragraph's end as one line break: empty lines go, as they do from markup."""
    return "\n".join(line for line in from_plain(value).split("\n") if line.strip())


def title_of(headline: str, text: str) -> str | None:
    """A headline as a title on one line; None where it is empty, or merely repeats the text's first line or first
    sentence, or its beginning before an ellipsis."""
    title = " ".join(headline.split())
    begins = title.removesuffix("…").removesuffix("...").rstrip()
    front = text.lstrip()[: 2 * len(headline) + 100]
    if not begins or (begins != title and " ".join(front.split()).startswith(begins)):
        return None
    line = " ".join(front.partition("\n")[0].split())
    if not line.startswith(title):
        return title
    after = line[len(title) :]
    ends = _SENTENCE_END.match(after) or (after[:1] == " " and _SENTENCE_END.search(title))
    return title if after and not ends else None


def names(value: object) -> str | None:
    """Who wrote something: a name, an object with a `name`, or a list of these; joined by commas."""
    found: list[str] = []
    for one in value if isinstance(value, list) else [value]:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str) and (name := " ".join(words(whole(name, "name")).split())) and name not in found:
            found.append(name)
    return ", ".join(found) or None


def edited(posted_at: datetime, changed: datetime | None) -> datetime | None:
    """The time of the last edit, where it is later than the publication."""
    return changed if changed is not None and changed > posted_at else None


def language(value: object) -> str | None:
    """The code of a language tag: `en` of `en-GB`; None where it is none."""
    if isinstance(value, str) and (match := re.fullmatch(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9_-]{1,20})?", value)):
        return match[1].lower()
    return None


def only(values: Iterable[str | None]) -> str | None:
    """The one value that all agree on; None where they state none or several."""
    found = {value for value in values if value is not None}
    return found.pop() if len(found) == 1 else None
