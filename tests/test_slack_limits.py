"""What the loopback refuses in a message or a view: each limit, at it and one past it."""

from collections.abc import Callable, Iterator

import pytest
from slack_sdk import WebClient

from tests.slack_app import Json, actions, button, error_of, feedback, icon, modal, mrkdwn, plain, quote
from tests.slack_limits import BUDGET, MESSAGE_LIMIT, TEXT_LIMIT, characters, check_message, check_view
from tests.slack_server import LoopbackSlack


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def markdown(size: int) -> Json:
    return {"type": "markdown", "text": "x" * size}


DIVIDER: Json = {"type": "divider"}

MESSAGE_LIMITS: list[tuple[str, int, str, Callable[[int], list[Json]]]] = [
    ("blocks", 50, "/blocks", lambda n: [DIVIDER] * n),
    ("section text", 3000, "/blocks/0/text/text", lambda n: [{"type": "section", "text": mrkdwn("x" * n)}]),
    ("fields", 10, "/blocks/0/fields", lambda n: [{"type": "section", "fields": [mrkdwn("x")] * n}]),
    ("field", 2000, "/blocks/0/fields/0/text", lambda n: [{"type": "section", "fields": [mrkdwn("x" * n)]}]),
    ("header", 150, "/blocks/0/text/text", lambda n: [{"type": "header", "text": plain("x" * n)}]),
    ("button text", 75, "/blocks/0/elements/0/text/text", lambda n: actions(button(text=plain("x" * n)))),
    ("button value", 2000, "/blocks/0/elements/0/value", lambda n: actions(button(value="x" * n))),
    ("button url", 3000, "/blocks/0/elements/0/url", lambda n: actions(button(url="x" * n))),
    ("action_id", 255, "/blocks/0/elements/0/action_id", lambda n: actions(button(action_id="x" * n))),
    ("block_id", 255, "/blocks/0/block_id", lambda n: [{"type": "divider", "block_id": "x" * n}]),
    ("context", 10, "/blocks/0/elements", lambda n: [{"type": "context", "elements": [mrkdwn("x")] * n}]),
    ("actions", 25, "/blocks/0/elements", lambda n: actions(*map(button, range(n)))),
    (
        "context_actions",
        5,
        "/blocks/0/elements",
        lambda n: [{"type": "context_actions", "elements": [icon(i) for i in range(n)]}],
    ),
    ("feedback text", 75, "/blocks/0/elements/0/positive_button/text/text", lambda n: feedback(text="x" * n)),
    ("feedback value", 2000, "/blocks/0/elements/0/positive_button/value", lambda n: feedback(value="x" * n)),
    ("markdown", 12_000, "/blocks", lambda n: [markdown(n - 9), markdown(9)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "pointer", "blocks"), [row[1:] for row in MESSAGE_LIMITS], ids=[row[0] for row in MESSAGE_LIMITS]
)
def test_a_message_limit(limit: int, pointer: str, blocks: Callable[[int], list[Json]]) -> None:
    assert check_message({"blocks": blocks(limit)}).error is None
    verdict = check_message({"blocks": blocks(limit + 1)})
    assert verdict.error == "invalid_blocks"
    assert verdict.problems[0].pointer == pointer
    assert str(limit) in verdict.problems[0].reason or str(limit + 1) in verdict.problems[0].reason


VIEW_LIMITS: list[tuple[str, int, str, Callable[[int], Json]]] = [
    ("blocks", 100, "/view/blocks", lambda n: modal(blocks=[DIVIDER] * n)),
    ("title", 24, "/view/title/text", lambda n: modal(title=plain("x" * n))),
    ("submit", 24, "/view/submit/text", lambda n: modal(submit=plain("x" * n))),
    ("private_metadata", 3000, "/view/private_metadata", lambda n: modal(private_metadata="x" * n)),
    ("callback_id", 255, "/view/callback_id", lambda n: modal(callback_id="x" * n)),
]


@pytest.mark.parametrize(
    ("limit", "pointer", "view"), [row[1:] for row in VIEW_LIMITS], ids=[row[0] for row in VIEW_LIMITS]
)
def test_a_view_limit(limit: int, pointer: str, view: Callable[[int], Json]) -> None:
    assert check_view(view(limit)).error is None
    verdict = check_view(view(limit + 1))
    assert verdict.error == "invalid_arguments"
    assert [problem.pointer for problem in verdict.problems] == [pointer]


LEAF = "/blocks/0/elements/0/elements/0"


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        (quote({"type": "text", "text": ""}), f"{LEAF}/text"),
        (quote({"type": "text", "text": "x", "bold": True}), LEAF),
        (quote({"type": "text", "text": "x", "style": {"loud": True}}), f"{LEAF}/style"),
        (quote({"type": "text", "text": "x", "style": {"bold": "yes"}}), f"{LEAF}/style"),
        (quote({"type": "link", "text": "x"}), LEAF),
        (quote({"type": "link", "url": "", "text": "x"}), f"{LEAF}/url"),
        (quote({"type": "date", "timestamp": "1409072940", "format": "{date_num}"}), f"{LEAF}/timestamp"),
        (quote({"type": "date", "timestamp": 1409072940}), LEAF),
        (quote({"type": "mrkdwn", "text": "x"}), LEAF),
        (quote(), "/blocks/0/elements/0/elements"),
        ([{"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}], "/blocks/0/elements/0"),
        ([{"type": "rich_text", "elements": []}], "/blocks/0/elements"),
        ([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}], "/blocks/1/block_id"),
        (actions(button(1), button(1)), "/blocks/0/elements/1/action_id"),
        (actions(button(style="loud")), "/blocks/0/elements/0/style"),
        (actions(button(text=mrkdwn("x"))), "/blocks/0/elements/0/text"),
        ([{"type": "section"}], "/blocks/0"),
        ([{"type": "section", "text": mrkdwn("")}], "/blocks/0/text/text"),
        ([{"type": "section", "text": "bare"}], "/blocks/0/text"),
        ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text"),
        ([{"type": "image", "alt_text": "x"}], "/blocks/0"),
        ([{"type": "marquee"}], "/blocks/0"),
        (["text"], "/blocks/0"),
    ],
)
def test_a_malformed_block(blocks: list[Json], pointer: str) -> None:
    verdict = check_message({"text": "x", "blocks": blocks})
    assert verdict.error == "invalid_blocks"
    assert [problem.pointer for problem in verdict.problems] == [pointer]


def test_a_well_made_answer_is_taken() -> None:
    leaves: list[Json] = [
        {"type": "text", "text": "<b> & all", "style": {"bold": True}},
        {"type": "link", "url": "https://example.org/live#block-1", "text": "5.49pm"},
        {"type": "date", "timestamp": 1409072940, "format": "{date_num}", "fallback": "26 August 2014"},
        {"type": "emoji", "name": "eyes"},
    ]
    section = {"type": "rich_text_section", "elements": leaves}
    bullets = {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": [section]}
    blocks = [*quote(*leaves), {"type": "rich_text", "elements": [section, bullets]}, *feedback()]
    verdict = check_message({"text": "x", "blocks": blocks})
    assert (verdict.error, verdict.problems) == (None, ())
    assert verdict.characters == characters(blocks) == 3 * len("<b> & all" + "5.49pm") + 2 * len("Good")


def ask(element: Json) -> Json:
    return {"type": "input", "label": plain("Why?"), "element": element | {"action_id": "a"}}


OPTION: Json = {"text": plain("One"), "value": "1"}


@pytest.mark.parametrize("kind", ["modal", "home"])
@pytest.mark.parametrize(
    "element",
    [
        {"type": "channels_select"},
        {"type": "checkboxes", "options": [OPTION]},
        {"type": "conversations_select", "default_to_current_conversation": True, "response_url_enabled": True},
        {"type": "multi_channels_select"},
        {"type": "multi_conversations_select", "filter": {"include": ["public"]}},
        {"type": "multi_static_select", "options": [OPTION], "max_selected_items": 1},
        {"type": "multi_users_select"},
        {"type": "plain_text_input", "multiline": True},
        {"type": "radio_buttons", "options": [OPTION]},
        {"type": "static_select", "options": [OPTION]},
        {"type": "users_select"},
    ],
    ids=lambda element: element["type"],
)
def test_inputs_are_known_in_views(kind: str, element: Json) -> None:
    view = modal(submit=plain("Go"), blocks=[ask(element)])
    if kind == "home":
        view = {"type": "home", "blocks": [ask(element)]}
    assert check_view(view).problems == ()
    loud = check_view(view | {"blocks": [ask(element | {"loud": True})]})
    assert [str(problem) for problem in loud.problems] == [
        "invalid additional property: loud [json-pointer:/view/blocks/0/element]"
    ]


def test_a_modal_that_asks_has_a_button_to_submit() -> None:
    verdict = check_view(modal(blocks=[ask({"type": "plain_text_input"})]))
    assert [str(problem) for problem in verdict.problems] == ["missing required field: submit [json-pointer:/view]"]


@pytest.mark.parametrize("view", [modal(blocks=feedback()), {"type": "home", "blocks": feedback()}])
def test_feedback_stands_in_messages_alone(view: Json) -> None:
    assert check_message({"blocks": feedback()}).error is None
    assert [str(problem) for problem in check_view(view).problems] == [
        "unsupported type: context_actions [json-pointer:/view/blocks/0]"
    ]


def test_metadata_does_not_count_as_text(slack: LoopbackSlack, client: WebClient) -> None:
    metadata = {"event_type": "stet_answer", "event_payload": {"text": "x" * 3000}}
    message = {"text": "x", "blocks": long_quote(BUDGET), "metadata": metadata}
    assert check_message(message).characters == BUDGET
    client.chat_postMessage(channel="C1", **message)  # type: ignore[arg-type]
    assert slack.over_budget == []


def test_an_ephemeral_message_stands_in_its_thread(slack: LoopbackSlack, client: WebClient) -> None:
    client.chat_postEphemeral(channel="C1", user="U1", text="x", thread_ts="1.000001")
    assert [(posted.user, posted.thread_ts) for posted in slack.posts] == [("U1", "1.000001")]


def long_quote(size: int) -> list[Json]:
    return quote({"type": "text", "text": "x" * size})


@pytest.mark.parametrize(
    ("message", "error", "problems"),
    [
        ({}, "no_text", 1),
        ({"text": " "}, "no_text", 1),
        ({"blocks": "not json"}, "invalid_blocks_format", 1),
        ({"text": "x" * TEXT_LIMIT}, None, 0),
        ({"text": "x" * (TEXT_LIMIT + 1)}, "msg_too_long", 1),
        ({"blocks": long_quote(MESSAGE_LIMIT - 1)}, None, 0),
        ({"blocks": long_quote(MESSAGE_LIMIT)}, "msg_blocks_too_long", 1),
        ({"attachments": [{"fallback": "x"}]}, None, 0),
    ],
)
def test_a_whole_message(message: Json, error: str | None, problems: int) -> None:
    verdict = check_message(message)
    assert (verdict.error, len(verdict.problems)) == (error, problems)


def test_a_violation_is_answered_and_recorded(slack: LoopbackSlack, client: WebClient) -> None:
    blocks = [{"type": "section", "text": mrkdwn("x" * 3001)}]
    answer = error_of(lambda: client.chat_postMessage(channel="C1", text="x", blocks=blocks))
    fault = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [fault],
        "response_metadata": {"messages": [f"[ERROR] {fault}"]},
    }
    assert slack.posts == []
    assert [(v.method, v.error, str(v.problem)) for v in slack.violations] == [
        ("chat.postMessage", "invalid_blocks", fault)
    ]
    view = error_of(lambda: client.views_publish(user_id="U1", view={"type": "home", "blocks": blocks}))
    assert view["error"] == "invalid_arguments"
    with pytest.raises(AssertionError, match="3001"):
        slack.assert_clean()


def test_over_budget_is_recorded_and_posted(slack: LoopbackSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="x", blocks=long_quote(BUDGET))
    assert slack.over_budget == []
    client.chat_postMessage(channel="C1", text="x", blocks=long_quote(BUDGET + 1))
    assert [(over.method, over.characters) for over in slack.over_budget] == [("chat.postMessage", BUDGET + 1)]
    assert (len(slack.posts), slack.violations) == (2, [])
