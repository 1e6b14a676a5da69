"""The HTTP side of the loopback Slack: Web API methods and `response_url`s, as plain functions of a request.

A refusal is an answer `{"ok": false, "error": …}` with HTTP status 200, as Slack gives it; only a rate limit
and a failure of Slack's own have another status. A `response_url` answers like a webhook: 400 and a word.
"""

import itertools
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests import slack_payloads
from tests.slack_files import Files
from tests.slack_history import History
from tests.slack_limits import BUDGET, Problem, Verdict, check_message, check_metadata
from tests.slack_payloads import Workspace
from tests.slack_records import Journal, OverBudget, Posted
from tests.slack_refused import RefusedError, judge
from tests.slack_scopes import ALL_SCOPES, Kind, joined, needed_scope
from tests.slack_views import Views

__all__ = ["RESPONSE_URL_USES", "WebApi"]

RESPONSE_URL_USES: Final = 5
MOST_PROMPTS: Final = 4

Json = dict[str, Any]


@dataclass(slots=True)
class _ResponseUrl:
    user: str
    channel: str
    made_at: float
    uses: int = 0


class WebApi:
    """Answers requests and keeps what they post. Called in the server's loop; minting is for any thread."""

    def __init__(
        self,
        journal: Journal,
        space: Workspace,
        *,
        bot_token: str,
        app_token: str,
        base_url: str,
        scopes: frozenset[str] | None,
        trigger_lifetime: float,
        response_url_lifetime: float,
        open_socket: Callable[[], str],
    ) -> None:
        self.scopes = scopes
        self._journal, self._space, self._base_url = journal, space, base_url
        self._bot_token, self._app_token = bot_token, app_token
        self._response_url_lifetime = response_url_lifetime
        self._open_socket = open_socket
        self.files = Files(journal, space, bot_token=bot_token, base_url=base_url)
        self.history = History(journal, space)
        self.users: dict[str, Json | None] = {}
        self.channels: dict[str, Json | None] = {}
        self.usergroups: dict[str, list[str]] = {}
        self._response_urls: dict[str, _ResponseUrl] = {}
        self._microseconds = itertools.count(1)
        self.views = Views(
            journal,
            space,
            trigger_lifetime=trigger_lifetime,
            number=lambda: next(self._microseconds),
            known=self._user,
        )
        self._methods: dict[str, Callable[[Json], Json]] = {
            "apps.connections.open": lambda args: {"url": self._open_socket()},
            "assistant.threads.setStatus": self._set_status,
            "assistant.threads.setSuggestedPrompts": self._set_prompts,
            "auth.test": self._auth_test,
            "chat.delete": self._delete,
            "chat.getPermalink": lambda args: self.history.permalink(self._readable(args)),
            "chat.postEphemeral": self._post_ephemeral,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.history": lambda args: self.history.history(self._readable(args)),
            "conversations.info": lambda args: {"channel": self.channel(args.get("channel", ""))},
            "conversations.open": self._open_conversation,
            "conversations.replies": lambda args: self.history.replies(self._readable(args)),
            "files.delete": lambda args: self.files.delete(args, RefusedError),
            "files.completeUploadExternal": self._complete_upload,
            "files.getUploadURLExternal": lambda args: self.files.new_url(args, RefusedError),
            "reactions.add": self._react,
            "usergroups.list": self._list_usergroups,
            "usergroups.users.list": self._list_members,
            "users.info": lambda args: {"user": self._user(args.get("user", ""))},
            "views.open": self.views.open,
            "views.publish": self.views.publish,
            "views.push": self.views.push,
            "views.update": self.views.update,
        }

    @property
    def granted(self) -> str:
        """The header `x-oauth-scopes`."""
        return joined(ALL_SCOPES if self.scopes is None else self.scopes)

    def answer(self, method: str, token: str | None, args: Json) -> Json:
        """The body of the answer to one call."""
        try:
            if method not in self._methods:
                raise RefusedError("unknown_method")
            self._authorize(method, token)
            self._permit(method, str(args.get("channel", "")))
            return {"ok": True} | self._methods[method](args)
        except RefusedError as refusal:
            return refusal.body

    def respond(self, name: str, args: Json) -> tuple[int, str | Json]:
        """The status and body of a POST to a `response_url`: five messages in half an hour, then 404."""
        url = self._response_urls.get(name)
        if url is None or time.monotonic() - url.made_at > self._response_url_lifetime:
            return 404, {"ok": False, "error": "expired_url"}
        if url.uses >= RESPONSE_URL_USES:
            return 404, {"ok": False, "error": "used_url"}
        if args.get("delete_original") in (True, "true"):
            url.uses += 1
            return 200, "ok"
        try:
            self._check("response_url", args)
        except RefusedError as refusal:
            return 400, refusal.error
        url.uses += 1
        in_channel = args.get("response_type") == "in_channel"
        self._keep(
            "response_url",
            args,
            channel=url.channel,
            user=None if in_channel else url.user,
            via="response_url",
        )
        return 200, "ok"

    def acknowledged_with(self, args: Mapping[str, Any], *, user: str, channel: str) -> None:
        """A slash command's ack may be a message, for the user alone unless it says otherwise."""
        try:
            self._check("ack", args)
        except RefusedError:
            return
        self._keep(
            "ack",
            args,
            channel=channel,
            user=None if args.get("response_type") == "in_channel" else user,
            via="ack",
        )

    def new_ts(self) -> str:
        """A timestamp that no other message has."""
        return f"{int(time.time())}.{next(self._microseconds):06d}"

    def new_response_url(self, user: str, channel: str) -> str:
        name = uuid.uuid4().hex
        self._response_urls[name] = _ResponseUrl(user=user, channel=channel, made_at=time.monotonic())
        return f"{self._base_url}/response/{name}"

    def channel(self, channel: str) -> Json:
        """A channel as configured, or as its id suggests; None in `channels` makes it unknown."""
        told = self.channels.get(channel, {})
        if told is None or channel[:1] not in ("C", "G", "D"):
            raise RefusedError("channel_not_found")
        return slack_payloads.channel_info(channel, self._space.team) | told

    def _user(self, user: str) -> Json:
        told = self.users.get(user, {})
        if told is None or user[:1] not in ("U", "W"):
            raise RefusedError("user_not_found")
        return slack_payloads.user_info(user, self._space.team) | told

    def _authorize(self, method: str, token: str | None) -> None:
        """An app-level token opens connections and does nothing else."""
        wanted, other = self._bot_token, self._app_token
        if method == "apps.connections.open":
            wanted, other = other, wanted
        if not token:
            raise RefusedError("not_authed")
        if token == other:
            raise RefusedError("not_allowed_token_type")
        if token != wanted:
            raise RefusedError("invalid_auth")

    def _permit(self, method: str, channel: str) -> None:
        """Without its scope a method does nothing, and says which it lacks."""
        needed = needed_scope(method, self._kind(channel))
        if self.scopes is not None and needed is not None and needed not in self.scopes:
            raise RefusedError("missing_scope", needed=needed, provided=joined(self.scopes))

    def may_download(self) -> bool:
        """Whether the bot's token opens files."""
        return self.scopes is None or needed_scope("files-pri", "im") in self.scopes

    def _kind(self, channel: str) -> Kind:
        """By the first letter; but Slack gives private channels a C as well."""
        if channel.startswith("D"):
            return "im"
        private = (self.channels.get(channel) or {}).get("is_private", channel.startswith("G"))
        return "groups" if private else "channels"

    def _auth_test(self, args: Json) -> Json:
        return {
            "url": f"https://{self._space.domain}.slack.com/",
            "team": self._space.domain,
            "user": self._space.bot_name,
            "team_id": self._space.team,
            "user_id": self._space.bot_user,
            "bot_id": self._space.bot,
            "is_enterprise_install": False,
        }

    def _post_message(self, args: Json) -> Json:
        """A user's id in place of a channel's means the direct message with that user."""
        channel = args.get("channel", "")
        if channel[:1] in ("U", "W"):
            channel = slack_payloads.dm_channel(channel)
        self._writable(channel)
        self._check("chat.postMessage", args)
        metadata = self._metadata("chat.postMessage", args)
        posted = self._keep("chat.postMessage", args, channel=channel, metadata=metadata)
        return {"channel": channel, "ts": posted.ts, "message": self.history.own(posted)}

    def _post_ephemeral(self, args: Json) -> Json:
        """Slack's answer has a `message_ts` that neither `chat.update` nor `chat.delete` accepts."""
        self._writable(args.get("channel", ""))
        self._user(args.get("user", ""))
        self._check("chat.postEphemeral", args)
        posted = self._keep("chat.postEphemeral", args, channel=args["channel"], user=args["user"])
        return {"message_ts": posted.ts}

    def _update(self, args: Json) -> Json:
        """Blocks go where only a text is given; metadata stays unless the update brings some, or `{}`."""
        old = self._own_message(args, "cant_update_message")
        self._check("chat.update", args)
        metadata = self._metadata("chat.update", args) if "metadata" in args else old.metadata
        posted = self._keep(
            "chat.update", args, channel=old.channel, ts=old.ts, thread_ts=old.thread_ts, metadata=metadata
        )
        return {
            "channel": old.channel,
            "ts": old.ts,
            "text": posted.text,
            "message": self.history.own(posted),
        }

    def _delete(self, args: Json) -> Json:
        old = self._own_message(args, "cant_delete_message")
        self._journal.note_delete(old.channel, old.ts)
        return {"channel": old.channel, "ts": old.ts}

    def _react(self, args: Json) -> Json:
        place = args.get("channel", ""), args.get("timestamp", "")
        if self.history.message(*place) is None and self._journal.message(*place) is None:
            raise RefusedError("message_not_found")
        if not (name := args.get("name")):
            raise RefusedError("invalid_name")
        if (*place, name) in self._journal.reactions:
            raise RefusedError("already_reacted")
        self._journal.note_reaction(*place, name)
        return {}

    def _complete_upload(self, args: Json) -> Json:
        """Without a conversation the file is the bot's own."""
        if args.get("channel_id"):
            self._writable(args["channel_id"])
        return self.files.complete(args, RefusedError)

    def _open_conversation(self, args: Json) -> Json:
        users = args.get("users") or ""
        names = users.split(",") if isinstance(users, str) else list(users)
        if len(names) != 1:
            raise RefusedError("users_list_not_supplied" if not names else "not_enough_users")
        self._user(names[0])
        return {"channel": {"id": slack_payloads.dm_channel(names[0])}}

    def _list_usergroups(self, args: Json) -> Json:
        groups = [{"id": name, "handle": name.lower(), "date_delete": 0} for name in self.usergroups]
        return {"usergroups": groups}

    def _list_members(self, args: Json) -> Json:
        if (members := self.usergroups.get(args.get("usergroup", ""))) is None:
            raise RefusedError("no_such_subteam")
        return {"users": list(members)}

    def _set_status(self, args: Json) -> Json:
        self._needs(args, "channel_id", "thread_ts", "status")
        return {}

    def _set_prompts(self, args: Json) -> Json:
        """At most four prompts, each with a title and a message."""
        self._needs(args, "channel_id", "prompts")
        prompts = args["prompts"]
        whole = isinstance(prompts, list) and all(
            isinstance(prompt, dict) and prompt.get("title") and prompt.get("message") for prompt in prompts
        )
        if not whole or not 1 <= len(prompts) <= MOST_PROMPTS:
            problem = Problem(pointer="/prompts", reason=f"1 to {MOST_PROMPTS} items with a title and a message")
            verdict = Verdict(error="invalid_arguments", problems=(problem,), characters=0)
            judge(self._journal, "assistant.threads.setSuggestedPrompts", verdict)
        return {}

    def _needs(self, args: Json, *names: str) -> None:
        missing = [Problem(pointer=f"/{name}", reason="missing required field") for name in names if name not in args]
        if missing:
            raise RefusedError("invalid_arguments", tuple(missing))

    def _readable(self, args: Json) -> Json:
        """The arguments of a method that reads a channel: one that exists, and that the bot is in."""
        args = {"channel": "", **args}
        if not self.channel(args["channel"]).get("is_member", True):
            raise RefusedError("not_in_channel")
        return args

    def _writable(self, channel: str) -> None:
        info = self.channel(channel)
        if info["is_archived"]:
            raise RefusedError("is_archived")
        if not info.get("is_member", True):
            raise RefusedError("not_in_channel")

    def _own_message(self, args: Json, foreign: str) -> Posted:
        """Ephemeral messages are never found, nor are deleted ones; a person's is found and refused."""
        place = args.get("channel", ""), args.get("ts", "")
        if self.history.message(*place) is not None:
            raise RefusedError(foreign)
        if (posted := self._journal.message(*place)) is None:
            raise RefusedError("message_not_found")
        return posted

    def _check(self, method: str, args: Mapping[str, Any]) -> None:
        verdict = check_message(args)
        if verdict.characters > BUDGET:
            self._journal.note_over_budget(OverBudget(method=method, characters=verdict.characters))
        judge(self._journal, method, verdict)

    def _metadata(self, method: str, args: Mapping[str, Any]) -> Mapping[str, Any] | None:
        judge(self._journal, method, check_metadata(args.get("metadata")))
        return args.get("metadata") or None

    def _keep(
        self,
        method: str,
        args: Mapping[str, Any],
        *,
        channel: str,
        user: str | None = None,
        ts: str | None = None,
        thread_ts: str | None = None,
        via: Literal["api", "response_url", "ack"] = "api",
        metadata: Mapping[str, Any] | None = None,
    ) -> Posted:
        posted = Posted(
            channel=channel,
            ts=ts or self.new_ts(),
            thread_ts=thread_ts or args.get("thread_ts"),
            text=args.get("text") or "",
            blocks=tuple(args.get("blocks") or ()),
            user=user,
            method=method,
            via=via,
            args=args,
            metadata=metadata,
        )
        self._journal.note_post(posted)
        return posted
