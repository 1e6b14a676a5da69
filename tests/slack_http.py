"""The other way from Slack to an app: an HTTP POST to its request URL, signed with the app's signing secret.

Events come as JSON, commands as a form, interactions as a form with the JSON in `payload`. A 2xx within three
seconds is the ack, and the body of that to a command or a submitted modal is the response. An event that gets
another status, or none in time, is posted again with its number and the reason, unless the app forbids it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import urlencode

import httpx

from tests.slack_sent import Courier, OnResponse, Sent

__all__ = ["RequestUrl", "Signature"]

Signature = Literal["good", "wrong", "none", "stale"]

_STALE_SECONDS: Final = 360
"""Older than the five minutes after which Slack's own advice is to refuse a request."""
_PATIENCE: Final = 10.0


class RequestUrl:
    """Delivers to one URL; coroutines run in the server's loop, `post` in a test's thread."""

    def __init__(
        self,
        url: str,
        signing_secret: str,
        *,
        ack_timeout: float,
        retry_delays: Sequence[float],
        on_response: OnResponse,
    ) -> None:
        self._url, self._secret = url, signing_secret
        self._ack_timeout, self._on_response = ack_timeout, on_response
        self._courier = Courier(retry_delays)
        self._client = httpx.AsyncClient(
            trust_env=False, timeout=None, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def start(self, sents: Sequence[Sent]) -> None:
        """Begin to deliver, in this order; called in the loop."""
        self._courier.start(sents, self._attempt)

    async def close(self) -> None:
        """End all deliveries."""
        await self._courier.close()
        await self._client.aclose()

    def post(self, kind: str, payload: Mapping[str, Any], signature: Signature) -> int:
        """Post once, signed well or badly; the status of the answer. Raises httpx.HTTPError if there is none."""
        content_type, body = _encoded(kind, payload)
        headers = self._headers(content_type, body, signature)
        return httpx.post(self._url, content=body, headers=headers, timeout=_PATIENCE, trust_env=False).status_code

    async def _attempt(self, sent: Sent, number: int) -> bool:
        """Post once more; whether that was acknowledged, or the app wants no more of it."""
        content_type, body = _encoded(sent.kind, sent.payload)
        headers = self._headers(content_type, body, "good")
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": sent.trouble or "http_timeout"}
        attempt, started = sent.note_attempt(str(uuid.uuid4())), time.monotonic()
        try:
            async with asyncio.timeout(self._ack_timeout):
                answer = await self._client.post(self._url, content=body, headers=headers)
        except TimeoutError:
            sent.trouble = "http_timeout"
            return False
        except httpx.HTTPError:
            sent.trouble = "connection_failed"
            return False
        if not answer.is_success:
            sent.trouble = "http_error"
            return bool(answer.headers.get("x-slack-no-retry") == "1")
        response = _response(sent, answer)
        if sent.note_ack(attempt, time.monotonic() - started, response, self._on_response):
            return True
        sent.trouble = "http_timeout"
        return False

    def _headers(self, content_type: str, body: bytes, signature: Signature) -> dict[str, str]:
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if signature == "none":
            return headers
        at = int(time.time()) - (_STALE_SECONDS if signature == "stale" else 0)
        secret = self._secret + ("?" if signature == "wrong" else "")
        digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        return headers | {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}


def _encoded(kind: str, payload: Mapping[str, Any]) -> tuple[str, bytes]:
    """The content type and the body of a payload of that kind."""
    if kind == "events_api":
        return "application/json", json.dumps(payload, separators=(",", ":")).encode()
    fields = dict(payload) if kind == "slash_commands" else {"payload": json.dumps(payload, separators=(",", ":"))}
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


def _response(sent: Sent, answer: httpx.Response) -> dict[str, Any] | None:
    """What the body says to a command (a message, or its text alone) or to a submitted modal."""
    if not answer.content or (sent.kind != "slash_commands" and sent.payload.get("type") != "view_submission"):
        return None
    if answer.headers.get("content-type", "").startswith("application/json"):
        response = answer.json()
        return response if isinstance(response, dict) and response else None
    return {"text": answer.text} if sent.kind == "slash_commands" else None
