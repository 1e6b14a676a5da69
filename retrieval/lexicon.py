"""What single words mean to a check, and among near-duplicates: which turn a sentence, which count, which say little.

Lists of our own, of British and American newspaper English; of other languages only their negations. Words are as
`folding` folds them: in lower case, with straight apostrophes.
"""

from __future__ import annotations

from retrieval import languages


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


FUNCTION_WORDS = _listed(
    "a an the this that these those and or but if so as than then there here of in on at by to from for with into "
    "onto upon about over under up down out off again also just very too only own same such i me my we us our you "
    "your he him his she her hers it its they them their theirs one who whom whose which what when where why how "
    "is am are was were be been being have has had having do does did doing will would shall should can could may "
    "might must i'm i've i'll i'd we're we've we'll we'd you're you've you'll you'd he's he'll he'd she's she'll "
    "she'd it's it'll they're they've they'll they'd that's there's here's who's what's let's get got going go "
    "goes said says say all any each every both some more most other many much few because while until after "
    "before between during"
)
"""Words that two utterances share without having anything to do with each other."""

NEGATIONS = _listed("not no never none nobody nothing neither nor nowhere without cannot n't")
"""Words that deny, one way or another; `n't` stands for all words that end so."""

_TURNING = NEGATIONS | _listed(
    "hardly scarcely barely rarely seldom few fewer little less least unable false untrue wrong lack lacks lacked "
    "lacking deny denies denied denying refuse refuses refused refusing fail fails failed failing failure stop "
    "stops stopped avoid avoids avoided prevent prevents prevented reject rejects rejected rule ruled dismiss "
    "dismisses dismissed non anti ex pseudo ain't aint dont doesnt didnt wont wouldnt cant couldnt shouldnt isnt "
    "arent wasnt werent hasnt havent hadnt mustnt doubt doubts doubted impossible myth dispute disputes disputed "
    "acquitted instead except nonexistent baseless unfounded nonsense debunked"
)
_DENIALS = {
    "ar": _listed("لا ليس ليست لم لن ما غير دون بدون"),
    "da": _listed("ikke aldrig ingen intet ingenting uden hverken næppe"),
    "de": _listed(
        "nicht nichts nie niemals niemand niemanden niemandem kein keine keinen keinem keiner keines ohne weder kaum "
        "nirgends"
    ),
    "el": _listed("δεν δε μην μη ποτέ κανείς κανένας καμία κανένα τίποτα χωρίς ούτε όχι"),
    "es": _listed("no nunca jamás nada nadie ningún ninguna ninguno sin ni tampoco apenas"),
    "fi": _listed("ei en et emme ette eivät älä älkää ilman tuskin koskaan"),
    "fr": _listed(
        "ne pas jamais rien aucun aucune personne sans ni non guère nul nulle plus n'est n'a n'ont n'était"
    ),
    "hu": _listed("nem ne nincs nincsenek sem soha senki semmi nélkül"),
    "it": _listed("non no mai nessuno nessuna nessun niente nulla senza né neanche nemmeno neppure"),
    "nb": _listed("ikke aldri ingen intet ingenting uten verken neppe"),
    "nl": _listed("niet niets nooit niemand geen zonder noch nergens nauwelijks"),
    "pl": _listed("nie nigdy nikt nic żaden żadna żadne bez ani"),
    "pt": _listed("não nunca jamais nada ninguém nenhum nenhuma sem nem"),
    "ro": _listed("nu niciodată nimeni nimic niciun nicio fără nici"),
    "ru": _listed("не ни нет никогда никто ничего ничто никакой без нельзя едва"),
    "sv": _listed("inte ej icke aldrig ingen inget inga ingenting utan varken knappt"),
    "ta": _listed("இல்லை அல்ல"),
    "tr": _listed("değil yok hiç hiçbir asla ne"),
}
_DENIALS |= {"nn": _DENIALS["nb"] | _listed("ikkje aldri ingen inkje utan"), "no": _DENIALS["nb"]}

_HEDGES = _listed(
    "alleged allegedly alleges allege allegation allegations may might could perhaps possibly possible probably "
    "maybe approximately roughly nearly almost virtually apparently appear appears appeared seem seems seemed "
    "seemingly reportedly likely unlikely believed thought suspected suspects suspect estimated estimate "
    "estimates supposedly presumably ostensibly arguably purportedly purported unconfirmed unverified claim "
    "claims claimed if unless whether about around some mostly mainly partly largely generally usually sometimes "
    "often potentially conceivably suggest suggests suggested some certain rumour rumours rumor rumors rumoured "
    "rumored supposed accused potential imagine prove proves proved wannabe speculation"
)
_DENYING_PAIRS = frozenset((("far", "from"), ("apart", "from"), ("other", "than"), ("but", "for"), ("cleared", "of")))
_HEDGING_PAIRS = frozenset(
    tuple(pair.split("-"))
    for pair in (
        "more-than less-than fewer-than up-to as-many as-few as-much at-least at-most close-to no-more so-called "
        "would-be would-have could-have should-have reports-that reports-of report-that claims-that said-to "
        "self-styled self-proclaimed self-described"
    ).split()
)
_BEFORE_MONTHS = _listed("in of last this next until since by early late mid from to every")
_PRONOUNS = _listed("one first second")
_BEFORE_NUMBERS = _listed("about around some over under")
"""Hedges only where a number follows: "about 1,400", not "about the report"."""

