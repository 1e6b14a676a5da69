"""What is known of the languages of blogs: how their words are stemmed, and where a full stop ends no sentence.

A language is a code such as `de` or `pt-BR`; only its first part counts. English has rules of its own in `sentences`
and `lexical`, and is the only one whose answers were measured.
"""

from __future__ import annotations

from dataclasses import dataclass

ENGLISH = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class Language:
    """`stemmer` is tantivy's name of the language; `stops`: it has that language's stop words as well.

    `abbreviations` are those after which a sentence goes on, in lower case, without their last full stop; `ordinals`:
    a full stop after a number of one or two digits makes it an ordinal, as in the German "26. August"; `marks` end a
    sentence besides those of all languages.
    """

    stemmer: str
    stops: bool = True
    abbreviations: frozenset[str] = frozenset()
    ordinals: bool = False
    marks: str = ""


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NORWEGIAN = Language(
    stemmer="norwegian",
    abbreviations=_listed("bl.a f.eks d.v.s dvs osv m.m dr prof kl ca nr mill mrd tlf adr kr pst jf evt inkl"),
    ordinals=True,
)
_KNOWN = {
    ENGLISH: Language(stemmer="english"),
    "ar": Language(stemmer="arabic", stops=False, marks="؟"),
    "da": Language(
        stemmer="danish",
        abbreviations=_listed("bl.a f.eks d.v.s dvs osv m.m dr prof kl ca nr mio mia tlf hr fr pct kr jf evt inkl"),
        ordinals=True,
    ),
    "de": Language(
        stemmer="german",
        abbreviations=_listed(
            "bzw ca etc evtl ggf inkl usw usf vgl dr prof dipl ing str nr mio mrd hr hrn fr frl st abs jh tel zzgl "
            "max min bspw sog gem geb gest verh jr bd hrsg jan feb mär apr jun jul aug sep sept okt nov dez"
        ),
        ordinals=True,
    ),
    "el": Language(
        stemmer="greek", stops=False, abbreviations=_listed("κ κα κ.λπ κλπ π.χ δηλ αρ τηλ σελ δρ χλμ εκ"), marks=";"
    ),
    "es": Language(
        stemmer="spanish",
        abbreviations=_listed(
            "sr sra srta sres dr dra d dña ud uds vd vds etc pág págs núm avda c tel aprox ee.uu vol prof lic ing "
            "gral"
        ),
    ),
    "fi": Language(
        stemmer="finnish",
        abbreviations=_listed("esim mm ym jne ns nk klo n s prof tri huom mrd milj puh os ko eli eaa jaa v"),
        ordinals=True,
    ),
    "fr": Language(
        stemmer="french",
        abbreviations=_listed(
            "m mm mme mlle dr pr me st ste etc env p av apr cf vol chap tél bd janv févr avr juil sept oct nov déc"
        ),
    ),
    "hu": Language(
        stemmer="hungarian",
        abbreviations=_listed(
            "dr prof pl stb ill kb kft bt zrt nyrt u ún sz tel ifj özv jan febr márc ápr jún júl aug szept okt nov"
        ),
        ordinals=True,
    ),
    "it": Language(
        stemmer="italian",
        abbreviations=_listed(
            "sig sigg dott prof ing avv on ecc pag pagg art n tel es ca sen gen col cap ten mons geom"
        ),
    ),
    "nb": _NORWEGIAN,
    "nl": Language(
        stemmer="dutch",
        abbreviations=_listed(
            "dhr mevr mr dr prof ir drs ing bijv enz etc ca nr o.a d.w.z m.n blz tel jl a.s resp excl incl st mln mld"
        ),
    ),
    "nn": _NORWEGIAN,
    "no": _NORWEGIAN,
    "pt": Language(
        stemmer="portuguese",
        abbreviations=_listed(
            "sr sra srta dr dra prof profa eng av etc pág n nº art tel aprox exmo exma r d gen cel"
        ),
    ),
    "ro": Language(
        stemmer="romanian",
        stops=False,
        abbreviations=_listed("dl dna dr prof etc nr str pag ex art jud mun bd tel ing"),
    ),
    "ru": Language(
        stemmer="russian",
        abbreviations=_listed("г гг др т.е т.д т.п т.к проф ул д руб тыс млн млрд стр см вв напр св обл р н.э"),
    ),
    "sv": Language(
        stemmer="swedish",
        abbreviations=_listed(
            "bl.a t.ex d.v.s dvs osv m.m dr prof kl ca nr st tel s.k o.s.v fr.o.m t.o.m kr milj jfr"
        ),
    ),
    "ta": Language(stemmer="tamil", stops=False),
    "tr": Language(
        stemmer="turkish",
        stops=False,
        abbreviations=_listed("dr prof doç yrd sn vb vs bkz örn yy no cad sok mah tel st"),
        ordinals=True,
    ),
}


def primary(code: str) -> str:
    """The part of a code that counts: `pt` of `pt-BR`."""
    return code.lower().replace("_", "-").partition("-")[0]


def known(code: str) -> Language | None:
    """What is known of a language; None where nothing is."""
    return _KNOWN.get(primary(code))


def supported(code: str) -> bool:
    """Whether words of the language are stemmed: a question finds other forms of its words."""
    return known(code) is not None


def measured(code: str) -> bool:
    """Whether the quality of answers, and when to stay silent, was measured in the language."""
    return primary(code) == ENGLISH
