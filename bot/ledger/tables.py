"""The ledger's tables, and how its file is known to be ours. Times are microseconds since 1970, UTC."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, text

APPLICATION_ID = 0x5354454C  # "STEL"
SCHEMA = 2
LEDGER_FILE = "ledger.db"

metadata = MetaData()

received = Table(
    "received",
    metadata,
    Column("key", String, primary_key=True),
    Column("run", String, nullable=False),  # the running bot that took it
    Column("state", String, nullable=False),  # see `inbox.State`
    Column("at", Integer, nullable=False),
    Column("payload", String),  # JSON: what came; only until it has its reply
)

posted = Table(
    "posted",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("channel", String, nullable=False),
    Column("ts", String, nullable=False),  # empty: shown to one person alone, which Slack lets nobody change
    Column("at", Integer, nullable=False),
    Column("thread", String),
    Column("delivery", String),  # the key of what it replies to
    Column("asker", String),
    Column("kind", String, nullable=False, server_default=text("'other'")),  # see `messages.Kind`
    Column("frame", String),  # JSON: what an answer's own lines are made of; no text
    Column("seen", Integer, nullable=False, server_default=text("0")),  # the feed's last change when it was made
    Column("state", String, nullable=False, server_default=text("'standing'")),  # see `messages.State`
    Column("tries", Integer, nullable=False, server_default=text("0")),  # how often Slack would not let it change
    Column("due", Integer, nullable=False, server_default=text("0")),  # when it is to be looked at again; 0: never
    Column("problem", String),  # Slack's word for why it could not be changed
)
Index("posted_by_place", posted.c.channel, posted.c.ts)
Index("posted_by_delivery", posted.c.delivery)
Index("posted_by_due", posted.c.due)

receipts = Table(
    "receipts",
    metadata,
    Column("posted", Integer, ForeignKey("posted.key"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("entry", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("sha256", String, nullable=False),
    Column("place", Integer, nullable=False, server_default=text("0")),  # which passage of the answer it goes with
    Column("role", String, nullable=False, server_default=text("'passage'")),  # see `messages.Part`
    Column("highlights", String),  # JSON: spans of the version
    Column("standing", String, nullable=False, server_default=text("'stands'")),  # see `messages.Standing`
    Column("edited", Integer, nullable=False, server_default=text("0")),  # since when; 0: it was not
)
Index("receipts_by_entry", receipts.c.entry)

asked = Table(
    "asked",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("delivery", String, nullable=False, unique=True),  # however often its answer is tried, or edited
    Column("at", Integer, nullable=False),
    Column("channel", String, nullable=False),
    Column("user", String),  # until it expires
    Column("way", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("text", String),  # only where questions are kept, and only so long
    Column("posted", Integer, ForeignKey("posted.key")),
)
Index("asked_by_time", asked.c.at)

feedback = Table(
    "feedback",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("asked", Integer, ForeignKey("asked.key"), nullable=False),
    Column("at", Integer, nullable=False),
    Column("user", String),
    Column("good", Boolean, nullable=False),
    Column("reason", String),  # a code of `wording.REASONS`
)
Index("feedback_by_question", feedback.c.asked)

channels = Table(
    "channels",
    metadata,
    Column("channel", String, primary_key=True),
    Column("threads", Boolean, nullable=False),  # follow-ups in threads need no mention
    Column("private", Boolean, nullable=False),  # answers are for the asker alone
    Column("blogs", String),  # JSON: ids; null: all that may be seen there
    Column("person", String),  # a channel, a user or a user group to call
    Column("by", String, nullable=False),
    Column("at", Integer, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("at", Integer, nullable=False),
    Column("asker", String),
    Column("channel", String, nullable=False),  # where it was asked
    Column("thread", String),
    Column("question", String),  # until it is resolved
    Column("place", String, nullable=False),  # the channel where it is posted
    Column("ts", String, nullable=False),
    Column("state", String, nullable=False),  # see `calls.State`
    Column("helper", String),
    Column("changed", Integer, nullable=False),
)
Index("calls_by_place", calls.c.place, calls.c.ts)

marks = Table(
    "marks",
    metadata,
    Column("name", String, primary_key=True),  # "cursor": the last change of the archive's feed that was looked at
    Column("value", Integer, nullable=False),
)

UPGRADES: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE received ADD COLUMN payload VARCHAR",
        "ALTER TABLE posted ADD COLUMN thread VARCHAR",
        "ALTER TABLE posted ADD COLUMN delivery VARCHAR",
        "ALTER TABLE posted ADD COLUMN asker VARCHAR",
        "ALTER TABLE posted ADD COLUMN kind VARCHAR DEFAULT 'other' NOT NULL",
        "ALTER TABLE posted ADD COLUMN frame VARCHAR",
        "ALTER TABLE posted ADD COLUMN seen INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE posted ADD COLUMN state VARCHAR DEFAULT 'standing' NOT NULL",
        "ALTER TABLE posted ADD COLUMN tries INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE posted ADD COLUMN due INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE posted ADD COLUMN problem VARCHAR",
        "ALTER TABLE receipts ADD COLUMN place INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE receipts ADD COLUMN role VARCHAR DEFAULT 'passage' NOT NULL",
        "ALTER TABLE receipts ADD COLUMN highlights VARCHAR",
        "ALTER TABLE receipts ADD COLUMN standing VARCHAR DEFAULT 'stands' NOT NULL",
        "ALTER TABLE receipts ADD COLUMN edited INTEGER DEFAULT 0 NOT NULL",
        "UPDATE posted SET due = 1",
        "CREATE INDEX posted_by_place ON posted (channel, ts)",
        "CREATE INDEX posted_by_delivery ON posted (delivery)",
        "CREATE INDEX posted_by_due ON posted (due)",
        "CREATE INDEX receipts_by_entry ON receipts (entry)",
    ),
}
"""What makes a ledger of one schema one of the next; tables that are new are made besides."""
