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
IN_BOLD = "In bold: sentence {number} of {count}."
ALL_IN_BOLD = "In bold: sentences {first} to {last} of {count}."
FURTHER = "Further passages:"
NO_MORE = "No further passages are published."
LEFT_OUT = "Passages left out for length: {count}"
COVERAGE = "Indexed: {entries} entries, from {first} to {last}."
SENSITIVE = "Entries of a sensitive live blog were found. They are shown to you alone."
SENSITIVE_ALONE = "Entries of a sensitive live blog were found. To see them alone, ask with: /stet"
SHOW_ME = "Show them to me"
SHOW_AROUND = "What stands around it"
AROUND = "What stands around it in the entry:"
AROUND_NOW = "The entry was changed since it was shown. It reads now:"
CHANGED_SINCE = "The entry was changed since it was shown, and these words do not stand in it any more. Ask again."
NOT_SHOWN_NOW = "The passage cannot be shown here any more."
WHOLE = "The whole entry:"
PART_OF_ENTRY = "Part of the entry, from character {first} to {last} of {count}:"
REST_OF_ENTRY = "Characters of the entry that are left out for length: {count}"

# ------------------------------------------------------------------------------------------------ after a change
EDITED_SEEN = "This passage was edited after it was quoted here, seen {time}. It reads now:"
LOST_SEEN = "The entry quoted here was edited, seen {time}. The quoted words cannot be found in it any more:"
DELETED_SEEN = "The entry quoted here was deleted from its live blog, seen {time}:"
NOT_SHOWN_AT_PRESENT = "An entry that was quoted here may not be shown at present."
TAKEN_DOWN = "An entry that was quoted here was taken down."
MAY_NOT_HOLD = "What was said here may not hold any more, as entries that it quotes were changed. Please ask again."
TOLD = {
    "edited": "An entry quoted above was edited. It is shown as it reads now.",
    "lost": "An entry quoted above was edited, and the quoted words cannot be found in it any more.",
    "deleted": "An entry quoted above was deleted from its live blog.",
    "hidden": "An entry quoted above may not be shown at present.",
    "withdrawn": "An entry quoted above was taken down.",
}
REPORT_REMOVED = (
    "A report on a document quoted what may not be shown any more, so it was removed. Please send it again."
)

# ------------------------------------------------------------------------------------------------ under answers
MORE, WHOLE_ENTRY = "Show more", "Whole entry"
VERIFY_A_QUOTATION = "Verify a quotation"
ASK_A_PERSON = "Ask a person"
HELPFUL, NOT_HELPFUL = "👍 Helpful", "👎 Not helpful"
NOT_VALID = "This button is not valid here. Ask again."
NOTHING_BEFORE = (
    "The question before is not known any more. Ask it again, in full. Questions are remembered for a while and not "
    "over a restart."
)
ANSWER_SHARED = "The answer was shared."
SENSITIVE_ANSWER_NOT_SHARED = (
    "Entries of a sensitive live blog were found, so the answer was not shared. It is for you alone."
)
NOTHING_TO_SHARE = "Nothing that may be shown in this channel answers this, so nothing was shared."
BUSY = "Too many questions are waiting at the moment. Please ask again in a minute."
WORKING = "is looking…"
TOO_OLD = "This was asked at {time}, while Stet was not running. Please ask again."

# ------------------------------------------------------------------------------------------------ quotations
VERDICTS = {
    "exact": "EXACT: published in these very words.",
    "typographic": "TYPOGRAPHIC: published in these words; marks, dashes, spaces or a capital differ.",
    "elided": "ELIDED: published with other words where the quotation declares a gap.",
    "altered": "ALTERED: published in other words.",
    "spliced": "SPLICED: its parts were published, but not together.",
    "not_found": "NOT FOUND: nothing that is indexed holds these words.",
}
PASSES, FAILS = "It passes.", "It does not pass."
NOT_CURRENT = "These words do not stand any more: they are of an earlier wording, or of a deleted entry."
GIVEN = "As given:"
GIVEN_MARKED = "As given, with [-what was published-] and {{+what stands in its place+}}:"
STRUCK, INSERTED = ("[-", "-]"), ("{+", "+}")
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
SHARE_HERE, SHARE_IN_THREAD = "Share here", "Share in the thread"
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
COUNTED = {verdict: f"{name}: {{count}}" for verdict, name in VERDICT_NAMES.items()}
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
SUMMARY, BY_VERDICT = "Summary", "Quotations by verdict"
VERDICT, QUOTATIONS, PASSING, ALL_VERDICTS = "Verdict", "Quotations", "Passing", "All"
NOT_PASSING_ARE = "Not passing: "
OTHER_SPEAKERS_ARE = "Another speaker than the draft names: "
THE_DRAFT, FINDINGS, IN_THE_DRAFT, IN_THE_ARCHIVE = "The draft", "Findings", "In the draft", "In the archive"
SHOW_IN_THE_DRAFT = "Show {number} in the draft"
NOT_CHECKED = "Not checked"
REMOVED, PUT_IN = "removed: ", "inserted: "