_CUES = _listed(
    "said says say saying told tells tell telling added adds adding claimed claims claim claiming argued argues "
    "argue arguing alleged alleges announced announces asserted asserts believed believes believe commented "
    "concluded concludes confirmed confirms declared declares denied denies described describes estimated "
    "explained explains feared fears insisted insists insisting maintained maintains noted notes predicted "
    "predicts promised promises quoted replied reported responded revealed reveals stated states stressed "
    "suggested suggests suspected testified thought thinks threatened tweeted tweets urged urges vowed warned "
    "warns warning wrote writes according admitted admits admit acknowledged acknowledges joked jokes joking "
    "pretended pretends accused accuses accusing conceded concedes hinted hints implied implies boasted boasts "
    "complained complains asked asks answered answers remarked remarks shouted shouts cried cries recalled "
    "recalls repeated repeats pledged pledges advised advises contended contends posted posts lied lies"
)

_NUMBERS = _listed(
    "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion "
    "trillion"
)
_SHORT_SCALES = _listed("k m mn bn tn")
_COUNTS = _listed(
    "half halves quarter quarters third thirds fourth fifth sixth seventh eighth ninth tenth dozen "
    "dozens hundreds thousands millions billions trillions twice thrice double doubled triple tripled once "
    "percent couple pair score scores handful fraction minority majority minus plus"
)


_UNITS = _SHORT_SCALES | _listed(
    "pc pct p c s kg g t km cm mm ft mph kph kmh kw mw gw gb mb tb hours hour minutes minute seconds days weeks "
    "months years year miles mile metres meters kilometres kilometers feet inches degrees points tonnes tons "
    "pounds dollars euros pence cents degree"
)


def is_unit(word: str) -> bool:
    """Whether a word after a number says what it counts: three pounds are not three pence."""
    return word in _UNITS


def is_function_word(word: str, language: str) -> bool:
    """Whether a word is no evidence that two texts are the same. In languages without a list, the short ones."""
    return word in FUNCTION_WORDS if _is_english(language) else len(word) <= 3


def denies(word: str) -> bool:
    """Whether an English word denies."""
    return word in NEGATIONS or word.endswith("n't")


def turns(word: str, language: str) -> bool:
    """Whether a sentence may mean the contrary without the word."""
    bare = word.removesuffix("'s")
    if bare in _TURNING or word.endswith("n't"):
        return True
    return bare in _DENIALS.get(languages.primary(language), ())


def denies_with(word: str, following: str) -> bool:
    """Whether a word denies together with the one after it: `far from`."""
    return (word, following) in _DENYING_PAIRS


def is_listed(language: str) -> bool:
    """Whether the words of a language that reserve or attribute are known: those of English alone."""
    return _is_english(language)


def is_month(before: str, following: str) -> bool:
    """Whether "May" between two words is the month."""
    return before in _BEFORE_MONTHS or before[:1].isdigit() or following[:1].isdigit()


def hedges(word: str, following: str) -> bool:
    """Whether a word leaves open what the sentence says, alone or with the one after it."""
    if (word, following) in _HEDGING_PAIRS:
        return True
    return word in _HEDGES or (word in _BEFORE_NUMBERS and counts(following))


def is_cue(word: str) -> bool:
    """Whether a word tells that somebody said so."""
    return word in _CUES


def counts(word: str, following: str = "") -> bool:
    """Whether a word is a number, or says how many. `one` is one only before "of" or a scale: it is a pronoun more
    often; `first` and `second` are none but before "of"."""
    if (word, following) == ("per", "cent"):
        return True
    if word in _PRONOUNS:
        return following == "of" or following in _NUMBERS
    if word[:1].isnumeric() or not word[:1].isalpha():  # digits, signs of money and percentage
        return bool(word)
    return word in _NUMBERS or word in _COUNTS


def is_numeral(word: str) -> bool:
    """Whether a word can be part of a number: `one` and `second` as well."""
    return word in _PRONOUNS or counts(word) or word in _SHORT_SCALES


def _is_english(language: str) -> bool:
    return languages.primary(language) == languages.ENGLISH
