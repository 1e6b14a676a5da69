"""Where the sentences of an entry begin and end.

A line break always ends a sentence. Within a line the text is read word by word, and the gap after a word is
an end when three things hold: the word closes with a mark (`.`, `?`, `!`, `…`), the next word could open a
sentence, and no rule below objects. The rules are those of British and American newspaper English; for other
languages there are a few of all and what `languages` knows. Where an abbreviation leaves the matter open ("the U.S.
Police said"), the text stays together.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from retrieval import languages
from retrieval.languages import Language

__all__ = ["sentences"]

_MARKS = ".?!…‽"
_QUOTES = "\"'“”„‘’‚«»‹›"
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_OPENERS = _QUOTES + "([{¿¡" + _INVISIBLE
_CLOSERS = _QUOTES + ")]}*" + _INVISIBLE
# Dashes are not among them: after a full stop they introduce an attribution or an aside.
_BULLETS = frozenset("•◦▪▫●○■□‣►▶·*-")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A name follows these. They need a capital: a union's "rep." may end a sentence, "Rep." never does.
_TITLES = _listed(
    "mr mrs ms mx messrs mme mlle dr drs prof rev revd fr msgr hon rt mt ft sen sens rep reps gov govs pres "
    "amb atty asst dep gen lt col maj capt cmdr cdr cpl sgt sgts pte pvt pfc spc adm brig sqn supt ch insp "
    "det const cllr ald"
)
# More of the same sentence follows these, whatever their case.
_LEANING = _listed("e.g i.e eg ie vs v cf viz approx p.s n.b")
# These stand for something only before a number: "No. 10", "p. 12", but "He said no. She left."
_NUMBERED = _listed("no nos p pp c ca vol vols para paras fig figs ft min max est tel ext sec art")
_MONTHS = _listed("Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec")
_TIMES = _listed("a.m p.m")
# These may end a sentence or stand before a name, so only the next word can tell.
_OPEN = _listed("st ave blvd rd jr sr esq inc ltd co corp cos bros dept univ assn bldg intl al ret")
# As the Associated Press shortens states. Some are words too ("Mass."), so a comma or hyphen must precede.
_STATES = _listed(
    "Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Md Mass Mich Minn Miss Mo Mont Neb Nev Okla "
    "Ore Pa Tenn Tex Va Vt Wash Wis Wyo"
)
# Words that open sentences and hardly ever follow an abbreviation as part of a name.
_SENTENCE_OPENERS = _listed(
    "A About According After All Although Among An And Another Any Are As At Because Before Both But By Did "
    "Do Does During Each Earlier Every Few For From Had Has Have He Her Here His How However I If In Instead "
    "Is It Its Just Last Later Many Meanwhile More Moreover Most My No None Not Nothing Now Of On Once One "
    "Only Or Other Others Our Over People Several She Since So Some Soon Such That The Their Then There "
    "These They This Those Though Three Through Thus To Today Tonight Two Under Until Was We Were What When "
    "Where Whether Which While Who Why With Without Yet You Your"
)
# After "5 p.m." these still belong to the time.
_TIME_TAILS = _listed(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun "
    "January February March April May June July August September October November December Jan Feb Mar Apr "
    "Jun Jul Aug Sep Sept Oct Nov Dec Eastern Central Mountain Pacific ET EST EDT CT CST CDT MT MST MDT PT "
    "PST PDT GMT BST UTC CET CEST IST AEST AEDT"
)
# A single capital after these tells things of a kind apart: "Child A. Child B" are no initials.
_LETTERED = _listed("child girl boy witness person victim officer plan class category group type vitamin")
_HEADINGS = _listed("part chapter section step item rule question day week round scene act stage")
_SPEECH = _listed(
    "said says asked asks added adds replied replies shouted shouts cried cries yelled joked jokes wrote "
    "writes tweeted tweets posted told tells demanded exclaimed responded"
)
# What may follow such a verb when it closes a quotation: "Smith said on Monday", not "Smith said the rain".
_AFTER_SPEECH = _listed("in on at to as after during before when while from last later yesterday today")
_PRONOUNS = _listed("I He She They We")
_NAME_PARTICLES = _listed("of de van von der bin al")
_REACH = 6  # words looked at for "Mr John Smith of Leeds said"

_LONGEST_ORDINAL = 2  # digits: "am 26. August" leads on, "Es war 2014." may end
_NONE_KNOWN = Language(stemmer="")

_WORD = re.compile(r"\S+")
_NO_LETTER = re.compile(r"[\W\d_]")
_DOTTED = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+")  # U.S, J.K, Ph.D, W.Va
_JOINS = re.compile(r"[-–—/]")  # ex-Gov, R-Fla
_ENOUGH = 3  # whether a sentence has one word, two or more is all that is asked
_STOP = re.compile(r"[.?!…]")  # which a run-on word holds
# Paragraphs whose break was lost: "the key points.About 1,400 children". Possessive, so it never backtracks.
_RUN_ON = re.compile(
    r"""[a-zß-öø-ÿ\d]{2}["'”’)\]]{0,2}[.?!…]++["'”’)\]]*+(?=[“‘]?[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])(?!(?:Com|Net|Org)\b)"""
)


