"""Names of people as news text prints them, and whether two of them can be one person's.

The rules are those of British and American newspaper English. They are made to be wrong on the safe side: a run of
capitals that is not certainly a person's name is none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum


def listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


TITLES = listed(
    "mr mrs ms miss mx messrs sir dame lady dr doctor prof professor rev reverend revd fr father msgr bishop "
    "archbishop cardinal rabbi imam sister brother judge justice gen general lt lieutenant col colonel maj major "
    "capt captain cmdr commander sgt sergeant cpl corporal pte private adm admiral brig brigadier insp inspector "
    "supt superintendent det detective const constable pc dc ds di dci chief officer deputy assistant vice cllr "
    "councillor councilman councilwoman alderman mayor gov governor sen senator rep representative congressman "
    "congresswoman president premier chancellor minister secretary ambassador amb mp msp md hon rt lord baroness "
    "baron dean coach spokesman spokeswoman spokesperson chairman chairwoman chair director manager leader former "
    "then ex acting republican democrat democratic gop labour tory conservative liberal attorney-general "
    "commissioner sheriff campaign engineer nurse pastor prime speaker attorney"
)
_MALE = listed("mr sir lord king prince father brother baron he him his himself congressman councilman")
_FEMALE = listed(
    "mrs ms miss dame lady queen princess mother sister baroness she her hers herself congresswoman councilwoman"
)
_ROYAL = listed("king queen prince princess pope duke duchess earl saint st lord lady emperor sultan sheikh dalai")
"""Whoever bears such a title is known by several names."""
_SUFFIXES = listed("jr sr junior senior ii iii iv jnr snr")
_PARTICLES = listed("de da di du del della der den van von ter ten bin ibn al el la le bint dos das y")
_BODIES = listed(
    "council police party office house department ministry club united city fc afc bank university school college "
    "court committee commission agency union association group groups inc corp ltd plc company co times post news "
    "guardian bbc press journal foundation institute army navy force forces service services board parliament "
    "congress senate government street palace yard church trust society international watch nations states "
    "kingdom reuters twitter facebook downing pentagon kremlin treasury media network radio television tv report "
    "inquiry review statement authority authorities federation league center centre hospital airlines airways "
    "industries holdings partners council's campaign team administration organisation organization alliance "
    "coalition fund republicans democrats conservatives officials americans survey poll research sachs bureau "
    "cabinet brigade tower hotel airport stadium county state district show magazine telegraph independent mirror "
    "sun mail express"
)
_ROLES = listed(
    "man woman boy girl mayor minister president senator governor judge officer spokesman spokeswoman "
    "spokesperson lawyer attorney solicitor barrister doctor nurse teacher professor engineer chairman chairwoman "
    "chair chief director manager leader candidate nominee opponent rival wife husband son daughter mother father "
    "brother sister uncle aunt cousin friend aide adviser advisor strategist witness victim suspect resident "
    "voter supporter critic author writer reporter journalist correspondent editor actor actress singer player "
    "captain coach striker keeper goalkeeper referee councillor mp congressman congresswoman lawmaker secretary "
    "ambassador general sergeant soldier bishop priest pope king queen prince princess partner boss owner founder "
    "colleague neighbour neighbor prosecutor billionaire businessman businesswoman physician salesman farmer "
    "driver pilot expert analyst official worker student pupil parent child person guest host presenter protester "
    "commander deputy predecessor successor front-runner frontrunner frontman veteran activist tycoon mogul star "
    "fan member sheriff constable inspector"
)
_KIN = listed(
    "wife husband son daughter mother father brother sister uncle aunt cousin nephew niece widow widower family "
    "parents children sons daughters brothers sisters siblings spouse couple dynasty twin twins stepson "
    "stepdaughter grandson granddaughter grandfather grandmother namesake younger elder mum dad mam "
    "mother-in-law father-in-law nan grandad in-laws"
)
_ALIASES = re.compile(r"\b(?:known as|née|born|formerly|real name|stage name|alias|aka|pseudonym|pen name|a\.k\.a)\b")
_FORGERIES = re.compile(
    r"\b(?:hoax|fake|fakes|faked|spoof\w*|parod\w+|satir\w+|false|falsely|rumou?r\w*|lied|liar|untrue|misquot\w+|"
    r"fabricat\w+|debunked|fiction\w*|imaginary|hypothetical\w*|doctored|impersonat\w+|imposter|impostor|made up|"
    r"deepfake|bogus|misattributed|sketch|skit)\b"
)
PLACES = listed(
    "america britain england scotland wales ireland london europe russia china iran iraq syria israel france "
    "germany nevada texas florida iowa ohio california virginia york carolina hampshire illinois michigan georgia "
    "arizona colorado utah washington wisconsin pennsylvania indiana missouri vermont massachusetts kentucky "
    "alabama idaho mexico canada india pakistan japan korea australia africa spain italy ukraine turkey egypt "
    "brussels paris"
)
DAYS = listed(
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs fri sat sun january "
    "february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec today yesterday tomorrow tonight"
)
PRONOUNS = listed("he she it they we i you who him her them this that these those one someone nobody everyone")
NEVER_NAMES = PRONOUNS | listed(
    "a an the and but or nor so yet as at by for from in into of off on onto out over to under up with without "
    "about above across after against along among around before behind below between beyond despite during except "
    "inside like near outside since through throughout toward towards until upon while when where why how what "
    "which whose whether if because although though unless once than then there here now later earlier also "
    "meanwhile however moreover instead still even just only not no yes never asked speaking responding referring "
    "addressing writing his hers its their our my your all any both each few many most much other another several "
    "some such either neither two three four five six seven eight nine ten did do does had has have is are was "
    "were be been being will would could should may might must can according adding calling saying telling last "
    "next first second finally indeed perhaps too q democrats republicans god latest live breaking update updated "
    "video photo watch read more via source sources american british english french german russian chinese muslim "
    "muslims christian jewish latino"
)
_COMMON = listed(
    "quote quotes pull key briefing morning evening tweet tweets interview exclusive update updates live breaking "
    "top comment analysis opinion watch source sources insider insiders whip general secretary home foreign "
    "minister labour tories tory greens green libdems lib dems dem snp ukip plaid sinn fein dup democrats "
    "democrat republicans republican conservatives liberals unionists shadow first prime chief scottish welsh "
    "irish english british american european wire agency headline caption summary verdict reaction statement "
    "transcript editorial leader blog post thread video audio picture photo poll vote result results line lines "
    "story news today tonight sky itv channel desk team staff members residents locals neighbours voters workers "
    "unions aides critics supporters ministers mps lawyers experts scientists doctors campaigners activists "
    "protesters officers detectives speaker facts timeline background question answer reader readers letter "
    "letters email emails"
)
"""Words of labels, offices and parties: a run of capitals with one of them may be anybody's."""
_LETTERS = re.compile(r"[^\W\d_]")
_LONGEST = 200  # characters of a name that somebody asks for
_MOST_WORDS = 6
_ALIKE = 0.7
"""How like two surnames are that may be spellings of one: Gaddafi and Qaddafi are .86, Smith and Smyth .8."""


