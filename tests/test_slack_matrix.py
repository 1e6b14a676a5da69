"""Every way in × every visibility: what a blog's words are shown to, and what not."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import pytest

from bot import buttons
from bot.buttons import ASK_PRIVATELY, SHARE_ANSWER, SHOW_AROUND, SHOW_ENTRY, SHOW_MORE
from bot.followups import Wish
from bot.manifest import VERIFY
from bot.policy import Policy
from bot.replies import Button
from retrieval.archive import Archive
from retrieval.model import Passage, SourceOptions
from tests.slack_bot import running
from tests.slack_server import LoopbackSlack, Posted

QUESTION = "Who opened the sluice at Harl?"
WORDS = "Ada Orr opened the sluice at Harl by hand before dawn"
QUOTED, TELLING = "opened the sluice at Harl by hand", "before dawn"
"""What is checked, and what tells that the sentence is shown: nobody says that but the entry."""
TEXT = (
    f"The night was long. {WORDS}. Nobody was hurt, she said. The river fell. Crews went home. It rained again later."
)
OTHERS = ("The school is shut.", "Trains run late.", "A cat was found.", "Soup was served at the gym.")


class Sees(Enum):
    """To whom a blog's words may be shown."""

    ALL = "all there"
    ALONE = "whoever asks, alone"
    NONE = "nobody"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A blog's visibility, who asks where, and who sees its words then."""

    name: str
    options: SourceOptions
    channel: str = "C1"
    user: str = "U1"
    sees: Sees
    hold: bool = False
    policy: Policy | None = None


