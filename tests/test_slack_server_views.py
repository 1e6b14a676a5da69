"""The loopback Slack's modals and Home tabs: what is shown, changed, submitted, closed and refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient

from tests.slack_app import Json, actions, button, error_of, modal, plain
from tests.slack_server import LoopbackSlack


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def ask(block_id: str = "why", **element: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("Why?"),
        "element": {"type": "plain_text_input", "action_id": "typed"} | element,
    }


def asking(text: str = "Hold", **more: Any) -> Json:
    return modal(title=plain(text), submit=plain("Go"), blocks=[ask()], **more)


def opened(slack: LoopbackSlack, client: WebClient, view: Json) -> Json:
    shown: Json = client.views_open(trigger_id=slack.slash("", "U1", "C1").trigger_id, view=view)["view"]
    return shown


def title(slack: LoopbackSlack) -> str:
    return str(slack.views[-1].view["title"]["text"])


def acking(client: WebClient, **response: Any) -> App:
    """An app that answers every submission and every button alike."""
    app = App(client=client)
    app.view("checked")(lambda ack: ack(**response))
    app.action("a0")(lambda ack: ack())
    app.view_closed("checked")(lambda ack: ack())
    return app


def test_an_open_view_is_updated_by_either_id(slack: LoopbackSlack, client: WebClient) -> None:
    first = opened(slack, client, modal(external_id="hold-1"))
    second = client.views_update(view_id=first["id"], view=asking("Two", external_id="hold-2"))["view"]
    client.views_update(external_id="hold-2", hash=second["hash"], view=asking("Three"))
    assert [(shown.method, shown.id, shown.user) for shown in slack.views] == [
        ("views.open", first["id"], "U1"),
        ("views.update", first["id"], "U1"),
        ("views.update", first["id"], "U1"),
    ]
    assert [shown.view["title"]["text"] for shown in slack.views] == ["Check", "Two", "Three"]
    assert first["hash"] != second["hash"]


def test_an_update_that_slack_refuses(slack: LoopbackSlack, client: WebClient) -> None:
    first = opened(slack, client, modal(external_id="one"))
    client.views_update(view_id=first["id"], view=modal(external_id="one"))

    def refusal(**arguments: Any) -> object:
        return error_of(lambda: client.views_update(view=arguments.pop("view", modal()), **arguments))["error"]

    assert refusal(view_id=first["id"], hash=first["hash"]) == "hash_conflict"
    assert refusal(view_id="V0") == "not_found"
    assert refusal(external_id="two") == "not_found"
    assert error_of(lambda: client.api_call("views.update", json={"view": modal()}))["error"] == "invalid_arguments"
    assert refusal(view_id=first["id"], view={"type": "home", "blocks": []}) == "invalid_arguments"
    assert refusal(view_id=first["id"], view=modal(title=plain("x" * 25))) == "invalid_arguments"
    assert [str(v.problem) for v in slack.violations] == [
        "must be modal [json-pointer:/view/type]",
        "must be less than 25 characters [json-pointer:/view/title/text]",
    ]
    again = slack.slash("", "U1", "C1").trigger_id
    twice = error_of(lambda: client.views_open(trigger_id=again, view=modal(external_id="one")))
    assert twice["error"] == "duplicate_external_id"


def test_views_are_pushed_from_a_view_and_three_deep(slack: LoopbackSlack, client: WebClient) -> None:
    root = opened(slack, client, modal(blocks=actions(button())))
    second_trigger = slack.view_action(root["id"], "a0", "U1").trigger_id
    second = client.views_push(trigger_id=second_trigger, view=modal(blocks=actions(button())))["view"]
    third_trigger = slack.view_action(second["id"], "a0", "U1").trigger_id
    third = client.views_push(trigger_id=third_trigger, view=modal(blocks=actions(button())))["view"]
    assert (root["previous_view_id"], root["root_view_id"]) == (None, root["id"])
    assert (third["previous_view_id"], third["root_view_id"]) == (second["id"], root["id"])
    assert [shown.method for shown in slack.views] == ["views.open", "views.push", "views.push"]

    def refusal(trigger: str) -> object:
        return error_of(lambda: client.views_push(trigger_id=trigger, view=modal()))["error"]

    assert refusal(slack.view_action(third["id"], "a0", "U1").trigger_id) == "push_limit_reached"
    assert refusal(third_trigger) == "exchanged_trigger_id"
    assert refusal(slack.slash("", "U1", "C1").trigger_id) == "not_found"
    assert refusal("1.2.3") == "invalid_trigger_id"


def test_a_submission_tells_of_the_view_as_it_stands_now(slack: LoopbackSlack, client: WebClient) -> None:
    view_id = opened(slack, client, asking(private_metadata="one"))["id"]
    now = client.views_update(view_id=view_id, view=asking("New", private_metadata="two"))["view"]
    values = {"why": {"typed": {"type": "plain_text_input", "value": "x"}}}
    told = slack.view_submission(view_id, values, "U1").payload["view"]
    assert (told["private_metadata"], told["title"], told["hash"]) == ("two", plain("New"), now["hash"])
    assert told["state"] == {"values": values}
    forged = slack.view_submission(view_id, values, "U1", private_metadata="forged").payload["view"]
    assert (forged["private_metadata"], forged["title"]) == ("forged", plain("New"))
    with pytest.raises(LookupError, match="V0"):
        slack.view_submission("V0", {}, "U1")


def test_an_empty_ack_closes_the_view(slack: LoopbackSlack, client: WebClient) -> None:
    view_id = opened(slack, client, asking())["id"]
    with slack.connected(acking(client)):
        slack.view_submission(view_id, {}, "U1").wait_acked()
        slack.wait_until(lambda: slack.deliveries[-1].finished)
    assert error_of(lambda: client.views_update(view_id=view_id, view=asking()))["error"] == "not_found"


@pytest.mark.parametrize(("action", "method"), [("update", "ack:update"), ("push", "ack:push")])
def test_an_ack_shows_a_view(slack: LoopbackSlack, client: WebClient, action: str, method: str) -> None:
    view_id = opened(slack, client, asking())["id"]
    with slack.connected(acking(client, response_action=action, view=asking("Next"))):
        delivery = slack.view_submission(view_id, {}, "U1").wait_finished()
    assert delivery.response == {"response_action": action, "view": asking("Next")}
    shown = slack.views[-1]
    assert (shown.method, shown.user, title(slack), shown.id == view_id) == (method, "U1", "Next", action == "update")
    client.views_update(view_id=view_id, view=asking())  # still open, below or in place
    assert slack.violations == []


def test_clear_closes_the_whole_modal(slack: LoopbackSlack, client: WebClient) -> None:
    root = opened(slack, client, modal(blocks=actions(button())))["id"]
    top = client.views_push(trigger_id=slack.view_action(root, "a0", "U1").trigger_id, view=asking())["view"]["id"]
    with slack.connected(acking(client, response_action="clear")):
        slack.view_submission(top, {}, "U1").wait_finished()
    for view_id in (root, top):
        assert error_of(lambda v=view_id: client.views_update(view_id=v, view=asking()))["error"] == "not_found"  # type: ignore[misc]


def test_errors_leave_the_view_open(slack: LoopbackSlack, client: WebClient) -> None:
    view_id = opened(slack, client, asking())["id"]
    with slack.connected(acking(client, response_action="errors", errors={"why": "Say why."})):
        delivery = slack.view_submission(view_id, {}, "U1").wait_finished()
    assert delivery.response == {"response_action": "errors", "errors": {"why": "Say why."}}
    assert client.views_update(view_id=view_id, view=asking())["ok"] is True
    assert slack.violations == []


@pytest.mark.parametrize(
    ("response", "method", "pointer"),
    [
        ({"response_action": "errors", "errors": {"typed": "Say why."}}, "ack:errors", "/errors/typed"),
        ({"response_action": "update", "view": modal(title=plain("x" * 25))}, "ack:update", "/view/title/text"),
        ({"response_action": "push", "view": {"type": "modal"}}, "ack:push", "/view"),
        ({"response_action": "update"}, "ack:update", "/view"),
        ({"response_action": "shut"}, "ack", "/response_action"),
        ({"text": "done"}, "ack", "/response_action"),
    ],
)
def test_an_ack_that_slack_would_not_understand(
    slack: LoopbackSlack, client: WebClient, response: Json, method: str, pointer: str
) -> None:
    view_id = opened(slack, client, asking())["id"]
    app = App(client=client)
    app.view("checked")(lambda ack: ack(response))
    with slack.connected(app):
        slack.view_submission(view_id, {}, "U1").wait_finished()
    first = slack.violations[0]
    assert (first.method, first.error, first.problem.pointer) == (method, "invalid_arguments", pointer)
    assert len(slack.views) == 1


def test_a_view_tells_that_it_was_closed_if_it_asked(slack: LoopbackSlack, client: WebClient) -> None:
    seen: list[Json] = []
    app = App(client=client)

    @app.view_closed("checked")
    def closed(ack: Ack, body: Json) -> None:
        ack()
        seen.append(body)

    view_id = opened(slack, client, asking(notify_on_close=True))["id"]
    silent = opened(slack, client, asking())["id"]
    with slack.connected(app):
        slack.view_closed(view_id, "U1").wait_acked()
        slack.wait_until(lambda: seen)
    assert (seen[0]["type"], seen[0]["view"]["id"], seen[0]["is_cleared"]) == ("view_closed", view_id, False)
    with pytest.raises(LookupError, match="does not ask"):
        slack.view_closed(silent, "U1")
    assert error_of(lambda: client.views_update(view_id=silent, view=asking()))["error"] == "not_found"


def test_a_home_tab_is_one_view(slack: LoopbackSlack, client: WebClient) -> None:
    def publish(text: str, **more: Any) -> Json:
        blocks = [{"type": "header", "text": plain(text)}, *actions(button())]
        view: Json = client.views_publish(user_id="U1", view={"type": "home", "blocks": blocks}, **more)["view"]
        return view

    first, second = publish("one"), publish("two")
    assert first["id"] == second["id"]
    assert error_of(lambda: publish("three", hash=first["hash"]))["error"] == "hash_conflict"
    payload = slack.view_action(first["id"], "a0", "U1").payload
    assert payload["view"]["blocks"][0]["text"] == plain("two")
    assert payload["view"]["type"] == "home"
    assert error_of(lambda: client.views_push(trigger_id=payload["trigger_id"], view=modal()))["error"] == "not_found"


def test_a_button_of_a_view_tells_of_the_view_and_of_no_channel(slack: LoopbackSlack, client: WebClient) -> None:
    seen: list[Json] = []
    app = App(client=client)

    @app.action("a0")
    def pressed(ack: Ack, body: Json) -> None:
        ack()
        seen.append(body)

    view_id = opened(slack, client, modal(private_metadata="m", blocks=actions(button(value="42"))))["id"]
    with slack.connected(app):
        slack.view_action(view_id, "a0", "U1").wait_acked()
        slack.view_action(view_id, "a0", "U1", "forged").wait_acked()
        slack.wait_until(lambda: len(seen) == 2)
    first, second = sorted(seen, key=lambda body: body["actions"][0]["action_ts"])
    assert (first["type"], first["container"]) == ("block_actions", {"type": "view", "view_id": view_id})
    assert (first["view"]["id"], first["view"]["private_metadata"]) == (view_id, "m")
    assert [body["actions"][0]["value"] for body in (first, second)] == ["42", "forged"]
    assert first.keys().isdisjoint({"channel", "response_url", "message"})
    with pytest.raises(LookupError, match="other"):
        slack.view_action(view_id, "other", "U1")
