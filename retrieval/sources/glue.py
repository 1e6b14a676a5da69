"""What flattening a page to plain text glued together: titles to bodies, paragraphs to paragraphs.

A page's tags were dropped without a space in their place, so `…the key points.About 1,400…` were two
paragraphs. Here only line breaks are put back. Where it is not certain that there was a boundary, the text is
left as it came: a missing break costs a longer passage, a wrong one would cut a name in two.
"""

from __future__ import annotations

import re

_LONGEST_TITLE = 140
_CLOSERS = "\"'”’»)]"
_OPENERS = "\"'“‘«(["


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A word that opens sentences far more often than it ends a name in camel case.
_SENTENCE_OPENERS = _listed(
    "A About According After All Also Although An And Another Any Are As At Back Because Before But By Can "
    "Could Despite Did Do Does During Earlier Even Every Few First For Four From Further Good Had Has Have He "
    "Hello Her Here His How However I If In Is It Its Just Last Later Let Many Meanwhile More Most Much My "
    "Nearly New No Nobody Nor Not Nothing Now Of On Once One Only Or Our Over People Police Readers She "
    "Should Since So Some Still Ten Thank Thanks That The Their Then There These They This Those Though Three "
    "Thus To Today Tomorrow Tonight Two Under Until Up Updated Very Was We Welcome Well Were What When Where "
    "Whether Which While Who Why Will With Would Yes Yesterday Yet You Your"
)
# A title of one capitalised word: what live blogs call their standing posts.
_ONE_WORD_TITLES = _listed(
    "Afternoon Agenda Analysis Background Briefing Closing Comment Correction Explainer Headlines Key "
    "Lunchtime Morning Opening Overview Preview Profile Reaction Recap Summary Timeline Update Verdict "
    "Welcome"
)
# Camel-case names that begin in lower case or whose second half is a sentence opener.
_CAMEL_NAMES = _listed("easyJet eBay iPad iPhone iPlayer iTunes macOS eSports deVere LinkedIn YouGov WhoWhatWhy")

_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_TITLE_END = re.compile(rf"(?<=[{_LOWER}0-9)”’%])(?=[{_UPPER}“‘])|(?<=[{_UPPER}]{{2}})(?=[{_UPPER}][{_LOWER}])")
_SENTENCE_END = re.compile(r"[.!?…]")
_QUESTION_GLUED = re.compile(rf"\?(?=[“‘\"']?[{_UPPER}])")
# A word, a whole acronym (the AI of OpenAI is not the article), or the first part of a name like McVey.
_WORD_AFTER = re.compile(rf"[{_UPPER}](?:[{_LOWER}’']*+(?![{_UPPER}0-9])|[{_UPPER}0-9]+|[{_LOWER}’']+)")

_PARAGRAPH_END = re.compile(
    rf"(?P<mark>[.!?])(?P<closers>[\"'”’»)\]]*)(?=[\"'“‘«(\[]*(?:[{_UPPER}]|[£$€]\d))"
    rf"|\)(?=[{_UPPER}][{_LOWER}])"
    r"|(?P<date>(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    rf" \d{{1,2}}, (?:19|20)\d\d)(?=[\"'“‘«(\[]*[{_UPPER}])"
    rf"|:(?=[“‘«][{_UPPER}])"
)
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}|[^\W\d_]")
_ADDRESS = re.compile(r"/|@|^www\b", re.IGNORECASE)
_DOMAIN_ENDINGS = _listed("Com Co Org Net Gov Uk Eu Edu Info Io Tv Me")
# Titles and the like that a name follows: `Mr.Smith` is glued, but by the writer, and is no new paragraph.
_BEFORE_NAMES = _listed(
    "Mr Mrs Ms Mx Dr Prof Rev Fr Sr Jr St Mt Ft Lt Col Gen Capt Sgt Cpl Maj Adm Cmdr Gov Sen Rep Hon Pres "
    "Supt Insp Det Cllr No Nos vs v Ph Ed Litt"
)
# More of the same sentence follows these.
_LEANING = _listed("e.g i.e eg ie cf viz")


