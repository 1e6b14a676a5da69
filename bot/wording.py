"""Every phrase that Stet itself may say about what was published. Nothing else is said but slices of entries,
stored fields, formatted numbers and times, and the asker's own words.

The phrases say what was published and what the index covers; none claims that a passage answers, is true or is
complete. A name in braces is a slot for a stored field, a number or a time.
"""

from __future__ import annotations

# ------------------------------------------------------------------------------------------------ answers
PUBLISHED = "What was published:"
CLOSEST = "The closest published passages:"
EARLIEST = "The earliest indexed entry:"
LATEST = "The latest indexed entry:"
EARLIEST_ENTRIES = "The earliest indexed entries, the oldest first:"
LATEST_ENTRIES = "The latest indexed entries, the newest first:"
EARLIEST_HOLDING = "The earliest indexed entry that holds words of the question:"
LATEST_HOLDING = "The latest indexed entry that holds words of the question:"
EARLIEST_ENTRIES_HOLDING = "The earliest indexed entries that hold words of the question, the oldest first:"
LATEST_ENTRIES_HOLDING = "The latest indexed entries that hold words of the question, the newest first:"
ENTRIES_BEFORE = "Entries before {until}."
ENTRIES_SINCE = "Entries from {since} on."
ENTRIES_BETWEEN = "Entries from {since} to {until}."
ENTRIES_OF = "Entries of {since}."
OF_BLOG = "Live blog: {blog}."
UNREAD = (
    "The time in the question was not used, as it may be of several days or time zones. Say which, or name the "
    "live blog."
)
AS_OF = "As the entries read at {time}:"
UNHELD = "Entries whose wording of that moment is not held: {count}"
NOTHING_FOUND = "Nothing that is indexed answers this."
NOTHING_IN_RANGE = "No entry is indexed for that time or blog."
NEAREST = "The nearest entries, which may be about something else:"
OPENS = "The entry opens:"
FURTHER_ON = "Further on in it:"
CITATION = "{blog}, {time}"
TITLE = "“{title}”"
AUTHOR = "by {author}"
EDITED = "edited {time}"
SUPERSEDED = "this wording was changed later"
DELETED = "this entry was deleted later"
OPEN_ENTRY = "Open the entry"
TOO_LONG_HERE = "The passage is too long to be shown here. It stands in:"
ALSO = "Also published:"
MORE_ALSO = "Also published in more entries: {count}"
LEFT_OUT = "Passages left out for length: {count}"
COVERAGE = "Indexed: {entries} entries, from {first} to {last}."
SENSITIVE = "Entries of a sensitive live blog were found. They are shown to you alone."
SHOW_ME = "Show them to me"
SHOW_AROUND = "What stands around it"
AROUND = "What stands around it in the entry:"
AROUND_NOW = "The entry was changed since it was shown. It reads now:"
CHANGED_SINCE = "The entry was changed since it was shown, and these words do not stand in it any more. Ask again."
NOT_SHOWN_NOW = "The passage cannot be shown here any more."

