"""The loopback Slack's Web API and faults, driven through the real slack_sdk."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from tests.slack_app import Json, error_of, modal
from tests.slack_server import LoopbackSlack


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def test_tokens(slack: LoopbackSlack) -> None:
    def auth(token: str | None) -> Json:
        return error_of(lambda: WebClient(token=token, base_url=slack.api_url).auth_test())

    anonymous = WebClient(base_url=slack.api_url)
    assert auth("xoxb-wrong")["error"] == "invalid_auth"
    assert auth(slack.app_token)["error"] == "not_allowed_token_type"
    assert error_of(lambda: anonymous.api_call("auth.test"))["error"] == "not_authed"
    assert error_of(lambda: anonymous.apps_connections_open(app_token="xapp-wrong"))["error"] == "invalid_auth"
    assert error_of(lambda: anonymous.api_call("chat.shout"))["error"] == "unknown_method"
    assert all("token" not in call.args for call in slack.calls)


def test_forms_and_json_say_the_same(slack: LoopbackSlack, client: WebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "é & ü"}}]
    client.api_call("chat.postMessage", json={"channel": "C1", "text": "a", "blocks": blocks})
    form = {"channel": "C1", "text": "a", "blocks": '[{"type":"section","text":{"type":"mrkdwn","text":"é & ü"}}]'}
    client.api_call("chat.postMessage", params=form)
    assert [(p.channel, p.text, p.blocks) for p in slack.posts] == [("C1", "a", tuple(blocks))] * 2
    assert slack.calls[0].args == slack.calls[1].args


def test_people_and_channels(slack: LoopbackSlack, client: WebClient) -> None:
    slack.users |= {"U1": {"is_restricted": True}, "U9": None}
    slack.channels |= {"C1": {"is_ext_shared": True}, "C7": {"is_archived": True}, "C8": {"is_member": False}}
    slack.channels["C9"] = None
    assert client.users_info(user="U1")["user"]["is_restricted"] is True
    assert client.users_info(user="U2")["user"]["is_restricted"] is False
    assert client.conversations_info(channel="C1")["channel"]["is_ext_shared"] is True
    assert client.conversations_info(channel="G2")["channel"]["is_private"] is True
    assert client.conversations_open(users="U2")["channel"]["id"] == "D2"
    assert error_of(lambda: client.users_info(user="U9"))["error"] == "user_not_found"
    for channel, error in [("C7", "is_archived"), ("C8", "not_in_channel"), ("C9", "channel_not_found")]:
        assert error_of(lambda c=channel: client.chat_postMessage(channel=c, text="x"))["error"] == error  # type: ignore[misc]
    assert client.chat_postMessage(channel="U2", text="x")["channel"] == "D2"


def test_what_can_be_changed_afterwards(slack: LoopbackSlack, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C1", text="one")["ts"]
    client.chat_update(channel="C1", ts=ts, text="two")
    first, second = slack.posts
    assert (first.text, second.text, second.method, second.ts) == ("one", "two", "chat.update", ts)
    assert slack.message("C1", ts) == second
    client.chat_delete(channel="C1", ts=ts)
    assert slack.message("C1", ts) is None
    assert error_of(lambda: client.chat_update(channel="C1", ts=ts, text="x"))["error"] == "message_not_found"
    hidden = client.chat_postEphemeral(channel="C1", user="U1", text="one")["message_ts"]
    assert slack.posts[-1].user == "U1"
    assert error_of(lambda: client.chat_delete(channel="C1", ts=hidden))["error"] == "message_not_found"
    asked = slack.mention("when?", "U1", "C1")
    assert error_of(lambda: client.chat_update(channel="C1", ts=asked.ts, text="x"))["error"] == "cant_update_message"
    client.reactions_add(channel="C1", timestamp=asked.ts, name="eyes")
    assert slack.reactions == [("C1", asked.ts, "eyes")]
    again = error_of(lambda: client.reactions_add(channel="C1", timestamp=asked.ts, name="eyes"))
    assert again["error"] == "already_reacted"


def test_a_trigger_is_good_once_and_not_for_long() -> None:
    with LoopbackSlack(trigger_lifetime=0.2) as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        trigger = slack.slash("", "U1", "C1").trigger_id
        client.views_open(trigger_id=trigger, view=modal())
        assert (
            error_of(lambda: client.views_open(trigger_id=trigger, view=modal()))["error"] == "exchanged_trigger_id"
        )
        late = slack.slash("", "U1", "C1").trigger_id
        time.sleep(0.25)
        assert error_of(lambda: client.views_open(trigger_id=late, view=modal()))["error"] == "expired_trigger_id"
        assert error_of(lambda: client.views_open(trigger_id="1", view=modal()))["error"] == "invalid_trigger_id"
        client.views_publish(user_id="U1", view={"type": "home", "blocks": []})
        assert [(shown.method, shown.user) for shown in slack.views] == [
            ("views.open", "U1"),
            ("views.publish", "U1"),
        ]


def test_assistant_methods(slack: LoopbackSlack, client: WebClient) -> None:
    prompt = {"title": "Ask", "message": "When did it start?"}
    client.assistant_threads_setStatus(channel_id="D1", thread_ts="1.0", status="is reading")
    client.assistant_threads_setSuggestedPrompts(channel_id="D1", thread_ts="1.0", prompts=[prompt] * 4)
    five = error_of(
        lambda: client.assistant_threads_setSuggestedPrompts(channel_id="D1", thread_ts="1.0", prompts=[prompt] * 5)
    )
    assert five["error"] == "invalid_arguments"
    assert [v.problem.pointer for v in slack.violations] == ["/prompts"]
    assert slack.calls[0].args == {"channel_id": "D1", "thread_ts": "1.0", "status": "is reading"}


# -- faults -------------------------------------------------------------------------------------------------


def test_a_rate_limited_call_is_made_again_and_posts_once(slack: LoopbackSlack, client: WebClient) -> None:
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
    slack.rate_limit("chat.postMessage", times=2, retry_after=0)
    started = time.monotonic()
    client.chat_postMessage(channel="C1", text="once")
    assert time.monotonic() - started < 5
    assert [posted.text for posted in slack.posts] == ["once"]
    assert [(call.status, call.error, call.retry) for call in slack.calls] == [
        (429, "ratelimited", False),
        (429, "ratelimited", True),
        (200, None, True),
    ]


def test_without_a_handler_a_rate_limit_reaches_the_caller(slack: LoopbackSlack, client: WebClient) -> None:
    slack.rate_limit("chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C1", text="once")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"
    assert refused.value.response["error"] == "ratelimited"


def test_failures(slack: LoopbackSlack, client: WebClient) -> None:
    slack.fail("chat.postMessage", error="fatal_error")
    slack.fail("chat.postMessage", status=500)
    assert error_of(lambda: client.chat_postMessage(channel="C1", text="x"))["error"] == "fatal_error"
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C1", text="x")
    assert refused.value.response.status_code == 500
    assert client.chat_postMessage(channel="C1", text="x")["ok"] is True
    assert len(slack.posts) == 1


def test_a_slow_answer_hides_a_message_that_was_posted(slack: LoopbackSlack) -> None:
    slack.slow("chat.postMessage", 0.6)
    hasty = WebClient(token=slack.bot_token, base_url=slack.api_url, timeout=0.2)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        hasty.chat_postMessage(channel="C1", text="x")
    assert [posted.text for posted in slack.posts] == ["x"]


# -- waiting ------------------------------------------------------------------------------------------------


def test_waiting(slack: LoopbackSlack, client: WebClient) -> None:
    slack.settle(0.05)
    timer = threading.Timer(0.1, lambda: client.chat_postMessage(channel="C1", text="late"))
    timer.start()
    with pytest.raises(AssertionError, match="late"):
        slack.settle(5.0)
    timer.join()
    with pytest.raises(TimeoutError, match="in vain"):
        slack.wait_for_posts(2, timeout=0.1)


def test_it_stops_at_once_and_may_be_started_again(slack: LoopbackSlack) -> None:
    started = time.monotonic()
    with LoopbackSlack() as other:
        assert other.url != slack.url
    assert time.monotonic() - started < 2


# -- limits -------------------------------------------------------------------------------------------------


def test_files_are_handed_to_the_bot_alone(slack: LoopbackSlack) -> None:
    held = slack.host_file("draft.txt", b"words", user="U1")
    led_away = slack.host_file("away.txt", b"words", user="U1", redirect="https://elsewhere.example/")

    def get(url: str, token: str) -> httpx.Response:
        return httpx.get(url, headers={"Authorization": f"Bearer {token}"})

    got = get(held["url_private_download"], slack.bot_token)
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, b"words", "text/plain")
    without = get(held["url_private_download"], "xoxb-wrong")
    assert (without.status_code, without.content) == (302, b"")
    assert get(led_away["url_private_download"], slack.bot_token).headers["location"] == "https://elsewhere.example/"
    assert get(f"{slack.url}/files-pri/T-F0/download/file", slack.bot_token).status_code == 404
    slack.fail("files-pri", status=503)
    assert get(held["url_private_download"], slack.bot_token).status_code == 503
    assert [call.args["authorized"] for call in slack.calls_to("files-pri")] == [True, False, True, True, True]


def test_an_upload_takes_three_steps(slack: LoopbackSlack, client: WebClient) -> None:
    client.files_upload_v2(channel="D1", thread_ts="1.2", filename="report.html", title="Report", content=b"<p>")
    [uploaded] = slack.uploads
    assert (uploaded.channel, uploaded.thread_ts, uploaded.name, uploaded.title, uploaded.content) == (
        "D1",
        "1.2",
        "report.html",
        "Report",
        b"<p>",
    )
    begun = client.files_getUploadURLExternal(filename="a.html", length=3)
    unsent = error_of(lambda: client.files_completeUploadExternal(files=[{"id": begun["file_id"]}], channel_id="D1"))
    assert unsent["error"] == "file_not_found"
    assert httpx.post(begun["upload_url"], content=b"four").status_code == 400
    assert httpx.post(begun["upload_url"], content=b"<p>").status_code == 400
    empty = error_of(lambda: client.files_getUploadURLExternal(filename="a.html", length=0))
    assert empty["error"] == "invalid_arguments"
    slack.channels["C8"] = {"is_member": False}
    refused = error_of(lambda: client.files_upload_v2(channel="C8", filename="a.html", content="x"))
    assert refused["error"] == "not_in_channel"


def test_a_shortcut_on_a_message_tells_of_all_of_it(slack: LoopbackSlack) -> None:
    blocks: list[Json] = [{"type": "rich_text", "elements": []}]
    first = slack.channel_message("first", "U2", "C1")
    message = slack.channel_message(
        "a & b", "U2", "C1", thread_ts=first.ts, blocks=blocks, attachments=[{"text": "c"}]
    )
    payload = slack.shortcut("verify", "U1", message=message).payload
    assert (payload["type"], payload["callback_id"], payload["message_ts"]) == (
        "message_action",
        "verify",
        message.ts,
    )
    assert payload["channel"] == {"id": "C1", "name": "channel-c1"}
    assert payload["user"]["id"] == "U1"
    told = payload["message"]
    assert (told["text"], told["user"], told["ts"], told["thread_ts"]) == ("a &amp; b", "U2", message.ts, first.ts)
    assert (told["blocks"], told["attachments"], told["team"]) == (blocks, [{"text": "c"}], slack.workspace.team)