_TOKEN = re.compile(r"[@#]?\w[\w’'-]*")
_NEXT = re.compile(r"(?:(, )(?=[A-Z])|\s)(\w{1,40})")


class Sex(StrEnum):
    """What a title or pronoun says of whom it stands for."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """A name, folded: `words` without titles and initials, in order, the surname last."""

    words: tuple[str, ...]
    initials: tuple[str, ...] = ()
    suffix: str = ""
    sex: Sex | None = None
    titled: bool = False
    royal: bool = False
    every: tuple[str, ...] = ()
    """Every word, titles and initials too, but no leading article."""

    @property
    def surname(self) -> str:
        return self.words[-1] if self.words else ""

    @property
    def full(self) -> bool:
        return len(self.words) > 1

    @property
    def is_body(self) -> bool:
        """Whether an organisation, a place or a document is meant, or may be."""
        return any(word in _BODIES or word in PLACES for word in self.words)


def name_of(text: str) -> Name:
    """Read a name in any case, order ("Jay, Alexis") and dress ("Prof. Alexis Jay", "DONALD J. TRUMP"); one with no
    words where the text is empty, too long, or names nobody."""
    if len(text) > _LONGEST:
        return Name(words=())
    first, comma, rest = text.partition(",")
    after = [one for one in map(fold, rest.split()) if one]
    if comma and after and "," not in rest and after[0] not in _SUFFIXES:
        text = f"{rest} {first}"
    plain = text.split()
    while len(plain) > 1 and (
        plain[0] in {"the", "a", "an", "The", "An"} or (plain[0] == "A" and plain[1].islower())
    ):
        plain = plain[1:]
    every = [one for one in map(fold, plain) if one]
    titles = 0
    while titles < len(every) - 1 and every[titles] in TITLES | _ROYAL:
        titles += 1
    bare = every[titles:]
    suffix = "".join(word[:1] if word[:1] in "js" else word for word in bare[-1:] if word in _SUFFIXES)
    bare = bare[:-1] if suffix else bare
    sexes = {_sex(word) for word in every[:titles]} - {None}
    return Name(
        words=tuple(word for word in bare if len(word) > 1 or not word.isascii()),
        initials=tuple(word for word in bare if len(word) == 1 and word.isascii()),
        suffix=suffix,
        sex=sexes.pop() if len(sexes) == 1 else None,
        titled=titles > 0,
        royal=any(word in _ROYAL for word in every),
        every=tuple(every),
    )


def fold(word: str) -> str:
    """A word without case, accents and punctuation, and without the s of a genitive: "Clinton’s" → "clinton"."""
    plain = unicodedata.normalize("NFKD", re.sub(r"['’‘]s?$", "", word)).casefold()
    return "".join(char for char in plain if char.isalnum())


def is_askable(name: Name) -> bool:
    """Whether it names somebody or something: "he", "12" and "the" do not."""
    return (
        0 < len(name.words) <= _MOST_WORDS
        and not any(word in PRONOUNS or word in {"and", "or", "the", "an"} for word in name.every)
        and all(_LETTERS.search(word) for word in name.words)
    )


def agree(one: Name, other: Name) -> bool:
    """Whether two full names are surely one person's: first name and surname are the same, what is between and after
    does not speak against it."""
    middles = set(one.words[1:-1]), set(other.words[1:-1])
    return (
        one.full
        and other.full
        and (one.words[0], one.surname, one.suffix) == (other.words[0], other.surname, other.suffix)
        and (middles[0] <= middles[1] or middles[1] <= middles[0])
        and (not one.initials or not other.initials or one.initials == other.initials)
        and not clash(one, other)
    )


def clash(one: Name, other: Name) -> bool:
    """Whether their titles tell a man from a woman."""
    return one.sex is not None and other.sex is not None and one.sex is not other.sex


def akin(one: Name, other: Name) -> bool:
    """Whether two names have anything in common, a near spelling or an initial too: then they may be one person's."""
    if set(one.every) & set(other.words) or set(other.every) & set(one.words) or not one.words or not other.words:
        return True
    return any(
        SequenceMatcher(None, left[:40], right[:40], autojunk=False).ratio() >= _ALIKE
        for left in one.words[:_MOST_WORDS]
        for right in other.words[:_MOST_WORDS]
    )