# ------------------------------------------------------------------------------------------------ quotations
VERDICTS = {
    "exact": "EXACT: published in these very words.",
    "typographic": "TYPOGRAPHIC: published in these words; marks, dashes, spaces or a capital differ.",
    "elided": "ELIDED: published with other words where the quotation declares a gap.",
    "altered": "ALTERED: published in other words.",
    "spliced": "SPLICED: its parts were published, but not together.",
    "not_found": "NOT FOUND: nothing that is indexed holds these words.",
}
PASSES = "It passes."
FAILS = "It does not pass."
NOT_CURRENT = "These words do not stand any more: they are of an earlier wording, or of a deleted entry."
GIVEN = "As given:"
GIVEN_MARKED = "As given, with [-what was published-] and {{+what stands in its place+}}:"
STRUCK = ("[-", "-]")
INSERTED = ("{+", "+}")
CHANGES = {
    "number": "a number was changed",
    "negation": "a negation was changed",
    "substitution": "words were replaced",
    "deletion": "words were left out",
    "addition": "words were added",
    "order": "the order was changed",
    "case": "a capital was changed",
    "spelling": "the spelling was changed",
    "contraction": "a contraction was changed",
    "punctuation": "punctuation was changed",
}
CHANGE = "{number}. {kind}: "
MORE_CHANGES = "More changes: {count}"
CAUTIONS = {
    "negation": "CAUTION: the quotation leaves out a negation of the sentence: ",
    "number": "CAUTION: the quotation leaves out a number of the sentence: ",
    "hedge": "CAUTION: the quotation leaves out a reservation of the sentence: ",
    "attribution": "CAUTION: the quotation leaves out who the sentence says it is from: ",
    "insertion": "CAUTION: the words in brackets were not published. They stand for: ",
}
INSERTED_FOR_NOTHING = "CAUTION: the words in brackets were not published. They stand for nothing that was."
IN_ITS_SENTENCE = "As published, in its sentence:"
IN_ITS_TITLE = "As published, in a title:"
PART = "Part {number}:"
SAID_BY = "attributed as: "
IN_DIRECT_SPEECH = "in direct speech"
IN_OWN_WORDS = "in the entry’s own words"
SPEAKERS = {
    "confirmed": "CONFIRMED: the entry names {speaker} as the one who said it.",
    "different": "DIFFERENT: the entry names another than {speaker} as the one who said it.",
    "unclear": "UNCLEAR: the entry does not make certain that {speaker} said it.",
}
RIVALS = "Worded otherwise elsewhere:"
READS_NOW = "The entry reads now:"
MORE_PLACES = "More places hold these words: {count}"
UNHELD_CHECK = "As of that moment, entries whose wording is not held: {count}"

# ------------------------------------------------------------------------------------------------ other replies
HELP = (
    "Ask a question about the live blogs. The words that were published come back, with their time. "
    "Or check a quotation: check “the words”."
)
ASKED = "You asked:"
TOO_LONG_A_QUESTION = "The question is too long. At most {count} characters are taken."
EMPTY_INDEX = "No live blog is indexed yet. An admin adds one with the command: stet add"
INDEX_TROUBLE = "The index cannot be read at present. An admin finds the cause in the log."
TROUBLE = (
    "Something went wrong and the question was not answered. Please ask again. An admin finds the cause in the log."
)

# ------------------------------------------------------------------------------------------------ checks in Slack
CHECK_HELP = (
    "To check a quotation, send: check “the words”. Several quotations in marks are checked one by one; a name after "
    "the marks is checked as well: check “the words” — Name. A document in a direct message is checked whole."
)
TOO_MANY_MARKS = "The message holds more quotation marks than can be read. Split it, and send the parts."
NUMBERED = "Quotation {number} of {count}"
BEGINNING = ", which begins: {words}"
TALLY = "Quotations: {count}. Passing: {passing}."
UNCHECKABLE = "It is too long to be checked here, or holds no word."
NO_QUOTATIONS = "The message holds no quotation: none in quotation marks of more than two words, and no block quote."
LEFT_ALONE = "In quotation marks and not checked (one or two words, code, a mark that nothing closes): {count}"
OTHERS_LEFT_OUT = "Quotations left out for length: {count}. Each can be checked with: check “the words”"
UNCHECKED = "Quotations not checked, as there are too many at once: {count}"
CHECK_ALONE = "To see it alone, use: /stet check “the words”"
SHARE_HERE = "Share here"
SHARE_IN_THREAD = "Share in the thread"
NO_BUTTON = "The quotation is too long for a button to share it."
SHARED = "The check was shared."
SENSITIVE_NOT_SHARED = (
    "Entries of a sensitive live blog were found, so the check was not shared. It is for you alone."
)
NOT_A_MEMBER = (
    "Stet is no member of this channel, so the check was not shared. Invite it with /invite @Stet, and press again."
)
CANNOT_POST = "Slack does not let Stet post here, so the check was not shared."
CHECKED_DOCUMENT = "Checked: {name}. Quotations: {count}. Passing: {passing}."
COUNTED = {
    "exact": "EXACT: {count}",
    "typographic": "TYPOGRAPHIC: {count}",
    "elided": "ELIDED: {count}",
    "altered": "ALTERED: {count}",
    "spliced": "SPLICED: {count}",
    "not_found": "NOT FOUND: {count}",
}
UNREAD_PARTS = "Kinds of parts of it that were not read: {count}"
SEE_THE_REPORT = "Quotations left out for length: {count}. The report has them all."
REPORT_NOT_SENT = "Slack did not take the report. An admin finds the cause in the log."
NO_QUOTATIONS_IN = "{name} holds no quotation: none in quotation marks of more than two words, and no block quote."
TOO_MANY_IN = (
    "{name} holds {count} quotations; at most {most} are checked here. An admin checks it with: stet check-draft"
)
FILE_KIND = "{name} is of a kind that is not read. Send it as .docx, .txt, .md or .html."
FILE_ELSEWHERE = "{name} is kept outside of Slack, so it is not read. Send the file itself."
FILE_GONE = "{name} is not in Slack any more, or is hidden. Send it again."
FILE_TOO_LARGE = "{name} is larger than {most} MB. Split it, and send the parts."
FILE_NOT_HAD = "{name} could not be had from Slack. Send it again. An admin finds the cause in the log."
FILE_UNREADABLE = (
    "{name} could not be read. Save it anew as .docx without a password, or as text in UTF-8, and send that. "
    "If it is very long, split it."
)
FILE_TROUBLE = "Something went wrong and {name} was not checked. Send it again. An admin finds the cause in the log."
NAMELESS = "The file"
TOO_MANY_FILES = "At most {most} files are read at once, and these are {count}. Send fewer."

