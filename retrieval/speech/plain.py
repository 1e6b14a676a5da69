"""Whether a sentence plainly says who says what: the few forms of attribution that leave no doubt.

The whole sentence must have one of the forms below, from its first word to its stop. Anything else in it, an aside,
a denial, a third person, a second verb of speech, and it is not plain: nothing is looked for that would speak
against an attribution, only what may stand in one. English only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.speech import people, phrases
from retrieval.speech.attribution import Attribution
from retrieval.speech.people import listed
from retrieval.speech.phrases import Item
from retrieval.speech.subjects import Subject

_VERBS = listed(
    "said says saying told tells telling added adds asked asks replied replies responded responds answered "
    "countered wrote writes tweeted tweets shouted shouts argued argues insisted insists explained explains "
    "continued continues concluded concludes declared declares warned warns stated remarked remarks joked joking "
    "announced announces admitted admits conceded concedes stressed stresses claimed claims predicted predicts "
    "according say tell quipped"
)
_FIRST = listed("but and then later earlier today yesterday meanwhile however still now also tonight")
_ADVERBS = listed("also later then earlier today yesterday now previously recently again has have")
_TIMES = people.DAYS | listed("morning afternoon evening night week month year earlier later last this before")
_PLACES = listed("in at on near outside")
_MOMENTS = listed("after before during despite between against")
_OCCASIONS = listed(
    "statement interview speech inquiry hearing debate rally conference court meeting vote press news radio "
    "television tv event town hall podcast briefing council house commons parliament crowd reporters journalists "
    "committee audience supporters voters mps meetings station scene campaign public local national"
)
_WHOM = listed("him her them me us")
_SECOND_HAND = listed(
    "line lines letter email passage poem song lyric lyrics motto saying proverb text verse message claim remark "
    "comment comments word words call assertion allegation description criticism charge accusation tweet "
    "question suggestion insistence promise pledge warning quote quotation phrase slogan sign banner placard "
    "graffiti chant headline hashtag poster name voice character puppet account version book novel play film "
    "heard hear hears hearing read reading reads thought thinks think thinking believes believed believe feels felt "
    "claimed quoted quoting citing cited recalled repeated shouted chanted sang roared wrote writes known "
    "impersonator impersonating actor actress via played voiced lie lies view boast insult plea answer opinion "
    "belief wants want alleges allege knew knows wondered agreed denied alleged"
)
_NEGATIONS = phrases.DENIALS | listed("no nothing nobody none anything neither nor hardly rarely without but except")
_IT = listed("he she it there he's she's it's there's he'd she'd it'd he'll she'll it'll")
_OFFICES = listed("executive miller")
_SPECIAL = {"that": "t", "to": "h", "Speaking": "s", "Asked": "g", "of": "u", "for": "u", "from": "u", "with": "u"}
_CLASSES = (
    ("D", listed("the a an")),
    ("y", _TIMES),
    ("p", _PLACES),
    ("b", _MOMENTS),
    ("o", _WHOM),
    ("m", _OCCASIONS),
    ("k", listed("is was are were be been being will would should must can could has had have")),
    ("j", phrases.SUBORDINATE - listed("who whom whose before after")),
)
_BARRED = (
    people.PRONOUNS
    | phrases.CUES
    | phrases.PARTICIPLES
    | phrases.PLURALS
    | phrases.RUMOURS
    | phrases.CONDITIONS
    | phrases.SUBORDINATE
)
_PART = listed("a an to be been will would should must can could")
"""What may stand right before words in marks that are part of what is told: it was a “disgrace to the town”."""

_MOST_ITEMS = 300
"""Words and marks of a sentence; a longer one is never plain."""
_FEW = 6  # words
_WHEN = r"(?:,?(?:y+n?|[pb]D?y+n?|[pb]D?m+(?:pD?[Cm]+)?|pD?r?C{1,4}))"
_ASIDE = r"(?:\(n\)|,n(?=,)|,(?:D[wmC]{0,3}r+|r+C{0,3})(?:[uph][DwCmyrnGuph]*)?)"
_TO = r"(?:o?w?m{1,4}|o|D?w?m{1,4}|D?r{1,2}|C{1,4}|D?C{1,3}m{1,3})?"
_HEAD = r"(?:[fy],?|p?y+n?,?|s[wCDpbymnorGh,]*,|g[wCDpbymnorGhu,]*,|C{1,4}m?w?(?=r))?[rG]{0,3}"
_SUBJECT = rf"{_HEAD}S{_ASIDE}?,?v{{0,2}}V"
_CLOSE = rf"(?:{_WHEN}{{0,3}}|[pbh][DwCmyrnpbhu]*)[.!]?"
_BEFORE = re.compile(rf"{_SUBJECT}{_TO}{_WHEN}{{0,2}}[:,]?t?Q{_CLOSE}")
_AFTER = re.compile(
    rf"Q,?(?:VS{_ASIDE}{{0,2}},?|r?S{_ASIDE}?,?v{{0,2}}V{_TO}(?:{_WHEN}|bDw?m+){{0,2}})(?:{_WHEN}{{0,2}})(?:[,:]?Q|)[.!]?"
)
_ACCORDING = re.compile(rf"VhS{_ASIDE}?,Q{_CLOSE}")
_BY_ACCOUNT = re.compile(rf"Q,?VhS{_ASIDE}?[.!]?")
_LEAD_IN = re.compile(rf"{_SUBJECT}{_TO}{_WHEN}{{0,2}}:")
_TOLD = re.compile(rf"{_SUBJECT}(?:{_TO}t|{_WHEN}?t?)e?[wDpbymn,vhku]*Q{_CLOSE}")
_IT_IS = re.compile(r".*Vt?ek*Q[^Q]*")
_OWN = re.compile(rf"{_SUBJECT}(?:{_TO}t)?[wCDpbymnrvf,Qtohkuej]*[.]?")
_OWN_CLOSED = re.compile(rf"[wCDpbymnrvfh,Qkuej]*,(?:VS{_ASIDE}{{0,2}}|r?SV{_TO}){_WHEN}{{0,2}}[.]?")


def is_plain(items: Sequence[Item], attribution: Attribution, here: int, part: bool) -> bool:
    """Whether a sentence plainly gives its quotation, the item `here`, to the subject of one of its verbs. `part`: it
    is a part of a sentence, so that the journalist's words may lead to it."""
    drawn = _drawn(items, attribution)
    if drawn is None:
        return False
    if any(form.fullmatch(drawn) for form in (_BEFORE, _AFTER, _ACCORDING, _BY_ACCOUNT)):
        return True
    if not part or drawn.count("Q") != 1 or not _TOLD.fullmatch(drawn):
        return False
    return items[here - 1].word in _PART or _IT_IS.fullmatch(drawn) is not None