class _Piece(NamedTuple):
    """A word of a line, taken apart."""

    start: int  # in the line
    word: str
    head: str  # from the first character that opens nothing
    letters: str  # those that the head begins with
    stem: str  # without what opens it, its last marks and what closes it
    marks: str
    closers: str


@lru_cache(maxsize=16)  # a check of a quotation asks for those of one text several times
def sentences(text: str, language: str = languages.ENGLISH) -> tuple[tuple[int, int], ...]:
    """The spans [start, end) of the sentences of `text`, in code points and in order; `language` is a code such as
    `de`.

    Spans never overlap, are never empty, neither begin nor end with white space, and together hold every
    character that is not white space. Any string is allowed; the time taken grows linearly with its length.
    """
    spans: list[tuple[int, int]] = []
    offset = 0
    english = languages.primary(language) == languages.ENGLISH
    rules = None if english else languages.known(language) or _NONE_KNOWN
    for line in text.split("\n"):
        spans += [(offset + start, offset + end) for start, end in _in_line(line, rules)]
        offset += len(line) + 1
    return tuple(spans)


def _in_line(line: str, rules: Language | None) -> Iterator[tuple[int, int]]:
    """`rules` are those of another language than English."""
    marks = _MARKS if rules is None else _MARKS + rules.marks
    words = list(_words(line))
    pieces = _Pieces(words, marks)
    first = 0  # the word that opens the sentence
    last = 0  # its last one that is not emoji, which stay with what they follow: "We won. 🎉 Then"
    told = 0  # its words that hold a letter or a digit, as far as the third
    for here, (start, word) in enumerate(words):
        if here == first or not _is_emoji(word):
            last = here
            told += told < _ENOUGH and any(map(str.isalnum, word))
        after = here + 1
        if after == len(words) or (
            told
            and not pieces.unmarked(last)
            and (
                _ends(pieces, last, after, told)
                if rules is None
                else _ends_elsewhere(pieces, last, after, told, rules)
            )
        ):
            yield words[first][0], start + len(word)
            first, told = after, 0


def _words(line: str) -> Iterator[tuple[int, str]]:
    """The words of a line and where they start, run-on ones apart."""
    for match in _WORD.finditer(line):
        word = match[0]
        if _STOP.search(word) is None or "/" in word or "@" in word or word.startswith("www."):  # or an address
            yield match.start(), word
            continue
        for start, end in pairwise([0, *(found.end() for found in _RUN_ON.finditer(word)), len(word)]):
            yield match.start() + start, word[start:end]


class _Pieces:
    """The words of a line, taken apart where they are looked at: few of them bear a mark."""

    def __init__(self, words: Sequence[tuple[int, str]], marks: str) -> None:
        self._words = words
        self._marks = marks
        self._marked = frozenset(marks)
        self._apart: dict[int, _Piece] = {}

    def __len__(self) -> int:
        return len(self._words)

    def __getitem__(self, at: int) -> _Piece:
        if at not in self._apart:
            self._apart[at] = _piece(self._words[at][1], self._words[at][0], self._marks)
        return self._apart[at]

    def unmarked(self, at: int) -> bool:
        """Whether there is no mark in a word, so that it ends nothing."""
        return self._marked.isdisjoint(self._words[at][1])


def _piece(word: str, start: int, marks: str) -> _Piece:
    length = len(word)
    while length and _is_pictograph(word[length - 1]):  # "What a night!🎉"
        length -= 1
    closed = word[:length]
    marked = closed.rstrip(_CLOSERS)
    bare = marked.rstrip(marks)
    head, stem = word.lstrip(_OPENERS), bare.lstrip(_OPENERS)
    letters = _NO_LETTER.split(head, maxsplit=1)[0]
    return _Piece(start, word, head, letters, stem, marked[len(bare) :], closed[len(marked) :])


def _ends(pieces: _Pieces, here: int, after: int, words: int) -> bool:
    """Whether a sentence of so many words ends with the piece `here`, where the piece `after` comes next."""
    piece = pieces[here]
    if not piece.marks or not _can_open(pieces, after) or _is_aside(piece):
        return False
    if not piece.marks.strip("."):
        if len(piece.marks) == 1:
            return not _is_list_number(pieces, here, words) and _stop_ends(pieces, here, after)
    elif piece.marks.strip(".…"):
        return not (set(_QUOTES).intersection(piece.closers) and _is_attribution(pieces, after))
    return pieces[after].letters != "I"  # after an ellipsis its capital tells nothing: "Well… I think"