# ------------------------------------------------------------------------------------------------ drafts
VERDICT_NAMES = {
    "exact": "EXACT",
    "typographic": "TYPOGRAPHIC",
    "elided": "ELIDED",
    "altered": "ALTERED",
    "spliced": "SPLICED",
    "not_found": "NOT FOUND",
}
NO_VERDICT = "NO VERDICT"
WITH_CAUTION = "CAUTION"
NOT_STANDING = "EARLIER WORDING"
OTHER_SPEAKER = "DIFFERENT SPEAKER"
NUMBER = "{number}. "
HELD = "{number}. {verdict}: “{words}” "
NO_VERDICTS = "NO VERDICT: {count}"
OTHER_SPEAKERS = "Another speaker than the draft names: {count}."
NOT_CHECKED_HERE = "In quotation marks and not checked: {count}"
SKIPPED = {
    "scare_quotes": "one or two words: {count}",
    "unclosed": "a mark that nothing closes: {count}",
    "unopened": "a mark that nothing opens: {count}",
    "apostrophe": "an apostrophe: {count}",
    "measure": "a measure: {count}",
    "code": "code: {count}",
    "too_long": "too long: {count}",
}
REPORT_WRITTEN = "The report is in {name}"
REPORT_TITLE = "Stet: quotations of {name}"
SKIP_TO_FINDINGS = "Skip to the findings"
CHECKED_AT = "Checked at {time}."
COMPARED_WITH = "Compared with: live blogs: {blogs}, entries: {entries}, from {first} to {last}."
SUMMARY = "Summary"
BY_VERDICT = "Quotations by verdict"
VERDICT = "Verdict"
QUOTATIONS = "Quotations"
PASSING = "Passing"
ALL_VERDICTS = "All"
NOT_PASSING_ARE = "Not passing: "
OTHER_SPEAKERS_ARE = "Another speaker than the draft names: "
THE_DRAFT = "The draft"
FINDINGS = "Findings"
IN_THE_DRAFT = "In the draft"
IN_THE_ARCHIVE = "In the archive"
SHOW_IN_THE_DRAFT = "Show {number} in the draft"
NOT_CHECKED = "Not checked"
REMOVED = "removed: "
PUT_IN = "inserted: "

# ------------------------------------------------------------------------------------------------ punctuation
SEPARATOR = ", "
SPACE = " "
STOP = "."
OPENING, CLOSING = " (", ")."

# ------------------------------------------------------------------------------------------------ the demo
DEMO_TITLE = "River Wend flood"
DEMO_ADDING = "Adding the sample live blog. It is fiction: a town, its council and a river in flood."
DEMO_NEXT = """Now ask something yourself:

  {stet} ask "How many homes were evacuated?"
  {stet} status

And then add a live blog of your own: stet add FILE"""
