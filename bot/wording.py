"""Every phrase that Stet itself may say about what was published. Nothing else is said but slices of entries,
stored fields, formatted numbers and times, and the asker's own words.

The phrases say what was published and what the index covers; none claims that a passage answers, is true or is
complete. A name in braces is a slot for a stored field, a number or a time.
"""

from __future__ import annotations

# ------------------------------------------------------------------------------------------------ answers
PUBLISHED = "What was published:"
EARLIEST = "The earliest indexed entry:"
LATEST = "The latest indexed entry:"
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
LEFT_OUT = "Passages left out for length: {count}"
COVERAGE = "Indexed: {entries} entries, from {first} to {last}."
SENSITIVE = "Entries of a sensitive live blog were found. They are shown to you alone."
SHOW_ME = "Show them to me"

# ------------------------------------------------------------------------------------------------ other replies
HELP = "Ask a question about the live blogs. The words that were published come back, with their time."
ASKED = "You asked:"
TOO_LONG_A_QUESTION = "The question is too long. At most {count} characters are taken."
EMPTY_INDEX = "No live blog is indexed yet. An admin adds one with the command: stet add"
INDEX_TROUBLE = "The index cannot be read at present. An admin finds the cause in the log."
TROUBLE = (
    "Something went wrong and the question was not answered. Please ask again. An admin finds the cause in the log."
)

# ------------------------------------------------------------------------------------------------ punctuation
SEPARATOR = ", "
SPACE = " "

# ------------------------------------------------------------------------------------------------ the demo
DEMO_TITLE = "River Wend flood"
DEMO_ADDING = "Adding the sample live blog. It is fiction: a town, its council and a river in flood."
DEMO_NEXT = """Now ask something yourself:

  {stet} ask "How many homes were evacuated?"
  {stet} status

And then add a live blog of your own: stet add FILE"""