def takes_back(items: Sequence[Item]) -> bool:
    """Whether a short sentence right after a quotation may be about it: "Not true.", "Bo Pym said that."."""
    words = [one.lower for one in items if one.is_word]
    if len(words) > _FEW or any(one.is_quotation for one in items):
        return False
    return any(
        word in _NEGATIONS or word in {"that", "this", "it", "so"} or word.endswith(("n’t", "n't")) for word in words
    )


def is_plain_lead_in(items: Sequence[Item], attribution: Attribution, colon: int) -> bool:
    """Whether a sentence up to its colon, an item, plainly gives the word to the subject."""
    drawn = _drawn(items[: colon + 1], attribution)
    return drawn is not None and _LEAD_IN.fullmatch(drawn) is not None


def is_plainly_told(items: Sequence[Item], attribution: Attribution) -> bool:
    """Whether a sentence tells in the journalist's words what the subject says, and nobody else's words in it."""
    drawn = _drawn(items, attribution)
    return drawn is not None and bool(_OWN.fullmatch(drawn) or _OWN_CLOSED.fullmatch(drawn))


def _drawn(items: Sequence[Item], attribution: Attribution) -> str | None:
    """A sentence as one letter for each item, its subject S and its verb V; None where these alone speak against."""
    subject, cue = attribution.subject, attribution.cue
    if len(items) > _MOST_ITEMS or subject is None or subject.name is None or items[cue].word.lower() not in _VERBS:
        return None
    if items[cue].lower in phrases.PARTICIPLES and not _is_progressive(items, subject, cue):
        return None
    drawn: list[str] = []
    at = 0
    while at < len(items):
        if at == subject.first:
            leads = items[at].word.islower() and people.is_role(items[at].word)  # "Orr spokesman Bo Pym"
            drawn.append("rS" if leads else "S")
            at = subject.last
            continue
        drawn.append("V" if at == cue else _letter(items[at], between=subject.last <= at < cue))
        at += 1
    return "".join(drawn)


def _is_progressive(items: Sequence[Item], subject: Subject, cue: int) -> bool:
    return cue - subject.last == 1 and items[cue - 1].word in {"is", "was", "are", "were"}


def _letter(item: Item, between: bool) -> str:
    lower = item.lower
    if item.is_quotation:
        return "Q"
    if not item.is_word:
        return item.word if item.word in {",", ":", ".", "!", "(", ")"} else "~"
    if between and (item.word in _ADVERBS or item.word in {"is", "was", "are", "were"}):
        return "v"
    if item.is_capital and lower in _FIRST:
        return "f"
    if lower in _NEGATIONS or lower in _SECOND_HAND or lower.endswith(("n’t", "n't")):
        return "x"
    if lower.replace("’", "'") in _IT:
        return "e"
    if item.is_genitive:
        return "G"
    special = _SPECIAL.get(item.word)
    if special is not None:
        return special
    if item.word[0].isdigit():
        return "n"
    for letter, words in _CLASSES:
        if lower in words:
            return letter
    if item.is_capital and lower not in people.NEVER_NAMES and not people.is_title(item.word):
        return "C"
    if _is_role(lower):
        return "r"
    return "x" if lower in _BARRED or not item.word.islower() else "w"


def _is_role(lower: str) -> bool:
    single = lower.removesuffix("s")
    return people.is_role(lower) or people.is_role(single) or people.is_title(lower) or lower in _OFFICES