def is_person(name: Name) -> bool:
    """Whether it is surely a person's: of two words or more, or with a title, and no body's."""
    common = any(word in _COMMON or word in _ROLES or word in TITLES for word in name.words)
    return (name.full or name.titled) and bool(name.words) and not (common or name.is_body or name.royal)


def is_title(word: str) -> bool:
    return fold(word) in TITLES or fold(word) in _ROYAL


def is_shared(words: str, name: Name) -> bool:
    """Whether somebody else in a text may bear the surname of a person: one of the family, one with other names, a
    handle. `name` is all that is known of the person. What stands in quotations counts too."""
    before: re.Match[str] | None = None
    for match in _TOKEN.finditer(words):
        token = fold(match[0])
        if token == name.surname:
            gap = words[before.end() : match.start()] if before else ""
            if match[0][0] in "@#" or _is_after_another(before[0] if before else "", gap, name):
                return True
            following = _NEXT.match(words, match.end())
            after = fold(following[2]) if following else ""
            if following and (following[1] or after in _SUFFIXES) and after not in name.every:
                return True
        elif name.surname in token and (token.startswith(name.surname) or name.surname.title() in match[0]):
            return True
        before = match
    return False


def _is_after_another(word: str, gap: str, name: Name) -> bool:
    bare = fold(word)
    initial = len(bare) == 1 and word.isupper()
    if not word or (gap.strip() and not (gap.strip() == "." and (initial or is_title(word)))):
        return False
    if bare in name.every or (initial and any(one.startswith(bare) for one in name.every[:1])):
        return False
    if bare in {"mr", "mrs", "ms", "miss"}:
        return False  # whether the title fits is looked at elsewhere
    if bare in {"the", "a", "an", "other", "another", "both", "two", "old", "young"}:
        return True
    plain = bare in NEVER_NAMES or bare in DAYS
    return not plain and (word[:1].isupper() or is_title(word) or is_role(bare))


def is_suffix(word: str) -> bool:
    return fold(word) in _SUFFIXES


def is_particle(word: str) -> bool:
    return word in _PARTICLES


def is_role(word: str) -> bool:
    """Whether a common noun stands for a person: "the mayor", "his wife"."""
    return word in _ROLES


def sex_of(word: str) -> Sex | None:
    """What a pronoun or title says of whom it stands for."""
    return _sex(fold(word))


def speaks_of_kin(text: str) -> bool:
    """Whether relatives are spoken of: then one surname may be two people's."""
    return any(fold(word) in _KIN for word in text.split())


def speaks_of_aliases(text: str) -> bool:
    """Whether the text says that somebody bears two names."""
    return _ALIASES.search(text.casefold()) is not None


def speaks_of_forgery(text: str) -> bool:
    """Whether the text says of anything that it is made up, or not true: that may be the very words."""
    return _FORGERIES.search(text.casefold()) is not None


def _sex(word: str) -> Sex | None:
    return Sex.MALE if word in _MALE else Sex.FEMALE if word in _FEMALE else None
