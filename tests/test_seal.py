"""What windows hold: what was written is read again, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.views import Held, Seal

SEAL = Seal("xoxb-one")
SHOWN = Held(kind="call", user="U1", channel="C1", about={"t": None})

_names = st.from_regex(r"[A-Z][A-Z0-9]{1,30}", fullmatch=True)
_about = st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=200), max_size=4)


@given(user=_names, channel=_names, about=_about)
def test_what_was_written_is_read_again(user: str, channel: str, about: dict[str, object]) -> None:
    held = Held(kind="call", user=user, channel=channel, about=about)
    assert SEAL.read(SEAL.written(held), "call", user) == held


@given(st.text() | st.binary() | st.none() | st.integers())
def test_what_nobody_wrote_is_nothing(metadata: object) -> None:
    assert SEAL.read(metadata, "call", "U1") is None


@given(st.integers(min_value=0), st.characters())
def test_no_character_can_be_another(at: int, character: str) -> None:
    written = SEAL.written(SHOWN)
    at %= len(written)
    forged = written[:at] + character + written[at + 1 :]
    assert SEAL.read(forged, "call", "U1") in ((SHOWN,) if json_of(forged) == json_of(written) else (None,))


def json_of(text: str) -> object:
    try:
        held: object = json.loads(text)
    except ValueError:
        return text
    return held


@pytest.mark.parametrize(
    ("seal", "kind", "user"), [(Seal("xoxb-two"), "call", "U1"), (SEAL, "answer", "U1"), (SEAL, "call", "U2")]
)
def test_another_token_kind_or_person_reads_nothing(seal: Seal, kind: str, user: str) -> None:
    assert seal.read(SEAL.written(SHOWN), kind, user) is None


def test_what_slack_would_not_take_is_not_written() -> None:
    with pytest.raises(ValueError, match="private_metadata"):
        SEAL.written(Held(kind="call", user="U1", channel="C1", about={"w": "x" * 3_000}))
    with pytest.raises(ValueError, match="private_metadata"):
        SEAL.written(Held(kind="call", user="U1", channel="C1", about={"w": "🜁" * 1_500}))
