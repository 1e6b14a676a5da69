"""A sentence as words, marks and quotations, and the words that tell who speaks in it: verbs of speech and what
stands around their subjects. English only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.model import Span
from retrieval.speech import people
from retrieval.speech.people import listed

SAYING = listed(
    "said says added adds asked asks replied replies responded responds answered countered counters wrote writes "
    "tweeted tweets shouted shouts yelled cried argued argues insisted insists explained explains continued "
    "continues concluded concludes declared declares warned warns noted notes stated joked jokes quipped recalled "
    "recalls observed observes announced announces admitted admits conceded concedes"
)
"""Verbs that may stand before their subject, after a quotation."""
CUES = SAYING | listed(
    "told tells claimed claims stressed stresses predicted predicts promised promises pledged pledges vowed vows "
    "suggested suggests acknowledged acknowledges remarked remarks commented called calls described describes "
    "dismissed dismisses urged urges accused accuses reads repeated repeats mocked mocks thanked praised praises "
    "labelled labeled dubbed denied denies posted chanted reiterated reiterates criticised criticized criticises "
    "criticizes hailed hails encouraged encourages clarified quoted maintains maintained contends "
    "contended retorted complained complains confirmed confirms alleged testified emphasised emphasized jeered "
    "boasted boasts lamented screamed"
)
REPORTING = listed(
    "said says say saying told tells tell telling added adds argued argues arguing insisted insists insisting "
    "explained explains concluded concludes declared declares warned warns warning noted notes stated stresses "
    "stressed predicted predicts predicting promised promises claimed claims claiming suggested suggests "
    "suggesting acknowledged vowed vows pledged announced admitted admits conceded concedes according recalled "
    "remarked"
)
PLURALS = listed("say tell add ask argue insist claim")
PARTICIPLES = listed(
    "saying telling adding asking arguing insisting warning predicting promising praising calling describing "
    "urging suggesting joking claiming accusing thanking explaining noting tweeting writing shouting yelling "
    "chanting reading encouraging declaring announcing replying dismissing criticising criticizing mocking "
    "stressing vowing"
)
ASKING = listed("asked asks ask asking")
NAMING = listed("called dubbed labelled labeled described hailed quoted tweets shouts posted")
"""Verbs that may be a noun, or lean on the noun before them: "a weir called", "his tweets"."""
DENIALS = listed("never not denied denies deny didn’t didn't doesn’t doesn't hasn’t hasn't hadn’t hadn't don't don’t")
AUXILIARIES = DENIALS | listed(
    "has had have also later then further previously recently already still again once even just simply now today "
    "since often famously reportedly allegedly apparently"
)
BE = listed("is was are were been being be isn’t isn't wasn’t wasn't get got gets")
PREPOSITIONS = listed(
    "for to of from with by in at on near about against behind representing like under over between among into "
    "onto around after before during via without within through towards toward across off alongside beside than "
    "as since"
)
LEANING = listed("for to of from with by in at on near about against behind representing alongside beside")
"""With these a name leans on the noun before them: "a lawyer for Orr"."""
CONJUNCTIONS = listed("and but or nor so yet & while")
SUBORDINATE = listed(
    "as when while because after before if whether who which whose whom where that though although until since "
    "unless what how why once"
)
CONDITIONS = listed("if whether unless had suppose supposing imagine should lest")
RUMOURS = listed("reportedly allegedly supposedly apparently purportedly falsely seemingly presumably rumoured")
BEFORE_SUBJECTS = listed(
    "and but or nor so yet while when after before because though although where what then later earlier today "
    "yesterday tonight meanwhile however also once since until executive which"
)
VERBS = listed("will would can could should may might must has had have did does do")
ARTICLES = listed("the a an this these those")
DETERMINERS = ARTICLES | listed(
    "that his her their its our my one two three some several many most all no another both"
)
ENDS = listed(
    "on in at to after during before when while as from last later yesterday today early earlier late outside via "
    "who following tonight again then with and but of about through by over"
)
MOST_WORDS = 6  # of a name, titles and all
LONGEST_PHRASE = 12  # words of a subject

_WORD = re.compile(r"[^\W_]+(?:[.&'’\-‐‑][^\W_]+)*+(?:['’](?=\s|$))?", re.UNICODE)
_ITEM = re.compile(rf"{_WORD.pattern}|[^\w\s]|_")


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A word, a mark, or a quotation (then `word` is empty), with its place in the text."""

    start: int
    end: int
    word: str

    @property
    def is_quotation(self) -> bool:
        return not self.word

    @property
    def is_word(self) -> bool:
        return self.word[:1].isalnum()

    @property
    def lower(self) -> str:
        return self.word.lower()

    @property
    def is_capital(self) -> bool:
        return self.word[:1].isupper()

    @property
    def is_genitive(self) -> bool:
        return self.word.endswith(("'s", "’s", "'", "’"))


def items_of(text: str, start: int, end: int, quotations: Sequence[Span]) -> tuple[Item, ...]:
    """Words, marks and quotations of [start, end); the quotations are in order and within it."""
    found: list[Item] = []
    at = start
    for left, right in (*quotations, (end, end)):
        for match in _ITEM.finditer(text, at, left):
            found.append(_item(match, text))
        if right > left:
            found.append(Item(start=left, end=right, word=""))
        at = right
    kept: list[Item] = []
    for item in found:  # the stop of "Mr." and "J." is theirs
        if kept and item.word == "." and item.start == kept[-1].end and _takes_stop(kept[-1]):
            kept[-1] = Item(start=kept[-1].start, end=item.end, word=kept[-1].word + ".")
        else:
            kept.append(item)
    return tuple(kept)


def _item(match: re.Match[str], text: str) -> Item:
    word, end = match[0], match.end()
    if word.endswith(("'", "’")) and len(word) > 1 and word[-2] not in "sSxXzZ":
        word, end = word[:-1], end - 1
    return Item(start=match.start(), end=end, word=word)


def _takes_stop(item: Item) -> bool:
    bare = item.word.rpartition(".")[2]
    return item.is_capital and (
        (len(bare) == 1 and bare.isupper()) or people.is_title(item.word) or people.is_suffix(item.word)
    )
