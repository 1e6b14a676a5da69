"""The files of the loopback Slack: what people send, for whoever has the bot's token, and what the bot uploads.

An upload takes three steps, as in Slack: a URL for so many bytes, the bytes, and the word in which conversation the
file is to stand. Without its token a download is answered with a redirect to the page where people log in.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.slack_payloads import Workspace
from tests.slack_records import Journal, Uploaded

__all__ = ["Answer", "Files"]

Json = dict[str, Any]
Refuse = Callable[[str], Exception]

_TYPES: Final = {
    "txt": ("text", "text/plain"),
    "md": ("markdown", "text/markdown"),
    "html": ("html", "text/html"),
    "docx": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": ("pdf", "application/pdf"),
    "png": ("png", "image/png"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a request for a file gets."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str]


@dataclass(slots=True)
class _Upload:
    name: str
    length: int
    content: bytes | None = None


class Files:
    """Called in the server's loop; `host` is for any thread."""

    def __init__(self, journal: Journal, space: Workspace, *, bot_token: str, base_url: str) -> None:
        self._journal, self._space, self._base_url = journal, space, base_url
        self._bot_token = bot_token
        self._hosted: dict[str, tuple[str, bytes, str | None]] = {}
        self._uploads: dict[str, _Upload] = {}
        self._standing: dict[str, str | None] = {}
        self._tickets: dict[str, str] = {}

    def host(self, name: str, data: bytes, /, *, user: str, redirect: str | None = None, **more: Any) -> Json:
        """Keep a file that a person sends, and describe it as a message does. `redirect`: whoever asks for it is
        sent there."""
        identity = f"F{uuid.uuid4().hex[:10].upper()}"
        self._hosted[identity] = name, data, redirect
        kind, mimetype = _TYPES.get(name.rpartition(".")[2], ("binary", "application/octet-stream"))
        place = f"{self._base_url}/files-pri/{self._space.team}-{identity}"
        return {
            "id": identity,
            "created": 1,
            "timestamp": 1,
            "name": name,
            "title": name,
            "mimetype": mimetype,
            "filetype": kind,
            "pretty_type": kind,
            "user": user,
            "user_team": self._space.team,
            "editable": False,
            "size": len(data),
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": False,
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{place}/file",
            "url_private_download": f"{place}/download/file",
            "permalink": f"https://{self._space.domain}.slack.com/files/{user}/{identity}/file",
            "has_rich_preview": False,
            "file_access": "visible",
        } | more

    @property
    def hosted(self) -> list[tuple[str, bytes]]:
        """The files that people sent, by name."""
        return [(name, data) for name, data, _ in self._hosted.values()]

    def download(self, path: str, authorization: str) -> Answer:
        """A file's bytes, for the bot alone."""
        name, data, redirect = self._hosted.get(path.partition("-")[2].partition("/")[0], ("", b"", None))
        if not name:
            return Answer(status=404, headers={"content-type": "text/html"}, body=b"<html>not found</html>")
        if redirect is not None or authorization != f"Bearer {self._bot_token}":
            return Answer(status=302, headers={"location": redirect or f"{self._base_url}/?redir=%2Ffiles-pri"})
        _, mimetype = _TYPES.get(name.rpartition(".")[2], ("", "application/octet-stream"))
        return Answer(status=200, body=data, headers={"content-type": mimetype})

    def new_url(self, args: Json, refuse: Refuse) -> Json:
        """`files.getUploadURLExternal`."""
        length = str(args.get("length", ""))
        if not args.get("filename") or not length.isdigit() or int(length) == 0:
            raise refuse("invalid_arguments")
        identity, ticket = f"F{uuid.uuid4().hex[:10].upper()}", uuid.uuid4().hex
        self._uploads[identity] = _Upload(args["filename"], int(length))
        self._tickets[ticket] = identity
        return {"upload_url": f"{self._base_url}/upload/v1/{ticket}", "file_id": identity}

    def receive(self, ticket: str, content: bytes) -> Answer:
        """The bytes; a URL is good once, and for as many bytes as were announced."""
        upload = self._uploads.get(self._tickets.pop(ticket, ""))
        if upload is None or len(content) != upload.length:
            return Answer(status=400, headers={}, body=b"bad upload")
        upload.content = content
        return Answer(status=200, headers={}, body=f"OK - {len(content)}".encode())

    def complete(self, args: Json, refuse: Refuse) -> Json:
        """`files.completeUploadExternal`: only now does the file stand in a conversation."""
        given = args.get("files")
        if not isinstance(given, list) or not given:
            raise refuse("invalid_arguments")
        done = []
        for one in given:
            upload = self._uploads.pop(one.get("id", ""), None)
            if upload is None or upload.content is None:
                raise refuse("file_not_found")
            self._journal.note_upload(
                Uploaded(
                    channel=args.get("channel_id"),
                    thread_ts=args.get("thread_ts"),
                    name=upload.name,
                    title=one.get("title") or upload.name,
                    content=upload.content,
                )
            )
            done.append({"id": one["id"], "title": one.get("title") or upload.name})
            self._standing[one["id"]] = args.get("channel_id")
        return {"files": done}

    def delete(self, args: Json, refuse: Refuse) -> Json:
        """`files.delete`: one that the bot put somewhere; it is gone from there."""
        name = args.get("file", "")
        if name not in self._standing:
            raise refuse("file_not_found")
        del self._standing[name]
        self._journal.note_removed(name)
        return {}