def title_length(body: str) -> int:
    """How many characters at the front of an entry's body are a title glued to it; 0 where none is.

    `body` has no white space in front. The title is what stands before the first place where two words are
    glued, if no sentence has ended by then and what follows reads as the beginning of a sentence; or a
    question that is glued to what follows it, which is a title far more often than a paragraph.
    """
    head = re.split(r"[\r\n]", body[: _LONGEST_TITLE + 1], maxsplit=1)[0]
    sentence_end = _first_sentence_end(head)
    for match in _TITLE_END.finditer(head, 0, sentence_end):
        if _is_title(head[: match.start()], body[match.start() :]):
            return match.start()
    asks = any(map(str.isalnum, head[:sentence_end])) and _QUESTION_GLUED.match(head, sentence_end)
    return sentence_end + 1 if asks else 0


def _first_sentence_end(head: str) -> int:
    """Where the first sentence ends: a mark followed by white space, or by a capital (5.49pm and No. 2 do not)."""
    for match in _SENTENCE_END.finditer(head):
        before = _token_before(head, match.start())
        after = head[match.end() :].lstrip(_CLOSERS)
        if before.strip(_OPENERS) in _BEFORE_NAMES or (len(before) == 1 and before.isupper()):
            continue
        if not after or after[0].isspace() or after[0].isupper() or after[0] in _OPENERS:
            return match.start()
    return len(head)


def _is_title(title: str, rest: str) -> bool:
    words = title.split()
    last = _token_before(title, len(title))
    following = _WORD_AFTER.match(rest.lstrip(_OPENERS))
    if not words or not following or (not title[0].isalnum() and title[0] not in "‘“\"'£$€#("):
        return False
    token = last + following[0]
    if token in _CAMEL_NAMES or _ADDRESS.search(token):
        return False
    opener = following[0].replace("’", "'").split("'")[0] in _SENTENCE_OPENERS
    if last[-1] in ")”’%" or any(character.isdigit() for character in last):
        return len(words) > 1 and (opener or len(following[0]) > 1)
    if last.islower() and last.isalpha():
        return len(last) > 2 and (opener or len(words) > 1)
    if len(words) == 1 and last in _ONE_WORD_TITLES:
        return True
    return opener and (len(words) > 1 or len(last) > 3 or (last.isupper() and len(last) > 2))


def paragraph_breaks(text: str) -> list[int]:
    """The offsets in `text` at which a line break is to be put back, ascending."""
    return [at for match in _PARAGRAPH_END.finditer(text) if (at := _break_after(text, match)) is not None]


def _break_after(text: str, match: re.Match[str]) -> int | None:
    if match["date"]:
        return match.end()
    if match["mark"] is None:
        return None if _ADDRESS.search(_token_around(text, match.start())) else match.end()
    before = _token_before(text, match.start()).lstrip(_OPENERS)
    word = _WORD_AFTER.match(text[match.end() :].lstrip(_OPENERS))
    after = word[0] if word else ""
    closers = match["closers"]
    if _ADDRESS.search(_without_words(before)) or (match["mark"] == "." and after in _DOMAIN_ENDINGS):
        return None
    if closers.endswith('"') and text.count('"', 0, match.end()) % 2:
        # A straight mark with no partner before it opens the next paragraph's quotation.
        return match.end() - 1
    if match["mark"] != "." or closers:
        return match.end() if before and before[-1] != "." else None
    return match.end() if _full_stop_ends(before, after) else None


def _full_stop_ends(before: str, after: str) -> bool:
    if not before or before[-1] == "." or before in _BEFORE_NAMES or before.lower() in _LEANING:
        return False
    if re.fullmatch(r"(?i)\d{0,4}[ap]\.m", before):
        return True
    if before.endswith(tuple(_CLOSERS)) or before[-1].isdigit() or before[-1] in "%…":
        return True
    if _INITIALS.fullmatch(before):
        # J.K.Rowling and U.S.Army are names; U.S.The is not
        return after in _SENTENCE_OPENERS and len(after) > 1
    return True


def _token_before(text: str, end: int) -> str:
    start = end
    while start > 0 and end - start < 200 and not text[start - 1].isspace():
        start -= 1
    return text[start:end]


def _token_around(text: str, at: int) -> str:
    """The token around the bracket or colon at `at`, without what the bracket holds."""
    end = at
    while end < len(text) and end - at < 200 and not text[end].isspace():
        end += 1
    return _token_before(text, at).rpartition("(")[0] + text[at:end]


def _without_words(token: str) -> str:
    """The token, unless it is plain words joined by a slash, as in `and/or`."""
    return "" if re.fullmatch(r"(?!www$)[^\W\d_]+(?:/[^\W\d_]+)*", token) else token
