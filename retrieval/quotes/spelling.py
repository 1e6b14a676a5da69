"""British and American spellings of one word, and contractions of two: how an edit is told from another word.

The rules are common knowledge of both spellings. They compare two words that stand in for each other, so a rule may
make forms that are no words, as long as no two words become one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, product

_PAIRS = dict(
    pair.split("/")
    for pair in (
        "centre/center centres/centers centred/centered theatre/theater theatres/theaters metre/meter metres/meters "
        "litre/liter litres/liters kilometre/kilometer kilometres/kilometers fibre/fiber fibres/fibers "
        "calibre/caliber sabre/saber spectre/specter sombre/somber meagre/meager lustre/luster manoeuvre/maneuver "
        "manoeuvres/maneuvers manoeuvred/maneuvered defence/defense defences/defenses offence/offense "
        "offences/offenses licence/license licences/licenses pretence/pretense practise/practice practised/practiced "
        "practising/practicing practises/practices programme/program programmes/programs grey/gray greys/grays "
        "tyre/tire tyres/tires kerb/curb kerbs/curbs cheque/check cheques/checks plough/plow ploughs/plows "
        "ploughed/plowed aluminium/aluminum sceptic/skeptic sceptics/skeptics sceptical/skeptical "
        "scepticism/skepticism judgement/judgment judgements/judgments ageing/aging whilst/while amongst/among "
        "towards/toward afterwards/afterward learnt/learned burnt/burned spelt/spelled dreamt/dreamed leapt/leaped "
        "moustache/mustache pyjamas/pajamas mum/mom mums/moms maths/math draught/draft draughts/drafts "
        "enquiry/inquiry enquiries/inquiries jewellery/jewelry fulfil/fulfill fulfils/fulfills enrol/enroll "
        "enrols/enrolls enrolment/enrollment instalment/installment instalments/installments skilful/skillful "
        "wilful/willful artefact/artifact artefacts/artifacts cosy/cozy sulphur/sulfur gaol/jail mould/mold "
        "moulds/molds smouldering/smoldering speciality/specialty specialities/specialties okay/ok adviser/advisor "
        "advisers/advisors protester/protestor protesters/protestors anymore/any-more alright/all-right"
    ).split()
)
_RULES = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"is(e|ed|es|er|ers|ing|ation|ations|ational)$", r"iz\1"),
        (r"ys(e|ed|es|er|ers|ing)$", r"yz\1"),
        (r"(?<=..)(?<!^fl)our(?!$|s$|ed$|ly$)|(?<=...)our(?=$|s$|ed$)", "or"),
        (r"([aeiouy][^aeiouy]+[aeiouy])ll(ed|ing|er|ers|or|ors|ous)$", r"\1l\2"),
        (r"logue(s?)$", r"log\1"),
        (r"^(an|arch|c|f|h|gyn|orthop|p|encyclop|leuk|medi)(?:ae|oe)(?=[a-z])", r"\1e"),
    )
)
_SUFFIXES = {"'re": ("are",), "'ve": ("have",), "'ll": ("will",), "'m": ("am",), "'d": ("had", "would")}
_IRREGULAR = {"can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not", "let's": "let us"}
_MOST_EXPANSIONS = 32


@lru_cache(maxsize=50_000)
def plain_spelling(word: str) -> str:
    """A form that British and American spellings of a word, with and without accents, have in common."""
    word = word.replace("'", "")
    bare = word if word.isascii() else _without_accents(word)
    bare = _PAIRS.get(bare, bare)
    for pattern, into in _RULES:
        bare = pattern.sub(into, bare)
    return bare


def _without_accents(word: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", word) if not unicodedata.combining(one))


def is_spelling(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two rows of words are the same word, spelt otherwise, or written as one and as two."""
    return plain_spelling("".join(one)) == plain_spelling("".join(other))


def is_contraction(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two rows of words are the same when contractions are written out."""
    return not _expanded(one).isdisjoint(_expanded(other))


def _expanded(words: Sequence[str]) -> set[str]:
    ways = islice(product(*(_expansions(word) for word in words)), _MOST_EXPANSIONS)
    return {" ".join(way) for way in ways}


def _expansions(word: str) -> tuple[str, ...]:
    if word in _IRREGULAR:
        return (_IRREGULAR[word],)
    if word.endswith("n't"):
        return (f"{word[:-3]} not",)
    stem, apostrophe, end = word.rpartition("'")
    if apostrophe and end == "s":
        return (word, f"{stem} is", f"{stem} has")
    return tuple(f"{stem} {full}" for full in _SUFFIXES.get(apostrophe + end, ())) or (word,)