def _ends_elsewhere(pieces: _Pieces, here: int, after: int, words: int, rules: Language) -> bool:
    """The same in another language: of abbreviations it knows a short list, so any that it knows leads on."""
    piece = pieces[here]
    if not piece.marks or not _can_open(pieces, after) or _is_aside(piece):
        return False
    if piece.marks != ".":
        return True
    short = _JOINS.split(piece.stem)[-1]
    is_ordinal = rules.ordinals and short.isdigit() and len(short) <= _LONGEST_ORDINAL
    is_initial = len(short) == 1 and short.isalpha()
    is_abbreviation = short.lower() in rules.abbreviations or _DOTTED.fullmatch(short) is not None
    return not (is_ordinal or is_initial or is_abbreviation or _is_list_number(pieces, here, words))


def _stop_ends(pieces: _Pieces, here: int, after: int) -> bool:
    """Whether a single full stop ends a sentence rather than an abbreviation."""
    piece, following, before = pieces[here], pieces[after], pieces[here - 1].head if here else ""
    meets_bracket = following.word.startswith(("(", "["))  # "Ala. (AP)", "2 p.m. (1300 GMT)"
    short = _JOINS.split(piece.stem)[-1]
    lower = short.lower()
    if lower in _LEANING or (lower in _TITLES and short[0].isupper()):
        return False
    if lower in _NUMBERED and following.head[:1].isdigit():
        return False
    if lower in _TIMES:
        return not (meets_bracket or ")" in piece.closers or _continues_time(pieces, after))
    is_initial = len(short) == 1 and short.isalpha() and before.lower() not in _LETTERED
    is_state = short in _STATES and (before.endswith(",") or short != piece.stem)
    if lower in _OPEN or short in _MONTHS or is_state or is_initial or _DOTTED.fullmatch(short):
        return _plainly_opens(following) and not meets_bracket
    return True


def _can_open(pieces: _Pieces, at: int) -> bool:
    """Whether a sentence could open here: with a capital, a caseless letter, a figure, money or a handle."""
    head = pieces[at].head
    following = pieces[at + 1] if at + 1 < len(pieces) else None
    if not head or head in _BULLETS:
        return following is not None and following.head[:1].isupper()
    head = head[1:] if head[0] in _BULLETS else head
    if head.startswith("#"):  # tags that close a post stay with it: "They won. #cup #final"
        return following is not None and not following.head.startswith(("#", "http", "pic."))
    if head.startswith("@") or unicodedata.category(head[:1] or " ") == "Sc":
        return True
    return head[:1].isalnum() and (not head[0].islower() or head[1:2].isupper())  # "iPhone sales fell"


def _plainly_opens(piece: _Piece) -> bool:
    """Whether it opens a sentence even after an abbreviation; as "A." or "No." it would be one itself."""
    return piece.letters in _SENTENCE_OPENERS and not piece.head.startswith(piece.letters + ".")


def _is_aside(piece: _Piece) -> bool:
    """Marks that open a quotation or stand in brackets of their own: "“…and then", "[…]", "1,400 (!)"."""
    return piece.stem.endswith(("(", "[")) or (not piece.stem and not piece.word.startswith(piece.marks))


def _is_list_number(pieces: _Pieces, here: int, words: int) -> bool:
    """Whether the number leads on: "3. A list item", "b. Another", "Part 2. The river"; at the start only."""
    stem = pieces[here].stem
    if words == 1:
        return stem.isdigit() if len(stem) == 2 else len(stem) == 1 and stem.isalnum()
    return words == 2 and stem.isdigit() and pieces[here - 1].stem.lower() in _HEADINGS


def _continues_time(pieces: _Pieces, at: int) -> bool:
    """Whether a day or a zone follows: "5 p.m. Monday", "5 p.m. EST", "5 p.m. 26 August"."""
    if pieces[at].stem.isdigit() and not pieces[at].marks and at + 1 < len(pieces):
        at += 1
    return pieces[at].letters in _TIME_TAILS


def _is_attribution(pieces: _Pieces, at: int) -> bool:
    """Whether a name and a verb of speech follow, as in "“Go!” Mr Smith said on Monday"."""
    for here in range(at, min(at + _REACH, len(pieces))):
        piece, verb = pieces[here], pieces[here].letters
        if here > at and verb in _SPEECH:
            following = pieces[here + 1].head if here + 1 < len(pieces) else ""
            closes = verb in {"told", "tells"} or not following or following in _AFTER_SPEECH
            rest = piece.head[len(verb) :]
            return closes if not rest else rest[0] in ",.;"
        is_name = verb[:1].isupper() and (verb not in _SENTENCE_OPENERS or verb in _PRONOUNS)
        if not (is_name or verb in _NAME_PARTICLES) or (piece.marks and not _is_title(piece)):
            return False
    return False


def _is_title(piece: _Piece) -> bool:
    return piece.stem.lower() in _TITLES or (len(piece.stem) == 1 and piece.stem.isupper())


def _is_pictograph(char: str) -> bool:
    if char < "\u200d" or char in _BULLETS:
        return False
    return char in "\u200d\ufe0f\u20e3" or unicodedata.category(char) in {"So", "Sk", "Cn"}


def _is_emoji(word: str) -> bool:
    return all(map(_is_pictograph, word))