# ------------------------------------------------------------------------------------------------ punctuation
SEPARATOR, SPACE, STOP = ", ", " ", "."
OPENING, CLOSING = " (", ")."

# ------------------------------------------------------------------------------------------------ App Home
ASK_ABOUT = "What was published about {title}?"
HOME_WHAT = (
    "Stet looks up what the live blogs published and shows it word for word, with the time of each entry. "
    "It writes no sentence of its own."
)
HOME_ASKING, HOME_CHECKING, HOME_SHARING = "To ask", "To check a quotation", "To share"
HOME_ASK = "Mention Stet in a channel, write to it under Messages, or for yourself alone use: /stet and the question."
HOME_CHECK_MESSAGE = "All quotations of any message: choose Verify quotations among its actions."
HOME_SHARE = "What /stet shows to you alone has a button that shows it to all in the channel."
HOME_INDEXED = "What is indexed"
HOME_INDEXED_HERE = "Of what may be seen in a direct message, live blogs: {count}."
HOME_CHANNELS = "Channels"
HOME_NO_CHANNELS = (
    "No channel is set: Stet answers where it is mentioned, for all there, from all live blogs that may be seen."
)
HOME_MORE_CHANNELS = "More channels that are set: {count}. The command lists them: stet channel"
HOME_USE = "Use"
HOME_SINCE = "Since {time}:"
HOME_FIGURES = "Questions: {asked}. Answered: {answered}. Without an answer: {silent}. Called not helpful: {bad}."
HOME_STUCK = "Messages that Slack did not let Stet change: {count}."
HOME_TROUBLE = "This cannot be read at present. An admin finds the cause in the log."
MENTIONS_ONLY = "It answers where it is mentioned."
FOLLOWS_THREADS = "In threads that it answered in, it needs no mention."
FOR_ALL = "Answers are for all there."
FOR_ASKER_ALONE = "Answers are for the asker alone."
ALL_BLOGS = "From all live blogs that may be seen there."
THESE_BLOGS = "From these live blogs, where they may be seen: "
MORE_BLOGS = "More live blogs: {count}."
HIDDEN_BLOGS = "Live blogs that are not shown at present: {count}."
PERSON_IS = "Whoever asks for a person is sent to {person}."
NO_PERSON = "There is no person to ask for."
CHANGE_SETTINGS = "Change"
SET_A_CHANNEL = "Set a channel"
SETTINGS_TITLE = "Settings of a channel"
SAVE, CLOSE = "Save", "Close"
THE_CHANNEL = "Channel"
WAYS = "Ways"
WAY_THREADS = "Follow threads without a mention"
WAY_THREADS_NEEDS = "Needs the manifest that stet manifest --threads prints"
WAY_PRIVATE = "Show answers to the asker alone"
ONLY_THESE_BLOGS = "Only these live blogs"
NONE_MEANS_ALL = "None: all live blogs that may be seen there."
UNLISTED_BLOGS = (
    "Live blogs that cannot be listed here, for the length of a title or because of their number: {count}. "
    "The command sets them: stet channel"
)
KEPT_BLOGS = "Live blogs that are set, cannot be listed here and stay set: {count}. The command is: stet channel"
THE_PERSON = "Person to ask"
PERSON_HINT = "The id of a channel, a person or a user group, such as U024BE7LH. Empty: nobody."
NOT_AN_ADMIN = "Only an admin of Stet may set channels. Nothing was changed."
NOT_YOUR_SETTINGS = "These settings were opened by somebody else, or are out of date. Nothing was changed."
NOT_A_CHANNEL = "Choose a public or a private channel."
ALREADY_SET = "This channel is set already. Close this window and press Change beside it, or use: stet channel"
NOT_A_PERSON = "This is no id of a channel, a person or a user group. Such an id begins with C, G, U, W or S."
BLOG_UNKNOWN = "One of these live blogs is not there any more. Close this window and open it again."
NOT_SAVED = "The settings could not be saved. An admin finds the cause in the log."