PUBLIC = SourceOptions(blog="b")
RESTRICTED = SourceOptions(blog="b", visibility=("C1", "CSHARED"))
SENSITIVE = SourceOptions(blog="b", sensitive=True)
EMBARGO = SourceOptions(blog="b", embargo_until=datetime(2200, 1, 1, tzinfo=UTC))
GUESTS, EXTERNAL = Policy(guests=True), Policy(external=True)
CASES = [
    Case(name="public", options=PUBLIC, sees=Sees.ALL),
    Case(name="its channel", options=RESTRICTED, sees=Sees.ALL),
    Case(name="another channel", options=RESTRICTED, channel="C2", sees=Sees.NONE),
    Case(name="a direct message", options=RESTRICTED, channel="D1", sees=Sees.NONE),
    Case(name="a guest", options=RESTRICTED, user="UGUEST", sees=Sees.NONE),
    Case(name="a stranger", options=RESTRICTED, user="UFAR", sees=Sees.NONE),
    Case(name="a shared channel", options=RESTRICTED, channel="CSHARED", sees=Sees.NONE),
    Case(name="a guest, by setting", options=RESTRICTED, user="UGUEST", policy=GUESTS, sees=Sees.ALL),
    Case(name="a shared channel, by setting", options=RESTRICTED, channel="CSHARED", policy=EXTERNAL, sees=Sees.ALL),
    Case(name="sensitive", options=SENSITIVE, sees=Sees.ALONE),
    Case(name="sensitive, in a direct message", options=SENSITIVE, channel="D1", sees=Sees.ALL),
    Case(name="embargo", options=EMBARGO, sees=Sees.NONE),
    Case(name="held", options=PUBLIC, hold=True, sees=Sees.NONE),
]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A bot on an archive of one blog, and somebody in a channel."""

    slack: LoopbackSlack
    archive: Archive
    case: Case
    passage: Passage

    def pressed(self, action: str, value: str) -> None:
        """They press a button whose value is as it was made, or forged."""
        element = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "x"}, "value": value}
        posted = Posted(
            channel=self.case.channel, ts="1.000001", thread_ts=None, text="", user=self.case.user, method="",
            via="api", args={}, blocks=({"type": "actions", "elements": [element]},),
        )  # fmt: skip
        self.slack.block_action(action, value, self.case.user, posted)

    def said(self, text: str, thread_ts: str | None = None) -> None:
        """They say something to the bot."""
        if self.case.channel.startswith("D"):
            self.slack.direct_message(text, self.case.user)
        else:
            self.slack.mention(text, self.case.user, self.case.channel, thread_ts=thread_ts)

    def wish(self, make: Callable[[str, Wish], Button | None]) -> str:
        button = make(self.case.channel, Wish(text=QUESTION))
        assert button is not None
        return button.value

    def placed(self, make: Callable[..., Button | None]) -> str:
        button = make(self.case.channel, self.passage, past=False)
        assert button is not None
        return button.value


def by_mention(scene: Scene) -> None:
    scene.said(QUESTION)


def by_check(scene: Scene) -> None:
    scene.said(f"check “{QUOTED}”")


def by_command(scene: Scene) -> None:
    scene.slack.slash(QUESTION, scene.case.user, scene.case.channel)


def by_shortcut(scene: Scene) -> None:
    if scene.case.channel.startswith("D"):  # what is said there is said to the bot
        by_check(scene)
        return
    message = scene.slack.channel_message(f"“{QUOTED}”", "U2", scene.case.channel)
    scene.slack.shortcut(VERIFY, scene.case.user, message=message)


def by_asking_alone(scene: Scene) -> None:
    scene.pressed(ASK_PRIVATELY, scene.wish(buttons.ask_privately))


def by_more(scene: Scene) -> None:
    scene.pressed(SHOW_MORE, scene.wish(buttons.more))


def by_sharing(scene: Scene) -> None:
    scene.pressed(SHARE_ANSWER, scene.wish(buttons.share_answer))


def by_neighbours(scene: Scene) -> None:
    scene.pressed(SHOW_AROUND, scene.placed(buttons.around))


def by_whole_entry(scene: Scene) -> None:
    scene.pressed(SHOW_ENTRY, scene.placed(buttons.whole_entry))


OPEN_WAYS = [by_mention, by_check, by_sharing]
WAYS = [*OPEN_WAYS, by_command, by_shortcut, by_asking_alone, by_more, by_neighbours, by_whole_entry]


@contextmanager
def staged(slack: LoopbackSlack, make_archive: Callable[..., Archive], folder: Path, case: Case) -> Iterator[Scene]:
    slack.users["UGUEST"] = {"is_restricted": True}
    slack.users["UFAR"] = {"is_stranger": True}
    slack.channels["CSHARED"] = {"is_ext_shared": True}
    source = folder / "sluice.ndjson"
    rows = [
        {"id": str(number), "time": f"2031-02-03T1{number}:00:00+00:00", "text": text}
        for number, text in enumerate((TEXT, *OTHERS))
    ]
    source.write_text("\n".join(map(json.dumps, rows)))
    archive = make_archive(source, options=case.options)
    [version] = archive.store.versions_of("b/0")
    start = TEXT.index(WORDS)
    if case.hold:
        archive.hold("b", None, datetime.now(UTC))
    with running(slack, archive, folder, policy=case.policy):
        passage = Passage(version=version, start=start, end=start + len(WORDS))
        yield Scene(slack=slack, archive=archive, case=case, passage=passage)


def new(slack: LoopbackSlack, act: Callable[[], None]) -> tuple[bool, bool]:
    """What comes of an act: whether the words are shown for all in a channel, and whether they are shown at all. Who
    shares something is told so, too, so it is waited until nothing more comes."""
    posts, views = len(slack.posts), len(slack.views)
    act()
    slack.wait_until(lambda: len(slack.posts) > posts or len(slack.views) > views)
    seen = -1
    while seen != (seen := len(slack.posts) + len(slack.views)):
        with contextlib.suppress(TimeoutError):
            slack.wait_until(lambda: len(slack.posts) + len(slack.views) > seen, 0.15)
    told = [
        post.user is None and not post.channel.startswith("D")
        for post in slack.posts[posts:]
        if TELLING in json.dumps([post.text, post.blocks])
    ]
    told += [False for view in slack.views[views:] if TELLING in json.dumps(dict(view.view))]
    return any(told), bool(told)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_words_are_shown_only_where_they_may_be(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, case: Case
) -> None:
    direct = case.channel.startswith("D")
    with staged(slack, make_archive, tmp_path, case) as scene:
        for way in WAYS:
            in_the_open, at_all = new(slack, lambda way=way: way(scene))  # type: ignore[misc]
            may = case.sees is Sees.ALL or (case.sees is Sees.ALONE and way not in OPEN_WAYS)
            if way is by_sharing and direct:
                may = may and at_all  # there is nobody to share it with
            assert at_all is may, way.__name__
            assert not in_the_open or (case.sees is Sees.ALL and not direct), way.__name__