# ------------------------------------------------------------------------------------------------ windows
ENTRY_TITLE = "The entry"
THE_REST = "The rest of the entry"
WHO_QUOTED = "Which answers quoted this"
QUOTED_TITLE, OPEN_MESSAGE = "Answers that quoted it", "Open the message"
LOOKING = "Stet is looking them up…"
QUOTED_BY = "Messages that show or cite this entry: {count}. The newest first:"
QUOTED_BY_NONE = "No message that is kept shows or cites this entry."
QUOTED_AT = "{time}, slices of the entry: {count}."
MESSAGE_STATES = {
    "standing": "The message stands in Slack.",
    "alone": "It was shown to one person alone.",
    "stuck": "Slack did not let Stet change it, so it may be out of date.",
    "gone": "It is not in Slack any more.",
}
QUOTED_THEN = "It was quoted then in an earlier wording:"
QUOTED_LEFT_OUT = "Earlier wordings left out for length: {count}"
MORE_MESSAGES = "Earlier messages that show or cite it: {count}"
ADMINS_ALONE = "This is for the admins of Stet alone."
CHECK_IT = "Check"
QUOTATION_LABEL = "The words to check"
SPEAKER_LABEL = "Who is named as the one who said it"
CHECK_TITLE, NOTICE_TITLE = "The check", "Stet"
NOTHING_TYPED = "Enter some words."
TOO_LONG_A_TEXT = "At most {count} characters are taken here."
NO_WORD_TO_CHECK = "It holds no word that can be checked."
REASONS_TITLE = "Not helpful"
REASONS_LABEL = "What is wrong with the answer?"
REASONS = {
    "wrong_entry": "It is about something else",
    "no_answer": "It does not answer the question",
    "outdated": "It is out of date",
    "incomplete": "Something is missing",
    "other": "Something else",
}
CHOOSE_A_REASON = "Choose one of these."
SEND, CANCEL = "Send", "Cancel"
THANKS = "Thank you. That was noted."
NOT_YOUR_WINDOW = (
    "This window was opened by somebody else, or is out of date. Nothing was done. Close it and press the button "
    "again."
)
WINDOW_LATE = "Slack did not open the window in time. Press the button again."
STILL_SENDING = "It is being sent. This takes longer than usual."

# ------------------------------------------------------------------------------------------------ asking a person
CALL_PREVIEW = "This is what {place} will be sent:"
CALL_PREVIEW_IN_THREAD = "This is what {place} will be sent, in the thread of the answer, for all there to read:"
CALL_PREVIEW_HERE = "This is what {place} will be sent, in this channel, for all there to read:"
CALL_CHANGED = "What was found has changed. Press Send again if this is to be sent:"
CALL_FROM = "{asker} asks a person, from {channel}."
CALL_FROM_DIRECT = "{asker} asks a person, from a direct message to Stet."
CALL_FROM_SOMEBODY = "Somebody asks a person."
CALL_FOR = "For {group}."
CALL_QUESTION = "The question:"
CALL_FORGOTTEN = "The question is not kept any more."
CALL_FOUND = "What Stet found published:"
CALL_FOUND_NOTHING = "Stet found nothing published that may be shown here."
CALL_SENSITIVE = "Stet found entries of a sensitive live blog. They are not shown here."
CALL_OPEN = "Nobody has taken it yet."
CALL_TAKEN = "Taken by {helper}, {time}."
CALL_RESOLVED = "Resolved by {helper}, {time}."
CALL_RESOLVED_BY_SOMEBODY = "Resolved, {time}."
CALL_TAKEN_BY_SOMEBODY = "Taken, {time}."
CALL_ANSWER, CALL_TAKE, CALL_RESOLVE = "Answer", "I take it", "Resolved"
CALL_SENT = "The question was sent to {place}. The answer comes as a message."
CALL_NO_PERSON = "No person can be asked from here. An admin of Stet names one for the channel."
CALL_NOT_A_MEMBER = "Stet is no member of {place}, so nothing was sent. Someone there invites it with: /invite @Stet"
CALL_ARCHIVED = "{place} is archived, so nothing was sent. An admin of Stet names another place to ask."
CALL_NOT_TAKEN = "Slack does not let Stet write to {place}, so nothing was sent. An admin finds the cause in the log."
CALL_NOT_NOW = "Slack takes no more messages at the moment, so nothing was sent. Try again in a minute."
CALL_UNCERTAIN = "Slack did not say whether it took the message. Look in {place} before you send it again."
CALL_NOT_KEPT = "The question could not be kept, so it was not sent. An admin finds the cause in the log."
HELPER_TITLE = "Answer a question"
HELPER_LABEL = "Your answer, in your own words"
HELPER_ANSWERS = "{helper} answers, in their own words:"
HELPER_FOOT = "These are a person’s words, not a quotation of what was published."
HELPER_TAKES = "{helper} has taken the question."
HELPER_SENT = "The answer was sent."
HELPER_HAS_IT = "{helper} has it already."
HELPER_RESOLVED = "It is resolved already."
ASKER_NOT_TOLD = "Slack did not let Stet tell the asker. An admin finds the cause in the log."
ASKER_UNKNOWN = "Who asked is not known any more, so nothing was sent."
CALL_NOT_UPDATED = "That was noted, and Slack did not let Stet change the message. Press again in a minute."
